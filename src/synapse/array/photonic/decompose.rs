//! A unitary matrix as a mesh of interferometers: the rectangle of Clements and the triangle of Reck.
//!
//! Entries are made zero one after the other by interferometers on the right (`U T†`) or on the left (`T U`) until
//! a diagonal D is left. In the rectangle, those on the left are then carried through D:
//! `T(θ,φ)† diag(d₁, d₂) = diag(−e^{−iφ} d₂, d₂) T(θ, arg(−d₁/d₂))`. So `U = D T_K … T_1`, T_1 being passed first.
//!
//! Source: Clements et al. 2016, doi 10.1364/OPTICA.3.001460; Reck et al. 1994, doi 10.1103/PhysRevLett.73.58.

use num_complex::Complex64;

use super::mesh::{Mesh, Mzi};
use crate::base::{Problem, Problems};

/// Largest deviation of `U†U` from the identity in a matrix that counts as unitary.
const UNITARY: f64 = 1e-9;

/// A square matrix, row after row.
pub type Square = Vec<Vec<Complex64>>;

/// Refuses matrices that are not unitary.
///
/// # Errors
/// It is not square, or `U†U` is off the identity by more than 1e-9.
pub fn check_unitary(matrix: &Square) -> Result<(), Problems> {
    let n = matrix.len();
    if matrix.iter().any(|row| row.len() != n) {
        return Err(Problems::one("", "a mesh holds a square matrix"));
    }
    let mut worst = 0.0f64;
    for j in 0..n {
        for k in 0..=j {
            let overlap: Complex64 = matrix.iter().map(|row| row[j].conj() * row[k]).sum();
            let off = (overlap - f64::from(u8::from(j == k))).norm();
            worst = worst.max(if off.is_nan() { f64::INFINITY } else { off });
        }
    }
    if worst <= UNITARY {
        return Ok(());
    }
    let message = format!("the matrix is not unitary: U†U is off the identity by {worst:.1e}");
    Err(Problem::new("", message).allowed("a unitary matrix; or `arrangement: svd`").into())
}

/// The rectangular mesh of a unitary matrix: N(N − 1)/2 interferometers in N layers.
///
/// # Errors
/// The matrix is not unitary.
pub fn clements(matrix: &Square) -> Result<Mesh, Problems> {
    check_unitary(matrix)?;
    let n = matrix.len();
    let mut u = matrix.clone();
    let (mut right, mut left) = (Vec::new(), Vec::new());
    for i in 0..n.saturating_sub(1) {
        for j in 0..=i {
            if i % 2 == 0 {
                right.push(null_on_right(&mut u, n - 1 - j, i - j));
            } else {
                left.push(null_on_left(&mut u, n + j - i - 1, j));
            }
        }
    }
    let mut diagonal: Vec<Complex64> = (0..n).map(|k| u[k][k]).collect();
    let carried = left.into_iter().rev().map(|mzi| carry(mzi, &mut diagonal)).collect::<Vec<_>>();
    right.extend(carried);
    Ok(finished(right, &diagonal))
}

/// The triangular mesh of a unitary matrix: N(N − 1)/2 interferometers in 2N − 3 layers.
///
/// # Errors
/// The matrix is not unitary.
pub fn reck(matrix: &Square) -> Result<Mesh, Problems> {
    check_unitary(matrix)?;
    let mut u = matrix.clone();
    let mut mzis = Vec::new();
    for row in (1..u.len()).rev() {
        for mode in 0..row {
            mzis.push(null_on_right(&mut u, row, mode));
        }
    }
    let diagonal: Vec<Complex64> = (0..u.len()).map(|k| u[k][k]).collect();
    Ok(finished(mzis, &diagonal))
}

fn finished(mut mzis: Vec<Mzi>, diagonal: &[Complex64]) -> Mesh {
    let turn = std::f64::consts::TAU;
    mzis.iter_mut().for_each(|mzi| mzi.phi = mzi.phi.rem_euclid(turn));
    Mesh { mzis, output: diagonal.iter().map(|z| z.arg().rem_euclid(turn)).collect() }
}

/// Makes entry (row, mode) zero with an interferometer on the right.
fn null_on_right(u: &mut Square, row: usize, mode: usize) -> Mzi {
    let (a, b) = (u[row][mode], u[row][mode + 1]);
    let mzi = Mzi { mode, theta: a.norm().atan2(b.norm()), phi: apart(a, b) };
    let (sin, cos) = mzi.theta.sin_cos();
    let back = Complex64::from_polar(1.0, -mzi.phi);
    for row in u {
        let (a, b) = (row[mode] * back, row[mode + 1]);
        row[mode] = a * cos - b * sin;
        row[mode + 1] = a * sin + b * cos;
    }
    mzi
}

/// Makes entry (row, column) zero with an interferometer on the left, on modes row − 1 and row.
fn null_on_left(u: &mut Square, row: usize, column: usize) -> Mzi {
    let (a, b) = (u[row - 1][column], u[row][column]);
    let mzi = Mzi { mode: row - 1, theta: b.norm().atan2(a.norm()), phi: apart(-b, a) };
    let (sin, cos) = mzi.theta.sin_cos();
    let on = Complex64::from_polar(1.0, mzi.phi);
    let (above, below) = u.split_at_mut(row);
    for (upper, lower) in above[row - 1].iter_mut().zip(&mut below[0]) {
        let (a, b) = (*upper * on, *lower);
        *upper = a * cos - b * sin;
        *lower = a * sin + b * cos;
    }
    mzi
}

/// Difference of phases; zero where one of them has none.
fn apart(a: Complex64, b: Complex64) -> f64 {
    if a.norm() == 0.0 || b.norm() == 0.0 { 0.0 } else { (a / b).arg() }
}

/// Carries the inverse of an interferometer from the left of the diagonal to its right.
fn carry(mzi: Mzi, diagonal: &mut [Complex64]) -> Mzi {
    let (d1, d2) = (diagonal[mzi.mode], diagonal[mzi.mode + 1]);
    diagonal[mzi.mode] = -Complex64::from_polar(1.0, -mzi.phi) * d2;
    Mzi { phi: (-d1 / d2).arg(), ..mzi }
}
