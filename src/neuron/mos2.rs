//! The stochastic encoder made of a dual-gate MoS2 transistor.
//!
//! In every step the encoder may fire: `P = Φ((S − θ)/σ)`, S being `bias` plus what arrives, θ the back-gate bias and
//! σ the width of the device's fluctuations. With the code `rate` every success is a spike. With `timing` only the
//! first of a window of `window` steps is, so that strong stimuli spike early. With `count` the number of successes
//! in a window is emitted at its end.
//!
//! Exact (a draw): it fires if θ + σz < S for a standard normal deviate z. Stimulus, θ and σ in volts.
//! Source: Subbulakshmi Radhakrishnan et al. 2021, doi 10.1038/s41467-021-22332-8.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::{EventCost, Price, SomaCost};
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::unit::{Joules, Seconds, Volts};

/// What a spike stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Spikes are frequent where the stimulus is strong.
    #[default]
    Rate,
    /// The first spike of a window is early where the stimulus is strong.
    Timing,
    /// The number of successes in a window is emitted at its end.
    Count,
}

/// Stochastic encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mos2 {
    /// What a spike stands for.
    pub code: Code,
    /// Stimulus at which every other step succeeds, θ.
    pub threshold: Volts,
    /// Width of the transition, σ.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub sigma: Volts,
    /// Stimulus that is there in every step.
    pub bias: Volts,
    /// Steps of a window, for the codes timing and count.
    #[schemars(range(min = 1, max = 65535), extend("unit" = "steps"))]
    pub window: u16,
}

impl Default for Mos2 {
    /// Placeholders; windows of 200 steps as published.
    fn default() -> Self {
        Self { code: Code::Rate, threshold: Volts(0.5), sigma: Volts(0.2), bias: Volts(0.0), window: 200 }
    }
}

columns! {
    /// State of the bank.
    struct State of Mos2;
    successes: u16, "1", |_| 0;
    elapsed: u16, "steps", |_| 0;
}

impl Soma for Mos2 {
    const CARD: Card = Card {
        name: "mos2",
        equations: "success with probability Phi((S - theta)/sigma), S = bias + input; rate: emit every success; \
                    timing: emit the first of a window; count: emit their number at the end of a window",
        scheme: "exact",
        source: "Subbulakshmi Radhakrishnan et al. 2021, doi 10.1038/s41467-021-22332-8",
        inputs: one_input!("V"),
        graded: true,
    };
    type Kind = Self;
    type State = State;

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(state: &mut State, k: &Self, at: Range<usize>, lane: Lane<'_>) {
        let columns = state.successes[at.clone()].iter_mut().zip(&mut state.elapsed[at]);
        let outputs = lane.status.iter_mut().zip(lane.level);
        for (n, (((successes, elapsed), &input), (out, level))) in
            columns.zip(lane.arrivals).zip(outputs).enumerate()
        {
            let stimulus = k.bias.0 + input;
            let success = k.threshold.0 + k.sigma.0 * lane.dice.of(n).normal() < stimulus;
            *successes += u16::from(success);
            *elapsed += 1;
            let ends = *elapsed >= k.window;
            *level = match k.code {
                Code::Rate => f64::from(u8::from(success)),
                Code::Timing => f64::from(u8::from(success && *successes == 1)),
                Code::Count if ends => f64::from(*successes),
                Code::Count => 0.0,
            };
            if ends {
                (*successes, *elapsed) = (0, 0);
            }
            *out = status(true, *level > 0.0);
        }
    }

    fn price() -> Price {
        Price {
            cost: SomaCost {
                spike: EventCost { energy: Joules(3e-12), latency: Seconds(0.0) },
                ..SomaCost::FREE
            },
            source: "1 to 5 pJ per spike, doi 10.1038/s41467-021-22332-8; the middle",
            estimate: true,
        }
    }
}
