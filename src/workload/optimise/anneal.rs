//! Annealing a quadratic form on a network of [`Nebm`] units, with restarts.
//!
//! A unit per variable; a flip of variable j tells i that its field has changed by −2·Qᵢⱼ. The host follows
//! the flips, and knows at every step which state the units are in and what it costs; it intervenes only to
//! put the network to rest for another attempt. Late flips confuse units, not the host: what is reported
//! is always the value of a state.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::{Problem, Problems};
use crate::network::{Activity, Machine, NetBuilder, Part, Synapse};
use crate::neuron::nebm::Nebm;
use crate::workload::graph::wave::STEP;
use crate::workload::host::{Backend, Failure, Host};
use crate::workload::problem::qubo::Qubo;

/// How long, how hot, and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Annealing {
    /// Steps of one attempt; at least 1.
    #[schemars(range(min = 1), extend("unit" = "steps"))]
    pub steps: u32,
    /// Attempts, each from rest; at least 1. They end early when the target is met.
    #[schemars(range(min = 1))]
    pub attempts: u32,
    /// Temperature at the start. Absent: a third of the largest field in the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "energy"))]
    pub hot: Option<f64>,
    /// Temperature at the end, approached geometrically. Absent: an eighth of the smallest coefficient.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "energy"))]
    pub cold: Option<f64>,
    /// Fewest steps that a unit rests after a flip.
    #[schemars(extend("unit" = "steps"))]
    pub rest_min: u16,
    /// Most steps that a unit rests after a flip.
    #[schemars(extend("unit" = "steps"))]
    pub rest_max: u16,
}

impl Default for Annealing {
    fn default() -> Self {
        Self { steps: 1000, attempts: 10, hot: None, cold: None, rest_min: 3, rest_max: 10 }
    }
}

impl Annealing {
    pub(super) fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.require(self.steps > 0, "steps", || "an attempt has at least one step".to_owned());
        problems.require(self.attempts > 0, "attempts", || "there is at least one attempt".to_owned());
        for (path, value) in [("hot", self.hot), ("cold", self.cold)] {
            if value.is_some_and(|value| !(value > 0.0 && value.is_finite())) {
                problems.push(Problem::new(path, "a temperature is out of range").allowed("more than 0"));
            }
        }
        let ordered = self.rest_min <= self.rest_max;
        problems.require(ordered, "rest_min", || format!("{} is above {}", self.rest_min, self.rest_max));
        problems.into_result(())
    }

    /// Temperatures at the start and at the end.
    fn temperatures(&self, qubo: &Qubo) -> (f64, f64) {
        let coefficients = qubo.linear.iter().copied().chain(qubo.quadratic.iter().map(|it| 2.0 * it.weight));
        let smallest = coefficients.map(f64::abs).filter(|&it| it > 0.0).fold(f64::INFINITY, f64::min);
        let smallest = if smallest.is_finite() { smallest } else { 1.0 };
        let cold = self.cold.unwrap_or(smallest / 8.0);
        let hot = self.hot.unwrap_or(qubo.largest_field() / 3.0).max(cold);
        (hot, cold)
    }
}

/// When a better state was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Milestone {
    pub value: f64,
    pub activity: Activity,
}

/// The best of all attempts.
#[derive(Clone, Debug)]
pub(super) struct Best {
    pub state: Vec<bool>,
    pub value: f64,
    /// Best values so far, falling.
    pub curve: Vec<Milestone>,
    /// Attempts made.
    pub attempts: u32,
}

impl Best {
    /// The curve as a report shows it: what had been spent when each value was reached.
    pub(super) fn curve_json(&self) -> Value {
        let point = |it: &Milestone| {
            json!({
                "value": it.value,
                "steps": it.activity.steps,
                "spikes": it.activity.spikes,
                "synaptic_events": it.activity.synaptic_events,
                "updates": it.activity.updates,
            })
        };
        self.curve.iter().map(point).collect()
    }

