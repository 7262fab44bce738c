//! The state of the network: input buffers, output channels, ports, senders.
//!
//! Channels are numbered over the whole network: port · VCs + VC. The output channels of nodes, which
//! feed the input channels at their ports, follow those of the routers.

use super::calendar::Calendar;
use crate::base::{NodeId, Problem, Problems, RouterId};
use crate::fabric::{Fabric, Health};
use crate::noc::params::{RouterKind, RouterParams, Switching};
use crate::noc::timing::{NODE_CHANNEL, Timing};
use crate::noc::wiring::{Exit, Wiring};

/// No channel, no packet, no node.
pub(super) const NONE: u32 = u32::MAX;

/// A cycle that is not known yet.
pub(super) const UNKNOWN: u64 = u64::MAX;

/// Most channels of a network.
const MAX_CHANNELS: u64 = 1 << 30;

/// The buffer of a virtual channel: a queue of packets that have arrived with their heads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input {
    /// First cycle in which the packet at the front may be routed: the tail before it has left.
    pub free: u64,
    /// First cycle in which the packet at the front may cross; [`UNKNOWN`] until it is looked at.
    pub ready: u64,
    /// First and last packet in the queue.
    pub front: u32,
    pub back: u32,
    /// Output channel that the front packet holds; [`NONE`] if it has none yet.
    pub out: u32,
    /// Place from which its next output channel is looked for: port · VCs + VC within the router.
    pub turn: u32,
    /// Output channel that the front packet waits for, for the watchdog; [`NONE`] if it does not wait.
    pub awaited: u32,
    /// Port that it belongs to.
    pub port: u32,
    /// The channel behind it in the line at a port's output; [`NONE`] if it is the last or stands in none.
    pub next: u32,
    /// An event is noted for the packet at the front, or somebody is to wake it.
    pub armed: bool,
}

impl Input {
    fn new(port: u32) -> Self {
        Self {
            free: 0,
            ready: UNKNOWN,
            front: NONE,
            back: NONE,
            out: NONE,
            turn: 0,
            awaited: NONE,
            port,
            next: NONE,
            armed: false,
        }
    }
}

/// A virtual channel at the near end of a wire, with the credits for the buffer at the far end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    /// First cycle in which another packet's head may cross to it; [`UNKNOWN`] while a packet holds
    /// it, and while the routers wait for a tail's credit.
    pub free: u64,
    /// Flits sent since the start.
    pub sent: u64,
    /// Credits whose time of return is known, the buffer's first ones included: flit number n may be sent if this
    /// is above n.
    pub known: u64,
    /// The input channel that holds it and waits for a credit, or any number where a node does; [`NONE`] if
    /// nobody does.
    pub waiting: u32,
}

/// A port of a router, as an output and as an input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Port {
    pub router: RouterId,
    pub port: u8,
    pub exit: Exit,
    /// From the switch grant to the arrival in the next buffer or at the sink.
    pub flight: u64,
    /// Cycles that a flit occupies the wire out.
    pub interval: u64,
    /// First input channel at the far end, if that is a router.
    pub target: u32,
    /// First output channel that feeds this port's buffers; [`NONE`] if nothing does.
    pub feeder: u32,
    /// From the switch grant of a flit to the moment its slot can be used by the feeder.
    pub credit: u64,
    /// From the grant of a flit here to the moment its slot in the next buffer can be used again at best.
    pub round_trip: u64,
    pub wire: Calendar,
    /// Input channels of the router that wait for a virtual channel of the wire out: the first and the last in line.
    pub line: Line,
}

/// A line of input channels, linked by [`Input::next`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub first: u32,
    pub last: u32,
}

impl Line {
    pub(super) const EMPTY: Self = Self { first: NONE, last: NONE };
}

/// A node as a sender.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender {
    /// Packet that waits to be sent.
    pub parcel: u32,
    /// Virtual channel to be tried first.
    pub turn: u8,
    /// Cycle for which an event is noted; [`UNKNOWN`] if none is.
    pub wake: u64,
    /// First cycle in which the injection channel is free.
    pub free: u64,
    /// First input channel that it feeds.
    pub target: u32,
}

impl Sender {
    pub(super) fn new(target: u32) -> Self {
        Self { parcel: NONE, turn: 0, wake: UNKNOWN, free: 0, target }
    }
}

