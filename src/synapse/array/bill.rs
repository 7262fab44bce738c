//! What an array costs, and what it can hold.

use serde::Serialize;

/// Energy and time of one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Event {
    /// Energy [J].
    pub energy: f64,
    /// Time [s].
    pub time: f64,
}

/// What the parts of an array take in one product [J].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Shares {
    /// Cells.
    pub cells: f64,
    /// Drivers of the rows, or modulators.
    pub drivers: f64,
    /// Sample-and-hold stages.
    pub sample_hold: f64,
    /// Converters.
    pub converters: f64,
    /// Digital sums.
    pub digital: f64,
    /// Everything else.
    pub other: f64,
}

impl Shares {
    /// All together [J].
    pub fn total(&self) -> f64 {
        self.cells + self.drivers + self.sample_hold + self.converters + self.digital + self.other
    }
}

/// Costs of a programmed array. A product is priced for inputs that are uniform over their range; what a stated
/// input costs is said by [`Array::energy_of`](super::Array::energy_of).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Costs {
    /// One product of a vector with the whole matrix.
    pub multiply: Event,
    /// Where the energy of a product goes.
    pub shares: Shares,
    /// Reading all columns once, whatever arrives: the fixed part of a time-step.
    pub step: Event,
    /// One spike on one row, on average over the rows; its time is part of the step.
    pub spike: Event,
    /// Writing the whole matrix.
    pub program: Event,
    /// Pulses that writing took.
    pub pulses: f64,
    /// Cells that a closed programming loop gave up on.
    pub failed_cells: u64,
    /// Power that is drawn all the time [W].
    pub standby: f64,
    /// Arrays that the matrix occupies.
    pub arrays: u32,
    /// Multiplications and additions in a product.
    pub operations: f64,
}

impl Costs {
    /// Operations per joule of a product, in 10¹² operations per watt and second.
    pub fn tops_per_watt(&self) -> f64 {
        let power = self.multiply.energy + self.standby * self.multiply.time;
        self.operations / power / 1e12
    }
}

/// What an array can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Rows of one array: inputs.
    pub rows: u32,
    /// Outputs of one array.
    pub outputs: u32,
    /// Arrays; `None`: as many as needed.
    pub arrays: Option<u32>,
    /// Bits of a weight, the sign included; `None`: any weight.
    pub weight_bits: Option<u32>,
    /// Bits of an input; `None`: any.
    pub input_bits: Option<u32>,
    /// Bits of an output; `None`: any.
    pub output_bits: Option<u32>,
}

impl Limits {
    /// Arrays that a matrix of `rows` by `columns` takes.
    pub fn arrays_for(&self, rows: usize, columns: usize) -> u64 {
        let pieces = |all: usize, each: u32| (all as u64).div_ceil(u64::from(each.max(1)));
        pieces(rows, self.rows) * pieces(columns, self.outputs)
    }
}
