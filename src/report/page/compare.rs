//! Runs side by side: every figure, and its ratio to that of the first run.

use serde::Serialize;
use serde_json::{Value, json};

use super::differences::{Differences, differences};
use super::files::RunFiles;
use super::metrics::{Better, METRICS, Metric};

/// Ratios closer to 1 than this are taken for the same.
const SAME: f64 = 0.005;

/// What is shown of several runs beside what is shown of each.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Comparison {
    /// What differs in the inputs.
    pub inputs: Differences,
    /// A row for each figure that a run has.
    pub figures: Vec<Row>,
}

/// A figure in every run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Row {
    name: &'static str,
    note: &'static str,
    cells: Vec<Option<Cell>>,
}

/// A figure of a run, beside that of the first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Cell {
    value: String,
    unit: String,
    /// Ratio to the first run's; absent for the first run, or where that has none.
    ratio: Option<String>,
    /// Class of the colour: `better1` to `better3`, `worse1` to `worse3`, `same`, `other`.
    class: String,
    /// The same in a word.
    verdict: &'static str,
}

impl Comparison {
    pub(super) fn new(runs: &[RunFiles]) -> Option<Self> {
        // What is zero or absent in every run tells nothing.
        let tells =
            |metric: &&Metric| runs.iter().any(|run| metric.of(run).is_some_and(|value| value != 0.0));
        let figures = METRICS.iter().filter(tells).map(|metric| row(metric, runs)).collect();
        (runs.len() > 1).then(|| Self { inputs: differences(runs), figures })
    }
}

/// Schema of [`comparison`].
const SCHEMA: &str = "spikeloom/comparison/1";

/// What a page of these runs compares, for scripts: what differs in the inputs, and every figure in its base unit with
/// its ratio to the first run's.
pub fn comparison(runs: &[RunFiles]) -> Value {
    let differences = differences(runs);
    let differs = |(path, values): &(String, Vec<Option<String>>)| json!({"path": path, "values": values});
    let figure = |metric: &Metric| {
        let values: Vec<Option<f64>> = runs.iter().map(|run| metric.of(run)).collect();
        let base = values.first().copied().flatten().filter(|base| *base > 0.0);
        let ratios: Vec<Option<f64>> = values.iter().map(|value| Some((*value)? / base?)).collect();
        let unit = runs.iter().find_map(|run| metric.base_unit(run)).unwrap_or_default();
        let all = json!({"name": metric.name, "unit": unit, "values": values, "ratios": ratios});
        values.iter().any(Option::is_some).then_some(all)
    };
    json!({
        "schema": SCHEMA,
        "runs": runs.iter().map(|run| run.label.as_str()).collect::<Vec<_>>(),
        "differences": differences.rows.iter().map(differs).collect::<Vec<_>>(),
        "figures": METRICS.iter().filter_map(figure).collect::<Vec<_>>(),
    })
}

fn row(metric: &Metric, runs: &[RunFiles]) -> Row {
    let base = metric.of(&runs[0]);
    let cell = |(place, run): (usize, &RunFiles)| {
        let (value, unit) = metric.written(run)?;
        let ratio = match (place, base, metric.of(run)) {
            (1.., Some(base), Some(own)) if base > 0.0 => Some(own / base),
            _ => None,
        };
        let class = ratio.map_or_else(String::new, |ratio| class(metric.better, ratio));
        let verdict = ["better", "worse"].into_iter().find(|word| class.starts_with(word)).unwrap_or("");
        Some(Cell { value, unit, ratio: ratio.map(written), class, verdict })
    };
    Row { name: metric.name, note: metric.note, cells: runs.iter().enumerate().map(cell).collect() }
}

fn written(ratio: f64) -> String {
    match ratio {
        ratio if (ratio - 1.0).abs() < SAME => "=".to_owned(),
        ratio if ratio >= 100.0 => format!("× {ratio:.0}"),
        ratio if ratio >= 10.0 => format!("× {ratio:.1}"),
        ratio if ratio < 0.01 => format!("× {ratio:.1e}"),
        ratio => format!("× {ratio:.2}"),
    }
}

/// How much better or worse: within a tenth, within a half, beyond.
fn class(better: Better, ratio: f64) -> String {
    let gain = match better {
        _ if (ratio - 1.0).abs() < SAME => return "same".into(),
        Better::Neither => return "other".into(),
        Better::Lower => 1.0 / ratio,
        Better::Higher => ratio,
    };
    let factor = gain.max(1.0 / gain);
    let size = match factor {
        factor if factor < 1.1 => 1,
        factor if factor < 1.5 => 2,
        _ => 3,
    };
    format!("{}{size}", if gain > 1.0 { "better" } else { "worse" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_and_worse_are_told_by_the_figure() {
        assert_eq!(class(Better::Lower, 0.5), "better3");
        assert_eq!(class(Better::Lower, 1.05), "worse1");
        assert_eq!(class(Better::Higher, 1.3), "better2");
        assert_eq!(class(Better::Higher, 0.0), "worse3");
        assert_eq!(
            (class(Better::Lower, 1.001), class(Better::Neither, 2.0)),
            ("same".into(), "other".into())
        );
        assert_eq!([1.234, 0.9999, 123.4, 0.0012].map(written), ["× 1.23", "=", "× 123", "× 1.2e-3"]);
    }
}
