//! The stochastic binary unit of Boltzmann machines and of stochastic search.
//!
//! Field: `z = bias + x`, where x is what arrives in the step or, with `accumulate`, everything that
//! has arrived so far. Per step the unit is on with probability `1/(1 + e^(−z/T))`, drawn anew, except
//! that after a flip it keeps its state for `refractory` steps. The temperature is
//! `T = max(coldest, temperature·cooling^(t−1))` in step t. It emits either 1 in every step in which it is on
//! (`states`: Gibbs sampling), or +1 on switching on and −1 on switching off (`flips`: with
//! accumulating fields and weights −Q this minimises a quadratic form of binary variables, z being
//! minus the energy of switching on).
//!
//! Exact (a draw). Field, input and temperature in the same arbitrary unit.
//! Source: Hinton & Sejnowski 1983 (Boltzmann machine); for flips the solver of quadratic
//! unconstrained binary optimisation described for Loihi 2 (Pierro et al. 2024, arXiv 2408.03076).

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::refractory::free;
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::Problems;
use crate::base::unit::Seconds;

/// What a unit sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Emission {
    /// 1 in every step in which the unit is on.
    #[default]
    States,
    /// +1 when the unit switches on, −1 when it switches off.
    Flips,
}

/// Stochastic binary unit with a logistic firing probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Boltzmann {
    /// Constant field.
    #[schemars(extend("unit" = "1"))]
    pub bias: f64,
    /// Temperature in the first step; higher is more random.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "1"))]
    pub temperature: f64,
    /// Factor on the temperature per step; 1 keeps it.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0, "unit" = "1"))]
    pub cooling: f64,
    /// The temperature does not fall below this.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "1"))]
    pub coldest: f64,
    /// Whether arrivals add up over all steps.
    pub accumulate: bool,
    /// What the unit sends.
    pub emits: Emission,
    /// Steps after a flip in which the unit keeps its state.
    #[schemars(extend("unit" = "steps"))]
    pub refractory: u16,
}

impl Default for Boltzmann {
    fn default() -> Self {
        Self {
            bias: 0.0,
            temperature: 1.0,
            cooling: 1.0,
            coldest: 1e-6,
            accumulate: false,
            emits: Emission::States,
            refractory: 0,
        }
    }
}

columns! {
    /// State of the bank.
    struct State of Boltzmann;
    field: f64, "1", |_| 0.0;
    on: u8, "1", |_| 0;
    hold: u16, "steps", |_| 0;
}

impl Boltzmann {
    fn temperature_at(&self, step: u64) -> f64 {
        let elapsed = step.saturating_sub(1) as f64;
        (self.temperature * self.cooling.powf(elapsed)).max(self.coldest)
    }
}

impl Soma for Boltzmann {
    const CARD: Card = Card {
        name: "boltzmann",
        equations: "z = bias + (sum of) input; on with probability 1/(1 + exp(-z/T)); emit 1 while on, or +-1 on flips",
        scheme: "exact",
        source: "Hinton & Sejnowski 1983; flips: arXiv 2408.03076",
        inputs: one_input!("1"),
        graded: true,
    };
    type Kind = Self;
    type State = State;

    fn check(&self, _: Seconds, problems: &mut Problems) {
        problems.require(self.coldest <= self.temperature, "coldest", || {
            format!("{} is above the temperature of {}", self.coldest, self.temperature)
        });
    }

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(state: &mut State, k: &Self, at: Range<usize>, lane: Lane<'_>) {
        let temperature = k.temperature_at(lane.step);
        let columns =
            state.field[at.clone()].iter_mut().zip(&mut state.on[at.clone()]).zip(&mut state.hold[at]);
        let outputs = lane.status.iter_mut().zip(lane.level);
        for (n, ((((field, on), hold), &input), (out, level))) in
            columns.zip(lane.arrivals).zip(outputs).enumerate()
        {
            *field = input + if k.accumulate { *field } else { 0.0 };
            let before = *on;
            if free(hold) {
                let probability = 1.0 / (1.0 + (-(k.bias + *field) / temperature).exp());
                *on = u8::from(lane.dice.of(n).unit() < probability);
            }
            let flipped = *on != before;
            *hold = if flipped { k.refractory } else { *hold };
            *level = if *on == 1 { 1.0 } else { -1.0 };
            *out = status(true, if k.emits == Emission::Flips { flipped } else { *on == 1 });
        }
    }

    fn price() -> Price {
        Price::scaled(30)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    #[test]
    fn it_is_on_as_often_as_the_logistic_function_says() {
        let model = Boltzmann { bias: 0.5, temperature: 2.0, ..Default::default() };
        let fires = Trial::of(model).steps(&[1.0; 10_000]).len() as f64;
        let p = 1.0 / (1.0 + (-0.75f64).exp());
        // Four standard deviations of a binomial count.
        assert!((fires - 1e4 * p).abs() < 4.0 * (1e4 * p * (1.0 - p)).sqrt(), "{fires}");
    }

    #[test]
    fn flips_are_signed_and_followed_by_rest() {
        let model = Boltzmann {
            emits: Emission::Flips,
            accumulate: true,
            refractory: 2,
            temperature: 1e-3,
            ..Default::default()
        };
        let mut trial = Trial::of(Boltzmann { bias: -1.0, ..model });
        assert!(!trial.fires(0.0));
        assert!(trial.fires(5.0));
        assert_eq!(trial.out.values(), [1.0]);
        // The field is now −4 for good, but the state is held for two steps.
        assert_eq!(trial.steps(&[-8.0, 0.0, 0.0]), [5]);
        assert_eq!(trial.out.values(), [-1.0]);
    }

    #[test]
    fn the_temperature_falls_to_its_floor() {
        let model = Boltzmann { temperature: 8.0, cooling: 0.5, coldest: 1.5, ..Default::default() };
        assert_eq!([1, 2, 3, 4].map(|step| model.temperature_at(step)), [8.0, 4.0, 2.0, 1.5]);
    }
}
