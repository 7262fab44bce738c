//! Allocation of virtual channels and of the switch, on bit masks.
//!
//! The reference allocators: iSLIP (McKeown 1999, doi 10.1109/90.769767) with n iterations, whose
//! pointers move only for grants accepted in the first iteration, and the two separable allocators
//! (Dally & Towles, Principles and Practices of Interconnection Networks, ch. 19).

use super::cycle::Turn;
use super::region::Region;
use super::wheel::Later;
use crate::base::RouterId;
use crate::noc::params::Allocator;
use crate::noc::source::Source;

/// The first set bit of `mask` at or after `from`, round robin. `mask` is not zero.
#[inline(always)]
pub(super) fn next_in_turn(mask: u64, from: u8) -> u8 {
    let ahead = mask & u64::MAX << from;
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
    /// Virtual-channel allocation among the heads in `waiting`.
    #[inline]
    pub(super) fn allocate_vcs(&mut self, router: usize, waiting: u64, now: u64) {
        let hot = &self.routers[router];
        let (base, free) = (hot.vc_base as usize, hot.free_out);
        if waiting & (waiting - 1) == 0 {
            // A single request needs no arbitration on the output side.
            let vc = waiting.trailing_zeros() as u8;
            let choices = self.choices(router, vc, free);
            if choices != 0 {
                let out = next_in_turn(choices, self.vc_accept[base + usize::from(vc)]);
                self.grant_vc(router, vc, out, true, now);
            }
            return;
        }
        match self.setup.allocator {
            Allocator::SeparableInputFirst => self.vcs_input_first(router, waiting, free, now),
            Allocator::Islip | Allocator::SeparableOutputFirst => {
                self.vcs_output_first(router, waiting, free, now)
            }
        }
    }

    /// Output VCs that the head of input VC `vc` may take now.
    #[inline(always)]
    fn choices(&mut self, router: usize, vc: u8, free: u64) -> u64 {
        let index = self.routers[router].vc_base as usize + usize::from(vc);
        let choices = self.in_vc[index].wants & free;
        if self.setup.cut_through { self.roomy(router, index, choices) } else { choices }
    }

    /// Of `choices`, the output VCs with room for the whole packet (or with an empty buffer, for
    /// packets longer than a buffer).
    fn roomy(&mut self, router: usize, index: usize, choices: u64) -> u64 {
        let flit = self.buffers[index * self.setup.ring + usize::from(self.in_vc[index].head)];
        let flits = self.packets.get(flit.slot()).flits.min(self.setup.depth);
        let base = self.routers[router].vc_base as usize;
        let mut roomy = 0;
        for_each_bit(choices, |out| {
            roomy |= u64::from(self.out_vc[base + usize::from(out)].credits >= flits) << out;
        });
        roomy
    }

    /// Each free output VC grants one request; each input VC accepts one grant.
    fn vcs_output_first(&mut self, router: usize, waiting: u64, mut free: u64, now: u64) {
        let base = self.routers[router].vc_base as usize;
        let mut left = waiting;
        for iteration in 0..self.setup.iterations {
            let mut wanted = 0;
            for_each_bit(left, |vc| {
                self.scratch.grants[usize::from(vc & 63)] = 0;
                wanted |= self.choices(router, vc, free);
            });
            for_each_bit(wanted, |out| {
                let mut asking = 0;
                for_each_bit(left, |vc| asking |= (self.choices(router, vc, free) >> out & 1) << vc);
                let winner = next_in_turn(asking, self.vc_grant[base + usize::from(out)]);
                self.scratch.grants[usize::from(winner & 63)] |= 1 << out;
            });
            for_each_bit(left, |vc| {
                let granted = self.scratch.grants[usize::from(vc & 63)];
                if granted != 0 {
                    let out = next_in_turn(granted, self.vc_accept[base + usize::from(vc)]);
                    self.grant_vc(router, vc, out, iteration == 0, now);
                    left &= !(1 << vc);
                    free &= !(1 << out);
                }
            });
        }
    }

    /// Each input VC picks one free output VC; each output VC takes one of those that picked it.
    fn vcs_input_first(&mut self, router: usize, waiting: u64, free: u64, now: u64) {
        let base = self.routers[router].vc_base as usize;
        let mut wanted = 0u64;
        for_each_bit(waiting, |vc| {
            let choices = self.choices(router, vc, free);
            if choices != 0 {
                let out = next_in_turn(choices, self.vc_accept[base + usize::from(vc)]);
                let picks = &mut self.scratch.grants[usize::from(out & 63)];
                *picks = *picks * (wanted >> out & 1) | 1 << vc;
                wanted |= 1 << out;
            }
        });
        for_each_bit(wanted, |out| {
            let vc = next_in_turn(
                self.scratch.grants[usize::from(out & 63)],
                self.vc_grant[base + usize::from(out)],
            );
            self.grant_vc(router, vc, out, true, now);
        });
    }

    /// Gives output VC `out` to the packet at input VC `vc`.
    #[inline]
    fn grant_vc(&mut self, router: usize, vc: u8, out: u8, turn: bool, now: u64) {
        let hot = &mut self.routers[router];
        let base = hot.vc_base as usize;
        if turn {
            let buffers = hot.ports * self.setup.vcs;
            self.vc_grant[base + usize::from(out)] = if vc + 1 == buffers { 0 } else { vc + 1 };
            self.vc_accept[base + usize::from(vc)] = if out + 1 == buffers { 0 } else { out + 1 };
        }
        self.tally.vc_grants += 1;
        hot.free_out &= !(1 << out);
        hot.waiting &= !(1 << vc);
        self.out_vc[base + usize::from(out)].owner = vc;
        self.in_vc[base + usize::from(vc)].out = out;
        if self.setup.vc_delay == 1 {
            hot.active |= 1 << vc;
            hot.ready |= (hot.credit_out >> out & 1) << vc;
        } else {
            let done = self.wheel.at(now + self.setup.vc_delay);
            done.later.push(Later::Allocated(RouterId(router as u32), vc));
        }
    }

    /// Switch allocation among the input VCs in `bids`.
    #[inline]
    pub(super) fn allocate_switch<S: Source>(&mut self, router: usize, bids: u64, turn: &mut Turn<'_, S>) {
        let base = self.routers[router].vc_base as usize;
        if bids & (bids - 1) == 0 {
            let vc = bids.trailing_zeros() as u8;
            let output = self.setup.port_of[usize::from(self.in_vc[base + usize::from(vc)].out & 63)];
            let lane = self.lane(vc);
            self.take_turn(router, lane, output, vc);
            self.send(router, vc, turn);
            return;
        }
        let mut outputs = 0u64;
        for_each_bit(bids, |vc| {
            let output = self.setup.port_of[usize::from(self.in_vc[base + usize::from(vc)].out & 63)];
            self.bid(output, vc, &mut outputs);
        });
        self.match_switch(router, outputs, |region, vc, _| region.send(router, vc, turn));
    }

    /// Matches switch inputs to the `outputs` that `scratch.bids` asks for; `send` is called with the
    /// input VC and the output of each match.
    #[inline]
    pub(super) fn match_switch(
        &mut self,
        router: usize,
        outputs: u64,
        mut send: impl FnMut(&mut Self, u8, u8),
    ) {
        match self.setup.allocator {
            Allocator::SeparableInputFirst => self.switch_input_first(router, outputs, &mut send),
            Allocator::Islip | Allocator::SeparableOutputFirst => {
                self.switch_output_first(router, outputs, &mut send)
            }
        }
    }

    #[inline]
    fn switch_output_first(
        &mut self,
        router: usize,
        mut outputs: u64,
        send: &mut impl FnMut(&mut Self, u8, u8),
    ) {
        let ports = self.routers[router].port_base as usize;
        let lanes_base = ports * usize::from(self.setup.speedup);
        let mut matched = 0u64;
        for iteration in 0..self.setup.iterations {
            let mut lanes = 0u64;
            for_each_bit(outputs, |output| {
                let bids = self.scratch.bids[usize::from(output & 63)] & !matched;
                if bids != 0 {
                    let lane = self.lane_in_turn(bids, self.switch_grant[ports + usize::from(output)]);
                    let grants = &mut self.scratch.grants[usize::from(lane & 63)];
                    *grants = *grants * (lanes >> lane & 1) | 1 << output;
                    lanes |= 1 << lane;
                }
            });
            for_each_bit(lanes, |lane| {
                let grants = self.scratch.grants[usize::from(lane & 63)];
                let output = next_in_turn(grants, self.switch_accept[lanes_base + usize::from(lane)]);
                let vc = self.vc_in_turn(lanes_base, lane, self.scratch.bids[usize::from(output & 63)]);
                if iteration == 0 {
                    self.take_turn(router, lane, output, vc);
                } else {
                    self.switch_vc[lanes_base + usize::from(lane)] = self.vc_after(vc);
                }
                outputs &= !(1 << output);
                matched |= self.lane_vcs(lane);
                send(self, vc, output);
            });
        }
    }

    fn switch_input_first(&mut self, router: usize, outputs: u64, send: &mut impl FnMut(&mut Self, u8, u8)) {
        let ports = self.routers[router].port_base as usize;
        let lanes_base = ports * usize::from(self.setup.speedup);
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
            let output = next_in_turn(asks, self.switch_accept[lanes_base + usize::from(lane)]);
            picked |= 1 << output;
            picks[usize::from(output & 63)] |= 1 << lane;
        });
        for_each_bit(picked, |output| {
            let lane =
                next_in_turn(picks[usize::from(output & 63)], self.switch_grant[ports + usize::from(output)]);
            let vc = self.vc_in_turn(lanes_base, lane, self.scratch.bids[usize::from(output & 63)]);
            self.take_turn(router, lane, output, vc);
            send(self, vc, output);
        });
    }

    /// The switch input that an input VC uses: VCs are interleaved over the inputs of a port.
    #[inline(always)]
    fn lane(&self, vc: u8) -> u8 {
        let port = self.setup.port_of[usize::from(vc & 63)];
        if self.setup.speedup == 1 {
            port
        } else {
            port * self.setup.speedup + (vc - port * self.setup.vcs) % self.setup.speedup
        }
    }

    /// The input VCs of a switch input.
    #[inline(always)]
    fn lane_vcs(&self, lane: u8) -> u64 {
        if self.setup.speedup == 1 {
            return self.setup.vc_mask << (lane * self.setup.vcs);
        }
        let (port, offset) = (lane / self.setup.speedup, lane % self.setup.speedup);
        let spread =
            (offset..self.setup.vcs).step_by(usize::from(self.setup.speedup)).fold(0, |m, v| m | 1 << v);
        spread << (port * self.setup.vcs)
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
    fn vc_in_turn(&self, lanes_base: usize, lane: u8, bids: u64) -> u8 {
        let port = if self.setup.speedup == 1 { lane } else { lane / self.setup.speedup };
        let first = port * self.setup.vcs;
        let asking = (bids & self.lane_vcs(lane)) >> first;
        first + next_in_turn(asking, self.switch_vc[lanes_base + usize::from(lane)])
    }

    /// The place in turn after `vc` at its switch input.
    #[inline(always)]
    fn vc_after(&self, vc: u8) -> u8 {
        let port = self.setup.port_of[usize::from(vc & 63)];
        let next = vc - port * self.setup.vcs + self.setup.speedup;
        if next >= self.setup.vcs { next % self.setup.vcs } else { next }
    }

    /// Moves the round-robin pointers past a match.
    #[inline(always)]
    pub(super) fn take_turn(&mut self, router: usize, lane: u8, output: u8, vc: u8) {
        let (ports, base) = (self.routers[router].ports, self.routers[router].port_base as usize);
        let lanes_base = base * usize::from(self.setup.speedup);
        self.switch_grant[base + usize::from(output)] =
            if lane + 1 == ports * self.setup.speedup { 0 } else { lane + 1 };
        self.switch_accept[lanes_base + usize::from(lane)] = if output + 1 == ports { 0 } else { output + 1 };
        self.switch_vc[lanes_base + usize::from(lane)] = self.vc_after(vc);
    }
}
