//! Bufferless routers: closed forms, books that balance, broken meshes, and what they refuse.

use std::collections::{BTreeMap, VecDeque};

use crate::sources::{Bernoulli, Dialogue, Listed, Pattern};
use spikeloom::base::{LinkId, NodeId, RouterId};
use spikeloom::fabric::{Fabric, Health, LinkParams, Topology};
use spikeloom::noc::certify::{Certificate, Question, certify};
use spikeloom::noc::deflection::{Deflection, Deflections};
use spikeloom::noc::engine::{Ended, Run, Tally};
use spikeloom::noc::params::{RouterKind, RouterParams};
use spikeloom::noc::route::RoutingSpec;
use spikeloom::noc::source::{Offer, Source};

const RUN: Run = Run { seed: 5, threads: 1 };

fn mesh(size: &[u32]) -> Fabric {
    Topology::Mesh { size: size.to_vec() }.build(&LinkParams::default()).expect("a mesh")
}

fn params() -> RouterParams {
    RouterParams { kind: RouterKind::Deflection, ..RouterParams::default() }
}

fn network(fabric: &Fabric, health: &Health, routing: &str) -> Deflection {
    let routing = RoutingSpec::named(routing).expect("a known name");
    let routing = routing.compile(fabric, health, 4, 1).expect("the routing fits");
    let mut network = Deflection::new(fabric, health, routing, &params(), RUN).expect("a valid network");
    network.keep_log(true);
    network
}

fn run<S: Source>(fabric: &Fabric, health: &Health, routing: &str, mut source: S) -> (Tally, Deflections) {
    let mut network = network(fabric, health, routing);
    assert_eq!(network.run(&mut source, u64::MAX), Ended::Idle);
    assert_eq!(network.in_flight(), 0);
    (network.tally(), network.deflections())
}

/// Alone: T = 3 + H·R + (H − 1)·L + (n − 1) with R = routing + switch + traversal = 3, L = 1.
#[test]
fn alone_a_packet_takes_what_the_law_says() {
    let fabric = mesh(&[5, 5]);
    let mut listed = Listed::default();
    for pair in 0..625u32 {
        let offer = Offer { at: u64::from(pair) * 100, dst: NodeId(pair % 25), flits: 4, tag: pair };
        listed.push(pair / 25, offer);
    }
    let (tally, counts) = run(&fabric, &Health::perfect(&fabric), "xy", listed);
    let log = tally.log.expect("a log was kept");
    assert_eq!(log.len(), 625);
    for packet in &log {
        let (src, dst) = (packet.tag / 25, packet.tag % 25);
        let distance = (src % 5).abs_diff(dst % 5) + (src / 5).abs_diff(dst / 5);
        assert_eq!(u32::from(packet.hops), distance + 1);
        let law = 3 + 3 * u64::from(packet.hops) + u64::from(distance) + 3;
        assert_eq!(packet.tail_ejected - packet.created, law, "{packet:?}");
        assert_eq!(packet.head_ejected + 3, packet.tail_ejected);
    }
    assert_eq!((counts.deflections, counts.flits, counts.reassembly), (0, 2500, 1));
}

/// A limited stretch of Bernoulli traffic.
struct Stretch(Bernoulli, u64);

impl Source for Stretch {
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        self.0.next(node).filter(|offer| offer.at < self.1)
    }

    fn split(&mut self, at: NodeId) -> Self {
        Self(self.0.split(at), self.1)
    }
}

#[test]
fn every_flit_arrives_under_any_load_and_the_books_balance() {
    let fabric = mesh(&[8, 8]);
    let health = Health::perfect(&fabric);
    for (rate, flits, routing) in
        [(0.05, 1, "xy"), (0.25, 1, "xy"), (0.25, 1, "maze"), (0.9, 1, "xy"), (0.3, 5, "west-first")]
    {
        let source = Stretch(Bernoulli::new(Pattern::Uniform, rate, flits, 64, 3), 1500);
        let (tally, counts) = run(&fabric, &health, routing, source);
        assert_eq!(tally.created, tally.delivered);
        assert_eq!((tally.refused, tally.losses.total()), (0, 0));
        assert_eq!(tally.flits_injected, tally.flits_ejected);
        assert_eq!(counts.flits, tally.flits_ejected);
        // Every hop beyond the way there and back is a deflection or makes up for one.
        let log = tally.log.expect("a log was kept");
        let ways: u64 = log
            .iter()
            .map(|packet| {
                let ([ax, ay], [bx, by]) = (xy(packet.src), xy(packet.dst));
                u64::from(packet.flits) * u64::from(ax.abs_diff(bx) + ay.abs_diff(by) + 1)
            })
            .sum();
        let hops: u64 = tally.port_flits.iter().sum();
        assert!(hops >= ways && hops <= ways + 2 * counts.deflections, "{hops} {ways} {counts:?}");
    }
}

/// A packet of one flit: creation, source, destination; and the hops it has made.
type Walker = ([u64; 3], u64);