    /// What had been spent when the value came within a relative `gap` of `target`, gap by gap.
    pub(super) fn gaps(&self, target: f64) -> Value {
        let reached = |gap: f64| {
            let first = self.curve.iter().find(|it| relative_gap(it.value, target) <= gap + 1e-12);
            first.map_or(Value::Null, |it| {
                json!({
                    "steps": it.activity.steps,
                    "spikes": it.activity.spikes,
                    "synaptic_events": it.activity.synaptic_events,
                    "updates": it.activity.updates,
                })
            })
        };
        json!({"0.1": reached(0.1), "0.05": reached(0.05), "0.01": reached(0.01), "0": reached(0.0)})
    }
}

/// How far `value` is above `target`, in units of the target.
pub(super) fn relative_gap(value: f64, target: f64) -> f64 {
    (value - target) / target.abs().max(f64::MIN_POSITIVE)
}

/// A form to minimise.
pub(super) struct Search<'a> {
    pub qubo: &'a Qubo,
    pub annealing: &'a Annealing,
    /// A field added to each unit that is no part of the form: clamps it on or off.
    pub clamp: Option<&'a [f64]>,
    /// A value at which to stop.
    pub target: Option<f64>,
}

/// Field that outweighs any other.
pub(super) const CLAMPED: f64 = 1e6;

impl Search<'_> {
    fn build(&self) -> Result<(crate::network::Net, crate::network::Span), Problems> {
        let (hot, cold) = self.annealing.temperatures(self.qubo);
        let cooling = (cold / hot).powf(1.0 / f64::from(self.annealing.steps)).min(1.0);
        let mut net = NetBuilder::new(STEP);
        let part = |i: usize| Part {
            model: Nebm {
                bias: self.clamp.map_or(0.0, |clamp| clamp[i]) - self.qubo.linear[i],
                temperature: hot,
                cooling,
                coldest: cold,
                rest_min: self.annealing.rest_min,
                rest_max: self.annealing.rest_max,
            }
            .into(),
            count: 1,
        };
        let units = net.parts("variables", (0..self.qubo.linear.len()).map(part).collect());
        for arc in self.qubo.quadratic.iter() {
            let target = units.at(arc.to);
            net.connect(
                units.at(arc.from),
                Synapse { target, weight: -2.0 * arc.weight, delay: 1, channel: 0 },
            );
        }
        Ok((net.build()?, units))
    }

    /// The best state of all attempts.
    pub(super) fn run<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Best, Failure> {
        let (net, units) = self.build()?;
        host.load(net)?;
        let off = vec![false; self.qubo.linear.len()];
        let mut best = Best { state: off.clone(), value: f64::INFINITY, curve: Vec::new(), attempts: 0 };
        'attempts: for attempt in 0..self.annealing.attempts {
            host.share = Some(f64::from(attempt) / f64::from(self.annealing.attempts));
            if attempt > 0 {
                host.machine().reset();
            }
            best.attempts += 1;
            let mut state = off.clone();
            let mut value = 0.0;
            for _ in 0..self.annealing.steps {
                if !host.goes_on()? {
                    break 'attempts;
                }
                for &neuron in host.machine().fired() {
                    if let Some(unit) = units.position(neuron) {
                        let cost = self.qubo.cost_of(unit, &state);
                        let on = &mut state[unit as usize];
                        value += if *on { -cost } else { cost };
                        *on = !*on;
                    }
                }
                if value < best.value && self.is_clamped(&state) {
                    best.value = value;
                    best.state.clone_from(&state);
                    best.curve.push(Milestone { value, activity: host.activity() });
                }
                if self.target.is_some_and(|target| best.value <= target) {
                    break;
                }
            }
            if self.target.is_some_and(|target| best.value <= target) {
                break;
            }
        }
        if best.curve.is_empty() && host.is_cancelled() {
            return Err(Failure::Cancelled);
        }
        // Rounding of the running sum does not leave this room.
        best.value = self.qubo.value(&best.state);
        Ok(best)
    }

    /// Whether the units are where their clamps want them.
    fn is_clamped(&self, state: &[bool]) -> bool {
        let holds = |(&field, &on): (&f64, &bool)| if on { field > -CLAMPED } else { field < CLAMPED };
        self.clamp.is_none_or(|clamp| clamp.iter().zip(state).all(holds))
    }
}
