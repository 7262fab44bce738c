//! Allocation of virtual channels and of the switch, on bit masks.
//!
//! The reference allocators: iSLIP (McKeown 1999, doi 10.1109/90.769767) with n iterations, whose
//! pointers move only for grants accepted in the first iteration, and the two separable allocators
//! (Dally & Towles, Principles and Practices of Interconnection Networks, ch. 19). Where requests do not
//! compete, which is the rule, all of them grant every request.

use super::block::{Block, for_each_bit, next_in_turn};
use super::region::Shared;
use super::setup::{MAX_ROUTER_VCS, Setup};
use super::wheel::{Later, Place};
use crate::noc::params::Allocator;

/// A request matrix: a row of bits per requester or per resource.
pub(super) type Rows = [u64; MAX_ROUTER_VCS];

/// Matches of input VCs to output ports.
pub(super) struct Matches {
    list: [(u8, u8); MAX_ROUTER_VCS],
    len: usize,
}

impl Matches {
    pub(super) fn new() -> Self {
        Self { list: [(0, 0); MAX_ROUTER_VCS], len: 0 }
    }

    fn push(&mut self, vc: usize, output: usize) {
        self.list[self.len & 63] = (vc as u8, output as u8);
        self.len += 1;
    }

    /// The matches as (input VC, output port).
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.list[..self.len.min(MAX_ROUTER_VCS)]
            .iter()
            .map(|&(vc, output)| (usize::from(vc), usize::from(output)))
    }
}

impl<const N: usize, const P: usize> Block<N, P> {
    /// Virtual-channel allocation among the waiting heads.
    #[inline(always)]
    pub(super) fn allocate_vcs<const PLAIN: bool>(&mut self, router: usize, shared: &mut Shared, now: u64) {
        let free = self.free_out;
        let (mut all, mut contested, mut asking) = (0u64, 0u64, 0u64);
        for_each_bit(self.waiting, |vc| {
            let choices = self.choices::<PLAIN>(vc, free, shared);
            contested |= all & choices;
            all |= choices;
            asking |= u64::from(choices != 0) << vc;
        });
        if contested != 0 {
            let rivals = self.rivals::<PLAIN>(asking, contested, free, shared);
            asking &= !rivals;
            match shared.setup.allocator {
                Allocator::SeparableInputFirst if !PLAIN => self.vcs_input_first(router, rivals, shared, now),
                _ => self.vcs_output_first::<PLAIN>(router, rivals, shared, now),
            }
        }
        for_each_bit(asking, |vc| {
            let choices = self.choices::<PLAIN>(vc, free, shared);
            let out = next_in_turn(choices, self.in_vc[vc].turn);
            self.take_vc_turn(vc, out);
            self.grant_vc::<PLAIN>(router, vc, out, shared, now);
        });
    }

    /// Output VCs among `free` that the head of input VC `vc` may take.
    #[inline(always)]
    fn choices<const PLAIN: bool>(&self, vc: usize, free: u64, shared: &mut Shared) -> u64 {
        let choices = self.in_vc[vc].wants & free;
        if !PLAIN && shared.setup.cut_through { self.roomy(vc, choices, shared) } else { choices }
    }

    /// Those of `asking` whose choices overlap the choices of another one.
    fn rivals<const PLAIN: bool>(&self, asking: u64, contested: u64, free: u64, shared: &mut Shared) -> u64 {
        let (mut rivals, mut disputed, mut before) = (0, contested, 0);
        // Choices that overlap a contested one are contested too, until nothing is added.
        while disputed != before {
            before = disputed;
            for_each_bit(asking & !rivals, |vc| {
                let choices = self.choices::<PLAIN>(vc, free, shared);
                if choices & disputed != 0 {
                    rivals |= 1 << vc;
                    disputed |= choices;
                }
            });
        }
        rivals
    }

    /// Of `choices`, the output VCs with room for the whole packet (or with an empty buffer, for
    /// packets longer than a buffer).
    fn roomy(&self, vc: usize, choices: u64, shared: &mut Shared) -> u64 {
        let flit = shared.buffers[self.front(vc, &shared.setup)];
        let flits = shared.packets.record(flit.slot()).flits.min(shared.setup.depth);
        let mut roomy = 0;
        for_each_bit(choices, |out| roomy |= u64::from(self.out_vc[out].credits >= flits) << out);
        roomy
    }

