//! Synapses in arrays of devices: which rows a packet drives, and what the arrays of a core make of a step.
//!
//! ```text
//!   packet ──▶ Drive {array, row, delay} ──▶ due in step + delay ──▶ read: Σ rows ──▶ inputs of the neurons
//! ```
//!
//! A row of an array belongs to a neuron that sends and a delay: a delayed spike waits before the array. A column
//! belongs to a neuron that receives and an input channel. Synapses that share both are one weight, their sum.
//! In a step in which spikes are due an array is read once, before its core updates its neurons; arrays of one
//! core work side by side. A weight that is changed acts on all spikes that are due from then on, whenever they
//! were sent.
//!
//! Synapses that learn leave their rules' changes with the array: before it is read next its cells get the pulses that
//! these are worth, and what is left over waits; arrays that are not written by pulses are written anew.
//!
//! Invariants: an array belongs to one core, and sees spikes in the order in which they are delivered, so results
//! depend on no thread; an array that holds its weights exactly gives a neuron what digital memory would, to the
//! last bit where each pair of neurons has one synapse.
//!
//! Must not know: technologies, joules.
//!
//! Read [`plan`] first, then `bank.rs`.

mod bank;
mod plan;
mod saved;
#[cfg(test)]
mod tests;

pub(super) use bank::Arrays;
pub use bank::{CoreArray, Programming};
pub(super) use plan::{ArrayPlan, Cell};
pub(super) use saved::SavedArray;
