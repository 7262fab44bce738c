//! What people and scripts get to see of a run.
//!
//! ```text
//!   Outcome, EnergyAccount, Certificate ──▶ Report ──▶ report.json (schema `spikeloom/report/1`)
//!                │                              └────▶ summary for the terminal
//!                ├──▶ tables (CSV)                     HostReport ──▶ host.json
//!                └──▶ Figures ──▶ figures.json
//!                                     Folder: all of it written whole or not at all
//!   Spikes ──▶ CSV, SONATA, NIR event data
//!   a folder, or several ──▶ RunFiles ──▶ page (HTML), plots (SVG)
//! ```
//!
//! Invariants: the same run gives the same bytes, on any number of threads; what a run has no value for is
//! left out, never zero; a file is either the whole new one or the old one.
//!
//! Must not know: how anything was simulated, the command line, terminals.
//!
//! Read [`Report`] first, then [`Facts`], then [`page`](mod@page).

mod arrays;
mod build;
mod document;
mod figures;
mod folder;
mod hauled;
mod host;
pub mod page;
mod plots;
mod pricing;
pub mod spikes;
mod spiking;
mod tables;
mod text;
mod timeline;
mod traces;

pub use arrays::{ArraysReport, DeviceRun, DevicesReport, Difference, Spread, array_energy};
pub use build::{Facts, Inputs};
pub use document::{
    BitErrors, ByName, Channel, Components, Deflection, Energy, FaultEpoch, Faults, Latencies, Latency,
    LinkLoad, Livelock, Lost, PacketCounts, Program, RatePoint, Report, Results, Saturation, Stalled,
    Throughput, Time, Traffic,
};
pub use figures::{
    Counted, Distribution, Drawing, FIGURES_SCHEMA, Figures, Film, LinkColumns, RouterColumns,
};
pub use folder::{Folder, FolderError, Trace};
pub use hauled::NetworkFacts;
pub use host::HostReport;
pub use page::{PageError, RunFiles, comparison, page};
pub use plots::{Painter, Plot, plots};
pub use pricing::{energy_account, energy_site};
pub use spiking::{CoreLoad, MappingReport, NetworkReport, StepLatency, core_energy};
pub use tables::{links_csv, nodes_csv, packets_csv, routers_csv};
pub use text::summary;
pub use timeline::timeline;
pub use traces::{Raster, Steps};

#[cfg(test)]
mod tests;
