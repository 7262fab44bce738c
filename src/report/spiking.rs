//! The report of a spiking network on a chip: the same schema, with the sections that it has values for.

use std::fmt::Write;

use serde::Serialize;

use super::arrays::{ArraysReport, array_energy, spent};
use super::build::{broken, link_loads};
use super::document::{ByName, Components, Faults, LinkLoad, Program, SCHEMA};
use super::hauled::NetworkFacts;
use crate::base::CoreId;
use crate::energy::{CoreEnergy, CoreEvents, CorePrices, Energy};
use crate::mapping::{Avoided, Partition, Traffic};
use crate::sim::chip::{Chip, CoreCounts, direction};

/// Cores beyond which a report leaves single cores out.
const MAX_CORES: usize = 4096;

/// The report of one run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetworkReport {
    /// The name of the schema.
    pub schema: &'static str,
    /// What wrote the report.
    pub program: Program,
    /// Seed of all random choices.
    pub seed: u64,
    /// The run went to its end.
    pub complete: bool,
    /// The resolved documents: enough to run it again.
    pub inputs: super::Inputs,
    /// Simulated time.
    pub time: NetworkTime,
    /// How long steps took.
    pub latency: StepLatencies,
    /// How much was done per second of simulated time.
    #[serde(skip_serializing_if = "NetworkThroughput::is_empty")]
    pub throughput: NetworkThroughput,
    /// What happened.
    pub traffic: NetworkTraffic,
    /// What it cost.
    pub energy: NetworkEnergy,
    /// What is broken, if anything is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<Faults>,
    /// Loads of the links, by (source router, output port); left out beyond 100,000 links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<LinkLoad>>,
    /// Which core held which neurons, and what that was worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<MappingReport>,
    /// Cores that hold neurons; left out on chips of more than 4096 cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<Vec<CoreLoad>>,
    /// The arrays that hold synapses; absent on chips without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrays: Option<ArraysReport>,
    /// Neurons that pass on spikes whose delay is longer than the chip's longest; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relays: Option<u32>,
    /// What an algorithm computed, or how often a classifier was right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
}

/// Simulated time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NetworkTime {
    /// Steps of the network.
    pub steps: u64,
    /// What they took on the chip [s].
    pub seconds: f64,
    /// Steps per second on the chip; absent where they took no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps_per_second: Option<f64>,
    /// Time of the neurons' models over the time on the chip: 1 and more is real time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub real_time_factor: Option<f64>,
}

impl NetworkTime {
    fn new(steps: u64, seconds: f64, dt: f64) -> Self {
        let rate = (seconds > 0.0).then(|| steps as f64 / seconds);
        Self { steps, seconds, steps_per_second: rate, real_time_factor: rate.map(|rate| rate * dt) }
    }
}

/// How long steps took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepLatencies {
    /// Start of a step to the start of the next; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<StepLatency>,
}

/// A distribution of times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StepLatency {
    /// Unit of all but `count`.
    pub unit: &'static str,
    /// Steps.
    pub count: u64,
    /// Mean.
    pub mean: f64,
    /// Least.
    pub min: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: f64,
    /// Greatest.
    pub max: f64,
}

impl StepLatency {
    /// The distribution of `seconds`; `None` of nothing.
    pub fn of(mut seconds: Vec<f64>) -> Option<Self> {
        let count = seconds.len();
        let mean = seconds.iter().sum::<f64>() / count as f64;
        seconds.sort_unstable_by(f64::total_cmp);
        // The least value that is no smaller than the given share of all.
        let rank = |share: f64| ((share * count as f64).ceil() as usize).clamp(1, count) - 1;
        let (&min, &max) = seconds.first().zip(seconds.last())?;
        let at = |share| seconds[rank(share)];
        let (p50, p90, p99, p999) = (at(0.5), at(0.9), at(0.99), at(0.999));
        Some(Self { unit: "seconds", count: count as u64, mean, min, p50, p90, p99, p999, max })
    }
}

/// How much was done per second of simulated time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NetworkThroughput {
    /// Packets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packets_per_second: Option<f64>,
    /// Synaptic events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synaptic_ops_per_second: Option<f64>,
}

