//! A hop: the packet at the front of a buffer is given its cycles at the switch.

use super::calendar::{Crossing, WINDOW, reserve};
use super::channel::{Input, NONE, UNKNOWN};
use super::wait::{Later, Until};
use super::{Approximate, Event};
use crate::base::ones;
use crate::noc::multicast::Leg;
use crate::noc::route::{Candidate, Head, Standing};
use crate::noc::wiring::Exit;

/// Cycles ahead of a packet's turn in which it is given its cycles at most: who is ready earlier goes first.
const FORESIGHT: u64 = 16;

/// Cycles after which a packet looks again that found a timetable full.
const FULL: u64 = 8;

/// The output channel that a packet would take.
struct Pick {
    /// [`NONE`] if there is none.
    out: u32,
    /// Cycle from which it is free.
    free: u64,
    /// All that the packet could take belong to one port.
    of_one_port: bool,
}

/// The packet at the front of an input channel.
#[derive(Clone, Copy)]
struct Front {
    channel: u32,
    port: u32,
    slot: u32,
    flits: u64,
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
        let free = input.free;
        if free <= self.now && self.setup.plain && self.glide(channel, slot) {
            return;
        }
        let input = &mut self.inputs[channel as usize];
        (input.front, input.back) = (slot, slot);
        match free {
            free if free > self.now => self.arm(channel, free),
            _ => self.advance(channel),
        }
    }

    /// The common hop, with nothing in the way: a packet of one flit comes into an idle buffer and finds an output
    /// channel, a credit and both cycles free at once. Does what [`Self::advance`] would and returns true, or
    /// does nothing.
    #[inline]
    fn glide(&mut self, channel: u32, slot: u32) -> bool {
        let (parcel, wait) = (self.ledger.parcel(slot), self.setup.timing.wait);
        if parcel.flits != 1 || parcel.branch != NONE || wait >= WINDOW {
            return false;
        }
        let (now, ready) = (self.now, self.now + wait);
        let Input { port: number, turn, .. } = self.inputs[channel as usize];
        let router = self.ports[number as usize].router;
        let Some(only) = self.gate.routing.fixed(router, &parcel.head) else { return false };
        let to = self.wiring.slot(router, only.port);
        let first = u32::from(only.port) * self.setup.vcs;
        // The next virtual channel in turn, if it is free in time; others are left to the long way.
        let ahead = turn.wrapping_sub(first);
        let left = if ahead < 32 { only.vcs >> ahead << ahead } else { 0 };
        let vc = (if left != 0 { left } else { only.vcs }).trailing_zeros();
        let out = to as u32 * self.setup.vcs + vc;
        if only.vcs == 0 || !self.is_clear(to, out, ready) {
            return false;
        }
        if !self.lanes[number as usize].is_free(now, wait) || !self.ports[to].wire.is_free(now, wait) {
            return false;
        }
        self.lanes[number as usize].take(now, wait);
        self.ports[to].wire.take(now, wait);
        self.last_move = now;
        let input = &mut self.inputs[channel as usize];
        (input.free, input.turn) = (ready + 1, first + vc + 1);
        self.return_credits(Front { channel, port: number, slot, flits: 1 }, (ready, ready));
        self.send(slot, out, (ready, ready));
        true
    }

    /// Whether one flit may cross to `out` of port `to` in cycle `at`, as far as channel and credit go.
    #[inline(always)]
    fn is_clear(&self, to: usize, out: u32, at: u64) -> bool {
        let (output, port) = (&self.outputs[out as usize], &self.ports[to]);
        let has_credit =
            || output.known > output.sent && self.credits[self.credit_at(out, output.sent)] <= at;
        output.free <= at && port.interval == 1 && (matches!(port.exit, Exit::Node(_)) || has_credit())
    }

    /// It is time to look at the front of a buffer again.
    pub(super) fn turn(&mut self, channel: u32) {
        self.inputs[channel as usize].armed = false;
        self.advance(channel);
    }

    /// Gives the packet at the front its cycles, or notes when to try again.
    fn advance(&mut self, channel: u32) {
        loop {
            let wait = self.setup.timing.wait;
            let input = &mut self.inputs[channel as usize];
            if input.ready == UNKNOWN {
                input.ready = self.now + wait;
            }
            let (slot, port) = (input.front, input.port);
            self.expand(channel, slot);
            let flits = self.ledger.parcel(slot).flits.into();
            let front = Front { channel, port, slot, flits };
            let last = match self.hold(front).and_then(|out| self.cross(front, out)) {
                Ok(last) => last,
                Err(later) => return self.wait(channel, later),
            };
            let shared = std::mem::take(&mut self.shared[slot as usize]);
            let input = &mut self.inputs[channel as usize];
            (input.out, input.awaited, input.front) = (NONE, NONE, self.behind[slot as usize]);
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
        let router = self.ports[self.inputs[channel as usize].port as usize].router;
        for (number, next) in trees.after(branch).enumerate() {
            if number > 0 {
                let copy = self.ledger.insert(original);
                self.ledger.copy(router, 1);
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

    /// Sends the front packet to the output channel that it holds; returns the cycle in which its tail crosses.
    #[inline]
    fn cross(&mut self, front: Front, out: u32) -> Result<u64, Later> {
        let Front { channel, port, slot, flits } = front;
        let (head, tail) = self.earliest(front, out)?;
        if head > self.now + self.setup.timing.wait + FORESIGHT {
            return Err(Later::at(head - self.setup.timing.wait, out));
        }
        let lane = self.setup.lane(port, channel - port * self.setup.vcs);
        let number = self.out_port(out) as usize;
        let to = &mut self.ports[number];
        let crossing = Crossing { now: self.now, head, tail, flits, interval: to.interval };
        let Some(cycles) = reserve(&mut self.lanes[lane], &mut to.wire, crossing) else {
            return Err(Later::at(self.now + FULL, out));
        };
        self.last_move = self.now;
        self.return_credits(front, cycles);
        self.send(slot, out, cycles);
        Ok(cycles.1)
    }

    #[inline(always)]
    pub(super) fn out_port(&self, out: u32) -> u32 {
        match self.vc_shift {
            Some(shift) => out >> shift,
            None => out / self.setup.vcs,
        }
    }

    /// The output channel that the front packet holds: one that it takes now, if it had none.
    #[inline]
    fn hold(&mut self, front: Front) -> Result<u32, Later> {
        let input = &self.inputs[front.channel as usize];
        if input.out != NONE {
            return Ok(input.out);
        }
        let mut head = self.ledger.parcel(front.slot).head;
        let Pick { out, free, of_one_port } = self.pick(front, &mut head);
        if free > self.now + self.setup.timing.wait + FORESIGHT {
            return Err(match free {
                UNKNOWN if of_one_port && out != NONE => Later { until: Until::Channel, on: out },
                UNKNOWN => Later::at(self.now + 1, out),
                free => Later::at(free - self.setup.timing.wait, out),
            });
        }
        self.ledger.parcel_mut(front.slot).head = head;
        self.outputs[out as usize].free = UNKNOWN;
        let number = self.out_port(out);
        let next =
            u32::from(self.ports[number as usize].port) * self.setup.vcs + out - number * self.setup.vcs + 1;
        let input = &mut self.inputs[front.channel as usize];
        (input.out, input.turn) = (out, next);
        input.ready = input.ready.max(free);
        Ok(out)
    }

    /// The output channel for the front packet; `head` is what becomes of the packet's head.
    #[inline]
    fn pick(&mut self, front: Front, head: &mut Head) -> Pick {
        let port = &self.ports[front.port as usize];
        let (router, in_port) = (port.router, port.port);
        let (mut best, mut of_one_port) = ((NONE, UNKNOWN, u32::MAX), true);
        let way = self.way[front.slot as usize];
        if way != NONE {
            if let Some(candidate) = self.branch(way) {
                self.compare(front, candidate, &mut best);
            }
        } else if let Some(only) = self.gate.routing.fixed(router, head) {
            self.compare(front, only, &mut best);
        } else {
            let vc = (front.channel - front.port * self.setup.vcs) as u8;
            let standing = Standing { at: router, port: in_port, vc };
            let mut candidates = std::mem::take(&mut self.candidates);
            self.gate.routing.route(standing, head, &mut candidates);
            candidates.as_slice().iter().for_each(|&candidate| self.compare(front, candidate, &mut best));
            of_one_port = candidates.as_slice().windows(2).all(|two| two[0].port == two[1].port);
            self.candidates = candidates;
        }
        Pick { out: best.0, free: best.1, of_one_port }
    }

    /// What a branch of a tree leaves to choose.
    fn branch(&self, way: u32) -> Option<Candidate> {
        let branch = self.gate.trees.as_ref()?.branch(way)?;
        let port = match branch.leg {
            Leg::Link(link) => self.ports[self.link_slots[link.index()] as usize].port,
            Leg::Eject(node) => self.gate.attachment(node).port,
        };
        Some(Candidate { port, vcs: branch.vcs, priority: 0 })
    }

    /// Compares the channels of a candidate with the best one known: (channel, cycle from which it is free, place in
    /// the turn). Of those that are free in time the next in turn is taken, as the router's allocator does, whether
    /// it has credits or not; else the one that is free first. Where there are escape channels, one without room
    /// for the packet is not free.
    #[inline]
    fn compare(&self, front: Front, candidate: Candidate, best: &mut (u32, u64, u32)) {
        let input = &self.inputs[front.channel as usize];
        let router = self.ports[front.port as usize].router;
        let first = self.wiring.slot(router, candidate.port) as u32 * self.setup.vcs;
        let needed = front.flits.min(self.setup.depth);
        for vc in ones(candidate.vcs.into()) {
            let vc = vc as u32;
            let output = &self.outputs[(first + vc) as usize];
            let has_room = !self.has_escape || output.known >= output.sent + needed;
            let free = if has_room { output.free.max(input.ready) } else { UNKNOWN };
            let place = u32::from(candidate.port) * self.setup.vcs + vc;
            let turn = place.wrapping_sub(input.turn) & 0xFFFF;
            if best.0 == NONE || (free, turn) < (best.1, best.2) {
                *best = (first + vc, free, turn);
            }
        }
    }

    /// The first cycles in which head and tail of the front packet can cross to `out`, which it holds.
    #[inline]
    fn earliest(&self, front: Front, out: u32) -> Result<(u64, u64), Later> {
        let ready = self.inputs[front.channel as usize].ready.max(self.now);
        let (output, port) = (&self.outputs[out as usize], &self.ports[self.out_port(out) as usize]);
        let arrived = self.ledger.parcel(front.slot).tail_ejected;
        if matches!(port.exit, Exit::Node(_)) {
            return Ok((ready, arrived.max(ready)));
        }
        let needed = front.flits.min(self.setup.depth);
        if output.known < output.sent + needed {
            return Err(Later { until: Until::Credit, on: out });
        }
        let credit = |number: u64| self.credits[self.credit_at(out, number)];
        let (first, last) = (credit(output.sent), credit(output.sent + needed - 1));
        let head = ready.max(if self.setup.cut_through { last } else { first });
        let mut tail = arrived.max(last).max(head);
        if front.flits > self.setup.depth {
            // Its own first flits must make room for the others.
            let pace = port.round_trip.div_ceil(self.setup.depth).max(port.interval);
            tail = tail.max(head + (front.flits - 1) * pace);
        }
        Ok((head, tail))
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
        if flits == 1 {
            let place = self.credit_at(feeder, known);
            self.credits[place] = first + delay;
        } else {
            for flit in flits.saturating_sub(self.setup.ring)..flits {
                let place = self.credit_at(feeder, known + flit);
                self.credits[place] = first + flit * span / gaps + delay;
            }
        }
        let output = &mut self.outputs[feeder as usize];
        output.known = known + flits;
        if self.setup.closing {
            output.free = last + delay + self.setup.timing.reopen;
        }
        self.answer(feeder);
    }

    /// Puts a packet on the wire of `out`.
    #[inline]
    fn send(&mut self, slot: u32, out: u32, (first, last): (u64, u64)) {
        let number = self.out_port(out);
        let port = &self.ports[number as usize];
        let vc = out - number * self.setup.vcs;
        let (flight, exit, target) = (port.flight, port.exit, port.target);
        let parcel = self.ledger.parcel_mut(slot);
        (parcel.hops, parcel.tail_ejected) = (parcel.hops + 1, last + flight);
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
        self.call(number);
    }
}
