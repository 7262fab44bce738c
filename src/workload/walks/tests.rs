//! Walks against the golden cases, which come from fundamental matrices, matrix powers and closed forms.

use serde_json::{Value, json};

use super::cases::gambler::Gambler;
use super::cases::heat::Heat;
use super::cases::laplace::Laplace;
use super::cases::option::OptionPricing;
use super::cases::transport::Transport;
use super::pagerank::Pagerank;
use super::random_walk::RandomWalk;
use super::settings::exact;
use crate::workload::host::Failure;
use crate::workload::trial::{attempt, by_number, golden, run};

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect()
}

#[test]
fn gamblers_are_ruined_as_often_as_the_closed_form_says() {
    let golden = &golden("walks.json")["gamblers_ruin"];
    for (start, method) in [(2, "density"), (5, "graded"), (8, "particle")] {
        let yaml = format!("{{start: {start}, walkers: {{count: 300, method: {method}}}}}");
        let (finding, activity) = run::<Gambler>(&yaml, 1);
        let exact = &finding.result["reaches_goal"]["exact"];
        assert!((exact.as_f64().unwrap() - golden["absorb_top"][start - 1].as_f64().unwrap()).abs() < 1e-12);
        let rounds = &finding.result["mean_rounds"];
        let (mean, expected) =
            (rounds["value"].as_f64().unwrap(), golden["mean_steps"][start - 1].as_f64().unwrap());
        assert!((rounds["exact"].as_f64().unwrap() - expected).abs() < 1e-9);
        let half = rounds["confidence_95"].as_f64().unwrap();
        assert!((mean - expected).abs() < 2.0 * half, "{mean} ± {half} instead of {expected}");
        assert_eq!(activity.host_round_trips, 0);
    }
}

#[test]
fn walkers_on_a_torus_are_distributed_as_the_matrix_power() {
    let golden = &golden("walks.json")["torus_diffusion"];
    let torus = "generate: {family: {torus: {size: [10, 10]}}}";
    for method in ["density", "graded", "particle"] {
        let count = if method == "particle" { 300 } else { 1000 };
        let yaml = format!(
            "{{graph: {{{torus}}}, start: 0, stay: 0.2, steps: 50, walkers: {{count: {count}, method: {method}}}}}"
        );
        let (finding, _) = run::<RandomWalk>(&yaml, 7);
        let total: u64 = by_number(&finding.result["visits"]).iter().map(|it| it.as_u64().unwrap()).sum();
        assert_eq!(total, 50 * count, "{method}: nobody is lost");
        if method == "density" {
            let serial = floats(&finding.result["walk"]["serial_ticks_per_step"]);
            assert_eq!(serial[0], 1000.0, "all start together");
            // Ticks are maxima of random counts; those of the golden run are one sample.
            for (found, expected) in serial.iter().zip(floats(&golden["serial_ticks_per_step_seed0"])) {
                assert!((found - expected).abs() <= 5.0 * expected.sqrt(), "{found} {expected}");
            }
            let sum: f64 = serial.iter().sum();
            let expected = golden["total_serial_ticks_50steps"].as_f64().unwrap();
            assert!((sum / expected - 1.0).abs() < 0.05, "{sum} {expected}");
        }
    }
}

#[test]
fn the_exact_distribution_is_the_golden_one() {
    let golden = &golden("walks.json")["torus_diffusion"]["p_exact_t"];
    let mut listed = Vec::new();
    let edge = |from, to, weight| crate::workload::problem::Edge { from, to, weight };
    for from in 0..100u32 {
        let (x, y) = (from % 10, from / 10);
        listed.push(edge(from, from, 0.2));
        for (x, y) in [(x + 1, y), (x + 9, y), (x, y + 1), (x, y + 9)] {
            listed.push(edge(from, y % 10 * 10 + x % 10, 0.2));
        }
    }
    let chain = super::chain::Chain::new(100, listed, crate::workload::problem::graph::Names::From(0));
    let start = super::settings::all_in(0, 100, 1);
    for steps in [1, 5, 50] {
        let expected = floats(&golden[steps.to_string()]);
        let found = exact(&chain, &start, steps);
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12), "{steps} steps");
    }
}

