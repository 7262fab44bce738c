//! Sweeps as users run them: killed, resumed, dealt out, gathered, interrupted.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;

/// Thirty-nine short runs, three of which fail: a router has at least one virtual channel.
const SWEEP: &str = "
description: small
workload: uniform
chip: mesh8
set:
  chip.topology: {mesh: {size: [4, 4]}}
  workload.traffic.warmup_cycles: 100
  workload.traffic.measure_cycles: 400
axes:
  - {path: chip.router.vcs, values: [1, 0, 2, 4]}
  - {path: workload.traffic.rate, values: [0.05, 0.1, 0.2, 0.3]}
keep: [vcs > 0 or rate < 0.1]
repetitions: 3
";

const FILES: [&str; 5] = ["results.csv", "results.parquet", "summary.csv", "sweep.html", "sweep.json"];

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(sweep: &str) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        fs::write(folder.path().join("s.yaml"), sweep).expect("it can be written");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spikeloom"));
        command.args(arguments.split(' ')).current_dir(self.folder.path());
        command
    }

    fn start(&self, arguments: &str) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    fn succeeds(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`{arguments}` ended with {}: {error}", output.status);
        String::from_utf8(output.stdout).expect("it is text")
    }

    fn results(&self, out: &str) -> Vec<Vec<u8>> {
        FILES.map(|file| fs::read(self.path(out).join(file)).expect("it is written")).into()
    }

    fn points_of(&self, out: &str) -> Vec<u64> {
        let journal = fs::read_to_string(self.path(out).join("journal.jsonl")).expect("it is there");
        let point = |line: &str| {
            let record: Value = serde_json::from_str(&line[9..]).expect("a whole line is JSON");
            record["point"].as_u64().expect("a record has a point")
        };
        journal.lines().skip(1).map(point).collect()
    }
}

#[test]
fn a_killed_sweep_goes_on_without_losing_or_repeating_a_point() {
    let bench = Bench::new(SWEEP);
    bench.succeeds("sweep s.yaml --out whole --threads 2");
    let mut kills = 0;
    for attempt in 0..100u64 {
        let mut child = bench.start("sweep s.yaml --out killed --threads 2");
        let deadline = Instant::now() + Duration::from_millis(40 + 15 * attempt);
        let status = loop {
            match child.try_wait().expect("it is our child") {
                Some(status) => break Some(status),
                None if Instant::now() > deadline => break None,
                None => sleep(Duration::from_millis(2)),
            }
        };
        if let Some(status) = status {
            assert!(status.success(), "{status}");
            break;
        }
        // SIGKILL: the program has no say in it.
        child.kill().expect("it is our child");
        child.wait().expect("it is our child");
        kills += 1;
    }
    assert!(kills > 0, "it was never killed");
    let mut points = bench.points_of("killed");
    points.sort_unstable();
    assert_eq!(points, (0..39).collect::<Vec<_>>(), "after {kills} kills");
    assert_eq!(bench.results("whole"), bench.results("killed"));
}

#[test]
fn parts_gathered_are_the_whole_whatever_the_threads() {
    let bench = Bench::new(SWEEP);
    bench.succeeds("sweep s.yaml --out whole --threads 1");
    for shard in 1..=3 {
        bench.succeeds(&format!("sweep s.yaml --shard {shard}/3 --out parts/{shard} --threads 3"));
    }
    let incomplete = bench.run("sweep merge parts/1 parts/3 --out gathered");
    assert_eq!(incomplete.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&incomplete.stderr).contains("13 points are missing"));
    bench.succeeds("sweep merge parts/1 parts/2 parts/3 --out gathered");
    assert_eq!(bench.results("whole"), bench.results("gathered"));
}

/// What a value of `results.parquet` looks like in `results.csv`.
fn as_text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Long(number) => number.to_string(),
        Field::Double(number) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Whether two cells say the same: numbers to the last bit, all else by the letter.
