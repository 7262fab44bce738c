//! What there is to know about a model, read from the one place where it is written down: names,
//! units, defaults and ranges of its parameters come from the JSON Schema of the parameter type,
//! and so does the check of those ranges.

use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value};

use super::cost::Price;
use super::soma::{Card, Columns, Quantity, Soma};
use crate::base::Problems;
use crate::base::problem::Problem;
use crate::base::unit::Seconds;

/// The units of the quantity types, by the name of their schema.
const QUANTITIES: [(&str, &str); 9] = [
    ("Seconds", "s"),
    ("Joules", "J"),
    ("Hertz", "Hz"),
    ("Volts", "V"),
    ("Amperes", "A"),
    ("Siemens", "S"),
    ("Ohms", "Ω"),
    ("Farads", "F"),
    ("Watts", "W"),
];

/// A model, documented.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelSheet {
    /// What the model says about itself.
    pub card: Card,
    /// What it is, in a sentence or two.
    pub summary: String,
    /// Its parameters in the order of their declaration.
    pub parameters: Vec<ParameterSheet>,
    /// Its state variables that can be probed, the potential (if there is one) first.
    pub variables: &'static [Quantity],
    /// Its default energy and latency.
    pub price: Price,
}

/// A parameter, documented.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParameterSheet {
    /// Its name.
    pub name: String,
    /// What it means.
    pub summary: String,
    /// Its unit; `1` for a plain number, empty where there is nothing to measure (a choice, a flag).
    pub unit: String,
    /// Its default.
    pub default: Value,
    /// The range of a number, as in `> 0` or `0 … 4095`; empty if there is none.
    pub range: String,
    /// The values of a choice; empty for everything else.
    pub choices: Vec<String>,
}

/// The sheet of model `M`.
pub(super) fn of<M: Soma>() -> ModelSheet {
    let schema = schema_of::<M>();
    let text = |value: &Value, key| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let parameters = properties(&schema).map(|(name, property)| ParameterSheet {
        name: name.clone(),
        summary: text(property, "description"),
        unit: unit_of(property),
        default: property.get("default").cloned().unwrap_or_default(),
        range: Bounds::of(property).to_string(),
        choices: choices_of(property, &schema),
    });
    ModelSheet {
        card: M::CARD,
        summary: text(&schema, "description"),
        parameters: parameters.collect(),
        variables: M::State::VARIABLES,
        price: M::price(),
    }
}

/// Everything that is wrong with `parameters` for time-steps of `dt`: values that are not finite or
/// lie outside the range in the schema, and what the model itself objects to.
pub(super) fn check<M: Soma>(parameters: &M, dt: Seconds) -> Problems {
    let mut problems = Problems::new();
    let values = serde_json::to_value(parameters).unwrap_or_default();
    for (name, property) in properties(&schema_of::<M>()) {
        match values.get(name) {
            Some(Value::Number(number)) => {
                let value = number.as_f64().unwrap_or(f64::NAN);
                let bounds = Bounds::of(property);
                if !bounds.contain(value) {
                    let problem = Problem::new(name.as_str(), format!("{value} is out of range"));
                    problems.push(problem.allowed(bounds.to_string()));
                }
            }
            // JSON has no NaN and no infinity: they become null.
            Some(Value::Null) => problems.push(Problem::new(name.as_str(), "is not a finite number")),
            _ => {}
        }
    }
    if problems.0.is_empty() {
        parameters.check(dt, &mut problems);
    }
    problems
}

fn schema_of<T: JsonSchema>() -> Value {
    SchemaGenerator::default().into_root_schema_for::<T>().to_value()
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn reference(property: &Value) -> Option<&str> {
    property.get("$ref")?.as_str()?.rsplit('/').next()
}

fn unit_of(property: &Value) -> String {
    let stated = property.get("unit").and_then(Value::as_str);
    let quantity = || {
        let name = reference(property)?;
        QUANTITIES.iter().find(|&&(known, _)| known == name).map(|&(_, unit)| unit)
    };
    stated.or_else(quantity).unwrap_or_default().to_owned()
}

/// The values of a choice: each variant is a `const` of its own, or all stand in one `enum`.
fn choices_of(property: &Value, schema: &Value) -> Vec<String> {
    let Some(definition) = reference(property).and_then(|name| schema.get("$defs")?.get(name)) else {
        return Vec::new();
    };
    let list = |key| definition.get(key).and_then(Value::as_array).into_iter().flatten();
    let named = list("oneOf").filter_map(|variant| variant.get("const"));
    named.chain(list("enum")).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The range of a number in a schema.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    least: f64,
    above: f64,
    most: f64,
    below: f64,
}

impl Bounds {
    fn of(property: &Value) -> Self {
        let number = |key, none| property.get(key).and_then(Value::as_f64).unwrap_or(none);
        Self {
            least: number("minimum", f64::NEG_INFINITY),
            above: number("exclusiveMinimum", f64::NEG_INFINITY),
            most: number("maximum", f64::INFINITY),
            below: number("exclusiveMaximum", f64::INFINITY),
        }
    }

    fn contain(&self, value: f64) -> bool {
        value >= self.least && value > self.above && value <= self.most && value < self.below
    }
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bounds = [(">=", self.least), (">", self.above), ("<=", self.most), ("<", self.below)];
        let stated = bounds.iter().filter(|(_, bound)| bound.is_finite());
        for (i, (relation, bound)) in stated.enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{relation} {bound}")?;
        }
        Ok(())
    }
}
