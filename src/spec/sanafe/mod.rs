//! Architecture and network files of SANA-FE, as a chip and a workload of ours.
//!
//! ```text
//!   architecture YAML ──▶ Arch ────┐
//!   network YAML ──┐               ├──▶ Import {cores, network, tables}
//!   `.net` ────────┴──▶ Snn ───────┘
//! ```
//!
//! Invariants: every field is either taken over or refused by name, never dropped in silence; text of any
//! kind makes no panic.
//!
//! Source of formats and meanings: documentation and behaviour of SANA-FE 2.2.9.
//!
//! Read [`import`] first, then `arch.rs`.

mod arch;
mod assemble;
mod edges;
mod fields;
mod netlist;
mod neurons;
mod snn;
#[cfg(test)]
mod tests;
mod tree;
mod wiring;
mod write;

pub use assemble::{Import, import};
pub(in crate::spec) use write::text;
