//! Allocation of virtual channels and of the switch, on bit masks.
//!
//! The reference allocators: iSLIP (McKeown 1999, doi 10.1109/90.769767) with n iterations, whose
//! pointers move only for grants accepted in the first iteration, and the two separable allocators
//! (Dally & Towles, Principles and Practices of Interconnection Networks, ch. 19). Requests that compete
//! with no other one, which is the rule, are granted at once, as each of these allocators would.

use super::channel::{Lane, MANY, State, for_each_bit, next_in_turn};
use super::cycle::{Turn, switch_resources};
use super::region::Region;
use super::setup::MAX_ROUTER_VCS;
use super::wheel::Place;
use crate::noc::params::Allocator;
use crate::noc::source::Source;

/// A request matrix: a row of bits per requester or per resource.
pub(super) type Rows = [u64; MAX_ROUTER_VCS];

/// Matches of input VCs to output ports.
pub(super) struct Matches {
    list: [(u8, u8); MAX_ROUTER_VCS],
    len: usize,
}

impl Matches {
    fn new() -> Self {
        Self { list: [(0, 0); MAX_ROUTER_VCS], len: 0 }
    }

    fn push(&mut self, vc: usize, output: usize) {
        self.list[self.len & 63] = (vc as u8, output as u8);
        self.len += 1;
    }

    /// The matches as (input VC, output port).
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let list = &self.list[..self.len.min(MAX_ROUTER_VCS)];
        list.iter().map(|&(vc, output)| (usize::from(vc), usize::from(output)))
    }
}

impl<const N: usize, const P: usize> Region<N, P> {
    /// Virtual-channel allocation among the input VCs in `heads`.
    #[inline(always)]
    pub(super) fn allocate_vcs<const PLAIN: bool>(&mut self, heads: &[Place], now: u64) {
        let stage = now << 1;
        for &place in heads {
            let resources = self.port_wanted(place.of(), place.vc());
            self.tables.hubs[place.of()].ask(stage, place.vc(), resources);
        }
        for &place in heads {
            let (router, vc) = (place.of(), place.vc());
            if self.tables.in_vc[router][vc].state != State::Inactive {
                continue; // served when the disputes of its router were settled
            }
            let resources = self.port_wanted(router, vc);
            let hub = &mut self.tables.hubs[router];
            if hub.disputed(resources) {
                if std::mem::take(&mut hub.unsettled) {
                    self.settle_vcs::<PLAIN>(router, now);
                }
                continue;
            }
            let choices = self.choices::<PLAIN>(router, vc, self.tables.hubs[router].free_out);
            if choices == 0 {
                self.wheel.at(now + 1).heads.push(place);
                continue;
            }
            let out = next_in_turn(choices, self.tables.in_vc[router][vc].turn);
            self.take_vc_turn(router, vc, out);
            self.grant_vc::<PLAIN>(router, vc, out, now);
        }
    }

    /// The output ports that a head asks for, one bit each; all of them if it has a choice.
    #[inline(always)]
    fn port_wanted(&self, router: usize, vc: usize) -> u64 {
        let port = self.tables.in_vc[router][vc].out_port;
        if port == MANY { u64::MAX } else { 1 << port }
    }

    /// Output VCs among `free` that the head of an input VC may take.
    #[inline(always)]
    fn choices<const PLAIN: bool>(&mut self, router: usize, vc: usize, free: u64) -> u64 {
        let choices = self.tables.in_vc[router][vc].wants & free;
        if !PLAIN && self.setup.cut_through { self.roomy(router, vc, choices) } else { choices }
    }

    /// Of `choices`, the output VCs with room for the whole packet (or with an empty buffer, for
    /// packets longer than a buffer).
    fn roomy(&mut self, router: usize, vc: usize, choices: u64) -> u64 {
        let flit = self.buffers[self.tables.front(router, vc, &self.setup)];
        let flits = self.packets.record(flit.slot()).flits.min(self.setup.depth);
        let (outs, mut roomy) = (&self.tables.out_vc[router], 0);
        for_each_bit(choices, |out| roomy |= u64::from(outs[out].credits >= flits) << out);
        roomy
    }

    /// Settles the requests of a router that compete for output VCs; who loses asks again.
    fn settle_vcs<const PLAIN: bool>(&mut self, router: usize, now: u64) {
        let (hub, free) = (self.tables.hubs[router], self.tables.hubs[router].free_out);
        let (mut rivals, mut wishes): (u64, Rows) = (0, [0; MAX_ROUTER_VCS]);
        for_each_bit(hub.asking, |vc| {
            if hub.disputed(self.port_wanted(router, vc)) {
                rivals |= 1 << vc;
                wishes[vc & 63] = self.choices::<PLAIN>(router, vc, free);
            }
        });
        let left = match self.setup.allocator {
            Allocator::SeparableInputFirst if !PLAIN => self.vcs_input_first(router, rivals, &wishes, now),
            _ => self.vcs_output_first::<PLAIN>(router, rivals, &wishes, now),
        };
        for_each_bit(left, |vc| self.wheel.at(now + 1).heads.push(Place::new(router, vc)));
    }

