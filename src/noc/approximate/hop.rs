//! A hop: the front cell of a buffer is given its cycle.

use std::ops::RangeInclusive;

use super::channel::{Cell, NONE, Port, UNKNOWN, Wait};
use super::slots::{Crossing, reserve};
use super::{Approximate, Event, Resume};
use crate::noc::multicast::Leg;
use crate::noc::route::{Candidate, Standing};
use crate::noc::timing::NODE_CHANNEL;
use crate::noc::wiring::Exit;

/// Cycles before its turn in which a cell is given its own. Nothing should be given to a cell long before
/// that: whoever is ready earlier would have to wait for it. A little saves events.
const FORESIGHT: u64 = 2;

/// The oldest cell of an input channel.
#[derive(Clone, Copy)]
struct Front {
    channel: u32,
    cell: Cell,
    flits: u16,
}

/// An output channel that a packet may take, and when it could cross to it.
#[derive(Clone, Copy)]
struct Choice {
    channel: u32,
    at: u64,
}

impl Approximate {
    /// Gives the arrived cells of an input channel their cycles, as far as these are known.
    pub(super) fn advance(&mut self, channel: u32) {
        while self.inputs[channel as usize].cells > 0 {
            let input = &self.inputs[channel as usize];
            let cell =
                self.cells[channel as usize * usize::from(self.setup.depth) + usize::from(input.front)];
            if input.wait == Wait::No {
                if input.next > self.now + FORESIGHT {
                    let at = input.next - FORESIGHT;
                    self.inputs[channel as usize].wait = Wait::Turn;
                    self.agenda.push(at, Event::Turn(channel));
                    return;
                }
                let stages = if cell.is_head() { self.setup.timing.wait } else { 0 };
                let ready = self.now.max(input.next) + stages;
                self.inputs[channel as usize].ready = ready;
            }
            self.inputs[channel as usize].wait = Wait::No;
            let front = Front { channel, cell, flits: self.flits_of(cell) };
            let branch = self.ledger.parcel(cell.parcel()).branch;
            let last = if branch == NONE { self.forward(front) } else { self.replicate(front, branch) };
            let Some(last) = last else { return };
            self.leave(front, last);
        }
    }

    /// Sends the front cell of an unicast packet on; returns the cycle in which its last flit crosses, or
    /// `None` if it has to wait.
    #[inline]
    fn forward(&mut self, front: Front) -> Option<u64> {
        let Front { channel, cell, flits } = front;
        let mut out = self.inputs[channel as usize].out;
        if out == NONE {
            out = self.route(front)?;
        }
        let first = self.cross(front, out)?;
        let port = self.ports[(out / self.setup.vcs) as usize];
        let last = first + u64::from(flits - 1) * u64::from(port.interval);
        if cell.is_tail() {
            self.release(out, last);
            self.inputs[channel as usize].out = NONE;
        }
        let parcel = self.ledger.parcel(cell.parcel());
        parcel.hops += u16::from(cell.is_head());
        self.drive(&port, out, front, first..=last);
        Some(last)
    }

    /// Copies a packet into all branches that follow its own; returns the cycle of the last copy.
    fn replicate(&mut self, front: Front, branch: u32) -> Option<u64> {
        let Front { channel, cell, .. } = front;
        let trees = self.gate.trees.clone()?;
        if self.inputs[channel as usize].served == 0 {
            self.ledger.parcel(cell.parcel()).hops += 1;
        }
        for next in trees.after(branch).skip(self.inputs[channel as usize].served as usize) {
            let way = trees.branch(next)?;
            let port = self.ports[self.slot_of(way.leg)];
            if self.inputs[channel as usize].out == NONE {
                self.hold(channel, &[Candidate { vcs: way.vcs, port: port.port, priority: 0 }])?;
            }
            let out = self.inputs[channel as usize].out;
            let at = self.cross(front, out)?;
            self.release(out, at);
            let mut copy = *self.ledger.parcel(cell.parcel());
            copy.branch = next;
            let copy = Cell::new(self.ledger.insert(copy), true, true);
            self.drive(&port, out, Front { cell: copy, ..front }, at..=at);
            let input = &mut self.inputs[channel as usize];
            (input.out, input.served, input.latest) = (NONE, input.served + 1, input.latest.max(at));
        }
        let input = &mut self.inputs[channel as usize];
        let latest = input.latest;
        (input.served, input.latest) = (0, 0);
        self.ledger.remove(cell.parcel());
        Some(latest)
    }

