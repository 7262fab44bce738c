//! n-dimensional meshes and tori.
//!
//! Ports and numbers as [`Shape::Grid`] says.

use petgraph::graph::{DiGraph, NodeIndex};

use super::topology::{Extent, Pen, check_dimensions, check_extent};
use super::{Blueprint, Shape, Site, Wire};
use crate::base::Problems;

/// A mesh or torus with one node on each router.
pub(super) fn draw(size: &[u32], wrap: bool, pen: &Pen<'_>) -> Result<Blueprint, Problems> {
    let mut problems = Problems::new();
    check_dimensions(&mut problems, "size", size);
    check_extent(&mut problems, "size", &Extent::grid(size, wrap, 1));
    problems.into_result(())?;
    let wire = pen.wire();
    Ok(Grid { size, wrap, nodes: 1 }.draw(|_| wire))
}

/// A grid to draw; its dimensions and extent have been checked.
pub(super) struct Grid<'a> {
    pub(super) size: &'a [u32],
    /// Close every dimension of three routers or more into a ring (a ring of two would double its link).
    pub(super) wrap: bool,
    /// Nodes on each router.
    pub(super) nodes: u8,
}

/// A pair of neighbours in a grid.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) dimension: usize,
    /// The two routers.
    pub(super) routers: [u32; 2],
    /// Their coordinates along the dimension: c and c + 1, or the last and 0.
    pub(super) at: [u32; 2],
}

impl Step {
    /// Adds the two directed links between the pair to `graph`, whose routers start at `first`.
    pub(super) fn join(self, graph: &mut DiGraph<Site, Wire>, first: u32, wire: Wire) {
        let [a, b] = self.routers.map(|router| NodeIndex::new((first + router) as usize));
        let (up, down) = (2 * self.dimension as u8, 2 * self.dimension as u8 + 1);
        graph.add_edge(a, b, wire.between(up, down));
        graph.add_edge(b, a, wire.between(down, up));
    }
}

impl Grid<'_> {
    pub(super) fn routers(&self) -> u32 {
        self.size.iter().product()
    }

    /// The grid, with the wire that `wire` chooses for each pair of neighbours.
    pub(super) fn draw(&self, wire: impl Fn(Step) -> Wire) -> Blueprint {
        let count = self.routers();
        let mut graph = DiGraph::with_capacity(count as usize, count as usize * self.size.len() * 2);
        for router in 0..count {
            graph.add_node(Site { position: self.draw_at(router), nodes: self.nodes, chip: 0 });
        }
        self.walk(|step| step.join(&mut graph, 0, wire(step)));
        let wrap = self.size.iter().map(|&k| self.wrap && k > 2).collect();
        Blueprint {
            shape: Shape::Grid { size: self.size.to_vec(), wrap },
            graph,
            reserved_ports: 2 * self.size.len() as u8,
            node_numbers: None,
        }
    }

    /// Visits every pair of neighbours once.
    pub(super) fn walk(&self, mut visit: impl FnMut(Step)) {
        for router in 0..self.routers() {
            let mut stride = 1;
            for (dimension, &k) in self.size.iter().enumerate() {
                let at = router / stride % k;
                if at + 1 < k {
                    visit(Step { dimension, routers: [router, router + stride], at: [at, at + 1] });
                } else if self.wrap && k > 2 {
                    visit(Step { dimension, routers: [router, router - at * stride], at: [at, 0] });
                }
                stride *= k;
            }
        }
    }

    /// Planes of higher dimensions are drawn side by side.
    pub(super) fn draw_at(&self, router: u32) -> [f32; 2] {
        let width = self.size[0];
        let height = self.size.get(1).copied().unwrap_or(1);
        let plane = router / (width * height);
        [(router % width + plane * (width + 1)) as f32, (router / width % height) as f32]
    }
}
