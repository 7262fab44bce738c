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
  - {path: workload.traffic.pattern, values: [uniform, 'null']}",
    );
    let design = design.unwrap_or_else(|problems| panic!("{problems}")).built;
    assert_eq!((design.settings(), design.points()), (4, 12));
    let arguments = |index| design.point(index, Some(Path::new("in"))).arguments.join(" ");
    assert_eq!(
        arguments(0),
        "run in/my work.yaml --chip mesh8 --routing xy --seed 5 --set workload.traffic.rate=0.1 \
         --set workload.traffic.pattern=uniform"
    );
    assert_eq!(
        arguments(11),
        "run in/my work.yaml --chip torus8 --faults in/maps/a.yaml --seed 7 --set workload.traffic.rate=0.1 \
         --set chip.topology={\"torus\":{\"size\":[4,4]}} --set workload.traffic.pattern=\"null\""
    );
    let point = design.point(7, None);
    assert_eq!((point.setting, point.repetition, point.seed), (2, 1, 6));
    assert_eq!(point.cells, [json!("ring"), json!("uniform")]);
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
    ] {
        match load(&format!("workload: uniform\n{yaml}")) {
            Ok(_) => panic!("{yaml} was accepted"),
            Err(problems) => assert!(problems.contains(reason), "{yaml} is refused by\n{problems}"),
        }
    }
}
