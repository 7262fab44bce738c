//! The random numbers of one packet.

use crate::base::NodeId;
use crate::base::random::{Purpose, philox4x32};

/// All numbers that packet `index` of a node may draw: the first two blocks of the node's injection stream at
/// step `index`, a pure function of (seed, node, index). Each number has one use.
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
    fn block(self, number: u32) -> [u64; 2] {
        block(self.seed, Purpose::Injection, (self.node, self.index), number)
    }
}

/// The destination of a neuron's spikes along synapse `synapse` of `node`.
pub(super) fn synapse_target(seed: u64, node: NodeId, synapse: u64) -> u64 {
    block(seed, Purpose::Destination, (node, synapse), 0)[0]
}

/// Block `number` of the stream with this key. A [`Stream`](crate::base::random::Stream) would deal the same
/// numbers one by one; a packet takes a block at once and leaves nothing to store.
#[inline]
fn block(seed: u64, purpose: Purpose, (node, step): (NodeId, u64), number: u32) -> [u64; 2] {
    let purpose = (purpose as u32) << 16 | (step >> 32) as u32 & 0xFFFF;
    let key = [seed as u32, (seed >> 32) as u32];
    let [a, b, c, d] = philox4x32([number, step as u32, node.0, purpose], key);
    [u64::from(a) << 32 | u64::from(b), u64::from(c) << 32 | u64::from(d)]
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
    use crate::base::random::Stream;

    #[test]
    fn a_packet_takes_the_first_numbers_of_its_stream() {
        for (seed, node, index) in [(0, 0, 0), (1 << 40 | 3, 77, 5), (u64::MAX, u32::MAX, (1 << 48) - 1)] {
            let mut stream = Stream::new(seed, Purpose::Injection, node, index);
            let mut word = || u64::from(stream.bits()) << 32 | u64::from(stream.bits());
            let dice = Dice { seed, node: NodeId(node), index };
            assert_eq!([dice.throw().gap, dice.throw().target], [word(), word()]);
            assert_eq!([dice.branch(), dice.length()], [word(), word()]);
        }
    }
}
