//! What a crossbar's products and writes cost.

use super::mapping::{Mapping, Subtraction};
use super::params::CrossbarParams;
use crate::synapse::array::bill::{Costs, Event, Shares};
use crate::synapse::array::device::Programming;
use crate::synapse::array::matrix::Matrix;
use crate::synapse::array::periphery::InputParams;

/// Conductance on each row of one array [S]: what a drive of the row costs.
#[derive(Clone, Debug)]
pub(super) struct RowWork {
    first: usize,
    rows: Vec<f64>,
    /// Columns that are in use.
    columns: usize,
}

impl RowWork {
    pub(super) fn of(first: usize, cells: &Matrix) -> Self {
        let rows = (0..cells.rows()).map(|i| cells.row(i).iter().sum()).collect();
        Self { first, rows, columns: cells.columns() }
    }
}

/// Share of a read's cell energy that an input takes, and how many reads its row is driven in.
fn activity(input: InputParams, x: f64) -> (f64, f64) {
    match input {
        InputParams::Analog(_) => {
            let d = input.quantised(x);
            (d * d, f64::from(u8::from(d != 0.0)))
        }
        InputParams::BitSerial(bits) => {
            let code = input.code(x) as i64 as u64 & ((1u64 << bits.bits) - 1);
            let ones = f64::from(code.count_ones());
            (ones, ones)
        }
        InputParams::PulseCount(_) => {
            let pulses = input.code(x).abs();
            (pulses, pulses)
        }
    }
}

/// The same on average over inputs that are uniform over their range.
fn mean_activity(input: InputParams) -> (f64, f64) {
    match input {
        InputParams::Analog(_) => (1.0 / 3.0, 1.0),
        InputParams::BitSerial(bits) => (0.5 * f64::from(bits.bits), 0.5 * f64::from(bits.bits)),
        InputParams::PulseCount(_) => (0.5 * f64::from(input.most()), 0.5 * f64::from(input.most())),
    }
}

/// Energy of one read with all rows at full drive, by part [J]; converters and what follows them per conversion.
struct Rates<'a> {
    params: &'a CrossbarParams,
    work: &'a [RowWork],
    conversions: u32,
}

impl Rates<'_> {
    /// Energy of the cells of array `k` in row `i` at full drive [J].
    fn row(&self, k: usize, i: usize) -> f64 {
        let volts = self.params.read_voltage.0;
        match self.params.energy.cells {
            Some(stated) => {
                let cells = f64::from(self.params.rows) * f64::from(self.params.columns);
                let share = self.work[k].columns as f64 / cells;
                stated.0 * share * self.reads() / mean_activity(self.params.input).0
            }
            None => self.work[k].rows[i] * volts * volts * self.params.read_time.0,
        }
    }

    fn reads(&self) -> f64 {
        f64::from(self.params.input.steps().reads)
    }

    /// Energy of driving one row in one read [J].
    fn driver(&self) -> f64 {
        self.params.energy.driver.0 * self.reads() / mean_activity(self.params.input).1
    }

    /// Columns that are converted in array `k`.
    fn converted(&self, k: usize) -> f64 {
        let columns = self.work[k].columns as f64;
        let analog = match self.params.mapping {
            Mapping::Differential { subtract } | Mapping::TwoDevice { subtract } => {
                subtract == Subtraction::Analog
            }
            Mapping::Offset { .. } => false,
        };
        if analog { 0.5 * columns } else { columns }
    }

    /// The part that does not depend on the input.
    fn fixed(&self, shape: [usize; 2]) -> Shares {
        let energy = &self.params.energy;
        let all: f64 =
            (0..self.work.len()).map(|k| self.converted(k)).sum::<f64>() * f64::from(self.conversions);
        let adc = self.params.adc.as_ref().map_or(0.0, |adc| adc.conversion_energy());
        let partial = (all - shape[1] as f64).max(0.0);
        Shares {
            sample_hold: all * energy.sample_hold.0,
            converters: all * adc,
            digital: partial * energy.add.0,
            other: self.work.len() as f64 * self.reads() * energy.other.0,
            ..Shares::default()
        }
    }
}

/// Energy of the product with `x`, by part.
pub(super) fn energy_of(params: &CrossbarParams, shape: [usize; 2], work: &[RowWork], x: &[f64]) -> Shares {
    let rates = Rates { params, work, conversions: params.input.steps().conversions };
    let mut shares = rates.fixed(shape);
    for (k, array) in work.iter().enumerate() {
        for i in 0..array.rows.len() {
            let (cells, drives) = activity(params.input, x[array.first + i] / params.full_scale);
            shares.cells += cells * rates.row(k, i);
            shares.drivers += drives * rates.driver();
        }
    }
    shares
}

pub(super) fn bill(
    params: &CrossbarParams,
    shape: [usize; 2],
    work: &[RowWork],
    programming: Programming,
) -> Costs {
    let steps = params.input.steps();
    let rates = Rates { params, work, conversions: steps.conversions };
    let rows: f64 = work.iter().map(|array| array.rows.len() as f64).sum();
    let full: f64 = work
        .iter()
        .enumerate()
        .flat_map(|(k, array)| (0..array.rows.len()).map(move |i| (k, i)))
        .map(|(k, i)| rates.row(k, i))
        .sum();
    let (cells, drives) = mean_activity(params.input);
    let mut shares = rates.fixed(shape);
    shares.cells = cells * full;
    shares.drivers = drives * rows * rates.driver();
    let once = Rates { params, work, conversions: 1 }.fixed(shape);
    let conversion = params.adc.as_ref().map_or(0.0, |adc| adc.conversion_time(params.columns as usize));
    // Converters work on a held value while the next step is driven: the slower of the two sets the pace.
    let read = params.read_time.0;
    let time = match params.input {
        InputParams::BitSerial(_) => read.max(conversion) * f64::from(steps.reads) + read.min(conversion),
        _ => read * f64::from(steps.reads) + conversion,
    };
    Costs {
        multiply: Event { energy: shares.total(), time },
        shares,
        step: Event {
            energy: once.total() - once.other + once.other / f64::from(steps.reads),
            time: read + conversion,
        },
        spike: Event { energy: (full + rows * rates.driver()) / shape[0].max(1) as f64, time: 0.0 },
        program: Event { energy: programming.energy, time: programming.time },
        pulses: programming.pulses,
        failed_cells: programming.failed,
        standby: 0.0,
        arrays: work.len() as u32,
        operations: 2.0 * shape[0] as f64 * shape[1] as f64,
    }
}
