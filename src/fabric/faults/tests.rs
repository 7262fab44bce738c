use super::*;
use crate::base::{LinkId, NodeId, RouterId};
use crate::fabric::{Cmesh, FatTree, LinkParams, Topology};

fn mesh(size: &[u32]) -> Fabric {
    Topology::Mesh { size: size.to_vec() }.build(&LinkParams::default()).unwrap()
}

fn map(yaml: &str) -> FaultMap {
    serde_yaml::from_str(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"))
}

fn resolve(fabric: &Fabric, yaml: &str) -> Health {
    map(yaml).resolve(fabric, 1).unwrap_or_else(|problems| panic!("{yaml}: {problems}"))
}

fn refusal(fabric: &Fabric, yaml: &str) -> String {
    map(yaml).resolve(fabric, 1).map(drop).expect_err(yaml).to_string()
}

fn dead<T: Copy>(parts: &[bool], id: impl Fn(usize) -> T) -> Vec<T> {
    (0..parts.len()).filter(|&index| !parts[index]).map(id).collect()
}

fn dead_links(fabric: &Fabric, health: &Health) -> Vec<(u32, u32)> {
    dead(&health.link, LinkId::at).into_iter().map(|l| (fabric.link(l).from.0, fabric.link(l).to.0)).collect()
}

#[test]
fn a_node_takes_its_links_and_cores_along() {
    let fabric = mesh(&[4, 4]);
    for yaml in ["nodes: [[1, 0]]", "routers: [[1, 0]]", "nodes: [1]"] {
        let health = resolve(&fabric, yaml);
        assert_eq!(dead(&health.router, RouterId::at), [RouterId(1)]);
        assert_eq!(dead(&health.node, NodeId::at), [NodeId(1)]);
        assert_eq!(dead_links(&fabric, &health), [(0, 1), (1, 2), (1, 0), (1, 5), (2, 1), (5, 1)]);
    }
}

#[test]
fn cores_links_and_channels_break_alone() {
    let fabric = mesh(&[4, 4]);
    let health = resolve(&fabric, "cores: [[2, 3], 0]");
    assert_eq!(dead(&health.node, NodeId::at), [NodeId(0), NodeId(14)]);
    assert!(health.router.iter().chain(&health.link).all(|&alive| alive));

    let health = resolve(&fabric, "links: [[[0, 0], [1, 0]], {from: [2, 2], to: [2, 1]}, [15, [3, 2]]]");
    assert_eq!(dead_links(&fabric, &health), [(0, 1), (1, 0), (10, 6), (11, 15), (15, 11)]);
    assert!(health.router.iter().chain(&health.node).all(|&alive| alive));

    let health = resolve(
        &fabric,
        "vcs: [{from: [0, 1], to: [0, 0], vcs: [3]}, {from: 0, to: 1, vcs: [0, 31]}, {from: 4, to: 0, vcs: [1]}]",
    );
    let channel = |from: u32, to: u32| fabric.links_between(RouterId(from), RouterId(to)).next().unwrap();
    assert_eq!(health.stuck_vcs, [(channel(0, 1), 1 << 31 | 1), (channel(4, 0), 0b1010)]);
    assert!(!health.is_perfect());
}

#[test]
fn one_of_several_cores_can_die() {
    let cmesh = Cmesh { size: vec![4, 4], concentration: vec![2, 2], express: false };
    let fabric = Topology::Cmesh(cmesh).build(&LinkParams::default()).unwrap();
    let health = resolve(&fabric, "cores: [{at: [1, 0], core: 2}, {at: [0, 0]}]");
    assert_eq!(dead(&health.node, NodeId::at), [0, 1, 8, 9, 10].map(NodeId));
    assert_eq!(dead(&resolve(&fabric, "nodes: [[3, 3]]").node, NodeId::at), [54, 55, 62, 63].map(NodeId));
    assert!(
        refusal(&fabric, "cores: [{at: [1, 0], core: 4}]").starts_with("cores[0].core: [1, 0] has no core 4")
    );
    let tree = Topology::FatTree(FatTree { arity: 2, levels: 2 }).build(&LinkParams::default()).unwrap();
    assert!(refusal(&tree, "cores: [0]").starts_with("cores[0]: router 0 has no core"));
    assert!(refusal(&tree, "nodes: [[0, 0]]").contains("this topology has no coordinates"));
}

/// Wrong maps of a 4 × 4 mesh, and what their problems must say.
const WRONG_MAPS: &[(&str, &str)] = &[
    ("nodes: [[0, 0], [4, 0]]", "nodes[1]: [4, 0] is outside the chip; allowed: [0 to 3, 0 to 3]"),
    ("nodes: [[0, 0], [1, 1], [0, 0]]", "nodes[2]: is already listed as nodes[0]"),
    ("{nodes: [[1, 1]], routers: [5]}", "routers[0]: is already listed as nodes[0]"),
    ("routers: [16]", "routers[0]: router 16 is outside the chip"),
    ("cores: [1, [1, 0]]", "cores[1]: is already listed as cores[0]"),
    ("cores: [{at: [9, 9], core: 0}]", "cores[0].at: [9, 9] is outside"),
    ("links: [[[0, 0], [0, 2]]]", "links[0]: there is no link from [0, 0] to [0, 2]"),
    ("links: [[[0, 0], [0, 4]]]", "links[0][1]: [0, 4] is outside"),
    ("links: [{from: [0, 7], to: [0, 4]}]", "links[0].from: [0, 7] is outside"),
    ("links: [[0, 1], [1, 0]]", "links[1]: is already listed as links[0]"),
    ("links: [{from: 0, to: 1}, [1, 0]]", "links[1]: is already listed as links[0]"),
    ("vcs: [{from: 0, to: 1, vcs: [32]}]", "vcs[0].vcs[0]: 32 is not a virtual channel; allowed: 0 to 31"),
    ("vcs: [{from: 0, to: 1, vcs: [3, 3]}]", "vcs[0].vcs[1]: is already listed as vcs[0].vcs[0]"),
    ("vcs: [{from: 0, to: 2, vcs: [3]}]", "vcs[0]: no link leads from"),
    ("vcs: [{from: 0, to: 1, vcs: []}]", "vcs[0].vcs: no channel is named"),
    ("random: {node_rate: 1.5}", "random.node_rate: 1.5 is not a probability"),
    ("random: {link_rate: .nan}", "random.link_rate: NaN is not a probability"),
    ("random: {node_rate: 0.1, nodes_count: 2}", "random.nodes_count: stands beside `node_rate`"),
    (
        "random: {nodes_count: 17}",
        "random.nodes_count: 17 faults are more than there are parts; allowed: at most 16",
    ),
    (
        "random: {links_count: 25}",
        "random.links_count: 25 faults are more than there are parts; allowed: at most 24",
    ),
    ("random: {links_count: 3, cluster: {alpha: 1}}", "random.cluster: goes with rates"),
    ("random: {cluster: {alpha: 1}}", "random.cluster: there is no rate"),
    ("random: {node_rate: 0.1, cluster: {alpha: 0}}", "random.cluster.alpha: 0 is out of range"),
    ("random: {node_rate: 0.1, cluster: {alpha: 1, region: 0}}", "random.cluster.region"),
    ("random: {node_rate: 1}", "random: no node is left that works"),
    ("cores: [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]", "cores: no node is left that works"),
    (
        "transient: {bit_error_rate: 0.7, crc_bits: 40, max_retries: 65}",
        "transient.crc_bits: 40 is out of range",
    ),
];

#[test]
fn wrong_maps_are_refused_with_their_path() {
    let fabric = mesh(&[4, 4]);
    for &(yaml, expected) in WRONG_MAPS {
        let found = refusal(&fabric, yaml);
        assert!(found.contains(expected), "{yaml} gives\n{found}\nwhere this is expected\n{expected}");
    }
    let all: Vec<String> = (0..16).map(|router| router.to_string()).collect();
    assert_eq!(
        refusal(&fabric, &format!("nodes: [{}]", all.join(", "))),
        "nodes: no node is left that works"
    );
    let many = refusal(&fabric, "{nodes: [99], cores: [99], links: [[99, 0]], random: {node_rate: 2}}");
    assert_eq!(many.lines().count(), 4);
    for yaml in [
        "node: [[0, 0]]",
        "links: [[[0, 0]]]",
        "links: [[0, 1, 2]]",
        "links: [{from: 0, to: 1, both: true}]",
        "cores: [{core: 1}]",
        "events: [{nodes: [1]}]",
        "events: [{at_cycle: 1, in_flight: lost}]",
        "random: {rate: 0.1}",
    ] {
        assert!(serde_yaml::from_str::<FaultMap>(yaml).is_err(), "{yaml} is taken");
    }
}

#[test]
fn events_come_in_order_and_break_what_they_name() {
    let fabric = mesh(&[4, 4]);
    let map = map("
nodes: [[3, 3]]
events:
  - {at_cycle: 900, links: [[[0, 0], [1, 0]]], in_flight: drop}
  - {at_cycle: 100, nodes: [[2, 2]], cores: [0]}
  - {at_cycle: 900, vcs: [{from: 4, to: 5, vcs: [1]}]}
");
    let mut health = map.resolve(&fabric, 1).unwrap();
    let events = map.resolve_events(&fabric, &health).unwrap();
    assert_eq!(events.iter().map(|event| event.at_cycle).collect::<Vec<_>>(), [100, 900, 900]);
    assert_eq!(
        events.iter().map(|e| e.in_flight).collect::<Vec<_>>(),
        [InFlight::Drain, InFlight::Drop, InFlight::Drain]
    );
    events[0].apply(&fabric, &mut health);
    assert_eq!(dead(&health.router, RouterId::at), [RouterId(10), RouterId(15)]);
    assert_eq!(dead(&health.node, NodeId::at), [0, 10, 15].map(NodeId));
    events[1].apply(&fabric, &mut health);
    assert!(dead_links(&fabric, &health).contains(&(1, 0)));
    events[2].apply(&fabric, &mut health);
    assert_eq!(health.stuck_vcs.len(), 1);
}

#[test]
fn wrong_events_are_refused_with_their_path() {
    let fabric = mesh(&[2, 2]);
    for (yaml, expected) in [
        ("events: [{at_cycle: 5}]", "events[0]: the event breaks nothing"),
        (
            "events: [{at_cycle: 5, nodes: [0]}, {at_cycle: 6, nodes: [0, 9]}]",
            "events[1].nodes[1]: router 9 is outside",
        ),
        ("events: [{at_cycle: 5, links: [[0, 3]]}]", "events[0].links[0]: there is no link"),
        ("events: [{at_cycle: 5, nodes: [0, 0]}]", "events[0].nodes[1]: is already listed as nodes[0]"),
        (
            "{nodes: [3], events: [{at_cycle: 9, nodes: [0]}, {at_cycle: 5, nodes: [1, 2]}]}",
            "events[0]: no node is left",
        ),
    ] {
        let map = map(yaml);
        let start = map.resolve(&fabric, 1).unwrap();
        let found = map.resolve_events(&fabric, &start).unwrap_err().to_string();
        assert!(found.contains(expected), "{yaml} gives\n{found}\nwhere this is expected\n{expected}");
    }
}

#[test]
fn exact_numbers_are_exact_and_all_choices_alike() {
    let fabric = mesh(&[4, 4]);
    let mut hits = [0u32; 16];
    for seed in 0..4000 {
        let map =
            map(&format!("{{nodes: [[0, 0]], random: {{nodes_count: 3, links_count: 2, seed: {seed}}}}}"));
        let health = map.resolve(&fabric, 0).unwrap();
        let routers = dead(&health.router, RouterId::at);
        assert_eq!(routers.len(), 4);
        let alive = |router: u32| health.router[router as usize];
        let lone = dead_links(&fabric, &health).into_iter().filter(|&(a, b)| alive(a) && alive(b));
        assert_eq!(lone.count(), 4, "two links, both directions");
        routers.iter().for_each(|router| hits[router.index()] += 1);
    }
    assert_eq!(hits[0], 4000);
    // Each of the 15 others is hit with probability 1/5; five standard deviations are 126.
    assert!(hits[1..].iter().all(|&hits| hits.abs_diff(800) < 127), "{hits:?}");
}

/// Independent faults: mean of node and link faults, and no memory of other rates.
#[test]
fn rates_are_met_and_independent() {
    let fabric = mesh(&[64, 64]);
    let random = |yaml: &str, seed| resolve_random(&fabric, yaml, seed);
    let both = random("{node_rate: 0.05, link_rate: 0.1}", 7);
    let nodes_alone = random("{node_rate: 0.05}", 7);
    assert_eq!(both.router, nodes_alone.router);
    let more = random("{node_rate: 0.06}", 7);
    assert!(more.router.iter().zip(&nodes_alone.router).all(|(more, fewer)| !more || *fewer));
    assert_ne!(nodes_alone.router, random("{node_rate: 0.05}", 8).router);
    assert_eq!(nodes_alone.router, random("{node_rate: 0.05, seed: 7}", 8).router);
    // 4096 nodes at 5 %: 204.8 with a standard deviation of 13.9. 8064 pairs at 10 %: 806.4, 26.9.
    let nodes = dead(&nodes_alone.router, RouterId::at).len() as f64;
    assert!((nodes - 204.8).abs() < 5.0 * 13.9, "{nodes} nodes");
    let links = random("{link_rate: 0.1}", 7);
    let pairs = dead(&links.link, LinkId::at).len() as f64 / 2.0;
    assert!((pairs - 806.4).abs() < 5.0 * 26.9, "{pairs} links");
    for link in dead(&links.link, LinkId::at) {
        assert!(!links.link[fabric.reverse(link).unwrap().index()], "only one direction is broken");
    }
    let cores = random("{core_rate: 0.05}", 7);
    assert!(cores.router.iter().all(|&alive| alive) && cores.node.contains(&false));
}

fn resolve_random(fabric: &Fabric, random: &str, seed: u64) -> Health {
    map(&format!("random: {random}")).resolve(fabric, seed).unwrap()
}

/// Regions of n nodes are free of faults with probability (1 + n λ/α)^−α, where one node is with
/// probability 1 − p: that is what clustering means. Independent faults would leave (1 − p)^n.
#[test]
fn clusters_leave_regions_free_as_the_yield_model_says() {
    let fabric = mesh(&[64, 64]);
    let (rate, alpha, region) = (0.1f64, 0.5f64, 4usize);
    let (mut free, mut faulty, mut regions) = (0u32, 0u32, 0u32);
    for seed in 0..20 {
        let yaml = format!("{{node_rate: {rate}, cluster: {{alpha: {alpha}, region: {region}}}}}");
        let health = resolve_random(&fabric, &yaml, seed);
        for (x, y) in (0..64).step_by(region).flat_map(|y| (0..64).step_by(region).map(move |x| (x, y))) {
            let nodes = (0..region * region).map(|at| (y + at / region) * 64 + x + at % region);
            let broken = nodes.filter(|&node| !health.router[node]).count() as u32;
            regions += 1;
            faulty += broken;
            free += u32::from(broken == 0);
        }
    }
    let n = (region * region) as f64;
    let lambda = alpha * ((1.0 - rate).powf(-1.0 / alpha) - 1.0);
    let expected = (1.0 + n * lambda / alpha).powf(-alpha);
    let deviation = (expected * (1.0 - expected) / f64::from(regions)).sqrt();
    let found = f64::from(free) / f64::from(regions);
    assert!((found - expected).abs() < 5.0 * deviation, "{found} of the regions are free, not {expected}");
    assert!((found - (1.0 - rate).powf(n)).abs() > 20.0 * deviation, "faults are not clustered");
    // Variance of one region's faults: n p (1 − p) plus n (n − 1) times the covariance of two nodes.
    let both_free = (1.0 + 2.0 * lambda / alpha).powf(-alpha);
    let variance = n * rate * (1.0 - rate) + n * (n - 1.0) * (both_free - (1.0 - rate).powi(2));
    let mean = f64::from(faulty) / f64::from(regions);
    assert!(
        (mean - n * rate).abs() < 5.0 * (variance / f64::from(regions)).sqrt(),
        "{mean} faults per region"
    );
}

#[test]
fn generated_maps_list_what_random_maps_break() {
    let random: RandomFaults = serde_yaml::from_str(
        "{node_rate: 0.1, core_rate: 0.1, link_rate: 0.1, cluster: {alpha: 0.7, region: 3}}",
    )
    .unwrap();
    let cmesh = Cmesh { size: vec![6, 6], concentration: vec![2, 1], express: true };
    for topology in [
        Topology::Mesh { size: vec![12, 10] },
        Topology::Torus { size: vec![4, 4, 4] },
        Topology::Cmesh(cmesh),
        Topology::FatTree(FatTree { arity: 3, levels: 3 }),
    ] {
        let fabric = topology.build(&LinkParams::default()).unwrap();
        for seed in 0..20 {
            let listed = FaultMap::random(&fabric, &random, seed).unwrap();
            let written = serde_yaml::to_string(&listed).unwrap();
            assert_eq!(map(&written), listed, "{written}");
            let drawn = FaultMap { random: Some(random.clone()), ..FaultMap::default() };
            assert_eq!(listed.resolve(&fabric, 0), drawn.resolve(&fabric, seed), "{topology:?}: {written}");
        }
    }
}

#[test]
fn maps_survive_writing() {
    let full = map("
nodes: [[0, 0], 3]
routers: [[1, 1]]
cores: [[2, 2], {at: 7, core: 1}]
links: [[[0, 0], [1, 0]], {from: 4, to: [1, 1]}]
vcs: [{from: 0, to: 1, vcs: [0, 2]}]
random: {node_rate: 0.1, link_rate: 0.02, seed: 9, cluster: {alpha: 2}}
transient: {bit_error_rate: 1e-9}
events: [{at_cycle: 100, nodes: [5], in_flight: drop}]
");
    assert_eq!(map(&serde_yaml::to_string(&full).unwrap()), full);
    assert_eq!(serde_json::from_value::<FaultMap>(serde_json::to_value(&full).unwrap()).unwrap(), full);
    assert_eq!(serde_yaml::to_string(&FaultMap::default()).unwrap().trim(), "{}");
    assert_eq!(map("{}"), FaultMap::default());
    let transient = full.transient.unwrap();
    assert_eq!((transient.crc_bits, transient.max_retries, transient.seed), (8, 8, None));
    let _schema = schemars::schema_for!(FaultMap);
}

/// The fault maps that come with the reference mesh.
#[test]
fn shipped_maps_fit_the_reference_mesh() {
    let fabric = mesh(&[8, 8]);
    for (yaml, faulty, on_border) in [
        (include_str!("../../../topologies/faults/two-blocks.yaml"), 10, false),
        (include_str!("../../../topologies/faults/border-block.yaml"), 6, true),
    ] {
        let routers = dead(&resolve(&fabric, yaml).router, RouterId::at);
        assert_eq!(routers.len(), faulty);
        let border = |router: &RouterId| [router.0 % 8, router.0 / 8].iter().any(|at| [0, 7].contains(at));
        assert_eq!(routers.iter().any(border), on_border);
    }
}

/// The maps of faults that come later: two routers and a link, and bit errors alone.
#[test]
fn shipped_maps_of_later_faults_fit_the_reference_mesh() {
    let fabric = mesh(&[8, 8]);
    let later = map(include_str!("../../../topologies/faults/mid-run.yaml"));
    let start = later.resolve(&fabric, 1).expect("the map fits");
    assert!(start.is_perfect());
    let events = later.resolve_events(&fabric, &start).expect("the events fit");
    let parts: Vec<_> =
        events.iter().map(|event| (event.parts.routers.len(), event.parts.links.len())).collect();
    assert_eq!(parts, [(1, 0), (1, 0), (0, 2)]);
    assert_eq!(events.iter().map(|event| event.listed).collect::<Vec<_>>(), [0, 1, 2]);
    let noisy = map(include_str!("../../../topologies/faults/noisy-links.yaml"));
    assert!(noisy.resolve(&fabric, 1).expect("the map fits").is_perfect() && noisy.transient.is_some());
}

#[test]
fn stuck_channels_are_among_those_of_the_chip() {
    let yaml =
        "vcs: [{from: 0, to: 1, vcs: [3, 4]}]\nevents: [{at_cycle: 5, vcs: [{from: 0, to: 1, vcs: [9]}]}]";
    let found = map(yaml).check_vcs(4).expect_err("two of them are not").to_string();
    for expected in [
        "vcs[0].vcs[1]: there is no virtual channel 4",
        "events[0].vcs[0].vcs[0]: there is no virtual channel 9",
    ] {
        assert!(found.contains(expected), "{found:?} does not say {expected:?}");
    }
    assert!(map(yaml).check_vcs(10).is_ok());
}
