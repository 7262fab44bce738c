//! What a good mapping is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a spike with several target cores travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Casting {
    /// One packet for each target core.
    #[default]
    Unicast,
    /// One packet, copied by the routers where its ways part.
    Multicast,
}

/// What is minimised: `(1 − peak) · hops + peak · busiest link · links`.
///
/// Hops are packets times links crossed, the sum of the loads of all links; busiest link times number of links
/// is what that sum would be if every link were as loaded as the busiest. Lower is better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Objective {
    /// How spikes travel.
    pub casting: Casting,
    /// Weight of the busiest link, 0 to 1; more spreads the traffic and makes ways longer.
    #[schemars(range(min = 0, max = 1))]
    pub peak: f64,
}

impl Default for Objective {
    fn default() -> Self {
        Self { casting: Casting::Unicast, peak: 0.02 }
    }
}

impl Objective {
    pub(super) fn score(&self, hops: f64, peak: f64, links: usize) -> f64 {
        (1.0 - self.peak) * hops + self.peak * peak * links as f64
    }
}

/// What packets cost [J]; the unit model 1 and 1 counts packets and hops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// Of a packet at its source and destination.
    pub packet: f64,
    /// Of a packet on one hop.
    pub hop: f64,
}

impl Default for Prices {
    fn default() -> Self {
        Self { packet: 1.0, hop: 1.0 }
    }
}
