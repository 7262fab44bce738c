//! spikeloom

pub mod base;
pub mod fabric;
pub mod neuron;
pub mod noc;
pub mod spec;
pub mod workload;
