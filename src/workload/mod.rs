//! What a chip is made to do: generators of work.
//!
//! Invariants: a workload is a pure function of its parameters, the chip's nodes, the files it names and
//! a seed; it is made before the run and knows nothing of how the run goes.
//!
//! Must not know: routers, buffers, energy, how results are reported.
//!
//! Read [`traffic`] first: packets without neurons behind them.

pub mod traffic;
