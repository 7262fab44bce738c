//! What spikes send, on its way from one part of the chip to another.

use super::drawing::Letters;

/// The packets of one spike on their way to a shard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parcel {
    /// The entry of the first in the plan, or with the mark of drawn ones in its shard's letters.
    pub packet: u32,
    /// How many there are.
    pub count: u32,
    /// The place of the first among what its shard sends.
    pub message: u32,
    /// What they carry: 1 for a spike.
    pub value: f64,
}

impl Parcel {
    /// Each packet alone.
    pub(super) fn packets(self) -> impl Iterator<Item = Self> {
        let one = move |at| Self { packet: self.packet + at, count: 1, message: self.message + at, ..self };
        (0..self.count).map(one)
    }
}

/// Steps that a packet is late which never arrives.
pub(super) const LOST: u32 = u32::MAX;

/// Most steps that a packet can be late and still be applied; what comes later is applied then.
pub(super) const LATEST: u32 = 15;

/// What one shard has sent to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent<'a> {
    pub parcels: &'a [Parcel],
    /// All packets of the sender whose synapses are drawn.
    pub letters: &'a Letters,
    /// By message of the sender: by how many steps it is late, if anything can be.
    pub late: Option<&'a [u32]>,
}
