//! The synapse memory of cores: what a spike meets when it arrives.
//!
//! A spike names a range of synapses. Each says which neuron receives, by 16 bits of its number, with which weight, and,
//! where that differs from synapse to synapse, after how many steps and on which input channel: four bytes
//! a synapse, six where delays or channels differ.

use std::ops::Range;

use prefetch_index::prefetch_index;

use super::{Column, Weights, weights};
use crate::base::CACHE_LINE;

/// Cells of a cache line.
const CELLS: usize = CACHE_LINE / size_of::<[u16; 2]>();

/// Most lines that are asked for at once: more would not stay until they are needed.
const MOST_LINES: usize = 32;

/// When and where a synapse delivers: its delay in steps, times two, plus the input channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing(u16);

impl Timing {
    /// The longest delay that fits [steps].
    pub const MAX_DELAY: u16 = u16::MAX >> 1;

    /// A delay of `delay` steps, at most [`MAX_DELAY`](Self::MAX_DELAY), on `channel` 0 or 1.
    pub fn new(delay: u16, channel: u8) -> Self {
        Self(delay << 1 | u16::from(channel & 1))
    }

    /// Steps until it arrives.
    #[inline]
    pub fn delay(self) -> u16 {
        self.0 >> 1
    }

    /// Input channel of the target.
    #[inline]
    pub fn channel(self) -> usize {
        usize::from(self.0 & 1)
    }
}

/// Where synapses lead, and their weights: side by side where weights are few, so that what a spike meets is
/// read in one go.
#[derive(Clone, Debug, PartialEq)]
enum Cells {
    /// Neuron, and number of the weight in the table.
    Levels {
        table: Vec<f64>,
        cells: Vec<[u16; 2]>,
    },
    Exact {
        target: Vec<u16>,
        weight: Vec<f64>,
    },
}

/// Synapses by spike. Of a neuron's number they hold the lowest 16 bits: who reads them knows among which neurons it is.
#[derive(Clone, Debug, PartialEq)]
pub struct SynapseMemory {
    cells: Cells,
    timing: Column<Timing>,
}

impl SynapseMemory {
    /// Room for `len` synapses whose weights are `weights`; until they are [`put`](Self::put), it holds anything.
    pub fn like(weights: &Weights, len: usize) -> Self {
        let cells = match weights {
            Weights::Levels { table, .. } => Cells::Levels { table: table.clone(), cells: vec![[0; 2]; len] },
            Weights::Exact(_) => Cells::Exact { target: vec![0; len], weight: vec![0.0; len] },
        };
        Self { cells, timing: Column::Uniform(Timing::default()) }
    }

    /// Puts synapses down from position `first` on, each its target and its place among `weights`: the ones that this
    /// was made [`like`](Self::like).
    #[inline]
    pub fn put(&mut self, first: usize, synapses: impl Iterator<Item = (u16, usize)>, weights: &Weights) {
        match (&mut self.cells, weights) {
            (Cells::Levels { cells, .. }, Weights::Levels { index, .. }) => {
                for (cell, (target, at)) in cells[first..].iter_mut().zip(synapses) {
                    *cell = [target, index[at]];
                }
            }
            _ => {
                let (targets, own) = self.exact();
                let cells = targets[first..].iter_mut().zip(&mut own[first..]);
                cells.zip(synapses).for_each(|(cell, (to, at))| (*cell.0, *cell.1) = (to, weights.at(at)));
            }
        }
    }

    /// Says when and where the synapses deliver.
    #[must_use]
    pub fn timed(self, timing: Column<Timing>) -> Self {
        Self { timing, ..self }
    }

    /// No synapse yet; weights are kept as they are.
    pub fn empty() -> Self {
        let timing = Column::Uniform(Timing::default());
        Self { cells: Cells::Exact { target: Vec::new(), weight: Vec::new() }, timing }
    }

    /// Appends a synapse.
    #[inline]
    pub fn push(&mut self, target: u16, weight: f64, timing: Timing) {
        self.timing.push(self.len(), timing);
        let (targets, weights) = self.exact();
        targets.push(target);
        weights.push(weight);
    }

    /// Forgets all synapses, and keeps their room.
    pub fn clear(&mut self) {
        match &mut self.cells {
            Cells::Levels { table, cells } => {
                table.clear();
                cells.clear();
            }
            Cells::Exact { target, weight } => {
                target.clear();
                weight.clear();
            }
        }
        self.timing.clear();
    }

