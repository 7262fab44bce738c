//! Synthetic traffic and traces: packets without neurons behind them, to measure a network by.
//!
//! ```text
//!   where to   Pattern     ──▶ Rule ─────┐
//!   when       Process     ──▶ Law ──────┼──▶ Generator ──┐
//!   to many    MulticastParams ▶ Groups ─┤                ├──▶ TrafficSource
//!   how long   PacketFlits ──▶ Lengths ──┘                │
//!   a file     read_trace  ──▶ Trace ──▶ Replay ──────────┘
//! ```
//!
//! Invariants: a node's packets are a function of the seed, the node and, in a closed loop, of what
//! arrives there, never of the order in which nodes are asked; a field that is written is used or
//! refused; time that passes without packets costs nothing.
//!
//! Must not know: routers and faults (the network refuses packets of broken nodes), how files are found
//! (the caller passes [`Files`]), how a saturation search goes (it has the parameters only).
//!
//! Read [`TrafficParams`] first, then [`pattern`] and `generator.rs`.

mod choice;
mod closed;
mod dice;
mod flits;
mod generator;
mod law;
mod matrix;
mod multicast;
mod params;
pub mod pattern;
mod place;
mod process;
mod rule;
mod schedule;
mod shares;
mod source;
mod text;
mod trace;

pub use closed::{Closed, is_reply};
pub use flits::{LengthShare, MAX_LENGTHS, PacketFlits};
pub use matrix::{MATRIX_COLUMNS, MatrixLayout};
pub use multicast::{Carriage, GROUP_COLUMNS, MulticastParams};
pub use params::{DEFAULT_RATE, TrafficParams};
pub use pattern::Pattern;
pub use process::{Burst, OnOff, Periodic, Process};
pub use schedule::{Batch, MEASURE_CYCLES, Mode, Saturation, Schedule, WARMUP_CYCLES};
pub use source::TrafficSource;
pub use text::MAX_PROBLEMS;
pub use trace::{MAX_CYCLE, TRACE_COLUMNS, TracePacket, read_trace};

use std::io;
use std::path::Path;

use crate::base::Problems;

/// Gives the content of a file that a workload names, compressed or not as it is stored. The caller knows
/// where names are looked up: next to the workload file, or among the files built into the program.
pub type Files<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

fn open(files: Files<'_>, name: &Path) -> Result<Vec<u8>, Problems> {
    files(name).map_err(|error| Problems::one("", format!("{} cannot be read: {error}", name.display())))
}

#[cfg(test)]
mod tests;
