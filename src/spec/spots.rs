//! Places in YAML texts that are no documents of their own.

use std::sync::Arc;

use super::diagnostic::Findings;
use super::parse::{Passage, parse};
use super::source::Source;
use super::sources::Sources;
use super::tree::{Node, Value};
use crate::base::Spot;

/// Where the values of a YAML text stand.
#[derive(Debug)]
pub struct Spots {
    source: Arc<Source>,
    /// Absent if the text is not YAML, or too long.
    root: Option<Node>,
}

impl Spots {
    /// Of `text`.
    pub fn of(text: &str) -> Self {
        let (mut sources, source) = (Sources::default(), Arc::new(Source::memory("", text)));
        let id = sources.add(Arc::clone(&source));
        let root = parse(&sources, Passage { id, base: 0, path: "" }, &mut Findings::default());
        Self { source, root }
    }

    /// The place of the value at a dotted path such as `mapping[1].core`, or of the nearest one that contains it.
    pub fn find(&self, path: &str) -> Option<Spot> {
        let mut node = self.root.as_ref()?;
        for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
            let Some(child) = child(node, step) else { break };
            node = child;
        }
        let (line, column) = self.source.position(node.mark.start as usize);
        Some(Spot { line: line as u64, column: column as u64 })
    }
}

fn child<'a>(node: &'a Node, step: &str) -> Option<&'a Node> {
    match (&node.value, step.strip_suffix(']')) {
        (Value::List(items), Some(index)) => items.get(index.parse::<usize>().ok()?),
        _ => node.entries().iter().find(|entry| *entry.key.text == *step).map(|entry| &entry.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_paths() {
        let spots = Spots::of("a: 1\nmapping:\n- {neurons: é, core: 7}\n- core:\n    8\n");
        let spot = |path: &str| spots.find(path).map(|spot| (spot.line, spot.column));
        assert_eq!(spot("mapping[0].core"), Some((3, 22)));
        assert_eq!(spot("mapping[1].core"), Some((5, 5)));
        assert_eq!(spot("mapping[1].granule"), Some((4, 3)));
        assert_eq!(spot("mapping[7].core"), spot("mapping"));
        assert_eq!(spot(""), Some((1, 1)));
        assert_eq!(Spots::of("{").find("a"), None);
    }
}
