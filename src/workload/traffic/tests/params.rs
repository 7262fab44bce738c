//! What may be written under `traffic:`.

use schemars::schema_for;

use super::super::{Closed, Mode, PacketFlits, Pattern, Process, Schedule};
use super::*;

#[test]
fn names_and_maps_are_read() {
    let read = params(
        "{pattern: {hotspot: {nodes: [27], background: 0.5}}, rate: 0.2, packet_flits: 4, process: on-off, \
         mode: {batch: {packets: 7}}, closed: {outstanding: 2}, drain_limit_cycles: 9}",
    );
    assert!(matches!(&read.pattern, Some(Pattern::Hotspot(hotspot)) if hotspot.background == 0.5));
    assert_eq!(read.process, Some(Process::OnOff(Default::default())));
    assert_eq!(read.packet_flits, Some(PacketFlits::Fixed(4)));
    assert!(matches!(&read.mode, Mode::Batch(batch) if batch.packets == 7 && batch.outstanding.is_none()));
    assert_eq!(read.closed, Some(Closed { outstanding: 2, ..Closed::default() }));
    assert_eq!(params("{}"), TrafficParams::default());
    assert_eq!(params("pattern: ~"), TrafficParams::default());
}

#[test]
fn every_name_that_scripts_rely_on_is_a_pattern() {
    for name in [
        "uniform",
        "transpose",
        "bit-complement",
        "bit-reverse",
        "bit-rotation",
        "shuffle",
        "tornado",
        "neighbor",
        "hotspot",
        "permutation",
    ] {
        let mut source = source(&format!("{{pattern: {name}, rate: 0.2}}"), &mesh(&[8, 8]), 1);
        assert_eq!(offers(&mut source, 3, 10).len(), 10, "{name}");
    }
}

#[test]
fn what_is_written_out_reads_back() {
    for yaml in [
        "{}",
        "{pattern: uniform, rate: 0.3}",
        "{pattern: {hotspot: {nodes: [1], weights: [2]}}, process: {on-off: {alpha: 0.1}}}",
        "{pattern: {matrix: {file: a/b.csv, layout: dense}}, process: {periodic: {period: 4}}}",
        "{packet_flits: [{flits: 1, weight: 2}], process: burst, mode: {saturation: {start: 0.2}}}",
        "{trace: t.csv.gz, warmup_cycles: 5}",
        "{multicast: {fan_out: 3, as: unicast}}",
    ] {
        let read = params(yaml);
        assert_eq!(params(&serde_yaml::to_string(&read).unwrap()), read, "{yaml} through YAML");
        let json = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<TrafficParams>(&json).unwrap(), read, "{yaml} through JSON");
        assert_eq!(params(&json), read, "{yaml}: JSON read as YAML");
    }
    let hotspot = serde_yaml::to_string(&params("pattern: hotspot")).unwrap();
    assert!(hotspot.starts_with("pattern:\n  hotspot:\n    background: 0.0\n"), "{hotspot}");
}

