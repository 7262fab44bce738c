//! Dense matrices in row-major order, and the few products that arrays need.
//!
//! Every output is summed in one fixed order, without fused multiply-adds, so that results are the same
//! on every machine whatever its vector width; the widest that the machine has is chosen when it runs.

use std::ops::{Add, AddAssign, Mul};

use pulp::{Arch, Simd, WithSimd};

/// A dense matrix, row after row. Rows are inputs and columns are outputs throughout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix<T = f64> {
    rows: usize,
    columns: usize,
    data: Vec<T>,
}

/// What matrices hold.
pub trait Scalar:
    Copy + Default + Add<Output = Self> + Mul<Output = Self> + AddAssign + PartialEq + 'static
{
    /// Four vectors times a matrix, in tiles of as many columns as suit the type.
    fn four_rows(x: &[Self], matrix: &Matrix<Self>, out: &mut [Self]);
}

impl Scalar for f64 {
    #[inline(always)]
    fn four_rows(x: &[Self], matrix: &Matrix<Self>, out: &mut [Self]) {
        four_rows::<Self, 16>(x, matrix, out);
    }
}

impl Scalar for f32 {
    #[inline(always)]
    fn four_rows(x: &[Self], matrix: &Matrix<Self>, out: &mut [Self]) {
        four_rows::<Self, 32>(x, matrix, out);
    }
}

/// Vectors that are multiplied together in one pass over a matrix.
const BATCH: usize = 4;

impl<T: Scalar> Matrix<T> {
    /// A matrix of zeros.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, data: vec![T::default(); rows * columns] }
    }

    /// The matrix whose entry (row, column) is `entry(row, column)`.
    pub fn from_fn(rows: usize, columns: usize, mut entry: impl FnMut(usize, usize) -> T) -> Self {
        let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        Self { rows, columns, data: cells.map(|(row, column)| entry(row, column)).collect() }
    }

    /// The matrix with these entries, row after row; `None` if their number is not `rows · columns`.
    pub fn from_rows(rows: usize, columns: usize, data: Vec<T>) -> Option<Self> {
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
    pub fn data(&self) -> &[T] {
        &self.data
    }

    /// All entries, row after row.
    pub fn data_mut(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[T] {
        &self.data[row * self.columns..][..self.columns]
    }

    /// One row.
    pub fn row_mut(&mut self, row: usize) -> &mut [T] {
        &mut self.data[row * self.columns..][..self.columns]
    }

    /// One entry.
    pub fn at(&self, row: usize, column: usize) -> T {
        self.data[row * self.columns + column]
    }

    /// Sets one entry.
    pub fn set(&mut self, row: usize, column: usize, value: T) {
        self.data[row * self.columns + column] = value;
    }

    /// The transposed matrix.
    #[must_use]
    pub fn transposed(&self) -> Self {
        Self::from_fn(self.columns, self.rows, |row, column| self.at(column, row))
    }

    /// Every entry changed by `f`.
    #[must_use]
    pub fn map<U: Scalar>(&self, f: impl FnMut(T) -> U) -> Matrix<U> {
        Matrix { rows: self.rows, columns: self.columns, data: self.data.iter().copied().map(f).collect() }
    }

    /// `out += x · self`.
    pub fn add_product(&self, x: &[T], out: &mut [T]) {
        Arch::new().dispatch(Product { x, matrix: self, out });
    }

    /// `out += self[rows[0]] + self[rows[1]] + …`: what a set of spikes adds.
    pub fn add_rows(&self, rows: &[u32], out: &mut [T]) {
        for &row in rows {
            out.iter_mut().zip(self.row(row as usize)).for_each(|(y, &g)| *y += g);
        }
    }

    /// `out += x · self` for as many vectors as `x` has rows; `out` has a row for each.
    pub fn rows_times(x: &Self, matrix: &Self, out: &mut Self) {
        Arch::new().dispatch(Product { x: &x.data, matrix, out: &mut out.data });
    }
}

/// `out += x · matrix` for as many vectors as there are; each output is summed from the first input to the last,
/// so that it depends neither on the other vectors nor on how wide the machine's vectors are.
struct Product<'a, T> {
    x: &'a [T],
    matrix: &'a Matrix<T>,
    out: &'a mut [T],
}

