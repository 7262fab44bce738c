//! Axes made ready for counting: each has so many levels, and a level sets some paths.

use std::collections::BTreeMap;

use serde_json::Value;

use super::axis::{Axis, Between, Choice, Part, Spread};
use super::paths::Paths;
use crate::base::{Problem, Problems};

/// Values by path, in the order in which they are set.
pub(super) type Assignments = Vec<(String, Value)>;

/// One axis: what its columns are, and what its levels set.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lane {
    /// The columns that it fills.
    pub columns: Vec<Heading>,
    levels: Levels,
}

/// A column before its name is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    pub name: Option<String>,
    pub path: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Levels {
    /// Value lists of equal length, one a column.
    Listed(Vec<Vec<Value>>),
    /// Named levels, and what each of them sets.
    Named(Vec<Choice>),
    /// Levels that say only what they set.
    Free(Vec<BTreeMap<String, Value>>),
    /// Any number between two.
    Between(Between),
}

impl Lane {
    pub(super) fn new(axis: &Axis, sampled: bool, paths: &Paths) -> Result<Self, Problems> {
        let Axis { path, name, values, range, log_range, zip, choices } = axis;
        let spread = values.is_some() || range.is_some() || log_range.is_some();
        match (Part::of(axis), zip, choices) {
            (Some(part), None, None) => {
                let heading = Heading { name: name.clone(), path: path.clone() };
                let mut problems = Problems::new();
                problems.absorb("path", paths.check(&part.path));
                problems.absorb("values", check_values(&part, paths));
                let levels = problems.absorb("", part.spread(sampled)).map(|spread| match spread {
                    Spread::Listed(values) => Levels::Listed(vec![values]),
                    Spread::Between(between) => Levels::Between(between),
                });
                problems.into_result(())?;
                levels.map(|levels| Self { columns: vec![heading], levels }).ok_or_else(Problems::new)
            }
            (None, Some(parts), None) if name.is_none() && !spread => zipped(parts, paths),
            (None, None, Some(choices)) if !spread => chosen(name.as_deref(), choices, paths),
            _ => Err(Problem::new("", "an axis varies one thing")
                .allowed("a `path` with its values; or `zip`; or `choices` with a `name`")
                .into()),
        }
    }

    /// Settings listed one by one.
    pub(super) fn of_points(points: &[BTreeMap<String, Value>], paths: &Paths) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let mut columns: Vec<Heading> = Vec::new();
        for (at, point) in points.iter().enumerate() {
            for (path, value) in point {
                problems.absorb(&format!("[{at}]"), paths.check_value(path, value));
                if columns.iter().any(|known| known.path.as_ref() == Some(path)) {
                    continue;
                }
                problems.absorb(&format!("[{at}]"), paths.check(path));
                columns.push(Heading { name: None, path: Some(path.clone()) });
            }
        }
        problems.into_result(Self { columns, levels: Levels::Free(points.to_vec()) })
    }

    /// How many levels there are; `None`: a continuum.
    pub(super) fn count(&self) -> Option<u64> {
        match &self.levels {
            Levels::Listed(columns) => Some(columns.first().map_or(0, Vec::len) as u64),
            Levels::Named(choices) => Some(choices.len() as u64),
            Levels::Free(points) => Some(points.len() as u64),
            Levels::Between(_) => None,
        }
    }

    /// The paths that it sets at any level.
    pub(super) fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = match &self.levels {
            Levels::Named(choices) => {
                choices.iter().flat_map(|choice| choice.set.keys()).map(String::as_str).collect()
            }
            _ => self.columns.iter().filter_map(|column| column.path.as_deref()).collect(),
        };
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// Adds the level that lies at the share `at` of all, from 0 inclusive to 1 exclusive.
    pub(super) fn draw(&self, at: f64, cells: &mut Vec<Value>, set: &mut Assignments) {
        match (&self.levels, self.count()) {
            (Levels::Between(between), _) => {
                let value = between.at(at);
                cells.push(value.clone());
                set.extend(self.columns[0].path.clone().map(|path| (path, value)));
            }
            (_, count) => self.take((at * count.unwrap_or(0) as f64) as usize, cells, set),
        }
    }

    /// Adds the level number `level`.
    pub(super) fn take(&self, level: usize, cells: &mut Vec<Value>, set: &mut Assignments) {
        match &self.levels {
            Levels::Listed(columns) => {
                for (heading, values) in self.columns.iter().zip(columns) {
                    cells.push(values[level].clone());
                    set.extend(heading.path.clone().map(|path| (path, values[level].clone())));
                }
            }
            Levels::Named(choices) => {
                let choice = &choices[level];
                cells.push(choice.name.as_str().into());
                set.extend(choice.set.iter().map(|(path, value)| (path.clone(), value.clone())));
            }
            Levels::Free(points) => {
                let value = |heading: &Heading| {
                    heading.path.as_ref().and_then(|path| points[level].get(path)).cloned()
                };
                cells.extend(self.columns.iter().map(|heading| value(heading).unwrap_or(Value::Null)));
                set.extend(points[level].iter().map(|(path, value)| (path.clone(), value.clone())));
            }
            Levels::Between(_) => self.draw(0.0, cells, set),
        }
    }
}

