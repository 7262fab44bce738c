//! Leaky integrate-and-fire with exponential synaptic conductances.
//!
//! `C dv/dt = g_leak (v_rest − v) + g_e (e_exc − v) + g_i (e_inh − v) + I`, `dg_e/dt = −g_e/τ_exc`,
//! `dg_i/dt = −g_i/τ_inh`; an arriving spike of weight w (nS) makes the conductance of its channel
//! jump by w. Per step: integration; fires iff `v ≥ threshold`, then `v ← v_reset`; last, what arrives
//! in this step is added to the conductances. During the refractory period v is frozen while the
//! conductances go on.
//!
//! Scheme: classical Runge–Kutta of order four over all three variables, `substeps` per time-step.
//! Source: NEST's `iaf_cond_exp`; defaults are NEST's.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::refractory::{self, free};
use super::runge_kutta::rk4;
use super::soma::{Card, Lane, Quantity, Soma, columns, status};
use super::working_units::{ms, mv, ns, pa, pf};
use crate::base::Problems;
use crate::base::unit::{Amperes, Farads, Seconds, Siemens, Volts};

/// Leaky integrate-and-fire neuron with exponential synaptic conductances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LifCond {
    /// Membrane capacitance.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub capacitance: Farads,
    /// Leak conductance.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub g_leak: Siemens,
    /// Potential at rest and at the start.
    pub v_rest: Volts,
    /// Reversal potential of excitation.
    pub e_exc: Volts,
    /// Reversal potential of inhibition.
    pub e_inh: Volts,
    /// Time constant of excitation.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_exc: Seconds,
    /// Time constant of inhibition.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_inh: Seconds,
    /// The neuron fires when its potential reaches this.
    pub threshold: Volts,
    /// Potential after a spike.
    pub v_reset: Volts,
    /// Refractory period, rounded to time-steps.
    #[schemars(extend("minimum" = 0))]
    pub refractory: Seconds,
    /// Constant input current.
    pub current: Amperes,
    /// Integration steps per time-step.
    #[schemars(range(min = 1), extend("unit" = "steps"))]
    pub substeps: u16,
}

impl Default for LifCond {
    fn default() -> Self {
        Self {
            capacitance: Farads(250e-12),
            g_leak: Siemens(16.6667e-9),
            v_rest: Volts(-70e-3),
            e_exc: Volts(0.0),
            e_inh: Volts(-85e-3),
            tau_exc: Seconds(0.2e-3),
            tau_inh: Seconds(2e-3),
            threshold: Volts(-55e-3),
            v_reset: Volts(-60e-3),
            refractory: Seconds(2e-3),
            current: Amperes(0.0),
            substeps: 10,
        }
    }
}

/// Prepared parameters: conductances and currents are divided by the capacitance.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    rest: f64,
    leak: f64,
    drive: f64,
    e_exc: f64,
    e_inh: f64,
    rate_exc: f64,
    rate_inh: f64,
    per_capacitance: f64,
    threshold: f64,
    reset: f64,
    frozen: u16,
    substeps: u16,
    h: f64,
}

columns! {
    /// State of the bank.
    struct State of Kind;
    v: f64, "mV", |k| k.rest;
    g_exc: f64, "nS", |_| 0.0;
    g_inh: f64, "nS", |_| 0.0;
    hold: u16, "steps", |_| 0;
}

impl Kind {
    #[inline(always)]
    fn slope(&self, [v, g_exc, g_inh]: [f64; 3]) -> [f64; 3] {
        let synaptic = g_exc * (self.e_exc - v) + g_inh * (self.e_inh - v);
        let dv = self.leak * (self.rest - v) + self.per_capacitance * synaptic + self.drive;
        [dv, -g_exc * self.rate_exc, -g_inh * self.rate_inh]
    }
}

impl Soma for LifCond {
    const CARD: Card = Card {
        name: "lif-cond",
        equations: "C v' = g_leak (v_rest - v) + g_exc (e_exc - v) + g_inh (e_inh - v) + current, \
                    g' = -g/tau; fire iff v >= threshold, v = v_reset; g += input",
        scheme: "Runge-Kutta of order 4, substeps per time-step",
        source: "NEST's iaf_cond_exp",
        inputs: &[Quantity { name: "excitation", unit: "nS" }, Quantity { name: "inhibition", unit: "nS" }],
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
        let capacitance = pf(self.capacitance);
        Kind {
            rest: mv(self.v_rest),
            leak: ns(self.g_leak) / capacitance,
            drive: pa(self.current) / capacitance,
            e_exc: mv(self.e_exc),
            e_inh: mv(self.e_inh),
            rate_exc: 1.0 / ms(self.tau_exc),
            rate_inh: 1.0 / ms(self.tau_inh),
            per_capacitance: 1.0 / capacitance,
            threshold: mv(self.threshold),
            reset: mv(self.v_reset),
            frozen: refractory::frozen_for(self.refractory, dt),
            substeps: self.substeps,
            h: ms(dt) / f64::from(self.substeps),
        }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let potentials = state.v[at.clone()].iter_mut().zip(&mut state.hold[at.clone()]);
        let conductances = state.g_exc[at.clone()].iter_mut().zip(&mut state.g_inh[at]);
        let inputs = lane.arrivals.iter().zip(lane.second);
        let columns = potentials.zip(conductances).zip(inputs).zip(lane.status);
        for ((((v, hold), (g_exc, g_inh)), (&exc, &inh)), out) in columns {
            let free = free(hold);
            let mut y = [*v, *g_exc, *g_inh];
            for _ in 0..k.substeps {
                y = rk4(y, k.h, |y| k.slope(y));
            }
            let fired = free && y[0] >= k.threshold;
            let moved = if fired { k.reset } else { y[0] };
            *v = if free { moved } else { *v };
            *g_exc = y[1] + exc;
            *g_inh = y[2] + inh;
            *hold = if fired { k.frozen } else { *hold };
            *out = status(true, fired);
        }
    }

    fn price() -> Price {
        Price::scaled(80)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    /// With both conductances held up, the potential settles at their weighted mean with the leak.
    #[test]
    fn a_steady_conductance_pulls_towards_its_reversal_potential() {
        let slow = Seconds(1e6);
        let model = LifCond { tau_exc: slow, tau_inh: slow, threshold: Volts(1.0), ..Default::default() };
        let mut trial = Trial::of(model);
        trial.second = 20.0;
        trial.fires(10.0);
        trial.second = 0.0;
        trial.steps(&[0.0; 200]);
        let mean = (16.6667 * -70.0 + 10.0 * 0.0 + 20.0 * -85.0) / (16.6667 + 10.0 + 20.0);
        assert!((trial.v() - mean).abs() < 1e-4, "{} is not {mean}", trial.v());
    }
}
