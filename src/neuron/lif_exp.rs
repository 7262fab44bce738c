//! Leaky integrate-and-fire with exponential synaptic currents.
//!
//! `C dv/dt = −C/τ_m·(v − v_rest) + i + I`, `di/dt = −i/τ_syn`; an arriving spike of weight w (pA)
//! makes `i` jump by w. Per step: exact update of v and i; fires iff `v ≥ threshold`, then
//! `v ← v_reset`; last, what arrives in this step is added to i, so that it moves the potential from
//! the next step on. During the refractory period v is frozen while i goes on.
//!
//! Scheme: exact (Rotter & Diesmann 1999). The order of a step is that of Brian 2 and NEST
//! (`iaf_psc_exp` with equal time constants for both signs); defaults are NEST's.

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

/// Leaky integrate-and-fire neuron with exponential synaptic currents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LifExp {
    /// Membrane capacitance.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub capacitance: Farads,
    /// Membrane time constant.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_m: Seconds,
    /// Time constant of the synaptic current.
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

impl Default for LifExp {
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
    hold: u16, "steps", |_| 0;
}

impl Soma for LifExp {
    const CARD: Card = Card {
        name: "lif-exp",
        equations: "v and i advance exactly; fire iff v >= threshold, v = v_reset; i += input",
        scheme: "exact exponential integration",
        source: "Rotter & Diesmann 1999, doi 10.1007/s004220050570; NEST's iaf_psc_exp",
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
        Kind {
            rest: mv(self.v_rest),
            decay_v: membrane.decay,
            decay_i: (-dt.0 / self.tau_syn.0).exp(),
            gain_i: membrane.exponential(ms(self.tau_syn)),
            drive: membrane.constant * pa(self.current),
            threshold: mv(self.threshold),
            reset: mv(self.v_reset),
            frozen: refractory::frozen_for(self.refractory, dt),
        }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let columns = state.v[at.clone()].iter_mut().zip(&mut state.i[at.clone()]).zip(&mut state.hold[at]);
        for ((((v, i), hold), &input), out) in columns.zip(lane.arrivals).zip(lane.status) {
            let free = free(hold);
            let next = k.rest + (*v - k.rest) * k.decay_v + *i * k.gain_i + k.drive;
            let fired = free && next >= k.threshold;
            let moved = if fired { k.reset } else { next };
            *v = if free { moved } else { *v };
            *i = *i * k.decay_i + input;
            *hold = if fired { k.frozen } else { *hold };
            *out = status(true, fired);
        }
    }

    fn price() -> Price {
        Price::scaled(9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    #[test]
    fn a_constant_current_fires_with_the_closed_form_rate() {
        // R·I = 20 mV over a threshold of 15 mV, tau 20 ms, refractory 2 ms:
        // T = 2 + 20 ln(20/5) = 29.7259 ms, seen on a grid of 0.1 ms as 297 steps.
        let model = LifExp { tau_m: Seconds(20e-3), current: Amperes(250e-12), ..Default::default() };
        let mut trial = Trial::at(model, Seconds(1e-4));
        let fires = trial.steps(&[0.0; 1200]);
        assert_eq!(fires, [278, 575, 872, 1169]);
    }

    #[test]
    fn an_arrival_moves_the_potential_from_the_next_step_on() {
        let mut trial = Trial::of(LifExp::default());
        trial.fires(500.0);
        assert_eq!((trial.v(), trial.read(1)), (-70.0, 500.0));
        trial.steps(&[0.0; 3]);
        // v(t) = w τ_m τ_s / (C (τ_m − τ_s)) (e^(−t/τ_m) − e^(−t/τ_s))
        let exact = 500.0 * 10.0 * 2.0 / (250.0 * 8.0) * ((-0.3f64).exp() - (-1.5f64).exp());
        assert!((trial.v() + 70.0 - exact).abs() < 1e-12, "{} is not {exact}", trial.v() + 70.0);
    }

    #[test]
    fn a_reset_above_the_threshold_is_refused() {
        let model: crate::neuron::NeuronModel = LifExp { v_reset: Volts(0.0), ..Default::default() }.into();
        assert!(model.check(Seconds(1e-4)).unwrap_err().to_string().contains("not below the threshold"));
    }
}
