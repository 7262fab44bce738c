//! One-off solves: conjugate gradients, preconditioned with exact solves along the row and column wires.

use super::Unsolved;
use crate::synapse::array::matrix::Matrix;

/// Residual at which a solve counts as done, relative to the currents of ideal wires.
const TOLERANCE: f64 = 1e-12;

/// Residual that is still accepted where rounding keeps a solve from getting further.
const ACCEPTED: f64 = 1e-9;

/// Most iterations of one solve.
const MOST_ITERATIONS: usize = 2000;

/// Resistances of the wires from one cell to the next [Ω], both above zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segments {
    /// Along a row, one upstream of each cell.
    pub row: f64,
    /// Along a column, one downstream of each cell.
    pub column: f64,
}

/// A crossbar with its wires.
#[derive(Clone, Debug)]
pub struct Network<'a> {
    /// Conductance of each cell [S].
    pub cells: &'a Matrix,
    /// Resistances of the wires.
    pub segments: Segments,
    /// Rows whose driver is disconnected; empty where all are driven.
    pub floating: &'a [bool],
}

/// Node voltages and what flows out of the columns.
#[derive(Clone, Debug)]
pub struct Solution {
    /// Voltages of the nodes on the row wires [V].
    pub row_nodes: Matrix,
    /// Voltages of the nodes on the column wires [V].
    pub column_nodes: Matrix,
    /// Currents into the virtual grounds [A].
    pub currents: Vec<f64>,
    /// Currents out of the row drivers [A].
    pub supplied: Vec<f64>,
    /// Relative violation of Kirchhoff's law.
    pub residual: f64,
    /// Iterations that were made.
    pub iterations: usize,
}

/// Node voltages, or currents into nodes: those of the row wires, then those of the column wires. Voltages are
/// counted from what they are on ideal wires, the row's voltage or zero, so that small drops keep their digits.
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    pub rows: Vec<f64>,
    pub columns: Vec<f64>,
}

impl Nodes {
    pub(super) fn zeros(len: usize) -> Self {
        Self { rows: vec![0.0; len], columns: vec![0.0; len] }
    }

    fn dot(&self, other: &Self) -> f64 {
        let part = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        part(&self.rows, &other.rows) + part(&self.columns, &other.columns)
    }

    pub(super) fn norm(&self) -> f64 {
        self.dot(self).sqrt()
    }

    /// `self = other + factor · self`.
    fn scale_and_add(&mut self, factor: f64, other: &Self) {
        self.rows.iter_mut().zip(&other.rows).for_each(|(a, b)| *a = b + factor * *a);
        self.columns.iter_mut().zip(&other.columns).for_each(|(a, b)| *a = b + factor * *a);
    }

    /// `self += factor · other`.
    pub(super) fn add(&mut self, factor: f64, other: &Self) {
        self.rows.iter_mut().zip(&other.rows).for_each(|(a, b)| *a += factor * b);
        self.columns.iter_mut().zip(&other.columns).for_each(|(a, b)| *a += factor * b);
    }
}

