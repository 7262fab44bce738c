//! Parameters that differ from neuron to neuron.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

use super::model::NeuronModel;
use crate::base::Problems;
use crate::base::problem::Problem;

impl NeuronModel {
    /// Splits `count` neurons of this model into the parts of a bank, with some parameters given per
    /// neuron: one column of `count` numbers per parameter, in the unit of the parameter.
    ///
    /// # Errors
    /// A name that is no parameter, at its path; a column of another length; an entry that the
    /// parameter cannot hold, at `name[neuron]`.
    pub fn with_columns(
        &self,
        count: u32,
        columns: &BTreeMap<String, Vec<f64>>,
    ) -> Result<Vec<(Self, u32)>, Problems> {
        let written = serde_json::to_value(self).expect("a model is plain data with text keys");
        let shared = &written[self.name()];
        check(self.name(), shared, count, columns)?;
        let mut parts: Vec<(Self, u32)> = Vec::new();
        let mut problems = Problems::new();
        let row = |neuron: u32| columns.values().map(move |column| column[neuron as usize].to_bits());
        for neuron in 0..count {
            if let Some((_, length)) = parts.last_mut().filter(|_| row(neuron).eq(row(neuron - 1))) {
                *length += 1;
                continue;
            }
            let mut own = shared.clone();
            for (name, column) in columns {
                own[name] = like(&shared[name], column[neuron as usize]);
            }
            match serde_json::from_value(serde_json::json!({ self.name(): own })) {
                Ok(model) => parts.push((model, 1)),
                Err(error) => {
                    problems.push(Problem::new(format!("[{neuron}]"), error.to_string()));
                    break;
                }
            }
        }
        problems.into_result(parts)
    }
}

/// Refuses columns that are no parameters, not numbers, or of the wrong length.
fn check(
    model: &str,
    shared: &Value,
    count: u32,
    columns: &BTreeMap<String, Vec<f64>>,
) -> Result<(), Problems> {
    let known = || shared.as_object().into_iter().flat_map(|fields| fields.keys().map(String::as_str));
    let mut problems = Problems::new();
    for (name, column) in columns {
        match shared.get(name) {
            None => {
                let problem = Problem::new(name.as_str(), format!("is no parameter of `{model}`"));
                problems.push(problem.nearest(name, known()));
            }
            Some(Value::Number(_)) => {}
            Some(_) => {
                problems.push(Problem::new(name.as_str(), "cannot be given per neuron: it is no number"))
            }
        }
        problems.require(column.len() == count as usize, name, || {
            format!("{} values were given for {count} neurons", column.len())
        });
        for (i, value) in column.iter().enumerate().filter(|(_, value)| !value.is_finite()) {
            problems.push(Problem::new(format!("{name}[{i}]"), format!("{value} is not a finite number")));
        }
    }
    problems.into_result(())
}

/// `value` as a whole number if the parameter is one and the value allows it.
fn like(parameter: &Value, value: f64) -> Value {
    let whole = !parameter.is_f64() && value.fract() == 0.0 && value.abs() < 9e15;
    if whole { Value::from(value as i64) } else { Number::from_f64(value).map_or(Value::Null, Value::Number) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::integrate_fire::IntegrateFire;

    fn split(columns: &[(&str, &[f64])]) -> Result<Vec<(NeuronModel, u32)>, String> {
        let columns = columns.iter().map(|&(name, column)| (name.to_owned(), column.to_vec())).collect();
        NeuronModel::from(IntegrateFire::default()).with_columns(4, &columns).map_err(|e| e.to_string())
    }

    #[test]
    fn equal_neighbours_share_a_part() {
        let parts = split(&[("bias", &[0.5, 0.5, 0.0, 0.0]), ("refractory", &[2.0, 2.0, 2.0, 3.0])]).unwrap();
        let with = |bias, refractory| IntegrateFire { bias, refractory, ..Default::default() }.into();
        assert_eq!(parts, [(with(0.5, 2), 2), (with(0.0, 2), 1), (with(0.0, 3), 1)]);
        assert_eq!(split(&[]).unwrap(), [(IntegrateFire::default().into(), 4)]);
    }

    #[test]
    fn bad_columns_are_named() {
        let ones = &[1.0; 4];
        let check = |columns: &[(&str, &[f64])], message: &str| {
            let found = split(columns).unwrap_err();
            assert!(found.contains(message), "{found:?} does not say {message:?}");
        };
        check(&[("bais", ones)], "bais: is no parameter of `integrate-fire`; did you mean `bias`?");
        check(&[("bias", &[1.0])], "bias: 1 values were given for 4 neurons");
        check(&[("bias", &[1.0, f64::NAN, 1.0, 1.0])], "bias[1]: NaN is not a finite number");
        check(&[("reset_mode", ones)], "reset_mode: cannot be given per neuron");
        check(&[("refractory", &[1.0, 1.5, 1.0, 1.0])], "[1]: invalid type: floating point `1.5`");
    }
}
