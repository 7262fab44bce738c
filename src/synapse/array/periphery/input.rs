//! How an input value reaches the rows.

use pulp::{Arch, Simd, WithSimd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Problem, Problems};

/// Most bits of an input.
const MOST_BITS: u8 = 16;

/// How inputs are driven onto the rows. Inputs are relative to their full scale, from −1 to 1, or from 0 to 1
/// where they are unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InputParams {
    /// One step, the voltage in proportion to the input.
    Analog(InputBits),
    /// One step per bit at full voltage, in two's complement; results are shifted and added after conversion.
    BitSerial(InputBits),
    /// As many pulses at full voltage as the input says, their charges added on the columns, and one conversion.
    PulseCount(InputBits),
}

/// Resolution of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InputBits {
    /// Resolution [bits], the sign included; 0: as fine as numbers are (analog only).
    #[schemars(range(max = 16))]
    pub bits: u8,
    /// Whether inputs may be negative.
    pub signed: bool,
}

impl Default for InputBits {
    fn default() -> Self {
        Self { bits: 8, signed: true }
    }
}

/// The steps in which one input vector is applied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// Reads of the array.
    pub reads: u32,
    /// Conversions of every column.
    pub conversions: u32,
}

impl InputParams {
    /// Resolution.
    pub fn bits(self) -> InputBits {
        match self {
            Self::Analog(bits) | Self::BitSerial(bits) | Self::PulseCount(bits) => bits,
        }
    }

    /// Largest code; zero where there are no codes.
    pub fn most(self) -> u32 {
        let InputBits { bits, signed } = self.bits();
        let magnitude = bits.saturating_sub(u8::from(signed));
        if bits == 0 { 0 } else { ((1u32 << magnitude) - 1).max(1) }
    }

    /// Steps of one product.
    pub fn steps(self) -> Steps {
        match self {
            Self::Analog(_) => Steps { reads: 1, conversions: 1 },
            Self::BitSerial(bits) => Steps { reads: bits.bits.into(), conversions: bits.bits.into() },
            Self::PulseCount(_) => Steps { reads: self.most(), conversions: 1 },
        }
    }

    /// The code nearest to the input `x`.
    pub fn code(self, x: f64) -> f64 {
        let lowest = if self.bits().signed { -1.0 } else { 0.0 };
        (x.clamp(lowest, 1.0) * f64::from(self.most())).round()
    }

    /// What the array is driven with for the input `x`, relative to full scale.
    pub fn quantised(self, x: f64) -> f64 {
        match self.most() {
            0 => x.clamp(if self.bits().signed { -1.0 } else { 0.0 }, 1.0),
            most => self.code(x) / f64::from(most),
        }
    }

    /// What the array is driven with for all of `x`, each multiplied by `scale` first, on the widest vectors of the
    /// machine.
    pub fn quantise_all(self, scale: f64, x: &[f64], drives: &mut [f64]) {
        let lowest = if self.bits().signed { -1.0 } else { 0.0 };
        Arch::new().dispatch(All { scale, lowest, most: f64::from(self.most()), x, drives });
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// Bits out of range.
    pub fn validate(self) -> Result<(), Problems> {
        let (name, least) = match self {
            Self::Analog(_) => ("analog", 0),
            Self::BitSerial(_) => ("bit-serial", 1),
            Self::PulseCount(_) => ("pulse-count", 1),
        };
        let InputBits { bits, signed } = self.bits();
        let mut problems = Problems::new();
        if !(least..=MOST_BITS).contains(&bits) || (bits == 1 && signed) {
            let message = format!("an input of {bits} bits");
            let allowed = format!("{least} to {MOST_BITS}, and 2 where inputs are signed");
            problems.push(Problem::new(format!("{name}.bits"), message).allowed(allowed));
        }
        problems.into_result(())
    }
}

/// Inputs that are quantised together.
struct All<'a> {
    scale: f64,
    lowest: f64,
    most: f64,
    x: &'a [f64],
    drives: &'a mut [f64],
}

impl WithSimd for All<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { scale, lowest, most, x, drives } = self;
        let pairs = drives.iter_mut().zip(x);
        if most == 0.0 {
            pairs.for_each(|(drive, &x)| *drive = (x * scale).clamp(lowest, 1.0));
        } else {
            pairs.for_each(|(drive, &x)| *drive = ((x * scale).clamp(lowest, 1.0) * most).round() / most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_quantised_together_as_one_by_one() {
        let x: Vec<f64> = (-30..30).map(|i| 0.043 * f64::from(i)).collect();
        for bits in [0, 1, 3, 8] {
            for signed in [false, bits != 1] {
                let input = InputParams::Analog(InputBits { bits, signed });
                let mut drives = vec![0.0; x.len()];
                input.quantise_all(0.9, &x, &mut drives);
                let one_by_one: Vec<f64> = x.iter().map(|x| input.quantised(x * 0.9)).collect();
                assert_eq!(drives, one_by_one);
            }
        }
    }
}
