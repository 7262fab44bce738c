//! spikeloom

pub mod base;
pub mod fabric;
pub mod noc;
pub mod spec;
