//! Multicast in the cycle engine: laws, loads counted by hand, threads, crowds on broken chips.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::*;
use crate::base::random::{Purpose, Stream};
use crate::fabric::{LinkParams, Topology};
use crate::noc::multicast::Multicast;
use crate::noc::params::{Allocator, Arbiter, Switching};
use crate::noc::route::RoutingSpec;
use crate::noc::source::{Offer, Source};
use crate::noc::timing::Timing;

/// Marks a destination as the number of a tree.
const TREE: u32 = 1 << 31;

/// Packets listed beforehand, each node's in order of creation.
#[derive(Clone, Debug, Default)]
struct Listed(BTreeMap<u32, VecDeque<Offer>>);

impl Listed {
    fn push(&mut self, src: u32, at: u64, dst: u32) {
        self.0.entry(src).or_default().push_back(Offer { at, dst: NodeId(dst), flits: 1, tag: dst });
    }
}

impl Source for Listed {
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        self.0.get_mut(&node.0)?.pop_front()
    }

    fn tree(&self, offer: &Offer) -> Option<u32> {
        (offer.dst.0 & TREE != 0).then_some(offer.dst.0 & !TREE)
    }

    fn split(&mut self, at: NodeId) -> Self {
        Self(self.0.split_off(&at.0))
    }
}

struct Chip {
    fabric: Fabric,
    health: Health,
    routing: Routing,
    params: RouterParams,
}

impl Chip {
    fn new(topology: Topology, routing: &str, dead: &[u32], params: RouterParams) -> Self {
        let fabric = topology.build(&LinkParams::default()).expect("a grid");
        let mut health = Health::perfect(&fabric);
        dead.iter().for_each(|&router| health.kill_router(&fabric, RouterId(router)));
        let spec = RoutingSpec::named(routing).expect("a known name");
        let routing = spec.compile(&fabric, &health, params.vcs, 1).expect("the routing fits");
        Self { fabric, health, routing, params }
    }

    fn mesh(k: u32, params: RouterParams) -> Self {
        Self::new(Topology::Mesh { size: vec![k, k] }, "xy", &[], params)
    }

    fn trees(&self, list: &[Multicast]) -> Arc<TreeTable> {
        let trees = TreeTable::build(&self.fabric, &self.health, &self.routing, list);
        Arc::new(trees.expect("the nodes exist"))
    }

    fn network(&self, threads: usize) -> Network {
        let run = Run { seed: 1, threads };
        let routing = self.routing.clone();
        let mut network =
            Network::new(&self.fabric, &self.health, routing, &self.params, run).expect("valid");
        network.keep_log(true);
        network
    }

    fn run(&self, trees: &Arc<TreeTable>, source: Listed, threads: usize) -> Tally {
        let mut network = self.network(threads);
        network.set_trees(Arc::clone(trees)).expect("few copies");
        let mut parts = network.deal(source);
        assert_eq!(network.run(&mut parts, u64::MAX), Ended::Idle);
        assert_eq!(network.in_flight(), 0);
        let tally = network.tally();
        assert_eq!(tally.created, tally.delivered + tally.refused);
        let copies: u64 = tally.multicast.copies.iter().sum();
        assert_eq!(tally.flits_injected + copies, tally.flits_ejected);
        tally
    }

    fn link_flits(&self, tally: &Tally) -> Vec<u64> {
        let links = self.fabric.links.iter();
        links.map(|link| tally.port_flits[self.fabric.slot(link.from, link.from_port)]).collect()
    }
}

/// `count` multicasts from random nodes to up to `most` random ones.
fn draw_groups(nodes: u32, count: u32, most: u32, id: u32) -> Vec<Multicast> {
    let mut draw = Stream::new(3, Purpose::Workload, id, 0);
    let group = |_| {
        let size = 1 + draw.below(most);
        let src = NodeId(draw.below(nodes));
        let dsts: BTreeSet<u32> = (0..size).map(|_| draw.below(nodes)).collect();
        Multicast { src, dsts: dsts.into_iter().map(NodeId).collect() }
    };
    (0..count).map(group).collect()
}

