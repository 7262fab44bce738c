//! Dense matrices in row-major order, and the few products that arrays need.
//!
//! Every output is summed in one fixed order by fused multiply-adds, which round once, so that results are the same
//! on every machine whatever its vector width; the widest that the machine has is chosen when it runs.

use std::ops::{AddAssign, Range};

use pulp::{Arch, Simd, WithSimd};

/// A dense matrix, row after row. Rows are inputs and columns are outputs throughout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix<T = f64> {
    rows: usize,
    columns: usize,
    data: Vec<T>,
}

/// What matrices hold.
pub trait Scalar: Copy + Default + AddAssign + PartialEq + 'static {
    /// `self · factor + summand`, rounded once.
    fn fused(self, factor: Self, summand: Self) -> Self;

    /// `out += x · matrix` for eight vectors, in tiles of two registers of the first `columns` columns; says how
    /// many have been done.
    fn tiles<S: Simd>(simd: S, product: Product<'_, Self>, columns: usize) -> usize;
}

macro_rules! scalar {
    ($Scalar:ty: $Vector:ident, $LANES:ident, $read:ident, $write:ident, $splat:ident, $fuse:ident) => {
        impl Scalar for $Scalar {
            #[inline(always)]
            fn fused(self, factor: Self, summand: Self) -> Self {
                self.mul_add(factor, summand)
            }

            #[inline(always)]
            fn tiles<S: Simd>(simd: S, product: Product<'_, Self>, columns: usize) -> usize {
                let Product { x, matrix, out, .. } = product;
                let (m, n, tile) = (matrix.rows, matrix.columns, 2 * S::$LANES);
                let x: [&[Self]; BATCH] = std::array::from_fn(|i| &x[i * m..][..m]);
                let mut start = 0;
                while start + tile <= columns {
                    let mut sums: [[S::$Vector; 2]; BATCH] = std::array::from_fn(|i| {
                        let (own, _) = S::$read(&out[i * n + start..][..tile]);
                        [own[0], own[1]]
                    });
                    for k in 0..m {
                        let (row, _) = S::$read(&matrix.data[k * n + start..][..tile]);
                        let row = [row[0], row[1]];
                        for (sums, x) in sums.iter_mut().zip(&x) {
                            let input = simd.$splat(x[k]);
                            sums[0] = simd.$fuse(input, row[0], sums[0]);
                            sums[1] = simd.$fuse(input, row[1], sums[1]);
                        }
                    }
                    for (i, sums) in sums.into_iter().enumerate() {
                        let (own, _) = S::$write(&mut out[i * n + start..][..tile]);
                        own.copy_from_slice(&sums);
                    }
                    start += tile;
                }
                start
            }
        }
    };
}

scalar!(f64: f64s, F64_LANES, as_simd_f64s, as_mut_simd_f64s, splat_f64s, mul_add_f64s);
scalar!(f32: f32s, F32_LANES, as_simd_f32s, as_mut_simd_f32s, splat_f32s, mul_add_f32s);

/// Vectors that are multiplied together in one pass over a matrix: their sums and two registers of a row fit into
/// the registers of AVX-512.
const BATCH: usize = 8;

impl<T: Scalar> Matrix<T> {
    /// A matrix of zeros.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, data: vec![T::default(); rows * columns] }
    }

    /// The matrix whose entry (row, column) is `entry(row, column)`.
    pub fn from_fn(rows: usize, columns: usize, mut entry: impl FnMut(usize, usize) -> T) -> Self {
        let mut data = Vec::with_capacity(rows * columns);
        (0..rows).for_each(|row| data.extend((0..columns).map(|column| entry(row, column))));
        Self { rows, columns, data }
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
        Arch::new().dispatch(Product { x, matrix: self, out, columns: self.columns });
    }

    /// `out += self[rows[0]] + self[rows[1]] + …`: what a set of spikes adds.
    pub fn add_rows(&self, rows: &[u32], out: &mut [T]) {
        for &row in rows {
            out.iter_mut().zip(self.row(row as usize)).for_each(|(y, &g)| *y += g);
        }
    }

    /// `out += x · self` for as many vectors as `x` has rows; `out` has a row for each.
    pub fn rows_times(x: &Self, matrix: &Self, out: &mut Self) {
        let columns = matrix.columns;
        Arch::new().dispatch(Product { x: &x.data, matrix, out: &mut out.data, columns });
    }

    /// The same for some rows of a larger matrix, `out`, and for its first `columns` columns only.
    pub(super) fn rows_times_part(x: &Self, matrix: &Self, out: &mut [T], columns: usize) {
        Arch::new().dispatch(Product { x: &x.data, matrix, out, columns });
    }
}

/// `out += x · matrix` for as many vectors as there are; each output is summed from the first input to the last,
/// so that it depends neither on the other vectors nor on how wide the machine's vectors are.
pub struct Product<'a, T> {
    x: &'a [T],
    matrix: &'a Matrix<T>,
    out: &'a mut [T],
    /// Columns that are wanted.
    columns: usize,
}

impl<T: Scalar> WithSimd for Product<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { x, matrix, out, columns } = self;
        let (m, n) = (matrix.rows.max(1), matrix.columns.max(1));
        let mut inputs = x.chunks_exact(BATCH * m);
        let mut outputs = out.chunks_exact_mut(BATCH * n);
        for (x, out) in inputs.by_ref().zip(outputs.by_ref()) {
            let done = T::tiles(simd, Product { x, matrix, out: &mut *out, columns }, columns);
            finish(x, matrix, out, done..columns);
        }
        let (rest, out) = (inputs.remainder(), outputs.into_remainder());
        if columns < matrix.columns {
            finish(rest, matrix, out, 0..columns);
            return;
        }
        for (x, out) in rest.chunks_exact(m).zip(out.chunks_exact_mut(n)) {
            one_row(x, matrix, out);
        }
    }
}

/// Some columns of several vectors.
#[inline(always)]
fn finish<T: Scalar>(x: &[T], matrix: &Matrix<T>, out: &mut [T], columns: Range<usize>) {
    let (m, n) = (matrix.rows, matrix.columns);
    if columns.is_empty() {
        return;
    }
    for (x, out) in x.chunks_exact(m.max(1)).zip(out.chunks_exact_mut(n)) {
        for (&x, row) in x.iter().zip(matrix.data.chunks_exact(n)) {
            let own = out[columns.clone()].iter_mut();
            own.zip(&row[columns.clone()]).for_each(|(y, &g)| *y = x.fused(g, *y));
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
            *y = x[3].fused(d, x[2].fused(c, x[1].fused(b, x[0].fused(a, *y))));
        }
    }
    for (row, &x) in rows.remainder().chunks_exact(n.max(1)).zip(inputs.remainder()) {
        out.iter_mut().zip(row).for_each(|(y, &g)| *y = x.fused(g, *y));
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
