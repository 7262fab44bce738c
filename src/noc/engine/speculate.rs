//! Speculative switch allocation: a head bids for the switch while its virtual channel is still
//! being allocated (Peh & Dally 2001, doi 10.1109/HPCA.2001.903268). A grant is used only if the
//! virtual channel came through in the same cycle with a credit; otherwise the switch slot is lost.

use super::allocate::{for_each_bit, next_in_turn};
use super::cycle::Turn;
use super::region::Region;
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
        bids: Bids,
        turn: &mut Turn<'_, S>,
    ) {
        let base = self.routers[router].vc_base as usize;
        let mut outputs = 0u64;
        for_each_bit(bids.sure, |vc| {
            let output = self.setup.port_of[usize::from(self.in_vc[base + usize::from(vc)].out & 63)];
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
        if outputs != 0 {
            self.match_switch(router, outputs, |region, vc, output| {
                if bids.waiting >> vc & 1 == 0 || region.confirm(router, vc, output) {
                    region.send(router, vc, turn);
                }
            });
        }
    }

    /// Enters the bid of an input VC for an output port.
    #[inline(always)]
    pub(super) fn bid(&mut self, output: u8, vc: u8, outputs: &mut u64) {
        let row = &mut self.scratch.bids[usize::from(output & 63)];
        *row = *row * (*outputs >> output & 1) | 1 << vc;
        *outputs |= 1 << output;
    }

    /// Whether a guess has come true: the head now holds a VC with a credit at `output`.
    fn confirm(&mut self, router: usize, vc: u8, output: u8) -> bool {
        if self.setup.piggyback {
            return self.piggyback(router, vc, output);
        }
        let hot = &self.routers[router];
        let out = self.in_vc[hot.vc_base as usize + usize::from(vc)].out;
        hot.ready >> vc & 1 == 1 && self.setup.port_of[usize::from(out & 63)] == output
    }

    /// Takes a free VC with a credit at `output` together with the switch.
    fn piggyback(&mut self, router: usize, vc: u8, output: u8) -> bool {
        let hot = &mut self.routers[router];
        let base = hot.vc_base as usize;
        let first = output * self.setup.vcs;
        let wants = self.in_vc[base + usize::from(vc)].wants;
        let usable = (wants & hot.free_out & hot.credit_out) >> first & self.setup.vc_mask;
        if usable == 0 {
            return false;
        }
        let turn = &mut self.piggyback_vc[hot.port_base as usize + usize::from(output)];
        let choice = next_in_turn(usable, *turn);
        *turn = if choice + 1 == self.setup.vcs { 0 } else { choice + 1 };
        let out = first + choice;
        hot.free_out &= !(1 << out);
        hot.waiting &= !(1 << vc);
        hot.active |= 1 << vc;
        hot.ready |= 1 << vc;
        self.out_vc[base + usize::from(out)].owner = vc;
        self.in_vc[base + usize::from(vc)].out = out;
        self.tally.vc_grants += 1;
        true
    }
}
