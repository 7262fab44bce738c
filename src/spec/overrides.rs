//! `--set PATH=VALUE`: single values of a document, set from the command line.

use std::ops::Range;
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Diagnostics, Place};
use super::document::{EXTENDS, HEADER_FIELDS, Kind};
use super::draft::{Draft, Gatherer};
use super::parse::{MAX_DEPTH, Passage, parse};
use super::render::clip;
use super::schema::Shape;
use super::source::{Origin, Source};
use super::sources::TextId;
use super::tree::{Entry, Key, Mark, Node, Value};
use crate::base::problem;

/// What stands before an argument in the text that messages show.
const FLAG: &str = "--set ";

/// The overrides of one command, for all its documents, in the order they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides(Vec<Override>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Override {
    kind: Kind,
    /// `--set` and the argument.
    source: Arc<Source>,
    /// The path without its first word.
    path: Vec<Segment>,
    /// First byte of the value.
    value: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub text: String,
    /// Whether it was written in brackets.
    pub bracketed: bool,
    span: Range<usize>,
}

impl Overrides {
    /// No override.
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads `PATH=VALUE` arguments. Paths begin with `chip.`, `faults.` or `workload.`; list items
    /// are `[0]`. Values are YAML.
    ///
    /// # Errors
    /// An argument without `=` or without a value, a path that begins otherwise or has a gap. Whether
    /// the path exists is known only once the document is read.
    pub fn parse<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Result<Self, Diagnostics> {
        Self::of(&Kind::OF_A_RUN, arguments)
    }

    /// Reads `PATH=VALUE` arguments into documents of `kinds`, the first words of their paths.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse).
    pub fn of<S: AsRef<str>>(
        kinds: &[Kind],
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Self, Diagnostics> {
        let mut overrides = Self::default();
        let mut problems = Diagnostics::new();
        for argument in arguments {
            let parsed =
                Override::parse(kinds, argument.as_ref()).map_err(|problem| Diagnostics::from(*problem));
            overrides.0.extend(problems.absorb(parsed));
        }
        problems.into_result(overrides)
    }

    /// Applies the overrides of the document that is gathered, in order: a later one wins.
    pub(super) fn apply(&self, draft: &mut Draft, gatherer: &mut Gatherer<'_>) {
        let kind = gatherer.kind;
        for set in self.0.iter().filter(|set| set.kind == kind) {
            let id = gatherer.sources.add(Arc::clone(&set.source));
            let passage = Passage { id, base: set.value, path: &set.shown_path() };
            let Some(value) = parse(&gatherer.sources, passage, &mut gatherer.problems) else { continue };
            if let Err(problem) = set.apply(id, draft, gatherer.shape, value) {
                gatherer.problems.push(*problem);
            }
            gatherer.embed_arrays(&mut draft.body);
        }
    }
}

impl Override {
    fn parse(kinds: &[Kind], argument: &str) -> Result<Self, Box<Diagnostic>> {
        let text = format!("{FLAG}{argument}");
        let end = text.len();
        let source = Arc::new(Source { origin: Origin::Override, text, wanted_by: None });
        let refuse = |message: String, span: Range<usize>| {
            Diagnostic::new(message).at(Place { source: Arc::clone(&source), span: Some(span) })
        };
        let start = FLAG.len();
        let example = "PATH=VALUE, such as chip.router.vcs=2";
        let Some((path, value)) = argument.split_once('=') else {
            return Err(Box::new(refuse("the override has no `=`".into(), start..end).allowed(example)));
        };
        let equals = start + path.len();
        if value.trim().is_empty() {
            return Err(Box::new(refuse("the override has no value".into(), equals..end).allowed(example)));
        }
        let Some(mut path) = segments(path, start) else {
            let refusal = refuse("the path of the override is malformed".into(), start..equals);
            return Err(Box::new(refusal.allowed(example)));
        };
        let first = path.remove(0);
        let prefixes: Vec<&str> = kinds.iter().map(|kind| kind.prefix()).collect();
        let Some(&kind) = kinds.iter().find(|kind| kind.prefix() == first.text) else {
            let message = format!("unknown document `{}`", clip(&first.text, 60));
            let mut refusal = refuse(message, first.span).allowed(prefixes.join(", "));
            refusal.nearest = problem::nearest(&first.text, prefixes).map(str::to_owned);
            return Err(Box::new(refusal));
        };
        if path.is_empty() || path.len() > MAX_DEPTH {
            return Err(Box::new(
                refuse("the override names no value".into(), start..equals).allowed(example),
            ));
        }
        Ok(Self { kind, source, path, value: equals + 1 })
    }

