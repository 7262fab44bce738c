//! Axes as people write them, and the values they stand for.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::{Problem, Problems};

/// Most values of one axis.
pub(super) const MOST_VALUES: usize = 1_000_000;

/// Something that is varied: a path with `values`, a `range` or a `log_range`; several paths that
/// change together (`zip`); or named alternatives (`choices`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Axis {
    /// The path that is varied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Name of its column. Default: the path's last word, or the whole path where that is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The values, one after the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
    /// Numbers at equal distances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// Numbers at equal ratios.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_range: Option<LogRange>,
    /// Paths that change together: the first value of each, then the second of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip: Option<Vec<Part>>,
    /// Named alternatives, each setting any number of paths; needs a `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<Choice>>,
}

/// One path of a zip, with `values`, a `range` or a `log_range`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The path that is varied.
    pub path: String,
    /// Name of its column. Default: the path's last word, or the whole path where that is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The values, one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
    /// Numbers at equal distances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// Numbers at equal ratios.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_range: Option<LogRange>,
}

/// A named alternative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What it is called in the results.
    pub name: String,
    /// The values that it sets, by path.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
}

/// Numbers at equal distances, both ends included: by `step`, or `count` of them. In a sample neither is
/// needed: any number between is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The first number.
    pub from: f64,
    /// The last number; with a step that does not meet it, none beyond it.
    pub to: f64,
    /// From one number to the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
    /// How many numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Round to whole numbers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

/// Numbers at equal ratios, both ends included. In a sample `count` is not needed: any number between is
/// drawn, its logarithm uniformly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogRange {
    /// The first number, above 0.
    pub from: f64,
    /// The last number, above 0.
    pub to: f64,
    /// How many numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Round to whole numbers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

/// The values of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Spread {
    Listed(Vec<Value>),
    Between(Between),
}

/// Any number between two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Between {
    from: f64,
    to: f64,
    log: bool,
    whole: bool,
}

impl Between {
    /// The number at the share `at` of the way; six digits are kept, so that it can be written down.
    pub(super) fn at(self, at: f64) -> Value {
        let Self { from, to, log, whole } = self;
        let value = if log { from * (to / from).powf(at) } else { from + (to - from) * at };
        number(rounded(value, 6).clamp(from.min(to), from.max(to)), whole)
    }
}

impl Part {
    /// The axis's own path, if it has one.
    pub(super) fn of(axis: &Axis) -> Option<Self> {
        let Axis { path, name, values, range, log_range, .. } = axis;
        let path = path.clone()?;
        Some(Self { path, name: name.clone(), values: values.clone(), range: *range, log_range: *log_range })
    }

    /// The values; a continuum only if it is to be sampled.
    pub(super) fn spread(&self, sampled: bool) -> Result<Spread, Problems> {
        let Self { values, range, log_range, .. } = self;

        match (values, range, log_range) {
            (Some(values), None, None) => listed(values),
            (None, Some(range), None) => range.spread(sampled).map_err(|wrong| wrong.under("range")),
            (None, None, Some(range)) => range.spread(sampled).map_err(|wrong| wrong.under("log_range")),
            _ => Err(Problem::new("", "an axis takes its values from one place")
                .allowed("one of `values`, `range` and `log_range`")
                .into()),
        }
    }
}

fn listed(values: &[Value]) -> Result<Spread, Problems> {
    if values.is_empty() {
        return Err(Problems::one("values", "there is no value"));
    }
    Ok(Spread::Listed(values.to_vec()))
}

impl Range {
    fn spread(self, sampled: bool) -> Result<Spread, Problems> {
        let Self { from, to, step, count, whole } = self;
        let mut problems = Problems::new();
        let count = match (step, count) {
            (Some(step), None) => {
                let steps = (to - from) / step;
                let fits = step != 0.0 && (0.0..MOST_VALUES as f64).contains(&steps);
                problems.require(fits, "step", || format!("{step} does not lead from {from} to {to}"));
                // A step that should meet the end but misses it by rounding meets it.
                if fits { (steps * (1.0 + 1e-12) + 1e-9) as usize + 1 } else { 1 }
            }
            (None, Some(count)) => counted(count, &mut problems),
            (None, None) if sampled => {
                return Ok(Spread::Between(Between { from, to, log: false, whole }));
            }
            _ => {
                problems.push(Problem::new("", "how many numbers?").allowed("one of `step` and `count`"));
                1
            }
        };
        problems.into_result(())?;
        let step = step.unwrap_or(if count > 1 { (to - from) / (count - 1) as f64 } else { 0.0 });
        let value = |i: usize| number(rounded(from + step * i as f64, 12), whole);
        Ok(Spread::Listed(without_repeats((0..count).map(value).collect())))
    }
}

