//! Effective conductances of a crossbar with its wires: block elimination over rows.
//!
//! The row nodes of row i depend on its driver and on its column nodes c_i only: with the tridiagonal matrix
//! A_i of the row wire, `r_i = A_i⁻¹(g_r V_i e_0 + G_i c_i)`. What is left are equations between neighbouring
//! rows of column nodes, in units of the column wire's conductance g_c:
//!
//! ```text
//!   (S_i/g_c) c_i − c_(i−1) − c_(i+1) = V_i u_i/g_c,   S_i = D_i − G_i A_i⁻¹ G_i,   u_i = g_r G_i A_i⁻¹ e_0
//! ```
//!
//! Eliminated from the top, `P_i = S_i/g_c − P_(i−1)⁻¹`, and what each driver above contributes is carried down
//! as a vector, `f ← f P_i⁻¹`; past the last row these vectors are the rows of G_eff. The work is
//! O(rows · columns³).

use super::Unsolved;
use super::invert::invert;
use super::network::{Network, Segments};
use crate::synapse::array::matrix::Matrix;

/// Disagreement with an iterative solve above which the result is not believed.
const AGREEMENT: f64 = 1e-7;

/// The matrix G_eff [S] with `I = V · G_eff`, for cells of conductance `cells` [S].
///
/// # Errors
/// The system is too ill-conditioned: the result violates Kirchhoff's law.
pub fn effective_conductance(cells: &Matrix, segments: Segments) -> Result<Matrix, Unsolved> {
    let result = if cells.columns() <= cells.rows() {
        eliminate(cells, segments)
    } else {
        // By reciprocity the same matrix describes the crossbar driven from its column ends, which is
        // one with fewer columns than rows.
        let (n, m) = (cells.rows(), cells.columns());
        let turned = Matrix::from_fn(m, n, |i, j| cells.at(n - 1 - j, m - 1 - i));
        let turned = eliminate(&turned, Segments { row: segments.column, column: segments.row });
        turned.map(|turned| Matrix::from_fn(n, m, |i, j| turned.at(m - 1 - j, n - 1 - i)))
    };
    let result = result.ok_or(Unsolved { residual: 1.0, iterations: cells.rows() })?;
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

fn eliminate(cells: &Matrix, segments: Segments) -> Option<Matrix> {
    let (n, m) = (cells.rows(), cells.columns());
    let mut carried = Matrix::zeros(n, m);
    let mut inverse = Matrix::zeros(m, m);
    let mut scratch = Matrix::zeros(0, 0);
    for i in 0..n {
        let row = RowWire::new(cells.row(i), segments);
        let above = f64::from(u8::from(i > 0));
        row.subtract_from(&mut inverse, above);
        invert(&mut inverse)?;
        carried.row_mut(i).copy_from_slice(&row.entry(segments));
        carry(&mut carried, i + 1, &inverse, &mut scratch);
    }
    let along_column = 1.0 / segments.column;
    carried.data_mut().iter_mut().for_each(|g| *g *= along_column);
    carried.data().iter().all(|g| g.is_finite()).then_some(carried)
}

/// Multiplies the first `count` rows of `carried` by `inverse`.
fn carry(carried: &mut Matrix, count: usize, inverse: &Matrix, scratch: &mut Matrix) {
    let m = inverse.columns();
    let given = carried.data()[..count * m].to_vec();
    let given = Matrix::from_rows(count, m, given).expect("whole rows");
    *scratch = Matrix::zeros(count, m);
    Matrix::rows_times(&given, inverse, scratch);
    carried.data_mut()[..count * m].copy_from_slice(scratch.data());
}

/// A row wire with its cells, and the inverse of its tridiagonal matrix in product form: for j ≤ k
/// `(A⁻¹)_jk = d_k · t_j t_(j+1) … t_(k−1)`.
struct RowWire<'a> {
    cells: &'a [f64],
    diagonal: Vec<f64>,
    transfer: Vec<f64>,
    along_column: f64,
}

impl<'a> RowWire<'a> {
    fn new(cells: &'a [f64], segments: Segments) -> Self {
        let m = cells.len();
        let along_row = 1.0 / segments.row;
        let own = |j: usize| along_row * if j + 1 < m { 2.0 } else { 1.0 } + cells[j];
        let mut forward = vec![0.0; m];
        let mut backward = vec![0.0; m];
        for j in 0..m {
            forward[j] = own(j) - if j > 0 { along_row * along_row / forward[j - 1] } else { 0.0 };
        }
        for j in (0..m).rev() {
            backward[j] = own(j) - if j + 1 < m { along_row * along_row / backward[j + 1] } else { 0.0 };
        }
        let diagonal = (0..m).map(|j| 1.0 / (forward[j] + backward[j] - own(j))).collect();
        let transfer = forward.iter().map(|pivot| along_row / pivot).collect();
        Self { cells, diagonal, transfer, along_column: 1.0 / segments.column }
    }

    /// Turns P_(i−1)⁻¹ into P_i, on and below the diagonal.
    fn subtract_from(&self, inverse: &mut Matrix, above: f64) {
        let m = self.cells.len();
        let scale = 1.0 / self.along_column;
        for k in 0..m {
            let mut product = self.diagonal[k] * self.cells[k] * scale;
            let row = &mut inverse.row_mut(k)[..=k];
            row.iter_mut().for_each(|entry| *entry *= -above);
            for j in (0..=k).rev() {
                row[j] -= product * self.cells[j];
                product *= if j > 0 { self.transfer[j - 1] } else { 0.0 };
            }
            row[k] += above + 1.0 + self.cells[k] * scale;
        }
    }

    /// The vector `u/g_c`.
    fn entry(&self, segments: Segments) -> Vec<f64> {
        let scale = segments.column / segments.row;
        let mut reach = 1.0;
        let entries = (0..self.cells.len()).map(|k| {
            let entry = self.diagonal[k] * reach * self.cells[k] * scale;
            reach *= self.transfer[k];
            entry
        });
        entries.collect()
    }
}
