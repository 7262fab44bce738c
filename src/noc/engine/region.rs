//! The state of a stripe of routers and their nodes; one thread owns it.
//!
//! All per-router sets are bit masks over virtual-channel indices (port · VCs + VC), so that a
//! router's pipeline is a handful of word operations. Arrays are indexed by `Hot::vc_base` plus such
//! an index, or by `Hot::port_base` plus a port.

use super::calendar::Calendar;
use super::node::NodePort;
use super::packet::{Packets, Record, Travel};
use super::setup::{Cut, End, MAX_ROUTER_VCS, Setup, Wire};
use super::tally::Tally;
use super::wheel::{Flit, Place, Wheel};
use std::sync::Arc;

use crate::base::RouterId;
use crate::fabric::{Attachment, Fabric, Health};
use crate::noc::route::Candidates;

/// A router's pipeline state.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hot {
    /// Input VCs whose head has been routed in this cycle.
    pub routed: u64,
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
    pub vc_base: u32,
    pub port_base: u32,
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
    /// Output VC held, and its port.
    pub out: u8,
    pub out_port: u8,
    /// Output VC whose turn it is to be accepted.
    pub turn: u8,
}

/// An output virtual channel: what is known of the buffer downstream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OutVc {
    /// Free slots downstream.
    pub credits: u16,
    /// Input VC that holds it, valid while it is not free.
    pub owner: u8,
    /// Input VC whose turn it is to be granted.
    pub turn: u8,
    /// Ring index at which the next flit is written downstream.
    pub write: u16,
    /// The input VC downstream, if it lies in this region.
    pub dest: u32,
}

/// Round-robin pointers of the switch allocator. Pointers may stand one past the end, which means
/// the start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SwitchTurn {
    /// Of an output port: the switch input next in turn.
    pub grant: u8,
    /// Of a switch input: the output port next in turn.
    pub accept: u8,
    /// Of a switch input: the VC of its port next in turn.
    pub vc: u8,
    /// Of an output port: the VC next in turn when VC and switch are allocated together.
    pub piggyback: u8,
}

/// What leaves for another region during one exchange interval.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    pub flits: Vec<(u64, Place, Flit)>,
    /// Records of the packets whose heads are in `flits`, in the same order.
    pub packets: Vec<(Travel, Record)>,
    pub credits: Vec<(u64, Place)>,
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
    pub buffers: Vec<Flit>,
    /// By router and switch input (as many as ports, or more with input speedup).
    pub switch_turns: Vec<SwitchTurn>,
    /// Output VCs whose link is busy with a flit wider than itself, by router; empty if there is none.
    pub busy_out: Vec<u64>,
    /// Output VCs whose tail has left and whose last credit is awaited, by router; empty if not used.
    pub closing_out: Vec<u64>,
    /// By input VC: slot of the packet that arrives from another region, and where it is written.
    pub incoming: Vec<(u32, u16)>,
    pub packets: Packets,
    pub nodes: Vec<NodePort>,
    pub node_credits: Vec<u16>,
    /// Ring index of the next flit, by node and VC.
    pub node_writes: Vec<u16>,
    pub wheel: Wheel,
    pub calendar: Calendar,
    pub outboxes: Vec<Outbox>,
    pub tally: Tally,
    pub scratch: Scratch,
    /// Last cycle before which flits were seen to move, and how many had moved by then.
    pub last_move: u64,
    pub moved: u64,
}

/// Request matrices, reused in every cycle.
#[derive(Clone, Debug)]
pub(super) struct Scratch {
    /// Input VCs that bid for each output port.
    pub bids: [u64; MAX_ROUTER_VCS],
    /// Grants to each requester, or requests to each resource.
    pub grants: [u64; MAX_ROUTER_VCS],
    /// Input VCs matched to output ports.
    pub matches: [(u8, u8); MAX_ROUTER_VCS],
    pub candidates: Candidates,
}

