//! When packets are created, as written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Problem, Problems};

/// Longest time that a parameter may state [cycles].
pub(super) const MAX_CYCLES: u64 = 1 << 40;

/// Smallest probability that a parameter may state.
pub(super) const MIN_PROBABILITY: f64 = 1e-9;

/// The process by which a node creates packets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Process {
    /// Each cycle creates a packet with the same probability, independently of all others.
    #[default]
    Bernoulli,
    /// Bernoulli while the node is on, nothing while it is off.
    OnOff(OnOff),
    /// Packets at equal distances.
    Periodic(Periodic),
    /// Spikes: in every tick some of the node's neurons fire, each to all of its targets.
    Burst(Burst),
}

/// Markov-modulated Bernoulli process: every cycle the node first changes state with the given
/// probabilities; while on, it then creates a packet with the probability that makes the long-run mean equal
/// to the traffic's `rate`. Starts in its stationary state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OnOff {
    /// Probability per cycle that an idle node turns on; > 0. Lower: rarer, longer pauses of mean 1/α.
    pub alpha: f64,
    /// Probability per cycle that a node that is on turns off; > 0. Lower: longer bursts of mean 1/β.
    /// α + β ≤ 1: beyond that the process alternates instead of clustering.
    pub beta: f64,
}

impl Default for OnOff {
    /// Bursts of 20 cycles, pauses of 80.
    fn default() -> Self {
        Self { alpha: 0.0125, beta: 0.05 }
    }
}

/// Packets at equal distances. Node i creates its first packet in cycle
/// `phase` + (`stagger` · i mod period).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Periodic {
    /// Distance between packets [cycles]; 1 to 2⁴⁰. Absent: from the traffic's `rate`, and then any
    /// fraction: packet k comes in the cycle that contains k times the period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<u64>,
    /// Cycle in which node 0 creates its first packet.
    pub phase: u64,
    /// Shift of each node against the one before it [cycles]. 0: all nodes at once.
    pub stagger: u64,
}

/// Neurons that fire in ticks. A node hosts `neurons` neurons, which it works through in order at
/// the start of each tick; each fires with probability `spikes` / `neurons`, and its spike goes at once to
/// `fan_out` destinations. A neuron's targets are drawn once from the traffic's pattern and then stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Burst {
    /// Length of a tick [cycles]; 1 to 2³².
    pub tick_cycles: u64,
    /// Neurons per node; 1 to 2²⁴.
    pub neurons: u32,
    /// Mean number of spikes of a node per tick; > 0, at most `neurons`.
    pub spikes: f64,
    /// Packets per spike; 1 to 65536.
    pub fan_out: u32,
    /// Time from one neuron to the next [cycles]. 0: all fire in the tick's first cycle. All neurons must
    /// be through when the next tick begins.
    pub neuron_cycles: u64,
}

impl Default for Burst {
    /// 256 neurons of which 2 % fire in a tick of 1000 cycles, to four targets each.
    fn default() -> Self {
        Self { tick_cycles: 1000, neurons: 256, spikes: 5.12, fan_out: 4, neuron_cycles: 1 }
    }
}

impl Process {
    /// Whether the traffic's `rate` sets the pace.
    pub fn follows_rate(&self) -> bool {
        match self {
            Self::Bernoulli | Self::OnOff(_) => true,
            Self::Periodic(periodic) => periodic.period.is_none(),
            Self::Burst(_) => false,
        }
    }

    /// Most packets per cycle that a node can create on average.
    pub fn max_packet_rate(&self) -> f64 {
        match self {
            Self::OnOff(OnOff { alpha, beta }) => alpha / (alpha + beta),
            _ => 1.0,
        }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// One problem per parameter out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        match self {
            Self::Bernoulli => Ok(()),
            Self::OnOff(on_off) => on_off.validate().map_err(|problems| problems.under("on-off")),
            Self::Periodic(periodic) => periodic.validate().map_err(|problems| problems.under("periodic")),
            Self::Burst(burst) => burst.validate().map_err(|problems| problems.under("burst")),
        }
    }
}

impl OnOff {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        for (name, value) in [("alpha", self.alpha), ("beta", self.beta)] {
            if !(MIN_PROBABILITY..1.0).contains(&value) {
                let message = format!("{value} is no probability of a change");
                problems.push(Problem::new(name, message).allowed("1e-9 to below 1"));
            }
        }
        if problems.0.is_empty() && self.alpha + self.beta > 1.0 {
            let message = format!("alpha + beta is {}: the process alternates", self.alpha + self.beta);
            problems.push(Problem::new("beta", message).allowed("alpha + beta up to 1"));
        }
        problems.into_result(())
    }
}

impl Periodic {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let (period, phase, stagger) = (self.period.unwrap_or(1), self.phase, self.stagger);
        in_range(&mut problems, "period", period, (1, MAX_CYCLES));
        in_range(&mut problems, "phase", phase, (0, MAX_CYCLES));
        in_range(&mut problems, "stagger", stagger, (0, MAX_CYCLES));
        problems.into_result(())
    }
}

impl Burst {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        in_range(&mut problems, "tick_cycles", self.tick_cycles, (1, 1 << 32));
        in_range(&mut problems, "neurons", self.neurons.into(), (1, 1 << 24));
        in_range(&mut problems, "fan_out", self.fan_out.into(), (1, 1 << 16));
        let probability = self.spikes / f64::from(self.neurons);
        if !(MIN_PROBABILITY..=1.0).contains(&probability) && self.neurons > 0 {
            let message = format!("{} spikes per tick of {} neurons", self.spikes, self.neurons);
            let most = format!("above 0, up to {} (each neuron fires at most once)", self.neurons);
            problems.push(Problem::new("spikes", message).allowed(most));
        }
        let busy = u64::from(self.neurons).checked_mul(self.neuron_cycles);
        if busy.is_none_or(|busy| busy > self.tick_cycles) {
            let most = self.tick_cycles / u64::from(self.neurons.max(1));
            let message = format!(
                "{} neurons every {} cycles do not fit a tick of {}",
                self.neurons, self.neuron_cycles, self.tick_cycles
            );
            problems.push(Problem::new("neuron_cycles", message).allowed(format!("0 to {most}")));
        }
        problems.into_result(())
    }
}

/// Records a problem at `path` unless `value` is in the range.
pub(super) fn in_range(problems: &mut Problems, path: &str, value: u64, (low, high): (u64, u64)) {
    if !(low..=high).contains(&value) {
        let message = format!("{value} is out of range");
        problems.push(Problem::new(path, message).allowed(format!("{low} to {high}")));
    }
}
