//! The network by reservation: packets are events that book cycles of switches and wires.
//!
//! ```text
//!   node ─▶ [buffer: a queue of packets] ─▶ first free cycles of switch input and wire ─▶ next buffer …
//!              │ one event per packet and router              │
//!              └──── times at which its slots can be used again ─▶ whoever feeds the buffer
//! ```
//!
//! When the head of a packet comes to the front of a buffer, and routing and allocation are done, the packet books,
//! for all of its flits at once, the earliest cycles in which the switch input and the wire are both
//! free, on a virtual channel that is free, in turn. Who asks first is served first; within a cycle, whose
//! event was noted first.
//!
//! What is exact: the zero-load law, flits over links, the rate of one flow through a virtual channel (n flits
//! per n + wait + 1 cycles), the credit round trip (depth per round trip and virtual channel), order within a buffer,
//! finite buffers of packets no longer than a buffer, multicast trees. What is not: arbitration is first come, first
//! served instead of round-robin or iSLIP with its failures, so flits of packets are not interleaved; a packet longer
//! than a buffer is not stopped half way by one that is in its way further on.
//!
//! The error against the cycle engine, 8 × 8 mesh with XY, pipeline A and 4 VCs of 8 flits unless the line says
//! otherwise, one run of 6,000 measured cycles: mean packet latency at shares of the saturation load, and flits
//! accepted at 1.2 times that load. `tests/network/approximate.rs` measures it (`table_of_errors`) and asserts at most
//! 5 % up to 70 % of saturation.
//!
//! | | 30 % | 50 % | 70 % | 85 % | accepted beyond |
//! |---|---|---|---|---|---|
//! | uniform | −0.1 % | −0.6 % | −2.3 % | −7.2 % | +5.9 % |
//! | uniform, 1 VC | 0.0 % | +0.1 % | +0.1 % | 0.0 % | 0.0 % |
//! | uniform, 2 VCs of 4 flits | 0.0 % | 0.0 % | −0.1 % | −0.3 % | −0.1 % |
//! | uniform, packets of 4 flits | +0.1 % | +0.4 % | +0.2 % | −0.9 % | +8.0 % |
//! | uniform, pipeline C | −0.5 % | −1.3 % | −3.4 % | −8.8 % | +10.3 % |
//! | uniform, pipeline E | −0.1 % | −0.6 % | −2.4 % | −7.0 % | +6.0 % |
//! | transpose | 0.0 % | −0.3 % | −1.0 % | −1.9 % | 0.0 % |
//! | transpose, packets of 4 flits | −0.1 % | −0.2 % | −0.4 % | −1.1 % | 0.0 % |
//! | neighbour | 0.0 % | 0.0 % | 0.0 % | 0.0 % | 0.0 % |
//! | uniform, O1TURN | 0.0 % | −0.2 % | −0.8 % | −2.0 % | +6.2 % |
//! | uniform, Valiant | 0.0 % | −0.4 % | −1.3 % | −4.6 % | +4.4 % |
//! | transpose, minimal adaptive | −1.3 % | −2.9 % | −2.8 % | −2.8 % | +0.8 % |
//! | 4-ary 3-tree, uniform | −0.1 % | −0.7 % | −2.6 % | −8.0 % | +8.1 % |
//!
//! Where the routing function has escape channels (Duato 1993, doi 10.1109/71.250114) a packet takes a channel only
//! once the room for it there is known: the whole packet's, or an empty buffer for one that is longer. Until then it
//! goes on choosing, so that whoever is at the front of a buffer can always turn to an escape channel; a packet that
//! had settled for a channel with a full buffer behind it could wait in a cycle (Ma, Enright Jerger & Wang,
//! whole packet forwarding, HPCA 2012).
//!
//! What it saves grows with the packets: an event is a packet at a router, whatever its length. With packets of 4 flits
//! runs take a fifth to a fourteenth of the cycle engine's time; with packets of one flit, where there are as many
//! events as the cycle engine has flit-hops, they take about as long.
//!
//! Invariants: no cycle of a wire or a switch input is given away twice; every packet that was let in is delivered,
//! or waits; runs do not depend on anything but their inputs.
//!
//! A packet that waits costs nothing while it waits (`wait.rs`): the work per packet and router is the same however full
//! the network is.
//!
//! Read [`Approximate::run`] first, then `hop.rs`; [`Mail`] for packets that are handed over step by step.

mod calendar;
mod channel;
mod hop;
mod mail;
mod sender;
mod stall;
mod wait;

use std::sync::Arc;

use super::agenda::Agenda;
use super::engine::{Ended, Run, Tally, Window};
use super::gate::Gate;
use super::ledger::Ledger;
use super::multicast::TreeTable;
use super::params::RouterParams;
use super::route::{Candidates, Routing};
use super::source::Source;
use super::wiring::Wiring;
use crate::base::{NodeId, Problems};
use crate::fabric::{Fabric, Health};

use calendar::Calendar;
use channel::{Input, NONE, Output, Port, Sender, Setup};
pub use mail::Mail;

/// What happens next. The events of a cycle come in the order in which they were noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The packet in this slot is read by its destination.
    Deliver(u32),
    /// The front of this input channel is to be looked at again.
    Turn(u32),
    /// The head of a packet arrives in an input channel.
    Arrive { channel: u32, slot: u32 },
    /// This node looks for something to send.
    Wake(u32),
}

