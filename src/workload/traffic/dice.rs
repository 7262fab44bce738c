//! The random numbers of one packet.

use crate::base::NodeId;
use crate::base::random::{Purpose, philox2x64};

/// All numbers that packet `index` of a node may draw: a pure function of (seed, node, index). Each number has one use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice {
    pub seed: u64,
    pub node: NodeId,
    pub index: u64,
}

/// The numbers that every packet needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Throw {
    /// Time since the packet before.
    pub gap: u64,
    /// Destination.
    pub target: u64,
}

impl Dice {
    /// Time and destination.
    #[inline]
    pub(super) fn throw(self) -> Throw {
        let [gap, target] = self.block(0);
        Throw { gap, target }
    }

    /// Which of two laws the gap follows.
    #[inline]
    pub(super) fn branch(self) -> u64 {
        self.block(1)[0]
    }

    /// Packet length.
    #[inline]
    pub(super) fn length(self) -> u64 {
        self.block(1)[1]
    }

    #[inline]
    fn block(self, number: u16) -> [u64; 2] {
        block(self.seed, Purpose::Injection, (self.node, self.index), number)
    }
}

/// The destination of a neuron's spikes along synapse `synapse` of `node`.
pub(super) fn synapse_target(seed: u64, node: NodeId, synapse: u64) -> u64 {
    block(seed, Purpose::Destination, (node, synapse), 0)[0]
}

/// Block `number` of the numbers with this key: a pure function of all of it, so that there is nothing to store.
#[inline]
fn block(seed: u64, purpose: Purpose, (node, step): (NodeId, u64), number: u16) -> [u64; 2] {
    let counter = [step << 16 | u64::from(number), (purpose as u64) << 32 | u64::from(node.0)];
    philox2x64(counter, seed)
}

/// `word` as a number in [0, 1) with 53 bits.
#[inline]
pub(super) fn unit(word: u64) -> f64 {
    (word >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// `word` as a number in 0..`bound` and a remainder that is uniform for each such number. No number is more
/// than `bound` / 2⁶⁴ likelier than another.
#[inline]
pub(super) fn below(word: u64, bound: u32) -> (u32, u64) {
    let product = u128::from(word) * u128::from(bound);
    ((product >> 64) as u32, product as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of other packets, nodes, seeds and uses are others, also where packets are counted beyond 32 bits.
    #[test]
    fn each_number_has_one_use() {
        let mut seen = std::collections::BTreeSet::new();
        for (seed, node, index) in
            [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1 << 32), (0, 1 << 16, 0)]
        {
            let node = NodeId(node);
            let dice = Dice { seed, node, index };
            let Throw { gap, target } = dice.throw();
            for word in [gap, target, dice.branch(), dice.length(), synapse_target(seed, node, index)] {
                assert!(seen.insert(word), "seed {seed}, {node}, packet {index}");
            }
        }
    }
}
