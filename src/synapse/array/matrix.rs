//! Dense matrices in row-major order, and the few products that arrays need.
//!
//! Every output is summed in one fixed order by fused multiply-adds, which round once, so that results are the same
//! on every machine whatever its vector width; the widest that the machine has is chosen when it runs.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

/// A dense matrix, row after row. Rows are inputs and columns are outputs throughout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    data: Vec<f64>,
}

/// Vectors that are multiplied together in one pass over a matrix, and registers of a row that they share: sums and row
/// fit into the registers of AVX-512.
const BATCH: usize = 8;
const BATCH_REGISTERS: usize = 2;

/// Registers of a row for one vector: enough sums that none waits for the one before.
const ONE_REGISTERS: usize = 8;

impl Matrix {
    /// A matrix of zeros.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, data: vec![0.0; rows * columns] }
    }

    /// The matrix whose entry (row, column) is `entry(row, column)`.
    pub fn from_fn(rows: usize, columns: usize, mut entry: impl FnMut(usize, usize) -> f64) -> Self {
        let mut data = Vec::with_capacity(rows * columns);
        (0..rows).for_each(|row| data.extend((0..columns).map(|column| entry(row, column))));
        Self { rows, columns, data }
    }

    /// The matrix with these entries, row after row; `None` if their number is not `rows · columns`.
    pub fn from_rows(rows: usize, columns: usize, data: Vec<f64>) -> Option<Self> {
        (data.len() == rows.checked_mul(columns)?).then_some(Self { rows, columns, data })
    }

    /// Number of rows (inputs).
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns (outputs).
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All entries, row after row.
    pub fn data(&self) -> &[f64] {
        &self.data
    }

    /// All entries, row after row.
    pub fn data_mut(&mut self) -> &mut [f64] {
        &mut self.data
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.data[row * self.columns..][..self.columns]
    }

    /// One row.
    pub fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.data[row * self.columns..][..self.columns]
    }

    /// One entry.
    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.data[row * self.columns + column]
    }

    /// Sets one entry.
    pub fn set(&mut self, row: usize, column: usize, value: f64) {
        self.data[row * self.columns + column] = value;
    }

    /// The transposed matrix.
    #[must_use]
    pub fn transposed(&self) -> Self {
        Self::from_fn(self.columns, self.rows, |row, column| self.at(column, row))
    }

    /// Every entry changed by `f`.
    #[must_use]
    pub fn map(&self, f: impl FnMut(f64) -> f64) -> Self {
        Self { rows: self.rows, columns: self.columns, data: self.data.iter().copied().map(f).collect() }
    }

    /// `out += x · self`.
    pub fn add_product(&self, x: &[f64], out: &mut [f64]) {
        Arch::new().dispatch(Product { x, matrix: self, out, columns: self.columns });
    }

    /// `out += self[rows[0]] + self[rows[1]] + …`: what a set of spikes adds.
    pub fn add_rows(&self, rows: &[u32], out: &mut [f64]) {
        for &row in rows {
            out.iter_mut().zip(self.row(row as usize)).for_each(|(y, &g)| *y += g);
        }
    }

    /// `out += x · self` for as many vectors as `x` has rows; `out` has a row for each.
    pub fn rows_times(x: &Self, matrix: &Self, out: &mut Self) {
        Self::rows_times_part(x, matrix, &mut out.data, matrix.columns);
    }

    /// The same for some rows of a larger matrix, `out`, and for its first `columns` columns only.
    pub(super) fn rows_times_part(x: &Self, matrix: &Self, out: &mut [f64], columns: usize) {
        Arch::new().dispatch(Product { x: &x.data, matrix, out, columns });
    }
}

/// `out += x · matrix` for as many vectors as there are; each output is summed from the first input to the last,
/// so that it depends neither on the other vectors nor on how wide the machine's vectors are.
struct Product<'a> {
    x: &'a [f64],
    matrix: &'a Matrix,
    out: &'a mut [f64],
    /// Columns that are wanted.
    columns: usize,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { x, matrix, out, columns } = self;
        let (m, n) = (matrix.rows.max(1), matrix.columns.max(1));
        let together = x.len() / m / BATCH * BATCH;
        let (x, rest) = x.split_at(together * m);
        let (out, rest_out) = out.split_at_mut(together * n);
        if together > 0 {
            let width = BATCH_REGISTERS * S::F64_LANES;
            // Columns that lie together stay near while all vectors pass.
            let mut panel = vec![0.0; m * width];
            let mut start = 0;
            while start + width <= columns {
                let rows = matrix.data.chunks_exact(n).map(|row| &row[start..][..width]);
                panel.chunks_exact_mut(width).zip(rows).for_each(|(to, from)| to.copy_from_slice(from));
                for (x, out) in x.chunks_exact(BATCH * m).zip(out.chunks_exact_mut(BATCH * n)) {
                    tile::<S, BATCH, BATCH_REGISTERS>(simd, x, (&panel, width), (&mut out[start..], n));
                }
                start += width;
            }
            finish(x, matrix, out, start..columns);
        }
        for (x, out) in rest.chunks_exact(m).zip(rest_out.chunks_exact_mut(n)) {
            let width = ONE_REGISTERS * S::F64_LANES;
            let mut start = 0;
            while start + width <= columns {
                let weights = (&matrix.data[start..], n);
                tile::<S, 1, ONE_REGISTERS>(simd, x, weights, (&mut out[start..], n));
                start += width;
            }
            finish(x, matrix, out, start..columns);
        }
    }
}

