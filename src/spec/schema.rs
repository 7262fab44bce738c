//! JSON Schema of a document: for editors, and to know what a path of a document means.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// How many references are followed before a schema counts as circular.
const MOST_REFERENCES: usize = 16;

/// How deeply, and how widely, a field's name is looked for: schemas may contain themselves.
const FIND_DEPTH: usize = 6;
const FIND_WIDTH: usize = 1000;

/// The schema of a document's body.
#[derive(Clone, Debug)]
pub(super) struct Schema(Value);

impl Schema {
    /// The schema of `T`, with documentation, ranges and defaults as its types state them.
    pub(super) fn of<T: JsonSchema>() -> Self {
        Self(SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value())
    }

    /// What the schema says about the document as a whole.
    pub(super) fn root(&self) -> Shape<'_> {
        Shape { root: &self.0, at: &self.0 }
    }

    /// The schema as JSON.
    pub(super) fn into_json(self) -> Value {
        self.0
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

    /// Follows references, and looks through "or null" to what an optional value is when present.
    fn resolved(mut self) -> Self {
        for _ in 0..MOST_REFERENCES {
            if let Some(name) = self.at["$ref"].as_str() {
                let target = name.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
                self.at = target.unwrap_or(&Value::Null);
            } else if let Some([one]) = self.present().as_deref() {
                self.at = one;
            } else {
                break;
            }
        }
        self
    }

    /// The alternatives of an `anyOf` that are not null.
    fn present(self) -> Option<Vec<&'s Value>> {
        let alternatives = self.at["anyOf"].as_array()?;
        Some(alternatives.iter().filter(|shape| shape["type"] != "null").collect())
    }

    /// Whether the value is one of several named alternatives: text, or a map with one key.
    pub(super) fn is_choice(self) -> bool {
        let alternatives = self.resolved().at["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        let names_one = |shape: &Value| {
            shape["type"] == "string" || shape["properties"].as_object().is_some_and(|only| only.len() == 1)
        };
        !alternatives.is_empty() && alternatives.iter().all(names_one)
    }

    /// The names of the alternatives of a choice.
    pub(super) fn names(self) -> Vec<&'s str> {
        let alternatives = self.resolved().at["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut names = Vec::new();
        for shape in alternatives {
            names.extend(shape["const"].as_str());
            names.extend(shape["enum"].as_array().into_iter().flatten().filter_map(Value::as_str));
            names
                .extend(shape["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()));
        }
        names
    }

    /// The schemas of maps among the alternatives of a choice, or the schema itself.
    fn maps(self) -> impl Iterator<Item = &'s Value> {
        let alternatives = self.at["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        alternatives.iter().chain(std::iter::once(self.at))
    }

    /// The entry `name` of a map, or what the alternative `name` holds.
    pub(super) fn field(self, name: &str) -> Option<Self> {
        let map = self.resolved();
        let property = map.maps().find_map(|shape| shape["properties"].get(name));
        let rest = || map.at.get("additionalProperties").filter(|rest| rest.is_object());
        property.or_else(rest).map(|at| map.to(at))
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
        let map = self.resolved();
        map.maps()
            .filter_map(|shape| shape["properties"].as_object())
            .flatten()
            .map(|(name, at)| (name.as_str(), map.to(at)))
            .collect()
    }

    /// The items of a list.
    pub(super) fn item(self) -> Option<Self> {
        let list = self.resolved();
        list.at.get("items").filter(|items| items.is_object()).map(|at| list.to(at))
    }

    /// The documentation of the field, else that of its type.
    pub(super) fn meaning(self) -> Option<&'s str> {
        self.at["description"].as_str().or_else(|| self.resolved().at["description"].as_str())
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
