//! The network without contention: a packet takes as long as it would alone.
//!
//! Latency is the zero-load law of [`timing`](super::timing), summed over the links of the packet's route: exact
//! for a packet that meets no other one and whose buffers are deep enough to keep it moving. Links,
//! buffers and sources are never busy; a routing function that adapts to load finds none and takes its first
//! candidate of the highest priority. What remains are distances, flits per link and energy: the lower bound
//! that the other fidelities are compared with.
//!
//! Multicast packets (see [`multicast`](super::multicast)) cross each link of their tree once.

use std::sync::Arc;

use super::agenda::Agenda;
use super::engine::{Ended, Run, Tally, Window};
pub use super::gate::Drawn;
use super::gate::Gate;
use super::ledger::{Ledger, Parcel};
use super::multicast::{Leg, TreeTable};
use super::params::{RouterKind, RouterParams};
use super::route::{Candidate, Candidates, Routing, Standing};
use super::source::Source;
use super::timing::{NODE_CHANNEL, Timing};
use super::wiring::{Exit, Wiring};
use crate::base::{NodeId, Problems, RouterId};
use crate::fabric::{Attachment, Fabric, Health};

/// What happens next. Within a cycle, arrivals come before departures, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The packet in this slot is read by its destination.
    Deliver(u32),
    /// This node looks for something to send.
    Wake(u32),
}

/// A network in which nothing is ever in the way.
#[derive(Clone, Debug)]
pub struct Ideal {
    wiring: Wiring,
    /// By link, its slot in the port tables: where trees point to.
    link_slots: Vec<u32>,
    timing: Timing,
    gate: Gate,
    ledger: Ledger,
    agenda: Agenda<Event>,
    /// By node: the cycle in which it looks for something to send; `u64::MAX` if it does not.
    wake: Vec<u64>,
    now: u64,
    started: bool,
    candidates: Candidates,
    due: Vec<Event>,
}

/// A packet's way from node to node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    /// From the cycle in which it is created to the one in which its tail is read.
    pub cycles: u64,
    /// Links between routers.
    pub links: u16,
}

/// How far a packet has come.
#[derive(Clone, Copy)]
struct Walk {
    at: RouterId,
    port: u8,
    vc: u8,
    /// When its head arrives in the buffer there.
    time: u64,
    /// When its tail arrives there. Body flits need not wait for routing and allocation, so a tail that
    /// a narrow link has held back catches up with the head.
    tail: u64,
    hops: u16,
}

impl Walk {
    /// A packet of so many flits enters the network in a cycle.
    fn new(at: Attachment, (now, flits): (u64, u16)) -> Self {
        let time = now + Timing::INJECT;
        let tail = time + u64::from(flits - 1);
        Self { at: at.router, port: at.port, vc: 0, time, tail, hops: 0 }
    }

    /// Leaves a router; returns whether that leads anywhere.
    fn step(&mut self, timing: Timing, flits: u16, exit: Exit, vcs: u32) -> bool {
        let (latency, interval) = match exit {
            Exit::Nowhere => return false,
            Exit::Node(_) => (NODE_CHANNEL, 1),
            Exit::Router { router, port, latency, interval } => {
                (self.at, self.port, self.vc) = (router, port, vcs.trailing_zeros() as u8);
                (latency.into(), interval.into())
            }
        };
        let head = self.time + timing.wait;
        let tail = self.tail.max(head + u64::from(flits - 1) * interval);
        let flight = timing.cross + latency + interval - 1;
        (self.time, self.tail) = (head + flight, tail + flight);
        self.hops += 1;
        true
    }
}

impl Ideal {
    /// A network at rest at cycle 0.
    ///
    /// # Errors
    /// Router parameters out of range, or routers that are not input-queued.
    pub fn new(
        fabric: &Fabric,
        health: &Health,
        routing: Routing,
        params: &RouterParams,
        run: Run,
    ) -> Result<Self, Problems> {
        params.validate()?;
        if params.kind != RouterKind::InputQueued {
            return Err(Problems::one(
                "kind",
                "the latency of deflected packets is not known without contention",
            ));
        }
        let wiring = Wiring::new(fabric, health);
        let link_slots =
            fabric.links.iter().map(|link| fabric.slot(link.from, link.from_port) as u32).collect();
        let gate = Gate::new(fabric, health, routing, run.seed);
        Ok(Self {
            link_slots,
            timing: Timing::new(params),
            ledger: Ledger::new(wiring.ports()),
            wiring,
            agenda: Agenda::new(),
            wake: vec![u64::MAX; gate.nodes()],
            gate,
            now: 0,
            started: false,
            candidates: Candidates::default(),
            due: Vec::new(),
        })
    }

