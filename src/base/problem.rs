//! How a room refuses input: every problem at once, each with the dotted path of the field.
//!
//! A room knows paths relative to its own parameters; the caller prefixes them with
//! [`Problems::under`], and the `spec` room turns the full path into file, line and column.

use std::fmt;

/// One thing that is wrong with the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Dotted path of the offending field, e.g. `router.vcs` or `nodes[3]`; empty for the whole.
    pub path: String,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What would be right: a range, a list of names, a unit.
    pub allowed: Option<String>,
    /// The valid name nearest to what was written.
    pub nearest: Option<String>,
}

impl Problem {
    /// A problem at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), allowed: None, nearest: None }
    }

    /// Adds what would be right.
    #[must_use]
    pub fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    /// Adds the known name that is nearest to `found`, if one is near enough to be meant.
    #[must_use]
    pub fn nearest<'a>(mut self, found: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.nearest = nearest(found, names).map(str::to_owned);
        self
    }
}

/// The name nearest to `found` by Damerau–Levenshtein distance, within a third of its length.
pub fn nearest<'a>(found: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let reach = (found.chars().count() / 3).max(2);
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(found, name), name))
        .filter(|&(distance, _)| distance <= reach)
        .min()
        .map(|(_, name)| name)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        if let Some(allowed) = &self.allowed {
            write!(f, "; allowed: {allowed}")?;
        }
        if let Some(nearest) = &self.nearest {
            write!(f, "; did you mean `{nearest}`?")?;
        }
        Ok(())
    }
}

/// All problems found in one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// No problem so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// A single problem.
    pub fn one(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![Problem::new(path, message)])
    }

    /// Records `problem`.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Records a problem at `path` unless `holds`.
    pub fn require(&mut self, holds: bool, path: &str, message: impl FnOnce() -> String) {
        if !holds {
            self.push(Problem::new(path, message()));
        }
    }

    /// Takes over the problems of a part that lives at `path`.
    pub fn absorb<T>(&mut self, path: &str, part: Result<T, Problems>) -> Option<T> {
        match part {
            Ok(value) => Some(value),
            Err(problems) => {
                self.0.extend(problems.under(path).0);
                None
            }
        }
    }

    /// The same problems seen from one level up: `prefix` is put before each path.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        if prefix.is_empty() {
            return self;
        }
        for problem in &mut self.0 {
            problem.path = match problem.path.as_str() {
                "" => prefix.to_owned(),
                path if path.starts_with('[') => format!("{prefix}{path}"),
                path => format!("{prefix}.{path}"),
            };
        }
        self
    }

    /// `Ok(value)` if nothing was recorded, else all problems.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_grow_from_the_inside() {
        let inner = Problems::one("[2]", "is outside the chip").under("nodes").under("faults");
        assert_eq!(inner.to_string(), "faults.nodes[2]: is outside the chip");
    }

    #[test]
    fn nearest_name_is_offered_only_when_near() {
        let names = ["buffer_flits", "vcs", "routing_delay"];
        assert_eq!(nearest("bufer_flits", names), Some("buffer_flits"));
        assert_eq!(nearest("colour", names), None);
    }
}
