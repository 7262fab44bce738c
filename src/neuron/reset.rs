//! What happens to the potential when it crosses a threshold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a crossing does to the potential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reset {
    /// The potential becomes the reset value.
    #[default]
    Hard,
    /// The threshold is subtracted.
    Soft,
    /// The potential becomes the threshold.
    Saturate,
    /// The potential stays.
    None,
}

/// A reset prepared for the inner loop: either jump to `to`, or subtract `drop`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Jump {
    /// The bits of `to`, or none.
    to: u64,
    drop: f64,
    /// All bits, if `drop` is subtracted, or none: so that no branch keeps a loop from being vectorised.
    kept: u64,
}

impl Jump {
    /// The jump of `mode` at `threshold`, with `reset` as the value of a hard reset.
    pub(super) fn new(mode: Reset, reset: f64, threshold: f64) -> Self {
        let set = |to: f64| Self { to: to.to_bits(), drop: 0.0, kept: 0 };
        let less = |drop| Self { to: 0, drop, kept: u64::MAX };
        match mode {
            Reset::Hard => set(reset),
            Reset::Soft => less(threshold),
            Reset::Saturate => set(threshold),
            Reset::None => less(0.0),
        }
    }

    /// Where a potential of `v` lands.
    #[inline(always)]
    pub(super) fn land(&self, v: f64) -> f64 {
        f64::from_bits(self.to | (v - self.drop).to_bits() & self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_lands_where_it_says() {
        let land = |mode| Jump::new(mode, 0.25, 1.0).land(1.75);
        assert_eq!(land(Reset::Hard), 0.25);
        assert_eq!(land(Reset::Soft), 0.75);
        assert_eq!(land(Reset::Saturate), 1.0);
        assert_eq!(land(Reset::None), 1.75);
    }
}