    /// Sets the trees that packets may follow ([`Source::tree`]).
    pub fn set_trees(&mut self, trees: Arc<TreeTable>) {
        self.gate.trees = Some(trees);
        self.ledger.tally.multicast.copies = vec![0; self.wiring.routers()];
    }

    /// The next cycle to be simulated.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Measures the packets created within `window` from now on.
    pub fn measure(&mut self, window: Window) {
        self.ledger.tally.window = window;
    }

    /// Keeps a record of every delivered packet, or stops keeping it.
    pub fn keep_log(&mut self, keep: bool) {
        self.ledger.tally.log = keep.then(Vec::new);
    }

    /// The way of every packet of `flits` flits from `from` to `to`; `None` if it is not delivered. What
    /// [`run`](Self::run) finds of such packets, without running.
    ///
    /// # Errors
    /// The routing draws at random: packets go different ways.
    pub fn trip(&self, from: NodeId, to: NodeId, flits: u16) -> Result<Option<Trip>, Drawn> {
        let Some(mut head) = self.gate.only_head(from, to)? else { return Ok(None) };
        let mut walk = Walk::new(self.gate.attachment(from), (0, flits));
        let mut candidates = Candidates::default();
        while walk.hops < u16::MAX {
            let Walk { at, port, vc, .. } = walk;
            self.gate.routing.route(Standing { at, port, vc }, &mut head, &mut candidates);
            let Some(next) = choose(&candidates) else { break };
            let (_, exit) = self.wiring.exit_at(at, next.port);
            if !walk.step(self.timing, flits, exit, next.vcs) {
                break;
            }
            if let Exit::Node(_) = exit {
                return Ok(Some(Trip { cycles: walk.tail, links: walk.hops - 1 }));
            }
        }
        Ok(None)
    }

    /// Simulates up to cycle `until` (exclusive), or to the end of all traffic.
    pub fn run<S: Source>(&mut self, source: &mut S, until: u64) -> Ended {
        if !std::mem::replace(&mut self.started, true) {
            (0..self.gate.nodes()).for_each(|node| self.rouse(NodeId::at(node), source, 0));
        }
        let mut due = std::mem::take(&mut self.due);
        while let Some(now) = self.agenda.next().filter(|&now| now < until) {
            self.now = now;
            self.agenda.take(now, &mut due);
            for &event in &due {
                match event {
                    Event::Deliver(slot) => self.deliver(slot, source),
                    Event::Wake(node) => self.send(NodeId(node), source),
                }
            }
        }
        self.due = due;
        if self.agenda.next().is_none() {
            return Ended::Idle;
        }
        self.now = until;
        Ended::Reached
    }

    /// Packets that are inside the network; a multicast packet counts once for each destination.
    pub fn in_flight(&self) -> u64 {
        self.ledger.under_way()
    }

    /// Packets that sources have offered and that are not created yet.
    pub fn offered(&self) -> u64 {
        self.gate.offered()
    }

    /// Whether packets created before `end` are still to be created or delivered.
    pub fn awaits(&self, end: u64) -> bool {
        self.ledger.tally.outstanding > 0 || self.gate.may_create_before(end)
    }

    /// What has been counted so far.
    pub fn tally(&self) -> Tally {
        self.ledger.tally()
    }

    /// Sees to it that `node` wakes when it has something to send, at `from` at the earliest.
    fn rouse<S: Source>(&mut self, node: NodeId, source: &mut S, from: u64) {
        let Some(at) = self.gate.due(node, source, from) else { return };
        let wake = &mut self.wake[node.index()];
        if at < *wake {
            *wake = at;
            self.agenda.push(at, Event::Wake(node.0));
        }
    }

