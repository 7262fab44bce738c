//! Allocation of the switch: bids of input virtual channels meet output ports.
//!
//! An output port grants a switch input, a switch input accepts an output port; which of its virtual
//! channels then sends is the input's own choice. The common allocator, iSLIP with one iteration, goes over a flat
//! list of the ports with bids; the others settle one router after the other.

use super::allocate::{Rows, group};
use super::cycle::Block;
use super::router::{BLOCK, State, for_each_bit, next_in_turn, seated};
use super::setup::{MAX_ROUTER_VCS, Setup};
use super::wheel::Place;
use crate::noc::params::Allocator;

impl<const N: usize, const P: usize> Block<'_, N, P> {
    /// First half of switch allocation: outputs grant. What comes of it is in [`Port::chosen`] and, for the
    /// switch inputs in `accepting`, in [`Port::granted`]; or, where the allocator is not this simple,
    /// in `winners` at once.
    ///
    /// [`Port::chosen`]: super::router::Port
    /// [`Port::granted`]: super::router::Port
    #[inline(always)]
    pub(super) fn grant_switch<const PLAIN: bool>(&mut self) {
        if !PLAIN && !self.shared.setup.simple_switch {
            return self.match_switches();
        }
        let Self { routers, requests, shared, .. } = self;
        let (accepting, count) = &mut shared.accepting;
        let mut waiting = 0;
        for word in 0..P {
            let mut asked = requests.bids[word];
            while asked != 0 {
                let (local, port) = seated::<P>(word, asked.trailing_zeros());
                asked &= asked - 1;
                let router = &mut routers[local];
                let output = &router.ports[port];
                if !PLAIN && output.busy {
                    continue;
                }
                let bids = output.bids;
                let mut vc = bids.trailing_zeros() as usize;
                if bids & (bids - 1) != 0 {
                    let lane = shared.setup.port_of[next_in_turn(bids, output.grant) & 63];
                    let own = shared.setup.vc_mask << (lane * shared.setup.vcs);
                    vc = next_in_turn(bids & own, router.ports[usize::from(lane) & (P - 1)].vc);
                }
                router.ports[port].chosen = vc as u8;
                let lane = usize::from(shared.setup.port_of[vc & 63]);
                let granted = &mut router.ports[lane & (P - 1)].granted;
                accepting[waiting % (BLOCK * MAX_ROUTER_VCS)] = Place::new(local, lane);
                waiting += usize::from(*granted == 0);
                *granted |= 1 << port;
            }
        }
        *count = waiting;
    }

    /// Second half: switch inputs accept, and flits go.
    #[inline(always)]
    pub(super) fn accept_switch<const PLAIN: bool>(&mut self) {
        let count = std::mem::take(&mut self.shared.accepting.1);
        let vcs = self.shared.setup.vcs;
        // Two loops, short enough each for the processor to work on several flits at once.
        for index in 0..count {
            let place = self.shared.accepting.0[index % (BLOCK * MAX_ROUTER_VCS)];
            let (local, lane) = (place.local(), place.vc());
            let router = &mut self.routers[local];
            let input = &mut router.ports[lane & (P - 1)];
            let grants = std::mem::take(&mut input.granted);
            let output = next_in_turn(grants, input.accept);
            input.accept = output as u8 + 1;
            let port = &mut router.ports[output & (P - 1)];
            let vc = port.chosen;
            port.grant = (lane as u8 + 1) * vcs;
            router.ports[lane & (P - 1)].vc = vc + 1;
            self.shared.accepting.0[index % (BLOCK * MAX_ROUTER_VCS)] = Place::new(local, vc.into());
        }
        for index in 0..count {
            let place = self.shared.accepting.0[index % (BLOCK * MAX_ROUTER_VCS)];
            self.send::<PLAIN>(place.local(), place.vc());
        }
        if !PLAIN {
            let mut winners = std::mem::take(&mut self.shared.matched);
            for (place, output) in winners.drain(..) {
                self.send_to::<PLAIN>(place.local(), place.vc(), output.into());
            }
            self.shared.matched = winners;
        }
    }

    /// Switch allocation router by router; the winners are noted.
    fn match_switches(&mut self) {
        for word in 0..P {
            let mut asked = self.requests.bids[word];
            while asked != 0 {
                let (local, _) = seated::<P>(word, asked.trailing_zeros());
                asked &= !group::<P>(local);
                let (rows, outputs) = self.bids(local);
                let mut winners = std::mem::take(&mut self.shared.matched);
                let win = |vc, output| winners.push((Place::new(local, vc), output as u8));
                self.match_switch(local, &rows, outputs, win);
                self.shared.matched = winners;
            }
        }
    }

    /// The bids of a router by output, and the outputs.
    pub(super) fn bids(&mut self, local: usize) -> (Rows, u64) {
        let (mut rows, mut outputs): (Rows, u64) = ([0; MAX_ROUTER_VCS], 0);
        for (output, port) in self.routers[local].ports.iter().enumerate().filter(|(_, port)| !port.busy) {
            rows[output] = port.bids;
            outputs |= u64::from(port.bids != 0) << output;
        }
        (rows, outputs)
    }

    /// Matches switch inputs to `outputs`; `rows` says which input VCs bid for each. Calls `win` with each
    /// winner and its output.
    pub(super) fn match_switch(
        &mut self,
        local: usize,
        rows: &Rows,
        outputs: u64,
        win: impl FnMut(usize, usize),
    ) {
        let Setup { allocator, matrix, .. } = self.shared.setup;
        match (allocator, matrix) {
            (Allocator::SeparableInputFirst, false) => {
                self.switch_input_first::<false>(local, rows, outputs, win)
            }
            (Allocator::SeparableInputFirst, true) => {
                self.switch_input_first::<true>(local, rows, outputs, win)
            }
            (_, false) => self.switch_output_first::<false>(local, rows, outputs, win),
            (_, true) => self.switch_output_first::<true>(local, rows, outputs, win),
        }
    }

    fn switch_output_first<const MATRIX: bool>(
        &mut self,
        local: usize,
        rows: &Rows,
        mut outputs: u64,
        mut win: impl FnMut(usize, usize),
    ) {
        let mut matched = 0u64;
        for iteration in 0..self.shared.setup.iterations {
            let (mut lanes, mut grants): (u64, Rows) = (0, [0; MAX_ROUTER_VCS]);
            for_each_bit(outputs, |output| {
                let bids = rows[output & 63] & !matched;
                if bids != 0 {
                    let lane = self.lane_in_turn::<MATRIX>(local, output, bids);
                    grants[lane & 63] |= 1 << output;
                    lanes |= 1 << lane;
                }
            });
            for_each_bit(lanes, |lane| {
                let output = self.first_output::<MATRIX>(local, lane, grants[lane & 63]);
                let own = self.shared.setup.lane_vcs(lane);
                let vc = self.first_within::<MATRIX>(local, lane, rows[output & 63] & own);
                if iteration == 0 {
                    self.take_switch_turn::<MATRIX>(local, lane, output);
                }
                self.take_turn_within::<MATRIX>(local, lane, vc);
                outputs &= !(1 << output);
                matched |= own;
                win(vc, output);
                for_each_bit(self.other_copies(local, vc, grants[lane & 63], output), |output| {
                    if rows[output & 63] >> vc & 1 == 1 {
                        if iteration == 0 {
                            self.take_output_turn::<MATRIX>(local, lane, output);
                        }
                        outputs &= !(1 << output);
                        win(vc, output);
                    }
                });
            });
        }
    }

    fn switch_input_first<const MATRIX: bool>(
        &mut self,
        local: usize,
        rows: &Rows,
        outputs: u64,
        mut win: impl FnMut(usize, usize),
    ) {
        let (mut lanes, mut asks): (u64, Rows) = (0, [0; MAX_ROUTER_VCS]);
        for_each_bit(outputs, |output| {
            for_each_bit(rows[output & 63], |vc| {
                let lane = self.shared.setup.lane(vc);
                asks[lane & 63] |= 1 << output;
                lanes |= 1 << lane;
            });
        });
        let (mut picked, mut picks): (u64, Rows) = (0, [0; MAX_ROUTER_VCS]);
        let mut sends = [0u8; MAX_ROUTER_VCS];
        for_each_bit(lanes, |lane| {
            let output = self.first_output::<MATRIX>(local, lane, asks[lane & 63]);
            let bids = rows[output & 63] & self.shared.setup.lane_vcs(lane);
            let vc = self.first_within::<MATRIX>(local, lane, bids);
            sends[lane & 63] = vc as u8;
            let others = self.other_copies(local, vc, asks[lane & 63], output);
            for_each_bit(others | 1 << output, |output| {
                if rows[output & 63] >> vc & 1 == 1 {
                    picked |= 1 << output;
                    picks[output & 63] |= 1 << lane;
                }
            });
        });
        for_each_bit(picked, |output| {
            let lane = self.first_lane::<MATRIX>(local, output, picks[output & 63]);
            let vc = usize::from(sends[lane & 63]);
            self.take_switch_turn::<MATRIX>(local, lane, output);
            self.take_turn_within::<MATRIX>(local, lane, vc);
            win(vc, output);
        });
    }

    /// Of `outputs`, the others than `output` that may take copies of the packet at an input VC.
    #[inline(always)]
    fn other_copies(&self, local: usize, vc: usize, outputs: u64, output: usize) -> u64 {
        let copying = self.routers[local].ins[vc & (N - 1)].state == State::Copying;
        if copying { outputs & !(1 << output) } else { 0 }
    }

    /// The switch input, of those with a VC in `bids`, that an output port picks.
    fn lane_in_turn<const MATRIX: bool>(&self, local: usize, output: usize, bids: u64) -> usize {
        let setup = &self.shared.setup;
        if setup.speedup == 1 && !MATRIX {
            // The pointer stands at the first VC of the input in turn.
            let from = self.routers[local].ports[output & (P - 1)].grant;
            return usize::from(setup.port_of[next_in_turn(bids, from)]);
        }
        let mut lanes = 0u64;
        for_each_bit(bids, |vc| lanes |= 1 << setup.lane(vc));
        self.first_lane::<MATRIX>(local, output, lanes)
    }
}
