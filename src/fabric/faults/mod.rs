//! Fault maps: which parts of a chip are broken, from the start or from some cycle on.
//!
//! ```text
//!   FaultMap ──resolve──▶ Health             what works when the run starts
//!            ──resolve_events──▶ FaultEvent… what breaks later
//! ```
//!
//! Invariants: the same map, fabric and seed give the same faults; every fault that is listed lies on
//! the chip and is listed once; at least one node works. Transient bit errors are described here and
//! simulated by the network's cycle loop.
//!
//! Read [`FaultMap`] first, then [`RandomFaults`] for how maps are drawn.

mod draw;
mod event;
mod parts;
mod spelling;
mod yield_model;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use draw::RandomFaults;
pub use event::{EventFaults, FaultEvent, InFlight};
pub use parts::Parts;
pub use spelling::{CoreFault, LinkFault, StuckVcs};
pub use yield_model::Cluster;

use parts::{Lists, MAX_VCS};

use super::{Fabric, Health, Place};
use crate::base::{Problem, Problems};

/// The faults of a chip, as users write them.
///
/// Routers are named by coordinates (`[x, y]`) where the topology has them, or by number. On
/// concentrated meshes the coordinates are those of routers, not of nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultMap {
    /// Whole nodes: a router, all its links, and all its cores.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Place>,
    /// Routers. Their cores may work but are cut off, so the network sees no difference to `nodes`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routers: Vec<Place>,
    /// Cores that neither send nor receive while their router goes on forwarding.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cores: Vec<CoreFault>,
    /// Links, by the two routers they join: `[[0, 0], [1, 0]]` in both directions,
    /// `{from: [0, 0], to: [1, 0]}` in one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkFault>,
    /// Virtual channels that are stuck.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vcs: Vec<StuckVcs>,
    /// Further faults at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<RandomFaults>,
    /// Bit errors on links that work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transient: Option<Transients>,
    /// Faults that strike during the run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventFaults>,
}

const NOTHING_WORKS: &str = "no node is left that works";

/// Random bit errors on links, and what protects against them.
///
/// Each bit of a flit flips with probability `bit_error_rate` on each link. A corrupted flit passes
/// unnoticed with probability 2^−`crc_bits` (the share of error patterns that a cyclic code of that many
/// check bits cannot see, for errors well beyond its minimum distance: Koopman & Chakravarty, DSN 2004,
/// doi 10.1109/DSN.2004.1311885); its packet is delivered and counted as damaged. Otherwise the flit is sent again
/// once the verdict is back, 2 · latency + interval cycles after the attempt before, and those behind it wait; after
/// `max_retries` times it goes on with a mark, and the destination discards its packet, which counts as lost. The
/// check bits travel with the flit and cost energy on the link; so does every attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transients {
    /// Probability that one bit flips on one link; 0 to 0.5.
    pub bit_error_rate: f64,
    /// Check bits per flit; 0 (errors pass unnoticed) to 32.
    #[serde(default = "eight")]
    #[schemars(range(min = 0, max = 32))]
    pub crc_bits: u8,
    /// How often a flit is sent again before it is given up; 0 to 64.
    #[serde(default = "eight")]
    #[schemars(range(min = 0, max = 64))]
    pub max_retries: u8,
    /// Seed of the bit flips. Absent: the run's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

fn eight() -> u8 {
    8
}

impl Transients {
    /// Checks every range.
    ///
    /// # Errors
    /// One problem per field out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let mut range = |field: &str, value: f64, high: f64| {
            if !(0.0..=high).contains(&value) {
                let problem = Problem::new(field, format!("{value} is out of range"));
                problems.push(problem.allowed(format!("0 to {high}")));
            }
        };
        range("bit_error_rate", self.bit_error_rate, 0.5);
        range("crc_bits", self.crc_bits.into(), 32.0);
        range("max_retries", self.max_retries.into(), 64.0);
        problems.into_result(())
    }
}