    /// Each free output VC grants one request; each input VC accepts one grant. Returns the losers.
    fn vcs_output_first<const PLAIN: bool>(
        &mut self,
        router: usize,
        rivals: u64,
        wishes: &Rows,
        now: u64,
    ) -> u64 {
        let iterations = if PLAIN { 1 } else { self.setup.iterations };
        let (mut left, free) = (rivals, self.tables.hubs[router].free_out);
        let mut taken = 0u64;
        for iteration in 0..iterations {
            let (mut wanted, mut grants): (u64, Rows) = (0, [0; MAX_ROUTER_VCS]);
            for_each_bit(left, |vc| wanted |= wishes[vc & 63]);
            for_each_bit(wanted & free & !taken, |out| {
                let mut asking = 0;
                for_each_bit(left, |vc| asking |= (wishes[vc & 63] >> out & 1) << vc);
                grants[next_in_turn(asking, self.tables.out_vc[router][out].turn) & 63] |= 1 << out;
            });
            for_each_bit(left, |vc| {
                if grants[vc & 63] != 0 {
                    let out = next_in_turn(grants[vc & 63], self.tables.in_vc[router][vc].turn);
                    if iteration == 0 {
                        self.take_vc_turn(router, vc, out);
                    }
                    self.grant_vc::<PLAIN>(router, vc, out, now);
                    left &= !(1 << vc);
                    taken |= 1 << out;
                }
            });
        }
        left
    }

    /// Each input VC picks one free output VC; each output VC takes one of those that picked it.
    /// Returns the losers.
    fn vcs_input_first(&mut self, router: usize, rivals: u64, wishes: &Rows, now: u64) -> u64 {
        let (mut left, mut picked, mut suitors): (u64, u64, Rows) = (rivals, 0, [0; MAX_ROUTER_VCS]);
        for_each_bit(rivals, |vc| {
            if wishes[vc & 63] != 0 {
                let out = next_in_turn(wishes[vc & 63], self.tables.in_vc[router][vc].turn);
                suitors[out & 63] |= 1 << vc;
                picked |= 1 << out;
            }
        });
        for_each_bit(picked, |out| {
            let vc = next_in_turn(suitors[out & 63], self.tables.out_vc[router][out].turn);
            self.take_vc_turn(router, vc, out);
            self.grant_vc::<false>(router, vc, out, now);
            left &= !(1 << vc);
        });
        left
    }

    /// Moves the round-robin pointers past a grant.
    #[inline(always)]
    fn take_vc_turn(&mut self, router: usize, vc: usize, out: usize) {
        self.tables.out_vc[router][out].turn = vc as u8 + 1;
        self.tables.in_vc[router][vc].turn = out as u8 + 1;
    }

    /// Gives output VC `out` to the packet at input VC `vc`, which bids for the switch next.
    #[inline(always)]
    fn grant_vc<const PLAIN: bool>(&mut self, router: usize, vc: usize, out: usize, now: u64) {
        self.hold(router, vc, out);
        let delay = if PLAIN { 1 } else { self.setup.vc_delay };
        self.tables.in_vc[router][vc].state = if delay == 1 { State::Bidding } else { State::Allocating };
        // A speculative head bids in this very cycle; it goes on the list if that fails.
        if PLAIN || !self.setup.speculative {
            self.wheel.at(now + delay).bids.push(Place::new(router, vc));
        }
    }

    /// Notes that input VC `vc` holds output VC `out`.
    #[inline(always)]
    pub(super) fn hold(&mut self, router: usize, vc: usize, out: usize) {
        self.tally.vc_grants += 1;
        self.tables.hubs[router].free_out &= !(1 << out);
        let output = &mut self.tables.out_vc[router][out];
        output.owner = vc as u8;
        let input = &mut self.tables.in_vc[router][vc];
        input.out = out as u8;
        input.out_port = output.port;
    }

    /// Settles the bids of a router that compete for the switch; who loses bids again.
    pub(super) fn settle_switch<S: Source, const PLAIN: bool>(
        &mut self,
        router: usize,
        turn: &mut Turn<'_, S>,
    ) {
        let hub = self.tables.hubs[router];
        let (mut bids, mut rows, mut outputs): (u64, Rows, u64) = (0, [0; MAX_ROUTER_VCS], 0);
        for_each_bit(hub.asking, |vc| {
            let input = &self.tables.in_vc[router][vc];
            let output = usize::from(input.out_port);
            // Who has been served already may have a new head that wants another port.
            let bidding = input.state == State::Bidding;
            if bidding && hub.disputed(switch_resources(self.lane::<PLAIN>(vc), output)) {
                bids |= 1 << vc;
                rows[output & 63] |= 1 << vc;
                outputs |= 1 << output;
            }
        });
        for (vc, _) in self.match_switch::<PLAIN>(router, &rows, outputs).iter() {
            bids &= !(1 << vc);
            self.send::<S, PLAIN>(Place::new(router, vc), turn);
        }
        for_each_bit(bids, |vc| self.wheel.at(turn.now + 1).bids.push(Place::new(router, vc)));
    }

