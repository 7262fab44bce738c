//! Where packets go.

use petgraph::graph::DiGraph;
use proptest::prelude::*;

use super::*;
use crate::fabric::{Blueprint, Shape, Site};

/// Destination of every node under a pattern that fixes it.
fn destinations(pattern: &str, fabric: &Fabric) -> Vec<u32> {
    let mut source = source(&format!("{{pattern: {pattern}, rate: 1}}"), fabric, 4);
    let nodes = 0..fabric.nodes.len() as u32;
    nodes.map(|node| source.next(NodeId(node)).unwrap().dst.0).collect()
}

/// A fabric without links, as patterns see no more of it.
fn unlinked(shape: Shape, routers: u32, nodes: u8) -> Fabric {
    let mut graph = DiGraph::new();
    for _ in 0..routers {
        graph.add_node(Site { position: [0.0; 2], nodes, chip: 0 });
    }
    Blueprint { shape, graph, reserved_ports: 0, node_numbers: None }.compile().unwrap()
}

fn check(pattern: &str, fabric: &Fabric, oracle: impl Fn(u32) -> u32) {
    let expected: Vec<u32> = (0..fabric.nodes.len() as u32).map(oracle).collect();
    assert_eq!(destinations(pattern, fabric), expected, "{pattern}");
}

/// Rearranges the six binary digits of a node number, written as text.
fn digits(rearrange: impl Fn(&str) -> String) -> impl Fn(u32) -> u32 {
    move |node| u32::from_str_radix(&rearrange(&format!("{node:06b}")), 2).unwrap()
}

#[test]
fn patterns_on_64_nodes_have_their_textbook_form() {
    let chip = mesh(&[8, 8]);
    check("transpose", &chip, digits(|bits| format!("{}{}", &bits[3..], &bits[..3])));
    check("bit-complement", &chip, |node| 63 - node);
    check("bit-reverse", &chip, digits(|bits| bits.chars().rev().collect()));
    check("bit-rotation", &chip, digits(|bits| format!("{}{}", &bits[5..], &bits[..5])));
    check("shuffle", &chip, digits(|bits| format!("{}{}", &bits[1..], &bits[..1])));
    check("tornado", &chip, |node| (node / 8 + 3) % 8 * 8 + (node % 8 + 3) % 8);
    check("neighbor", &chip, |node| (node / 8 + 1) % 8 * 8 + (node % 8 + 1) % 8);
}

#[test]
fn odd_and_uneven_grids() {
    check("tornado", &mesh(&[5, 3]), |node| (node / 5 + 1) % 3 * 5 + (node % 5 + 2) % 5);
    check("neighbor", &mesh(&[5, 3]), |node| (node / 5 + 1) % 3 * 5 + (node % 5 + 1) % 5);
    check("bit-complement", &mesh(&[5, 3]), |node| 14 - node);
    check("transpose", &mesh(&[2, 3, 2]), |node| {
        let (x, y, z) = (node % 2, node / 2 % 3, node / 6);
        z + 2 * y + 6 * x
    });
    for pattern in ["shuffle", "bit-rotation", "bit-reverse", "tornado", "transpose"] {
        assert_eq!(destinations(pattern, &mesh(&[1, 1])), [0], "{pattern}");
    }
}

#[test]
fn nodes_of_a_concentrated_mesh_keep_their_place_on_the_router() {
    let chip = unlinked(Shape::Grid { size: vec![4, 4], wrap: vec![false; 2] }, 16, 4);
    let parts = |node: u32| (node / 4 % 4, node / 16, node % 4);
    let node = |x: u32, y: u32, local: u32| (y % 4 * 4 + x % 4) * 4 + local;
    check("transpose", &chip, |i| node(parts(i).1, parts(i).0, parts(i).2));
    check("neighbor", &chip, |i| node(parts(i).0 + 1, parts(i).1 + 1, parts(i).2));
    check("tornado", &chip, |i| node(parts(i).0 + 1, parts(i).1 + 1, parts(i).2));
    check("shuffle", &chip, digits(|bits| format!("{}{}", &bits[1..], &bits[..1])));
}

#[test]
fn chips_without_coordinates_use_node_numbers() {
    let chip = unlinked(Shape::Irregular, 9, 1);
    check("transpose", &chip, |node| node % 3 * 3 + node / 3);
    check("tornado", &chip, |node| (node + 4) % 9);
    check("neighbor", &chip, |node| (node + 1) % 9);
    check("transpose", &mesh(&[16]), |node| node % 4 * 4 + node / 4);
}

#[test]
fn a_pattern_that_does_not_fit_names_the_sizes_that_do() {
    let chip = mesh(&[6, 8]);
    for pattern in ["shuffle", "bit-reverse", "bit-rotation"] {
        let refusal = refusal(&format!("pattern: {pattern}"), &chip);
        assert!(refusal.starts_with(&format!("pattern: `{pattern}`")), "{refusal}");
        assert!(refusal.ends_with("allowed: a power of two of nodes, such as 32 or 64"), "{refusal}");
    }
    assert_eq!(
        refusal("pattern: transpose", &chip),
        "pattern: `transpose` does not fit a grid of 6 × 8; allowed: sizes that read the same from both \
         ends, such as 6 × 6 or 8 × 8"
    );
    assert_eq!(
        refusal("pattern: transpose", &mesh(&[8])),
        "pattern: `transpose` takes node numbers for a square; 8 is none; allowed: a square number of \
         nodes, such as 4 or 9"
    );
}

