//! Concentrated meshes: a grid of routers, each with a small grid of nodes.

use petgraph::graph::NodeIndex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mesh::Grid;
use super::topology::{Extent, MAX_NODES_PER_ROUTER, Pen, check_dimensions, check_extent};
use super::{Blueprint, LinkKind, Wire};
use crate::base::{NodeId, Problem, Problems};

/// A mesh with several nodes on each router.
///
/// Nodes are numbered as tiles of the chip, not router by router: with `size: [4, 4]` and
/// `concentration: [2, 2]` the nodes form an 8 × 8 grid, node (x, y) has number 8 y + x and hangs on
/// router (⌊x/2⌋, ⌊y/2⌋). On the router they take the ports in the same order, x fastest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cmesh {
    /// Routers along each dimension, x first; 1 to 6 dimensions.
    pub size: Vec<u32>,
    /// Nodes of one router along each dimension, x first; at most 128 in all.
    pub concentration: Vec<u32>,
    /// Express links along the border (Balfour & Dally, ICS 2006): each router of the outer rows and
    /// columns is also joined to the one half the grid away in its row or column. They are as long as
    /// the links that they skip, with the flight time and energy per bit to match. Two dimensions only,
    /// each an even number of four routers or more.
    #[serde(default)]
    pub express: bool,
}

impl Cmesh {
    pub(super) fn draw(&self, pen: &Pen<'_>) -> Result<Blueprint, Problems> {
        let nodes = self.checked_concentration()?;
        let express = self.express_wires(pen)?;
        let wire = pen.wire();
        let grid = Grid { size: &self.size, wrap: false, nodes: nodes as u8 };
        let mut blueprint = grid.draw(|_| wire);
        for site in blueprint.graph.node_weights_mut() {
            for (d, at) in site.position.iter_mut().enumerate() {
                let pitch = self.concentration.get(d).copied().unwrap_or(1) as f32;
                *at = *at * pitch + (pitch - 1.0) / 2.0;
            }
        }
        if let Some(wires) = express {
            self.draw_express(&mut blueprint, wires);
        }
        blueprint.node_numbers = Some(self.node_numbers(nodes));
        Ok(blueprint)
    }

    fn checked_concentration(&self) -> Result<u32, Problems> {
        let mut problems = Problems::new();
        check_dimensions(&mut problems, "size", &self.size);
        let nodes = self.concentration.iter().try_fold(1u32, |product, &c| product.checked_mul(c));
        let fits = nodes.filter(|nodes| (1..=MAX_NODES_PER_ROUTER).contains(nodes));
        if fits.is_none() {
            problems.push(
                Problem::new("concentration", format!("{:?} nodes on each router", self.concentration))
                    .allowed(format!("1 to {MAX_NODES_PER_ROUTER} nodes in all")),
            );
        }
        problems.require(self.concentration.len() == self.size.len(), "concentration", || {
            format!("{} dimensions where the size has {}", self.concentration.len(), self.size.len())
        });
        check_extent(&mut problems, "size", &Extent::grid(&self.size, false, fits.unwrap_or(1)));
        problems.into_result(fits.unwrap_or(1))
    }

    /// The express wire of each dimension, if there are any.
    fn express_wires(&self, pen: &Pen<'_>) -> Result<Option<[Wire; 2]>, Problems> {
        if !self.express {
            return Ok(None);
        }
        let &[width, height] = self.size.as_slice() else {
            return Err(Problems::one("express", "express links need a grid of two dimensions"));
        };
        let mut problems = Problems::new();
        let mut wire = |d: usize, k: u32| {
            problems.require(k >= 4 && k.is_multiple_of(2), &format!("size[{d}]"), || {
                "express links need an even number of four routers or more".into()
            });
            problems.absorb("express", pen.link.stretched(k / 2).map_err(Problems::from))
        };
        match (wire(0, width), wire(1, height)) {
            (Some(x), Some(y)) => {
                let wires = [x, y].map(|link| link.wire(pen.flit_bits, LinkKind::OnChip));
                problems.into_result(Some(wires))
            }
            _ => Err(problems),
        }
    }

    fn draw_express(&self, blueprint: &mut Blueprint, wires: [Wire; 2]) {
        let (width, height) = (self.size[0], self.size[1]);
        let mut join = |a: [u32; 2], b: [u32; 2], d: usize| {
            let [a, b] = [a, b].map(|[x, y]| NodeIndex::new((y * width + x) as usize));
            let port = blueprint.reserved_ports + d as u8;
            blueprint.graph.add_edge(a, b, wires[d].between(port, port));
            blueprint.graph.add_edge(b, a, wires[d].between(port, port));
        };
        for x in 0..width / 2 {
            [0, height - 1].into_iter().for_each(|y| join([x, y], [x + width / 2, y], 0));
        }
        for y in 0..height / 2 {
            [0, width - 1].into_iter().for_each(|x| join([x, y], [x, y + height / 2], 1));
        }
    }

