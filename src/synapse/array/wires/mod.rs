//! Wire resistance of a crossbar, without approximation.
//!
//! ```text
//!   V_i ──Rr── r_i0 ──Rr── r_i1 ──Rr── …          one row wire per input
//!               │G_i0       │G_i1                 a cell joins the wires at each crossing
//!              c_i0        c_i1
//!               Rc          Rc
//!              c_(i+1)0    …                      one column wire per output
//!               ⋮
//!               Rc ── 0 V                         virtual ground below the last row: I_j flows here
//! ```
//!
//! One wire segment lies upstream of each cell on its row and one downstream on its column. Kirchhoff's
//! current law at the 2·n·m nodes is a symmetric positive definite system. Since it is linear, the column
//! currents are `I = V · G_eff` for one matrix [`effective_conductance`], which is found once per programming
//! event by nested dissection; every product after that costs what an ideal one does. One-off
//! solves ([`Network::solve`]) use conjugate gradients, preconditioned with exact solves along the wires; cells
//! whose current is not proportional to the voltage need Newton's method around that.
//!
//! Invariants: an answer satisfies Kirchhoff's law to the stated residual, or it is an error that says what
//! residual was reached.
//!
//! Must not know: weights, mappings, converters.

mod dissection;
mod network;
mod newton;

pub use dissection::effective_conductance;
pub use network::{Network, Segments, Solution};
pub use newton::{Curve, solve_nonlinear};

use std::fmt;

/// Why the wires could not be solved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unsolved {
    /// Norm of the violation of Kirchhoff's law, relative to that of the driven currents.
    pub residual: f64,
    /// Iterations that were made.
    pub iterations: usize,
}

impl fmt::Display for Unsolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the wires cannot be solved: Kirchhoff's law is violated by {:.1e} of the driven current after {} \
             iterations",
            self.residual, self.iterations
        )
    }
}

impl std::error::Error for Unsolved {}
