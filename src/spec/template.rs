//! A document to start from: a complete example with what every field means beside it.

use super::diagnostic::Findings;
use super::document::Document;
use super::overrides::Overrides;
use super::parse::{Passage, parse};
use super::read::read;
use super::render::wrap;
use super::scalar;
use super::schema::{Schema, Shape};
use super::source::Source;
use super::sources::Sources;
use super::tree::{Node, Value};

/// Width of comments.
const WIDTH: usize = 100;

/// A document of type `T` called `name`: every field with its default, and commented out where it is
/// absent by default.
pub fn template_of<T: Document>(name: &str) -> String {
    let schema = Schema::of::<T>();
    let mut page = Page::default();
    page.comment(0, schema.root().meaning());
    page.line(0, &format!("name: {}", scalar_text(name)));
    if let Some(example) = resolved::<T>() {
        page.map(0, &example, schema.root());
    }
    page.text
}

/// The example with all defaults filled in, without its header.
fn resolved<T: Document>() -> Option<Node> {
    let loaded = read::<T>(Source::memory("", T::EXAMPLE), &Overrides::none()).ok()?;
    let mut sources = Sources::default();
    let id = sources.add(std::sync::Arc::new(Source::memory("", &loaded.to_yaml())));
    let mut root = parse(&sources, Passage { id, base: 0, path: "" }, &mut Findings::default())?;
    if let Value::Map(entries) = &mut root.value {
        entries.retain(|entry| *entry.key.text != *"name");
    }
    Some(root)
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, depth: usize, text: &str) {
        for _ in 0..depth {
            self.text.push_str("  ");
        }
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn comment(&mut self, depth: usize, text: Option<&str>) {
        let wrapped = wrap(text.unwrap_or_default(), WIDTH - 2 * depth);
        for line in wrapped.lines() {
            self.line(depth, format!("# {line}").trim_end());
        }
    }

    fn map(&mut self, depth: usize, node: &Node, shape: Shape<'_>) {
        for entry in node.entries() {
            let name = &*entry.key.text;
            let Some(below) = shape.field(name) else { continue };
            self.introduce(depth, below, shape.is_choice());
            match &entry.value.value {
                Value::Null => self.line(depth, &format!("# {name}:")),
                Value::Map(entries) if !entries.is_empty() => {
                    self.line(depth, &format!("{name}:"));
                    self.map(depth + 1, &entry.value, below);
                }
                _ => self.line(depth, &format!("{name}: {}", flow(&entry.value))),
            }
        }
        if !shape.is_choice() {
            self.absent(depth, node, shape);
        }
    }

    /// Fields that the example leaves out.
    fn absent(&mut self, depth: usize, node: &Node, shape: Shape<'_>) {
        for (name, below) in shape.fields() {
            if !node.entries().iter().any(|entry| *entry.key.text == *name) {
                self.introduce(depth, below, false);
                self.line(depth, &format!("# {name}:"));
            }
        }
    }

    fn introduce(&mut self, depth: usize, shape: Shape<'_>, is_alternative: bool) {
        if depth == 0 {
            self.text.push('\n');
        }
        if !is_alternative {
            self.comment(depth, shape.meaning());
        }
        if shape.is_choice() {
            self.comment(depth, Some(&format!("One of: {}.", shape.names().join(", "))));
        }
    }
}

/// A value on one line.
fn flow(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Unsigned(value) => value.to_string(),
        Value::Negative(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Text(text) => scalar_text(text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) => {
            let entries = entries.iter();
            let entries: Vec<String> = entries
                .map(|entry| format!("{}: {}", scalar_text(&entry.key.text), flow(&entry.value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// `text` as YAML: plain where that reads back as the same text, else in quotes.
fn scalar_text(text: &str) -> String {
    if scalar::is_plain_text(text) {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::ChipDoc;

    #[test]
    fn a_template_reads_back_as_the_example() {
        let template = template_of::<ChipDoc>("my: chip");
        let read_back = |text: &str| {
            read::<ChipDoc>(Source::memory("t", text), &Overrides::none())
                .unwrap_or_else(|problems| panic!("{}\n{text}", problems.render(false, 100)))
        };
        assert_eq!(read_back(&template).value, read_back(ChipDoc::EXAMPLE).value);
        assert_eq!(read_back(&template).name(), "my: chip");
        for expected in
            ["# Virtual channels per port", "# width_bits:", "# One of: mesh, torus", "size: [8, 8]"]
        {
            assert!(template.contains(expected), "{expected} is not in\n{template}");
        }
    }
}
