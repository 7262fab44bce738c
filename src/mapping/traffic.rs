//! What a mapping was worth in a run: the figures of a search, of the spikes that were fired.

use serde::Serialize;

use super::search::Ground;
use crate::base::{CoreId, RouterId};

/// Packets between different cores in a run, one per spike and core. Where the routing function leaves a
/// choice, a packet is taken to go by the first candidate.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Traffic {
    /// Packets.
    pub unicast_packets: u64,
    /// Σ over neurons, whether they fired or not, of the number of further cores that they reach, λ − 1.
    pub connectivity_lambda_minus_1: u64,
    /// Packets times the links that each crosses.
    pub packet_hops: u64,
    /// Links that a packet crosses on average.
    pub mean_hops: f64,
    /// Packets on the busiest link.
    pub max_link_load: u64,
    /// Packets between cores that the routing function does not join; of these no hops are counted.
    pub undeliverable: u64,
}

/// Adds up what the neurons of a chip send, core after core.
#[derive(Debug)]
pub struct Meter<'a> {
    ground: Ground<'a>,
    from: Option<CoreId>,
    /// By core: packets to it from `from`; the cores with an entry.
    row: Vec<u64>,
    filled: Vec<CoreId>,
    /// By link: packets.
    load: Vec<u64>,
    traffic: Traffic,
}

impl<'a> Meter<'a> {
    /// Nothing sent yet.
    pub fn new(ground: Ground<'a>) -> Self {
        let (row, load) = (vec![0; ground.cores.len()], vec![0; ground.fabric.links.len()]);
        Self { ground, from: None, row, filled: Vec::new(), load, traffic: Traffic::default() }
    }

    /// Adds a neuron of core `from` that has fired `spikes` times and sends to the cores `to`, each once; its
    /// own may be among them. Cheapest if the neurons of a core come one after the other.
    pub fn add(&mut self, from: CoreId, spikes: u64, to: impl Iterator<Item = CoreId>) {
        if self.from != Some(from) {
            self.flush();
            self.from = Some(from);
        }
        for to in to.filter(|&to| to != from) {
            self.traffic.connectivity_lambda_minus_1 += 1;
            let row = &mut self.row[to.index()];
            if *row == 0 && spikes > 0 {
                self.filled.push(to);
            }
            *row += spikes;
        }
    }

    /// Sends what has gathered on its ways.
    fn flush(&mut self) {
        let Some(from) = self.from else { return };
        let router = |core: CoreId| -> RouterId {
            self.ground.fabric.nodes[self.ground.cores.node[core.index()].index()].router
        };
        let (tracer, start) = (self.ground.tracer(), router(from));
        for to in self.filled.drain(..) {
            let packets = std::mem::take(&mut self.row[to.index()]);
            let end = router(to);
            self.traffic.unicast_packets += packets;
            let mut hops = 0;
            let arrives = start == end
                || tracer.trace(start, end, |link| {
                    hops += 1;
                    self.load[link.index()] += packets;
                });
            if arrives {
                self.traffic.packet_hops += packets * hops;
            } else {
                self.traffic.undeliverable += packets;
            }
        }
    }

    /// Adds what another has counted.
    #[must_use]
    pub fn with(mut self, mut other: Self) -> Self {
        self.flush();
        other.flush();
        let (own, more) = (&mut self.traffic, other.traffic);
        own.unicast_packets += more.unicast_packets;
        own.connectivity_lambda_minus_1 += more.connectivity_lambda_minus_1;
        own.packet_hops += more.packet_hops;
        own.undeliverable += more.undeliverable;
        self.load.iter_mut().zip(other.load).for_each(|(own, more)| *own += more);
        self
    }

    /// The figures.
    pub fn finish(mut self) -> Traffic {
        self.flush();
        let Traffic { unicast_packets, undeliverable, packet_hops, .. } = self.traffic;
        let arrived = unicast_packets - undeliverable;
        let mean_hops = if arrived > 0 { packet_hops as f64 / arrived as f64 } else { 0.0 };
        let max_link_load = self.load.iter().copied().max().unwrap_or(0);
        Traffic { mean_hops, max_link_load, ..self.traffic }
    }
}
