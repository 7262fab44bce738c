//! The neurons of walks, epidemics and solvers against closed forms of what they draw.

use serde_json::{Value, json};
use spikeloom::neuron::NO_INPUT;

use crate::bench::{Bench, model, near};

/// Neurons of a bank: enough for four standard deviations to be narrow.
const MANY: u32 = 20_000;

fn many(name: &str, parameters: Value) -> Bench {
    Bench::of(&model(name, parameters), MANY, 1e-3)
}

/// Checks that `found` of `count` draws came true, as they do with `probability`.
fn check_share(found: usize, count: u32, probability: f64, what: &str) {
    let error = (probability * (1.0 - probability) / f64::from(count)).sqrt();
    near(found as f64 / f64::from(count), probability, 4.0 * error + 1e-12, what);
}

/// On with probability 1/(1 + e^(−z/T)): the logistic function at −1, 0 and 2 (Abramowitz & Stegun, 4.2).
pub fn annealed_units_follow_the_logistic_law() {
    for (field, expected) in [(-1.0, 0.268_941_421), (0.0, 0.5), (2.0, 0.880_797_078)] {
        let mut bench = many("nebm", json!({"temperature": 2.0, "coldest": 2.0}));
        bench.inputs[0].fill(2.0 * field);
        bench.step();
        check_share(bench.out.fired().len(), MANY, expected, &format!("field {field}"));
        assert!(bench.out.values().iter().all(|&flip| flip == 1.0));
    }
}

/// Mean n·p and variance n·p·(1 − p) of a binomial number.
pub fn binomial_shares_have_their_mean_and_variance() {
    let (n, p) = (50.0, 0.3);
    let mut bench = many("binomial", json!({"probability": p}));
    bench.inputs[0].fill(n);
    bench.step();
    let (count, values) = (f64::from(MANY), bench.out.values());
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - n * p).powi(2)).sum::<f64>() / count;
    let variance = n * p * (1.0 - p);
    near(mean, n * p, 4.0 * (variance / count).sqrt(), "mean");
    near(squares, variance, 4.0 * variance * (2.0 / count).sqrt(), "variance");
}

/// Walkers that wait leave one a step once they are told to.
pub fn walkers_leave_one_by_one() {
    let mut bench = Bench::of(&model("walk-counter", json!({})), 1, 1e-3);
    // Three walkers in step 1, two more in step 3; the signal comes in steps 3 and 9.
    let arrivals = [(1, 0, 3.0), (3, 0, 2.0), (3, 1, 1.0), (9, 1, 1.0)];
    assert_eq!(bench.fires_under(14, &arrivals), [3, 4, 5, 9, 10]);
}

/// A contact with probability p is a hazard of −ln(1 − p): two of them infect with 1 − (1 − p)².
pub fn contacts_infect_independently() {
    let hazard = |p: f64| -(1.0 - p).ln();
    let mut bench = many("epidemic", json!({"latent": 2, "infectious": 3}));
    bench.inputs[0].fill(hazard(0.2) + hazard(0.4));
    let mut fired = Vec::new();
    for _ in 0..7 {
        bench.step();
        fired.push(bench.out.fired().len());
    }
    check_share(fired[2], MANY, 1.0 - 0.8 * 0.6, "infected");
    let infected = fired[2];
    assert_eq!(fired, [0, 0, infected, infected, infected, 0, 0]);
}

/// Flips with probability eagerness·m·caution^(−b).
pub fn variables_flip_less_the_more_would_break() {
    for (unsatisfied, sole, expected) in [(2.0, NO_INPUT, 0.2), (4.0, 2.0, 0.1), (20.0, 0.0, 1.0)] {
        let mut bench =
            many("sat-variable", json!({"eagerness": 0.1, "caution": 2.0, "rest": 0, "start": 0.0}));
        bench.step();
        assert!(bench.out.fired().is_empty());
        bench.inputs[0].fill(unsatisfied);
        bench.inputs[1].fill(sole);
        bench.step();
        check_share(
            bench.out.fired().len(),
            MANY,
            expected,
            &format!("{unsatisfied} unsatisfied, {sole} sole"),
        );
    }
}
