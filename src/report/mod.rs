//! What people and scripts get to see of a run.
//!
//! ```text
//!   Outcome, EnergyAccount, Certificate ──▶ Report ──▶ report.json (schema `spikeloom/report/1`)
//!                │                              └────▶ summary for the terminal
//!                └──▶ tables (CSV)                     HostReport ──▶ host.json
//!                                     Folder: all of it written whole or not at all
//! ```
//!
//! Invariants: the same run gives the same bytes, on any number of threads; what a run has no value for is
//! left out, never zero; a file is either the whole new one or the old one.
//!
//! Must not know: how anything was simulated, the command line, terminals.
//!
//! Read [`Report`] first, then [`Facts`].

mod build;
mod document;
mod folder;
mod host;
mod pricing;
mod spiking;
mod tables;
mod text;

pub use build::{Facts, Inputs};
pub use document::{
    Channel, Components, Energy, Faults, Latencies, Latency, LinkLoad, PacketCounts, Program, RatePoint,
    Report, Results, Saturation, Stalled, Throughput, Time, Traffic,
};
pub use folder::{Folder, FolderError, Trace};
pub use host::HostReport;
pub use pricing::{energy_account, energy_site};
pub use spiking::{CoreLoad, NetworkReport, StepLatency, core_energy};
pub use tables::{links_csv, nodes_csv, packets_csv, routers_csv};
pub use text::summary;

#[cfg(test)]
mod tests;