/// The message of a document that cannot be read.
fn unreadable(yaml: &str) -> String {
    match serde_yaml::from_str::<TrafficParams>(yaml) {
        Ok(read) => panic!("{yaml} was read as {read:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn documents_of_the_wrong_form_are_refused_with_their_line() {
    for (yaml, found) in [
        ("rate: 0.1\npatern: uniform", "unknown field `patern`, expected one of `pattern`, `rate`"),
        ("rate: fast", "rate: invalid type: string \"fast\", expected f64 at line 1 column 7"),
        ("rate: 0.1\npattern: unifrom", "unknown variant `unifrom`, expected one of `uniform`, `transpose`"),
        ("rate: 0.1\npattern: {unifrom: {}}", "unknown variant `unifrom`, expected one of `uniform`"),
        (
            "pattern:\n  hotspot:\n    node: [1]",
            "unknown field `node`, expected one of `nodes`, `weights`, `background`",
        ),
        ("pattern: matrix", "missing field `file`"),
        ("pattern: {uniform: ~, transpose: ~}", "expected a map with one key"),
        ("pattern: {}", "expected a map with one key"),
        ("pattern: 7", "expected a name, or a map with the name as its only key"),
        ("process: [burst]", "expected a name, or a map with the name as its only key"),
        ("packet_flits: 70000", "expected a number of flits from 1 to 65535"),
        ("warmup_cycles: -1", "warmup_cycles: invalid type: integer `-1`"),
    ] {
        let message = unreadable(yaml);
        assert!(message.contains(found), "{yaml}: {message}");
        assert!(message.contains("line "), "{yaml}: no place in {message}");
    }
}

#[test]
fn the_path_of_a_wrong_value_is_known() {
    for (yaml, path) in [
        ("pattern: {hotspot: {background: much}}", "pattern.hotspot.background"),
        ("process: {burst: {spikes: [1]}}", "process.burst.spikes"),
        ("packet_flits: [{flits: 1, weight: 1}, {flits: x, weight: 1}]", "packet_flits[1].flits"),
        ("mode: {batch: {packets: x}}", "mode.batch.packets"),
    ] {
        let reader = serde_yaml::Deserializer::from_str(yaml);
        let error = serde_path_to_error::deserialize::<_, TrafficParams>(reader).unwrap_err();
        assert_eq!(error.path().to_string(), path, "{error}");
    }
}

#[test]
fn a_document_read_with_one_key_maps_throughout_is_the_same() {
    for yaml in [
        "{pattern: hotspot, process: {burst: {spikes: 2}}}",
        "{pattern: {hotspot: {nodes: [1]}}, mode: batch}",
    ] {
        let reader = serde_yaml::Deserializer::from_str(yaml);
        let read: TrafficParams = serde_yaml::with::singleton_map_recursive::deserialize(reader).unwrap();
        assert_eq!(read, params(yaml));
    }
}

#[test]
fn the_schema_knows_bare_names_of_models_with_defaults() {
    let schema = serde_json::to_value(schema_for!(TrafficParams)).unwrap();
    let names = &schema["properties"]["pattern"]["anyOf"][1]["enum"];
    assert_eq!(names, &serde_json::json!(["hotspot", "permutation"]));
    let names = &schema["properties"]["process"]["anyOf"][1]["enum"];
    assert_eq!(names, &serde_json::json!(["on-off", "periodic", "burst"]));
    let rate = schema["properties"]["rate"]["description"].as_str().unwrap();
    assert!(rate.contains("[flits/node/cycle]"));
}

/// Checks that each document is refused with exactly these problems.
fn check_refusals(cases: &[(&str, &str)]) {
    for (yaml, found) in cases {
        assert_eq!(&refusal(yaml, &mesh(&[8, 8])), found, "{yaml}");
    }
}

#[test]
fn rates_out_of_range_are_refused() {
    let one = "1e-9 to 1 (at most one packet per node and cycle)";
    for rate in ["0", "-0.1", "NaN", "inf", "1.01"] {
        let yaml = format!("rate: {}", rate.replace("NaN", ".nan").replace("inf", ".inf"));
        assert_eq!(refusal(&yaml, &mesh(&[8, 8])), format!("rate: {rate} flits/node/cycle; allowed: {one}"));
    }
    check_refusals(&[
        (
            "{rate: 4.1, packet_flits: 4}",
            "rate: 4.1 flits/node/cycle; allowed: 1e-9 to 4 (at most one packet per node and cycle)",
        ),
        (
            "{rate: 0.3, process: on-off}",
            "rate: 0.3 flits/node/cycle; allowed: 1e-9 to 0.2 (a node that is on sends at most one packet per \
             cycle)",
        ),
        (
            "mode: {saturation: {start: 2}}",
            "mode.saturation.start: 2 flits/node/cycle; allowed: 1e-9 to 1 (at most one packet per node and \
             cycle)",
        ),
    ]);
}

#[test]
fn values_out_of_range_are_refused_all_at_once() {
    check_refusals(&[
        ("packet_flits: 0", "packet_flits: a packet without flits; allowed: 1 to 65535"),
        ("packet_flits: []", "packet_flits: a mix of 0 packet lengths; allowed: 1 to 64 entries"),
        (
            "process: {on-off: {alpha: 0, beta: 1}}",
            "process.on-off.alpha: 0 is no probability of a change; allowed: 1e-9 to below 1\nprocess.on-off.beta: 1 is no probability of a change; allowed: 1e-9 to below 1",
        ),
        (
            "process: {on-off: {alpha: 0.5, beta: 0.75}}",
            "process.on-off.beta: alpha + beta is 1.25: the process alternates; allowed: alpha + beta up to 1",
        ),
        (
            "process: {periodic: {period: 0}}",
            "process.periodic.period: 0 is out of range; allowed: 1 to 1099511627776",
        ),
        (
            "process: {burst: {neurons: 0, tick_cycles: 0}}",
            "process.burst.tick_cycles: 0 is out of range; allowed: 1 to 4294967296\nprocess.burst.neurons: 0 is out of range; allowed: 1 to 16777216",
        ),
        (
            "process: {burst: {spikes: 257}}",
            "process.burst.spikes: 257 spikes per tick of 256 neurons; allowed: above 0, up to 256 (each neuron fires at most once)",
        ),
        (
            "process: {burst: {neuron_cycles: 4}}",
            "process.burst.neuron_cycles: 256 neurons every 4 cycles do not fit a tick of 1000; allowed: 0 to 3",
        ),
        ("process: {burst: {fan_out: 0}}", "process.burst.fan_out: 0 is out of range; allowed: 1 to 65536"),
        (
            "closed: {outstanding: 0, reply_flits: 0}",
            "closed.outstanding: 0 is out of range; allowed: 1 to 4294967295\nclosed.reply_flits: 0 is out of range; allowed: 1 to 65535",
        ),
        ("mode: {batch: {packets: 0}}", "mode.batch.packets: 0 is out of range; allowed: 1 to 1099511627776"),
        (
            "mode: {saturation: {tolerance: 0}}",
            "mode.saturation.tolerance: 0 flits/node/cycle; allowed: 1e-5 to 0.5",
        ),
        ("measure_cycles: 0", "measure_cycles: 0 is out of range; allowed: 1 to 1099511627776"),
        (
            "{packet_flits: 0, measure_cycles: 0}",
            "packet_flits: a packet without flits; allowed: 1 to 65535\nmeasure_cycles: 0 is out of range; allowed: 1 to 1099511627776",
        ),
    ]);
}

#[test]
fn fields_that_contradict_each_other_are_refused() {
    let chip = mesh(&[8, 8]);
    for (yaml, paths) in [
        (
            "{trace: t.csv, pattern: uniform, rate: 0.1, packet_flits: 1, process: bernoulli}",
            "pattern rate packet_flits process",
        ),
        ("{trace: t.csv, closed: {}, mode: batch}", "closed mode"),
        ("{rate: 0.1, process: burst}", "rate"),
        ("{rate: 0.1, process: {periodic: {period: 9}}}", "rate"),
        ("{rate: 0.1, mode: saturation}", "rate"),
        ("{process: burst, mode: saturation}", "process"),
        ("{closed: {}, mode: saturation}", "closed"),
        ("{closed: {}, process: burst}", "process"),
        ("{closed: {}, mode: {batch: {outstanding: 2}}}", "mode.batch.outstanding"),
        ("{warmup_cycles: 1, measure_cycles: 1, mode: batch}", "warmup_cycles measure_cycles"),
    ] {
        let problems = params(yaml).compile(&chip, &no_files, 1).unwrap_err();
        let found: Vec<&str> = problems.0.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(found.join(" "), paths, "{yaml}: {problems}");
        assert!(problems.0.iter().all(|problem| problem.message.contains("does not apply")), "{problems}");
    }
}

#[test]
fn schedules() {
    let check = |yaml: &str, warmup, measure| {
        let expected = Schedule { warmup, measure, drain_limit: 100_000 };
        assert_eq!(params(yaml).schedule(), expected, "{yaml}");
    };
    check("{}", 3000, Some(9000));
    check("{warmup_cycles: 1, measure_cycles: 2}", 1, Some(2));
    check("mode: saturation", 3000, Some(9000));
    check("mode: batch", 0, None);
    check("trace: t.csv", 0, None);
    check("{trace: t.csv, measure_cycles: 50}", 0, Some(50));
}

#[test]
fn a_search_sets_the_rate() {
    let search = params("{mode: {saturation: {start: 0.25}}, packet_flits: 4, process: on-off}");
    assert_eq!(search.max_rate(), 0.8);
    let point = search.at_rate(0.7);
    point.validate().unwrap();
    assert_eq!((point.rate, &point.mode), (Some(0.7), &Mode::FixedRate));
    let packets = |params: &TrafficParams| {
        let mut source = params.compile(&mesh(&[8, 8]), &no_files, 1).unwrap();
        source.stop_at(100_000);
        (0..64).map(|node| offers(&mut source, node, usize::MAX).len()).sum::<usize>() as f64
    };
    assert!((packets(&search) * 4.0 / 6.4e6 - 0.25).abs() < 0.01);
    assert!((packets(&point) * 4.0 / 6.4e6 - 0.7).abs() < 0.02);
}

#[test]
fn the_shipped_workloads_run_on_the_reference_mesh() {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Workload {
        traffic: TrafficParams,
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
    for name in ["uniform", "transpose", "hotspot", "burst", "trace"] {
        let text = std::fs::read_to_string(folder.join(name).with_extension("yaml")).unwrap();
        let workload: Workload = serde_yaml::from_str(&text).unwrap();
        let files = |name: &Path| std::fs::read(folder.join(name));
        let mut source = workload.traffic.compile(&mesh(&[8, 8]), &files, 1).unwrap();
        let packets: usize = (0..64).map(|node| offers(&mut source, node, 100).len()).sum();
        assert!(packets >= 100, "{name} sends {packets} packets");
    }
}
