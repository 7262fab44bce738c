//! A source that emits the same value in every step.
//!
//! Exact. The value has the unit of whatever receives it.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::soma::{Card, FIRED, Lane, Soma, Stateless};
use crate::base::unit::Seconds;

/// Source that emits the same value in every step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceConstant {
    /// The value; 1 is a plain spike.
    #[schemars(extend("unit" = "1"))]
    pub value: f64,
}

impl Default for SourceConstant {
    fn default() -> Self {
        Self { value: 1.0 }
    }
}

impl Soma for SourceConstant {
    const CARD: Card = Card {
        name: "source-constant",
        equations: "emit value",
        scheme: "exact",
        source: "definition",
        inputs: &[],
        graded: true,
    };
    type Kind = Self;
    type State = Stateless;

    fn prepare(&self, _: Seconds) -> Self {
        self.clone()
    }

    fn advance(_: &mut Stateless, k: &Self, _: Range<usize>, lane: Lane<'_>) {
        lane.status.fill(FIRED);
        lane.level.fill(k.value);
    }

    fn price() -> Price {
        Price::STIMULUS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    #[test]
    fn it_never_pauses() {
        let mut trial = Trial::of(SourceConstant { value: -0.25 });
        assert_eq!(trial.steps(&[0.0; 3]), [1, 2, 3]);
        assert_eq!(trial.out.values(), [-0.25]);
    }
}
