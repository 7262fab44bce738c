//! Random walks: Markov chains walked by spikes.
//!
//! Invariants: where walkers go is read from the spikes that carry them; choices are draws of neurons, with
//! the probabilities that the hardware can represent; every result comes with its confidence interval.
//!
//! Must not know: cores, packets, how a network is placed.
//!
//! Read [`circuit`] first, then [`random_walk`].

pub mod cases;
pub(in crate::workload) mod chain;
pub mod circuit;
pub mod pagerank;
pub mod random_walk;
pub mod settings;
mod statistics;

#[cfg(test)]
mod tests;