impl<T: Scalar> WithSimd for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (m, n) = (self.matrix.rows.max(1), self.matrix.columns.max(1));
        let mut inputs = self.x.chunks_exact(BATCH * m);
        let mut outputs = self.out.chunks_exact_mut(BATCH * n);
        for (x, out) in inputs.by_ref().zip(outputs.by_ref()) {
            T::four_rows(x, self.matrix, out);
        }
        let rest = inputs.remainder().chunks_exact(m);
        for (x, out) in rest.zip(outputs.into_remainder().chunks_exact_mut(n)) {
            one_row(x, self.matrix, out);
        }
    }
}

/// One vector times a matrix: four rows a pass, so that the outputs are read and written a quarter as often.
#[inline(always)]
fn one_row<T: Scalar>(x: &[T], matrix: &Matrix<T>, out: &mut [T]) {
    let n = matrix.columns;
    let mut rows = matrix.data.chunks_exact(4 * n.max(1));
    let mut inputs = x.chunks_exact(4);
    for (rows, x) in rows.by_ref().zip(inputs.by_ref()) {
        let (ab, cd) = rows.split_at(2 * n);
        let ((a, b), (c, d)) = (ab.split_at(n), cd.split_at(n));
        for ((((y, &a), &b), &c), &d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *y = *y + x[0] * a + x[1] * b + x[2] * c + x[3] * d;
        }
    }
    for (row, &x) in rows.remainder().chunks_exact(n.max(1)).zip(inputs.remainder()) {
        out.iter_mut().zip(row).for_each(|(y, &g)| *y += x * g);
    }
}

/// Four vectors times a matrix: tiles of four by `TILE` sums stay in registers.
#[inline(always)]
fn four_rows<T: Scalar, const TILE: usize>(x: &[T], matrix: &Matrix<T>, out: &mut [T]) {
    let (m, n) = (matrix.rows, matrix.columns);
    let [x0, x1, x2, x3]: [&[T]; BATCH] = std::array::from_fn(|i| &x[i * m..][..m]);
    let inputs = || x0.iter().zip(x1).zip(x2).zip(x3);
    let mut start = 0;
    while start + TILE <= n {
        let mut sums = [[T::default(); TILE]; BATCH];
        for (i, sums) in sums.iter_mut().enumerate() {
            sums.copy_from_slice(&out[i * n + start..][..TILE]);
        }
        let [mut a, mut b, mut c, mut d] = sums;
        let mut rest = &matrix.data[start..];
        for (((&x0, &x1), &x2), &x3) in inputs() {
            let Some(row) = rest.first_chunk::<TILE>() else { break };
            let sums = a.iter_mut().zip(&mut b).zip(&mut c).zip(&mut d);
            for ((((a, b), c), d), &g) in sums.zip(row) {
                *a += x0 * g;
                *b += x1 * g;
                *c += x2 * g;
                *d += x3 * g;
            }
            rest = rest.get(n..).unwrap_or_default();
        }
        for (i, sums) in [a, b, c, d].iter().enumerate() {
            out[i * n + start..][..TILE].copy_from_slice(sums);
        }
        start += TILE;
    }
    for (k, (((&x0, &x1), &x2), &x3)) in inputs().enumerate() {
        let row = &matrix.data[k * n + start..(k + 1) * n];
        for (i, x) in [x0, x1, x2, x3].into_iter().enumerate() {
            let out = &mut out[i * n + start..(i + 1) * n];
            out.iter_mut().zip(row).for_each(|(y, &g)| *y += x * g);
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
            let batch = sample(6, rows);
            let mut all = Matrix::zeros(6, columns);
            Matrix::rows_times(&batch, &matrix, &mut all);
            for vector in 0..6 {
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
