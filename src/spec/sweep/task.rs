//! What the points of a sweep are: runs, mappings, or studies of an array.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SweepDoc;
use super::lane::Assignments;
use crate::base::{Problem, Problems};
use crate::mapping::{Partition, Place};
use crate::spec::document::Kind;
use crate::spec::preset;

/// How a mapping is searched for, where it differs from what `spikeloom map` does by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapOptions {
    /// How neurons are put together. Default: the best result of all ways is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
    /// How cores are chosen. Default: `anneal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Steps run without a chip to measure how often each neuron fires. Default: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<u32>,
    /// Count the links of multicast trees instead of those of single packets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multicast: Option<bool>,
    /// Weight of the busiest link in what is minimised, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub peak: Option<f64>,
    /// Starts per kind of partition. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub starts: Option<u32>,
}

/// What is tried with an array, where it differs from what `spikeloom array` does by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StudyOptions {
    /// Inputs of the matrix that is tried. Default: 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub rows: Option<u32>,
    /// Outputs of the matrix that is tried. Default: 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub columns: Option<u32>,
    /// Products on each array. Default: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub products: Option<u32>,
    /// Arrays that are drawn, each with a seed of its own. Default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub trials: Option<u32>,
    /// Time from programming to the products [s]. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub age: Option<f64>,
}

/// The command that each point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// `spikeloom run`.
    Run,
    /// `spikeloom map`.
    Map,
    /// `spikeloom array`.
    Study,
}

impl Task {
    /// What the points of `sweep` are.
    ///
    /// # Errors
    /// Fields that do not go together.
    pub(super) fn of(sweep: &SweepDoc) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let (task, subject) = match (&sweep.device, &sweep.map) {
            (Some(_), _) => (Self::Study, "a study of a `device`"),
            (None, Some(_)) => (Self::Map, "a mapping"),
            (None, None) => (Self::Run, "a run"),
        };
        let given = [
            ("workload", sweep.workload.is_some(), Self::Study != task),
            ("chip", sweep.chip.is_some(), Self::Study != task),
            ("faults", sweep.faults.is_some(), Self::Study != task),
            ("routing", sweep.routing.is_some(), Self::Study != task),
            ("fidelity", sweep.fidelity.is_some(), Self::Run == task),
            ("map", sweep.map.is_some(), Self::Map == task),
            ("study", sweep.study.is_some(), Self::Study == task),
        ];
        for (field, is_given, fits) in given {
            problems.require(!is_given || fits, field, || format!("this does not go with {subject}"));
        }
        let missing = |field: &str| Problem::new(field, format!("is missing: each point is {subject}"));
        if task != Self::Study && sweep.workload.is_none() {
            problems.push(missing("workload").allowed("`workload`; or a `device`, whose array is studied"));
        }
        if task == Self::Map && sweep.chip.is_none() {
            problems.push(missing("chip"));
        }
        problems.into_result(task)
    }

    /// What is varied by its name alone.
    pub(super) const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Run => &["workload", "chip", "faults", "routing", "fidelity", "seed"],
            Self::Map => &["workload", "chip", "faults", "routing", "seed"],
            Self::Study => &["device", "seed"],
        }
    }

    /// First words of longer paths.
    pub(super) const fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Run => &["chip", "faults", "workload"],
            Self::Map => &["chip", "faults", "workload", "map"],
            Self::Study => &["device", "study"],
        }
    }

    const fn command(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Map => "map",
            Self::Study => "array",
        }
    }
}

/// A command that is being put together.
pub(super) struct Order {
    task: Task,
    /// The document that is named without a flag: the workload, or the device.
    subject: String,
    chip: Option<String>,
    faults: Option<String>,
    routing: Option<String>,
    fidelity: Option<String>,
    pub(super) seed: u64,
    /// Options of the command that are no documents, by name.
    options: Assignments,
    set: Assignments,
}

impl Order {
    /// What all points of `sweep` have in common.
    pub(super) fn of(sweep: &SweepDoc, task: Task) -> Self {
        let SweepDoc { workload, device, chip, faults, routing, fidelity, seed, map, study, .. } = sweep;
        let (options, set) = (Assignments::new(), Assignments::new());
        let [chip, faults, routing, fidelity] = [chip, faults, routing, fidelity].map(Clone::clone);
        let subject = if task == Task::Study { device } else { workload }.clone().unwrap_or_default();
        let mut order = Self { task, subject, chip, faults, routing, fidelity, seed: *seed, options, set };
        let options = [serde_json::to_value(map), serde_json::to_value(study)];
        for (name, value) in options.iter().flatten().filter_map(Value::as_object).flatten() {
            order.options.push((name.clone(), value.clone()));
        }
        for (path, value) in &sweep.set {
            order.assign(path.clone(), value.clone());
        }
        order
    }

    /// Sets a path; what was set for it before is forgotten.
    pub(super) fn assign(&mut self, path: String, value: Value) {
        let text = || value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let name = || (!value.is_null()).then(text);
        let (list, path) = match path.as_str() {
            "workload" | "device" => return self.subject = text(),
            "chip" => return self.chip = name(),
            "faults" => return self.faults = name(),
            "routing" => return self.routing = name(),
            "fidelity" => return self.fidelity = name(),
            "seed" => return self.seed = value.as_u64().unwrap_or(self.seed),
            path => match path.strip_prefix("map.").or_else(|| path.strip_prefix("study.")) {
                Some(option) => (&mut self.options, option.to_owned()),
                None => (&mut self.set, path.to_owned()),
            },
        };
        list.retain(|(known, _)| *known != path);
        list.push((path, value));
    }

    /// The arguments of `spikeloom`; documents that are files lie in `folder`.
    pub(super) fn arguments(&self, folder: Option<&Path>) -> Vec<String> {
        let kind = if self.task == Task::Study { Kind::Device } else { Kind::Workload };
        let mut arguments = vec![self.task.command().to_owned(), beside(kind, &self.subject, folder)];
        let mut option = |name: &str, value: String| arguments.extend([format!("--{name}"), value]);
        for (kind, name) in [(Kind::Chip, &self.chip), (Kind::Faults, &self.faults)] {
            if let Some(name) = name {
                option(kind.prefix(), beside(kind, name, folder));
            }
        }
        for (name, value) in [("routing", &self.routing), ("fidelity", &self.fidelity)] {
            if let Some(value) = value {
                option(name, value.clone());
            }
        }
        option("seed", self.seed.to_string());
        for (path, value) in &self.set {
            option("set", format!("{path}={}", written(value)));
        }
        for (name, value) in &self.options {
            match value {
                Value::Bool(true) => arguments.push(format!("--{name}")),
                Value::Bool(false) | Value::Null => {}
                value => arguments.extend([format!("--{name}"), written(value)]),
            }
        }
        arguments
    }
}

/// A value as an argument: text that reads back as the same text stands bare, all else is JSON, which is
/// YAML in its flow style.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) if crate::spec::scalar::is_plain_text(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A document's name as a command needs it: files lie in `folder`.
pub(super) fn beside(kind: Kind, name: &str, folder: Option<&Path>) -> String {
    match folder {
        Some(folder) if preset::find(kind, name).is_none() && !folder.as_os_str().is_empty() => {
            folder.join(name).to_string_lossy().into_owned()
        }
        _ => name.to_owned(),
    }
}
