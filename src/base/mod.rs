//! What every room stands on: typed ids, keyed random streams, physical units, problems with input, rows
//! of tables, places in texts, gauges of work.
//!
//! Invariants: nothing here knows a chip, a packet or a neuron; every random draw is a pure
//! function of its key; a [`Problems`] value is never empty when it is returned as an error.
//!
//! Read [`problem`] first: it is how every room refuses bad input.

pub mod bits;
pub mod gauge;
pub mod id;
pub mod normal;
pub mod ones;
pub mod problem;
pub mod random;
pub mod rows;
pub mod spot;
pub mod unit;

pub use gauge::Gauge;
pub use id::{CoreId, LinkId, NeuronId, NodeId, RouterId};
pub use ones::ones;
pub use problem::{Problem, Problems};
pub use spot::Spot;

/// What a processor fetches from memory at once [bytes].
pub const CACHE_LINE: usize = 64;