    /// The node of each (router, local position), as its number on the grid of nodes.
    fn node_numbers(&self, nodes: u32) -> Vec<NodeId> {
        let routers: u32 = self.size.iter().product();
        let number = |router: u32, local: u32| {
            let (mut router, mut local, mut stride, mut number) = (router, local, 1, 0);
            for (&k, &c) in self.size.iter().zip(&self.concentration) {
                number += stride * (router % k * c + local % c);
                stride *= k * c;
                (router, local) = (router / k, local / c);
            }
            NodeId(number)
        };
        (0..routers).flat_map(|router| (0..nodes).map(move |local| number(router, local))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{LinkId, RouterId};
    use crate::fabric::{Fabric, LinkParams, Topology};

    fn build(size: &[u32], concentration: &[u32], express: bool, latency: u16) -> Result<Fabric, Problems> {
        let cmesh = Cmesh { size: size.to_vec(), concentration: concentration.to_vec(), express };
        Topology::Cmesh(cmesh).build(&LinkParams { latency, ..LinkParams::default() })
    }

    #[test]
    fn nodes_are_numbered_as_tiles() {
        let fabric = build(&[4, 4], &[2, 2], false, 1).unwrap();
        assert_eq!(fabric.nodes_of(RouterId(5)), [18, 19, 26, 27].map(NodeId));
        for y in 0..8 {
            for x in 0..8 {
                let node = NodeId(8 * y + x);
                let place = fabric.nodes[node.index()];
                assert_eq!(place.router, RouterId(y / 2 * 4 + x / 2));
                assert_eq!(u32::from(place.port), 4 + y % 2 * 2 + x % 2);
                assert_eq!(fabric.node_at(place.router, place.port), Some(node));
            }
        }
        assert_eq!(fabric.node_at(RouterId(5), 3), None);
        assert_eq!(fabric.node_at(RouterId(5), 8), None);
    }

    /// Routers visited and flight time with dimension order that takes the express link wherever half
    /// the grid or more is left, averaged over all pairs. The reference simulator's 4 × 4 network with
    /// links of two cycles gives 3.125 routers and, less 3 + 4 cycles per router, 5 cycles in flight.
    #[test]
    fn express_links_are_those_of_the_reference() {
        let fabric = build(&[4, 4], &[2, 2], true, 2).unwrap();
        assert_eq!(fabric.links.len(), 48 + 16);
        let (mut routers, mut flight) = (0, 0);
        for pair in 0..256u32 {
            let (mut at, to) = (pair % 16, pair / 16);
            routers += 1;
            while at != to {
                let d = u32::from(at % 4 == to % 4);
                let (here, there) = if d == 0 { (at % 4, to % 4) } else { (at / 4, to / 4) };
                let grid_port = 2 * d as u8 + u8::from(there < here);
                let express = fabric.express(RouterId(at), d as usize);
                let skips = express.filter(|_| here.abs_diff(there) >= 2);
                let link = skips.or_else(|| fabric.out(RouterId(at), grid_port)).unwrap();
                let link = fabric.link(link);
                at = link.to.0;
                routers += 1;
                flight += u32::from(link.latency);
            }
        }
        assert_eq!((routers, flight), (800, 1280));
        assert_eq!((fabric.express(RouterId(5), 0), fabric.express(RouterId(4), 0)), (None, None));
        for link in (0..64).map(LinkId).filter(|&link| fabric.link(link).from_port >= 4) {
            assert_eq!((fabric.link(link).latency, fabric.link(link).length_mm), (4, 2.0));
            assert!(fabric.reverse(link).is_some());
        }
    }

    #[test]
    fn impossible_concentrations_are_refused() {
        let refusal = |size: &[u32], concentration: &[u32], express| {
            build(size, concentration, express, 1).map(drop).unwrap_err().to_string()
        };
        assert!(refusal(&[4, 4], &[2], false).starts_with("cmesh.concentration: 1 dimensions"));
        assert!(refusal(&[4, 4], &[0, 2], false).contains("1 to 128 nodes"));
        assert!(refusal(&[4, 4], &[1 << 16, 1 << 16], false).contains("1 to 128 nodes"));
        assert!(refusal(&[2048, 2048], &[8, 8], false).contains("nodes"));
        assert!(refusal(&[4, 5], &[2, 2], true).starts_with("cmesh.size[1]: express"));
        assert!(refusal(&[4, 4, 4], &[1, 1, 1], true).starts_with("cmesh.express"));
        assert!(refusal(&[4, 1 << 12], &[1, 1], true).contains("1024"));
    }
}
