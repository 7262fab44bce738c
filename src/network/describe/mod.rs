//! Networks as people write them: populations, and projections between them.
//!
//! ```text
//!   NetworkParams ──compile──▶ Net, and the seats that were asked for
//!     populations: model, parts, values per neuron, dendrites
//!     projections: from, to, pattern, weights, delays, taps, plasticity
//! ```
//!
//! Neurons are named by a population, `cells`, or by some of one: `cells[3]`, `cells[0..9]` for the ten from
//! 0 to 9. Projections are made in the order in which they are written, each source by source.
//!
//! Must not know: cores, YAML; files are read by the caller's hook.
//!
//! Read [`NetworkParams`] first, then [`Pattern`].

mod compile;
mod convolution;
mod learn;
mod lists;
mod params;
mod population;
mod scheme;
mod seats;
mod select;
mod tap;
#[cfg(test)]
mod tests;

pub use compile::Files;
pub use convolution::{ChannelOrder, Convolution};
pub use params::{
    Delays, NetworkParams, PartParams, Pattern, PlasticityParams, PopulationParams, ProjectionParams,
    RewardParams, SeatParams, Weights,
};
pub use seats::{Described, Seat, read_seats};
pub use select::Selection;
