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

#[test]
fn a_run_maps_its_network_and_says_what_that_was_worth() {
    let folder = folder();
    let at = folder.path();
    let run = |workload: &str, more: &[&str]| {
        json(at, &[&["run", workload, "--chip", "chip.yaml", "--json"][..], more].concat())
    };
    let plain = run("net.yaml", &[]);
    assert_eq!(plain["mapping"]["how"], "in-order");
    assert!(plain["inputs"]["workload"]["mapping"].is_null(), "{plain}");
    let found = run("net.yaml", &["--mapping", "sequential,overlap,force"]);
    assert_eq!((&found["mapping"]["how"], &found["mapping"]["seed"]), (&"search".into(), &1.into()));
    assert_eq!(found["inputs"]["workload"]["mapping"]["search"]["place"], "force");
    let hops = |report: &Value| report["mapping"]["figures"]["packet_hops"].as_u64().expect("a number");
    assert!(hops(&found) < hops(&plain), "{found}");
    // Hops are counted packet by packet in the run, and once more along the routes of all flows.
    for report in [&plain, &found] {
        assert_eq!(report["mapping"]["figures"]["packet_hops"], report["traffic"]["hops"]);
        assert_eq!(report["mapping"]["figures"]["undeliverable"], 0);
        assert_eq!(report["traffic"]["spikes"], plain["traffic"]["spikes"]);
    }
    // A saved mapping, by itself and as part of a workload; what `--set` says comes after `--mapping`.
    let saved = json(
        at,
        &["map", "net.yaml", "--chip", "chip.yaml", "--place", "hilbert", "--out", "m.yaml", "--json"],
    );
    std::fs::write(at.join("m.json"), saved.to_string()).expect("written");
    let given = run("net.yaml", &["--mapping", "m.yaml"]);
    assert_eq!(given["mapping"]["how"], "given");
    assert_eq!(run("net.yaml", &["--mapping", "m.json"])["mapping"], given["mapping"]);
    assert_eq!(run("m.yaml", &[])["mapping"], given["mapping"]);
    // The workload may be one that is built in, and has no folder.
    spikeloom(
        at,
        &[
            "map",
            "balanced",
            "--chip",
            "loihi",
            "--partition",
            "sequential",
            "--place",
            "linear",
            "--out",
            "b.yaml",
        ],
        0,
    );
    assert_eq!(json(at, &["run", "balanced", "--mapping", "b.yaml", "--json"])["mapping"]["how"], "given");
    let other = ["--mapping", "force", "--set", "workload.mapping.search.place=linear"];
    assert_eq!(run("net.yaml", &other)["inputs"]["workload"]["mapping"]["search"]["place"], "linear");
}

#[test]
fn mappings_that_are_none_are_refused() {
    let folder = folder();
    let at = folder.path();
    std::fs::write(at.join("bad.yaml"), "mapping: [{neurons: cells, core: 3}, {neurons: nise, core: 1}]")
        .expect("written");
    std::fs::write(at.join("none.yaml"), "colour: red").expect("written");
    let refuse = |mapping: &str, expected: &str| {
        let output = spikeloom(at, &["run", "net.yaml", "--chip", "chip.yaml", "--mapping", mapping], 2);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(expected), "{said}");
    };
    refuse("overlapp", "cannot be read");
    refuse("bad.yaml", "there is no population `nise`");
    refuse("none.yaml", "has no `mapping` and no `network.mapping`");
    spikeloom(at, &["run", "uniform", "--mapping", "overlap"], 2);
}

