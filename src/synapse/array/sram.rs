//! Digital memory beside adders: the yardstick for everything else. Products are exact for the stored weights.
//!
//! Energy of a read by the size of the memory, 64 bits wide, at 45 nm: 8 KB 10 pJ, 32 KB 20 pJ, 1 MB 100 pJ
//! (Horowitz 2014, doi 10.1109/ISSCC.2014.6757323); at 7 nm 7.5, 8.5 and 14 pJ (Jouppi et al. 2021, doi
//! 10.1109/ISCA52012.2021.00010). Between sizes the logarithms are interpolated.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bill::{Costs, Event, Limits, Shares};
use super::matrix::Matrix;
use super::periphery::{InputBits, InputParams};
use super::pipeline::{Pipeline, Plane, Tile};
use crate::base::unit::{Hertz, Joules, Watts};
use crate::base::{Problem, Problems};

/// Weights in static memory, read word by word and added by logic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SramParams {
    /// Rows of one memory: inputs.
    #[schemars(range(min = 1, max = 65536))]
    pub rows: u32,
    /// Weights in a row: outputs.
    #[schemars(range(min = 1, max = 65536))]
    pub columns: u32,
    /// Memories that there are; absent: as many as a matrix needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub arrays: Option<u32>,
    /// Bits of a weight, the sign included.
    #[schemars(range(min = 2, max = 32))]
    pub weight_bits: u8,
    /// Bits of an input, the sign included; 1 for spikes alone.
    #[schemars(range(min = 1, max = 16))]
    pub input_bits: u8,
    /// Weight that the largest code stands for; absent: the largest magnitude in the matrix.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub weight_scale: Option<f64>,
    /// Input that is full scale; larger ones are clipped.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub full_scale: f64,
    /// Energy of a read by the memory's size: a technology with figures.
    pub access: SramAccess,
    /// Adding one weight to a sum [J].
    pub add: Joules,
    /// Multiplying one weight by an input [J]; not needed for spikes.
    pub multiply: Joules,
    /// Leakage of a memory per bit [W].
    pub leakage: Watts,
    /// Reads per second [Hz].
    pub clock: Hertz,
    /// Weights that are read and added in one cycle.
    #[schemars(range(min = 1))]
    pub lanes: u32,
}

/// Energy of reading 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SramAccess {
    /// The figures at 45 nm.
    #[serde(rename = "45nm")]
    Nm45,
    /// The figures at 7 nm.
    #[serde(rename = "7nm")]
    Nm7,
    /// Stated [J per 64 bits].
    Stated(Joules),
}

/// Sizes for which there are figures [bytes].
const SIZES: [f64; 3] = [8192.0, 32768.0, 1_048_576.0];
/// Energies of 64 bits at 45 nm and at 7 nm [J].
const AT_45: [f64; 3] = [10e-12, 20e-12, 100e-12];
const AT_7: [f64; 3] = [7.5e-12, 8.5e-12, 14e-12];

impl SramAccess {
    /// Energy of reading 64 bits from a memory of `bytes` [J].
    pub fn energy(self, bytes: f64) -> f64 {
        let figures = match self {
            Self::Nm45 => AT_45,
            Self::Nm7 => AT_7,
            Self::Stated(energy) => return energy.0,
        };
        let above = usize::from(bytes > SIZES[1]);
        let share = (bytes / SIZES[above]).ln() / (SIZES[above + 1] / SIZES[above]).ln();
        // Memories smaller than the table begins with cost what its smallest does.
        let share = share.max(0.0);
        figures[above] * (figures[above + 1] / figures[above]).powf(share)
    }
}

impl Default for SramParams {
    /// 256 × 256 weights of 8 bits at 45 nm. Additions and multiplications: 8 bits 0.03 and 0.2 pJ (Horowitz
    /// 2014).
    fn default() -> Self {
        Self {
            rows: 256,
            columns: 256,
            arrays: None,
            weight_bits: 8,
            input_bits: 8,
            weight_scale: None,
            full_scale: 1.0,
            access: SramAccess::Nm45,
            add: Joules(0.03e-12),
            multiply: Joules(0.2e-12),
            leakage: Watts(0.0),
            clock: Hertz(500e6),
            lanes: 8,
        }
    }
}

