//! Everything about a network that does not change while it runs, laid out for the cycle loop.

use super::wheel::Place;
use crate::base::{Problem, Problems};
use crate::fabric::{Fabric, Health, NO_LINK};
use crate::noc::params::{Allocator, RouterParams, Switching};

/// Most input virtual channels a router can have: one bit each in a machine word.
pub const MAX_ROUTER_VCS: usize = 64;

/// Latency of the channels between a node and its router [cycles].
pub(super) const NODE_CHANNEL: u16 = 1;

/// What a port leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing: an unused or dead port.
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
#[derive(Clone, Copy, Debug)]
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
}

impl Wire {
    /// The place that virtual channel `vc` (port · VCs + VC at the near end) leads to.
    #[inline(always)]
    pub(super) fn place(self, vc: u8) -> Place {
        Place(self.base.wrapping_add(u32::from(vc)))
    }
}

/// Parameters of the cycle loop.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub vcs: u8,
    /// Mask of the virtual channels of one port.
    pub vc_mask: u64,
    pub depth: u16,
    /// Buffer slots per virtual channel, a power of two.
    pub ring: usize,
    pub ring_mask: u16,
    pub routing_delay: u64,
    pub vc_delay: u64,
    /// From the switch grant to the moment the flit is on the wire.
    pub flit_delay: u64,
    /// From the switch grant to the moment the credit is on the wire.
    pub credit_send: u64,
    pub credit_delay: u64,
    pub speculative: bool,
    pub piggyback: bool,
    pub allocator: Allocator,
    pub iterations: u8,
    pub speedup: u8,
    pub wait_for_tail_credit: bool,
    pub cut_through: bool,
    pub narrow_links: bool,
    pub seed: u64,
    /// Port of each virtual-channel index.
    pub port_of: [u8; MAX_ROUTER_VCS],
}

impl Setup {
    pub(super) fn new(params: &RouterParams, fabric: &Fabric, seed: u64) -> Result<Self, Problems> {
        params.validate()?;
        let vcs = params.vcs;
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
        let mut port_of = [0; MAX_ROUTER_VCS];
        port_of.iter_mut().enumerate().for_each(|(i, port)| *port = (i / usize::from(vcs)) as u8);
        let switch = u64::from(params.switch_delay) - 1;
        Ok(Self {
            vcs,
            vc_mask: u64::MAX >> (64 - u32::from(vcs)),
            depth: params.buffer_flits,
            ring: usize::from(params.buffer_flits).next_power_of_two(),
            ring_mask: params.buffer_flits.next_power_of_two() - 1,
            routing_delay: params.routing_delay.into(),
            vc_delay: params.vc_delay.into(),
            flit_delay: switch + u64::from(params.traversal_delay) + 1,
            credit_send: switch + 1,
            credit_delay: params.credit_delay.into(),
            speculative: params.speculative,
            piggyback: params.piggyback,
            allocator: params.allocator,
            iterations: params.allocator_iterations,
            speedup: params.input_speedup,
            wait_for_tail_credit: params.wait_for_tail_credit,
            cut_through: params.switching == Switching::VirtualCutThrough,
            narrow_links: fabric.links.iter().any(|link| link.interval > 1),
            seed,
            port_of,
        })
    }

    /// Whether this is the common router: one cycle per stage, one iteration, no speculation, no
    /// option that needs state of its own.
    pub(super) fn is_plain(&self) -> bool {
        let stages = self.routing_delay == 1 && self.vc_delay == 1 && self.speedup == 1;
        let allocation = self.allocator == Allocator::Islip && self.iterations == 1 && !self.speculative;
        let options = self.wait_for_tail_credit || self.cut_through || self.narrow_links;
        stages && allocation && !options
    }

    /// The longest time anything spends in the wheel.
    pub(super) fn horizon(&self, fabric: &Fabric) -> usize {
        let longest = fabric.links.iter().map(|link| link.latency.max(link.interval)).max().unwrap_or(1);
        let pipeline =
            self.flit_delay + self.credit_send + self.credit_delay + self.routing_delay + self.vc_delay;
        (pipeline + u64::from(longest.max(NODE_CHANNEL)) * 2 + 2) as usize
    }
}

/// How routers are dealt out to regions: contiguous ranges of router numbers (stripes of a mesh).
#[derive(Clone, Debug)]
pub(super) struct Cut {
    /// First router of each region, and the number of routers.
    pub routers: Vec<u32>,
    /// First node of each region, and the number of nodes.
    pub nodes: Vec<u32>,
}

impl Cut {
    pub(super) fn new(fabric: &Fabric, regions: usize) -> Self {
        let count = fabric.routers.len();
        let regions = regions.clamp(1, count);
        let routers: Vec<u32> = (0..=regions).map(|i| (i * count / regions) as u32).collect();
        let node_at =
            |&r: &u32| fabric.routers.get(r as usize).map_or(fabric.nodes.len() as u32, |r| r.first_node.0);
        let nodes = routers.iter().map(node_at).collect();
        Self { routers, nodes }
    }

    pub(super) fn regions(&self) -> usize {
        self.routers.len() - 1
    }

    fn region_of(&self, router: u32) -> usize {
        self.routers.partition_point(|&first| first <= router) - 1
    }

    /// The far ends of the output ports (`outward`) or input ports of all routers of `region`.
    pub(super) fn wires(
        &self,
        fabric: &Fabric,
        health: &Health,
        region: usize,
        outward: bool,
        setup: &Setup,
    ) -> Vec<Wire> {
        let table = if outward { &fabric.out_link } else { &fabric.in_link };
        let mut wires = Vec::new();
        for router in self.routers[region]..self.routers[region + 1] {
            let site = &fabric.routers[router as usize];
            let base = fabric.port_base[router as usize] as usize;
            for port in 0..site.network_ports {
                let link = table[base + usize::from(port)];
                wires.push(self.link_wire(fabric, health, (region, port), link, outward, setup));
            }
            for node in 0..site.nodes {
                let there = site.first_node.0 + u32::from(node) - self.nodes[region];
                let near = (site.network_ports + node) * setup.vcs;
                let base = Place::new(there, 0).0.wrapping_sub(u32::from(near));
                let delay =
                    NODE_CHANNEL + (if outward { setup.flit_delay } else { setup.credit_send }) as u16;
                wires.push(Wire { base, delay, interval: 1, region: region as u16, end: End::Node });
            }
        }
        wires
    }

    fn link_wire(
        &self,
        fabric: &Fabric,
        health: &Health,
        near: (usize, u8),
        link: u32,
        outward: bool,
        setup: &Setup,
    ) -> Wire {
        let (region, near_port) = near;
        if link == NO_LINK || !health.link[link as usize] {
            return Wire { base: 0, delay: 1, interval: 1, region: 0, end: End::Nowhere };
        }
        let link = &fabric.links[link as usize];
        let (router, port) = if outward { (link.to, link.to_port) } else { (link.from, link.from_port) };
        let there = self.region_of(router.0);
        let place = Place::new(router.0 - self.routers[there], port * setup.vcs);
        // A narrow wire delivers the last phit `interval - 1` cycles after the first.
        let flight = link.latency + if outward { link.interval - 1 } else { 0 };
        let pipeline = if outward { setup.flit_delay } else { setup.credit_send + setup.credit_delay };
        Wire {
            base: place.0.wrapping_sub(u32::from(near_port * setup.vcs)),
            delay: flight + pipeline as u16,
            interval: link.interval,
            region: there as u16,
            end: if there == region { End::Router } else { End::Elsewhere },
        }
    }
}
