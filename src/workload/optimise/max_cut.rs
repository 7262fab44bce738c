//! Maximum cut as a quadratic form: Q = W − diag(W·1), xᵀQx = −cut.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::anneal::{Annealing, Search, relative_gap};
use super::qubo::check_value;
use crate::base::Problems;
use crate::workload::graph::sssp::yes;
use crate::workload::host::{Backend, Failure, Finding, Host, Task};
use crate::workload::problem::qubo::Qubo;
use crate::workload::problem::{GraphInput, Merge};

/// Maximum cut: two sides with as much weight between them as possible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaxCut {
    /// The graph; directions are ignored, parallel edges add up.
    pub graph: GraphInput,
    /// The annealing.
    #[serde(default)]
    pub annealing: Annealing,
    /// Cut at which to stop; gaps are relative to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Whether the result is compared with the best of all cuts, for at most 20 vertices.
    #[serde(default = "yes")]
    pub check: bool,
}

impl Task for MaxCut {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("graph", self.graph.validate());
        problems.absorb("annealing", self.annealing.validate());
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        let graph = graph.simple(Merge::Sum, true);
        host.problem(graph.vertices.into(), graph.edges.len() as u64);
        let form = Qubo::max_cut(&graph);
        let target = self.target.map(|cut| -cut);
        let search = Search { qubo: &form, annealing: &self.annealing, clamp: None, target };
        let best = search.run(host)?;
        let side = |on: bool| -> Vec<Value> {
            let members = (0..graph.vertices).filter(|&vertex| best.state[vertex as usize] == on);
            members.map(|vertex| graph.name_json(vertex)).collect()
        };
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "cut": 0.0 - best.value,
            "sides": [side(false), side(true)],
            "attempts": best.attempts,
            "best_so_far": best.curve_json(),
            "gap": target.map_or(Value::Null, |target| json!(relative_gap(best.value, target))),
            "to_gap": target.map_or(Value::Null, |target| best.gaps(target)),
        }));
        finding.check = self.check.then(|| check_value(&form, best.value, target));
        finding.certified = Some(true);
        Ok(finding)
    }
}
