//! Which synapses learn, by sender and by target.

use super::learning::Ends;

/// The synapses that learn, in flat lists. Each has a number of its own, by sender.
#[derive(Clone, Debug)]
pub(super) struct Wiring {
    first: Vec<u32>,
    target: Vec<u32>,
    source: Vec<u32>,
    /// By synapse: its position among all synapses of the network.
    position: Vec<u32>,
    into_first: Vec<u32>,
    into: Vec<u32>,
}

/// One end of a synapse that learns.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// Its number among those that learn.
    pub synapse: u32,
    /// Its position among all synapses.
    pub position: u32,
    /// The neuron at the other end.
    pub other: u32,
}

impl Wiring {
    /// The synapses of `list`, as (source, target, position), between so many senders and targets.
    pub(super) fn new(ends: Ends, list: &[(u32, u32, u32)]) -> Self {
        let (first, order) = bucket(ends.sources as usize, list.iter().map(|it| it.0));
        let sorted = || order.iter().map(|&i| list[i as usize]);
        let source: Vec<u32> = sorted().map(|it| it.0).collect();
        let target: Vec<u32> = sorted().map(|it| it.1).collect();
        let position = sorted().map(|it| it.2).collect();
        let (into_first, into) = bucket(ends.targets as usize, target.iter().copied());
        Self { first, target, source, position, into_first, into }
    }

    pub(super) fn len(&self) -> usize {
        self.target.len()
    }

    pub(super) fn position(&self, synapse: usize) -> u32 {
        self.position[synapse]
    }

    /// Whether synapses that learn leave `neuron`.
    #[inline]
    pub(super) fn sends(&self, neuron: u32) -> bool {
        self.first[neuron as usize] < self.first[neuron as usize + 1]
    }

    /// Whether synapses that learn end at `neuron`.
    #[inline]
    pub(super) fn hears(&self, neuron: u32) -> bool {
        self.into_first[neuron as usize] < self.into_first[neuron as usize + 1]
    }

    /// The synapses that leave `neuron`.
    #[inline]
    pub(super) fn from(&self, neuron: u32) -> impl Iterator<Item = End> + '_ {
        let at = neuron as usize;
        (self.first[at]..self.first[at + 1]).map(|synapse| End {
            synapse,
            position: self.position[synapse as usize],
            other: self.target[synapse as usize],
        })
    }

    /// The synapses that end at `neuron`.
    #[inline]
    pub(super) fn into(&self, neuron: u32) -> impl Iterator<Item = End> + '_ {
        let at = neuron as usize;
        let list = &self.into[self.into_first[at] as usize..self.into_first[at + 1] as usize];
        list.iter().map(|&synapse| End {
            synapse,
            position: self.position[synapse as usize],
            other: self.source[synapse as usize],
        })
    }
}

/// Sorts numbers by key: where each key begins, and the numbers in order.
fn bucket(keys: usize, of: impl ExactSizeIterator<Item = u32> + Clone) -> (Vec<u32>, Vec<u32>) {
    let mut first = vec![0u32; keys + 1];
    let mut order = vec![0u32; of.len()];
    of.clone().for_each(|key| first[key as usize + 1] += 1);
    (0..keys).for_each(|key| first[key + 1] += first[key]);
    let mut next = first.clone();
    for (i, key) in of.enumerate() {
        let at = &mut next[key as usize];
        order[*at as usize] = i as u32;
        *at += 1;
    }
    (first, order)
}
