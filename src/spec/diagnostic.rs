//! What is wrong with a document, where, and how to put it right.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::source::{Origin, Source};
use super::sources::Sources;
use crate::base::Problem;

/// Most problems of one document that are reported.
pub const MOST_PROBLEMS: usize = 100;

/// A place in a text; without a span, the text as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The text.
    pub source: Arc<Source>,
    /// Byte range in the text.
    pub span: Option<Range<usize>>,
}

impl Place {
    /// Line and column from 1, unless the place is a whole text or on the command line.
    pub fn position(&self) -> Option<(usize, usize)> {
        let span = self.span.as_ref().filter(|_| self.source.origin != Origin::Override)?;
        Some(self.source.position(span.start))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.source.origin, self.position()) {
            (Origin::Override, _) => write!(f, "`{}`", self.source.text),
            (origin, Some((line, column))) => write!(f, "{origin}:{line}:{column}"),
            (origin, None) => origin.fmt(f),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Dotted path of the offending value, as `--set` would name it; empty if there is none.
    pub path: String,
    /// What was found.
    pub found: Option<String>,
    /// What would be right.
    pub allowed: Option<String>,
    /// The valid name nearest to what was written.
    pub nearest: Option<String>,
    /// What the field means, from its documentation.
    pub meaning: Option<String>,
    /// Anything else that helps.
    pub help: Option<String>,
    /// Where it is; absent if it is in no text (a file that does not exist).
    pub place: Option<Place>,
    /// Other places that have to do with it, each with a label.
    pub related: Vec<(Place, String)>,
}

impl Diagnostic {
    /// A diagnostic that says `message`.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// Adds what would be right.
    #[must_use]
    pub fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Adds the path.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Adds a hint.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }
}

impl From<Problem> for Diagnostic {
    fn from(problem: Problem) -> Self {
        let Problem { path, message, allowed, nearest } = problem;
        Self { path, message, allowed, nearest, ..Self::default() }
    }
}

/// One line: place, path, message, what is allowed, the nearest name.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
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

/// For `--json`: `{message, path, found, allowed, nearest, origin, line, column}`, absent parts null.
impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let position = self.place.as_ref().and_then(Place::position);
        let mut out = serializer.serialize_struct("Diagnostic", 8)?;
        out.serialize_field("message", &self.message)?;
        out.serialize_field("path", &self.path)?;
        out.serialize_field("found", &self.found)?;
        out.serialize_field("allowed", &self.allowed)?;
        out.serialize_field("nearest", &self.nearest)?;
        out.serialize_field("origin", &self.place.as_ref().map(|place| place.source.origin.to_string()))?;
        out.serialize_field("line", &position.map(|(line, _)| line))?;
        out.serialize_field("column", &position.map(|(_, column)| column))?;
        out.end()
    }
}

/// Everything that is wrong with one or several documents. Never empty when returned as an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Nothing so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records `diagnostic`.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Takes over the diagnostics of a part, and hands its value on if it has one: with it several
    /// documents are read before any of their problems is reported.
    pub fn absorb<T>(&mut self, part: Result<T, Self>) -> Option<T> {
        match part {
            Ok(value) => Some(value),
            Err(diagnostics) => {
                self.0.extend(diagnostics.0);
                None
            }
        }
    }

    /// The diagnostics in the order they are reported.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok(value)` if nothing is wrong, else everything that is.
    ///
    /// # Errors
    /// Anything was recorded.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

/// Collects what is wrong with one document, up to [`MOST_PROBLEMS`].
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<Diagnostic>,
    left_out: usize,
}

impl Findings {
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        match self.is_full() {
            true => self.left_out += 1,
            false => self.kept.push(diagnostic),
        }
    }

    /// Records that the search for problems ended early.
    pub(super) fn stop(&mut self) {
        self.left_out += 1;
    }

    /// Whether no further problem will be kept.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() >= MOST_PROBLEMS
    }

    /// Sorts by place: the document, what it extends, overrides; then by position.
    pub(super) fn sorted(mut self, sources: &Sources) -> Diagnostics {
        self.kept.sort_by_cached_key(|diagnostic| {
            let place = diagnostic.place.as_ref()?;
            let start = place.span.as_ref().map_or(0, |span| span.start);
            Some((sources.rank(&place.source), start))
        });
        if self.left_out > 0 {
            self.kept.push(Diagnostic::new("there may be further problems, which are not shown"));
        }
        Diagnostics(self.kept)
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl Serialize for Diagnostics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

/// One line per diagnostic.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            diagnostic.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