/// `out += x · weights` for `VECTORS` vectors, which follow each other in `x`, and as many columns as `REGISTERS`
/// registers hold. They are the first of `weights` and `out`, whose rows lie as far apart as the numbers beside say.
#[inline(always)]
fn tile<S: Simd, const VECTORS: usize, const REGISTERS: usize>(
    simd: S,
    x: &[f64],
    (weights, stride): (&[f64], usize),
    (out, out_stride): (&mut [f64], usize),
) {
    let (width, inputs) = (REGISTERS * S::F64_LANES, x.len() / VECTORS);
    let mut own = [&x[..0]; VECTORS];
    let mut sums = [[simd.splat_f64s(0.0); REGISTERS]; VECTORS];
    for (i, (own, sums)) in own.iter_mut().zip(&mut sums).enumerate() {
        *own = &x[i * inputs..][..inputs];
        let (row, _) = S::as_simd_f64s(&out[i * out_stride..][..width]);
        sums.iter_mut().zip(row).for_each(|(sum, &before)| *sum = before);
    }
    for (k, row) in weights.chunks(stride).enumerate().take(inputs) {
        let (row, _) = S::as_simd_f64s(&row[..width]);
        for (sums, x) in sums.iter_mut().zip(&own) {
            let input = simd.splat_f64s(x[k]);
            for (sum, &weights) in sums.iter_mut().zip(row) {
                *sum = simd.mul_add_f64s(input, weights, *sum);
            }
        }
    }
    for (i, sums) in sums.iter().enumerate() {
        let (row, _) = S::as_mut_simd_f64s(&mut out[i * out_stride..][..width]);
        row.iter_mut().zip(sums).for_each(|(after, &sum)| *after = sum);
    }
}

/// Some columns of several vectors.
#[inline(always)]
fn finish(x: &[f64], matrix: &Matrix, out: &mut [f64], columns: Range<usize>) {
    let (m, n) = (matrix.rows, matrix.columns);
    if columns.is_empty() {
        return;
    }
    for (x, out) in x.chunks_exact(m.max(1)).zip(out.chunks_exact_mut(n)) {
        for (&x, row) in x.iter().zip(matrix.data.chunks_exact(n)) {
            let own = out[columns.clone()].iter_mut();
            own.zip(&row[columns.clone()]).for_each(|(y, &g)| *y = x.mul_add(g, *y));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rows: usize, columns: usize) -> Matrix {
        Matrix::from_fn(rows, columns, |i, j| ((7 * i + 13 * j) % 11) as f64 - 5.0)
    }

    #[test]
    fn products_are_those_of_the_definition() {
        for (rows, columns) in [(1, 1), (4, 16), (7, 19), (13, 40), (9, 3)] {
            let matrix = sample(rows, columns);
            let batch = sample(19, rows);
            let mut all = Matrix::zeros(19, columns);
            Matrix::rows_times(&batch, &matrix, &mut all);
            for vector in 0..19 {
                let x = batch.row(vector);
                let naive = |j| (0..rows).map(|i| x[i] * matrix.at(i, j)).sum::<f64>();
                let expected: Vec<f64> = (0..columns).map(naive).collect();
                let mut out = vec![0.0; columns];
                matrix.add_product(x, &mut out);
                assert_eq!(out, expected);
                assert_eq!(all.row(vector), expected);
            }
        }
    }

    #[test]
    fn spikes_add_rows() {
        let matrix = sample(5, 3);
        let mut out = vec![0.0; 3];
        matrix.add_rows(&[4, 0], &mut out);
        assert_eq!(out, (0..3).map(|j| matrix.at(4, j) + matrix.at(0, j)).collect::<Vec<_>>());
    }
}
