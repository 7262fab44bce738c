//! spikeloom

pub mod base;
