//! Memcapacitors: weights as capacitances, products as charges.
//!
//! ```text
//!   Q_j = Σ_i C_ij V_i                    into a virtual ground
//!   V_j = Q_j/(C_readout + Σ_i C_ij)      on a floating readout of capacitance C_readout
//!   ½CV²·loss per charging; a linear ramp of length T through a resistance R loses the share
//!   2a[1 − a(1 − e^(−1/a))] of ½CV², a = RC/T (adiabatic charging)
//!   σ_Q² = kT·Σ_i C_ij                    noise that stays when a charge is taken off (kTC)
//! ```
//!
//! Source: Demasius et al. 2021, doi 10.1038/s41928-021-00649-y (device, periods, energies); Younis & Knight 1994
//! (adiabatic charging); Sarpeshkar et al. 1993, doi 10.1109/101.261888 (kTC).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bill::{Costs, Event, Limits, Shares};
use super::device::{BOLTZMANN, Draw, Law, stream};
use super::matrix::Matrix;
use super::periphery::{AdcParams, InputBits, InputParams};
use super::pipeline::{Pipeline, Plane, Tile};
use crate::base::unit::{Farads, Joules, Seconds, Siemens, Volts};
use crate::base::{Problem, Problems};

/// An array of memcapacitors, two devices a weight: `w ∝ C⁺ − C⁻`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemcapacitorParams {
    /// Rows of one array: inputs.
    #[schemars(range(min = 1, max = 8192))]
    pub rows: u32,
    /// Columns of one array: devices per row.
    #[schemars(range(min = 2, max = 8192))]
    pub columns: u32,
    /// Arrays that there are; absent: as many as a matrix needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub arrays: Option<u32>,
    /// Largest capacitance [F].
    pub c_max: Farads,
    /// Largest over smallest capacitance.
    #[schemars(extend("exclusiveMinimum" = 1))]
    pub ratio: f64,
    /// Levels that can be told apart; absent: any capacitance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 65536))]
    pub levels: Option<u32>,
    /// Standard deviation of a written capacitance as a share of the largest.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub programming: f64,
    /// What the columns are read by.
    #[serde(default)]
    pub readout: Readout,
    /// Whether kTC noise is drawn.
    #[serde(default)]
    pub thermal_noise: bool,
    /// Temperature [K].
    #[serde(default = "room")]
    #[schemars(range(min = 1, max = 1000))]
    pub kelvin: f64,
    /// How inputs are driven.
    #[serde(default = "default_input")]
    pub input: InputParams,
    /// Input that is full scale; larger ones are clipped.
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub full_scale: f64,
    /// Row voltage at full scale [V].
    pub read_voltage: Volts,
    /// Length of one charging period [s].
    pub period: Seconds,
    /// Periods of one product.
    #[serde(default = "one_period")]
    #[schemars(range(min = 1))]
    pub periods: u32,
    /// Resistance through which a device is charged [Ω], for the loss of ramps; absent: charging is sudden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resistance: Option<crate::base::unit::Ohms>,
    /// Energy of a device for one product that goes back and forth [J], where it is stated; absent: ½CV² of
    /// every period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reactive: Option<Joules>,
    /// Energy of a device for one product that is lost in any case [J].
    #[serde(default)]
    pub active: Joules,
    /// Share of the reactive energy that is recovered.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub recovery: f64,
    /// The converters; absent: outputs are taken as they are, at no cost.
    #[serde(default = "default_adc")]
    pub adc: Option<AdcParams>,
    /// Writing one device [J].
    #[serde(default)]
    pub write_energy: Joules,
    /// Writing one row [s].
    #[serde(default)]
    pub write_time: Seconds,
}

/// What reads a column's charge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Readout {
    /// An integrator whose input stays at 0 V.
    #[default]
    VirtualGround,
    /// A floating node of this capacitance [F], whose voltage is amplified.
    Floating(Farads),
}

fn room() -> f64 {
    300.0
}

fn one() -> f64 {
    1.0
}

fn one_period() -> u32 {
    1
}

fn default_input() -> InputParams {
    InputParams::Analog(InputBits::default())
}

fn default_adc() -> Option<AdcParams> {
    Some(AdcParams::default())
}

/// Charges [C] that the voltages [V] push onto the columns of capacitances [F].
pub fn charges(capacitances: &Matrix, voltages: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; capacitances.columns()];
    capacitances.add_product(voltages, &mut out);
    out
}

/// Voltages [V] of floating columns with a readout of `readout` [F].
pub fn floating_voltages(capacitances: &Matrix, readout: f64, voltages: &[f64]) -> Vec<f64> {
    let own = |j: usize| (0..capacitances.rows()).map(|i| capacitances.at(i, j)).sum::<f64>();
    charges(capacitances, voltages).iter().enumerate().map(|(j, q)| q / (readout + own(j))).collect()
}

