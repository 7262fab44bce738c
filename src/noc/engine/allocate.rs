//! Allocation of virtual channels and of the switch, on bit masks.
//!
//! The reference allocators: iSLIP (McKeown 1999, doi 10.1109/90.769767) with n iterations, whose
//! pointers move only for grants accepted in the first iteration, and the two separable allocators
//! (Dally & Towles, Principles and Practices of Interconnection Networks, ch. 19). Where requests do not
//! compete, which is the rule, all of them grant every request.

use super::cycle::Turn;
use super::region::{Hot, Region};
use super::wheel::{Later, Place};
use crate::noc::params::Allocator;
use crate::noc::source::Source;

/// The first set bit of `mask` at or after `from`, round robin. `mask` is not zero; `from` may stand
/// one past the end.
#[inline(always)]
pub(super) fn next_in_turn(mask: u64, from: u8) -> u8 {
    let ahead = mask & u64::MAX.wrapping_shl(from.into());
    (if ahead != 0 { ahead } else { mask }).trailing_zeros() as u8
}

/// Calls `f` with each set bit of `mask`, ascending.
#[inline(always)]
pub(super) fn for_each_bit(mut mask: u64, mut f: impl FnMut(u8)) {
    while mask != 0 {
        f(mask.trailing_zeros() as u8);
        mask &= mask - 1;
    }
}

impl Region {
    /// Virtual-channel allocation among the waiting heads.
    #[inline]
    pub(super) fn allocate_vcs<const PLAIN: bool>(&mut self, router: usize, hot: &mut Hot, now: u64) {
        let (base, free) = (hot.vc_base as usize, hot.free_out);
        let (mut all, mut contested, mut asking) = (0u64, 0u64, 0u64);
        for_each_bit(hot.waiting, |vc| {
            let mut choices = self.in_vc[base + usize::from(vc)].wants & free;
            if !PLAIN && self.setup.cut_through {
                choices = self.roomy(base, vc, choices);
            }
            self.scratch.bids[usize::from(vc & 63)] = choices;
            contested |= all & choices;
            all |= choices;
            asking |= u64::from(choices != 0) << vc;
        });
        if contested != 0 {
            match self.setup.allocator {
                Allocator::SeparableInputFirst if !PLAIN => self.vcs_input_first(router, hot, asking, now),
                _ => self.vcs_output_first(router, hot, asking, now),
            }
            return;
        }
        for_each_bit(asking, |vc| {
            let out = next_in_turn(
                self.scratch.bids[usize::from(vc & 63)],
                self.in_vc[base + usize::from(vc)].turn,
            );
            self.take_vc_turn(base, vc, out);
            self.grant_vc::<PLAIN>(router, hot, vc, out, now);
        });
    }

    /// Of `choices`, the output VCs with room for the whole packet (or with an empty buffer, for
    /// packets longer than a buffer).
    fn roomy(&mut self, base: usize, vc: u8, choices: u64) -> u64 {
        let index = base + usize::from(vc);
        let flit = self.buffers[index * self.setup.ring + usize::from(self.in_vc[index].head)];
        let flits = self.packets.record(flit.slot()).flits.min(self.setup.depth);
        let mut roomy = 0;
        for_each_bit(choices, |out| {
            roomy |= u64::from(self.out_vc[base + usize::from(out)].credits >= flits) << out;
        });
        roomy
    }

    /// Each free output VC grants one request; each input VC accepts one grant. Choices are in
    /// `scratch.bids`, by input VC.
    fn vcs_output_first(&mut self, router: usize, hot: &mut Hot, asking: u64, now: u64) {
        let base = hot.vc_base as usize;
        let (mut left, mut taken) = (asking, 0u64);
        for iteration in 0..self.setup.iterations {
            let mut wanted = 0;
            for_each_bit(left, |vc| {
                self.scratch.grants[usize::from(vc & 63)] = 0;
                wanted |= self.scratch.bids[usize::from(vc & 63)];
            });
            for_each_bit(wanted & !taken, |out| {
                let mut rivals = 0;
                for_each_bit(left, |vc| rivals |= (self.scratch.bids[usize::from(vc & 63)] >> out & 1) << vc);
                let winner = next_in_turn(rivals, self.out_vc[base + usize::from(out)].turn);
                self.scratch.grants[usize::from(winner & 63)] |= 1 << out;
            });
            for_each_bit(left, |vc| {
                let granted = self.scratch.grants[usize::from(vc & 63)];
                if granted != 0 {
                    let out = next_in_turn(granted, self.in_vc[base + usize::from(vc)].turn);
                    if iteration == 0 {
                        self.take_vc_turn(base, vc, out);
                    }
                    self.grant_vc::<false>(router, hot, vc, out, now);
                    left &= !(1 << vc);
                    taken |= 1 << out;
                }
            });
        }
    }

