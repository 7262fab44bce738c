//! Analog-to-digital converters at the end of the columns.

use pulp::{Arch, Simd, WithSimd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::unit::{Hertz, Joules};
use crate::base::{Problem, Problems};

/// Most bits of a converter.
pub(crate) const MOST_BITS: u8 = 24;

/// A converter: what it resolves, over which range, how long it takes and what it costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdcParams {
    /// Resolution [bits].
    #[schemars(range(min = 1, max = 24))]
    pub bits: u8,
    /// Which outputs are told apart; what lies beyond is clipped.
    pub range: RangeChoice,
    /// Standard deviation of the converter's noise [steps of the converter].
    #[schemars(range(min = 0))]
    pub noise: f64,
    /// Relative error of the gain that calibration leaves.
    pub gain_error: f64,
    /// Offset that calibration leaves [steps of the converter].
    pub offset: f64,
    /// How it converts, which says how many clock cycles a conversion takes.
    pub kind: AdcKind,
    /// Its clock [Hz].
    pub clock: Hertz,
    /// Columns that share one converter, one after the other, their values held by sample-and-hold stages.
    #[schemars(range(min = 1))]
    pub shared_by: u32,
    /// Energy of a conversion.
    pub energy: AdcEnergy,
}

impl Default for AdcParams {
    /// Eight bits over the calibrated range, successive approximation at 1 GHz, eight columns a converter,
    /// 10 fJ per conversion step.
    fn default() -> Self {
        Self {
            bits: 8,
            range: RangeChoice::default(),
            noise: 0.0,
            gain_error: 0.0,
            offset: 0.0,
            kind: AdcKind::default(),
            clock: Hertz(1e9),
            shared_by: 8,
            energy: AdcEnergy::default(),
        }
    }
}

/// The outputs between −R and R that a converter tells apart; R is the same for all columns of an array.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RangeChoice {
    /// R is the largest output that any input can give.
    Full,
    /// R is this many standard deviations of the widest column's output for inputs that are uniform over their
    /// range: calibration to the weights that are stored.
    Calibrated(f64),
    /// R is stated, in units of weight times input.
    Stated(f64),
}

impl Default for RangeChoice {
    fn default() -> Self {
        Self::Calibrated(4.0)
    }
}

/// How a converter works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdcKind {
    /// Successive approximation: a cycle per bit.
    #[default]
    Sar,
    /// All thresholds at once: one cycle.
    Flash,
    /// A ramp that all columns are compared with: 2^bits cycles, but for all columns of the array at once.
    Ramp,
    /// A pipeline: one cycle per conversion once it is full, and a cycle per bit to fill it.
    Pipeline,
    /// One stage used over and over: a cycle per bit.
    Cyclic,
}

/// Energy of one conversion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdcEnergy {
    /// Walden's figure of merit: this much [J] per conversion step, 2^bits steps (Walden 1999, doi
    /// 10.1109/49.761034).
    Walden(Joules),
    /// What converters of a technology node [nm] take according to the survey fit, see [`survey_energy`].
    Survey(f64),
    /// Stated [J].
    Stated(Joules),
}

impl Default for AdcEnergy {
    fn default() -> Self {
        Self::Walden(Joules(10e-15))
    }
}

/// Energy of the fit's 8-bit converter at 65 nm [J].
const SURVEY_ENERGY: f64 = 6.485_813_055_124_668e-12;
/// Decades per bit.
const SURVEY_BITS: f64 = 0.103_214_068_501_090_9;
/// Power of the node.
const SURVEY_NODE: f64 = 1.880_036_920_681_5;

/// Energy of a conversion [J] by the fit of published converters below the corner rate, where energy does not
/// depend on the rate (after Murmann's survey, as used for in-memory computing by Andrulis et al. 2024, doi
/// 10.1109/ISPASS61541.2024.00034): 6.49 pJ at 8 bits and 65 nm, ×1.27 per bit, ∝ node^1.88.
pub fn survey_energy(bits: u8, node: f64) -> f64 {
    let bits = f64::from(bits) - 8.0;
    SURVEY_ENERGY * 10f64.powf(SURVEY_BITS * bits) * (node / 65.0).powf(SURVEY_NODE)
}

impl AdcParams {
    /// Energy of one conversion [J].
    pub fn conversion_energy(&self) -> f64 {
        match self.energy {
            AdcEnergy::Walden(merit) => merit.0 * f64::from(self.bits).exp2(),
            AdcEnergy::Survey(node) => survey_energy(self.bits, node),
            AdcEnergy::Stated(energy) => energy.0,
        }
    }

    /// Time [s] in which `columns` columns of an array are converted.
    pub fn conversion_time(&self, columns: usize) -> f64 {
        let turns = f64::from(self.shared_by).min(columns as f64);
        let bits = f64::from(self.bits);
        let cycles = match self.kind {
            AdcKind::Sar | AdcKind::Cyclic => turns * bits,
            AdcKind::Flash => turns,
            AdcKind::Ramp => bits.exp2(),
            AdcKind::Pipeline => turns + bits - 1.0,
        };
        cycles / self.clock.0
    }