/// Each tree `rounds` times, at random within `span` cycles, with as many packets to one node between them.
fn draw_traffic(list: &[Multicast], nodes: u32, rounds: u32, span: u32, id: u32) -> Listed {
    let mut draw = Stream::new(4, Purpose::Workload, id, 0);
    let mut packets = Vec::new();
    for _ in 0..rounds {
        for (tree, multicast) in (0u32..).zip(list) {
            packets.push((draw.below(span), multicast.src.0, TREE | tree));
            packets.push((draw.below(span), draw.below(nodes), draw.below(nodes)));
        }
    }
    packets.sort_unstable();
    let mut listed = Listed::default();
    packets.into_iter().for_each(|(at, src, dst)| listed.push(src, at.into(), dst));
    listed
}

fn pipelines() -> Vec<RouterParams> {
    let a = RouterParams::default();
    let d = RouterParams { routing_delay: 0, ..a.clone() };
    let c = RouterParams { speculative: true, ..d.clone() };
    let input_first = Allocator::SeparableInputFirst;
    vec![
        RouterParams { credit_delay: 2, input_speedup: 2, wait_for_tail_credit: true, ..d.clone() },
        RouterParams { piggyback: true, allocator: input_first, ..c.clone() },
        RouterParams { arbiter: Arbiter::Matrix, ..a.clone() },
        RouterParams { arbiter: Arbiter::Matrix, allocator: input_first, ..c.clone() },
        RouterParams { vc_delay: 2, switch_delay: 2, ..c.clone() },
        RouterParams { vc_delay: 4, switch_delay: 2, piggyback: true, ..c.clone() },
        RouterParams { vc_delay: 4, switch_delay: 2, ..c.clone() },
        RouterParams { allocator_iterations: 2, vc_delay: 3, routing_delay: 2, ..a.clone() },
        RouterParams { vcs: 1, buffer_flits: 1, ..a.clone() },
        a,
        c,
        d,
    ]
}

/// A packet and its copies take what each of them would take alone, in every pipeline.
#[test]
fn alone_every_copy_is_as_fast_as_a_packet_of_its_own() {
    for params in pipelines() {
        let chip = Chip::mesh(6, params);
        let list = draw_groups(36, 30, 20, 1);
        let trees = chip.trees(&list);
        let mut listed = Listed::default();
        let timing = Timing::new(&chip.params);
        (0u32..)
            .zip(&list)
            .for_each(|(tree, group)| listed.push(group.src.0, 1_000 * u64::from(tree), TREE | tree));
        let log = chip.run(&trees, listed, 1).log.expect("a log is kept");
        assert_eq!(log.len(), list.iter().map(|group| group.dsts.len()).sum::<usize>());
        for packet in &log {
            let [x, y] = [|node: NodeId| node.0 % 6, |node: NodeId| node.0 / 6];
            let distance = x(packet.src).abs_diff(x(packet.dst)) + y(packet.src).abs_diff(y(packet.dst));
            assert_eq!(u32::from(packet.hops), distance + 1);
            let routers = u64::from(packet.hops);
            let law = 3 + routers * (timing.wait + timing.cross) + routers - 1;
            assert_eq!(packet.tail_ejected - packet.created, law, "{packet:?} {:?}", chip.params);
        }
    }
}

/// Links that the XY routes to some nodes cross, each once: by the definition.
fn links_by_hand(chip: &Chip, k: u32, group: &Multicast) -> BTreeSet<usize> {
    let mut crossed = BTreeSet::new();
    for dst in &group.dsts {
        let (mut at, to) = ((group.src.0 % k, group.src.0 / k), (dst.0 % k, dst.0 / k));
        while at != to {
            let next = match (at.0.cmp(&to.0), at.1.cmp(&to.1)) {
                (std::cmp::Ordering::Less, _) => (at.0 + 1, at.1),
                (std::cmp::Ordering::Greater, _) => (at.0 - 1, at.1),
                (_, std::cmp::Ordering::Less) => (at.0, at.1 + 1),
                _ => (at.0, at.1 - 1),
            };
            let ends = (RouterId(at.1 * k + at.0), RouterId(next.1 * k + next.0));
            let link = chip.fabric.links.iter().position(|link| (link.from, link.to) == ends);
            crossed.insert(link.expect("neighbours on a mesh are linked"));
            at = next;
        }
    }
    crossed
}

