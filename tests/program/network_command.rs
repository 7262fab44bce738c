//! Networks as people run them: dendrites with taps, and relays.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Runs and expects an exit code; what was answered and what was complained of.
fn call(folder: &Path, arguments: &[&str], code: i32) -> [String; 2] {
    let program = env!("CARGO_BIN_EXE_spikeloom");
    let output =
        Command::new(program).current_dir(folder).args(arguments).output().expect("the program starts");
    let [said, wrong] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {wrong}{said}");
    [said, wrong]
}

/// Spikes of `out/spikes.csv` in `folder`, those of relays apart.
fn spikes(folder: &Path, out: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(out).join("spikes.csv")).expect("there are spikes");
    text.lines().filter(|line| !line.contains(",relays,")).map(str::to_owned).collect()
}

#[test]
fn a_dendrite_tells_where_a_wave_comes_from() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (out, threads) in [("one", "1"), ("three", "3")] {
        call(folder.path(), &["run", "direction", "--out", out, "--threads", threads], 0);
    }
    let found = spikes(folder.path(), "one");
    assert_eq!(found, spikes(folder.path(), "three"));
    let of = |name: &str| found.iter().filter(|line| line.contains(name)).count();
    assert_eq!([of(",wave,"), of(",towards,"), of(",away,")], [10, 10, 0]);
    for name in ["potentials.csv", "report.json"] {
        let [one, three] =
            ["one", "three"].map(|out| std::fs::read(folder.path().join(out).join(name)).unwrap());
        assert!(one == three, "{name}");
    }
}

#[test]
fn delays_beyond_the_longest_are_relayed_if_that_is_wanted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = "steps: 200\nprobes: {spikes: [in, cells, relays]}\nnetwork:\n  relays: true\n  populations:\n    \
        - {name: in, neurons: 20, model: {source-poisson: {rate: 40 Hz}}}\n    \
        - {name: cells, neurons: 60, model: {integrate-fire: {threshold: 1.0}}, dendrite: {decay: [0.5, 0.5], exchange: \
        [0.25]}}\n  projections:\n    - {from: in, to: cells, pattern: {fan-out: {count: 8}}, weights: {constant: 0.75}, \
        delays: {uniform: {low: 1, high: 90}}}\n    - {from: cells, to: cells, pattern: {fan-out: {count: 4}}, tap: 1, \
        weights: {constant: 0.5}, delays: {uniform: {low: 20, high: 70}}}\n";
    std::fs::write(folder.path().join("long.yaml"), network).expect("it is written");
    let plain =
        network.replace("[in, cells, relays]", "[in, cells]").replace("relays: true", "relays: false");
    std::fs::write(folder.path().join("plain.yaml"), plain).expect("it is written");
    let run = |name: &str, delay: &str, more: &[&str], code| {
        let set = format!("chip.cores.max_delay={delay}");
        let arguments = ["run", name, "--chip", "loihi-sanafe", "--set", &set];
        call(folder.path(), &[&arguments[..], more].concat(), code)
    };
    let [said, _] = run("plain.yaml", "90", &["--out", "plain"], 0);
    assert!(!said.contains("relays"), "{said}");
    let expected = spikes(folder.path(), "plain");
    assert!(expected.len() > 200, "{}", expected.len());
    let [said, _] = run("long.yaml", "16", &["--out", "long"], 0);
    assert_eq!(spikes(folder.path(), "long"), expected);
    let report = std::fs::read_to_string(folder.path().join("long/report.json")).expect("there is a report");
    let report: Value = serde_json::from_str(&report).expect("it is JSON");
    let relays = report["relays"].as_u64().expect("there are relays");
    assert!(said.contains(&format!("{relays} neurons, for delays beyond the chip's longest")), "{said}");
    // Two to five for each neuron.
    assert!((2 * 80..=5 * 80).contains(&relays), "{relays}");
    let [_, wrong] = run("plain.yaml", "16", &[], 2);
    assert!(wrong.contains("longer ones need `relays: true` in the network"), "{wrong}");
    // A mapping that was searched for names relays, too.
    let search = [
        "map",
        "long.yaml",
        "--chip",
        "loihi-sanafe",
        "--set",
        "chip.cores.max_delay=16",
        "--out",
        "mapped.yaml",
    ];
    call(folder.path(), &search, 0);
    run("long.yaml", "16", &["--out", "mapped", "--mapping", "mapped.yaml"], 0);
    assert_eq!(spikes(folder.path(), "mapped"), expected);
}
