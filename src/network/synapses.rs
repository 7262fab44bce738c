//! Synapses by source neuron, in few bytes each.

use crate::base::NeuronId;

/// The longest delay that a synapse can have [steps].
pub const MAX_DELAY: u16 = u16::MAX;

/// Distinct weights up to which a table of them is kept instead of one number per synapse.
const MOST_LEVELS: usize = 1 << 16;

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

/// A column that is one value as long as all are equal.
#[derive(Clone, Debug, PartialEq)]
enum Column<T> {
    Uniform(T),
    Each(Vec<T>),
}

impl<T: Copy + PartialEq> Column<T> {
    fn new(values: Vec<T>) -> Self
    where
        T: Default,
    {
        let first = values.first().copied().unwrap_or_default();
        if values.iter().all(|&value| value == first) { Self::Uniform(first) } else { Self::Each(values) }
    }

    #[inline]
    fn at(&self, index: usize) -> T {
        match self {
            Self::Uniform(value) => *value,
            Self::Each(values) => values[index],
        }
    }
}

/// Weights: numbers into a table of levels as long as there are few of them, as in hardware.
#[derive(Clone, Debug, PartialEq)]
enum Weights {
    Levels { table: Vec<f64>, index: Vec<u16> },
    Exact(Vec<f64>),
}

impl Weights {
    fn new(weights: Vec<f64>) -> Self {
        let mut table: Vec<u64> = Vec::new();
        for block in weights.chunks(MOST_LEVELS) {
            table.extend(block.iter().map(|weight| weight.to_bits()));
            table.sort_unstable();
            table.dedup();
            if table.len() > MOST_LEVELS {
                return Self::Exact(weights);
            }
        }
        let place = |weight: &f64| table.partition_point(|&level| level < weight.to_bits()) as u16;
        let index = weights.iter().map(place).collect();
        Self::Levels { table: table.into_iter().map(f64::from_bits).collect(), index }
    }

    #[inline]
    fn at(&self, index: usize) -> f64 {
        match self {
            Self::Levels { table, index: levels } => table[usize::from(levels[index])],
            Self::Exact(weights) => weights[index],
        }
    }

    fn set(&mut self, at: usize, weight: f64) {
        if let Self::Levels { table, index } = self {
            if let Some(level) = table.iter().position(|level| level.to_bits() == weight.to_bits()) {
                index[at] = level as u16;
                return;
            }
            *self = Self::Exact(index.iter().map(|&level| table[usize::from(level)]).collect());
        }
        if let Self::Exact(weights) = self {
            weights[at] = weight;
        }
    }
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

impl Synapses {
    /// The synapses in `list`, as (source, synapse), among `neurons` neurons. The order within a source is
    /// that of the list.
    pub(super) fn new(neurons: u32, list: &[(NeuronId, Synapse)]) -> Self {
        let mut first = vec![0u32; neurons as usize + 1];
        list.iter().for_each(|(source, _)| first[source.index() + 1] += 1);
        (0..neurons as usize).for_each(|source| first[source + 1] += first[source]);
        let mut next = first.clone();
        let mut order = vec![0u32; list.len()];
        for (i, (source, _)) in list.iter().enumerate() {
            order[next[source.index()] as usize] = i as u32;
            next[source.index()] += 1;
        }
        let sorted = || order.iter().map(|&i| &list[i as usize].1);
        Self {
            target: sorted().map(|synapse| synapse.target.0).collect(),
            // Negative zero is what an accumulator holds when nothing has arrived.
            weight: Weights::new(sorted().map(|synapse| synapse.weight + 0.0).collect()),
            delay: Column::new(sorted().map(|synapse| synapse.delay).collect()),
            channel: Column::new(sorted().map(|synapse| synapse.channel).collect()),
            first,
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
        match &self.delay {
            Column::Uniform(delay) => *delay,
            Column::Each(delays) => delays.iter().copied().max().unwrap_or(0),
        }
    }

    /// Memory taken [bytes].
    pub fn bytes(&self) -> usize {
        let weight = match &self.weight {
            Weights::Levels { table, index } => 8 * table.len() + 2 * index.len(),
            Weights::Exact(weights) => 8 * weights.len(),
        };
        let delay = if let Column::Each(delays) = &self.delay { 2 * delays.len() } else { 0 };
        let channel = if let Column::Each(channels) = &self.channel { channels.len() } else { 0 };
        4 * (self.first.len() + self.target.len()) + weight + delay + channel
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn synapse(target: u32, weight: f64, delay: u16) -> Synapse {
        Synapse { target: NeuronId(target), weight, delay, channel: 0 }
    }

    #[test]
    fn synapses_come_back_source_by_source_in_the_order_made() {
        let list = [(2, synapse(0, 1.0, 1)), (0, synapse(1, 2.0, 3)), (2, synapse(1, -0.0, 1))]
            .map(|(source, synapse)| (NeuronId(source), synapse));
        let mut all = Synapses::new(3, &list);
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
        assert_eq!(Synapses::new(7, &list).bytes(), 6 * 1000 + 4 * 8 + 8 * 9);
    }

    #[test]
    fn many_weights_are_kept_exactly() {
        let list: Vec<_> =
            (0..70_000u32).map(|i| (NeuronId(0), synapse(0, f64::from(i).sqrt(), 1))).collect();
        let all = Synapses::new(1, &list);
        assert!((0..70_000).all(|i| all.at(i).weight == (i as f64).sqrt()));
    }
}