impl Default for Scratch {
    fn default() -> Self {
        let (bids, grants, matches) = ([0; MAX_ROUTER_VCS], [0; MAX_ROUTER_VCS], [(0, 0); MAX_ROUTER_VCS]);
        Self { bids, grants, matches, candidates: Candidates::default() }
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
        let routers = (last_router - first_router) as usize;
        let lanes = ports * usize::from(setup.speedup);
        let mut region = Self {
            setup: setup.clone(),
            first_router,
            first_node,
            attachments: fabric.nodes.clone().into(),
            living: health.node.clone().into(),
            routers: (first_router..last_router).map(|r| hot(fabric, r as usize, base, setup)).collect(),
            out_wires: cut.wires(fabric, health, index, true, setup),
            in_wires: cut.wires(fabric, health, index, false, setup),
            in_vc: vec![InVc::default(); ports * vcs],
            out_vc: vec![OutVc { credits: setup.depth, ..OutVc::default() }; ports * vcs],
            buffers: vec![Default::default(); ports * vcs * setup.ring],
            switch_turns: vec![SwitchTurn { piggyback: setup.vcs - 1, ..SwitchTurn::default() }; lanes],
            busy_out: vec![0; if setup.narrow_links { routers } else { 0 }],
            closing_out: vec![0; if setup.wait_for_tail_credit { routers } else { 0 }],
            incoming: vec![(0, 0); if cut.regions() > 1 { ports * vcs } else { 0 }],
            packets: Packets::default(),
            nodes: (first_node..last_node)
                .map(|node| node_port(fabric, health, node, first_router, setup.vcs))
                .collect(),
            node_credits: vec![setup.depth; nodes * vcs],
            node_writes: vec![0; nodes * vcs],
            wheel: Wheel::new(setup.horizon(fabric), routers, nodes),
            calendar: Calendar::default(),
            outboxes: vec![Outbox::default(); cut.regions()],
            tally: Tally::new(ports),
            scratch: Scratch::default(),
            last_move: 0,
            moved: 0,
        };
        region.join_buffers();
        for &(link, vcs) in &health.stuck_vcs {
            let link = fabric.link(link);
            if (first_router..last_router).contains(&link.from.0) {
                let stuck = (u64::from(vcs) & setup.vc_mask) << (link.from_port * setup.vcs);
                region.routers[(link.from.0 - first_router) as usize].free_out &= !stuck;
            }
        }
        region
    }

    /// The next cycle from `now` on in which anything can happen.
    pub(super) fn next_event(&self, now: u64) -> Option<u64> {
        let (wheel, calendar) = (self.wheel.next(now), self.calendar.next(now));
        wheel.into_iter().chain(calendar).min()
    }

    /// Remembers `now` as the time of the last movement if flits have moved since the last call.
    pub(super) fn note_movement(&mut self, now: u64) {
        let moved = self.tally.flits_injected + self.tally.port_flits.iter().sum::<u64>();
        if std::mem::replace(&mut self.moved, moved) != moved || self.packets.len() == 0 {
            self.last_move = now;
        }
    }

    /// Tells every output VC which buffer of this region it feeds.
    fn join_buffers(&mut self) {
        for router in 0..self.routers.len() {
            let Hot { vc_base, port_base, .. } = self.routers[router];
            let end =
                self.routers.get(router + 1).map_or(self.in_vc.len() as u32, |next| next.vc_base) - vc_base;
            for vc in 0..end as u8 {
                let wire = self.out_wires[port_base as usize + usize::from(vc / self.setup.vcs)];
                if wire.end == End::Router {
                    let place = wire.place(vc);
                    let dest = self.routers[place.of()].vc_base + u32::from(place.vc());
                    self.out_vc[vc_base as usize + usize::from(vc)].dest = dest;
                }
            }
        }
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
    let ports = fabric.port_base[router + 1] - fabric.port_base[router];
    let all = u64::MAX.checked_shr(64 - ports * u32::from(setup.vcs)).unwrap_or(0);
    let port_base = fabric.port_base[router] - base;
    Hot {
        free_out: all,
        credit_out: all,
        vc_base: port_base * u32::from(setup.vcs),
        port_base,
        ..Hot::default()
    }
}
