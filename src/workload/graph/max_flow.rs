//! Maximum flow: a wave through the residual graph finds an augmenting path, the host updates residuals.
//!
//! An arc conducts (weight 1) while it has residual capacity and not otherwise (weight 0). Each round the
//! wave from the source tells levels; the host walks back from the sink, over the predecessor of lowest
//! index one level nearer, pushes the bottleneck along the path (Edmonds & Karp 1972), and rewrites the
//! weights that changed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sssp::yes;
use super::wave::{self, Lengths};
use crate::base::{Problem, Problems};
use crate::network::{Machine, Span};
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::{Arcs, Edge, Graph, GraphInput, Merge, VertexName};

/// Maximum flow from a source to a sink.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaxFlow {
    /// The graph; weights are capacities, at least 0. Undirected edges carry flow either way.
    pub graph: GraphInput,
    /// Where flow comes from.
    pub source: VertexName,
    /// Where flow goes.
    pub sink: VertexName,
    /// Whether the value is compared with that of petgraph.
    #[serde(default = "yes")]
    pub check: bool,
}

/// Residual capacities of all arcs and their opposites.
struct Residual {
    /// Arcs in both directions; weights are capacities.
    arcs: Arcs,
    left: Vec<f64>,
    /// Position of the opposite of each arc.
    opposite: Vec<usize>,
}

impl Residual {
    fn new(graph: &Graph) -> Self {
        let capacities = graph.arcs();
        let mut both: Vec<Edge> = capacities.iter().collect();
        let back = capacities.iter().map(|arc| Edge { from: arc.to, to: arc.from, weight: 0.0 });
        both.extend(back);
        let all = Graph { edges: both, ..Graph::new(graph.vertices, true) };
        let arcs = all.simple(Merge::Sum, false).arcs();
        let left = (0..arcs.len()).map(|arc| arcs.at(arc).1).collect();
        // Every arc was listed in both directions.
        let opposite = arcs.iter().map(|arc| arcs.find(arc.to, arc.from).unwrap_or(0)).collect();
        Self { arcs, left, opposite }
    }

    /// The path to `sink` along falling levels, backwards; `None` where the levels do not make one.
    fn path(&self, levels: &[Option<u64>], source: u32, sink: u32) -> Option<Vec<usize>> {
        let mut path = Vec::new();
        let mut at = sink;
        while at != source {
            let level = levels[at as usize]?.checked_sub(1)?;
            let back = self.arcs.range(at).find(|&arc| {
                let (from, _) = self.arcs.at(arc);
                levels[from as usize] == Some(level) && self.left[self.opposite[arc]] > 0.0
            })?;
            path.push(self.opposite[back]);
            at = self.arcs.at(back).0;
        }
        Some(path)
    }
}

impl MaxFlow {
    fn levels<B: Backend>(
        host: &mut Host<'_, B>,
        vertices: Span,
        source: u32,
        sink: u32,
    ) -> Result<Vec<Option<u64>>, Failure> {
        let mut levels = vec![None; vertices.len as usize];
        wave::flood(host, vertices, &[source], |vertex, time| {
            levels[vertex as usize] = Some(time);
            vertex != sink
        })?;
        Ok(levels)
    }
}

impl Task for MaxFlow {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("graph", self.graph.validate());
        problems.require(self.source != self.sink, "sink", || "the sink is the source".to_owned());
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        let mut problems = Problems::new();
        let (source, sink) = (self.source.find(&graph, "source"), self.sink.find(&graph, "sink"));
        let (source, sink) = (problems.absorb("", source), problems.absorb("", sink));
        let (Some(source), Some(sink)) = (source, sink) else { return Err(problems.into()) };
        let graph = graph.simple(Merge::Sum, false);
        if let Some(edge) = graph.edges.iter().find(|edge| edge.weight < 0.0) {
            let (from, to) = (graph.name(edge.from), graph.name(edge.to));
            let message = format!("the edge from {from} to {to} has the capacity {}", edge.weight);
            return Err(Problems::from(Problem::new("graph", message).allowed("0 or more")).into());
        }
        let mut residual = Residual::new(&graph);
        host.problem(graph.vertices.into(), graph.edges.len() as u64);
        let (mut net, vertices) = wave::build(&residual.arcs, &Lengths::equal(&residual.arcs), 1)?;
        // Synapses are in the order of the arcs: both by source, then by target.
        for (arc, &left) in residual.left.iter().enumerate() {
            net.synapses.set_weight(arc, f64::from(u8::from(left > 0.0)));
        }
        host.load(net)?;
        let (mut value, mut rounds) = (0.0, 0u64);
        loop {
            let levels = Self::levels(host, vertices, source, sink)?;
            let Some(path) = residual.path(&levels, source, sink) else { break };
            let bottleneck = path.iter().map(|&arc| residual.left[arc]).fold(f64::INFINITY, f64::min);
            host.machine().reset();
            for arc in path {
                for (arc, change) in [(arc, -bottleneck), (residual.opposite[arc], bottleneck)] {
                    let before = residual.left[arc] > 0.0;
                    residual.left[arc] += change;
                    let after = residual.left[arc] > 0.0;
                    if before != after {
                        host.machine().set_weight(arc, f64::from(u8::from(after)));
                    }
                }
            }
            value += bottleneck;
            rounds += 1;
        }
        Ok(self.report(&graph, &residual, [source, sink], (value, rounds)))
    }
}

impl MaxFlow {
    fn report(
        &self,
        graph: &Graph,
        residual: &Residual,
        [source, sink]: [u32; 2],
        (value, rounds): (f64, u64),
    ) -> Finding {
        let number = |x: f64| if x.fract() == 0.0 { json!(x as i64) } else { json!(x) };
        let flows: Vec<_> = residual
            .arcs
            .iter()
            .enumerate()
            .map(|(arc, edge)| (edge, edge.weight - residual.left[arc]))
            .filter(|&(_, flow)| flow > 0.0)
            .map(|(edge, flow)| json!([graph.name_json(edge.from), graph.name_json(edge.to), number(flow)]))
            .collect();
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "value": number(value),
            "augmentations": rounds,
            "flows": flows,
        }));
        // A flow is largest when a cut is as small: the one around what the source still reaches.
        let mut reached = vec![false; graph.vertices as usize];
        let mut stack = vec![source];
        reached[source as usize] = true;
        while let Some(from) = stack.pop() {
            for arc in residual.arcs.range(from) {
                let to = residual.arcs.at(arc).0;
                if residual.left[arc] > 0.0 && !std::mem::replace(&mut reached[to as usize], true) {
                    stack.push(to);
                }
            }
        }
        finding.certified = Some(!reached[sink as usize]);
        finding.check = self.check.then(|| {
            let edges = graph.arcs();
            let edges = edges.iter().map(|edge| (edge.from, edge.to, edge.weight)).collect::<Vec<_>>();
            let mut other = petgraph::graph::DiGraph::<(), f64>::from_edges(edges);
            while other.node_count() < graph.vertices as usize {
                other.add_node(());
            }
            let (expected, _) = petgraph::algo::ford_fulkerson(&other, source.into(), sink.into());
            let passed = (value - expected).abs() <= 1e-9 * expected.abs().max(1.0);
            Check { against: "petgraph", passed, detail: format!("a value of {value}; {expected} expected") }
        });
        finding
    }
}
