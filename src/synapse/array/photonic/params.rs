//! What a user says about photonic arrays.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::unit::{Hertz, Joules, Millimetres, Watts};
use crate::base::{Problem, Problems};
use crate::synapse::array::device::ELECTRON;
use crate::synapse::array::periphery::{AdcParams, InputBits, InputParams};

/// Most modes of a mesh, and wavelengths of a bus.
const MOST_MODES: u32 = 512;

/// A coherent mesh of Mach–Zehnder interferometers: fields in, products as fields out, detected against a local
/// oscillator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeshParams {
    /// Modes: inputs and outputs of one mesh.
    #[schemars(range(min = 2, max = 512))]
    pub modes: u32,
    /// Meshes (pairs of them where a matrix is decomposed) that there are; absent: as many as needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub arrays: Option<u32>,
    /// How interferometers are arranged.
    #[serde(default)]
    pub arrangement: Arrangement,
    /// Whether any matrix is held, as two meshes with attenuators between them (singular value decomposition);
    /// otherwise one mesh holds a unitary matrix and others are refused.
    #[serde(default = "yes")]
    pub svd: bool,
    /// What is wrong with the components.
    #[serde(default)]
    pub errors: MeshErrors,
    /// How inputs are modulated.
    #[serde(default = "default_input")]
    pub input: InputParams,
    /// Input that is full scale; larger ones are clipped.
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub full_scale: f64,
    /// Laser and detectors.
    #[serde(default)]
    pub detector: Detector,
    /// The converters behind the detectors; absent: outputs are taken as they are, at no cost.
    #[serde(default = "default_adc")]
    pub adc: Option<AdcParams>,
    /// Vectors per second [Hz].
    #[serde(default = "default_rate")]
    pub rate: Hertz,
    /// Power of a phase shifter for a phase of π [W].
    #[serde(default = "default_heater")]
    pub heater: Watts,
    /// Time in which phases settle: writing a matrix takes as long [s].
    #[serde(default = "default_settle")]
    pub settle: crate::base::unit::Seconds,
    /// Modulating one input once [J].
    #[serde(default)]
    pub modulator: Joules,
}

fn yes() -> bool {
    true
}

fn one() -> f64 {
    1.0
}

fn default_input() -> InputParams {
    InputParams::Analog(InputBits::default())
}

fn default_adc() -> Option<AdcParams> {
    Some(AdcParams { shared_by: 1, ..AdcParams::default() })
}

fn default_rate() -> Hertz {
    Hertz(1e9)
}

fn default_heater() -> Watts {
    Watts(30e-3)
}

fn default_settle() -> crate::base::unit::Seconds {
    crate::base::unit::Seconds(10e-6)
}

/// Arrangements of interferometers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arrangement {
    /// The rectangle: N layers, all paths nearly alike.
    #[default]
    Clements,
    /// The triangle: 2N − 3 layers, calibrated one interferometer after the other.
    Reck,
}

/// What is wrong with a mesh's components; zero is ideal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MeshErrors {
    /// Standard deviation of every phase [rad].
    #[schemars(range(min = 0))]
    pub phase: f64,
    /// Standard deviation of every coupler's angle from π/4 [rad].
    #[schemars(range(min = 0))]
    pub splitter: f64,
    /// Loss of a phase shifter; light passes two in an interferometer [dB].
    #[schemars(range(min = 0))]
    pub shifter_loss: f64,
    /// Loss of a coupler; light passes two in an interferometer [dB].
    #[schemars(range(min = 0))]
    pub coupler_loss: f64,
    /// Loss of waveguides [dB/cm].
    #[schemars(range(min = 0))]
    pub waveguide_loss: f64,
    /// Length of an interferometer [mm].
    pub length: Millimetres,
    /// Share of the phases of neighbours in the same layer that is added to one's own (heat that spreads).
    #[schemars(range(min = 0, max = 1))]
    pub crosstalk: f64,
}

impl MeshErrors {
    /// Loss of an interferometer [dB].
    pub fn loss(&self) -> f64 {
        2.0 * (self.shifter_loss + self.coupler_loss) + self.waveguide_loss * self.length.0 / 10.0
    }
}