    /// Each input VC picks one free output VC; each output VC takes one of those that picked it.
    fn vcs_input_first(&mut self, router: usize, hot: &mut Hot, asking: u64, now: u64) {
        let base = hot.vc_base as usize;
        let mut picked = 0u64;
        for_each_bit(asking, |vc| {
            let out = next_in_turn(
                self.scratch.bids[usize::from(vc & 63)],
                self.in_vc[base + usize::from(vc)].turn,
            );
            let suitors = &mut self.scratch.grants[usize::from(out & 63)];
            *suitors = *suitors * (picked >> out & 1) | 1 << vc;
            picked |= 1 << out;
        });
        for_each_bit(picked, |out| {
            let suitors = self.scratch.grants[usize::from(out & 63)];
            let vc = next_in_turn(suitors, self.out_vc[base + usize::from(out)].turn);
            self.take_vc_turn(base, vc, out);
            self.grant_vc::<false>(router, hot, vc, out, now);
        });
    }

    /// Moves the round-robin pointers past a grant.
    #[inline(always)]
    fn take_vc_turn(&mut self, base: usize, vc: u8, out: u8) {
        self.out_vc[base + usize::from(out)].turn = vc + 1;
        self.in_vc[base + usize::from(vc)].turn = out + 1;
    }

    /// Gives output VC `out` to the packet at input VC `vc`.
    #[inline(always)]
    pub(super) fn grant_vc<const PLAIN: bool>(
        &mut self,
        router: usize,
        hot: &mut Hot,
        vc: u8,
        out: u8,
        now: u64,
    ) {
        let base = hot.vc_base as usize;
        self.tally.vc_grants += 1;
        hot.free_out &= !(1 << out);
        hot.waiting &= !(1 << vc);
        self.out_vc[base + usize::from(out)].owner = vc;
        let input = &mut self.in_vc[base + usize::from(vc)];
        input.out = out;
        input.out_port = self.setup.port_of[usize::from(out & 63)];
        if PLAIN || self.setup.vc_delay == 1 {
            hot.active |= 1 << vc;
            hot.ready |= (hot.credit_out >> out & 1) << vc;
        } else {
            let slot = self.wheel.slot(now + self.setup.vc_delay);
            self.wheel.later[slot].push(Later::Allocated(Place::new(router as u32, vc)));
        }
    }

    /// Switch allocation among the input VCs in `bids`.
    #[inline]
    pub(super) fn allocate_switch<S: Source, const PLAIN: bool>(
        &mut self,
        router: usize,
        hot: &mut Hot,
        bids: u64,
        turn: &mut Turn<'_, S>,
    ) {
        let base = hot.vc_base as usize;
        let (mut outputs, mut lanes, mut contested) = (0u64, 0u64, 0u64);
        for_each_bit(bids, |vc| {
            let output = self.in_vc[base + usize::from(vc)].out_port;
            let lane = if PLAIN { self.setup.port_of[usize::from(vc & 63)] } else { self.lane(vc) };
            contested |= outputs >> output & 1 | lanes >> lane & 1;
            lanes |= 1 << lane;
            self.bid(output, vc, &mut outputs);
        });
        if contested == 0 {
            for_each_bit(bids, |vc| {
                let output = self.in_vc[base + usize::from(vc)].out_port;
                let lane = if PLAIN { self.setup.port_of[usize::from(vc & 63)] } else { self.lane(vc) };
                self.take_switch_turn::<PLAIN>(hot, lane, output, vc);
                self.send::<S, PLAIN>(router, hot, vc, turn);
            });
            return;
        }
        let matches = self.match_switch(hot, outputs);
        for at in 0..matches {
            let (vc, _) = self.scratch.matches[at & 63];
            self.send::<S, PLAIN>(router, hot, vc, turn);
        }
    }

    /// Enters the bid of an input VC for an output port.
    #[inline(always)]
    pub(super) fn bid(&mut self, output: u8, vc: u8, outputs: &mut u64) {
        let row = &mut self.scratch.bids[usize::from(output & 63)];
        *row = *row * (*outputs >> output & 1) | 1 << vc;
        *outputs |= 1 << output;
    }

    /// Matches switch inputs to the `outputs` that `scratch.bids` asks for. Returns the number of
    /// matches; they are in `scratch.matches` as (input VC, output port).
    pub(super) fn match_switch(&mut self, hot: &Hot, outputs: u64) -> usize {
        match self.setup.allocator {
            Allocator::SeparableInputFirst => self.switch_input_first(hot, outputs),
            _ => self.switch_output_first(hot, outputs),
        }
    }

