//! Synapses by source neuron, in few bytes each.

use std::ops::Range;

use rayon::prelude::*;

use super::sources::Sources;
use crate::base::NeuronId;
use crate::synapse::{Column, Moves, WeightList, Weights, plasticity};

/// The longest delay that a synapse can have [steps].
pub const MAX_DELAY: u16 = u16::MAX;

/// What a spike meets: one synapse, seen from its source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Synapse {
    /// The neuron that receives.
    pub target: NeuronId,
    /// What arrives there, in the unit of the target's input channel.
    pub weight: f64,
    /// Steps until it arrives [≥ 1].
    pub delay: u16,
    /// Input of the target: one of its model's channels, counted from 0, or behind them a tap of its dendrite.
    pub channel: u8,
}

/// All synapses of a network, by source: 6 bytes each where delays are equal and weights few.
#[derive(Clone, Debug, PartialEq)]
pub struct Synapses {
    /// Where the synapses of each source begin; one more entry than neurons.
    first: Vec<u32>,
    target: Vec<u32>,
    weight: Weights,
    delay: Column<u16>,
    channel: Column<u8>,
}

/// Synapses as columns, source by source.
#[derive(Clone, Debug, PartialEq)]
pub struct SynapseColumns {
    /// Where the synapses of each source begin; one more entry than neurons.
    pub first: Vec<u32>,
    /// The neurons that receive.
    pub target: Vec<u32>,
    /// What arrives there.
    pub weight: Weights,
    /// Steps until it arrives.
    pub delay: Column<u16>,
    /// Inputs of the targets.
    pub channel: Column<u8>,
}

/// Synapses as columns, in the order in which they were made.
#[derive(Clone, Debug)]
pub(super) struct SynapseList {
    sources: Sources,
    target: Vec<u32>,
    weight: WeightList,
    delay: Column<u16>,
    channel: Column<u8>,
}

impl SynapseColumns {
    /// Forgets the synapses from position `len` on, and gives back the memory that they took.
    pub fn truncate(&mut self, len: usize) {
        self.target.truncate(len);
        self.target.shrink_to_fit();
        self.weight.truncate(len);
        self.delay.truncate(len);
        self.channel.truncate(len);
    }
}

impl Default for SynapseList {
    fn default() -> Self {
        let (delay, channel) = (Column::Uniform(0), Column::Uniform(0));
        let (sources, weight) = (Sources::default(), WeightList::default());
        Self { sources, target: Vec::new(), weight, delay, channel }
    }
}

impl SynapseList {
    #[inline]
    pub(super) fn push(&mut self, source: NeuronId, synapse: Synapse) {
        let len = self.len();
        self.sources.push(len, source.0);
        self.target.push(synapse.target.0);
        // Negative zero is what an accumulator holds when nothing has arrived.
        self.weight.push(synapse.weight + 0.0);
        self.delay.push(len, synapse.delay);
        self.channel.push(len, synapse.channel);
    }

    /// Appends what another list holds.
    pub(super) fn append(&mut self, other: Self) {
        let (len, more) = (self.len(), other.len());
        self.sources.append(len, (other.sources, more));
        self.target.extend_from_slice(&other.target);
        self.weight.append(other.weight);
        self.delay.append(len, (other.delay, more));
        self.channel.append(len, (other.channel, more));
    }

    pub(super) fn reserve(&mut self, more: usize) {
        self.target.reserve_exact(more);
        self.weight.reserve(more);
    }

    pub(super) fn len(&self) -> usize {
        self.target.len()
    }

    /// The weight of the synapse made as number `index`.
    pub(super) fn weight(&self, index: usize) -> f64 {
        self.weight.at(index)
    }

    /// The first source that `is_wanted`.
    pub(super) fn source_where(&self, is_wanted: impl Fn(NeuronId) -> bool) -> Option<NeuronId> {
        let runs = 0..self.sources.runs();
        runs.map(|run| NeuronId(self.run(run).0)).find(|&source| is_wanted(source))
    }

    /// The source of run `run`, and its synapses.
    fn run(&self, run: usize) -> (u32, Range<usize>) {
        self.sources.run(run, self.len())
    }

    /// What is wrong with synapses, as `wrong_with` tells it, and which they are: the first few.
    pub(super) fn wrong(
        &self,
        most: usize,
        wrong_with: impl Fn(NeuronId, &Synapse) -> Option<String> + Sync,
    ) -> Vec<(usize, String)> {
        const RUNS: usize = 1 << 14;
        let in_block = |block: usize| {
            let runs = block * RUNS..((block + 1) * RUNS).min(self.sources.runs());
            let synapses =
                runs.map(|run| self.run(run)).flat_map(|(source, own)| own.map(move |at| (source, at)));
            let found = synapses.filter_map(|(source, at)| {
                wrong_with(NeuronId(source), &self.synapse(at)).map(|message| (at, message))
            });
            found.take(most).collect::<Vec<_>>()
        };
        let blocks = (0..self.sources.runs().div_ceil(RUNS)).into_par_iter();
        let mut all = blocks.map(in_block).collect::<Vec<_>>().concat();
        all.truncate(most);
        all
    }

    #[inline]
    fn synapse(&self, index: usize) -> Synapse {
        Synapse {
            target: NeuronId(self.target[index]),
            weight: self.weight.at(index),
            delay: self.delay.at(index),
            channel: self.channel.at(index),
        }
    }
}

