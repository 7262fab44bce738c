//! The input soma of SANA-FE, draw by draw.
//!
//! In the peer an input is a hardware *unit*, and the neurons mapped to it share its one state: one
//! list, one position in it, one probability, one rate, one generator, the last value written winning.
//! A bank of this model is therefore one such unit, and its neurons take their turns in order.
//!
//! Per neuron and step it fires if any of these says so: the next entry of `spikes` (while there is
//! one), a draw below `poisson`, or `step mod ⌊1/rate⌋ = 0`. Draws come from a Mersenne Twister seeded
//! with the number of the unit. A neuron counts as updated only if it fired.
//!
//! Exact. Source: SANA-FE 2.2.9, soma `input`; measured against it.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::layout::Layout;
use super::soma::{Card, Columns, Lane, Quantity, Soma, status};
use super::twister::Twister;
use crate::base::Problems;
use crate::base::unit::Seconds;

/// The input soma of SANA-FE: one unit whose neurons share a spike list, a probability and a rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SanafeInput {
    /// One entry per turn, 0 or 1.
    pub spikes: Vec<u8>,
    /// Probability of firing per turn; 0 draws nothing.
    #[schemars(range(min = 0, max = 1), extend("unit" = "1"))]
    pub poisson: f64,
    /// Spikes per step, rounded to a whole number of steps between spikes; 0 for none.
    #[schemars(range(min = 0, max = 1), extend("unit" = "1"))]
    pub rate: f64,
    /// Number of the input unit on the chip, counted from 1 in the order of tiles, cores and units.
    #[schemars(range(min = 1), extend("unit" = "1"))]
    pub unit: u32,
}

impl Default for SanafeInput {
    fn default() -> Self {
        Self { spikes: Vec::new(), poisson: 0.0, rate: 0.0, unit: 1 }
    }
}

/// The state of the unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    spikes: Vec<u8>,
    position: usize,
    /// At most one probability.
    #[serde(with = "super::column")]
    poisson: Vec<f64>,
    /// Steps between spikes; 0 for none.
    interval: u64,
    dice: Twister,
}

impl Columns<SanafeInput> for State {
    const VARIABLES: &'static [Quantity] = &[];

    fn rest(layout: &Layout<SanafeInput>) -> Self {
        let mut state =
            Self { spikes: Vec::new(), position: 0, poisson: Vec::new(), interval: 0, dice: Twister::new(1) };
        for (_, written) in layout.runs() {
            state.write(written);
        }
        state
    }

    fn holds(&self, _: usize) -> bool {
        self.dice.is_whole() && self.position <= self.spikes.len()
    }

    fn read(&self, _: usize, _: usize) -> Option<f64> {
        None
    }

    fn write(&mut self, _: usize, _: usize, _: f64) -> bool {
        false
    }
}

impl State {
    /// Takes over what is set in `written`.
    fn write(&mut self, written: &SanafeInput) {
        if !written.spikes.is_empty() {
            self.spikes.clone_from(&written.spikes);
        }
        if written.poisson > 0.0 {
            self.poisson = vec![written.poisson];
        }
        if written.rate > 0.0 {
            self.interval = (1.0 / written.rate).floor() as u64;
        }
        self.dice = Twister::new(written.unit);
    }

    fn turn(&mut self, step: u64) -> bool {
        let listed = self.spikes.get(self.position).is_some_and(|&entry| entry > 0);
        self.position += usize::from(self.position < self.spikes.len());
        let drawn = self.poisson.iter().any(|&probability| self.dice.unit() < probability);
        let due = self.interval > 0 && step.is_multiple_of(self.interval);
        listed | drawn | due
    }
}

impl Soma for SanafeInput {
    const CARD: Card = Card {
        name: "sanafe-input",
        equations: "fire iff the list says so, or a draw is below poisson, or step mod floor(1/rate) = 0",
        scheme: "exact",
        source: "SANA-FE 2.2.9, soma input",
        inputs: &[],
        graded: false,
    };
    type Kind = Self;
    type State = State;

    fn check(&self, _: Seconds, problems: &mut Problems) {
        for (i, &entry) in self.spikes.iter().enumerate().filter(|&(_, &entry)| entry > 1) {
            problems.require(false, &format!("spikes[{i}]"), || format!("{entry} is neither 0 nor 1"));
        }
    }

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(state: &mut State, _: &Self, _: Range<usize>, lane: Lane<'_>) {
        for out in lane.status {
            let fired = state.turn(lane.step);
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
    fn list_and_rate_add_up() {
        let model = SanafeInput { spikes: vec![1, 0, 1], rate: 0.3, ..Default::default() };
        assert_eq!(Trial::of(model).steps(&[0.0; 9]), [1, 3, 6, 9]);
    }

    #[test]
    fn the_draws_are_the_peers() {
        // Measured: SANA-FE 2.2.9, probability 0.3, second input unit of a fresh process.
        let model = SanafeInput { poisson: 0.3, unit: 2, ..Default::default() };
        let measured = [1, 6, 8, 16, 19, 21, 22, 23, 24, 27, 30, 38, 39];
        assert_eq!(Trial::of(model).steps(&[0.0; 40]), measured);
    }

    #[test]
    fn an_entry_that_is_not_a_bit_is_refused() {
        let model: crate::neuron::NeuronModel =
            SanafeInput { spikes: vec![0, 2], ..Default::default() }.into();
        assert!(model.check(Seconds(1e-3)).unwrap_err().to_string().contains("spikes[1]: 2 is neither"));
    }
}
