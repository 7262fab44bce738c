//! Problems to solve: graphs, quadratic forms and formulas, their file formats and generators.
//!
//! Invariants: a problem keeps the numbers and names that its file gives; a generator is a pure function of
//! its parameters and a seed; a malformed file is refused with file and line.
//!
//! Must not know: neurons, chips, how a problem is solved.
//!
//! Read [`graph`] first, then [`input`]: how a workload names its graph.

pub mod cnf;
mod families;
pub mod generate;
pub mod graph;
pub mod input;
mod lines;
mod python;
pub mod qubo;
pub mod read;

pub use graph::{Arcs, Edge, Graph, Merge};
pub use input::{Files, GraphInput, VertexName};
