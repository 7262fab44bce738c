//! One cycle of a bufferless router: every flit that is there leaves, the oldest choosing first.

use super::{Deflection, Event, Flit, NONE};
use crate::base::RouterId;
use crate::noc::route::Standing;
use crate::noc::source::Source;
use crate::noc::timing::NODE_CHANNEL;
use crate::noc::wiring::Exit;

impl Deflection {
    /// Sends on the flits that `events` bring to `router`, then what its nodes have to send.
    pub(super) fn hop<S: Source>(&mut self, router: RouterId, events: &[Event], source: &mut S) {
        let mut group = std::mem::take(&mut self.group);
        group.clear();
        let arrival = |event: &Event| match *event {
            Event::At { port, flit, .. } if flit != NONE => Some((port, flit)),
            _ => None,
        };
        group.extend(events.iter().filter_map(arrival));
        group.sort_unstable_by_key(|&(_, flit)| self.flits[flit as usize].age);
        let node_ports = self.ports(router) - u32::from(self.network_ports[router.index()]);
        let mut free = self.open[router.index()] | mask(node_ports) << self.network_ports[router.index()];
        for &(port, flit) in &group {
            let out = self.choose(router, port, flit, free);
            free &= !(1 << out);
            self.send(router, out, flit);
        }
        self.group = group;
        self.inject(router, events, free, source);
    }

    /// Lets the nodes that want to send do so, in the order of their ports from a turning start on.
    fn inject<S: Source>(&mut self, router: RouterId, events: &[Event], mut free: u64, source: &mut S) {
        let first = self.network_ports[router.index()];
        let node_ports = self.ports(router) - u32::from(first);
        let wants = events.iter().fold(0u64, |mask, event| match *event {
            Event::At { port, flit: NONE, .. } => mask | 1 << port,
            _ => mask,
        });
        for step in 0..node_ports {
            let port = first + ((self.now + u64::from(step)) % u64::from(node_ports)) as u8;
            let Exit::Node(node) = self.wiring.exit(self.wiring.slot(router, port)) else { continue };
            let at = node.index();
            if wants >> port & 1 == 0 || self.senders[at].wake != self.now {
                continue;
            }
            self.senders[at].wake = u64::MAX;
            if self.senders[at].parcel == NONE && !self.create(node, source) {
                self.rouse(node, source, self.now - NODE_CHANNEL);
                continue;
            }
            free = self.start(router, port, at, free);
            match self.senders[at].parcel {
                NONE => self.rouse(node, source, self.now - NODE_CHANNEL),
                _ => self.wake(node, self.now + 1),
            }
        }
    }

    /// Makes the next packet of `node` the one to be sent; whether there is one.
    fn create<S: Source>(&mut self, node: crate::base::NodeId, source: &mut S) -> bool {
        let created = self.now - NODE_CHANNEL - 1;
        let parcel = self.gate.create(node, source, &mut self.ledger, created);
        while let Some(told) = self.gate.roused.pop() {
            self.rouse(told, source, self.now + 1);
        }
        let Some(parcel) = parcel else { return false };
        let slot = self.ledger.insert(parcel);
        let slots = self.arrived.len().max(slot as usize + 1);
        self.arrived.resize(slots, 0);
        self.arrived[slot as usize] = 0;
        (self.senders[node.index()].parcel, self.senders[node.index()].sent) = (slot, 0);
        true
    }

    /// Sends the next flit of node number `at` if a port is left for it; returns the ports that are left then.
    fn start(&mut self, router: RouterId, port: u8, at: usize, free: u64) -> u64 {
        let super::Sender { parcel: slot, sent, .. } = self.senders[at];
        let (now, parcel) = (self.now - NODE_CHANNEL - 1, self.ledger.parcel_mut(slot));
        let flit = Flit {
            head: parcel.head,
            parcel: slot,
            number: sent,
            hops: 0,
            deflected: 0,
            astray: false,
            age: (parcel.created, parcel.src.0, sent),
        };
        // A packet to a node here needs no port to elsewhere, unless it is to go over some other router first.
        let direct = self.gate.routing.two_phase().is_none();
        let home = direct && parcel.head.dst == router && free >> parcel.head.eject & 1 == 1;
        if !home && free & self.open[router.index()] == 0 {
            self.counts.blocked_injections += 1;
            return free;
        }
        if sent == 0 {
            parcel.injected = now;
        }
        let last = sent + 1 == parcel.flits;
        self.senders[at].sent = sent + 1;
        if last {
            self.senders[at].parcel = NONE;
        }
        self.ledger.tally.flits_injected += 1;
        let flit = self.insert(flit);
        let out = self.choose(router, port, flit, free);
        self.send(router, out, flit);
        free & !(1 << out)
    }

    fn insert(&mut self, flit: Flit) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.flits[slot as usize] = flit;
            return slot;
        }
        self.flits.push(flit);
        self.flits.len() as u32 - 1
    }

    /// The output port for a flit that came in by `port`: what it wants most of the `free` ones; else
    /// any that leads to another router.
    fn choose(&mut self, router: RouterId, port: u8, flit: u32, free: u64) -> u8 {
        let flit = &mut self.flits[flit as usize];
        let fresh = self.network_ports[router.index()];
        let port = if std::mem::take(&mut flit.astray) { fresh } else { port };
        self.gate.routing.route(Standing { at: router, port, vc: 0 }, &mut flit.head, &mut self.candidates);
        let wanted = self.candidates.as_slice().iter().filter(|candidate| free >> candidate.port & 1 == 1);
        // Of equal priorities the first wins.
        if let Some(best) =
            wanted.reduce(|best, next| if next.priority > best.priority { next } else { best })
        {
            return best.port;
        }
        flit.astray = true;
        flit.deflected += 1;
        flit.head.memory = 0;
        self.counts.deflections += 1;
        let left = free & self.open[router.index()];
        let turn = (self.now + u64::from(router.0)) % u64::from(fresh.max(1));
        let ahead = left >> turn << turn;
        (if ahead != 0 { ahead } else { left }).trailing_zeros() as u8
    }

    fn send(&mut self, router: RouterId, out: u8, flit: u32) {
        let slot = self.wiring.slot(router, out);
        self.ledger.tally.port_flits[slot] += 1;
        let hops = &mut self.flits[flit as usize].hops;
        *hops = hops.saturating_add(1);
        let leaves = self.now + self.stages;
        match self.wiring.exit(slot) {
            Exit::Router { router, port, latency, .. } => {
                self.agenda.push(leaves + u64::from(latency), Event::At { router: router.0, port, flit });
            }
            Exit::Node(node) => {
                let slot = self.flits[flit as usize].parcel;
                debug_assert_eq!(self.ledger.parcel_mut(slot).dst, node);
                self.agenda.push(leaves + NODE_CHANNEL, Event::Read(flit));
            }
            Exit::Nowhere => unreachable!("only ports that lead somewhere are open"),
        }
    }

    fn ports(&self, router: RouterId) -> u32 {
        self.wiring.base[router.index() + 1] - self.wiring.base[router.index()]
    }
}

/// The lowest `bits` bits.
fn mask(bits: u32) -> u64 {
    u64::MAX.checked_shr(64 - bits).unwrap_or(0)
}
