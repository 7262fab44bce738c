//! Mappings and imports as people make them: found, written down, run; imported, run.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn spikeloom(folder: &Path, arguments: &[&str], code: i32) -> Output {
    let program = env!("CARGO_BIN_EXE_spikeloom");
    let output =
        Command::new(program).current_dir(folder).args(arguments).output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    output
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_slice(&spikeloom(folder, arguments, 0).stdout).expect("JSON")
}

const NETWORK: &str = "
steps: 20
probes: {spikes: [noise, cells]}
network:
  populations:
    - {name: noise, neurons: 8, model: {source-poisson: {rate: 200 Hz}}}
    - {name: cells, neurons: 40, model: {integrate-fire: {threshold: 0.6}}}
  projections:
    - {from: noise, to: cells, pattern: {fan-in: {count: 2}}, weights: {constant: 0.5}}
    - {from: cells, to: cells, pattern: {probability: {probability: 0.1}}, weights: {constant: 0.1}}
";

const CHIP: &str = "
topology: {mesh: {size: [4, 4]}}
cores: {neurons: 6}
";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("net.yaml"), NETWORK).expect("written");
    std::fs::write(folder.path().join("chip.yaml"), CHIP).expect("written");
    folder
}

#[test]
fn a_mapping_is_found_written_edited_and_run() {
    let folder = folder();
    let at = folder.path();
    let quick =
        ["map", "net.yaml", "--chip", "chip.yaml", "--partition", "sequential,overlap", "--place", "force"];
    let found = json(at, &[&quick[..], &["--out", "mapped.yaml", "--json"]].concat());
    assert!(found["figures"]["packet_hops"].as_f64().is_some_and(|hops| hops > 0.0), "{found}");
    assert!(found["figures"]["fullest"].as_u64().is_some_and(|most| most <= 6), "{found}");
    let text = std::fs::read_to_string(at.join("mapped.yaml")).expect("written");
    assert!(text.contains("mapping:"), "{text}");
    spikeloom(at, &[&quick[..], &["--out", "mapped.yaml"]].concat(), 2);
    for (workload, out) in [("net.yaml", "plain"), ("mapped.yaml", "mapped")] {
        spikeloom(at, &["run", workload, "--chip", "chip.yaml", "--out", out], 0);
    }
    // Where neurons sit changes their time and cost, never their spikes.
    let spikes = |out: &str| {
        let text = std::fs::read_to_string(at.join(out).join("spikes.csv")).expect("written");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(spikes("plain"), spikes("mapped"));
    assert!(spikes("plain").len() > 10);
}

#[test]
fn what_does_not_fit_a_broken_chip_is_said() {
    let folder = folder();
    std::fs::write(folder.path().join("faults.yaml"), "cores: [{at: [0, 0]}, {at: [3, 1]}]")
        .expect("written");
    let mut arguments = ["map", "net.yaml", "--chip", "chip.yaml", "--set", "chip.cores.neurons=3"];
    let output = spikeloom(folder.path(), &[&arguments[..], &["--faults", "faults.yaml"]].concat(), 2);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("14 usable cores take 42"), "{said}");
    arguments[5] = "chip.cores.neurons=6";
    let quick = ["--faults", "faults.yaml", "--place", "hilbert", "--json"];
    let found = json(folder.path(), &[&arguments[..], &quick].concat());
    assert_eq!(found["unused"]["faulty"], 2, "{found}");
    let sits_there =
        |core: u64| found["mapping"].as_array().is_some_and(|list| list.iter().any(|it| it["core"] == core));
    assert!(!sits_there(0) && !sits_there(7) && sits_there(1), "{found}");
}

#[test]
fn a_nir_file_becomes_a_workload_that_runs() {
    let folder = folder();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/nir/golden_rec.nir");
    spikeloom(
        folder.path(),
        &["import", "nir", file, "--out", "nir", "--scheme", "exponential", "--dt", "1e-3"],
        0,
    );
    let text = std::fs::read_to_string(folder.path().join("nir/workload.yaml")).expect("written");
    assert!(text.starts_with("# Imported from a NIR file") && text.contains("exponential"), "{text}");
    spikeloom(
        folder.path(),
        &["run", "nir/workload.yaml", "--chip", "chip.yaml", "--set", "chip.cores.neurons=64"],
        0,
    );
    std::fs::write(folder.path().join("bad.nir"), b"\x89HDF\r\n\x1a\n and no more").expect("written");
    let output = spikeloom(folder.path(), &["import", "nir", "bad.nir", "--out", "bad"], 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no readable HDF5 file"));
}
