//! For tests of models: one neuron driven by a list of inputs.

use super::bank::{Bank, NO_INPUT, StepOutput};
use super::input::{Ids, StepInput};
use super::model::NeuronModel;
use crate::base::unit::Seconds;

/// A single neuron on the bench, in time-steps of 1 ms unless said otherwise.
pub(super) struct Trial {
    bank: Bank,
    step: u64,
    /// Output of the last step.
    pub out: StepOutput,
    /// Input of the second channel.
    pub second: f64,
}

/// A time-step that the defaults of `model` are fit for: a millisecond, or ten nanoseconds for fast devices.
pub(super) fn step_for(model: &NeuronModel) -> Seconds {
    let (usual, short) = (Seconds(1e-3), Seconds(1e-8));
    if model.check(usual).is_ok() {
        return usual;
    }
    model.check(short).unwrap_or_else(|problems| panic!("{model:?}: {problems}"));
    short
}

impl Trial {
    pub(super) fn of(model: impl Into<NeuronModel>) -> Self {
        Self::at(model, Seconds(1e-3))
    }

    pub(super) fn at(model: impl Into<NeuronModel>, dt: Seconds) -> Self {
        let bank = Bank::new(&model.into(), 1, dt).unwrap();
        Self { bank, step: 0, out: StepOutput::new(), second: NO_INPUT }
    }

    /// Advances by one step per input (zero means that nothing arrives); the numbers of the steps,
    /// counted from 1, in which the neuron fired.
    pub(super) fn steps(&mut self, inputs: &[f64]) -> Vec<u64> {
        let fires =
            |&input: &f64| self.fires(if input == 0.0 { NO_INPUT } else { input }).then_some(self.step);
        inputs.iter().filter_map(fires).collect()
    }

    /// Advances by one step; whether the neuron fired.
    pub(super) fn fires(&mut self, input: f64) -> bool {
        self.step += 1;
        let channels = self.bank.card().inputs.len();
        let input = StepInput {
            step: self.step,
            seed: 1,
            ids: Ids::From(0),
            arrivals: if channels > 0 { &[input] } else { &[] },
            second: if channels > 1 { &[self.second] } else { &[] },
            taps: &[],
        };
        self.bank.step(&input, &mut self.out);
        !self.out.fired().is_empty()
    }

    /// Variable number `variable`.
    pub(super) fn read(&self, variable: usize) -> f64 {
        self.bank.read(variable, 0).unwrap()
    }

    /// The potential.
    pub(super) fn v(&self) -> f64 {
        self.read(0)
    }
}
