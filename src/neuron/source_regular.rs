//! A source that fires at a steady rate.
//!
//! With r spikes per step it fires in step t iff `⌊t·r + phase⌋ > ⌊(t−1)·r + phase⌋`: the most even
//! train of that rate, also where 1/r is not whole.
//!
//! Exact.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::soma::{Card, FIRED, Lane, Soma, Stateless};
use crate::base::unit::Seconds;

/// Source that fires at a steady rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceRegular {
    /// Spikes per step.
    #[schemars(range(min = 0, max = 1), extend("unit" = "1/step"))]
    pub rate: f64,
    /// How much of the way to the first spike is done at the start.
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1, "unit" = "1"))]
    pub phase: f64,
}

impl Default for SourceRegular {
    fn default() -> Self {
        Self { rate: 0.1, phase: 0.0 }
    }
}

impl SourceRegular {
    /// Number of spikes up to and including step `step`.
    fn count(&self, step: u64) -> f64 {
        (step as f64 * self.rate + self.phase).floor()
    }
}

impl Soma for SourceRegular {
    const CARD: Card = Card {
        name: "source-regular",
        equations: "fire iff floor(t rate + phase) > floor((t - 1) rate + phase)",
        scheme: "exact",
        source: "definition",
        inputs: &[],
        graded: false,
    };
    type Kind = Self;
    type State = Stateless;

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(_: &mut Stateless, k: &Self, _: Range<usize>, lane: Lane<'_>) {
        if k.count(lane.step) > k.count(lane.step.saturating_sub(1)) {
            lane.status.fill(FIRED);
        }
    }

    fn price() -> Price {
        Price::STIMULUS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    fn check(rate: f64, phase: f64, fires: &[u64]) {
        assert_eq!(Trial::of(SourceRegular { rate, phase }).steps(&[0.0; 10]), fires);
    }

    #[test]
    fn spikes_are_spread_evenly() {
        check(0.25, 0.0, &[4, 8]);
        check(0.25, 0.5, &[2, 6, 10]);
        check(0.4, 0.0, &[3, 5, 8, 10]);
        check(1.0, 0.0, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        check(0.0, 0.9, &[]);
    }
}
