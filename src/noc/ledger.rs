//! Packets under way in the engines that move whole packets, and what is counted of them.

use super::engine::{PacketRecord, Tally, Window};
use super::loss::{Cause, Losses};
use super::route::Head;
use super::source::{Delivery, Offer};
use crate::base::NodeId;

/// A packet under way, or one copy of a multicast packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parcel {
    pub head: Head,
    /// Branch of its multicast tree that it is on; `u32::MAX` on packets to one destination.
    pub branch: u32,
    pub src: NodeId,
    pub dst: NodeId,
    pub tag: u32,
    pub flits: u16,
    /// Routers traversed.
    pub hops: u16,
    pub created: u64,
    pub injected: u64,
    pub head_ejected: u64,
    pub tail_ejected: u64,
}

impl Parcel {
    /// A packet to one destination.
    pub(super) fn new(src: NodeId, offer: &Offer, head: Head) -> Self {
        let Offer { at, dst, flits, tag } = *offer;
        Self {
            head,
            branch: u32::MAX,
            src,
            dst,
            tag,
            flits,
            hops: 0,
            created: at,
            injected: at,
            head_ejected: 0,
            tail_ejected: 0,
        }
    }

    pub(super) fn delivery(&self) -> Delivery {
        let Self { src, dst, tag, injected, .. } = *self;
        Delivery { src, dst, tag, injected, at: self.tail_ejected }
    }
}

/// A slab of parcels with their tally. Freed slots are used again, last freed first.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    pub tally: Tally,
    parcels: Vec<Parcel>,
    free: Vec<u32>,
}

impl Ledger {
    /// For a network with this many ports.
    pub(super) fn new(ports: usize) -> Self {
        Self { tally: blank(ports), parcels: Vec::new(), free: Vec::new() }
    }

    /// A packet is created, to be delivered or refused `copies` times.
    pub(super) fn create(&mut self, offer: &Offer, copies: u64) {
        self.tally.created += copies;
        if self.tally.window.contains(offer.at) {
            self.tally.flits_offered += copies * u64::from(offer.flits);
        }
    }

    /// A created packet is let in, to be delivered `copies` times.
    pub(super) fn admit(&mut self, created: u64, copies: u64) {
        if self.tally.window.contains(created) {
            self.tally.outstanding += copies;
        }
    }

    /// A packet has been read whole by its destination at `parcel.tail_ejected`.
    pub(super) fn deliver(&mut self, parcel: &Parcel) {
        let tally = &mut self.tally;
        let at = parcel.tail_ejected;
        tally.delivered += 1;
        tally.finish = tally.finish.max(at + 1);
        if tally.window.contains(parcel.created) {
            tally.outstanding = tally.outstanding.saturating_sub(1);
            tally.packet_latency.add(at - parcel.created);
            tally.network_latency.add(at - parcel.injected);
            tally.hops.add(parcel.hops.into());
        }
        if let Some(log) = &mut tally.log {
            let Parcel { tag, src, dst, flits, hops, created, injected, head_ejected, .. } = *parcel;
            log.push(PacketRecord {
                tag,
                src,
                dst,
                flits,
                hops,
                created,
                injected,
                head_ejected,
                tail_ejected: at,
            });
        }
    }

    /// A flit is read by a sink at cycle `at`.
    #[inline]
    pub(super) fn eject_flit(&mut self, at: u64) {
        self.tally.flits_ejected += 1;
        self.tally.flits_accepted += u64::from(self.tally.window.contains(at));
    }

    /// A packet that was let in leads nowhere.
    pub(super) fn lose(&mut self, parcel: &Parcel) {
        self.tally.lose(parcel.created, Cause::CutOff);
        self.tally.flits_lost += u64::from(parcel.flits);
    }

    #[inline]
    pub(super) fn insert(&mut self, parcel: Parcel) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.parcels[slot as usize] = parcel;
            return slot;
        }
        self.parcels.push(parcel);
        self.parcels.len() as u32 - 1
    }

    #[inline(always)]
    pub(super) fn parcel(&self, slot: u32) -> &Parcel {
        &self.parcels[slot as usize]
    }

    #[inline(always)]
    pub(super) fn parcel_mut(&mut self, slot: u32) -> &mut Parcel {
        &mut self.parcels[slot as usize]
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: u32) -> Parcel {
        self.free.push(slot);
        self.parcels[slot as usize]
    }

    /// Parcels under way.
    pub(super) fn under_way(&self) -> u64 {
        (self.parcels.len() - self.free.len()) as u64
    }

    /// The tally, its log in the order of arrival.
    pub(super) fn tally(&self) -> Tally {
        let mut tally = self.tally.clone();
        if let Some(log) = &mut tally.log {
            log.sort_unstable_by_key(|record| (record.tail_ejected, record.dst, record.src, record.tag));
        }
        tally
    }
}

fn blank(ports: usize) -> Tally {
    Tally {
        created: 0,
        delivered: 0,
        refused: 0,
        losses: Losses::default(),
        corrupted: 0,
        flits_injected: 0,
        flits_ejected: 0,
        flits_lost: 0,
        flits_accepted: 0,
        flits_offered: 0,
        flits_refused: 0,
        outstanding: 0,
        vc_grants: 0,
        retransmitted: 0,
        packet_latency: Default::default(),
        network_latency: Default::default(),
        hops: Default::default(),
        port_flits: vec![0; ports],
        log: None,
        window: Window::ALWAYS,
        finish: 0,
    }
}
