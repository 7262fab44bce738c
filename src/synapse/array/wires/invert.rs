//! Inverse of a symmetric positive definite matrix, in place, by blocks.

use crate::synapse::array::matrix::Matrix;

/// Rows of a block.
const BLOCK: usize = 32;

/// Replaces `matrix` by its inverse (Gauss–Jordan elimination by blocks); `None` if it is not positive
/// definite to working precision. What stands above the diagonal is not looked at.
pub(super) fn invert(matrix: &mut Matrix) -> Option<()> {
    let n = matrix.rows();
    for start in (0..n).step_by(BLOCK) {
        sweep(matrix, start..n.min(start + BLOCK))?;
    }
    for i in 0..n {
        for j in i + 1..n {
            matrix.set(i, j, matrix.at(j, i));
        }
    }
    Some(())
}

/// Exchanges the variables in `block` with their right-hand sides. The matrix stays symmetric, up to the sign where
/// a variable that has been exchanged meets one that has not; what stands below the diagonal says it all.
fn sweep(matrix: &mut Matrix, block: std::ops::Range<usize>) -> Option<()> {
    let (n, width, start) = (matrix.rows(), block.len(), block.start);
    let below = |i: usize, j: usize| matrix.at(i.max(j), i.min(j));
    let mut pivot = Matrix::from_fn(width, width, |i, j| below(start + i, start + j));
    invert_small(&mut pivot)?;
    let rows = Matrix::from_fn(width, n, |i, j| below(start + i, j));
    let mut scaled = Matrix::zeros(width, n);
    Matrix::rows_times(&pivot, &rows, &mut scaled);
    for first in (0..n).step_by(BLOCK).filter(|&first| first != start) {
        let end = n.min(first + BLOCK);
        // A column of the block, with the sign that it is subtracted with.
        let sign = if first < start { 1.0 } else { -1.0 };
        let columns = Matrix::from_fn(end - first, width, |i, j| sign * rows.at(j, first + i));
        let out = &mut matrix.data_mut()[first * n..end * n];
        Matrix::rows_times_part(&columns, &scaled, out, end);
        if first > start {
            let mut left = Matrix::zeros(end - first, width);
            Matrix::rows_times(&columns, &pivot, &mut left);
            for i in first..end {
                matrix.row_mut(i)[block.clone()].copy_from_slice(left.row(i - first));
            }
        }
    }
    for (i, row) in block.clone().enumerate() {
        matrix.row_mut(row)[..start].copy_from_slice(&scaled.row(i)[..start]);
        matrix.row_mut(row)[block.clone()].copy_from_slice(pivot.row(i));
    }
    Some(())
}

/// The same without blocks.
fn invert_small(matrix: &mut Matrix) -> Option<()> {
    let n = matrix.rows();
    for k in 0..n {
        let pivot = matrix.at(k, k);
        if !(pivot > 0.0 && pivot.is_finite()) {
            return None;
        }
        let scale = 1.0 / pivot;
        let row: Vec<f64> = matrix.row(k).iter().map(|entry| entry * scale).collect();
        for i in (0..n).filter(|&i| i != k) {
            let factor = matrix.at(i, k);
            matrix.row_mut(i).iter_mut().zip(&row).for_each(|(entry, r)| *entry -= factor * r);
            matrix.set(i, k, -factor * scale);
        }
        matrix.row_mut(k).copy_from_slice(&row);
        matrix.set(k, k, scale);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_times_the_matrix_is_the_identity() {
        for n in [1, 2, 31, 32, 33, 70] {
            let given = Matrix::from_fn(n, n, |i, j| {
                let apart = i.abs_diff(j) as f64;
                1.0 / (1.0 + apart) + if i == j { 1.0 } else { 0.0 }
            });
            let mut inverse = given.clone();
            invert(&mut inverse).expect("it is positive definite");
            let mut product = Matrix::zeros(n, n);
            Matrix::rows_times(&given, &inverse, &mut product);
            for i in 0..n {
                for j in 0..n {
                    let expected = f64::from(u8::from(i == j));
                    assert!((product.at(i, j) - expected).abs() < 1e-13, "{n}: {i} {j}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        assert!(invert(&mut Matrix::from_fn(2, 2, |_, _| 1.0)).is_none());
    }
}