impl NetworkThroughput {
    fn is_empty(&self) -> bool {
        self.packets_per_second.is_none() && self.synaptic_ops_per_second.is_none()
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NetworkTraffic {
    /// Packets between cores.
    pub packets: SpikePackets,
    /// Hops of all packets.
    pub hops: u64,
    /// Neurons that fired, once per step.
    pub spikes: u64,
    /// Neurons that were updated, once per step.
    pub updates: u64,
    /// Synapses that spikes met.
    pub synaptic_events: u64,
    /// Packets that arrived after the step they were due in.
    pub late: u64,
    /// Packets that came to a core which was in an earlier step than their sender.
    #[serde(skip_serializing_if = "is_zero")]
    pub early: u64,
    /// Weights that learning read and changed.
    #[serde(skip_serializing_if = "is_zero")]
    pub weight_updates: u64,
    /// Traces of learning that spikes moved.
    #[serde(skip_serializing_if = "is_zero")]
    pub trace_updates: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Packets between cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SpikePackets {
    /// Sent.
    pub injected: u64,
    /// Received.
    pub delivered: u64,
}

/// What the run cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetworkEnergy {
    /// The sum of `by_component`, in order [J].
    pub total_joules: f64,
    /// By component [J].
    pub by_component: Components,
    /// Total over the neurons that fired [J].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_spike_joules: Option<f64>,
    /// Total over the synaptic events [J].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_synaptic_event_joules: Option<f64>,
    /// Total over time [W].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_power_watts: Option<f64>,
}

/// A core and what it has done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CoreLoad {
    /// Its number.
    pub core: u32,
    /// Neurons on it.
    pub neurons: u32,
    /// Spikes that its neurons fired.
    pub spikes: u64,
    /// Synaptic events in it.
    pub synaptic_events: u64,
    /// Packets that it sent.
    pub packets_sent: u64,
    /// Packets that it received.
    pub packets_received: u64,
    /// What it spent, the hops of its packets included [J].
    pub energy: f64,
    /// The hops alone [J].
    pub hop_energy: f64,
}

/// How neurons got their cores, and what that was worth in the run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MappingReport {
    /// `in-order`, `given` or `search`.
    pub how: &'static str,
    /// The partition that the best start of a search began with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
    /// Seed of a search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Cores with neurons.
    pub cores: u32,
    /// Neurons of the fullest core.
    pub fullest: u32,
    /// Cores that were not used because of faults; all 0 where the mapping was given.
    pub unused: Avoided,
    /// Packets between different cores in the whole run.
    pub figures: Traffic,
}

impl MappingReport {
    /// The same in a line for people.
    fn describe(&self) -> String {
        let Self { how, cores, fullest, figures, .. } = self;
        let partition = self.partition.map_or_else(String::new, |it| format!(" from {it:?}").to_lowercase());
        format!(
            "{how}{partition}: {cores} cores, up to {fullest} neurons, λ − 1 {}, busiest link {} packets",
            figures.connectivity_lambda_minus_1, figures.max_link_load
        )
    }
}

/// Counts as the energy room takes them.
pub fn core_energy(prices: &CorePrices, counts: &CoreCounts) -> CoreEnergy {
    prices.energy(&CoreEvents {
        soma: &counts.soma,
        synapse: &counts.synapse,
        learning: &counts.learning,
        axon_in: counts.axon_in,
        axon_out: counts.axon_out,
        hops: counts.hops,
    })
}

