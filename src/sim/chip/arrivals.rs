//! What is under way to neurons: for every step of the future an accumulator per input and channel.

use super::snapshot::SavedRow;
use crate::neuron::{NO_INPUT, arrived};

/// Accumulators of some cores, by step and channel.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    /// By step (modulo the depth) and input; the second channel only where a model has one.
    channels: [Vec<f64>; 2],
    /// By step and core: something has arrived.
    any: Vec<bool>,
    inputs: usize,
    cores: usize,
    depth: usize,
}

impl Arrivals {
    /// None, for delays of up to `depth` steps.
    pub(super) fn new(inputs: usize, cores: usize, depth: usize, has_second: bool) -> Self {
        let len = inputs * depth;
        let second = vec![NO_INPUT; if has_second { len } else { 0 }];
        Self {
            channels: [vec![NO_INPUT; len], second],
            any: vec![false; cores * depth],
            inputs,
            cores,
            depth,
        }
    }

    /// The row of step `step`.
    #[inline]
    pub(super) fn row(&self, step: u64) -> usize {
        (step % self.depth as u64) as usize
    }

    /// What is due in `step` for inputs `first..first + len`, on a channel.
    #[inline]
    pub(super) fn due(&self, step: u64, channel: usize, first: usize, len: usize) -> &[f64] {
        let at = self.row(step) * self.inputs + first;
        &self.channels[channel][at..at + len]
    }

    /// The row of the step that comes `delay` after that of `row`; no delay is longer than there are rows.
    #[inline]
    pub(super) fn after(&self, row: usize, delay: u16) -> usize {
        let row = row + usize::from(delay);
        if row >= self.depth { row - self.depth } else { row }
    }

    /// Notes that something is due in the step of `row` at `core`.
    #[inline]
    pub(super) fn note(&mut self, row: usize, core: usize) {
        self.any[row * self.cores + core] = true;
    }

    /// What is due in the step of `row`, to add to where it is noted, for inputs from `first` on.
    #[inline]
    pub(super) fn due_from(&mut self, row: usize, channel: usize, first: usize) -> &mut [f64] {
        let at = row * self.inputs;
        &mut self.channels[channel][at + first..at + self.inputs]
    }

    /// What is due in the step of `row`, to add to, for inputs of `core`.
    #[inline]
    pub(super) fn add_to(
        &mut self,
        row: usize,
        channel: usize,
        core: usize,
        first: usize,
        len: usize,
    ) -> &mut [f64] {
        self.note(row, core);
        &mut self.due_from(row, channel, first)[..len]
    }

    /// Forgets what was due in `step` for the inputs of `core`.
    #[inline]
    pub(super) fn clear(&mut self, step: u64, core: usize, first: usize, len: usize) {
        let row = self.row(step);
        if std::mem::take(&mut self.any[row * self.cores + core]) {
            let at = row * self.inputs + first;
            for channel in self.channels.iter_mut().filter(|channel| !channel.is_empty()) {
                channel[at..at + len].fill(NO_INPUT);
            }
        }
    }

    /// What is due for the inputs of `core`, for a checkpoint.
    pub(super) fn save(&self, core: usize, first: usize, len: usize) -> Vec<SavedRow> {
        let rows = (0..self.depth).filter(|row| self.any[row * self.cores + core]);
        let slice = |channel: &Vec<f64>, row: usize| match channel.is_empty() {
            true => Vec::new(),
            false => channel[row * self.inputs + first..][..len].to_vec(),
        };
        let save = |row| SavedRow {
            row: row as u32,
            first: slice(&self.channels[0], row),
            second: slice(&self.channels[1], row),
        };
        rows.map(save).collect()
    }

    /// Takes back what [`save`](Self::save) gave; nothing else is due then. Whether it fits.
    pub(super) fn load(&mut self, core: usize, first: usize, len: usize, rows: &[SavedRow]) -> bool {
        for row in 0..self.depth {
            self.clear(row as u64, core, first, len);
        }
        for SavedRow { row, first: own, second } in rows {
            let row = *row as usize;
            let has_second = !self.channels[1].is_empty();
            // A channel that no neuron of the core has may be there for others of its part of the chip.
            if row >= self.depth || own.len() != len || !(second.is_empty() || second.len() == len) {
                return false;
            }
            self.any[row * self.cores + core] = true;
            let at = row * self.inputs + first;
            self.channels[0][at..at + len].copy_from_slice(own);
            match (has_second, second.is_empty()) {
                (true, false) => self.channels[1][at..at + len].copy_from_slice(second),
                (false, false) if second.iter().any(|&input| arrived(input)) => return false,
                _ => {}
            }
        }
        true
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