    /// Sends all that `node` has to send now.
    fn send<S: Source>(&mut self, node: NodeId, source: &mut S) {
        if self.wake[node.index()] != self.now {
            return;
        }
        self.wake[node.index()] = u64::MAX;
        while let Some(mut parcel) = self.gate.create(node, source, &mut self.ledger, self.now) {
            parcel.injected = self.now;
            self.ledger.tally.flits_injected += u64::from(parcel.flits);
            let walk = Walk::new(self.gate.attachment(node), (self.now, parcel.flits));
            match parcel.branch {
                u32::MAX => self.walk(parcel, walk),
                _ => self.spread(parcel, walk),
            }
        }
        self.rouse(node, source, self.now);
        while let Some(told) = self.gate.roused.pop() {
            self.rouse(told, source, self.now + 1);
        }
    }

    /// Follows a packet's route to its end.
    fn walk(&mut self, mut parcel: Parcel, mut walk: Walk) {
        while walk.hops < u16::MAX {
            let Walk { at, port, vc, .. } = walk;
            self.gate.routing.route(Standing { at, port, vc }, &mut parcel.head, &mut self.candidates);
            let Some(next) = choose(&self.candidates) else { break };
            let (slot, exit) = self.wiring.exit_at(at, next.port);
            if !self.step(&parcel, &mut walk, slot, exit, next.vcs) {
                break;
            }
            if let Exit::Node(node) = exit {
                return self.arrive(parcel, walk, node);
            }
        }
        // The routing function leads nowhere, or in circles.
        self.ledger.lose(&parcel);
    }

    /// Takes a packet out by a port; returns whether it leads anywhere.
    fn step(&mut self, parcel: &Parcel, walk: &mut Walk, slot: usize, exit: Exit, vcs: u32) -> bool {
        if !walk.step(self.timing, parcel.flits, exit, vcs) {
            return false;
        }
        self.ledger.tally.vc_grants += 1;
        self.ledger.tally.port_flits[slot] += u64::from(parcel.flits);
        true
    }

    /// A packet's head reaches its destination at `walk.time`.
    fn arrive(&mut self, mut parcel: Parcel, walk: Walk, node: NodeId) {
        parcel.dst = node;
        parcel.hops = walk.hops;
        (parcel.head_ejected, parcel.tail_ejected) = (walk.time, walk.tail);
        let slot = self.ledger.insert(parcel);
        self.agenda.push(parcel.tail_ejected, Event::Deliver(slot));
    }

    /// Follows a packet along its tree. The branches still to be followed are kept on a stack.
    fn spread(&mut self, parcel: Parcel, walk: Walk) {
        let Some(trees) = self.gate.trees.clone() else { return };
        let mut open = vec![(parcel.branch, walk)];
        while let Some((branch, walk)) = open.pop() {
            self.ledger.copy(walk.at, trees.after(branch).len() as u64 - 1);
            for next in trees.after(branch) {
                let (mut walk, Some(way)) = (walk, trees.branch(next)) else { continue };
                let slot = match way.leg {
                    Leg::Link(link) => self.link_slots[link.index()] as usize,
                    Leg::Eject(node) => {
                        let at = self.gate.attachment(node);
                        self.wiring.slot(at.router, at.port)
                    }
                };
                let exit = self.wiring.exit(slot);
                if self.step(&parcel, &mut walk, slot, exit, way.vcs) {
                    match exit {
                        Exit::Node(node) => self.arrive(parcel, walk, node),
                        _ => open.push((next, walk)),
                    }
                }
            }
        }
    }

    /// The tail of a packet is read.
    fn deliver<S: Source>(&mut self, slot: u32, source: &mut S) {
        let parcel = self.ledger.remove(slot);
        // The flits between head and tail were read at even distances.
        let (gaps, span) = (u64::from(parcel.flits - 1).max(1), parcel.tail_ejected - parcel.head_ejected);
        for flit in 0..u64::from(parcel.flits) {
            self.ledger.eject_flit(parcel.head_ejected + flit * span / gaps);
        }
        self.ledger.deliver(&parcel);
        if source.delivered(parcel.delivery()) {
            self.gate.ask(parcel.dst, source);
            self.rouse(parcel.dst, source, self.now + 1);
        }
    }
}

/// The candidate of the highest priority, the first of several.
fn choose(candidates: &Candidates) -> Option<Candidate> {
    candidates
        .as_slice()
        .iter()
        .copied()
        .reduce(|best, next| if next.priority > best.priority { next } else { best })
}
