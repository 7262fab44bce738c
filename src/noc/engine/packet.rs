//! Packets under way: a slab of records, addressed by the slot number that flits carry.

use super::wheel::Flit;
use crate::base::NodeId;
use crate::noc::route::Head;
use crate::noc::source::Offer;

/// What a router touches of a packet at each hop.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Travel {
    pub head: Head,
    /// The branch of its multicast tree that the packet is on.
    pub branch: u32,
    /// Routers traversed; with a [`Compass`](super::compass::Compass), all routers of its way.
    pub hops: u16,
    /// What bit errors have done to the flits that were read so far.
    pub damage: Damage,
}

/// What bit errors have done to a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Damage {
    /// Nothing.
    #[default]
    None,
    /// A flit is damaged, and no check has noticed.
    Unnoticed,
    /// A flit was given up.
    Fatal,
}

impl Damage {
    /// A flit with a mark is read.
    pub(super) fn note(&mut self, flit: Flit) {
        *self = (*self).max(if flit.is_given_up() { Self::Fatal } else { Self::Unnoticed });
    }
}

/// What only the ends of the journey touch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    pub src: NodeId,
    pub dst: NodeId,
    pub tag: u32,
    pub flits: u16,
    /// Low bits of the number of the packet at its source; with source and creation they name it.
    pub serial: u16,
    pub created: u64,
    pub injected: u64,
    pub head_ejected: u64,
}

impl Record {
    pub(super) fn new(src: NodeId, offer: &Offer, number: u32) -> Self {
        let Offer { at, dst, flits, tag } = *offer;
        Self { src, dst, tag, flits, serial: number as u16, created: at, injected: 0, head_ejected: 0 }
    }
}

/// A packet. One cache line: whoever creates it or reads it touches both parts.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(super) struct Packet {
    pub travel: Travel,
    pub record: Record,
}

/// The slab. Freed slots are used again, last freed first.
#[derive(Clone, Debug, Default)]
pub(super) struct Packets {
    slots: Vec<Packet>,
    free: Vec<u32>,
    /// Copies of multicast packets that are still to be made. Wraps around zero where packets are copied in
    /// another region than the one that sent them.
    pub uncopied: u64,
}

impl Packets {
    /// Forgets all packets.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
        self.uncopied = 0;
    }

    pub(super) fn insert(&mut self, travel: Travel, record: Record) -> u32 {
        let slot = self.reserve();
        self.slots[slot as usize] = Packet { travel, record };
        slot
    }

    /// A slot for a packet, in which there is still another one or none.
    #[inline]
    pub(super) fn reserve(&mut self) -> u32 {
        if let Some(slot) = self.free.pop() {
            return slot;
        }
        self.slots.push(Packet::default());
        self.slots.len() as u32 - 1
    }

    /// Makes one of the copies that a multicast packet is still to become.
    pub(super) fn copy(&mut self, slot: usize) -> u32 {
        let (travel, record) = self.get(slot);
        self.uncopied = self.uncopied.wrapping_sub(1);
        self.insert(travel, record)
    }

    #[inline(always)]
    pub(super) fn travel(&mut self, slot: usize) -> &mut Travel {
        &mut self.slots[slot].travel
    }

    #[inline(always)]
    pub(super) fn record(&mut self, slot: usize) -> &mut Record {
        &mut self.slots[slot].record
    }

    #[inline(always)]
    pub(super) fn packet(&mut self, slot: usize) -> &mut Packet {
        &mut self.slots[slot]
    }

    pub(super) fn get(&self, slot: usize) -> (Travel, Record) {
        let Packet { travel, record } = self.slots[slot];
        (travel, record)
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: usize) {
        self.free.push(slot as u32);
    }

    /// Slots in use, ascending.
    pub(super) fn slots(&self) -> impl Iterator<Item = usize> + use<> {
        let mut live = vec![true; self.slots.len()];
        self.free.iter().for_each(|&slot| live[slot as usize] = false);
        live.into_iter().enumerate().filter_map(|(slot, live)| live.then_some(slot))
    }

    /// Packets in flight; those that are still to be copied count once.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}
