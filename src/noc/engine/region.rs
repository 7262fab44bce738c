//! A stripe of routers with their nodes; one thread owns it.

use std::sync::Arc;

use super::block::{Block, Buffers};
use super::calendar::Calendar;
use super::node::NodePort;
use super::packet::{Packets, Record, Travel};
use super::setup::{Cut, End, Setup};
use super::tally::Tally;
use super::wheel::{Flit, Place, Wheel};
use crate::fabric::{Attachment, Fabric, Health};
use crate::noc::route::Candidates;
use crate::noc::source::Source;

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
pub(super) struct Region<const N: usize, const P: usize> {
    pub blocks: Vec<Block<N, P>>,
    pub shared: Shared,
}

/// What a region's routers work on together.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub setup: Setup,
    pub first_router: u32,
    pub first_node: u32,
    /// Where each node of the whole fabric hangs, and whether its core works.
    pub attachments: Arc<[Attachment]>,
    pub living: Arc<[bool]>,
    pub buffers: Buffers,
    pub packets: Packets,
    pub nodes: Vec<NodePort>,
    /// Credits and next ring index by node and VC.
    pub node_credits: Vec<u16>,
    pub node_writes: Vec<u16>,
    pub wheel: Wheel,
    pub calendar: Calendar,
    pub outboxes: Vec<Outbox>,
    /// By buffer: slot of the packet that arrives from another region, and where it is written.
    pub incoming: Vec<(u32, u16)>,
    pub candidates: Candidates,
    pub tally: Tally,
    /// Last cycle before which flits were seen to move, and how many had moved by then.
    pub last_move: u64,
    pub moved: u64,
}

impl<const N: usize, const P: usize> Region<N, P> {
    pub(super) fn new(setup: &Setup, fabric: &Fabric, health: &Health, cut: &Cut, index: usize) -> Self {
        let routers = cut.routers[index]..cut.routers[index + 1];
        let first_port = fabric.port_base[routers.start as usize];
        let buffers_of = |port: u32| (port - first_port) * u32::from(setup.vcs) << setup.ring_shift;
        let mut blocks: Vec<Block<N, P>> = Vec::with_capacity(routers.len());
        for router in routers.clone() {
            let (first, end) = (fabric.port_base[router as usize], fabric.port_base[router as usize + 1]);
            let mut block = Block::new((end - first) as u8, buffers_of(first), setup);
            for port in 0..(end - first) as u8 {
                let at = &mut block.ports[usize::from(port)];
                at.out = cut.wire(fabric, health, (index, router, port), true, setup);
                at.back = cut.wire(fabric, health, (index, router, port), false, setup);
            }
            blocks.push(block);
        }
        let buffers = buffers_of(fabric.port_base[routers.end as usize]) as usize;
        let shared = Shared::new(setup, fabric, health, cut, (index, buffers, blocks.len()));
        let mut region = Self { blocks, shared };
        region.join_buffers();
        region.attach_nodes(fabric, health);
        for &(link, vcs) in &health.stuck_vcs {
            let link = fabric.link(link);
            if routers.contains(&link.from.0) {
                let stuck = (u64::from(vcs) & setup.vc_mask) << (link.from_port * setup.vcs);
                region.blocks[(link.from.0 - routers.start) as usize].free_out &= !stuck;
            }
        }
        region
    }

    /// Asks the source for every node's first packet.
    pub(super) fn start<S: Source>(&mut self, source: &mut S) {
        (0..self.shared.nodes.len()).for_each(|node| self.shared.prime(node, source, 0));
    }

    /// Tells every output VC which buffer of this region it feeds.
    fn join_buffers(&mut self) {
        let first_buffers: Vec<u32> = self.blocks.iter().map(|block| block.buffers).collect();
        let setup = &self.shared.setup;
        for block in &mut self.blocks {
            for vc in 0..N {
                let wire = block.ports[usize::from(block.out_vc[vc].port)].out;
                if wire.end == End::Router {
                    let place = wire.place(vc);
                    block.out_vc[vc].dest =
                        first_buffers[place.of()] + (u32::from(place.vc()) << setup.ring_shift);
                }
            }
        }
    }

    fn attach_nodes(&mut self, fabric: &Fabric, health: &Health) {
        let (vcs, ring_shift) = (self.shared.setup.vcs, self.shared.setup.ring_shift);
        let Shared { nodes, first_node, first_router, .. } = &mut self.shared;
        for (node, port) in nodes.iter_mut().enumerate() {
            let node = *first_node as usize + node;
            let Attachment { router, port: at } = fabric.nodes[node];
            port.router = router.0 - *first_router;
            port.vc_base = at * vcs;
            port.buffers =
                self.blocks[port.router as usize].buffers + (u32::from(port.vc_base) << ring_shift);
            port.alive = health.node[node] && health.router[router.index()];
        }
    }

    /// What has been counted, the flits of each port included (in the order of the fabric's table).
    pub(super) fn tally(&self) -> Tally {
        let mut tally = self.shared.tally.clone();
        let vcs = usize::from(self.shared.setup.vcs);
        for (router, block) in self.blocks.iter().enumerate() {
            let end =
                self.blocks.get(router + 1).map_or(self.shared.buffers.len(), |next| next.buffers as usize);
            let ports = (end - block.buffers as usize >> self.shared.setup.ring_shift) / vcs;
            tally.port_flits.extend(block.ports[..ports].iter().map(|port| port.flits));
        }
        tally
    }

    /// Remembers `now` as the time of the last movement if flits have moved since the last call.
    pub(super) fn note_movement(&mut self, now: u64) {
        let sent: u64 = self.blocks.iter().flat_map(|block| &block.ports).map(|port| port.flits).sum();
        let moved = self.shared.tally.flits_injected + sent;
        if std::mem::replace(&mut self.shared.moved, moved) != moved || self.shared.packets.len() == 0 {
            self.shared.last_move = now;
        }
    }
}

impl Shared {
    fn new(setup: &Setup, fabric: &Fabric, health: &Health, cut: &Cut, of: (usize, usize, usize)) -> Self {
        let (index, buffers, routers) = of;
        let (first_node, last_node) = (cut.nodes[index], cut.nodes[index + 1]);
        let nodes = (last_node - first_node) as usize;
        let vcs = usize::from(setup.vcs);
        Self {
            setup: setup.clone(),
            first_router: cut.routers[index],
            first_node,
            attachments: fabric.nodes.clone().into(),
            living: health.node.clone().into(),
            buffers: vec![Flit::default(); buffers],
            packets: Packets::default(),
            nodes: (0..nodes).map(|_| NodePort::new(setup.vcs)).collect(),
            node_credits: vec![setup.depth; nodes * vcs],
            node_writes: vec![0; nodes * vcs],
            wheel: Wheel::new(setup.horizon(fabric), routers, nodes),
            calendar: Calendar::default(),
            outboxes: vec![Outbox::default(); cut.regions()],
            incoming: vec![(0, 0); if cut.regions() > 1 { buffers >> setup.ring_shift } else { 0 }],
            candidates: Candidates::default(),
            tally: Tally::new(),
            last_move: 0,
            moved: 0,
        }
    }

    /// The next cycle from `now` on in which anything can happen.
    pub(super) fn next_event(&self, now: u64) -> Option<u64> {
        let (wheel, calendar) = (self.wheel.next(now), self.calendar.next(now));
        wheel.into_iter().chain(calendar).min()
    }
}
