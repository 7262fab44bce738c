//! The spiking neural unit, stepped (SNU) and soft (sSNU).
//!
//! `s_t = g(x_t + l·s_{t−1}·(1 − y_{t−1}))`, `y_t = h(s_t + b)`, where x is what arrives in the step. With
//! h the step function (1 iff its argument is positive) it spikes and its state starts again from
//! the input after a spike; with h the logistic function it emits y in every step and is reset in
//! proportion to it.
//!
//! Exact (a recurrence). No units. Source: Woźniak et al. 2020, doi 10.1038/s42256-020-0187-0.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::unit::Seconds;

/// The function of the state, g.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// g(x) = x.
    #[default]
    Identity,
    /// g(x) = max(x, 0).
    Relu,
}

/// The function of the output, h.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// A spike iff the argument is positive (SNU).
    #[default]
    Step,
    /// The logistic function, emitted in every step (sSNU).
    Sigmoid,
}

/// Spiking neural unit; with a sigmoid output the soft one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Snu {
    /// Part of the state that is kept from step to step, l.
    #[schemars(range(min = 0, max = 1), extend("unit" = "1"))]
    pub decay: f64,
    /// Offset of the output, b; minus the threshold.
    #[schemars(extend("unit" = "1"))]
    pub bias: f64,
    /// The function of the state, g.
    pub activation: Activation,
    /// The function of the output, h.
    pub output: Gate,
}

impl Default for Snu {
    fn default() -> Self {
        Self { decay: 0.8, bias: -1.0, activation: Activation::Identity, output: Gate::Step }
    }
}

columns! {
    /// State of the bank.
    struct State of Snu;
    s: f64, "1", |_| 0.0;
    y: f64, "1", |_| 0.0;
}

impl Soma for Snu {
    const CARD: Card = Card {
        name: "snu",
        equations: "s = g(input + decay s (1 - y)); y = h(s + bias); emit y",
        scheme: "exact",
        source: "Woźniak et al. 2020, doi 10.1038/s42256-020-0187-0",
        inputs: one_input!("1"),
        graded: true,
    };
    type Kind = Self;
    type State = State;

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(state: &mut State, k: &Self, at: Range<usize>, lane: Lane<'_>) {
        let columns = state.s[at.clone()].iter_mut().zip(&mut state.y[at]);
        let outputs = lane.status.iter_mut().zip(lane.level);
        for (((s, y), &input), (out, level)) in columns.zip(lane.arrivals).zip(outputs) {
            let sum = input + k.decay * *s * (1.0 - *y);
            *s = if k.activation == Activation::Relu { sum.max(0.0) } else { sum };
            let argument = *s + k.bias;
            *y = match k.output {
                Gate::Step => f64::from(u8::from(argument > 0.0)),
                Gate::Sigmoid => 1.0 / (1.0 + (-argument).exp()),
            };
            *level = *y;
            *out = status(true, *y != 0.0);
        }
    }

    fn price() -> Price {
        Price::scaled(6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    #[test]
    fn a_spike_clears_the_memory_and_a_relu_the_negative_part() {
        let mut trial = Trial::of(Snu { activation: Activation::Relu, ..Default::default() });
        assert_eq!(trial.steps(&[0.75, 0.75, 0.5, -3.0]), [2]);
        assert_eq!(trial.v(), 0.0);
    }
}
