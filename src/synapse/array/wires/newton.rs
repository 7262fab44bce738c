//! Cells whose current is not proportional to the voltage: Newton's method around the linear solve.

use super::Unsolved;
use super::network::{Network, Nodes, Solution};
use crate::synapse::array::matrix::Matrix;

/// Violation of Kirchhoff's law at which the iteration ends, relative to the currents of ideal wires.
const TOLERANCE: f64 = 1e-11;

/// Most Newton steps; each is halved up to [`MOST_HALVINGS`] times if it does not help.
const MOST_STEPS: usize = 60;
const MOST_HALVINGS: usize = 30;

/// Current of a cell of 1 S as a function of the voltage across it: odd and increasing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Curve {
    /// `v`.
    Ohmic,
    /// `v + quadratic·|v|·v + cubic·v³` (coefficients in 1/V and 1/V², not negative).
    Polynomial {
        /// Coefficient of |v|·v [1/V].
        quadratic: f64,
        /// Coefficient of v³ [1/V²].
        cubic: f64,
    },
    /// `scale·sinh(v/scale)`, hopping or tunnelling conduction (Simmons 1963, doi 10.1063/1.1702682).
    Sinh {
        /// Voltage scale [V].
        scale: f64,
    },
}

impl Curve {
    /// The current [A] of 1 S at `v` volt.
    pub fn current(self, v: f64) -> f64 {
        match self {
            Self::Ohmic => v,
            Self::Polynomial { quadratic, cubic } => v * (1.0 + quadratic * v.abs() + cubic * v * v),
            Self::Sinh { scale } => scale * (v / scale).sinh(),
        }
    }

    /// Its derivative [S].
    pub fn slope(self, v: f64) -> f64 {
        match self {
            Self::Ohmic => 1.0,
            Self::Polynomial { quadratic, cubic } => 1.0 + 2.0 * quadratic * v.abs() + 3.0 * cubic * v * v,
            Self::Sinh { scale } => (v / scale).cosh(),
        }
    }
}

/// Voltages and currents of a crossbar whose cells follow `curve`, for these row voltages [V].
///
/// # Errors
/// The iteration does not converge.
pub fn solve_nonlinear(network: &Network<'_>, curve: Curve, voltages: &[f64]) -> Result<Solution, Unsolved> {
    let mut at = Nodes::zeros(network.cells.data().len());
    let mut left = violation(network, curve, &at, voltages);
    let scale = left.norm();
    if scale == 0.0 {
        return Ok(network.solution(&at, voltages, 0.0, 0));
    }
    for step in 0..MOST_STEPS {
        let residual = left.norm() / scale;
        if residual <= TOLERANCE {
            return Ok(network.solution(&at, voltages, residual, step));
        }
        let (correction, _, _) = network.solve_nodes(&slopes(network, curve, &at, voltages), &left)?;
        let mut share = 1.0;
        let improved = (0..MOST_HALVINGS).find_map(|_| {
            let mut tried = at.clone();
            tried.add(share, &correction);
            share *= 0.5;
            let left = violation(network, curve, &tried, voltages);
            (left.norm() < residual * scale).then_some((tried, left))
        });
        let Some((next, remaining)) = improved else {
            return Err(Unsolved { residual, iterations: step });
        };
        (at, left) = (next, remaining);
    }
    Err(Unsolved { residual: left.norm() / scale, iterations: MOST_STEPS })
}

/// What is missing at each node for Kirchhoff's law to hold.
fn violation(network: &Network<'_>, curve: Curve, at: &Nodes, voltages: &[f64]) -> Nodes {
    let mut left = network.cell_currents(at, voltages, |v| curve.current(v));
    let wires_alone = Matrix::zeros(network.cells.rows(), network.cells.columns());
    left.add(-1.0, &network.currents_out(&wires_alone, at));
    left
}

/// Differential conductances of the cells.
fn slopes(network: &Network<'_>, curve: Curve, at: &Nodes, voltages: &[f64]) -> Matrix {
    let m = network.cells.columns();
    Matrix::from_fn(network.cells.rows(), m, |i, j| {
        let k = i * m + j;
        let drop = network.voltage(i, voltages) + at.rows[k] - at.columns[k];
        network.cells.data()[k] * curve.slope(drop)
    })
}
