//! Connected components: vertex i is poked at step i·n and floods its component, unless another has.
//!
//! The label of a vertex is ⌊t/n⌋ of its first spike: the lowest index in its component; t mod n is its
//! level in the search from there. A wave is over before the next poke, since no path is longer than n.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sssp::yes;
use super::wave::{self, Lengths};
use crate::base::Problems;
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::GraphInput;

/// Connected components, of a directed graph the weak ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Components {
    /// The graph; weights and directions are ignored.
    pub graph: GraphInput,
    /// Whether the host waits for silence and pokes the next vertex that has not fired, instead of poking
    /// all of them n steps apart: fewer steps on graphs with few components.
    #[serde(default)]
    pub waits: bool,
    /// Whether the result is compared with that of petgraph.
    #[serde(default = "yes")]
    pub check: bool,
}

impl Components {
    /// When each vertex fired first, and the vertex that set it off.
    fn run<B: Backend>(
        &self,
        host: &mut Host<'_, B>,
        vertices: crate::network::Span,
    ) -> Result<Vec<Option<(u32, u64)>>, Failure> {
        let n = vertices.len;
        let mut first: Vec<Option<(u32, u64)>> = vec![None; n as usize];
        if self.waits {
            for vertex in 0..n {
                if first[vertex as usize].is_none() {
                    host.share = Some(f64::from(vertex) / f64::from(n));
                    wave::flood(host, vertices, &[vertex], |reached, time| {
                        first[reached as usize] = Some((vertex, time));
                        true
                    })?;
                }
            }
            return Ok(first);
        }
        let start = host.next_step();
        for vertex in 0..n {
            host.share = Some(f64::from(vertex) / f64::from(n));
            host.poke(vertices.at(vertex), 1.0);
            for _ in 0..n {
                let time = host.next_step() - start;
                host.step()?;
                let fired = crate::network::Machine::fired(host.machine()).iter();
                for reached in fired.filter_map(|&neuron| vertices.position(neuron)) {
                    let (label, level) = (time / u64::from(n), time % u64::from(n));
                    first[reached as usize] = Some((label as u32, level));
                }
            }
        }
        Ok(first)
    }
}

impl Task for Components {
    fn validate(&self) -> Result<(), Problems> {
        self.graph.validate().map_err(|problems| problems.under("graph"))
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let mut graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        graph.directed = false;
        let arcs = graph.arcs();
        host.problem(graph.vertices.into(), arcs.len() as u64);
        let (net, vertices) = wave::build(&arcs, &Lengths::equal(&arcs), 1)?;
        host.load(net)?;
        let first = self.run(host, vertices)?;
        let label = |vertex: u32| first[vertex as usize].map(|(label, _)| label);
        let named = |vertex: u32| label(vertex).map_or(serde_json::Value::Null, |it| graph.name_json(it));
        let count = (0..graph.vertices).filter(|&vertex| label(vertex) == Some(vertex)).count();
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "labels": graph.by_name(named),
            "components": count,
            "levels": graph.by_name(|vertex| json!(first[vertex as usize].map(|(_, level)| level))),
        }));
        // Equal labels at both ends of every edge, and each label the lowest of its component.
        let same = graph.edges.iter().all(|edge| label(edge.from) == label(edge.to));
        let lowest = (0..graph.vertices).all(|vertex| label(vertex).is_some_and(|label| label <= vertex));
        finding.certified = (!(same && lowest)).then_some(false);
        finding.check = self.check.then(|| {
            let edges = graph.edges.iter().map(|edge| (edge.from, edge.to));
            let mut other = petgraph::graph::UnGraph::<(), ()>::from_edges(edges);
            while other.node_count() < graph.vertices as usize {
                other.add_node(());
            }
            let expected = petgraph::algo::connected_components(&other);
            let passed = expected == count && same && lowest;
            Check { against: "petgraph", passed, detail: format!("{count} components; {expected} expected") }
        });
        if finding.check.as_ref().is_some_and(|check| check.passed) {
            finding.certified = Some(true);
        }
        Ok(finding)
    }
}
