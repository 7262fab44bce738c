//! A neuron that exchanges graded values instead of spikes.
//!
//! `r ← r + α (f(gain·(bias + arrivals)) − r)` with f tanh, ReLU, the logistic function or the
//! identity; α = 1 is a memoryless unit of an artificial neural network, a smaller α a leaky unit of a
//! reservoir. It emits r in every step in which |r| exceeds `silence` (0: zeros are not sent).
//!
//! Scheme: forward Euler of `dr/dt = (f(…) − r)/τ` with α = Δ/τ. No units.
//! Source: the rate neuron of reservoir computing (Jaeger 2001, GMD report 148); graded cores as on
//! Tianjic (Pei et al. 2019, doi 10.1038/s41586-019-1424-8).

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::unit::Seconds;

/// The function f.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transfer {
    /// Hyperbolic tangent.
    #[default]
    Tanh,
    /// max(x, 0).
    Relu,
    /// 1/(1 + e^(−x)).
    Sigmoid,
    /// x.
    Identity,
}

impl Transfer {
    #[inline(always)]
    fn of(self, x: f64) -> f64 {
        match self {
            Transfer::Tanh => x.tanh(),
            Transfer::Relu => x.max(0.0),
            Transfer::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            Transfer::Identity => x,
        }
    }
}

/// Graded neuron with a nonlinear transfer function and optional leak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rate {
    /// The function f.
    pub transfer: Transfer,
    /// Factor on the argument of f.
    #[schemars(extend("unit" = "1"))]
    pub gain: f64,
    /// Input that is added in every step.
    #[schemars(extend("unit" = "1"))]
    pub bias: f64,
    /// Part of the way to its target that the value goes per step, α.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0, "unit" = "1"))]
    pub alpha: f64,
    /// Value at the start.
    #[schemars(extend("unit" = "1"))]
    pub initial: f64,
    /// Values of at most this magnitude are not sent.
    #[schemars(range(min = 0), extend("unit" = "1"))]
    pub silence: f64,
}

impl Default for Rate {
    fn default() -> Self {
        Self { transfer: Transfer::Tanh, gain: 1.0, bias: 0.0, alpha: 1.0, initial: 0.0, silence: 0.0 }
    }
}

columns! {
    /// State of the bank.
    struct State of Rate;
    r: f64, "1", |k| k.initial;
}

impl Soma for Rate {
    const CARD: Card = Card {
        name: "rate",
        equations: "r += alpha (f(gain (bias + input)) - r); emit r if |r| > silence",
        scheme: "forward Euler",
        source: "Jaeger 2001, GMD report 148; Pei et al. 2019, doi 10.1038/s41586-019-1424-8",
        inputs: one_input!("1"),
        graded: true,
    };
    type Kind = Self;
    type State = State;

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(state: &mut State, k: &Self, at: Range<usize>, lane: Lane<'_>) {
        let outputs = lane.status.iter_mut().zip(lane.level);
        for ((r, &input), (out, level)) in state.r[at].iter_mut().zip(lane.arrivals).zip(outputs) {
            let target = k.transfer.of(k.gain * (k.bias + input));
            *r = if k.alpha == 1.0 { target } else { *r + k.alpha * (target - *r) };
            *level = *r;
            *out = status(true, r.abs() > k.silence);
        }
    }

    fn price() -> Price {
        Price::scaled(12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    #[test]
    fn transfer_functions_are_what_they_say() {
        let emit = |transfer, input| {
            let mut trial = Trial::of(Rate { transfer, gain: 2.0, ..Default::default() });
            trial.steps(&[input]);
            trial.out.values().to_vec()
        };
        assert_eq!(emit(Transfer::Tanh, 0.5), [1.0f64.tanh()]);
        assert_eq!(emit(Transfer::Relu, 0.75), [1.5]);
        assert!(emit(Transfer::Relu, -0.75).is_empty());
        assert_eq!(emit(Transfer::Sigmoid, -1.0), [1.0 / (1.0 + 2.0f64.exp())]);
        assert_eq!(emit(Transfer::Identity, -1.0), [-2.0]);
    }

    #[test]
    fn a_leaky_unit_approaches_its_target_geometrically() {
        let mut trial =
            Trial::of(Rate { transfer: Transfer::Relu, alpha: 0.25, bias: 1.0, ..Default::default() });
        trial.steps(&[0.0; 10]);
        let exact = 1.0 - 0.75f64.powi(10);
        assert!((trial.v() - exact).abs() < 1e-15);
    }
}
