//! The resistive crossbar: weights as conductances, products by Ohm's and Kirchhoff's laws.
//!
//! Invariants: what is programmed depends on parameters, weights and seed alone; wires are solved exactly or
//! programming fails.
//!
//! Must not know: spikes, neurons.
//!
//! Read `params.rs` first, then `mapping.rs`, then `program.rs`.

mod bill;
mod mapping;
mod params;
mod program;
mod sneak;

pub use mapping::{Mapping, Slices, Subtraction};
pub use params::{CrossbarEnergy, CrossbarParams, PassiveAccess, Wires};
pub(crate) use program::{Crossbar, too_large};
pub use sneak::{half_select_energy, sneak_resistance};
