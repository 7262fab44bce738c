//! Allocation of virtual channels, on bit masks.
//!
//! The reference allocators: iSLIP (McKeown 1999, doi 10.1109/90.769767) with n iterations, whose
//! pointers move only for grants accepted in the first iteration, and the two separable allocators
//! (Dally & Towles, Principles and Practices of Interconnection Networks, ch. 19). A head that competes with
//! no other one for its output port, which is the rule, is granted a channel at once, as each of these
//! allocators would.

use super::cycle::Block;
use super::router::{BLOCK, State, next_in_turn};
use super::setup::{MAX_ROUTER_VCS, Setup};
use super::wheel::Place;
use crate::base::ones;
use crate::noc::params::Allocator;

/// A request matrix: a row of bits per requester or per resource.
pub(super) type Rows = [u64; MAX_ROUTER_VCS];

impl<const N: usize, const P: usize> Block<'_, N, P> {
    /// Virtual-channel allocation: the ports for whose channels heads ask, one after the other.
    #[inline(always)]
    pub(super) fn allocate_vcs<const PLAIN: bool>(&mut self) {
        let (compass, mut grants, mut settled) = (self.compass, 0, 0);
        for port in ones(self.board.with_heads()) {
            let mut asked = self.board.heads(port) & !settled;
            // The routers in which the port's only head is served.
            let mut served = 0;
            let all_want = compass.map(|compass| compass.wants(port as u8));
            while asked != 0 {
                let (local, bit) = (asked.trailing_zeros() as usize, asked & asked.wrapping_neg());
                asked ^= bit;
                let router = &mut self.routers[local & (BLOCK - 1)];
                let heads = router.ports[port & (P - 1)].heads;
                if compass.is_none() && router.torn != 0 {
                    // Heads that have a choice tie the ports of their router together.
                    settled |= bit;
                    let waiting = router.waiting();
                    self.settle_vcs::<PLAIN>(local, waiting);
                    continue;
                }
                if !PLAIN || heads & (heads - 1) != 0 {
                    self.settle_vcs::<PLAIN>(local, heads);
                    continue;
                }
                let vc = heads.trailing_zeros() as usize;
                let input = &mut router.ins[vc & (N - 1)];
                let wants = match all_want {
                    Some(wants) => wants,
                    None => router.wants[vc & (N - 1)],
                };
                let choices = wants & router.free_out;
                if choices == 0 {
                    continue;
                }
                let out = next_in_turn(choices, input.turn);
                input.turn = out as u8 + 1;
                input.out = out as u8;
                input.state = State::Active;
                router.free_out &= !(1 << out);
                let channel = &mut router.outs[out & (N - 1)];
                (channel.owner, channel.turn) = (vc as u8, vc as u8 + 1);
                let ready = u64::from(channel.credits > 0).wrapping_neg();
                let output = &mut router.ports[port & (P - 1)];
                output.heads = 0;
                output.bids |= heads & ready;
                self.board.bid(port, self.shared.setup.lane(vc), bit & ready);
                served |= bit;
            }
            grants += u64::from(served.count_ones());
            self.board.served(port, served);
        }
        self.shared.tally.vc_grants += grants;
    }

    /// Output VCs among `free` that the head of an input VC may take.
    #[inline(always)]
    pub(super) fn choices<const PLAIN: bool>(&mut self, local: usize, vc: usize, free: u64) -> u64 {
        let choices = self.wants(local, vc) & free;
        if !PLAIN && self.shared.setup.cut_through { self.roomy(local, vc, choices) } else { choices }
    }

    /// Of `choices`, the output VCs with room for the whole packet (or with an empty buffer, for
    /// packets longer than a buffer).
    fn roomy(&mut self, local: usize, vc: usize, choices: u64) -> u64 {
        let slot = self.front(local, vc).slot();
        let flits = self.shared.packets.record(slot).flits.min(self.shared.setup.depth);
        let (router, mut roomy) = (&mut self.routers[local], 0);
        for out in ones(choices) {
            roomy |= u64::from(router.output(out).credits >= flits) << out;
        }
        roomy
    }

    /// Settles the requests of a router's input VCs `rivals`; who loses asks again.
    #[inline(always)]
    fn settle_vcs<const PLAIN: bool>(&mut self, local: usize, rivals: u64) {
        let free = self.routers[local].free_out;
        if PLAIN && self.routers[local].torn == 0 {
            return self.share_port(local, rivals, free);
        }
        let mut wishes = [0; N];
        for vc in ones(rivals) {
            wishes[vc & (N - 1)] = self.choices::<PLAIN>(local, vc, free);
        }
        let Setup { allocator, matrix, .. } = self.shared.setup;
        match (PLAIN, allocator, matrix) {
            (false, Allocator::SeparableInputFirst, false) => {
                self.vcs_input_first::<false>(local, rivals, &wishes)
            }
            (false, Allocator::SeparableInputFirst, true) => {
                self.vcs_input_first::<true>(local, rivals, &wishes)
            }
            (false, _, true) => self.vcs_output_first::<false, true>(local, rivals, &wishes),
            _ => self.vcs_output_first::<PLAIN, false>(local, rivals, &wishes),
        }
    }

    /// Settles the requests of heads that all want the same port, as [`Block::vcs_output_first`] does.
    #[inline(always)]
    fn share_port(&mut self, local: usize, rivals: u64, free: u64) {
        let (wanted, common) = self.wishes_of(local, rivals, free);
        let mut granted = 0u64;
        for out in ones(wanted) {
            let mut asking = rivals;
            if common >> out & 1 == 0 {
                for vc in ones(rivals) {
                    asking &= !((!self.wants(local, vc) >> out & 1) << vc);
                }
            }
            let vc = self.first_packet::<false>(local, out, asking);
            self.shared.offers[vc & 63] |= 1 << out;
            granted |= 1 << vc;
        }
        for vc in ones(granted) {
            let offers = std::mem::take(&mut self.shared.offers[vc & 63]);
            let out = self.first_channel::<false>(local, vc, offers);
            self.take_vc_turn::<false>(local, vc, out);
            self.grant_vc::<true>(local, vc, out);
        }
    }

    /// Of the output VCs `free`, those that any of `rivals`, heads for one port, wants, and those that all want.
    #[inline(always)]
    fn wishes_of(&self, local: usize, rivals: u64, free: u64) -> (u64, u64) {
        if self.compass.is_some() {
            let wanted = self.wants(local, rivals.trailing_zeros() as usize) & free;
            return (wanted, wanted);
        }
        let (mut wanted, mut common) = (0, free);
        for vc in ones(rivals) {
            let wishes = self.wants(local, vc) & free;
            wanted |= wishes;
            common &= wishes;
        }
        (wanted, common)
    }

    /// Each free output VC grants one request; each input VC accepts one grant.
    fn vcs_output_first<const PLAIN: bool, const MATRIX: bool>(
        &mut self,
        local: usize,
        rivals: u64,
        wishes: &[u64; N],
    ) {
        let iterations = if PLAIN { 1 } else { self.shared.setup.iterations };
        let (mut left, mut taken) = (rivals, 0u64);
        for iteration in 0..iterations {
            let (mut wanted, mut grants) = (0, [0u64; N]);
            for vc in ones(left) {
                wanted |= wishes[vc & (N - 1)];
            }
            for out in ones(wanted & !taken) {
                let mut asking = 0;
                for vc in ones(left) {
                    asking |= (wishes[vc & (N - 1)] >> out & 1) << vc;
                }
                grants[self.first_packet::<MATRIX>(local, out, asking) & (N - 1)] |= 1 << out;
            }
            for vc in ones(left) {
                let mut granted = grants[vc & (N - 1)];
                while granted != 0 {
                    let out = self.first_channel::<MATRIX>(local, vc, granted);
                    if iteration == 0 {
                        self.take_vc_turn::<MATRIX>(local, vc, out);
                    }
                    self.grant_vc::<PLAIN>(local, vc, out);
                    left &= !(1 << vc);
                    taken |= 1 << out;
                    granted &= self.more_copies::<PLAIN>(local, vc);
                }
            }
        }
    }

    /// Each input VC picks one free output VC; each output VC takes one of those that picked it.
    fn vcs_input_first<const MATRIX: bool>(&mut self, local: usize, rivals: u64, wishes: &[u64; N]) {
        let (mut left, mut taken) = (rivals, 0u64);
        for iteration in 0..self.shared.setup.iterations {
            let (mut picked, mut suitors) = (0u64, [0u64; N]);
            for vc in ones(left) {
                let mut wishes = wishes[vc & (N - 1)] & !taken;
                while wishes != 0 {
                    let out = self.first_channel::<MATRIX>(local, vc, wishes);
                    suitors[out & (N - 1)] |= 1 << vc;
                    picked |= 1 << out;
                    let setup = &self.shared.setup;
                    let here = setup.vc_mask << (setup.port_of[out] * setup.vcs);
                    wishes &= self.more_copies::<false>(local, vc) & !here;
                }
            }
            for out in ones(picked) {
                let vc = self.first_packet::<MATRIX>(local, out, suitors[out & (N - 1)]);
                if iteration == 0 {
                    self.take_vc_turn::<MATRIX>(local, vc, out);
                }
                self.grant_vc::<false>(local, vc, out);
                left &= !(1 << vc);
            }
            taken |= picked;
        }
    }

    /// Output VCs that the head at an input VC still wants after it has been given or has picked one: none, unless
    /// it is to be copied.
    #[inline(always)]
    fn more_copies<const PLAIN: bool>(&self, local: usize, vc: usize) -> u64 {
        let copying = !PLAIN && self.routers[local].ins[vc & (N - 1)].state == State::Copying;
        if copying { self.routers[local].wants[vc & (N - 1)] } else { 0 }
    }

    /// Gives output VC `out` to the packet at input VC `vc`, which bids for the switch next.
    #[inline(always)]
    fn grant_vc<const PLAIN: bool>(&mut self, local: usize, vc: usize, out: usize) {
        self.hold::<PLAIN>(local, vc, out);
        let setup = &self.shared.setup;
        // A speculative head bids in this very cycle, which counts as the last one of the allocation.
        let delay = if PLAIN { 1 } else { setup.vc_delay - u64::from(setup.speculative) };
        if !PLAIN && self.routers[local].input(vc).state == State::Copying {
            if self.shared.setup.vc_delay <= 1 {
                return self.ready_copy(local, vc, out, delay == 1);
            }
            let place = Place::new(self.router_number(local), out);
            self.shared.wheel.late(self.now + delay, place.of()).copies.push(place);
        } else if !PLAIN && setup.vc_delay > 1 {
            self.routers[local].input(vc).state = State::Allocating;
            let place = Place::new(self.router_number(local), vc);
            self.shared.wheel.late(self.now + delay, place.of()).allocated.push(place);
        } else if delay == 1 {
            self.bid_with_credit(local, vc);
        }
    }

    /// Notes that input VC `vc` holds output VC `out` and waits for none any more.
    #[inline(always)]
    pub(super) fn hold<const PLAIN: bool>(&mut self, local: usize, vc: usize, out: usize) {
        self.shared.tally.vc_grants += 1;
        let output = usize::from(self.shared.setup.port_of[out]);
        let router = &mut self.routers[local];
        router.free_out &= !(1 << out);
        router.output(out).owner = vc as u8;
        if !PLAIN && router.input(vc).state == State::Copying {
            return self.hold_copy(local, vc, out);
        }
        let input = router.input(vc);
        input.out = out as u8;
        input.state = State::Active;
        if router.torn >> vc & 1 == 1 {
            return self.hold_one_of_several(local, vc, output);
        }
        self.forget_head(local, vc, output);
    }

    #[inline(always)]
    pub(super) fn forget_head(&mut self, local: usize, vc: usize, port: usize) {
        let heads = &mut self.routers[local].port(port).heads;
        *heads &= !(1 << vc);
        let none = u64::from(*heads == 0);
        self.board.served(port, none << local);
    }

    /// A head that had a choice of ports now has one.
    fn hold_one_of_several(&mut self, local: usize, vc: usize, output: usize) {
        let router = &mut self.routers[local];
        router.torn &= !(1 << vc);
        router.input(vc).out_port = output as u8;
        (0..P).for_each(|port| self.forget_head(local, vc, port));
    }

    /// Number of a router in its region.
    #[inline(always)]
    pub(super) fn router_number(&self, local: usize) -> usize {
        self.number * BLOCK + local
    }
}
