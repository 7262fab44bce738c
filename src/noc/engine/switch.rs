//! Allocation of the switch: bids of input virtual channels meet output ports.
//!
//! An output port grants a switch input, a switch input accepts an output port; which of its virtual
//! channels then sends is the input's own choice. The common allocator, iSLIP with one iteration, goes over a flat
//! list of the ports with bids; the others settle one router after the other.

use super::allocate::{Rows, group};
use super::cycle::Block;
use super::router::{BLOCK, Lane, for_each_bit, next_in_turn, seated};
use super::setup::{MAX_ROUTER_VCS, Setup};
use super::wheel::Place;
use crate::noc::params::Allocator;

impl<const N: usize, const P: usize> Block<'_, N, P> {
    /// First half of switch allocation: outputs grant. What comes of it is in [`Port::chosen`] and, for the
    /// switch inputs in `accepting`, in `granted`; or, where the allocator is not this simple,
    /// in `winners` at once.
    ///
    /// [`Port::chosen`]: super::router::Port
    #[inline(always)]
    pub(super) fn grant_switch<const PLAIN: bool>(&mut self) {
        if !PLAIN && !self.shared.setup.simple_switch {
            return self.match_switches();
        }
        let Self { routers, requests, shared, .. } = self;
        let (accepting, count) = &mut shared.accepting;
        let granted = &mut shared.granted;
        let mut waiting = 0;
        for word in 0..P {
            let mut asked = requests.bids[word];
            while asked != 0 {
                let (local, port) = seated::<P>(word, asked.trailing_zeros());
                asked &= asked - 1;
                let router = &mut routers[local];
                let output = &mut router.ports[port];
                if !PLAIN && output.busy {
                    continue;
                }
                let bids = output.bids;
                let mut vc = bids.trailing_zeros() as usize;
                if bids & (bids - 1) != 0 {
                    let lane = shared.setup.port_of[next_in_turn(bids, output.grant) & 63];
                    let own = shared.setup.vc_mask << (lane * shared.setup.vcs);
                    vc = next_in_turn(bids & own, router.lanes[usize::from(lane) & (P - 1)].vc);
                }
                output.chosen = vc as u8;
                let lane = usize::from(shared.setup.port_of[vc & 63]);
                let granted = &mut granted[(local * P + lane) % (BLOCK * MAX_ROUTER_VCS)];
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
        for index in 0..count {
            let place = self.shared.accepting.0[index % (BLOCK * MAX_ROUTER_VCS)];
            let (local, lane) = (place.local(), place.vc());
            let router = &mut self.routers[local];
            let granted = &mut self.shared.granted[(local * P + lane) % (BLOCK * MAX_ROUTER_VCS)];
            let input = &mut router.lanes[lane & (P - 1)];
            let output = next_in_turn(std::mem::take(granted), input.accept);
            let port = &mut router.ports[output & (P - 1)];
            let vc = port.chosen;
            port.grant = (lane as u8 + 1) * vcs;
            *input = Lane { accept: output as u8 + 1, vc: vc + 1 };
            self.send::<PLAIN>(local, vc.into());
        }
        if !PLAIN {
            let mut winners = std::mem::take(&mut self.shared.winners);
            winners.drain(..).for_each(|place| self.send::<PLAIN>(place.local(), place.vc()));
            self.shared.winners = winners;
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
                let mut winners = std::mem::take(&mut self.shared.winners);
                self.match_switch(local, &rows, outputs, |vc, _| winners.push(Place::new(local, vc)));
                self.shared.winners = winners;
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
        for_each_bit(lanes, |lane| {
            let output = self.first_output::<MATRIX>(local, lane, asks[lane & 63]);
            picked |= 1 << output;
            picks[output & 63] |= 1 << lane;
        });
        for_each_bit(picked, |output| {
            let lane = self.first_lane::<MATRIX>(local, output, picks[output & 63]);
            let bids = rows[output & 63] & self.shared.setup.lane_vcs(lane);
            let vc = self.first_within::<MATRIX>(local, lane, bids);
            self.take_switch_turn::<MATRIX>(local, lane, output);
            self.take_turn_within::<MATRIX>(local, lane, vc);
            win(vc, output);
        });
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
