//! Switch traversal: a granted flit leaves its buffer, a credit goes back, the flit is on its way.

use super::cycle::Block;
use super::region::Shared;
use super::router::{BLOCK, State};
use super::setup::{End, NODE_CHANNEL, Wire};
use super::switch::Match;
use super::wheel::{Flit, Place};

impl<const N: usize, const P: usize> Block<'_, N, P> {
    /// Sends what an input VC has won an output port for: its front flit, or a copy of it.
    #[inline(always)]
    pub(super) fn send_to<const PLAIN: bool>(&mut self, winner: Match) {
        let [local, vc, output] = winner.parts();
        if !PLAIN && self.routers[local].input(vc).state == State::Copying {
            self.send_copy(local, vc, output);
        } else {
            self.send::<PLAIN>(local, vc, output);
        }
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

    /// Sends the front flit of an input VC to the output VC it holds, one of output port `output`.
    #[inline(always)]
    pub(super) fn send<const PLAIN: bool>(&mut self, local: usize, vc: usize, output: usize) {
        let Self { routers, board, buffers, shared, number, now, .. } = self;
        let (router, now) = (&mut routers[local % BLOCK], *now);
        let place = Place::new(*number * BLOCK + local, vc);
        let input = &mut router.ins[vc & (N - 1)];
        let flit = input.front;
        let more = input.pop(buffers, shared.setup.ring(local, vc));
        let out = usize::from(input.out);
        let tail = flit.is_tail();
        if tail {
            input.state = State::Idle;
            if !PLAIN && shared.setup.wait_for_tail_credit {
                router.closing |= 1 << out;
            } else {
                router.free_out |= 1 << out;
            }
        }
        let channel = &mut router.outs[out & (N - 1)];
        channel.credits -= 1;
        let again = more & !tail & (channel.credits > 0);
        let port = &mut router.ports[output & (P - 1)];
        let wire = port.out;
        port.flits += 1;
        port.bids &= !(u64::from(!again) << vc);
        let lane = shared.setup.lane(vc);
        let done = u64::from(port.bids & shared.setup.lane_vcs(lane) == 0);
        board.withdraw(output, lane, done << local);
        let (mut flit, mut late) = (flit, 0);
        if !PLAIN && let Some(errors) = &mut shared.errors {
            let (again, delay) = errors.cross(place.of(), output, &mut flit);
            shared.tally.retransmitted += again;
            late = delay;
        }
        if !PLAIN && (wire.interval > 1 || late > 0) {
            board.busy[output & (P - 1)] |= 1 << local;
            let free = now + late + u64::from(wire.interval);
            shared.wheel.late(free, place.of()).links.push(Place::new(place.of(), out));
        }
        let input = if PLAIN { lane } else { usize::from(shared.setup.port_of[vc & 63]) };
        let back = router.ports[input & (P - 1)].back;
        shared.forward(wire, out, flit, place, now + late);
        shared.return_credit(back, vc, now);
        if tail & more {
            shared.wheel.front(*number, now + 1, place);
        }
    }
}

impl Shared {
    /// A flit from `place` is on its way over `wire`.
    #[inline(always)]
    pub(super) fn forward(&mut self, wire: Wire, out: usize, flit: Flit, place: Place, now: u64) {
        let at = now + u64::from(wire.delay);
        if wire.end == End::Router {
            self.wheel.flit(at, wire.place(out), flit);
        } else {
            self.leave(wire, out, flit, place, at);
        }
    }

    /// A flit leaves this region's routers: to a node, or to another region.
    #[inline]
    fn leave(&mut self, wire: Wire, out: usize, flit: Flit, place: Place, at: u64) {
        match wire.end {
            End::Node => {
                // The sink reads the flit at once; its credit takes the node channel back.
                let back = at + u64::from(NODE_CHANNEL) + 1 + self.setup.credit_delay;
                self.wheel.credit(back, Place::new(place.of(), out));
                self.eject(flit, at);
            }
            End::Elsewhere => {
                let outbox = &mut self.outboxes[usize::from(wire.region)];
                outbox.flits.push((at, wire.place(out), flit));
                // The packet's record travels with the head.
                if flit.is_head() {
                    outbox.packets.push(self.packets.get(flit.slot()));
                }
                if flit.is_tail() {
                    self.packets.remove(flit.slot());
                }
            }
            End::Router | End::Nowhere => debug_assert!(false, "a routing function offered a dead port"),
        }
    }

    /// Sends a credit back to whoever feeds an input port.
    #[inline(always)]
    pub(super) fn return_credit(&mut self, wire: Wire, vc: usize, now: u64) {
        let (at, place) = (now + u64::from(wire.delay), wire.place(vc));
        if wire.end == End::Router {
            self.wheel.credit(at, place);
        } else {
            self.return_far(wire, at, place);
        }
    }

    /// Sends a credit to a node or to another region.
    #[inline]
    fn return_far(&mut self, wire: Wire, at: u64, place: Place) {
        match wire.end {
            End::Node => self.wheel.nodes(at).credits.push(place),
            End::Elsewhere => self.outboxes[usize::from(wire.region)].credits.push((at, place)),
            End::Router | End::Nowhere => {}
        }
    }
}
