//! What runs a network step by step, as a host sees it.

use std::fmt;

use crate::base::NeuronId;

/// What has happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Steps run.
    pub steps: u64,
    /// Neurons that fired, counted once per step.
    pub spikes: u64,
    /// Synapses that spikes and pokes have met.
    pub synaptic_events: u64,
    /// Neurons that were updated, counted once per step.
    pub updates: u64,
    /// Spikes that arrived after the step they were due in.
    pub late: u64,
    /// Times the host read from or wrote to the machine between two steps.
    pub host_round_trips: u64,
}

/// Why a machine could not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt(
    /// What happened, in a sentence without a full stop.
    pub String,
);

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Halt {}

/// Runs one [`Net`](super::Net). Algorithms with a host in the loop are written against this, and run on a
/// bench and on every chip alike.
pub trait Machine {
    /// Number of the step that comes next; the first is 1.
    fn next_step(&self) -> u64;

    /// Adds `weight` to what arrives on the first input channel of `neuron` in the next step, as one
    /// synaptic event from the host.
    fn poke(&mut self, neuron: NeuronId, weight: f64);

    /// Runs one step.
    ///
    /// # Errors
    /// What ended the run: a deadlock, say.
    fn step(&mut self) -> Result<(), Halt>;

    /// Neurons that fired in the last step, ascending.
    fn fired(&self) -> &[NeuronId];

    /// What each of [`fired`](Self::fired) emitted, for graded models: 1 for spiking ones.
    fn values(&self) -> &[f64];

    /// Value of variable number `variable` of `neuron`, the potential being the first; `None` if there is no
    /// such variable or neuron.
    fn read(&mut self, neuron: NeuronId, variable: usize) -> Option<f64>;

    /// Sets a variable of a neuron from the host. Whether there is one.
    fn write(&mut self, neuron: NeuronId, variable: usize, value: f64) -> bool;

    /// Gives the synapse at position `index` of [`Synapses`](super::Synapses) another weight.
    fn set_weight(&mut self, index: usize, weight: f64);

    /// Puts every neuron back to rest and forgets what is under way. Weights stay, counts go on.
    fn reset(&mut self);

    /// What has happened so far.
    fn activity(&self) -> Activity;

    /// Whether any spike or poke is still under way to a neuron.
    fn is_quiet(&self) -> bool;
}
