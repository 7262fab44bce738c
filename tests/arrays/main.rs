//! Synapse arrays against golden cases, closed forms and a dense solver of the wires.

mod bad_input;
mod devices;
mod learning;
mod measures;
mod photonic;
mod products;
mod wires;
