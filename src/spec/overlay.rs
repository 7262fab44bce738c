//! One document laid over another: what `extends` means.

use std::collections::HashMap;

use super::schema::Shape;
use super::tree::{Entry, Node, Value};

/// Lays `over` on `base`: maps are merged key by key, anything else replaces what was there. A choice
/// (a one-key map) is merged with the same choice and replaces another one.
pub(super) fn overlay(base: Node, over: Node, shape: Option<Shape<'_>>) -> Node {
    let (below, above) = match (base.value, over.value) {
        (Value::Map(below), Value::Map(above)) if !replaces(&below, &above, shape) => (below, above),
        (_, value) => return Node { value, ..over },
    };
    let places = below.iter().enumerate().map(|(at, entry)| (entry.key.text.clone(), at));
    let places: HashMap<Box<str>, usize> = places.collect();
    let mut entries = below;
    for Entry { key, value } in above {
        let Some(&at) = places.get(&key.text) else {
            entries.push(Entry { key, value });
            continue;
        };
        let shape = shape.and_then(|shape| shape.field(&key.text));
        let old = std::mem::replace(&mut entries[at].value, Node::new(key.mark, Value::Null));
        entries[at] = Entry { value: overlay(old, value, shape), key };
    }
    Node { value: Value::Map(entries), ..over }
}

/// Whether the two maps are different alternatives of one choice.
fn replaces(below: &[Entry], above: &[Entry], shape: Option<Shape<'_>>) -> bool {
    let same = |(a, b): (&Entry, &Entry)| a.key.text == b.key.text;
    shape.is_some_and(Shape::is_choice) && !(below.len() == above.len() && below.iter().zip(above).all(same))
}
