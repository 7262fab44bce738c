//! Switch traversal: a granted flit leaves its buffer, a credit goes back, the flit is on its way.

use super::cycle::Turn;
use super::region::{Hot, Region};
use super::setup::{End, NODE_CHANNEL, Wire};
use super::wheel::{Arrival, Flit, Later, Place};
use crate::noc::source::Source;

impl Region {
    /// Sends the front flit of input VC `vc` to the output VC it holds.
    #[inline]
    pub(super) fn send<S: Source>(&mut self, router: usize, hot: &mut Hot, vc: u8, turn: &mut Turn<'_, S>) {
        let (base, port_base) = (hot.vc_base as usize, hot.port_base as usize);
        let index = base + usize::from(vc);
        let input = &mut self.in_vc[index];
        let flit = self.buffers[index * self.setup.ring + usize::from(input.head)];
        input.head = (input.head + 1) & (self.setup.ring as u16 - 1);
        input.len -= 1;
        let (more, out, output) = (input.len > 0, input.out, usize::from(input.out_port));

        let downstream = &mut self.out_vc[base + usize::from(out)];
        downstream.credits -= 1;
        let full = downstream.credits == 0;
        hot.credit_out &= !(u64::from(full) << out);
        if flit.is_tail() {
            hot.active &= !(1 << vc);
            hot.ready &= !(1 << vc);
            if self.setup.wait_for_tail_credit {
                self.closing_out[router] |= 1 << out;
            } else {
                hot.free_out |= 1 << out;
            }
        } else if !more || full {
            hot.ready &= !(1 << vc);
        }
        self.last_move = turn.now;
        self.tally.port_flits[port_base + output] += 1;

        let input_port = usize::from(self.setup.port_of[usize::from(vc & 63)]);
        self.return_credit(self.in_wires[port_base + input_port], vc, turn.now);
        if flit.is_tail() && more {
            self.route(router, hot, vc, turn.routing, turn.now + 1);
        }
        let wire = self.out_wires[port_base + output];
        if wire.interval > 1 {
            self.occupy(router, input_vcs(self.setup.vcs, self.setup.vc_mask, out), wire, turn.now);
        }
        let at = turn.now + u64::from(wire.delay);
        match wire.end {
            End::Router => self.wheel.at(at).flits.push(Arrival { place: wire.place(out), flit }),
            End::Node => {
                // The sink reads the flit at once; its credit takes the node channel back.
                let back = at + u64::from(NODE_CHANNEL) + 1 + self.setup.credit_delay;
                self.wheel.at(back).credits.push(Place::new(router as u32, out));
                self.eject(wire.place(out).of(), flit, at, turn);
            }
            End::Elsewhere => self.emigrate(wire, out, flit, at),
            End::Nowhere => debug_assert!(false, "a routing function offered a dead port"),
        }
    }

    /// Keeps a narrow link busy until the whole flit has passed.
    fn occupy(&mut self, router: usize, vcs: u64, wire: Wire, now: u64) {
        self.busy_out[router] |= vcs;
        self.wheel.at(now + u64::from(wire.interval)).later.push(Later::LinkFree(router as u32, vcs));
    }

    /// Hands a flit over to another region; the packet's record travels with the head.
    fn emigrate(&mut self, wire: Wire, out: u8, flit: Flit, at: u64) {
        let outbox = &mut self.outboxes[usize::from(wire.region)];
        outbox.flits.push((at, Arrival { place: wire.place(out), flit }));
        if flit.is_head() {
            outbox.packets.push(self.packets.get(flit.slot()));
        }
        if flit.is_tail() {
            self.packets.remove(flit.slot());
        }
    }

    /// Sends a credit back to whoever feeds an input port.
    #[inline(always)]
    fn return_credit(&mut self, wire: Wire, vc: u8, now: u64) {
        let (at, place) = (now + u64::from(wire.delay), wire.place(vc));
        match wire.end {
            End::Router => self.wheel.at(at).credits.push(place),
            End::Node => self.wheel.at(at).node_credits.push(place),
            End::Elsewhere => self.outboxes[usize::from(wire.region)].credits.push((at, place)),
            End::Nowhere => {}
        }
    }
}

/// All virtual channels of the port that `vc` belongs to.
fn input_vcs(vcs: u8, vc_mask: u64, vc: u8) -> u64 {
    vc_mask << (vc / vcs * vcs)
}
