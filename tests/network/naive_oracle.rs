//! The cycle engine against the naive oracle, packet by packet, on random small chips.

use std::sync::Arc;

use crate::oracle::Oracle;
use crate::sources::Listed;
use spikeloom::base::random::{Purpose, Stream};
use spikeloom::base::{NodeId, RouterId};
use spikeloom::fabric::{Fabric, Health, LinkParams, Topology};
use spikeloom::noc::engine::{Ended, Network, PacketRecord, Run};
use spikeloom::noc::multicast::TreeTable;
use spikeloom::noc::params::{Allocator, Arbiter, RouterParams};
use spikeloom::noc::route::{DimensionOrder, Routing};
use spikeloom::noc::source::{Multicast, Offer};

/// A random chip with random traffic.
#[derive(Debug)]
struct Case {
    size: Vec<u32>,
    latency: u16,
    params: RouterParams,
    packets: Vec<PacketRecord>,
}

impl Case {
    fn draw(number: u32) -> Self {
        let mut draw = Stream::new(2024, Purpose::Workload, number, 0);
        let size = vec![2 + draw.below(3), 2 + draw.below(3)];
        // Mostly the stages of one cycle of the reference pipelines.
        let stage = |draw: &mut Stream| 1 + [0, 0, 0, 0, 1, 2][draw.below(6) as usize];
        let params = RouterParams {
            vcs: 1 + draw.below(4) as u8,
            buffer_flits: 1 + draw.below(8) as u16,
            routing_delay: draw.below(2) as u8,
            vc_delay: stage(&mut draw),
            switch_delay: stage(&mut draw),
            traversal_delay: stage(&mut draw),
            credit_delay: draw.below(3) as u8,
            allocator_iterations: 1 + draw.below(2) as u8,
            ..RouterParams::default()
        };
        let packets = draw_packets(&mut draw, size.iter().product());
        Self { size, latency: 1 + draw.below(2) as u16, params, packets }
    }

    fn fabric(&self) -> Fabric {
        let size = self.size.clone();
        let topology = Topology::Mesh { size };
        let link = LinkParams { latency: self.latency, ..LinkParams::default() };
        topology.build(&link).expect("a valid grid")
    }

    /// Where a packet goes next, by looking at the chip: XY.
    fn next(&self, fabric: &Fabric, router: usize, dst: NodeId) -> (usize, u32) {
        let all = (1 << self.params.vcs) - 1;
        let place = fabric.nodes[dst.index()];
        let [here, there] = [RouterId::at(router), place.router]
            .map(|router| fabric.coordinates(router).expect("a grid has coordinates"));
        if here == there {
            return (place.port.into(), all);
        }
        let along = usize::from(here[0] == there[0]);
        (2 * along + usize::from(there[along] < here[along]), all)
    }

    /// Packets of one flit; two of three go to several nodes.
    fn copy_packets(&mut self, draw: &mut Stream) {
        let nodes = self.size.iter().product();
        let spread = |packet: &PacketRecord| {
            let one = PacketRecord { flits: 1, ..*packet };
            let count = [1, 1 + draw.below(4), 1 + draw.below(nodes)][draw.below(3) as usize];
            let mut dsts: Vec<u32> = (0..count).map(|_| draw.below(nodes)).collect();
            dsts.sort_unstable();
            dsts.dedup();
            dsts.into_iter().map(|dst| PacketRecord { dst: NodeId(dst), ..one }).collect::<Vec<_>>()
        };
        self.packets = self.packets.iter().flat_map(spread).collect();
    }

    /// Has `network` send packets of the same tag as one, along trees.
    fn plant(&self, fabric: &Fabric, network: &mut Network, routing: &Routing) -> Listed {
        let (mut list, mut listed) = (Vec::new(), Listed::default());
        for group in self.packets.chunk_by(|a, b| a.tag == b.tag) {
            let PacketRecord { created, src, dst, flits, tag, .. } = group[0];
            let several = group.len() > 1;
            listed.trees.push(several.then_some(list.len() as u32));
            if several {
                list.push(Multicast { src, dsts: group.iter().map(|packet| packet.dst).collect() });
            }
            listed.push(src.0, Offer { at: created, dst, flits, tag });
        }
        if !list.is_empty() {
            let trees = TreeTable::build(fabric, &Health::perfect(fabric), routing, &list);
            network.set_trees(Arc::new(trees.expect("the nodes exist"))).expect("forks are narrow");
        }
        listed
    }

