//! What a chip is made to do: generators of work, and algorithms as spiking networks.
//!
//! Invariants: a workload is a pure function of its parameters, the chip's nodes, the files it names and
//! a seed; traffic is made before the run and knows nothing of how the run goes; an algorithm is written
//! against [`Machine`](crate::network::Machine) and runs on a bench and on every chip alike.
//!
//! Must not know: routers, buffers, energy, how results are reported.
//!
//! Read [`traffic`] first: packets without neurons behind them. For algorithms read [`host`], then
//! [`graph`].

pub mod algorithm;
pub mod graph;
pub mod host;
pub mod labels;
pub mod optimise;
pub mod problem;
pub mod traffic;
#[cfg(test)]
mod trial;
pub mod walks;

pub use algorithm::{Algorithm, AlgorithmOutcome};
pub use labels::{LabelParams, Score, Tally};