impl Network<'_> {
    /// Voltages and currents for these row voltages [V].
    ///
    /// # Errors
    /// The iteration does not converge.
    pub fn solve(&self, voltages: &[f64]) -> Result<Solution, Unsolved> {
        let ideal = self.cell_currents(&Nodes::zeros(self.cells.data().len()), voltages, |v| v);
        let (nodes, residual, iterations) = self.solve_nodes(self.cells, &ideal)?;
        Ok(self.solution(&nodes, voltages, residual, iterations))
    }

    fn floats(&self, row: usize) -> bool {
        self.floating.get(row).copied().unwrap_or(false)
    }

    /// Conductance of the segment between row driver and first cell; none where the row floats.
    fn driver(&self, row: usize) -> f64 {
        if self.floats(row) { 0.0 } else { 1.0 / self.segments.row }
    }

    /// Voltage of a row's driver; a row without one is counted from 0 V.
    pub(super) fn voltage(&self, row: usize, voltages: &[f64]) -> f64 {
        if self.floats(row) { 0.0 } else { voltages[row] }
    }

    /// What the cells carry into the nodes, `curve` giving the current of 1 S.
    pub(super) fn cell_currents(&self, at: &Nodes, voltages: &[f64], curve: impl Fn(f64) -> f64) -> Nodes {
        let m = self.cells.columns();
        let mut into = Nodes::zeros(self.cells.data().len());
        for (k, g) in self.cells.data().iter().enumerate() {
            let drop = self.voltage(k / m, voltages) + at.rows[k] - at.columns[k];
            into.columns[k] = g * curve(drop);
            into.rows[k] = -into.columns[k];
        }
        into
    }

    pub(super) fn solution(
        &self,
        nodes: &Nodes,
        voltages: &[f64],
        residual: f64,
        iterations: usize,
    ) -> Solution {
        let (n, m) = (self.cells.rows(), self.cells.columns());
        let last = &nodes.columns[(n - 1) * m..];
        let currents = last.iter().map(|v| v / self.segments.column).collect();
        let supplied = (0..n).map(|row| -nodes.rows[row * m] * self.driver(row)).collect();
        Solution {
            row_nodes: Matrix::from_fn(n, m, |i, j| self.voltage(i, voltages) + nodes.rows[i * m + j]),
            column_nodes: Matrix::from_fn(n, m, |i, j| nodes.columns[i * m + j]),
            currents,
            supplied,
            residual,
            iterations,
        }
    }

    /// Solves for the node voltages with `slopes` as the cells' conductances and `driven` flowing into the nodes.
    pub(super) fn solve_nodes(
        &self,
        slopes: &Matrix,
        driven: &Nodes,
    ) -> Result<(Nodes, f64, usize), Unsolved> {
        let lines = Lines::new(self, slopes);
        let mut x = Nodes::zeros(slopes.data().len());
        let scale = driven.norm();
        if scale == 0.0 {
            return Ok((x, 0.0, 0));
        }
        let (mut residual, mut direction) = (driven.clone(), lines.solve(driven));
        let mut energy = residual.dot(&direction);
        let mut best = f64::INFINITY;
        for iteration in 0..MOST_ITERATIONS {
            let pushed = self.currents_out(slopes, &direction);
            let step = energy / direction.dot(&pushed);
            x.add(step, &direction);
            residual.add(-step, &pushed);
            let reached = residual.norm() / scale;
            best = best.min(reached);
            if reached <= TOLERANCE || reached.is_nan() {
                return self.confirmed(slopes, driven, x, iteration + 1);
            }
            let preconditioned = lines.solve(&residual);
            let next = residual.dot(&preconditioned);
            direction.scale_and_add(next / energy, &preconditioned);
            energy = next;
        }
        if best <= ACCEPTED {
            return self.confirmed(slopes, driven, x, MOST_ITERATIONS);
        }
        Err(Unsolved { residual: best, iterations: MOST_ITERATIONS })
    }

    /// The residual that recurrences promise is computed anew before it is believed.
    fn confirmed(
        &self,
        slopes: &Matrix,
        driven: &Nodes,
        x: Nodes,
        iterations: usize,
    ) -> Result<(Nodes, f64, usize), Unsolved> {
        let mut left = self.currents_out(slopes, &x);
        left.add(-1.0, driven);
        let residual = left.norm() / driven.norm();
        if residual <= ACCEPTED {
            Ok((x, residual, iterations))
        } else {
            Err(Unsolved { residual, iterations })
        }
    }

    /// What flows out of each node at these voltages if the drivers are at 0 V.
    pub(super) fn currents_out(&self, slopes: &Matrix, at: &Nodes) -> Nodes {
        let (n, m) = (slopes.rows(), slopes.columns());
        let (along_row, along_column) = (1.0 / self.segments.row, 1.0 / self.segments.column);
        let mut out = Nodes::zeros(n * m);
        for i in 0..n {
            for j in 0..m {
                let k = i * m + j;
                let cell = slopes.data()[k] * (at.rows[k] - at.columns[k]);
                let left = if j > 0 {
                    along_row * (at.rows[k] - at.rows[k - 1])
                } else {
                    self.driver(i) * at.rows[k]
                };
                let right = if j + 1 < m { along_row * (at.rows[k] - at.rows[k + 1]) } else { 0.0 };
                let above = if i > 0 { at.columns[k] - at.columns[k - m] } else { 0.0 };
                let below = at.columns[k] - if i + 1 < n { at.columns[k + m] } else { 0.0 };
                out.rows[k] = cell + left + right;
                out.columns[k] = along_column * (above + below) - cell;
            }
        }
        out
    }
}

/// The preconditioner: every wire solved exactly, as if the voltages of the others were known.
struct Lines {
    rows: usize,
    columns: usize,
    along_row: f64,
    along_column: f64,
    /// Reciprocal pivots of the tridiagonal factorisations.
    row_pivots: Vec<f64>,
    column_pivots: Vec<f64>,
}

impl Lines {
    fn new(network: &Network<'_>, slopes: &Matrix) -> Self {
        let (n, m) = (slopes.rows(), slopes.columns());
        let (along_row, along_column) = (1.0 / network.segments.row, 1.0 / network.segments.column);
        let (mut row_pivots, mut column_pivots) = (vec![0.0; n * m], vec![0.0; n * m]);
        for i in 0..n {
            for j in 0..m {
                let k = i * m + j;
                let cell = slopes.data()[k];
                let right = if j + 1 < m { along_row } else { 0.0 };
                let (left, before) = match j {
                    0 => (network.driver(i), 0.0),
                    _ => (along_row, along_row * along_row * row_pivots[k - 1]),
                };
                row_pivots[k] = 1.0 / (cell + left + right - before);
                let (above, before) = match i {
                    0 => (0.0, 0.0),
                    _ => (along_column, along_column * along_column * column_pivots[k - m]),
                };
                column_pivots[k] = 1.0 / (cell + above + along_column - before);
            }
        }
        Self { rows: n, columns: m, along_row, along_column, row_pivots, column_pivots }
    }

    fn solve(&self, right: &Nodes) -> Nodes {
        let (n, m) = (self.rows, self.columns);
        let mut x = right.clone();
        let lines = x.rows.chunks_exact_mut(m).zip(self.row_pivots.chunks_exact(m));
        for (x, pivots) in lines {
            for j in 1..m {
                x[j] += self.along_row * pivots[j - 1] * x[j - 1];
            }
            x[m - 1] *= pivots[m - 1];
            for j in (0..m - 1).rev() {
                x[j] = (x[j] + self.along_row * x[j + 1]) * pivots[j];
            }
        }
        // All columns at once, row after row: memory is walked along its grain.
        for k in m..n * m {
            x.columns[k] += self.along_column * self.column_pivots[k - m] * x.columns[k - m];
        }
        for k in (n - 1) * m..n * m {
            x.columns[k] *= self.column_pivots[k];
        }
        for k in (0..(n - 1) * m).rev() {
            x.columns[k] = (x.columns[k] + self.along_column * x.columns[k + m]) * self.column_pivots[k];
        }
        x
    }
}
