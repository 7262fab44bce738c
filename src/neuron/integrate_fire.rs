//! Integrate-and-fire without leak.
//!
//! Per step: `v ← v + bias + arrivals`; fires iff `v > threshold`; then the chosen reset. During the
//! refractory period the potential is frozen and input is lost. Event-driven: a neuron with `v = 0`,
//! no bias and no input is idle.
//!
//! Exact (the equation is a sum). Potential and input in the same arbitrary unit.
//! Source: Lapicque 1907 without the leak; NIR's `IF` node.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bank::arrived;
use super::cost::Price;
use super::refractory::{self, free};
use super::reset::{Jump, Reset};
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::unit::Seconds;

/// Integrate-and-fire neuron without leak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IntegrateFire {
    /// The neuron fires when its potential exceeds this.
    #[schemars(extend("unit" = "1"))]
    pub threshold: f64,
    /// Input that is added in every step.
    #[schemars(extend("unit" = "1"))]
    pub bias: f64,
    /// What firing does to the potential.
    pub reset_mode: Reset,
    /// Potential at the start and after a hard reset.
    #[schemars(extend("unit" = "1"))]
    pub reset: f64,
    /// Refractory period: after a spike in step k the neuron integrates again in step k + this.
    #[schemars(extend("unit" = "steps"))]
    pub refractory: u16,
}

impl Default for IntegrateFire {
    fn default() -> Self {
        Self { threshold: 1.0, bias: 0.0, reset_mode: Reset::Hard, reset: 0.0, refractory: 0 }
    }
}

/// Prepared parameters.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    threshold: f64,
    bias: f64,
    rest: f64,
    jump: Jump,
    frozen: u16,
}

columns! {
    /// State of the bank.
    struct State of Kind;
    v: f64, "1", |k| k.rest;
    hold: u16, "steps", |_| 0;
}

impl Soma for IntegrateFire {
    const CARD: Card = Card {
        name: "integrate-fire",
        equations: "v += bias + input; fire iff v > threshold; reset",
        scheme: "exact",
        source: "Lapicque 1907 without the leak; NIR's IF node",
        inputs: one_input!("1"),
        graded: false,
    };
    type Kind = Kind;
    type State = State;

    fn prepare(&self, _: Seconds) -> Kind {
        Kind {
            threshold: self.threshold,
            bias: self.bias,
            rest: self.reset,
            jump: Jump::new(self.reset_mode, self.reset, self.threshold),
            frozen: refractory::frozen(self.refractory),
        }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let neurons = state.v[at.clone()].iter_mut().zip(&mut state.hold[at]);
        for (((v, hold), &input), out) in neurons.zip(lane.arrivals).zip(lane.status) {
            let updated = *v != 0.0 || k.bias != 0.0 || arrived(input);
            let free = free(hold);
            let next = if free { *v + k.bias + input } else { *v };
            let fired = free && next > k.threshold;
            *v = if fired { k.jump.land(next) } else { next };
            *hold = if fired { k.frozen } else { *hold };
            *out = status(updated, fired);
        }
    }

    fn price() -> Price {
        Price::scaled(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    fn check(model: IntegrateFire, input: &[f64], fires: &[u64], v: f64) {
        let mut trial = Trial::of(model);
        assert_eq!(trial.steps(input), fires);
        assert!((trial.v() - v).abs() < 1e-12, "v is {}", trial.v());
    }

    #[test]
    fn a_constant_input_fires_with_the_closed_form_period() {
        // Exceeds 1 at the fourth step of 0.3, with 0.2 above the threshold.
        let model = IntegrateFire { bias: 0.3, ..Default::default() };
        check(model.clone(), &[0.0; 9], &[4, 8], 0.3);
        check(IntegrateFire { reset_mode: Reset::Soft, ..model }, &[0.0; 7], &[4, 7], 0.1);
    }

    #[test]
    fn the_threshold_is_strict_and_refractory_input_is_lost() {
        check(IntegrateFire::default(), &[1.0], &[], 1.0);
        check(IntegrateFire { refractory: 3, ..Default::default() }, &[2.0, 0.5, 0.5, 0.25], &[1], 0.25);
    }
}
