//! The squid axon of Hodgkin and Huxley.
//!
//! `c dv/dt = I + i − g_na m³h (v − e_na) − g_k n⁴ (v − e_k) − g_l (v − e_l)` per square centimetre, with
//! gates `dx/dt = α_x (1 − x) − β_x x`, in the form that rests at −65 mV:
//! α_m = 0.1 (v+40)/(1 − e^(−(v+40)/10)), β_m = 4 e^(−(v+65)/18), α_h = 0.07 e^(−(v+65)/20),
//! β_h = 1/(1 + e^(−(v+35)/10)), α_n = 0.01 (v+55)/(1 − e^(−(v+55)/10)), β_n = 0.125 e^(−(v+65)/80)
//! (per ms, v in mV). It fires in the step in which v rises above 0 mV. What arrives in a step
//! (µA/cm²) is added at its end to the synaptic current i, which decays with τ_syn and is held
//! during a step. The axon starts at −65 mV with its gates at their steady state.
//!
//! Scheme: classical Runge–Kutta of order four in `substeps` per time-step.
//! Source: Hodgkin & Huxley 1952, doi 10.1113/jphysiol.1952.sp004764.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::runge_kutta::rk4;
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use super::working_units::{ms, mv};
use crate::base::unit::{Seconds, Volts};

/// Hodgkin–Huxley neuron; the defaults are the squid axon shifted to rest at −65 mV.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HodgkinHuxley {
    /// Membrane capacitance per area.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "µF/cm²"))]
    pub capacitance: f64,
    /// Largest sodium conductance per area.
    #[schemars(range(min = 0), extend("unit" = "mS/cm²"))]
    pub g_na: f64,
    /// Largest potassium conductance per area.
    #[schemars(range(min = 0), extend("unit" = "mS/cm²"))]
    pub g_k: f64,
    /// Leak conductance per area.
    #[schemars(range(min = 0), extend("unit" = "mS/cm²"))]
    pub g_leak: f64,
    /// Reversal potential of sodium.
    pub e_na: Volts,
    /// Reversal potential of potassium.
    pub e_k: Volts,
    /// Reversal potential of the leak.
    pub e_leak: Volts,
    /// Constant input current per area.
    #[schemars(extend("unit" = "µA/cm²"))]
    pub current: f64,
    /// Time constant of the synaptic current.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_syn: Seconds,
    /// Integration steps per time-step.
    #[schemars(range(min = 1), extend("unit" = "steps"))]
    pub substeps: u16,
}

impl Default for HodgkinHuxley {
    fn default() -> Self {
        Self {
            capacitance: 1.0,
            g_na: 120.0,
            g_k: 36.0,
            g_leak: 0.3,
            e_na: Volts(50e-3),
            e_k: Volts(-77e-3),
            e_leak: Volts(-54.387e-3),
            current: 0.0,
            tau_syn: Seconds(5e-3),
            substeps: 10,
        }
    }
}

/// Potential at the start (mV).
const START: f64 = -65.0;

/// Prepared parameters.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    model: HodgkinHuxley,
    e_na: f64,
    e_k: f64,
    e_leak: f64,
    decay_i: f64,
    h: f64,
}

columns! {
    /// State of the bank.
    struct State of Kind;
    v: f64, "mV", |_| START;
    m: f64, "1", |_| steady(gates(START)[0]);
    h: f64, "1", |_| steady(gates(START)[1]);
    n: f64, "1", |_| steady(gates(START)[2]);
    i: f64, "µA/cm²", |_| 0.0;
}

/// `x/(1 − e^(−x))`, continued through zero.
#[inline(always)]
fn linear_over_exponential(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { x / -(-x).exp_m1() }
}

