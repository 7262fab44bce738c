//! Which paths can be varied.

use serde_json::Value;

use crate::base::{Problem, Problems, problem};
use crate::spec::document::{ChipDoc, FaultDoc, Kind};
use crate::spec::overrides::segments;
use crate::spec::schema::{Schema, Shape};
use crate::spec::workload::WorkloadDoc;

/// What is varied by its name alone.
pub(super) const SPECIAL: [&str; 6] = ["workload", "chip", "faults", "routing", "fidelity", "seed"];

/// What the documents of a run may hold.
pub(super) struct Paths {
    chip: Schema,
    faults: Schema,
    workload: Schema,
}

impl Paths {
    pub(super) fn new() -> Self {
        Self {
            chip: Schema::of::<ChipDoc>(),
            faults: Schema::of::<FaultDoc>(),
            workload: Schema::of::<WorkloadDoc>(),
        }
    }

    /// Checks that `path` names something that can be set.
    ///
    /// # Errors
    /// It does not; the nearest name that there is at the first word that is wrong.
    pub(super) fn check(&self, path: &str) -> Result<(), Problems> {
        if SPECIAL.contains(&path) {
            return Ok(());
        }
        let words = segments(path, 0).unwrap_or_default();
        let schema = match words.first().map(|word| word.text.as_str()) {
            Some("chip") if words.len() > 1 => &self.chip,
            Some("faults") if words.len() > 1 => &self.faults,
            Some("workload") if words.len() > 1 => &self.workload,
            _ => return Err(unknown(path)),
        };
        let mut shape = schema.root();
        for (at, word) in words.iter().enumerate().skip(1) {
            let is_item = word.bracketed || word.text.bytes().all(|byte| byte.is_ascii_digit());
            let below = if is_item { shape.item() } else { shape.field(&word.text) };
            let Some(below) = below else {
                return if is_open(shape) { Ok(()) } else { Err(misspelt(path, at, &word.text, shape)) };
            };
            shape = below;
        }
        Ok(())
    }
}

/// Checks that what is varied by its name alone is given values that can stand for it.
///
/// # Errors
/// A seed that is no whole number, a document that is no name.
pub(super) fn check_value(path: &str, value: &Value) -> Result<(), Problems> {
    let (fits, allowed) = match path {
        "seed" => (value.is_u64(), "whole numbers from 0"),
        "workload" | "chip" => (value.is_string(), "names"),
        _ if SPECIAL.contains(&path) => (value.is_string() || value.is_null(), "names, and null for none"),
        _ => return Ok(()),
    };
    let problem = || Problem::new("", format!("{value} is no `{path}`")).allowed(allowed);
    if fits { Ok(()) } else { Err(problem().into()) }
}

/// Whether the schema leaves open what may stand here.
fn is_open(shape: Shape<'_>) -> bool {
    shape.fields().is_empty() && shape.names().is_empty() && shape.item().is_none()
}

fn unknown(path: &str) -> Problems {
    let prefixes = Kind::OF_A_RUN.map(|kind| format!("{}.…", kind.prefix()));
    let mut problem = Problem::new("", format!("`{path}` is not a path of a run's documents"));
    problem.nearest = problem::nearest(path, SPECIAL).map(str::to_owned);
    problem.allowed(format!("{}, {}", prefixes.join(", "), SPECIAL.join(", "))).into()
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
