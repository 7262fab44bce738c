//! A Boolean variable that flips to satisfy clauses.
//!
//! Input per step: on the first channel m, the number of unsatisfied clauses that the variable is in; on
//! the second b, the number of clauses that only this variable satisfies. Unless it rests after a flip, the
//! variable flips with probability `min(1, eagerness·m·caution^(−b))`: more readily the more clauses call,
//! less the more would break. While it is true it fires in every step.
//!
//! Exact (a draw). Source: the exponential break rule of probSAT (Balint & Schöning 2012,
//! doi 10.1007/978-3-642-31612-8_3), applied to all variables at once with a small eagerness.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bank::arrived;
use super::cost::Price;
use super::refractory::free;
use super::soma::{Card, Lane, Quantity, Soma, columns, status};
use crate::base::unit::Seconds;

/// Boolean variable of a spiking satisfiability solver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SatVariable {
    /// Probability of a flip per unsatisfied clause.
    #[schemars(range(min = 0, max = 1), extend("unit" = "1"))]
    pub eagerness: f64,
    /// Factor by which each clause that would break lowers the probability.
    #[schemars(range(min = 1), extend("unit" = "1"))]
    pub caution: f64,
    /// Steps of rest after a flip.
    #[schemars(extend("unit" = "steps"))]
    pub rest: u16,
    /// Probability of being true at the start.
    #[schemars(range(min = 0, max = 1), extend("unit" = "1"))]
    pub start: f64,
}

impl Default for SatVariable {
    fn default() -> Self {
        Self { eagerness: 0.1, caution: 2.06, rest: 2, start: 0.5 }
    }
}

columns! {
    /// State of the bank.
    struct State of SatVariable;
    on: u8, "1", |_| 0;
    hold: u16, "steps", |_| 0;
    awake: u8, "1", |_| 0;
}

impl Soma for SatVariable {
    const CARD: Card = Card {
        name: "sat-variable",
        equations: "flip with probability min(1, eagerness unsatisfied caution^-sole) unless resting; fire while true",
        scheme: "exact",
        source: "probSAT: Balint & Schöning 2012, doi 10.1007/978-3-642-31612-8_3",
        inputs: &[Quantity { name: "unsatisfied", unit: "1" }, Quantity { name: "sole", unit: "1" }],
        graded: false,
    };
    type Kind = Self;
    type State = State;

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(state: &mut State, k: &Self, at: Range<usize>, lane: Lane<'_>) {
        let flags = state.on[at.clone()].iter_mut().zip(&mut state.awake[at.clone()]);
        let columns = flags.zip(&mut state.hold[at]).zip(lane.arrivals.iter().zip(lane.second));
        for (n, ((((on, awake), hold), (&unsatisfied, &sole)), out)) in columns.zip(lane.status).enumerate() {
            if *awake == 0 {
                *awake = 1;
                *on = u8::from(lane.dice.of(n).unit() < k.start);
                *hold = k.rest;
            } else if free(hold) && unsatisfied > 0.0 {
                let flip = k.eagerness * unsatisfied * k.caution.powf(-sole);
                if lane.dice.of(n).unit() < flip {
                    *on ^= 1;
                    *hold = k.rest;
                }
            }
            *out = status(*on == 1 || arrived(unsatisfied) || arrived(sole), *on == 1);
        }
    }

    fn price() -> Price {
        Price::scaled(24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::bank::NO_INPUT;
    use crate::neuron::trial::Trial;

    #[test]
    fn an_unsatisfied_clause_flips_it_and_it_rests() {
        let model = SatVariable { eagerness: 1.0, start: 0.0, ..Default::default() };
        let mut trial = Trial::of(model);
        assert_eq!(trial.steps(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]), [4, 5, 6], "rests in 2, 3 and 5, 6");
    }

    #[test]
    fn clauses_that_would_break_hold_it_back() {
        let flips = |sole: f64| {
            let mut trial =
                Trial::of(SatVariable { eagerness: 0.5, caution: 2.0, rest: 0, ..Default::default() });
            trial.second = sole;
            let mut last = 0.0;
            let mut flipped = |_| {
                trial.fires(1.0);
                trial.read(0) != std::mem::replace(&mut last, trial.read(0))
            };
            (0..10_000).filter(|_| flipped(())).count() as f64
        };
        for (sole, p) in [(NO_INPUT, 0.5), (1.0, 0.25), (3.0, 0.0625)] {
            // Four standard deviations of a binomial count.
            assert!((flips(sole) - 1e4 * p).abs() < 4.0 * (1e4 * p * (1.0 - p)).sqrt(), "{sole}");
        }
    }
}
