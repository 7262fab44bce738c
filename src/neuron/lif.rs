//! Leaky integrate-and-fire with an input current that acts in the step in which it arrives, or,
//! with a synaptic time constant, as a filtered current: the neuron of NIR files.
//!
//! `τ_mem dv/dt = v_leak − v + r·i`, and `τ_syn di/dt = −i + w_in·S` or, for `τ_syn = 0`, `i = w_in·S`,
//! where `S` is the sum of bias and arrivals. First the current is advanced, then the potential with
//! the new current; fires iff `v > threshold`; then the chosen reset.
//!
//! Scheme, of both equations: forward Euler (`x += Δ/τ·(x_∞ − x)`) or exponential
//! (`x ← x_∞ + (x − x_∞)·e^(−Δ/τ)`, exact for input that is constant over the step). During the
//! refractory period the potential is frozen while the current goes on. Potential, current and input
//! have no unit.
//!
//! Source: the `LIF` and `CubaLIF` nodes of NIR (Pedersen et al. 2024, doi 10.1038/s41467-024-52259-9).

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::refractory::{self, free};
use super::reset::{Jump, Reset};
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::Problems;
use crate::base::unit::Seconds;

/// How the equations are made discrete in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Discretisation {
    /// Forward Euler.
    #[default]
    Euler,
    /// Exponential: exact for input that is constant over the step.
    Exponential,
}

/// Leaky integrate-and-fire neuron with direct or filtered input current (NIR's `LIF` and `CubaLIF`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lif {
    /// Membrane time constant.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_mem: Seconds,
    /// Synaptic time constant; 0 for an unfiltered input.
    #[schemars(extend("minimum" = 0))]
    pub tau_syn: Seconds,
    /// Resistance: what a current of 1 does to the potential in the long run.
    #[schemars(extend("unit" = "1"))]
    pub r: f64,
    /// Factor on the input.
    #[schemars(extend("unit" = "1"))]
    pub w_in: f64,
    /// Potential at rest and at the start.
    #[schemars(extend("unit" = "1"))]
    pub v_leak: f64,
    /// The neuron fires when its potential exceeds this.
    #[schemars(extend("unit" = "1"))]
    pub threshold: f64,
    /// What firing does to the potential.
    pub reset_mode: Reset,
    /// Potential after a hard reset.
    #[schemars(extend("unit" = "1"))]
    pub reset: f64,
    /// Input that is added in every step.
    #[schemars(extend("unit" = "1"))]
    pub bias: f64,
    /// Refractory period: after a spike in step k the neuron integrates again in step k + this.
    #[schemars(extend("unit" = "steps"))]
    pub refractory: u16,
    /// How the equations are made discrete in time.
    pub scheme: Discretisation,
}

impl Default for Lif {
    fn default() -> Self {
        Self {
            tau_mem: Seconds(20e-3),
            tau_syn: Seconds(0.0),
            r: 1.0,
            w_in: 1.0,
            v_leak: 0.0,
            threshold: 1.0,
            reset_mode: Reset::Hard,
            reset: 0.0,
            bias: 0.0,
            refractory: 0,
            scheme: Discretisation::Euler,
        }
    }
}

/// Prepared parameters: `gain_*` is the part of the way to its target that a variable goes per step.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    gain_v: f64,
    gain_i: f64,
    r: f64,
    w_in: f64,
    v_leak: f64,
    threshold: f64,
    jump: Jump,
    bias: f64,
    frozen: u16,
}

columns! {
    /// State of the bank.
    struct State of Kind;
    v: f64, "1", |k| k.v_leak;
    i: f64, "1", |_| 0.0;
    hold: u16, "steps", |_| 0;
}

impl Lif {
    fn gain(&self, dt: Seconds, tau: Seconds) -> f64 {
        match self.scheme {
            _ if tau.0 == 0.0 => 1.0,
            Discretisation::Euler => dt.0 / tau.0,
            Discretisation::Exponential => -(-dt.0 / tau.0).exp_m1(),
        }
    }
}

impl Soma for Lif {
    const CARD: Card = Card {
        name: "lif",
        equations: "i += g_i (w_in (bias + input) - i); v += g_v (v_leak + r i - v); fire iff v > threshold; reset",
        scheme: "forward Euler (g = dt/tau) or exponential (g = 1 - exp(-dt/tau))",
        source: "NIR's LIF and CubaLIF nodes, doi 10.1038/s41467-024-52259-9",
        inputs: one_input!("1"),
        graded: false,
    };
    type Kind = Kind;
    type State = State;

    fn check(&self, dt: Seconds, problems: &mut Problems) {
        for (field, tau) in [("tau_mem", self.tau_mem), ("tau_syn", self.tau_syn)] {
            let stable = self.scheme == Discretisation::Exponential || tau.0 == 0.0 || tau.0 >= dt.0;
            problems.require(stable, field, || {
                format!("forward Euler needs a time constant of at least one time-step ({} s)", dt.0)
            });
        }
    }

    fn prepare(&self, dt: Seconds) -> Kind {
        Kind {
            gain_v: self.gain(dt, self.tau_mem),
            gain_i: self.gain(dt, self.tau_syn),
            r: self.r,
            w_in: self.w_in,
            v_leak: self.v_leak,
            threshold: self.threshold,
            jump: Jump::new(self.reset_mode, self.reset, self.threshold),
            bias: self.bias,
            frozen: refractory::frozen(self.refractory),
        }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let columns = state.v[at.clone()].iter_mut().zip(&mut state.i[at.clone()]).zip(&mut state.hold[at]);
        for ((((v, i), hold), &input), out) in columns.zip(lane.arrivals).zip(lane.status) {
            let free = free(hold);
            *i += k.gain_i * (k.w_in * (k.bias + input) - *i);
            let next = *v + k.gain_v * (k.v_leak + k.r * *i - *v);
            let fired = free && next > k.threshold;
            let moved = if fired { k.jump.land(next) } else { next };
            *v = if free { moved } else { *v };
            *hold = if fired { k.frozen } else { *hold };
            *out = status(true, fired);
        }
    }

    fn price() -> Price {
        Price::scaled(10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    #[test]
    fn the_exponential_scheme_follows_the_closed_form() {
        let model = Lif { bias: 0.9, scheme: Discretisation::Exponential, ..Default::default() };
        let mut trial = Trial::of(model);
        trial.steps(&[0.0; 30]);
        let exact = 0.9 * (1.0 - (-30.0f64 / 20.0).exp());
        assert!((trial.v() - exact).abs() < 1e-14, "{} is not {exact}", trial.v());
    }

    #[test]
    fn the_current_goes_on_while_the_potential_is_frozen() {
        let model = Lif { tau_syn: Seconds(4e-3), refractory: 3, r: 40.0, ..Default::default() };
        let mut trial = Trial::of(model);
        assert_eq!(trial.steps(&[4.0, 0.0, 0.0]), [1]);
        assert_eq!(trial.v(), 0.0);
        assert_eq!(trial.read(1), 0.75 * 0.75);
        trial.fires(super::super::bank::NO_INPUT);
        assert!(trial.v() > 0.0);
    }

    #[test]
    fn an_unstable_euler_step_is_refused() {
        let model: crate::neuron::NeuronModel = Lif { tau_syn: Seconds(0.5e-3), ..Default::default() }.into();
        let problems = model.check(Seconds(1e-3)).unwrap_err();
        assert!(problems.to_string().starts_with("tau_syn: forward Euler"), "{problems}");
    }
}
