//! Switch traversal: a granted flit leaves its buffer, a credit goes back, the flit is on its way.

use super::channel::State;
use super::cycle::Turn;
use super::region::Region;
use super::setup::{End, NODE_CHANNEL, Wire};
use super::wheel::{Flit, Place};
use crate::noc::source::Source;

impl<const N: usize, const P: usize> Region<N, P> {
    /// Sends the front flit of an input VC to the output VC it holds.
    #[inline(always)]
    pub(super) fn send<S: Source, const PLAIN: bool>(&mut self, place: Place, turn: &mut Turn<'_, S>) {
        let (router, vc, now) = (place.of(), place.vc(), turn.now);
        let flit = self.buffers[self.tables.front(router, vc, &self.setup)];
        let input = &mut self.tables.in_vc[router][vc];
        input.head = (input.head + 1) & self.setup.ring_mask;
        input.len -= 1;
        let (more, out, output) = (input.len > 0, usize::from(input.out), usize::from(input.out_port));

        let ports = &mut self.tables.ports[router];
        ports[output].flits += 1;
        let (wire, back) = (ports[output].out, ports[usize::from(self.setup.port_of[vc])].back);
        let downstream = &mut self.tables.out_vc[router][out];
        downstream.credits -= 1;
        if flit.is_tail() {
            input.state = State::Inactive;
            if !PLAIN && self.setup.wait_for_tail_credit {
                downstream.closing = true;
            } else {
                self.tables.hubs[router].free_out |= 1 << out;
            }
        } else if more {
            self.wheel.at(now + 1).bids.push(place);
        } else {
            input.state = State::Active;
        }

        let at = now + u64::from(wire.delay);
        if wire.end == End::Router {
            let write = downstream.write;
            downstream.write = (write + 1) & self.setup.ring_mask;
            self.buffers[downstream.dest as usize + usize::from(write)] = flit;
            self.wheel.at(at).flits.push(wire.place(out));
        } else {
            self.leave(router, wire, out, flit, turn);
        }
        self.return_credit(back, vc, now);
        if flit.is_tail() && more {
            self.route(place, turn.routing);
            let delay = if PLAIN { 1 } else { self.setup.routing_delay };
            self.wheel.at(now + 1 + delay).heads.push(place);
        }
        if !PLAIN && wire.interval > 1 {
            self.tables.ports[router][output].busy = true;
            self.wheel.at(now + u64::from(wire.interval)).links.push(Place::new(router, out));
        }
    }

    /// A flit leaves this region's routers: to a node, or to another region.
    #[inline]
    fn leave<S: Source>(
        &mut self,
        router: usize,
        wire: Wire,
        out: usize,
        flit: Flit,
        turn: &mut Turn<'_, S>,
    ) {
        let at = turn.now + u64::from(wire.delay);
        match wire.end {
            End::Node => {
                // The sink reads the flit at once; its credit takes the node channel back.
                let back = at + u64::from(NODE_CHANNEL) + 1 + self.setup.credit_delay;
                self.wheel.at(back).credits.push(Place::new(router, out));
                self.eject(wire.place(out).of(), flit, at, turn);
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
    fn return_credit(&mut self, wire: Wire, vc: usize, now: u64) {
        let (at, place) = (now + u64::from(wire.delay), wire.place(vc));
        match wire.end {
            End::Router => self.wheel.at(at).credits.push(place),
            End::Node => self.wheel.at(at).node_credits.push(place),
            End::Elsewhere => self.outboxes[usize::from(wire.region)].credits.push((at, place)),
            End::Nowhere => {}
        }
    }
}
