//! Fat trees: the k-ary n-trees of Petrini & Vanneschi (IPPS 1997, doi 10.1109/IPPS.1997.580853).
//!
//! Ports and numbers as [`Shape::FatTree`] says.

use petgraph::graph::{DiGraph, NodeIndex};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::topology::{Extent, Pen, check_extent};
use super::{Blueprint, Shape, Site};
use crate::base::{Problem, Problems};

/// A k-ary n-tree: k^n nodes below n levels of k^(n−1) switches, with as much bandwidth at the root as
/// at the leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FatTree {
    /// Links of a switch in each direction, k; 2 to 64. A leaf switch has as many nodes.
    #[schemars(range(min = 2, max = 64))]
    pub arity: u32,
    /// Levels of switches, n; 1 to 21.
    #[schemars(range(min = 1, max = 21))]
    pub levels: u32,
}

impl FatTree {
    pub(super) fn draw(&self, pen: &Pen<'_>) -> Result<Blueprint, Problems> {
        let width = self.checked_width()?;
        let Self { arity, levels } = *self;
        let mut graph = DiGraph::new();
        let height = |level: u32| f64::from(levels - 1 - level) as f32;
        for level in 0..levels {
            let nodes = if level + 1 == levels { arity as u8 } else { 0 };
            for at in 0..width {
                graph.add_node(Site { position: [at as f32, height(level)], nodes, chip: 0 });
            }
        }
        let wire = pen.wire();
        let mut stride = width;
        for level in 0..levels - 1 {
            stride /= arity;
            for at in 0..width {
                let digit = at / stride % arity;
                for port in 0..arity {
                    let child = at - digit * stride + port * stride;
                    let [upper, lower] = [level * width + at, (level + 1) * width + child]
                        .map(|router| NodeIndex::new(router as usize));
                    let (down, up) = (port as u8, (arity + digit) as u8);
                    graph.add_edge(upper, lower, wire.between(down, up));
                    graph.add_edge(lower, upper, wire.between(up, down));
                }
            }
        }
        let shape = Shape::FatTree { arity, levels };
        Ok(Blueprint { shape, graph, reserved_ports: 0, node_numbers: None })
    }

    /// Switches on each level.
    fn checked_width(&self) -> Result<u32, Problems> {
        let mut problems = Problems::new();
        let mut range = |field: &str, value: u32, low: u32, high: u32| {
            if !(low..=high).contains(&value) {
                let problem = Problem::new(field, format!("{value} is out of range"));
                problems.push(problem.allowed(format!("{low} to {high}")));
            }
        };
        range("arity", self.arity, 2, 64);
        range("levels", self.levels, 1, 21);
        problems.into_result(())?;
        let (arity, levels) = (u64::from(self.arity), u64::from(self.levels));
        let width = arity.checked_pow(self.levels - 1);
        let times = |factor: u64| width.and_then(|width| width.checked_mul(factor));
        let extent =
            Extent { routers: times(levels), links: times(2 * arity * (levels - 1)), nodes: times(arity) };
        let mut problems = Problems::new();
        check_extent(&mut problems, "levels", &extent);
        problems.into_result(width.unwrap_or(0) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{NodeId, RouterId};
    use crate::fabric::{LinkParams, Topology};

    fn tree(arity: u32, levels: u32) -> Topology {
        Topology::FatTree(FatTree { arity, levels })
    }

    /// Down from any root by the digits of a leaf's position one arrives at that leaf; the up port of
    /// each switch on the way leads back.
    #[test]
    fn digits_lead_down_to_every_leaf() {
        let (arity, levels, width) = (3u32, 4u32, 27u32);
        let fabric = tree(arity, levels).build(&LinkParams::default()).unwrap();
        for root in 0..width {
            for leaf in 0..width {
                let mut at = RouterId(root);
                for level in 0..levels - 1 {
                    let port = (leaf / arity.pow(levels - 2 - level) % arity) as u8;
                    let link = fabric.link(fabric.out(at, port).unwrap());
                    assert!(u32::from(link.to_port) >= arity);
                    assert_eq!(fabric.link(fabric.out(link.to, link.to_port).unwrap()).to, at);
                    at = link.to;
                }
                assert_eq!(at, RouterId((levels - 1) * width + leaf));
            }
        }
    }

    #[test]
    fn nodes_hang_on_the_leaves() {
        let fabric = tree(4, 3).build(&LinkParams::default()).unwrap();
        assert_eq!((fabric.routers.len(), fabric.links.len(), fabric.nodes.len()), (48, 256, 64));
        for node in 0..64 {
            let place = fabric.nodes[node as usize];
            assert_eq!((place.router, place.port), (RouterId(32 + node / 4), 8 + (node % 4) as u8));
        }
        assert_eq!(fabric.nodes_of(RouterId(0)), []);
        let single = tree(8, 1).build(&LinkParams::default()).unwrap();
        assert_eq!((single.links.len(), single.nodes_of(RouterId(0)).len()), (0, 8));
        assert_eq!(single.node_at(RouterId(0), 3), Some(NodeId(3)));
    }

    #[test]
    fn impossible_trees_are_refused() {
        let refusal =
            |arity, levels| tree(arity, levels).build(&LinkParams::default()).unwrap_err().to_string();
        assert_eq!(refusal(1, 3), "fat-tree.arity: 1 is out of range; allowed: 2 to 64");
        assert!(refusal(4, 0).starts_with("fat-tree.levels: 0"));
        assert!(refusal(64, 20).contains("too large"));
        assert!(refusal(2, u32::MAX).starts_with("fat-tree.levels"));
    }
}
