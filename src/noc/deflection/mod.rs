//! Bufferless routers: a flit that loses its output is deflected to another one.
//!
//! ```text
//!   links in ──▶ arrivals of this cycle, oldest first ──▶ wanted port, or any free one ──▶ links out
//!   node ──▶ next flit, if a port is left ──────────────────────┘          └──▶ node, if it is the one
//! ```
//!
//! After BLESS, with oldest-first ranking and flits routed one by one (Moscibroda & Mutlu, ISCA 2009,
//! doi 10.1145/1555754.1555781). A router hands every flit on in the cycle in which it decides on it: no buffers,
//! no credits, no virtual channels, so nothing ever waits in the network and nothing can deadlock. The
//! oldest flit gets what it wants wherever it is. A flit that was deflected to where its routing function leads
//! no further goes home by what works ([`Homing`]). So every flit arrives in the end.
//!
//! A hop takes R = routing + switch + traversal cycles, then the link. A packet of n flits that meets nobody takes
//! T = 3 + H·R + Σ L + (n − 1) cycles, as in [`timing`](super::timing) without VC allocation.
//!
//! Flits of a packet may arrive in any order; the destination puts them together, and how many packets it
//! has in hand at once is counted. A packet is read when its last flit is; its head is the first to be read; its
//! hops are those of its first flit.
//!
//! Invariants: a router has at least as many working links out as in, so there is a way out for every flit that
//! comes in; a node sends only when a port is left. A wire of which one direction is broken is not
//! used at all.
//!
//! Read [`Deflection::run`] first, then `hop.rs`: one router cycle.

mod hop;

use super::agenda::Agenda;
use super::engine::{Ended, Run, Tally, Window};
use super::gate::Gate;
use super::ledger::Ledger;
use super::params::{RouterKind, RouterParams};
use super::route::{Candidates, Head, Homing, Routing};
use super::source::Source;
use super::timing::NODE_CHANNEL;
use super::wiring::Wiring;
use crate::base::{NodeId, Problem, Problems, RouterId};
use crate::fabric::{Fabric, Health};

/// No packet, or no flit.
const NONE: u32 = u32::MAX;

/// Most ports of a router: one bit each in a machine word.
const MAX_PORTS: usize = 64;

/// What happens next. Within a cycle flits are read first; then routers decide, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// This flit is read by its destination.
    Read(u32),
    /// A flit comes into a router by a port; [`NONE`]: the node at the port has something to send.
    At { router: u32, port: u8, flit: u32 },
}

/// A flit under way.
#[derive(Clone, Copy, Debug)]
struct Flit {
    head: Head,
    parcel: u32,
    /// Its number within the packet.
    number: u16,
    hops: u16,
    /// Times it was sent where it did not want to go.
    deflected: u32,
    /// It was deflected by its last router, so its way begins anew.
    astray: bool,
    /// Rank: creation of its packet, and the sender; older goes first.
    age: (u64, u32, u16),
}

/// A node as a sender.
#[derive(Clone, Copy, Debug)]
struct Sender {
    /// Packet that is being sent.
    parcel: u32,
    /// Flits of it that have left.
    sent: u16,
    /// Cycle of its next attempt; `u64::MAX` if there is none.
    wake: u64,
}

/// What only bufferless networks have to report, over the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deflections {
    /// Hops of flits to where they did not want to go.
    pub deflections: u64,
    /// Flits that arrived, and of these, flits that were deflected at least once.
    pub flits: u64,
    /// See [`Deflections::flits`].
    pub deflected_flits: u64,
    /// Most deflections of one flit.
    pub worst: u32,
    /// Cycles in which a node had a flit to send and no port was left for it.
    pub blocked_injections: u64,
    /// Most packets that one node was putting together at once.
    pub reassembly: u32,
}

/// A bufferless network.
#[derive(Clone, Debug)]
pub struct Deflection {
    wiring: Wiring,
    /// By router: working ports that lead to other routers.
    open: Vec<u64>,
    /// By router: its number of network ports.
    network_ports: Vec<u8>,
    gate: Gate,
    ledger: Ledger,
    agenda: Agenda<Event>,
    /// Cycles from a decision to the wire.
    stages: u64,
    flits: Vec<Flit>,
    free: Vec<u32>,
    senders: Vec<Sender>,
    /// By packet slot: flits that have arrived.
    arrived: Vec<u16>,
    /// By node: packets it is putting together.
    pieces: Vec<u32>,
    counts: Deflections,
    now: u64,
    started: bool,
    candidates: Candidates,
    due: Vec<Event>,
    /// Scratch of a router cycle: the flits to be sent, by age.
    group: Vec<(u8, u32)>,
}

