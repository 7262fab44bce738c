//! Networks in the Neuromorphic Intermediate Representation (NIR).
//!
//! ```text
//!   file ──store──▶ tree of groups and arrays ──node──▶ nodes, edges ──signal──▶ ways from neuron to neuron
//!                                                                        └─build─▶ Net
//! ```
//!
//! NIR describes neurons by differential equations and leaves it to each program how to make them discrete in
//! time. Here this is the caller's choice ([`Choices`]) and part of what an import reports:
//!
//! - a spike has the value 1 in the step in which it arrives, whatever the step's length; integrators without a
//!   time constant (`IF`, `I`) add `r` times their input per step;
//! - a spike passes a layer of neurons within its step in NIR's reading, and feedback takes a step. Here every
//!   synapse takes at least a step, so that layer n of neurons runs [`latency`](Imported::latency) steps behind
//!   the input, and what skips layers has a longer delay: the same spikes, later by a constant. Biases alone act
//!   from the first step of the run on, in every layer;
//! - the populations of `Input` nodes pass on what the host pokes them with, spikes and graded values alike.
//!
//! `I`, `LI` and `CubaLI` neurons do not fire; their potentials can be read, and nothing but an `Output` may
//! follow them.
//!
//! Source: Pedersen et al. 2024, doi 10.1038/s41467-024-52259-9; file layout of its Python package, version 1.
//!
//! Read `build.rs` first.

mod build;
mod convolve;
mod node;
mod signal;
mod store;
#[cfg(test)]
mod tests;
mod write;

use crate::base::unit::Seconds;
use crate::base::{Problem, Problems};
use crate::network::Net;
use crate::neuron::lif::Discretisation;

/// How equations are made discrete in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choices {
    /// Length of a step; `None`: what the file's metadata say, or else 1 ms.
    pub dt: Option<Seconds>,
    /// The scheme of leaky neurons.
    pub scheme: Discretisation,
}

impl Default for Choices {
    fn default() -> Self {
        Self { dt: None, scheme: Discretisation::Euler }
    }
}

/// An imported network, and what was chosen for it.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The network; populations bear the names of the file's nodes.
    pub net: Net,
    /// Populations to poke with the input.
    pub inputs: Vec<String>,
    /// Names of outputs with the population that each shows.
    pub outputs: Vec<(String, String)>,
    /// Steps that each population runs behind the input, in the order of the populations.
    pub latency: Vec<u32>,
    /// Version of NIR that wrote the file.
    pub version: String,
    /// The scheme of leaky neurons.
    pub scheme: Discretisation,
}

/// Reads the network in `bytes`, the content of a `.nir` file.
///
/// # Errors
/// A file that is damaged or no NIR file; nodes, fields and connections that are not supported, by name;
/// shapes that do not fit each other; what a neuron model refuses.
pub fn import(bytes: Vec<u8>, choices: &Choices) -> Result<Imported, Problems> {
    let tree = store::read(bytes)?;
    let graph = node::graph(&tree)?;
    if let Some(dt) = choices.dt.filter(|dt| !(dt.0 > 0.0 && dt.0.is_finite())) {
        return Err(Problem::new("dt", format!("{} s is no length of a step", dt.0))
            .allowed("more than 0")
            .into());
    }
    build::build(&graph, choices)
}