    /// The port that a tree's leg leaves by.
    fn slot_of(&self, leg: Leg) -> usize {
        match leg {
            Leg::Link(link) => self.link_slots[link.index()] as usize,
            Leg::Eject(node) => {
                let at = self.gate.attachment(node);
                self.wiring.slot(at.router, at.port)
            }
        }
    }

    /// Routes the packet at the front of an input channel and takes an output channel for it.
    #[inline]
    fn route(&mut self, front: Front) -> Option<u32> {
        let Front { channel, cell, .. } = front;
        let port = self.inputs[channel as usize].port;
        let at = self.ports[port as usize];
        let standing = Standing { at: at.router, port: at.port, vc: (channel - port * self.setup.vcs) as u8 };
        let mut head = self.ledger.parcel(cell.parcel()).head;
        let mut candidates = self.candidates;
        self.gate.routing.route(standing, &mut head, &mut candidates);
        let out = self.hold(channel, candidates.as_slice())?;
        self.ledger.parcel(cell.parcel()).head = head;
        Some(out)
    }

    /// Takes one of the output channels in `candidates`, or queues for all of them.
    fn hold(&mut self, channel: u32, candidates: &[Candidate]) -> Option<u32> {
        let input = self.inputs[channel as usize];
        let router = self.ports[input.port as usize].router;
        let mut best: Option<(Choice, u8)> = None;
        for candidate in candidates {
            let slot = self.wiring.slot(router, candidate.port);
            let Some(mut choice) = self.choose(slot, candidate.vcs, input.turn, input.ready) else {
                continue;
            };
            if candidates.len() > 1 {
                choice.at = self.port_slots[slot].first_free(choice.at, self.now);
            }
            let better = |(before, priority): (Choice, u8)| {
                (choice.at, before_first(priority)) < (before.at, before_first(candidate.priority))
            };
            if best.is_none_or(better) {
                best = Some((choice, candidate.priority));
            }
        }
        let Some((Choice { channel: out, .. }, _)) = best else {
            self.inputs[channel as usize].wait = Wait::Channel;
            for candidate in candidates {
                let slot = self.wiring.slot(router, candidate.port);
                self.queues[slot].push_back((channel, candidate.vcs));
            }
            return None;
        };
        let vc = out % self.setup.vcs;
        let input = &mut self.inputs[channel as usize];
        (input.out, input.turn) = (out, vc as u8 + 1);
        let output = &mut self.outputs[out as usize];
        input.ready = input.ready.max(output.free_at);
        output.free_at = UNKNOWN;
        self.ledger.tally.vc_grants += 1;
        Some(out)
    }

    /// Of the channels `vcs` of a port the one in turn among those that are free at `ready`, else the one that
    /// is free first; `None` if that is not known of any.
    #[inline]
    fn choose(&self, slot: usize, vcs: u32, turn: u8, ready: u64) -> Option<Choice> {
        let first = slot as u32 * self.setup.vcs;
        let (mut free, mut left) = (0u32, vcs);
        let mut soonest = (UNKNOWN, 0);
        while left != 0 {
            let vc = left.trailing_zeros();
            left &= left - 1;
            let free_at = self.outputs[(first + vc) as usize].free_at;
            free |= u32::from(free_at <= ready) << vc;
            soonest = soonest.min((free_at, vc));
        }
        if free != 0 {
            let ahead = free & u32::MAX.checked_shl(turn.into()).unwrap_or(0);
            let vc = if ahead != 0 { ahead } else { free }.trailing_zeros();
            return Some(Choice { channel: first + vc, at: ready });
        }
        (soonest.0 != UNKNOWN).then_some(Choice { channel: first + soonest.1, at: soonest.0 })
    }

