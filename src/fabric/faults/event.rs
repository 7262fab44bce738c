//! Faults that strike at a given cycle.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parts::Lists;
use super::{CoreFault, LinkFault, Parts, StuckVcs};
use crate::base::Problems;
use crate::fabric::{Fabric, Health, Place};

/// What happens to packets that are under way through a part when it breaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InFlight {
    /// The part takes no new packet and breaks when those under way have passed.
    #[default]
    Drain,
    /// The part breaks at once. Packets are lost, and counted by cause, that are inside it, hold a channel of it, are
    /// on their way to a node in it, or whose way leads into it.
    Drop,
}

/// Faults that strike together at some cycle, as users write them; lists as in the map itself.
///
/// When they strike, sources stop. Packets under way leave by the old routes, as far as these are whole; then the
/// routes for what is left come into force, and sources go on. So the old routes and the new ones never meet in
/// the network, and no deadlock can come of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventFaults {
    /// Cycle at whose start the parts break.
    pub at_cycle: u64,
    /// What happens to packets under way.
    #[serde(default)]
    pub in_flight: InFlight,
    /// Whole nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Place>,
    /// Routers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routers: Vec<Place>,
    /// Cores, while their routers go on forwarding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cores: Vec<CoreFault>,
    /// Links.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkFault>,
    /// Virtual channels that get stuck.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vcs: Vec<StuckVcs>,
}

/// Faults that strike together, resolved to the ids of a fabric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultEvent {
    /// Cycle at whose start the parts break.
    pub at_cycle: u64,
    /// What happens to packets under way.
    pub in_flight: InFlight,
    /// What breaks.
    pub parts: Parts,
    /// Its place in the map's list of events.
    pub listed: usize,
}

impl FaultEvent {
    /// Breaks the parts.
    pub fn apply(&self, fabric: &Fabric, health: &mut Health) {
        self.parts.apply(fabric, health);
    }
}

impl EventFaults {
    pub(super) fn resolve(&self, fabric: &Fabric, listed: usize) -> Result<FaultEvent, Problems> {
        let Self { at_cycle, in_flight, nodes, routers, cores, links, vcs } = self;
        let mut problems = Problems::new();
        let parts = Lists { nodes, routers, cores, links, vcs }.resolve(fabric, &mut problems);
        if problems.0.is_empty() && parts == Parts::default() {
            problems.require(false, "", || "the event breaks nothing".into());
        }
        problems.into_result(FaultEvent { at_cycle: *at_cycle, in_flight: *in_flight, parts, listed })
    }
}
