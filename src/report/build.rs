//! From what a run left behind to its report.

use serde::Serialize;
use serde_json::Value;

use super::document::*;
use crate::base::RouterId;
use crate::energy::{EnergyAccount, Kind};
use crate::fabric::{Fabric, Health};
use crate::noc::certify::Certificate;
use crate::noc::deflection::Deflections;
use crate::noc::engine::{Stall, Transmission};
use crate::noc::loss::Losses;
use crate::sim::saturation::Found;
use crate::sim::{Casts, Circling, Ending, Epoch, Outcome, Passage, Summary};

/// The resolved documents of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inputs {
    /// The chip.
    pub chip: Value,
    /// The workload.
    pub workload: Value,
    /// What is broken; absent if no fault map was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<Value>,
}

/// Everything that a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The resolved documents.
    pub inputs: &'a Inputs,
    /// Seed of the run.
    pub seed: u64,
    /// The chip's network.
    pub fabric: &'a Fabric,
    /// What of it works.
    pub health: &'a Health,
    /// Clock of the network [Hz].
    pub clock_hz: f64,
    /// Faults that strike during the run.
    pub epochs: &'a [Epoch],
    /// What is known of the routing after each of them; empty if that was not asked for.
    pub later: &'a [Certificate],
    /// Bit errors on links.
    pub transients: Option<&'a Transmission>,
    /// What came out.
    pub outcome: &'a Outcome,
    /// What it cost.
    pub energy: Option<&'a EnergyAccount>,
    /// What is known of the routing.
    pub certificate: Option<&'a Certificate>,
    /// The search that the run was the end of.
    pub saturation: Option<&'a Found>,
}

