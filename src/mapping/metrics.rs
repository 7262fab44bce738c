//! What a mapping is worth, in figures.

use serde::Serialize;

use super::assignment::Assignment;
use super::flows::{Flows, Wires, casts};
use super::objective::Prices;
use super::ways::Ways;

/// The figures of a mapping. Rates are per unit of time of the neurons' rates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Cores with neurons.
    pub clusters: u32,
    /// Neurons of the fullest core.
    pub fullest: u32,
    /// Σ over synapses between different cores of the sender's rate.
    pub cut_synapse_spikes: f64,
    /// Σ over neurons of the number of further cores that they reach, λ − 1.
    pub connectivity_lambda_minus_1: u64,
    /// The same weighted by rate: packets if each goes to one core.
    pub unicast_packets: f64,
    /// Packets times the links that each crosses.
    pub packet_hops: f64,
    /// Hops of a packet on average.
    pub mean_hops: f64,
    /// Packets on the busiest link.
    pub max_link_load: f64,
    /// Energy of the packets [J; in the unit model packets plus hops].
    pub energy: f64,
    /// Packets that leave cores if the routers copy them.
    pub multicast_packets: f64,
    /// Packets times links of their trees if the routers copy them.
    pub tree_hops: f64,
    /// Packets on the busiest link if the routers copy them.
    pub multicast_max_link_load: f64,
    /// Packets between cores that the routing function does not join; of these no hops are counted.
    pub undeliverable: f64,
}

/// The figures with part i on seat `seat[i]`.
pub(super) fn figures(all: &Assignment<'_>, ways: &Ways<'_>, seat: &[u32], prices: Prices) -> Figures {
    let flows = Flows::of(all);
    let mut wires = Wires::new(ways.links());
    let (mut packets, mut undeliverable) = (0.0, 0.0);
    for cast in flows.unicast() {
        packets += cast.rate;
        if ways.join(seat[cast.from as usize], seat[cast.to[0] as usize]) {
            wires.add(ways, seat, &cast, 1.0);
        } else {
            undeliverable += cast.rate;
        }
    }
    let mut trees = Wires::new(ways.links());
    let mut sent = 0.0;
    for mut cast in casts(all) {
        let from = seat[cast.from as usize];
        cast.to.retain(|&to| ways.join(from, seat[to as usize]));
        if !cast.to.is_empty() {
            sent += cast.rate;
            trees.add(ways, seat, &cast, 1.0);
        }
    }
    let (cut, connectivity) = cuts(all);
    let held = || (0..all.parts() as u32).map(|part| held(all, part));
    Figures {
        clusters: held().filter(|&held| held > 0).count() as u32,
        fullest: held().max().unwrap_or(0),
        cut_synapse_spikes: cut,
        connectivity_lambda_minus_1: connectivity,
        unicast_packets: packets,
        packet_hops: wires.hops,
        mean_hops: if packets > 0.0 { wires.hops / packets } else { 0.0 },
        max_link_load: wires.peak(),
        energy: packets * prices.packet + wires.hops * prices.hop,
        multicast_packets: sent,
        tree_hops: trees.hops,
        multicast_max_link_load: trees.peak(),
        undeliverable,
    }
}

fn held(all: &Assignment<'_>, part: u32) -> u32 {
    all.members(part).iter().map(|&vertex| all.graph.neurons[vertex as usize]).sum()
}

/// Cut synapses by rate, and λ − 1.
fn cuts(all: &Assignment<'_>) -> (f64, u64) {
    let (mut cut, mut connectivity) = (0.0, 0u64);
    for edge in 0..all.graph.edges() {
        let own = all.sender(edge);
        let away = all.graph.targets.of(edge).len() as u32 - all.receivers(edge, own);
        cut += all.graph.rate[edge] * f64::from(away);
        connectivity += all.reached(edge).iter().filter(|&&part| part != own).count() as u64;
    }
    (cut, connectivity)
}
