//! Nodes: where packets enter the network and leave it.
//!
//! A node injects one flit per cycle. It asks its source for the next packet only when the previous
//! one is inside the network, so a saturated source queue costs no memory: the wait shows in the
//! packet's latency, because its creation time is the source's.

use super::cycle::Turn;
use super::packet::{Record, Travel};
use super::region::Region;
use super::setup::NODE_CHANNEL;
use super::wheel::{Due, Flit, Place};
use crate::base::NodeId;
use crate::base::random::{Purpose, Stream};
use crate::noc::route::{Head, Routing};
use crate::noc::source::{Delivery, Offer, Source};

/// The injection port of a node.
#[derive(Clone, Debug)]
pub(super) struct NodePort {
    /// The next packet to create.
    next: Option<Offer>,
    /// Slot of the packet that is being injected.
    slot: u32,
    /// Flits of it still to be sent.
    left: u16,
    /// Whether its head is still to be sent.
    at_head: bool,
    /// Its virtual channel.
    vc: u8,
    /// Virtual channel of the packet before; `u8::MAX` before the first.
    last_vc: u8,
    /// Packets created so far.
    count: u32,
    /// Virtual channels that no packet holds.
    free: u32,
    /// Virtual channels with a credit.
    credit: u32,
    /// Virtual channels whose tail has left but whose buffer is not known to be empty yet.
    closing: u32,
    /// Router (local) and first input virtual channel of the node's port.
    pub router: u32,
    pub vc_base: u8,
    /// First buffer slot of that virtual channel.
    pub buffers: u32,
    /// The node's core works.
    pub alive: bool,
    /// The node is on a list of nodes that may inject.
    awake: bool,
}

impl NodePort {
    pub(super) fn new(vcs: u8) -> Self {
        let all = u32::MAX >> (32 - u32::from(vcs));
        Self {
            next: None,
            slot: 0,
            left: 0,
            at_head: false,
            vc: 0,
            last_vc: u8::MAX,
            count: 0,
            free: all,
            credit: all,
            closing: 0,
            router: 0,
            vc_base: 0,
            buffers: 0,
            alive: true,
            awake: false,
        }
    }

    /// Whether a measured packet may still come out of this node's source.
    pub(super) fn may_create_before(&self, end: u64) -> bool {
        self.left > 0 || self.next.is_some_and(|offer| offer.at < end)
    }

    /// Takes a free virtual channel with a credit, the one after the last first.
    #[inline]
    fn take_vc(&mut self, vcs: u8) -> bool {
        let usable = self.free & self.credit;
        if usable == 0 {
            return false;
        }
        let from = if self.last_vc >= vcs - 1 { 0 } else { self.last_vc + 1 };
        let ahead = usable & (u32::MAX << from);
        self.vc = (if ahead != 0 { ahead } else { usable }).trailing_zeros() as u8;
        self.last_vc = self.vc;
        self.free &= !(1 << self.vc);
        true
    }
}

impl<const N: usize, const P: usize> Region<N, P> {
    /// Asks the source for a node's next packet and sees to it that the node wakes in time. At cycle
    /// `now` at the earliest.
    pub(super) fn prime<S: Source>(&mut self, node: usize, source: &mut S, now: u64) {
        let port = &mut self.nodes[node];
        if port.left > 0 || port.next.is_some() {
            return;
        }
        port.next = source.next(NodeId(self.first_node + node as u32));
        match port.next {
            Some(offer) if offer.at > now => self.calendar.schedule(node as u32, offer.at, now),
            Some(_) if !std::mem::replace(&mut port.awake, true) => {
                self.wheel.at(now).nodes.push(node as u32);
            }
            Some(_) | None => {}
        }
    }

    /// One cycle of all nodes with something to do: credits come in, flits go out.
    #[inline(always)]
    pub(super) fn step_nodes<S: Source>(&mut self, due: &mut Due, turn: &mut Turn<'_, S>) {
        for &place in &due.node_credits {
            if self.credit_node(place) {
                due.nodes.push(place.of() as u32);
            }
        }
        for &node in &due.nodes {
            self.nodes[node as usize].awake = true;
            let more = self.inject(node as usize, turn);
            self.nodes[node as usize].awake = more;
            if more {
                self.wheel.at(turn.now + 1).nodes.push(node);
            }
        }
    }

