//! The state of the network: ports, virtual channels on both sides of them, senders.
//!
//! Channels are numbered over the whole network: port slot · VCs + VC. The output channels of nodes,
//! which feed the input channels at their ports, follow those of the routers.

use crate::base::{NodeId, Problem, Problems, RouterId};
use crate::fabric::{Fabric, Health};
use crate::noc::params::{RouterKind, RouterParams, Switching};
use crate::noc::timing::{NODE_CHANNEL, Timing};
use crate::noc::wiring::{Exit, Wiring};

/// No channel, or no node.
pub(super) const NONE: u32 = u32::MAX;

/// A cycle that is not known yet.
pub(super) const UNKNOWN: u64 = u64::MAX;

/// Most cells that a packet is cut into, as long as they fit the buffers.
const CELLS: u16 = 8;

/// Longest cell [flits].
const LONGEST_CELL: u16 = 16;

/// A cell on its way: the slot of its packet, and whether it is the packet's first and last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell(u32);

impl Cell {
    pub(super) fn new(parcel: u32, head: bool, tail: bool) -> Self {
        Self(parcel << 2 | u32::from(head) << 1 | u32::from(tail))
    }

    #[inline(always)]
    pub(super) fn parcel(self) -> u32 {
        self.0 >> 2
    }

    #[inline(always)]
    pub(super) fn is_head(self) -> bool {
        self.0 & 2 != 0
    }

    #[inline(always)]
    pub(super) fn is_tail(self) -> bool {
        self.0 & 1 != 0
    }
}

/// What the front cell of an input channel waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wait {
    /// Nothing: it has not been looked at.
    #[default]
    No,
    /// The cell before it, which will leave at a known time.
    Turn,
    /// An output channel of one of its ports.
    Channel,
    /// Room in the buffer that its output channel feeds.
    Room,
}

/// An input channel: the buffer of a virtual channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input {
    /// First cycle in which a cell may cross after the one before it.
    pub next: u64,
    /// First cycle in which the front cell may cross, once it has been looked at.
    pub ready: u64,
    /// Output channel that its packet holds.
    pub out: u32,
    /// Slot of its port.
    pub port: u32,
    /// Branches of the front packet's tree that have been served, and the last cycle in which one was.
    pub served: u32,
    pub latest: u64,
    /// Cells that have arrived, and the place of the oldest.
    pub cells: u16,
    pub front: u16,
    /// Place of the next cell to be sent here.
    pub write: u16,
    /// Output virtual channel whose turn it is, within a port.
    pub turn: u8,
    pub wait: Wait,
}

impl Input {
    pub(super) fn new(port: u32) -> Self {
        Self {
            next: 0,
            ready: 0,
            out: NONE,
            port,
            served: 0,
            latest: 0,
            cells: 0,
            front: 0,
            write: 0,
            turn: 0,
            wait: Wait::No,
        }
    }
}

/// An output channel: a virtual channel of the buffer that a port or node feeds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    /// First cycle in which another packet may cross to it; [`UNKNOWN`] while a packet holds it.
    pub free_at: u64,
    /// Input channel whose front cell waits for room here.
    pub waiting: u32,
    /// Ring places of the next flit to be sent and of the next to be credited.
    pub sent: u16,
    pub credited: u16,
    /// A tail has left and its credit is awaited before the channel is free.
    pub closing: bool,
}

/// A port, as an output and as an input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Port {
    pub router: RouterId,
    pub port: u8,
    pub exit: Exit,
    /// From the grant to the arrival in the next buffer or at the sink.
    pub flight: u64,
    /// Cycles that a flit occupies the wire out, and the wire in.
    pub interval: u16,
    pub interval_in: u16,
    /// First input channel at the far end, if that is a router.
    pub target: u32,
    /// First output channel that feeds this port's buffers; [`NONE`] if nothing does.
    pub feeder: u32,
    /// From the grant of a flit to the moment its slot can be used by the feeder.
    pub credit: u64,
}

