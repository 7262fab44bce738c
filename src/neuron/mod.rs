//! Soma models: what a neuron does in a step, in banks of many; and dendrites with taps before them.
//!
//! A user writes a [`NeuronModel`]; a core runs a [`Bank`] of it. The bank is handed what has arrived
//! at each neuron ([`StepInput`]) and reports who fired, with which value, and what each neuron did,
//! which is what it costs ([`StepOutput`]). [`NeuronModel::sheets`] documents every model: equations,
//! integration scheme, source, parameters with units, defaults and ranges, and its price.
//!
//! Time is the same for all models: a spike sent in step t over a delay of d steps is among the
//! arrivals of step t + d. A model states whether arrivals act within their step or from the next
//! one on.
//!
//! Invariants: dispatch happens once per bank and step, never per neuron; a step allocates nothing
//! once the output has grown; random draws are keyed by (seed, neuron number, step), so that neither
//! order, mapping nor threads change them; a parameter's name, unit, default and range stand once, on
//! the field of its struct.
//!
//! This room knows no core, no packet, no synapse and no file.
//!
//! Read [`integrate_fire`] first, the smallest complete model. A new model is one such file, its
//! `mod` line here, and its row in `model.rs`.

mod bank;
mod column;
mod cost;
mod dendrite;
mod input;
mod layout;
mod model;
mod per_neuron;
mod propagator;
mod refractory;
mod reset;
mod runge_kutta;
mod sheet;
mod soma;
#[cfg(test)]
mod trial;
mod twister;
mod working_units;

pub mod adex;
pub mod asan;
pub mod bernoulli;
pub mod binomial;
pub mod boltzmann;
pub mod epidemic;
pub mod hodgkin_huxley;
pub mod integrate_fire;
pub mod izhikevich;
pub mod lif;
pub mod lif_alpha;
pub mod lif_cond;
pub mod lif_exp;
pub mod liquid;
pub mod loihi;
pub mod mos2;
pub mod nbo2;
pub mod nebm;
pub mod rate;
pub mod reservoir;
pub mod sanafe_input;
pub mod sanafe_lif;
pub mod sat_variable;
pub mod snu;
pub mod source_constant;
pub mod source_list;
pub mod source_poisson;
pub mod source_regular;
pub mod step;
pub mod taox;
pub mod truenorth;
pub mod walk_counter;

pub use bank::{Bank, NO_INPUT, Status, StepOutput, arrived};
pub use cost::{EventCost, Price, SomaCost};
pub use dendrite::{Dendrite, Reading};
pub use input::{Ids, StepInput};
pub use model::NeuronModel;
pub use reset::Reset;
pub use sheet::{ModelSheet, ParameterSheet};
pub use soma::{Card, Quantity};
