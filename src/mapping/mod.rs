//! Mapping: which core holds which neurons.
//!
//! ```text
//!   Net + rates ─▶ Hypergraph ─┐ partition        ┌─▶ Placement ─▶ a workload's `mapping`
//!                              ├─▶ Assignment ─▶ seats ─▶ settle ─┤
//!   Fabric, Health, Cores ─────┘            place └─▶ Figures
//! ```
//!
//! A *part* is a core to be, a *seat* a usable core; placement decides which part sits where. Between the two
//! everything is counted in hyperedges: a spike goes once to every core with a target of it.
//!
//! Invariants: a result depends on the seed, never on the number of threads; no part ever holds more than its
//! core takes; what does not fit is refused with the amount that is missing.
//!
//! Must not know: time, weights, files.
//!
//! Read [`search`] first, then `assignment.rs`.

mod assignment;
mod coarsen;
pub mod cores;
mod fill;
mod flows;
pub mod graph;
mod metrics;
mod multilevel;
mod objective;
pub mod params;
mod place;
pub mod placement;
mod refine;
pub mod search;
mod settle;
#[cfg(test)]
mod tests;
mod traffic;
mod ways;

pub use cores::{Avoided, Capacity, Cores, Granule, usable};
pub use graph::Hypergraph;
pub use metrics::Figures;
pub use objective::{Casting, Objective, Prices};
pub use params::{MappingParams, SearchParams};
pub use placement::Placement;
pub use search::{Ground, Mapped, Partition, Place, Search, evaluate, map, map_watched};
pub use traffic::{Meter, Traffic};