    /// Reserves the cycles in which the front cell crosses to `out`; returns the first, or `None` if it is
    /// not known when there is room.
    #[inline]
    fn cross(&mut self, front: Front, out: u32) -> Option<u64> {
        let Front { channel, cell, flits } = front;
        let input = self.inputs[channel as usize];
        let whole = cell.is_head() && self.setup.cut_through;
        let needed =
            if whole { self.ledger.parcel(cell.parcel()).flits.min(self.setup.depth) } else { flits };
        let Some(from) = self.room(out, needed, input.ready) else {
            self.inputs[channel as usize].wait = Wait::Room;
            self.outputs[out as usize].waiting = channel;
            return None;
        };
        let lane = self.setup.lane(channel, input.port);
        let port = (out / self.setup.vcs) as usize;
        let interval = self.ports[port].interval.into();
        let crossing = Crossing { now: self.now, from: from.max(self.now), flits: flits.into(), interval };
        Some(reserve(&mut self.lane_slots[lane], &mut self.port_slots[port], crossing))
    }

    /// Flits of a cell.
    #[inline(always)]
    fn flits_of(&mut self, cell: Cell) -> u16 {
        let flits = self.ledger.parcel(cell.parcel()).flits;
        let each = self.setup.cell_flits(flits);
        match (each, cell.is_tail()) {
            (1, _) => 1,
            (_, false) => each,
            (_, true) => flits - (flits.div_ceil(each) - 1) * each,
        }
    }

    /// The first cycle from `from` on in which the buffer fed by `out` has room for the next `flits` in a
    /// row; `None` if it is not known.
    #[inline]
    pub(super) fn room(&self, out: u32, flits: u16, from: u64) -> Option<u64> {
        let depth = self.setup.depth;
        let ring = &self.room[out as usize * usize::from(depth)..][..usize::from(depth)];
        let mut place = self.outputs[out as usize].sent;
        let mut at = from;
        for flit in 0..flits {
            let free = ring[usize::from(place)];
            if free == UNKNOWN {
                return None;
            }
            at = at.max(free.saturating_sub(flit.into()));
            place = if place + 1 == depth { 0 } else { place + 1 };
        }
        Some(at)
    }

    /// Takes the next slots of the buffer fed by `out`.
    #[inline]
    pub(super) fn claim(&mut self, out: u32, flits: u16) {
        let depth = self.setup.depth;
        let first = out as usize * usize::from(depth);
        let output = &mut self.outputs[out as usize];
        for _ in 0..flits {
            self.room[first + usize::from(output.sent)] = UNKNOWN;
            output.sent = if output.sent + 1 == depth { 0 } else { output.sent + 1 };
        }
    }

    /// Puts a cell into an input channel, where it arrives at cycle `at`.
    #[inline]
    pub(super) fn push(&mut self, channel: u32, at: u64, cell: Cell) {
        let depth = self.setup.depth;
        let input = &mut self.inputs[channel as usize];
        self.cells[channel as usize * usize::from(depth) + usize::from(input.write)] = cell;
        input.write = if input.write + 1 == depth { 0 } else { input.write + 1 };
        self.agenda.push(at, Event::Arrive(channel));
    }

    /// The tail crosses to `out` at cycle `last`: the channel is free for the next packet.
    #[inline]
    fn release(&mut self, out: u32, last: u64) {
        if self.setup.closing {
            self.outputs[out as usize].closing = true;
        } else {
            self.open(out, last + self.setup.timing.reuse);
        }
    }

    /// An output channel is free from `at` on: who queues for it can go on.
    #[inline]
    fn open(&mut self, out: u32, at: u64) {
        self.outputs[out as usize].free_at = at;
        if out < self.setup.node_channels {
            let slot = (out / self.setup.vcs) as usize;
            if !self.queues[slot].is_empty() {
                self.call(slot, out % self.setup.vcs);
            }
        }
    }

    /// Calls the first in a port's queue that can use channel `vc`.
    fn call(&mut self, slot: usize, vc: u32) {
        let inputs = &mut self.inputs;
        let queue = &mut self.queues[slot];
        // Who has taken a channel elsewhere has no business here any more.
        queue.retain(|&(channel, _)| inputs[channel as usize].wait == Wait::Channel);
        if let Some(place) = queue.iter().position(|&(_, vcs)| vcs >> vc & 1 == 1)
            && let Some((channel, _)) = queue.remove(place)
        {
            self.resumed.push_back(Resume::Cell(channel));
        }
    }

