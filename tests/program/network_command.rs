//! Networks as people run them: dendrites with taps.

use std::path::Path;
use std::process::Command;

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

/// Spikes of `out/spikes.csv` in `folder`.
fn spikes(folder: &Path, out: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(out).join("spikes.csv")).expect("there are spikes");
    text.lines().map(str::to_owned).collect()
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
