//! YAML as a plain tree whose scalars keep their text: `1.10` may be the eleventh core of a tile.

use granit_parser::{Event, Marker, Parser, ScalarStyle};

use crate::base::{Problem, Problems};

/// Deepest nesting.
const MAX_DEPTH: usize = 64;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    /// A scalar, and whether it was written without quotes.
    Scalar(String, bool),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// Reads one YAML document.
///
/// # Errors
/// Text that is not YAML, with line and column; keys that a map has twice; aliases; further documents.
pub(super) fn read(text: &str) -> Result<Tree, Problems> {
    let options = granit_parser::options! {
        emit_comments: false,
        disallow_directives: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder { frames: Vec::new(), root: None };
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| {
            let message = format!("this is not YAML: {}", error.info());
            Problems::one(place(error.marker()), message)
        })?;
        let at = span.start;
        match event {
            Event::Scalar(text, style, ..) => {
                builder.value(Tree::Scalar(text.to_string(), style == ScalarStyle::Plain), at)?
            }
            Event::SequenceStart(..) => builder.frames.push(Frame::List(Vec::new())),
            Event::MappingStart(..) => builder.frames.push(Frame::Map(Map::default())),
            Event::SequenceEnd | Event::MappingEnd => match builder.frames.pop() {
                Some(Frame::List(items)) => builder.value(Tree::List(items), at)?,
                Some(Frame::Map(map)) => builder.value(map.finish()?, at)?,
                None => {}
            },
            Event::DocumentStart(..) if builder.root.is_some() => {
                return Err(Problems::one(place(&at), "a second document begins here; a file holds one"));
            }
            Event::Alias(_) => return Err(Problems::one("", "aliases are not supported")),
            _ => {}
        }
    }
    builder.root.ok_or_else(|| Problems::one("", "the document is empty"))
}

fn place(marker: &Marker) -> String {
    format!("line {}, column {}", marker.line(), marker.col() + 1)
}

enum Frame {
    List(Vec<Tree>),
    Map(Map),
}

/// A map in the making.
#[derive(Default)]
struct Map {
    entries: Vec<(String, Tree)>,
    /// By entry: where its key is written.
    places: Vec<Marker>,
    /// A key whose value is to come.
    pending: Option<String>,
}

impl Map {
    /// The map, if it has every key once.
    fn finish(self) -> Result<Tree, Problems> {
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        // Stable, so that of equal keys the later one is told.
        order.sort_by_key(|&entry| &self.entries[entry].0);
        let mut again: Vec<usize> = order
            .windows(2)
            .filter(|pair| self.entries[pair[0]].0 == self.entries[pair[1]].0)
            .map(|pair| pair[1])
            .collect();
        again.sort_unstable();
        let problem = |entry: usize| {
            let message = format!("the key `{}` is in its map already", self.entries[entry].0);
            Problem::new(place(&self.places[entry]), message)
        };
        Problems(again.into_iter().map(problem).collect()).into_result(())?;
        Ok(Tree::Map(self.entries))
    }
}

struct Builder {
    frames: Vec<Frame>,
    root: Option<Tree>,
}

impl Builder {
    fn value(&mut self, value: Tree, at: Marker) -> Result<(), Problems> {
        match self.frames.last_mut() {
            None => self.root = Some(value),
            Some(Frame::List(items)) => items.push(value),
            Some(Frame::Map(map)) => match (map.pending.take(), value) {
                (Some(key), value) => map.entries.push((key, value)),
                (None, Tree::Scalar(key, _)) => {
                    map.pending = Some(key);
                    map.places.push(at);
                }
                (None, _) => return Err(Problems::one(place(&at), "a key is no text")),
            },
        }
        Ok(())
    }
}