impl Deflection {
    /// A network at rest at cycle 0.
    ///
    /// # Errors
    /// Router parameters out of range or without meaning here, routers with more ports than a machine word has
    /// bits or with more links in than out, links narrower than a flit, stuck virtual channels.
    pub fn new(
        fabric: &Fabric,
        health: &Health,
        routing: Routing,
        params: &RouterParams,
        run: Run,
    ) -> Result<Self, Problems> {
        params.validate()?;
        let known = health;
        let health = known.both_ways(fabric);
        fits(fabric, &health, params)?;
        let routing = Homing::new(routing, fabric, known, &health).into();
        let wiring = Wiring::new(fabric, &health);
        let gate = Gate::new(fabric, &health, routing, run.seed);
        let delay = [params.routing_delay, params.switch_delay, params.traversal_delay].map(u64::from);
        Ok(Self {
            open: (0..fabric.routers.len()).map(|at| open(fabric, &health, RouterId::at(at))).collect(),
            network_ports: fabric.routers.iter().map(|router| router.network_ports).collect(),
            ledger: Ledger::new(wiring.ports()),
            wiring,
            agenda: Agenda::new(),
            stages: delay.iter().sum(),
            flits: Vec::new(),
            free: Vec::new(),
            senders: vec![Sender { parcel: NONE, sent: 0, wake: u64::MAX }; gate.nodes()],
            arrived: Vec::new(),
            pieces: vec![0; gate.nodes()],
            gate,
            counts: Deflections::default(),
            now: 0,
            started: false,
            candidates: Candidates::default(),
            due: Vec::new(),
            group: Vec::new(),
        })
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

    /// Simulates up to cycle `until` (exclusive), or to the end of all traffic.
    pub fn run<S: Source>(&mut self, source: &mut S, until: u64) -> Ended {
        if !std::mem::replace(&mut self.started, true) {
            (0..self.gate.nodes()).for_each(|node| self.rouse(NodeId::at(node), source, 0));
        }
        let mut due = std::mem::take(&mut self.due);
        while let Some(now) = self.agenda.next().filter(|&now| now < until) {
            self.now = now;
            self.agenda.take(now, &mut due);
            let reads = due.partition_point(|event| matches!(event, Event::Read(_)));
            for &event in &due[..reads] {
                if let Event::Read(flit) = event {
                    self.read(flit, source);
                }
            }
            let router = |event: &Event| if let Event::At { router, .. } = *event { router } else { NONE };
            for group in due[reads..].chunk_by(|a, b| router(a) == router(b)) {
                self.hop(RouterId(router(&group[0])), group, source);
            }
        }
        self.due = due;
        if self.agenda.next().is_none() {
            return Ended::Idle;
        }
        self.now = until;
        Ended::Reached
    }

    /// Packets that are inside the network.
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

    /// What has been counted so far of deflections.
    pub fn deflections(&self) -> Deflections {
        self.counts
    }

    /// Sees to it that `node` wakes when it has something to send that was created at `from` or later.
    fn rouse<S: Source>(&mut self, node: NodeId, source: &mut S, from: u64) {
        if let Some(at) = self.gate.due(node, source, from) {
            self.wake(node, at + NODE_CHANNEL + 1);
        }
    }

    /// Lets `node` try to send at cycle `at`, or earlier if it would.
    fn wake(&mut self, node: NodeId, at: u64) {
        let wake = &mut self.senders[node.index()].wake;
        if at < *wake {
            *wake = at;
            let site = self.gate.attachment(node);
            self.agenda.push(at, Event::At { router: site.router.0, port: site.port, flit: NONE });
        }
    }

    /// A flit is read by its destination, and with the last one its packet.
    fn read<S: Source>(&mut self, flit: u32, source: &mut S) {
        let Flit { parcel: slot, number, hops, deflected, .. } = self.flits[flit as usize];
        self.free.push(flit);
        self.ledger.eject_flit(self.now);
        self.counts.flits += 1;
        self.counts.deflected_flits += u64::from(deflected > 0);
        self.counts.worst = self.counts.worst.max(deflected);
        let parcel = self.ledger.parcel_mut(slot);
        let arrived = &mut self.arrived[slot as usize];
        *arrived += 1;
        let pieces = &mut self.pieces[parcel.dst.index()];
        if *arrived == 1 {
            parcel.head_ejected = self.now;
            *pieces += 1;
            self.counts.reassembly = self.counts.reassembly.max(*pieces);
        }
        if number == 0 {
            parcel.hops = hops;
        }
        if *arrived < parcel.flits {
            return;
        }
        *pieces -= 1;
        parcel.tail_ejected = self.now;
        let parcel = self.ledger.remove(slot);
        self.ledger.deliver(&parcel);
        if source.delivered(parcel.delivery()) {
            self.gate.ask(parcel.dst, source);
            self.rouse(parcel.dst, source, self.now + 1);
        }
    }
}

/// The ports of `router` with a working link out.
fn open(fabric: &Fabric, health: &Health, router: RouterId) -> u64 {
    let works = |port: &u8| fabric.out(router, *port).is_some_and(|link| health.link[link.index()]);
    (0..fabric.routers[router.index()].network_ports).filter(works).fold(0, |mask, port| mask | 1 << port)
}

/// Whether a network of bufferless routers can be made of this.
fn fits(fabric: &Fabric, health: &Health, params: &RouterParams) -> Result<(), Problems> {
    let mut problems = Problems::new();
    let kind = |message: String| Problem::new("kind", message);
    if params.kind != RouterKind::Deflection {
        problems.push(kind("only `deflection` routers are without buffers".into()));
    }
    if !health.stuck_vcs.is_empty() {
        problems.push(kind("stuck virtual channels are given, but bufferless routers have none".into()));
    }
    if fabric.links.iter().any(|link| link.interval > 1) {
        problems.push(
            kind("a bufferless router cannot hold flits back from a link narrower than a flit".into())
                .allowed("links as wide as a flit"),
        );
    }
    for router in (0..fabric.routers.len()).map(RouterId::at) {
        if fabric.ports(router) > MAX_PORTS {
            problems.push(
                kind(format!("router {router} has {} ports", fabric.ports(router)))
                    .allowed(format!("up to {MAX_PORTS}")),
            );
            break;
        }
        let into = |port: &u8| fabric.into(router, *port).is_some_and(|link| health.link[link.index()]);
        let ins = (0..fabric.routers[router.index()].network_ports).filter(into).count();
        let outs = open(fabric, health, router).count_ones() as usize;
        if ins > outs {
            problems.push(kind(format!(
                "router {router} has {ins} working links in and {outs} out: without buffers it needs a way \
                 out for every flit that comes in"
            )));
            break;
        }
    }
    problems.into_result(())
}