/// Received packets by node, all senders together.
fn received(yaml: &str, fabric: &Fabric, per_node: usize) -> Vec<f64> {
    let mut source = source(yaml, fabric, 8);
    let mut counts = vec![0.0; fabric.nodes.len()];
    for node in 0..fabric.nodes.len() as u32 {
        offers(&mut source, node, per_node).iter().for_each(|offer| counts[offer.dst.index()] += 1.0);
    }
    counts
}

#[test]
fn uniform_traffic_reaches_every_node_equally_itself_included() {
    let counts = received("pattern: uniform", &mesh(&[8, 8]), 2000);
    assert_distributed(&counts, &[2000.0; 64], "uniform");
    let mut source = source("pattern: uniform", &mesh(&[8, 8]), 8);
    let own = offers(&mut source, 5, 20_000).iter().filter(|offer| offer.dst.0 == 5).count() as f64;
    assert_distributed(&[own, 20_000.0 - own], &[312.5, 19_687.5], "self-traffic");
}

#[test]
fn hot_nodes_receive_their_share() {
    let chip = mesh(&[8, 8]);
    // The reference's `hotspot4`: everything to the middle, which is also what the bare name means.
    let middle = received("pattern: hotspot", &chip, 500);
    let hot = [27, 28, 35, 36];
    assert_distributed(&hot.map(|node| middle[node]), &[8000.0; 4], "middle");
    // The reference's `hotspotw`: four nodes of weight 4 among 60 of weight 1.
    let yaml = "pattern: {hotspot: {nodes: [27, 28, 35, 36], weights: [4, 4, 4, 4], background: 1}}";
    let unit = 64.0 * 2000.0 / 76.0;
    let mut expected = [unit; 64];
    hot.iter().for_each(|&node| expected[node] *= 4.0);
    assert_distributed(&received(yaml, &chip, 2000), &expected, "weights");
}

#[test]
fn the_middle_of_a_grid() {
    let middle = |size: &[u32]| -> Vec<usize> {
        let counts = received("pattern: hotspot", &mesh(size), 20);
        (0..counts.len()).filter(|&node| counts[node] > 0.0).collect()
    };
    assert_eq!(middle(&[5, 5]), [12]);
    assert_eq!(middle(&[4, 3]), [5, 6]);
    let chip = unlinked(Shape::Irregular, 9, 1);
    assert_eq!(
        refusal("pattern: hotspot", &chip),
        "pattern.hotspot.nodes: this chip has no middle: its routers have no coordinates; allowed: a list of \
         node numbers"
    );
}

#[test]
fn hot_nodes_are_checked() {
    let chip = mesh(&[4, 4]);
    for (hotspot, found) in [
        ("{nodes: [3, 16]}", "pattern.hotspot.nodes[1]: node 16 is outside the chip; allowed: 0 to 15"),
        ("{nodes: [3, 3]}", "pattern.hotspot.nodes: node 3 is listed twice"),
        ("{nodes: []}", "pattern.hotspot.nodes: no hot node is listed; allowed: one node number or more"),
        (
            "{nodes: [1], weights: [1, 2]}",
            "pattern.hotspot.weights: 2 weights for 1 nodes; allowed: one per hot node",
        ),
        (
            "{weights: [1, 2]}",
            "pattern.hotspot.weights: 2 weights for the 4 nodes in the middle; allowed: one per hot node",
        ),
        (
            "{nodes: [1], weights: [0]}",
            "pattern.hotspot.weights: all weights are zero: there is no destination",
        ),
        (
            "{nodes: [1], weights: [-2]}",
            "pattern.hotspot.weights[0]: -2 is no weight; allowed: 0, or 1e-30 to 1e30",
        ),
        ("{background: .nan}", "pattern.hotspot.background: NaN is no weight; allowed: 0, or 1e-30 to 1e30"),
    ] {
        assert_eq!(refusal(&format!("pattern: {{hotspot: {hotspot}}}"), &chip), found);
    }
}

#[test]
fn permutations_follow_their_own_seed_if_they_have_one() {
    let chip = mesh(&[8, 8]);
    let drawn = |yaml: &str, seed| {
        let mut source = source(yaml, &chip, seed);
        (0..64).map(|node| source.next(NodeId(node)).unwrap().dst.0).collect::<Vec<_>>()
    };
    let (own, run) = ("pattern: {permutation: {seed: 9}}", "pattern: permutation");
    assert_eq!(drawn(own, 1), drawn(own, 2));
    assert_ne!(drawn(run, 1), drawn(run, 2));
    assert_eq!(drawn(own, 1), drawn(run, 9));
}

proptest! {
    #[test]
    fn every_fixed_pattern_is_a_bijection(
        seed in any::<u64>(),
        (width, height) in (1u32..20, 1u32..20),
        bits in 0u32..8,
        square in 1u32..12,
    ) {
        for (pattern, size) in [
            ("permutation", [width, height]),
            ("bit-complement", [width, height]),
            ("tornado", [width, height]),
            ("neighbor", [width, height]),
            ("transpose", [square, square]),
            ("shuffle", [1 << bits, 2]),
            ("bit-reverse", [1 << bits, 2]),
            ("bit-rotation", [1 << bits, 2]),
        ] {
            let chip = mesh(&size);
            let mut source = source(&format!("pattern: {pattern}"), &chip, seed);
            let nodes = chip.nodes.len() as u32;
            let mut reached: Vec<u32> = (0..nodes).map(|n| source.next(NodeId(n)).unwrap().dst.0).collect();
            reached.sort_unstable();
            prop_assert!(reached.into_iter().eq(0..nodes), "{} on {:?}", pattern, size);
        }
    }
}
