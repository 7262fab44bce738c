//! Nodes while the network is reconfigured: no packet is created, and what cannot be sent is taken back.

use std::sync::Arc;

use super::{NEVER, Nodes};
use crate::base::NodeId;
use crate::fabric::Health;
use crate::noc::engine::compass::Compass;
use crate::noc::engine::packet::Record;
use crate::noc::engine::region::Shared;
use crate::noc::source::{Failure, Offer, Source};

impl Nodes {
    /// Creates no packet until [`Nodes::resume`]. Packets of which no flit has been sent yet are taken back: they
    /// wait at their source, and are created again afterwards.
    pub(in crate::noc::engine) fn pause(&mut self, shared: &mut Shared) {
        self.paused = true;
        let ports = self.ports.iter_mut().zip(&mut self.held);
        for (port, held) in ports.filter(|(port, _)| port.left > 0 && port.at_head) {
            let Record { created, dst, flits, tag, .. } = *shared.packets.record(port.slot as usize);
            shared.packets.remove(port.slot as usize);
            let tally = &mut shared.tally;
            tally.created -= 1;
            if tally.window.contains(created) {
                tally.flits_offered -= u64::from(flits);
                tally.outstanding = tally.outstanding.wrapping_sub(1);
            }
            port.count = port.count.wrapping_sub(1);
            held.extend(Some(port.next).filter(|next| next.at != NEVER));
            port.holds = !held.is_empty();
            port.next = Offer { at: created, dst, flits, tag };
            (port.left, port.at_head) = (0, false);
        }
    }

    /// Creates packets again, in cycle `now` those that have waited.
    pub(in crate::noc::engine) fn resume(&mut self, now: u64) {
        self.paused = false;
        for (node, port) in self.ports.iter().enumerate() {
            if port.left == 0 && port.next.at <= now {
                self.calendar.wake(node as u32, now, now);
            }
        }
    }

    /// Takes over what works now, and how packets find their way.
    pub(in crate::noc::engine) fn refit(&mut self, health: &Health, compass: Option<&Arc<Compass>>) {
        for (node, port) in self.ports.iter_mut().enumerate() {
            let node = NodeId(self.first_node + node as u32);
            let router = self.ways.router(node);
            port.alive =
                health.node[node.index()] && router.is_some_and(|router| health.router[router.index()]);
        }
        self.ways.refit(health, compass);
    }

    /// The packet of which the node at place `node` of the region has sent some flits and not all, with its slot.
    pub(in crate::noc::engine) fn half_sent(&self, node: usize) -> Option<usize> {
        let port = &self.ports[node];
        (port.left > 0 && !port.at_head).then_some(port.slot as usize)
    }

    /// The nodes of the region.
    pub(in crate::noc::engine) fn count(&self) -> usize {
        self.ports.len()
    }

    /// The number of the region's first node.
    pub(in crate::noc::engine) fn first(&self) -> NodeId {
        NodeId(self.first_node)
    }

    /// Drops the rest of the packet that a node has half sent.
    pub(in crate::noc::engine) fn abort<S: Source>(
        &mut self,
        node: usize,
        shared: &mut Shared,
        source: &mut S,
        now: u64,
    ) {
        let setup = &shared.setup;
        let (wait, depth, vcs) = (setup.wait_for_tail_credit, setup.depth, usize::from(setup.vcs));
        let port = &mut self.ports[node];
        port.left = 0;
        let whole = shared.entry_credits[node * vcs + usize::from(port.vc)] == depth;
        if wait && !whole {
            port.closing |= 1 << port.vc
        } else {
            port.free |= 1 << port.vc
        }
        self.prime(node, source, now);
    }

    /// Tells a node of a lost packet; it may answer with a new one.
    pub(in crate::noc::engine) fn tell_lost<S: Source>(
        &mut self,
        node: NodeId,
        failure: Failure,
        source: &mut S,
    ) {
        if source.failed(node, failure) {
            self.prime((node.0 - self.first_node) as usize, source, failure.at);
        }
    }
}
