//! A neuron without memory that fires at random.
//!
//! Per step it fires with probability `clamp(base + gain·arrivals, 0, 1)`. A neuron to which nothing
//! arrives and whose base is not positive is idle.
//!
//! Exact (a draw). The input is a probability divided by the gain.
//! Source: the Bernoulli trial; the generator neurons of spiking random walks (Smith et al. 2022,
//! doi 10.1038/s41928-021-00705-7).

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bank::arrived;
use super::cost::Price;
use super::soma::{Card, Lane, Soma, Stateless, one_input, status};
use crate::base::unit::Seconds;

/// Neuron that fires with a probability that is linear in its input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bernoulli {
    /// Probability of firing without input.
    #[schemars(range(min = -1, max = 1), extend("unit" = "1"))]
    pub base: f64,
    /// What a unit of input adds to the probability.
    #[schemars(extend("unit" = "1"))]
    pub gain: f64,
}

impl Default for Bernoulli {
    fn default() -> Self {
        Self { base: 0.0, gain: 1.0 }
    }
}

impl Soma for Bernoulli {
    const CARD: Card = Card {
        name: "bernoulli",
        equations: "fire with probability clamp(base + gain input, 0, 1)",
        scheme: "exact",
        source: "Smith et al. 2022, doi 10.1038/s41928-021-00705-7",
        inputs: one_input!("1"),
        graded: false,
    };
    type Kind = Self;
    type State = Stateless;

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(_: &mut Stateless, k: &Self, _: Range<usize>, lane: Lane<'_>) {
        for (n, (&input, out)) in lane.arrivals.iter().zip(lane.status).enumerate() {
            let probability = k.base + k.gain * input;
            let fired = probability > 0.0 && lane.dice.of(n).unit() < probability;
            *out = status(k.base > 0.0 || arrived(input), fired);
        }
    }

    fn price() -> Price {
        Price::scaled(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    #[test]
    fn certain_and_impossible_need_no_luck() {
        let mut trial = Trial::of(Bernoulli { base: -0.5, gain: 0.5 });
        assert_eq!(trial.steps(&[1.0, 3.0, 0.0, 4.0, -1.0]), [2, 4]);
    }

    #[test]
    fn it_fires_as_often_as_the_probability_says() {
        let fires = Trial::of(Bernoulli { base: 0.1, gain: 0.2 }).steps(&[0.5; 10_000]).len() as f64;
        // Four standard deviations of a binomial count.
        assert!((fires - 2000.0).abs() < 4.0 * (10_000.0f64 * 0.16).sqrt(), "{fires}");
    }
}
