//! Heads that nobody can come between and their departure. What arrives later is a stage behind in every cycle; so a head
//! is alone if no other one that came in the same cycle, and none that came before and has not left, shares its input or
//! its output port. Others may pass at the same time, or on their way out before it. Such a head is given its output VC at
//! once, and its departure is noted for the cycle in which it would win the switch; it makes no requests in between.
//!
//! What comes after it finds the output VC held, as it would anyway. A packet of several flits goes the common way: its
//! other flits may have to wait.

use super::cycle::Block;
use super::region::Region;
use super::router::{BLOCK, Router, State, next_in_turn};
use super::setup::Setup;
use super::wheel::{Due, Flit, Place};
use crate::base::ones;

/// Cycles from the arrival of a head to its departure: routing and VC allocation.
const STAGES: u64 = 2;

/// Most heads in a block that are looked at: where there are more, they are hardly alone.
pub(super) const FEW: usize = 10;

/// What a head that is not alone takes from the [luck](super::board::Board) of its block, to which one that is adds 1, and
/// the most luck: looking for such heads pays where there are ten for each other one.
const LOSS: i32 = 10;
const MOST: i32 = 32;

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
    #[inline(always)]
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
        let first = &first[..count.min(FEW)];
        // Routers in which there is one, and those in which there are several.
        let (mut once, mut more) = (0u64, 0);
        for &(place, flit) in first {
            self.find_way::<true>(place, flit);
            more |= once & 1 << place.local();
            once |= 1 << place.local();
        }
        for &(place, _) in first {
            let meets = more >> place.local() & 1 == 1 && self.meets_one_of(place, first);
            if !meets && self.hasten(place) {
                self.board.luck += 1;
            } else {
                self.board.luck -= LOSS;
                self.await_vc(place.local(), place.vc());
            }
        }
        self.board.luck = self.board.luck.min(MOST);
    }

    /// Whether heads are to be looked at one by one: not for a while where many of them were not alone.
    #[inline(always)]
    pub(super) fn is_lucky(&mut self) -> bool {
        let luck = &mut self.board.luck;
        *luck += i32::from(*luck < 0);
        *luck >= 0
    }

    /// Whether one of `others` but the head at `place` itself comes from the same port of its router, or wants the same.
    fn meets_one_of(&self, place: Place, others: &[(Place, Flit)]) -> bool {
        let router = &self.routers[place.local()];
        let ports = |place: Place| {
            let vc = place.vc() & (N - 1);
            [self.shared.setup.lane(vc), router.ins[vc].out_port.into()]
        };
        let [lane, output] = ports(place);
        let mut others = others.iter().filter(|(other, _)| *other != place && other.local() == place.local());
        others.any(|&(other, _)| ports(other)[0] == lane || ports(other)[1] == output)
    }

    /// Notes the departure of the head at the front of an input VC, if it passes undisturbed; returns whether it does.
    /// It meets no head that became first in a VC of its router in this cycle.
    #[inline(always)]
    fn hasten(&mut self, place: Place) -> bool {
        let (local, vc) = (place.local(), place.vc());
        let wants = self.wants(local, vc);
        let router = &mut self.routers[local & (BLOCK - 1)];
        // As VC allocation will see it in the next cycle.
        let free = router.free_out | router.freed;
        let (choices, tail) = (wants & free, router.ins[vc & (N - 1)].front.is_tail());
        if router.torn != 0
            || choices == 0
            || !tail
            || router.free_out != router.whole && router.shares(place, &self.shared.setup)
        {
            return false;
        }
        let input = &mut router.ins[vc & (N - 1)];
        let out = next_in_turn(choices, input.turn);
        let channel = &mut router.outs[out & (N - 1)];
        if channel.credits == 0 {
            return false;
        }
        let turns = [input.turn, channel.turn];
        (input.turn, input.out, input.state) = (out as u8 + 1, out as u8, State::Hasty);
        (channel.owner, channel.turn) = (vc as u8, vc as u8 + 1);
        router.free_out &= !(1 << out);
        router.freed &= !(1 << out);
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

impl<const N: usize, const P: usize> Router<N, P> {
    /// Whether the head at the front of an input VC shares its input or its output port with a packet that came before and
    /// does not pass undisturbed.
    #[inline(always)]
    fn shares(&self, place: Place, setup: &Setup) -> bool {
        let (vc, vcs) = (place.vc(), usize::from(setup.vcs));
        let output = usize::from(self.ins[vc & (N - 1)].out_port);
        let disturbs = |vc: usize| !matches!(self.ins[vc & (N - 1)].state, State::Idle | State::Hasty);
        let held = self.whole & !(self.free_out | self.freed) & setup.vc_mask << (output * vcs);
        let first = setup.lane(vc) * vcs;
        self.ports[output & (P - 1)].heads != 0
            || (first..first + vcs).any(disturbs)
            || ones(held).any(|out| disturbs(self.outs[out & (N - 1)].owner.into()))
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
            input.state = State::Active;
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
