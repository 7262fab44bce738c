//! Everything about a network that does not change while it runs, laid out for the cycle loop.

use super::router::{BLOCK, Ring};
use super::wheel::Place;
use crate::base::{Problem, Problems, RouterId};
use crate::fabric::{Fabric, Health, Link};
use crate::noc::params::{Allocator, Arbiter, RouterKind, RouterParams, Switching};
use crate::noc::timing::vc_time;

/// Most input virtual channels a router can have: one bit each in a machine word.
pub const MAX_ROUTER_VCS: usize = 64;

/// Latency of the channels between a node and its router [cycles].
pub(super) const NODE_CHANNEL: u16 = 1;

/// What a port leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing: an unused or dead port.
    #[default]
    Nowhere,
    /// A router of this region.
    Router,
    /// A router of another region.
    Elsewhere,
    /// A node of this region.
    Node,
}

/// What happens to a flit that leaves by an output port, or to a credit that leaves by an input port.
/// Numbers are local to the region of the far end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wire {
    /// The place at the far end, less the virtual-channel index at the near end.
    base: u32,
    /// From the switch grant to the arrival [cycles].
    pub delay: u16,
    /// Cycles that a flit occupies the wire.
    pub interval: u16,
    /// Region of the far end.
    pub region: u16,
    /// What is there.
    pub end: End,
    /// A router of the same block is there, and flits reach it in the usual time ([`Setup::near_delay`]).
    pub near: bool,
}

impl Wire {
    /// The place that virtual channel `vc` (port · VCs + VC at the near end) leads to.
    #[inline(always)]
    pub(super) fn place(self, vc: usize) -> Place {
        Place(self.base.wrapping_add(vc as u32))
    }
}

/// Parameters of the cycle loop.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub vcs: u8,
    /// Mask of the virtual channels of one port.
    pub vc_mask: u64,
    pub depth: u16,
    /// Buffer slots per virtual channel: 2 to this power.
    ring_shift: u32,
    pub routing_delay: u64,
    /// From the cycle in which a channel is granted to that in which a head bids for the switch; in speculative
    /// routers one cycle more.
    pub vc_delay: u64,
    /// From the switch grant to the moment the flit is on the wire.
    pub flit_delay: u64,
    /// From the switch grant to the arrival over the shortest link.
    pub near_delay: u64,
    /// From the switch grant to the moment the credit is on the wire.
    pub credit_send: u64,
    pub credit_delay: u64,
    pub speculative: bool,
    pub piggyback: bool,
    pub allocator: Allocator,
    pub iterations: u8,
    pub speedup: u8,
    /// Arbiters are matrices instead of pointers.
    pub matrix: bool,
    pub wait_for_tail_credit: bool,
    pub cut_through: bool,
    pub narrow_links: bool,
    /// Switch allocation is iSLIP with one iteration, round-robin arbiters and one switch input per port.
    pub simple_switch: bool,
    /// What a switch input's number is multiplied with in [`Port::grant`](super::router::Port).
    pub grant_scale: u8,
    /// Cycles that the timing wheel covers: 2 to this power.
    pub horizon_shift: u32,
    /// Input VCs of the largest router.
    pub channels: usize,
    /// Ports of the largest router.
    pub ports: usize,
    /// Nodes may have no room for what has arrived.
    pub paced: bool,
    /// See [`Setup::is_plain`].
    plain: bool,
    pub seed: u64,
    /// Port of each virtual-channel index.
    pub port_of: [u8; MAX_ROUTER_VCS],
    /// Switch input of each: VCs are interleaved over the inputs of their port.
    lane_of: [u8; MAX_ROUTER_VCS],
    /// By switch input: its input VCs.
    vcs_of: [u64; MAX_ROUTER_VCS],
}

