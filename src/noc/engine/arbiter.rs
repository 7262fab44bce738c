//! Arbiters: who goes first of several that ask.
//!
//! A round-robin arbiter is a pointer, kept where what it arbitrates for is kept. A matrix arbiter picks the
//! requester that won least recently (Dally & Towles, Principles and Practices of Interconnection Networks,
//! ch. 18.5): for each requester a row of bits says who goes before it; whoever has none of its rivals
//! before it wins, and then goes behind all others. The matrices of a router lie in one piece, apart from the
//! router, and exist only where a chip asks for them. `MATRIX` says at compile time which kind is meant.

use super::cycle::Block;
use super::router::{BLOCK, next_in_turn};
use super::setup::Setup;

/// A matrix arbiter of a router.
#[derive(Clone, Copy)]
enum Desk {
    /// An output VC picks among input VCs.
    Channel(usize),
    /// An input VC picks among the output VCs that it was granted.
    Packet(usize),
    /// An output port picks among switch inputs.
    Output(usize),
    /// A switch input picks among the output ports that it was granted.
    Lane(usize),
    /// Switch inputs pick among their input VCs. One matrix serves all of a router: they share no VC.
    Within,
}

/// How many of everything a router has.
#[derive(Clone, Copy)]
struct Counts {
    channels: usize,
    ports: usize,
    lanes: usize,
}

impl Counts {
    fn of(setup: &Setup) -> Self {
        let ports = setup.channels / usize::from(setup.vcs);
        Self { channels: setup.channels, ports, lanes: ports * usize::from(setup.speedup) }
    }

    /// Rows of all arbiters of a router.
    fn rows(self) -> usize {
        2 * self.channels * self.channels + 2 * self.ports * self.lanes + self.channels
    }

    /// The first row of an arbiter within its router, and the number of its requesters.
    fn desk(self, desk: Desk) -> (usize, usize) {
        let Self { channels, ports, lanes } = self;
        let switch = 2 * channels * channels;
        match desk {
            Desk::Channel(out) => (out * channels, channels),
            Desk::Packet(vc) => ((channels + vc) * channels, channels),
            Desk::Output(port) => (switch + port * lanes, lanes),
            Desk::Lane(lane) => (switch + ports * lanes + lane * ports, ports),
            Desk::Within => (switch + 2 * ports * lanes, channels),
        }
    }
}

/// The matrices of `routers` routers: whole blocks of them. None unless the chip asks for them.
pub(super) fn matrices(routers: usize, setup: &Setup) -> Vec<u64> {
    if !setup.matrix {
        return Vec::new();
    }
    let counts = Counts::of(setup);
    let mut router = vec![0; counts.rows()];
    let mut fill = |desk| {
        let (first, requesters) = counts.desk(desk);
        let rows = &mut router[first..first + requesters];
        rows.iter_mut().enumerate().for_each(|(requester, before)| *before = (1 << requester) - 1);
    };
    (0..counts.channels).flat_map(|vc| [Desk::Channel(vc), Desk::Packet(vc)]).for_each(&mut fill);
    (0..counts.ports).map(Desk::Output).for_each(&mut fill);
    (0..counts.lanes).map(Desk::Lane).for_each(&mut fill);
    fill(Desk::Within);
    router.repeat(routers.next_multiple_of(BLOCK))
}

/// Of `asking`, which is not zero, the one whose rivals all won more recently.
fn least_recent(rows: &[u64], asking: u64) -> usize {
    let mut left = asking;
    while left & (left - 1) != 0 && rows[left.trailing_zeros() as usize] & asking != 0 {
        left &= left - 1;
    }
    left.trailing_zeros() as usize
}

/// Puts `winner` behind all others.
fn move_back(rows: &mut [u64], winner: usize) {
    let (won, all) = (1u64 << winner, u64::MAX >> (64 - rows.len()));
    rows.iter_mut().for_each(|before| *before &= !won);
    rows[winner] = all & !won;
}

/// Which rows of a block's matrices are those of an arbiter.
fn range(setup: &Setup, local: usize, desk: Desk) -> std::ops::Range<usize> {
    let counts = Counts::of(setup);
    let (first, requesters) = counts.desk(desk);
    let first = local * counts.rows() + first;
    first..first + requesters
}

