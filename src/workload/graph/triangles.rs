//! Triangles: a query of vertex v excites its neighbours; an edge whose two ends are excited closes a
//! triangle with v. One query every four steps.
//!
//! Per vertex a query neuron and a member neuron, per edge a neuron without memory that needs both members.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sssp::yes;
use super::wave::{STEP, relay, unit};
use crate::base::Problems;
use crate::network::{Machine, NetBuilder};
use crate::neuron::step::Step;
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::{Graph, GraphInput, Merge};

/// Triangle counting, per vertex and in total.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Triangles {
    /// The graph; weights and directions are ignored, as are self-loops and parallel edges.
    pub graph: GraphInput,
    /// Whether the counts are compared with those of intersected neighbour lists.
    #[serde(default = "yes")]
    pub check: bool,
}

/// Steps between two queries.
const PERIOD: u64 = 4;

impl Task for Triangles {
    fn validate(&self) -> Result<(), Problems> {
        self.graph.validate().map_err(|problems| problems.under("graph"))
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        let graph = graph.simple(Merge::Least, true);
        host.problem(graph.vertices.into(), graph.edges.len() as u64);
        let mut net = NetBuilder::new(STEP);
        let queries = net.population("queries", relay(), graph.vertices);
        let members = net.population("members", relay(), graph.vertices);
        let both = Step { threshold: 1.5, memory: 0.0, ..Step::default() };
        let corners =
            (!graph.edges.is_empty()).then(|| net.population("edges", both, graph.edges.len() as u32));
        for (i, edge) in graph.edges.iter().enumerate() {
            net.connect(queries.at(edge.from), unit(members.at(edge.to), 1));
            net.connect(queries.at(edge.to), unit(members.at(edge.from), 1));
            let corner = corners.map(|corners| corners.at(i as u32)).into_iter();
            for target in corner {
                net.connect(members.at(edge.from), unit(target, 1));
                net.connect(members.at(edge.to), unit(target, 1));
            }
        }
        host.load(net.build()?)?;
        let mut counts = vec![0u64; graph.vertices as usize];
        for vertex in 0..graph.vertices {
            host.share = Some(f64::from(vertex) / f64::from(graph.vertices));
            host.poke(queries.at(vertex), 1.0);
            for _ in 0..PERIOD {
                host.step()?;
                let closed = |neuron| corners.is_some_and(|corners| corners.position(neuron).is_some());
                let fired = host.machine().fired().iter();
                counts[vertex as usize] += fired.filter(|&&neuron| closed(neuron)).count() as u64;
            }
        }
        let total: u64 = counts.iter().sum();
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "triangles": total / 3,
            "per_vertex": graph.by_name(|vertex| counts[vertex as usize]),
        }));
        // Each triangle is seen from its three corners.
        finding.certified = (!total.is_multiple_of(3)).then_some(false);
        if self.check {
            let expected = intersect(&graph);
            let wrong = expected.iter().zip(&counts).filter(|(a, b)| a != b).count();
            let detail = format!("{wrong} of {} counts differ", counts.len());
            finding.check =
                Some(Check { against: "intersected neighbour lists", passed: wrong == 0, detail });
            finding.certified = Some(wrong == 0);
        }
        Ok(finding)
    }
}

fn intersect(graph: &Graph) -> Vec<u64> {
    let arcs = graph.arcs();
    let mut counts = vec![0; graph.vertices as usize];
    for edge in &graph.edges {
        for (third, _) in arcs.of(edge.from) {
            if arcs.find(edge.to, third).is_some() {
                counts[third as usize] += 1;
            }
        }
    }
    counts
}