impl FaultMap {
    /// What of `fabric` works when the run starts. `seed` drives the random faults that state none.
    ///
    /// # Errors
    /// Faults outside the chip, listed twice, or between routers that are not neighbours; rates and
    /// numbers out of range; no node left that works. Paths are relative to the map (`nodes[3]`).
    /// Events are checked by [`FaultMap::resolve_events`].
    pub fn resolve(&self, fabric: &Fabric, seed: u64) -> Result<Health, Problems> {
        let mut problems = Problems::new();
        let lists = Lists {
            nodes: &self.nodes,
            routers: &self.routers,
            cores: &self.cores,
            links: &self.links,
            vcs: &self.vcs,
        };
        let parts = lists.resolve(fabric, &mut problems);
        let mut health = Health::perfect(fabric);
        parts.apply(fabric, &mut health);
        if let Some(transient) = &self.transient {
            problems.absorb("transient", transient.validate());
        }
        if let Some(random) = &self.random {
            let listing_kills_all = health.is_dead();
            if let Some(drawn) = problems.absorb("random", random.draw(fabric, &parts, seed)) {
                drawn.apply(fabric, &mut health);
            }
            problems.require(listing_kills_all || !health.is_dead(), "random", || NOTHING_WORKS.into());
        }
        if health.is_dead() && problems.0.is_empty() {
            problems.push(Problem::new(self.killer(), NOTHING_WORKS));
        }
        problems.into_result(health)
    }

    /// The list to blame if all that is listed leaves no node.
    fn killer(&self) -> &'static str {
        match (self.nodes.is_empty(), self.routers.is_empty()) {
            (false, _) => "nodes",
            (true, false) => "routers",
            (true, true) => "cores",
        }
    }

    /// The events of the map in the order they strike; those of one cycle in the order of the map.
    /// `start` is the health from [`FaultMap::resolve`].
    ///
    /// # Errors
    /// As [`FaultMap::resolve`], with paths such as `events[2].nodes[0]`; an event without faults.
    pub fn resolve_events(&self, fabric: &Fabric, start: &Health) -> Result<Vec<FaultEvent>, Problems> {
        let mut problems = Problems::new();
        let mut events = Vec::new();
        for (index, event) in self.events.iter().enumerate() {
            let resolved = problems.absorb(&format!("events[{index}]"), event.resolve(fabric, index));
            events.extend(resolved.map(|event| (index, event)));
        }
        events.sort_by_key(|(_, event)| event.at_cycle);
        let mut health = start.clone();
        for (index, event) in &events {
            let was_dead = health.is_dead();
            event.parts.apply(fabric, &mut health);
            if health.is_dead() && !was_dead {
                let path = format!("events[{index}]");
                problems.require(false, &path, || "no node is left that works after this event".into());
            }
        }
        problems.into_result(events.into_iter().map(|(_, event)| event).collect())
    }

    /// Whether all channels that are listed as stuck are among the `vcs` of a port.
    ///
    /// # Errors
    /// One problem per channel that there is not; [`FaultMap::resolve`] knows of those that no chip has.
    pub fn check_vcs(&self, vcs: u8) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let later = self.events.iter().enumerate().map(|(at, event)| (format!("events[{at}]."), &event.vcs));
        for (place, lists) in std::iter::once((String::new(), &self.vcs)).chain(later) {
            for (entry, listed) in lists.iter().enumerate() {
                for (position, vc) in
                    listed.vcs.iter().enumerate().filter(|&(_, vc)| (vcs..MAX_VCS).contains(vc))
                {
                    let path = format!("{place}vcs[{entry}].vcs[{position}]");
                    let message = format!("there is no virtual channel {vc}: the chip has {vcs} per port");
                    problems.push(Problem::new(path, message).allowed(format!("0 to {}", vcs.max(1) - 1)));
                }
            }
        }
        problems.into_result(())
    }

    /// A map that lists faults drawn by `random` one by one. [`FaultMap::resolve`] makes the same health of
    /// it as of a map with `random` itself.
    ///
    /// # Errors
    /// Rates and numbers out of range, with paths relative to `random`.
    pub fn random(fabric: &Fabric, random: &RandomFaults, seed: u64) -> Result<Self, Problems> {
        let parts = random.draw(fabric, &Parts::default(), seed)?;
        Ok(parts.listed(fabric))
    }
}

#[cfg(test)]
mod tests;
