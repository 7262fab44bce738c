//! YAML as a plain tree whose scalars keep their text: `1.10` may be the eleventh core of a tile.

use granit_parser::{Event, Parser, ScalarStyle};

use crate::base::Problems;

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
/// Text that is not YAML, with line and column; anchors and aliases.
pub(super) fn read(text: &str) -> Result<Tree, Problems> {
    let options = granit_parser::options! {
        emit_comments: false,
        disallow_directives: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder { frames: Vec::new(), root: None };
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, _) = next.map_err(|error| {
            let marker = error.marker();
            let at = format!("line {}, column {}", marker.line(), marker.col() + 1);
            Problems::one(at, format!("this is not YAML: {}", error.info()))
        })?;
        match event {
            Event::Scalar(text, style, ..) => {
                builder.value(Tree::Scalar(text.to_string(), style == ScalarStyle::Plain))?
            }
            Event::SequenceStart(..) => builder.frames.push(Frame::List(Vec::new())),
            Event::MappingStart(..) => builder.frames.push(Frame::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => match builder.frames.pop() {
                Some(Frame::List(items)) => builder.value(Tree::List(items))?,
                Some(Frame::Map(entries, _)) => builder.value(Tree::Map(entries))?,
                None => {}
            },
            Event::Alias(_) => return Err(Problems::one("", "aliases are not supported")),
            _ => {}
        }
    }
    builder.root.ok_or_else(|| Problems::one("", "the document is empty"))
}

enum Frame {
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>, Option<String>),
}

struct Builder {
    frames: Vec<Frame>,
    root: Option<Tree>,
}

impl Builder {
    fn value(&mut self, value: Tree) -> Result<(), Problems> {
        match self.frames.last_mut() {
            None => self.root = Some(value),
            Some(Frame::List(items)) => items.push(value),
            Some(Frame::Map(entries, pending)) => match (pending.take(), value) {
                (Some(key), value) => entries.push((key, value)),
                (None, Tree::Scalar(key, _)) => *pending = Some(key),
                (None, _) => return Err(Problems::one("", "a key is no text")),
            },
        }
        Ok(())
    }
}
