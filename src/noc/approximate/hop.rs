//! A hop: the packet at the front of a buffer is given its cycles at the switch.

use super::calendar::{Crossing, reserve};
use super::channel::{NONE, UNKNOWN};
use super::{Approximate, Event};
use crate::noc::multicast::Leg;
use crate::noc::route::{Candidate, Head, Standing};
use crate::noc::wiring::Exit;

/// Cycles ahead of a packet's turn in which it is given its cycles at most: who is ready earlier goes first.
const FORESIGHT: u64 = 16;

/// Cycles after which a packet looks again that found a timetable full.
const FULL: u64 = 8;

/// The packet at the front of an input channel.
#[derive(Clone, Copy)]
struct Front {
    channel: u32,
    port: u32,
    slot: u32,
    /// First cycle in which its head may cross.
    ready: u64,
    flits: u64,
}

/// An output channel, and the first cycles in which head and tail could cross to it.
#[derive(Clone, Copy)]
struct Choice {
    out: u32,
    head: u64,
    tail: u64,
}

/// A packet cannot be given its cycles yet.
struct Later {
    /// When to look again.
    at: u64,
    /// Output channel that it waits for.
    on: u32,
}

impl Approximate {
    /// The head of a packet comes into a buffer.
    #[inline]
    pub(super) fn arrive(&mut self, channel: u32, slot: u32) {
        self.behind[slot as usize] = NONE;
        let input = &mut self.inputs[channel as usize];
        if input.front != NONE {
            self.behind[input.back as usize] = slot;
            input.back = slot;
            return;
        }
        (input.front, input.back) = (slot, slot);
        match input.free {
            free if free > self.now => self.arm(channel, free),
            _ => self.advance(channel),
        }
    }

    /// It is time to look at the front of a buffer again.
    pub(super) fn turn(&mut self, channel: u32) {
        self.inputs[channel as usize].armed = false;
        self.advance(channel);
    }

    fn arm(&mut self, channel: u32, at: u64) {
        debug_assert!(!self.inputs[channel as usize].armed && at > self.now);
        self.inputs[channel as usize].armed = true;
        self.agenda.push(at, Event::Turn(channel));
    }

    /// Gives the packet at the front its cycles, or notes when to try again.
    fn advance(&mut self, channel: u32) {
        loop {
            let input = &mut self.inputs[channel as usize];
            if input.ready == UNKNOWN {
                input.ready = self.now + self.setup.timing.wait;
            }
            let (slot, port, ready) = (input.front, input.port, input.ready);
            self.expand(channel, slot);
            let flits = self.ledger.parcel_mut(slot).flits.into();
            let front = Front { channel, port, slot, ready: ready.max(self.now), flits };
            let last = match self.cross(front) {
                Ok(last) => last,
                Err(Later { at, on }) => {
                    self.inputs[channel as usize].awaited = on;
                    return self.arm(channel, at);
                }
            };
            let shared = std::mem::take(&mut self.shared[slot as usize]);
            let input = &mut self.inputs[channel as usize];
            (input.awaited, input.front) = (NONE, self.behind[slot as usize]);
            if shared {
                continue; // the next copy of the packet is as ready as this one was
            }
            (input.free, input.ready) = (last + 1, UNKNOWN);
            if input.front != NONE {
                self.arm(channel, last + 1);
            }
            return;
        }
    }

    /// Puts copies for all branches that follow in the place of a packet that stands at a fork of its tree.
    fn expand(&mut self, channel: u32, slot: u32) {
        let branch = self.ledger.parcel_mut(slot).branch;
        if branch == NONE || self.way[slot as usize] != NONE {
            return;
        }
        let Some(trees) = self.gate.trees.clone() else { return };
        let (mut at, original) = (slot, *self.ledger.parcel_mut(slot));
        for (number, next) in trees.after(branch).enumerate() {
            if number > 0 {
                let copy = self.ledger.insert(original);
                self.make_room(copy);
                self.behind[copy as usize] = self.behind[at as usize];
                self.behind[at as usize] = copy;
                self.shared[at as usize] = true;
                let input = &mut self.inputs[channel as usize];
                if input.back == at {
                    input.back = copy;
                }
                at = copy;
            }
            self.way[at as usize] = next;
        }
    }

