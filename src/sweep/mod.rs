//! Sweeps on disk: what has been run, what came out, and how it is shown.
//!
//! ```text
//!   Design (spec) ──▶ points ──run (cli)──▶ Record ──▶ Journal: one checksummed line each, at once
//!                                                         │ in the order of points
//!                      results.{csv, parquet} ◀──────────┤
//!                      summary.csv, sweep.html, .json ◀── Survey
//! ```
//!
//! Invariants: a record that was appended survives the process; what a killed process left half written is
//! dropped and run again; a journal belongs to one sweep and is written by one process at a time; tables
//! and page are functions of the design and the records, whatever the order in which points were finished
//! and however many journals they were gathered from; a few bytes a point are held in memory.
//!
//! Must not know: how a point is run, the command line, terminals.
//!
//! Read [`Journal`] first, then [`Survey`].

mod emit;
mod journal;
mod metrics;
mod ordered;
mod page;
mod pareto;
mod parquet;
mod shard;
mod statistics;
mod survey;
mod tables;

pub use emit::{Engine, Job};
pub use journal::{Header, Journal, JournalError, NamedDocument, Record, checksum};
pub use metrics::metrics_of;
pub use page::{Subject, TELLING, page};
pub use parquet::results_parquet;
pub use shard::Shard;
pub use statistics::{Estimate, student_quantile};
pub use survey::{MOST_SHOWN, SettingResult, Survey};
pub use tables::{cell, command, results_csv, summary_csv};

#[cfg(test)]
mod tests;
