//! Adaptive exponential integrate-and-fire.
//!
//! `C dv/dt = −g (v − v_rest) + g Δ e^((v − v_t)/Δ) − w + i + I`, `τ_w dw/dt = a (v − v_rest) − w`,
//! `di/dt = −i/τ_syn`; when `v > v_cut` it fires, then `v ← v_reset`, `w ← w + b`. What arrives in a
//! step (pA) is added to the synaptic current i at its end. The current is held during a step.
//! During the refractory period v is frozen while w and i go on.
//!
//! Scheme: forward Euler in `substeps` per time-step with the threshold tested after each
//! (higher-order schemes overflow in the exponential upswing).
//! Source: Brette & Gerstner 2005, doi 10.1152/jn.00686.2005; the defaults are the paper's.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::refractory::{self, free};
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use super::working_units::{ms, mv, ns, pa, pf};
use crate::base::Problems;
use crate::base::unit::{Amperes, Farads, Seconds, Siemens, Volts};

/// Adaptive exponential integrate-and-fire neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdEx {
    /// Membrane capacitance.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub capacitance: Farads,
    /// Leak conductance g.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub g_leak: Siemens,
    /// Potential at rest and at the start.
    pub v_rest: Volts,
    /// Potential at which the upswing begins, v_t.
    pub v_t: Volts,
    /// Sharpness of the upswing, Δ.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub delta_t: Volts,
    /// Subthreshold adaptation.
    pub a: Siemens,
    /// What a spike adds to the adaptation current.
    pub b: Amperes,
    /// Potential after a spike.
    pub v_reset: Volts,
    /// Time constant of the adaptation current.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_w: Seconds,
    /// The neuron fires when its potential exceeds this.
    pub v_cut: Volts,
    /// Time constant of the synaptic current.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_syn: Seconds,
    /// Refractory period, rounded to time-steps.
    #[schemars(extend("minimum" = 0))]
    pub refractory: Seconds,
    /// Constant input current.
    pub current: Amperes,
    /// Integration steps per time-step.
    #[schemars(range(min = 1), extend("unit" = "steps"))]
    pub substeps: u16,
}

impl Default for AdEx {
    fn default() -> Self {
        Self {
            capacitance: Farads(281e-12),
            g_leak: Siemens(30e-9),
            v_rest: Volts(-70.6e-3),
            v_t: Volts(-50.4e-3),
            delta_t: Volts(2e-3),
            a: Siemens(4e-9),
            b: Amperes(80.5e-12),
            v_reset: Volts(-70.6e-3),
            tau_w: Seconds(144e-3),
            v_cut: Volts(-30e-3),
            tau_syn: Seconds(5e-3),
            refractory: Seconds(0.0),
            current: Amperes(0.0),
            substeps: 10,
        }
    }
}

/// Prepared parameters.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    h_per_capacitance: f64,
    g: f64,
    rest: f64,
    v_t: f64,
    delta: f64,
    a: f64,
    b: f64,
    reset: f64,
    h_per_tau_w: f64,
    cut: f64,
    decay_i: f64,
    current: f64,
    frozen: u16,
    substeps: u16,
}

columns! {
    /// State of the bank.
    struct State of Kind;
    v: f64, "mV", |k| k.rest;
    w: f64, "pA", |_| 0.0;
    i: f64, "pA", |_| 0.0;
    hold: u16, "steps", |_| 0;
}

impl Kind {
    /// One Euler step of (v, w) under `current`.
    #[inline(always)]
    fn euler(&self, [v, w]: [f64; 2], current: f64) -> [f64; 2] {
        let upswing = self.g * self.delta * ((v - self.v_t) / self.delta).exp();
        let dv = self.h_per_capacitance * (self.g * (self.rest - v) + upswing - w + current);
        let dw = self.h_per_tau_w * (self.a * (v - self.rest) - w);
        [v + dv, w + dw]
    }

    /// The substeps of a step; the new (v, w) and whether it fired.
    #[inline(always)]
    fn run(&self, mut y: [f64; 2], current: f64, free: bool) -> ([f64; 2], bool) {
        let mut fired = false;
        for _ in 0..self.substeps {
            let [v, w] = self.euler(y, current);
            y = [if free { v } else { y[0] }, w];
            if free && v > self.cut {
                y = [self.reset, w + self.b];
                fired = true;
            }
        }
        (y, fired)
    }
}

impl Soma for AdEx {
    const CARD: Card = Card {
        name: "adex",
        equations: "C v' = -g (v - v_rest) + g D exp((v - v_t)/D) - w + i + current, \
                    tau_w w' = a (v - v_rest) - w; fire iff v > v_cut, v = v_reset, w += b; i += input",
        scheme: "forward Euler, substeps per time-step",
        source: "Brette & Gerstner 2005, doi 10.1152/jn.00686.2005",
        inputs: one_input!("pA"),
        graded: false,
    };
    type Kind = Kind;
    type State = State;

    fn check(&self, dt: Seconds, problems: &mut Problems) {
        refractory::check(self.refractory, dt, problems);
        for (field, v) in [("v_reset", self.v_reset), ("v_rest", self.v_rest), ("v_t", self.v_t)] {
            problems.require(v.0 < self.v_cut.0, field, || {
                format!("{} V is not below v_cut ({} V)", v.0, self.v_cut.0)
            });
        }
    }

    fn prepare(&self, dt: Seconds) -> Kind {
        let h = ms(dt) / f64::from(self.substeps);
        Kind {
            h_per_capacitance: h / pf(self.capacitance),
            g: ns(self.g_leak),
            rest: mv(self.v_rest),
            v_t: mv(self.v_t),
            delta: mv(self.delta_t),
            a: ns(self.a),
            b: pa(self.b),
            reset: mv(self.v_reset),
            h_per_tau_w: h / ms(self.tau_w),
            cut: mv(self.v_cut),
            decay_i: (-dt.0 / self.tau_syn.0).exp(),
            current: pa(self.current),
            frozen: refractory::frozen_for(self.refractory, dt),
            substeps: self.substeps,
        }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let potentials = state.v[at.clone()].iter_mut().zip(&mut state.hold[at.clone()]);
        let currents = state.w[at.clone()].iter_mut().zip(&mut state.i[at]);
        let columns = potentials.zip(currents).zip(lane.arrivals).zip(lane.status);
        for ((((v, hold), (w, i)), &input), out) in columns {
            let free = free(hold);
            let (y, fired) = k.run([*v, *w], k.current + *i, free);
            [*v, *w] = y;
            *i = *i * k.decay_i + input;
            *hold = if fired { k.frozen } else { *hold };
            *out = status(true, fired);
        }
    }

    fn price() -> Price {
        Price::scaled(40)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    #[test]
    fn the_refractory_period_freezes_the_potential_but_not_the_adaptation() {
        let model = AdEx { current: Amperes(5e-9), refractory: Seconds(5e-3), ..Default::default() };
        let mut trial = Trial::of(model);
        while !trial.fires(super::super::bank::NO_INPUT) {}
        let w = trial.read(1);
        for _ in 0..4 {
            assert!(!trial.fires(super::super::bank::NO_INPUT));
            assert!((trial.v() + 70.6).abs() < 1e-12);
        }
        // dw/dt = −w/τ_w at the reset potential, which is the rest: forty Euler steps of 0.1 ms.
        let exact = w * (1.0f64 - 0.1 / 144.0).powi(40);
        assert!((trial.read(1) - exact).abs() < 1e-9, "{} is not {exact}", trial.read(1));
        trial.fires(super::super::bank::NO_INPUT);
        assert!(trial.v() > -70.0);
    }
}