/// What does not change while the network runs.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub vcs: u32,
    /// Buffer slots of a virtual channel.
    pub depth: u64,
    /// Times of credits that are kept for each output channel: a power of two, no less than the depth.
    pub ring: u64,
    pub timing: Timing,
    pub speedup: u32,
    /// A channel is free for the next packet when the tail's credit has come back.
    pub closing: bool,
    pub cut_through: bool,
    /// One switch input per port, virtual channels in a power of two, no waiting for tail credits: packets of one
    /// flit may take the short way.
    pub plain: bool,
    /// First output channel of the nodes.
    pub node_channels: u32,
}

impl Setup {
    pub(super) fn new(params: &RouterParams, fabric: &Fabric) -> Result<Self, Problems> {
        params.validate()?;
        if params.kind != RouterKind::InputQueued {
            let message = "bufferless routers are simulated cycle by cycle only";
            return Err(Problem::new("kind", message).allowed("fidelity `cycle`").into());
        }
        let (ports, nodes, vcs) = (fabric.out_link.len(), fabric.nodes.len(), u32::from(params.vcs));
        let channels = (ports + nodes) as u64 * u64::from(vcs);
        if channels >= MAX_CHANNELS {
            let message = format!("the network has {channels} virtual channels");
            return Err(Problem::new("vcs", message).allowed(format!("up to {MAX_CHANNELS}")).into());
        }
        Ok(Self {
            vcs,
            depth: params.buffer_flits.into(),
            ring: u64::from(params.buffer_flits).next_power_of_two(),
            timing: Timing::new(params),
            speedup: params.input_speedup.into(),
            closing: params.wait_for_tail_credit,
            cut_through: params.switching == Switching::VirtualCutThrough,
            plain: params.input_speedup == 1 && vcs.is_power_of_two() && !params.wait_for_tail_credit,
            node_channels: ports as u32 * vcs,
        })
    }

    /// Input channels, all empty.
    pub(super) fn inputs(&self) -> Vec<Input> {
        (0..self.node_channels).map(|channel| Input::new(channel / self.vcs)).collect()
    }

    /// Output channels of routers and nodes, all free.
    pub(super) fn outputs(&self, nodes: usize) -> Vec<Output> {
        let channels = self.node_channels as usize + nodes * self.vcs as usize;
        vec![Output { free: 0, sent: 0, known: self.depth, waiting: NONE }; channels]
    }

    /// The ports of `fabric`.
    pub(super) fn ports(&self, fabric: &Fabric, health: &Health, wiring: &Wiring) -> Vec<Port> {
        let routers = (0..fabric.routers.len()).map(RouterId::at);
        let places =
            routers.flat_map(|router| (0..fabric.ports(router)).map(move |port| (router, port as u8)));
        places.map(|(router, port)| self.port(fabric, health, wiring, (router, port))).collect()
    }

    fn port(&self, fabric: &Fabric, health: &Health, wiring: &Wiring, at: (RouterId, u8)) -> Port {
        let (router, port) = at;
        let exit = wiring.exit(wiring.slot(router, port));
        let (distance, interval, target) = match exit {
            Exit::Nowhere => (0, 1, NONE),
            Exit::Node(_) => (NODE_CHANNEL, 1, NONE),
            Exit::Router { router, port, latency, interval } => {
                (u64::from(latency), u64::from(interval), wiring.slot(router, port) as u32 * self.vcs)
            }
        };
        let (feeder, credit) = match (fabric.node_at(router, port), fabric.into(router, port)) {
            (Some(node), _) => (self.node_channel(node), NODE_CHANNEL + self.timing.node_credit),
            (None, Some(link)) if health.link[link.index()] => {
                let link = fabric.link(link);
                let feeder = fabric.slot(link.from, link.from_port) as u32 * self.vcs;
                (feeder, u64::from(link.latency) + self.timing.credit)
            }
            _ => (NONE, 0),
        };
        let flight = self.timing.cross + distance + interval - 1;
        let round_trip = flight + distance + self.timing.credit;
        let wire = Calendar::default();
        let line = Line::EMPTY;
        Port { router, port, exit, flight, interval, target, feeder, credit, round_trip, wire, line }
    }

    /// The first output channel of a node.
    pub(super) fn node_channel(&self, node: NodeId) -> u32 {
        self.node_channels + node.0 * self.vcs
    }

    /// The node whose output channel this is, if it is not a router's.
    #[inline(always)]
    pub(super) fn node_of(&self, out: u32) -> Option<NodeId> {
        (out >= self.node_channels).then(|| NodeId((out - self.node_channels) / self.vcs))
    }

    /// The switch input of an input channel: virtual channels are interleaved over the inputs of their port.
    #[inline(always)]
    pub(super) fn lane(&self, port: u32, vc: u32) -> usize {
        match self.speedup {
            1 => port as usize,
            speedup => (port * speedup + vc % speedup) as usize,
        }
    }
}
