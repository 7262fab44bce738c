//! Switch traversal: a granted flit leaves its buffer, a credit goes back, the flit is on its way.

use super::block::Block;
use super::cycle::Turn;
use super::region::Shared;
use super::setup::{End, NODE_CHANNEL, Wire};
use super::wheel::{Flit, Later, Place};
use crate::noc::source::Source;

impl<const N: usize, const P: usize> Block<N, P> {
    /// Sends the front flit of input VC `vc` to the output VC it holds.
    #[inline(always)]
    pub(super) fn send<S: Source, const PLAIN: bool>(
        &mut self,
        router: usize,
        vc: usize,
        shared: &mut Shared,
        turn: &mut Turn<'_, S>,
    ) {
        let front = self.front(vc, &shared.setup);
        let flit = shared.buffers[front];
        let input = &mut self.in_vc[vc];
        input.head = (input.head + 1) & shared.setup.ring_mask;
        input.len -= 1;
        let (more, out) = (input.len > 0, usize::from(input.out));
        let (output, back) = (usize::from(input.out_port), self.ports[usize::from(input.port)].back);
        shared.return_credit(back, vc, turn.now);

        let downstream = &mut self.out_vc[out];
        downstream.credits -= 1;
        let full = downstream.credits == 0;
        self.credit_out &= !(u64::from(full) << out);
        if flit.is_tail() {
            self.active &= !(1 << vc);
            self.ready &= !(1 << vc);
            if !PLAIN && shared.setup.wait_for_tail_credit {
                self.closing_out |= 1 << out;
            } else {
                self.free_out |= 1 << out;
            }
        } else if !more || full {
            self.ready &= !(1 << vc);
        }

        let port = &mut self.ports[output];
        port.flits += 1;
        let wire = port.out;
        if wire.end == End::Router {
            let write = downstream.write;
            downstream.write = (write + 1) & shared.setup.ring_mask;
            shared.buffers[downstream.dest as usize + usize::from(write)] = flit;
            shared.wheel.send_flit(turn.now + u64::from(wire.delay), wire.place(out));
        } else {
            shared.leave(router, wire, out, flit, turn);
        }
        if flit.is_tail() && more {
            self.route::<PLAIN>(router, vc, shared, turn.routing, turn.now + 1);
        }
        if !PLAIN && wire.interval > 1 {
            self.occupy(router, output, wire, shared, turn.now);
        }
    }

    /// Keeps a narrow link busy until the whole flit has passed.
    fn occupy(&mut self, router: usize, output: usize, wire: Wire, shared: &mut Shared, now: u64) {
        let vcs = shared.setup.vc_mask << (output * usize::from(shared.setup.vcs));
        self.busy_out |= vcs;
        let slot = shared.wheel.slot(now + u64::from(wire.interval));
        shared.wheel.later[slot].push(Later::LinkFree(router as u32, vcs));
    }
}

impl Shared {
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
                self.wheel.send_credit(back, Place::new(router as u32, out as u8));
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
            End::Router => self.wheel.send_credit(at, place),
            End::Node => self.wheel.send_node_credit(at, place),
            End::Elsewhere => self.outboxes[usize::from(wire.region)].credits.push((at, place)),
            End::Nowhere => {}
        }
    }
}