impl<const N: usize, const P: usize> Block<'_, N, P> {
    fn least_recent(&self, local: usize, desk: Desk, asking: u64) -> usize {
        least_recent(&self.matrices[range(&self.shared.setup, local, desk)], asking)
    }

    fn move_back(&mut self, local: usize, desk: Desk, winner: usize) {
        move_back(&mut self.matrices[range(&self.shared.setup, local, desk)], winner);
    }

    /// Of the input VCs `asking`, the one that output VC `out` picks.
    #[inline(always)]
    pub(super) fn first_packet<const MATRIX: bool>(&self, local: usize, out: usize, asking: u64) -> usize {
        match MATRIX {
            true => self.least_recent(local, Desk::Channel(out), asking),
            false => next_in_turn(asking, self.routers[local].outs[out & (N - 1)].turn),
        }
    }

    /// Of the output VCs `offered`, the one that input VC `vc` picks.
    #[inline(always)]
    pub(super) fn first_channel<const MATRIX: bool>(&self, local: usize, vc: usize, offered: u64) -> usize {
        match MATRIX {
            true => self.least_recent(local, Desk::Packet(vc), offered),
            false => next_in_turn(offered, self.routers[local].ins[vc & (N - 1)].turn),
        }
    }

    /// Input VC `vc` has been given output VC `out`: their arbiters move on.
    #[inline(always)]
    pub(super) fn take_vc_turn<const MATRIX: bool>(&mut self, local: usize, vc: usize, out: usize) {
        if MATRIX {
            self.move_back(local, Desk::Channel(out), vc);
            self.move_back(local, Desk::Packet(vc), out);
        } else {
            let router = &mut self.routers[local];
            router.output(out).turn = vc as u8 + 1;
            router.input(vc).turn = out as u8 + 1;
        }
    }

    /// Of the switch inputs `asking`, the one that output port `output` picks.
    #[inline(always)]
    pub(super) fn first_lane<const MATRIX: bool>(&self, local: usize, output: usize, asking: u64) -> usize {
        match MATRIX {
            true => self.least_recent(local, Desk::Output(output), asking),
            false => {
                let grant = self.routers[local].ports[output & (P - 1)].grant;
                next_in_turn(asking, grant / self.shared.setup.grant_scale)
            }
        }
    }

    /// Of the output ports `granted`, the one that switch input `lane` picks.
    #[inline(always)]
    pub(super) fn first_output<const MATRIX: bool>(&self, local: usize, lane: usize, granted: u64) -> usize {
        match MATRIX {
            true => self.least_recent(local, Desk::Lane(lane), granted),
            false => next_in_turn(granted, self.routers[local].ports[lane & (P - 1)].accept),
        }
    }

    /// Of the input VCs `bids`, all of switch input `lane`, the one that sends.
    #[inline(always)]
    pub(super) fn first_within<const MATRIX: bool>(&self, local: usize, lane: usize, bids: u64) -> usize {
        match MATRIX {
            true => self.least_recent(local, Desk::Within, bids),
            false => next_in_turn(bids, self.routers[local].ports[lane & (P - 1)].vc),
        }
    }

    /// A switch input and an output port have been matched: their arbiters move on.
    #[inline(always)]
    pub(super) fn take_switch_turn<const MATRIX: bool>(&mut self, local: usize, lane: usize, output: usize) {
        self.take_output_turn::<MATRIX>(local, lane, output);
        match MATRIX {
            true => self.move_back(local, Desk::Lane(lane), output),
            false => self.routers[local].port(lane).accept = output as u8 + 1,
        }
    }

    /// The output port's part of it: a switch input that sends copies is matched with several.
    #[inline(always)]
    pub(super) fn take_output_turn<const MATRIX: bool>(&mut self, local: usize, lane: usize, output: usize) {
        match MATRIX {
            true => self.move_back(local, Desk::Output(output), lane),
            false => {
                let scale = self.shared.setup.grant_scale;
                self.routers[local].port(output).grant = (lane as u8 + 1) * scale;
            }
        }
    }

    /// Input VC `vc` has won the switch for its switch input.
    #[inline(always)]
    pub(super) fn take_turn_within<const MATRIX: bool>(&mut self, local: usize, lane: usize, vc: usize) {
        if MATRIX {
            self.move_back(local, Desk::Within, vc);
        } else {
            self.routers[local].port(lane).vc = self.shared.setup.vc_after(vc, lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};

    /// Against a list of the requesters in the order in which they won last.
    #[test]
    fn the_one_that_won_least_recently_wins() {
        let mut draw = Stream::new(7, Purpose::Workload, 0, 0);
        for requesters in [1usize, 2, 5, 20, 63, 64] {
            let mut rows: Vec<u64> = (0..requesters).map(|requester| (1 << requester) - 1).collect();
            let mut queue: Vec<usize> = (0..requesters).collect();
            let all = u64::MAX >> (64 - requesters);
            for _ in 0..500 {
                let bits = u64::from(draw.bits()) << 32 | u64::from(draw.bits());
                let asking = match bits & all {
                    0 => all,
                    some => some,
                };
                let place = queue.iter().position(|&requester| asking >> requester & 1 == 1);
                let winner = queue[place.expect("somebody asks")];
                assert_eq!(least_recent(&rows, asking), winner, "{requesters} requesters");
                // Not every grant is accepted, and arbiters move on only for those that are.
                if draw.below(4) > 0 {
                    move_back(&mut rows, winner);
                    queue.retain(|&requester| requester != winner);
                    queue.push(winner);
                }
            }
        }
    }
}