impl Setup {
    pub(super) fn new(params: &RouterParams, fabric: &Fabric, seed: u64) -> Result<Self, Problems> {
        params.validate()?;
        refuse_unbuilt(params)?;
        let vcs = params.vcs;
        let needed = input_vcs(vcs, fabric)?;
        let port_of: [u8; MAX_ROUTER_VCS] = std::array::from_fn(|vc| (vc / usize::from(vcs)) as u8);
        let (lane_of, vcs_of) = lanes(&port_of[..needed], params);
        let switch = u64::from(params.switch_delay) - 1;
        let flit_delay = switch + u64::from(params.traversal_delay) + 1;
        let matrix = params.arbiter == Arbiter::Matrix;
        let simple_switch = params.allocator != Allocator::SeparableInputFirst
            && !matrix
            && params.allocator_iterations == 1
            && params.input_speedup == 1;
        let mut setup = Self {
            vcs,
            vc_mask: u64::MAX >> (64 - u32::from(vcs)),
            depth: params.buffer_flits,
            ring_shift: params.buffer_flits.next_power_of_two().trailing_zeros(),
            routing_delay: params.routing_delay.into(),
            vc_delay: vc_time(params) + u64::from(params.speculative),
            flit_delay,
            near_delay: flit_delay + u64::from(shortest_link(fabric)),
            credit_send: switch + 1,
            credit_delay: params.credit_delay.into(),
            speculative: params.speculative,
            piggyback: params.piggyback,
            allocator: params.allocator,
            iterations: params.allocator_iterations,
            speedup: params.input_speedup,
            matrix,
            wait_for_tail_credit: params.wait_for_tail_credit,
            cut_through: params.switching == Switching::VirtualCutThrough,
            narrow_links: fabric.links.iter().any(|link| link.interval > 1),
            simple_switch,
            grant_scale: if params.input_speedup == 1 { vcs } else { 1 },
            horizon_shift: 0,
            channels: needed,
            ports: needed / usize::from(vcs),
            paced: false,
            plain: false,
            seed,
            port_of,
            lane_of,
            vcs_of,
        };
        setup.plain = setup.has_no_extras();
        setup.horizon_shift = setup.horizon(fabric).next_power_of_two().trailing_zeros();
        Ok(setup)
    }

    /// The slots of an input VC in the buffers of its router's block or region, in which the router has this number.
    #[inline(always)]
    pub(super) fn ring(&self, router: usize, vc: usize) -> Ring {
        let mask = (1 << self.ring_shift) - 1;
        Ring { first: (router * self.channels + vc) << self.ring_shift, mask }
    }

    /// Slots of a router.
    pub(super) fn slots(&self) -> usize {
        self.channels << self.ring_shift
    }

    /// The switch input that an input VC uses.
    #[inline(always)]
    pub(super) fn lane(&self, vc: usize) -> usize {
        self.lane_of[vc & 63].into()
    }

    /// The input VCs of a switch input.
    #[inline(always)]
    pub(super) fn lane_vcs(&self, lane: usize) -> u64 {
        self.vcs_of[lane & 63]
    }

    /// The VC in turn after `vc` at its switch input.
    #[inline(always)]
    pub(super) fn vc_after(&self, vc: usize, lane: usize) -> u8 {
        if self.speedup == 1 {
            return vc as u8 + 1;
        }
        let first = lane as u8 / self.speedup * self.vcs;
        first + (vc as u8 - first + self.speedup) % self.vcs
    }

    /// From the moment that a node reads a flit until its credit is back at the router: it takes the node channel [cycles].
    #[inline(always)]
    pub(super) fn node_credit(&self) -> u64 {
        u64::from(NODE_CHANNEL) + 1 + self.credit_delay
    }

    /// Whether this is the common router: one cycle per stage, one iteration, no speculation, no
    /// option that needs state of its own.
    #[inline(always)]
    pub(super) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Nodes may have no room for what has arrived from now on: the common router need not ask.
    pub(super) fn pace(&mut self) {
        (self.plain, self.paced) = (false, true);
    }

