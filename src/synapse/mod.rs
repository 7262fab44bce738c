//! What holds the weights between neurons: compact digital storage.
//!
//! Invariants: a weight comes back as the very number that was put in; storage is a few bytes a synapse and
//! never a heap object of its own.
//!
//! Must not know: neurons, cores, packets, files.
//!
//! Read [`weights`] first, then [`memory`].

pub mod column;
pub mod memory;
pub mod weights;

pub use column::Column;
pub use memory::{SynapseMemory, Timing};
pub use weights::Weights;
