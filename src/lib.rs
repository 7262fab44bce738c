//! spikeloom

pub mod base;
pub mod neuron;