    /// Sends the front packet on; returns the cycle in which its tail crosses.
    #[inline]
    fn cross(&mut self, front: Front) -> Result<u64, Later> {
        let Front { channel, port, slot, flits, .. } = front;
        let mut head = self.ledger.parcel_mut(slot).head;
        let Choice { out, head: first, tail } = self.pick(front, &mut head)?;
        if first > self.now + self.setup.timing.wait + FORESIGHT {
            return Err(Later { at: first - self.setup.timing.wait, on: out });
        }
        let vc = channel - port * self.setup.vcs;
        let to = self.out_port(out) as usize;
        let lane = self.setup.lane(port, vc);
        let interval = self.ports[to].interval;
        let crossing = Crossing { now: self.now, head: first, tail, flits, interval };
        let Some((first, last)) = reserve(&mut self.lanes[lane], &mut self.ports[to].wire, crossing) else {
            return Err(Later { at: self.now + FULL, on: out });
        };
        self.last_move = self.now;
        self.return_credits(front, (first, last));
        self.send(slot, head, out, (first, last));
        Ok(last)
    }

    #[inline(always)]
    fn out_port(&self, out: u32) -> u32 {
        match self.vc_shift {
            Some(shift) => out >> shift,
            None => out / self.setup.vcs,
        }
    }

    /// The output channel for the front packet; `head` is what becomes of its head.
    #[inline]
    fn pick(&mut self, front: Front, head: &mut Head) -> Result<Choice, Later> {
        let port = &self.ports[front.port as usize];
        let (router, in_port) = (port.router, port.port);
        let way = self.way[front.slot as usize];
        if way != NONE {
            return self.pick_branch(front, way);
        }
        if let Some(only) = self.gate.routing.fixed(router, head) {
            return self.best(front, only);
        }
        let vc = (front.channel - front.port * self.setup.vcs) as u8;
        let standing = Standing { at: router, port: in_port, vc };
        let mut candidates = std::mem::take(&mut self.candidates);
        self.gate.routing.route(standing, head, &mut candidates);
        let mut best: Option<(Choice, (bool, u8, u32))> = None;
        let mut later = Later { at: self.now + 1, on: NONE };
        for &candidate in candidates.as_slice() {
            match self.best(front, candidate) {
                Err(wait) => later.on = wait.on,
                Ok(choice) => {
                    let wire = self.out_port(choice.out) as usize;
                    let load = self.ports[wire].wire.load(self.now);
                    let rank = (choice.head <= front.ready, candidate.priority, u32::MAX - load);
                    if best.is_none_or(|(_, known)| rank > known) {
                        best = Some((choice, rank));
                    }
                }
            }
        }
        self.candidates = candidates;
        best.map(|(choice, _)| choice).ok_or(later)
    }

    fn pick_branch(&mut self, front: Front, way: u32) -> Result<Choice, Later> {
        let branch = self.gate.trees.as_ref().and_then(|trees| trees.branch(way));
        let Some(branch) = branch else { return Err(Later { at: self.now + FULL, on: NONE }) };
        let port = match branch.leg {
            Leg::Link(link) => self.ports[self.link_slots[link.index()] as usize].port,
            Leg::Eject(node) => self.gate.attachment(node).port,
        };
        self.best(front, Candidate { port, vcs: branch.vcs, priority: 0 })
    }

    /// The virtual channel of a candidate that is free first.
    #[inline]
    fn best(&mut self, front: Front, candidate: Candidate) -> Result<Choice, Later> {
        let router = self.ports[front.port as usize].router;
        let slot = self.wiring.slot(router, candidate.port) as u32;
        let (first, turn) = (slot * self.setup.vcs, self.ports[slot as usize].turn);
        let mut best = Choice { out: NONE, head: UNKNOWN, tail: UNKNOWN };
        for step in 0..self.setup.vcs {
            let vc = u32::from(turn) + step;
            let vc = if vc >= self.setup.vcs { vc - self.setup.vcs } else { vc };
            if candidate.vcs >> vc & 1 == 0 {
                continue;
            }
            let choice = self.offer(front, slot, first + vc);
            if choice.head < best.head || best.out == NONE {
                best = choice;
                if choice.head <= front.ready {
                    break;
                }
            }
        }
        match best.head {
            UNKNOWN => Err(Later { at: self.now + 1, on: best.out }),
            _ => Ok(best),
        }
    }

