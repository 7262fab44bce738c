//! The TrueNorth soma of SANA-FE, bit by bit.
//!
//! Per step: the leak, either towards zero (`v ← v − leak` if v > 0, `v + leak` if v < 0, which may
//! overshoot) or plain (`v ← v + leak`); `v ← v + bias + arrivals`; fires iff `v ≥ threshold`, then
//! the reset; otherwise the reverse reset iff `v ≤ reverse_threshold`. A soft reverse reset *adds*
//! the (negative) reverse threshold and so runs away; it is kept because the peer's results depend
//! on it. A neuron counts as updated by the same rule as in `sanafe_lif`.
//!
//! Scheme: exact (a recurrence). Potential and input in the same arbitrary unit.
//! Source: SANA-FE 2.2.9, soma `truenorth`; measured against it. The chip: Cassidy et al. 2013,
//! doi 10.1109/IJCNN.2013.6707077.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bank::arrived;
use super::cost::Price;
use super::reset::{Jump, Reset};
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::unit::Seconds;

/// The TrueNorth soma of SANA-FE: additive leak, two thresholds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrueNorth {
    /// The neuron fires when its potential reaches this.
    #[schemars(extend("unit" = "1"))]
    pub threshold: f64,
    /// What firing does to the potential.
    pub reset_mode: Reset,
    /// Potential after a hard reset.
    #[schemars(extend("unit" = "1"))]
    pub reset: f64,
    /// Lower threshold: when the potential reaches it the reverse reset acts.
    #[schemars(extend("unit" = "1"))]
    pub reverse_threshold: f64,
    /// What reaching the lower threshold does to the potential.
    pub reverse_reset_mode: Reset,
    /// Potential after a hard reverse reset.
    #[schemars(extend("unit" = "1"))]
    pub reverse_reset: f64,
    /// Leak per step.
    #[schemars(extend("unit" = "1"))]
    pub leak: f64,
    /// Whether the leak is subtracted from the magnitude; otherwise it is added to the potential.
    pub leak_towards_zero: bool,
    /// Input that is added in every step.
    #[schemars(extend("unit" = "1"))]
    pub bias: f64,
    /// Whether the neuron counts as updated in every step.
    pub force_update: bool,
}

impl Default for TrueNorth {
    fn default() -> Self {
        Self {
            threshold: 0.0,
            reset_mode: Reset::Hard,
            reset: 0.0,
            reverse_threshold: 0.0,
            reverse_reset_mode: Reset::None,
            reverse_reset: 0.0,
            leak: 0.0,
            leak_towards_zero: true,
            bias: 0.0,
            force_update: false,
        }
    }
}

/// Prepared parameters. The leak is what is added to a positive, a negative and a zero potential.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    threshold: f64,
    jump: Jump,
    reverse_threshold: f64,
    reverse_jump: Jump,
    leak_positive: f64,
    leak_negative: f64,
    leak_zero: f64,
    bias: f64,
    always: bool,
}

columns! {
    /// State of the bank.
    struct State of Kind;
    v: f64, "1", |_| 0.0;
}

impl Soma for TrueNorth {
    const CARD: Card = Card {
        name: "truenorth",
        equations: "v -= leak sgn(v), or v += leak; v += bias + input; fire iff v >= threshold, reset; \
                    otherwise reverse reset iff v <= reverse_threshold",
        scheme: "exact",
        source: "SANA-FE 2.2.9, soma truenorth; Cassidy et al. 2013, doi 10.1109/IJCNN.2013.6707077",
        inputs: one_input!("1"),
        graded: false,
    };
    type Kind = Kind;
    type State = State;

    fn prepare(&self, _: Seconds) -> Kind {
        let (leak_positive, leak_zero) =
            if self.leak_towards_zero { (-self.leak, 0.0) } else { (self.leak, self.leak) };
        // The peer adds where a subtraction would lead back, so the soft reverse drop has the other sign.
        let reverse = match self.reverse_reset_mode {
            Reset::Soft => Jump::new(Reset::Soft, 0.0, -self.reverse_threshold),
            mode => Jump::new(mode, self.reverse_reset, self.reverse_threshold),
        };
        Kind {
            threshold: self.threshold,
            jump: Jump::new(self.reset_mode, self.reset, self.threshold),
            reverse_threshold: self.reverse_threshold,
            reverse_jump: reverse,
            leak_positive,
            leak_negative: self.leak,
            leak_zero,
            bias: self.bias,
            always: self.force_update || self.bias != 0.0,
        }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        for ((v, &input), out) in state.v[at].iter_mut().zip(lane.arrivals).zip(lane.status) {
            let updated = k.always | (*v != 0.0) | arrived(input);
            let leak = if *v > 0.0 { k.leak_positive } else { k.leak_zero };
            let leak = if *v < 0.0 { k.leak_negative } else { leak };
            let next = *v + leak + k.bias + input;
            let fired = next >= k.threshold;
            let low = !fired & (next <= k.reverse_threshold);
            let down = if low { k.reverse_jump.land(next) } else { next };
            *v = if fired { k.jump.land(next) } else { down };
            *out = status(updated, fired);
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
    fn a_leak_towards_zero_overshoots_and_leaves_zero_alone() {
        let mut trial =
            Trial::of(TrueNorth { threshold: 9.0, reverse_threshold: -9.0, leak: 0.5, ..Default::default() });
        trial.steps(&[0.0, 0.25, 0.0]);
        assert_eq!(trial.v(), -0.25);
    }
}
