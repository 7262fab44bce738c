//! Effective conductances of a crossbar with its wires: nested dissection, node by node without a subtraction.
//!
//! A rectangle of cells meets the rest of the crossbar at the ends of its wires only. So it is one network of
//! conductances between these ends, found from those of its two halves: put side by side, they share the nodes of
//! the wires that were cut, and nothing else is joined to these. A node is eliminated by the star–mesh transformation
//! (Rosen, J. IEE 62, 1924, p. 916),
//!
//! ```text
//!   G_ab ← G_ab + G_ak G_kb / Σ_c G_kc
//! ```
//!
//! which adds, multiplies and divides positive numbers alone. Every conductance keeps its digits, however much better
//! the wires conduct than the cells: the same reason makes the elimination of Grassmann, Taksar & Heyman (1985, doi
//! 10.1287/opre.33.5.1107) exact for Markov chains. What remains of the whole crossbar joins the drivers with the
//! outputs, and that is G_eff. The work is O(L³) for a crossbar of L × L cells.

use std::ops::Range;

use super::Unsolved;
use super::network::{Network, Segments};
use crate::synapse::array::matrix::Matrix;

/// Disagreement with an iterative solve above which the result is not believed.
const AGREEMENT: f64 = 1e-7;

/// Nodes that are eliminated together: what they do to all others is one product of matrices.
const PANEL: usize = 32;

/// Longest side of a rectangle whose nodes are all written down at once [cells].
const SMALL: usize = 4;

/// The matrix G_eff [S] with `I = V · G_eff`, for cells of conductance `cells` [S].
///
/// # Errors
/// The system is too ill-conditioned: the result violates Kirchhoff's law.
pub fn effective_conductance(cells: &Matrix, segments: Segments) -> Result<Matrix, Unsolved> {
    let (n, m) = (cells.rows(), cells.columns());
    let whole = Crossbar { cells, segments }.part(0..n, 0..m);
    // Drivers come before outputs.
    let result = Matrix::from_fn(n, m, |i, j| whole.links.at(n + j, i));
    if !result.data().iter().all(|g| g.is_finite()) {
        return Err(Unsolved { residual: 1.0, iterations: 0 });
    }
    check(cells, segments, &result)?;
    Ok(result)
}

/// Compares the currents for one vector of voltages with those of an iterative solve.
fn check(cells: &Matrix, segments: Segments, result: &Matrix) -> Result<(), Unsolved> {
    let voltages: Vec<f64> = (0..cells.rows()).map(|i| 1.0 + (i % 7) as f64 * 0.125).collect();
    let mut currents = vec![0.0; cells.columns()];
    result.add_product(&voltages, &mut currents);
    let solution = Network { cells, segments, floating: &[] }.solve(&voltages)?;
    let largest = solution.currents.iter().fold(0.0f64, |most, i| most.max(i.abs()));
    let apart = currents.iter().zip(&solution.currents).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    if apart <= AGREEMENT * largest {
        Ok(())
    } else {
        Err(Unsolved { residual: apart / largest, iterations: 0 })
    }
}

/// What is taken apart.
#[derive(Clone, Copy)]
struct Crossbar<'a> {
    cells: &'a Matrix,
    segments: Segments,
}

/// Conductances between the nodes at which a part of a crossbar meets the rest.
struct Mesh {
    /// Their numbers, ascending.
    nodes: Vec<u32>,
    /// By pair of nodes; what stands on and above the diagonal means nothing.
    links: Matrix,
}