impl Synapses {
    /// The synapses in `list` among `neurons` neurons, and where they have gone. The order within a source is
    /// that of the list.
    pub(super) fn new(neurons: u32, list: SynapseList) -> (Self, Moves) {
        let len = list.len();
        let SynapseList { sources, target, weight, delay, channel } = list;
        let first = sources.first(neurons, len);
        let moves = sources.moves(&first, len);
        // One column after the other: at most one is in memory twice.
        let target = moves.applied(target);
        let weight = weight.finish().moved(&moves);
        let (delay, channel) = (delay.moved(&moves), channel.moved(&moves));
        let mut columns = SynapseColumns { first, target, weight, delay, channel };
        columns.truncate(len);
        let SynapseColumns { first, target, weight, delay, channel } = columns;
        (Self { first, target, weight, delay, channel }, moves)
    }

    /// Takes the synapses out as columns, for machines that store them their own way, and leaves none.
    pub fn take_columns(&mut self) -> SynapseColumns {
        let none = vec![0; self.first.len()];
        SynapseColumns {
            first: std::mem::replace(&mut self.first, none),
            target: std::mem::take(&mut self.target),
            weight: std::mem::replace(&mut self.weight, Weights::new([])),
            delay: std::mem::replace(&mut self.delay, Column::Uniform(0)),
            channel: std::mem::replace(&mut self.channel, Column::Uniform(0)),
        }
    }

    /// Number of synapses.
    pub fn len(&self) -> usize {
        self.target.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.target.is_empty()
    }

    /// Number of neurons.
    pub fn neurons(&self) -> u32 {
        self.first.len() as u32 - 1
    }

    /// Positions of the synapses of `source`, for [`at`](Self::at).
    #[inline]
    pub fn range(&self, source: NeuronId) -> Range<usize> {
        self.first[source.index()] as usize..self.first[source.index() + 1] as usize
    }

    /// The synapse at position `index`.
    #[inline]
    pub fn at(&self, index: usize) -> Synapse {
        Synapse {
            target: NeuronId(self.target[index]),
            weight: self.weight.at(index),
            delay: self.delay.at(index),
            channel: self.channel.at(index),
        }
    }

    /// The synapses of `source`, in the order in which they were made.
    pub fn of(&self, source: NeuronId) -> impl ExactSizeIterator<Item = Synapse> + '_ {
        self.range(source).map(|index| self.at(index))
    }

    /// Gives the synapse at position `index` another weight.
    pub fn set_weight(&mut self, index: usize, weight: f64) {
        self.weight.set(index, weight + 0.0);
    }

    /// The longest delay [steps]; 0 where there are no synapses.
    pub fn longest_delay(&self) -> u16 {
        self.delay.values().iter().copied().max().unwrap_or(0)
    }

    /// Memory taken [bytes].
    pub fn bytes(&self) -> usize {
        let columns = self.weight.bytes() + self.delay.bytes() + self.channel.bytes();
        4 * (self.first.len() + self.target.len()) + columns
    }
}

impl plasticity::Weights for Synapses {
    fn weight(&self, position: u32) -> f64 {
        self.weight.at(position as usize)
    }

    fn set_weight(&mut self, position: u32, weight: f64) {
        Synapses::set_weight(self, position as usize, weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(neurons: u32, list: &[(NeuronId, Synapse)]) -> Synapses {
        let mut columns = SynapseList::default();
        list.iter().for_each(|&(source, synapse)| columns.push(source, synapse));
        Synapses::new(neurons, columns).0
    }

    fn synapse(target: u32, weight: f64, delay: u16) -> Synapse {
        Synapse { target: NeuronId(target), weight, delay, channel: 0 }
    }

    #[test]
    fn synapses_come_back_source_by_source_in_the_order_made() {
        let list = [(2, synapse(0, 1.0, 1)), (0, synapse(1, 2.0, 3)), (2, synapse(1, -0.0, 1))]
            .map(|(source, synapse)| (NeuronId(source), synapse));
        let mut all = stored(3, &list);
        let of = |all: &Synapses, source| all.of(NeuronId(source)).collect::<Vec<_>>();
        assert_eq!(of(&all, 0), [synapse(1, 2.0, 3)]);
        assert_eq!(of(&all, 1), []);
        assert_eq!(of(&all, 2), [synapse(0, 1.0, 1), synapse(1, 0.0, 1)]);
        assert!(all.at(2).weight.is_sign_positive());
        all.set_weight(1, 0.3);
        assert_eq!((all.at(1).weight, all.at(2).weight, all.longest_delay()), (0.3, 0.0, 3));
    }

    #[test]
    fn equal_delays_and_few_weights_take_six_bytes() {
        let list: Vec<_> =
            (0..1000u32).map(|i| (NeuronId(i % 7), synapse(i % 5, f64::from(i % 9), 1))).collect();
        assert_eq!(stored(7, &list).bytes(), 6 * 1000 + 4 * 8 + 8 * 9);
    }

    #[test]
    fn many_weights_are_kept_exactly() {
        let list: Vec<_> =
            (0..70_000u32).map(|i| (NeuronId(0), synapse(0, f64::from(i).sqrt(), 1))).collect();
        let all = stored(1, &list);
        assert!((0..70_000).all(|i| all.at(i).weight == (i as f64).sqrt()));
    }
}
