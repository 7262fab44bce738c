//! What stands around an array: how inputs are driven, how outputs are converted, and what both cost.
//!
//! Invariants: a converter's answer is one of its codes; energies and times are per event and stated here.
//!
//! Must not know: devices, weights.

mod adc;
mod input;

pub use adc::{AdcEnergy, AdcKind, AdcParams, Codes, Quantiser, RangeChoice, survey_energy};
pub use input::{Driver, InputBits, InputParams, Steps};
