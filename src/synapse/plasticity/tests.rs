//! Against weights that an independent program computed.

use serde_json::Value;

use super::*;
use crate::base::unit::Seconds;

const DT: Seconds = Seconds(1e-3);

fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/synapse/stdp.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// One synapse from neuron 0 to neuron 1.
fn synapse(rule: Rule, dt: Seconds) -> Learning {
    Learning::new(&rule, dt, 2, &[(0, 1, 0)]).unwrap()
}

fn pair() -> Pair {
    Pair { a_plus: 0.01, a_minus: 0.012, ..Pair::default() }
}

fn check_pair(name: &str, rule: Pair) {
    let mut learning = synapse(Rule::Pair(rule), DT);
    let mut weights = vec![0.5];
    for event in golden()["stdp_pair"][name].as_array().unwrap() {
        let step = event[0].as_f64().unwrap() as u64;
        learning.advance(step, std::iter::once(u32::from(event[1] == "post")), &mut weights);
        let expected = event[2].as_f64().unwrap();
        assert!((weights[0] - expected).abs() < 1e-14, "{name} at {step}: {} is not {expected}", weights[0]);
    }
    assert_eq!(learning.events(), LearningEvents { traces: 14, updates: 14, rewarded: 0 });
}

#[test]
fn pairs_follow_the_reference() {
    check_pair("all_to_all", pair());
    check_pair("nearest", Pair { pairing: Pairing::Nearest, ..pair() });
    check_pair("multiplicative", Pair { bound: Bound::Multiplicative, ..pair() });
}

#[test]
fn one_pair_changes_the_weight_by_the_window() {
    for point in golden()["stdp_window"].as_array().unwrap() {
        let (lag, expected) = (point[0].as_i64().unwrap(), point[1].as_f64().unwrap());
        let mut learning = synapse(Rule::Pair(pair()), DT);
        let mut weights = vec![0.5];
        let order = if lag > 0 { [0, 1] } else { [1, 0] };
        learning.advance(10, std::iter::once(order[0]), &mut weights);
        learning.advance(10 + lag.unsigned_abs(), std::iter::once(order[1]), &mut weights);
        assert!((weights[0] - 0.5 - expected).abs() < 1e-14, "{lag} ms: {}", weights[0] - 0.5);
    }
}

#[test]
fn spikes_of_one_step_count_as_sender_before_target() {
    let mut learning = synapse(Rule::Pair(pair()), DT);
    let mut weights = vec![0.5];
    learning.advance(1, [1, 0].into_iter(), &mut weights);
    assert_eq!(weights[0], 0.51);
}

fn check_triplet(model: &str, rule: &Triplet) {
    let dt = Seconds(1e-3 / 3.0);
    for lag in [10i64, -10] {
        let points = &golden()["stdp_triplet"]["dw"][model][format!("dt={lag:+}ms")];
        for point in points.as_array().unwrap() {
            let (rate, expected) = (point[0].as_f64().unwrap(), point[1].as_f64().unwrap());
            // Steps of a third of a millisecond hit every period: 1000/rate is 10000, 100, 50, 25 or 20 ms.
            let at = |k: u64, lag: i64| (k as f64 * 3000.0 / rate).round() as i64 + 3 * lag + 100;
            let mut events: Vec<_> =
                (0..60).flat_map(|k| [(at(k, 0) as u64, 0u32), (at(k, lag) as u64, 1)]).collect();
            events.sort_unstable();
            let mut learning = synapse(Rule::Triplet(rule.clone()), dt);
            let mut weights = vec![0.0];
            for group in events.chunk_by(|a, b| a.0 == b.0) {
                learning.advance(group[0].0, group.iter().map(|it| it.1), &mut weights);
            }
            let error = (weights[0] - expected).abs();
            assert!(error < 1e-12 * expected.abs().max(1e-3), "{model} {rate} Hz {lag} ms: {}", weights[0]);
        }
    }
}

