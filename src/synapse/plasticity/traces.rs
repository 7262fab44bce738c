//! Traces: what is left of a neuron's spikes.

use super::rule::Pairing;
use crate::base::unit::Seconds;

/// Decays looked up instead of computed [steps].
const TABLE: usize = 256;

/// A bank of traces, one per neuron, each decayed when it is looked at.
#[derive(Clone, Debug)]
pub(super) struct Traces {
    value: Vec<f64>,
    /// Step for which `value` holds.
    since: Vec<u64>,
    decay: Decay,
    pairing: Pairing,
}

/// `e^(−n·Δ/τ)`.
#[derive(Clone, Debug)]
pub(super) struct Decay {
    per_step: f64,
    table: Vec<f64>,
}

impl Decay {
    pub(super) fn new(dt: Seconds, tau: Seconds) -> Self {
        let per_step = -dt.0 / tau.0;
        Self { per_step, table: (0..TABLE).map(|n| (per_step * n as f64).exp()).collect() }
    }

    #[inline]
    pub(super) fn over(&self, steps: u64) -> f64 {
        match self.table.get(steps as usize) {
            Some(&decay) => decay,
            None => (self.per_step * steps as f64).exp(),
        }
    }
}

impl Traces {
    pub(super) fn new(neurons: usize, dt: Seconds, tau: Seconds, pairing: Pairing) -> Self {
        Self { value: vec![0.0; neurons], since: vec![0; neurons], decay: Decay::new(dt, tau), pairing }
    }

    /// The trace of `neuron` at `step`, which is not before the last spike.
    #[inline]
    pub(super) fn at(&self, neuron: u32, step: u64) -> f64 {
        let i = neuron as usize;
        match self.value[i] {
            0.0 => 0.0,
            value => value * self.decay.over(step - self.since[i]),
        }
    }

    /// Adds a spike of `neuron` at `step`.
    #[inline]
    pub(super) fn spike(&mut self, neuron: u32, step: u64) {
        let value = match self.pairing {
            Pairing::AllToAll => self.at(neuron, step) + 1.0,
            Pairing::Nearest => 1.0,
        };
        self.value[neuron as usize] = value;
        self.since[neuron as usize] = step;
    }

    /// The values, and the steps that they hold for.
    pub(super) fn column(&mut self) -> (&mut Vec<f64>, &mut Vec<u64>) {
        (&mut self.value, &mut self.since)
    }

    pub(super) fn reset(&mut self) {
        self.value.fill(0.0);
        self.since.fill(0);
    }
}
