//! Speculative switch allocation: a head bids for the switch while its virtual channel is still
//! being allocated (Peh & Dally 2001, doi 10.1109/HPCA.2001.903268). A grant is used only if the
//! virtual channel came through in the same cycle with a credit; otherwise the switch slot is lost. Where
//! the channel takes longer than the switch, a head bids as late as it can, and then it holds its channel.

use super::cycle::Block;
use super::router::{BLOCK, State, next_in_turn};
use super::switch::Match;
use crate::base::ones;

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

impl<const N: usize, const P: usize> Block<'_, N, P> {
    /// Notes what the heads may hope for, before virtual channels are allocated.
    pub(super) fn guess(&mut self) {
        self.shared.speculating = self.board.asking();
        for local in ones(self.shared.speculating) {
            let in_time = self.shared.setup.vc_delay <= 1;
            let heads = if in_time { self.routers[local].waiting() } else { 0 };
            self.guesses[local].heads = heads;
            for vc in ones(heads) {
                self.guesses[local].usable[vc] = self.usable(local, vc, self.routers[local].free_out);
            }
        }
    }

    /// Of the output VCs in `open`, those with a credit that the head of an input VC may take.
    fn usable(&mut self, local: usize, vc: usize, open: u64) -> u64 {
        let (wanted, mut usable) = (self.choices::<false>(local, vc, open), 0);
        for out in ones(wanted) {
            usable |= u64::from(self.routers[local].output(out).credits > 0) << out;
        }
        usable
    }

    /// Switch allocation among sure bids and guesses, and traversal of the winners.
    pub(super) fn speculate(&mut self) {
        for local in ones(self.shared.speculating) {
            self.settle_guesses(local);
        }
    }

    /// Settles all bids of a router. At the same switch input and output a sure bid goes before a
    /// guess.
    fn settle_guesses(&mut self, local: usize) {
        let heads = self.guesses[local].heads;
        let (mut rows, mut outputs) = self.bids(local);
        let sure = rows.iter().fold(0, |all, row| all | row);
        for vc in ones(heads) {
            let own = self.shared.setup.lane_vcs(self.shared.setup.lane(vc));
            for out in ones(self.guesses[local].usable[vc]) {
                let output = usize::from(self.shared.setup.port_of[out]);
                let is_open = self.board.busy[output & (P - 1)] >> local & 1 == 0;
                if rows[output & 63] & sure & own == 0 && is_open {
                    rows[output & 63] |= 1 << vc;
                    outputs |= 1 << output;
                }
            }
        }
        let mut matched = std::mem::take(&mut self.shared.matched);
        self.match_switch(local, &rows, outputs, |vc, output| matched.push(Match::new(local, vc, output)));
        for winner in matched.drain(..) {
            let [_, vc, output] = winner.parts();
            let sure = self.routers[local].port(output).bids >> vc & 1 == 1;
            if sure || self.confirm(local, vc, output) {
                self.send_to(winner);
            }
        }
        self.shared.matched = matched;
        self.bid_later(local, heads);
    }

    /// Heads that got a channel but not the switch, and what follows those that got both, bid from the next
    /// cycle on.
    fn bid_later(&mut self, local: usize, heads: u64) {
        for vc in ones(heads) {
            let input = self.routers[local].input(vc);
            match input.state {
                State::Active if input.len > 0 => self.bid_with_credit(local, vc),
                State::Copying => self.bid_copies(local, vc),
                _ => {}
            }
        }
    }

    /// Whether a guess has come true: the head now holds a VC with a credit at the output it won.
    fn confirm(&mut self, local: usize, vc: usize, output: usize) -> bool {
        if self.shared.setup.piggyback {
            return self.piggyback(local, vc, output);
        }
        let router = &mut self.routers[local];
        let input = *router.input(vc);
        if input.state == State::Copying {
            return self.open_copies(local, vc, output) != 0;
        }
        let credits = router.output(input.out.into()).credits;
        input.state == State::Active && usize::from(input.out_port) == output && credits > 0
    }

    /// Takes a free VC with a credit together with the switch.
    fn piggyback(&mut self, local: usize, vc: usize, output: usize) -> bool {
        let first = output as u8 * self.shared.setup.vcs;
        let open = self.routers[local].free_out & self.shared.setup.vc_mask << first;
        let usable = self.usable(local, vc, open);
        if usable == 0 {
            return false;
        }
        let port = self.routers[local].port(output);
        let out = next_in_turn(usable, first + port.piggyback);
        port.piggyback = out as u8 - first + 1;
        self.hold::<false>(local, vc, out);
        if self.routers[local].input(vc).state == State::Copying {
            self.ready_copy(local, vc, out, false);
        }
        true
    }
}

/// Guesses of a region's routers, by router; none unless switch allocation is speculative.
pub(super) fn guesses<const N: usize>(routers: usize, speculative: bool) -> Vec<Guesses<N>> {
    vec![Guesses::default(); if speculative { routers.next_multiple_of(BLOCK) } else { 0 }]
}
