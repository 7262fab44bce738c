//! The program as people call it: what is shipped runs, what fails says why.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use spikeloom::spec::{Kind, preset};

fn spikeloom(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_spikeloom");
    Command::new(program).current_dir(folder).args(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs and expects an exit code.
fn call(arguments: &[&str], code: i32) -> Output {
    let output = spikeloom(Path::new("."), arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}{}", text(&output.stdout));
    output
}

fn json(arguments: &[&str]) -> Value {
    let output = call(arguments, 0);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

/// A short run.
const SHORT: [&str; 6] = [
    "--set",
    "workload.traffic.warmup_cycles=50",
    "--set",
    "workload.traffic.measure_cycles=200",
    "--set",
    "workload.traffic.rate=0.01",
];

fn assert_balanced(report: &Value, what: &str) {
    let packets = &report["traffic"]["packets"];
    let count = |name: &str| packets[name].as_u64().unwrap_or(0);
    let sum = count("delivered") + count("refused") + count("lost") + count("in_flight");
    assert_eq!(count("injected"), sum, "{what}");
    assert!(count("delivered") > 0, "{what}");
    assert_eq!(report["complete"], true, "{what}");
}

/// Where no link is loaded there is no throughput to be bounded, and no line of digits.
#[test]
fn what_carries_nothing_is_bounded_by_nothing() {
    for change in [["--routing", "table"], ["--set", "chip.topology.mesh.size=[1, 1]"]] {
        let shown = text(&call(&[&["check", "mesh8"], &change[..]].concat(), 0).stdout);
        let short = shown.lines().all(|line| line.len() < 120);
        assert!(shown.contains("0: no link is loaded") && short, "{change:?}: {shown}");
    }
}

#[test]
fn every_chip_runs_at_every_fidelity_and_is_certified() {
    let chips: Vec<&str> = preset::of(Kind::Chip).map(|preset| preset.name).collect();
    for name in [
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
        assert!(chips.contains(&name), "{name} is not built in");
    }
    // The largest is `bicoss` with more of everything.
    for chip in chips.into_iter().filter(|&chip| chip != "bicoss-4096") {
        let mut latency = Vec::new();
        for fidelity in ["ideal", "approximate", "cycle"] {
            let mut arguments = vec!["run", "uniform", "--json", "--chip", chip, "--fidelity", fidelity];
            arguments.extend(SHORT);
            let report = json(&arguments);
            assert_balanced(&report, chip);
            assert!(report["energy"]["total_joules"].as_f64() > Some(0.0), "{chip} has no energy");
            latency.push(report["latency"]["packet"]["mean"].as_f64().expect("packets were measured"));
        }
        let [ideal, approximate, cycle] = latency[..] else { panic!("three fidelities") };
        assert!(ideal <= approximate + 1e-9 && ideal <= cycle + 1e-9, "{chip}: {latency:?}");
        assert!((approximate / cycle - 1.0).abs() < 0.1, "{chip}: {latency:?}");
        if chip != "truenorth" {
            let certificate = json(&["check", chip, "--json"]);
            assert_eq!(certificate["deadlock_free"], true, "{chip}");
            assert_eq!(certificate["delivered_share"], 1.0, "{chip}");
        }
    }
}

#[test]
fn every_workload_and_fault_map_runs() {
    for workload in preset::of(Kind::Workload).filter(|preset| preset.text.contains("traffic:")) {
        let mut arguments = vec!["run", workload.name, "--json"];
        if !workload.text.contains("trace:") {
            arguments.extend(&SHORT[..4]);
        }
        assert_balanced(&json(&arguments), workload.name);
    }
    for faults in preset::of(Kind::Faults) {
        let mut arguments = vec!["run", "uniform", "--json", "--faults", faults.name, "--routing", "mftn"];
        arguments.extend(SHORT);
        let report = json(&arguments);
        assert_balanced(&report, faults.name);
        assert_eq!(report["faults"]["deadlock_free"], true);
        let certificate = json(&["check", "mesh8", "--faults", faults.name, "--routing", "mftn", "--json"]);
        // Where everything works at the start there is nothing to go round yet.
        let works = ["\nevents:", "\ntransient:"].iter().any(|field| faults.text.contains(field));
        assert!(works || certificate["ring_share"].as_f64() > Some(0.0), "{}", faults.name);
    }
}

#[test]
fn a_deadlock_is_named_and_fails_the_run() {
    for fidelity in ["cycle", "approximate"] {
        let output = call(
            &[
                "run",
                "uniform",
                "--json",
                "--faults",
                "two-blocks",
                "--routing",
                "mftn-literal",
                "--fidelity",
                fidelity,
                "--set",
                "chip.router.vcs=1",
                "--set",
                "workload.traffic.rate=0.5",
            ],
            1,
        );
        let said = text(&output.stderr);
        assert!(said.contains("the network is deadlocked") && said.contains("in a cycle"), "{said}");
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report is written all the same");
        assert!(report["stalled"]["cycle"].as_array().is_some_and(|cycle| cycle.len() > 1));
        assert!(report["traffic"]["packets"]["in_flight"].as_u64() > Some(0));
    }
}

/// Faults that are to strike after the last packet has arrived do not, and the summary says so.
#[test]
fn faults_that_come_too_late_are_counted() {
    let run = ["run", "trace", "--chip", "mesh8", "--faults", "mid-run", "--routing", "mftn"];
    let folder = tempfile::tempdir().expect("a temporary folder");
    let summary = text(&spikeloom(folder.path(), &run).stdout);
    let line = summary.lines().find(|line| line.contains("did not strike")).expect("a line about them");
    assert!(line.contains(" 3 of the faults"), "{line}");
}

#[test]
fn bufferless_chips_run_and_report_their_deflections() {
    let mut arguments = vec!["run", "uniform", "--json", "--set", "chip.router.kind=deflection"];
    arguments.extend(&SHORT[..4]);
    arguments.extend(["--set", "workload.traffic.rate=0.2"]);
    let report = json(&arguments);
    assert_balanced(&report, "deflection");
    assert!(report["deflection"]["per_flit"].as_f64() > Some(0.0));
    assert!(report["energy"]["by_component"].get("vc_arbitration").is_none());
    let checked = json(&["check", "mesh8", "--set", "chip.router.kind=deflection", "--json"]);
    assert_eq!((&checked["argument"], &checked["deadlock_free"]), (&"bufferless".into(), &true.into()));
    assert_eq!(checked["resources"]["buffer_flits"], 64 * 5);
    let refused = call(&["check", "board", "--set", "chip.router.kind=deflection"], 2);
    assert!(text(&refused.stderr).contains("narrower than a flit"), "{}", text(&refused.stderr));
    call(&["run", "uniform", "--fidelity", "ideal", "--set", "chip.router.kind=deflection"], 2);
}

#[test]
fn models_are_listed_and_explained() {
    let list = text(&call(&["models"], 0).stdout);
    for name in ["mesh", "mftn-literal-vc", "hotspot", "on-off", "lif-exp", "truenorth", "router"] {
        assert!(
            list.lines().any(|line| line.split_whitespace().next() == Some(name)),
            "{name} is not listed"
        );
    }
    let router = text(&call(&["models", "router"], 0).stdout);
    for word in ["buffer_flits", "[flits]", "Default: 8.", "deflection", "source", "BLESS"] {
        assert!(router.contains(word), "{word} is missing in\n{router}");
    }
    assert!(text(&call(&["models", "loihi"], 0).stdout).contains("equations"));
    assert!(text(&call(&["models", "routing"], 0).stdout).lines().count() > 20);
    let unknown = text(&call(&["models", "mftm"], 2).stderr);
    assert!(unknown.contains("did you mean `mftn`?"), "{unknown}");
}

/// What is wrong only once chip, faults and workload come together. The texts are kept in `tests/golden/bad`;
/// `UPDATE_GOLDENS=1` writes them anew.
#[test]
fn what_does_not_fit_together_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, content: &[u8]| {
        std::fs::write(folder.path().join(name), content).expect("it is written")
    };
    let all: Vec<String> = (0..8).flat_map(|y| (0..8).map(move |x| format!("[{x}, {y}]"))).collect();
    write("all.yaml", format!("nodes: [{}]", all.join(", ")).as_bytes());
    write(
        "outside.yaml",
        b"nodes: [[1, 9], [3, 3]]\nlinks: [[[0, 0], [2, 0]]]\nvcs: [{from: [0, 0], to: [1, 0], vcs: [99]}]\n",
    );
    for (name, trace) in [
        ("absent", "cycle,src,dst,flits\n1,0,3,1\n2,64,3,1\n3,1,-1,1\n"),
        ("unsorted", "1,0,3,1\n9,1,3,1\n4,1,3,1\n"),
        ("truncated", "1,0,3,1\n2,1,3\n"),
        ("words", "1,0,3,one\n"),
        ("zero", "1,0,3,0\n"),
    ] {
        write(&format!("{name}.csv"), trace.as_bytes());
        write(&format!("{name}.yaml"), format!("traffic:\n  trace: {name}.csv\n").as_bytes());
    }
    let network = |of: &str| {
        format!(
            "steps: 20\nnetwork:\n  dt: 1 ms\n  populations:\n    - {{name: a, neurons: 40, model: {{source-poisson: \
             {{rate: 20 Hz}}}}}}\n    - {{name: b, neurons: 40, model: {{lif: {{}}}}}}\n  projections:\n    - {{from: a, \
             to: b, pattern: {{fan-out: {{count: 4}}}}, {of}}}\n"
        )
    };
    write("drawn.yaml", network("procedural: true").as_bytes());
    write("drawn-learns.yaml", network("procedural: true, plasticity: {rule: {pair: {}}}").as_bytes());
    let long = "delays: {constant: 100}";
    write("long.yaml", network(long).as_bytes());
    write("drawn-long.yaml", network(&format!("procedural: true, {long}")).as_bytes());
    write("learns-long.yaml", network(&format!("plasticity: {{rule: {{pair: {{}}}}}}, {long}")).as_bytes());
    write("no-tap.yaml", network("tap: 1").as_bytes());
    let relays = "workload.network.relays=true";
    let free = "chip.cores.synchronisation={free: {period: 1 us}}";
    let rigid = "chip.cores.array=memcap_90nm";
    let cases: &[(&str, &[&str])] = &[
        ("cli-arrays-drawn", &["run", "drawn.yaml", "--chip", "rram-mesh"]),
        ("cli-arrays-free", &["run", "conditioning", "--chip", "rram-mesh", "--set", free]),
        ("cli-arrays-learning", &["run", "conditioning", "--chip", "rram-mesh", "--set", rigid]),
        ("cli-array-of-neurons", &["check", "rram-mesh", "--set", "chip.cores.array=mos2"]),
        ("cli-array-unknown", &["check", "rram-mesh", "--set", "chip.cores.array=rram_yoa"]),
        ("cli-delay-beyond-the-longest", &["run", "long.yaml", "--chip", "loihi"]),
        ("cli-relays-drawn", &["run", "drawn-long.yaml", "--chip", "loihi", "--set", relays]),
        ("cli-relays-learning", &["run", "learns-long.yaml", "--chip", "loihi", "--set", relays]),
        ("cli-tap-absent", &["run", "no-tap.yaml", "--chip", "loihi"]),
        ("cli-drawn-learning", &["run", "drawn-learns.yaml", "--chip", "loihi"]),
        ("cli-drawn-free", &["run", "drawn.yaml", "--chip", "loihi", "--set", free]),
        ("cli-multicast-events", &["run", "multicast", "--faults", "mid-run"]),
        ("cli-multicast-bit-errors", &["run", "multicast", "--faults", "noisy-links"]),
        ("cli-network-events", &["run", "conditioning", "--faults", "mid-run"]),
        ("cli-network-bit-errors", &["run", "conditioning", "--faults", "noisy-links"]),
        ("cli-routing-off-its-topology", &["check", "spinnaker", "--routing", "odd-even"]),
        ("cli-routing-without-vcs", &["check", "torus8", "--set", "chip.router.vcs=1"]),
        ("cli-routing-unknown", &["check", "mesh8", "--routing", "mftm"]),
        ("cli-too-many-vcs", &["run", "uniform", "--set", "chip.router.vcs=16"]),
        (
            "cli-mesh-beyond-memory",
            &["check", "mesh8", "--set", "chip.topology.mesh.size=[1000000, 1000000]"],
        ),
        ("cli-size-zero", &["check", "mesh8", "--set", "chip.topology.mesh.size=[0, 8]"]),
        ("cli-all-nodes-faulty", &["check", "mesh8", "--faults", "all.yaml"]),
        ("cli-faults-outside", &["run", "uniform", "--faults", "outside.yaml"]),
        ("cli-trace-absent-nodes", &["run", "absent.yaml"]),
        ("cli-trace-unsorted", &["run", "unsorted.yaml"]),
        ("cli-trace-truncated", &["run", "truncated.yaml"]),
        ("cli-trace-words", &["run", "words.yaml"]),
        ("cli-trace-zero-flits", &["run", "zero.yaml"]),
        ("cli-pattern-off-its-chip", &["run", "transpose", "--chip", "loihi"]),
        ("cli-rate-out-of-range", &["run", "uniform", "--set", "workload.traffic.rate=-1"]),
        ("cli-fault-rates", &["faults", "mesh8", "--node-rate", "2", "--cluster", "0", "--seed", "1"]),
    ];
    let mut wrong = Vec::new();
    for (name, arguments) in cases {
        let output = spikeloom(folder.path(), arguments);
        let said = text(&output.stderr);
        if output.status.code() != Some(2) || said.is_empty() {
            wrong.push(format!("{name}: {:?} {said}", output.status.code()));
            continue;
        }
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/bad/{name}.txt"));
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::write(&golden, &said).expect("the gallery can be written to");
        }
        let kept = std::fs::read_to_string(&golden).unwrap_or_default();
        if kept != said {
            wrong.push(format!("{name} is said otherwise:\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Steps in which the only neuron of a population fired, of `spikes.csv`.
fn train(spikes: &str, population: &str) -> Vec<u64> {
    let rows = spikes.lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>());
    rows.filter(|row| row[1] == population).map(|row| row[0].parse().unwrap()).collect()
}

/// The weight that pairs of spikes lead to, all with all, by the definition of the pair rule: steps of 1 ms, time
/// constants of 20 ms, clipped to 0 to 1.5.
fn learnt(start: f64, sender: &[u64], target: &[u64]) -> f64 {
    let sum = |earlier: &[u64], now: u64, with_now: bool| -> f64 {
        let counts = earlier.iter().filter(|&&then| then < now || with_now && then == now);
        counts.map(|&then| (-((now - then) as f64) / 20.0).exp()).sum()
    };
    (1..=1500).fold(start, |mut weight, step| {
        if sender.contains(&step) {
            weight = (weight - 0.06 * sum(target, step, false)).clamp(0.0, 1.5);
        }
        if target.contains(&step) {
            weight = (weight + 0.08 * sum(sender, step, true)).clamp(0.0, 1.5);
        }
        weight
    })
}

#[test]
fn a_bell_that_rings_before_food_comes_to_stand_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let run = |out: &str, threads: &str| {
        let output =
            spikeloom(folder.path(), &["run", "conditioning", "--out", out, "--threads", threads, "--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        ["weights.csv", "spikes.csv", "steps.csv", "report.json"]
            .map(|name| std::fs::read_to_string(folder.path().join(out).join(name)).unwrap())
    };
    let one = run("one", "1");
    assert_eq!(one, run("two", "2"));
    let [weights, spikes, _, report] = one;
    let [bell, light, dog] = ["bell", "light", "dog"].map(|name| train(&spikes, name));
    // While there is food the dog salivates in the step after it; after 20 trials the bell suffices.
    assert_eq!(dog[0], 14);
    assert!((21..30).all(|trial| dog.contains(&(50 * trial + 11))), "{dog:?}");
    let weight = |name: &str| -> f64 {
        let row = weights.lines().find(|row| row.starts_with(&format!("{name},0,dog,0,"))).unwrap();
        row.rsplit(',').next().unwrap().parse().unwrap()
    };
    for (name, train, start) in [("bell", &bell, 0.2), ("light", &light, 0.5)] {
        let expected = learnt(start, train, &dog);
        assert!((weight(name) - expected).abs() < 1e-12, "{name}: {} is not {expected}", weight(name));
    }
    assert!(weight("bell") > 1.0 && weight("light") < 0.1);
    let report: Value = serde_json::from_str(&report).unwrap();
    // Each spike of either end changes one weight per synapse that learns.
    let changes = bell.len() + light.len() + 2 * dog.len();
    assert_eq!(report["traffic"]["weight_updates"], changes);
}

#[test]
fn a_run_that_is_gone_on_with_leaves_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], code: i32| {
        let mut all = vec!["run", "conditioning"];
        all.extend(arguments);
        let output = spikeloom(folder.path(), &all);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stderr)
    };
    let results = |out: &str| {
        ["report.json", "spikes.csv", "steps.csv", "weights.csv"]
            .map(|name| std::fs::read(folder.path().join(out).join(name)).unwrap())
    };
    run(&["--out", "whole", "--checkpoint", "state", "--every", "700"], 0);
    // The last checkpoint is that of step 1400 of 1500.
    run(&["--out", "rest", "--resume", "state", "--threads", "2"], 0);
    assert!(results("whole") == results("rest"));
    let state = folder.path().join("state");
    let whole = std::fs::read(&state).unwrap();
    for (content, why) in [
        (&whole[..whole.len() - 20], "is no checkpoint, or damaged"),
        (&b"some text"[..], "is no checkpoint, or damaged"),
        (&[][..], "is no checkpoint, or damaged"),
    ] {
        std::fs::write(folder.path().join("wrong"), content).unwrap();
        let said = run(&["--resume", "wrong"], 2);
        assert!(said.contains("`wrong`") && said.contains(why), "{said}");
    }
    let said = run(&["--resume", "state", "--seed", "2", "--chip", "loihi"], 2);
    assert!(said.contains("belongs to another run: another chip, another seed"), "{said}");
    let said = run(&["--resume", "nowhere"], 2);
    assert!(said.contains("`nowhere` cannot be read"), "{said}");
    let said = run(&["--checkpoint", "state"], 2);
    assert!(said.contains("is there already"), "{said}");
}

/// The large graph at a fiftieth of its size, on as many tiles: packets meet at the busiest vertices, the answer is
/// that of Dijkstra's algorithm, and threads change nothing.
#[test]
fn the_large_graph_is_solved_with_contention() {
    let small = [
        "run",
        "sssp-large",
        "--chip",
        "loihi",
        "--set",
        "workload.sssp.graph.generate.family.rmat={scale: 11, edges: 23000}",
        "--set",
        "chip.topology.mesh.size=[16,16]",
        "--set",
        "chip.cores.neurons=4",
        "--fidelity",
        "approximate",
        "--json",
    ];
    let found = json(&small);
    assert_eq!(found["result"]["check"]["passed"], true, "{}", found["result"]["check"]);
    assert!(found["mapping"]["cores"].as_u64().is_some_and(|cores| cores >= 500), "{}", found["mapping"]);
    let edges = found["result"]["graph"]["edges"].as_u64().expect("a number");
    assert!((15_000..=23_000).contains(&edges), "{edges}");
    let twice = call(&[&small[..], &["--threads", "2"]].concat(), 0);
    let again: Value = serde_json::from_slice(&twice.stdout).expect("a report");
    assert_eq!(found, again);
    // Without contention it would have been quicker.
    let ideal: Vec<&str> =
        small.iter().map(|&word| if word == "approximate" { "ideal" } else { word }).collect();
    let ideal = json(&ideal);
    assert_eq!(found["result"]["distances"], ideal["result"]["distances"]);
    let seconds = |report: &Value| report["time"]["seconds"].as_f64().expect("a number");
    assert!(seconds(&found) > seconds(&ideal), "{} {}", seconds(&found), seconds(&ideal));
}

/// The large walk with a fiftieth of its walkers and steps, which end up where chance has them.
#[test]
fn the_large_walk_goes_where_chance_has_it() {
    let small = [
        "run",
        "random-walk-large",
        "--set",
        "workload.random-walk.walkers.count=20000",
        "--set",
        "workload.random-walk.steps=20",
        "--json",
    ];
    let found = json(&small);
    assert_eq!(found["result"]["check"]["passed"], true, "{}", found["result"]["check"]);
    assert_eq!(found["result"]["walk"]["walk_steps"], 20);
}

/// What is tested here is the program as people run it: searches that end with a proof find it.
#[test]
fn shipped_searches_end_with_a_proof() {
    for workload in ["sat", "coloring", "sudoku", "sssp"] {
        let check = &json(&["run", workload, "--json"])["result"]["check"];
        assert_eq!(check["passed"], true, "{workload}: {check}");
    }
}

/// A search says what it had spent, and when, for every better value, and up to each gap to its target.
#[test]
fn a_search_says_what_it_took_to_come_close() {
    let found = json(&["run", "mis", "--json"]);
    let (result, total) = (&found["result"], found["energy"]["total_joules"].as_f64().expect("a number"));
    let curve = result["best_so_far"].as_array().expect("a curve");
    let number = |point: &Value, name: &str| point[name].as_f64().unwrap_or_else(|| panic!("{point}"));
    for two in curve.windows(2) {
        for name in ["steps", "seconds", "joules"] {
            assert!(number(&two[0], name) < number(&two[1], name), "{name}: {two:?}");
        }
        assert!(number(&two[0], "value") > number(&two[1], "value"), "{two:?}");
    }
    // It ends when the target is met: what that took is all that was spent.
    let end = &result["to_gap"]["0"];
    assert!((number(end, "joules") / total - 1.0).abs() < 1e-9, "{end} {total}");
    let seconds = found["time"]["seconds"].as_f64().expect("a number");
    assert!((number(end, "seconds") / seconds - 1.0).abs() < 1e-9, "{end} {seconds}");
    let said = text(&call(&["run", "mis"], 0).stdout);
    assert!(said.contains("to a gap of 0.05"), "{said}");
}

/// Where a chip's delays are shorter than what a walk takes, relays make up for it: everybody goes the same way.
#[test]
fn walks_are_relayed_where_delays_are_short() {
    let walk = ["run", "pagerank", "--chip", "loihi", "--json"];
    let (direct, relayed) = (json(&walk), json(&[&walk[..], &["--set", "chip.cores.max_delay=5"]].concat()));
    assert_eq!(direct["result"]["ranks"], relayed["result"]["ranks"]);
    assert!(direct["result"]["ranks"].is_object());
    let neurons = |report: &Value| report["result"]["scaling"]["neurons"].as_u64().expect("a number");
    assert!(neurons(&relayed) > neurons(&direct));
}
