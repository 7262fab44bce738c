//! A neuron without memory that lets a random share of a number pass.
//!
//! Per step it draws k ~ Binomial(n, probability), where n is what arrives, rounded to a whole number, and
//! emits k unless it is zero. With a probability of 1 it adds up and passes on.
//!
//! Exact (a draw). The input is a number of walkers, say. The hardware tries its luck for one after the other, so an
//! update takes n passes, each of which costs time and energy; with a probability of 1 it takes one.
//! Source: the sum of n Bernoulli trials, for processors whose spikes carry numbers (Orchard et al. 2021,
//! doi 10.1109/SiPS52927.2021.00053); the sampler is that of `rand_distr`.

use std::ops::Range;

use rand_distr::{Binomial as Sampler, Distribution};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bank::arrived;
use super::cost::Price;
use super::soma::{Card, Lane, Soma, Stateless, one_input, status};
use crate::base::unit::Seconds;

/// Neuron that passes a binomial share of its input on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Binomial {
    /// Probability of each unit of the input to pass.
    #[schemars(range(min = 0, max = 1), extend("unit" = "1"))]
    pub probability: f64,
}

impl Default for Binomial {
    fn default() -> Self {
        Self { probability: 1.0 }
    }
}

impl Soma for Binomial {
    const CARD: Card = Card {
        name: "binomial",
        equations: "emit k ~ Binomial(round(input), probability) unless it is 0",
        scheme: "exact",
        source: "graded spikes: Orchard et al. 2021, doi 10.1109/SiPS52927.2021.00053",
        inputs: one_input!("1"),
        graded: true,
    };
    const SERIAL: bool = true;
    type Kind = Self;
    type State = Stateless;

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(_: &mut Stateless, k: &Self, _: Range<usize>, lane: Lane<'_>) {
        let outputs = lane.status.iter_mut().zip(lane.level).zip(lane.further);
        for (n, (&input, ((out, level), further))) in lane.arrivals.iter().zip(outputs).enumerate() {
            if !arrived(input) {
                continue;
            }
            let total = input.round().max(0.0) as u64;
            let passed = match Sampler::new(total, k.probability) {
                Ok(sampler) if k.probability < 1.0 && total > 0 => {
                    *further = u32::try_from(total - 1).unwrap_or(u32::MAX);
                    sampler.sample(&mut lane.dice.of(n))
                }
                _ => total,
            };
            *level = passed as f64;
            *out = status(true, passed > 0);
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
    fn with_certainty_it_passes_the_sum_on() {
        let mut trial = Trial::of(Binomial::default());
        assert!(trial.fires(7.0));
        assert_eq!(trial.out.values(), [7.0]);
        assert!(!trial.fires(0.0));
    }

    #[test]
    fn an_update_takes_a_pass_for_each_unit_that_may_pass() {
        let mut trial = Trial::of(Binomial { probability: 0.5 });
        trial.fires(100.0);
        assert_eq!((trial.out.updated(), trial.out.further()), (100, &[99][..]));
        trial.fires(0.0);
        assert_eq!((trial.out.updated(), trial.out.further()), (1, &[0][..]));
        let mut sum = Trial::of(Binomial::default());
        sum.fires(100.0);
        assert_eq!(sum.out.updated(), 1);
    }

    #[test]
    fn mean_and_variance_are_those_of_the_binomial_distribution() {
        let mut trial = Trial::of(Binomial { probability: 0.2 });
        let draws: Vec<f64> =
            (0..5000).map(|_| if trial.fires(100.0) { trial.out.values()[0] } else { 0.0 }).collect();
        let mean = draws.iter().sum::<f64>() / 5000.0;
        let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 4999.0;
        // Four standard errors each.
        assert!((mean - 20.0).abs() < 4.0 * (16.0f64 / 5000.0).sqrt(), "{mean}");
        assert!((variance - 16.0).abs() < 4.0 * 16.0 * (2.0f64 / 5000.0).sqrt(), "{variance}");
    }
}
