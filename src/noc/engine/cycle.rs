//! The network cycle. This file is the hot loop; it reads in the order of the pipeline.
//!
//! A router evaluates all its stages on the state at the start of the cycle plus what arrived in
//! it. So the stages of one cycle run one after the other over the routers of a block, each over the list
//! of virtual channels or the set of ports that have business there, in an order in which no stage sees
//! what another one decides in the same cycle:
//!
//! ```text
//!   credits, body flits ─▶ switch allocation ─▶ VC allocation ─▶ new heads (routing) ─▶ switch traversal
//! ```
//!
//! The switch sees the bids before VC allocation adds new ones; VC allocation sees the heads before routing
//! adds new ones and the channels before traversal frees some. (A head never meets an active virtual
//! channel with an empty buffer: the tail before it comes first. So heads make no bids, and body flits need
//! no routing.)
//!
//! The common router allocates the switch and sends in one go, before VC allocation. What that would show too early is
//! noted until the end of the cycle ([`Block::release`]): the output VCs that it frees, and the input VCs that it
//! empties, in which a head that comes in this cycle is not the first one yet.
//!
//! `PLAIN` says at compile time that the router is the common one ([`Setup::is_plain`]); what it
//! does not have costs it nothing.
//!
//! [`Setup::is_plain`]: super::setup::Setup

use std::ops::Range;

use pulp::NullaryFnOnce;

use super::ahead::Ahead;
use super::board::Board;
use super::compass::Compass;
use super::express::FEW;
use super::region::Shared;
use super::router::{BLOCK, InVc, Router, State};
use super::speculate::Guesses;
use super::wheel::{Due, Flit, Place};
use crate::base::{RouterId, ones};
use crate::noc::route::{Routing, Standing};

/// A block of routers during one cycle.
pub(super) struct Block<'a, const N: usize, const P: usize> {
    pub routers: &'a mut [Router<N, P>; BLOCK],
    /// The routers of the region before this block and after it.
    pub others: [&'a mut [Router<N, P>]; 2],
    pub ahead: Ahead,
    pub board: &'a mut Board<P>,
    /// A ring of slots per input VC of the block.
    pub buffers: &'a mut [Flit],
    /// By router, if switch allocation is speculative.
    pub guesses: &'a mut [Guesses<N>],
    /// Rows of the matrix arbiters of all routers, if they have such.
    pub matrices: &'a mut [u64],
    pub shared: &'a mut Shared,
    pub compass: Option<&'a Compass>,
    pub routing: &'a Routing,
    /// Routers that flits may leave in this cycle.
    pub moved: u64,
    /// Number of the block in its region.
    pub number: usize,
    /// Cycles that one block is ahead of another one, at most.
    pub span: u64,
    pub now: u64,
}