    /// Each free output VC grants one request; each input VC accepts one grant.
    fn vcs_output_first<const PLAIN: bool>(
        &mut self,
        router: usize,
        asking: u64,
        shared: &mut Shared,
        now: u64,
    ) {
        let iterations = if PLAIN { 1 } else { shared.setup.iterations };
        let mut left = asking;
        for iteration in 0..iterations {
            let (free, mut wanted) = (self.free_out, 0);
            let mut wishes: Rows = [0; MAX_ROUTER_VCS];
            let mut grants: Rows = [0; MAX_ROUTER_VCS];
            for_each_bit(left, |vc| {
                wishes[vc & 63] = self.choices::<PLAIN>(vc, free, shared);
                wanted |= wishes[vc & 63];
            });
            for_each_bit(wanted, |out| {
                let mut rivals = 0;
                for_each_bit(left, |vc| rivals |= (wishes[vc & 63] >> out & 1) << vc);
                grants[next_in_turn(rivals, self.out_vc[out].turn) & 63] |= 1 << out;
            });
            for_each_bit(left, |vc| {
                if grants[vc & 63] != 0 {
                    let out = next_in_turn(grants[vc & 63], self.in_vc[vc].turn);
                    if iteration == 0 {
                        self.take_vc_turn(vc, out);
                    }
                    self.grant_vc::<PLAIN>(router, vc, out, shared, now);
                    left &= !(1 << vc);
                }
            });
        }
    }

    /// Each input VC picks one free output VC; each output VC takes one of those that picked it.
    fn vcs_input_first(&mut self, router: usize, asking: u64, shared: &mut Shared, now: u64) {
        let (free, mut picked) = (self.free_out, 0u64);
        let mut suitors: Rows = [0; MAX_ROUTER_VCS];
        for_each_bit(asking, |vc| {
            let out = next_in_turn(self.choices::<false>(vc, free, shared), self.in_vc[vc].turn);
            suitors[out & 63] |= 1 << vc;
            picked |= 1 << out;
        });
        for_each_bit(picked, |out| {
            let vc = next_in_turn(suitors[out & 63], self.out_vc[out].turn);
            self.take_vc_turn(vc, out);
            self.grant_vc::<false>(router, vc, out, shared, now);
        });
    }

    /// Moves the round-robin pointers past a grant.
    #[inline(always)]
    fn take_vc_turn(&mut self, vc: usize, out: usize) {
        self.out_vc[out].turn = vc as u8 + 1;
        self.in_vc[vc].turn = out as u8 + 1;
    }

    /// Gives output VC `out` to the packet at input VC `vc`.
    #[inline(always)]
    pub(super) fn grant_vc<const PLAIN: bool>(
        &mut self,
        router: usize,
        vc: usize,
        out: usize,
        shared: &mut Shared,
        now: u64,
    ) {
        shared.tally.vc_grants += 1;
        self.free_out &= !(1 << out);
        self.waiting &= !(1 << vc);
        let output = &mut self.out_vc[out];
        output.owner = vc as u8;
        let input = &mut self.in_vc[vc];
        input.out = out as u8;
        input.out_port = output.port;
        if PLAIN || shared.setup.vc_delay == 1 {
            self.active |= 1 << vc;
            self.ready |= (self.credit_out >> out & 1) << vc;
        } else {
            let slot = shared.wheel.slot(now + shared.setup.vc_delay);
            shared.wheel.later[slot].push(Later::Allocated(Place::new(router as u32, vc as u8)));
        }
    }

    /// Whether `bids` compete for a switch input or an output port.
    #[inline(always)]
    pub(super) fn compete<const PLAIN: bool>(&self, bids: u64, setup: &Setup) -> bool {
        let (mut outputs, mut lanes, mut contested) = (0u64, 0u64, 0u64);
        for_each_bit(bids, |vc| {
            let input = &self.in_vc[vc];
            let lane = if PLAIN { usize::from(input.port) } else { setup.lane(vc as u8, input.port) };
            contested |= outputs >> input.out_port & 1 | lanes >> lane & 1;
            lanes |= 1 << lane;
            outputs |= 1 << input.out_port;
        });
        contested != 0
    }

