//! Allocation of the switch: bids of input virtual channels meet output ports.
//!
//! An output port grants a switch input, a switch input accepts an output port; which of its virtual
//! channels then sends is the input's own choice. The common allocator is iSLIP with one iteration and round-robin
//! arbiters (McKeown 1999, doi 10.1109/90.769767); it grants what does not meet another request in all routers of a
//! block at once (`board.rs`).

use super::allocate::Rows;
use super::cycle::Block;
use super::express::Departure;
use super::router::{BLOCK, Port, State, next_in_turn};
use super::setup::{MAX_ROUTER_VCS, Setup};
use crate::base::ones;
use crate::noc::params::Allocator;

/// An input VC that has won an output port of its router: the router within its block, the VC and the port, of six
/// bits each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match(u32);

impl Match {
    #[inline(always)]
    pub(super) fn new(local: usize, vc: usize, output: usize) -> Self {
        Self((local << 12 | vc << 6 | output) as u32)
    }

    /// Router, input VC and output port.
    #[inline(always)]
    pub(super) fn parts(self) -> [usize; 3] {
        [self.0 >> 12, self.0 >> 6 & 63, self.0 & 63].map(|part| part as usize)
    }
}

impl<const N: usize, const P: usize> Block<'_, N, P> {
    /// Switch allocation of the common router, and traversal: what wins goes at once, so that the state of a router is
    /// gone through once. No two winners of a router have an input or an output in common, so none of them sees what
    /// another one changes. `departures` go whoever asks.
    #[inline(always)]
    pub(super) fn pass_switch(&mut self, departures: &[Departure]) {
        self.moved = self.board.bidding();
        if self.moved != 0 {
            let soon = self.now + self.shared.setup.near_delay;
            self.shared.wheel.open(self.number, soon);
            self.match_ports::<true>();
            self.shared.wheel.close(self.number, soon);
        }
        for departure in departures {
            self.depart(departure.place);
        }
    }

    /// Switch allocation of other routers. The winners are noted in `matched`.
    pub(super) fn allocate_switch(&mut self) {
        if self.shared.setup.simple_switch {
            return self.match_ports::<false>();
        }
        let mut matched = std::mem::take(&mut self.shared.matched);
        for local in ones(self.board.bidding()) {
            let (rows, outputs) = self.bids(local);
            let note = |vc, output| matched.push(Match::new(local, vc, output));
            self.match_switch(local, &rows, outputs, note);
        }
        self.shared.matched = matched;
    }

    /// Flits that have won the switch go.
    pub(super) fn traverse_switch(&mut self) {
        let mut matched = std::mem::take(&mut self.shared.matched);
        for winner in matched.drain(..) {
            self.ahead.fetch_ports(self.others[1]);
            self.send_to(winner);
        }
        self.shared.matched = matched;
    }

    /// The common allocator.
    #[inline(always)]
    fn match_ports<const PLAIN: bool>(&mut self) {
        let Setup { ports, vcs, .. } = self.shared.setup;
        let contested = self.board.contested(ports);
        for output in ones(self.board.with_bids()) {
            for lane in 0..ports {
                let own = self.shared.setup.lane_vcs(lane);
                for local in ones(self.board.bids(output, lane) & !contested) {
                    let router = &mut self.routers[local & (BLOCK - 1)];
                    let bids = router.ports[output & (P - 1)].bids & own;
                    let vc = next_in_turn(bids, router.ports[lane & (P - 1)].vc);
                    router.take_turns([lane, vc, output], vcs);
                    self.win::<PLAIN>(local, [lane, vc, output], own);
                }
            }
        }
        for local in ones(contested) {
            self.settle_switch::<PLAIN>(local);
        }
    }

    /// The same in one router: outputs grant, inputs accept.
    #[inline(always)]
    fn settle_switch<const PLAIN: bool>(&mut self, local: usize) {
        let Self { board, routers, shared, .. } = self;
        let (router, setup) = (&routers[local & (BLOCK - 1)], &shared.setup);
        let (mut lanes, mut granted) = (0u64, [0u64; P]);
        for output in 0..setup.ports.min(P) {
            let Port { bids, grant, .. } = router.ports[output];
            let asked = u64::from(bids != 0) & !(board.busy[output] >> local);
            // The turn is that of the first VC of an input. No branch: whether a port is asked for is hard to foresee.
            let lane = setup.lane(next_in_turn(bids, grant)) & (P - 1);
            granted[lane] |= asked << output;
            lanes |= asked << lane;
        }
        for lane in ones(lanes) {
            let (router, setup) = (&mut self.routers[local & (BLOCK - 1)], &self.shared.setup);
            let (own, Port { accept, vc, .. }) = (setup.lane_vcs(lane), router.ports[lane & (P - 1)]);
            let output = next_in_turn(granted[lane & (P - 1)], accept);
            let vc = next_in_turn(router.ports[output & (P - 1)].bids & own, vc);
            router.take_turns([lane, vc, output], setup.vcs);
            self.win::<PLAIN>(local, [lane, vc, output], own);
        }
    }

    /// A VC of switch input `lane`, which has the VCs `own`, has won output port `output`. In the common router its flit
    /// goes at once.
    #[inline(always)]
    fn win<const PLAIN: bool>(&mut self, local: usize, winner: [usize; 3], own: u64) {
        if PLAIN {
            self.ahead.fetch_ports(self.others[1]);
            return self.send::<true, true>(local, winner, own);
        }
        let [_, vc, output] = winner;
        self.shared.matched.push(Match::new(local, vc, output));
    }

    /// The bids of a router by output, and the outputs.
    pub(super) fn bids(&mut self, local: usize) -> (Rows, u64) {
        let (mut rows, mut outputs): (Rows, u64) = ([0; MAX_ROUTER_VCS], 0);
        let is_open = |output: usize| self.board.busy[output & (P - 1)] >> local & 1 == 0;
        for (output, port) in self.routers[local].ports.iter().enumerate().filter(|it| is_open(it.0)) {
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
            for output in ones(outputs) {
                let bids = rows[output & 63] & !matched;
                if bids != 0 {
                    let lane = self.lane_in_turn::<MATRIX>(local, output, bids);
                    grants[lane & 63] |= 1 << output;
                    lanes |= 1 << lane;
                }
            }
            for lane in ones(lanes) {
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
                for output in ones(self.other_copies(local, vc, grants[lane & 63], output)) {
                    if rows[output & 63] >> vc & 1 == 1 {
                        if iteration == 0 {
                            self.take_output_turn::<MATRIX>(local, lane, output);
                        }
                        outputs &= !(1 << output);
                        win(vc, output);
                    }
                }
            }
        }
    }

    fn switch_input_first<const MATRIX: bool>(
        &mut self,
        local: usize,
        rows: &Rows,
        mut outputs: u64,
        mut win: impl FnMut(usize, usize),
    ) {
        let mut matched = 0u64;
        for iteration in 0..self.shared.setup.iterations {
            let (lanes, asks) = self.asked_by_lanes(rows, outputs, matched);
            let (picked, picks, sends) = self.picks::<MATRIX>(local, rows, (lanes, &asks));
            for output in ones(picked) {
                let lane = self.first_lane::<MATRIX>(local, output, picks[output & 63]);
                let vc = usize::from(sends[lane & 63]);
                if iteration == 0 {
                    self.take_switch_turn::<MATRIX>(local, lane, output);
                }
                self.take_turn_within::<MATRIX>(local, lane, vc);
                matched |= self.shared.setup.lane_vcs(lane);
                win(vc, output);
            }
            outputs &= !picked;
        }
    }

    /// The switch inputs with bids, but for those with VCs in `matched`, and which of `outputs` each bids for.
    fn asked_by_lanes(&self, rows: &Rows, outputs: u64, matched: u64) -> (u64, Rows) {
        let (mut lanes, mut asks): (u64, Rows) = (0, [0; MAX_ROUTER_VCS]);
        for output in ones(outputs) {
            for vc in ones(rows[output & 63] & !matched) {
                let lane = self.shared.setup.lane(vc);
                asks[lane & 63] |= 1 << output;
                lanes |= 1 << lane;
            }
        }
        (lanes, asks)
    }

    /// Each switch input picks one of the outputs it asks for, or several for copies: the outputs that were picked, by
    /// whom, and the VC that each input would send from.
    fn picks<const MATRIX: bool>(
        &self,
        local: usize,
        rows: &Rows,
        (lanes, asks): (u64, &Rows),
    ) -> (u64, Rows, [u8; MAX_ROUTER_VCS]) {
        let (mut picked, mut picks): (u64, Rows) = (0, [0; MAX_ROUTER_VCS]);
        let mut sends = [0u8; MAX_ROUTER_VCS];
        for lane in ones(lanes) {
            let output = self.first_output::<MATRIX>(local, lane, asks[lane & 63]);
            let bids = rows[output & 63] & self.shared.setup.lane_vcs(lane);
            let vc = self.first_within::<MATRIX>(local, lane, bids);
            sends[lane & 63] = vc as u8;
            let others = self.other_copies(local, vc, asks[lane & 63], output);
            for output in ones(others | 1 << output) {
                if rows[output & 63] >> vc & 1 == 1 {
                    picked |= 1 << output;
                    picks[output & 63] |= 1 << lane;
                }
            }
        }
        (picked, picks, sends)
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
        for vc in ones(bids) {
            lanes |= 1 << setup.lane(vc);
        }
        self.first_lane::<MATRIX>(local, output, lanes)
    }
}
