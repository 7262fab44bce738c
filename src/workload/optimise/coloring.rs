//! Graph colouring as an independent set: a unit per vertex and colour, units of one vertex exclude one
//! another, as do units of one colour at both ends of an edge. A set of n units colours every vertex.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::anneal::{Annealing, Search};
use super::mis::annealing;
use crate::base::{Problem, Problems};
use crate::workload::graph::sssp::yes;
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::qubo::Qubo;
use crate::workload::problem::{Edge, Graph, GraphInput, Merge};

/// Graph colouring with a given number of colours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coloring {
    /// The graph; weights and directions are ignored.
    pub graph: GraphInput,
    /// Number of colours; 1 to 1024.
    #[schemars(range(min = 1, max = 1024))]
    pub colors: u32,
    /// The annealing.
    #[serde(default = "annealing")]
    pub annealing: Annealing,
    /// Whether the colouring is checked edge by edge.
    #[serde(default = "yes")]
    pub check: bool,
}

/// Off-diagonal entry for two units that exclude one another.
pub(super) const PENALTY: f64 = 1.0;

/// The graph of which units exclude which.
fn exclusions(graph: &Graph, colors: u32) -> Graph {
    let unit = |vertex: u32, color: u32| vertex * colors + color;
    let mut edges = Vec::new();
    for vertex in 0..graph.vertices {
        for a in 0..colors {
            let others = (a + 1..colors).map(|b| (unit(vertex, a), unit(vertex, b)));
            edges.extend(others.map(|(from, to)| Edge { from, to, weight: 1.0 }));
        }
    }
    for edge in &graph.edges {
        let same = (0..colors).map(|color| (unit(edge.from, color), unit(edge.to, color)));
        edges.extend(same.map(|(from, to)| Edge { from, to, weight: 1.0 }));
    }
    Graph { edges, ..Graph::new(graph.vertices * colors, false) }
}

impl Task for Coloring {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("graph", self.graph.validate());
        problems.absorb("annealing", self.annealing.validate());
        if !(1..=1024).contains(&self.colors) {
            problems.push(
                Problem::new("colors", format!("{} is out of range", self.colors)).allowed("1 to 1024"),
            );
        }
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        let graph = graph.simple(Merge::Least, true);
        if u64::from(graph.vertices) * u64::from(self.colors) > 1 << 28 {
            return Err(Problems::one("colors", "vertices times colours are too many units").into());
        }
        host.problem(graph.vertices.into(), graph.edges.len() as u64);
        let form = Qubo::independent_set(&exclusions(&graph, self.colors), PENALTY);
        let target = Some(-f64::from(graph.vertices));
        let best = Search { qubo: &form, annealing: &self.annealing, clamp: None, target }.run(host)?;
        let color = |vertex: u32| {
            let units = vertex * self.colors..(vertex + 1) * self.colors;
            units.clone().find(|&unit| best.state[unit as usize]).map(|unit| unit - units.start)
        };
        let colors: Vec<Option<u32>> = (0..graph.vertices).map(color).collect();
        let clash = |edge: &&Edge| {
            let (a, b) = (colors[edge.from as usize], colors[edge.to as usize]);
            a.is_some() && a == b
        };
        let conflicts = graph.edges.iter().filter(clash).count();
        let missing = colors.iter().filter(|color| color.is_none()).count();
        let solved = conflicts == 0 && missing == 0;
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "solved": solved,
            "colors": graph.by_name(|vertex| colors[vertex as usize].map_or(Value::Null, Value::from)),
            "conflicts": conflicts,
            "uncolored": missing,
            "attempts": best.attempts,
            "best_so_far": best.curve_json(),
        }));
        finding.check = self.check.then(|| Check {
            against: "the definition",
            passed: solved,
            detail: format!("{conflicts} edges join equal colours, {missing} vertices have none"),
        });
        finding.certified = Some(solved);
        Ok(finding)
    }
}
