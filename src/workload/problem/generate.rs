//! Graphs of the usual random and regular families, each from its parameters and a seed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::families::{
    barabasi_albert, complete, erdos_renyi, grid, neurobench, neurobench_edges, planted, rmat, road,
    watts_strogatz,
};
use super::graph::Graph;
use crate::base::random::{Purpose, Stream};
use crate::base::{Problem, Problems};

/// Most vertices that are generated.
const MOST_VERTICES: u64 = 1 << 27;
/// Most edges that are generated.
const MOST_EDGES: u64 = 1 << 29;

/// A family of graphs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Family {
    /// A grid with an edge between neighbours; vertices are numbered along the first dimension first.
    Grid {
        /// Vertices along each dimension.
        size: Vec<u32>,
    },
    /// A grid whose ends are joined.
    Torus {
        /// Vertices along each dimension; at least 3.
        size: Vec<u32>,
    },
    /// Every pair is joined.
    Complete {
        /// Number of vertices.
        vertices: u32,
    },
    /// Erdős–Rényi G(n, m): so many distinct edges, all sets of edges equally likely.
    ErdosRenyi {
        /// Number of vertices.
        vertices: u32,
        /// Number of edges.
        edges: u64,
    },
    /// The graphs of the NeuroBench benchmark of maximum independent sets: G(n, ⌊density·n²/2⌋) drawn with
    /// the generator of Python, so that a seed means the same graph there and here.
    Neurobench {
        /// Number of vertices.
        vertices: u32,
        /// Share of all pairs that are joined, about; 0 to 1.
        #[schemars(range(min = 0, max = 1))]
        density: f64,
    },
    /// Barabási–Albert: vertices come one by one and attach to old ones in proportion to their degree.
    BarabasiAlbert {
        /// Number of vertices.
        vertices: u32,
        /// Edges of each new vertex; at least 1.
        #[schemars(range(min = 1))]
        attach: u32,
    },
    /// Watts–Strogatz: a ring in which each vertex is joined to its nearest, then edges are rewired.
    WattsStrogatz {
        /// Number of vertices.
        vertices: u32,
        /// Nearest vertices that each is joined to; even.
        neighbours: u32,
        /// Probability of an edge to be rewired; 0 to 1.
        #[schemars(range(min = 0, max = 1))]
        rewire: f64,
    },
    /// R-MAT: edges fall into quadrants of the adjacency matrix, recursively.
    Rmat {
        /// Binary logarithm of the number of vertices.
        #[schemars(range(min = 1, max = 27))]
        scale: u32,
        /// Number of edges; repeated ones and self-loops are dropped.
        edges: u64,
        /// Probabilities of the four quadrants; they add up to 1. Default: those of Graph500.
        #[serde(default = "graph500")]
        quadrants: [f64; 4],
    },
    /// A road-like network: a planar grid with some streets missing and some crossed diagonally, whose
    /// weights are lengths of 1 to 10 in tenths of a block.
    Road {
        /// Crossings along both dimensions.
        size: [u32; 2],
        /// Share of streets that are missing; 0 to 0.3.
        #[serde(default = "tenth")]
        #[schemars(range(min = 0, max = 0.3))]
        missing: f64,
    },
    /// Planted groups of equal size: more edges inside than between.
    Planted {
        /// Number of groups.
        groups: u32,
        /// Vertices in each group.
        group_size: u32,
        /// Probability of an edge inside a group; 0 to 1.
        #[schemars(range(min = 0, max = 1))]
        inside: f64,
        /// Probability of an edge between groups; 0 to 1.
        #[schemars(range(min = 0, max = 1))]
        between: f64,
    },
}

fn graph500() -> [f64; 4] {
    [0.57, 0.19, 0.19, 0.05]
}

fn tenth() -> f64 {
    0.1
}

/// A graph from a generator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Generator {
    /// The family.
    pub family: Family,
    /// Seed of the generator. Default: the seed of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Whole-number weights, drawn uniformly between these two. Default: what the family says, or 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<[i64; 2]>,
    /// Whether each edge gets one direction, drawn by lot (for R-MAT: the one it was drawn in).
    #[serde(default)]
    pub directed: bool,
}

