//! The network by reservation: contention without pipelines.

mod channel;
mod hop;
mod inject;
mod slots;
mod stall;

use std::collections::VecDeque;
use std::sync::Arc;

use self::channel::{Cell, Input, NONE, Output, Port, Sender, Setup, UNKNOWN};
use self::slots::Slots;
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

/// What happens next. Within a cycle, deliveries come first, then senders, then arrivals, each in ascending
/// order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The packet in this slot is read whole by its destination.
    Deliver(u32),
    /// This node looks for something to send.
    Wake(u32),
    /// It is nearly the turn of the front cell of this input channel.
    Turn(u32),
    /// A cell arrives in this input channel.
    Arrive(u32),
}

/// Who can go on because something has become known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resume {
    /// The front cell of an input channel.
    Cell(u32),
    /// A sender.
    Node(u32),
}

/// A network of routers with virtual channels, by reservation.
#[derive(Clone, Debug)]
pub struct Approximate {
    setup: Setup,
    wiring: Wiring,
    ports: Vec<Port>,
    /// By link, its slot in the port tables: where trees point to.
    link_slots: Vec<u32>,
    gate: Gate,
    ledger: Ledger,
    agenda: Agenda<Event>,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    /// By input channel, a ring of cells.
    cells: Vec<Cell>,
    /// By output channel, a ring of the cycles from which each slot of its buffer is free.
    room: Vec<u64>,
    /// By switch input and by output port, which cycles are taken.
    lane_slots: Vec<Slots>,
    port_slots: Vec<Slots>,
    /// By output port, the input channels that wait for a channel of it, with the channels they may take.
    queues: Vec<VecDeque<(u32, u32)>>,
    senders: Vec<Sender>,
    resumed: VecDeque<Resume>,
    candidates: Candidates,
    due: Vec<Event>,
    now: u64,
    started: bool,
}

impl Approximate {
    /// A network at rest at cycle 0.
    ///
    /// # Errors
    /// Router parameters out of range, routers that are not input-queued, or too many channels.
    pub fn new(
        fabric: &Fabric,
        health: &Health,
        routing: Routing,
        params: &RouterParams,
        run: Run,
    ) -> Result<Self, Problems> {
        let setup = Setup::new(params, fabric)?;
        let wiring = Wiring::new(fabric, health);
        let ports = setup.ports(fabric, health, &wiring);
        let (slots, vcs) = (ports.len(), setup.vcs as usize);
        let channels = slots * vcs + fabric.nodes.len() * vcs;
        let output = Output { free_at: 0, waiting: NONE, sent: 0, credited: 0, closing: false };
        let mut network = Self {
            link_slots: fabric.links.iter().map(|l| fabric.slot(l.from, l.from_port) as u32).collect(),
            gate: Gate::new(fabric, health, routing, run.seed),
            ledger: Ledger::new(slots),
            agenda: Agenda::new(),
            inputs: (0..slots * vcs).map(|channel| Input::new((channel / vcs) as u32)).collect(),
            outputs: vec![output; channels],
            cells: vec![Cell::default(); slots * vcs * usize::from(setup.depth)],
            room: vec![0; channels * usize::from(setup.depth)],
            lane_slots: vec![Slots::default(); slots * setup.speedup as usize],
            port_slots: vec![Slots::default(); slots],
            queues: vec![VecDeque::new(); slots],
            senders: Vec::new(),
            resumed: VecDeque::new(),
            candidates: Candidates::default(),
            due: Vec::new(),
            now: 0,
            started: false,
            setup,
            wiring,
            ports,
        };
        network.senders = (0..fabric.nodes.len()).map(|node| network.sender(NodeId::at(node))).collect();
        network.stick(fabric, health);
        Ok(network)
    }

    /// Stuck virtual channels are never free.
    fn stick(&mut self, fabric: &Fabric, health: &Health) {
        for &(link, vcs) in &health.stuck_vcs {
            let link = fabric.link(link);
            let first = fabric.slot(link.from, link.from_port) as u32 * self.setup.vcs;
            for vc in (0..self.setup.vcs).filter(|vc| vcs >> vc & 1 == 1) {
                self.outputs[(first + vc) as usize].free_at = UNKNOWN;
            }
        }
    }

    /// Sets the trees that packets may follow ([`Source::tree`]).
    pub fn set_trees(&mut self, trees: Arc<TreeTable>) {
        self.gate.trees = Some(trees);
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

    /// Simulates up to cycle `until` (exclusive), or to the end of all traffic. A network that has packets but
    /// nothing to do is stalled; it is noticed at once.
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
                    Event::Wake(node) => self.wake(node, source),
                    Event::Turn(channel) => {
                        self.inputs[channel as usize].wait = channel::Wait::No;
                        self.advance(channel);
                    }
                    Event::Arrive(channel) => {
                        let input = &mut self.inputs[channel as usize];
                        input.cells += 1;
                        if input.wait == channel::Wait::No {
                            self.advance(channel);
                        }
                    }
                }
                while let Some(resume) = self.resumed.pop_front() {
                    match resume {
                        Resume::Cell(channel) => self.advance(channel),
                        Resume::Node(node) => self.inject(NodeId(node), source),
                    }
                }
            }
        }
        self.due = due;
        match (self.agenda.next(), self.ledger.under_way()) {
            (Some(_), _) => {
                self.now = until;
                Ended::Reached
            }
            (None, 0) => Ended::Idle,
            (None, _) => Ended::Stalled(self.stall()),
        }
    }

    /// Packets that are inside the network; every copy of a multicast packet counts.
    pub fn in_flight(&self) -> u64 {
        self.ledger.under_way()
    }

    /// Whether packets created before `end` are still to be created or delivered.
    pub fn awaits(&self, end: u64) -> bool {
        self.ledger.tally.outstanding > 0 || self.gate.may_create_before(end)
    }

    /// What has been counted so far.
    pub fn tally(&self) -> Tally {
        self.ledger.tally()
    }

    /// The tail of a packet is read.
    fn deliver<S: Source>(&mut self, slot: u32, source: &mut S) {
        let parcel = self.ledger.remove(slot);
        self.ledger.deliver(&parcel);
        if source.delivered(parcel.delivery()) {
            self.gate.ask(parcel.dst, source);
            self.rouse(parcel.dst, source, self.now + 1);
        }
    }
}
