//! Takes lost packets out of the network, as if they had never come as far: their flits leave buffers and
//! wires, the credits for them go back the usual way, and the virtual channels that they held are free.

use std::collections::HashSet;
use std::ops::Range;

use super::board::Board;
use super::packet::{Packets, Record};
use super::region::{Region, Shared};
use super::router::{BLOCK, State};
use super::setup::{End, Wire};
use super::strike::{Doomed, Scene, Seat, name};
use super::wheel::{Flit, Place};
use crate::base::{RouterId, ones};
use crate::fabric::{Fabric, Health};
use crate::noc::source::{Failure, Source};

impl<const N: usize, const P: usize> Scene<'_, N, P> {
    /// Takes the doomed packets out, and breaks the parts.
    pub(super) fn purge<S: Source>(mut self, sources: &mut [S]) {
        let empty = self.released();
        for region in self.regions.iter_mut() {
            region.break_parts(self.ground.fabric, self.ground.health);
        }
        let mut credits = Vec::new();
        for (r, region) in self.regions.iter_mut().enumerate() {
            let marks = marks(&region.shared.packets, |record| self.doomed.contains_key(&name(record)));
            region.clear_wires(&marks, r, self.now, &mut credits);
            region.clear_routers(&marks, r, &empty, self.now, &mut credits);
            region.settle_requests();
            for node in 0..region.nodes.count() {
                if region.nodes.half_sent(node).is_some_and(|slot| marks[slot]) {
                    region.nodes.abort(node, &mut region.shared, &mut sources[r], self.now);
                }
            }
            for (slot, _) in marks.iter().enumerate().filter(|&(_, &marked)| marked) {
                region.shared.packets.remove(slot);
            }
        }
        for (r, wire, vc) in credits {
            self.give_back(r, wire, vc);
        }
        self.count_copies();
        tell(self.regions, &self.doomed, self.now, sources);
    }

    /// Active input VCs without a flit whose packet is doomed.
    fn released(&mut self) -> HashSet<Seat> {
        let mut released = HashSet::new();
        for (r, router, vc) in self.active_and_empty() {
            let Some((region, slot)) = self.holder((r, router, vc)) else { continue };
            let record = self.regions[region].shared.packets.record(slot);
            if self.doomed.contains_key(&name(record)) {
                released.insert((r, router, vc));
            }
        }
        released
    }

    fn active_and_empty(&self) -> Vec<Seat> {
        let mut seats = Vec::new();
        for (r, region) in self.regions.iter().enumerate() {
            for (number, router) in region.routers.iter().enumerate() {
                let held = |vc: &usize| router.ins[*vc].state != State::Idle && router.ins[*vc].len == 0;
                seats.extend((0..N).filter(held).map(|vc| (r, number, vc)));
            }
        }
        seats
    }

    /// A credit goes back over a wire from an input port.
    fn give_back(&mut self, r: usize, wire: Wire, vc: usize) {
        let (at, place) = (self.now + u64::from(wire.delay), wire.place(vc));
        let wheel = match wire.end {
            End::Nowhere => return,
            End::Node => return self.regions[r].shared.wheel.nodes(at).credits.push(place),
            End::Router | End::Elsewhere => &mut self.regions[usize::from(wire.region)].shared.wheel,
        };
        wheel.credit(at, place);
    }

    /// Counts anew how many packets are known to several regions.
    fn count_copies(&mut self) {
        let (mut names, mut copies) = (HashSet::new(), 0u64);
        for region in self.regions.iter_mut() {
            region.shared.copies = 0;
            for slot in region.shared.packets.slots() {
                copies += u64::from(!names.insert(name(region.shared.packets.record(slot))));
            }
        }
        self.regions[0].shared.copies = copies;
    }
}

