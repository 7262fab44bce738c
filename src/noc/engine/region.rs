//! A stripe of routers with their nodes; one thread owns it.

use std::sync::Arc;

use super::calendar::Calendar;
use super::channel::Tables;
use super::node::NodePort;
use super::packet::{Packets, Record, Travel};
use super::setup::{Cut, End, Setup};
use super::speculate::Guesses;
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

/// A stripe of the network. `N` is the most virtual channels and `P` the most ports that a router of
/// this size class can have.
#[derive(Clone, Debug)]
pub(super) struct Region<const N: usize, const P: usize> {
    pub setup: Setup,
    pub first_router: u32,
    pub first_node: u32,
    /// Where each node of the whole fabric hangs, and whether its core works.
    pub attachments: Arc<[Attachment]>,
    pub living: Arc<[bool]>,
    pub tables: Tables<N, P>,
    /// A ring of slots per input VC; [`Tables::buffers`] says where each router's begin.
    pub buffers: Vec<Flit>,
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
    /// By router, if switch allocation is speculative.
    pub guesses: Vec<Guesses<N>>,
    pub tally: Tally,
    /// Last cycle before which flits were seen to move, and how many had moved by then.
    pub last_move: u64,
    pub moved: u64,
}

impl<const N: usize, const P: usize> Region<N, P> {
    pub(super) fn new(setup: &Setup, fabric: &Fabric, health: &Health, cut: &Cut, index: usize) -> Self {
        let (first_router, routers) = (cut.routers[index], cut.routers[index]..cut.routers[index + 1]);
        let (first_node, last_node) = (cut.nodes[index], cut.nodes[index + 1]);
        let (nodes, vcs) = ((last_node - first_node) as usize, usize::from(setup.vcs));
        let mut tables = Tables::new(routers.len());
        for router in routers.clone() {
            let (first, end) = (fabric.port_base[router as usize], fabric.port_base[router as usize + 1]);
            let local = (router - first_router) as usize;
            tables.set_up(local, (end - first) as usize, setup);
            for port in 0..(end - first) as u8 {
                let at = &mut tables.ports[local][usize::from(port)];
                at.out = cut.wire(fabric, health, (index, router, port), true, setup);
                at.back = cut.wire(fabric, health, (index, router, port), false, setup);
            }
        }
        let buffers = tables.buffers[routers.len()] as usize;
        let mut region = Self {
            setup: setup.clone(),
            first_router,
            first_node,
            attachments: fabric.nodes.clone().into(),
            living: health.node.clone().into(),
            tables,
            buffers: vec![Flit::default(); buffers],
            packets: Packets::default(),
            nodes: (0..nodes).map(|_| NodePort::new(setup.vcs)).collect(),
            node_credits: vec![setup.depth; nodes * vcs],
            node_writes: vec![0; nodes * vcs],
            wheel: Wheel::new(setup.horizon(fabric)),
            calendar: Calendar::default(),
            outboxes: vec![Outbox::default(); cut.regions()],
            incoming: vec![(0, 0); if cut.regions() > 1 { buffers >> setup.ring_shift } else { 0 }],
            candidates: Candidates::default(),
            guesses: vec![Guesses::default(); if setup.speculative { routers.len() } else { 0 }],
            tally: Tally::new(),
            last_move: 0,
            moved: 0,
        };
        region.join_buffers();
        region.attach_nodes(fabric, health);
        region.stick(fabric, health);
        region
    }

    /// Tells every output VC which buffer of this region it feeds.
    fn join_buffers(&mut self) {
        for (outs, ports) in self.tables.out_vc.iter_mut().zip(&self.tables.ports) {
            for (vc, out) in outs.iter_mut().enumerate().filter(|(_, out)| out.credits > 0) {
                let wire = ports[usize::from(out.port)].out;
                if wire.end == End::Router {
                    let place = wire.place(vc);
                    let offset = (place.vc() << self.setup.ring_shift) as u32;
                    out.dest = self.tables.buffers.get(place.of()).map_or(0, |first| first + offset);
                }
            }
        }
    }

    fn attach_nodes(&mut self, fabric: &Fabric, health: &Health) {
        for (node, port) in self.nodes.iter_mut().enumerate() {
            let node = self.first_node as usize + node;
            let Attachment { router, port: at } = fabric.nodes[node];
            port.router = router.0 - self.first_router;
            port.vc_base = at * self.setup.vcs;
            let offset = u32::from(port.vc_base) << self.setup.ring_shift;
            port.buffers = self.tables.buffers[port.router as usize] + offset;
            port.alive = health.node[node] && health.router[router.index()];
        }
    }

    /// Takes stuck virtual channels out of use.
    fn stick(&mut self, fabric: &Fabric, health: &Health) {
        for &(link, vcs) in &health.stuck_vcs {
            let link = fabric.link(link);
            let stuck = (u64::from(vcs) & self.setup.vc_mask) << (link.from_port * self.setup.vcs);
            let local = link.from.0.wrapping_sub(self.first_router) as usize;
            if let Some(hub) = self.tables.hubs.get_mut(local) {
                hub.free_out &= !stuck;
            }
        }
    }

    /// Asks the source for every node's first packet.
    pub(super) fn start<S: Source>(&mut self, source: &mut S) {
        (0..self.nodes.len()).for_each(|node| self.prime(node, source, 0));
    }

    /// The next cycle from `now` on in which anything can happen.
    pub(super) fn next_event(&self, now: u64) -> Option<u64> {
        let (wheel, calendar) = (self.wheel.next(now), self.calendar.next(now));
        wheel.into_iter().chain(calendar).min()
    }

    /// What has been counted, the flits of each port included (in the order of the fabric's table).
    pub(super) fn tally(&self) -> Tally {
        let mut tally = self.tally.clone();
        let per_port = u32::from(self.setup.vcs) << self.setup.ring_shift;
        for (ports, range) in self.tables.ports.iter().zip(self.tables.buffers.windows(2)) {
            let count = ((range[1] - range[0]) / per_port) as usize;
            tally.port_flits.extend(ports[..count].iter().map(|port| port.flits));
        }
        tally
    }

    /// Remembers `now` as the time of the last movement if flits have moved since the last call.
    pub(super) fn note_movement(&mut self, now: u64) {
        let sent: u64 = self.tables.ports.iter().flatten().map(|port| port.flits).sum();
        let moved = self.tally.flits_injected + sent;
        if std::mem::replace(&mut self.moved, moved) != moved || self.packets.len() == 0 {
            self.last_move = now;
        }
    }
}
