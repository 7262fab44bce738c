//! Checks of all topologies alike: tables that agree, closed forms, reference link tables, limits.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::base::unit::Millimetres;
use crate::base::{NodeId, Problems};

fn build(topology: &Topology) -> Fabric {
    topology.build(&LinkParams::default()).unwrap_or_else(|problems| panic!("{topology:?}: {problems}"))
}

/// Every invariant that the module promises.
fn assert_sound(fabric: &Fabric) {
    let mut entering = vec![0; fabric.port_base[fabric.routers.len()] as usize];
    for (index, link) in fabric.links.iter().enumerate() {
        let id = LinkId::at(index);
        assert_eq!(fabric.out(link.from, link.from_port), Some(id));
        assert_eq!(fabric.into(link.to, link.to_port), Some(id));
        assert!(link.from_port < fabric.routers[link.from.index()].network_ports);
        assert!(link.to_port < fabric.routers[link.to.index()].network_ports);
        entering[fabric.slot(link.to, link.to_port)] += 1;
        if let Some(back) = fabric.out(link.to, link.to_port) {
            assert_eq!(fabric.link(back).to, link.from, "port {} faces two neighbours", link.to_port);
        }
        if let Some(back) = fabric.reverse(id) {
            assert_eq!(fabric.reverse(back), Some(id));
        }
    }
    let order = |link: &Link| (link.from, link.from_port);
    assert!(fabric.links.windows(2).all(|pair| order(&pair[0]) < order(&pair[1])));
    for (slot, &count) in entering.iter().enumerate() {
        assert_eq!(count, usize::from(fabric.in_link[slot] != NO_LINK));
    }
    let mut nodes = Vec::new();
    for router in (0..fabric.routers.len()).map(RouterId::at) {
        let site = &fabric.routers[router.index()];
        assert_eq!(fabric.ports(router), usize::from(site.network_ports) + usize::from(site.nodes));
        assert_eq!(fabric.nodes_of(router).first().copied().unwrap_or(site.first_node), site.first_node);
        for (port, &node) in (site.network_ports..).zip(fabric.nodes_of(router)) {
            assert_eq!(fabric.nodes[node.index()], Attachment { router, port });
            assert_eq!(fabric.node_at(router, port), Some(node));
            nodes.push(node);
        }
    }
    nodes.sort_unstable();
    assert_eq!(nodes, (0..fabric.nodes.len()).map(NodeId::at).collect::<Vec<_>>());
}

/// Hops from `from` to every router; `u32::MAX` where there is no path.
fn distances(fabric: &Fabric, from: RouterId) -> Vec<u32> {
    let mut distance = vec![u32::MAX; fabric.routers.len()];
    distance[from.index()] = 0;
    let mut queue = std::collections::VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        for link in fabric.links_from(at) {
            let next = fabric.link(link).to;
            if distance[next.index()] == u32::MAX {
                distance[next.index()] = distance[at.index()] + 1;
                queue.push_back(next);
            }
        }
    }
    distance
}

/// Longest distance between two routers with nodes; `u32::MAX` if any router cannot be reached.
fn diameter(fabric: &Fabric) -> u32 {
    let routers = (0..fabric.routers.len()).map(RouterId::at);
    let farthest = |from| {
        let distance = distances(fabric, from);
        if distance.contains(&u32::MAX) {
            return u32::MAX;
        }
        let with_nodes = |index: &usize| fabric.routers[*index].nodes > 0;
        (0..distance.len()).filter(with_nodes).map(|index| distance[index]).max().unwrap_or(0)
    };
    routers.filter(|router| fabric.routers[router.index()].nodes > 0).map(farthest).max().unwrap_or(0)
}

/// Routers, links, nodes and diameter.
fn check(topology: &Topology, expected: [usize; 4]) {
    let fabric = build(topology);
    assert_sound(&fabric);
    let found = [fabric.routers.len(), fabric.links.len(), fabric.nodes.len(), diameter(&fabric) as usize];
    assert_eq!(found, expected, "{topology:?}");
}

fn hierarchy(cluster: &[u32], arity: u32, levels: u32) -> Topology {
    Topology::Hierarchy(Hierarchy {
        cluster: cluster.to_vec(),
        arity,
        levels,
        up_link: LinkChange::default(),
        growth: 2,
        off_chip_from: None,
    })
}

fn board(chips: &[u32], chip: &[u32], wrap: bool) -> Topology {
    let chip_link = LinkChange { latency: Some(9), ..LinkChange::default() };
    Topology::Board(Board { chips: chips.to_vec(), chip: chip.to_vec(), chip_link, wrap })
}

fn cmesh(size: &[u32], concentration: &[u32], express: bool) -> Topology {
    Topology::Cmesh(Cmesh { size: size.to_vec(), concentration: concentration.to_vec(), express })
}

