//! The neuron of spiking algorithms.
//!
//! Per step: `v ← v + bias + arrivals`; if `v > threshold` it fires with probability p; on firing
//! `v ← reset`, otherwise `v ← v·m`. A one-shot neuron fires only once. Event-driven: a neuron with
//! `v = 0`, no bias and no input is idle.
//!
//! Exact (a recurrence). Potential and input in the same arbitrary unit.
//! Source: the neuron of the Fugu framework (Aimone et al. 2019, doi 10.1145/3354265.3354268).

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bank::arrived;
use super::cost::Price;
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::unit::Seconds;

/// Neuron of spiking algorithms: threshold, multiplicative memory, firing probability, one-shot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// The neuron may fire when its potential exceeds this.
    #[schemars(extend("unit" = "1"))]
    pub threshold: f64,
    /// Input that is added in every step.
    #[schemars(extend("unit" = "1"))]
    pub bias: f64,
    /// Factor m on the potential after a step without a spike: 1 keeps it, 0 forgets it.
    #[schemars(range(min = 0, max = 1), extend("unit" = "1"))]
    pub memory: f64,
    /// Potential after a spike.
    #[schemars(extend("unit" = "1"))]
    pub reset: f64,
    /// Potential at the start.
    #[schemars(extend("unit" = "1"))]
    pub initial: f64,
    /// Probability of firing when above the threshold.
    #[schemars(range(min = 0, max = 1), extend("unit" = "1"))]
    pub probability: f64,
    /// Whether the neuron fires at most once.
    pub oneshot: bool,
}

impl Default for Step {
    fn default() -> Self {
        Self {
            threshold: 0.0,
            bias: 0.0,
            memory: 1.0,
            reset: 0.0,
            initial: 0.0,
            probability: 1.0,
            oneshot: false,
        }
    }
}

columns! {
    /// State of the bank.
    struct State of Step;
    v: f64, "1", |k| k.initial;
    spent: u8, "1", |_| 0;
}

impl Soma for Step {
    const CARD: Card = Card {
        name: "step",
        equations: "v += bias + input; if v > threshold fire with probability; on firing v = reset, else v *= memory",
        scheme: "exact",
        source: "the neuron of Fugu, doi 10.1145/3354265.3354268",
        inputs: one_input!("1"),
        graded: false,
    };
    type Kind = Self;
    type State = State;

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(state: &mut State, k: &Self, at: Range<usize>, lane: Lane<'_>) {
        let columns = state.v[at.clone()].iter_mut().zip(&mut state.spent[at]);
        for (n, (((v, spent), &input), out)) in columns.zip(lane.arrivals).zip(lane.status).enumerate() {
            let updated = *v != 0.0 || k.bias != 0.0 || arrived(input);
            let next = *v + k.bias + input;
            let able = next > k.threshold && *spent == 0;
            let fired = able && (k.probability == 1.0 || lane.dice.of(n).unit() < k.probability);
            *v = if fired { k.reset } else { next * k.memory };
            *spent |= u8::from(fired && k.oneshot);
            *out = status(updated, fired);
        }
    }

    fn price() -> Price {
        Price::scaled(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    fn check(model: Step, input: &[f64], fires: &[u64], v: f64) {
        let mut trial = Trial::of(model);
        assert_eq!(trial.steps(input), fires);
        assert_eq!(trial.v(), v);
    }

    #[test]
    fn memory_threshold_and_one_shot_follow_the_recurrence() {
        let model = Step { threshold: 1.0, ..Default::default() };
        check(model.clone(), &[1.0, 0.5, 1.25], &[2, 3], 0.0);
        check(Step { memory: 0.5, ..model.clone() }, &[1.0, 0.5, 0.5], &[], 0.5);
        check(Step { oneshot: true, ..model }, &[1.5, 1.5], &[1], 1.5);
    }

    #[test]
    fn a_draw_that_fails_counts_as_no_spike() {
        check(Step { probability: 0.0, memory: 0.5, ..Default::default() }, &[1.0], &[], 0.5);
    }

    #[test]
    fn it_fires_as_often_as_the_probability_says() {
        let model = Step { probability: 0.3, bias: 1.0, memory: 0.0, ..Default::default() };
        let fires = Trial::of(model).steps(&[0.0; 10_000]).len() as f64;
        // Four standard deviations of a binomial count.
        assert!((fires - 3000.0).abs() < 4.0 * (10_000.0f64 * 0.21).sqrt(), "{fires}");
    }
}
