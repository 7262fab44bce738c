//! Graph algorithms as spiking networks.
//!
//! Distances are times: a spike travels over an edge for as many steps as the edge is long. The host only
//! pokes neurons, reads spikes and, where the construction says so, rewrites weights or puts neurons to
//! rest; the machine counts such round trips.
//!
//! Invariants: what an algorithm reports is read from spikes; vertices are called what the input calls
//! them; a result is compared with that of a classical algorithm unless `check` is off.
//!
//! Must not know: cores, packets, how a network is placed.
//!
//! Read [`sssp`] first, and `wave`, on which it and most others are built.

pub mod apsp;
pub mod bfs;
pub mod communities;
pub mod components;
pub mod epidemic;
pub mod k_core;
pub mod k_hop;
pub mod max_flow;
pub mod mst;
pub mod sssp;
pub mod triangles;
pub(in crate::workload) mod wave;

#[cfg(test)]
mod tests;
