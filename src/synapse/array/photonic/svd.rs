//! Singular value decomposition of a real matrix by one-sided Jacobi rotations.
//!
//! Source: Hestenes 1958, doi 10.1137/0106005; convergence as in Demmel & Veselić 1992, doi 10.1137/0613074.

use crate::synapse::array::matrix::Matrix;

/// Cosine between two columns below which they count as orthogonal.
const ORTHOGONAL: f64 = 1e-15;

/// Most sweeps over all pairs of columns; a handful suffices.
const MOST_SWEEPS: usize = 60;

/// `A = U · diag(values) · Vᵀ` of a square matrix, values descending.
#[derive(Clone, Debug)]
pub struct Svd {
    /// Left vectors, one for each column of the matrix.
    pub u: Matrix,
    /// Singular values.
    pub values: Vec<f64>,
    /// Right vectors, one for each column of the matrix.
    pub v: Matrix,
}

/// Decomposes a square matrix.
pub fn singular_values(a: &Matrix) -> Svd {
    let n = a.columns();
    // Columns are kept as rows: they are read and rotated as wholes.
    let mut work = a.transposed();
    let mut v = Matrix::from_fn(n, n, |i, j| f64::from(u8::from(i == j)));
    for _ in 0..MOST_SWEEPS {
        let mut worst = 0.0f64;
        for p in 0..n {
            for q in p + 1..n {
                worst = worst.max(rotate(&mut work, &mut v, p, q));
            }
        }
        if worst <= ORTHOGONAL {
            break;
        }
    }
    let norms: Vec<f64> = (0..n).map(|k| dot(work.row(k), work.row(k)).sqrt()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&p, &q| norms[q].total_cmp(&norms[p]).then(p.cmp(&q)));
    let values: Vec<f64> = order.iter().map(|&k| norms[k]).collect();
    let u = complete(&work, &order, &values);
    Svd { u, values, v: Matrix::from_fn(n, n, |i, j| v.at(order[j], i)) }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Makes columns p and q orthogonal; the cosine that was between them.
fn rotate(work: &mut Matrix, v: &mut Matrix, p: usize, q: usize) -> f64 {
    let (a, b) = (dot(work.row(p), work.row(p)), dot(work.row(q), work.row(q)));
    let c = dot(work.row(p), work.row(q));
    let cosine = if a * b > 0.0 { c.abs() / (a * b).sqrt() } else { 0.0 };
    if cosine <= ORTHOGONAL {
        return 0.0;
    }
    let zeta = (b - a) / (2.0 * c);
    let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
    let cos = 1.0 / t.hypot(1.0);
    let sin = cos * t;
    for matrix in [work, v] {
        for k in 0..matrix.columns() {
            let (x, y) = (matrix.at(p, k), matrix.at(q, k));
            matrix.set(p, k, cos * x - sin * y);
            matrix.set(q, k, sin * x + cos * y);
        }
    }
    cosine
}

/// Left vectors; where singular values vanish, any that complete the basis.
fn complete(work: &Matrix, order: &[usize], values: &[f64]) -> Matrix {
    let n = order.len();
    let floor = values.first().copied().unwrap_or(0.0) * 1e-13;
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(n);
    for (&k, &value) in order.iter().zip(values).filter(|&(_, &value)| value > floor) {
        basis.push(work.row(k).iter().map(|x| x / value).collect());
    }
    for axis in 0..n {
        if basis.len() == n {
            break;
        }
        let mut fresh = vec![0.0; n];
        fresh[axis] = 1.0;
        // Twice is enough for orthogonality to working precision.
        for _ in 0..2 {
            for known in &basis {
                let along = dot(known, &fresh);
                fresh.iter_mut().zip(known).for_each(|(x, k)| *x -= along * k);
            }
        }
        let norm = dot(&fresh, &fresh).sqrt();
        if norm > 0.5 / n as f64 {
            fresh.iter_mut().for_each(|x| *x /= norm);
            basis.push(fresh);
        }
    }
    Matrix::from_fn(n, n, |i, j| basis.get(j).map_or(0.0, |vector| vector[i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: &Matrix) {
        let n = a.rows();
        let Svd { u, values, v } = singular_values(a);
        for i in 0..n {
            for j in 0..n {
                let found: f64 = (0..n).map(|k| u.at(i, k) * values[k] * v.at(j, k)).sum();
                assert!((found - a.at(i, j)).abs() < 1e-12, "{i} {j}: {found}");
                let overlap: f64 = (0..n).map(|k| u.at(k, i) * u.at(k, j)).sum();
                assert!((overlap - f64::from(u8::from(i == j))).abs() < 1e-12, "{i} {j}: {overlap}");
            }
        }
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
    }

    #[test]
    fn the_parts_make_up_the_matrix() {
        check(&Matrix::from_fn(7, 7, |i, j| ((3 * i + 5 * j * j) % 13) as f64 - 6.0));
        check(&Matrix::from_fn(5, 5, |i, j| (i * j) as f64));
        check(&Matrix::from_fn(4, 4, |_, _| 0.0));
    }
}
