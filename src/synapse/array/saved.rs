//! The devices of an array that was programmed for spikes, for a checkpoint.
//!
//! What they were programmed to and the seed give all devices again; only cells that were updated in place since then
//! are written down one by one.

use serde::{Deserialize, Serialize};

use super::matrix::Matrix;
use super::params::ArrayParams;
use super::programmed::Array;
use crate::base::{Problems, bits};

/// What devices were programmed to, and what has become of their cells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedDevices {
    /// The weights that were asked for, row after row.
    #[serde(with = "bits")]
    asked: Vec<f64>,
    /// By array, where cells were updated in place.
    cells: Vec<SavedCells>,
}

/// Cells of one array.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SavedCells {
    events: u64,
    #[serde(with = "bits")]
    conductances: Vec<f64>,
}

impl Array {
    /// The state of its devices.
    pub fn save_devices(&self) -> SavedDevices {
        let all = self.devices.iter().flat_map(|devices| devices.cells());
        let cells = all.map(|cells| SavedCells {
            events: cells.events(),
            conductances: cells.programmed().data().to_vec(),
        });
        // After programming there has been one event.
        let is_updated =
            self.devices.iter().flat_map(|devices| devices.cells()).any(|cells| cells.events() > 1);
        let asked = self.asked.as_ref().map_or_else(Vec::new, |asked| asked.data().to_vec());
        SavedDevices { asked, cells: if is_updated { cells.collect() } else { Vec::new() } }
    }

    /// The array of `rows` by `columns` weights whose devices were `saved`, `age` [s] after they were programmed.
    ///
    /// # Errors
    /// Devices of another array; what programming refuses.
    pub fn from_devices(
        params: &ArrayParams,
        [rows, columns]: [usize; 2],
        (saved, seed, age): (SavedDevices, u64, f64),
    ) -> Result<Self, Problems> {
        let misfit = || Problems::one(params.name(), "the state is that of another array");
        let asked = Matrix::from_rows(rows, columns, saved.asked).ok_or_else(misfit)?;
        let mut array = params.program_for_spikes(&asked, seed)?;
        if age > 0.0 {
            array.age(age)?;
        }
        if saved.cells.is_empty() {
            return Ok(array);
        }
        let devices = array.devices.as_mut().filter(|devices| devices.cells().len() == saved.cells.len());
        for (cells, saved) in devices.ok_or_else(misfit)?.cells_mut().zip(&saved.cells) {
            if !cells.restore(saved.events, &saved.conductances) {
                return Err(misfit());
            }
        }
        array.refresh()?;
        Ok(array)
    }
}
