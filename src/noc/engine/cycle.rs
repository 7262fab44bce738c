//! The network cycle. This file is the hot loop; it reads in the order of the pipeline.
//!
//! A router evaluates all its stages on the state at the start of the cycle plus what arrived in
//! it: the stages below therefore work on copies of the request masks taken after the arrivals.
//! Nothing a router does reaches another one in less than two cycles, so the order of routers is
//! free.

use super::region::{Hot, Region};
use super::speculate::Bids;
use super::wheel::{Arrival, Later, Place, Slot};
use crate::base::RouterId;
use crate::noc::route::{Routing, Standing};
use crate::noc::source::Source;

/// What a region works with in one cycle.
pub(super) struct Turn<'a, S> {
    pub routing: &'a Routing,
    pub source: &'a mut S,
    pub now: u64,
}

impl Region {
    /// Simulates the cycle `turn.now`.
    pub(super) fn cycle<S: Source>(&mut self, turn: &mut Turn<'_, S>) {
        let now = turn.now;
        let mut slot = self.wheel.take(now);
        self.arrive(&mut slot, turn.routing, now);
        self.wheel.put_back(now, slot);

        let busy = &mut self.busy_nodes;
        self.calendar.take(now, |node| busy[node as usize / 64] |= 1 << (node % 64));
        self.inject_all(turn);

        for word in 0..self.busy_routers.len() {
            let mut busy = self.busy_routers[word];
            while busy != 0 {
                let bit = busy & busy.wrapping_neg();
                busy ^= bit;
                let router = word * 64 + bit.trailing_zeros() as usize;
                if !self.step_router(router, turn) {
                    self.busy_routers[word] &= !bit;
                }
            }
        }
    }

    /// Everything that reaches its destination in this cycle.
    #[inline]
    fn arrive(&mut self, slot: &mut Slot, routing: &Routing, now: u64) {
        for &place in &slot.credits {
            self.credit_router(place);
        }
        for &place in &slot.node_credits {
            self.credit_node(place.of(), place.vc());
        }
        for later in slot.later.drain(..) {
            self.later(later);
        }
        for &arrival in &slot.flits {
            self.buffer_write(arrival, routing, now);
        }
    }

    /// A credit comes back for an output VC.
    #[inline]
    fn credit_router(&mut self, place: Place) {
        let (router, vc) = (place.of(), place.vc());
        let hot = &mut self.routers[router];
        let base = hot.vc_base as usize;
        let out = &mut self.out_vc[base + usize::from(vc)];
        out.credits += 1;
        if out.credits == 1 {
            hot.credit_out |= 1 << vc;
            let owner = out.owner;
            if hot.free_out & 1 << vc == 0 && hot.active & 1 << owner != 0 {
                let bids = self.in_vc[base + usize::from(owner)].len > 0;
                hot.ready |= u64::from(bids) << owner;
                self.wake_router(router);
            }
        }
        if self.setup.wait_for_tail_credit {
            self.close(router, vc);
        }
    }

    /// Frees an output VC whose tail has left if the buffer downstream is empty again.
    fn close(&mut self, router: usize, vc: u8) {
        let hot = &mut self.routers[router];
        let empty = self.out_vc[hot.vc_base as usize + usize::from(vc)].credits == self.setup.depth;
        let closed = self.closing_out[router] & u64::from(empty) << vc;
        self.closing_out[router] &= !closed;
        hot.free_out |= closed;
    }

    /// A stage of several cycles ends.
    fn later(&mut self, later: Later) {
        match later {
            Later::Routed(place) => {
                self.routers[place.of()].waiting |= 1 << place.vc();
                self.wake_router(place.of());
            }
            Later::Allocated(place) => {
                let hot = &mut self.routers[place.of()];
                let input = &self.in_vc[hot.vc_base as usize + usize::from(place.vc())];
                let ready = u64::from(input.len > 0) & hot.credit_out >> input.out;
                hot.active |= 1 << place.vc();
                hot.ready |= ready << place.vc();
                self.wake_router(place.of());
            }
            Later::LinkFree(router, vcs) => {
                self.busy_out[router as usize] &= !vcs;
                self.wake_router(router as usize);
            }
        }
    }

