//! `report.json`, as its schema `spikeloom/report/1` says. Sections and fields without a value are left out.

use serde::{Serialize, Serializer};
use serde_json::Value;

/// The name of the schema.
pub const SCHEMA: &str = "spikeloom/report/1";

/// Links beyond which a report leaves their loads to `links.csv`.
pub(super) const MAX_LINKS: usize = 100_000;

/// The report of one run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
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
    pub time: Time,
    /// How long packets took.
    #[serde(skip_serializing_if = "Latencies::is_empty")]
    pub latency: Latencies,
    /// How much got through.
    pub throughput: Throughput,
    /// What was sent.
    pub traffic: Traffic,
    /// What it cost, if the chip says what things cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy: Option<Energy>,
    /// What is broken, if anything is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<Faults>,
    /// Loads of the links, by (source router, output port); left out beyond 100,000 links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<LinkLoad>>,
    /// What the workload computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Results>,
    /// What only bufferless networks have to report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deflection: Option<Deflection>,
    /// What the network was stuck in, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stalled: Option<Stalled>,
    /// Packets that moved on and on without arriving, if that ended the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub livelock: Option<Livelock>,
}

/// How often flits were deflected, in the whole run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deflection {
    /// Hops of flits to where they did not want to go.
    pub deflections: u64,
    /// The same per flit that arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_flit: Option<f64>,
    /// Share of the arrived flits that were deflected at least once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deflected_share: Option<f64>,
    /// Most deflections of one flit.
    pub worst: u32,
    /// Node-cycles in which there was a flit to send and no port was left for it.
    pub blocked_injections: u64,
    /// Most packets that one node was putting together at once: what its reassembly buffer must hold.
    pub reassembly_packets: u32,
}

/// Packets that moved on and on without arriving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Livelock {
    /// Packets under way.
    pub packets: u64,
    /// Cycles since the last flit arrived.
    pub cycles: u64,
    /// Link traversals in these cycles.
    pub hops: u64,
}

/// The program that wrote a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// Simulated time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Time {
    /// Network cycles, to the last delivery.
    pub cycles: u64,
    /// Seconds at the chip's clock.
    pub seconds: f64,
}

/// How long packets took.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Latencies {
    /// Creation to tail read: the wait in the source's queue included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet: Option<Latency>,
    /// Head injected to tail read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Latency>,
}

impl Latencies {
    fn is_empty(&self) -> bool {
        self.packet.is_none() && self.network.is_none()
    }
}

/// A distribution of latencies.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// Unit of all but `count`.
    pub unit: &'static str,
    /// Packets measured.
    pub count: u64,
    /// Mean.
    pub mean: f64,
    /// Least.
    pub min: u64,
    /// Median.
    pub p50: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p999: u64,
    /// Greatest.
    pub max: u64,
}

/// How much got through.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Throughput {
    /// Offered within the measured window, refused packets included [flits/node/cycle over all nodes].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered: Option<f64>,
    /// Accepted within the measured window [flits/node/cycle over all nodes].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<f64>,
    /// The same in packets, by the mean length of those delivered [packets/node/cycle].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_packets: Option<f64>,
    /// Packets delivered per second of simulated time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packets_per_second: Option<f64>,
    /// Measured packets had not all arrived when the drain limit was reached.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub saturated: bool,
}

/// What was sent, in the whole run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Traffic {
    /// Packets by what became of them.
    pub packets: PacketCounts,
    /// Link traversals of flits.
    pub flit_hops: u64,
    /// Routers that measured packets traversed, mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_hops: Option<f64>,
    /// Flits sent again after a bit error.
    #[serde(skip_serializing_if = "is_zero")]
    pub retransmitted_flits: u64,
    /// Packets to many nodes that routers copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multicast: Option<MulticastCounts>,
}

/// Packets to many nodes. In [`PacketCounts`] each of their destinations counts as one packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MulticastCounts {
    /// Created by their nodes.
    pub packets: u64,
    /// Their destinations.
    pub destinations: u64,
    /// Copies that routers made.
    pub copies: u64,
}

/// Packets by what became of them: `injected = delivered + refused + lost + in_flight`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PacketCounts {
    /// Handed to the network by their nodes.
    pub injected: u64,
    /// Delivered whole.
    pub delivered: u64,
    /// Refused at the source: one end does not work, or no route leads there.
    pub refused: u64,
    /// Lost to a fault on their way.
    pub lost: u64,
    /// The lost ones by what they were lost to.
    #[serde(skip_serializing_if = "Lost::is_empty")]
    pub lost_to: Lost,
    /// Of the delivered ones, those with damage by bit errors that no check noticed.
    #[serde(skip_serializing_if = "is_zero")]
    pub corrupted: u64,
    /// Still under way when the run ended before all had arrived.
    #[serde(skip_serializing_if = "is_zero")]
    pub in_flight: u64,
}

/// Values by name, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByName<T>(pub Vec<(&'static str, T)>);