    /// Heads take a channel only if there is room for their whole packet behind it, or none of another packet: until
    /// then they can turn to an escape channel. One that had settled for a channel behind another packet could not, and
    /// packets could wait for each other in a circle (Ma, Enright Jerger & Wang, whole packet forwarding, HPCA 2012,
    /// doi 10.1109/HPCA.2012.6169049).
    pub(super) fn keep_escapes_open(&mut self) {
        (self.plain, self.cut_through) = (false, true);
    }

    /// Packets may have to be copied, which the common router and the simple switch do not do.
    pub(super) fn copy_packets(&mut self) {
        (self.plain, self.simple_switch) = (false, false);
    }

    fn has_no_extras(&self) -> bool {
        let stages = self.routing_delay == 1 && self.vc_delay == 1;
        let options = self.wait_for_tail_credit || self.cut_through || self.narrow_links;
        stages && self.simple_switch && !self.speculative && !options
    }

    /// The shortest time in which anything reaches another router or node [cycles].
    pub(super) fn lookahead(&self, fabric: &Fabric) -> u64 {
        let shortest = u64::from(shortest_link(fabric).min(NODE_CHANNEL));
        // An injected flit needs one cycle on its channel and is seen in the next one.
        (shortest + self.flit_delay.min(self.credit_send)).min(u64::from(NODE_CHANNEL) + 1)
    }

    /// Allows for flits that are up to `longer` cycles late and block their port.
    pub(super) fn allow(&mut self, longer: u64) {
        let cycles = (1 << self.horizon_shift) + longer as usize;
        self.horizon_shift = cycles.next_power_of_two().trailing_zeros();
        self.plain = false;
    }

    /// The longest time anything spends in the wheel, into which blocks and nodes put things up to a
    /// [lookahead](Setup::lookahead) before others take theirs out.
    fn horizon(&self, fabric: &Fabric) -> u64 {
        let longest = |time: fn(&Link) -> u64| fabric.links.iter().map(time).max().unwrap_or(1);
        let flits = self.flit_delay + longest(|link| u64::from(link.latency) + u64::from(link.interval));
        let credits = self.credit_send + longest(|link| link.latency.into()) + self.credit_delay;
        let nodes = self.flit_delay + u64::from(NODE_CHANNEL) + self.node_credit();
        let stages = self.routing_delay.max(self.vc_delay).max(2);
        flits.max(credits).max(nodes).max(stages) + self.lookahead(fabric)
    }
}

/// Input VCs of the largest router.
fn input_vcs(vcs: u8, fabric: &Fabric) -> Result<usize, Problems> {
    let widest = (0..fabric.routers.len()).map(|r| fabric.port_base[r + 1] - fabric.port_base[r]).max();
    let needed = widest.unwrap_or(0) as usize * usize::from(vcs);
    if needed > MAX_ROUTER_VCS {
        let ports = widest.unwrap_or(1).max(1) as usize;
        return Err(Problem::new(
            "vcs",
            format!("a router with {ports} ports and {vcs} VCs has {needed} buffers"),
        )
        .allowed(format!(
            "at most {MAX_ROUTER_VCS} buffers: up to {} VCs on this topology",
            MAX_ROUTER_VCS / ports
        ))
        .into());
    }
    Ok(needed)
}

/// Latency of the shortest link [cycles].
fn shortest_link(fabric: &Fabric) -> u16 {
    fabric.links.iter().map(|link| link.latency).min().unwrap_or(1)
}

/// The switch input of each input VC, and the input VCs of each switch input.
fn lanes(port_of: &[u8], params: &RouterParams) -> ([u8; MAX_ROUTER_VCS], [u64; MAX_ROUTER_VCS]) {
    let (mut lane_of, mut vcs_of) = ([0; MAX_ROUTER_VCS], [0; MAX_ROUTER_VCS]);
    for (vc, &port) in port_of.iter().enumerate() {
        let lane = port * params.input_speedup + (vc as u8 - port * params.vcs) % params.input_speedup;
        lane_of[vc] = lane;
        vcs_of[usize::from(lane)] |= 1 << vc;
    }
    (lane_of, vcs_of)
}