impl Generator {
    /// Checks what the types cannot.
    ///
    /// # Errors
    /// Values out of range, and graphs that are too large.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        if let Some([low, high]) = self.weights {
            problems.require(low <= high, "weights", || format!("{low} is above {high}"));
        }
        let (vertices, edges) = self.family.extent();
        let fits = vertices <= MOST_VERTICES && edges <= MOST_EDGES;
        problems.require(fits, "family", || format!("{vertices} vertices and {edges} edges are too many"));
        problems.absorb("family", self.family.validate());
        problems.into_result(())
    }

    /// The graph; `seed` is the one of the run.
    ///
    /// # Errors
    /// Whatever [`validate`](Self::validate) finds.
    pub fn generate(&self, seed: u64) -> Result<Graph, Problems> {
        self.validate()?;
        let seed = self.seed.unwrap_or(seed);
        let mut graph = self.family.draw(seed);
        let mut dice = Stream::new(seed, Purpose::Workload, WEIGHTS, 0);
        if let Some([low, high]) = self.weights {
            graph.weighted = true;
            let span = u32::try_from(high - low).unwrap_or(u32::MAX - 1) + 1;
            for edge in &mut graph.edges {
                edge.weight = (low + i64::from(dice.below(span))) as f64;
            }
        }
        if self.directed {
            graph.directed = true;
            if !matches!(self.family, Family::Rmat { .. }) {
                for edge in &mut graph.edges {
                    if dice.below(2) == 1 {
                        (edge.from, edge.to) = (edge.to, edge.from);
                    }
                }
            }
        }
        Ok(graph)
    }
}

/// Streams of one seed: the shape, and the weights.
const SHAPE: u32 = 1;
const WEIGHTS: u32 = 2;

