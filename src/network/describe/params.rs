//! What a workload says under `network:`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::convolution::Convolution;
use crate::base::unit::Seconds;
use crate::neuron::{Dendrite, NeuronModel};
use crate::synapse::plasticity::Rule;

/// A spiking network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkParams {
    /// Length of a step in the time of the neuron models [s]. What a step takes on a chip is a result.
    #[serde(default = "default_dt")]
    pub dt: Seconds,
    /// Groups of neurons.
    pub populations: Vec<PopulationParams>,
    /// Synapses between them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub projections: Vec<ProjectionParams>,
    /// Whether synapses with delays beyond the chip's longest go through relays: neurons of a population `relays` of their
    /// own, at the end, which pass spikes on. Without it such delays are refused. Not for synapses that learn, for
    /// procedural ones and from neurons that send values.
    #[serde(default, skip_serializing_if = "is_false")]
    pub relays: bool,
    /// Cores that neurons are to sit on, in the order in which their cores update them. All neurons or none, relays
    /// apart, which sit on the cores of their sources if they are not named; without it neurons are placed one after the
    /// other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mapping: Vec<SeatParams>,
}

fn default_dt() -> Seconds {
    Seconds(1e-3)
}

/// A named group of neurons of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PopulationParams {
    /// What projections, probes and reports call it.
    pub name: String,
    /// How many neurons.
    #[schemars(range(min = 1))]
    pub neurons: u32,
    /// Their model and its parameters.
    pub model: NeuronModel,
    /// Neurons with other parameters of the same model; later entries win.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartParams>,
    /// Parameters that differ from neuron to neuron: by name one number per neuron. Not beside `parts`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Vec<f64>>,
    /// Of a `source-list`: CSV file with the columns `neuron,step`, neurons counted from 0 and steps from 1, that says when
    /// each neuron fires. In place of the model's `steps`; its `repeat` holds. Not beside `parts` or `values`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trains: Option<String>,
    /// Their dendrites, where these have taps. Absent: what arrives adds up, and the soma takes it in within the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dendrite: Option<Dendrite>,
}

/// Some neurons of a population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartParams {
    /// First and last, counted from 0.
    pub neurons: [u32; 2],
    /// Their model and its parameters.
    pub model: NeuronModel,
    /// Their dendrites. Default: those of the population.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dendrite: Option<Dendrite>,
}

/// Synapses from some neurons to others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectionParams {
    /// Neurons that send: `cells`, `cells[3]` or `cells[0..9]`.
    pub from: String,
    /// Neurons that receive.
    pub to: String,
    /// Who is joined to whom.
    pub pattern: Pattern,
    /// Weights, in the unit of the target's input channel. Default: 1.
    #[serde(default, skip_serializing_if = "Weights::is_default")]
    pub weights: Weights,
    /// Delays [steps]. Default: 1.
    #[serde(default, skip_serializing_if = "Delays::is_default")]
    pub delays: Delays,
    /// Input channel of the targets: 0, or 1 for models with two.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0, max = 1))]
    pub channel: u8,
    /// Tap of the targets' dendrites, counted from the soma.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = 0, max = 254))]
    pub tap: u8,
    /// How the synapses learn; their weights start within the bounds of the rule. Absent: weights stay as they
    /// are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plasticity: Option<PlasticityParams>,
    /// Whether its synapses are not stored but drawn anew, and the same, whenever their neuron fires: for
    /// `one-to-one`, `all-to-all`, `probability`, `fan-out` and `distance` with constant or drawn weights. All
    /// projections from a neuron are procedural, or none is.
    #[serde(default, skip_serializing_if = "is_false")]
    pub procedural: bool,
}

/// How synapses learn from the spikes at their two ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlasticityParams {
    /// The rule and its parameters.
    pub rule: Rule,
    /// Whose spikes are rewards; goes with the rule `reward`, which needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<RewardParams>,
}

/// Where rewards come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RewardParams {
    /// Neurons whose spikes are rewards: `dopamine`, `dopamine[3]` or `dopamine[0..9]`.
    pub from: String,
    /// What each of their spikes adds to the reward signal, in the step after it; less than 0 punishes.
    #[serde(default = "one")]
    pub amount: f64,
}

fn one() -> f64 {
    1.0
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// Who is joined to whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Pattern {
    /// Each neuron to the one with the same place among the targets.
    OneToOne,
    /// Each to all.
    AllToAll {
        /// Whether a neuron is joined to itself.
        #[serde(default = "yes")]
        itself: bool,
    },
    /// Each pair with a probability.
    Probability {
        /// The probability; 0 to 1.
        #[schemars(range(min = 0, max = 1))]
        probability: f64,
        /// Whether a neuron may be joined to itself.
        #[serde(default)]
        itself: bool,
    },
    /// Each target has as many synapses, from sources drawn with replacement.
    FanIn {
        /// Synapses of each target.
        count: u32,
    },
    /// Each source has as many synapses, to targets drawn with replacement.
    FanOut {
        /// Synapses of each source.
        count: u32,
    },
    /// Pairs on a grid, by their distance: probability `peak · exp(−(d/radius)²/2)` up to `reach`.
    Distance {
        /// Neurons along x of the grids that both populations are laid out on, row by row.
        width: u32,
        /// Probability at distance 0; 0 to 1.
        #[schemars(range(min = 0, max = 1))]
        peak: f64,
        /// Distance at which the probability has fallen to 61 % [grid pitches].
        radius: f64,
        /// Distance beyond which there are no synapses [grid pitches].
        reach: f64,
    },
    /// A two-dimensional convolution; `weights` lists the filters by `[y][x][channel in][channel out]`.
    Convolution(Convolution),
    /// The pairs in a CSV file with the columns `source,target` and, if they differ, `weight`, `delay` and
    /// `tap`; neurons counted from 0 within `from` and `to`. What the file says, the projection does not say again.
    List {
        /// The file.
        file: String,
    },
    /// The entries of a Matrix Market file: row source, column target, value weight. It has a row for each neuron
    /// of `from` and a column for each of `to`.
    Matrix {
        /// The file.
        file: String,
    },
}

fn yes() -> bool {
    true
}

/// Weights of the synapses of a projection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Weights {
    /// All the same.
    Constant(f64),
    /// One for each, source by source, then target by target; for convolutions the filters.
    Values(Vec<f64>),
    /// The same from a text file: numbers between commas, spaces or line breaks.
    File(String),
    /// Drawn uniformly.
    Uniform {
        /// Least.
        low: f64,
        /// Greatest.
        high: f64,
    },
    /// Drawn from a normal distribution.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        deviation: f64,
    },
}

impl Default for Weights {
    fn default() -> Self {
        Self::Constant(1.0)
    }
}

impl Weights {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Delays of the synapses of a projection [steps].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Delays {
    /// All the same.
    Constant(u16),
    /// Drawn uniformly.
    Uniform {
        /// Least; at least 1.
        low: u16,
        /// Greatest.
        high: u16,
    },
}

impl Default for Delays {
    fn default() -> Self {
        Self::Constant(1)
    }
}

impl Delays {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Where neurons sit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatParams {
    /// Which neurons: `cells`, `cells[3]` or `cells[0..9]`.
    pub neurons: String,
    /// Their core.
    pub core: u32,
    /// Their granule, by name. Default: the first that runs their model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granule: Option<String>,
}
