//! A document as a tree of values that know where they were written.

use super::render::clip;

/// A byte range of one of the texts of a [`Sources`](super::sources::Sources).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Index of the text.
    pub source: u32,
    /// First byte.
    pub start: u32,
    /// One after the last byte.
    pub end: u32,
}

impl Mark {
    /// The range from the start of `self` to the end of `last`.
    pub(super) fn to(self, last: Self) -> Self {
        Self { end: last.end.max(self.start), ..self }
    }
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Unsigned(u64),
    Negative(i64),
    Float(f64),
    Text(Box<str>),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub mark: Mark,
    /// The alias (`*name`) that put a copy of the node here.
    pub alias: Option<Mark>,
    /// Refused already: reading goes on as if the node were not there.
    pub pruned: bool,
    pub value: Value,
}

/// A key of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub text: Box<str>,
    pub mark: Mark,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub key: Key,
    pub value: Node,
}

impl Node {
    /// A node that is not the copy of another.
    pub(super) fn new(mark: Mark, value: Value) -> Self {
        Self { mark, alias: None, pruned: false, value }
    }

    /// Entries of a map; none for anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Whether the node is neither a list nor a map.
    pub(super) fn is_scalar(&self) -> bool {
        !matches!(self.value, Value::List(_) | Value::Map(_))
    }

    /// How many nodes there are, this one included.
    pub(super) fn weight(&self) -> usize {
        1 + match &self.value {
            Value::List(items) => items.iter().map(Self::weight).sum(),
            Value::Map(entries) => entries.iter().map(|entry| entry.value.weight()).sum(),
            _ => 0,
        }
    }

    /// How deeply lists and maps are nested in the node, itself included.
    pub(super) fn depth(&self) -> usize {
        match &self.value {
            Value::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Value::Map(entries) => 1 + entries.iter().map(|entry| entry.value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// The child at position `step` of a map or a list, with its key.
    pub(super) fn child(&self, step: usize) -> Option<(Option<&Key>, &Self)> {
        match &self.value {
            Value::List(items) => items.get(step).map(|item| (None, item)),
            Value::Map(entries) => entries.get(step).map(|entry| (Some(&entry.key), &entry.value)),
            _ => None,
        }
    }

    /// The descendant that `steps` lead to.
    pub(super) fn descend(&mut self, steps: &[usize]) -> Option<&mut Self> {
        steps.iter().try_fold(self, |node, &step| match &mut node.value {
            Value::List(items) => items.get_mut(step),
            Value::Map(entries) => entries.get_mut(step).map(|entry| &mut entry.value),
            _ => None,
        })
    }

    /// Whether the node or anything in it was refused.
    pub(super) fn is_damaged(&self) -> bool {
        self.pruned
            || match &self.value {
                Value::List(items) => items.iter().any(Self::is_damaged),
                Value::Map(entries) => entries.iter().any(|entry| entry.value.is_damaged()),
                _ => false,
            }
    }

    /// The node without what was refused; absent if it was refused itself.
    pub(super) fn intact(&self) -> Option<Self> {
        if self.pruned {
            return None;
        }
        let value = match &self.value {
            Value::List(items) => Value::List(items.iter().filter_map(Self::intact).collect()),
            Value::Map(entries) => Value::Map(
                entries
                    .iter()
                    .filter_map(|entry| Some(Entry { key: entry.key.clone(), value: entry.value.intact()? }))
                    .collect(),
            ),
            scalar => scalar.clone(),
        };
        Some(Self { value, ..Self::new(self.mark, Value::Null) })
    }

    /// What the node is, for people.
    pub(super) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Unsigned(value) => format!("the number {value}"),
            Value::Negative(value) => format!("the number {value}"),
            Value::Float(value) if value.is_finite() => format!("the number {value:?}"),
            Value::Float(_) => "a number that is not finite".into(),
            Value::Text(text) => format!("the text `{}`", clip(text, 40)),
            Value::List(items) => match items.len() {
                1 => "a list of one value".into(),
                count => format!("a list of {count} values"),
            },
            Value::Map(_) => "a map".into(),
        }
    }

    /// As [`Self::describe`], with the keys of a map.
    pub(super) fn describe_keys(&self) -> String {
        let keys: Vec<&str> = self.entries().iter().map(|entry| &*entry.key.text).collect();
        match (&self.value, keys.as_slice()) {
            (Value::Map(_), []) => "an empty map".into(),
            (Value::Map(_), keys) => clip(&format!("a map with the keys {}", keys.join(", ")), 120),
            _ => self.describe(),
        }
    }
}