/// The neighbour east, west, north and south (ports 0 to 3) on an 8 × 8 mesh.
fn beside(at: u64, port: u64) -> Option<u64> {
    match port {
        0 if at % 8 < 7 => Some(at + 1),
        1 if !at.is_multiple_of(8) => Some(at - 1),
        2 if at / 8 < 7 => Some(at + 8),
        3 if at / 8 > 0 => Some(at - 8),
        _ => None,
    }
}

/// The port that XY takes; 4 is the node's.
fn xy_port(at: u64, dst: u64) -> u64 {
    let ((x, y), (to_x, to_y)) = ((at % 8, at / 8), (dst % 8, dst / 8));
    match () {
        () if to_x > x => 0,
        () if to_x < x => 1,
        () if to_y > y => 2,
        () if to_y < y => 3,
        () => 4,
    }
}

/// An 8 × 8 mesh of bufferless routers with XY, written down as plainly as can be: a clock, a list of flits for each
/// router and cycle, a queue for each node. Returns the deflections and, by creation and source, the hops.
fn naive(packets: &[[u64; 3]]) -> (u64, Vec<Walker>) {
    let mut coming: BTreeMap<u64, BTreeMap<u64, Vec<Walker>>> = BTreeMap::new();
    let mut queues = vec![VecDeque::new(); 64];
    let (mut deflections, mut arrived, mut now) = (0, Vec::new(), 0);
    while arrived.len() < packets.len() {
        // A packet takes a cycle to be made and one to get to its router.
        let new = packets.iter().filter(|packet| packet[0] + 2 == now);
        new.for_each(|packet| queues[packet[1] as usize].push_back((*packet, 0)));
        let mut here = coming.remove(&now).unwrap_or_default();
        for at in 0..64u64 {
            let mut ports: Vec<u64> = (0..4).filter(|&port| beside(at, port).is_some()).chain([4]).collect();
            let mut step = |(packet, hops): Walker, ports: &mut Vec<u64>| {
                let wanted = xy_port(at, packet[2]);
                let taken = if ports.contains(&wanted) {
                    wanted
                } else {
                    deflections += 1;
                    let others = || ports.iter().copied().filter(|&port| port < 4);
                    let next = others().find(|&port| port >= (now + at) % 4);
                    next.or_else(|| others().next()).expect("a way out")
                };
                ports.retain(|&port| port != taken);
                match beside(at, taken) {
                    // Three cycles in the router and one on the link.
                    Some(to) => {
                        coming.entry(now + 4).or_default().entry(to).or_default().push((packet, hops + 1));
                    }
                    None => arrived.push((packet, hops + 1)),
                }
            };
            let mut flits = here.remove(&at).unwrap_or_default();
            flits.sort_unstable();
            flits.into_iter().for_each(|flit| step(flit, &mut ports));
            let queue = &mut queues[at as usize];
            let goes = |&(packet, _): &Walker| {
                ports.iter().any(|&port| port < 4) || packet[2] == at && ports.contains(&4)
            };
            if let Some(flit) = queue.front().copied().filter(goes) {
                queue.pop_front();
                step(flit, &mut ports);
            }
        }
        now += 1;
    }
    arrived.sort_unstable();
    (deflections, arrived)
}

#[test]
fn every_flit_goes_the_way_of_a_naive_model() {
    let fabric = mesh(&[8, 8]);
    for (rate, seed) in [(0.05, 1), (0.05, 2), (0.25, 3), (0.9, 4)] {
        let source = Stretch(Bernoulli::new(Pattern::Uniform, rate, 1, 64, seed), 400);
        let (tally, counts) = run(&fabric, &Health::perfect(&fabric), "xy", source);
        let log = tally.log.expect("a log was kept");
        let mut ways: Vec<Walker> = log
            .iter()
            .map(|packet| ([packet.created, packet.src.0.into(), packet.dst.0.into()], packet.hops.into()))
            .collect();
        ways.sort_unstable();
        let packets: Vec<[u64; 3]> = ways.iter().map(|way| way.0).collect();
        let (deflections, naive_ways) = naive(&packets);
        assert!(counts.deflections > 50, "{rate}: {counts:?}");
        assert_eq!(counts.deflections, deflections, "{rate}");
        assert!(ways == naive_ways, "{rate}");
    }
}

fn xy(node: NodeId) -> [u32; 2] {
    [node.0 % 8, node.0 / 8]
}

#[test]
fn broken_meshes_are_served_by_maze_and_tables() {
    let fabric = mesh(&[8, 8]);
    let mut health = Health::perfect(&fabric);
    for router in [9, 10, 17, 18, 36, 44] {
        health.kill_router(&fabric, RouterId(router));
    }
    for routing in ["maze", "mftn", "corner"] {
        let source = Stretch(Bernoulli::new(Pattern::Uniform, 0.15, 1, 64, 3), 1500);
        let (tally, counts) = run(&fabric, &health, routing, source);
        assert_eq!(tally.created, tally.delivered + tally.refused, "{routing}");
        assert!(tally.refused > 0 && tally.delivered > 10_000 && counts.deflections > 0, "{routing}");
        assert_eq!(tally.losses.total(), 0);
    }
}

