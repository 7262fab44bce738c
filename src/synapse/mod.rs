//! Synapses: where weights are stored and what reading them costs.
//!
//! Invariants: nothing here knows a chip, a packet or a neuron.
//!
//! Read [`array`] for weights held in devices.

pub mod array;