impl<T> ByName<T> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Serialize> Serialize for ByName<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Lost packets by cause: `router`, `link`, `stuck_vc`, `core` (something broke that held them, or that they were on
/// their way to), `cut_off` (their way, laid before the fault, led into what broke), `bit_errors`.
pub type Lost = ByName<u64>;

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What the run cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Energy {
    /// The sum of `by_component`, in order [J].
    pub total_joules: f64,
    /// What events cost: it follows the traffic [J].
    pub dynamic_joules: f64,
    /// What the clock costs, traffic or not [J].
    pub clock_joules: f64,
    /// What leaked away over `time.seconds` [J].
    pub static_joules: f64,
    /// By component [J].
    pub by_component: Components,
    /// Total over time [W].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_power_watts: Option<f64>,
}

/// Energies by component, in the order in which they are added up [J].
pub type Components = ByName<f64>;

/// What is broken, and what the routing makes of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Faults {
    /// Nodes that do not work.
    pub nodes: u64,
    /// Links broken by themselves; one that is broken in both directions counts once.
    pub links: u64,
    /// Virtual channels of working links that are stuck.
    #[serde(skip_serializing_if = "is_zero")]
    pub stuck_vcs: u64,
    /// Working nodes with a disabled neighbour in X and one in Y.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#unsafe: Option<u64>,
    /// Working nodes that are cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolated: Option<u64>,
    /// Share of the pairs of working nodes that packets are delivered between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_share: Option<f64>,
    /// Mean hops over those of shortest ways on the flawless chip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stretch: Option<f64>,
    /// Largest load of a link under uniform traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gamma: Option<f64>,
    /// Whether the routing cannot deadlock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadlock_free: Option<bool>,
    /// Faults that strike during the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// Those that did strike, in order, and what each left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub epochs: Vec<FaultEpoch>,
    /// Bit errors on links, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bit_errors: Option<BitErrors>,
}

/// A fault that struck during the run, and what it left.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaultEpoch {
    /// Cycle in which it struck, and sources stopped.
    pub at_cycle: u64,
    /// Cycle in which the new routes came into force and sources went on; absent if the run ended before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed_at_cycle: Option<u64>,
    /// Packets under way when it struck.
    pub in_flight: u64,
    /// Of these, packets that were lost.
    pub lost: u64,
    /// The lost ones by cause.
    #[serde(skip_serializing_if = "Lost::is_empty")]
    pub lost_to: Lost,
    /// Nodes that do not work afterwards.
    pub nodes: u64,
    /// Links broken by themselves afterwards; one that is broken in both directions counts once.
    pub links: u64,
    /// Share of the pairs of working nodes that packets are delivered between afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_share: Option<f64>,
    /// Mean hops over those of shortest ways through what works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stretch: Option<f64>,
    /// Largest load of a link under uniform traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gamma: Option<f64>,
    /// Whether the routing cannot deadlock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadlock_free: Option<bool>,
}

/// Bit errors on links, and what protects from them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BitErrors {
    /// Probability that a transmission of a flit over a link damages it.
    pub flit_damage: f64,
    /// Probability that damage goes unnoticed.
    pub unnoticed: f64,
    /// Flits sent again over those sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resent_share: Option<f64>,
}

/// The load of a directed link.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkLoad {
    /// Router that drives it.
    pub from: u32,
    /// Router that it leads to.
    pub to: u32,
    /// Flits in the whole run.
    pub flits: u64,
    /// Share of the run's cycles in which it was occupied.
    pub utilisation: f64,
    /// What was spent on it [J], by the figures of the chip: of a network of spiking cores the whole hop, routers
    /// included, without what is spent at rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy: Option<f64>,
}

/// What the workload computed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Results {
    /// The saturation point.
    Saturation(Saturation),
}

/// Where the network saturates [flits/node/cycle]. The rest of the report is the run at `below`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Saturation {
    /// Highest rate tried that does not saturate it; 0 if all do.
    pub below: f64,
    /// Lowest rate tried that does; absent if none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Every rate tried, ascending.
    pub points: Vec<RatePoint>,
}

/// One rate of a saturation search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RatePoint {
    /// Asked for [flits/node/cycle].
    pub rate: f64,
    /// Offered [flits/node/cycle].
    pub offered: f64,
    /// Accepted [flits/node/cycle].
    pub accepted: f64,
    /// Mean packet latency [cycles].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_latency: Option<f64>,
    /// Whether the network saturates.
    pub saturated: bool,
}

/// A network that stopped moving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stalled {
    /// Packets under way.
    pub packets: u64,
    /// A cycle of channels, each held by a packet that waits for the next one; empty if there is none.
    pub cycle: Vec<Channel>,
}

/// A channel: a virtual channel of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Channel {
    /// Router that drives the link; absent for the way from a node into its router.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u32>,
    /// Router that it leads to.
    pub to: u32,
    /// The virtual channel.
    pub vc: u8,
}

impl Report {
    /// The text of `report.json`: indented, with a line break at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_else(|_| Value::Null.to_string());
        text.push('\n');
        text
    }
}