impl Family {
    /// Vertices, and edges at most.
    fn extent(&self) -> (u64, u64) {
        let cells = |size: &[u32]| size.iter().fold(1u64, |all, &side| all.saturating_mul(side.into()));
        let pairs = |count: u64| count.saturating_mul(count.saturating_sub(1)) / 2;
        match self {
            Self::Grid { size } | Self::Torus { size } => {
                (cells(size), cells(size).saturating_mul(size.len() as u64))
            }
            Self::Complete { vertices } => ((*vertices).into(), pairs((*vertices).into())),
            Self::ErdosRenyi { vertices, edges } => ((*vertices).into(), *edges),
            Self::Neurobench { vertices, density } => {
                ((*vertices).into(), neurobench_edges(*vertices, *density))
            }
            Self::BarabasiAlbert { vertices, attach } => {
                ((*vertices).into(), u64::from(*vertices).saturating_mul((*attach).into()))
            }
            Self::WattsStrogatz { vertices, neighbours, .. } => {
                ((*vertices).into(), u64::from(*vertices).saturating_mul((*neighbours).into()) / 2)
            }
            Self::Rmat { scale, edges, .. } => (1 << scale.min(&62), *edges),
            Self::Road { size, .. } => (cells(size), cells(size).saturating_mul(3)),
            Self::Planted { groups, group_size, .. } => {
                let all = u64::from(*groups).saturating_mul((*group_size).into());
                // Drawn pair by pair.
                (all, pairs(all))
            }
        }
    }

    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let (vertices, edges) = self.extent();
        problems.require(vertices > 0, "", || "there are no vertices".to_owned());
        let mut share = |name: &str, value: f64, most: f64| {
            if !(0.0..=most).contains(&value) {
                problems.push(
                    Problem::new(name, format!("{value} is out of range")).allowed(format!("0 to {most}")),
                );
            }
        };
        match self {
            Self::Neurobench { density, .. } => share("neurobench.density", *density, 1.0),
            Self::WattsStrogatz { rewire, .. } => share("watts-strogatz.rewire", *rewire, 1.0),
            Self::Road { missing, .. } => share("road.missing", *missing, 0.3),
            Self::Planted { inside, between, .. } => {
                share("planted.inside", *inside, 1.0);
                share("planted.between", *between, 1.0);
            }
            Self::Rmat { quadrants, .. } => quadrants.iter().for_each(|&it| share("rmat.quadrants", it, 1.0)),
            _ => {}
        }
        self.check_sizes(&mut problems, vertices, edges);
        problems.into_result(())
    }

    fn check_sizes(&self, problems: &mut Problems, vertices: u64, edges: u64) {
        match self {
            Self::Grid { size } => {
                problems.require(!size.is_empty() && size.iter().all(|&side| side > 0), "grid.size", || {
                    "each side has at least one vertex".to_owned()
                })
            }
            Self::Torus { size } => {
                problems.require(!size.is_empty() && size.iter().all(|&side| side > 2), "torus.size", || {
                    "each side has at least three vertices".to_owned()
                })
            }
            Self::ErdosRenyi { .. } => {
                let most = vertices * vertices.saturating_sub(1) / 2;
                problems.require(edges <= most, "erdos-renyi.edges", || {
                    format!("{vertices} vertices have at most {most} edges; found {edges}")
                });
            }
            Self::BarabasiAlbert { vertices, attach } => {
                problems.require((1..*vertices).contains(attach), "barabasi-albert.attach", || {
                    format!("{attach} of {vertices} vertices")
                });
            }
            Self::WattsStrogatz { vertices, neighbours, .. } => {
                let fits = neighbours % 2 == 0 && neighbours < vertices;
                problems.require(fits, "watts-strogatz.neighbours", || {
                    format!("{neighbours} is odd, or not below {vertices}")
                });
            }
            Self::Rmat { scale, quadrants, .. } => {
                problems
                    .require((1..=27).contains(scale), "rmat.scale", || format!("{scale} is out of range"));
                let sum: f64 = quadrants.iter().sum();
                problems.require((sum - 1.0).abs() < 1e-9, "rmat.quadrants", || {
                    format!("they add up to {sum} instead of 1")
                });
            }
            _ => {}
        }
    }

    fn draw(&self, seed: u64) -> Graph {
        let mut dice = Stream::new(seed, Purpose::Workload, SHAPE, 0);
        match self {
            Self::Grid { size } => grid(size, false),
            Self::Torus { size } => grid(size, true),
            Self::Complete { vertices } => complete(*vertices),
            Self::ErdosRenyi { vertices, edges } => erdos_renyi(*vertices, *edges, &mut dice),
            Self::Neurobench { vertices, density } => neurobench(*vertices, *density, seed),
            Self::BarabasiAlbert { vertices, attach } => barabasi_albert(*vertices, *attach, &mut dice),
            Self::WattsStrogatz { vertices, neighbours, rewire } => {
                watts_strogatz(*vertices, *neighbours, *rewire, &mut dice)
            }
            Self::Rmat { scale, edges, quadrants } => rmat(*scale, *edges, quadrants, &mut dice),
            Self::Road { size, missing } => road(*size, *missing, &mut dice),
            Self::Planted { groups, group_size, inside, between } => {
                planted(*groups, *group_size, [*inside, *between], &mut dice)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(family: Family) -> Graph {
        Generator { family, seed: Some(5), weights: None, directed: false }.generate(1).unwrap()
    }

    #[test]
    fn regular_families_have_their_edges() {
        let count = |family| graph(family).edges.len();
        assert_eq!(count(Family::Grid { size: vec![3, 4, 2] }), 2 * 4 * 2 + 3 * 3 * 2 + 12);
        assert_eq!(count(Family::Torus { size: vec![5, 4] }), 40);
        assert_eq!(count(Family::Complete { vertices: 6 }), 15);
        assert_eq!(count(Family::WattsStrogatz { vertices: 50, neighbours: 4, rewire: 0.3 }), 100);
        assert_eq!(count(Family::BarabasiAlbert { vertices: 50, attach: 3 }), 3 + 46 * 3);
        for edges in [0, 3, 400, 435] {
            assert_eq!(count(Family::ErdosRenyi { vertices: 30, edges }), edges as usize);
        }
    }

    #[test]
    fn no_family_makes_loops_or_repeats_edges() {
        let rmat = Family::Rmat { scale: 7, edges: 500, quadrants: graph500() };
        for family in [
            Family::Torus { size: vec![3, 3] },
            Family::ErdosRenyi { vertices: 30, edges: 300 },
            Family::BarabasiAlbert { vertices: 40, attach: 4 },
            Family::WattsStrogatz { vertices: 20, neighbours: 6, rewire: 0.9 },
            Family::Road { size: [9, 7], missing: 0.2 },
            Family::Planted { groups: 3, group_size: 8, inside: 0.9, between: 0.1 },
            Family::Neurobench { vertices: 25, density: 0.25 },
        ] {
            let simple = graph(family.clone()).simple(super::super::graph::Merge::Least, false);
            assert_eq!((simple.self_loops, simple.parallel), (0, 0), "{family:?}");
        }
        let directed = Graph { directed: true, ..graph(rmat) };
        let simple = directed.simple(super::super::graph::Merge::Least, false);
        assert_eq!((simple.self_loops, simple.parallel), (0, 0));
    }

    #[test]
    fn bad_parameters_are_refused() {
        for family in [
            Family::Grid { size: vec![] },
            Family::Torus { size: vec![2, 5] },
            Family::ErdosRenyi { vertices: 3, edges: 4 },
            Family::BarabasiAlbert { vertices: 3, attach: 3 },
            Family::WattsStrogatz { vertices: 9, neighbours: 3, rewire: 0.0 },
            Family::Rmat { scale: 40, edges: 1, quadrants: graph500() },
            Family::Complete { vertices: 0 },
            Family::Complete { vertices: u32::MAX },
            Family::Neurobench { vertices: 9, density: f64::NAN },
        ] {
            let generator = Generator { family, seed: None, weights: None, directed: false };
            assert!(generator.generate(1).is_err(), "{generator:?}");
        }
    }
}
