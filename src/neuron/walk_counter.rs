//! The counter of a node of a random walk: walkers wait in a buffer and leave one by one.
//!
//! Per step: if the supervisor signals on the second channel, those who wait become those who leave; then
//! the arrivals of the first channel (a number of walkers) join those who wait; then, if anyone leaves, the
//! neuron fires and one fewer is left. Buffer, spike counter and generator of the published circuit in one.
//!
//! Exact (counting). Input and state in walkers.
//! Source: the density circuit of Smith et al. 2022, doi 10.1038/s41928-021-00705-7.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bank::arrived;
use super::cost::Price;
use super::soma::{Card, Lane, Quantity, Soma, columns, status};
use crate::base::unit::Seconds;

/// Counter of walkers: a buffer, and a generator of one spike per walker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub struct WalkCounter {
    /// Whether walkers stay for good instead of leaving.
    pub absorbing: bool,
}

columns! {
    /// State of the bank.
    struct State of WalkCounter;
    waiting: f64, "1", |_| 0.0;
    leaving: f64, "1", |_| 0.0;
}

impl Soma for WalkCounter {
    const CARD: Card = Card {
        name: "walk-counter",
        equations: "on signal: leaving += waiting, waiting = 0; waiting += input; if leaving > 0: leaving -= 1 and fire",
        scheme: "exact",
        source: "Smith et al. 2022, doi 10.1038/s41928-021-00705-7",
        inputs: &[Quantity { name: "walkers", unit: "1" }, Quantity { name: "signal", unit: "1" }],
        graded: false,
    };
    type Kind = Self;
    type State = State;

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(state: &mut State, k: &Self, at: Range<usize>, lane: Lane<'_>) {
        let columns = state.waiting[at.clone()].iter_mut().zip(&mut state.leaving[at]);
        let inputs = lane.arrivals.iter().zip(lane.second);
        for (((waiting, leaving), (&walkers, &signal)), out) in columns.zip(inputs).zip(lane.status) {
            if arrived(signal) && !k.absorbing {
                *leaving += std::mem::take(waiting);
            }
            *waiting += walkers;
            let fired = *leaving > 0.5;
            *leaving -= f64::from(u8::from(fired));
            *out = status(arrived(walkers) || arrived(signal), fired);
        }
    }

    fn price() -> Price {
        Price::scaled(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::bank::NO_INPUT;
    use crate::neuron::trial::Trial;

    fn run(absorbing: bool) -> (Vec<u64>, [f64; 2]) {
        let mut trial = Trial::of(WalkCounter { absorbing });
        trial.steps(&[3.0, 0.0]);
        trial.second = 1.0;
        let mut fires = trial.steps(&[2.0]);
        trial.second = NO_INPUT;
        fires.extend(trial.steps(&[0.0; 5]));
        (fires, [trial.read(0), trial.read(1)])
    }

    #[test]
    fn those_who_wait_leave_one_by_one_after_the_signal() {
        assert_eq!(run(false), (vec![3, 4, 5], [2.0, 0.0]));
    }

    #[test]
    fn an_absorbing_node_keeps_everyone() {
        assert_eq!(run(true), (vec![], [5.0, 0.0]));
    }
}
