//! Heads that meet an empty router. Nothing can come between them and their departure: what arrives later is a stage
//! behind in every cycle. So such a head is given its output VC at once, and its departure is noted for the cycle in
//! which it would win the switch; it makes no requests in between.
//!
//! What comes after it finds the output VC held, as it would anyway. A packet of several flits goes the common way: its
//! other flits may have to wait.

use super::cycle::Block;
use super::region::Region;
use super::router::{BLOCK, State, next_in_turn};
use super::wheel::{Due, Flit, Place};

/// Cycles from the arrival of a head to its departure: routing and VC allocation.
const STAGES: u64 = 2;

/// Most heads in a block that are looked at: where there are more, they are hardly alone.
pub(super) const FEW: usize = 16;

/// A flit that leaves its router undisturbed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Departure {
    /// Its input VC.
    pub place: Place,
    /// Turns of the input VC and of its output VC before it was given one to the other.
    turns: [u8; 2],
}

impl<const N: usize, const P: usize> Block<'_, N, P> {
    /// Few heads become visible. Those that are alone in their router pass it undisturbed.
    pub(super) fn take_few_heads(&mut self, due: &Due) {
        let (mut first, mut count) = ([(Place(0), Flit::default()); FEW], 0);
        for &(place, flit) in &due.flits[1] {
            if self.queue_head::<true>(place, flit) {
                first[count % FEW] = (place, flit);
                count += 1;
            }
        }
        for &place in &due.fronts {
            first[count % FEW] = (place, self.front(place.local(), place.vc()));
            count += 1;
        }
        // Routers in which there is one, and those in which there are several.
        let (mut once, mut more) = (0u64, 0);
        for (place, _) in &first[..count.min(FEW)] {
            more |= once & 1 << place.local();
            once |= 1 << place.local();
        }
        for &(place, flit) in &first[..count.min(FEW)] {
            self.find_way::<true>(place, flit);
            if more >> place.local() & 1 == 1 || !self.hasten(place) {
                self.await_vc(place.local(), place.vc());
            }
        }
    }

    /// Notes the departure of the head at the front of an input VC, if it passes undisturbed; returns whether it does.
    /// No other head became first in a VC of its router in this cycle.
    #[inline(always)]
    fn hasten(&mut self, place: Place) -> bool {
        let (local, vc) = (place.local(), place.vc());
        let wants = self.wants(local, vc);
        let router = &mut self.routers[local & (BLOCK - 1)];
        let input = &mut router.ins[vc & (N - 1)];
        let choices = wants & router.free_out;
        // Whoever holds an output VC is in the router, or will be.
        if router.free_out != router.whole || router.torn != 0 || choices == 0 || !input.front.is_tail() {
            return false;
        }
        let out = next_in_turn(choices, input.turn);
        let channel = &mut router.outs[out & (N - 1)];
        if channel.credits == 0 {
            return false;
        }
        let turns = [input.turn, channel.turn];
        (input.turn, input.out, input.state) = (out as u8 + 1, out as u8, State::Active);
        (channel.owner, channel.turn) = (vc as u8, vc as u8 + 1);
        router.free_out &= !(1 << out);
        self.shared.tally.vc_grants += 1;
        self.shared.wheel.departure(self.now + STAGES, Departure { place, turns });
        true
    }

    /// The flit at the front of an input VC leaves undisturbed in this cycle.
    #[inline(always)]
    pub(super) fn depart(&mut self, place: Place) {
        let (local, vc) = (place.local(), place.vc());
        let router = &mut self.routers[local & (BLOCK - 1)];
        let output = usize::from(router.ins[vc & (N - 1)].out_port);
        let lane = self.shared.setup.lane(vc);
        router.take_turns([lane, vc, output], self.shared.setup.vcs);
        self.moved |= 1 << local;
        self.send::<true, false>(local, [lane, vc, output], self.shared.setup.lane_vcs(lane));
    }
}

impl<const N: usize, const P: usize> Region<N, P> {
    /// Departures noted before cycle `now` whose VC allocation is only then.
    pub(super) fn early_grants(&self, now: u64) -> u64 {
        let wheel = &self.shared.wheel;
        (0..wheel.blocks()).map(|block| wheel.work(block, now + 1).0.departures.len() as u64).sum()
    }

    /// Takes back all departures that are noted: in cycle `now`, the flits ask as any other.
    pub(super) fn recall(&mut self, now: u64) {
        for block in 0..self.shared.wheel.blocks() {
            for cycle in now..now + STAGES {
                let departures = std::mem::take(&mut self.shared.wheel.work_mut(block, cycle).0.departures);
                departures.into_iter().for_each(|it| self.take_back(it, cycle == now));
            }
        }
    }

    fn take_back(&mut self, departure: Departure, is_granted: bool) {
        let Departure { place, turns } = departure;
        let (local, vc, board) = (place.local(), place.vc(), &mut self.boards[place.block()]);
        let router = &mut self.routers[place.of()];
        let input = &mut router.ins[vc];
        let (out, output) = (usize::from(input.out), usize::from(input.out_port));
        if is_granted {
            router.ports[output].bids |= 1 << vc;
            return board.bid(output, self.shared.setup.lane(vc), 1 << local);
        }
        (input.state, input.turn, router.outs[out].turn) = (State::Waiting, turns[0], turns[1]);
        router.free_out |= 1 << out;
        router.ports[output].heads |= 1 << vc;
        board.ask(output, local);
        self.shared.tally.vc_grants -= 1;
    }
}