    /// Number of synapses.
    pub fn len(&self) -> usize {
        match &self.cells {
            Cells::Levels { cells, .. } => cells.len(),
            Cells::Exact { target, .. } => target.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory taken [bytes].
    pub fn bytes(&self) -> usize {
        let cells = match &self.cells {
            Cells::Levels { table, cells } => 8 * table.len() + 4 * cells.len(),
            Cells::Exact { target, .. } => 10 * target.len(),
        };
        cells + self.timing.bytes()
    }

    /// Neurons and weights as they are, which they become if they were not.
    fn exact(&mut self) -> (&mut Vec<u16>, &mut Vec<f64>) {
        if let Cells::Levels { table, cells } = &self.cells {
            let weight = cells.iter().map(|&[_, level]| table[usize::from(level)]).collect();
            self.cells = Cells::Exact { target: cells.iter().map(|cell| cell[0]).collect(), weight };
        }
        let Cells::Exact { target, weight } = &mut self.cells else { unreachable!("made so above") };
        (target, weight)
    }

    /// When and where every synapse delivers, if all agree.
    #[inline]
    pub fn common_timing(&self) -> Option<Timing> {
        match &self.timing {
            Column::Uniform(timing) => Some(*timing),
            Column::Each(_) => None,
        }
    }

    /// When and where the synapses deliver, each kind at least once.
    pub fn timings(&self) -> &[Timing] {
        self.timing.values()
    }

    /// The neuron that synapse `index` leads to, by the lowest 16 bits of its number.
    #[inline]
    pub fn target(&self, index: usize) -> u16 {
        match &self.cells {
            Cells::Levels { cells, .. } => cells[index][0],
            Cells::Exact { target, .. } => target[index],
        }
    }

    /// The weight of synapse `index`.
    #[inline]
    pub fn weight(&self, index: usize) -> f64 {
        match &self.cells {
            Cells::Levels { table, cells } => table[usize::from(cells[index][1])],
            Cells::Exact { weight, .. } => weight[index],
        }
    }

    /// When and where synapse `index` delivers.
    #[inline]
    pub fn timing(&self, index: usize) -> Timing {
        self.timing.at(index)
    }

    /// Gives synapse `index` another weight.
    pub fn set_weight(&mut self, index: usize, weight: f64) {
        if let Cells::Levels { table, cells } = &mut self.cells
            && let Some(level) = weights::level(table, weight)
        {
            cells[index][1] = level;
            return;
        }
        self.exact().1[index] = weight;
    }

    /// Asks for what is stored of the synapses in `range`, or of their first ones: it will be in the processor's cache
    /// soon.
    #[inline]
    pub fn fetch(&self, range: Range<usize>) {
        let end = range.end.min(range.start + MOST_LINES * CELLS);
        let mut at = range.start;
        while at < end {
            match &self.cells {
                Cells::Levels { cells, .. } => prefetch_index(cells.as_slice(), at),
                Cells::Exact { target, weight } => {
                    prefetch_index(target.as_slice(), at);
                    prefetch_index(weight.as_slice(), at);
                }
            }
            at += CELLS;
        }
    }

    /// Adds `value` times the weight of each synapse in `range` to what `inputs` holds for its neuron: the first of
    /// them is that of neuron `origin`, and neurons are counted on from there, beyond 65535 from 0 again.
    #[inline]
    pub fn add(&self, range: Range<usize>, value: f64, origin: u16, inputs: &mut [f64]) {
        let place = |target: u16| usize::from(target.wrapping_sub(origin));
        match &self.cells {
            Cells::Levels { table, cells } if value == 1.0 => {
                for &[target, level] in &cells[range] {
                    inputs[place(target)] += table[usize::from(level)];
                }
            }
            Cells::Levels { table, cells } => {
                for &[target, level] in &cells[range] {
                    inputs[place(target)] += table[usize::from(level)] * value;
                }
            }
            Cells::Exact { target, weight } => {
                for (&target, &weight) in target[range.clone()].iter().zip(&weight[range]) {
                    inputs[place(target)] += weight * value;
                }
            }
        }
    }

    /// Hands `deliver` the neuron, weight and timing of each synapse in `range`.
    #[inline]
    pub fn each(&self, range: Range<usize>, mut deliver: impl FnMut(u16, f64, Timing)) {
        for index in range {
            deliver(self.target(index), self.weight(index), self.timing.at(index));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(target: &[u16], weights: &Weights, timing: Column<Timing>) -> SynapseMemory {
        let mut memory = SynapseMemory::like(weights, target.len());
        memory.put(0, target.iter().copied().zip(0..), weights);
        memory.timed(timing)
    }

    #[test]
    fn a_range_adds_up_in_both_forms() {
        let levels = Weights::new(vec![0.5, 2.0, 0.5, -1.0]);
        let exact = Weights::Exact(vec![0.5, 2.0, 0.5, -1.0]);
        for weights in [levels, exact] {
            let memory = memory(&[0, 2, 2, 1], &weights, Column::Uniform(Timing::new(1, 0)));
            let mut inputs = [0.0; 3];
            memory.add(1..4, 2.0, 0, &mut inputs);
            assert_eq!(inputs, [0.0, -2.0, 5.0]);
        }
    }

    #[test]
    fn neurons_are_counted_from_the_origin_on() {
        let timing = Column::Uniform(Timing::new(1, 0));
        let memory = memory(&[65_534, 65_535, 0, 3], &Weights::new([1.0, 2.0, 3.0, 4.0]), timing);
        let mut inputs = [0.0; 6];
        memory.add(0..4, 1.0, 65_534, &mut inputs);
        assert_eq!(inputs, [1.0, 2.0, 3.0, 0.0, 0.0, 4.0]);
    }

    #[test]
    fn four_bytes_a_synapse_and_six_with_delays() {
        let memory =
            |timing: Vec<Timing>| memory(&[0; 8], &Weights::new([1.0; 8]), Column::new(timing)).bytes();
        let delays = |step: u16| (0..8).map(|i| Timing::new(1 + i * step, 0)).collect();
        assert_eq!(memory(delays(0)), 4 * 8 + 8);
        assert_eq!(memory(delays(1)), 6 * 8 + 8);
        let timing = Timing::new(Timing::MAX_DELAY, 1);
        assert_eq!((timing.delay(), timing.channel()), (Timing::MAX_DELAY, 1));
    }
}
