//! Synapse arrays: matrices of weights held by devices, and what the devices make of products.
//!
//! ```text
//!   weights ──mapping──▶ targets ──programming, faults──▶ cells ──age, temperature──▶ conductances
//!                                                                                        │ wires (exact)
//!   x or spikes ──drive──▶ passes ──▶ planes: Σ d·w + noise ──ADC──▶ digital sum ──▶ y ◀──┘ planes
//!                                       costs: energy and time of a product, a spike, a step, a write
//! ```
//!
//! One interface for all technologies: [`ArrayParams::program`] makes an [`Array`], which multiplies by vectors and
//! sets of spikes, ages, and says what both cost; [`Array::effective_weights`] are the weights as the devices hold
//! them. Every non-ideality is a parameter that is absent when it is switched off.
//!
//! Invariants: rows are inputs, columns outputs; the same parameters, weights and seed give the same bits; with
//! all parts ideal a product is the mathematical one to rounding.
//!
//! Must not know: neurons, cores, files.
//!
//! Read [`params`] first, then `programmed.rs`, then `pipeline.rs`; `single.rs` and `panels.rs` are its fast lane.

mod bill;
pub mod crossbar;
pub mod device;
pub mod matrix;
pub mod memcapacitor;
mod panels;
pub mod params;
pub mod periphery;
pub mod photonic;
mod pipeline;
mod programmed;
mod saved;
mod single;
mod spikes;
mod sram;
pub mod study;
pub mod wires;

pub use bill::{Costs, Event, Limits, Shares};
pub use matrix::Matrix;
pub use memcapacitor::MemcapacitorParams;
pub use params::ArrayParams;
pub use programmed::{Array, WeightError};
pub use saved::SavedDevices;
pub use spikes::{Pulse, add_pulses};
pub use sram::{SramAccess, SramParams};
