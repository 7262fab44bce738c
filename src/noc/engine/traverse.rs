//! Switch traversal: a granted flit leaves its buffer, a credit goes back, the flit is on its way.

use super::cycle::Block;
use super::node::Landed;
use super::region::Shared;
use super::router::{BLOCK, OutVc, State};
use super::setup::{End, Wire};
use super::switch::Match;
use super::wheel::{Flit, Place};

impl<const N: usize, const P: usize> Block<'_, N, P> {
    /// Sends what an input VC has won an output port for: its front flit, or a copy of it.
    #[inline(always)]
    pub(super) fn send_to(&mut self, winner: Match) {
        let [local, vc, output] = winner.parts();
        if self.routers[local].input(vc).state == State::Copying {
            return self.send_copy(local, vc, output);
        }
        let lane = self.shared.setup.lane(vc);
        self.send::<false, false>(local, [lane, vc, output], self.shared.setup.lane_vcs(lane));
    }

    /// An input VC bids for an output port no more.
    pub(super) fn withdraw(&mut self, local: usize, vc: usize, output: usize) {
        let lane = self.shared.setup.lane(vc);
        let port = self.routers[local].port(output);
        port.bids &= !(1 << vc);
        let done = u64::from(port.bids & self.shared.setup.lane_vcs(lane) == 0);
        self.board.withdraw(output, lane, done << local);
    }

    /// A flit to output VC `out` occupies its wire, if that is a narrow one.
    pub(super) fn occupy(&mut self, local: usize, out: usize, wire: Wire) {
        if wire.interval > 1 {
            let (place, output) =
                (Place::new(self.router_number(local), out), self.shared.setup.port_of[out]);
            self.board.busy[usize::from(output) & (P - 1)] |= 1 << local;
            self.shared.wheel.late(self.now + u64::from(wire.interval), place.of()).links.push(place);
        }
    }

    /// Sends the front flit of an input VC, of switch input `lane` with the VCs `own`, to the output VC it holds, one of
    /// output port `output`. `OPEN` says that the wheel is [open](super::wheel::Wheel::open) for the usual time.
    #[inline(always)]
    pub(super) fn send<const PLAIN: bool, const OPEN: bool>(
        &mut self,
        local: usize,
        [lane, vc, output]: [usize; 3],
        own: u64,
    ) {
        let Self { routers, board, buffers, shared, .. } = self;
        let router = &mut routers[local & (BLOCK - 1)];
        let input = &mut router.ins[vc & (N - 1)];
        let (mut flit, out) = (input.front, usize::from(input.out));
        let more = input.pop();
        if more {
            input.refill(buffers, shared.setup.ring(local, vc));
        }
        let channel = &mut router.outs[out & (N - 1)];
        channel.credits -= 1;
        let mut again = more & (channel.credits > 0);
        if flit.is_tail() {
            again = false;
            input.state = State::Idle;
            if PLAIN {
                router.left |= 1 << vc;
                router.freed |= 1 << out;
            } else if shared.setup.wait_for_tail_credit {
                router.closing |= 1 << out;
            } else {
                router.free_out |= 1 << out;
            }
            if more {
                let place = Place::new(self.number * BLOCK + local, vc);
                shared.wheel.front(self.number, self.now + 1, place);
            }
        }
        let port = &mut router.ports[output & (P - 1)];
        port.flits += 1;
        port.bids &= !(u64::from(!again) << vc);
        board.withdraw(output, lane, u64::from(port.bids & own == 0) << local);
        let from = Place::new(self.router_number(local), out);
        let late = if PLAIN { 0 } else { self.cross(from, output, &mut flit) };
        let ports = &self.routers[local & (BLOCK - 1)].ports;
        let wire = &ports[output & (P - 1)].out;
        if PLAIN && wire.near {
            let (there, at) = (wire.place(out), self.now + self.shared.setup.near_delay);
            if OPEN {
                self.shared.wheel.near(there, flit);
            } else {
                self.shared.wheel.flit(at, there, flit);
            }
        } else {
            let wire = *wire;
            self.forward::<PLAIN>(wire, from, flit, late);
        }
        let input = if PLAIN { lane } else { usize::from(self.shared.setup.port_of[vc & 63]) };
        let back = &self.routers[local & (BLOCK - 1)].ports[input & (P - 1)].back;
        let (near, there, delay) = (back.near, back.place(vc), back.delay);
        if !(PLAIN && near && self.channel(there).credit_at_once(delay.into())) {
            let back = self.routers[local & (BLOCK - 1)].ports[input & (P - 1)].back;
            self.return_credit::<PLAIN>(back, vc);
        }
    }

    /// What a flit that leaves by an output VC meets on a link that makes errors or is narrow; returns by how many
    /// cycles it is late.
    fn cross(&mut self, from: Place, output: usize, flit: &mut Flit) -> u64 {
        let Self { routers, board, shared, now, .. } = self;
        let wire = routers[from.local()].ports[output & (P - 1)].out;
        let mut late = 0;
        if let Some(errors) = &mut shared.errors {
            let (again, delay) = errors.cross(from.of(), output, flit);
            shared.tally.retransmitted += again;
            late = delay;
        }
        if wire.interval > 1 || late > 0 {
            board.busy[output & (P - 1)] |= 1 << from.local();
            shared.wheel.late(*now + late + u64::from(wire.interval), from.of()).links.push(from);
        }
        late
    }

    /// A flit leaves by output VC `from` over `wire`, `late` cycles after it could.
    #[inline(never)]
    pub(super) fn forward<const PLAIN: bool>(&mut self, wire: Wire, from: Place, flit: Flit, late: u64) {
        let delay = late + u64::from(wire.delay);
        if wire.end == End::Router {
            self.shared.wheel.flit(self.now + delay, wire.place(from.vc()), flit);
        } else {
            self.leave::<PLAIN>(wire, from, flit, delay);
        }
    }

    /// A flit leaves this region's routers: to a node, or to another region.
    #[inline(always)]
    fn leave<const PLAIN: bool>(&mut self, wire: Wire, from: Place, flit: Flit, delay: u64) {
        let at = self.now + delay;
        match wire.end {
            End::Node if !PLAIN && self.shared.setup.paced => {
                self.shared.wheel.nodes(at).landed.push(Landed { at: wire.place(from.vc()), from, flit });
            }
            End::Node => {
                self.shared.eject(flit, at);
                // The sink reads the flit at once.
                let back = self.shared.setup.node_credit();
                self.credit::<PLAIN>(from, delay + back);
            }
            End::Elsewhere => {
                let shared = &mut *self.shared;
                let outbox = &mut shared.outboxes[usize::from(wire.region)];
                outbox.flits.push((at, wire.place(from.vc()), flit));
                // The packet's record travels with the head.
                if flit.is_head() {
                    outbox.packets.push(shared.packets.get(flit.slot()));
                }
                if flit.is_tail() {
                    shared.packets.remove(flit.slot());
                }
            }
            End::Router | End::Nowhere => debug_assert!(false, "a routing function offered a dead port"),
        }
    }

    /// Sends a credit back to whoever feeds an input port.
    #[inline(never)]
    pub(super) fn return_credit<const PLAIN: bool>(&mut self, wire: Wire, vc: usize) {
        let (delay, there) = (u64::from(wire.delay), wire.place(vc));
        if wire.end == End::Router {
            self.credit::<PLAIN>(there, delay);
        } else {
            self.shared.return_far::<PLAIN>(wire, self.now + delay, delay, there);
        }
    }

    /// A credit reaches an output VC in `delay` cycles.
    #[inline(always)]
    fn credit<const PLAIN: bool>(&mut self, place: Place, delay: u64) {
        let there = if !PLAIN {
            false
        } else if place.block() == self.number {
            self.channel(place).credit_at_once(delay)
        } else {
            let most = delay + self.span;
            self.elsewhere(place.of(), place.vc()).credit_at_once(most)
        };
        if !there {
            self.shared.wheel.credit(self.now + delay, place);
        }
    }

    /// An output VC of this block.
    #[inline(always)]
    fn channel(&mut self, place: Place) -> &mut OutVc {
        &mut self.routers[place.local()].outs[place.vc() & (N - 1)]
    }

    /// An output VC of a router of another block.
    #[inline(always)]
    fn elsewhere(&mut self, router: usize, vc: usize) -> &mut OutVc {
        let (first, [before, after]) = (self.number * BLOCK, &mut self.others);
        let router = if router < first { &mut before[router] } else { &mut after[router - first - BLOCK] };
        router.output(vc)
    }
}

