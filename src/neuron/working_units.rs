//! The units in which the models compute: ms, mV, pA, pF and nS.
//!
//! They are coherent (pA·ms/pF = mV, nS·mV = pA, pF/nS = ms), so the equations stand in the code
//! as they stand in the literature. Parameters are SI quantities; this is where they change.

use crate::base::unit::{Amperes, Farads, Seconds, Siemens, Volts};

/// A time in ms.
pub(super) fn ms(time: Seconds) -> f64 {
    time.0 * 1e3
}

/// A potential in mV.
pub(super) fn mv(potential: Volts) -> f64 {
    potential.0 * 1e3
}

/// A current in pA.
pub(super) fn pa(current: Amperes) -> f64 {
    current.0 * 1e12
}

/// A capacitance in pF.
pub(super) fn pf(capacitance: Farads) -> f64 {
    capacitance.0 * 1e12
}

/// A conductance in nS.
pub(super) fn ns(conductance: Siemens) -> f64 {
    conductance.0 * 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The goldens are stated in working units; a conversion off by more than one unit in the last
    /// place would show as a shifted spike.
    #[test]
    fn si_quantities_arrive_in_working_units() {
        let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() <= f64::EPSILON, "{a} is not {b}");
        near(ms(Seconds(0.1e-3)), 0.1);
        near(mv(Volts(-70.6e-3)), -70.6);
        near(pa(Amperes(80.5e-12)), 80.5);
        near(pf(Farads(281e-12)), 281.0);
        near(ns(Siemens(16.6667e-9)), 16.6667);
    }
}
