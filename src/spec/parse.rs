//! YAML text to a [`Node`] tree: aliases copied in, merge keys applied, duplicate keys reported.
//!
//! Hostile text is refused while it is read: nesting deeper than [`MAX_DEPTH`], more than
//! [`MAX_VALUES`] values after aliases are copied, and what YAML's own grammar forbids.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::diagnostic::{Diagnostic, Findings, Place};
use super::render::clip;
use super::scalar;
use super::sources::{Sources, TextId};
use super::tree::{Entry, Key, Mark, Node, Value};

/// Deepest nesting of lists and maps.
pub const MAX_DEPTH: usize = 64;

/// Most values of a document, the copies that aliases make included.
pub const MAX_VALUES: usize = 1 << 20;

/// A part of a text to be read.
#[derive(Clone, Copy)]
pub(super) struct Passage<'a> {
    pub id: TextId,
    /// First byte.
    pub base: usize,
    /// Path of the value that is written there.
    pub path: &'a str,
}

/// Reads a passage to the end of its text. The tree is absent if it is not one YAML document; what else is
/// wrong goes to `problems`.
pub(super) fn parse(
    sources: &Sources,
    Passage { id, base, path }: Passage<'_>,
    problems: &mut Findings,
) -> Option<Node> {
    let mut builder = Builder {
        sources,
        id,
        base,
        path,
        frames: Vec::new(),
        anchors: HashMap::new(),
        values: 0,
        root: None,
        documents: 0,
        problems,
    };
    let parser = Parser::new_from_str_with_options(&sources.text(id)[base..], options());
    match builder.consume(parser) {
        Ok(()) => builder.root,
        Err(diagnostic) => {
            problems.push(*diagnostic);
            None
        }
    }
}

fn options() -> granit_parser::Options {
    granit_parser::options! {
        emit_comments: false,
        disallow_directives: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    }
}

struct Builder<'a> {
    sources: &'a Sources,
    id: TextId,
    base: usize,
    path: &'a str,
    /// Collections that are still open, outermost first.
    frames: Vec<Frame>,
    /// Finished nodes that have an anchor.
    anchors: HashMap<usize, Node>,
    values: usize,
    root: Option<Node>,
    documents: usize,
    problems: &'a mut Findings,
}

struct Frame {
    mark: Mark,
    /// The value that was finished last.
    last: Mark,
    anchor: usize,
    tag: Tagged,
    content: Content,
}

impl Frame {
    fn new(mark: Mark, anchor: usize) -> Self {
        Self { mark, last: mark, anchor, tag: Tagged::No, content: Content::List(Vec::new()) }
    }
}

/// What the tag of a value asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tagged {
    No,
    /// `!!str`: plain text is not to be taken for a number.
    Text,
    /// Anything that means nothing here; reported already.
    Refused,
}

enum Content {
    List(Vec<Node>),
    Map(MapFrame),
}

#[derive(Default)]
struct MapFrame {
    entries: Vec<Entry>,
    /// Position of each key, once there are enough of them to need an index.
    index: HashMap<Box<str>, usize>,
    /// The key whose value comes next.
    pending: Option<PendingKey>,
    /// Values of `<<` keys.
    merged: Vec<Node>,
}

enum PendingKey {
    Name(Key),
    Merge,
    /// Not a name: reported already, its value is dropped.
    Refused,
}

type Step = Result<(), Box<Diagnostic>>;

