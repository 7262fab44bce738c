//! Sweeps: many runs that differ in a few values.
//!
//! ```text
//!   SweepDoc ──build──▶ Design ──point(i)──▶ Point ──▶ the arguments of one `spikeloom run`, `map` or `array`
//!   axes, points, sample, keep, repetitions
//! ```
//!
//! Invariants: the design is a pure function of the document; a point is a pure function of the design and
//! its number, and is nothing but the arguments of one command; a design holds a few bytes a point.
//!
//! Must not know: how points are run, where results go.
//!
//! Read [`SweepDoc`] first, then `design.rs`, then `task.rs` for what a point can be.

mod axis;
mod condition;
mod design;
mod lane;
mod paths;
mod task;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use axis::{Axis, Choice, LogRange, Part, Range};
pub use design::{Column, Design, Point};
pub use task::{MapOptions, StudyOptions};

use super::document::{Document, Files, Kind};
use crate::base::Problems;

/// Many runs that differ in a few values.
///
/// A path is `chip.…`, `workload.…` or `faults.…` as in `--set`, or one of `workload`, `chip`, `faults`
/// (names of documents), `routing`, `fidelity`, `seed`. With `map`, each point is a mapping as by
/// `spikeloom map`, and paths may be `map.…`; with `device`, each point is a study of an array as by
/// `spikeloom array`, and paths are `device`, `seed`, `device.…` and `study.…`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SweepDoc {
    /// What is run: a built-in workload, or a file relative to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// The chip: a built-in one, or a file relative to this one. Default: that of `run`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip: Option<String>,
    /// What is broken: a built-in fault map, or a file relative to this one. Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<String>,
    /// How packets find their way, instead of what the chip says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<String>,
    /// How closely the network is simulated, as in `run --fidelity`. Default: that of `run`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<String>,
    /// Each point is a mapping of the workload's network onto the chip, searched for like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<MapOptions>,
    /// Each point is a study of this device's array instead of a run: a built-in one, or a file relative
    /// to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// What is tried with the array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<StudyOptions>,
    /// Seed of the first repetition; each further one has the next.
    #[serde(default = "one")]
    pub seed: u64,
    /// Values that are the same at every point, by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Value>,
    /// What is varied. Without `sample`, every combination of the axes' values is a setting; the last axis
    /// changes fastest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub axes: Vec<Axis>,
    /// Settings that are listed one by one, each a map from paths to values; combined with the axes if
    /// there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<BTreeMap<String, Value>>,
    /// A random sample of settings instead of every combination: each axis is drawn by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sample>,
    /// Conditions that a setting must meet to be run, such as `vcs * buffer_flits <= 32` or
    /// `routing != 'xy' or rate < 0.3`, over the names of columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    /// Runs of each setting, which differ in their seed alone; 1 to 100000.
    #[serde(default = "one_run")]
    #[schemars(range(min = 1, max = 100_000))]
    pub repetitions: u32,
    /// Level of the confidence intervals of means over repetitions; above 0, below 1.
    #[serde(default = "default_confidence")]
    pub confidence: f64,
    /// What the page of results shows.
    #[serde(default)]
    pub plot: Plot,
}

/// A random sample of settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Settings to draw; 1 to 1000000. A larger sample begins with the smaller one.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub count: u32,
    /// Seed of the draws.
    #[serde(default = "one")]
    pub seed: u64,
}

/// What the page of results shows. Whatever is absent is chosen from the columns and the metrics there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Plot {
    /// The column along the curves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// A column with charts of its own for each of its values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facet: Option<String>,
    /// Metrics that are drawn, by their names in `results.csv`, such as `latency.packet.mean`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// Two columns with numbers or names that span the heat maps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heat: Option<[String; 2]>,
    /// Metrics whose best compromises are marked, all to be small; a `-` before the name: to be large.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pareto: Vec<String>,
}

fn one() -> u64 {
    1
}

fn one_run() -> u32 {
    1
}

fn default_confidence() -> f64 {
    0.95
}

impl Document for SweepDoc {
    const KIND: Kind = Kind::Sweep;
    const EXAMPLE: &'static str = "\
workload: uniform
axes:
  - {path: routing, values: [xy, odd-even]}
  - {path: workload.traffic.rate, range: {from: 0.05, to: 0.4, step: 0.05}}";
    type Built = Design;

    fn build(&self, _: Files<'_>) -> Result<Design, Problems> {
        Design::new(self)
    }
}

#[cfg(test)]
mod tests;