/// Numbers from a range are whole where a seed needs them, if the range is; names never come from one.
fn check_values(part: &Part, paths: &Paths) -> Result<(), Problems> {
    let mut problems = Problems::new();
    match part.spread(false) {
        Ok(Spread::Listed(values)) => {
            for (at, value) in values.iter().enumerate() {
                problems.absorb(&format!("[{at}]"), paths.check_value(&part.path, value));
            }
        }
        // A continuum holds numbers.
        _ => {
            let whole = part.range.is_some_and(|range| range.whole && range.from >= 0.0);
            let probe = if whole { Value::from(1) } else { Value::from(0.5) };
            if part.range.is_some() || part.log_range.is_some() {
                problems.absorb("", paths.check_value(&part.path, &probe));
            }
        }
    }
    problems.into_result(())
}

fn zipped(parts: &[Part], paths: &Paths) -> Result<Lane, Problems> {
    let mut problems = Problems::new();
    let mut columns = Vec::new();
    let mut lists: Vec<Vec<Value>> = Vec::new();
    problems.require(!parts.is_empty(), "zip", || "there is nothing to zip".into());
    for (at, part) in parts.iter().enumerate() {
        let place = format!("zip[{at}]");
        problems.absorb(&format!("{place}.path"), paths.check(&part.path));
        problems.absorb(&format!("{place}.values"), check_values(part, paths));
        columns.push(Heading { name: part.name.clone(), path: Some(part.path.clone()) });
        if let Some(Spread::Listed(values)) = problems.absorb(&place, part.spread(false)) {
            let first = lists.first().map_or(values.len(), Vec::len);
            problems.require(values.len() == first, &place, || {
                format!("{} values beside {first}: those of a zip change together", values.len())
            });
            lists.push(values);
        }
    }
    problems.into_result(Lane { columns, levels: Levels::Listed(lists) })
}

fn chosen(name: Option<&str>, choices: &[Choice], paths: &Paths) -> Result<Lane, Problems> {
    let mut problems = Problems::new();
    problems.require(name.is_some(), "name", || "choices need a name for their column".into());
    problems.require(!choices.is_empty(), "choices", || "there is no choice".into());
    for (at, choice) in choices.iter().enumerate() {
        let place = format!("choices[{at}]");
        let is_new = choices[..at].iter().all(|earlier| earlier.name != choice.name);
        problems.require(is_new, &place, || format!("there is another choice `{}`", choice.name));
        for (path, value) in &choice.set {
            problems.absorb(&format!("{place}.set"), paths.check(path));
            problems.absorb(&format!("{place}.set"), paths.check_value(path, value));
        }
    }
    let heading = Heading { name: name.map(str::to_owned), path: None };
    problems.into_result(Lane { columns: vec![heading], levels: Levels::Named(choices.to_vec()) })
}