#[test]
fn spikes_leave_a_run_in_every_format() {
    let folder = folder();
    let at = folder.path();
    let run = ["run", "net.yaml", "--chip", "chip.yaml", "--out", "out"];
    let files = ["--spikes", "all.csv", "--spikes", "all.h5", "--spikes", "all.nir"];
    spikeloom(at, &[&run[..], &files].concat(), 0);
    let text = |name: &str| std::fs::read_to_string(at.join(name)).expect("written");
    assert_eq!(text("all.csv"), text("out/spikes.csv"));
    let rows: Vec<(f64, u64)> = text("all.csv")
        .lines()
        .filter_map(|line| {
            let (time, rest) = line.split_once(",cells,")?;
            Some((time.parse().ok()?, rest.parse().ok()?))
        })
        .collect();
    assert!(rows.len() > 10);
    let open = |name: &str| {
        hdf5_pure::File::from_bytes(std::fs::read(at.join(name)).expect("written")).expect("HDF5")
    };
    let sonata = open("all.h5");
    let times = sonata.dataset("spikes/cells/timestamps").and_then(|it| it.read_f64()).expect("times");
    let ids = sonata.dataset("spikes/cells/node_ids").and_then(|it| it.read_u64()).expect("ids");
    // Steps of 1 ms, in milliseconds.
    assert!(times.into_iter().zip(ids).eq(rows.iter().copied()));
    let nir = open("all.nir");
    let ids = nir.dataset("nodes/cells/observables/spikes/idx").and_then(|it| it.read_i64()).expect("ids");
    assert_eq!(ids.len(), rows.len());
    spikeloom(at, &["run", "net.yaml", "--chip", "chip.yaml", "--spikes", "all.csv"], 2);
    spikeloom(at, &["run", "net.yaml", "--chip", "chip.yaml", "--spikes", "all.txt"], 2);
    spikeloom(at, &["run", "uniform", "--spikes", "uniform.csv"], 2);
    // Of an algorithm, too: every vertex that is reached fires once.
    let found = json(at, &["run", "sssp", "--spikes", "sssp.csv", "--json"]);
    assert_eq!(
        text("sssp.csv").lines().count() as u64 - 1,
        found["traffic"]["spikes"].as_u64().expect("a number")
    );
}

/// On a broken chip neurons keep off what is broken, unsafe or cut off, and the answer is right all the same.
#[test]
fn algorithms_are_mapped_round_faults_and_still_right() {
    let folder = folder();
    let at = folder.path();
    let broken =
        ["--chip", "mesh8", "--faults", "two-blocks", "--routing", "mftn", "--set", "chip.cores.neurons=4"];
    for (fidelity, mapping) in [("cycle", "in-order"), ("approximate", "overlap,force")] {
        let more = ["run", "sssp", "--fidelity", fidelity, "--mapping", mapping, "--json"];
        let found = json(at, &[&more[..], &broken].concat());
        assert_eq!(found["result"]["check"]["passed"], true, "{found}");
        let (used, unused) = (&found["mapping"]["cores"], &found["mapping"]["unused"]);
        assert_eq!(found["mapping"]["figures"]["undeliverable"], 0);
        let faulty = unused["faulty"].as_u64().expect("a number");
        assert!(faulty > 0 && used.as_u64().is_some_and(|used| used > 30 && used + faulty <= 64), "{found}");
    }
    // What no longer fits is said.
    let few = ["run", "sssp", "--set", "chip.cores.neurons=2"];
    let output = spikeloom(at, &[&few[..], &broken[..6]].concat(), 2);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("do not fit on"), "{said}");
}

/// Every chip that is shipped has cores, and they run a network.
#[test]
fn shipped_chips_run_spiking_networks() {
    let folder = folder();
    for chip in [
        "mesh8",
        "mesh16",
        "torus8",
        "loihi",
        "loihi-sanafe",
        "truenorth",
        "tianjic",
        "spinnaker",
        "bicoss",
        "board",
    ] {
        let found =
            json(folder.path(), &["run", "balanced", "--chip", chip, "--set", "workload.steps=3", "--json"]);
        // What the network does is the same wherever it runs.
        let traffic = ["spikes", "updates", "synaptic_events"].map(|name| found["traffic"][name].as_u64());
        assert_eq!(traffic, [Some(196), Some(1784), Some(11_574)], "{chip}");
        assert!(found["mapping"]["cores"].as_u64().is_some_and(|cores| cores >= 1), "{chip}");
    }
}
