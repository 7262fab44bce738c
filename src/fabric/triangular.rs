//! The triangular torus of SpiNNaker: a torus with a third axis along the diagonal (Furber et al. 2013,
//! "Overview of the SpiNNaker System Architecture", doi 10.1109/TC.2012.142).
//!
//! Ports and numbers as [`Shape::TriangularTorus`] says.

use petgraph::graph::{DiGraph, NodeIndex};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::topology::{Extent, Pen, check_extent};
use super::{Blueprint, LinkKind, Shape, Site};
use crate::base::{Problem, Problems};

/// Steps (x, y) of the three ports that lead forward: E, NE, N. Port p + 3 leads back.
const FORWARD: [[u32; 2]; 3] = [[1, 0], [1, 1], [0, 1]];

/// A torus whose routers have six neighbours: E, NE, N, W, SW and S.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriangularTorus {
    /// Routers in x and y, each 3 or more.
    pub size: [u32; 2],
    /// All routers lie on one chip. Otherwise, as in SpiNNaker, each router is a chip of its own and
    /// its links are chip-to-chip links.
    #[serde(default)]
    pub one_chip: bool,
}

impl TriangularTorus {
    pub(super) fn draw(&self, pen: &Pen<'_>) -> Result<Blueprint, Problems> {
        let [width, height] = self.size;
        let mut problems = Problems::new();
        for (d, k) in self.size.into_iter().enumerate() {
            if k < 3 {
                let problem = Problem::new(format!("size[{d}]"), format!("{k} routers"));
                problems.push(problem.allowed("3 or more: six different neighbours"));
            }
        }
        let routers = u64::from(width) * u64::from(height);
        let extent = Extent { routers: Some(routers), links: routers.checked_mul(6), nodes: Some(routers) };
        check_extent(&mut problems, "size", &extent);
        problems.into_result(())?;
        let count = (width * height) as usize;
        let mut graph = DiGraph::with_capacity(count, 6 * count);
        // The third axis is drawn as one more lattice direction: rows are sheared by half a pitch.
        for router in 0..width * height {
            let (x, y) = ((router % width) as f32, (router / width) as f32);
            let chip = if self.one_chip { 0 } else { router };
            graph.add_node(Site { position: [x - y / 2.0, y], nodes: 1, chip });
        }
        let kind = if self.one_chip { LinkKind::OnChip } else { LinkKind::ChipToChip };
        let wire = pen.link.wire(pen.flit_bits, kind);
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            for (port, [dx, dy]) in (0..).zip(FORWARD) {
                let next = (y + dy) % height * width + (x + dx) % width;
                let [a, b] = [y * width + x, next].map(|router| NodeIndex::new(router as usize));
                graph.add_edge(a, b, wire.between(port, port + 3));
                graph.add_edge(b, a, wire.between(port + 3, port));
            }
        }
        let shape = Shape::TriangularTorus { width, height };
        Ok(Blueprint { shape, graph, reserved_ports: 6, node_numbers: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::RouterId;
    use crate::fabric::{LinkParams, Topology};

    #[test]
    fn ports_lead_where_the_compass_says() {
        let fabric = Topology::TriangularTorus(TriangularTorus { size: [5, 4], one_chip: false });
        let fabric = fabric.build(&LinkParams::default()).unwrap();
        let steps = [[1, 0], [1, 1], [0, 1], [4, 0], [4, 3], [0, 3]];
        for router in 0..20 {
            for (port, [dx, dy]) in (0..).zip(steps) {
                let link = fabric.link(fabric.out(RouterId(router), port).unwrap());
                assert_eq!(link.to.0, (router / 5 + dy) % 4 * 5 + (router % 5 + dx) % 5);
                assert_eq!(link.to_port, (port + 3) % 6);
            }
        }
    }

    #[test]
    fn impossible_tori_are_refused() {
        let refusal = |size| {
            let torus = Topology::TriangularTorus(TriangularTorus { size, one_chip: true });
            torus.build(&LinkParams::default()).unwrap_err().to_string()
        };
        assert!(refusal([2, 8]).starts_with("triangular-torus.size[0]: 2 routers"));
        assert!(refusal([u32::MAX, u32::MAX]).contains("too large"));
    }
}
