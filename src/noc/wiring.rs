//! Where each output port leads, in one flat table.

use crate::base::{NodeId, RouterId};
use crate::fabric::{Fabric, Health};

/// What an output port leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Nothing: an unused port or a dead link.
    Nowhere,
    /// Input port `port` of `router`, over a link.
    Router {
        router: RouterId,
        port: u8,
        /// Flight time [cycles].
        latency: u16,
        /// Cycles that a flit occupies the link.
        interval: u16,
    },
    /// The sink of a node.
    Node(NodeId),
}

/// The exits of all routers.
#[derive(Clone, Debug)]
pub(super) struct Wiring {
    /// First slot of each router, and the number of slots.
    pub base: Vec<u32>,
    exits: Vec<Exit>,
}

impl Wiring {
    pub(super) fn new(fabric: &Fabric, health: &Health) -> Self {
        let mut exits = Vec::with_capacity(fabric.out_link.len());
        for router in (0..fabric.routers.len()).map(RouterId::at) {
            exits.extend((0..fabric.ports(router)).map(|port| exit(fabric, health, router, port as u8)));
        }
        Self { base: fabric.port_base.clone(), exits }
    }

    /// Index of a port in the table: that of the fabric's port tables.
    #[inline(always)]
    pub(super) fn slot(&self, router: RouterId, port: u8) -> usize {
        self.base[router.index()] as usize + usize::from(port)
    }

    #[inline(always)]
    pub(super) fn exit(&self, slot: usize) -> Exit {
        self.exits[slot]
    }

    /// The exit of a port, or nowhere if the router has no such port.
    #[inline]
    pub(super) fn exit_at(&self, router: RouterId, port: u8) -> (usize, Exit) {
        let slot = self.slot(router, port);
        let own = slot < self.base[router.index() + 1] as usize;
        (slot, if own { self.exits[slot] } else { Exit::Nowhere })
    }

    pub(super) fn routers(&self) -> usize {
        self.base.len() - 1
    }

    pub(super) fn ports(&self) -> usize {
        self.exits.len()
    }
}

fn exit(fabric: &Fabric, health: &Health, router: RouterId, port: u8) -> Exit {
    if let Some(node) = fabric.node_at(router, port) {
        return Exit::Node(node);
    }
    match fabric.out(router, port).filter(|link| health.link[link.index()]) {
        Some(link) => {
            let link = fabric.link(link);
            let (latency, interval) = (link.latency, link.interval);
            Exit::Router { router: link.to, port: link.to_port, latency, interval }
        }
        None => Exit::Nowhere,
    }
}