/// Laser, detectors, and their noise. The laser is as strong as the detectors need:
/// `10^((loss + sensitivity)/10) · fan-out · 2^bits / (efficiency · (1 − 10^(−extinction/10)))` milliwatts
/// (Al-Qadasi et al. 2022, doi 10.1063/5.0070992).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Detector {
    /// Current per power [A/W].
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub responsivity: f64,
    /// Power that a detector needs for one bit [dBm].
    pub sensitivity: f64,
    /// Optical power per electrical power of the laser.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub efficiency: f64,
    /// Extinction ratio of the modulators [dB].
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub extinction: f64,
    /// Whether shot noise is drawn.
    pub shot_noise: bool,
    /// Noise current of the amplifier behind a detector [A/√Hz].
    #[schemars(range(min = 0))]
    pub noise_current: f64,
    /// Relative intensity noise of the laser [dB/Hz]; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intensity_noise: Option<f64>,
}

impl Default for Detector {
    /// 1 A/W, −27 dBm, a laser of 20 % wall-plug efficiency, 10 dB extinction; no noise.
    fn default() -> Self {
        Self {
            responsivity: 1.0,
            sensitivity: -27.0,
            efficiency: 0.2,
            extinction: 10.0,
            shot_noise: false,
            noise_current: 0.0,
            intensity_noise: None,
        }
    }
}

/// Noise of one detection, referred to an output of full scale.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct DetectorNoise {
    /// Variance whatever the output.
    pub floor: f64,
    /// Variance per output.
    pub shot: f64,
    /// Variance per squared output.
    pub relative: f64,
}

impl Detector {
    /// Power at a detector at full scale [W].
    pub fn received(&self, bits: u8) -> f64 {
        1e-3 * 10f64.powf(self.sensitivity / 10.0) * f64::from(bits).exp2()
    }

    /// Electrical power of the laser [W] for `fan_out` detectors behind `loss` [dB].
    pub fn laser_power(&self, loss: f64, fan_out: f64, bits: u8) -> f64 {
        let optical = self.received(bits) * 10f64.powf(loss / 10.0) * fan_out;
        optical / (self.efficiency * (1.0 - 10f64.powf(-self.extinction / 10.0)))
    }

    fn intensity(&self, bandwidth: f64) -> f64 {
        self.intensity_noise.map_or(0.0, |noise| 10f64.powf(noise / 10.0) * bandwidth)
    }

    /// Fields beaten with a local oscillator as strong as the signal at full scale: shot noise `qΔf/(2RP)`,
    /// amplifier noise `i²Δf/(2RP)²`, a quarter of the relative intensity noise.
    pub(super) fn coherent(&self, bits: u8, bandwidth: f64) -> DetectorNoise {
        let current = self.responsivity * self.received(bits);
        let shot = if self.shot_noise { ELECTRON * bandwidth / (2.0 * current) } else { 0.0 };
        let amplifier = self.noise_current.powi(2) * bandwidth / (2.0 * current).powi(2);
        DetectorNoise { floor: shot + amplifier, shot: 0.0, relative: self.intensity(bandwidth) / 4.0 }
    }

    /// Powers added on a detector: shot noise `2qΔf·y/(RP)`, amplifier noise `i²Δf/(RP)²`, relative intensity noise.
    pub(super) fn incoherent(&self, bits: u8, bandwidth: f64) -> DetectorNoise {
        let current = self.responsivity * self.received(bits);
        DetectorNoise {
            floor: self.noise_current.powi(2) * bandwidth / current.powi(2),
            shot: if self.shot_noise { 2.0 * ELECTRON * bandwidth / current } else { 0.0 },
            relative: self.intensity(bandwidth),
        }
    }

    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let right = self.responsivity > 0.0 && self.efficiency > 0.0 && self.efficiency <= 1.0;
        problems.require(right, "efficiency", || "responsivity and efficiency are above zero".into());
        problems.require(self.extinction > 0.0, "extinction", || "an extinction ratio is above 0 dB".into());
        let finite =
            self.sensitivity.is_finite() && self.noise_current >= 0.0 && self.noise_current.is_finite();
        problems.require(finite, "sensitivity", || "noise is not negative and power finite".into());
        problems.into_result(())
    }
}

impl MeshParams {
    /// Checks everything that does not depend on a matrix.
    ///
    /// # Errors
    /// Everything that is out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        if !(2..=MOST_MODES).contains(&self.modes) {
            problems.push(Problem::new("modes", format!("{} modes", self.modes)).allowed("2 to 512"));
        }
        let wrong = &self.errors;
        let values = [
            ("errors.phase", wrong.phase),
            ("errors.splitter", wrong.splitter),
            ("errors.shifter_loss", wrong.shifter_loss),
            ("errors.coupler_loss", wrong.coupler_loss),
            ("errors.waveguide_loss", wrong.waveguide_loss),
            ("errors.length", wrong.length.0),
            ("errors.crosstalk", wrong.crosstalk),
            ("heater", self.heater.0),
            ("modulator", self.modulator.0),
            ("settle", self.settle.0),
        ];
        for (name, value) in values {
            problems.require(value >= 0.0 && value.is_finite(), name, || format!("{value} is below zero"));
        }
        problems.require(self.full_scale > 0.0, "full_scale", || "it is above zero".into());
        problems.require(self.rate.0 > 0.0, "rate", || "a rate is above zero".into());
        problems.require(self.arrays != Some(0), "arrays", || "no array holds nothing".into());
        problems.absorb("input", self.input.validate());
        problems.absorb("detector", self.detector.validate());
        problems.absorb("adc", self.adc.as_ref().map_or(Ok(()), AdcParams::validate));
        problems.into_result(())
    }
}

