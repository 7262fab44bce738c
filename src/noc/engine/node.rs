//! Nodes: where packets enter the network and leave it.
//!
//! A node injects one flit per cycle. It asks its source for the next packet only when the previous
//! one is inside the network, so a saturated source queue costs no memory: the wait shows in the
//! packet's latency, because its creation time is the source's.

mod pause;
mod sink;
mod ways;

use std::mem::ManuallyDrop;
use std::sync::Arc;

use prefetch_index::prefetch_index;

pub(super) use self::sink::Landed;
use self::sink::Sinks;
use self::ways::{Origin, Ways, plant};
use super::calendar::Calendar;
use super::fork::Grove;
use super::packet::Record;
use super::region::{CACHED_BLOCKS, Ground, Shared};
use super::router::BLOCK;
use super::setup::{NODE_CHANNEL, Setup};
use super::wheel::{Flit, Place};
use crate::base::{CACHE_LINE, NodeId, ones};
use crate::fabric::Attachment;
use crate::noc::route::Routing;
use crate::noc::source::{Failure, Offer, Source};

/// The cycle of an offer that there is not.
const NEVER: u64 = u64::MAX;

/// The injection port of a node: a cache line.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct NodePort {
    /// The next packet to create; none if it is [`NEVER`] to be.
    next: Offer,
    /// Slot of the packet that is being injected.
    slot: u32,
    /// Where it goes, as its flits say it.
    goal: u32,
    /// Packets created so far.
    count: u32,
    /// Virtual channels that no packet holds.
    free: u32,
    /// Virtual channels with a credit.
    credit: u32,
    /// Virtual channels whose tail has left but whose buffer is not known to be empty yet.
    closing: u32,
    /// First input virtual channel of its port at the router.
    entry: Place,
    /// Flits of the packet still to be sent.
    left: u16,
    /// Whether its head is still to be sent.
    at_head: bool,
    /// Its virtual channel.
    vc: u8,
    /// Virtual channel of the packet before; `u8::MAX` before the first.
    last_vc: u8,
    /// The node's core works.
    alive: bool,
    /// There are more offers: [`Nodes::held`].
    holds: bool,
}

const _: () = assert!(size_of::<NodePort>() == CACHE_LINE);

/// No offer.
const NONE: Offer = Offer { at: NEVER, dst: NodeId(0), flits: 0, tag: 0 };

impl NodePort {
    fn new(vcs: u8, entry: Place, alive: bool) -> Self {
        let all = u32::MAX >> (32 - u32::from(vcs));
        Self {
            next: NONE,
            slot: 0,
            goal: 0,
            count: 0,
            free: all,
            credit: all,
            closing: 0,
            entry,
            left: 0,
            at_head: false,
            vc: 0,
            last_vc: u8::MAX,
            alive,
            holds: false,
        }
    }

    /// Another offer comes. The one that is created first is next; of two at once, the one that was made first.
    #[inline(never)]
    fn hold(&mut self, offer: Offer, held: &mut Vec<Offer>) {
        held.extend([self.next, offer].into_iter().filter(|offer| offer.at != NEVER));
        let first = (0..held.len()).min_by_key(|&i| held[i].at);
        self.next = first.map_or(NONE, |first| held.remove(first));
        self.holds = !held.is_empty();
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

/// The nodes of a region.
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    first_node: u32,
    pub(super) ports: Vec<NodePort>,
    /// By node: packets to be created after the next one. Only sources that answer deliveries make several offers.
    held: Vec<Vec<Offer>>,
    calendar: Calendar,
    ways: Ways,
    /// No packet is created for the time being.
    pub(super) paused: bool,
    sinks: Sinks,
    /// Nodes at work in this cycle: words of one bit for each of 64 nodes, with their number.
    woken: Vec<(u32, u64)>,
}

impl Nodes {
    pub(super) fn new(ground: &Ground<'_>, index: usize) -> Self {
        let Ground { setup, fabric, health, cut, .. } = *ground;
        let (first, last) = (cut.nodes[index], cut.nodes[index + 1]);
        let port = |node: usize| {
            let Attachment { router, port } = fabric.nodes[node];
            let local = (router.0 - cut.routers[index]) as usize;
            let alive = health.node[node] && health.router[router.index()];
            NodePort::new(setup.vcs, Place::new(local, (port * setup.vcs).into()), alive)
        };
        let ports: Vec<NodePort> = (first as usize..last as usize).map(port).collect();
        Self {
            first_node: first,
            held: vec![Vec::new(); ports.len()],
            calendar: Calendar::new(ports.len()),
            ports,
            ways: Ways::new(ground),
            paused: false,
            sinks: Sinks::default(),
            woken: Vec::new(),
        }
    }

    /// Packets may follow trees from now on, which no compass knows.
    pub(super) fn set_trees(&mut self, grove: &Arc<Grove>) {
        self.ways.set_trees(grove);
    }

    /// Whether a measured packet may still come out of a node's source.
    pub(super) fn may_create_before(&self, end: u64) -> bool {
        let soon = |offer: &Offer| offer.at < end;
        let mut ports = self.ports.iter().zip(&self.held);
        ports.any(|(port, held)| port.left > 0 || soon(&port.next) || held.iter().any(soon))
    }

