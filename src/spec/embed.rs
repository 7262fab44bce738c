//! Devices in a chip: `array: rram_yao` stands for the array that this device document describes, and `extends` in
//! an array lays it under what is written there.

use super::diagnostic::{Diagnostic, Place};
use super::document::{EXTENDS, Kind};
use super::draft::Gatherer;
use super::overlay::overlay;
use super::preset::Preset;
use super::schema::{Schema, Shape};
use super::source::{self, Origin};
use super::sources::TextId;
use super::tree::{Entry, Node, Value};
use super::{DeviceDoc, Diagnostics};

/// Where in a chip arrays are described.
const CORES: &str = "cores";
const ARRAY: &str = "array";
const GRANULES: &str = "granules";

/// Whether `body` names the array of its cores instead of describing it: then nothing below it counts.
pub(super) fn names_array(body: &Node) -> bool {
    entry(body, CORES).and_then(|cores| entry(cores, ARRAY)).is_some_and(Node::is_scalar)
}

/// Takes the array of the cores out of `body`.
pub(super) fn drop_array(body: &mut Node) {
    if let Some(Value::Map(entries)) = entry_mut(body, CORES).map(|cores| &mut cores.value) {
        entries.retain(|entry| *entry.key.text != *ARRAY);
    }
}

impl Gatherer<'_> {
    /// Puts the arrays that a chip names where their names stand.
    pub(super) fn embed_arrays(&mut self, body: &mut Node) {
        if self.kind != Kind::Chip {
            return;
        }
        let shape = self.shape.field(CORES);
        let Some(cores) = entry_mut(body, CORES) else { return };
        if let Some(array) = entry_mut(cores, ARRAY) {
            self.embed(array, "chip.cores.array", shape.and_then(|cores| cores.field(ARRAY)));
        }
        let Some(Value::List(granules)) = entry_mut(cores, GRANULES).map(|list| &mut list.value) else {
            return;
        };
        for (i, granule) in granules.iter_mut().enumerate() {
            if let Some(array) = entry_mut(granule, ARRAY) {
                let shape = shape.and_then(|cores| cores.field(GRANULES)?.item()?.field(ARRAY));
                self.embed(array, &format!("chip.cores.granules[{i}].array"), shape);
            }
        }
    }

    fn embed(&mut self, array: &mut Node, path: &str, shape: Option<Shape<'_>>) {
        let Some((wanted, rest)) = wanted(array) else { return };
        // A technology may be written as its name alone.
        if let Value::Text(name) = &wanted.value
            && rest.is_none()
            && shape.is_some_and(|shape| shape.names().contains(&&**name))
        {
            return;
        }
        match self.array_of(&wanted) {
            Ok(base) => {
                *array = match rest {
                    Some(rest) => overlay(base, rest, shape),
                    None => base,
                };
            }
            Err(problems) => {
                let place = self.sources.place(wanted.mark);
                for mut problem in problems {
                    problem.path = path.to_owned();
                    problem.place.get_or_insert_with(|| place.clone());
                    self.problems.push(problem);
                }
                // What is refused here is not to be refused once more as an array of a wrong type.
                array.pruned = true;
            }
        }
    }

    /// The array that a device document describes.
    fn array_of(&mut self, wanted: &Node) -> Result<Node, Diagnostics> {
        let Value::Text(name) = &wanted.value else {
            let message = format!("expected a name, found {}", wanted.describe());
            return Err(Diagnostic::new(message).allowed("the name of a device, or of a file").into());
        };
        let text = self.sources.get(TextId(wanted.mark.source));
        let folder = match &text.origin {
            Origin::File(path) => path.parent(),
            _ => None,
        };
        let mut source = source::open_one_of(name, Kind::Device, folder, Preset::is_array)?;
        let place: Place = self.sources.place(wanted.mark);
        source.wanted_by = Some(place);
        let schema = Schema::of::<DeviceDoc>();
        let mut gatherer = Gatherer::new(Kind::Device, schema.root());
        std::mem::swap(&mut gatherer.sources, &mut self.sources);
        std::mem::swap(&mut gatherer.problems, &mut self.problems);
        let draft = gatherer.draft(source);
        std::mem::swap(&mut gatherer.sources, &mut self.sources);
        std::mem::swap(&mut gatherer.problems, &mut self.problems);
        let mut draft = draft.ok_or_else(Diagnostics::new)?;
        match entry_mut(&mut draft.body, ARRAY) {
            Some(array) => Ok(array.clone()),
            None => Err(Diagnostic::new(format!("`{name}` describes no array")).into()),
        }
    }
}

/// The name of a device, and what is written beside it.
fn wanted(array: &Node) -> Option<(Node, Option<Node>)> {
    match &array.value {
        Value::Text(_) => Some((array.clone(), None)),
        Value::Map(entries) => {
            let name = entries.iter().find(|entry| *entry.key.text == *EXTENDS)?.value.clone();
            let rest: Vec<Entry> =
                entries.iter().filter(|entry| *entry.key.text != *EXTENDS).cloned().collect();
            let rest = (!rest.is_empty()).then(|| Node { value: Value::Map(rest), ..array.clone() });
            Some((name, rest))
        }
        _ => None,
    }
}

fn entry<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    node.entries().iter().find(|entry| *entry.key.text == *name).map(|entry| &entry.value)
}

fn entry_mut<'n>(node: &'n mut Node, name: &str) -> Option<&'n mut Node> {
    let Value::Map(entries) = &mut node.value else { return None };
    entries.iter_mut().find(|entry| *entry.key.text == *name).map(|entry| &mut entry.value)
}
