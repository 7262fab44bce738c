//! The dynamic-memristor node of a reservoir.
//!
//! Per step, x being `bias` plus what arrives: `v ← v + α (x − T − v)`, then it emits `clip(S (x − T + v), 0, 1)`. The
//! leaky state v remembers recent inputs and the clip bends the response, as a volatile memristor with its load
//! does.
//!
//! Exact (a recurrence). Voltages in the same arbitrary unit.
//! Source: Zhong et al. 2022, doi 10.1038/s41928-022-00838-3.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::unit::Seconds;

/// Dynamic-memristor node of reservoir computing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reservoir {
    /// Threshold T that is taken off the input.
    #[schemars(extend("unit" = "1"))]
    pub threshold: f64,
    /// Slope S of the response.
    #[schemars(extend("unit" = "1"))]
    pub slope: f64,
    /// Part of the way to the input that the state goes per step, α.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0, "unit" = "1"))]
    pub alpha: f64,
    /// Input that is added in every step.
    #[schemars(extend("unit" = "1"))]
    pub bias: f64,
}

impl Default for Reservoir {
    fn default() -> Self {
        Self { threshold: 0.08, slope: 2.0, alpha: 0.035, bias: 0.0 }
    }
}

columns! {
    /// State of the bank.
    struct State of Reservoir;
    v: f64, "1", |_| 0.0;
}

impl Soma for Reservoir {
    const CARD: Card = Card {
        name: "reservoir",
        equations: "x = bias + input; v += alpha (x - T - v); emit clip(S (x - T + v), 0, 1)",
        scheme: "exact",
        source: "Zhong et al. 2022, doi 10.1038/s41928-022-00838-3",
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
        for ((v, &input), (out, level)) in state.v[at].iter_mut().zip(lane.arrivals).zip(outputs) {
            let above = k.bias + input - k.threshold;
            *v += k.alpha * (above - *v);
            *level = (k.slope * (above + *v)).clamp(0.0, 1.0);
            *out = status(true, *level > 0.0);
        }
    }

    fn price() -> Price {
        Price::scaled(6)
    }
}