/// Ring resonators on a bus of wavelengths: one wavelength an input, one bus an output, powers added on balanced
/// detectors ("broadcast and weigh", Tait et al. 2017, doi 10.1038/s41598-017-07754-z).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WdmParams {
    /// Wavelengths: inputs of one bank.
    #[schemars(range(min = 1, max = 512))]
    pub wavelengths: u32,
    /// Buses: outputs of one bank.
    #[schemars(range(min = 1, max = 512))]
    pub buses: u32,
    /// Banks that there are; absent: as many as needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub arrays: Option<u32>,
    /// Bits that rings are set to, the sign included.
    #[serde(default = "eight")]
    #[schemars(range(min = 2, max = 16))]
    pub weight_bits: u8,
    /// Standard deviation of a ring's weight, relative to full scale.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub tuning_error: f64,
    /// Share of each neighbouring wavelength that a ring weighs, too.
    #[serde(default)]
    #[schemars(range(min = 0, max = 0.5))]
    pub crosstalk: f64,
    /// Loss from laser to detector [dB].
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub loss: f64,
    /// How inputs are modulated.
    #[serde(default = "default_input")]
    pub input: InputParams,
    /// Input that is full scale; larger ones are clipped.
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub full_scale: f64,
    /// Laser and detectors.
    #[serde(default)]
    pub detector: Detector,
    /// The converters behind the detectors; absent: outputs are taken as they are, at no cost.
    #[serde(default = "default_adc")]
    pub adc: Option<AdcParams>,
    /// Vectors per second [Hz].
    #[serde(default = "default_rate")]
    pub rate: Hertz,
    /// Power that holds a ring on its wavelength [W].
    #[serde(default)]
    pub ring: Watts,
    /// Power of a modulator [W].
    #[serde(default)]
    pub modulator: Watts,
    /// Converting one input to analog [J].
    #[serde(default)]
    pub dac: Joules,
    /// Amplifying one output [J].
    #[serde(default)]
    pub amplifier: Joules,
    /// Time in which rings settle: writing a matrix takes as long [s].
    #[serde(default = "default_settle")]
    pub settle: crate::base::unit::Seconds,
}

fn eight() -> u8 {
    8
}

impl WdmParams {
    /// Checks everything that does not depend on a matrix.
    ///
    /// # Errors
    /// Everything that is out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        for (name, lines) in [("wavelengths", self.wavelengths), ("buses", self.buses)] {
            if !(1..=MOST_MODES).contains(&lines) {
                problems.push(Problem::new(name, format!("{lines} {name}")).allowed("1 to 512"));
            }
        }
        if !(2..=16).contains(&self.weight_bits) {
            let problem = Problem::new("weight_bits", format!("{} bits", self.weight_bits));
            problems.push(problem.allowed("2 to 16"));
        }
        let values = [
            ("tuning_error", self.tuning_error),
            ("crosstalk", self.crosstalk),
            ("loss", self.loss),
            ("ring", self.ring.0),
            ("modulator", self.modulator.0),
            ("dac", self.dac.0),
            ("amplifier", self.amplifier.0),
            ("settle", self.settle.0),
        ];
        for (name, value) in values {
            problems.require(value >= 0.0 && value.is_finite(), name, || format!("{value} is below zero"));
        }
        problems.require(self.crosstalk <= 0.5, "crosstalk", || "at most a half goes to a neighbour".into());
        problems.require(self.full_scale > 0.0, "full_scale", || "it is above zero".into());
        problems.require(self.rate.0 > 0.0, "rate", || "a rate is above zero".into());
        problems.require(self.arrays != Some(0), "arrays", || "no array holds nothing".into());
        problems.absorb("input", self.input.validate());
        problems.absorb("detector", self.detector.validate());
        problems.absorb("adc", self.adc.as_ref().map_or(Ok(()), AdcParams::validate));
        problems.into_result(())
    }
}