    /// Matches switch inputs to `outputs`; `rows` says which input VCs bid for each.
    pub(super) fn match_switch<const PLAIN: bool>(
        &mut self,
        router: usize,
        rows: &Rows,
        outputs: u64,
    ) -> Matches {
        match self.setup.allocator {
            Allocator::SeparableInputFirst if !PLAIN => self.switch_input_first(router, rows, outputs),
            _ => self.switch_output_first::<PLAIN>(router, rows, outputs),
        }
    }

    fn switch_output_first<const PLAIN: bool>(
        &mut self,
        router: usize,
        rows: &Rows,
        mut outputs: u64,
    ) -> Matches {
        let iterations = if PLAIN { 1 } else { self.setup.iterations };
        let (mut matched, mut matches) = (0u64, Matches::new());
        for iteration in 0..iterations {
            let (mut lanes, mut grants): (u64, Rows) = (0, [0; MAX_ROUTER_VCS]);
            for_each_bit(outputs, |output| {
                let bids = rows[output & 63] & !matched;
                if bids != 0 {
                    let lane = self.lane_in_turn::<PLAIN>(bids, self.tables.ports[router][output].grant);
                    grants[lane & 63] |= 1 << output;
                    lanes |= 1 << lane;
                }
            });
            for_each_bit(lanes, |lane| {
                let Lane { accept, vc } = self.tables.lanes[router][lane];
                let (output, own) = (next_in_turn(grants[lane & 63], accept), self.setup.lane_vcs(lane));
                let vc = next_in_turn(rows[output & 63] & own, vc);
                if iteration == 0 {
                    self.take_switch_turn::<PLAIN>(router, lane, output, vc);
                } else {
                    self.tables.lanes[router][lane].vc = self.setup.vc_after(vc, lane);
                }
                outputs &= !(1 << output);
                matched |= own;
                matches.push(vc, output);
            });
        }
        matches
    }

    fn switch_input_first(&mut self, router: usize, rows: &Rows, outputs: u64) -> Matches {
        let (mut lanes, mut asks): (u64, Rows) = (0, [0; MAX_ROUTER_VCS]);
        for_each_bit(outputs, |output| {
            for_each_bit(rows[output & 63], |vc| {
                let lane = self.setup.lane(vc);
                asks[lane & 63] |= 1 << output;
                lanes |= 1 << lane;
            });
        });
        let (mut picked, mut picks): (u64, Rows) = (0, [0; MAX_ROUTER_VCS]);
        for_each_bit(lanes, |lane| {
            let output = next_in_turn(asks[lane & 63], self.tables.lanes[router][lane].accept);
            picked |= 1 << output;
            picks[output & 63] |= 1 << lane;
        });
        let mut matches = Matches::new();
        for_each_bit(picked, |output| {
            let lane = next_in_turn(picks[output & 63], self.tables.ports[router][output].grant);
            let bids = rows[output & 63] & self.setup.lane_vcs(lane);
            let vc = next_in_turn(bids, self.tables.lanes[router][lane].vc);
            self.take_switch_turn::<false>(router, lane, output, vc);
            matches.push(vc, output);
        });
        matches
    }

    /// The switch input whose turn it is among those with a VC in `bids`.
    #[inline(always)]
    fn lane_in_turn<const PLAIN: bool>(&self, bids: u64, from: u8) -> usize {
        if PLAIN || self.setup.speedup == 1 {
            return usize::from(self.setup.port_of[next_in_turn(bids, from.wrapping_mul(self.setup.vcs))]);
        }
        let mut lanes = 0u64;
        for_each_bit(bids, |vc| lanes |= 1 << self.setup.lane(vc));
        next_in_turn(lanes, from)
    }

    /// Moves the round-robin pointers past a match.
    #[inline(always)]
    pub(super) fn take_switch_turn<const PLAIN: bool>(
        &mut self,
        router: usize,
        lane: usize,
        output: usize,
        vc: usize,
    ) {
        self.tables.ports[router][output].grant = lane as u8 + 1;
        let after = if PLAIN { vc as u8 + 1 } else { self.setup.vc_after(vc, lane) };
        self.tables.lanes[router][lane] = Lane { accept: output as u8 + 1, vc: after };
    }
}