impl<const N: usize, const P: usize> Block<'_, N, P> {
    /// Simulates what happens in `cycles`; returns whether anything does.
    #[inline(always)]
    pub(super) fn run<const PLAIN: bool>(&mut self, cycles: Range<u64>) -> bool {
        let mut busy = false;
        for now in cycles {
            if self.board.any() || self.shared.wheel.is_due::<PLAIN>(self.number, now) {
                (self.now, busy) = (now, true);
                self.step::<PLAIN>();
            }
        }
        busy
    }

    /// Simulates the cycle `self.now`.
    #[inline(always)]
    fn step<const PLAIN: bool>(&mut self) {
        let due = self.shared.wheel.take(self.number, self.now);
        let early = !PLAIN && self.shared.setup.routing_delay == 0;
        let speculative = !PLAIN && self.shared.setup.speculative;

        self.take_credits::<PLAIN>(&due.credits);
        self.take_bodies(&due.flits[0]);
        if !PLAIN {
            self.finish_stages();
        }
        if early {
            self.take_heads::<PLAIN>(&due);
        }
        if PLAIN {
            self.pass_switch(&due.departures)
        } else if speculative {
            self.guess()
        } else {
            self.allocate_switch()
        }
        if PLAIN || !self.shared.setup.piggyback {
            self.allocate_vcs::<PLAIN>();
        }
        if !early {
            self.take_heads::<PLAIN>(&due);
        }
        if PLAIN {
            self.release();
        } else if speculative {
            self.speculate()
        } else {
            self.traverse_switch()
        }
        self.board.settle();

        self.shared.wheel.put_back(due);
    }

    /// Credits come back.
    #[inline(always)]
    fn take_credits<const PLAIN: bool>(&mut self, credits: &[Place]) {
        for &place in credits {
            let (local, vc) = (place.local(), place.vc());
            let router = &mut self.routers[local];
            let out = router.output(vc);
            out.credits += 1;
            if out.credits == 1 {
                // The VC that holds it may wait for this very credit.
                let owner = usize::from(out.owner);
                let input = router.input(owner);
                if input.state == State::Active && usize::from(input.out) == vc && input.len > 0 {
                    self.bid(local, owner);
                } else if !PLAIN && input.state == State::Copying {
                    self.bid_copy(local, owner, vc);
                }
            }
            if !PLAIN {
                self.close(local, vc);
            }
        }
    }

    /// Frees an output VC whose tail has left if the buffer downstream is empty again.
    fn close(&mut self, local: usize, vc: usize) {
        let (router, depth) = (&mut self.routers[local], self.shared.setup.depth);
        if router.closing >> vc & 1 == 1 && router.output(vc).credits == depth {
            router.closing &= !(1 << vc);
            router.free_out |= 1 << vc;
        }
    }

    /// Puts a flit into its buffer; returns whether it is the only one there.
    #[inline(always)]
    pub(super) fn queue(&mut self, place: Place, flit: Flit) -> bool {
        let (local, vc) = (place.local(), place.vc());
        let ring = self.shared.setup.ring(local, vc);
        self.routers[local].input(vc).push(flit, self.buffers, ring)
    }

    /// Puts a head into its buffer; returns whether it is to be routed now.
    #[inline(always)]
    pub(super) fn queue_head<const PLAIN: bool>(&mut self, place: Place, flit: Flit) -> bool {
        if !self.queue(place, flit) {
            return false;
        }
        if PLAIN && self.routers[place.local()].left >> place.vc() & 1 == 1 {
            // A tail leaves in this cycle: when the head came it was not alone.
            self.shared.wheel.front(self.number, self.now + 1, place);
            return false;
        }
        true
    }

    /// What the flits of this cycle have freed is there for the next one.
    #[inline(always)]
    fn release(&mut self) {
        for local in ones(self.moved) {
            let router = &mut self.routers[local & (BLOCK - 1)];
            router.free_out |= std::mem::take(&mut router.freed);
            router.left = 0;
        }
    }

    /// The oldest flit of an input VC.
    #[inline(always)]
    pub(super) fn front(&self, local: usize, vc: usize) -> Flit {
        self.routers[local].ins[vc & (N - 1)].front
    }

    /// Flits that are no heads become visible: they bid for the switch if their VC was waiting for them.
    #[inline(always)]
    fn take_bodies(&mut self, flits: &[(Place, Flit)]) {
        for &(place, flit) in flits {
            let (local, vc) = (place.local(), place.vc());
            if self.queue(place, flit) && self.routers[local].input(vc).state == State::Active {
                self.bid_with_credit(local, vc);
            }
        }
    }

    /// Heads become visible, and those that are first in their VC are routed.
    #[inline(always)]
    fn take_heads<const PLAIN: bool>(&mut self, due: &Due) {
        if PLAIN && due.flits[1].len() + due.fronts.len() <= FEW && self.is_lucky() {
            return self.take_few_heads(due);
        }
        for &(place, flit) in &due.flits[1] {
            self.ahead.fetch_channels(self.others[1]);
            if self.queue_head::<PLAIN>(place, flit) {
                self.route::<PLAIN>(place, flit);
            }
        }
        for &place in &due.fronts {
            self.route::<PLAIN>(place, self.front(place.local(), place.vc()));
        }
    }

    /// Route computation of the head at the front of an input VC, which then asks for an output VC.
    #[inline(always)]
    fn route<const PLAIN: bool>(&mut self, place: Place, flit: Flit) {
        let (local, vc) = (place.local(), place.vc());
        if PLAIN && let Some(compass) = self.compass {
            let router = &mut self.routers[local];
            let port = compass.port(router.position, flit.goal);
            router.input(vc).out_port = port;
            return self.await_port(local, vc, port.into());
        }
        self.find_way::<PLAIN>(place, flit);
        if PLAIN || self.shared.setup.routing_delay <= 1 {
            self.await_vc(local, vc);
        } else {
            let at = self.now + self.shared.setup.routing_delay;
            self.shared.wheel.late(at, place.of()).routed.push(place);
        }
    }

    /// Finds out where the head at the front of an input VC is to go.
    #[inline(always)]
    pub(super) fn find_way<const PLAIN: bool>(&mut self, place: Place, flit: Flit) {
        if let Some(compass) = self.compass {
            let router = &mut self.routers[place.local()];
            router.input(place.vc()).out_port = compass.port(router.position, flit.goal);
        } else if PLAIN || !self.follow_tree(place, flit) {
            self.ask_routing(place, flit);
        }
    }

    /// Output VCs that the head at the front of an input VC may take.
    #[inline(always)]
    pub(super) fn wants(&self, local: usize, vc: usize) -> u64 {
        let router = &self.routers[local];
        match self.compass {
            Some(compass) => compass.wants(router.ins[vc & (N - 1)].out_port),
            None => router.wants[vc & (N - 1)],
        }
    }

    /// Asks the routing function where the head at the front of an input VC may go.
    fn ask_routing(&mut self, place: Place, flit: Flit) {
        let (local, vc, vcs) = (place.local(), place.vc(), self.shared.setup.vcs);
        let at = RouterId(self.shared.first_router + place.of() as u32);
        let travel = self.shared.packets.travel(flit.slot());
        travel.hops += 1;
        let router = &mut self.routers[local];
        if let Some(hop) = self.routing.fixed(at, &travel.head) {
            router.wants[vc & (N - 1)] = u64::from(hop.vcs) << (hop.port * vcs);
            router.input(vc).out_port = hop.port;
            return;
        }
        let port = self.shared.setup.port_of[vc];
        let standing = Standing { at, port, vc: vc as u8 - port * vcs };
        let candidates = &mut self.shared.candidates;
        self.routing.route(standing, &mut travel.head, candidates);
        let candidates = candidates.as_slice();
        let wants = candidates.iter().fold(0, |wants, c| wants | u64::from(c.vcs) << (c.port * vcs));
        router.wants[vc & (N - 1)] = wants;
        router.input(vc).out_port = candidates.first().map_or(0, |first| first.port);
        router.torn |= u64::from(candidates.len() > 1) << vc;
    }

    /// The head at an input VC asks for an output VC from now on.
    #[inline(always)]
    pub(super) fn await_vc(&mut self, local: usize, vc: usize) {
        let router = &mut self.routers[local];
        if router.torn >> vc & 1 == 1 {
            return self.await_ports(local, vc);
        }
        let port = router.input(vc).out_port;
        self.await_port(local, vc, port.into());
    }

    /// The same for a head that asks at one port.
    #[inline(always)]
    fn await_port(&mut self, local: usize, vc: usize, port: usize) {
        let router = &mut self.routers[local];
        router.input(vc).state = State::Waiting;
        router.port(port).heads |= 1 << vc;
        self.board.ask(port, local);
    }

    /// The same for a head that asks at several ports.
    fn await_ports(&mut self, local: usize, vc: usize) {
        let copying = self.shared.forks.is_fork(Place::new(self.router_number(local), vc));
        let router = &mut self.routers[local];
        router.input(vc).state = if copying { State::Copying } else { State::Waiting };
        for out in ones(router.wants[vc & (N - 1)]) {
            let port = usize::from(self.shared.setup.port_of[out]);
            router.port(port).heads |= 1 << vc;
            self.board.ask(port, local);
        }
    }

    /// An active input VC with a flit bids for the switch if it has a credit.
    #[inline(always)]
    pub(super) fn bid_with_credit(&mut self, local: usize, vc: usize) {
        let router = &mut self.routers[local];
        let out = usize::from(router.input(vc).out);
        if router.output(out).credits > 0 {
            self.bid(local, vc);
        }
    }

    /// An active input VC with a flit and a credit bids for the switch.
    #[inline(always)]
    pub(super) fn bid(&mut self, local: usize, vc: usize) {
        let port = usize::from(self.routers[local].input(vc).out_port);
        self.bid_at(local, vc, port);
    }

    #[inline(always)]
    pub(super) fn bid_at(&mut self, local: usize, vc: usize, port: usize) {
        self.routers[local].port(port).bids |= 1 << vc;
        self.board.bid(port, self.shared.setup.lane(vc), 1 << local);
    }

    /// Stages of several cycles that end now.
    fn finish_stages(&mut self) {
        let late = self.shared.wheel.take_late(self.number, self.now);
        for &place in &late.links {
            let port = self.shared.setup.port_of[place.vc()];
            self.board.busy[usize::from(port) & (P - 1)] &= !(1 << place.local());
        }
        for &place in &late.routed {
            self.await_vc(place.local(), place.vc());
        }
        for &place in &late.allocated {
            let input: &mut InVc = self.routers[place.local()].input(place.vc());
            input.state = State::Active;
            if input.len > 0 {
                self.bid_with_credit(place.local(), place.vc());
            }
        }
        for &place in &late.copies {
            let (local, out) = (place.local(), place.vc());
            let owner = self.routers[local].output(out).owner;
            self.ready_copy(local, owner.into(), out, true);
        }
        self.shared.wheel.put_back_late(self.number, self.now, late);
    }
}

/// Does `work`, compiled for what most processors have had since 2013 if this one has it: instructions that pick, clear
/// and shift single bits, which is what a cycle mostly does.
#[inline(always)]
pub(super) fn with_bit_instructions<W: NullaryFnOnce>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(newer) = pulp::x86::V3::try_new() {
        return newer.vectorize(work);
    }
    work.call()
}
