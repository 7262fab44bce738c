//! How a weight becomes conductances.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Problem, Problems};

/// How signed weights are held by conductances, which have no sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mapping {
    /// A pair of devices of which one stays at the bottom of its window: `w ∝ G⁺ − G⁻`, small weights take
    /// little current.
    Differential {
        /// Where the two currents are subtracted.
        #[serde(default)]
        subtract: Subtraction,
    },
    /// A pair of devices that move in opposite directions around the middle of the window: `w ∝ G⁺ − G⁻` with
    /// half the spread of a single device for large weights.
    TwoDevice {
        /// Where the two currents are subtracted.
        #[serde(default)]
        subtract: Subtraction,
    },
    /// One device whose middle stands for zero; the common part is taken away after conversion.
    Offset {
        /// Whether the common part is measured on a column of devices, one per array and slice, or computed.
        #[serde(default)]
        reference_column: bool,
    },
}

impl Default for Mapping {
    fn default() -> Self {
        Self::Differential { subtract: Subtraction::Analog }
    }
}

/// Where the currents of a pair are subtracted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Subtraction {
    /// Before conversion: one conversion for both.
    #[default]
    Analog,
    /// After conversion: one conversion for each.
    Digital,
}

/// Weights in slices: the least significant slice first, results shifted and added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slices {
    /// Slices of a weight.
    #[schemars(range(min = 1, max = 16))]
    pub count: u32,
    /// Bits of a slice; a device needs as many levels.
    #[schemars(range(min = 1, max = 8))]
    pub bits: u8,
}

impl Slices {
    /// Largest whole number that a weight's magnitude is held as.
    pub(super) fn most(self) -> f64 {
        f64::from(self.count * u32::from(self.bits)).exp2() - 1.0
    }

    /// Checks that slices exist and that devices have the levels for them.
    pub(super) fn validate(self, levels: Option<u32>) -> Result<(), Problems> {
        let mut problems = Problems::new();
        if !(1..=16).contains(&self.count) {
            problems.push(Problem::new("count", format!("{} slices", self.count)).allowed("1 to 16"));
        }
        if !(1..=8).contains(&self.bits) {
            problems.push(Problem::new("bits", format!("{} bits in a slice", self.bits)).allowed("1 to 8"));
        } else if let Some(levels) = levels.filter(|&levels| levels < 1 << self.bits) {
            let message =
                format!("{} bits take {} levels, and a cell has {levels}", self.bits, 1u32 << self.bits);
            problems.push(Problem::new("bits", message));
        }
        let total = self.count.saturating_mul(self.bits.into());
        if total > 32 {
            problems.push(Problem::new("count", format!("{total} bits in a weight")).allowed("up to 32"));
        }
        problems.into_result(())
    }
}

impl Mapping {
    pub(super) fn columns_per_slice(self) -> u32 {
        match self {
            Self::Differential { .. } | Self::TwoDevice { .. } => 2,
            Self::Offset { .. } => 1,
        }
    }

    pub(super) fn has_reference(self) -> bool {
        matches!(self, Self::Offset { reference_column: true })
    }

    /// The positions in the window, from 0 to 1, of the devices that hold slice `slice` of the weight `w`
    /// relative to full scale; single devices leave the second one out.
    pub(super) fn positions(self, w: f64, slice: u32, slices: Option<Slices>) -> [f64; 2] {
        let w = w.clamp(-1.0, 1.0);
        let part = |magnitude: f64| match slices {
            None => magnitude,
            Some(slices) => {
                let code = (magnitude * slices.most()).round() as u64;
                let mask = (1u64 << slices.bits) - 1;
                (code >> (slice * u32::from(slices.bits)) & mask) as f64 / mask as f64
            }
        };
        match self {
            Self::Differential { .. } => [part(w.max(0.0)), part((-w).max(0.0))],
            Self::TwoDevice { .. } => {
                let magnitude = part(w.abs()).copysign(w);
                [0.5 + 0.5 * magnitude, 0.5 - 0.5 * magnitude]
            }
            Self::Offset { .. } => [part(0.5 + 0.5 * w), 0.0],
        }
    }

    /// Weight, relative to full scale, that a device at the top of its window adds in slice `slice`.
    pub(super) fn unit(self, slice: u32, slices: Option<Slices>) -> f64 {
        let share = slices.map_or(1.0, |slices| {
            let bits = f64::from(slices.bits);
            (f64::from(slice) * bits).exp2() * (bits.exp2() - 1.0) / slices.most()
        });
        match self {
            Self::Differential { .. } | Self::TwoDevice { .. } => share,
            Self::Offset { .. } => 2.0 * share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ideal devices make of a weight.
    fn check(mapping: Mapping, slices: Option<Slices>, tolerance: f64) {
        for w in [-1.0, -0.37, 0.0, 0.01, 0.5, 1.0] {
            let count = slices.map_or(1, |slices| slices.count);
            let sum: f64 = (0..count)
                .map(|slice| {
                    let [plus, minus] = mapping.positions(w, slice, slices);
                    mapping.unit(slice, slices) * (plus - minus)
                })
                .sum();
            let sum = if matches!(mapping, Mapping::Offset { .. }) { sum - 1.0 } else { sum };
            assert!((sum - w).abs() <= tolerance, "{mapping:?} {slices:?}: {sum} is not {w}");
        }
    }

    #[test]
    fn ideal_devices_hold_the_weights() {
        let subtract = Subtraction::Analog;
        for mapping in [
            Mapping::Differential { subtract },
            Mapping::TwoDevice { subtract },
            Mapping::Offset { reference_column: false },
        ] {
            check(mapping, None, 1e-12);
            check(mapping, Some(Slices { count: 4, bits: 2 }), 1.0 / 255.0);
            check(mapping, Some(Slices { count: 2, bits: 8 }), 1.0 / 65535.0);
        }
    }
}
