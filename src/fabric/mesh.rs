//! n-dimensional meshes and tori, with one or several nodes per router.
//!
//! Ports and numbers as [`Shape::Grid`] says.

use petgraph::graph::{DiGraph, NodeIndex};

use super::{Blueprint, LinkParams, Shape, Site};

/// A grid of `size` routers with `concentration` nodes each. `wrap` closes every dimension of three
/// routers or more into a ring (a ring of two would double its link).
pub(super) fn grid(size: &[u32], wrap: bool, concentration: u8, link: &LinkParams) -> Blueprint {
    let count: u32 = size.iter().product();
    let mut graph = DiGraph::with_capacity(count as usize, count as usize * size.len() * 2);
    for router in 0..count {
        graph.add_node(Site { position: draw_at(router, size), nodes: concentration, chip: 0 });
    }
    let wraps: Vec<bool> = size.iter().map(|&k| wrap && k > 2).collect();
    for router in 0..count {
        let mut stride = 1;
        for (d, &k) in size.iter().enumerate() {
            let at = router / stride % k;
            let (up, down) = (2 * d as u8, 2 * d as u8 + 1);
            let ahead = if at + 1 < k {
                Some(router + stride)
            } else {
                wraps[d].then(|| router + stride - k * stride)
            };
            if let Some(next) = ahead {
                let (a, b) = (NodeIndex::new(router as usize), NodeIndex::new(next as usize));
                graph.add_edge(a, b, link.wire(Some((up, down))));
                graph.add_edge(b, a, link.wire(Some((down, up))));
            }
            stride *= k;
        }
    }
    let shape = Shape::Grid { size: size.to_vec(), wrap: wraps };
    Blueprint { shape, graph, reserved_ports: 2 * size.len() as u8 }
}

/// Planes of higher dimensions are drawn side by side.
fn draw_at(router: u32, size: &[u32]) -> [f32; 2] {
    let width = size[0];
    let height = size.get(1).copied().unwrap_or(1);
    let plane = router / (width * height);
    [(router % width + plane * (width + 1)) as f32, (router / width % height) as f32]
}
