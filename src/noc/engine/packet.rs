//! Packets under way: a slab of records, addressed by the slot number that flits carry.

use crate::base::NodeId;
use crate::noc::route::Head;
use crate::noc::source::Offer;

/// A packet from creation to delivery.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Packet {
    pub head: Head,
    pub src: NodeId,
    pub dst: NodeId,
    pub tag: u32,
    pub flits: u16,
    /// Routers traversed.
    pub hops: u16,
    pub created: u64,
    pub injected: u64,
    pub head_ejected: u64,
}

impl Packet {
    pub(super) fn new(src: NodeId, offer: &Offer, head: Head) -> Self {
        let Offer { at, dst, flits, tag } = *offer;
        Self { head, src, dst, tag, flits, hops: 0, created: at, injected: 0, head_ejected: 0 }
    }
}

/// The slab. Freed slots are used again, last freed first.
#[derive(Clone, Debug, Default)]
pub(super) struct Packets {
    records: Vec<Packet>,
    free: Vec<u32>,
}

impl Packets {
    #[inline]
    pub(super) fn insert(&mut self, packet: Packet) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                self.records[slot as usize] = packet;
                slot
            }
            None => {
                self.records.push(packet);
                self.records.len() as u32 - 1
            }
        }
    }

    #[inline(always)]
    pub(super) fn get(&mut self, slot: usize) -> &mut Packet {
        &mut self.records[slot]
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: usize) -> Packet {
        self.free.push(slot as u32);
        self.records[slot]
    }

    /// Packets in flight.
    pub(super) fn len(&self) -> usize {
        self.records.len() - self.free.len()
    }
}
