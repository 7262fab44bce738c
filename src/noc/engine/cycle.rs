//! The network cycle. This file is the hot loop; it reads in the order of the pipeline.
//!
//! A router evaluates all its stages on the state at the start of the cycle plus what arrived in
//! it: the stages below therefore work on copies of the request masks taken after the arrivals.
//! Nothing a router does reaches another one in less than two cycles, so the order of routers is
//! free.

use super::region::Region;
use super::speculate::Bids;
use super::wheel::{Arrival, Flit, Later, Slot};
use crate::base::RouterId;
use crate::noc::route::{Candidates, Routing, Standing};
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
        for &credit in &slot.credits {
            self.credit_router(credit.router as usize, credit.vc);
        }
        for &credit in &slot.node_credits {
            self.credit_node(credit.node as usize, credit.vc);
        }
        for later in slot.later.drain(..) {
            self.later(later);
        }
        for &arrival in &slot.flits {
            self.buffer_write(arrival, routing, now);
        }
    }

    /// A credit comes back for output VC `vc`.
    #[inline]
    fn credit_router(&mut self, router: usize, vc: u8) {
        let hot = &mut self.routers[router];
        let base = hot.vc_base as usize;
        let out = &mut self.out_vc[base + usize::from(vc)];
        out.credits += 1;
        hot.credit_out |= 1 << vc;
        if out.tail_sent && out.credits == self.setup.depth {
            out.tail_sent = false;
            hot.free_out |= 1 << vc;
        } else if out.credits == 1 && hot.free_out & 1 << vc == 0 {
            let owner = out.owner;
            if hot.active & 1 << owner != 0 && self.in_vc[base + usize::from(owner)].len > 0 {
                hot.ready |= 1 << owner;
                self.wake_router(router);
            }
        }
    }

    /// A stage of several cycles ends.
    fn later(&mut self, later: Later) {
        match later {
            Later::Routed(router, vc) => {
                self.routers[router.index()].waiting |= 1 << vc;
                self.wake_router(router.index());
            }
            Later::Allocated(router, vc) => {
                self.routers[router.index()].active |= 1 << vc;
                self.update_ready(router.index(), vc);
                self.wake_router(router.index());
            }
            Later::LinkFree(router, port) => {
                let vcs = self.setup.vc_mask << (port * self.setup.vcs);
                self.routers[router.index()].open_out |= vcs;
                self.wake_router(router.index());
            }
        }
    }

    /// Input queuing: a flit is written into its buffer; a head that finds the VC idle starts.
    #[inline]
    fn buffer_write(&mut self, arrival: Arrival, routing: &Routing, now: u64) {
        let Arrival { router, vc, flit } = arrival;
        let router = router as usize;
        let hot = &mut self.routers[router];
        let index = hot.vc_base as usize + usize::from(vc);
        let input = &mut self.in_vc[index];
        let at = usize::from(input.head) + usize::from(input.len);
        self.buffers[index * self.setup.ring + (at & (self.setup.ring - 1))] = flit;
        input.len += 1;
        if input.len == 1 {
            if hot.active & 1 << vc != 0 {
                hot.ready |= hot.credit_out >> input.out << vc & 1 << vc;
            } else if flit.is_head() {
                if self.setup.routing_delay == 0 {
                    self.route(router, vc, routing, now);
                } else {
                    hot.routing |= 1 << vc;
                }
            }
            self.wake_router(router);
        }
    }

    /// Sets or clears the bid of an active input VC.
    pub(super) fn update_ready(&mut self, router: usize, vc: u8) {
        let hot = &mut self.routers[router];
        let input = &self.in_vc[hot.vc_base as usize + usize::from(vc)];
        let ready = hot.active & 1 << vc != 0 && input.len > 0 && hot.credit_out & 1 << input.out != 0;
        hot.ready = hot.ready & !(1 << vc) | u64::from(ready) << vc;
    }

    /// One cycle of a router's pipeline. Returns whether it has more to do in the next cycle.
    #[inline]
    fn step_router<S: Source>(&mut self, router: usize, turn: &mut Turn<'_, S>) -> bool {
        let hot = &self.routers[router];
        let (to_route, waiting, mut bids) = (hot.routing, hot.waiting, hot.ready);
        if self.setup.narrow_links {
            bids = self.bids_on_free_links(router, bids);
        }
        let (free, credit) = (hot.free_out, hot.credit_out);

        if waiting != 0 && !self.setup.piggyback {
            self.allocate_vcs(router, waiting, turn.now);
        }
        if to_route != 0 {
            self.route_all(router, to_route, turn.routing, turn.now);
        }
        if self.setup.speculative {
            self.allocate_switch_speculatively(
                router,
                Bids { sure: bids, waiting, usable: free & credit },
                turn,
            );
        } else if bids != 0 {
            self.allocate_switch(router, bids, turn);
        }

        let hot = &self.routers[router];
        hot.routing | hot.waiting | hot.ready != 0
    }

    /// Route computation of all heads in `to_route`.
    #[inline]
    fn route_all(&mut self, router: usize, mut to_route: u64, routing: &Routing, now: u64) {
        self.routers[router].routing &= !to_route;
        while to_route != 0 {
            let vc = to_route.trailing_zeros() as u8;
            to_route &= to_route - 1;
            self.route(router, vc, routing, now);
        }
    }

    /// Route computation of the head at the front of an input VC.
    #[inline]
    pub(super) fn route(&mut self, router: usize, vc: u8, routing: &Routing, now: u64) {
        let vcs = self.setup.vcs;
        let index = self.routers[router].vc_base as usize + usize::from(vc);
        let input = &mut self.in_vc[index];
        let flit = self.buffers[index * self.setup.ring + usize::from(input.head)];
        let packet = self.packets.get(flit.slot());
        packet.hops += 1;
        let port = self.setup.port_of[usize::from(vc)];
        let at = RouterId(self.first_router + router as u32);
        let mut candidates = Candidates::default();
        routing.route(Standing { at, port, vc: vc - port * vcs }, &mut packet.head, &mut candidates);
        let all = candidates.as_slice().iter();
        input.wants = all.fold(0, |wants, c| wants | u64::from(c.vcs) << (c.port * vcs));
        if self.setup.routing_delay <= 1 {
            self.routers[router].waiting |= 1 << vc;
        } else {
            let done = now + self.setup.routing_delay - 1;
            self.wheel.at(done + 1).later.push(Later::Routed(RouterId(router as u32), vc));
        }
    }

    /// Of `bids`, those whose output link is free.
    fn bids_on_free_links(&self, router: usize, bids: u64) -> u64 {
        let hot = &self.routers[router];
        let mut free = bids;
        let mut rest = bids;
        while rest != 0 {
            let vc = rest.trailing_zeros();
            rest &= rest - 1;
            let out = self.in_vc[hot.vc_base as usize + vc as usize].out;
            free &= !(u64::from(hot.open_out >> out & 1 == 0) << vc);
        }
        free
    }

    /// Reads the front flit of an input VC out of its buffer.
    #[inline(always)]
    pub(super) fn buffer_read(&mut self, index: usize) -> Flit {
        let ring = self.setup.ring;
        let input = &mut self.in_vc[index];
        let flit = self.buffers[index * ring + usize::from(input.head)];
        input.head = (input.head + 1) & (ring as u16 - 1);
        input.len -= 1;
        flit
    }
}
