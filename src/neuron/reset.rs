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
    set: bool,
    to: f64,
    drop: f64,
}

impl Jump {
    /// The jump of `mode` at `threshold`, with `reset` as the value of a hard reset.
    pub(super) fn new(mode: Reset, reset: f64, threshold: f64) -> Self {
        match mode {
            Reset::Hard => Self { set: true, to: reset, drop: 0.0 },
            Reset::Soft => Self { set: false, to: 0.0, drop: threshold },
            Reset::Saturate => Self { set: true, to: threshold, drop: 0.0 },
            Reset::None => Self { set: false, to: 0.0, drop: 0.0 },
        }
    }

    /// Where a potential of `v` lands.
    #[inline(always)]
    pub(super) fn land(&self, v: f64) -> f64 {
        if self.set { self.to } else { v - self.drop }
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
