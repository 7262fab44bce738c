//! Which paths can be varied.

use serde_json::Value;

use super::task::{MapOptions, StudyOptions, Task};
use crate::base::{Problem, Problems, problem};
use crate::sim::Fidelity;
use crate::spec::device::DeviceDoc;
use crate::spec::document::{ChipDoc, FaultDoc};
use crate::spec::overrides::segments;
use crate::spec::schema::{Schema, Shape};
use crate::spec::workload::WorkloadDoc;

/// What the points of a sweep can be set.
pub(super) struct Paths {
    task: Task,
    /// What may stand below the first word of a path.
    schemas: Vec<(&'static str, Schema)>,
    fidelity: Schema,
}

impl Paths {
    pub(super) fn new(task: Task) -> Self {
        let schema = |prefix: &&'static str| {
            let schema = match *prefix {
                "chip" => Schema::of::<ChipDoc>(),
                "faults" => Schema::of::<FaultDoc>(),
                "workload" => Schema::of::<WorkloadDoc>(),
                "device" => Schema::of::<DeviceDoc>(),
                "map" => Schema::of::<MapOptions>(),
                _ => Schema::of::<StudyOptions>(),
            };
            (*prefix, schema)
        };
        let schemas = task.prefixes().iter().map(schema).collect();
        Self { task, schemas, fidelity: Schema::of::<Fidelity>() }
    }

    /// Checks that `path` names something that can be set.
    ///
    /// # Errors
    /// It does not; the nearest name that there is at the first word that is wrong.
    pub(super) fn check(&self, path: &str) -> Result<(), Problems> {
        self.shape(path).map(|_| ())
    }

    /// Checks that `value` can be set at `path`, as far as that is a matter of names: documents and seeds
    /// must be such, and one of several named alternatives must be one of them.
    ///
    /// # Errors
    /// It cannot; the nearest name.
    pub(super) fn check_value(&self, path: &str, value: &Value) -> Result<(), Problems> {
        let (fits, allowed) = match path {
            "seed" => (value.is_u64(), "whole numbers from 0"),
            "workload" | "device" => (value.is_string(), "names"),
            _ if self.task.names().contains(&path) => {
                (value.is_string() || value.is_null(), "names, and null for none")
            }
            _ => (true, ""),
        };
        if !fits {
            return Err(Problem::new("", format!("{value} is no `{path}`")).allowed(allowed).into());
        }
        let shape = match path {
            "routing" => self.shape("chip.routing").ok().flatten(),
            "fidelity" => Some(self.fidelity.root()),
            _ => self.shape(path).ok().flatten(),
        };
        let choice = shape.filter(|shape| shape.is_choice()).map(Shape::names);
        match (choice, value.as_str()) {
            (Some(names), Some(text)) if !names.contains(&text) => {
                let problem = Problem::new("", format!("there is no `{text}` for `{path}`"));
                Err(problem.nearest(text, names.iter().copied()).allowed(names.join(", ")).into())
            }
            _ => Ok(()),
        }
    }

    /// What stands at `path`; nothing is known of names of documents, and below what is left open.
    fn shape(&self, path: &str) -> Result<Option<Shape<'_>>, Problems> {
        if self.task.names().contains(&path) {
            return Ok(None);
        }
        let words = segments(path, 0).unwrap_or_default();
        let first = words.first().filter(|_| words.len() > 1).map(|word| word.text.as_str());
        let Some((_, schema)) = self.schemas.iter().find(|(prefix, _)| Some(*prefix) == first) else {
            return Err(self.unknown(path));
        };
        let mut shape = schema.root();
        for (at, word) in words.iter().enumerate().skip(1) {
            let is_item = word.bracketed || word.text.bytes().all(|byte| byte.is_ascii_digit());
            let below = if is_item { shape.item() } else { shape.field(&word.text) };
            let Some(below) = below else {
                return if is_open(shape) { Ok(None) } else { Err(misspelt(path, at, &word.text, shape)) };
            };
            shape = below;
        }
        Ok(Some(shape))
    }

    fn unknown(&self, path: &str) -> Problems {
        let names = self.task.names();
        let prefixes: Vec<String> = self.task.prefixes().iter().map(|prefix| format!("{prefix}.…")).collect();
        let mut problem = Problem::new("", format!("`{path}` is nothing that the points of this sweep have"));
        problem.nearest = problem::nearest(path, names.iter().copied()).map(str::to_owned);
        problem.allowed(format!("{}, {}", prefixes.join(", "), names.join(", "))).into()
    }
}

/// Whether the schema leaves open what may stand here.
fn is_open(shape: Shape<'_>) -> bool {
    shape.fields().is_empty() && shape.names().is_empty() && shape.item().is_none()
}

fn misspelt(path: &str, at: usize, word: &str, shape: Shape<'_>) -> Problems {
    let mut names: Vec<&str> = shape.fields().into_iter().map(|(name, _)| name).collect();
    names.extend(shape.names());
    names.sort_unstable();
    names.dedup();
    let before: Vec<&str> = path.split('.').take(at).collect();
    let message = format!("`{path}`: there is no `{word}` in `{}`", before.join("."));
    Problem::new("", message).nearest(word, names.iter().copied()).allowed(names.join(", ")).into()
}
