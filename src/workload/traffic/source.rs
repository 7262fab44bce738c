//! Traffic as the network's source.

use std::sync::Arc;

use super::closed::Windows;
use super::generator::{Generator, Pace, Plan};
use super::law::Law;
use super::params::{Generated, TrafficParams};
use super::place::Places;
use super::process::Process;
use super::trace::{Trace, read_trace};
use super::{Files, multicast, open, rule};
use crate::base::{NodeId, Problem, Problems};
use crate::fabric::Fabric;
use crate::noc::source::{Delivery, Failure, Multicast, Offer, Source};

/// Sends what a [`TrafficParams`] describes.
///
/// Every call of [`Source::next`] hands out one packet, once. In open loop a node's offers come in the order
/// of their cycles. In a closed loop a reply that is owed goes before the next request, so that an offer
/// asked for after a delivery may lie before a request that was handed out earlier for a later cycle; it
/// always lies after the delivery.
#[derive(Debug)]
pub struct TrafficSource {
    origin: Origin,
    until: u64,
}

#[derive(Debug)]
enum Origin {
    Generated(Generator),
    Trace(Replay),
}

/// A trace being replayed for a range of nodes.
#[derive(Debug)]
struct Replay {
    trace: Arc<Trace>,
    first: u32,
    /// Place of each node's next packet.
    cursor: Vec<u32>,
}

impl TrafficParams {
    /// Makes the traffic for a chip. Nodes that do not work are the network's concern: it refuses what is
    /// sent to them or from them.
    ///
    /// # Errors
    /// Everything that [`Self::validate`] finds; a pattern that does not fit the chip, with the sizes that
    /// would; nodes outside the chip; files that cannot be read or whose content is wrong, with
    /// `file:line:column`. Paths are relative to `traffic`.
    pub fn compile(&self, fabric: &Fabric, files: Files<'_>, seed: u64) -> Result<TrafficSource, Problems> {
        self.validate()?;
        let origin = match &self.trace {
            Some(name) => {
                let read = open(files, name).and_then(|bytes| read_trace(name, &bytes, fabric.nodes.len()));
                let packets = read.map_err(|problems| problems.under("trace"))?;
                Origin::Trace(Replay::new(Trace::new(&packets, fabric.nodes.len())))
            }
            None => Origin::Generated(self.generated().compile(fabric, files, seed)?),
        };
        Ok(TrafficSource { origin, until: u64::MAX })
    }
}

impl TrafficSource {
    /// Ends the traffic: nothing is created in cycle `cycle` or later, except replies to what was sent
    /// before.
    pub fn stop_at(&mut self, cycle: u64) {
        self.until = cycle;
    }

    /// Number of packets in all, where it is known in advance: the length of a trace.
    pub fn trace_length(&self) -> Option<usize> {
        match &self.origin {
            Origin::Trace(replay) => Some(replay.trace.len()),
            Origin::Generated(_) => None,
        }
    }
}

impl Source for TrafficSource {
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        match &mut self.origin {
            Origin::Generated(generator) => generator.next(node, self.until),
            Origin::Trace(replay) => replay.next(node).filter(|offer| offer.at < self.until),
        }
    }

    fn fetch(&self, node: NodeId) {
        if let Origin::Generated(generator) = &self.origin {
            generator.fetch(node);
        }
    }

    fn listens(&self) -> bool {
        match &self.origin {
            Origin::Generated(generator) => generator.is_closed(),
            Origin::Trace(_) => false,
        }
    }

    fn delivered(&mut self, delivery: Delivery) -> bool {
        match &mut self.origin {
            Origin::Generated(generator) => generator.delivered(delivery),
            Origin::Trace(_) => false,
        }
    }

    fn tree(&self, offer: &Offer) -> Option<u32> {
        multicast::tree(offer.dst)
    }

    fn multicasts(&self) -> &[Multicast] {
        match &self.origin {
            Origin::Generated(generator) => generator.multicasts(),
            Origin::Trace(_) => &[],
        }
    }

    fn heeds_failures(&self) -> bool {
        matches!(&self.origin, Origin::Generated(generator) if generator.heeds_failures())
    }

    fn failed(&mut self, node: NodeId, failure: Failure) -> bool {
        match &mut self.origin {
            Origin::Generated(generator) => generator.failed(node, failure),
            Origin::Trace(_) => false,
        }
    }

    fn split(&mut self, at: NodeId) -> Self {
        let origin = match &mut self.origin {
            Origin::Generated(generator) => Origin::Generated(generator.split(at)),
            Origin::Trace(replay) => Origin::Trace(replay.split(at)),
        };
        Self { origin, until: self.until }
    }
}