    /// Injects one flit of `node` if it can; returns whether the node stays busy.
    #[inline]
    fn inject<S: Source>(&mut self, node: usize, turn: &mut Turn<'_, S>) -> bool {
        let now = turn.now;
        if self.nodes[node].left == 0 && !self.create(node, turn) {
            return false;
        }
        let vcs = self.setup.vcs;
        let port = &mut self.nodes[node];
        let head = port.at_head;
        if head && !port.take_vc(vcs) || !head && port.credit & 1 << port.vc == 0 {
            return false;
        }
        let vc = port.vc;
        port.left -= 1;
        port.at_head = false;
        let tail = port.left == 0;
        if tail {
            if self.setup.wait_for_tail_credit { port.closing |= 1 << vc } else { port.free |= 1 << vc }
        }
        let credits = &mut self.node_credits[node * usize::from(vcs) + usize::from(vc)];
        *credits -= 1;
        if *credits == 0 {
            port.credit &= !(1 << vc);
        }
        let flit = Flit::new(port.slot, head, tail);
        let place = Place::new(port.router as usize, usize::from(port.vc_base + vc));
        let dest = port.buffers as usize + (usize::from(vc) << self.setup.ring_shift);
        let write = &mut self.node_writes[node * usize::from(vcs) + usize::from(vc)];
        self.buffers[dest + usize::from(*write)] = flit;
        *write = (*write + 1) & self.setup.ring_mask;
        if head {
            self.packets.record(flit.slot()).injected = now;
        }
        self.tally.flits_injected += 1;
        self.wheel.at(now + u64::from(NODE_CHANNEL) + 1).flits.push(place);
        if tail {
            self.prime(node, turn.source, now + 1);
            return self.nodes[node].next.is_some_and(|offer| offer.at <= now + 1);
        }
        true
    }

    /// Creates the node's next packet if its time has come.
    fn create<S: Source>(&mut self, node: usize, turn: &mut Turn<'_, S>) -> bool {
        while let Some(offer) = self.nodes[node].next.filter(|offer| offer.at <= turn.now) {
            let src = NodeId(self.first_node + node as u32);
            let port = &mut self.nodes[node];
            port.next = None;
            port.count = port.count.wrapping_add(1);
            self.tally.created += 1;
            if self.tally.window.contains(offer.at) {
                self.tally.flits_offered += u64::from(offer.flits);
            }
            if let Some(head) = self.admit(node, src, &offer, turn.routing) {
                self.begin(node, src, &offer, head);
                return true;
            }
            self.tally.refused += 1;
            self.prime(node, turn.source, turn.now);
        }
        false
    }

    /// The routing state of a new packet, or `None` if it cannot be delivered.
    fn admit(&self, node: usize, src: NodeId, offer: &Offer, routing: &Routing) -> Option<Head> {
        let at = self.attachments.get(offer.dst.index())?;
        let from = crate::base::RouterId(self.first_router + self.nodes[node].router);
        let alive = self.nodes[node].alive && self.living.get(offer.dst.index()).is_some_and(|&alive| alive);
        if !alive || !routing.reaches(from, at.router) {
            return None;
        }
        let mut head = Head { dst: at.router, eject: at.port, ..Head::default() };
        let mut draw =
            Stream::new(self.setup.seed, Purpose::Routing, src.0, u64::from(self.nodes[node].count));
        routing.inject(from, &mut head, &mut draw);
        Some(head)
    }

    fn begin(&mut self, node: usize, src: NodeId, offer: &Offer, head: Head) {
        if self.tally.window.contains(offer.at) {
            self.tally.outstanding = self.tally.outstanding.wrapping_add(1);
        }
        let slot = self.packets.insert(Travel { head, hops: 0 }, Record::new(src, offer));
        let port = &mut self.nodes[node];
        port.slot = slot;
        port.left = offer.flits;
        port.at_head = true;
    }

    /// A credit comes back to a node's injection port. Returns whether the node wakes up.
    #[inline(always)]
    fn credit_node(&mut self, place: Place) -> bool {
        let vcs = usize::from(self.setup.vcs);
        let port = &mut self.nodes[place.of()];
        port.credit |= 1 << place.vc();
        let credits = &mut self.node_credits[place.of() * vcs + place.vc()];
        *credits += 1;
        if *credits == self.setup.depth && port.closing >> place.vc() & 1 == 1 {
            port.closing &= !(1 << place.vc());
            port.free |= 1 << place.vc();
        }
        port.left > 0 && !std::mem::replace(&mut port.awake, true)
    }

    /// A flit reaches its destination node at cycle `at`.
    #[inline]
    pub(super) fn eject<S: Source>(&mut self, node: usize, flit: Flit, at: u64, turn: &mut Turn<'_, S>) {
        self.tally.flits_ejected += 1;
        self.tally.flits_accepted += u64::from(self.tally.window.contains(at));
        if flit.is_head() {
            self.packets.record(flit.slot()).head_ejected = at;
        }
        if flit.is_tail() {
            let (travel, record) = self.packets.remove(flit.slot());
            self.tally.deliver(&travel, &record, at);
            let Record { src, dst, tag, .. } = record;
            if turn.source.delivered(Delivery { src, dst, tag, at }) {
                self.prime(node, turn.source, turn.now);
            }
        }
    }
}
