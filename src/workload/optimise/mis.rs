//! Maximum independent set as a quadratic form: −1 per member, a penalty per edge inside.
//!
//! The penalty and the cost of a state are those of the NeuroBench benchmark: off-diagonal entries of 4, so
//! an edge inside costs 8, and the cost of an independent set is minus its size.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::anneal::{Annealing, Search, relative_gap};
use super::qubo::{ENUMERABLE, enumerate};
use crate::base::{Problem, Problems};
use crate::workload::graph::sssp::yes;
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::qubo::Qubo;
use crate::workload::problem::{Graph, GraphInput, Merge};

/// Maximum independent set: as many vertices as possible, no two of them joined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mis {
    /// The graph; weights and directions are ignored.
    pub graph: GraphInput,
    /// Off-diagonal entry of Q for an edge; more than ½, so that no edge pays.
    #[serde(default = "penalty")]
    #[schemars(extend("exclusiveMinimum" = 0.5, "unit" = "vertices"))]
    pub penalty: f64,
    /// The annealing.
    #[serde(default = "annealing")]
    pub annealing: Annealing,
    /// Size at which to stop; gaps are relative to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub target: Option<u32>,
    /// Whether the set is checked to be independent and maximal, and compared with the largest of all sets
    /// for at most 20 vertices.
    #[serde(default = "yes")]
    pub check: bool,
}

fn penalty() -> f64 {
    4.0
}

/// Temperatures of the set problem do not grow with the penalties that nobody pays.
pub(super) fn annealing() -> Annealing {
    Annealing { steps: 2000, attempts: 40, hot: Some(1.0), cold: Some(0.12), ..Annealing::default() }
}

/// Edges with both ends in the set.
pub(super) fn conflicts(graph: &Graph, state: &[bool]) -> usize {
    graph.edges.iter().filter(|edge| state[edge.from as usize] && state[edge.to as usize]).count()
}

impl Task for Mis {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("graph", self.graph.validate());
        problems.absorb("annealing", self.annealing.validate());
        if !(self.penalty > 0.5 && self.penalty.is_finite()) {
            problems.push(
                Problem::new("penalty", format!("{} is out of range", self.penalty)).allowed("more than 0.5"),
            );
        }
        problems.require(self.target != Some(0), "target", || "the empty set is no target".to_owned());
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        let graph = graph.simple(Merge::Least, true);
        host.problem(graph.vertices.into(), graph.edges.len() as u64);
        let form = Qubo::independent_set(&graph, self.penalty);
        let target = self.target.map(|size| -f64::from(size));
        let search = Search { qubo: &form, annealing: &self.annealing, clamp: None, target };
        let best = search.run(host)?;
        let members: Vec<Value> = (0..graph.vertices)
            .filter(|&vertex| best.state[vertex as usize])
            .map(|vertex| graph.name_json(vertex))
            .collect();
        let conflicts = conflicts(&graph, &best.state);
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "size": members.len(),
            "members": members,
            "conflicts": conflicts,
            "energy": best.value,
            "attempts": best.attempts,
            "best_so_far": best.curve_json(),
            "gap": target.map_or(Value::Null, |target| json!(relative_gap(best.value, target))),
            "to_gap": target.map_or(Value::Null, |target| best.gaps(target)),
        }));
        finding.check = self.check.then(|| {
            let least = (form.len() <= ENUMERABLE).then(|| enumerate(&form));
            let passed = conflicts == 0 && least.is_none_or(|least| (best.value - least).abs() < 1e-9);
            let detail = least.map_or_else(
                || format!("{} vertices, {conflicts} edges inside", -best.value),
                |least| format!("{} vertices; the largest set has {}", -best.value, -least),
            );
            Check { against: "the definition, and all sets where they are few", passed, detail }
        });
        finding.certified = Some(conflicts == 0);
        Ok(finding)
    }
}
