//! Neurons, networks and whole chips against golden spike trains, potentials, times and energies.

mod bench;
mod devices;
mod networks;
mod neurons;
mod sanafe;
mod solvers;
