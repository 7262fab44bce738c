//! Switch traversal: a granted flit leaves its buffer, a credit goes back, the flit is on its way.

use super::cycle::Turn;
use super::region::Region;
use super::setup::{End, Wire};
use super::wheel::{Arrival, Credit, Flit, Later, NodeCredit};
use crate::base::RouterId;
use crate::noc::source::Source;

impl Region {
    /// Sends the front flit of input VC `vc` to the output VC it holds.
    #[inline]
    pub(super) fn send<S: Source>(&mut self, router: usize, vc: u8, turn: &mut Turn<'_, S>) {
        let now = turn.now;
        let base = self.routers[router].vc_base as usize;
        let index = base + usize::from(vc);
        let flit = self.buffer_read(index);
        let out = self.in_vc[index].out;
        let hot = &mut self.routers[router];
        let output = self.setup.port_of[usize::from(out & 63)];

        let downstream = &mut self.out_vc[base + usize::from(out)];
        downstream.credits -= 1;
        let empty = u64::from(downstream.credits == 0);
        hot.credit_out &= !(empty << out);
        let more = self.in_vc[index].len > 0;
        if flit.is_tail() {
            hot.active &= !(1 << vc);
            hot.ready &= !(1 << vc);
            if self.setup.wait_for_tail_credit {
                downstream.tail_sent = true;
            } else {
                hot.free_out |= 1 << out;
            }
        } else if !more || empty != 0 {
            hot.ready &= !(1 << vc);
        }
        let port_base = hot.port_base as usize;
        self.last_move = now;
        self.tally.switch_grants += 1;
        self.tally.port_flits[port_base + usize::from(output)] += 1;

        let wire = self.out_wires[port_base + usize::from(output)];
        self.launch(router, wire, out - output * self.setup.vcs, flit, turn);
        let input = self.setup.port_of[usize::from(vc & 63)];
        let upstream = self.in_wires[port_base + usize::from(input)];
        self.return_credit(upstream, vc - input * self.setup.vcs, now);

        if flit.is_tail() && more {
            if self.setup.routing_delay == 0 {
                self.route(router, vc, turn.routing, now);
            } else {
                self.routers[router].routing |= 1 << vc;
            }
        }
        if wire.interval > 1 {
            let busy = self.setup.vc_mask << (output * self.setup.vcs);
            self.routers[router].open_out &= !busy;
            let free = Later::LinkFree(RouterId(router as u32), output);
            self.wheel.at(now + u64::from(wire.interval)).later.push(free);
        }
    }

    /// Puts a flit on a wire.
    #[inline(always)]
    fn launch<S: Source>(&mut self, router: usize, wire: Wire, vc: u8, flit: Flit, turn: &mut Turn<'_, S>) {
        // A narrow wire delivers the last phit `interval - 1` cycles after the first.
        let at = turn.now + self.setup.flit_delay + u64::from(wire.latency) + u64::from(wire.interval - 1);
        let arrival = Arrival { router: wire.to, vc: wire.vc_base + vc, flit };
        match wire.end {
            End::Router => self.wheel.at(at).flits.push(arrival),
            End::Node => {
                self.eject(wire.to as usize, flit, at, turn);
                // The sink reads the flit at once; its credit takes the node channel back.
                let credit = Credit { router: router as u32, vc: self.node_vc(router, wire, vc) };
                let back = at + u64::from(wire.latency) + 1 + self.setup.credit_delay;
                self.wheel.at(back).credits.push(credit);
            }
            End::Elsewhere => {
                let outbox = &mut self.outboxes[usize::from(wire.region)];
                outbox.flits.push((at, arrival));
                if flit.is_head() {
                    outbox.packets.push(*self.packets.get(flit.slot()));
                }
                if flit.is_tail() {
                    self.packets.remove(flit.slot());
                }
            }
            End::Nowhere => debug_assert!(false, "a routing function offered a dead port"),
        }
    }

    /// The output VC index of a node's port at its router.
    #[inline(always)]
    fn node_vc(&self, router: usize, wire: Wire, vc: u8) -> u8 {
        debug_assert_eq!(self.nodes[wire.to as usize].router as usize, router);
        self.nodes[wire.to as usize].vc_base + vc
    }

    /// Sends a credit back to whoever feeds an input port.
    #[inline(always)]
    fn return_credit(&mut self, wire: Wire, vc: u8, now: u64) {
        let at = now + self.setup.credit_send + u64::from(wire.latency);
        match wire.end {
            End::Router => {
                let credit = Credit { router: wire.to, vc: wire.vc_base + vc };
                self.wheel.at(at + self.setup.credit_delay).credits.push(credit);
            }
            End::Node => self.wheel.at(at).node_credits.push(NodeCredit { node: wire.to, vc }),
            End::Elsewhere => {
                let credit = Credit { router: wire.to, vc: wire.vc_base + vc };
                self.outboxes[usize::from(wire.region)].credits.push((at + self.setup.credit_delay, credit));
            }
            End::Nowhere => {}
        }
    }
}
