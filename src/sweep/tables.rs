//! Results as tables, a row at a time.

use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;

use super::{Journal, Survey};
use crate::spec::sweep::{Design, Point};

/// Columns before those that say what was varied.
pub(super) const NUMBERS: [&str; 4] = ["point", "setting", "repetition", "seed"];

/// `results.csv`: one row for each point that was run, in order.
///
/// # Errors
/// The journal cannot be read, or the table not written.
pub fn results_csv(
    design: &Design,
    survey: &Survey,
    journal: &mut Journal,
    folder: Option<&Path>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    let varied = design.columns().iter().map(|column| column.name.as_str());
    let metrics = survey.metrics.iter().map(String::as_str);
    let heading = NUMBERS.into_iter().chain(varied).chain(["status", "error"]).chain(metrics);
    table.write_record(heading.chain(["command"]))?;
    for index in 0..design.points() {
        let Some(record) = journal.record(index).map_err(io::Error::other)? else { continue };
        let point = design.point(index, folder);
        let numbers = [point.index, point.setting, u64::from(point.repetition), point.seed];
        let mut row: Vec<String> = numbers.iter().map(u64::to_string).collect();
        row.extend(point.cells.iter().map(cell));
        row.push(if record.error.is_some() { "failed" } else { "done" }.to_owned());
        row.push(record.error.clone().unwrap_or_default());
        let start = row.len();
        row.resize(start + survey.metrics.len(), String::new());
        for (at, (name, value)) in record.metrics.iter().enumerate() {
            let same = survey.metrics.get(at) == Some(name);
            if let Some(place) = if same { Some(at) } else { survey.position(name) } {
                row[start + place] = number(*value);
            }
        }
        row.push(command(&point));
        table.write_record(&row)?;
    }
    table.flush()
}

/// `summary.csv`: one row for each setting, with the mean of each metric and half the width of its
/// confidence interval.
///
/// # Errors
/// The journal cannot be read, or the table not written.
pub fn summary_csv(
    design: &Design,
    survey: &Survey,
    journal: &mut Journal,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    let varied = design.columns().iter().map(|column| column.name.clone());
    let metrics = survey.metrics.iter().flat_map(|name| [name.clone(), format!("{name}.half_width")]);
    let heading = ["setting".to_owned()].into_iter().chain(varied);
    table.write_record(heading.chain(["done".to_owned(), "failed".to_owned()]).chain(metrics))?;
    survey.each(design, journal, |result| {
        let mut row = vec![result.setting.to_string()];
        row.extend(result.cells.iter().map(cell));
        row.extend([result.done.to_string(), result.failed.to_string()]);
        for estimate in &result.estimates {
            row.push(estimate.map_or_else(String::new, |estimate| number(estimate.mean)));
            let half_width = estimate.and_then(|estimate| estimate.half_width);
            row.push(half_width.map_or_else(String::new, number));
        }
        table.write_record(&row).map_err(io::Error::from)
    })?;
    table.flush()
}

/// The command that runs a point by itself.
pub fn command(point: &Point) -> String {
    let words = point.arguments.iter().map(|word| quoted(word));
    std::iter::once("spikeloom".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// A word as a POSIX shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A value as text: without quotes if it is text.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whole numbers without a fraction, all others as short as they read back the same.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        format!("{}", value as i64)
    } else {
        Value::from(value).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_shell() {
        for (word, expected) in [
            ("chip.router.vcs=2", "chip.router.vcs=2"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("chip.topology={\"mesh\":{}}", "'chip.topology={\"mesh\":{}}'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
