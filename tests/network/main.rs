//! The network against what we did not write: goldens of the reference simulator, closed forms, a naive oracle.

mod approximate;
mod curves;
mod deflection;
mod express;
mod fidelity;
mod mftn;
mod naive_oracle;
mod oracle;
mod sources;
mod threads;
mod traces;
