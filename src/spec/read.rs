//! Documents from texts to checked values, with every problem reported at once.
//!
//! serde stops at the first problem. So the refused node is taken out of the tree ([`Node::pruned`]) and
//! the rest is read again, until it is accepted; what was refused only because something in it had been
//! taken out is not reported.

use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::decode::{Decoder, Fault, Refusal};
use super::diagnostic::{Diagnostic, Diagnostics, Findings, MOST_PROBLEMS};
use super::document::{Document, Header};
use super::draft::{Draft, Gatherer};
use super::explain::Explainer;
use super::overlay::overlay;
use super::overrides::Overrides;
use super::parse::{Passage, parse};
use super::schema::{Schema, Shape};
use super::source::{self, Source};
use super::sources::Sources;
use super::tree::Node;
use crate::base::{Problems, problem};

/// Values visited at most while looking for further problems: bounds the time that a large and thoroughly
/// wrong document takes.
const MOST_VISITS: usize = 1 << 23;

/// A checked document, and where each of its values was written. Serialises to the resolved document:
/// everything that is needed to read the same value again, in the order of the types' fields.
#[derive(Clone, Debug, Serialize)]
#[serde(bound(serialize = "T: Serialize"))]
pub struct Loaded<T: Document> {
    /// Name and description.
    #[serde(flatten)]
    pub header: Header,
    /// The document's body.
    #[serde(flatten)]
    pub value: T,
    /// What checking the document built.
    #[serde(skip)]
    pub built: T::Built,
    #[serde(skip)]
    body: Node,
    #[serde(skip)]
    sources: Sources,
}

/// Reads the document that `name` stands for: a built-in one or a file.
///
/// # Errors
/// Everything that is wrong with it, what it extends, and the overrides.
pub fn load<T: Document>(name: &str, overrides: &Overrides) -> Result<Loaded<T>, Diagnostics> {
    read(source::open(name, T::KIND, None)?, overrides)
}

/// Reads the document in `source`.
///
/// # Errors
/// Everything that is wrong with it, what it extends, and the overrides.
pub fn read<T: Document>(source: Source, overrides: &Overrides) -> Result<Loaded<T>, Diagnostics> {
    let schema = Schema::of::<T>();
    let stem = source.stem();
    let mut gatherer = Gatherer::new(T::KIND, schema.root());
    let mut draft = gatherer.draft(source);
    if let Some(draft) = &mut draft {
        overrides.apply(draft, &mut gatherer);
    }
    let Gatherer { sources, mut problems, .. } = gatherer;
    let mut result = None;
    if let Some(draft) = draft {
        let Draft { mut header, mut body } = draft;
        let mut reader = Reader { sources: &sources, prefix: T::KIND.prefix(), problems: &mut problems };
        let header: Option<Header> = reader.accept(&mut header, Schema::of::<Header>().root());
        let mut value: Option<T> = reader.accept(&mut body, schema.root());
        let built = match &mut value {
            Some(value) => reader.check(value, &body, schema.root()),
            None => reader.check_patched::<T>(&body, schema.root()),
        };
        result = header.zip(value).zip(built).map(|(read, built)| (read, built, body));
    }
    let diagnostics = problems.sorted(&sources);
    match result {
        Some(((mut header, value), built, body)) if diagnostics.is_empty() => {
            if header.name.is_empty() {
                header.name = stem;
            }
            Ok(Loaded { header, value, built, body, sources })
        }
        _ => Err(diagnostics),
    }
}

struct Reader<'a> {
    sources: &'a Sources,
    prefix: &'static str,
    problems: &'a mut Findings,
}