#[test]
fn triplets_follow_the_reference_over_frequencies() {
    let wide = Triplet { w_min: -10.0, w_max: 10.0, ..Triplet::default() };
    check_triplet("full", &wide);
    let minimal = Triplet {
        tau_y: Seconds(114e-3),
        a2_plus: 0.0,
        a3_plus: 6.5e-3,
        a2_minus: 7.1e-3,
        a3_minus: 0.0,
        ..wide
    };
    check_triplet("minimal", &minimal);
}

fn rewarded(sender: u64, target: u64, reward: Option<u64>, mut see: impl FnMut(u64, &Learning, f64)) -> f64 {
    let rule = Reward { rate: 1.0, ..Reward::default() };
    let mut learning = synapse(Rule::Reward(rule), DT);
    let mut weights = vec![0.5];
    for step in 0..2000 {
        learning.begin(step);
        if step == sender {
            learning.on_pre(0, &mut weights);
        }
        if step == target {
            learning.on_post(1, &mut weights);
        }
        if reward == Some(step) {
            learning.reward(1.0);
        }
        learning.end(&mut weights);
        see(step, &learning, weights[0]);
    }
    weights[0]
}

#[test]
fn rewards_make_up_for_what_was_eligible() {
    let golden = golden();
    let expected = |name: &str| golden["three_factor"][name].as_f64().unwrap();
    let trace = golden["three_factor"]["trace"].as_array().unwrap();
    let after = rewarded(100, 110, Some(600), |step, learning, weight| {
        let Some(point) = trace.iter().find(|point| point[0] == step) else { return };
        let [c, d] = learning.eligibility(0).unwrap();
        for (found, i) in [(c, 1), (d, 2), (weight, 3)] {
            assert!((found - point[i].as_f64().unwrap()).abs() < 1e-13, "step {step}: {found} of {point}");
        }
    });
    assert!((after - expected("causal_then_reward")).abs() < 1e-13, "{after}");
    let after = rewarded(110, 100, Some(600), |_, _, _| ());
    assert!((after - expected("anticausal_then_reward")).abs() < 1e-13, "{after}");
    assert_eq!(rewarded(100, 110, None, |_, _, _| ()), expected("no_reward"));
}

/// The rule of Diehl & Cook, by hand: the sender's spike depresses by the target's fast trace, the target's
/// potentiates by both its own earlier spike and the sender's.
#[test]
fn the_nearest_triplet_is_the_rule_of_diehl_and_cook() {
    let rule = Triplet {
        tau_plus: Seconds(20e-3),
        tau_minus: Seconds(20e-3),
        tau_y: Seconds(40e-3),
        a2_plus: 0.0,
        a2_minus: 1e-4,
        a3_plus: 1e-2,
        a3_minus: 0.0,
        pairing: Pairing::Nearest,
        ..Triplet::default()
    };
    let mut learning = synapse(Rule::Triplet(rule), DT);
    let mut weights = vec![0.5];
    for (step, neuron) in [(10, 1), (15, 0), (25, 1)] {
        learning.advance(step, std::iter::once(neuron), &mut weights);
    }
    let e = f64::exp;
    let expected = 0.5 - 1e-4 * e(-5.0 / 20.0) + 1e-2 * e(-10.0 / 20.0) * e(-15.0 / 40.0);
    assert!((weights[0] - expected).abs() < 1e-15);
}

#[test]
fn weights_stay_within_bounds_and_wrong_parameters_are_named() {
    let mut learning = synapse(Rule::Pair(Pair { a_plus: 0.4, ..pair() }), DT);
    let mut weights = vec![0.9];
    learning.advance(1, [0, 1].into_iter(), &mut weights);
    assert_eq!(weights[0], 1.0);
    let text = r#"{"pair": {"tau_plus": "0 s", "a_minus": -1, "w_min": 2}}"#;
    let rule: Rule = serde_json::from_str(text).unwrap();
    let found = rule.check().unwrap_err().to_string();
    for expected in ["pair.tau_plus: 0 s", "pair.a_minus: -1 is no amplitude", "pair.w_min: 2 and 1 are no"] {
        assert!(found.contains(expected), "{found}");
    }
}
