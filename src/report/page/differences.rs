//! What differs in the inputs of several runs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::files::RunFiles;

/// Values that are listed; of more, their number is said.
const MOST: usize = 80;

/// Letters of a value that are shown.
const LONGEST: usize = 120;

/// Values that differ between runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Differences {
    /// Path of each value, with the value in each run; absent where there is none.
    pub rows: Vec<(String, Vec<Option<String>>)>,
    /// Values that differ and are not listed.
    pub more: usize,
    /// Values that are the same in all runs.
    pub same: usize,
}

/// Compares the inputs of runs: documents, seed, version of the program.
pub(super) fn differences(runs: &[RunFiles]) -> Differences {
    let mut values: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for (place, run) in runs.iter().enumerate() {
        let mut note = |path: String, value: String| {
            values.entry(path).or_insert_with(|| vec![None; runs.len()])[place] = Some(value);
        };
        flatten("", &run.report["inputs"], &mut note);
        flatten("seed", &run.report["seed"], &mut note);
        flatten("program", &run.report["program"], &mut note);
    }
    let mut found = Differences::default();
    for (path, row) in values {
        match row.iter().all(|value| *value == row[0]) {
            true => found.same += 1,
            false if found.rows.len() < MOST => found.rows.push((path, row)),
            false => found.more += 1,
        }
    }
    found
}

/// Every value by its dotted path; short lists of plain values count as one.
fn flatten(path: &str, value: &Value, note: &mut impl FnMut(String, String)) {
    let under = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| flatten(&under(name), value, note));
        }
        Value::Array(items) if items.iter().any(|item| item.is_object()) => {
            items.iter().enumerate().for_each(|(at, item)| flatten(&format!("{path}[{at}]"), item, note));
        }
        Value::Null => {}
        Value::String(text) => note(path.to_owned(), shortened(text)),
        other => note(path.to_owned(), shortened(&other.to_string())),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