/// Share of ½CV² that charging by a linear ramp of `periods` time constants loses (`periods = T/RC`).
pub fn ramp_loss(periods: f64) -> f64 {
    let a = 1.0 / periods;
    2.0 * a * (1.0 + a * (-periods).exp_m1())
}

/// Standard deviation of the charge [C] that stays on `capacitance` [F] at `kelvin`.
pub fn reset_noise(capacitance: f64, kelvin: f64) -> f64 {
    (BOLTZMANN * kelvin * capacitance).sqrt()
}

/// A matrix on memcapacitors.
#[derive(Clone, Debug)]
pub(super) struct Memcapacitor {
    pub pipeline: Pipeline,
    pub costs: Costs,
}

impl MemcapacitorParams {
    /// Outputs that one array can hold.
    pub fn outputs_per_array(&self) -> u32 {
        self.columns / 2
    }

    pub(super) fn limits(&self) -> Limits {
        Limits {
            rows: self.rows,
            outputs: self.outputs_per_array(),
            arrays: self.arrays,
            weight_bits: self.levels.map(|levels| levels.ilog2() + 1),
            input_bits: Some(u32::from(self.input.bits().bits)).filter(|&bits| bits > 0),
            output_bits: self.adc.as_ref().map(|adc| u32::from(adc.bits)),
        }
    }

    fn window(&self) -> [f64; 2] {
        [self.c_max.0 / self.ratio, self.c_max.0]
    }