/// In a crowd every link carries each tree that contains it once, whatever waits for whom.
#[test]
fn links_carry_each_tree_once() {
    for params in pipelines() {
        let chip = Chip::mesh(5, params);
        let list = draw_groups(25, 40, 12, 2);
        let mut want = vec![0; chip.fabric.links.len()];
        list.iter()
            .for_each(|group| links_by_hand(&chip, 5, group).iter().for_each(|&link| want[link] += 10));
        let trees = chip.trees(&list);
        let mut listed = draw_traffic(&list, 25, 10, 300, 5);
        listed.0.values_mut().for_each(|offers| offers.retain(|offer| offer.dst.0 & TREE != 0));
        let tally = chip.run(&trees, listed, 1);
        assert_eq!(chip.link_flits(&tally), want, "{:?}", chip.params);
        let reached: usize = list.iter().map(|group| 10 * group.dsts.len()).sum();
        assert_eq!((tally.multicast.packets, tally.multicast.destinations), (400, reached as u64));
        assert_eq!((tally.delivered, tally.refused), (reached as u64, 0));
    }
}

#[test]
fn copies_do_not_depend_on_threads() {
    for params in pipelines() {
        let chip = Chip::mesh(7, params);
        let list = draw_groups(49, 60, 16, 3);
        let trees = chip.trees(&list);
        let listed = draw_traffic(&list, 49, 6, 500, 6);
        let one = chip.run(&trees, listed.clone(), 1);
        for threads in [2, 3] {
            assert!(one == chip.run(&trees, listed.clone(), threads), "{threads} threads: {:?}", chip.params);
        }
    }
}

/// All at once, many times over, with little room and no virtual channels, around random holes.
#[test]
fn a_crowd_on_a_broken_chip_drains() {
    for (map, faults) in (0..12u32).zip([1, 3, 6].into_iter().cycle()) {
        let mut draw = Stream::new(7, Purpose::Faults, map, 0);
        let dead: Vec<u32> = (0..faults).map(|_| draw.below(36)).collect();
        let params = RouterParams { vcs: 1, buffer_flits: 1 + map as u16 % 3, ..RouterParams::default() };
        let chip = Chip::new(Topology::Mesh { size: vec![6, 6] }, "mftn", &dead, params);
        let list = draw_groups(36, 80, 20, map);
        let trees = chip.trees(&list);
        assert!(trees.strays(&chip.fabric, &chip.routing).is_empty());
        let tally = chip.run(&trees, draw_traffic(&list, 36, 8, 50, map), 1);
        let found: u64 = (0..80).filter_map(|tree| trees.tree(tree)).map(|tree| u64::from(tree.links)).sum();
        assert!(tally.delivered > 0 && found > 0);
    }
    // The same on a torus, whose trees part at datelines.
    for vcs in [2, 4] {
        let params = RouterParams { vcs, buffer_flits: 1, ..RouterParams::default() };
        let chip = Chip::new(Topology::Torus { size: vec![5, 5] }, "xy", &[], params);
        let list = draw_groups(25, 80, 24, vcs.into());
        let trees = chip.trees(&list);
        let listed = draw_traffic(&list, 25, 8, 50, 1);
        assert!(chip.run(&trees, listed.clone(), 1) == chip.run(&trees, listed, 3));
    }
}

/// Whoever may send trees but does not is not disturbed.
#[test]
fn packets_to_one_node_go_as_ever() {
    let chip = Chip::mesh(6, RouterParams::default());
    let list = draw_groups(36, 200, 2, 8);
    let mut listed = draw_traffic(&list, 36, 10, 400, 9);
    listed.0.values_mut().for_each(|offers| offers.retain(|offer| offer.dst.0 & TREE == 0));
    let mut network = chip.network(1);
    let mut parts = network.deal(listed.clone());
    assert_eq!(network.run(&mut parts, u64::MAX), Ended::Idle);
    let mut with_trees = chip.run(&chip.trees(&list), listed, 1);
    with_trees.multicast.copies.clear();
    assert!(network.tally() == with_trees);
}

/// What cannot be copied is refused and counted: long packets, trees of others, trees that there are not.
#[test]
fn what_is_no_multicast_is_refused() {
    let chip = Chip::new(Topology::Mesh { size: vec![4, 4] }, "mftn", &[5], RouterParams::default());
    let group =
        |src, dsts: &[u32]| Multicast { src: NodeId(src), dsts: dsts.iter().copied().map(NodeId).collect() };
    let trees = chip.trees(&[group(0, &[1, 5, 9]), group(5, &[1, 2])]);
    let mut listed = Listed::default();
    listed.push(0, 0, TREE);
    listed.push(0, 10, TREE | 1);
    listed.push(0, 20, TREE | 7);
    listed.push(5, 0, TREE | 1);
    let long = Offer { at: 30, dst: NodeId(TREE), flits: 2, tag: 0 };
    listed.0.entry(0).or_default().push_back(long);
    let tally = chip.run(&trees, listed, 1);
    assert_eq!((tally.delivered, tally.created), (2, 3 + 1 + 1 + 2 + 3));
    assert_eq!((tally.multicast.packets, tally.multicast.destinations), (5, tally.created));
}

