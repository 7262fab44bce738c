//! Designs against what their documents say, counted by hand.

use std::path::Path;

use serde_json::{Value, json};

use crate::spec::{Loaded, Overrides, Source, SweepDoc, read};

fn load(yaml: &str) -> Result<Loaded<SweepDoc>, String> {
    read(Source::memory("t", yaml), &Overrides::none()).map_err(|problems| problems.render(false, 100))
}

fn cells(yaml: &str) -> Vec<Vec<Value>> {
    let design = load(yaml).unwrap_or_else(|problems| panic!("{problems}")).built;
    (0..design.settings()).map(|setting| design.setting(setting).0).collect()
}

#[test]
fn grids_count_with_the_last_axis_fastest() {
    let grid = "
workload: uniform
axes:
  - {path: routing, values: [xy, mftn]}
  - zip:
      - {path: chip.router.vcs, values: [1, 4]}
      - {path: chip.router.buffer_flits, values: [32, 8]}
  - {path: seed, values: [7]}";
    let expected = [("xy", 1, 32), ("xy", 4, 8), ("mftn", 1, 32), ("mftn", 4, 8)];
    let expected =
        expected.map(|(routing, vcs, flits)| vec![json!(routing), json!(vcs), json!(flits), json!(7)]);
    assert_eq!(cells(grid), expected);
}

#[test]
fn conditions_leave_out_settings_and_nothing_else() {
    let grid = "
workload: uniform
axes:
  - {path: chip.router.vcs, range: {from: 1, to: 4, step: 1}}
  - {path: chip.router.buffer_flits, range: {from: 1, to: 4, step: 1}}
keep: [vcs * buffer_flits <= 4, vcs != 2]";
    let expected = [(1, 1), (1, 2), (1, 3), (1, 4), (3, 1), (4, 1)];
    assert_eq!(cells(grid), expected.map(|(vcs, flits)| vec![json!(vcs), json!(flits)]));
}

#[test]
fn a_point_is_the_arguments_of_a_run() {
    let design = load(
        "
workload: my work.yaml
set: {workload.traffic.rate: 0.1}
repetitions: 3
seed: 5
axes:
  - name: network
    choices:
      - {name: flat, set: {routing: xy}}
      - {name: ring, set: {chip: torus8, chip.topology: {torus: {size: [4, 4]}}, faults: maps/a.yaml}}
  - {path: workload.traffic.trace, values: [a.csv, 'null']}",
    );
    let design = design.unwrap_or_else(|problems| panic!("{problems}")).built;
    assert_eq!((design.settings(), design.points()), (4, 12));
    let arguments = |index| design.point(index, Some(Path::new("in"))).arguments.join(" ");
    assert_eq!(
        arguments(0),
        "run in/my work.yaml --routing xy --seed 5 --set workload.traffic.rate=0.1 \
         --set workload.traffic.trace=a.csv"
    );
    assert_eq!(
        arguments(11),
        "run in/my work.yaml --chip torus8 --faults in/maps/a.yaml --seed 7 --set workload.traffic.rate=0.1 \
         --set chip.topology={\"torus\":{\"size\":[4,4]}} --set workload.traffic.trace=\"null\""
    );
    let point = design.point(7, None);
    assert_eq!((point.setting, point.repetition, point.seed), (2, 1, 6));
    assert_eq!(point.cells, [json!("ring"), json!("a.csv")]);
}

#[test]
fn a_larger_sample_begins_with_the_smaller_one() {
    let sample = |count: u32| {
        cells(&format!(
            "
workload: uniform
sample: {{count: {count}, seed: 3}}
axes:
  - {{path: workload.traffic.rate, range: {{from: 0.1, to: 0.4}}}}
  - {{path: chip.router.vcs, values: [1, 2, 4]}}
  - {{path: chip.router.buffer_flits, log_range: {{from: 1, to: 64, whole: true}}}}
keep: [vcs > 1]"
        ))
    };
    let (small, large) = (sample(20), sample(300));
    assert_eq!(small[..], large[..20]);
    assert!(large.iter().all(|row| row[0].as_f64().is_some_and(|rate| (0.1..=0.4).contains(&rate))));
    assert!(large.iter().all(|row| row[1] != json!(1)));
    let twos = large.iter().filter(|row| row[1] == json!(2)).count();
    assert!((110..190).contains(&twos), "{twos} of 300 draws of one half");
    let below_8 = large.iter().filter(|row| row[2].as_u64().is_some_and(|flits| flits < 8)).count();
    assert!((110..190).contains(&below_8), "{below_8} of 300 below the middle of the octaves");
}

