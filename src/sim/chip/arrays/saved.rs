//! The state of an array between two steps.

use serde::{Deserialize, Serialize};

use super::bank::{CoreArray, Programming};
use crate::base::bits;
use crate::sim::chip::counts::ArrayUse;
use crate::synapse::array::{Array, Matrix, Pulse, SavedDevices};

/// What changes in an array while a chip runs.
#[derive(Serialize, Deserialize)]
pub(in crate::sim::chip) struct SavedArray {
    devices: Option<SavedDevices>,
    /// Weights that are asked for, and what is owed of them.
    #[serde(with = "bits")]
    weights: Vec<f64>,
    #[serde(with = "bits")]
    owed: Vec<f64>,
    is_owing: bool,
    changed: u64,
    /// By step: rows, and what they are driven with.
    rows: Vec<Vec<u32>>,
    values: Vec<Vec<u64>>,
    /// Energy, time and pulses of programming; the squares of errors.
    #[serde(with = "bits")]
    numbers: Vec<f64>,
    failed_cells: u64,
    total: [u64; 2],
}

impl CoreArray {
    /// Its state, for a checkpoint.
    pub(in crate::sim::chip) fn save(&self) -> SavedArray {
        let Programming { energy, time, pulses, failed_cells } = self.programming;
        let [error, ideal] = self.squares;
        SavedArray {
            devices: self.array.as_ref().map(Array::save_devices),
            weights: self.weights.data().to_vec(),
            owed: self.owed.data().to_vec(),
            is_owing: self.is_owing,
            changed: self.changed,
            rows: self.due.iter().map(|due| due.iter().map(|pulse| pulse.row).collect()).collect(),
            values: self
                .due
                .iter()
                .map(|due| due.iter().map(|pulse| pulse.value.to_bits()).collect())
                .collect(),
            numbers: vec![energy, time, pulses, error, ideal],
            failed_cells,
            total: [self.total.reads, self.total.drives],
        }
    }

    /// Takes back what [`save`](Self::save) gave; `None` if it belongs to another array.
    pub(in crate::sim::chip) fn load(&mut self, saved: SavedArray) -> Option<()> {
        let shape @ [rows, columns] = self.shape();
        let [energy, time, pulses, error, ideal] = saved.numbers[..] else { return None };
        let due = saved.rows.iter().zip(&saved.values).map(|(rows, values)| {
            let pulses = rows.iter().zip(values);
            let pulses = pulses.map(|(&row, &value)| Pulse { row, value: f64::from_bits(value) });
            pulses.collect::<Vec<_>>()
        });
        let due: Vec<_> = due.collect();
        let fits = |pulse: &Pulse| (pulse.row as usize) < rows;
        if due.len() != self.due.len() || !due.iter().flatten().all(fits) {
            return None;
        }
        self.array = match (&self.array, saved.devices) {
            (Some(_), Some(devices)) => {
                Some(Array::from_devices(&self.params, shape, (devices, self.seed, self.age)).ok()?)
            }
            (None, None) => None,
            _ => return None,
        };
        self.weights = Matrix::from_rows(rows, columns, saved.weights)?;
        self.owed = match saved.owed.is_empty() {
            true => Matrix::zeros(0, 0),
            false => Matrix::from_rows(rows, columns, saved.owed)?,
        };
        (self.due, self.changed, self.is_owing) = (due, saved.changed, saved.is_owing);
        self.programming = Programming { energy, time, pulses, failed_cells: saved.failed_cells };
        self.squares = [error, ideal];
        self.total = ArrayUse { reads: saved.total[0], drives: saved.total[1] };
        Some(())
    }
}
