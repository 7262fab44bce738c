//! spikeloom

pub mod base;
pub mod energy;
pub mod fabric;
pub mod neuron;
pub mod noc;
pub mod report;
pub mod sim;
pub mod spec;
pub mod workload;