    fn simulate(&self, fabric: &Fabric) -> (Vec<PacketRecord>, Vec<u64>) {
        let wrap = vec![false; self.size.len()];
        let order: Vec<usize> = (0..self.size.len()).collect();
        let routing = DimensionOrder::new(&self.size, &wrap, &order, self.params.vcs);
        let run = Run { seed: 1, threads: 1 };
        let routing = Routing::DimensionOrder(routing);
        let mut network = Network::new(fabric, &Health::perfect(fabric), routing.clone(), &self.params, run)
            .expect("valid parameters");
        network.keep_log(true);
        let listed = self.plant(fabric, &mut network, &routing);
        assert_eq!(network.run(&mut network.deal(listed), u64::MAX), Ended::Idle, "{self:?}");
        let tally = network.tally();
        let mut log = tally.log.expect("a log was kept");
        log.sort_unstable_by_key(|record| (record.tag, record.dst));
        (log, tally.port_flits)
    }

    fn check(&self, number: u32) {
        let fabric = self.fabric();
        let next = |router: usize, dst: NodeId| self.next(&fabric, router, dst);
        let (want, want_flits) = Oracle::new(&self.params, &fabric, &next, self.packets.clone()).run();
        let (found, found_flits) = self.simulate(&fabric);
        let Self { size, latency, params, .. } = self;
        for (found, want) in found.iter().zip(&want) {
            assert_eq!(found, want, "case {number}: size {size:?}, link latency {latency}, {params:?}");
        }
        assert_eq!(found.len(), want.len(), "case {number}");
        assert_eq!(found_flits, want_flits, "case {number}: flits by port");
    }
}

/// Between a few and a few hundred packets, from sparse to far beyond saturation.
fn draw_packets(draw: &mut Stream, nodes: u32) -> Vec<PacketRecord> {
    let (count, longest) = (20 + draw.below(300), 1 + draw.below(5));
    let span = [20, 100, 400, 2_000][draw.below(4) as usize];
    let hot = draw.below(2) == 0;
    let mut starts: Vec<u64> = (0..count).map(|_| draw.below(span).into()).collect();
    starts.sort_unstable();
    let packet = |(tag, created): (usize, u64)| PacketRecord {
        tag: tag as u32,
        src: NodeId(draw.below(nodes)),
        dst: NodeId(if hot && draw.below(2) == 0 { 0 } else { draw.below(nodes) }),
        flits: 1 + draw.below(longest) as u16,
        hops: 0,
        created,
        injected: 0,
        head_ejected: 0,
        tail_ejected: 0,
    };
    starts.into_iter().enumerate().map(packet).collect()
}

/// Every allocator with every arbiter that it can have.
#[test]
fn allocators_and_arbiters_agree_with_the_oracle() {
    let allocators = [Allocator::Islip, Allocator::SeparableOutputFirst, Allocator::SeparableInputFirst];
    let pairs = allocators.into_iter().flat_map(|a| [(a, Arbiter::Matrix), (a, Arbiter::RoundRobin)]);
    for (number, (allocator, arbiter)) in (100..196).zip(pairs.cycle()) {
        let mut case = Case::draw(number);
        (case.params.allocator, case.params.arbiter) = (allocator, arbiter);
        case.check(number);
    }
}

/// Packets along trees among others: every copy, cycle by cycle.
#[test]
fn copies_agree_with_the_oracle() {
    let allocators = [Allocator::Islip, Allocator::SeparableOutputFirst, Allocator::SeparableInputFirst];
    let pairs = allocators.into_iter().flat_map(|a| [(a, Arbiter::Matrix), (a, Arbiter::RoundRobin)]);
    for (number, (allocator, arbiter)) in (200..296).zip(pairs.cycle()) {
        let mut case = Case::draw(number);
        (case.params.allocator, case.params.arbiter) = (allocator, arbiter);
        case.copy_packets(&mut Stream::new(2025, Purpose::Workload, number, 0));
        case.check(number);
    }
}

#[test]
fn random_chips_agree_with_the_oracle() {
    for number in 0..100 {
        Case::draw(number).check(number);
    }
}
