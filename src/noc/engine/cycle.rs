//! The network cycle. This file is the hot loop; it reads in the order of the pipeline.
//!
//! A router evaluates all its stages on the state at the start of the cycle plus what arrived in
//! it: the stages below therefore work on copies of the request masks taken after the arrivals.
//! Nothing that a router or a node does reaches another one before [`Setup::lookahead`] cycles have
//! passed, so the order of routers is free, and each router is simulated for that many cycles at a
//! time, while its state is at hand.
//!
//! `PLAIN` says at compile time that the router is the common one ([`Setup::is_plain`]); what it
//! does not have costs it nothing.
//!
//! [`Setup::is_plain`]: super::setup::Setup
//! [`Setup::lookahead`]: super::setup::Setup

use super::block::{Block, for_each_bit};
use super::region::{Region, Shared};
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

impl<const N: usize, const P: usize> Region<N, P> {
    /// Simulates the cycles from `turn.now` up to `end`, which are no more than the lookahead.
    /// Returns whether anything happened.
    pub(super) fn advance<S: Source, const PLAIN: bool>(&mut self, turn: &mut Turn<'_, S>, end: u64) -> bool {
        let start = turn.now;
        let mut visited = 0;
        while turn.now < end {
            if !PLAIN {
                self.finish_stages(turn.now);
            }
            visited |= self.shared.step_nodes(turn);
            turn.now += 1;
        }
        for word in 0..self.blocks.len().div_ceil(64) {
            let mut routers = self.shared.wheel.router_visits(start..end, word);
            visited |= routers;
            while routers != 0 {
                let router = word * 64 + routers.trailing_zeros() as usize;
                routers &= routers - 1;
                let block = &mut self.blocks[router];
                for now in start..end {
                    turn.now = now;
                    block.step::<S, PLAIN>(router, &mut self.shared, turn);
                }
                if block.is_busy() {
                    self.shared.wheel.visit_router(end, router);
                }
            }
        }
        turn.now = end;
        visited != 0
    }

    /// Stages of several cycles that end at `now`.
    fn finish_stages(&mut self, now: u64) {
        let slot = self.shared.wheel.slot(now);
        let mut ended = std::mem::take(&mut self.shared.wheel.later[slot]);
        for later in ended.drain(..) {
            let router = match later {
                Later::Routed(place) => {
                    self.blocks[place.of()].waiting |= 1 << place.vc();
                    place.of()
                }
                Later::Allocated(place) => {
                    let block = &mut self.blocks[place.of()];
                    let input = &block.in_vc[usize::from(place.vc())];
                    let ready = u64::from(input.len > 0) & block.credit_out >> input.out;
                    block.active |= 1 << place.vc();
                    block.ready |= ready << place.vc();
                    place.of()
                }
                Later::LinkFree(router, vcs) => {
                    self.blocks[router as usize].busy_out &= !vcs;
                    router as usize
                }
            };
            self.shared.wheel.visit_router(now, router);
        }
        self.shared.wheel.later[slot] = ended;
    }
}

impl<const N: usize, const P: usize> Block<N, P> {
    /// One cycle of a router's pipeline.
    #[inline(always)]
    fn step<S: Source, const PLAIN: bool>(
        &mut self,
        router: usize,
        shared: &mut Shared,
        turn: &mut Turn<'_, S>,
    ) {
        let inbox = shared.wheel.take_inbox(turn.now, router);
        self.take_credits::<PLAIN>(inbox.credits, &shared.setup);
        let heads = self.take_flits(inbox.flits);
        for_each_bit(heads, |vc| self.route::<PLAIN>(router, vc, shared, turn.routing, turn.now));

        let (waiting, usable) = (self.waiting, self.free_out & self.credit_out);
        let bids = if PLAIN || self.busy_out == 0 { self.ready } else { self.on_free_links(self.ready) };
        if waiting != 0 && (PLAIN || !shared.setup.piggyback) {
            self.allocate_vcs::<PLAIN>(router, shared, turn.now);
        }
        self.waiting |= self.routed;
        self.routed = 0;
        if !PLAIN && shared.setup.speculative {
            self.speculate(router, Bids { sure: bids, waiting, usable }, shared, turn);
        } else if bids != 0 {
            self.allocate_switch::<S, PLAIN>(router, bids, shared, turn);
        }
    }

    /// Switch allocation among the input VCs in `bids`, and traversal of the winners.
    #[inline(always)]
    fn allocate_switch<S: Source, const PLAIN: bool>(
        &mut self,
        router: usize,
        bids: u64,
        shared: &mut Shared,
        turn: &mut Turn<'_, S>,
    ) {
        if self.compete::<PLAIN>(bids, &shared.setup) {
            for (vc, _) in self.match_bids::<PLAIN>(bids, &shared.setup).iter() {
                self.send::<S, PLAIN>(router, vc, shared, turn);
            }
            return;
        }
        for_each_bit(bids, |vc| {
            let input = &self.in_vc[vc];
            let (port, output) = (input.port, usize::from(input.out_port));
            let lane = if PLAIN { usize::from(port) } else { shared.setup.lane(vc as u8, port) };
            self.take_switch_turn(lane, output);
            self.lanes[lane].vc = if PLAIN { vc as u8 + 1 } else { shared.setup.vc_after(vc, lane) };
            self.send::<S, PLAIN>(router, vc, shared, turn);
        });
    }

    /// Route computation of the head at the front of an input VC, for the allocation after
    /// `routing_delay` cycles from `start` on.
    #[inline(always)]
    pub(super) fn route<const PLAIN: bool>(
        &mut self,
        router: usize,
        vc: usize,
        shared: &mut Shared,
        routing: &Routing,
        start: u64,
    ) {
        let flit = shared.buffers[self.front(vc, &shared.setup)];
        let travel = shared.packets.travel(flit.slot());
        travel.hops += 1;
        let at = RouterId(shared.first_router + router as u32);
        self.in_vc[vc].wants = match routing.fixed(at, &travel.head) {
            Some(hop) => u64::from(hop.vcs) << (hop.port * shared.setup.vcs),
            None => {
                let (vcs, port) = (shared.setup.vcs, self.in_vc[vc].port);
                let standing = Standing { at, port, vc: vc as u8 - port * vcs };
                let candidates = &mut shared.candidates;
                routing.route(standing, &mut travel.head, candidates);
                candidates.as_slice().iter().fold(0, |wants, c| wants | u64::from(c.vcs) << (c.port * vcs))
            }
        };
        if PLAIN || shared.setup.routing_delay == 1 {
            self.routed |= 1 << vc;
        } else if shared.setup.routing_delay == 0 {
            self.waiting |= 1 << vc;
        } else {
            let slot = shared.wheel.slot(start + shared.setup.routing_delay);
            shared.wheel.later[slot].push(Later::Routed(Place::new(router as u32, vc as u8)));
        }
    }
}
