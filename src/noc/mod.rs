//! The network on chip: packets cut into flits, routers, routing functions, the cycle loop.
//!
//! Four engines move packets, with the same sources and the same tally:
//!
//! | | what it models | what it costs |
//! |---|---|---|
//! | [`engine`] | every flit in every pipeline stage | the reference |
//! | [`approximate`] | packets booking cycles of switches and wires | its error is measured and tested |
//! | [`ideal`] | distance alone | no contention |
//! | [`deflection`] | bufferless routers, flit by flit | another kind of router |
//!
//! Must not know: neurons, YAML, joules (it counts events; the `energy` room prices them).
//!
//! Read [`params`] first, then [`route`].

mod agenda;
pub mod approximate;
pub mod certify;
pub mod deflection;
pub mod engine;
mod gate;
pub mod ideal;
mod ledger;
pub mod loss;
pub mod multicast;
pub mod params;
pub mod route;
pub mod source;
pub mod timing;
mod wiring;