    /// Checks everything that does not depend on a matrix.
    ///
    /// # Errors
    /// Everything that is out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        for (name, lines, least) in [("rows", self.rows, 1), ("columns", self.columns, 2)] {
            if !(least..=8192).contains(&lines) {
                let problem = Problem::new(name, format!("{lines} {name}"));
                problems.push(problem.allowed(format!("{least} to 8192")));
            }
        }
        if !(self.c_max.0 > 0.0 && self.ratio > 1.0 && (self.c_max.0 * self.ratio).is_finite()) {
            let message =
                format!("a window up to {} F of ratio {} is upside down or empty", self.c_max.0, self.ratio);
            problems.push(Problem::new("ratio", message).allowed("above 1, with a capacitance above zero"));
        }
        if let Some(levels) = self.levels.filter(|levels| !(2..=65536).contains(levels)) {
            problems.push(Problem::new("levels", format!("{levels} levels")).allowed("2 to 65536"));
        }
        for (name, value) in [
            ("read_voltage", self.read_voltage.0),
            ("period", self.period.0),
            ("full_scale", self.full_scale),
            ("kelvin", self.kelvin),
            ("resistance", self.resistance.map_or(1.0, |ohm| ohm.0)),
        ] {
            problems.require(value > 0.0 && value.is_finite(), name, || format!("{value} is not above zero"));
        }
        for (name, value) in [
            ("programming", self.programming),
            ("active", self.active.0),
            ("reactive", self.reactive.map_or(0.0, |energy| energy.0)),
            ("write_energy", self.write_energy.0),
            ("write_time", self.write_time.0),
        ] {
            problems.require(value >= 0.0 && value.is_finite(), name, || format!("{value} is below zero"));
        }
        problems
            .require((0.0..=1.0).contains(&self.recovery), "recovery", || "a share lies from 0 to 1".into());
        problems.require(self.periods >= 1, "periods", || "a product takes a period at least".into());
        problems.require(self.arrays != Some(0), "arrays", || "no array holds nothing".into());
        problems.absorb("input", self.input.validate());
        problems.absorb("adc", self.adc.as_ref().map_or(Ok(()), AdcParams::validate));
        problems.into_result(())
    }

    /// Energy that one device of capacitance `c` [F] takes in one product at full drive [J].
    pub fn device_energy(&self, c: f64) -> f64 {
        let volts = self.read_voltage.0;
        let reactive = match self.reactive {
            Some(stated) => stated.0,
            None => {
                let loss = self.resistance.map_or(1.0, |ohm| ramp_loss(self.period.0 / (ohm.0 * c)));
                0.5 * c * volts * volts * loss * f64::from(self.periods)
            }
        };
        reactive * (1.0 - self.recovery) + self.active.0
    }

    /// Writes `weights` into arrays drawn with `seed`.
    pub(super) fn program(&self, weights: &Matrix, seed: u64) -> Memcapacitor {
        let shape = [weights.rows(), weights.columns()];
        let [height, width] = [self.rows as usize, self.outputs_per_array() as usize];
        let largest = weights.data().iter().fold(0.0f64, |most, w| most.max(w.abs()));
        let scale = if largest > 0.0 { largest } else { 1.0 };
        let (mut tiles, mut full) = (Vec::new(), 0.0);
        for j in (0..shape[1]).step_by(width) {
            for i in (0..shape[0]).step_by(height) {
                let size = [height.min(shape[0] - i), width.min(shape[1] - j)];
                let number = tiles.len() as u32;
                let mut dice = stream(seed, number, Draw::Programming, 0);
                let written = Matrix::from_fn(size[0], 2 * size[1], |row, column| {
                    let w = weights.at(i + row, j + column / 2) / scale;
                    let part = if column % 2 == 0 { w.max(0.0) } else { (-w).max(0.0) };
                    self.written(part, &mut dice)
                });
                full += written.data().iter().map(|&c| self.device_energy(c)).sum::<f64>();
                let plane = self.plane(&written, scale);
                tiles.push(Tile { number, first: [i, j], planes: vec![plane], circuit: None });
            }
        }
        let costs = self.costs(shape, &tiles, full);
        let pipeline = Pipeline {
            rows: shape[0],
            columns: shape[1],
            seed,
            input: self.input,
            full_scale: self.full_scale,
            curve: None,
            tiles,
        };
        Memcapacitor { pipeline, costs }
    }

    /// Capacitance [F] of a device that is asked for the share `part` of its window.
    fn written(&self, part: f64, dice: &mut crate::base::random::Stream) -> f64 {
        let [low, high] = self.window();
        let part = match self.levels {
            Some(levels) => (part * f64::from(levels - 1)).round() / f64::from(levels - 1),
            None => part,
        };
        // The law is that of conductances, in units of the largest value.
        let sigma = Law::Constant(Siemens(self.programming)).deviation(part, 1.0) * high;
        let error = if sigma > 0.0 { sigma * dice.normal() } else { 0.0 };
        (low + part.min(1.0) * (high - low) + error).max(0.0)
    }

    fn plane(&self, written: &Matrix, scale: f64) -> Plane {
        let [low, high] = self.window();
        let outputs = written.columns() / 2;
        let own = |j: usize| (0..written.rows()).map(|i| written.at(i, j)).sum::<f64>();
        // Columns of a floating readout share their charge with the devices: each pair is scaled by what its
        // devices would share if all were in the middle of their window, which calibration knows.
        let middle = 0.5 * (low + high) * written.rows() as f64;
        let share = |j: usize| match self.readout {
            Readout::VirtualGround => 1.0,
            Readout::Floating(readout) => (readout.0 + middle) / (readout.0 + own(j)),
        };
        let shares: Vec<f64> = (0..2 * outputs).map(share).collect();
        let unit = scale / (high - low);
        let weights = Matrix::from_fn(written.rows(), outputs, |i, j| {
            unit * (written.at(i, 2 * j) * shares[2 * j] - written.at(i, 2 * j + 1) * shares[2 * j + 1])
        });
        let total = written.data().iter().sum::<f64>() / (2 * outputs).max(1) as f64;
        let charge = reset_noise(total, self.kelvin) / self.read_voltage.0;
        let mut plane = Plane {
            weights,
            floor: if self.thermal_noise { 2.0 * (charge * unit).powi(2) } else { 0.0 },
            gain: 1.0,
            sources: (0..outputs).map(|j| (2 * j, Some(2 * j + 1))).collect(),
            ..Plane::default()
        };
        if let Some(adc) = &self.adc {
            plane.calibrate(adc, self.input, self.full_scale);
        }
        plane
    }

    fn costs(&self, shape: [usize; 2], tiles: &[Tile], full: f64) -> Costs {
        let outputs: f64 = tiles.iter().map(|tile| tile.planes[0].weights.columns() as f64).sum();
        let devices: f64 = tiles.iter().map(|tile| tile.planes[0].weights.data().len() as f64 * 2.0).sum();
        let steps = self.input.steps();
        let conversion = self.adc.as_ref().map_or(0.0, |adc| adc.conversion_energy());
        let latency = self.adc.as_ref().map_or(0.0, |adc| adc.conversion_time(self.columns as usize / 2));
        let shares = Shares {
            // Stated energies are those of a product, whatever the input.
            cells: full,
            converters: outputs * conversion * f64::from(steps.conversions),
            ..Shares::default()
        };
        let read = self.period.0 * f64::from(self.periods);
        let rows: f64 = tiles.iter().map(|tile| tile.planes[0].weights.rows() as f64).sum();
        Costs {
            multiply: Event { energy: shares.total(), time: read + latency },
            shares,
            step: Event { energy: outputs * conversion, time: read + latency },
            spike: Event { energy: full / shape[0].max(1) as f64, time: 0.0 },
            program: Event { energy: devices * self.write_energy.0, time: rows * self.write_time.0 },
            arrays: tiles.len() as u32,
            operations: 2.0 * shape[0] as f64 * shape[1] as f64,
            ..Costs::default()
        }
    }
}
