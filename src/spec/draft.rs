//! A document on its way from texts to a tree: what it extends is laid under it, its header is taken
//! out, overrides are applied.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Diagnostics, Findings, Place};
use super::document::{EXTENDS, HEADER_FIELDS, Kind};
use super::embed;
use super::overlay::overlay;
use super::parse::{Passage, parse};
use super::schema::Shape;
use super::source::{self, Origin, Source};
use super::sources::{Sources, TextId};
use super::tree::{Entry, Node, Value};

/// Most documents that build on one another.
const LONGEST_CHAIN: usize = 16;

/// A document whose header has been taken out of its top level.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    /// A map of the header's fields.
    pub header: Node,
    /// Everything else.
    pub body: Node,
}

impl Draft {
    fn split(root: Node) -> Self {
        let Value::Map(entries) = root.value else {
            return Self { header: Node::new(root.mark, Value::Map(Vec::new())), body: root };
        };
        let is_header = |entry: &Entry| HEADER_FIELDS.contains(&&*entry.key.text);
        let (header, body) = entries.into_iter().partition(is_header);
        Self {
            header: Node::new(root.mark, Value::Map(header)),
            body: Node { value: Value::Map(body), ..root },
        }
    }

    fn take(&mut self, field: &str) -> Option<Node> {
        let Value::Map(entries) = &mut self.header.value else { return None };
        let at = entries.iter().position(|entry| *entry.key.text == *field)?;
        Some(entries.remove(at).value)
    }
}

/// Gathers a document from all the texts that take part in it.
pub(super) struct Gatherer<'a> {
    pub kind: Kind,
    pub shape: Shape<'a>,
    pub sources: Sources,
    pub problems: Findings,
    /// The documents that wait for what they extend: how they are told apart, and how they are shown.
    chain: Vec<(PathBuf, String)>,
}

impl<'a> Gatherer<'a> {
    pub(super) fn new(kind: Kind, shape: Shape<'a>) -> Self {
        Self { kind, shape, sources: Sources::default(), problems: Findings::default(), chain: Vec::new() }
    }

    /// The document in `source`, laid over what it extends; absent if either cannot be read.
    pub(super) fn draft(&mut self, source: Source) -> Option<Draft> {
        let identity = identity(&source.origin);
        let folder = match &source.origin {
            Origin::File(path) => path.parent().map(Path::to_owned),
            _ => None,
        };
        let shown = source.origin.to_string();
        let id = self.sources.add(Arc::new(source));
        let mut draft = Draft::split(self.parse(id)?);
        let names_array = embed::names_array(&draft.body);
        self.embed_arrays(&mut draft.body);
        let Some(wanted) = draft.take(EXTENDS) else { return Some(draft) };
        self.chain.push((identity, shown));
        let base = self.base(&wanted, folder.as_deref());
        self.chain.pop();
        let mut base = base?;
        base.take("name");
        if names_array {
            embed::drop_array(&mut base.body);
        }
        Some(Draft {
            header: overlay(base.header, draft.header, None),
            body: overlay(base.body, draft.body, Some(self.shape)),
        })
    }

    fn parse(&mut self, id: TextId) -> Option<Node> {
        let passage = Passage { id, base: 0, path: self.kind.prefix() };
        parse(&self.sources, passage, &mut self.problems)
    }

    fn base(&mut self, wanted: &Node, folder: Option<&Path>) -> Option<Draft> {
        let place = self.sources.place(wanted.mark);
        match self.open(wanted, folder, &place) {
            Ok(source) => self.draft(source),
            Err(problems) => {
                for mut problem in problems {
                    problem.path = format!("{}.{EXTENDS}", self.kind.prefix());
                    problem.place.get_or_insert_with(|| place.clone());
                    self.problems.push(problem);
                }
                None
            }
        }
    }

    fn open(&self, wanted: &Node, folder: Option<&Path>, place: &Place) -> Result<Source, Diagnostics> {
        let Value::Text(name) = &wanted.value else {
            let message = format!("expected a name, found {}", wanted.describe());
            return Err(Diagnostic::new(message)
                .allowed("the name of a built-in document, or of a file")
                .into());
        };
        let mut source = source::open(name, self.kind, folder)?;
        let identity = identity(&source.origin);
        if let Some(first) = self.chain.iter().position(|(known, _)| *known == identity) {
            let names = self.chain[first..].iter().map(|(_, shown)| shown.as_str());
            let chain: Vec<&str> = names.chain(std::iter::once(self.chain[first].1.as_str())).collect();
            return Err(Diagnostic::new("the document builds on itself").help(chain.join(" → ")).into());
        }
        if self.chain.len() >= LONGEST_CHAIN {
            let allowed = format!("at most {LONGEST_CHAIN} documents on top of one another");
            return Err(Diagnostic::new("too many documents build on one another").allowed(allowed).into());
        }
        source.wanted_by = Some(place.clone());
        Ok(source)
    }
}

/// What tells two documents apart.
fn identity(origin: &Origin) -> PathBuf {
    match origin {
        Origin::File(path) => std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()),
        other => PathBuf::from(other.to_string()),
    }
}