#[test]
fn counts_and_diameters_are_those_of_the_closed_forms() {
    for k in [1, 2, 3, 5, 8] {
        let n = k as usize;
        check(&Topology::Mesh { size: vec![k, k] }, [n * n, 4 * n * (n - 1), n * n, 2 * (n - 1)]);
        check(&Topology::Mesh { size: vec![k, 3, 2] }, [6 * n, 12 * (n - 1) + 8 * n + 6 * n, 6 * n, n + 2]);
        let around = |n: usize| if n > 2 { 2 * n } else { 2 * (n - 1) };
        check(&Topology::Torus { size: vec![k, 4] }, [4 * n, 4 * around(n) + 8 * n, 4 * n, n / 2 + 2]);
        check(&Topology::Ring { size: k }, [n, around(n), n, n / 2]);
        check(&cmesh(&[k, 2], &[3, 2], false), [2 * n, 4 * (n - 1) + 2 * n, 12 * n, n]);
    }
    for (k, n) in [(2, 1), (2, 4), (3, 3), (4, 3), (5, 2)] {
        let (arity, levels) = (k as usize, n as usize);
        let width = arity.pow(n - 1);
        let tree = Topology::FatTree(FatTree { arity: k, levels: n });
        check(&tree, [levels * width, 2 * width * arity * (levels - 1), width * arity, 2 * (levels - 1)]);
    }
    // From the far corner of one cluster over its gateway to the root and down again.
    check(&hierarchy(&[4, 4], 3, 2), [9 * 16 + 4, 9 * 48 + 2 * 12, 144, 2 * (4 + 2)]);
    check(&hierarchy(&[3], 2, 4), [16 * 3 + 15, 16 * 4 + 2 * 30, 48, 2 * (1 + 4)]);
    check(&board(&[2, 3], &[4, 2], false), [48, 2 * (7 * 6 + 8 * 5), 48, 7 + 5]);
    check(&board(&[2, 3], &[4, 2], true), [48, 4 * 48, 48, 4 + 3]);
    // From corner to corner: in each dimension one express link and three others.
    check(&cmesh(&[8, 8], &[2, 2], true), [64, 224 + 32, 256, 2 * (1 + 3)]);
}

/// The distance on a triangular torus is the least over the ways round of max(|dx|, |dy|) where both
/// have one sign, and of |dx| + |dy| elsewhere.
#[test]
fn triangular_distances_are_those_of_the_closed_form() {
    for size in [[3, 3], [8, 8], [7, 4], [12, 5]] {
        let fabric = build(&Topology::TriangularTorus(TriangularTorus { size, one_chip: false }));
        assert_sound(&fabric);
        assert_eq!(fabric.links.len(), 6 * fabric.routers.len());
        let [width, height] = size.map(|k| k as i32);
        let hops = |dx: i32, dy: i32| {
            if (dx >= 0) == (dy >= 0) { dx.abs().max(dy.abs()) } else { dx.abs() + dy.abs() }
        };
        for (to, distance) in (0..).zip(distances(&fabric, RouterId(0))) {
            let (x, y): (i32, i32) = (to % width, to / width);
            let ways = [(x, y), (x - width, y), (x, y - height), (x - width, y - height)];
            let expected = ways.into_iter().map(|(dx, dy)| hops(dx, dy)).min().unwrap();
            assert_eq!(distance as i32, expected, "{size:?}, to ({x}, {y})");
        }
    }
}

/// The reference simulator's link tables: router and port at either end, and on the mesh the flits that
/// all pairs sent over it, which are 0 for the ports of the border that lead nowhere.
#[test]
fn link_tables_are_those_of_the_reference() {
    let size = vec![8, 8];
    let mesh =
        (Topology::Mesh { size: size.clone() }, include_str!("../../tests/golden/fabric/mesh8.links.csv"));
    let torus = (Topology::Torus { size }, include_str!("../../tests/golden/fabric/torus8.links.csv"));
    for (topology, table) in [mesh, torus] {
        let fabric = build(&topology);
        let mut links = 0;
        for row in table.lines().skip(1) {
            let row: Vec<u32> = row.split(',').map(|cell| cell.parse().unwrap()).collect();
            let [from, from_port, to, to_port, flits] = row[..] else {
                panic!("a row of the table: {row:?}")
            };
            let link = fabric.out(RouterId(from), from_port as u8).map(|link| fabric.link(link));
            let ends = link.map(|link| (link.to.0, u32::from(link.to_port)));
            assert_eq!(ends, (flits > 0).then_some((to, to_port)), "{topology:?}: {row:?}");
            links += usize::from(flits > 0);
        }
        assert_eq!(fabric.links.len(), links);
    }
}

