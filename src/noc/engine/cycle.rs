//! The network cycle. This file is the hot loop; it reads in the order of the pipeline.
//!
//! A router evaluates all its stages on the state at the start of the cycle plus what arrived in
//! it: the stages below therefore work on copies of the request masks taken after the arrivals.
//! Nothing a router does reaches another one in less than two cycles, so the order of routers is
//! free.
//!
//! `PLAIN` says at compile time that the router is the common one ([`Setup::is_plain`]); what it
//! does not have costs it nothing.
//!
//! [`Setup::is_plain`]: super::setup::Setup

use super::allocate::for_each_bit;
use super::region::{Hot, Region};
use super::speculate::Bids;
use super::wheel::{Later, Place};
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
    /// Simulates the cycle `turn.now`. Returns whether anything happened.
    pub(super) fn cycle<S: Source, const PLAIN: bool>(&mut self, turn: &mut Turn<'_, S>) -> bool {
        let now = turn.now;
        if !PLAIN {
            self.finish_stages(now);
        }
        let wheel = &mut self.wheel;
        self.calendar.take(now, |node| wheel.visit_node(now, node as usize));

        let mut visited = 0;
        for word in 0..self.nodes.len().div_ceil(64) {
            let mut nodes = self.wheel.take_node_visits(now, word);
            visited |= nodes;
            while nodes != 0 {
                let node = word * 64 + nodes.trailing_zeros() as usize;
                nodes &= nodes - 1;
                self.step_node(node, turn);
            }
        }
        for word in 0..self.routers.len().div_ceil(64) {
            let mut routers = self.wheel.take_router_visits(now, word);
            visited |= routers;
            while routers != 0 {
                let router = word * 64 + routers.trailing_zeros() as usize;
                routers &= routers - 1;
                self.step_router::<S, PLAIN>(router, turn);
            }
        }
        visited != 0
    }

    /// Stages of several cycles that end in this one.
    fn finish_stages(&mut self, now: u64) {
        let slot = self.wheel.slot(now);
        let mut ended = std::mem::take(&mut self.wheel.later[slot]);
        for later in ended.drain(..) {
            let router = match later {
                Later::Routed(place) => {
                    self.routers[place.of()].waiting |= 1 << place.vc();
                    place.of()
                }
                Later::Allocated(place) => {
                    let hot = &mut self.routers[place.of()];
                    let input = &self.in_vc[hot.vc_base as usize + usize::from(place.vc())];
                    let ready = u64::from(input.len > 0) & hot.credit_out >> input.out;
                    hot.active |= 1 << place.vc();
                    hot.ready |= ready << place.vc();
                    place.of()
                }
                Later::LinkFree(router, vcs) => {
                    self.busy_out[router as usize] &= !vcs;
                    router as usize
                }
            };
            self.wheel.visit_router(now, router);
        }
        self.wheel.later[slot] = ended;
    }

    /// One cycle of a router's pipeline.
    #[inline]
    fn step_router<S: Source, const PLAIN: bool>(&mut self, router: usize, turn: &mut Turn<'_, S>) {
        let now = turn.now;
        let inbox = self.wheel.take_inbox(now, router);
        let mut hot = self.routers[router];
        self.take_credits::<PLAIN>(router, &mut hot, inbox.credits);
        self.take_flits::<PLAIN>(router, &mut hot, inbox.flits, turn.routing, now);

        let mut bids = hot.ready;
        if !PLAIN && self.setup.narrow_links {
            bids = self.bids_on_free_links(router, bids);
        }
        let (waiting, usable) = (hot.waiting, hot.free_out & hot.credit_out);
        if waiting != 0 && (PLAIN || !self.setup.piggyback) {
            self.allocate_vcs::<PLAIN>(router, &mut hot, now);
        }
        hot.waiting |= hot.routed;
        hot.routed = 0;
        if !PLAIN && self.setup.speculative {
            let bids = Bids { sure: bids, waiting, usable };
            self.allocate_switch_speculatively(router, &mut hot, bids, turn);
        } else if bids != 0 {
            self.allocate_switch::<S, PLAIN>(router, &mut hot, bids, turn);
        }
        self.routers[router] = hot;
        if hot.routed | hot.waiting | hot.ready != 0 {
            self.wheel.visit_router(now + 1, router);
        }
    }

    /// Credits come back for the output VCs in `arrived`.
    #[inline(always)]
    fn take_credits<const PLAIN: bool>(&mut self, router: usize, hot: &mut Hot, arrived: u64) {
        let base = hot.vc_base as usize;
        for_each_bit(arrived, |vc| {
            let out = &mut self.out_vc[base + usize::from(vc)];
            out.credits += 1;
            if out.credits == 1 {
                hot.credit_out |= 1 << vc;
                let owner = out.owner;
                let held = hot.free_out >> vc & 1 ^ 1;
                let bids = u64::from(self.in_vc[base + usize::from(owner)].len > 0);
                hot.ready |= hot.active & (held & bids) << owner;
            }
            if !PLAIN && self.setup.wait_for_tail_credit {
                let empty = self.out_vc[base + usize::from(vc)].credits == self.setup.depth;
                let closed = self.closing_out[router] & u64::from(empty) << vc;
                self.closing_out[router] &= !closed;
                hot.free_out |= closed;
            }
        });
    }

    /// Flits become visible at the input VCs in `arrived`; a head that finds its VC idle is routed.
    #[inline(always)]
    fn take_flits<const PLAIN: bool>(
        &mut self,
        router: usize,
        hot: &mut Hot,
        arrived: u64,
        routing: &Routing,
        now: u64,
    ) {
        for_each_bit(arrived, |vc| {
            let input = &mut self.in_vc[hot.vc_base as usize + usize::from(vc)];
            input.len += 1;
            if input.len == 1 {
                if hot.active >> vc & 1 == 1 {
                    hot.ready |= (hot.credit_out >> input.out & 1) << vc;
                } else {
                    self.route::<PLAIN>(router, hot, vc, routing, now);
                }
            }
        });
    }

    /// Route computation of the head at the front of an input VC, for the allocation after
    /// `routing_delay` cycles from `start` on.
    #[inline(always)]
    pub(super) fn route<const PLAIN: bool>(
        &mut self,
        router: usize,
        hot: &mut Hot,
        vc: u8,
        routing: &Routing,
        start: u64,
    ) {
        let index = hot.vc_base as usize + usize::from(vc);
        let flit = self.buffers[index * self.setup.ring + usize::from(self.in_vc[index].head)];
        let travel = self.packets.travel(flit.slot());
        travel.hops += 1;
        let at = RouterId(self.first_router + router as u32);
        self.in_vc[index].wants = match routing.fixed(at, &travel.head) {
            Some(hop) => u64::from(hop.vcs) << (hop.port * self.setup.vcs),
            None => self.route_freely(at, vc, flit.slot(), routing),
        };
        if PLAIN || self.setup.routing_delay == 1 {
            hot.routed |= 1 << vc;
        } else if self.setup.routing_delay == 0 {
            hot.waiting |= 1 << vc;
        } else {
            let slot = self.wheel.slot(start + self.setup.routing_delay);
            self.wheel.later[slot].push(Later::Routed(Place::new(router as u32, vc)));
        }
    }

    /// Asks a routing function that may offer several candidates or keeps a memory.
    fn route_freely(&mut self, at: RouterId, vc: u8, slot: usize, routing: &Routing) -> u64 {
        let (vcs, port) = (self.setup.vcs, self.setup.port_of[usize::from(vc & 63)]);
        let candidates = &mut self.scratch.candidates;
        routing.route(
            Standing { at, port, vc: vc - port * vcs },
            &mut self.packets.travel(slot).head,
            candidates,
        );
        candidates.as_slice().iter().fold(0, |wants, c| wants | u64::from(c.vcs) << (c.port * vcs))
    }

    /// Of `bids`, those whose output link is free.
    fn bids_on_free_links(&self, router: usize, bids: u64) -> u64 {
        let (base, busy) = (self.routers[router].vc_base as usize, self.busy_out[router]);
        let mut free = bids;
        for_each_bit(bids, |vc| free &= !((busy >> self.in_vc[base + usize::from(vc)].out & 1) << vc));
        free
    }
}
