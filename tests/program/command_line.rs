//! The command line itself: help, completions, manual pages, templates, exit codes, pipes.

use std::process::{Command, Output, Stdio};

fn spikeloom(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    spikeloom_in(arguments, folder.path())
}

fn spikeloom_in(arguments: &[&str], folder: &std::path::Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spikeloom"));
    command.args(arguments).current_dir(folder).output().expect("the program starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it is text")
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn help_of_every_command_has_examples() {
    let mut checked = 0;
    let mut unvisited = vec![Vec::<String>::new()];
    while let Some(words) = unvisited.pop() {
        let own = spikeloom(&words.iter().map(String::as_str).chain(["--help"]).collect::<Vec<_>>());
        assert!(own.status.success(), "{words:?}");
        let help = out(&own);
        assert!(help.contains("Example"), "{words:?} has no example");
        let commands = help.split("\nCommands:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
        let named = commands.into_iter().flat_map(str::lines).filter_map(|line| line.strip_prefix("  "));
        let named =
            named.filter_map(|line| line.split(' ').next()).filter(|name| !["", "help"].contains(name));
        unvisited.extend(named.map(|name| [&words[..], &[name.to_owned()]].concat()));
        checked += 1;
    }
    assert!(checked >= 15, "{checked} commands");
}

#[test]
fn completions_and_manual_pages_come_from_the_same_definition() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let completions = spikeloom(&["completions", shell]);
        assert!(completions.status.success(), "{shell}");
        let values: &[&str] = if matches!(shell, "bash" | "zsh" | "fish") { &["hyperqueue"] } else { &[] };
        for word in ["sweep", "--fidelity"].iter().chain(values) {
            let bare = word.trim_start_matches('-');
            assert!(out(&completions).contains(bare), "{word} is not completed by {shell}");
        }
    }
    let folder = tempfile::tempdir().expect("there is room for a folder");
    assert!(spikeloom_in(&["man", "--out", "pages"], folder.path()).status.success());
    assert_eq!(
        spikeloom_in(&["man", "--out", "pages"], folder.path()).status.code(),
        Some(2),
        "they are there"
    );
    assert!(spikeloom_in(&["man", "--out", "pages", "--force"], folder.path()).status.success());
    for page in ["spikeloom.1", "spikeloom-run.1", "spikeloom-sweep.1", "spikeloom-sweep-merge.1"] {
        let text = std::fs::read_to_string(folder.path().join("pages").join(page));
        assert!(text.unwrap_or_else(|error| panic!("{page}: {error}")).contains(".SH SYNOPSIS"), "{page}");
    }
}

#[test]
fn new_documents_are_right_and_never_overwrite() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let run = |line: &str| spikeloom_in(&line.split(' ').collect::<Vec<_>>(), folder.path());
    for kind in ["chip", "workload", "faults", "sweep"] {
        let line = format!("new {kind} my-{kind}");
        assert!(run(&line).status.success(), "{line}");
        assert_eq!(run(&line).status.code(), Some(2), "{line} a second time");
        assert!(run(&format!("{line} --force")).status.success());
        assert!(out(&run(&format!("new {kind} -"))).starts_with("# "), "{kind}");
    }
    let both = run("check my-chip.yaml --faults my-faults.yaml");
    assert!(both.status.success(), "{}", error(&both));
    let listed = run("sweep my-sweep.yaml --list");
    assert!(listed.status.success(), "{}", error(&listed));
    let ran = run("run my-workload.yaml --chip my-chip.yaml --set workload.traffic.measure_cycles=100");
    assert!(ran.status.success(), "{}", error(&ran));
}

#[test]
fn near_misses_are_put_right() {
    for (line, meant) in [
        ("rum uniform", "run"),
        ("run unifrom", "uniform"),
        ("check mesh9", "mesh8"),
        ("check mesh8 --ruting xy", "--routing"),
        ("sweep routing", "routings"),
        ("run uniform --fidelity cycel", "cycle"),
        ("new cihp x", "chip"),
    ] {
        let output = spikeloom(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(error(&output).contains(meant), "{line} says {}", error(&output));
        assert!(output.stdout.is_empty(), "{line} answers although it was refused");
    }
}

#[test]
#[cfg(unix)]
fn a_closed_pipe_is_no_reason_to_complain() {
    for line in ["schema chip", "--help", "sweep routings --list", "completions bash", "new chip -"] {
        let script = format!("'{}' {line} | true; echo ${{PIPESTATUS:-0}}", env!("CARGO_BIN_EXE_spikeloom"));
        let output = Command::new("sh").args(["-c", &script]).output().expect("there is a shell");
        assert!(output.stderr.is_empty(), "{line} complains: {}", error(&output));
    }
}

#[test]
fn colours_are_for_terminals() {
    for line in ["check mesh9", "--help", "rum"] {
        let output = spikeloom(&line.split(' ').collect::<Vec<_>>());
        assert!(!out(&output).contains('\u{1b}') && !error(&output).contains('\u{1b}'), "{line}");
    }
}

#[test]
fn a_timeline_holds_every_packet_and_opens_and_closes_it() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let line = "run transpose --json --trace t.json --set workload.traffic.warmup_cycles=0 \
                --set workload.traffic.measure_cycles=60";
    let run = spikeloom_in(&line.split_whitespace().collect::<Vec<_>>(), folder.path());
    assert!(run.status.success(), "{}", error(&run));
    let report: serde_json::Value = serde_json::from_slice(&run.stdout).expect("it is JSON");
    let text = std::fs::read_to_string(folder.path().join("t.json")).expect("it is written");
    let timeline: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let events = timeline["traceEvents"].as_array().expect("it has events");
    let count = |ph: &str, name: &str| {
        let fits = |event: &&serde_json::Value| {
            event["ph"] == ph && event["name"].as_str().is_some_and(|found| found.starts_with(name))
        };
        events.iter().filter(fits).count() as u64
    };
    let measured = report["latency"]["packet"]["count"].as_u64().expect("packets arrived");
    assert!(measured > 50, "{measured} packets");
    assert!(count("b", "to ") >= measured, "packets are missing");
    for name in ["to ", "is under way", "waits"] {
        assert_eq!(count("b", name), count("e", name), "{name}");
    }
    assert!(events.iter().filter(|event| event["ph"] != "M").all(|event| event["ts"].is_number()));
}

#[test]
fn nothing_but_json_on_standard_output() {
    for line in [
        "check mesh8 --json",
        "schema sweep",
        "models --json",
        "run uniform --json --set workload.traffic.measure_cycles=50",
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spikeloom"));
        let output = command.args(line.split(' ')).stdin(Stdio::null()).output().expect("the program starts");
        assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).is_ok(), "{line}");
    }
}