    fn switch_output_first(&mut self, hot: &Hot, mut outputs: u64) -> usize {
        let first = self.first_lane(hot);
        let (mut matched, mut matches) = (0u64, 0);
        for iteration in 0..self.setup.iterations {
            let mut lanes = 0u64;
            for_each_bit(outputs, |output| {
                let bids = self.scratch.bids[usize::from(output & 63)] & !matched;
                if bids != 0 {
                    let lane = self.lane_in_turn(bids, self.switch_turns[first + usize::from(output)].grant);
                    let grants = &mut self.scratch.grants[usize::from(lane & 63)];
                    *grants = *grants * (lanes >> lane & 1) | 1 << output;
                    lanes |= 1 << lane;
                }
            });
            for_each_bit(lanes, |lane| {
                let grants = self.scratch.grants[usize::from(lane & 63)];
                let output = next_in_turn(grants, self.switch_turns[first + usize::from(lane)].accept);
                let vc = self.vc_in_turn(first, lane, self.scratch.bids[usize::from(output & 63)]);
                if iteration == 0 {
                    self.take_switch_turn::<false>(hot, lane, output, vc);
                } else {
                    self.switch_turns[first + usize::from(lane)].vc = self.vc_after(vc);
                }
                outputs &= !(1 << output);
                matched |= self.lane_vcs(lane);
                self.scratch.matches[matches & 63] = (vc, output);
                matches += 1;
            });
        }
        matches
    }

    fn switch_input_first(&mut self, hot: &Hot, outputs: u64) -> usize {
        let first = self.first_lane(hot);
        let mut lanes = 0u64;
        for_each_bit(outputs, |output| {
            for_each_bit(self.scratch.bids[usize::from(output & 63)], |vc| {
                let lane = self.lane(vc);
                let asks = &mut self.scratch.grants[usize::from(lane & 63)];
                *asks = *asks * (lanes >> lane & 1) | 1 << output;
                lanes |= 1 << lane;
            });
        });
        let (mut picked, mut picks) = (0u64, [0u64; super::setup::MAX_ROUTER_VCS]);
        for_each_bit(lanes, |lane| {
            let asks = self.scratch.grants[usize::from(lane & 63)];
            let output = next_in_turn(asks, self.switch_turns[first + usize::from(lane)].accept);
            picked |= 1 << output;
            picks[usize::from(output & 63)] |= 1 << lane;
        });
        let mut matches = 0;
        for_each_bit(picked, |output| {
            let turn = self.switch_turns[first + usize::from(output)].grant;
            let lane = next_in_turn(picks[usize::from(output & 63)], turn);
            let vc = self.vc_in_turn(first, lane, self.scratch.bids[usize::from(output & 63)]);
            self.take_switch_turn::<false>(hot, lane, output, vc);
            self.scratch.matches[matches & 63] = (vc, output);
            matches += 1;
        });
        matches
    }

    /// Index of a router's first switch input.
    #[inline(always)]
    fn first_lane(&self, hot: &Hot) -> usize {
        hot.port_base as usize * usize::from(self.setup.speedup)
    }

    /// The switch input that an input VC uses: VCs are interleaved over the inputs of a port.
    #[inline(always)]
    fn lane(&self, vc: u8) -> u8 {
        let (port, speedup) = (self.setup.port_of[usize::from(vc & 63)], self.setup.speedup);
        if speedup == 1 { port } else { port * speedup + (vc - port * self.setup.vcs) % speedup }
    }

    /// The input VCs of a switch input.
    #[inline(always)]
    fn lane_vcs(&self, lane: u8) -> u64 {
        let (vcs, speedup) = (self.setup.vcs, self.setup.speedup);
        if speedup == 1 {
            return self.setup.vc_mask << (lane * vcs);
        }
        let spread = (lane % speedup..vcs).step_by(usize::from(speedup)).fold(0, |mask, vc| mask | 1 << vc);
        spread << (lane / speedup * vcs)
    }

    /// The switch input whose turn it is among those with a VC in `bids`.
    #[inline(always)]
    fn lane_in_turn(&self, bids: u64, from: u8) -> u8 {
        if self.setup.speedup == 1 {
            return self.setup.port_of[usize::from(next_in_turn(bids, from * self.setup.vcs) & 63)];
        }
        let mut lanes = 0u64;
        for_each_bit(bids, |vc| lanes |= 1 << self.lane(vc));
        next_in_turn(lanes, from)
    }

    /// The VC whose turn it is at a switch input, among those in `bids`.
    #[inline(always)]
    fn vc_in_turn(&self, first_lane: usize, lane: u8, bids: u64) -> u8 {
        next_in_turn(bids & self.lane_vcs(lane), self.switch_turns[first_lane + usize::from(lane)].vc)
    }

    /// The place in turn after `vc` at its switch input.
    #[inline(always)]
    fn vc_after(&self, vc: u8) -> u8 {
        if self.setup.speedup == 1 {
            return vc + 1;
        }
        let first = self.setup.port_of[usize::from(vc & 63)] * self.setup.vcs;
        first + (vc - first + self.setup.speedup) % self.setup.vcs
    }

    /// Moves the round-robin pointers past a match.
    #[inline(always)]
    fn take_switch_turn<const PLAIN: bool>(&mut self, hot: &Hot, lane: u8, output: u8, vc: u8) {
        let first = if PLAIN { hot.port_base as usize } else { self.first_lane(hot) };
        self.switch_turns[first + usize::from(output)].grant = lane + 1;
        let next = if PLAIN { vc + 1 } else { self.vc_after(vc) };
        let input = &mut self.switch_turns[first + usize::from(lane)];
        (input.accept, input.vc) = (output + 1, next);
    }
}