/// The certificate for bufferless routers, with the name of a routing function.
fn certificate(fabric: &Fabric, health: &Health, name: &str) -> Certificate {
    let routing = RoutingSpec::named(name).expect("a known name");
    let routing = &routing.compile(fabric, health, 4, 1).expect("the routing fits");
    certify(&Question { fabric, health, routing, vcs: 4, router: RouterKind::Deflection })
}

/// A flit that is deflected to where its routing function leads no further finds home; with one direction of a wire
/// broken neither is used, and who is cut off thereby is refused.
#[test]
fn deflected_flits_arrive_whatever_is_broken() {
    let fabric = mesh(&[8, 8]);
    let one_router = |router: u32| {
        let mut health = Health::perfect(&fabric);
        health.kill_router(&fabric, RouterId(router));
        health
    };
    let mut one_way = Health::perfect(&fabric);
    fabric.links_from(RouterId(9)).take(2).for_each(|link| one_way.kill_link(link));
    // Node 0 receives by two wires, but sends by none.
    fabric.links_from(RouterId(0)).for_each(|link| one_way.kill_link(link));
    let routings = [
        "xy",
        "yx",
        "romm",
        "valiant",
        "o1turn",
        "north-last",
        "odd-even",
        "minimal-adaptive",
        "up-down",
        "maze",
    ];
    for health in [one_router(9), one_router(36), one_way] {
        for routing in routings {
            let certificate = certificate(&fabric, &health, routing);
            assert!(certificate.livelock_free && certificate.deadlock_free, "{routing}");
            for (rate, flits) in [(0.05, 1), (0.3, 2)] {
                let source = Stretch(Bernoulli::new(Pattern::Uniform, rate, flits, 64, 3), 600);
                let (tally, counts) = run(&fabric, &health, routing, source);
                assert_eq!(tally.created, tally.delivered + tally.refused, "{routing}");
                assert!(tally.delivered > 500 && counts.deflections > 0, "{routing}: {counts:?}");
                assert_eq!(tally.losses.total(), 0);
                let served = tally.delivered as f64 / tally.created as f64;
                let healthy = health.node.iter().filter(|&&works| works).count() as f64;
                let share = certificate.delivered_share * healthy * (healthy - 1.0) / (64.0 * 63.0);
                assert!(tally.created < 1000 || (served - share).abs() < 0.06, "{routing}: {served} {share}");
            }
        }
    }
}

#[test]
fn closed_loops_and_trees_work() {
    let fabric = Topology::Cmesh(
        serde_yaml::from_str("{size: [4, 4], concentration: [2, 2]}").expect("a concentrated mesh"),
    )
    .build(&LinkParams::default())
    .expect("a concentrated mesh");
    let (tally, _) = run(&fabric, &Health::perfect(&fabric), "xy", Dialogue::new(64, 0.02, 5, 1));
    let log = tally.log.expect("a log was kept");
    assert_eq!(2 * log.iter().filter(|packet| packet.tag == 1).count(), log.len());
    let tree = Topology::FatTree(serde_yaml::from_str("{arity: 2, levels: 3}").expect("a tree"))
        .build(&LinkParams::default())
        .expect("a tree");
    let source = Stretch(Bernoulli::new(Pattern::Uniform, 0.3, 1, 8, 3), 1000);
    let (tally, _) = run(&tree, &Health::perfect(&tree), "nca", source);
    assert!(tally.delivered == tally.created && tally.delivered > 1000);
}

#[test]
fn what_cannot_be_built_without_buffers_is_refused() {
    let fabric = mesh(&[4, 4]);
    let routing = || {
        RoutingSpec::default().compile(&fabric, &Health::perfect(&fabric), 4, 1).expect("xy fits any mesh")
    };
    let refusal = |fabric: &Fabric, health: &Health, params: &RouterParams| {
        let refused = Deflection::new(fabric, health, routing(), params, RUN).expect_err("no such network");
        refused.0[0].path.clone()
    };
    let mut stuck = Health::perfect(&fabric);
    stuck.stick_vcs(LinkId(0), 1);
    assert_eq!(refusal(&fabric, &stuck, &params()), "kind");
    let narrow = Topology::Mesh { size: vec![4, 4] }
        .build(&LinkParams { width_bits: Some(8), ..LinkParams::default() })
        .expect("narrow links");
    assert_eq!(refusal(&narrow, &Health::perfect(&narrow), &params()), "kind");
    assert_eq!(refusal(&fabric, &Health::perfect(&fabric), &RouterParams::default()), "kind");
    for (field, wrong) in [
        ("vcs", RouterParams { vcs: 2, ..params() }),
        ("buffer_flits", RouterParams { buffer_flits: 4, ..params() }),
        ("speculative", RouterParams { speculative: true, ..params() }),
    ] {
        assert_eq!(refusal(&fabric, &Health::perfect(&fabric), &wrong), field);
    }
}
