//! How the edges of each family of graphs are drawn.

use std::collections::BTreeSet;

use super::graph::{Edge, Graph};
use super::python::PythonRandom;
use crate::base::random::Stream;

fn joined(vertices: u32, pairs: impl IntoIterator<Item = (u32, u32)>) -> Graph {
    let edges = pairs.into_iter().map(|(from, to)| Edge { from, to, weight: 1.0 }).collect();
    Graph { edges, ..Graph::new(vertices, false) }
}

pub(super) fn grid(size: &[u32], wraps: bool) -> Graph {
    let count: u32 = size.iter().product();
    let mut pairs = Vec::new();
    for vertex in 0..count {
        let mut stride = 1;
        for &side in size {
            let at = vertex / stride % side;
            if at + 1 < side {
                pairs.push((vertex, vertex + stride));
            } else if wraps {
                pairs.push((vertex, vertex - at * stride));
            }
            stride *= side;
        }
    }
    joined(count, pairs)
}

pub(super) fn complete(vertices: u32) -> Graph {
    joined(vertices, (0..vertices).flat_map(|a| (a + 1..vertices).map(move |b| (a, b))))
}

pub(super) fn erdos_renyi(vertices: u32, edges: u64, dice: &mut Stream) -> Graph {
    let mut pairs = BTreeSet::new();
    let all = u64::from(vertices) * u64::from(vertices.saturating_sub(1)) / 2;
    // Above one half it is quicker to draw the pairs that are absent.
    let drawn = edges.min(all - edges);
    while (pairs.len() as u64) < drawn {
        let (a, b) = (dice.below(vertices), dice.below(vertices));
        if a != b {
            pairs.insert((a.min(b), a.max(b)));
        }
    }
    if drawn == edges {
        return joined(vertices, pairs);
    }
    let mut graph = complete(vertices);
    graph.edges.retain(|edge| !pairs.contains(&(edge.from, edge.to)));
    graph
}

pub(super) fn neurobench_edges(vertices: u32, density: f64) -> u64 {
    (0.5 * density * f64::from(vertices) * f64::from(vertices)) as u64
}

/// `gnm_random_graph` of NetworkX 3.6: pairs are drawn until there are enough distinct ones.
pub(super) fn neurobench(vertices: u32, density: f64, seed: u64) -> Graph {
    let edges = neurobench_edges(vertices, density);
    if edges >= u64::from(vertices) * u64::from(vertices.saturating_sub(1)) / 2 {
        return complete(vertices);
    }
    let mut random = PythonRandom::new(seed);
    let mut pairs = BTreeSet::new();
    while (pairs.len() as u64) < edges {
        let (a, b) = (random.below(vertices), random.below(vertices));
        if a != b {
            pairs.insert((a.min(b), a.max(b)));
        }
    }
    joined(vertices, pairs)
}

pub(super) fn barabasi_albert(vertices: u32, attach: u32, dice: &mut Stream) -> Graph {
    // A vertex occurs once per edge end; the first ones form a star, so that everyone has a degree.
    let mut ends: Vec<u32> = (0..attach).flat_map(|leaf| [leaf, attach]).collect();
    let mut pairs: Vec<(u32, u32)> = (0..attach).map(|leaf| (leaf, attach)).collect();
    for new in attach + 1..vertices {
        let mut chosen = BTreeSet::new();
        while (chosen.len() as u32) < attach {
            chosen.insert(ends[dice.below(ends.len() as u32) as usize]);
        }
        for old in chosen {
            pairs.push((old, new));
            ends.extend([old, new]);
        }
    }
    joined(vertices, pairs)
}

pub(super) fn watts_strogatz(vertices: u32, neighbours: u32, rewire: f64, dice: &mut Stream) -> Graph {
    let ordered = |a: u32, b: u32| (a.min(b), a.max(b));
    let ring =
        || (1..=neighbours / 2).flat_map(move |hop| (0..vertices).map(move |a| (a, (a + hop) % vertices)));
    let mut pairs: BTreeSet<(u32, u32)> = ring().map(|(a, b)| ordered(a, b)).collect();
    for (a, b) in ring() {
        if dice.unit() < rewire && neighbours < vertices - 1 {
            let mut other = dice.below(vertices);
            // A vertex that is joined to all others keeps its edge.
            let mut tries = 0;
            while (other == a || pairs.contains(&ordered(a, other))) && tries < 100 * vertices {
                other = dice.below(vertices);
                tries += 1;
            }
            if other != a && !pairs.contains(&ordered(a, other)) {
                pairs.remove(&ordered(a, b));
                pairs.insert(ordered(a, other));
            }
        }
    }
    joined(vertices, pairs)
}

pub(super) fn rmat(scale: u32, edges: u64, quadrants: &[f64; 4], dice: &mut Stream) -> Graph {
    let bounds = [quadrants[0], quadrants[0] + quadrants[1], quadrants[0] + quadrants[1] + quadrants[2]];
    let mut pairs = Vec::with_capacity(edges as usize);
    for _ in 0..edges {
        let (mut from, mut to) = (0u32, 0u32);
        for _ in 0..scale {
            let at = dice.unit();
            let quadrant = bounds.iter().filter(|&&bound| at >= bound).count() as u32;
            (from, to) = (2 * from + quadrant / 2, 2 * to + quadrant % 2);
        }
        if from != to {
            pairs.push((from, to));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    joined(1 << scale, pairs)
}

pub(super) fn road(size: [u32; 2], missing: f64, dice: &mut Stream) -> Graph {
    let [width, height] = size;
    let mut graph = Graph { weighted: true, ..Graph::new(width * height, false) };
    for y in 0..height {
        for x in 0..width {
            let here = y * width + x;
            let streets = [
                (x + 1 < width, 1, missing),
                (y + 1 < height, width, missing),
                (x + 1 < width && y + 1 < height, width + 1, 1.0 - missing),
            ];
            for (exists, step, absent) in streets {
                // The first row and column stay whole, so that every crossing can be reached.
                let kept = dice.unit() >= absent || (step == 1 && y == 0) || (step == width && width > 1);
                if exists && kept {
                    let weight = f64::from(1 + dice.below(10));
                    graph.edges.push(Edge { from: here, to: here + step, weight });
                }
            }
        }
    }
    graph
}

pub(super) fn planted(groups: u32, group_size: u32, [inside, between]: [f64; 2], dice: &mut Stream) -> Graph {
    let count = groups * group_size;
    let mut pairs = Vec::new();
    for a in 0..count {
        for b in a + 1..count {
            let probability = if a / group_size == b / group_size { inside } else { between };
            if dice.unit() < probability {
                pairs.push((a, b));
            }
        }
    }
    joined(count, pairs)
}
