//! Plasticity: rules by which synapses learn from the spikes at their two ends.
//!
//! ```text
//!   spikes of senders ──▶ traces of senders ──┐
//!                                             ├─▶ changes of weights (at once, or when a reward comes)
//!   spikes of targets ──▶ traces of targets ──┘
//! ```
//!
//! Traces belong to neurons, not to synapses: a bank of them per end, decayed when they are looked at. Ties are
//! broken one way in all rules: of spikes in the same step, those of senders are processed before those of
//! targets, so that two neurons that fire together count as sender before target; a trace is looked at before
//! the spike itself is added to it, except that the sender's spike of the same step counts for the target.
//!
//! A spike counts when it is fired, whatever the delay of the synapse.
//!
//! Invariants: a rule never moves a weight out of its bounds, nor moves one that starts outside them except
//! towards them; the result does not depend on the order in which neurons of one step are listed; events are
//! counted as integers, for the price of learning.
//!
//! Must not know: cores, networks, how weights are stored ([`Weights`] is what it asks for).
//!
//! Read [`rule`] first, then [`learning`].

pub mod learning;
pub mod rule;
#[cfg(test)]
mod tests;
mod traces;
mod wiring;

pub use learning::{Ends, Learning, LearningEvents, Weights};
pub use rule::{Bound, Pair, Pairing, Reward, Rule, Triplet};
