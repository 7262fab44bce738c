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

    /// What turns inputs, each multiplied by `scale` first, into drives.
    pub fn driver(self, scale: f64) -> Driver {
        let lowest = if self.bits().signed { -1.0 } else { 0.0 };
        match f64::from(self.most()) {
            0.0 => Driver { per_input: scale, lowest, most: 1.0, step: 0.0 },
            most => Driver { per_input: scale * most, lowest: lowest * most, most, step: 1.0 / most },
        }
    }

    /// The code nearest to the input `x`.
    pub fn code(self, x: f64) -> f64 {
        self.driver(1.0).code(x)
    }

    /// What the array is driven with for the input `x`, relative to full scale.
    pub fn quantised(self, x: f64) -> f64 {
        self.driver(1.0).drive(x)
    }

    /// What the array is driven with for all of `x`, each multiplied by `scale` first, on the widest vectors of the
    /// machine.
    pub fn quantise_all(self, scale: f64, x: &[f64], drives: &mut [f64]) {
        Arch::new().dispatch(All { driver: self.driver(scale), x, drives });
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

/// Quantises inputs.
#[derive(Clone, Copy, Debug)]
pub struct Driver {
    per_input: f64,
    /// Bounds of codes, or of drives where there are no codes.
    lowest: f64,
    most: f64,
    /// Drive per code; zero where there are none.
    step: f64,
}

impl Driver {
    /// The code nearest to the input `x`.
    #[inline(always)]
    pub fn code(&self, x: f64) -> f64 {
        self.clipped(x).round_ties_even()
    }

    /// Drive per code; `None` where there are no codes.
    pub fn step(&self) -> Option<f64> {
        (self.step > 0.0).then_some(self.step)
    }

    /// What the array is driven with for the input `x`, relative to full scale.
    #[inline(always)]
    pub fn drive(&self, x: f64) -> f64 {
        self.step().map_or_else(|| self.clipped(x), |step| self.code(x) * step)
    }

    /// The input `x` in codes, or the drive where there are none, as fine as it is.
    #[inline(always)]
    pub fn clipped(&self, x: f64) -> f64 {
        (x * self.per_input).clamp(self.lowest, self.most)
    }
}

/// Inputs that are quantised together.
struct All<'a> {
    driver: Driver,
    x: &'a [f64],
    drives: &'a mut [f64],
}

impl WithSimd for All<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.drives.iter_mut().zip(self.x).for_each(|(drive, &x)| *drive = self.driver.drive(x));
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
