//! NP-hard problems on stochastic spiking networks.
//!
//! Invariants: what is reported is the value of a state that the spikes tell, computed by the host from the
//! problem itself, never what neurons believe; a search ends at its target or when its attempts are over.
//!
//! Must not know: cores, packets, how a network is placed.
//!
//! Read [`anneal`] first: everything but [`sat`] is a quadratic form for it.

pub mod anneal;
pub mod coloring;
pub mod max_cut;
pub mod mis;
pub mod qubo;
pub mod sat;
pub mod sudoku;

#[cfg(test)]
mod tests;
