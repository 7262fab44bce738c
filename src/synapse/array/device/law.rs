//! How a spread depends on the conductance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::unit::Siemens;
use crate::base::{Problem, Problems};

/// Siemens in a microsiemens.
const MICRO: f64 = 1e-6;

/// Standard deviation of a conductance as a function of the conductance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// The same at every conductance [S].
    Constant(Siemens),
    /// A share of the largest conductance of the window.
    OfRange(f64),
    /// A share of the conductance itself.
    Proportional(f64),
    /// Inversely proportional to the conductance: this much [S] at the largest one. Below a hundredth of
    /// that conductance it rises no further.
    Inverse(Siemens),
    /// A polynomial, lowest power first, with conductance and deviation both in µS; below zero it is zero.
    Polynomial(Vec<f64>),
    /// `most·(1 − e^(−G/scale))`.
    Saturating {
        /// Deviation at large conductances [S].
        most: Siemens,
        /// Conductance over which it rises [S].
        scale: Siemens,
    },
}

impl Law {
    /// Standard deviation [S] at conductance `g` [S] of a window that ends at `g_max` [S].
    pub fn deviation(&self, g: f64, g_max: f64) -> f64 {
        match self {
            Self::Constant(sigma) => sigma.0,
            Self::OfRange(share) => share * g_max,
            Self::Proportional(share) => share * g,
            Self::Inverse(sigma) => sigma.0 * g_max / g.max(0.01 * g_max),
            Self::Polynomial(terms) => {
                let g = g / MICRO;
                (terms.iter().rev().fold(0.0, |sum, term| sum * g + term) * MICRO).max(0.0)
            }
            Self::Saturating { most, scale } => -most.0 * (-g / scale.0).exp_m1(),
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// Deviations that are negative or not finite.
    pub fn validate(&self) -> Result<(), Problems> {
        let (name, values): (&str, Vec<f64>) = match self {
            Self::Constant(sigma) => ("constant", vec![sigma.0]),
            Self::OfRange(share) => ("of-range", vec![*share]),
            Self::Proportional(share) => ("proportional", vec![*share]),
            Self::Inverse(sigma) => ("inverse", vec![sigma.0]),
            Self::Polynomial(terms) if terms.iter().all(|term| term.is_finite()) => return Ok(()),
            Self::Polynomial(_) => ("polynomial", vec![f64::NAN]),
            Self::Saturating { most, scale } if scale.0 > 0.0 => ("saturating.most", vec![most.0]),
            Self::Saturating { .. } => ("saturating.scale", vec![-1.0]),
        };
        let mut problems = Problems::new();
        for value in values.into_iter().filter(|value| !(value.is_finite() && *value >= 0.0)) {
            problems
                .push(Problem::new(name, format!("{value} is no spread")).allowed("a finite number from 0"));
        }
        problems.into_result(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(law: Law, g: f64, expected: f64) {
        let found = law.deviation(g * MICRO, 25.0 * MICRO) / MICRO;
        assert!((found - expected).abs() < 1e-12, "{law:?}: {found} is not {expected}");
    }

    #[test]
    fn deviations_follow_their_laws() {
        check(Law::Constant(Siemens(2e-6)), 7.0, 2.0);
        check(Law::OfRange(0.02), 7.0, 0.5);
        check(Law::Proportional(0.1), 7.0, 0.7);
        check(Law::Inverse(Siemens(1e-6)), 5.0, 5.0);
        check(Law::Polynomial(vec![4.782, -0.0091]), 100.0, 3.872);
        check(Law::Polynomial(vec![1.0, -1.0]), 2.0, 0.0);
        let law = Law::Saturating { most: Siemens(3e-6), scale: Siemens(2e-6) };
        check(law, 2.0, 3.0 * (1.0 - (-1.0f64).exp()));
    }
}
