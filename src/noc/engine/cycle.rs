//! The network cycle. This file is the hot loop; it reads in the order of the pipeline.
//!
//! A router evaluates all its stages on the state at the start of the cycle plus what arrived in
//! it. So the stages of one cycle run one after the other over all routers, each over the list of
//! virtual channels that have business there, and what a stage brings about falls due in a later
//! cycle. Within a stage the order of virtual channels is free: requests are counted first, then
//! granted.
//!
//! `PLAIN` says at compile time that the router is the common one ([`Setup::is_plain`]); what it
//! does not have costs it nothing.
//!
//! [`Setup::is_plain`]: super::setup::Setup

use super::channel::{MANY, State};
use super::region::Region;
use super::wheel::{Due, Place};
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
    /// Simulates the cycle `turn.now`. Returns whether anything happened.
    pub(super) fn cycle<S: Source, const PLAIN: bool>(&mut self, turn: &mut Turn<'_, S>) -> bool {
        let now = turn.now;
        let mut due = self.wheel.take(now);
        self.calendar.take(now, |node| due.nodes.push(node));

        self.take_credits::<PLAIN>(&mut due);
        self.take_flits::<PLAIN>(&mut due, turn.routing, now);
        self.step_nodes(&mut due, turn);
        let speculative = !PLAIN && self.setup.speculative;
        if speculative {
            self.guess(&due.heads);
        }
        if PLAIN || !self.setup.piggyback {
            self.allocate_vcs::<PLAIN>(&due.heads, now);
        }
        if speculative {
            self.speculate(&due, turn);
        } else {
            self.allocate_switch::<S, PLAIN>(&due.bids, turn);
        }
        let busy = !due.is_empty();
        self.wheel.put_back(now, due);
        busy
    }

    /// Credits come back, and narrow links are free again.
    #[inline(always)]
    fn take_credits<const PLAIN: bool>(&mut self, due: &mut Due) {
        for &place in &due.credits {
            let (router, vc) = (place.of(), place.vc());
            let out = &mut self.tables.out_vc[router][vc];
            out.credits += 1;
            if out.credits == 1 {
                // The VC that holds it may wait for this very credit.
                let owner = usize::from(out.owner);
                let input = &mut self.tables.in_vc[router][owner];
                if input.state == State::Active && usize::from(input.out) == vc && input.len > 0 {
                    input.state = State::Bidding;
                    due.bids.push(Place::new(router, owner));
                }
            }
            if !PLAIN {
                self.close(router, vc);
            }
        }
        if !PLAIN {
            for &place in &due.links {
                self.tables.ports[place.of()][usize::from(self.setup.port_of[place.vc()])].busy = false;
            }
        }
    }

    /// Frees an output VC whose tail has left if the buffer downstream is empty again.
    fn close(&mut self, router: usize, vc: usize) {
        let out = &mut self.tables.out_vc[router][vc];
        if out.closing && out.credits == self.setup.depth {
            out.closing = false;
            self.tables.hubs[router].free_out |= 1 << vc;
        }
    }

    /// Input queuing: flits become visible; a head that finds its VC idle is routed.
    #[inline(always)]
    fn take_flits<const PLAIN: bool>(&mut self, due: &mut Due, routing: &Routing, now: u64) {
        for &place in &due.flits {
            let input = &mut self.tables.in_vc[place.of()][place.vc()];
            input.len += 1;
            if input.len > 1 {
                continue;
            }
            if input.state == State::Active {
                input.state = State::Bidding;
                due.bids.push(place);
                continue;
            }
            self.route(place, routing);
            match self.setup.routing_delay {
                0 if !PLAIN => due.heads.push(place),
                delay if !PLAIN => self.wheel.at(now + delay).heads.push(place),
                _ => self.wheel.at(now + 1).heads.push(place),
            }
        }
    }

    /// Route computation of the head at the front of an input VC.
    #[inline(always)]
    pub(super) fn route(&mut self, place: Place, routing: &Routing) {
        let (router, vc) = (place.of(), place.vc());
        let flit = self.buffers[self.tables.front(router, vc, &self.setup)];
        let travel = self.packets.travel(flit.slot());
        travel.hops += 1;
        let at = RouterId(self.first_router + router as u32);
        let input = &mut self.tables.in_vc[router][vc];
        if let Some(hop) = routing.fixed(at, &travel.head) {
            input.wants = u64::from(hop.vcs) << (hop.port * self.setup.vcs);
            input.out_port = hop.port;
            return;
        }
        let (vcs, port) = (self.setup.vcs, self.setup.port_of[vc]);
        routing.route(
            Standing { at, port, vc: vc as u8 - port * vcs },
            &mut travel.head,
            &mut self.candidates,
        );
        let candidates = self.candidates.as_slice();
        input.wants = candidates.iter().fold(0, |wants, c| wants | u64::from(c.vcs) << (c.port * vcs));
        input.out_port = if let [only] = candidates { only.port } else { MANY };
    }

    /// Switch allocation among the input VCs in `bids`, and traversal of the winners.
    #[inline(always)]
    fn allocate_switch<S: Source, const PLAIN: bool>(&mut self, bids: &[Place], turn: &mut Turn<'_, S>) {
        let stage = turn.now << 1 | 1;
        for &place in bids {
            self.bid::<PLAIN>(place, stage, turn.now);
        }
        for &place in bids {
            let (router, vc) = (place.of(), place.vc());
            let input = &self.tables.in_vc[router][vc];
            if input.state != State::Bidding {
                continue;
            }
            let (lane, output) = (self.lane::<PLAIN>(vc), usize::from(input.out_port));
            let hub = &mut self.tables.hubs[router];
            if hub.disputed(switch_resources(lane, output)) {
                if std::mem::take(&mut hub.unsettled) {
                    self.settle_switch::<S, PLAIN>(router, turn);
                }
                continue;
            }
            if !PLAIN && self.tables.ports[router][output].busy {
                continue;
            }
            self.take_switch_turn::<PLAIN>(router, lane, output, vc);
            self.send::<S, PLAIN>(place, turn);
        }
    }

    /// Enters a bid, or parks the VC until a credit or its link is there.
    #[inline(always)]
    pub(super) fn bid<const PLAIN: bool>(&mut self, place: Place, stage: u64, now: u64) {
        let (router, vc) = (place.of(), place.vc());
        let input = &mut self.tables.in_vc[router][vc];
        let (out, output) = (usize::from(input.out), usize::from(input.out_port));
        if self.tables.out_vc[router][out].credits == 0 {
            input.state = State::Active;
            return;
        }
        input.state = State::Bidding;
        if !PLAIN && self.tables.ports[router][output].busy {
            self.wheel.at(now + 1).bids.push(place);
            return;
        }
        let resources = switch_resources(self.lane::<PLAIN>(vc), output);
        self.tables.hubs[router].ask(stage, vc, resources);
    }

    /// The switch input of an input VC.
    #[inline(always)]
    pub(super) fn lane<const PLAIN: bool>(&self, vc: usize) -> usize {
        if PLAIN { usize::from(self.setup.port_of[vc]) } else { self.setup.lane(vc) }
    }
}

/// What a bid takes of the switch: its input in the lower half, its output in the upper half. Beyond
/// 32 of either, bids may seem to compete that do not; the full allocator then finds that out.
#[inline(always)]
pub(super) fn switch_resources(lane: usize, output: usize) -> u64 {
    1 << (lane & 31) | 1 << 32 << (output & 31)
}
