//! The rooms and the direction of their dependencies: parses every `use crate::…` under `src`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What each room may use. `spec` and `cli` see everything below them.
fn allowed() -> BTreeMap<&'static str, Vec<&'static str>> {
    BTreeMap::from([
        ("base", vec![]),
        ("fabric", vec!["base"]),
        ("noc", vec!["base", "fabric"]),
        ("neuron", vec!["base"]),
        ("synapse", vec!["base"]),
        ("energy", vec!["base", "fabric"]),
        ("network", vec!["base", "neuron", "synapse"]),
        ("workload", vec!["base", "fabric", "noc::source", "neuron", "network"]),
        ("mapping", vec!["base", "fabric", "noc", "network"]),
        (
            "sim",
            vec!["base", "fabric", "noc", "neuron", "synapse", "network", "workload", "mapping", "energy"],
        ),
        ("report", vec!["base", "fabric", "noc", "energy", "mapping", "sim"]),
        ("sweep", vec!["base", "spec"]),
        (
            "spec",
            vec![
                "base", "fabric", "noc", "neuron", "synapse", "energy", "network", "workload", "mapping",
                "sim",
            ],
        ),
    ])
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("src is readable").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The paths behind `crate::` in a line of code, as far as they are plain.
fn uses(text: &str) -> Vec<String> {
    let code = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn rooms_use_only_what_lies_below_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed = allowed();
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).expect("listed under src");
        let room = inside.iter().next().expect("not empty").to_string_lossy().into_owned();
        let Some(may_use) = allowed.get(room.as_str()) else { continue };
        let text = std::fs::read_to_string(&file).expect("sources are UTF-8");
        for path in uses(&text) {
            let target: String = path.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            let own = target == room || !src.join(&target).is_dir();
            if !own && !may_use.iter().any(|allowed| path.starts_with(allowed)) {
                wrong.push(format!("{}: crate::{}", inside.display(), path.lines().next().unwrap_or("")));
            }
        }
    }
    assert!(wrong.is_empty(), "forbidden dependencies:\n{}", wrong.join("\n"));
}
