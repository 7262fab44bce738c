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
use crate::base::unit::{self, Seconds};

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
    let mut parameters: Vec<ParameterSheet> = parameters.collect();
    // The schema sorts its properties; the text of the defaults has them in the order of declaration.
    let declared = serde_json::to_string(&M::default()).expect("parameters are plain data with text keys");
    parameters.sort_by_key(|parameter| declared.find(&format!("\"{}\":", parameter.name)));
    ModelSheet {
        card: M::CARD,
        summary: text(&schema, "description"),
        parameters,
        variables: M::State::VARIABLES,
        price: M::price(),
    }
}

/// The ranges of the numbers among a model's parameters.
pub(super) struct Ranges(Vec<(String, Bounds)>);

impl Ranges {
    /// The ranges in the schema of `M`.
    pub(super) fn of<M: Soma>() -> Self {
        let schema = schema_of::<M>();
        Self(properties(&schema).map(|(name, property)| (name.clone(), Bounds::of(property))).collect())
    }

    /// Everything that is wrong with `parameters` for time-steps of `dt`: values that are not finite
    /// or out of range, and what the model itself objects to.
    pub(super) fn check<M: Soma>(&self, parameters: &M, dt: Seconds) -> Problems {
        let mut problems = Problems::new();
        let values = serde_json::to_value(parameters).expect("parameters are plain data with text keys");
        for (name, bounds) in &self.0 {
            match &values[name] {
                Value::Number(number) => {
                    let value = number.as_f64().unwrap_or(f64::NAN);
                    if !bounds.contain(value) {
                        let problem = Problem::new(name.as_str(), format!("{value} is out of range"));
                        problems.push(problem.allowed(bounds.to_string()));
                    }
                }
                // JSON has no NaN and no infinity: they become null.
                Value::Null => problems.push(Problem::new(name.as_str(), "is not a finite number")),
                _ => {}
            }
        }
        if problems.0.is_empty() {
            parameters.check(dt, &mut problems);
        }
        problems
    }
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
    let quantity = || unit::unit_of(reference(property)?);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::NeuronModel;
    use crate::neuron::loihi::Loihi;
    use crate::neuron::snu::Snu;
    use crate::neuron::trial::step_for;

    /// The walk over the list of models: each is documented, and so is each parameter, with a unit
    /// wherever there is something to measure.
    #[test]
    fn every_model_is_documented() {
        for sheet in NeuronModel::sheets() {
            let name = sheet.card.name;
            assert!(sheet.summary.ends_with('.'), "{name}: {}", sheet.summary);
            for text in [sheet.card.equations, sheet.card.scheme, sheet.card.source, sheet.price.source] {
                assert!(!text.is_empty(), "{name} has an empty line");
            }
            for parameter in &sheet.parameters {
                let what = format!("{name}.{}", parameter.name);
                assert!(parameter.summary.ends_with('.'), "{what}: {}", parameter.summary);
                assert!(!parameter.default.is_null(), "{what} has no default");
                assert_eq!(
                    parameter.unit.is_empty(),
                    !parameter.default.is_number(),
                    "{what}: unit {:?}",
                    parameter.unit
                );
                let choice = !parameter.choices.is_empty();
                assert_eq!(choice, parameter.default.is_string(), "{what}: {:?}", parameter.choices);
            }
            for quantity in sheet.card.inputs.iter().chain(sheet.variables) {
                assert!(!quantity.unit.is_empty(), "{name}.{}", quantity.name);
            }
        }
    }

    #[test]
    fn every_default_is_valid_and_survives_yaml() {
        for name in NeuronModel::NAMES {
            let model = NeuronModel::named(name).unwrap();
            model.check(step_for(&model)).unwrap();
            let yaml = serde_yaml::to_string(&model).unwrap();
            assert_eq!(serde_yaml::from_str::<NeuronModel>(&yaml).unwrap(), model, "{yaml}");
            assert_eq!(serde_yaml::from_str::<NeuronModel>(name).unwrap(), model);
            assert_eq!(serde_yaml::from_str::<NeuronModel>(&format!("{name}: {{}}")).unwrap(), model);
        }
    }

    #[test]
    fn a_sheet_says_what_the_type_says() {
        let sheet = of::<Loihi>();
        let du = &sheet.parameters[0];
        assert_eq!(
            (du.name.as_str(), du.unit.as_str(), du.range.as_str()),
            ("du", "1/4096", ">= 0, <= 4095")
        );
        assert_eq!(du.default, 4095);
        let output = of::<Snu>().parameters.pop().unwrap();
        assert_eq!(
            (output.name.as_str(), output.choices),
            ("output", vec!["step".to_owned(), "sigmoid".to_owned()])
        );
    }

    #[test]
    fn every_value_out_of_range_is_named() {
        let model: NeuronModel =
            serde_yaml::from_str("lif-cond: {tau_exc: 0 ms, substeps: 0, refractory: -1}").unwrap();
        let problems = model.check(Seconds(1e-4)).unwrap_err();
        let found: Vec<&str> = problems.0.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(found, ["refractory", "substeps", "tau_exc"]);
        assert_eq!(problems.0[2].allowed.as_deref(), Some("> 0"));
        for yaml in ["lif: {tau_syn: -1 ms}", "source-poisson: {rate: -1}", "adex: {refractory: -1 ms}"] {
            let model: NeuronModel = serde_yaml::from_str(yaml).unwrap();
            assert!(model.check(Seconds(1e-4)).unwrap_err().to_string().ends_with("allowed: >= 0"), "{yaml}");
        }
        let model: NeuronModel = Snu { bias: f64::NAN, ..Default::default() }.into();
        assert_eq!(model.check(Seconds(1e-4)).unwrap_err().to_string(), "bias: is not a finite number");
        assert!(model.check(Seconds(0.0)).unwrap_err().to_string().starts_with("dt: "));
    }
}
