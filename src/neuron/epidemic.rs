//! A person in an epidemic: susceptible, exposed, infectious, recovered.
//!
//! Input is a hazard: with h what arrives in a step, a susceptible person is infected in it with
//! probability `1 − e^(−susceptibility·h)`. A contact that infects with probability p is a synapse of weight
//! −ln(1 − p); independent contacts multiply, hazards add up, so the sum is exact. An infected person is
//! exposed for `latent` steps and then infectious: it fires once per step, from the step of infection on if
//! there is no latency. It recovers after `infectious` steps (0: no limit), and with probability `recovery`
//! after each step. Recovery is for good.
//!
//! Exact (a draw). Source: the discrete-time Reed–Frost chain (Abbey 1952) with latency and geometric
//! recovery; infections and recoveries as neurons: Hamilton et al. 2020, doi 10.1145/3407197.3407608.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bank::arrived;
use super::cost::Price;
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::unit::Seconds;

const SUSCEPTIBLE: u8 = 0;
const EXPOSED: u8 = 1;
const INFECTIOUS: u8 = 2;
const RECOVERED: u8 = 3;

/// Person in an epidemic, who fires while infectious.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Epidemic {
    /// Factor on the hazard: 0 for a person who is immune.
    #[schemars(range(min = 0, max = 1), extend("unit" = "1"))]
    pub susceptibility: f64,
    /// Steps between infection and becoming infectious.
    #[schemars(extend("unit" = "steps"))]
    pub latent: u16,
    /// Steps for which a person is infectious; 0: no limit.
    #[schemars(extend("unit" = "steps"))]
    pub infectious: u16,
    /// Probability of recovering after each infectious step.
    #[schemars(range(min = 0, max = 1), extend("unit" = "1"))]
    pub recovery: f64,
}

impl Default for Epidemic {
    fn default() -> Self {
        Self { susceptibility: 1.0, latent: 0, infectious: 1, recovery: 0.0 }
    }
}

columns! {
    /// State of the bank.
    struct State of Epidemic;
    stage: u8, "1", |_| SUSCEPTIBLE;
    since: u16, "steps", |_| 0;
}

impl Soma for Epidemic {
    const CARD: Card = Card {
        name: "epidemic",
        equations: "S -> E with probability 1 - exp(-susceptibility input); E -> I after latent steps; I -> R after infectious steps or with probability recovery; fire while I",
        scheme: "exact",
        source: "Abbey 1952, Human Biology 24:201; Hamilton et al. 2020, doi 10.1145/3407197.3407608",
        inputs: one_input!("1"),
        graded: false,
    };
    type Kind = Self;
    type State = State;

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(state: &mut State, k: &Self, at: Range<usize>, lane: Lane<'_>) {
        let columns = state.stage[at.clone()].iter_mut().zip(&mut state.since[at]);
        for (n, (((stage, since), &hazard), out)) in columns.zip(lane.arrivals).zip(lane.status).enumerate() {
            let before = *stage;
            if before == RECOVERED || before == SUSCEPTIBLE && !arrived(hazard) {
                *out = status(arrived(hazard), false);
                continue;
            }
            let mut dice = lane.dice.of(n);
            if before == SUSCEPTIBLE {
                let spared = (-k.susceptibility * hazard).exp();
                if dice.unit() >= spared {
                    (*stage, *since) = (EXPOSED, 0);
                }
            }
            if *stage == EXPOSED {
                let over = *since >= k.latent;
                (*stage, *since) = if over { (INFECTIOUS, 0) } else { (EXPOSED, *since + 1) };
            }
            let fired = *stage == INFECTIOUS;
            if fired {
                *since = since.saturating_add(1);
                let healed = k.recovery > 0.0 && dice.unit() < k.recovery;
                if healed || (k.infectious > 0 && *since >= k.infectious) {
                    *stage = RECOVERED;
                }
            }
            *out = status(true, fired);
        }
    }

    fn price() -> Price {
        Price::scaled(20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    #[test]
    fn stages_last_as_long_as_they_should() {
        let run = |model: Epidemic| {
            let mut trial = Trial::of(model);
            (trial.steps(&[0.0, 1e3, 0.0, 1e3, 0.0, 0.0, 0.0]), trial.read(0))
        };
        assert_eq!(run(Epidemic::default()), (vec![2], 3.0));
        assert_eq!(run(Epidemic { latent: 2, infectious: 3, ..Default::default() }), (vec![4, 5, 6], 3.0));
        assert_eq!(run(Epidemic { infectious: 0, ..Default::default() }), (vec![2, 3, 4, 5, 6, 7], 2.0));
        assert_eq!(run(Epidemic { susceptibility: 0.0, ..Default::default() }), (vec![], 0.0));
    }

    #[test]
    fn two_contacts_infect_as_two_independent_trials() {
        let infected = |seed: usize| {
            let mut trial = Trial::of(Epidemic { infectious: 0, ..Default::default() });
            // The step keys the draw: every trial meets its hazard in a step of its own.
            let mut inputs = vec![0.0; seed];
            inputs.push(-2.0 * (1.0f64 - 0.3).ln());
            !trial.steps(&inputs).is_empty()
        };
        let count = (0..2000).filter(|&seed| infected(seed)).count() as f64;
        let p = 1.0 - 0.7 * 0.7;
        // Four standard deviations of a binomial count.
        assert!((count - 2000.0 * p).abs() < 4.0 * (2000.0 * p * (1.0 - p)).sqrt(), "{count}");
    }

    #[test]
    fn geometric_recovery_has_the_right_mean() {
        let mut total = 0.0;
        for shift in 0..500 {
            let model = Epidemic { infectious: 0, recovery: 0.25, ..Default::default() };
            let mut inputs = vec![0.0; shift];
            inputs.push(1e3);
            inputs.extend([0.0; 60]);
            total += Trial::of(model).steps(&inputs).len() as f64;
        }
        // Mean 1/p, variance (1 − p)/p²; four standard errors.
        assert!((total / 500.0 - 4.0).abs() < 4.0 * (12.0f64 / 500.0).sqrt(), "{total}");
    }
}
