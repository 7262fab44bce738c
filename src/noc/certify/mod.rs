//! What is known of a chip's routing before a cycle is run: can it deadlock, whom does it serve, how
//! evenly does it load the links.
//!
//! ```text
//!   Routing ──walk──▶ states of packets, by destination ──▶ dependencies ──▶ sorted, or a cycle
//!                                                      └──▶ loads, hops, pairs served
//! ```
//!
//! Invariants: the certificate is derived from the same relation that routers ask; nothing is assumed
//! of a routing function but that it treats alike the virtual channels that it never tells apart in
//! what it offers. The result does not depend on the number of threads.
//!
//! Must not know: how packets move in time.
//!
//! Read [`Certificate`] first, then [`walk`].

mod dependencies;
mod legs;
mod nodes;
mod tally;
#[cfg(test)]
mod tests;
mod walk;

use serde::Serialize;

use super::params::RouterKind;
use super::route::{Ground, Homing, Routing};
use crate::base::Gauge;
use crate::fabric::{Fabric, Health};

/// What is to be certified.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The chip's network.
    pub fabric: &'a Fabric,
    /// What of it works.
    pub health: &'a Health,
    /// The routing function, compiled for both.
    pub routing: &'a Routing,
    /// Virtual channels per port; 1 to 32.
    pub vcs: u8,
    /// The kind of router: in a bufferless one no packet waits for a channel.
    pub router: RouterKind,
}

/// Why a network cannot deadlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Argument {
    /// The channel dependency graph has no cycle (Dally & Seitz 1987).
    NoCycle,
    /// Every packet can always turn to escape channels, and their extended dependency graph has no
    /// cycle (Duato 1993).
    EscapeChannels,
    /// Packets never wait: routers have no buffers.
    Bufferless,
}

/// A channel in a cycle of dependencies: a link with the virtual channels that are treated alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Router that drives the link.
    pub from: u32,
    /// Router that it leads to.
    pub to: u32,
    /// Its virtual channels.
    pub vcs: Vec<u8>,
}

/// Ordered pairs of distinct nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pairs {
    /// Pairs of nodes that both work.
    pub healthy: u64,
    /// Of these, pairs between which packets are delivered.
    pub delivered: u64,
    /// Of these, pairs that are refused at the source.
    pub unreachable: u64,
}

/// Numbers of nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Nodes {
    /// Nodes that do not work, or whose router does not.
    pub faulty: u64,
    /// Working nodes with a disabled neighbour in X and one in Y (two-dimensional meshes). They are
    /// out of service if the routing disables regions; a routing that serves them counts them as
    /// active, too.
    pub r#unsafe: u64,
    /// Working nodes that are neither active nor unsafe: cut off.
    pub isolated: u64,
    /// Nodes in service: the largest set that packets join.
    pub active: u64,
}

/// What is known of a chip's routing before a cycle is run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Certificate {
    /// Whether no set of packets can wait for each other forever.
    pub deadlock_free: bool,
    /// Why not, if so.
    pub argument: Option<Argument>,
    /// If not: a shortest cycle of channels, each held by packets that wait for the next.
    pub cycle: Option<Vec<Waiting>>,
    /// Whether no packet can go round forever between routers that work as they should.
    pub livelock_free: bool,
    /// Whether every destination was looked at; beyond 16384 routers a sample is.
    pub exhaustive: bool,
    /// Pairs of nodes.
    pub pairs: Pairs,
    /// Up to ten unreachable pairs, by node number: `[source, destination]`.
    pub unreachable_examples: Vec<[u32; 2]>,
    /// Share of the healthy pairs that are delivered.
    pub delivered_share: f64,
    /// Mean over delivered pairs (of nodes at different routers) of hops over the hops of a shortest
    /// way through what works.
    pub stretch: f64,
    /// Mean hops over the same pairs.
    pub mean_hops: f64,
    /// Largest load of a link if every active node injects one flit per cycle, evenly to all other
    /// active nodes; adaptive routing is taken to use its preferred candidates evenly. Throughput is
    /// at most 1/γ flits per node and cycle.
    pub gamma: f64,
    /// Whether γ is exact. It is not for two-phase routing on large faulty chips, where intermediate
    /// routers are weighed as if nothing were broken, and for sampled destinations.
    pub gamma_exact: bool,
    /// Share of the load that falls on ring links (both ends beside one disabled region).
    pub ring_share: Option<f64>,
    /// Numbers of nodes.
    pub nodes: Nodes,
    /// Turn map that the routing settled on.
    pub turn_map: Option<String>,
    /// Routers whose working nodes are the isolated ones.
    #[serde(skip)]
    pub isolated_routers: Vec<u32>,
}

/// Certifies, or refutes with a shortest cycle.
pub fn certify(question: &Question) -> Certificate {
    certify_watched(question, &Gauge::new())
}

/// The same; `gauge` counts the destinations that packets have been walked to.
pub fn certify_watched(question: &Question, gauge: &Gauge) -> Certificate {
    match question.router {
        RouterKind::InputQueued => walked(question, gauge),
        RouterKind::Deflection => {
            // As the network has it: wires that work both ways only, and a way home.
            let (known, health) = (question.health, question.health.both_ways(question.fabric));
            let routing = Homing::new(question.routing.clone(), question.fabric, known, &health).into();
            walked(&Question { health: &health, routing: &routing, ..*question }, gauge)
        }
    }
}

fn walked(question: &Question, gauge: &Gauge) -> Certificate {
    let ground = Ground::new(question.fabric, question.health, question.vcs, 0);
    let tally = match question.routing.two_phase() {
        Some(two) => legs::tally(&ground, two, gauge),
        None => tally::tally(&ground, question.routing, gauge),
    };
    tally.certificate(question, &ground)
}
