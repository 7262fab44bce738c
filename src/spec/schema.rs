//! JSON Schema of a document: for editors, and to know what a path of a document means.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// How many references are followed before a schema counts as circular.
const MOST_REFERENCES: usize = 16;

/// How deeply, and how widely, a field's name is looked for: schemas may contain themselves.
const FIND_DEPTH: usize = 6;
const FIND_WIDTH: usize = 1000;

/// Schemas that were made before, by the names of their types: making one takes longer than many a run of a sweep.
static MADE: Mutex<BTreeMap<Cow<'static, str>, Arc<Value>>> = Mutex::new(BTreeMap::new());

/// The schema of a document's body.
#[derive(Clone, Debug)]
pub(super) struct Schema(Arc<Value>);

impl Schema {
    /// The schema of `T`, with documentation, ranges and defaults as its types state them.
    pub(super) fn of<T: JsonSchema>() -> Self {
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
        Self(made.entry(T::schema_id()).or_insert_with(|| Arc::new(make())).clone())
    }

    /// What the schema says about the document as a whole.
    pub(super) fn root(&self) -> Shape<'_> {
        Shape { root: &self.0, at: &self.0 }
    }

    /// The schema as JSON.
    pub(super) fn into_json(self) -> Value {
        Arc::unwrap_or_clone(self.0)
    }
}

/// What the schema says about one value of the document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape<'s> {
    root: &'s Value,
    at: &'s Value,
}

impl<'s> Shape<'s> {
    fn to(self, at: &'s Value) -> Self {
        Self { at, ..self }
    }

    /// What the value may be: follows references, and takes `anyOf` and `oneOf` apart. "Or null" is left
    /// out, so that an optional value has the alternatives that it has when it is present.
    fn alternatives(self) -> Vec<Self> {
        let mut found = Vec::new();
        self.collect(MOST_REFERENCES, &mut found);
        found
    }

    fn collect(self, depth: usize, found: &mut Vec<Self>) {
        let Some(depth) = depth.checked_sub(1) else { return };
        if let Some(name) = self.at["$ref"].as_str() {
            let target = name.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return self.to(target.unwrap_or(&Value::Null)).collect(depth, found);
        }
        match self.at["anyOf"].as_array().or_else(|| self.at["oneOf"].as_array()) {
            Some(parts) => parts.iter().for_each(|part| self.to(part).collect(depth, found)),
            None if self.at["type"] == "null" => {}
            None => found.push(self),
        }
    }

    /// The only alternative, if there is no choice.
    fn resolved(self) -> Self {
        match self.alternatives().as_slice() {
            [one] => *one,
            _ => self,
        }
    }

    /// Whether the value is one of several named alternatives: text, or a map with one key.
    pub(super) fn is_choice(self) -> bool {
        let alternatives = self.alternatives();
        alternatives.iter().all(|shape| !shape.choice_names().is_empty()) && !alternatives.is_empty()
    }

    /// The names that an alternative of a choice stands for; none if it is no such alternative.
    fn choice_names(self) -> Vec<&'s str> {
        let only_key = self.at["properties"].as_object().filter(|properties| {
            properties.len() == 1
                && self.at["required"].as_array().is_some_and(|required| required.len() == 1)
        });
        let texts = self.at["enum"].as_array().into_iter().flatten().chain(self.at.get("const"));
        texts
            .filter_map(Value::as_str)
            .chain(only_key.into_iter().flatten().map(|(name, _)| name.as_str()))
            .collect()
    }

    /// The names of the alternatives of a choice.
    pub(super) fn names(self) -> Vec<&'s str> {
        let mut names = Vec::new();
        for name in self.alternatives().into_iter().flat_map(Self::choice_names) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The entry `name` of a map, or what the alternative `name` holds.
    pub(super) fn field(self, name: &str) -> Option<Self> {
        let alternatives = self.alternatives();
        let property = alternatives.iter().find_map(|map| Some(map.to(map.at["properties"].get(name)?)));
        let rest =
            |map: &Self| Some(map.to(map.at.get("additionalProperties").filter(|rest| rest.is_object())?));
        property.or_else(|| alternatives.iter().find_map(rest))
    }

    /// The path of the uppermost field called `name`, relative to here.
    pub(super) fn find(self, name: &str) -> Option<String> {
        let mut level = vec![(String::new(), self)];
        for _ in 0..FIND_DEPTH {
            let mut next = Vec::new();
            for (path, shape) in level {
                for (field, below) in shape.fields() {
                    let path = if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
                    if field == name {
                        return Some(path);
                    }
                    next.push((path, below));
                }
            }
            level = next;
            level.truncate(FIND_WIDTH);
        }
        None
    }

    /// Every field of a map, and every alternative of a choice that holds something.
    pub(super) fn fields(self) -> Vec<(&'s str, Self)> {
        let alternatives = self.alternatives().into_iter();
        alternatives
            .filter_map(|map| Some((map, map.at["properties"].as_object()?)))
            .flat_map(|(map, fields)| fields.iter().map(move |(name, at)| (name.as_str(), map.to(at))))
            .collect()
    }

    /// The items of a list.
    pub(super) fn item(self) -> Option<Self> {
        let items = |list: &Self| Some(list.to(list.at.get("items").filter(|items| items.is_object())?));
        self.alternatives().iter().find_map(items)
    }

    /// The documentation of the field, else that of its type.
    pub(super) fn meaning(self) -> Option<&'s str> {
        let mut shape = self;
        for _ in 0..MOST_REFERENCES {
            if let Some(description) = shape.at["description"].as_str() {
                return Some(description);
            }
            let reference = shape.at["$ref"].as_str().or_else(|| shape.at["anyOf"][0]["$ref"].as_str());
            shape = shape.to(shape.root.pointer(reference?.strip_prefix('#')?)?);
        }
        None
    }

    /// What a physical quantity may look like, if the value is one.
    pub(super) fn quantity(self) -> Option<&'s str> {
        let shape = self.resolved().at;
        let is_quantity = shape["type"] == serde_json::json!(["number", "string"]);
        let description = shape["description"].as_str().filter(|_| is_quantity)?;
        Some(description.trim_start_matches("A ").trim_end_matches('.'))
    }

    /// The closed range that a number must lie in, as far as the schema states one.
    pub(super) fn range(self) -> (Option<f64>, Option<f64>) {
        let number = self.resolved().at;
        (number["minimum"].as_f64(), number["maximum"].as_f64())
    }

    /// The closed range that the length of a list must lie in, as far as the schema states one.
    pub(super) fn lengths(self) -> (Option<f64>, Option<f64>) {
        let list = self.resolved().at;
        (list["minItems"].as_f64(), list["maxItems"].as_f64())
    }
}