impl Builder<'_> {
    fn consume<'t>(&mut self, parser: Parser<'t, StrInput<'t>>) -> Step {
        for next in parser {
            let (event, span) = next.map_err(|error| self.syntax(&error))?;
            let mark = self.mark(&span);
            match event {
                Event::DocumentStart(..) => self.document(mark)?,
                Event::Scalar(text, style, anchor, tag) => {
                    let tag = self.tag(tag, &span);
                    self.scalar(text, style, Frame { tag, ..Frame::new(mark, anchor) })?;
                }
                Event::SequenceStart(_, anchor, tag) => {
                    let tag = self.tag(tag, &span);
                    self.open(Frame { tag, ..Frame::new(mark, anchor) })?;
                }
                Event::MappingStart(_, anchor, tag) => {
                    let tag = self.tag(tag, &span);
                    let content = Content::Map(MapFrame::default());
                    self.open(Frame { tag, content, ..Frame::new(mark, anchor) })?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(mark)?,
                Event::Alias(anchor) => self.alias(anchor, mark)?,
                _ => {}
            }
        }
        if self.root.is_none() {
            let place = Place { source: self.sources.get(self.id), span: None };
            return Err(Box::new(Diagnostic::new("the document is empty").at(place)));
        }
        Ok(())
    }

    fn mark(&self, span: &Span) -> Mark {
        let range = span.byte_range().unwrap_or_default();
        let at = |offset: usize| (self.base + offset) as u32;
        Mark { source: self.id.0, start: at(range.start), end: at(range.end) }
    }

    fn syntax(&self, error: &ScanError) -> Diagnostic {
        let text = self.sources.text(self.id);
        let at = (self.base + error.marker().byte_offset().unwrap_or(0)).min(text.len());
        let mark = Mark { source: self.id.0, start: at as u32, end: at as u32 };
        match error.kind() {
            ErrorKind::RecursionLimitExceeded => self.too_deep(mark),
            ErrorKind::UnknownAnchor => {
                self.refuse(mark, "no value before the alias has this name").help("name a value with `&name`")
            }
            ErrorKind::DirectiveDisallowed => {
                self.refuse(mark, "there is a YAML directive").allowed("YAML 1.2 without directives")
            }
            _ => {
                let diagnostic = self.refuse(mark, format!("this is not YAML: {}", error.info()));
                match text[..at].ends_with('\t') || text[at..].starts_with('\t') {
                    true => diagnostic.help("indent with spaces instead of tabs"),
                    false => diagnostic,
                }
            }
        }
    }

    fn too_deep(&self, mark: Mark) -> Diagnostic {
        self.refuse(mark, "the nesting is too deep").allowed(format!("at most {MAX_DEPTH} levels"))
    }

    /// The path of the value that is being read.
    fn path(&self) -> String {
        let mut path = self.path.to_owned();
        for frame in &self.frames {
            match &frame.content {
                Content::List(items) => path += &format!("[{}]", items.len()),
                Content::Map(MapFrame { pending: Some(PendingKey::Name(key)), .. }) => {
                    path += &format!(".{}", clip(&key.text, 60));
                }
                Content::Map(_) => {}
            }
        }
        path
    }

    fn refuse(&self, mark: Mark, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(message).at(self.sources.place(mark))
    }

    fn document(&mut self, mark: Mark) -> Step {
        self.documents += 1;
        if self.documents > 1 {
            return Err(Box::new(
                self.refuse(mark, "a second document begins here").allowed("one document per file"),
            ));
        }
        Ok(())
    }

    fn count(&mut self, values: usize, mark: Mark) -> Step {
        self.values = self.values.saturating_add(values);
        if self.values > MAX_VALUES {
            let help = "keep bulk data in CSV or graph files";
            let refusal = self
                .refuse(mark, "the document holds too many values")
                .allowed(format!("at most {MAX_VALUES}, the copies that aliases make included"));
            return Err(Box::new(refusal.help(help)));
        }
        Ok(())
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, frame: Frame) -> Step {
        let Frame { mark, anchor, tag, .. } = frame;
        self.count(1, mark)?;
        let plain = style == ScalarStyle::Plain;
        let is_text = !plain || tag == Tagged::Text;
        let value = if is_text { Value::Text(text.as_ref().into()) } else { scalar::resolve(&text) };
        let refused = self.has_control_character(&text, mark);
        let node = Node { pruned: refused || tag == Tagged::Refused, ..Node::new(mark, value) };
        let is_key = |frame: &Frame| matches!(&frame.content, Content::Map(map) if map.pending.is_none());
        if !self.frames.last().is_some_and(is_key) {
            return self.finish(anchor, node);
        }
        let pending = match &*text {
            _ if refused => PendingKey::Refused,
            "<<" if plain => PendingKey::Merge,
            _ => self.name(text.as_ref().into(), mark),
        };
        self.await_value(pending);
        self.remember(anchor, node)
    }

    /// A key as the name that it is. A quoted `<<` is none: other programs would merge on it.
    fn name(&mut self, text: Box<str>, mark: Mark) -> PendingKey {
        if &*text != "<<" {
            return PendingKey::Name(Key { text, mark });
        }
        let refusal = self.refuse(mark, "`<<` cannot be a name").path(self.path());
        self.problems.push(refusal.allowed("any other name; without quotes, `<<` merges a map"));
        PendingKey::Refused
    }

    fn await_value(&mut self, key: PendingKey) {
        if let Some(Frame { content: Content::Map(map), .. }) = self.frames.last_mut() {
            map.pending = Some(key);
        }
    }

    /// Escapes in double quotes can stand for characters that steer terminals; reports them.
    fn has_control_character(&mut self, text: &str, mark: Mark) -> bool {
        let Some(found) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) else {
            return false;
        };
        let refusal =
            self.refuse(mark, format!("the text holds the control character U+{:04X}", u32::from(found)));
        self.problems.push(refusal.path(self.path()).allowed("text without control characters"));
        true
    }

    /// Core types mean what they say; other tags are reported: enums are one-key maps here.
    fn tag(&mut self, tag: Option<Cow<'_, Tag>>, span: &Span) -> Tagged {
        let Some(tag) = tag else { return Tagged::No };
        match tag.core_suffix() {
            Some("str") => Tagged::Text,
            Some(_) => Tagged::No,
            None => {
                let mark = self.mark(&span.tag_span().unwrap_or(*span));
                let message = format!("the tag `{}` has no meaning here", clip(&tag.original(), 40));
                let help = format!("write a map with one key, `{}: …`", clip(tag.suffix(), 40));
                let refusal = self.refuse(mark, message).path(self.path()).help(help);
                self.problems.push(refusal);
                Tagged::Refused
            }
        }
    }

    fn open(&mut self, frame: Frame) -> Step {
        self.count(1, frame.mark)?;
        if self.frames.len() >= MAX_DEPTH {
            return Err(self.too_deep(frame.mark).into());
        }
        self.frames.push(frame);
        Ok(())
    }

    fn close(&mut self, end: Mark) -> Step {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let value = match frame.content {
            Content::List(items) => Value::List(items),
            Content::Map(map) => Value::Map(self.merge(map)),
        };
        // A block collection ends with its last value; the parser's own end lies after blank lines.
        let flow = frame.mark.end > frame.mark.start;
        let last = if flow { end } else { frame.last };
        let pruned = frame.tag == Tagged::Refused;
        self.finish(frame.anchor, Node { pruned, ..Node::new(frame.mark.to(last), value) })
    }

    fn alias(&mut self, anchor: usize, mark: Mark) -> Step {
        let Some(target) = self.anchors.get(&anchor) else {
            return Err(Box::new(self.refuse(mark, "the alias stands inside the value that it names")));
        };
        let weight = target.weight();
        let deep = self.frames.len() + target.depth() > MAX_DEPTH;
        self.count(weight, mark)?;
        if deep {
            return Err(self.too_deep(mark).into());
        }
        let mut copy = self.anchors[&anchor].clone();
        copy.alias = Some(mark);
        self.finish(0, copy)
    }

    fn remember(&mut self, anchor: usize, node: Node) -> Step {
        if anchor != 0 {
            self.count(node.weight(), node.mark)?;
            self.anchors.insert(anchor, node);
        }
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn finish(&mut self, anchor: usize, node: Node) -> Step {
        if anchor != 0 {
            self.remember(anchor, node.clone())?;
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.last = node.alias.unwrap_or(node.mark);
        match &mut frame.content {
            Content::List(items) => items.push(node),
            Content::Map(map) => match map.pending.take() {
                None => {
                    let pending = self.key(node);
                    self.await_value(pending);
                }
                Some(PendingKey::Refused) => {}
                Some(PendingKey::Merge) => map.merged.push(node),
                Some(PendingKey::Name(key)) => {
                    let repeated = map.insert(key, node);
                    if let Some((key, first)) = repeated {
                        self.report_repeated(&key, first);
                    }
                }
            },
        }
        Ok(())
    }

    /// A key that is not a scalar of its own: the alias of a text, or a collection.
    fn key(&mut self, node: Node) -> PendingKey {
        let mark = node.alias.unwrap_or(node.mark);
        match node.value {
            Value::Text(text) => self.name(text, mark),
            _ => {
                let refusal = self.refuse(mark, format!("{} cannot be a key", node.describe()));
                self.problems.push(refusal.path(self.path()).allowed("a name"));
                PendingKey::Refused
            }
        }
    }

    fn report_repeated(&mut self, key: &Key, first: Mark) {
        let refusal = self.refuse(key.mark, format!("the key `{}` is written twice", clip(&key.text, 40)));
        let path = format!("{}.{}", self.path(), clip(&key.text, 60));
        self.problems.push(refusal.path(path).related(self.sources.place(first), "first written here"));
    }

    /// Applies `<<`: what the map itself says wins, then the first map that has the key.
    fn merge(&mut self, mut map: MapFrame) -> Vec<Entry> {
        for node in std::mem::take(&mut map.merged) {
            let alias = node.alias;
            let parts = match node.value {
                Value::List(items) => items,
                _ => vec![node],
            };
            for part in parts {
                let alias = part.alias.or(alias);
                let Value::Map(entries) = part.value else {
                    let refusal = self.refuse(alias.unwrap_or(part.mark), "`<<` merges maps only");
                    let refusal = refusal.allowed("an alias of a map, or a list of such aliases");
                    self.problems.push(refusal.path(self.path()));
                    break;
                };
                for mut entry in entries {
                    entry.value.alias = entry.value.alias.or(alias);
                    map.insert(entry.key, entry.value);
                }
            }
        }
        map.entries
    }
}

impl MapFrame {
    /// Adds an entry unless its key is there already; then gives the key back, with the first one's place.
    fn insert(&mut self, key: Key, value: Node) -> Option<(Key, Mark)> {
        const INDEXED: usize = 16;
        if self.entries.len() == INDEXED {
            self.index =
                self.entries.iter().enumerate().map(|(i, entry)| (entry.key.text.clone(), i)).collect();
        }
        let known = match self.entries.len() < INDEXED {
            true => self.entries.iter().position(|entry| entry.key == key || entry.key.text == key.text),
            false => self.index.get(&key.text).copied(),
        };
        if let Some(first) = known {
            return Some((key, self.entries[first].key.mark));
        }
        if self.entries.len() >= INDEXED {
            self.index.insert(key.text.clone(), self.entries.len());
        }
        self.entries.push(Entry { key, value });
        None
    }
}