/// Packets of one to three flits between random nodes, at random within `span` cycles.
fn draw_packets(nodes: u32, count: u32, span: u32) -> Listed {
    let mut draw = Stream::new(5, Purpose::Workload, count, span.into());
    let mut packets = Vec::new();
    packets.resize_with(count as usize, || {
        let at = draw.below(span);
        (at, draw.below(nodes), draw.below(nodes), 1 + draw.below(6).saturating_sub(3) as u16)
    });
    packets.sort_unstable();
    let mut listed = Listed::default();
    for (at, src, dst, flits) in packets {
        let offer = Offer { at: at.into(), dst: NodeId(dst), flits, tag: dst };
        listed.0.entry(src).or_default().push_back(offer);
    }
    listed
}

/// Heads that pass a router undisturbed are counted and timed as if they had asked like any other: at any time the same
/// has happened as in a network in which all of them have to ask after all. Where one line of the rules that say who is
/// undisturbed is left out, this fails.
#[test]
fn who_passes_undisturbed_is_as_fast_as_who_asks() {
    let with = |vcs: u8, buffer_flits: u16| RouterParams { vcs, buffer_flits, ..RouterParams::default() };
    let slow = RouterParams { credit_delay: 3, traversal_delay: 2, ..RouterParams::default() };
    let mesh = || Topology::Mesh { size: vec![6, 6] };
    for (chip, packets) in [
        (Chip::mesh(6, with(4, 8)), 400),
        (Chip::mesh(6, with(4, 8)), 2500),
        (Chip::mesh(6, with(1, 2)), 400),
        (Chip::mesh(6, with(2, 1)), 2500),
        (Chip::mesh(6, slow), 2000),
        (Chip::new(mesh(), "odd-even", &[], with(3, 4)), 2000),
        (Chip::new(mesh(), "mftn", &[14, 22], with(1, 4)), 1500),
    ] {
        let mut networks = [chip.network(1), chip.network(1)];
        let mut sources = [(); 2].map(|()| draw_packets(36, packets, 1500));
        let mut noted = 0;
        for cycle in 1..2500 {
            for (network, source) in networks.iter_mut().zip(&mut sources) {
                network.run(std::slice::from_mut(source), cycle);
            }
            // Whatever happened before, the rules are asked of every head.
            for network in &mut networks {
                with_regions!(&mut network.regions, regions => {
                    regions[0].boards.iter_mut().for_each(|board| board.luck = 100);
                });
            }
            noted += with_regions!(&networks[0].regions, regions => regions[0].early_grants(cycle));
            with_regions!(&mut networks[1].regions, regions => regions[0].recall(cycle));
            if cycle % 7 == 0 {
                let [free, recalled] = networks.each_ref().map(Network::tally);
                assert_eq!(free, recalled, "{packets} packets, in cycle {cycle}");
            }
        }
        let tally = networks[0].tally();
        assert_eq!((networks[0].in_flight(), tally.delivered + tally.refused), (0, packets.into()));
        assert!(noted > u64::from(packets), "{noted} noted of {packets} packets");
    }
}

/// A piggybacked head takes a channel only with room for its packet, if switching is to be virtual cut-through.
#[test]
fn piggybacked_heads_keep_to_virtual_cut_through() {
    let latency = |switching| {
        let params = RouterParams {
            speculative: true,
            piggyback: true,
            switching,
            vcs: 2,
            buffer_flits: 3,
            ..RouterParams::default()
        };
        let chip = Chip::mesh(4, params);
        let mut network = chip.network(1);
        assert_eq!(network.run(&mut [draw_packets(16, 3000, 1500)], 100_000), Ended::Idle);
        network.tally().packet_latency.mean().expect("packets were delivered")
    };
    let (wormhole, whole) = (latency(Switching::Wormhole), latency(Switching::VirtualCutThrough));
    assert!(wormhole != whole, "{wormhole}");
}