    /// Input queuing: a flit is written into its buffer; a head that finds the VC idle is routed.
    #[inline]
    fn buffer_write(&mut self, arrival: Arrival, routing: &Routing, now: u64) {
        let (router, vc) = (arrival.place.of(), arrival.place.vc());
        let hot = &mut self.routers[router];
        let index = hot.vc_base as usize + usize::from(vc);
        let input = &mut self.in_vc[index];
        let at = usize::from(input.head + input.len) & (self.setup.ring - 1);
        self.buffers[index * self.setup.ring + at] = arrival.flit;
        input.len += 1;
        if input.len > 1 {
            return;
        }
        if hot.active & 1 << vc != 0 {
            hot.ready |= (hot.credit_out >> input.out & 1) << vc;
        } else if arrival.flit.is_head() {
            let mut routed = *hot;
            self.route(router, &mut routed, vc, routing, now);
            self.routers[router] = routed;
        }
        self.wake_router(router);
    }

    /// One cycle of a router's pipeline. Returns whether it has more to do in the next cycle.
    #[inline]
    fn step_router<S: Source>(&mut self, router: usize, turn: &mut Turn<'_, S>) -> bool {
        let mut hot = self.routers[router];
        let mut bids = hot.ready;
        if self.setup.narrow_links {
            bids = self.bids_on_free_links(router, bids);
        }
        let (waiting, usable) = (hot.waiting, hot.free_out & hot.credit_out);
        if waiting != 0 && !self.setup.piggyback {
            self.allocate_vcs(router, &mut hot, turn.now);
        }
        hot.waiting |= hot.routed;
        hot.routed = 0;
        if self.setup.speculative {
            let bids = Bids { sure: bids, waiting, usable };
            self.allocate_switch_speculatively(router, &mut hot, bids, turn);
        } else if bids != 0 {
            self.allocate_switch(router, &mut hot, bids, turn);
        }
        self.routers[router] = hot;
        hot.routed | hot.waiting | hot.ready != 0
    }

    /// Route computation of the head at the front of an input VC, for the allocation after
    /// `routing_delay` cycles from `start` on.
    #[inline]
    pub(super) fn route(&mut self, router: usize, hot: &mut Hot, vc: u8, routing: &Routing, start: u64) {
        let index = hot.vc_base as usize + usize::from(vc);
        let input = &mut self.in_vc[index];
        let flit = self.buffers[index * self.setup.ring + usize::from(input.head)];
        let travel = self.packets.travel(flit.slot());
        travel.hops += 1;
        let (at, vcs) = (RouterId(self.first_router + router as u32), self.setup.vcs);
        input.wants = match routing.fixed(at, &travel.head) {
            Some(hop) => u64::from(hop.vcs) << (hop.port * vcs),
            None => {
                let port = self.setup.port_of[usize::from(vc & 63)];
                let candidates = &mut self.scratch.candidates;
                routing.route(Standing { at, port, vc: vc - port * vcs }, &mut travel.head, candidates);
                candidates.as_slice().iter().fold(0, |wants, c| wants | u64::from(c.vcs) << (c.port * vcs))
            }
        };
        match self.setup.routing_delay {
            0 => hot.waiting |= 1 << vc,
            1 => hot.routed |= 1 << vc,
            delay => self.wheel.at(start + delay).later.push(Later::Routed(Place::new(router as u32, vc))),
        }
    }

    /// Of `bids`, those whose output link is free.
    fn bids_on_free_links(&self, router: usize, bids: u64) -> u64 {
        let (base, busy) = (self.routers[router].vc_base as usize, self.busy_out[router]);
        let (mut free, mut rest) = (bids, bids);
        while rest != 0 {
            let vc = rest.trailing_zeros();
            rest &= rest - 1;
            free &= !((busy >> self.in_vc[base + vc as usize].out & 1) << vc);
        }
        free
    }
}