impl Crossbar<'_> {
    /// The node of row `i` behind `j` segments of its wire; its driver is the one behind none.
    fn row_node(self, i: usize, j: usize) -> u32 {
        (i * (self.cells.columns() + 1) + j) as u32
    }

    /// The node of column `j` above the segment of row `i`; its output is the one below all rows.
    fn column_node(self, i: usize, j: usize) -> u32 {
        (self.cells.rows() * (self.cells.columns() + 1) + i * self.cells.columns() + j) as u32
    }

    /// A rectangle of cells: its longer side is halved until it is small.
    fn part(self, rows: Range<usize>, columns: Range<usize>) -> Mesh {
        if rows.len().max(columns.len()) <= SMALL {
            return self.small_part(rows, columns);
        }
        if rows.len() > columns.len() {
            let middle = rows.start + rows.len() / 2;
            self.part(rows.start..middle, columns.clone()).join(&self.part(middle..rows.end, columns))
        } else {
            let middle = columns.start + columns.len() / 2;
            self.part(rows.clone(), columns.start..middle).join(&self.part(rows, middle..columns.end))
        }
    }

    /// Some cells, each with the segments that lead to it and away from it.
    fn small_part(self, rows: Range<usize>, columns: Range<usize>) -> Mesh {
        let (mut nodes, mut inner) = (Vec::new(), Vec::new());
        for i in rows.clone() {
            for j in columns.start..=columns.end {
                // The last node of a row wire meets nothing else.
                let is_end = j == columns.start || j == columns.end && j < self.cells.columns();
                if is_end { &mut nodes } else { &mut inner }.push(self.row_node(i, j));
            }
        }
        for i in rows.start..=rows.end {
            for j in columns.clone() {
                // Nor does the first of a column wire.
                let is_end = i == rows.end || i == rows.start && i > 0;
                if is_end { &mut nodes } else { &mut inner }.push(self.column_node(i, j));
            }
        }
        let size = nodes.len() + inner.len();
        let mut links = Matrix::zeros(size, size);
        let place = |node: u32| place(&nodes, &inner, node);
        for i in rows {
            for j in columns.clone() {
                let (upper, lower) = (place(self.column_node(i, j)), place(self.column_node(i + 1, j)));
                let (left, right) = (place(self.row_node(i, j)), place(self.row_node(i, j + 1)));
                let cell = self.cells.at(i, j);
                let (row, column) = (1.0 / self.segments.row, 1.0 / self.segments.column);
                for (a, b, link) in [(left, right, row), (right, upper, cell), (upper, lower, column)] {
                    links.set(a.max(b), a.min(b), link);
                }
            }
        }
        let kept = nodes.len();
        Mesh { nodes, links: eliminate(links, kept) }
    }
}

/// The row of a node in a matrix of those that stay, followed by those that go; both ascend.
fn place(nodes: &[u32], gone: &[u32], node: u32) -> usize {
    nodes.binary_search(&node).unwrap_or_else(|_| nodes.len() + gone.partition_point(|&other| other < node))
}

impl Mesh {
    /// Both together, without the nodes that they share.
    fn join(&self, other: &Self) -> Self {
        let mut nodes = Vec::with_capacity(self.nodes.len() + other.nodes.len());
        let shared: Vec<u32> =
            self.nodes.iter().copied().filter(|node| other.nodes.binary_search(node).is_ok()).collect();
        let own = |node: &u32| shared.binary_search(node).is_err();
        nodes.extend(self.nodes.iter().chain(&other.nodes).copied().filter(own));
        nodes.sort_unstable();
        let size = nodes.len() + shared.len();
        let mut links = Matrix::zeros(size, size);
        for mesh in [self, other] {
            let places: Vec<usize> = mesh.nodes.iter().map(|&node| place(&nodes, &shared, node)).collect();
            for (i, &a) in places.iter().enumerate() {
                for (&b, &link) in places[..i].iter().zip(mesh.links.row(i)) {
                    let (row, column) = (a.max(b), a.min(b));
                    links.set(row, column, links.at(row, column) + link);
                }
            }
        }
        let kept = nodes.len();
        Self { nodes, links: eliminate(links, kept) }
    }
}

/// Eliminates all nodes but the first `kept`.
fn eliminate(mut links: Matrix, kept: usize) -> Matrix {
    let mut end = links.rows();
    while end > kept {
        let start = kept.max(end.saturating_sub(PANEL));
        eliminate_panel(&mut links, start..end);
        end = start;
    }
    let mut left = Matrix::zeros(kept, kept);
    (0..kept).for_each(|i| left.row_mut(i)[..i].copy_from_slice(&links.row(i)[..i]));
    left
}

/// Eliminates the nodes `panel`, after which there are none, from the last to the first.
fn eliminate_panel(links: &mut Matrix, panel: Range<usize>) {
    let (size, width, start) = (links.columns(), panel.len(), panel.start);
    let mut shares = vec![0.0; width];
    for k in panel.clone().rev() {
        let (before, own) = links.data_mut().split_at_mut(k * size);
        let own = &own[..k];
        shares[k - start] = 1.0 / own.iter().sum::<f64>();
        for l in start..k {
            let factor = own[l] * shares[k - start];
            before[l * size..][..l].iter_mut().zip(own).for_each(|(link, g)| *link += factor * g);
        }
    }
    let rows = links.data()[start * size..panel.end * size].to_vec();
    let rows = Matrix::from_rows(width, size, rows).expect("whole rows");
    for first in (0..start).step_by(PANEL) {
        let end = start.min(first + PANEL);
        let factors = Matrix::from_fn(end - first, width, |i, k| rows.at(k, first + i) * shares[k]);
        Matrix::rows_times_part(&factors, &rows, &mut links.data_mut()[first * size..end * size], end);
    }
}