impl NetworkReport {
    /// The report of a run; `seconds` of each of its steps.
    pub fn new(chip: &mut Chip, inputs: super::Inputs, seed: u64, complete: bool, seconds: Vec<f64>) -> Self {
        let total_seconds = chip.seconds();
        let (counts, by_component, cores) = spent_by(chip);
        let total_joules: f64 = by_component.iter().map(|(_, joules)| joules).sum();
        let per = |count: u64| (count > 0).then(|| total_joules / count as f64);
        let rate = |count: u64| (total_seconds > 0.0).then(|| count as f64 / total_seconds);
        Self {
            schema: SCHEMA,
            program: Program { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            seed,
            complete,
            inputs,
            time: NetworkTime::new(seconds.len() as u64, total_seconds, chip.net().dt.0),
            latency: StepLatencies { step: StepLatency::of(seconds) },
            throughput: NetworkThroughput {
                packets_per_second: rate(counts.axon_in),
                synaptic_ops_per_second: rate(counts.synaptic_events()),
            },
            traffic: NetworkTraffic {
                packets: SpikePackets { injected: counts.axon_out, delivered: counts.axon_in },
                hops: counts.total_hops(),
                spikes: counts.spikes(),
                updates: counts.updates(),
                synaptic_events: counts.synaptic_events(),
                late: counts.late,
                early: counts.early,
                weight_updates: counts.weight_updates(),
                trace_updates: counts.trace_updates(),
            },
            energy: NetworkEnergy {
                total_joules,
                by_component: ByName(by_component),
                per_spike_joules: per(counts.spikes()),
                per_synaptic_event_joules: per(counts.synaptic_events()),
                mean_power_watts: (total_seconds > 0.0).then(|| total_joules / total_seconds),
            },
            faults: None,
            links: None,
            mapping: None,
            cores: (chip.cores() <= MAX_CORES).then_some(cores),
            arrays: ArraysReport::new(chip, total_joules),
            relays: Some(chip.net().relays()).filter(|&relays| relays > 0),
            result: None,
        }
    }

    /// The same with what is known of the network between cores.
    #[must_use]
    pub fn with_network(mut self, chip: &Chip, facts: &NetworkFacts<'_>) -> Self {
        let NetworkFacts { ground, health, certificate, clock_hz, hauled, .. } = *facts;
        let certificate = certificate.map(|(known, _)| known);
        let is_told = certificate.is_some() || !health.is_perfect();
        self.faults = is_told.then(|| broken(ground.fabric, health, certificate));
        let per_packet = u64::from(ground.params.packet_flits);
        self.links = hauled.and_then(|hauled| {
            let flits: Vec<u64> = hauled.links.iter().map(|packets| packets * per_packet).collect();
            let (fabric, prices) = (ground.fabric, chip.prices().hops);
            let hop = |link: usize| prices[direction(fabric, &fabric.links[link])];
            let energy = |link: usize| hauled.links[link] as f64 * hop(link);
            link_loads(fabric, &flits, self.time.seconds * clock_hz, Some(energy))
        });
        self
    }

    /// The text of `report.json`: indented, with a line break at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The summary that people read in the terminal.
    pub fn summary(&self) -> String {
        let name = |document: &serde_json::Value| document["name"].as_str().unwrap_or("?").to_owned();
        let mut page = format!(
            "{} on {}, seed {}{}\n\n",
            name(&self.inputs.workload),
            name(&self.inputs.chip),
            self.seed,
            if self.complete { "" } else { " (incomplete)" }
        );
        let mut line = |name: &str, text: String| _ = writeln!(page, "  {name:26} {text}");
        line("simulated time", format!("{} steps = {:.6e} s", self.time.steps, self.time.seconds));
        if let Some(step) = self.latency.step {
            line(
                "step",
                format!(
                    "{:.4e} s (min {:.4e}, p99 {:.4e}, max {:.4e})",
                    step.mean, step.min, step.p99, step.max
                ),
            );
        }
        if let Some((rate, factor)) = self.time.steps_per_second.zip(self.time.real_time_factor) {
            line("speed of the chip", format!("{rate:.4e} steps/s, {factor:.4e} of real time"));
        }
        let traffic = &self.traffic;
        line("spikes", traffic.spikes.to_string());
        line("synaptic events", traffic.synaptic_events.to_string());
        line(
            "packets",
            format!("{}, {} hops, {} late", traffic.packets.injected, traffic.hops, traffic.late),
        );
        if traffic.weight_updates > 0 {
            let (weights, traces) = (traffic.weight_updates, traffic.trace_updates);
            line("learning", format!("{weights} weights and {traces} traces changed"));
        }
        if let Some(relays) = self.relays {
            line("relays", format!("{relays} neurons, for delays beyond the chip's longest"));
        }
        if let Some(mapping) = &self.mapping {
            line("mapping", mapping.describe());
        }
        line("energy", format!("{:.6e} J", self.energy.total_joules));
        for (name, joules) in self.energy.by_component.0.iter().filter(|(_, joules)| *joules > 0.0) {
            line(&format!("  {name}"), format!("{joules:.4e} J"));
        }
        for (name, text) in self.arrays.iter().flat_map(ArraysReport::lines) {
            line(&name, text);
        }
        for (name, text) in self.result.iter().flat_map(result_lines) {
            line(&name, text);
        }
        page
    }
}

/// What all cores have done, what that cost by component, and what each core with neurons has done.
fn spent_by(chip: &Chip) -> (CoreCounts, Vec<(&'static str, f64)>, Vec<CoreLoad>) {
    let mut energy = CoreEnergy::default();
    let mut counts: Option<CoreCounts> = None;
    let mut cores = Vec::new();
    for (core, own) in chip.counts().enumerate() {
        let spent = core_energy(chip.prices(), own);
        energy += spent;
        match &mut counts {
            Some(counts) => counts.add(own),
            None => counts = Some(own.clone()),
        }
        let neurons = chip.neurons_on(CoreId::at(core));
        if neurons > 0 {
            cores.push(load(core, neurons, own, spent));
        }
    }
    let leaked = chip.prices().leakage.map_or(0.0, |watts| watts * chip.seconds());
    cores.iter_mut().for_each(|load| load.energy += leaked);
    for array in chip.arrays() {
        if let Ok(at) = cores.binary_search_by_key(&array.core().0, |load| load.core) {
            cores[at].energy += array_energy(array, array.total()).joules();
        }
    }
    let parts = energy.components().into_iter().map(|(name, part)| (name, part.joules()));
    let mut by_component: Vec<_> = parts.collect();
    if chip.arrays().next().is_some() {
        let [reads, standby] = spent(chip).map(Energy::joules);
        by_component.extend([("array", reads), ("array_standby", standby)]);
    }
    by_component.extend(chip.prices().at_rest(chip.seconds(), cores.len()));
    (counts.unwrap_or_default(), by_component, cores)
}

fn load(core: usize, neurons: u32, counts: &CoreCounts, spent: CoreEnergy) -> CoreLoad {
    CoreLoad {
        core: core as u32,
        neurons,
        spikes: counts.spikes(),
        synaptic_events: counts.synaptic_events(),
        packets_sent: counts.axon_out,
        packets_received: counts.axon_in,
        energy: spent.total().joules(),
        hop_energy: spent.hop.joules(),
    }
}

/// What a result says in a word or a number each; lists and tables are left to the report.
fn result_lines(result: &serde_json::Value) -> Vec<(String, String)> {
    use serde_json::Value;
    let plain = |(name, value): (&String, &Value)| match value {
        Value::Number(_) | Value::Bool(_) | Value::String(_) => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Some((name.replace('_', " "), text))
        }
        _ => None,
    };
    let mut lines: Vec<_> = result.as_object().into_iter().flatten().filter_map(plain).collect();
    lines.extend(graph_line(&result["graph"]));
    if let (Some(passed), check) = (result["check"]["passed"].as_bool(), &result["check"]) {
        let verdict = if passed { "passed" } else { "FAILED" };
        let word = |name: &str| check[name].as_str().unwrap_or_default().to_owned();
        lines.push(("check".to_owned(), format!("{verdict}: {} ({})", word("against"), word("detail"))));
    }
    lines
}

/// The graph that an algorithm worked on, as it was understood.
fn graph_line(graph: &serde_json::Value) -> Option<(String, String)> {
    let (vertices, edges) = (graph["vertices"].as_u64()?, graph["edges"].as_u64()?);
    let kind = if graph["directed"].as_bool()? { "directed" } else { "undirected" };
    let mut text = format!("{vertices} vertices, {edges} edges, {kind}");
    for (field, what) in
        [("self_loops_removed", "self-loops removed"), ("parallel_edges_merged", "parallel edges merged")]
    {
        if let Some(count) = graph[field].as_u64() {
            text += &format!(", {count} {what}");
        }
    }
    Some(("graph".to_owned(), text))
}