impl Report {
    /// The report of a run.
    pub fn new(facts: &Facts<'_>) -> Self {
        let outcome = facts.outcome;
        let seconds = outcome.cycles as f64 / facts.clock_hz;
        let latency = |summary: Option<Summary>| summary.map(Latency::from);
        Self {
            schema: SCHEMA,
            program: Program { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            seed: facts.seed,
            complete: outcome.is_complete(),
            inputs: facts.inputs.clone(),
            time: Time { cycles: outcome.cycles, seconds },
            latency: Latencies {
                packet: latency(outcome.packet_summary()),
                network: latency(outcome.network_summary()),
            },
            throughput: throughput(outcome, seconds),
            traffic: traffic(outcome),
            energy: facts.energy.map(|account| energy(account, seconds)),
            faults: faults(facts),
            links: links(facts),
            result: facts.saturation.map(|found| Results::Saturation(saturation(found))),
            deflection: outcome.deflections.as_ref().map(deflection),
            stalled: match &outcome.ending {
                Ending::Stalled(stall) => Some(stalled(stall, facts.fabric)),
                _ => None,
            },
            livelock: match outcome.ending {
                Ending::Circling(Circling { packets, cycles, hops }) => {
                    Some(Livelock { packets, cycles, hops })
                }
                _ => None,
            },
        }
    }
}

impl From<Summary> for Latency {
    fn from(summary: Summary) -> Self {
        let Summary { count, mean, min, p50, p90, p99, p999, max } = summary;
        Self { unit: "cycles", count, mean, min, p50, p90, p99, p999, max }
    }
}

fn throughput(outcome: &Outcome, seconds: f64) -> Throughput {
    let delivered = outcome.packets.delivered as f64;
    let flits: u64 = outcome.loads.delivered_flits.iter().sum();
    Throughput {
        offered: outcome.offered(),
        accepted: outcome.accepted(),
        accepted_packets: outcome
            .accepted()
            .filter(|_| flits > 0)
            .map(|rate| rate * delivered / flits as f64),
        packets_per_second: (seconds > 0.0).then(|| delivered / seconds),
        saturated: outcome.ending == Ending::Saturated,
    }
}

fn traffic(outcome: &Outcome) -> Traffic {
    let packets = outcome.packets;
    Traffic {
        packets: PacketCounts {
            injected: packets.created,
            delivered: packets.delivered,
            refused: packets.refused,
            lost: packets.lost,
            lost_to: lost_to(&outcome.losses),
            corrupted: outcome.corrupted,
            in_flight: packets.in_flight,
        },
        flit_hops: outcome.flit_hops(),
        mean_hops: outcome.hops.mean(),
        retransmitted_flits: outcome.retransmitted,
        multicast: outcome.multicast.map(|Casts { packets, destinations, copies }| MulticastCounts {
            packets,
            destinations,
            copies,
        }),
    }
}

fn energy(account: &EnergyAccount, seconds: f64) -> Energy {
    let by_component = account.components().map(|(part, energy)| (part.name(), energy.joules())).collect();
    let total_joules = account.total_joules();
    Energy {
        total_joules,
        dynamic_joules: account.of(Kind::Dynamic).joules(),
        clock_joules: account.of(Kind::Clock).joules(),
        static_joules: account.of(Kind::Static).joules(),
        by_component: ByName(by_component),
        mean_power_watts: (seconds > 0.0).then(|| total_joules / seconds),
    }
}

/// Virtual channels of working links that are stuck.
fn stuck(health: &Health) -> u64 {
    let listed = health.stuck_vcs.iter().filter(|(link, _)| health.link[link.index()]);
    listed.map(|(_, channels)| u64::from(channels.count_ones())).sum()
}

/// What is broken from the start, and what is known of the routing.
pub(super) fn broken(fabric: &Fabric, health: &Health, certificate: Option<&Certificate>) -> Faults {
    Faults {
        nodes: dead_nodes(fabric, health),
        links: dead_links(fabric, health),
        stuck_vcs: stuck(health),
        r#unsafe: certificate.map(|known| known.nodes.r#unsafe),
        isolated: certificate.map(|known| known.nodes.isolated),
        delivered_share: certificate.map(|known| known.delivered_share),
        stretch: certificate.map(|known| known.stretch),
        gamma: certificate.map(|known| known.gamma),
        deadlock_free: certificate.map(|known| known.deadlock_free),
        events: None,
        epochs: Vec::new(),
        bit_errors: None,
    }
}

/// `None` where nothing is broken or breaks, and nothing is known of the routing.
fn faults(facts: &Facts<'_>) -> Option<Faults> {
    let Facts { fabric, health, certificate, outcome, .. } = *facts;
    let is_whole = health.is_perfect() && facts.epochs.is_empty() && facts.transients.is_none();
    if is_whole && certificate.is_none() {
        return None;
    }
    let epochs = outcome.passages.iter().enumerate();
    Some(Faults {
        events: (!facts.epochs.is_empty()).then_some(facts.epochs.len() as u64),
        epochs: epochs.map(|(at, passage)| epoch(facts, at, passage)).collect(),
        bit_errors: facts.transients.map(|terms| BitErrors {
            flit_damage: terms.damage(),
            unnoticed: terms.unnoticed(),
            resent_share: match outcome.flit_hops() {
                0 => None,
                sent => Some(outcome.retransmitted as f64 / sent as f64),
            },
        }),
        ..broken(fabric, health, certificate)
    })
}

fn lost_to(losses: &Losses) -> Lost {
    ByName(losses.iter().map(|(cause, packets)| (cause.name(), packets)).collect())
}

/// A fault that struck, number `at` of all.
fn epoch(facts: &Facts<'_>, at: usize, passage: &Passage) -> FaultEpoch {
    let Passage { at_cycle, in_flight, losses, resumed } = *passage;
    let (health, certificate) = (&facts.epochs[at].health, facts.later.get(at));
    FaultEpoch {
        at_cycle,
        resumed_at_cycle: resumed,
        in_flight,
        lost: losses.total(),
        lost_to: lost_to(&losses),
        nodes: dead_nodes(facts.fabric, health),
        links: dead_links(facts.fabric, health),
        delivered_share: certificate.map(|known| known.delivered_share),
        stretch: certificate.map(|known| known.stretch),
        gamma: certificate.map(|known| known.gamma),
        deadlock_free: certificate.map(|known| known.deadlock_free),
    }
}

fn dead_nodes(fabric: &Fabric, health: &Health) -> u64 {
    let works = |(node, &alive): (usize, &bool)| alive && health.router[fabric.nodes[node].router.index()];
    health.node.iter().enumerate().filter(|&node| !works(node)).count() as u64
}

/// Links that are dead although both of their routers live; those dead in both directions count once.
fn dead_links(fabric: &Fabric, health: &Health) -> u64 {
    let alive = |router: RouterId| health.router[router.index()];
    let counts = |&id: &usize| {
        let link = &fabric.links[id];
        let back = fabric.reverse(crate::base::LinkId::at(id)).map(|back| back.index());
        let counted_there = back.is_some_and(|back| back < id && !health.link[back]);
        !health.link[id] && alive(link.from) && alive(link.to) && !counted_there
    };
    (0..fabric.links.len()).filter(counts).count() as u64
}

fn links(facts: &Facts<'_>) -> Option<Vec<LinkLoad>> {
    let energy = facts.energy.map(|account| |link: usize| account.links[link].joules());
    link_loads(facts.fabric, &facts.outcome.loads.link_flits, facts.outcome.cycles as f64, energy)
}

/// The loads of links after `cycles`, with the energy of each if that is known; `None` beyond 100,000 links.
pub(super) fn link_loads(
    fabric: &Fabric,
    flits: &[u64],
    cycles: f64,
    energy: Option<impl Fn(usize) -> f64>,
) -> Option<Vec<LinkLoad>> {
    if fabric.links.len() > MAX_LINKS {
        return None;
    }
    let load = |(at, (link, &flits)): (usize, (&crate::fabric::Link, &u64))| {
        let busy = flits as f64 * f64::from(link.interval);
        let utilisation = if cycles > 0.0 { busy / cycles } else { 0.0 };
        let energy = energy.as_ref().map(|energy| energy(at));
        LinkLoad { from: link.from.0, to: link.to.0, flits, utilisation, energy }
    };
    Some(fabric.links.iter().zip(flits).enumerate().map(load).collect())
}

fn saturation(found: &Found) -> Saturation {
    let point = |point: &crate::sim::saturation::Point| RatePoint {
        rate: point.rate,
        offered: point.offered,
        accepted: point.accepted,
        mean_latency: point.mean_latency,
        saturated: point.saturated,
    };
    Saturation { below: found.below, above: found.above, points: found.points.iter().map(point).collect() }
}

fn deflection(counts: &Deflections) -> Deflection {
    let share = |part: u64| (counts.flits > 0).then(|| part as f64 / counts.flits as f64);
    Deflection {
        deflections: counts.deflections,
        per_flit: share(counts.deflections),
        deflected_share: share(counts.deflected_flits),
        worst: counts.worst,
        blocked_injections: counts.blocked_injections,
        reassembly_packets: counts.reassembly,
    }
}

fn stalled(stall: &Stall, fabric: &Fabric) -> Stalled {
    let channel = |waiting: &crate::noc::engine::Waiting| {
        let (port, vc) = waiting.input;
        let from = fabric.into(waiting.router, port).map(|link| fabric.link(link).from.0);
        Channel { from, to: waiting.router.0, vc }
    };
    Stalled { packets: stall.packets, cycle: stall.cycle.iter().map(channel).collect() }
}