#[test]
fn physics_and_finance_come_out_as_they_should() {
    run::<Laplace>("{walkers: {count: 1000, method: graded}}", 1);
    run::<Laplace>("{size: 4, at: [1, 2], walkers: {count: 200}}", 1);
    run::<Heat>("{walkers: {count: 2000, method: graded}}", 1);
    run::<Heat>("{walkers: {count: 200}}", 1);
    run::<Transport>("{walkers: {count: 4000, method: graded}}", 1);
    run::<Transport>("{walkers: {count: 300, probability_bits: 8}}", 1);
    run::<OptionPricing>("{walkers: {count: 4000, method: graded}}", 1);
}

#[test]
fn ranks_are_within_the_golden_tolerance() {
    let case = &golden("graph.json")["sssp"];
    let golden = &golden("graph.json")["pagerank"];
    let graph = format!("{{edges: {}, vertices: 16, first_vertex: 0}}", case["edges"]);
    let (finding, _) =
        run::<Pagerank>(&format!("{{graph: {graph}, walkers: {{count: 2000, method: graded}}}}"), 1);
    for (found, expected) in by_number(&finding.result["ranks"]).iter().zip(floats(&golden["expected"])) {
        assert!((found.as_f64().unwrap() - expected).abs() < 0.005, "{found} {expected}");
    }
    run::<Pagerank>(&format!("{{graph: {graph}, tolerance: 0.02, steps: 60, walkers: {{count: 300}}}}"), 1);
}

#[test]
fn few_bits_bias_a_walk_as_predicted() {
    let graph = "{edges: [[0, 1, 1], [0, 2, 2], [0, 3, 3], [0, 4, 4]]}";
    let yaml = format!(
        "{{graph: {graph}, start: 0, steps: 3, walkers: {{count: 5000, method: graded, probability_bits: 3}}}}"
    );
    let (finding, _) = run::<RandomWalk>(&yaml, 1);
    let bias = &finding.result["walk"]["probability_bias"];
    // In eighths the tree is 1/8, 2/8, 3/8, so 0.125, 0.21875, 0.24609375, 0.41015625.
    assert!((bias["largest_error"].as_f64().unwrap() - 0.053_906_25).abs() < 1e-12, "{bias}");
    assert_eq!(finding.result["absorption"]["absorbed"], 5000);
    assert_eq!(finding.result["absorption"]["mean_steps"], 1.0);
    assert_eq!(finding.result["walk"]["walk_steps"], 1, "nobody is left to walk");
}

#[test]
fn restarts_bring_walkers_back() {
    let yaml =
        "{graph: {edges: [[0, 1], [1, 2], [2, 0]]}, start: 0, restart: 1, steps: 4, walkers: {count: 9}}";
    let (finding, _) = run::<RandomWalk>(yaml, 1);
    assert_eq!(json!(by_number(&finding.result["visits"])), json!([36, 0, 0]));
}

#[test]
fn bad_walks_are_refused() {
    for (yaml, expected) in [
        ("{graph: {edges: [[0, 1, -1]]}, steps: 1}", "graph: the edge from 0 to 1 has the weight -1"),
        (
            "{graph: {edges: [[0, 1]]}, steps: 0, stay: 2, restart: 0.5, walkers: {count: 0, probability_bits: 0}}",
            "steps",
        ),
        ("{graph: {edges: [[0, 1]]}, steps: 1, start: 9}", "start: there is no vertex `9`"),
        (
            "{graph: {edges: [[0, 1]]}, steps: 1, walkers: {count: 4000000000, method: particle}}",
            "walkers.walkers",
        ),
    ] {
        match attempt::<RandomWalk>(yaml, 1) {
            Err(Failure::Refused(problems)) => assert!(problems.to_string().contains(expected), "{problems}"),
            other => panic!("{yaml}: {other:?}"),
        }
    }
}
