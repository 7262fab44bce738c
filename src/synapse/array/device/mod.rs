//! Devices: what a cell does with the conductance it is asked for.
//!
//! Each non-ideality is a part of [`CellParams`] that is absent when it is switched off: programming error,
//! read noise, drift, retention, stuck cells, current–voltage curve, pulsed updates with variation, endurance,
//! temperature. [`Cells`] holds the devices of one array as columns, programs them (at once or by
//! write–verify), ages them and gives their conductances.
//!
//! Invariants: conductances are never negative; every random number is keyed by (seed, array, kind of draw).
//!
//! Must not know: weights, mappings, wires.
//!
//! Read `params.rs` first.

mod ageing;
mod cells;
mod law;
mod params;
mod pulse;
mod verify;
pub mod y_flash;

pub use ageing::{Drift, PcmDrift, PcmReadNoise, PowerDrift, ReadNoise, Retention};
pub use cells::{Cells, Programming};
pub use law::Law;
pub use params::{CellParams, CurveParams, Endurance, Stuck, Temperature, WriteParams};
pub use pulse::{PulseModel, SoftBounds};
pub use verify::Verify;

use crate::base::normal::Normals;
use crate::base::random::{Purpose, Stream};

/// Boltzmann's constant [J/K] (SI, exact).
pub const BOLTZMANN: f64 = 1.380_649e-23;

/// Charge of the electron [C] (SI, exact).
pub const ELECTRON: f64 = 1.602_176_634e-19;

/// What random numbers of an array are for; part of the key of its streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Draw {
    /// Programming error.
    Programming,
    /// Stuck and worn-out cells.
    Stuck,
    /// Drift exponents.
    Drift,
    /// Device-to-device variation of updates.
    Device,
    /// Read noise.
    Read,
    /// Cycle-to-cycle variation of updates.
    Update,
    /// Spreading during retention.
    Retention,
    /// Errors of photonic components.
    Photonic,
}

/// The stream of one array for one kind of draw, at an event number.
pub(crate) fn stream(seed: u64, array: u32, draw: Draw, event: u64) -> Stream {
    Stream::new(seed, Purpose::Device, id(array, draw), event)
}

/// The same as normal deviates only, many at once.
pub(crate) fn normals(seed: u64, array: u32, draw: Draw, event: u64) -> Normals {
    Normals::new(seed, Purpose::Device, id(array, draw), event)
}

fn id(array: u32, draw: Draw) -> u32 {
    array.wrapping_mul(8).wrapping_add(draw as u32)
}