impl OutVc {
    /// A credit that is under way for `delay` cycles, and blocks for as many more as one is ahead of another, is there at
    /// once if more credits are there already than flits can leave until then: nobody could tell. (Such credits are of
    /// the last `delay` cycles, one of each at most; without them one is always left.) Returns whether it is.
    #[inline(always)]
    fn credit_at_once(&mut self, delay: u64) -> bool {
        let nobody_waits = u64::from(self.credits) > delay;
        self.credits += u16::from(nobody_waits);
        nobody_waits
    }
}

impl Shared {
    /// Sends a credit to a node or to another region.
    #[inline(always)]
    fn return_far<const PLAIN: bool>(&mut self, wire: Wire, at: u64, delay: u64, place: Place) {
        match wire.end {
            End::Node => {
                let credits = place.of() * usize::from(self.setup.vcs) + place.vc();
                let credits = &mut self.entry_credits[credits];
                // As in `Block::credit`: a node sends one flit in a cycle.
                if PLAIN && u64::from(*credits) > delay {
                    *credits += 1;
                } else {
                    self.wheel.nodes(at).credits.push(place);
                }
            }
            End::Elsewhere => self.outboxes[usize::from(wire.region)].credits.push((at, place)),
            End::Router | End::Nowhere => {}
        }
    }
}
