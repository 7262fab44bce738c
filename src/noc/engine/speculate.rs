//! Speculative switch allocation: a head bids for the switch while its virtual channel is still
//! being allocated (Peh & Dally 2001, doi 10.1109/HPCA.2001.903268). A grant is used only if the
//! virtual channel came through in the same cycle with a credit; otherwise the switch slot is lost.

use super::allocate::{for_each_bit, next_in_turn};
use super::cycle::Turn;
use super::region::{Hot, Region};
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

impl Region {
    /// Switch allocation among sure bids and guesses. At the same switch input and output a sure bid
    /// goes before a guess.
    pub(super) fn allocate_switch_speculatively<S: Source>(
        &mut self,
        router: usize,
        hot: &mut Hot,
        bids: Bids,
        turn: &mut Turn<'_, S>,
    ) {
        let base = hot.vc_base as usize;
        let mut outputs = 0u64;
        for_each_bit(bids.sure, |vc| {
            let output = self.in_vc[base + usize::from(vc)].out_port;
            self.bid(output, vc, &mut outputs);
        });
        for_each_bit(bids.waiting, |vc| {
            let port = self.setup.port_of[usize::from(vc & 63)];
            let rivals = bids.sure & self.setup.vc_mask << (port * self.setup.vcs);
            let mut wants = self.in_vc[base + usize::from(vc)].wants & bids.usable;
            while wants != 0 {
                let output = self.setup.port_of[wants.trailing_zeros() as usize];
                wants &= !(self.setup.vc_mask << (output * self.setup.vcs));
                let asked = outputs >> output & 1 == 1;
                if !asked || self.scratch.bids[usize::from(output & 63)] & rivals == 0 {
                    self.bid(output, vc, &mut outputs);
                }
            }
        });
        if outputs == 0 {
            return;
        }
        let matches = self.match_switch(hot, outputs);
        for at in 0..matches {
            let (vc, output) = self.scratch.matches[at & 63];
            if bids.waiting >> vc & 1 == 0 || self.confirm(router, hot, vc, output, turn.now) {
                self.send::<S, false>(router, hot, vc, turn);
            }
        }
    }

    /// Whether a guess has come true: the head now holds a VC with a credit at `output`.
    fn confirm(&mut self, router: usize, hot: &mut Hot, vc: u8, output: u8, now: u64) -> bool {
        if self.setup.piggyback {
            return self.piggyback(router, hot, vc, output, now);
        }
        hot.ready >> vc & 1 == 1 && self.in_vc[hot.vc_base as usize + usize::from(vc)].out_port == output
    }

    /// Takes a free VC with a credit at `output` together with the switch.
    fn piggyback(&mut self, router: usize, hot: &mut Hot, vc: u8, output: u8, now: u64) -> bool {
        let first = output * self.setup.vcs;
        let wants = self.in_vc[hot.vc_base as usize + usize::from(vc)].wants;
        let usable = (wants & hot.free_out & hot.credit_out) >> first & self.setup.vc_mask;
        if usable == 0 {
            return false;
        }
        let lanes = hot.port_base as usize * usize::from(self.setup.speedup);
        let turn = &mut self.switch_turns[lanes + usize::from(output)].piggyback;
        let choice = next_in_turn(usable, *turn);
        *turn = choice + 1;
        self.grant_vc::<false>(router, hot, vc, first + choice, now);
        true
    }
}
