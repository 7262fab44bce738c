//! Leaky integrate-and-fire with alpha-shaped synaptic currents.
//!
//! `C dv/dt = −C/τ_m·(v − v_rest) + i + I`, `di/dt = (x − i)/τ_syn`, `dx/dt = −x/τ_syn`; an arriving
//! spike of weight w (pA) makes `x` jump by e·w, so that the current `w·e·t/τ·e^(−t/τ)` peaks at w
//! after one time constant. Order of a step and refractory period as in `lif_exp`.
//!
//! Scheme: exact (Rotter & Diesmann 1999). NEST's `iaf_psc_alpha` with equal time constants for
//! both signs; defaults are NEST's.

use std::f64::consts::E;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::propagator::Membrane;
use super::refractory::{self, free};
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use super::working_units::{ms, mv, pa, pf};
use crate::base::Problems;
use crate::base::unit::{Amperes, Farads, Seconds, Volts};

/// Leaky integrate-and-fire neuron with alpha-shaped synaptic currents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LifAlpha {
    /// Membrane capacitance.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub capacitance: Farads,
    /// Membrane time constant.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_m: Seconds,
    /// Time from the arrival of a spike to the peak of its current.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_syn: Seconds,
    /// Potential at rest and at the start.
    pub v_rest: Volts,
    /// The neuron fires when its potential reaches this.
    pub threshold: Volts,
    /// Potential after a spike.
    pub v_reset: Volts,
    /// Refractory period, rounded to time-steps.
    #[schemars(extend("minimum" = 0))]
    pub refractory: Seconds,
    /// Constant input current.
    pub current: Amperes,
}

impl Default for LifAlpha {
    fn default() -> Self {
        Self {
            capacitance: Farads(250e-12),
            tau_m: Seconds(10e-3),
            tau_syn: Seconds(2e-3),
            v_rest: Volts(-70e-3),
            threshold: Volts(-55e-3),
            v_reset: Volts(-70e-3),
            refractory: Seconds(2e-3),
            current: Amperes(0.0),
        }
    }
}

/// Prepared parameters.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    rest: f64,
    decay_v: f64,
    decay_i: f64,
    gain_i: f64,
    gain_x: f64,
    x_to_i: f64,
    drive: f64,
    threshold: f64,
    reset: f64,
    frozen: u16,
}

columns! {
    /// State of the bank.
    struct State of Kind;
    v: f64, "mV", |k| k.rest;
    i: f64, "pA", |_| 0.0;
    x: f64, "pA", |_| 0.0;
    hold: u16, "steps", |_| 0;
}

impl Soma for LifAlpha {
    const CARD: Card = Card {
        name: "lif-alpha",
        equations: "v, i and x advance exactly; fire iff v >= threshold, v = v_reset; x += e input",
        scheme: "exact exponential integration",
        source: "Rotter & Diesmann 1999, doi 10.1007/s004220050570; NEST's iaf_psc_alpha",
        inputs: one_input!("pA"),
        graded: false,
    };
    type Kind = Kind;
    type State = State;

    fn check(&self, dt: Seconds, problems: &mut Problems) {
        refractory::check(self.refractory, dt, problems);
        problems.require(self.v_reset.0 < self.threshold.0, "v_reset", || {
            format!("{} V is not below the threshold of {} V", self.v_reset.0, self.threshold.0)
        });
    }

    fn prepare(&self, dt: Seconds) -> Kind {
        let membrane = Membrane::new(ms(self.tau_m), pf(self.capacitance), ms(dt));
        let ratio = dt.0 / self.tau_syn.0;
        Kind {
            rest: mv(self.v_rest),
            decay_v: membrane.decay,
            decay_i: (-ratio).exp(),
            gain_i: membrane.exponential(ms(self.tau_syn)),
            gain_x: membrane.alpha(ms(self.tau_syn)),
            x_to_i: ratio * (-ratio).exp(),
            drive: membrane.constant * pa(self.current),
            threshold: mv(self.threshold),
            reset: mv(self.v_reset),
            frozen: refractory::frozen_for(self.refractory, dt),
        }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let potentials = state.v[at.clone()].iter_mut().zip(&mut state.hold[at.clone()]);
        let currents = state.i[at.clone()].iter_mut().zip(&mut state.x[at]);
        let columns = potentials.zip(currents).zip(lane.arrivals).zip(lane.status);
        for ((((v, hold), (i, x)), &input), out) in columns {
            let free = free(hold);
            let next = k.rest + (*v - k.rest) * k.decay_v + *i * k.gain_i + *x * k.gain_x + k.drive;
            let fired = free && next >= k.threshold;
            let moved = if fired { k.reset } else { next };
            *v = if free { moved } else { *v };
            *i = *i * k.decay_i + *x * k.x_to_i;
            *x = *x * k.decay_i + E * input;
            *hold = if fired { k.frozen } else { *hold };
            *out = status(true, fired);
        }
    }

    fn price() -> Price {
        Price::scaled(14)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    #[test]
    fn the_current_peaks_at_the_weight_after_one_time_constant() {
        let mut trial = Trial::at(LifAlpha::default(), Seconds(1e-4));
        trial.fires(100.0);
        let mut peak = (0, 0.0);
        for step in 1..60 {
            trial.fires(super::super::bank::NO_INPUT);
            peak = if trial.read(1) > peak.1 { (step, trial.read(1)) } else { peak };
        }
        assert_eq!(peak.0, 20);
        assert!((peak.1 - 100.0).abs() < 1e-10, "{}", peak.1);
    }
}