    /// When head and tail of the front packet could cross to `out` at port `slot`.
    #[inline]
    fn offer(&self, front: Front, slot: u32, out: u32) -> Choice {
        let (output, port) = (&self.outputs[out as usize], &self.ports[slot as usize]);
        let arrived = self.ledger.parcel(front.slot).tail_ejected;
        if matches!(port.exit, Exit::Node(_)) {
            let head = output.free.max(front.ready);
            return Choice { out, head, tail: arrived.max(head) };
        }
        let needed = front.flits.min(self.setup.depth);
        if output.free == UNKNOWN || output.known < output.sent + needed {
            return Choice { out, head: UNKNOWN, tail: UNKNOWN };
        }
        let credit = |number: u64| self.credits[self.credit_at(out, number)];
        let (first, last) = (credit(output.sent), credit(output.sent + needed - 1));
        let room = if self.setup.cut_through { last } else { first };
        let head = front.ready.max(output.free).max(room);
        let mut tail = arrived.max(last).max(head);
        if front.flits > self.setup.depth {
            // Its own first flits must make room for the others.
            let pace = port.round_trip.div_ceil(self.setup.depth).max(port.interval);
            tail = tail.max(head + (front.flits - 1) * pace);
        }
        Choice { out, head, tail }
    }

    /// The place of credit `number` of an output channel.
    #[inline(always)]
    pub(super) fn credit_at(&self, out: u32, number: u64) -> usize {
        (u64::from(out) * self.setup.ring + (number & (self.setup.ring - 1))) as usize
    }

    /// The buffer slots of a packet that leaves an input channel can be used again.
    #[inline]
    fn return_credits(&mut self, front: Front, (first, last): (u64, u64)) {
        let Front { channel, port, slot, flits, .. } = front;
        if self.shared[slot as usize] {
            return; // another copy still needs the slot
        }
        let Some(feeder) = Some(self.ports[port as usize].feeder).filter(|&feeder| feeder != NONE) else {
            return;
        };
        let feeder = feeder + channel - port * self.setup.vcs;
        let delay = self.ports[port as usize].credit;
        let (gaps, span) = ((flits - 1).max(1), last - first);
        let known = self.outputs[feeder as usize].known;
        for flit in flits.saturating_sub(self.setup.ring)..flits {
            let at = if flit == 0 { first } else { first + flit * span / gaps };
            let place = self.credit_at(feeder, known + flit);
            self.credits[place] = at + delay;
        }
        let output = &mut self.outputs[feeder as usize];
        output.known = known + flits;
        if self.setup.closing {
            output.free = last + delay + self.setup.timing.reopen;
        }
    }

    /// Puts a packet on the wire of `out`.
    #[inline]
    fn send(&mut self, slot: u32, head: Head, out: u32, (first, last): (u64, u64)) {
        let number = self.out_port(out);
        let port = &mut self.ports[number as usize];
        let vc = out - number * self.setup.vcs;
        port.turn = (vc + 1) as u8 % self.setup.vcs as u8;
        let (flight, exit, target) = (port.flight, port.exit, port.target);
        let parcel = self.ledger.parcel_mut(slot);
        (parcel.head, parcel.hops, parcel.tail_ejected) = (head, parcel.hops + 1, last + flight);
        let flits = u64::from(parcel.flits);
        if self.way[slot as usize] != NONE {
            parcel.branch = std::mem::replace(&mut self.way[slot as usize], NONE);
        }
        let output = &mut self.outputs[out as usize];
        output.free = last + self.setup.timing.reuse;
        match exit {
            Exit::Node(node) => {
                (parcel.dst, parcel.head_ejected) = (node, first + flight);
                self.agenda.push(last + flight, Event::Deliver(slot));
            }
            Exit::Router { .. } => {
                output.sent += flits;
                if self.setup.closing {
                    output.free = UNKNOWN;
                }
                self.agenda.push(first + flight, Event::Arrive { channel: target + vc, slot });
            }
            Exit::Nowhere => unreachable!("routing functions never offer dead links"),
        }
        self.ledger.tally.vc_grants += 1;
        self.ledger.tally.port_flits[number as usize] += flits;
    }
}
