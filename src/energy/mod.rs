//! What events cost: cost tables, and integer counters turned into joules.
//!
//! ```text
//!   EnergyParams ──price(Site)──▶ Prices ──account(NetworkCounts)──▶ EnergyAccount
//!   (technology or published      (joules per event of             (joules per component,
//!    figures, exceptions)          every router and link)           per router, per link)
//! ```
//!
//! Invariants: energies are whole zeptojoules ([`Energy`]), so every breakdown of an account sums to its
//! total, exactly and in any order; nothing is charged that no figure was stated for; the way from a
//! router into its node is never charged as a link; what depends on time alone (clock, leakage) is kept
//! apart from what depends on traffic.
//!
//! Must not know: how the network is simulated, what its graph is, YAML.
//!
//! Read [`EnergyParams`] first, then [`Prices`].

mod account;
mod area;
mod cores;
mod params;
mod price;
mod quantum;
mod table;
mod technology;

pub use account::{Component, EnergyAccount, Kind, NetworkCounts};
pub use area::routers_area;
pub use cores::{CoreEnergy, CoreEvents, CorePrices};
pub use params::EnergyParams;
pub use price::{Axis, LinkSite, Prices, RouterSite, Site};
pub use quantum::Energy;
pub use table::{MAX_BUFFER_FLITS, MAX_FLIT_BITS, MAX_PORTS, MIN_FLIT_BITS, RouterFigures};
pub use technology::Technology;

#[cfg(test)]
mod tests;