#[test]
fn absurd_sizes_are_refused_before_anything_is_drawn() {
    let large = 1_000_000;
    for topology in [
        Topology::Mesh { size: vec![large, large] },
        Topology::Mesh { size: vec![u32::MAX; 6] },
        Topology::Mesh { size: vec![0, 0] },
        Topology::Mesh { size: vec![] },
        Topology::Mesh { size: vec![1; 7] },
        Topology::Torus { size: vec![u32::MAX, 0, u32::MAX] },
        Topology::Torus { size: vec![12; 6] },
        Topology::Ring { size: 0 },
        Topology::Ring { size: u32::MAX },
        cmesh(&[large, large], &[large, large], true),
        cmesh(&[4, 4], &[16, 16], false),
        board(&[large, 1], &[large, 1], true),
        board(&[], &[], false),
        hierarchy(&[large, large], 64, 16),
        hierarchy(&[1], 64, 16),
        hierarchy(&[0], 2, 1),
    ] {
        let problems = topology.build(&LinkParams::default()).expect_err("an absurd size is taken");
        for problem in problems.0 {
            assert!(problem.path.starts_with(topology.name()), "{topology:?}: {problem}");
        }
    }
}

#[test]
fn links_are_as_wide_and_long_as_stated() {
    let topology = Topology::Mesh { size: vec![3, 3] };
    let link = LinkParams {
        latency: 3,
        width_bits: Some(10),
        length: Millimetres(0.5),
        energy_per_bit: Some(crate::base::unit::Joules(1e-13)),
    };
    let around = Surroundings { flit_bits: 64, ..Surroundings::default() };
    for link in &topology.build_in(&link, &around).unwrap().links {
        assert_eq!((link.latency, link.interval, link.length_mm), (3, 7, 0.5));
        assert_eq!(link.energy_per_bit, Some(1e-13));
    }
    let refusal = |link: LinkParams| topology.build(&link).unwrap_err().to_string();
    assert!(refusal(LinkParams { latency: 0, ..link.clone() }).starts_with("link.latency: 0"));
    assert!(refusal(LinkParams { width_bits: Some(0), ..link.clone() }).starts_with("link.width_bits: 0"));
    assert!(refusal(LinkParams { length: Millimetres(f64::NAN), ..link }).starts_with("link.length"));
}

#[test]
fn single_links_can_be_overridden() {
    let list: Vec<LinkOverride> = serde_yaml::from_str(
        "[{from: [0, 0], to: [1, 0], latency: 7, length: 3 mm},
          {from: 4, to: [1, 0], one_way: true, width_bits: 16, energy_per_bit: 2 pJ}]",
    )
    .unwrap();
    let fabric = build(&Topology::Mesh { size: vec![3, 3] });
    let changed = fabric.clone().with_overrides(&list, 32).unwrap();
    for (index, (old, new)) in fabric.links.iter().zip(&changed.links).enumerate() {
        let expected = match (old.from.0, old.to.0) {
            (0, 1) | (1, 0) => Link { latency: 7, length_mm: 3.0, ..*old },
            (4, 1) => Link { interval: 2, energy_per_bit: Some(2e-12), ..*old },
            _ => *old,
        };
        assert_eq!(*new, expected, "link {index}");
    }
    let refusal = |yaml: &str| {
        let list: Vec<LinkOverride> = serde_yaml::from_str(yaml).unwrap();
        fabric.clone().with_overrides(&list, 32).map(drop).unwrap_err().to_string()
    };
    assert!(refusal("[{from: 0, to: 4, latency: 2}]").starts_with("[0]: there is no link"));
    assert!(refusal("[{from: 0, to: 9, latency: 2}]").starts_with("[0].to: router 9"));
    assert!(refusal("[{from: 0, to: 1}]").starts_with("[0]: the link is not changed"));
    assert!(refusal("[{from: 0, to: 1, latency: 0}]").starts_with("[0].latency: 0"));
    assert!(
        refusal("[{from: 0, to: 1, latency: 2}, {from: 1, to: 0, latency: 3}]")
            .starts_with("[1]: the link is already changed by entry [0]")
    );
}

#[derive(Debug, PartialEq, serde::Serialize, Deserialize)]
struct Chip {
    #[serde(with = "serde_yaml::with::singleton_map")]
    topology: Topology,
}