    /// A converter whose range is ±`range`.
    pub fn quantiser(&self, range: f64) -> Quantiser {
        let most = f64::from((1u32 << (self.bits.min(MOST_BITS) - 1)) - 1).max(0.5);
        let step = if range > 0.0 { range / most } else { 1.0 };
        Quantiser {
            step,
            per_step: (1.0 + self.gain_error) / step,
            most,
            offset: self.offset,
            noise: self.noise,
            half: if self.bits == 1 { 0.5 } else { 0.0 },
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// Numbers out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        if !(1..=MOST_BITS).contains(&self.bits) {
            problems.push(Problem::new("bits", format!("{} bits", self.bits)).allowed("1 to 24"));
        }
        problems
            .require(self.noise >= 0.0 && self.noise.is_finite(), "noise", || "noise is not negative".into());
        problems.require(self.clock.0 > 0.0, "clock", || "a clock needs a positive frequency".into());
        problems.require(self.shared_by >= 1, "shared_by", || "a converter serves a column at least".into());
        let range = match self.range {
            RangeChoice::Full => 1.0,
            RangeChoice::Calibrated(range) | RangeChoice::Stated(range) => range,
        };
        problems
            .require(range > 0.0 && range.is_finite(), "range", || format!("a range of ±{range} is none"));
        let energy = match self.energy {
            AdcEnergy::Walden(energy) | AdcEnergy::Stated(energy) => energy.0 >= 0.0,
            AdcEnergy::Survey(node) => node > 0.0,
        };
        problems.require(energy, "energy", || "an energy is not negative and a node above zero".into());
        problems.require(self.gain_error.abs() < 1.0, "gain_error", || "a gain stays positive".into());
        problems.require(self.offset.is_finite(), "offset", || "an offset is finite".into());
        problems.into_result(())
    }
}

/// A converter that knows its range. Its codes are whole numbers from −most to most; one bit gives the sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiser {
    /// What a step of the converter stands for.
    pub step: f64,
    per_step: f64,
    most: f64,
    offset: f64,
    /// Standard deviation of the noise [steps].
    pub noise: f64,
    half: f64,
}

impl Quantiser {
    /// What the converter says `value` is, `noise` being a deviate in steps.
    #[inline(always)]
    pub fn convert(&self, value: f64, noise: f64) -> f64 {
        let steps = value * self.per_step + self.offset + noise;
        let code = if self.half > 0.0 { self.half.copysign(steps) } else { steps.round_ties_even() };
        code.clamp(-self.most, self.most) * self.step
    }

    /// Steps per unit of what is converted.
    pub fn per_step(&self) -> f64 {
        self.per_step
    }

    /// What gives the codes of values in steps of the converter, in single precision.
    pub fn codes(&self) -> Codes {
        Codes { offset: self.offset as f32, most: self.most as f32, half: self.half as f32 }
    }

    /// Standard deviation of the noise, in what is converted.
    pub fn deviation(&self) -> f64 {
        self.noise / self.per_step
    }

    /// The same as [`convert`](Self::convert), without noise, for all of `values`, on the widest vectors of the machine.
    pub fn convert_all(&self, values: &mut [f64]) {
        Arch::new().dispatch(All { quantiser: *self, values });
    }
}

/// The codes of a converter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Codes {
    offset: f32,
    most: f32,
    half: f32,
}

impl Codes {
    /// The code of a value in steps of the converter.
    #[inline(always)]
    pub fn code(&self, steps: f32) -> f32 {
        let steps = steps + self.offset;
        let code = if self.half > 0.0 { self.half.copysign(steps) } else { steps.round_ties_even() };
        code.clamp(-self.most, self.most)
    }
}

struct All<'a> {
    quantiser: Quantiser,
    values: &'a mut [f64],
}

impl WithSimd for All<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let quantiser = self.quantiser;
        self.values.iter_mut().for_each(|value| *value = quantiser.convert(*value, 0.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_symmetric_and_clipped() {
        let quantiser = AdcParams { bits: 3, ..AdcParams::default() }.quantiser(3.0);
        let found: Vec<f64> = [-9.0, -1.4, 0.4, 0.6, 2.0, 9.0].map(|v| quantiser.convert(v, 0.0)).to_vec();
        assert_eq!(found, [-3.0, -1.0, 0.0, 1.0, 2.0, 3.0]);
        let sign = AdcParams { bits: 1, ..AdcParams::default() }.quantiser(2.0);
        assert_eq!([-0.1, 0.1].map(|v| sign.convert(v, 0.0)), [-2.0, 2.0]);
    }

    #[test]
    fn sharing_and_kind_make_the_time() {
        let time = |kind, shared_by| {
            let adc = AdcParams { kind, shared_by, clock: Hertz(1.0), ..AdcParams::default() };
            adc.conversion_time(128)
        };
        assert_eq!(time(AdcKind::Sar, 4), 32.0);
        assert_eq!(time(AdcKind::Flash, 4), 4.0);
        assert_eq!(time(AdcKind::Ramp, 4), 256.0);
        assert_eq!(time(AdcKind::Pipeline, 4), 11.0);
        assert_eq!(time(AdcKind::Sar, 500), 1024.0);
    }
}