    fn apply(
        &self,
        id: TextId,
        draft: &mut Draft,
        shape: Shape<'_>,
        value: Node,
    ) -> Result<(), Box<Diagnostic>> {
        match self.path.first() {
            Some(first) if first.text == EXTENDS => {
                let message = "what a document builds on cannot be overridden";
                let refusal = self.refuse(first, message.into());
                Err(Box::new(refusal.help("name the other document instead")))
            }
            Some(first) if HEADER_FIELDS.contains(&first.text.as_str()) => {
                self.assign(id, &mut draft.header, &self.path, value, None)
            }
            _ => self.assign(id, &mut draft.body, &self.path, value, Some(shape)),
        }
    }

    fn assign(
        &self,
        id: TextId,
        node: &mut Node,
        path: &[Segment],
        value: Node,
        shape: Option<Shape<'_>>,
    ) -> Result<(), Box<Diagnostic>> {
        let Some((first, rest)) = path.split_first() else {
            *node = value;
            return Ok(());
        };
        let index = first.text.parse::<usize>().ok();
        if let (Value::List(items), Some(index)) = (&mut node.value, index) {
            let count = items.len();
            let Some(item) = items.get_mut(index) else {
                let message = format!("the list has no item {index}");
                return Err(Box::new(
                    self.refuse(first, message).allowed(format!("{count} items, counted from 0")),
                ));
            };
            return self.assign(id, item, rest, value, shape.and_then(Shape::item));
        }
        if first.bracketed {
            let message = format!("there is no list to take item `{}` of", clip(&first.text, 20));
            return Err(Box::new(self.refuse(first, message)));
        }
        let mark = Mark { source: id.0, start: first.span.start as u32, end: first.span.end as u32 };
        if !matches!(node.value, Value::Map(_)) {
            *node = Node::new(mark, Value::Map(Vec::new()));
        }
        let Value::Map(entries) = &mut node.value else { return Ok(()) };
        if shape.is_some_and(Shape::is_choice) {
            entries.retain(|entry| *entry.key.text == *first.text);
        }
        let known = entries.iter().position(|entry| *entry.key.text == *first.text);
        let at = known.unwrap_or_else(|| {
            let key = Key { text: first.text.as_str().into(), mark };
            entries.push(Entry { key, value: Node::new(mark, Value::Null) });
            entries.len() - 1
        });
        if rest.is_empty() {
            // What is wrong with the value is told where it was given.
            entries[at].key.mark = mark;
        }
        self.assign(id, &mut entries[at].value, rest, value, shape.and_then(|shape| shape.field(&first.text)))
    }

    /// The whole path, as messages show it.
    fn shown_path(&self) -> String {
        let mut path = self.kind.prefix().to_owned();
        for Segment { text, bracketed, .. } in &self.path {
            path.push_str(&if *bracketed { format!("[{text}]") } else { format!(".{text}") });
        }
        path
    }

    fn refuse(&self, segment: &Segment, message: String) -> Diagnostic {
        let place = Place { source: Arc::clone(&self.source), span: Some(segment.span.clone()) };
        Diagnostic::new(message).at(place).path(self.shown_path())
    }
}

/// The parts of `a.b[0].c`, whose first byte is at `base`; `None` if one is empty or a bracket is open.
pub(super) fn segments(path: &str, base: usize) -> Option<Vec<Segment>> {
    let mut out = Vec::new();
    let mut at = base;
    for part in path.split('.') {
        let (name, mut brackets) = part.split_at(part.find('[').unwrap_or(part.len()));
        if name.is_empty() {
            return None;
        }
        out.push(Segment { text: name.to_owned(), bracketed: false, span: at..at + name.len() });
        let mut inner = at + name.len();
        while !brackets.is_empty() {
            let (index, rest) = brackets.strip_prefix('[')?.split_once(']')?;
            index.parse::<usize>().ok()?;
            let span = inner + 1..inner + 1 + index.len();
            inner = span.end + 1;
            out.push(Segment { text: index.to_owned(), bracketed: true, span });
            brackets = rest;
        }
        at += part.len() + 1;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cut_at_dots_and_brackets() {
        let parts = |path| -> Option<Vec<(String, Range<usize>)>> {
            Some(segments(path, 0)?.into_iter().map(|part| (part.text, part.span)).collect())
        };
        let expected = [("a", 0..1), ("b", 2..3), ("10", 4..6), ("0", 8..9), ("c", 11..12)];
        let expected: Vec<_> = expected.map(|(text, span)| (text.to_owned(), span)).into();
        assert_eq!(parts("a.b[10][0].c"), Some(expected));
        for wrong in ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "a[0]b", "[0]"] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn malformed_overrides_are_all_reported() {
        let error =
            Overrides::parse(["chip.router.vcs", "chp.router.vcs=2", "chip=3", "chip.x=", "chip.name=ok"])
                .expect_err("four of them are malformed");
        assert_eq!(error.len(), 4, "{error}");
        assert_eq!(error.iter().nth(1).and_then(|problem| problem.nearest.as_deref()), Some("chip"));
    }
}