/// Counts the lost packets and tells both ends of each.
fn tell<S: Source, const N: usize, const P: usize>(
    regions: &mut [Region<N, P>],
    doomed: &Doomed,
    now: u64,
    sources: &mut [S],
) {
    for (cause, record) in doomed.values() {
        regions[0].shared.tally.lose(record.created, *cause);
        let (src, dst) = (record.src, record.dst);
        let failure = Failure { src, dst, tag: record.tag, at: now };
        for node in [Some(src), (dst != src).then_some(dst)].into_iter().flatten() {
            let r = regions.partition_point(|region| region.nodes.first() <= node) - 1;
            let nodes = &mut regions[r].nodes;
            if sources[r].heeds_failures() {
                nodes.tell_lost(node, failure, &mut sources[r]);
            }
        }
    }
}

/// A flit was taken out of the buffer behind an input port, or from the wire to it: region, the wire that
/// credits for it take, input VC.
type Credits = Vec<(usize, Wire, usize)>;

impl<const N: usize, const P: usize> Region<N, P> {
    /// The flits in an input VC, oldest first.
    pub(super) fn buffered(&self, router: usize, vc: usize) -> Vec<Flit> {
        let (input, ring) = (&self.routers[router].ins[vc], self.shared.setup.ring(router, vc));
        let behind = (1..input.len).map(|order| self.buffers[ring.slot(input.head + order)]);
        (input.len > 0).then_some(input.front).into_iter().chain(behind).collect()
    }

    /// The oldest flit in an input VC.
    pub(super) fn front(&self, router: usize, vc: usize) -> Flit {
        self.routers[router].ins[vc].front
    }

    fn cycles(&self, now: u64) -> Range<u64> {
        now..now + self.shared.wheel.span()
    }

    /// Takes marked packets off the wires, and out of stages that are still to end.
    fn clear_wires(&mut self, marks: &[bool], r: usize, now: u64, credits: &mut Credits) {
        for cycle in self.cycles(now) {
            for block in 0..self.shared.wheel.blocks() {
                let (due, late) = self.shared.wheel.work_mut(block, cycle);
                let (mut due, mut late) = (std::mem::take(due), std::mem::take(late));
                let stays = |place: &Place| !marks[self.front(place.of(), place.vc()).slot()];
                due.fronts.retain(stays);
                late.routed.retain(stays);
                late.allocated.retain(stays);
                for flits in &mut due.flits {
                    let before = flits.len();
                    let gone = flits.iter().filter(|(_, flit)| marks[flit.slot()]);
                    credits.extend(gone.map(|&(place, _)| self.credit_of(r, place)));
                    flits.retain(|(_, flit)| !marks[flit.slot()]);
                    self.shared.tally.flits_lost += (before - flits.len()) as u64;
                }
                let (due_there, late_there) = self.shared.wheel.work_mut(block, cycle);
                (*due_there, *late_there) = (due, late);
            }
        }
    }

    /// The way that a credit for a flit at an input VC goes.
    fn credit_of(&self, r: usize, place: Place) -> (usize, Wire, usize) {
        let port = usize::from(self.shared.setup.port_of[place.vc()]);
        (r, self.routers[place.of()].ports[port].back, place.vc())
    }

    /// Takes marked packets out of the routers.
    fn clear_routers(
        &mut self,
        marks: &[bool],
        r: usize,
        empty: &HashSet<Seat>,
        now: u64,
        credits: &mut Credits,
    ) {
        for number in 0..self.routers.len() {
            for vc in 0..N {
                let len = self.routers[number].ins[vc].len;
                let held = match len {
                    0 => empty.contains(&(r, number, vc)),
                    _ => marks[self.front(number, vc).slot()],
                };
                if held {
                    self.let_go(number, vc);
                }
                if len == 0 {
                    continue;
                }
                let flits = self.buffered(number, vc);
                let left: Vec<Flit> = flits.iter().copied().filter(|flit| !marks[flit.slot()]).collect();
                let place = Place::new(number, vc);
                for _ in left.len()..flits.len() {
                    credits.push(self.credit_of(r, place));
                    self.shared.tally.flits_lost += 1;
                }
                let ring = self.shared.setup.ring(number, vc);
                let input = &mut self.routers[number].ins[vc];
                input.len = 0;
                left.iter().for_each(|&flit| _ = input.push(flit, &mut self.buffers, ring));
                if held && !left.is_empty() {
                    self.shared.wheel.front(number / BLOCK, now, place);
                }
            }
        }
    }