impl LogRange {
    fn spread(self, sampled: bool) -> Result<Spread, Problems> {
        let Self { from, to, count, whole } = self;
        let mut problems = Problems::new();
        for (name, value) in [("from", from), ("to", to)] {
            problems.require(value > 0.0, name, || format!("{value} has no logarithm"));
        }
        let count = match count {
            Some(count) => counted(count, &mut problems),
            None if sampled => 1,
            None => {
                problems.push(Problem::new("", "how many numbers?").allowed("`count`"));
                1
            }
        };
        problems.into_result(())?;
        if self.count.is_none() {
            return Ok(Spread::Between(Between { from, to, log: true, whole }));
        }
        let ratio = |i: usize| if count > 1 { i as f64 / (count - 1) as f64 } else { 0.0 };
        let value = |i: usize| number(rounded(from * (to / from).powf(ratio(i)), 6), whole);
        Ok(Spread::Listed(without_repeats((0..count).map(value).collect())))
    }
}

fn counted(count: u32, problems: &mut Problems) -> usize {
    let fits = (1..=MOST_VALUES).contains(&(count as usize));
    problems.require(fits, "count", || format!("{count} is out of range; allowed: 1 to {MOST_VALUES}"));
    count as usize
}

/// Whole numbers that fall together count once.
fn without_repeats(mut values: Vec<Value>) -> Vec<Value> {
    values.dedup();
    values
}

/// `value` to so many significant digits.
fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}

/// Whole numbers are written without a fraction: some parameters take nothing else.
fn number(value: f64, whole: bool) -> Value {
    let value = if whole { value.round() } else { value };
    let is_whole = value.fract() == 0.0 && value.abs() < 9e15;
    if is_whole { Value::from(value as i64) } else { Value::from(value) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(yaml: &str) -> Vec<Value> {
        let part: Part = serde_yaml::from_str(yaml).expect("the part is right");
        match part.spread(false).expect("it has values") {
            Spread::Listed(values) => values,
            Spread::Between(_) => panic!("a continuum was not asked for"),
        }
    }

    #[test]
    fn ranges_meet_both_ends_without_noise() {
        let tenths = values("{path: seed, range: {from: 0.1, to: 0.5, step: 0.1}}");
        assert_eq!(tenths, [json!(0.1), json!(0.2), json!(0.3), json!(0.4), json!(0.5)]);
        assert_eq!(values("{path: seed, range: {from: 1, to: 9, count: 3}}"), [json!(1), json!(5), json!(9)]);
        assert_eq!(values("{path: seed, range: {from: 1, to: 8, step: 3}}"), [json!(1), json!(4), json!(7)]);
        assert_eq!(values("{path: seed, range: {from: 3, to: 1, step: -1}}"), [json!(3), json!(2), json!(1)]);
        let octaves = values("{path: seed, log_range: {from: 1, to: 8, count: 4}}");
        assert_eq!(octaves, [json!(1), json!(2), json!(4), json!(8)]);
        let whole = values("{path: seed, log_range: {from: 1, to: 3, count: 5, whole: true}}");
        assert_eq!(whole, [json!(1), json!(2), json!(3)], "1, 1.32, 1.73, 2.28, 3 rounded");
    }

    #[test]
    fn impossible_ranges_are_refused() {
        for yaml in [
            "{path: seed, range: {from: 0, to: 1}}",
            "{path: seed, range: {from: 0, to: 1, step: 0}}",
            "{path: seed, range: {from: 0, to: 1, step: -0.1}}",
            "{path: seed, range: {from: 0, to: 1, step: 1e-9}}",
            "{path: seed, range: {from: 0, to: 1, step: 0.1, count: 3}}",
            "{path: seed, range: {from: 0, to: 1, count: 0}}",
            "{path: seed, log_range: {from: 0, to: 1, count: 3}}",
            "{path: seed, values: []}",
            "{path: seed}",
            "{path: seed, values: [1], range: {from: 0, to: 1, step: 1}}",
        ] {
            let part: Part = serde_yaml::from_str(yaml).expect("the form is right");
            assert!(part.spread(false).is_err(), "{yaml}");
        }
    }
}