/// A network that is being simulated.
#[derive(Clone, Debug)]
pub struct Approximate {
    setup: Setup,
    wiring: Wiring,
    /// By link, its port's number.
    link_slots: Vec<u32>,
    ports: Vec<Port>,
    /// Switch inputs: one or more for each port.
    lanes: Vec<Calendar>,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    /// Times at which credits can be used, a ring for each output channel.
    credits: Vec<u64>,
    senders: Vec<Sender>,
    /// Virtual channels per port as a power of two, if they are one.
    vc_shift: Option<u32>,
    /// The routing function has escape channels: a packet takes no channel before there is room for it.
    has_escape: bool,
    /// By packet slot: the packet behind it in its queue.
    behind: Vec<u32>,
    /// By packet slot: the branch that a copy takes next, and whether the next packet in the queue is
    /// another copy of the same one.
    way: Vec<u32>,
    shared: Vec<bool>,
    gate: Gate,
    ledger: Ledger,
    agenda: Agenda<Event>,
    candidates: Candidates,
    due: Vec<Event>,
    now: u64,
    /// Cycle in which a packet was last sent on.
    last_move: u64,
    started: bool,
    /// Cycles without any movement after which the network counts as stalled.
    pub patience: u64,
}

impl Approximate {
    /// A network at rest at cycle 0.
    ///
    /// # Errors
    /// Router parameters out of range, bufferless routers, too many channels.
    pub fn new(
        fabric: &Fabric,
        health: &Health,
        routing: Routing,
        params: &RouterParams,
        run: Run,
    ) -> Result<Self, Problems> {
        let setup = Setup::new(params, fabric)?;
        let wiring = Wiring::new(fabric, health);
        let has_escape = routing.escape() != 0;
        let gate = Gate::new(fabric, health, routing, run.seed);
        let outputs = setup.outputs(fabric.nodes.len());
        let target = |node: usize| {
            let site = fabric.nodes[node];
            Sender::new(wiring.slot(site.router, site.port) as u32 * setup.vcs)
        };
        Ok(Self {
            link_slots: fabric.links.iter().map(|l| fabric.slot(l.from, l.from_port) as u32).collect(),
            ports: setup.ports(fabric, health, &wiring),
            lanes: vec![Calendar::default(); wiring.ports() * setup.speedup as usize],
            inputs: setup.inputs(),
            credits: vec![0; outputs.len() * setup.ring as usize],
            outputs,
            senders: (0..fabric.nodes.len()).map(target).collect(),
            vc_shift: setup.vcs.is_power_of_two().then(|| setup.vcs.trailing_zeros()),
            has_escape,
            behind: Vec::new(),
            way: Vec::new(),
            shared: Vec::new(),
            gate,
            ledger: Ledger::new(wiring.ports()),
            agenda: Agenda::new(),
            candidates: Candidates::default(),
            due: Vec::new(),
            now: 0,
            last_move: 0,
            started: false,
            patience: 20_000,
            setup,
            wiring,
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

    /// Simulates up to cycle `until` (exclusive), or to the end of all traffic.
    pub fn run<S: Source>(&mut self, source: &mut S, until: u64) -> Ended {
        if !std::mem::replace(&mut self.started, true) {
            (0..self.gate.nodes()).for_each(|node| self.rouse(NodeId::at(node), source, 0));
        }
        let mut due = std::mem::take(&mut self.due);
        let mut stuck = false;
        while let Some(now) = self.agenda.next().filter(|&now| now < until) {
            self.now = now;
            self.agenda.take_as_noted(now, &mut due);
            for &event in &due {
                match event {
                    Event::Deliver(slot) => self.deliver(slot, source),
                    Event::Turn(channel) => self.turn(channel),
                    Event::Arrive { channel, slot } => self.arrive(channel, slot),
                    Event::Wake(node) => self.wake(NodeId(node), source),
                }
            }
            stuck = now - self.last_move > self.patience && self.ledger.under_way() > 0;
            if stuck {
                break;
            }
        }
        self.due = due;
        if stuck {
            return Ended::Stalled(self.stall());
        }
        if self.agenda.next().is_none() {
            return self.rest(until);
        }
        self.now = until;
        Ended::Reached
    }

    /// Nothing is to happen any more before `until`. Packets that are still under way wait for each other.
    fn rest(&mut self, until: u64) -> Ended {
        if self.ledger.under_way() == 0 {
            return Ended::Idle;
        }
        let noticed = self.last_move + self.patience + 1;
        let stall = (until >= noticed).then(|| {
            self.now = self.now.max(noticed);
            self.stall()
        });
        if until != u64::MAX {
            self.now = until;
        }
        stall.map_or(Ended::Reached, Ended::Stalled)
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

    /// Makes room for what is noted of the packet in `slot`.
    fn make_room(&mut self, slot: u32) {
        let slot = slot as usize;
        if slot >= self.behind.len() {
            self.behind.resize(slot + 1, NONE);
            self.way.resize(slot + 1, NONE);
            self.shared.resize(slot + 1, false);
        }
        (self.way[slot], self.shared[slot]) = (NONE, false);
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
