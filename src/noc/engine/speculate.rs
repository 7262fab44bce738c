//! Speculative switch allocation: a head bids for the switch while its virtual channel is still
//! being allocated (Peh & Dally 2001, doi 10.1109/HPCA.2001.903268). A grant is used only if the
//! virtual channel came through in the same cycle with a credit; otherwise the switch slot is lost.

use super::allocate::Rows;
use super::block::{Block, for_each_bit, next_in_turn};
use super::cycle::Turn;
use super::region::Shared;
use super::setup::MAX_ROUTER_VCS;
use crate::noc::source::Source;

/// Who bids for the switch.
#[derive(Clone, Copy)]
pub(super) struct Bids {
    /// Input VCs that hold an output VC with a credit.
    pub sure: u64,
    /// Input VCs whose head is being allocated an output VC.
    pub waiting: u64,
    /// Output VCs that were free and had a credit at the start of the cycle.
    pub usable: u64,
}

impl<const N: usize, const P: usize> Block<N, P> {
    /// Switch allocation among sure bids and guesses, and traversal of the winners. At the same
    /// switch input and output a sure bid goes before a guess.
    pub(super) fn speculate<S: Source>(
        &mut self,
        router: usize,
        bids: Bids,
        shared: &mut Shared,
        turn: &mut Turn<'_, S>,
    ) {
        let (mut rows, mut outputs): (Rows, u64) = ([0; MAX_ROUTER_VCS], 0);
        for_each_bit(bids.sure, |vc| {
            let output = usize::from(self.in_vc[vc].out_port);
            rows[output & 63] |= 1 << vc;
            outputs |= 1 << output;
        });
        for_each_bit(bids.waiting, |vc| {
            let input = &self.in_vc[vc];
            let lane = self.lanes[shared.setup.lane(vc as u8, input.port)].vcs;
            for_each_bit(input.wants & bids.usable, |out| {
                let output = usize::from(self.out_vc[out].port);
                if rows[output & 63] & bids.sure & lane == 0 {
                    rows[output & 63] |= 1 << vc;
                    outputs |= 1 << output;
                }
            });
        });
        if outputs == 0 {
            return;
        }
        for (vc, output) in self.match_switch::<false>(&rows, outputs, &shared.setup).iter() {
            if bids.waiting >> vc & 1 == 0 || self.confirm(router, (vc, output), shared, turn.now) {
                self.send::<S, false>(router, vc, shared, turn);
            }
        }
    }

    /// Whether a guess has come true: the head now holds a VC with a credit at the output it won.
    fn confirm(&mut self, router: usize, won: (usize, usize), shared: &mut Shared, now: u64) -> bool {
        let (vc, output) = won;
        if shared.setup.piggyback {
            return self.piggyback(router, won, shared, now);
        }
        self.ready >> vc & 1 == 1 && usize::from(self.in_vc[vc].out_port) == output
    }

    /// Takes a free VC with a credit together with the switch.
    fn piggyback(&mut self, router: usize, won: (usize, usize), shared: &mut Shared, now: u64) -> bool {
        let (vc, output) = won;
        let first = output as u8 * shared.setup.vcs;
        let port = shared.setup.vc_mask << first;
        let usable = self.in_vc[vc].wants & self.free_out & self.credit_out & port;
        if usable == 0 {
            return false;
        }
        let out = next_in_turn(usable, first + self.ports[output].piggyback);
        self.ports[output].piggyback = out as u8 - first + 1;
        self.grant_vc::<false>(router, vc, out, shared, now);
        true
    }
}
