//! A source that fires at random with a given rate.
//!
//! Per step it fires with probability `rate·Δ`: a Poisson process seen on the time grid, at most one
//! spike per step.
//!
//! Exact (a draw). Source: the definition; Brian 2 and SANA-FE thin their Poisson inputs the same way.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::soma::{Card, Lane, Soma, Stateless, status};
use crate::base::Problems;
use crate::base::unit::{Hertz, Seconds};

/// Source that fires at random with a given rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourcePoisson {
    /// Mean rate; at most one spike per time-step.
    #[schemars(extend("minimum" = 0))]
    pub rate: Hertz,
}

impl Default for SourcePoisson {
    fn default() -> Self {
        Self { rate: Hertz(10.0) }
    }
}

/// Probability of a spike per step.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    probability: f64,
}

impl Soma for SourcePoisson {
    const CARD: Card = Card {
        name: "source-poisson",
        equations: "fire with probability rate dt",
        scheme: "exact",
        source: "definition",
        inputs: &[],
        graded: false,
    };
    type Kind = Kind;
    type State = Stateless;

    fn check(&self, dt: Seconds, problems: &mut Problems) {
        problems.require(self.rate.0 * dt.0 <= 1.0, "rate", || {
            format!("{} Hz is more than one spike per time-step of {} s", self.rate.0, dt.0)
        });
    }

    fn prepare(&self, dt: Seconds) -> Kind {
        Kind { probability: self.rate.0 * dt.0 }
    }

    fn advance(_: &mut Stateless, k: &Kind, _: Range<usize>, lane: Lane<'_>) {
        for (n, out) in lane.status.iter_mut().enumerate() {
            let fired = lane.dice.of(n).unit() < k.probability;
            *out = status(fired, fired);
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

    #[test]
    fn it_keeps_its_rate() {
        let mut trial = Trial::of(SourcePoisson { rate: Hertz(200.0) });
        let fires = trial.steps(&[0.0; 10_000]).len() as f64;
        // Four standard deviations of a binomial count.
        assert!((fires - 2000.0).abs() < 4.0 * (10_000.0f64 * 0.16).sqrt(), "{fires}");
    }

    #[test]
    fn a_rate_beyond_the_time_grid_is_refused() {
        let model: crate::neuron::NeuronModel = SourcePoisson { rate: Hertz(2000.0) }.into();
        assert!(model.check(Seconds(1e-3)).unwrap_err().to_string().starts_with("rate: 2000 Hz"));
    }
}
