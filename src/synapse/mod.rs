//! Synapses: how they learn.
//!
//! Must not know: chips, networks, files.

pub mod plasticity;
