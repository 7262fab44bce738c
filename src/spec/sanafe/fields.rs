//! The fields of a map, each to be asked for by name; what nobody asks for is refused.

use super::tree::Tree;
use crate::base::{Problem, Problems};

/// The fields of a map, or of a list of maps.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    path: String,
    entries: Vec<(String, Tree)>,
    known: Vec<&'static str>,
}

impl Fields {
    /// The fields of `tree`, which is written at `path`; later entries win.
    pub(super) fn new(path: &str, tree: Option<Tree>, problems: &mut Problems) -> Self {
        let mut fields = Self { path: path.to_owned(), ..Self::default() };
        match tree {
            None => {}
            Some(Tree::Scalar(text, true)) if text.is_empty() => {}
            Some(Tree::Map(entries)) => fields.entries = entries,
            Some(Tree::List(items)) => {
                for (i, item) in items.into_iter().enumerate() {
                    match item {
                        Tree::Map(entries) => fields.entries.extend(entries),
                        _ => problems.push(Problem::new(format!("{path}[{i}]"), "is no map of attributes")),
                    }
                }
            }
            Some(Tree::Scalar(..)) => problems.push(Problem::new(path, "is no map of attributes")),
        }
        fields
    }

    /// Where they are written.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The path of field `name`.
    pub(super) fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Takes a field out.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Tree> {
        self.known.push(name);
        let mut found = None;
        self.entries.retain(|(key, value)| {
            let is_it = key == name;
            if is_it {
                found = Some(value.clone());
            }
            !is_it
        });
        found
    }

    /// Takes out a field that is text.
    pub(super) fn text(&mut self, name: &'static str, problems: &mut Problems) -> Option<String> {
        match self.take(name)? {
            Tree::Scalar(text, _) => Some(text),
            _ => {
                problems.push(Problem::new(self.at(name), "is no text"));
                None
            }
        }
    }

    /// Takes out a field that is a number.
    pub(super) fn number(&mut self, name: &'static str, problems: &mut Problems) -> Option<f64> {
        let text = self.text(name, problems)?;
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Some(number),
            _ => {
                problems.push(Problem::new(self.at(name), format!("`{text}` is no number")));
                None
            }
        }
    }

    /// Takes out a field that is a number, and has to be there.
    pub(super) fn needed(&mut self, name: &'static str, problems: &mut Problems) -> f64 {
        problems.require(self.has(name), &self.at(name), || "this field is needed".into());
        self.number(name, problems).unwrap_or(0.0)
    }

    /// Takes out a field that is a whole number.
    pub(super) fn whole(&mut self, name: &'static str, problems: &mut Problems) -> Option<u32> {
        let number = self.number(name, problems)?;
        let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
        problems.require(fits, &self.at(name), || format!("{number} is no whole number"));
        fits.then_some(number as u32)
    }

    /// Takes out a field that is true or false.
    pub(super) fn flag(&mut self, name: &'static str, problems: &mut Problems) -> Option<bool> {
        let text = self.text(name, problems)?;
        match text.as_str() {
            "true" | "True" | "1" => Some(true),
            "false" | "False" | "0" => Some(false),
            _ => {
                problems.push(Problem::new(self.at(name), format!("`{text}` is neither true nor false")));
                None
            }
        }
    }

    /// Takes out a flag that may only be false, or absent: what it would switch on is not supported.
    pub(super) fn off(&mut self, name: &'static str, what: &str, problems: &mut Problems) {
        if self.flag(name, problems) == Some(true) {
            problems.push(Problem::new(self.at(name), format!("{what} is not supported")));
        }
    }

    /// Takes out a list of numbers.
    pub(super) fn numbers(&mut self, name: &'static str, problems: &mut Problems) -> Option<Vec<f64>> {
        let at = self.at(name);
        match self.take(name)? {
            Tree::List(items) => {
                let number = |item: &Tree| match item {
                    Tree::Scalar(text, _) => text.parse().ok().filter(|number: &f64| number.is_finite()),
                    _ => None,
                };
                let numbers: Option<Vec<f64>> = items.iter().map(number).collect();
                problems.require(numbers.is_some(), &at, || "is no list of numbers".into());
                numbers
            }
            _ => {
                problems.push(Problem::new(at, "is no list of numbers"));
                None
            }
        }
    }

    /// Takes out a list; nothing counts as an empty one.
    pub(super) fn list(&mut self, name: &'static str, problems: &mut Problems) -> Vec<Tree> {
        match self.take(name) {
            Some(Tree::List(items)) => items,
            None => Vec::new(),
            Some(Tree::Scalar(text, true)) if text.is_empty() => Vec::new(),
            Some(_) => {
                problems.push(Problem::new(self.at(name), "is no list"));
                Vec::new()
            }
        }
    }

    /// Puts the fields of a map in front: they count as fields of their own.
    pub(super) fn unfold(&mut self, name: &'static str, problems: &mut Problems) {
        let at = self.at(name);
        if let Some(inner) = self.take(name) {
            self.entries.extend(Self::new(&at, Some(inner), problems).entries);
        }
    }

    /// Adds the fields of `other` where there are none of the name.
    pub(super) fn default_to(&mut self, other: &Self) {
        let own: Vec<String> = self.entries.iter().map(|(key, _)| key.clone()).collect();
        self.entries.extend(other.entries.iter().filter(|(key, _)| !own.contains(key)).cloned());
    }

    /// Whether there is a field of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(key, _)| key == name)
    }

    /// What is left, as text.
    pub(super) fn rest(&self) -> &[(String, Tree)] {
        &self.entries
    }

    /// Refuses what nobody asked for.
    pub(super) fn finish(self, problems: &mut Problems) {
        for (key, _) in &self.entries {
            let problem = Problem::new(self.at(key), "this field is not supported");
            problems.push(problem.nearest(key, self.known.iter().copied()));
        }
    }
}