    /// Packets that the source has offered and that are not created yet.
    pub(super) fn offered(&self) -> u64 {
        let next = self.ports.iter().filter(|port| port.next.at != NEVER).count();
        (next + self.held.iter().map(Vec::len).sum::<usize>()) as u64
    }

    /// The next cycle from `now` on in which an idle node wakes.
    pub(super) fn next_wake(&self, now: u64) -> Option<u64> {
        self.calendar.next(now).into_iter().chain(self.sinks.next()).min()
    }

    /// Nodes may have no room for packets that have arrived.
    pub(super) fn pace(&mut self, vcs: u8) {
        self.sinks = Sinks::new(self.first_node, self.ports.len(), vcs);
    }

    /// Whether packets that have arrived wait for room.
    pub(super) fn wait_for_room(&self) -> bool {
        self.sinks.next().is_some()
    }

    /// Asks the source for every node's first packet.
    pub(super) fn start<S: Source>(&mut self, source: &mut S) {
        (0..self.ports.len()).for_each(|node| self.prime(node, source, 0));
    }

    /// Asks the source for a node's next packet and sees to it that the node wakes in time. At cycle
    /// `now` at the earliest.
    #[inline]
    fn prime<S: Source>(&mut self, node: usize, source: &mut S, now: u64) {
        self.ask(node, source);
        let port = &self.ports[node];
        if port.left == 0 && port.next.at != NEVER {
            self.calendar.wake(node as u32, port.next.at.max(now), now);
        }
    }

    /// Asks the source for a node's next packet.
    #[inline]
    fn ask<S: Source>(&mut self, node: usize, source: &mut S) {
        let port = &mut self.ports[node];
        let src = NodeId(self.first_node + node as u32);
        // Part by part, as it has just been written.
        let (at, dst, flits, tag) = match source.next(src) {
            Some(Offer { at, dst, flits, tag }) => (at, dst, flits, tag),
            None => (NEVER, src, 0, 0),
        };
        if port.next.at == NEVER && !port.holds {
            (port.next.at, port.next.dst, port.next.flits, port.next.tag) = (at, dst, flits, tag);
        } else {
            port.hold(Offer { at, dst, flits, tag }, &mut self.held[node]);
        }
    }

    /// Tells the source what is delivered in this cycle; it may answer with new packets.
    fn hand_over<S: Source>(&mut self, shared: &mut Shared, source: &mut S, now: u64) -> bool {
        if shared.wheel.nodes(now).deliveries.is_empty() {
            return self.hand_over_failures(shared, source, now);
        }
        let mut deliveries = std::mem::take(&mut shared.wheel.nodes(now).deliveries);
        for delivery in deliveries.drain(..) {
            if source.delivered(delivery) {
                self.prime((delivery.dst.0 - self.first_node) as usize, source, now);
            }
        }
        shared.wheel.nodes(now).deliveries = deliveries;
        self.hand_over_failures(shared, source, now);
        true
    }

    /// Tells the source of refused packets to its nodes.
    #[inline]
    fn hand_over_failures<S: Source>(&mut self, shared: &mut Shared, source: &mut S, now: u64) -> bool {
        if shared.wheel.nodes(now).failures.is_empty() {
            return false;
        }
        let mut failures = std::mem::take(&mut shared.wheel.nodes(now).failures);
        // Regions note them in an order of their own.
        failures.sort_unstable();
        for (node, failure) in failures.drain(..) {
            if source.failed(node, failure) {
                self.prime((node.0 - self.first_node) as usize, source, now);
            }
        }
        shared.wheel.nodes(now).failures = failures;
        true
    }

    /// Tells both ends that a packet was refused: the sender now, the receiver as soon as it can know.
    fn tell_refused<S: Source>(
        &self,
        src: NodeId,
        offer: &Offer,
        shared: &mut Shared,
        source: &mut S,
        now: u64,
    ) {
        if !source.heeds_failures() {
            return;
        }
        let failure = Failure { src, dst: offer.dst, tag: offer.tag, at: now };
        source.failed(src, failure);
        if offer.dst != src && self.ways.router(offer.dst).is_some() {
            shared.tell(offer.dst, failure, now + u64::from(NODE_CHANNEL) + 1);
        }
    }

