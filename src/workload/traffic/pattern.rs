//! Where packets go: the patterns of the literature, as written and as destination rules.
//!
//! Definitions: Dally & Towles, *Principles and Practices of Interconnection Networks* (2004), table 3.1.
//! Node numbers have b bits, N = 2ᵇ nodes.
//!
//! | pattern          | destination                                                   | fits |
//! |------------------|---------------------------------------------------------------|------|
//! | `bit-complement` | N − 1 − i: every bit inverted                                 | any N |
//! | `bit-reverse`    | dᵢ = s₍b−1−i₎                                                 | N = 2ᵇ |
//! | `bit-rotation`   | dᵢ = s₍i+1 mod b₎: rotated right by one                       | N = 2ᵇ |
//! | `shuffle`        | dᵢ = s₍i−1 mod b₎: rotated left by one                        | N = 2ᵇ |
//! | `transpose`      | (x, y) → (y, x); in n dimensions the coordinates in reverse order | sizes that read the same from both ends |
//! | `tornado`        | every coordinate + ⌈k/2⌉ − 1 mod k                            | any grid |
//! | `neighbor`       | every coordinate + 1 mod k                                    | any grid |
//!
//! Coordinates are those of the router; with several nodes per router the place on the router stays.
//! Where routers have no coordinates (trees, graphs from files) `tornado` and `neighbor` take the N nodes
//! for a ring, and `transpose`, there and on one-dimensional grids, takes them for a square of √N × √N.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::matrix::MatrixLayout;
use super::place::Places;
use super::text::{WEIGHTS, is_weight};
use crate::base::random::{Purpose, Stream};
use crate::base::{Problem, Problems};

/// Which destination a packet gets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// Every node with the same probability, the sender included.
    #[default]
    Uniform,
    /// (x, y) → (y, x).
    Transpose,
    /// Node i → N − 1 − i.
    BitComplement,
    /// The bits of the node number in reverse order.
    BitReverse,
    /// The bits of the node number rotated right by one.
    BitRotation,
    /// The bits of the node number rotated left by one.
    Shuffle,
    /// Almost half-way round in every dimension.
    Tornado,
    /// One step up in every dimension, around the edge.
    Neighbor,
    /// Some nodes receive more than others.
    Hotspot(Hotspot),
    /// Every node sends to one other; the pairing is drawn at random.
    Permutation(Permutation),
    /// Intensities from a file.
    Matrix(Matrix),
}

/// Some nodes receive more than others, whoever sends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Hotspot {
    /// The hot nodes. Absent: the middle of the grid (27, 28, 35 and 36 on 8 × 8).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<u32>>,
    /// Weight of each hot node as a destination, in the order of `nodes`. Absent: 1 each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// Weight of every other node. 0: all traffic goes to the hot nodes.
    pub background: f64,
}

/// A random permutation: every node sends to one node and receives from one; some may draw themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Permutation {
    /// Which permutation is drawn. Absent: the run's seed decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// Intensities by pair. Node i sends the share of its row in the whole matrix, so that the mean over all
/// nodes is the traffic's `rate`; within a row, weights are probabilities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// CSV file, plain or gzipped.
    pub file: PathBuf,
    /// What a line of the file holds.
    #[serde(default)]
    pub layout: MatrixLayout,
}

impl Pattern {
    /// Checks what does not depend on the chip.
    ///
    /// # Errors
    /// Weights that are none or do not match the nodes, a hot node that is listed twice.
    pub fn validate(&self) -> Result<(), Problems> {
        match self {
            Self::Hotspot(hotspot) => hotspot.validate().map_err(|problems| problems.under("hotspot")),
            _ => Ok(()),
        }
    }

    /// The destination of every node where the pattern fixes it; `None` where packets draw theirs.
    pub(super) fn table(&self, places: &Places, seed: u64) -> Result<Option<Vec<u32>>, Problem> {
        let nodes = places.nodes();
        let table = match self {
            Self::Uniform | Self::Hotspot(_) | Self::Matrix(_) => return Ok(None),
            Self::Permutation(permutation) => permutation.draw(nodes, seed),
            Self::BitComplement => (0..nodes).rev().collect(),
            Self::BitReverse => bitwise(nodes, "bit-reverse", |i, b| i.reverse_bits() >> (32 - b))?,
            Self::BitRotation => bitwise(nodes, "bit-rotation", |i, b| i >> 1 | (i & 1) << (b - 1))?,
            Self::Shuffle => bitwise(nodes, "shuffle", |i, b| (i << 1 | i >> (b - 1)) & (nodes - 1))?,
            Self::Transpose => places.transposed()?,
            Self::Tornado => places.shifted(|k| k.div_ceil(2) - 1),
            Self::Neighbor => places.shifted(|_| 1),
        };
        Ok(Some(table))
    }
}

