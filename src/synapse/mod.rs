//! What holds the weights between neurons: compact digital storage, arrays of devices, and how they learn.
//!
//! Invariants: a weight comes back from storage as the very number that was put in; storage is a few bytes a
//! synapse and never a heap object of its own; what a device makes of a weight depends on its seed alone.
//!
//! Must not know: neurons, cores, packets, files.
//!
//! Read [`weights`] first, then [`memory`]; [`array`] for weights held in devices, [`plasticity`] for learning.

pub mod array;
pub mod column;
pub mod memory;
pub mod moves;
pub mod plasticity;
pub mod weights;

pub use column::Column;
pub use memory::{SynapseMemory, Timing};
pub use moves::Moves;
pub use weights::{WeightList, Weights};