    /// The flits of a cell leave by `port`, the first and the last in these cycles.
    #[inline]
    fn drive(&mut self, port: &Port, out: u32, front: Front, cycles: RangeInclusive<u64>) {
        let (Front { cell, flits, .. }, first) = (front, *cycles.start());
        self.ledger.tally.port_flits[(out / self.setup.vcs) as usize] += u64::from(flits);
        self.claim(out, flits);
        match port.exit {
            Exit::Router { .. } => {
                let target = port.target + out % self.setup.vcs;
                // A cell that came over a narrow link goes on without gaps, so its first flit waits.
                let next = self.ports[(port.target / self.setup.vcs) as usize].interval_in;
                let gap = u64::from(flits - 1) * u64::from(next - 1);
                self.push(target, first + port.flight + gap, cell);
            }
            Exit::Node(_) => self.eject(port, out, cell, first + port.flight..=cycles.end() + port.flight),
            Exit::Nowhere => {}
        }
    }

    /// A sink reads the flits of a cell in these cycles.
    #[inline]
    fn eject(&mut self, port: &Port, out: u32, cell: Cell, cycles: RangeInclusive<u64>) {
        let (first, last) = (*cycles.start(), *cycles.end());
        let back = NODE_CHANNEL + 1 + self.setup.timing.credit - self.setup.timing.node_credit;
        for at in cycles {
            self.ledger.eject_flit(at);
            self.credit(out, at + back);
        }
        let parcel = self.ledger.parcel(cell.parcel());
        if cell.is_head() {
            parcel.head_ejected = first;
        }
        if cell.is_tail() {
            parcel.tail_ejected = last;
            if let Exit::Node(node) = port.exit {
                parcel.dst = node;
            }
            self.agenda.push(last, Event::Deliver(cell.parcel()));
            if self.outputs[out as usize].closing {
                self.reopen(out, last + back);
            }
        }
    }

    /// The front cell has its cycle, the last of its flits `last`: its slots come free, the next cell's turn.
    #[inline]
    fn leave(&mut self, front: Front, last: u64) {
        let Front { channel, cell, flits } = front;
        let depth = self.setup.depth;
        let input = &mut self.inputs[channel as usize];
        input.cells -= 1;
        input.front = if input.front + 1 == depth { 0 } else { input.front + 1 };
        input.next = last + 1;
        let port = self.ports[input.port as usize];
        let feeder = port.feeder + (channel - input.port * self.setup.vcs);
        for before in (0..u64::from(flits)).rev() {
            self.credit(feeder, last - before + port.credit);
        }
        if cell.is_tail() && self.outputs[feeder as usize].closing {
            self.reopen(feeder, last + port.credit);
        }
        self.resume(feeder);
    }

    /// A slot of the buffer fed by `out` is free from `at` on.
    #[inline]
    fn credit(&mut self, out: u32, at: u64) {
        let depth = self.setup.depth;
        let output = &mut self.outputs[out as usize];
        self.room[out as usize * usize::from(depth) + usize::from(output.credited)] = at;
        output.credited = if output.credited + 1 == depth { 0 } else { output.credited + 1 };
    }

    /// The tail's credit reaches the router at `at`.
    fn reopen(&mut self, out: u32, at: u64) {
        self.outputs[out as usize].closing = false;
        let stages = if out < self.setup.node_channels { self.setup.timing.reopen } else { 0 };
        self.open(out, at + stages);
    }

    /// Who waits for room in the buffer fed by `out` can go on.
    #[inline]
    fn resume(&mut self, out: u32) {
        if out >= self.setup.node_channels {
            let node = (out - self.setup.node_channels) / self.setup.vcs;
            let sender = &mut self.senders[node as usize];
            if std::mem::replace(&mut sender.waiting, false) {
                self.resumed.push_back(Resume::Node(node));
            }
            return;
        }
        let waiting = std::mem::replace(&mut self.outputs[out as usize].waiting, NONE);
        if waiting != NONE {
            self.resumed.push_back(Resume::Cell(waiting));
        }
    }
}

/// Sorts high priorities first.
fn before_first(priority: u8) -> u8 {
    u8::MAX - priority
}