#[test]
fn listed_points_may_set_different_paths() {
    let listed = cells("{workload: uniform, points: [{routing: xy}, {routing: mftn, chip.router.vcs: 1}]}");
    assert_eq!(listed, [vec![json!("xy"), json!(null)], vec![json!("mftn"), json!(1)]]);
}

#[test]
fn wrong_sweeps_are_refused_with_a_reason() {
    for (yaml, reason) in [
        ("axes: [{path: chip.router.vsc, values: [1]}]", "did you mean `vcs`?"),
        ("axes: [{path: rooting, values: [xy]}]", "did you mean `routing`?"),
        ("axes: [{path: chip.topology.mesch.size, values: [[2, 2]]}]", "mesh"),
        ("axes: [{path: routing, values: [xy], range: {from: 0, to: 1, step: 1}}]", "one place"),
        ("axes: [{path: seed, values: [xy]}]", "is no `seed`"),
        ("axes: [{path: chip, range: {from: 0, to: 1, step: 1}}]", "is no `chip`"),
        ("axes: [{path: seed, values: [1]}, {path: seed, values: [2]}]", "varied by two axes"),
        ("axes: [{zip: [{path: seed, values: [1]}, {path: chip, values: [a, b]}]}]", "change together"),
        ("axes: [{choices: [{name: a}]}]", "need a name"),
        (
            "axes: [{path: seed, range: {from: 0, to: 99999, step: 1}}, {path: routing, range: {from: 1, to: 2}}]",
            "how many",
        ),
        ("keep: ['1 > 2']", "no setting meets"),
        ("sample: {count: 3}", "no axis to draw from"),
        ("repetitions: 0", "1 to 100000"),
        ("set: {chip: mesh8}", "field of its own"),
        ("confidence: 1", "level of confidence"),
        ("{axes: [{path: seed, values: [1]}], plot: {x: sed}}", "did you mean `seed`?"),
        ("routing: mfnt", "did you mean `mftn`?"),
        ("axes: [{path: routing, values: [xy, oddeven]}]", "did you mean `odd-even`?"),
        ("axes: [{path: workload.traffic.pattern, values: [unifrom]}]", "did you mean `uniform`?"),
        ("axes: [{name: n, choices: [{name: a, set: {fidelity: cylce}}]}]", "did you mean `cycle`?"),
        ("axes: [{path: map.place, values: [anneal]}]", "nothing that the points of this sweep have"),
        ("map: {}", "is missing: each point is a mapping"),
        ("{map: {place: anneel}, chip: loihi}", "did you mean `anneal`?"),
        ("study: {rows: 3}", "does not go with a run"),
        ("device: rram_yao", "does not go with a study"),
    ] {
        let yaml = match yaml.strip_prefix('{').and_then(|yaml| yaml.strip_suffix('}')) {
            Some(fields) => format!("{{workload: uniform, {fields}}}"),
            None => format!("workload: uniform\n{yaml}"),
        };
        match load(&yaml) {
            Ok(_) => panic!("{yaml} was accepted"),
            Err(problems) => assert!(problems.contains(reason), "{yaml} is refused by\n{problems}"),
        }
    }
}

#[test]
fn points_may_be_mappings_and_studies() {
    let commands = |yaml: &str| -> Vec<String> {
        let design = load(yaml).unwrap_or_else(|problems| panic!("{problems}")).built;
        (0..design.points()).map(|index| design.point(index, None).arguments.join(" ")).collect()
    };
    let mappings = commands(
        "
workload: balanced
chip: loihi-sanafe
map: {partition: multilevel, measure: 50}
axes: [{path: map.place, values: [hilbert, anneal]}, {path: map.multicast, values: [false, true]}]",
    );
    let base = "map balanced --chip loihi-sanafe --seed 1 --measure 50 --partition multilevel --place";
    let expected = ["hilbert", "hilbert --multicast", "anneal", "anneal --multicast"];
    assert_eq!(mappings, expected.map(|rest| format!("{base} {rest}")));
    let studies = commands(
        "
device: rram_yao
study: {trials: 5}
repetitions: 2
axes: [{zip: [{path: device.array.crossbar.adc.bits, values: [6]}, {path: study.rows, values: [32]}]}]",
    );
    let expected = [1, 2].map(|seed| {
        format!("array rram_yao --seed {seed} --set device.array.crossbar.adc.bits=6 --trials 5 --rows 32")
    });
    assert_eq!(studies, expected);
}