fn same(one: &str, other: &str) -> bool {
    one == other || matches!((one.parse::<f64>(), other.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

#[test]
fn both_tables_of_all_points_say_the_same() {
    let bench = Bench::new(SWEEP);
    bench.succeeds("sweep s.yaml --out all");
    let mut expected = csv::Reader::from_path(bench.path("all/results.csv")).expect("it is written");
    let heading = expected.headers().expect("it has a heading").clone();
    let file = fs::File::open(bench.path("all/results.parquet")).expect("it is written");
    let table = SerializedFileReader::new(file).expect("it is Parquet");
    let mut rows = table.get_row_iter(None).expect("it has rows");
    let mut compared = 0;
    for expected in expected.records() {
        let expected = expected.expect("it is right");
        let row = rows.next().expect("there are as many rows").expect("it can be read");
        assert_eq!(row.len(), heading.len());
        for ((name, field), (column, cell)) in row.get_column_iter().zip(heading.iter().zip(&expected)) {
            assert_eq!(name, column);
            let text = as_text(field);
            assert!(same(&text, cell), "{column}: {text}, not {cell}");
            compared += 1;
        }
    }
    assert!(rows.next().is_none() && compared > 39 * 30, "{compared} cells");
}

#[test]
fn failed_points_say_why_and_every_point_can_be_run_alone() {
    let bench = Bench::new(SWEEP);
    let text = bench.succeeds("sweep s.yaml --out all --json");
    let report: Value = serde_json::from_str(&text).expect("it is JSON alone");
    assert_eq!(report["points"], serde_json::json!({"total": 39, "done": 39, "failed": 3}));
    let mut table = csv::Reader::from_path(bench.path("all/results.csv")).expect("it is written");
    let heading = table.headers().expect("it has a heading").clone();
    let rows: Vec<csv::StringRecord> = table.records().map(|row| row.expect("it is right")).collect();
    let get = |row: &csv::StringRecord, name: &str| {
        let at = heading.iter().position(|known| known == name).unwrap_or_else(|| panic!("no {name}"));
        row[at].to_owned()
    };
    let failed: Vec<_> = rows.iter().filter(|row| get(row, "status") == "failed").collect();
    assert_eq!(failed.len(), 3);
    assert!(failed.iter().all(|row| get(row, "vcs") == "0" && get(row, "error").contains("vcs")));
    for row in [&rows[0], &rows[38]] {
        let command =
            get(row, "command").replacen("spikeloom", env!("CARGO_BIN_EXE_spikeloom"), 1) + " --json";
        let output = Command::new("sh").args(["-c", &command]).current_dir(bench.folder.path()).output();
        let output = output.expect("there is a shell");
        let alone: Value = serde_json::from_slice(&output.stdout).expect("a report is JSON");
        for metric in ["/latency/packet/mean", "/throughput/accepted", "/energy/total_joules"] {
            let name = metric[1..].replace('/', ".");
            let tabled: f64 = get(row, &name).parse().expect("it is a number");
            assert_eq!(alone.pointer(metric).and_then(Value::as_f64), Some(tabled), "{name} of {command}");
        }
    }
    let listed = bench.succeeds("sweep s.yaml --list");
    assert_eq!(
        listed.lines().collect::<Vec<_>>(),
        rows.iter().map(|row| get(row, "command")).collect::<Vec<_>>()
    );
}

/// Sweeps whose points are no traffic, each with a figure that must be there and the same when a point is run
/// alone.
const OTHERS: [(&str, &str); 4] = [
    (
        "{workload: balanced, set: {workload.steps: 3}, axes: [{path: fidelity, values: [ideal, sanafe-simple]}]}",
        "/latency/step/mean",
    ),
    (
        "{workload: sssp, axes: [{path: workload.sssp.source, values: [0, 7]}, {path: seed, values: [3]}]}",
        "/traffic/spikes",
    ),
    (
        "{workload: balanced, chip: loihi-sanafe, map: {measure: 2}, set: {chip.cores.neurons: 128},
          axes: [{path: map.place, values: [linear, hilbert]}]}",
        "/figures/packet_hops",
    ),
    (
        "{device: rram_yao, study: {rows: 8, columns: 8, trials: 2, products: 3},
          axes: [{path: device.array.crossbar.adc.bits, values: [4, 8]}]}",
        "/output_error/mean",
    ),
];

#[test]
fn points_are_networks_algorithms_mappings_and_studies_too() {
    for (yaml, figure) in OTHERS {
        let bench = Bench::new(yaml);
        let text = bench.succeeds("sweep s.yaml --out all --json");
        let report: Value = serde_json::from_str(&text).expect("it is JSON alone");
        assert_eq!(report["points"], serde_json::json!({"total": 2, "done": 2, "failed": 0}), "{yaml}");
        let listed = bench.succeeds("sweep s.yaml --list");
        for (line, result) in listed.lines().zip(report["results"].as_array().expect("there are results")) {
            let arguments = format!("{} --json", line.strip_prefix("spikeloom ").expect("it is a command"));
            let alone: Value = serde_json::from_str(&bench.succeeds(&arguments)).expect("it is JSON alone");
            let swept = &result["metrics"][&figure[1..].replace('/', ".")]["mean"];
            assert!(swept.is_number(), "{figure} is not in {result:#}");
            assert_eq!(alone.pointer(figure).and_then(Value::as_f64), swept.as_f64(), "{figure} of {line}");
        }
    }
}

#[test]
fn one_folder_is_for_one_sweep_and_one_process() {
    let bench = Bench::new(SWEEP);
    let slow = SWEEP.replace("measure_cycles: 400", "measure_cycles: 4000000");
    fs::write(bench.path("slow.yaml"), slow).expect("it can be written");
    let mut child = bench.start("sweep slow.yaml --out shared --threads 1");
    let journal = bench.path("shared/journal.jsonl");
    while fs::metadata(&journal).map_or(0, |file| file.len()) == 0 {
        sleep(Duration::from_millis(5));
    }
    let second = bench.run("sweep slow.yaml --out shared");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    child.kill().expect("it is our child");
    child.wait().expect("it is our child");
    assert_eq!(second.status.code(), Some(2), "{said}");
    assert!(said.contains("another sweep is writing"), "{said}");
    let other = bench.run("sweep s.yaml --out shared");
    let said = String::from_utf8_lossy(&other.stderr);
    assert_eq!(other.status.code(), Some(2), "{said}");
    assert!(said.contains("holds another sweep"), "{said}");
    bench.succeeds("sweep s.yaml --out shared --force");
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_what_is_there() {
    let bench = Bench::new(&SWEEP.replace("measure_cycles: 400", "measure_cycles: 20000"));
    let mut child = bench.start("sweep s.yaml --out some --threads 1");
    let lines =
        || fs::read_to_string(bench.path("some/journal.jsonl")).map_or(0, |text| text.lines().count());
    while lines() < 3 {
        sleep(Duration::from_millis(5));
    }
    let signalled = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(signalled.expect("there is a kill").success());
    let status = child.wait().expect("it is our child");
    if status.success() {
        return; // It was through before the signal came.
    }
    assert_eq!(status.code(), Some(130));
    let text = fs::read_to_string(bench.path("some/sweep.json")).expect("results are written");
    let report: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(report["complete"], false);
    assert_eq!(
        report["points"]["done"].as_u64().map(|done| done as usize),
        Some(bench.points_of("some").len())
    );
}

#[test]
fn wrong_sweeps_are_refused_before_anything_is_run() {
    let bench = Bench::new(SWEEP);
    for (yaml, reason) in [
        ("{workload: unifrom}", "did you mean `uniform`?"),
        ("{workload: uniform, axes: [{path: chip.router.vsc, values: [1]}]}", "did you mean `vcs`?"),
        ("{workload: uniform, axes: [{path: chip, values: [mesh8, mesh88]}]}", "mesh88"),
        ("{workload: uniform, axis: []}", "did you mean `axes`?"),
    ] {
        fs::write(bench.path("wrong.yaml"), yaml).expect("it can be written");
        let output = bench.run("sweep wrong.yaml --out wrong");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{yaml}: {said}");
        assert!(said.contains(reason), "{yaml}: {said}");
    }
    let all_fail = "{workload: uniform, axes: [{path: chip.router.vcs, values: [0]}]}";
    fs::write(bench.path("wrong.yaml"), all_fail).expect("it can be written");
    assert_eq!(bench.run("sweep wrong.yaml --out failing").status.code(), Some(1));
}

/// HyperQueue's program: named by `SPIKELOOM_HQ`, or found on the path.
fn hyperqueue() -> Option<PathBuf> {
    let named = std::env::var_os("SPIKELOOM_HQ").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|folder| folder.join("hq")).filter(|hq| hq.is_file());
    named.or_else(|| found.next())
}

#[test]
fn hyperqueue_loses_a_worker_and_comes_to_the_same_bytes() {
    let Some(hq) = hyperqueue() else {
        eprintln!("skipped: there is no hq on the path, and SPIKELOOM_HQ names none");
        return;
    };
    let bench = Bench::new(&SWEEP.replace("measure_cycles: 400", "measure_cycles: 20000"));
    bench.succeeds("sweep s.yaml --out local");
    let job = bench.succeeds("sweep s.yaml --emit hyperqueue --tasks 13 --out spread");
    fs::write(bench.path("job.toml"), job).expect("it can be written");
    let command = |arguments: &str| {
        let mut command = Command::new(&hq);
        command.arg("--server-dir").arg(bench.path("hq")).args(arguments.split(' '));
        command.current_dir(bench.folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut server = command("server start").spawn().expect("hq starts");
    let ends = Instant::now() + Duration::from_secs(20);
    while !command("server info").status().expect("hq starts").success() {
        assert!(Instant::now() < ends, "the server does not come up");
        sleep(Duration::from_millis(100));
    }
    let worker = || command("worker start --cpus 1").spawn().expect("hq starts");
    let (mut lost, mut kept) = (worker(), worker());
    assert!(command("job submit-file job.toml").status().expect("hq starts").success());
    let begun = || fs::read_dir(bench.path("spread/shards")).map_or(0, |shards| shards.count());
    while begun() < 4 {
        sleep(Duration::from_millis(10));
    }
    lost.kill().expect("it is our child");
    lost.wait().expect("it is our child");
    let waited = command("job wait all").status().expect("hq starts");
    let _ = command("server stop").status();
    let _ = (kept.wait(), server.wait());
    assert!(waited.success(), "the job failed");
    assert_eq!(bench.results("local"), bench.results("spread"));
}

/// A Python that has HyperQueue's package: named by `SPIKELOOM_HQ_PYTHON`, or `python3`.
fn hyperqueue_python() -> Option<PathBuf> {
    let named = std::env::var_os("SPIKELOOM_HQ_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| PathBuf::from("python3"));
    let mut probe = Command::new(&python);
    let probe = probe.args(["-c", "import hyperqueue, tomllib"]).stderr(Stdio::null()).status();
    probe.is_ok_and(|status| status.success()).then_some(python)
}

/// The same with HyperQueue's Python package, which is easier to come by than its program.
#[test]
#[cfg(unix)]
fn hyperqueue_from_python_loses_a_worker_and_comes_to_the_same_bytes() {
    let Some(python) = hyperqueue_python() else {
        eprintln!(
            "skipped: no Python with hyperqueue; `pip install hyperqueue`, SPIKELOOM_HQ_PYTHON names it"
        );
        return;
    };
    let bench = Bench::new(&SWEEP.replace("measure_cycles: 400", "measure_cycles: 20000"));
    bench.succeeds("sweep s.yaml --out local");
    let job = bench.succeeds("sweep s.yaml --emit hyperqueue --tasks 13 --out spread");
    fs::write(bench.path("job.toml"), job).expect("it can be written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hyperqueue/run_job.py");
    let mut cluster = Command::new(&python);
    cluster.arg(&script).arg("job.toml").arg("hq").current_dir(bench.folder.path());
    let mut cluster = cluster.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("Python starts");
    let lines = BufReader::new(cluster.stdout.take().expect("it is piped")).lines();
    let mut lines = lines.map_while(Result::ok);
    let lost = lines.find_map(|line| line.strip_prefix("workers ")?.split(' ').next().map(str::to_owned));
    let lost = lost.expect("both workers come up");
    let shards = || fs::read_dir(bench.path("spread/shards")).map_or(0, |shards| shards.count());
    let ends = Instant::now() + Duration::from_secs(60);
    while shards() < 4 {
        assert!(Instant::now() < ends, "no task begins");
        sleep(Duration::from_millis(5));
    }
    assert!(shards() < 13, "the loss would come too late");
    let killed = Command::new("kill").args(["-KILL", &lost]).status().expect("there is a kill");
    assert!(killed.success(), "the worker was gone before");
    // Reading on keeps the pipe from filling up.
    lines.for_each(drop);
    let done = cluster.wait_with_output().expect("it is our child");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(bench.results("local"), bench.results("spread"));
}

#[test]
fn the_page_needs_no_network_and_escapes_names() {
    let sweep = SWEEP.replace("description: small", "name: '</script><b>x'\ndescription: '<i>'");
    let bench = Bench::new(&sweep.replace("repetitions: 3", "repetitions: 1"));
    bench.succeeds("sweep s.yaml --out out");
    let page = fs::read_to_string(Path::new(&bench.path("out/sweep.html"))).expect("it is written");
    assert!(!page.contains("</script><b>") && !page.contains("<i>"), "names are markup");
    for outside in ["src=\"http", "href=\"http", "@import", "url(http"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("<script").count(), page.matches("</script>").count());
}
