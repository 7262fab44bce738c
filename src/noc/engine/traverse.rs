//! Switch traversal: a granted flit leaves its buffer, a credit goes back, the flit is on its way.

use super::cycle::Turn;
use super::region::{Hot, Region};
use super::setup::{End, NODE_CHANNEL, Wire};
use super::wheel::{Flit, Later, Place};
use crate::noc::source::Source;

impl Region {
    /// Sends the front flit of input VC `vc` to the output VC it holds.
    #[inline(always)]
    pub(super) fn send<S: Source, const PLAIN: bool>(
        &mut self,
        router: usize,
        hot: &mut Hot,
        vc: u8,
        turn: &mut Turn<'_, S>,
    ) {
        let (base, port_base, now) = (hot.vc_base as usize, hot.port_base as usize, turn.now);
        let index = base + usize::from(vc);
        let input = &mut self.in_vc[index];
        let flit = self.buffers[index * self.setup.ring + usize::from(input.head)];
        input.head = (input.head + 1) & self.setup.ring_mask;
        input.len -= 1;
        let (more, out, output) = (input.len > 0, input.out, usize::from(input.out_port));
        let (vc_bit, out_bit) = (1u64 << vc, 1u64 << out);

        let downstream = &mut self.out_vc[base + usize::from(out)];
        downstream.credits -= 1;
        let full = downstream.credits == 0;
        hot.credit_out &= !(u64::from(full) << out);
        if flit.is_tail() {
            hot.active &= !vc_bit;
            hot.ready &= !vc_bit;
            if !PLAIN && self.setup.wait_for_tail_credit {
                self.closing_out[router] |= out_bit;
            } else {
                hot.free_out |= out_bit;
            }
        } else if !more || full {
            hot.ready &= !vc_bit;
        }
        self.tally.port_flits[port_base + output] += 1;

        let wire = self.out_wires[port_base + output];
        let at = now + u64::from(wire.delay);
        if wire.end == End::Router {
            let (dest, write) = (downstream.dest as usize, downstream.write);
            downstream.write = (write + 1) & self.setup.ring_mask;
            self.buffers[dest * self.setup.ring + usize::from(write)] = flit;
            self.wheel.send_flit(at, wire.place(out));
        } else {
            self.leave(router, wire, out, flit, turn);
        }
        let upstream = self.in_wires[port_base + usize::from(self.setup.port_of[usize::from(vc & 63)])];
        self.return_credit(upstream, vc, now);
        if flit.is_tail() && more {
            self.route::<PLAIN>(router, hot, vc, turn.routing, now + 1);
        }
        if !PLAIN && wire.interval > 1 {
            self.occupy(router, out, wire, now);
        }
    }

    /// A flit leaves this region's routers: to a node, or to another region.
    fn leave<S: Source>(&mut self, router: usize, wire: Wire, out: u8, flit: Flit, turn: &mut Turn<'_, S>) {
        let at = turn.now + u64::from(wire.delay);
        match wire.end {
            End::Node => {
                // The sink reads the flit at once; its credit takes the node channel back.
                let back = at + u64::from(NODE_CHANNEL) + 1 + self.setup.credit_delay;
                self.wheel.send_credit(back, Place::new(router as u32, out));
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

    /// Keeps a narrow link busy until the whole flit has passed.
    fn occupy(&mut self, router: usize, out: u8, wire: Wire, now: u64) {
        let vcs = self.setup.vc_mask << (out / self.setup.vcs * self.setup.vcs);
        self.busy_out[router] |= vcs;
        let slot = self.wheel.slot(now + u64::from(wire.interval));
        self.wheel.later[slot].push(Later::LinkFree(router as u32, vcs));
    }

    /// Sends a credit back to whoever feeds an input port.
    #[inline(always)]
    fn return_credit(&mut self, wire: Wire, vc: u8, now: u64) {
        let (at, place) = (now + u64::from(wire.delay), wire.place(vc));
        match wire.end {
            End::Router => self.wheel.send_credit(at, place),
            End::Node => self.wheel.send_node_credit(at, place),
            End::Elsewhere => self.outboxes[usize::from(wire.region)].credits.push((at, place)),
            End::Nowhere => {}
        }
    }
}
