//! The state of a stripe of routers and their nodes; one thread owns it.
//!
//! All per-router sets are bit masks over virtual-channel indices (port · VCs + VC), so that a
//! router's pipeline is a handful of word operations. Arrays are indexed by `Hot::vc_base` plus such
//! an index, or by `Hot::port_base` plus a port.

use super::calendar::Calendar;
use super::node::NodePort;
use super::packet::{Packet, Packets};
use super::setup::{Cut, MAX_ROUTER_VCS, Setup, Wire};
use super::tally::Tally;
use super::wheel::{Arrival, Credit, Wheel};
use std::sync::Arc;

use crate::base::RouterId;
use crate::fabric::{Attachment, Fabric, Health};

/// A router's pipeline state.
#[derive(Clone, Debug, Default)]
pub(super) struct Hot {
    /// Input VCs whose head waits for route computation.
    pub routing: u64,
    /// Input VCs whose head waits for an output VC.
    pub waiting: u64,
    /// Input VCs that hold an output VC.
    pub active: u64,
    /// Active input VCs with a flit and a credit: they bid for the switch.
    pub ready: u64,
    /// Output VCs that no packet holds.
    pub free_out: u64,
    /// Output VCs with at least one credit.
    pub credit_out: u64,
    /// Output VCs whose link is free (links narrower than a flit are busy for a while).
    pub open_out: u64,
    pub vc_base: u32,
    pub port_base: u32,
    pub ports: u8,
}

/// An input virtual channel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InVc {
    /// Output VCs that the routing function offers to the packet at the head.
    pub wants: u64,
    /// Ring index of the oldest flit.
    pub head: u16,
    /// Flits in the buffer.
    pub len: u16,
    /// Output VC held.
    pub out: u8,
}

/// An output virtual channel: what is known of the buffer downstream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OutVc {
    /// Free slots downstream.
    pub credits: u16,
    /// Input VC that holds it, valid while it is not free.
    pub owner: u8,
    /// The tail has left and its credit is awaited.
    pub tail_sent: bool,
}

/// What leaves for another region during one exchange interval.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    pub flits: Vec<(u64, Arrival)>,
    /// Records of the packets whose heads are in `flits`, in the same order.
    pub packets: Vec<Packet>,
    pub credits: Vec<(u64, Credit)>,
}

/// A stripe of the network.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub setup: Setup,
    pub first_router: u32,
    pub first_node: u32,
    /// Where each node of the whole fabric hangs, and whether its core works.
    pub attachments: Arc<[Attachment]>,
    pub living: Arc<[bool]>,
    pub routers: Vec<Hot>,
    pub out_wires: Vec<Wire>,
    pub in_wires: Vec<Wire>,
    pub in_vc: Vec<InVc>,
    pub out_vc: Vec<OutVc>,
    pub buffers: Vec<super::wheel::Flit>,
    /// Round-robin pointers: VC allocation by output VC and by input VC.
    pub vc_grant: Vec<u8>,
    pub vc_accept: Vec<u8>,
    /// Switch allocation by output port, by switch input, and the VC next in turn at each switch input.
    pub switch_grant: Vec<u8>,
    pub switch_accept: Vec<u8>,
    pub switch_vc: Vec<u8>,
    /// The VC next in turn at each output port when VC and switch are allocated together.
    pub piggyback_vc: Vec<u8>,
    /// Slot of the packet that arrives by each input VC from another region.
    pub incoming: Vec<u32>,
    pub packets: Packets,
    pub nodes: Vec<NodePort>,
    pub node_credits: Vec<u16>,
    pub wheel: Wheel,
    pub calendar: Calendar,
    /// Routers with something to do, one bit each.
    pub busy_routers: Vec<u64>,
    /// Nodes with something to inject, one bit each.
    pub busy_nodes: Vec<u64>,
    pub outboxes: Vec<Outbox>,
    pub tally: Tally,
    pub scratch: Scratch,
    /// Last cycle in which a flit moved.
    pub last_move: u64,
}

/// Request matrices, reused in every cycle.
#[derive(Clone, Debug)]
pub(super) struct Scratch {
    /// Input VCs that bid for each output port.
    pub bids: [u64; MAX_ROUTER_VCS],
    /// Output ports granted to each switch input.
    pub grants: [u64; MAX_ROUTER_VCS],
}

impl Default for Scratch {
    fn default() -> Self {
        Self { bids: [0; MAX_ROUTER_VCS], grants: [0; MAX_ROUTER_VCS] }
    }
}