impl Permutation {
    fn draw(&self, nodes: u32, seed: u64) -> Vec<u32> {
        let mut table: Vec<u32> = (0..nodes).collect();
        Stream::new(self.seed.unwrap_or(seed), Purpose::Workload, 0, 0).shuffle(&mut table);
        table
    }
}

/// A permutation of the `b` ≥ 1 bits of the node number.
fn bitwise(nodes: u32, name: &str, permute: impl Fn(u32, u32) -> u32) -> Result<Vec<u32>, Problem> {
    let bits = nodes.ilog2();
    if !nodes.is_power_of_two() {
        let message = format!("`{name}` permutes the bits of node numbers; {nodes} nodes do not fill them");
        let fitting = format!("a power of two of nodes, such as {} or {}", 1 << bits, 2u64 << bits);
        return Err(Problem::new("", message).allowed(fitting));
    }
    Ok((0..nodes).map(|node| if bits == 0 { node } else { permute(node, bits) }).collect())
}

impl Hotspot {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let listed = self.nodes.as_deref().unwrap_or_default();
        if self.nodes.is_some() && listed.is_empty() {
            problems.push(Problem::new("nodes", "no hot node is listed").allowed("one node number or more"));
        }
        let mut sorted = listed.to_vec();
        sorted.sort_unstable();
        for pair in sorted.windows(2).filter(|pair| pair[0] == pair[1]) {
            problems.push(Problem::new("nodes", format!("node {} is listed twice", pair[0])));
        }
        let mut weighed = |path: String, weight: f64| {
            if !is_weight(weight) {
                problems.push(Problem::new(path, format!("{weight} is no weight")).allowed(WEIGHTS));
            }
        };
        weighed("background".into(), self.background);
        for (i, &weight) in self.weights.iter().flatten().enumerate() {
            weighed(format!("weights[{i}]"), weight);
        }
        if let (Some(weights), Some(nodes)) = (&self.weights, &self.nodes)
            && weights.len() != nodes.len()
        {
            let message = format!("{} weights for {} nodes", weights.len(), nodes.len());
            problems.push(Problem::new("weights", message).allowed("one per hot node"));
        }
        let cold = self.weights.as_ref().is_some_and(|weights| weights.iter().all(|&weight| weight == 0.0));
        if cold && self.background == 0.0 {
            problems.push(Problem::new("weights", "all weights are zero: there is no destination"));
        }
        problems.into_result(())
    }

    /// Weight of every node as a destination; [`Self::validate`] has passed.
    pub(super) fn weights(&self, places: &Places) -> Result<Vec<f64>, Problems> {
        let hot = match &self.nodes {
            Some(nodes) => nodes.clone(),
            None => places.middle().ok_or_else(|| {
                Problem::new("nodes", "this chip has no middle: its routers have no coordinates")
                    .allowed("a list of node numbers")
            })?,
        };
        let mut problems = Problems::new();
        let mut weights = vec![self.background; places.nodes() as usize];
        let given = self.weights.as_deref().unwrap_or_default();
        if self.weights.is_some() && given.len() != hot.len() {
            let message = format!("{} weights for the {} nodes in the middle", given.len(), hot.len());
            problems.push(Problem::new("weights", message).allowed("one per hot node"));
        }
        for (i, &node) in hot.iter().enumerate() {
            match weights.get_mut(node as usize) {
                Some(weight) => *weight = given.get(i).copied().unwrap_or(1.0),
                None => problems.push(
                    Problem::new(format!("nodes[{i}]"), format!("node {node} is outside the chip"))
                        .allowed(format!("0 to {}", places.nodes() - 1)),
                ),
            }
        }
        let total: f64 = weights.iter().sum();
        problems.require(total > 0.0, "weights", || "all weights are zero: there is no destination".into());
        problems.into_result(weights)
    }
}
