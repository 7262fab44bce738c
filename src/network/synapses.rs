//! Synapses by source neuron, in few bytes each.

use crate::base::NeuronId;
use crate::synapse::{Column, Weights, plasticity};

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
    /// Input channel of the target: 0, or 1 for models with two.
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
    /// Input channels of the targets.
    pub channel: Column<u8>,
}

/// Synapses as columns, in the order in which they were made.
#[derive(Clone, Debug)]
pub(super) struct SynapseList {
    pub source: Vec<u32>,
    target: Vec<u32>,
    weight: Vec<f64>,
    delay: Column<u16>,
    channel: Column<u8>,
}

impl Default for SynapseList {
    fn default() -> Self {
        let (delay, channel) = (Column::Uniform(0), Column::Uniform(0));
        Self { source: Vec::new(), target: Vec::new(), weight: Vec::new(), delay, channel }
    }
}

impl SynapseList {
    pub(super) fn push(&mut self, source: NeuronId, synapse: Synapse) {
        let len = self.source.len();
        self.source.push(source.0);
        self.target.push(synapse.target.0);
        // Negative zero is what an accumulator holds when nothing has arrived.
        self.weight.push(synapse.weight + 0.0);
        self.delay.push(len, synapse.delay);
        self.channel.push(len, synapse.channel);
    }

    pub(super) fn reserve(&mut self, more: usize) {
        self.source.reserve_exact(more);
        self.target.reserve_exact(more);
        self.weight.reserve_exact(more);
    }

    pub(super) fn len(&self) -> usize {
        self.source.len()
    }

    pub(super) fn at(&self, index: usize) -> (NeuronId, Synapse) {
        let synapse = Synapse {
            target: NeuronId(self.target[index]),
            weight: self.weight[index],
            delay: self.delay.at(index),
            channel: self.channel.at(index),
        };
        (NeuronId(self.source[index]), synapse)
    }
}

impl Synapses {
    /// The synapses in `list` among `neurons` neurons, and by position which of the list they are; nothing
    /// where they stay in order. The order within a source is that of the list.
    pub(super) fn new(neurons: u32, list: SynapseList) -> (Self, Vec<u32>) {
        let SynapseList { source, target, weight, delay, channel } = list;
        let mut first = vec![0u32; neurons as usize + 1];
        source.iter().for_each(|&source| first[source as usize + 1] += 1);
        (0..neurons as usize).for_each(|source| first[source + 1] += first[source]);
        if source.is_sorted() {
            drop(source);
            return (Self { first, target, weight: Weights::new(weight), delay, channel }, Vec::new());
        }
        let mut next = first.clone();
        let mut order = vec![0u32; source.len()];
        for (i, &source) in source.iter().enumerate() {
            order[next[source as usize] as usize] = i as u32;
            next[source as usize] += 1;
        }
        drop(source);
        let target = order.iter().map(|&i| target[i as usize]).collect();
        let weight = Weights::new(weight).permuted(&order);
        let (delay, channel) = (delay.permuted(&order), channel.permuted(&order));
        (Self { first, target, weight, delay, channel }, order)
    }

    /// Takes the synapses out as columns, for machines that store them their own way, and leaves none.
    pub fn take_columns(&mut self) -> SynapseColumns {
        let none = vec![0; self.first.len()];
        SynapseColumns {
            first: std::mem::replace(&mut self.first, none),
            target: std::mem::take(&mut self.target),
            weight: std::mem::replace(&mut self.weight, Weights::Exact(Vec::new())),
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
    pub fn range(&self, source: NeuronId) -> std::ops::Range<usize> {
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
