//! The network on chip: packets cut into flits, routers, routing functions, the cycle loop.
//!
//! Must not know: neurons, YAML, joules (it counts events; the `energy` room prices them).
//!
//! Read [`params`] first, then [`route`].

pub mod certify;
pub mod engine;
pub mod params;
pub mod route;
pub mod source;