/// A node as a sender.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender {
    /// Packet that is being sent, and its flits still to be sent.
    pub parcel: u32,
    pub left: u16,
    /// Its virtual channel, or that of the last one.
    pub vc: u8,
    pub at_head: bool,
    /// Every virtual channel is full or closing.
    pub waiting: bool,
    /// First cycle in which the injection channel is free.
    pub free: u64,
    /// Cycle for which an event is noted; [`UNKNOWN`] if none is.
    pub wake: u64,
    /// First input channel that it feeds.
    pub target: u32,
}

/// What does not change while the network runs.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub vcs: u32,
    pub depth: u16,
    pub timing: Timing,
    pub speedup: u32,
    pub closing: bool,
    pub cut_through: bool,
    /// First output channel of the nodes.
    pub node_channels: u32,
}

impl Setup {
    pub(super) fn new(params: &RouterParams, fabric: &Fabric) -> Result<Self, Problems> {
        params.validate()?;
        if params.kind != RouterKind::InputQueued {
            return Err(Problem::new("kind", "only the cycle fidelity knows bufferless routers").into());
        }
        let (ports, nodes, vcs) = (fabric.out_link.len(), fabric.nodes.len(), u32::from(params.vcs));
        let channels = (ports + nodes) as u64 * u64::from(vcs);
        if channels >= 1 << 29 {
            let message = format!("the network has {channels} virtual channels");
            return Err(Problem::new("vcs", message).allowed(format!("up to {}", 1 << 29)).into());
        }
        Ok(Self {
            vcs,
            depth: params.buffer_flits,
            timing: Timing::new(params),
            speedup: params.input_speedup.into(),
            closing: params.wait_for_tail_credit,
            cut_through: params.switching == Switching::VirtualCutThrough,
            node_channels: ports as u32 * vcs,
        })
    }

    /// Length of the cells that a packet is cut into [flits].
    #[inline(always)]
    pub(super) fn cell_flits(&self, flits: u16) -> u16 {
        if flits <= CELLS { 1 } else { flits.div_ceil(CELLS).min(self.depth).min(LONGEST_CELL) }
    }

    /// The ports of `fabric`.
    pub(super) fn ports(&self, fabric: &Fabric, health: &Health, wiring: &Wiring) -> Vec<Port> {
        let mut ports = Vec::with_capacity(wiring.ports());
        for router in (0..fabric.routers.len()).map(RouterId::at) {
            for port in 0..fabric.ports(router) as u8 {
                ports.push(self.port(fabric, health, wiring, (router, port)));
            }
        }
        ports
    }

    fn port(&self, fabric: &Fabric, health: &Health, wiring: &Wiring, at: (RouterId, u8)) -> Port {
        let (router, port) = at;
        let exit = wiring.exit(wiring.slot(router, port));
        let (distance, interval, target) = match exit {
            Exit::Nowhere => (0, 1, NONE),
            Exit::Node(_) => (NODE_CHANNEL, 1, NONE),
            Exit::Router { router, port, latency, interval } => {
                (u64::from(latency), interval, wiring.slot(router, port) as u32 * self.vcs)
            }
        };
        let (feeder, credit, interval_in) = match (fabric.node_at(router, port), fabric.into(router, port)) {
            (Some(node), _) => (self.node_channel(node), NODE_CHANNEL + self.timing.node_credit, 1),
            (None, Some(link)) if health.link[link.index()] => {
                let link = fabric.link(link);
                let feeder = fabric.slot(link.from, link.from_port) as u32 * self.vcs;
                (feeder, u64::from(link.latency) + self.timing.credit, link.interval)
            }
            _ => (NONE, 0, 1),
        };
        let flight = self.timing.cross + distance + u64::from(interval - 1);
        Port { router, port, exit, flight, interval, interval_in, target, feeder, credit }
    }

    /// The first output channel of a node.
    pub(super) fn node_channel(&self, node: NodeId) -> u32 {
        self.node_channels + node.0 * self.vcs
    }

    /// The switch input that an input channel uses: channels are interleaved over the inputs of a port.
    #[inline(always)]
    pub(super) fn lane(&self, channel: u32, port: u32) -> usize {
        match self.speedup {
            1 => port as usize,
            speedup => (port * speedup + (channel - port * self.vcs) % speedup) as usize,
        }
    }
}
