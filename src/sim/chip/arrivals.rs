//! What is under way to neurons: for every step of the future an accumulator per neuron and channel.

use crate::neuron::{NO_INPUT, arrived};

/// Accumulators of some cores, by step and channel.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    /// By step (modulo the depth) and neuron; the second channel only where a model has one.
    channels: [Vec<f64>; 2],
    /// By step and core: something has arrived.
    any: Vec<bool>,
    neurons: usize,
    cores: usize,
    depth: usize,
}

impl Arrivals {
    /// None, for delays of up to `depth` steps.
    pub(super) fn new(neurons: usize, cores: usize, depth: usize, has_second: bool) -> Self {
        let len = neurons * depth;
        let second = vec![NO_INPUT; if has_second { len } else { 0 }];
        Self {
            channels: [vec![NO_INPUT; len], second],
            any: vec![false; cores * depth],
            neurons,
            cores,
            depth,
        }
    }

    /// The row of step `step`.
    #[inline]
    fn row(&self, step: u64) -> usize {
        (step % self.depth as u64) as usize
    }

    /// What is due in `step` for neurons `first..first + len`, on a channel.
    #[inline]
    pub(super) fn due(&self, step: u64, channel: usize, first: usize, len: usize) -> &[f64] {
        let at = self.row(step) * self.neurons + first;
        &self.channels[channel][at..at + len]
    }

    /// The same to add to, for neurons of `core`.
    #[inline]
    pub(super) fn add_to(
        &mut self,
        step: u64,
        channel: usize,
        core: usize,
        first: usize,
        len: usize,
    ) -> &mut [f64] {
        let row = self.row(step);
        self.any[row * self.cores + core] = true;
        let at = row * self.neurons + first;
        &mut self.channels[channel][at..at + len]
    }

    /// Forgets what was due in `step` for the neurons of `core`.
    #[inline]
    pub(super) fn clear(&mut self, step: u64, core: usize, first: usize, len: usize) {
        let row = self.row(step);
        if std::mem::take(&mut self.any[row * self.cores + core]) {
            let at = row * self.neurons + first;
            for channel in self.channels.iter_mut().filter(|channel| !channel.is_empty()) {
                channel[at..at + len].fill(NO_INPUT);
            }
        }
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self) {
        self.channels.iter_mut().for_each(|channel| channel.fill(NO_INPUT));
        self.any.fill(false);
    }

    /// Whether nothing is under way.
    pub(super) fn is_empty(&self) -> bool {
        let holds = |channel: &Vec<f64>| channel.iter().any(|&input| arrived(input));
        !self.any.contains(&true) || !self.channels.iter().any(holds)
    }

    /// Memory taken [bytes].
    pub(super) fn bytes(&self) -> usize {
        8 * (self.channels[0].len() + self.channels[1].len()) + self.any.len()
    }
}
