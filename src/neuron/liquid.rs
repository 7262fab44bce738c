//! The liquid time-constant neuron with its fused solver.
//!
//! `c dv/dt = g (v_leak − v) + Σ_j w_j σ(s_j (v_j − µ_j)) (E_j − v)`: each synapse is a conductance that
//! depends on the sender's value. The two input channels are the two sums that a core accumulates,
//! `G = Σ w σ(…)` and `D = Σ w σ(…) E` (see [`synapse`]). One time-step is one fused step of length
//! `Δ = elapsed/unfolds`: `v ← (c/Δ·v + g·v_leak + D)/(c/Δ + g + G + 1e−8)`; a sample of the network's
//! input is held for `unfolds` time-steps. It emits v in every step.
//!
//! Scheme: the fused solver, an implicit Euler step with the conductances of the last step. No units.
//! Source: Hasani et al. 2021, doi 10.1609/aaai.v35i9.16936; Lechner et al. 2020 (neural circuit
//! policies), doi 10.1038/s42256-020-00237-3.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::soma::{Card, Lane, Quantity, Soma, columns, status};
use crate::base::unit::Seconds;

/// Keeps the denominator away from zero, as published.
const EPSILON: f64 = 1e-8;

/// Liquid time-constant neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Liquid {
    /// Membrane capacitance c.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "1"))]
    pub capacitance: f64,
    /// Leak conductance g.
    #[schemars(range(min = 0), extend("unit" = "1"))]
    pub g_leak: f64,
    /// Value to which the leak pulls.
    #[schemars(extend("unit" = "1"))]
    pub v_leak: f64,
    /// Value at the start.
    #[schemars(extend("unit" = "1"))]
    pub initial: f64,
    /// Time between two samples of the network's input.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "1"))]
    pub elapsed: f64,
    /// Time-steps per sample.
    #[schemars(range(min = 1), extend("unit" = "steps"))]
    pub unfolds: u32,
}

impl Default for Liquid {
    fn default() -> Self {
        Self { capacitance: 0.5, g_leak: 0.5, v_leak: 0.0, initial: 0.0, elapsed: 1.0, unfolds: 6 }
    }
}

/// A synapse of weight `w`, slope `s`, midpoint `mu` and reversal value `e` that receives the value
/// `v`: its contributions to the two channels, `[w σ, w σ e]` with `σ = 1/(1 + e^(−s (v − µ)))`.
pub fn synapse(v: f64, w: f64, s: f64, mu: f64, e: f64) -> [f64; 2] {
    let open = w / (1.0 + (-s * (v - mu)).exp());
    [open, open * e]
}

/// Prepared parameters.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    initial: f64,
    c_per_step: f64,
    leak_drive: f64,
    denominator: f64,
}

columns! {
    /// State of the bank.
    struct State of Kind;
    v: f64, "1", |k| k.initial;
}

impl Soma for Liquid {
    const CARD: Card = Card {
        name: "liquid",
        equations: "v = (c/D v + g v_leak + drive)/(c/D + g + conductance + 1e-8), D = elapsed/unfolds; emit v",
        scheme: "fused (semi-implicit Euler), one unfold per time-step",
        source: "Hasani et al. 2021, doi 10.1609/aaai.v35i9.16936",
        inputs: &[Quantity { name: "conductance", unit: "1" }, Quantity { name: "drive", unit: "1" }],
        graded: true,
    };
    type Kind = Kind;
    type State = State;

    fn prepare(&self, _: Seconds) -> Kind {
        let c_per_step = self.capacitance / (self.elapsed / f64::from(self.unfolds));
        Kind {
            initial: self.initial,
            c_per_step,
            leak_drive: self.g_leak * self.v_leak,
            denominator: c_per_step + self.g_leak + EPSILON,
        }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let inputs = lane.arrivals.iter().zip(lane.second);
        let outputs = lane.status.iter_mut().zip(lane.level);
        for ((v, (&conductance, &drive)), (out, level)) in state.v[at].iter_mut().zip(inputs).zip(outputs) {
            *v = (k.c_per_step * *v + k.leak_drive + drive) / (k.denominator + conductance);
            *level = *v;
            *out = status(true, true);
        }
    }

    fn price() -> Price {
        Price::scaled(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    /// With one synapse held open the value settles at the mean of leak and reversal value.
    #[test]
    fn a_steady_input_leads_to_the_weighted_mean() {
        let mut trial = Trial::of(Liquid { v_leak: -0.5, ..Default::default() });
        let [conductance, drive] = synapse(0.3, 1.5, 4.0, 0.3, 1.0);
        assert_eq!([conductance, drive], [0.75, 0.75]);
        trial.second = drive;
        trial.steps(&[conductance; 300]);
        let mean = (0.5 * -0.5 + 0.75 * 1.0) / (0.5 + 0.75);
        assert!((trial.v() - mean).abs() < 1e-7, "{} is not {mean}", trial.v());
        assert_eq!(trial.out.values(), [trial.v()]);
    }
}
