//! The application graph: populations of neurons, the synapses between them, and what runs them.
//!
//! ```text
//!   NetBuilder ──build──▶ Net (populations, Synapses by source) ──▶ a Machine: Bench, or a chip
//!                                                                       poke, step, read, write
//! ```
//!
//! Time is the same everywhere: a spike in step t over a synapse of delay d ≥ 1 is among the arrivals of
//! step t + d. The first step has number 1.
//!
//! Invariants: a [`Net`] is checked when it is built and does not change its shape afterwards; synapses are
//! kept in the order in which they were made, source by source, so that sums are reproducible.
//!
//! Must not know: cores, packets; files are read by hooks.
//!
//! Read [`net`] first, then [`machine`].

pub mod bench;
mod dendrites;
pub mod describe;
mod draw;
pub mod drawn;
mod lesson;
pub mod machine;
pub mod net;
mod relays;
mod sources;
pub mod synapses;

pub use bench::Bench;
pub use dendrites::{Dendrites, Taps};
pub use drawn::{Drawn, Recipe};
pub use lesson::{Lesson, Teacher};
pub use machine::{Activity, Halt, Machine};
pub use net::{MOST_SYNAPSES, Net, NetBuilder, Part, Population, Span};
pub use relays::RELAYS;
pub use synapses::{MAX_DELAY, Synapse, SynapseColumns, Synapses};
