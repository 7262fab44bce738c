//! Quadratic unconstrained binary optimisation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::anneal::{Annealing, Search, relative_gap};
use crate::base::{Problem, Problems};
use crate::workload::graph::sssp::yes;
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::Edge;
use crate::workload::problem::input::read_file;
use crate::workload::problem::qubo::{self, Qubo as Form};

/// Minimises xᵀQx over binary x.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Qubo {
    /// File with coordinates of Q: `i j value` per line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The matrix itself instead of a file, row by row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Vec<Vec<f64>>>,
    /// The annealing.
    #[serde(default)]
    pub annealing: Annealing,
    /// Value at which to stop; gaps are relative to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Whether the result is compared with the best of all states, for at most 20 variables; for more, only
    /// the value of the state is computed anew.
    #[serde(default = "yes")]
    pub check: bool,
}

impl Qubo {
    /// The form and the number of its first variable.
    fn load<B: Backend>(&self, host: &Host<'_, B>) -> Result<(Form, u32), Problems> {
        if let Some(file) = &self.file {
            let bytes = read_file(host.files, file).map_err(|it| it.under("file"))?;
            return qubo::read(file, &bytes, None).map_err(|it| it.under("file"));
        }
        let rows = self.matrix.as_deref().unwrap_or_default();
        let mut problems = Problems::new();
        for (i, row) in rows.iter().enumerate() {
            let fits = row.len() == rows.len() && row.iter().all(|it| it.is_finite());
            problems.require(fits, &format!("matrix[{i}]"), || {
                format!("a row has {} numbers; found {}", rows.len(), row.len())
            });
        }
        problems.into_result(())?;
        let mut pairs = Vec::new();
        for (i, row) in (0..).zip(rows) {
            for (j, value) in (0..i).zip(row) {
                // Q and its transpose make the same form.
                let weight = (value + rows[j as usize][i as usize]) / 2.0;
                if weight != 0.0 {
                    pairs.push(Edge { from: j, to: i, weight });
                }
            }
        }
        let linear = rows.iter().enumerate().map(|(i, row)| row[i]).collect();
        Ok((Form::new(linear, pairs), 0))
    }
}

/// The least value over all states of at most twenty variables, in the order of Gray's code.
pub(super) fn enumerate(form: &Form) -> f64 {
    let mut state = vec![false; form.linear.len()];
    let (mut value, mut least) = (0.0, 0.0f64);
    for code in 1u32..1 << form.len() {
        let i = code.trailing_zeros();
        let cost = form.cost_of(i, &state);
        let on = &mut state[i as usize];
        value += if *on { -cost } else { cost };
        *on = !*on;
        least = least.min(value);
    }
    least
}

/// Variables up to which all states are tried.
pub(super) const ENUMERABLE: u32 = 20;

/// The check of a form's value: by enumeration where that is possible.
pub(super) fn check_value(form: &Form, value: f64, target: Option<f64>) -> Check {
    if form.len() <= ENUMERABLE {
        let least = enumerate(form);
        let passed = (value - least).abs() < 1e-6 * least.abs().max(1.0);
        return Check { against: "all states", passed, detail: format!("{value}; the least is {least}") };
    }
    let (against, passed) = match target {
        Some(target) => ("the target", value <= target + 1e-9),
        None => ("the value of the state, computed anew", true),
    };
    let detail =
        target.map_or_else(|| format!("{value}"), |target| format!("{value}; the target is {target}"));
    Check { against, passed, detail }
}

impl Task for Qubo {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("annealing", self.annealing.validate());
        if self.file.is_some() == self.matrix.is_some() {
            problems.push(Problem::new("", "a form is one of `file` and `matrix`"));
        }
        problems.require(self.matrix.as_ref().is_none_or(|rows| !rows.is_empty()), "matrix", || {
            "the matrix is empty".to_owned()
        });
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let (form, first) = self.load(host)?;
        host.problem(form.len().into(), form.quadratic.len() as u64 / 2);
        let search = Search { qubo: &form, annealing: &self.annealing, clamp: None, target: self.target };
        let best = search.run(host)?;
        let on: Vec<u32> = (0..form.len()).filter(|&i| best.state[i as usize]).map(|i| i + first).collect();
        let mut finding = Finding::new(json!({
            "variables": form.len(),
            "energy": best.value,
            "on": on,
            "attempts": best.attempts,
            "best_so_far": best.curve_json(),
            "gap": self.target.map_or(Value::Null, |target| json!(relative_gap(best.value, target))),
            "to_gap": self.target.map_or(Value::Null, |target| best.gaps(target)),
        }));
        finding.check = self.check.then(|| check_value(&form, best.value, self.target));
        finding.certified = Some(true);
        Ok(finding)
    }
}
