//! What a user says about a crossbar.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mapping::{Mapping, Slices};
use crate::base::unit::{Joules, Ohms, Seconds, Volts};
use crate::base::{Problem, Problems};
use crate::synapse::array::device::CellParams;
use crate::synapse::array::periphery::{AdcParams, InputBits, InputParams};

/// Most rows or columns of one array.
pub(crate) const MOST_LINES: u32 = 8192;

/// A crossbar of resistive cells, one transistor each unless `passive`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrossbarParams {
    /// Rows of one array: inputs.
    #[schemars(range(min = 1, max = 8192))]
    pub rows: u32,
    /// Columns of one array: devices per row.
    #[schemars(range(min = 1, max = 8192))]
    pub columns: u32,
    /// Arrays that there are; larger matrices are refused. Absent: as many as a matrix needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub arrays: Option<u32>,
    /// The cells.
    pub cell: CellParams,
    /// How a weight becomes conductances.
    #[serde(default)]
    pub mapping: Mapping,
    /// Weights in several slices of few bits each, on columns of their own; absent: one device (or pair) holds
    /// a whole weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slices: Option<Slices>,
    /// Weight that takes the whole window; absent: the largest magnitude in the matrix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub weight_scale: Option<f64>,
    /// How inputs are driven.
    #[serde(default = "default_input")]
    pub input: InputParams,
    /// Input that is full scale; larger ones are clipped.
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub full_scale: f64,
    /// Row voltage at full scale [V].
    #[serde(default = "default_read_voltage")]
    pub read_voltage: Volts,
    /// Time that rows are driven in one read [s].
    #[serde(default = "default_read_time")]
    pub read_time: Seconds,
    /// The converters; absent: outputs are taken as they are, at no cost.
    #[serde(default = "default_adc")]
    pub adc: Option<AdcParams>,
    /// Resistance of the wires; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wires: Option<Wires>,
    /// Cells without transistors; absent: one transistor a cell, which cuts off rows that are not driven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passive: Option<PassiveAccess>,
    /// What the periphery costs.
    #[serde(default)]
    pub energy: CrossbarEnergy,
}

fn default_input() -> InputParams {
    InputParams::Analog(InputBits::default())
}

fn one() -> f64 {
    1.0
}

fn default_read_voltage() -> Volts {
    Volts(0.2)
}

fn default_read_time() -> Seconds {
    Seconds(50e-9)
}

fn default_adc() -> Option<AdcParams> {
    Some(AdcParams::default())
}

/// Resistance of the wires from cell to cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wires {
    /// Along a row [Ω].
    pub row: Ohms,
    /// Along a column [Ω].
    pub column: Ohms,
}

/// How the rows of an array without transistors are held while they are not driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PassiveAccess {
    /// At 0 V, like the columns: no current sneaks, but wires load each other.
    Grounded,
    /// Not at all: current sneaks from column to column through idle rows, as far as wires let columns differ.
    Floating,
}

/// What the parts around a crossbar cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CrossbarEnergy {
    /// Energy of the cells in one read of a whole array, on average over inputs [J], where it is stated; absent:
    /// `Σ G V² t` of the conductances that are stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cells: Option<Joules>,
    /// Driving one row for one read, on average over inputs [J].
    pub driver: Joules,
    /// Holding one column for one conversion [J].
    pub sample_hold: Joules,
    /// Everything else of an array for one read: shift-and-add, control [J].
    pub other: Joules,
    /// Adding one converted value to a sum in another array's logic [J].
    pub add: Joules,
}

impl CrossbarParams {
    /// Devices that a weight takes in a row.
    pub(crate) fn devices_per_weight(&self) -> u32 {
        self.mapping.columns_per_slice() * self.slices.map_or(1, |slices| slices.count)
    }

    /// Outputs that one array can hold.
    pub fn outputs_per_array(&self) -> u32 {
        self.columns.saturating_sub(self.reference_columns()) / self.devices_per_weight().max(1)
    }

    /// Columns that hold no weights.
    pub(crate) fn reference_columns(&self) -> u32 {
        if self.mapping.has_reference() { self.slices.map_or(1, |slices| slices.count) } else { 0 }
    }

    /// Bits of a weight: what levels and slices amount to, the sign included. `None`: any weight.
    pub fn weight_bits(&self) -> Option<u32> {
        let sign = u32::from(!matches!(self.mapping, Mapping::Offset { .. }));
        match (self.slices, self.cell.levels) {
            (Some(slices), _) => Some(slices.count * u32::from(slices.bits) + sign),
            (None, Some(levels)) => Some(levels.ilog2() + sign),
            (None, None) => None,
        }
    }

    /// Checks everything that does not depend on a matrix.
    ///
    /// # Errors
    /// Everything that is out of range or contradicts something else.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        for (name, lines) in [("rows", self.rows), ("columns", self.columns)] {
            if !(1..=MOST_LINES).contains(&lines) {
                problems.push(Problem::new(name, format!("{lines} {name}")).allowed("1 to 8192"));
            }
        }
        problems.absorb("cell", self.cell.validate());
        problems.absorb("input", self.input.validate());
        problems.absorb("adc", self.adc.as_ref().map_or(Ok(()), AdcParams::validate));
        if let Some(slices) = self.slices {
            problems.absorb("slices", slices.validate(self.cell.levels));
        }
        self.check_numbers(&mut problems);
        if self.outputs_per_array() == 0 && self.columns >= 1 {
            let message =
                format!("one weight takes {} columns", self.devices_per_weight() + self.reference_columns());
            problems.push(Problem::new("columns", message).allowed("as many columns in an array, or more"));
        }
        problems.into_result(())
    }

    fn check_numbers(&self, problems: &mut Problems) {
        let positive = [
            ("weight_scale", self.weight_scale.unwrap_or(1.0)),
            ("full_scale", self.full_scale),
            ("read_voltage", self.read_voltage.0),
            ("read_time", self.read_time.0),
        ];
        for (name, value) in positive {
            problems.require(value > 0.0 && value.is_finite(), name, || format!("{value} is not above zero"));
        }
        problems.require(self.arrays != Some(0), "arrays", || "no array holds nothing".into());
        if let Some(wires) = self.wires {
            for (name, ohm) in [("wires.row", wires.row.0), ("wires.column", wires.column.0)] {
                if !(ohm > 0.0 && ohm.is_finite()) {
                    let problem = Problem::new(name, format!("{ohm} Ω"));
                    problems.push(problem.allowed("above zero; leave `wires` out for ideal ones"));
                }
            }
        }
        if self.passive.is_some() && self.wires.is_none() {
            let message = "without wire resistance an array without transistors behaves like one with them";
            problems.push(Problem::new("passive", message).allowed("with `wires`"));
        }
        let energy = self.energy;
        let stated =
            [energy.driver, energy.sample_hold, energy.other, energy.add, energy.cells.unwrap_or_default()];
        let right = stated.iter().all(|energy| energy.0 >= 0.0 && energy.0.is_finite());
        problems.require(right, "energy", || "energies are not negative".into());
    }
}
