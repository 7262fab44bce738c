//! Where the synapses of a network have gone in the memory of a chip: the host counts them as the network does.

use std::ops::Range;

/// By synapse of a neuron, in the order of the network: its place among the neuron's synapses in memory.
#[derive(Clone, Debug)]
enum Ranks {
    Short(Vec<u8>),
    Medium(Vec<u16>),
    Long(Vec<u32>),
}

/// Where each synapse is.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    /// By neuron: the first of its synapses in the network; one more entry than neurons. Empty where everything is
    /// in place.
    first: Vec<u32>,
    ranks: Ranks,
    in_place: bool,
}

impl Moved {
    /// Nothing has moved yet, of the synapses that begin at `first`, by neuron.
    pub(super) fn new(first: Vec<u32>) -> Self {
        let most = first.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        let len = first.last().map_or(0, |&len| len as usize);
        let ranks = match most {
            0..=0x100 => Ranks::Short(vec![0; len]),
            0x101..=0x1_0000 => Ranks::Medium(vec![0; len]),
            _ => Ranks::Long(vec![0; len]),
        };
        Self { first, ranks, in_place: true }
    }

    /// Synapses of `neuron`, as the network counts them.
    pub(super) fn of(&self, neuron: usize) -> Range<u32> {
        self.first[neuron]..self.first[neuron + 1]
    }

    /// Notes that the synapses `order` of `neuron` lie in memory from `start` on.
    pub(super) fn put(&mut self, neuron: usize, start: u32, order: impl Iterator<Item = u32>) {
        let base = self.first[neuron];
        self.in_place &= base == start || self.of(neuron).is_empty();
        for (rank, index) in (0u32..).zip(order) {
            self.in_place &= index == base + rank;
            match &mut self.ranks {
                Ranks::Short(ranks) => ranks[index as usize] = rank as u8,
                Ranks::Medium(ranks) => ranks[index as usize] = rank as u16,
                Ranks::Long(ranks) => ranks[index as usize] = rank,
            }
        }
    }

    /// Everything has been put.
    pub(super) fn finish(self) -> Self {
        match self.in_place {
            true => Self { first: Vec::new(), ranks: Ranks::Short(Vec::new()), in_place: true },
            false => self,
        }
    }

    /// The position of synapse `index` in memory; `start` says where those of a neuron begin there.
    pub(super) fn position(&self, index: usize, start: impl Fn(usize) -> usize) -> usize {
        if self.in_place {
            return index;
        }
        let neuron = self.first.partition_point(|&first| first as usize <= index) - 1;
        let rank = match &self.ranks {
            Ranks::Short(ranks) => ranks[index].into(),
            Ranks::Medium(ranks) => ranks[index].into(),
            Ranks::Long(ranks) => ranks[index] as usize,
        };
        start(neuron) + rank
    }

    /// Memory taken [bytes].
    pub(super) fn bytes(&self) -> usize {
        let ranks = match &self.ranks {
            Ranks::Short(ranks) => ranks.len(),
            Ranks::Medium(ranks) => 2 * ranks.len(),
            Ranks::Long(ranks) => 4 * ranks.len(),
        };
        ranks + 4 * self.first.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(lens: &[u32], order: &[(usize, Vec<u32>)]) -> Moved {
        let mut first = vec![0];
        lens.iter().for_each(|len| first.push(first[first.len() - 1] + len));
        let (mut moved, mut start) = (Moved::new(first), 0);
        for (neuron, own) in order {
            moved.put(*neuron, start, own.iter().copied());
            start += own.len() as u32;
        }
        moved.finish()
    }

    #[test]
    fn every_synapse_is_found_where_it_was_put() {
        for len in [3, 300, 70_000u32] {
            // Neuron 1 comes first, and its synapses in reverse.
            let all = moved(&[2, len], &[(1, (2..len + 2).rev().collect()), (0, vec![0, 1])]);
            let start = |neuron: usize| [len as usize, 0][neuron];
            for index in 0..len + 2 {
                let expected = if index < 2 { len + index } else { len + 1 - index };
                assert_eq!(all.position(index as usize, start), expected as usize, "{index} of {len}");
            }
        }
    }

    #[test]
    fn what_stays_in_place_takes_no_memory() {
        let all = moved(&[2, 0, 1], &[(0, vec![0, 1]), (1, vec![]), (2, vec![2])]);
        assert_eq!((all.bytes(), all.position(2, |_| 0)), (0, 2));
    }
}
