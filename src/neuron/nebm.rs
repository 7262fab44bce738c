//! The annealed binary unit of spiking solvers for quadratic problems (a non-equilibrium Boltzmann
//! machine).
//!
//! Field: `z ← z + arrivals`, kept for good; `bias + z` is minus the energy of switching on. Unless the
//! unit rests after a flip, it is on with probability `1/(1 + e^(−(bias + z)/T))`, drawn anew in every
//! step. On a flip it emits +1 (on) or −1 (off) and then rests for a number of steps drawn uniformly from
//! `rest_min..=rest_max`, which keeps neighbours from flipping in step. The temperature is
//! `T = max(coldest, temperature·cooling^(t−1))` in the t-th step since the unit was put to rest, so that a
//! reset anneals anew.
//!
//! Exact (a draw). Field, input and temperature in the same arbitrary unit.
//! Source: the solver of quadratic unconstrained binary optimisation described for Loihi 2 (Pierro et al.
//! 2024, arXiv 2408.03076).

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::refractory::free;
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::Problems;
use crate::base::unit::Seconds;

/// Annealed binary unit that minimises a quadratic energy together with others of its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Nebm {
    /// Constant field: minus the energy of switching on alone.
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
    /// Fewest steps of rest after a flip.
    #[schemars(extend("unit" = "steps"))]
    pub rest_min: u16,
    /// Most steps of rest after a flip.
    #[schemars(extend("unit" = "steps"))]
    pub rest_max: u16,
}

impl Default for Nebm {
    fn default() -> Self {
        Self { bias: 0.0, temperature: 1.0, cooling: 1.0, coldest: 1e-6, rest_min: 5, rest_max: 10 }
    }
}

columns! {
    /// State of the bank.
    struct State of Nebm;
    field: f64, "1", |_| 0.0;
    on: u8, "1", |_| 0;
    hold: u16, "steps", |_| 0;
    heat: f64, "1", |k| k.temperature;
}

impl Soma for Nebm {
    const CARD: Card = Card {
        name: "nebm",
        equations: "z += input; on with probability 1/(1 + exp(-(bias + z)/T)) unless resting; emit +-1 on flips; T = max(coldest, T cooling)",
        scheme: "exact",
        source: "Pierro et al. 2024, arXiv 2408.03076",
        inputs: one_input!("1"),
        graded: true,
    };
    type Kind = Self;
    type State = State;

    fn check(&self, _: Seconds, problems: &mut Problems) {
        problems.require(self.coldest <= self.temperature, "coldest", || {
            format!("{} is above the temperature of {}", self.coldest, self.temperature)
        });
        problems.require(self.rest_min <= self.rest_max, "rest_min", || {
            format!("{} is above the most of {}", self.rest_min, self.rest_max)
        });
    }

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(state: &mut State, k: &Self, at: Range<usize>, lane: Lane<'_>) {
        let fields = state.field[at.clone()].iter_mut().zip(&mut state.heat[at.clone()]);
        let flags = state.on[at.clone()].iter_mut().zip(&mut state.hold[at]);
        let outputs = lane.status.iter_mut().zip(lane.level);
        let columns = fields.zip(flags).zip(lane.arrivals).zip(outputs).enumerate();
        for (n, ((((field, heat), (on, hold)), &input), (out, level))) in columns {
            *field += input;
            let temperature = *heat;
            *heat = (temperature * k.cooling).max(k.coldest);
            let before = *on;
            if free(hold) {
                let mut dice = lane.dice.of(n);
                let probability = 1.0 / (1.0 + (-(k.bias + *field) / temperature).exp());
                *on = u8::from(dice.unit() < probability);
                if *on != before {
                    *hold = k.rest_min + dice.below(u32::from(k.rest_max - k.rest_min) + 1) as u16;
                }
            }
            *level = f64::from(*on) - f64::from(before);
            *out = status(true, *on != before);
        }
    }

    fn price() -> Price {
        Price::scaled(34)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    #[test]
    fn flips_are_signed_and_followed_by_rest() {
        let model = Nebm { bias: -1.0, temperature: 1e-3, rest_min: 2, rest_max: 2, ..Default::default() };
        let mut trial = Trial::of(model);
        assert!(!trial.fires(0.0));
        assert!(trial.fires(5.0));
        assert_eq!(trial.out.values(), [1.0]);
        assert_eq!(trial.steps(&[-8.0, 0.0, 0.0]), [5], "it rests for two steps");
        assert_eq!(trial.out.values(), [-1.0]);
    }

    #[test]
    fn the_temperature_falls_to_its_floor() {
        let model = Nebm { temperature: 8.0, cooling: 0.5, coldest: 1.5, ..Default::default() };
        let mut trial = Trial::of(model);
        let found = [0; 4].map(|_| {
            let heat = trial.read(3);
            trial.fires(0.0);
            heat
        });
        assert_eq!(found, [8.0, 4.0, 2.0, 1.5]);
    }

    #[test]
    fn it_is_on_as_often_as_the_logistic_function_says() {
        let model = Nebm { bias: 0.5, temperature: 2.0, rest_min: 0, rest_max: 0, ..Default::default() };
        let mut trial = Trial::of(model);
        let on = (0..10_000).map(|_| {
            trial.fires(0.0);
            trial.read(1)
        });
        let p = 1.0 / (1.0 + (-0.25f64).exp());
        // Four standard deviations of a binomial count.
        assert!((on.sum::<f64>() - 1e4 * p).abs() < 4.0 * (1e4 * p * (1.0 - p)).sqrt());
    }
}