impl SramParams {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            rows: self.rows,
            outputs: self.columns,
            arrays: self.arrays,
            weight_bits: Some(self.weight_bits.into()),
            input_bits: Some(self.input_bits.into()),
            output_bits: None,
        }
    }

    fn input(&self) -> InputParams {
        let bits = InputBits { bits: self.input_bits, signed: self.input_bits > 1 };
        InputParams::Analog(bits)
    }

    /// Checks everything that does not depend on a matrix.
    ///
    /// # Errors
    /// Everything that is out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        for (name, found, range) in [
            ("rows", self.rows, 1..=65536),
            ("columns", self.columns, 1..=65536),
            ("weight_bits", self.weight_bits.into(), 2..=32),
            ("input_bits", self.input_bits.into(), 1..=16),
        ] {
            if !range.contains(&found) {
                let allowed = format!("{} to {}", range.start(), range.end());
                problems.push(Problem::new(name, format!("{found} is out of range")).allowed(allowed));
            }
        }
        for (name, value) in [
            ("weight_scale", self.weight_scale.unwrap_or(1.0)),
            ("full_scale", self.full_scale),
            ("clock", self.clock.0),
            ("lanes", f64::from(self.lanes)),
        ] {
            problems.require(value > 0.0 && value.is_finite(), name, || format!("{value} is not above zero"));
        }
        let stated = if let SramAccess::Stated(energy) = self.access { energy.0 } else { 0.0 };
        for (name, value) in [
            ("add", self.add.0),
            ("multiply", self.multiply.0),
            ("leakage", self.leakage.0),
            ("access", stated),
        ] {
            problems.require(value >= 0.0 && value.is_finite(), name, || format!("{value} is below zero"));
        }
        problems.require(self.arrays != Some(0), "arrays", || "no array holds nothing".into());
        problems.into_result(())
    }

    /// Stores `weights`, rounded to the bits there are.
    pub(super) fn program(&self, weights: &Matrix, seed: u64) -> Pipeline {
        let largest = weights.data().iter().fold(0.0f64, |most, w| most.max(w.abs()));
        let scale = self.weight_scale.unwrap_or(if largest > 0.0 { largest } else { 1.0 });
        let most = f64::from(self.weight_bits - 1).exp2() - 1.0;
        let stored = weights.map(|w| (w / scale * most).round().clamp(-most, most) * (scale / most));
        let plane = Plane { weights: stored, gain: 1.0, ..Plane::default() };
        Pipeline {
            rows: weights.rows(),
            columns: weights.columns(),
            seed,
            input: self.input(),
            full_scale: self.full_scale,
            curve: None,
            tiles: vec![Tile { number: 0, first: [0, 0], planes: vec![plane], circuit: None }],
        }
    }

    /// Energy [J] and time [s] of reading one row and adding it up, with or without multiplication.
    fn row(&self, columns: usize, multiplied: bool) -> Event {
        let bits = f64::from(self.weight_bits);
        let bytes = f64::from(self.rows) * f64::from(self.columns) * bits / 8.0;
        let words = (columns as f64 * bits / 64.0).ceil();
        let multiply = if multiplied { self.multiply.0 } else { 0.0 };
        let energy = words * self.access.energy(bytes) + columns as f64 * (self.add.0 + multiply);
        Event { energy, time: (columns as f64 / f64::from(self.lanes)).ceil() / self.clock.0 }
    }

    /// What products, spikes and standing by cost; `used` is the share of inputs that are not zero.
    pub(super) fn costs(&self, shape: [usize; 2], used: f64) -> Costs {
        let rows = shape[0] as f64 * used;
        let multiplied = self.input_bits > 1;
        let (row, spike) = (self.row(shape[1], multiplied), self.row(shape[1], false));
        let digital = shape[1] as f64 * (self.add.0 + if multiplied { self.multiply.0 } else { 0.0 });
        let shares =
            Shares { cells: rows * (row.energy - digital), digital: rows * digital, ..Shares::default() };
        let bits = shape[0] as f64 * shape[1] as f64 * f64::from(self.weight_bits);
        Costs {
            multiply: Event { energy: shares.total(), time: rows * row.time },
            shares,
            step: Event::default(),
            spike,
            program: Event { energy: shape[0] as f64 * spike.energy, time: shape[0] as f64 * spike.time },
            pulses: 0.0,
            failed_cells: 0,
            standby: bits * self.leakage.0,
            arrays: self.limits().arrays_for(shape[0], shape[1]) as u32,
            operations: 2.0 * shape[0] as f64 * shape[1] as f64,
        }
    }
}
