//! Files that documents and overrides name.

use std::fs;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

fn run(folder: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spikeloom")).current_dir(folder).args(arguments).output().unwrap()
}

/// How `child` ended; it must within a minute, which is long.
#[cfg(unix)]
fn end_of(mut child: Child) -> Output {
    for _ in 0..6_000 {
        if child.try_wait().expect("it is our child").is_some() {
            return child.wait_with_output().expect("its output can be read");
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    child.kill().expect("it is our child");
    panic!("it did not end");
}

/// A chip that comes from a pipe into which nobody writes takes for ever to load.
#[test]
#[cfg(unix)]
fn ctrl_c_while_loading_ends_the_program_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("chip.yaml");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("there is a mkfifo").success());
    let mut program = Command::new(env!("CARGO_BIN_EXE_spikeloom"));
    program.current_dir(folder.path()).args(["run", "uniform", "--chip", "chip.yaml", "--out", "out"]);
    let child = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // It can be opened as soon as the program reads it.
    let open = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    let signalled = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signalled.expect("there is a kill").success());
    let output = end_of(child);
    drop(open);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("before the run began") && !folder.path().join("out").exists(), "{said}");
}

/// A ring of three routers whose table goes one way round.
#[test]
fn a_routing_table_is_read_from_the_file_beside_the_chip() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..3)
        .flat_map(|at| {
            (0..3).filter(move |&to| to != at).map(move |to| format!("{at},,{to},{}\n", (at + 1) % 3))
        })
        .collect();
    fs::write(folder.path().join("table.csv"), format!("at,from,to,next\n{rows}")).unwrap();
    let chip = "topology: {ring: {size: 3}}\nrouting: {table: {file: table.csv}}\n";
    fs::write(folder.path().join("chip.yaml"), chip).unwrap();
    let output = run(folder.path(), &["check", "chip.yaml", "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert_eq!(found["delivered_share"], 1.0, "{}", String::from_utf8_lossy(&output.stderr));
    // All the way round: two hops where one would do.
    assert_eq!(found["stretch"], 1.5, "{found}");
    fs::write(folder.path().join("table.csv"), format!("at,from,to,next\n{rows}1,,x,2\n")).unwrap();
    let output = run(folder.path(), &["check", "chip.yaml"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("table.csv:8: "), "{said}");
}

#[test]
fn an_override_names_files_from_where_the_command_is_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("net.txt"), "0 1\n1 2\n2 0\n").unwrap();
    let whole = folder.path().join("net.txt").display().to_string();
    for name in ["net.txt", &whole] {
        let topology = format!("chip.topology={{graph: {{file: {name}}}}}");
        let arguments = ["check", "mesh8", "--set", &topology, "--set", "chip.routing=up-down"];
        let output = run(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn every_wrong_line_of_a_graph_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("net.txt"), "0 1\n1 x\n2 0 latency=-3\n").unwrap();
    let chip = "topology: {graph: {file: net.txt}}\nrouting: up-down\n";
    fs::write(folder.path().join("chip.yaml"), chip).unwrap();
    let output = run(folder.path(), &["check", "chip.yaml"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2), "{said}");
    assert!(said.contains("net.txt:2:") && said.contains("net.txt:3:"), "{said}");
}

#[test]
fn what_is_passed_over_in_a_matrix_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let matrix = "%%MatrixMarket matrix coordinate pattern symmetric\n3 3 4\n1 1\n2 1\n3 2\n3 3\n";
    fs::write(folder.path().join("net.mtx"), matrix).unwrap();
    let chip = "topology: {graph: {file: net.mtx}}\nrouting: up-down\n";
    fs::write(folder.path().join("chip.yaml"), chip).unwrap();
    let output = run(folder.path(), &["check", "chip.yaml"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("net.mtx: 2 entries on the diagonal are passed over"), "{said}");
}

/// Tables of cores and packets add up to the report, in one go and in two.
#[test]
fn probes_of_cores_and_packets_add_up_and_survive_a_break() {
    let folder = tempfile::tempdir().unwrap();
    let common = ["run", "balanced", "--chip", "loihi", "--set", "workload.steps=20"];
    let probes = ["--set", "workload.probes.cores=true", "--set", "workload.probes.packets=true"];
    let more = ["--set", "chip.cores.neurons=32"];
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let call = |rest: &[&str]| {
        let arguments: Vec<&str> = common.iter().chain(&probes).chain(&more).chain(rest).copied().collect();
        let output = run(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    };
    call(&["--out", "a", "--checkpoint", "state", "--every", "8"]);
    let report: Value = serde_json::from_str(&read("a/report.json")).unwrap();
    let column = |at: usize| -> f64 {
        let rows = read("a/cores.csv");
        rows.lines().skip(1).filter_map(|row| row.split(',').nth(at)?.parse::<f64>().ok()).sum()
    };
    let count = |path: &str| report.pointer(path).and_then(Value::as_f64).unwrap_or(f64::NAN);
    assert_eq!(column(2), count("/traffic/spikes"));
    assert_eq!(
        (column(4), column(5)),
        (count("/traffic/packets/injected"), count("/traffic/packets/delivered"))
    );
    assert_eq!(column(6), count("/traffic/synaptic_events"));
    assert!((column(8) / count("/energy/total_joules") - 1.0).abs() < 1e-9);
    assert_eq!(read("a/packets.csv").lines().count() as f64 - 1.0, count("/traffic/packets/injected"));
    call(&["--out", "b", "--resume", "state"]);
    assert_eq!((read("b/cores.csv"), read("b/packets.csv")), (read("a/cores.csv"), read("a/packets.csv")));
}

/// Whoever imports has two files, and wants to know which is wrong, and where.
#[test]
fn what_is_wrong_with_an_import_is_told_by_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("arch.yaml", "architecture: {name: a, colour: red}\n");
    write("broken.yaml", "network: [1\nb");
    write("net.net", "g 3\nz 1\n");
    for (arch, net, expected) in [
        ("arch.yaml", "net.net", "arch.yaml: architecture.colour: this field is not supported"),
        ("arch.yaml", "net.net", "net.net:2: `z` is nothing known"),
        ("arch.yaml", "broken.yaml", "broken.yaml:1:10: this is not YAML"),
    ] {
        let output = run(folder.path(), &["import", "sanafe", arch, net, "--out", "x"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(expected), "{said:?} lacks {expected:?}");
    }
}

/// Power at rest counts over the simulated time, part by part and step by step.
#[test]
fn what_a_chip_takes_at_rest_is_part_of_the_energy_of_a_network() {
    let folder = tempfile::tempdir().unwrap();
    let energy = |more: &[&str], out: &str| {
        let mut arguments = vec!["run", "balanced", "--chip", "mesh8", "--out", out];
        arguments.extend(["--set", "workload.steps=20"]);
        more.iter().for_each(|set| arguments.extend(["--set", set]));
        let output = run(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let text = fs::read_to_string(folder.path().join(out).join("report.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let number =
        |report: &Value, path: &str| report.pointer(path).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let report = energy(&["chip.cores.leakage=2 mW", "chip.energy.router_leakage=1 W"], "a");
    let seconds = number(&report, "/time/seconds");
    let routers = number(&report, "/energy/by_component/router_leakage");
    assert!((routers / (64.0 * seconds) - 1.0).abs() < 1e-12, "{routers}");
    let used = report["cores"].as_array().map_or(0, Vec::len) as f64;
    let cores = number(&report, "/energy/by_component/core_leakage");
    assert!((cores / (2e-3 * used * seconds) - 1.0).abs() < 1e-12, "{cores}");
    let parts = report["energy"]["by_component"].as_object().unwrap();
    let sum: f64 = parts.values().filter_map(Value::as_f64).sum();
    let total = number(&report, "/energy/total_joules");
    assert!((sum / total - 1.0).abs() < 1e-12, "{sum} and {total}");
    // Links add up to what hops cost.
    let links = report["links"].as_array().unwrap().iter();
    let over_links: f64 = links.filter_map(|link| link["energy"].as_f64()).sum();
    let hops = number(&report, "/energy/by_component/core_hop");
    assert!(hops > 0.0 && (over_links / hops - 1.0).abs() < 1e-9, "{over_links} and {hops}");
    // The table of steps has one column for all of it.
    let steps = fs::read_to_string(folder.path().join("a/steps.csv")).unwrap();
    let mut lines = steps.lines();
    assert!(lines.next().is_some_and(|header| header.ends_with(",at_rest_joules")));
    let last = |line: &str| line.rsplit(',').next().and_then(|joules| joules.parse::<f64>().ok());
    let told: f64 = lines.filter_map(last).sum();
    let at_rest: f64 = ["core_leakage", "clock", "router_leakage", "link_leakage"]
        .iter()
        .filter_map(|name| parts.get(*name).and_then(Value::as_f64))
        .sum();
    assert!((told / at_rest - 1.0).abs() < 1e-9, "{told} and {at_rest}");
}
