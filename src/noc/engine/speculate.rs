//! Speculative switch allocation: a head bids for the switch while its virtual channel is still
//! being allocated (Peh & Dally 2001, doi 10.1109/HPCA.2001.903268). A grant is used only if the
//! virtual channel came through in the same cycle with a credit; otherwise the switch slot is lost.

use super::allocate::Rows;
use super::channel::{State, for_each_bit, next_in_turn};
use super::cycle::Turn;
use super::region::Region;
use super::setup::MAX_ROUTER_VCS;
use super::wheel::{Due, Place};
use crate::noc::source::Source;

/// The guesses of one router.
#[derive(Clone, Debug)]
pub(super) struct Guesses<const N: usize> {
    /// Input VCs whose head is being allocated an output VC.
    heads: u64,
    /// For each, the output VCs that were free and had a credit at the start of the cycle.
    usable: [u64; N],
}

impl<const N: usize> Default for Guesses<N> {
    fn default() -> Self {
        Self { heads: 0, usable: [0; N] }
    }
}

impl<const N: usize, const P: usize> Region<N, P> {
    /// Notes what the heads may hope for, before virtual channels are allocated.
    pub(super) fn guess(&mut self, heads: &[Place]) {
        for &place in heads {
            let (router, vc) = (place.of(), place.vc());
            let (outs, free) = (&self.tables.out_vc[router], self.tables.hubs[router].free_out);
            let mut usable = 0;
            for_each_bit(self.tables.in_vc[router][vc].wants & free, |out| {
                usable |= u64::from(outs[out].credits > 0) << out;
            });
            let guesses = &mut self.guesses[router];
            guesses.heads |= 1 << vc;
            guesses.usable[vc] = usable;
        }
    }

    /// Switch allocation among sure bids and guesses, and traversal of the winners.
    pub(super) fn speculate<S: Source>(&mut self, due: &Due, turn: &mut Turn<'_, S>) {
        let stage = turn.now << 1 | 1;
        for &place in &due.bids {
            self.bid::<false>(place, stage, turn.now);
        }
        for &place in &due.heads {
            self.tables.hubs[place.of()].ask(stage, place.vc(), 0);
        }
        for &place in due.bids.iter().chain(&due.heads) {
            let hub = &mut self.tables.hubs[place.of()];
            if hub.is_in(stage) && std::mem::take(&mut hub.unsettled) {
                self.settle_guesses(place.of(), turn);
            }
        }
    }

    /// Settles all bids of a router. At the same switch input and output a sure bid goes before a
    /// guess.
    fn settle_guesses<S: Source>(&mut self, router: usize, turn: &mut Turn<'_, S>) {
        let heads = std::mem::take(&mut self.guesses[router].heads);
        let sure = self.tables.hubs[router].asking & !heads;
        let (mut rows, mut outputs): (Rows, u64) = ([0; MAX_ROUTER_VCS], 0);
        for_each_bit(sure, |vc| {
            let output = usize::from(self.tables.in_vc[router][vc].out_port);
            rows[output & 63] |= 1 << vc;
            outputs |= 1 << output;
        });
        for_each_bit(heads, |vc| {
            let own = self.setup.lane_vcs(self.setup.lane(vc));
            for_each_bit(self.guesses[router].usable[vc], |out| {
                let output = usize::from(self.tables.out_vc[router][out].port);
                if rows[output & 63] & sure & own == 0 {
                    rows[output & 63] |= 1 << vc;
                    outputs |= 1 << output;
                }
            });
        });
        let mut sent = 0;
        for (vc, output) in self.match_switch::<false>(router, &rows, outputs).iter() {
            if sure >> vc & 1 == 1 || self.confirm(router, vc, output) {
                sent |= 1 << vc;
                self.send::<S, false>(Place::new(router, vc), turn);
            }
        }
        for_each_bit((sure | heads) & !sent, |vc| {
            let next = self.wheel.at(turn.now + 1);
            if self.tables.in_vc[router][vc].state == State::Bidding {
                next.bids.push(Place::new(router, vc));
            } else if self.setup.piggyback {
                next.heads.push(Place::new(router, vc));
            }
        });
    }

    /// Whether a guess has come true: the head now holds a VC with a credit at the output it won.
    fn confirm(&mut self, router: usize, vc: usize, output: usize) -> bool {
        if self.setup.piggyback {
            return self.piggyback(router, vc, output);
        }
        let input = &self.tables.in_vc[router][vc];
        let credits = self.tables.out_vc[router][usize::from(input.out)].credits;
        input.state == State::Bidding && usize::from(input.out_port) == output && credits > 0
    }

    /// Takes a free VC with a credit together with the switch.
    fn piggyback(&mut self, router: usize, vc: usize, output: usize) -> bool {
        let first = output as u8 * self.setup.vcs;
        let open = self.tables.hubs[router].free_out & self.setup.vc_mask << first;
        let mut usable = 0;
        for_each_bit(self.tables.in_vc[router][vc].wants & open, |out| {
            usable |= u64::from(self.tables.out_vc[router][out].credits > 0) << out;
        });
        if usable == 0 {
            return false;
        }
        let out = next_in_turn(usable, first + self.tables.ports[router][output].piggyback);
        self.tables.ports[router][output].piggyback = out as u8 - first + 1;
        self.hold(router, vc, out);
        self.tables.in_vc[router][vc].state = State::Bidding;
        true
    }
}
