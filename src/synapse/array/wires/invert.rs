//! Inverse of a symmetric positive definite matrix, in place, by blocks.

use crate::synapse::array::matrix::Matrix;

/// Rows of a block.
const BLOCK: usize = 32;

/// Replaces `matrix` by its inverse (Gauss–Jordan elimination by blocks); `None` if it is not positive
/// definite to working precision.
pub(super) fn invert(matrix: &mut Matrix) -> Option<()> {
    let n = matrix.rows();
    for start in (0..n).step_by(BLOCK) {
        sweep(matrix, start..n.min(start + BLOCK))?;
    }
    Some(())
}

/// Exchanges the variables in `block` with their right-hand sides.
fn sweep(matrix: &mut Matrix, block: std::ops::Range<usize>) -> Option<()> {
    let (n, width) = (matrix.rows(), block.len());
    let mut pivot = Matrix::from_fn(width, width, |i, j| matrix.at(block.start + i, block.start + j));
    invert_small(&mut pivot)?;
    // Symmetric up to the sign of what has been swept: the block's columns are kept as they were.
    let columns = Matrix::from_fn(n, width, |i, j| -matrix.at(i, block.start + j));
    let rows = Matrix::from_fn(width, n, |i, j| matrix.at(block.start + i, j));
    let mut scaled = Matrix::zeros(width, n);
    Matrix::rows_times(&pivot, &rows, &mut scaled);
    Matrix::rows_times(&columns, &scaled, matrix);
    let mut left = Matrix::zeros(n, width);
    Matrix::rows_times(&columns, &pivot, &mut left);
    for i in 0..n {
        matrix.row_mut(i)[block.clone()].copy_from_slice(left.row(i));
    }
    for (i, row) in block.clone().enumerate() {
        matrix.row_mut(row).copy_from_slice(scaled.row(i));
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