    /// An input VC gives up what it holds or waits for.
    fn let_go(&mut self, number: usize, vc: usize) {
        let (depth, wait) = (self.shared.setup.depth, self.shared.setup.wait_for_tail_credit);
        let router = &mut self.routers[number];
        router.torn &= !(1 << vc);
        for port in &mut router.ports {
            port.heads &= !(1 << vc);
            port.bids &= !(1 << vc);
        }
        let input = &mut router.ins[vc];
        let state = std::mem::take(&mut input.state);
        let out = usize::from(input.out);
        if !matches!(state, State::Active | State::Allocating) || self.stuck[number] >> out & 1 == 1 {
            return;
        }
        if wait && router.outs[out].credits < depth {
            router.closing |= 1 << out;
        } else {
            router.free_out |= 1 << out;
        }
    }

    /// Notes anew which ports have something to allocate.
    fn settle_requests(&mut self) {
        let setup = &self.shared.setup;
        self.boards.iter_mut().for_each(Board::clear);
        for (number, router) in self.routers.iter().enumerate() {
            let (board, local) = (&mut self.boards[number / BLOCK], number % BLOCK);
            for (port, state) in router.ports.iter().enumerate() {
                for vc in ones(state.bids) {
                    board.bid(port, setup.lane(vc), 1 << local);
                }
                if state.heads != 0 {
                    board.ask(port, local);
                }
            }
        }
    }

    /// Takes links that do not work any more, and stuck virtual channels, out of use. Nothing may be on them.
    pub(super) fn break_parts(&mut self, fabric: &Fabric, health: &Health) {
        let setup = &self.shared.setup;
        let routers = self.routers.iter_mut().zip(&mut self.stuck);
        for (number, (router, stuck)) in routers.enumerate().take(self.port_counts.len()) {
            let at = RouterId(self.shared.first_router + number as u32);
            for port in 0..fabric.routers[at.index()].network_ports {
                let dead =
                    |link: Option<crate::base::LinkId>| link.is_some_and(|link| !health.link[link.index()]);
                let state = &mut router.ports[usize::from(port)];
                if dead(fabric.into(at, port)) {
                    state.back = Wire::default();
                }
                if dead(fabric.out(at, port)) {
                    state.out = Wire::default();
                    *stuck |= setup.vc_mask << (port * setup.vcs);
                }
            }
        }
        for &(link, vcs) in &health.stuck_vcs {
            let link = fabric.link(link);
            let local = link.from.0.wrapping_sub(self.shared.first_router) as usize;
            if local < self.port_counts.len() {
                self.stuck[local] |= (u64::from(vcs) & setup.vc_mask) << (link.from_port * setup.vcs);
            }
        }
        for (router, stuck) in self.routers.iter_mut().zip(&self.stuck) {
            router.free_out &= !stuck;
            router.whole &= !stuck;
            router.closing &= !stuck;
        }
    }
}

impl Shared {
    /// Packets of the region, those that another one counts left out.
    pub(super) fn in_flight(&self) -> u64 {
        (self.packets.len() as u64).wrapping_add(self.packets.uncopied).wrapping_sub(self.copies)
    }
}

/// By slot: whether the packet there is `marked`.
fn marks(packets: &Packets, marked: impl Fn(&Record) -> bool) -> Vec<bool> {
    let mut marks = Vec::new();
    for slot in packets.slots() {
        marks.resize(slot + 1, false);
        marks[slot] = marked(&packets.get(slot).1);
    }
    marks
}