    /// One cycle of all nodes with something to do: packets and credits come in, flits go out. Returns whether there
    /// was anything.
    pub(super) fn step<S: Source>(
        &mut self,
        shared: &mut Shared,
        routing: &Routing,
        source: &mut S,
        now: u64,
    ) -> bool {
        if shared.wheel.nodes(now).is_empty() && !self.calendar.is_due(now) && !self.sinks.is_due(now) {
            return false;
        }
        let landed = shared.setup.paced && self.sinks.step(shared, source, now);
        let delivered = self.hand_over(shared, source, now);
        // As in `Wheel::take`.
        let mut credits = ManuallyDrop::new(std::mem::take(&mut shared.wheel.nodes(now).credits));
        let any = landed | delivered | !credits.is_empty();
        for place in credits.drain(..) {
            self.take_credit(place, shared, now);
        }
        shared.wheel.nodes(now).credits = ManuallyDrop::into_inner(credits);
        let mut woken = ManuallyDrop::new(std::mem::take(&mut self.woken));
        self.calendar.take(now, &mut woken);
        if self.ports.len() > CACHED_BLOCKS * BLOCK {
            self.fetch(&woken, &shared.entry_credits, source);
        }
        for &(word, nodes) in woken.iter() {
            for bit in ones(nodes) {
                self.inject(word as usize * 64 + bit, shared, routing, source, now);
            }
        }
        let any = any || !woken.is_empty();
        woken.clear();
        self.woken = ManuallyDrop::into_inner(woken);
        any
    }

    /// Asks for the state of nodes, so that it is on its way from memory before the first one is looked at.
    fn fetch<S: Source>(&self, woken: &[(u32, u64)], credits: &[u16], source: &S) {
        for &(word, nodes) in woken {
            for node in ones(nodes).map(|bit| word as usize * 64 + bit) {
                prefetch_index(self.ports.as_slice(), node);
                prefetch_index(credits, credits.len() / self.ports.len() * node);
                source.fetch(NodeId(self.first_node + node as u32));
            }
        }
    }

    /// Injects one flit of `node` if it can.
    #[inline]
    fn inject<S: Source>(
        &mut self,
        node: usize,
        shared: &mut Shared,
        routing: &Routing,
        source: &mut S,
        now: u64,
    ) {
        if self.ports[node].left == 0 && (self.paused || !self.create(node, shared, routing, source, now)) {
            return;
        }
        let Setup { vcs, wait_for_tail_credit: wait, .. } = shared.setup;
        let port = &mut self.ports[node];
        let head = port.at_head;
        if head && !port.take_vc(vcs) || !head && port.credit & 1 << port.vc == 0 {
            // The node wakes when a credit comes.
            return;
        }
        let vc = port.vc;
        port.left -= 1;
        port.at_head = false;
        let tail = port.left == 0;
        if tail {
            if wait { port.closing |= 1 << vc } else { port.free |= 1 << vc }
        }
        let credits = &mut shared.entry_credits[node * usize::from(vcs) + usize::from(vc)];
        *credits -= 1;
        port.credit &= !(u32::from(*credits == 0) << vc);
        let flit = Flit::new(port.slot, head, tail, port.goal);
        let place = Place(port.entry.0 + u32::from(vc));
        if head {
            let record = shared.packets.record(flit.slot());
            record.injected = now;
            source.injected(record.src, record.tag, now);
        }
        shared.tally.flits_injected += 1;
        shared.wheel.flit(now + u64::from(NODE_CHANNEL) + 1, place, flit);
        if tail {
            self.prime(node, source, now + 1);
        } else {
            self.calendar.wake(node as u32, now + 1, now);
        }
    }

    /// Creates the node's next packet if its time has come.
    #[inline(always)]
    fn create<S: Source>(
        &mut self,
        node: usize,
        shared: &mut Shared,
        routing: &Routing,
        source: &mut S,
        now: u64,
    ) -> bool {
        let mut refused = false;
        loop {
            let port = &mut self.ports[node];
            if port.next.at > now {
                if refused && port.next.at != NEVER {
                    self.calendar.wake(node as u32, port.next.at, now);
                }
                return false;
            }
            let offer = port.next;
            port.next.at = NEVER;
            port.count = port.count.wrapping_add(1);
            let src = NodeId(self.first_node + node as u32);
            let origin = Origin { src, alive: port.alive, number: port.count };
            let tree = self.ways.tree(src, &offer, source);
            let slot = shared.packets.reserve();
            let goal = match tree {
                Some(tree) => plant(tree, &offer, origin, slot, shared),
                None => self.ways.set_out(origin, &offer, slot, shared, routing),
            };
            if let Some(goal) = goal {
                *shared.packets.record(slot as usize) = Record::new(src, &offer, port.count);
                (port.slot, port.goal, port.left, port.at_head) = (slot, goal, offer.flits, true);
                return true;
            }
            shared.packets.remove(slot as usize);
            if tree.is_none() {
                self.tell_refused(src, &offer, shared, source, now);
            }
            refused = true;
            self.ask(node, source);
        }
    }

    /// A credit comes back to a node's injection port.
    #[inline(always)]
    fn take_credit(&mut self, place: Place, shared: &mut Shared, now: u64) {
        let setup = &shared.setup;
        let port = &mut self.ports[place.of()];
        port.credit |= 1 << place.vc();
        let credits = &mut shared.entry_credits[place.of() * usize::from(setup.vcs) + place.vc()];
        *credits += 1;
        if *credits == setup.depth && port.closing >> place.vc() & 1 == 1 {
            port.closing &= !(1 << place.vc());
            port.free |= 1 << place.vc();
        }
        if port.left > 0 {
            self.calendar.wake(place.of() as u32, now, now);
        }
    }
}
