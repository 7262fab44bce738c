//! Reading a JSON Schema as a list of parameters.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::super::schema::Schema;
use super::Parameter;
use crate::base::unit::unit_of;

/// How many references are followed before a schema counts as circular.
const MOST_REFERENCES: usize = 16;

/// A type as its schema describes it.
pub(super) struct Listing(Value);

/// One alternative of a choice.
pub(super) struct Variant {
    pub name: String,
    pub summary: String,
    pub parameters: Vec<Parameter>,
}

impl Listing {
    pub(super) fn of<T: JsonSchema>() -> Self {
        Self(Schema::of::<T>().into_json())
    }

    /// What the type is.
    pub(super) fn summary(&self) -> String {
        text(&self.0)
    }

    /// The parameters of a map.
    pub(super) fn parameters(&self) -> Vec<Parameter> {
        self.fields(&self.0)
    }

    /// The alternatives of a choice: names alone, or maps with one key.
    pub(super) fn variants(&self) -> Vec<Variant> {
        let Some(list) = self.0["oneOf"].as_array() else { return Vec::new() };
        list.iter().filter_map(|one| self.variant(one)).collect()
    }

    fn variant(&self, one: &Value) -> Option<Variant> {
        if let Some(name) = one["const"].as_str() {
            return Some(Variant { name: name.to_owned(), summary: text(one), parameters: Vec::new() });
        }
        let (name, body) = one["properties"].as_object()?.iter().next()?;
        let target = self.target(body);
        let summary = match text(one) {
            own if own.is_empty() => text(target),
            own => own,
        };
        Some(Variant { name: name.clone(), summary, parameters: self.fields(target) })
    }

    fn fields(&self, map: &Value) -> Vec<Parameter> {
        let none = Map::new();
        let required =
            |name: &str| map["required"].as_array().is_some_and(|list| list.iter().any(|it| it == name));
        let fields = map["properties"].as_object().unwrap_or(&none).iter();
        fields.map(|(name, field)| self.parameter(name, field, required(name))).collect()
    }

    fn parameter(&self, name: &str, field: &Value, required: bool) -> Parameter {
        let target = self.target(field);
        let own = text(field);
        let summary = if own.is_empty() { text(target) } else { own };
        let default = field.get("default").filter(|default| !default.is_null()).cloned();
        Parameter {
            name: name.to_owned(),
            unit: unit(&summary, field),
            choices: choices(target),
            default,
            required,
            summary,
        }
    }

    /// What a reference leads to, "or null" left out.
    fn target<'s>(&'s self, field: &'s Value) -> &'s Value {
        let mut at = field;
        for _ in 0..MOST_REFERENCES {
            let not_null = |list: &'s Value| list.as_array()?.iter().find(|part| part["type"] != "null");
            if let Some(pointer) = at["$ref"].as_str().and_then(|name| name.strip_prefix('#')) {
                at = self.0.pointer(pointer).unwrap_or(&Value::Null);
            } else if let Some(part) = not_null(&at["anyOf"]) {
                at = part;
            } else {
                break;
            }
        }
        at
    }
}

fn text(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().split('\n').collect::<Vec<_>>().join(" ")
}

/// The names that a choice is made among.
fn choices(target: &Value) -> Vec<String> {
    let list = |key: &str| target[key].as_array().into_iter().flatten();
    let key = |one: &Value| one["properties"].as_object().and_then(|map| map.keys().next()).cloned();
    let named = list("oneOf").filter_map(|one| one["const"].as_str().map(str::to_owned).or_else(|| key(one)));
    named.chain(list("enum").filter_map(|it| it.as_str().map(str::to_owned))).collect()
}

/// The unit: in square brackets in the text, else that of the quantity, which may be absent.
fn unit(summary: &str, field: &Value) -> String {
    let bracketed = summary.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(unit, _)| unit);
    let quantity = || {
        let reference = field["$ref"].as_str().or_else(|| field["anyOf"][0]["$ref"].as_str())?;
        unit_of(reference.rsplit('/').next()?)
    };
    bracketed.or_else(quantity).unwrap_or_default().to_owned()
}