impl Reader<'_> {
    fn explainer<'e>(&'e self, root: &'e Node, shape: Shape<'e>) -> Explainer<'e> {
        Explainer { sources: self.sources, root, shape, prefix: self.prefix }
    }

    /// The value of the tree, or of what is left of it once everything wrong has been taken out.
    fn accept<T: for<'t> Deserialize<'t>>(&mut self, root: &mut Node, shape: Shape<'_>) -> Option<T> {
        let attempts = (MOST_VISITS / root.weight()).clamp(1, 4 * MOST_PROBLEMS);
        for _ in 0..attempts {
            let refusal = match T::deserialize(Decoder(root)) {
                Ok(value) => return Some(value),
                Err(refusal) => refusal,
            };
            let steps = refusal.steps();
            if !follows_from_pruning(&refusal, root.descend(&steps)) {
                let diagnostic = self.explainer(root, shape).refusal(&refusal);
                self.problems.push(diagnostic);
            }
            if steps.is_empty() || self.problems.is_full() {
                return None;
            }
            root.descend(&steps)?.pruned = true;
        }
        self.problems.stop();
        None
    }

    /// Checks what was accepted, with the example's values where required ones were refused.
    fn check_patched<T: Document>(&mut self, body: &Node, shape: Shape<'_>) -> Option<T::Built> {
        let mut sources = Sources::default();
        let id = sources.add(Arc::new(Source::memory("example", T::EXAMPLE)));
        let passage = Passage { id, base: 0, path: "" };
        let example = parse(&sources, passage, &mut Findings::default())?;
        let whole = overlay(example, body.intact()?, Some(shape));
        let mut value = T::deserialize(Decoder(&whole)).ok()?;
        self.check(&mut value, body, shape)
    }

    /// What the rooms that own the values, and the ranges of the schema, have to say.
    fn check<T: Document>(&mut self, value: &mut T, root: &Node, shape: Shape<'_>) -> Option<T::Built> {
        let damaged = root.is_damaged();
        let explainer = self.explainer(root, shape);
        // A value out of its range is told once; a file may be wrong in many lines.
        let mut found = explainer.out_of_range();
        let ranges = found.len();
        let (files, mut problems) = (|name: &Path| self.sources.file(name), Problems::new());
        problems.absorb("", value.embed(&files));
        let built = problems.absorb("", value.build(&files));
        let trusted = problems.0.into_iter().filter(|p| !damaged || explainer.is_about_intact_text(p));
        for problem in trusted.take(MOST_PROBLEMS + 1).map(|problem| explainer.problem(problem)) {
            let known = |earlier: &Diagnostic| earlier.path == problem.path && earlier.found.is_some();
            if !found[..ranges].iter().any(known) {
                found.push(problem);
            }
        }
        for problem in found {
            self.problems.push(problem);
        }
        built
    }
}

/// Whether a node was refused only because something in it had been refused before.
fn follows_from_pruning(refusal: &Refusal, node: Option<&mut Node>) -> bool {
    let Some(node) = node.filter(|node| !refusal.at_key && node.is_damaged()) else { return false };
    match &refusal.fault {
        Fault::Missing { field } => {
            node.entries().iter().filter(|entry| entry.value.is_damaged()).any(|entry| {
                *entry.key.text == **field || problem::nearest(&entry.key.text, [*field]).is_some()
            })
        }
        _ => true,
    }
}

impl<T: Document> Loaded<T> {
    /// What the document is called.
    pub fn name(&self) -> &str {
        &self.header.name
    }

    /// The content of a file that the document names: a built-in one, or one that lies next to the
    /// document, else next to those that it extends.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn file(&self, name: &Path) -> io::Result<Vec<u8>> {
        self.sources.file(name)
    }

    /// The same [`file`](Self::file), to be read piece by piece.
    ///
    /// # Errors
    /// There is none, or it cannot be opened. What cannot be read further is told while it is read.
    pub fn open(&self, name: &Path) -> io::Result<Box<dyn io::Read>> {
        self.sources.open(name)
    }

    /// Whether documents of this kind have a field of this dotted path, written in this one or not.
    pub fn knows(&self, path: &str) -> bool {
        let schema = Schema::of::<T>();
        let mut names = path.split(['.', '[']).filter(|part| !part.ends_with(']'));
        names.try_fold(schema.root(), |shape, name| shape.field(name)).is_some()
    }

    /// Problems that were found later, each at the place where its value was written. Paths are relative
    /// to the document.
    pub fn explain(&self, problems: Problems) -> Diagnostics {
        let schema = Schema::of::<T>();
        let explainer = Explainer {
            sources: &self.sources,
            root: &self.body,
            shape: schema.root(),
            prefix: T::KIND.prefix(),
        };
        let mut found = Findings::default();
        for problem in problems.0.into_iter().take(MOST_PROBLEMS + 1) {
            found.push(explainer.problem(problem));
        }
        found.sorted(&self.sources)
    }
}

impl<T: Document> Loaded<T> {
    /// A value that was read from nowhere.
    #[cfg(test)]
    pub(super) fn unplaced(header: Header, value: T) -> Self {
        let mark = super::tree::Mark { source: 0, start: 0, end: 0 };
        let body = Node::new(mark, super::tree::Value::Null);
        let built = value.build(&|_| Err(io::ErrorKind::NotFound.into())).expect("the value is right");
        Self { header, value, built, body, sources: Sources::default() }
    }

    /// The resolved document as YAML.
    pub fn to_yaml(&self) -> String {
        let mut out = Vec::new();
        let mut serializer = serde_yaml::Serializer::new(&mut out);
        let written = serde_yaml::with::singleton_map_recursive::serialize(self, &mut serializer);
        drop(serializer);
        written.expect("documents hold text, numbers, lists and maps with text keys, written to memory");
        let yaml = String::from_utf8(out).expect("the serializer writes UTF-8");
        // The serializer follows YAML 1.1, where these end lines, and the reader YAML 1.2, where they do not. JSON, which
        // is YAML too, is read alike by both.
        match yaml.contains(['\u{2028}', '\u{2029}']) {
            true => serde_json::to_string_pretty(self).unwrap_or(yaml),
            false => yaml,
        }
    }
}