    /// Matches competing `bids` to the output ports they ask for.
    pub(super) fn match_bids<const PLAIN: bool>(&mut self, bids: u64, setup: &Setup) -> Matches {
        let (mut rows, mut outputs): (Rows, u64) = ([0; MAX_ROUTER_VCS], 0);
        for_each_bit(bids, |vc| {
            let output = usize::from(self.in_vc[vc].out_port);
            rows[output & 63] |= 1 << vc;
            outputs |= 1 << output;
        });
        self.match_switch::<PLAIN>(&rows, outputs, setup)
    }

    /// Matches switch inputs to `outputs`; `rows` says which input VCs bid for each.
    pub(super) fn match_switch<const PLAIN: bool>(
        &mut self,
        rows: &Rows,
        outputs: u64,
        setup: &Setup,
    ) -> Matches {
        match setup.allocator {
            Allocator::SeparableInputFirst if !PLAIN => self.switch_input_first(rows, outputs, setup),
            _ => self.switch_output_first::<PLAIN>(rows, outputs, setup),
        }
    }

    fn switch_output_first<const PLAIN: bool>(
        &mut self,
        rows: &Rows,
        mut outputs: u64,
        setup: &Setup,
    ) -> Matches {
        let iterations = if PLAIN { 1 } else { setup.iterations };
        let (mut matched, mut matches) = (0u64, Matches::new());
        for iteration in 0..iterations {
            let (mut lanes, mut grants): (u64, Rows) = (0, [0; MAX_ROUTER_VCS]);
            for_each_bit(outputs, |output| {
                let bids = rows[output & 63] & !matched;
                if bids != 0 {
                    let lane = self.lane_in_turn::<PLAIN>(bids, self.ports[output].grant, setup);
                    grants[lane & 63] |= 1 << output;
                    lanes |= 1 << lane;
                }
            });
            for_each_bit(lanes, |lane| {
                let output = next_in_turn(grants[lane & 63], self.lanes[lane].accept);
                let vc = next_in_turn(rows[output & 63] & self.lanes[lane].vcs, self.lanes[lane].vc);
                if iteration == 0 {
                    self.take_switch_turn(lane, output);
                }
                self.lanes[lane].vc = setup.vc_after(vc, lane);
                outputs &= !(1 << output);
                matched |= self.lanes[lane].vcs;
                matches.push(vc, output);
            });
        }
        matches
    }

    fn switch_input_first(&mut self, rows: &Rows, outputs: u64, setup: &Setup) -> Matches {
        let (mut lanes, mut asks): (u64, Rows) = (0, [0; MAX_ROUTER_VCS]);
        for_each_bit(outputs, |output| {
            for_each_bit(rows[output & 63], |vc| {
                let lane = setup.lane(vc as u8, self.in_vc[vc].port);
                asks[lane & 63] |= 1 << output;
                lanes |= 1 << lane;
            });
        });
        let (mut picked, mut picks): (u64, Rows) = (0, [0; MAX_ROUTER_VCS]);
        for_each_bit(lanes, |lane| {
            let output = next_in_turn(asks[lane & 63], self.lanes[lane].accept);
            picked |= 1 << output;
            picks[output & 63] |= 1 << lane;
        });
        let mut matches = Matches::new();
        for_each_bit(picked, |output| {
            let lane = next_in_turn(picks[output & 63], self.ports[output].grant);
            let vc = next_in_turn(rows[output & 63] & self.lanes[lane].vcs, self.lanes[lane].vc);
            self.take_switch_turn(lane, output);
            self.lanes[lane].vc = setup.vc_after(vc, lane);
            matches.push(vc, output);
        });
        matches
    }

    /// The switch input whose turn it is among those with a VC in `bids`.
    #[inline(always)]
    fn lane_in_turn<const PLAIN: bool>(&self, bids: u64, from: u8, setup: &Setup) -> usize {
        if PLAIN || setup.speedup == 1 {
            return usize::from(self.in_vc[next_in_turn(bids, from.wrapping_mul(setup.vcs))].port);
        }
        let mut lanes = 0u64;
        for_each_bit(bids, |vc| lanes |= 1 << setup.lane(vc as u8, self.in_vc[vc].port));
        next_in_turn(lanes, from)
    }

    /// Moves the round-robin pointers past a match of a switch input and an output port.
    #[inline(always)]
    pub(super) fn take_switch_turn(&mut self, lane: usize, output: usize) {
        self.ports[output].grant = lane as u8 + 1;
        self.lanes[lane].accept = output as u8 + 1;
    }
}