impl Replay {
    fn new(trace: Trace) -> Self {
        let starts = trace.starts();
        let cursor = starts[..starts.len() - 1].to_vec();
        Self { trace: Arc::new(trace), first: 0, cursor }
    }

    fn next(&mut self, node: NodeId) -> Option<Offer> {
        let cursor = &mut self.cursor[(node.0 - self.first) as usize];
        let offer = self.trace.offer(node, *cursor)?;
        *cursor += 1;
        Some(offer)
    }

    fn split(&mut self, at: NodeId) -> Self {
        let cursor = self.cursor.split_off((at.0 - self.first) as usize);
        Self { trace: Arc::clone(&self.trace), first: at.0, cursor }
    }
}

impl Generated {
    fn compile(self, fabric: &Fabric, files: Files<'_>, seed: u64) -> Result<Generator, Problems> {
        let places = Places::of(fabric);
        let destinations =
            rule::fit(&self.pattern, &places, files, seed).map_err(|problems| problems.under("pattern"))?;
        let groups = self.multicast.as_ref().map(|multicast| {
            let groups = multicast.compile(fabric.nodes.len(), files, seed);
            groups.map_err(|problems| problems.under("multicast"))
        });
        let groups = groups.transpose()?;
        let laws = match &destinations.intensity {
            None => vec![self.law(1.0)],
            Some(intensity) => {
                self.check_intensity(intensity)?;
                intensity.iter().map(|&intensity| self.law(intensity)).collect()
            }
        };
        let plan = Plan {
            seed,
            rule: destinations.rule,
            lengths: self.lengths.compile(),
            pace: self.pace(),
            laws,
            limit: self.limit,
            groups,
        };
        let nodes = fabric.nodes.len();
        let windows = self.closed.map(|terms| Windows::new(terms, nodes));
        Ok(Generator::new(plan, nodes, windows))
    }

    /// Probability of success in each trial, or rate of packets per cycle, of a node of mean intensity.
    fn pace_of_mean(&self) -> f64 {
        match &self.process {
            Process::Periodic(periodic) => {
                periodic.period.map_or(self.packet_rate, |period| 1.0 / period as f64)
            }
            Process::Burst(burst) => burst.spikes / f64::from(burst.neurons),
            Process::Bernoulli | Process::OnOff(_) => self.packet_rate,
        }
    }

    /// The law of a node that sends `intensity` times the mean.
    fn law(&self, intensity: f64) -> Law {
        let mean = self.pace_of_mean();
        match &self.process {
            Process::Bernoulli | Process::Burst(_) => Law::bernoulli(mean * intensity),
            Process::OnOff(on_off) => Law::on_off(on_off, mean * intensity),
            Process::Periodic(periodic) => {
                let period = periodic.period.map_or(1.0 / self.packet_rate, |period| period as f64);
                Law::periodic(periodic, period / intensity)
            }
        }
    }

    /// Whether the busiest node can send as much as a traffic matrix asks of it.
    fn check_intensity(&self, intensity: &[f64]) -> Result<(), Problems> {
        let busiest = intensity.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((node, most)) = busiest else { return Ok(()) };
        let (mean, limit) = (self.pace_of_mean(), self.process.max_packet_rate());
        // Rounding may lift the busiest node's exact limit by a hair; laws treat that as the limit.
        if mean * most <= limit * (1.0 + 1e-12) {
            return Ok(());
        }
        let message =
            format!("the busiest sender, node {node}, has {most:.3} times the mean: too much for one node");
        let path = if self.process.follows_rate() { "rate" } else { "process" };
        let allowed = match self.process.follows_rate() {
            true => format!("up to {:.6} flits/node/cycle", limit / most * self.lengths.mean()),
            false => format!("up to 1/{:.3} of what it is", mean * most / limit),
        };
        Err(Problem::new(path, message).allowed(allowed).into())
    }

    fn pace(&self) -> Pace {
        match &self.process {
            Process::Burst(burst) => Pace::Neurons {
                tick: burst.tick_cycles,
                neurons: burst.neurons.into(),
                step: burst.neuron_cycles,
                fan_out: burst.fan_out,
            },
            _ => Pace::Cycles,
        }
    }
}