/// The rates (α, β) of the gates m, h and n at potential `v` (1/ms).
#[inline(always)]
fn gates(v: f64) -> [(f64, f64); 3] {
    [
        (linear_over_exponential((v + 40.0) / 10.0), 4.0 * (-(v + 65.0) / 18.0).exp()),
        (0.07 * (-(v + 65.0) / 20.0).exp(), 1.0 / (1.0 + (-(v + 35.0) / 10.0).exp())),
        (0.1 * linear_over_exponential((v + 55.0) / 10.0), 0.125 * (-(v + 65.0) / 80.0).exp()),
    ]
}

/// Steady state of a gate.
fn steady((opening, closing): (f64, f64)) -> f64 {
    opening / (opening + closing)
}

impl Kind {
    #[inline(always)]
    fn slope(&self, [v, m, h, n]: [f64; 4], current: f64) -> [f64; 4] {
        let sodium = self.model.g_na * m * m * m * h * (v - self.e_na);
        let potassium = self.model.g_k * (n * n) * (n * n) * (v - self.e_k);
        let leak = self.model.g_leak * (v - self.e_leak);
        let [dm, dh, dn] = gates(v);
        let gate = |(opening, closing): (f64, f64), x: f64| opening * (1.0 - x) - closing * x;
        let dv = (current - sodium - potassium - leak) / self.model.capacitance;
        [dv, gate(dm, m), gate(dh, h), gate(dn, n)]
    }
}

impl Soma for HodgkinHuxley {
    const CARD: Card = Card {
        name: "hodgkin-huxley",
        equations: "c v' = current + i - g_na m^3 h (v - e_na) - g_k n^4 (v - e_k) - g_leak (v - e_leak), \
                    x' = alpha (1 - x) - beta x; fire when v rises above 0 mV; i += input",
        scheme: "Runge-Kutta of order 4, substeps per time-step",
        source: "Hodgkin & Huxley 1952, doi 10.1113/jphysiol.1952.sp004764, shifted to rest at -65 mV",
        inputs: one_input!("µA/cm²"),
        graded: false,
    };
    type Kind = Kind;
    type State = State;

    fn prepare(&self, dt: Seconds) -> Kind {
        Kind {
            model: self.clone(),
            e_na: mv(self.e_na),
            e_k: mv(self.e_k),
            e_leak: mv(self.e_leak),
            decay_i: (-dt.0 / self.tau_syn.0).exp(),
            h: ms(dt) / f64::from(self.substeps),
        }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let potentials = state.v[at.clone()].iter_mut().zip(&mut state.i[at.clone()]);
        let open = state.m[at.clone()].iter_mut().zip(&mut state.h[at.clone()]).zip(&mut state.n[at]);
        let columns = potentials.zip(open).zip(lane.arrivals).zip(lane.status);
        for ((((v, i), ((m, h), n)), &input), out) in columns {
            let current = k.model.current + *i;
            let mut y = [*v, *m, *h, *n];
            let mut fired = false;
            for _ in 0..k.model.substeps {
                let before = y[0];
                y = rk4(y, k.h, |y| k.slope(y, current));
                fired |= before <= 0.0 && y[0] > 0.0;
            }
            [*v, *m, *h, *n] = y;
            *i = *i * k.decay_i + input;
            *out = status(true, fired);
        }
    }

    fn price() -> Price {
        Price::scaled(300)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    #[test]
    fn the_axon_rests_where_it_starts() {
        let mut trial = Trial::of(HodgkinHuxley::default());
        assert!(trial.steps(&[0.0; 200]).is_empty());
        assert!((trial.v() - START).abs() < 0.01, "{}", trial.v());
    }

    #[test]
    fn a_strong_synaptic_input_makes_one_spike() {
        let mut trial = Trial::of(HodgkinHuxley::default());
        let mut input = [0.0; 40];
        input[0] = 20.0;
        assert_eq!(trial.steps(&input).len(), 1);
    }

    #[test]
    fn the_removable_singularity_is_removed() {
        let near = linear_over_exponential(1e-9);
        assert!((near - linear_over_exponential(0.0)).abs() < 1e-8);
    }
}