/// As chip files write them, and back.
#[test]
fn topologies_are_written_as_one_key_maps() {
    for yaml in [
        "{mesh: {size: [8, 8]}}",
        "{torus: {size: [4, 4, 4]}}",
        "{ring: {size: 12}}",
        "{cmesh: {size: [4, 4], concentration: [2, 2], express: true}}",
        "{fat-tree: {arity: 4, levels: 3}}",
        "{hierarchy: {cluster: [4, 4], arity: 4, levels: 2, up_link: {latency: 3, length: 2 cm}, off_chip_from: 2}}",
        "{triangular-torus: {size: [8, 8]}}",
        "{board: {chips: [2, 2], chip: [4, 4], chip_link: {latency: 20, width_bits: 4, energy_per_bit: 26 pJ}}}",
    ] {
        let chip: Chip = serde_yaml::from_str(&format!("topology: {yaml}")).unwrap();
        assert_sound(&build(&chip.topology));
        let again = serde_yaml::to_string(&chip).unwrap();
        assert_eq!(serde_yaml::from_str::<Chip>(&again).unwrap(), chip, "{again}");
    }
    for yaml in ["{mesh: {sizes: [8, 8]}}", "{mash: {size: [8]}}", "{ring: {size: -3}}", "{mesh: {size: 8}}"]
    {
        assert!(serde_yaml::from_str::<Chip>(&format!("topology: {yaml}")).is_err(), "{yaml} is taken");
    }
}

/// A random connected graph as an edge list: a random tree and some edges more.
fn edge_list() -> impl Strategy<Value = Topology> {
    let parents = prop::collection::vec(any::<prop::sample::Index>(), 1..20);
    let more = prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 0..12);
    (parents, more).prop_map(|(parents, more)| {
        let count = parents.len() + 1;
        let tree = parents.iter().enumerate().map(|(child, parent)| (parent.index(child + 1), child + 1));
        let more = more.iter().map(|(a, b)| (a.index(count), b.index(count)));
        let mut edges: Vec<_> = tree.chain(more).map(|(a, b)| (a.min(b), a.max(b))).collect();
        edges.retain(|(a, b)| a != b);
        edges.sort_unstable();
        edges.dedup();
        let text: String = edges.iter().map(|(a, b)| format!("{a} {b}\n")).collect();
        // The text travels as the file's name; the hook of the test gives it back.
        Topology::Graph(GraphFile {
            file: text,
            format: Some(GraphFormat::EdgeList),
            directed: None,
            nodes_per_router: 1,
            values: None,
        })
    })
}

fn any_topology() -> impl Strategy<Value = Topology> {
    let size = || prop::collection::vec(1u32..5, 1..4);
    let pairs = || prop::collection::vec((1u32..4, 1u32..4), 1..4);
    prop_oneof![
        size().prop_map(|size| Topology::Mesh { size }),
        size().prop_map(|size| Topology::Torus { size }),
        (1u32..20).prop_map(|size| Topology::Ring { size }),
        pairs().prop_map(|pairs| {
            let (size, concentration): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            cmesh(&size, &concentration, false)
        }),
        (2u32..6, 2u32..6).prop_map(|(x, y)| cmesh(&[2 * x, 2 * y], &[1, 2], true)),
        (2u32..5, 1u32..4).prop_map(|(arity, levels)| Topology::FatTree(FatTree { arity, levels })),
        (size(), 2u32..4, 1u32..3).prop_map(|(cluster, arity, levels)| hierarchy(&cluster, arity, levels)),
        (3u32..7, 3u32..7, any::<bool>()).prop_map(|(x, y, one_chip)| {
            Topology::TriangularTorus(TriangularTorus { size: [x, y], one_chip })
        }),
        (pairs(), any::<bool>()).prop_map(|(pairs, wrap)| {
            let (chips, chip): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            board(&chips, &chip, wrap)
        }),
        edge_list(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_topology_is_sound_and_connected(topology in any_topology()) {
        let read = |name: &str| -> Result<String, Problems> { Ok(name.to_owned()) };
        let around = Surroundings { read: &read, ..Surroundings::default() };
        let fabric = topology.build_in(&LinkParams::default(), &around).unwrap();
        assert_sound(&fabric);
        prop_assert!(diameter(&fabric) < u32::MAX);
        for link in (0..fabric.links.len()).map(LinkId::at) {
            prop_assert!(fabric.reverse(link).is_some());
        }
        for router in (0..fabric.routers.len()).map(RouterId::at) {
            prop_assert_eq!(Place::of(&fabric, router).resolve(&fabric), Ok(router));
        }
    }
}

#[test]
fn a_mesh_of_a_million_routers_builds() {
    let fabric = build(&Topology::Mesh { size: vec![1024, 1024] });
    assert_eq!((fabric.routers.len(), fabric.links.len()), (1 << 20, 4 * 1024 * 1023));
    let last = RouterId((1 << 20) - 1);
    assert_eq!(fabric.coordinates(last), Some(vec![1023, 1023]));
    assert_eq!(fabric.links_from(last).count(), 2);
}