impl Region {
    pub(super) fn new(setup: &Setup, fabric: &Fabric, health: &Health, cut: &Cut, index: usize) -> Self {
        let (first_router, last_router) = (cut.routers[index], cut.routers[index + 1]);
        let (first_node, last_node) = (cut.nodes[index], cut.nodes[index + 1]);
        let vcs = usize::from(setup.vcs);
        let base = fabric.port_base[first_router as usize];
        let ports = (fabric.port_base[last_router as usize] - base) as usize;
        let nodes = (last_node - first_node) as usize;
        let lanes = ports * usize::from(setup.speedup);
        let mut region = Self {
            setup: setup.clone(),
            first_router,
            first_node,
            attachments: fabric.nodes.clone().into(),
            living: health.node.clone().into(),
            routers: (first_router..last_router).map(|r| hot(fabric, r as usize, base, setup)).collect(),
            out_wires: cut.wires(fabric, health, index, true, setup.vcs),
            in_wires: cut.wires(fabric, health, index, false, setup.vcs),
            in_vc: vec![InVc::default(); ports * vcs],
            out_vc: vec![OutVc { credits: setup.depth, owner: 0, tail_sent: false }; ports * vcs],
            buffers: vec![Default::default(); ports * vcs * setup.ring],
            vc_grant: vec![0; ports * vcs],
            vc_accept: vec![0; ports * vcs],
            switch_grant: vec![0; ports],
            switch_accept: vec![0; lanes],
            switch_vc: vec![0; lanes],
            piggyback_vc: vec![setup.vcs - 1; ports],
            incoming: vec![0; if cut.regions() > 1 { ports * vcs } else { 0 }],
            packets: Packets::default(),
            nodes: (first_node..last_node)
                .map(|node| node_port(fabric, health, node, first_router, setup.vcs))
                .collect(),
            node_credits: vec![setup.depth; nodes * vcs],
            wheel: Wheel::new(setup.horizon(fabric)),
            calendar: Calendar::default(),
            busy_routers: vec![0; ((last_router - first_router) as usize).div_ceil(64)],
            busy_nodes: vec![0; nodes.div_ceil(64)],
            outboxes: vec![Outbox::default(); cut.regions()],
            tally: Tally::new(ports),
            scratch: Scratch::default(),
            last_move: 0,
        };
        for &(link, vcs) in &health.stuck_vcs {
            let link = fabric.link(link);
            if (first_router..last_router).contains(&link.from.0) {
                let stuck = (u64::from(vcs) & setup.vc_mask) << (link.from_port * setup.vcs);
                region.routers[(link.from.0 - first_router) as usize].free_out &= !stuck;
            }
        }
        region
    }

    /// Marks a router as having something to do.
    #[inline(always)]
    pub(super) fn wake_router(&mut self, router: usize) {
        self.busy_routers[router / 64] |= 1 << (router % 64);
    }

    /// Marks a node as having something to do.
    #[inline(always)]
    pub(super) fn wake_node(&mut self, node: usize) {
        self.busy_nodes[node / 64] |= 1 << (node % 64);
    }

    /// Whether no router and no node has anything to do before the next event.
    pub(super) fn is_quiet(&self) -> bool {
        self.busy_routers.iter().chain(&self.busy_nodes).all(|&word| word == 0)
    }

    /// The next cycle from `now` on in which anything can happen.
    pub(super) fn next_event(&self, now: u64) -> Option<u64> {
        if !self.is_quiet() {
            return Some(now);
        }
        let (wheel, calendar) = (self.wheel.next(now), self.calendar.next(now));
        wheel.into_iter().chain(calendar).min()
    }
}

fn node_port(fabric: &Fabric, health: &Health, node: u32, first_router: u32, vcs: u8) -> NodePort {
    let Attachment { router, port } = fabric.nodes[node as usize];
    let mut at = NodePort::new(vcs);
    at.router = router.0 - first_router;
    at.vc_base = port * vcs;
    at.alive = health.node[node as usize] && health.router[RouterId::index(router)];
    at
}

fn hot(fabric: &Fabric, router: usize, base: u32, setup: &Setup) -> Hot {
    let ports = (fabric.port_base[router + 1] - fabric.port_base[router]) as u8;
    let all = u64::MAX.checked_shr(64 - u32::from(ports) * u32::from(setup.vcs)).unwrap_or(0);
    let port_base = fabric.port_base[router] - base;
    Hot {
        free_out: all,
        credit_out: all,
        open_out: all,
        vc_base: port_base * u32::from(setup.vcs),
        port_base,
        ports,
        ..Hot::default()
    }
}