/// Refuses what a chip file can say but this engine cannot simulate.
fn refuse_unbuilt(params: &RouterParams) -> Result<(), Problems> {
    let mut problems = Problems::new();
    if params.kind == RouterKind::Deflection {
        let message = "bufferless routers are not simulated yet";
        problems.push(Problem::new("kind", message).allowed("input-queued"));
    }
    problems.into_result(())
}

/// How routers are dealt out to regions: contiguous ranges of router numbers (stripes of a mesh)
/// whose nodes have contiguous numbers too.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    /// First router of each region, and the number of routers.
    pub routers: Vec<u32>,
    /// First node of each region, and the number of nodes.
    pub nodes: Vec<u32>,
}

impl Cut {
    /// Cuts into at most `regions` parts of about the same size.
    pub(super) fn new(fabric: &Fabric, regions: usize) -> Self {
        let count = fabric.routers.len();
        // Routers before which all nodes have lower numbers than all nodes from there on.
        let mut clean = Vec::new();
        let mut nodes_before = 0;
        let mut highest = None;
        for router in 0..count {
            if highest.is_none_or(|highest: u32| highest + 1 == nodes_before) {
                clean.push((router as u32, nodes_before));
            }
            let own = fabric.nodes_of(RouterId::at(router));
            nodes_before += own.len() as u32;
            highest = own.iter().map(|node| node.0).max().max(highest);
        }
        let mut cuts: Vec<(u32, u32)> = (0..regions.clamp(1, count))
            .map(|i| (i * count / regions.clamp(1, count)) as u32)
            .map(|target| clean[clean.partition_point(|&(router, _)| router <= target) - 1])
            .collect();
        cuts.dedup();
        cuts.push((count as u32, fabric.nodes.len() as u32));
        let (routers, nodes) = cuts.into_iter().unzip();
        Self { routers, nodes }
    }

    pub(super) fn regions(&self) -> usize {
        self.routers.len() - 1
    }

    fn region_of(&self, router: u32) -> usize {
        self.routers.partition_point(|&first| first <= router) - 1
    }

    /// Where flits (`outward`) or credits leave for by a port. `near` is (region, router, port).
    pub(super) fn wire(
        &self,
        fabric: &Fabric,
        health: &Health,
        near: (usize, u32, u8),
        outward: bool,
        setup: &Setup,
    ) -> Wire {
        let (region, router, port) = near;
        let pipeline = if outward { setup.flit_delay } else { setup.credit_send } as u16;
        let near_vc = u32::from(port * setup.vcs);
        if let Some(node) = fabric.node_at(RouterId(router), port) {
            let base = Place::new((node.0 - self.nodes[region]) as usize, 0).0.wrapping_sub(near_vc);
            let delay = NODE_CHANNEL + pipeline;
            let region = region as u16;
            return Wire { base, delay, interval: 1, region, end: End::Node, near: false };
        }
        let link =
            if outward { fabric.out(RouterId(router), port) } else { fabric.into(RouterId(router), port) };
        let Some(link) = link.filter(|link| health.link[link.index()]) else { return Wire::default() };
        let link = fabric.link(link);
        let (far, far_port) = if outward { (link.to, link.to_port) } else { (link.from, link.from_port) };
        let there = self.region_of(far.0);
        let place = Place::new((far.0 - self.routers[there]) as usize, usize::from(far_port * setup.vcs));
        // A narrow wire delivers the last phit `interval - 1` cycles after the first.
        let extra = if outward { link.interval - 1 } else { setup.credit_delay as u16 };
        let delay = link.latency + pipeline + extra;
        let own_block = (router - self.routers[region]) as usize / BLOCK;
        Wire {
            base: place.0.wrapping_sub(near_vc),
            delay,
            interval: link.interval,
            region: there as u16,
            end: if there == region { End::Router } else { End::Elsewhere },
            near: there == region
                && place.block() == own_block
                && (!outward || u64::from(delay) == setup.near_delay),
        }
    }
}
