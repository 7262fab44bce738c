//! Shortest paths from one vertex: first-spike times of the wavefront are distances.
//!
//! Source: Aibara et al. 1991 (delay-coded shortest paths); Aimone et al. 2021, doi 10.1145/3409964.3461805.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::wave::{self, Lengths};
use crate::base::{Problem, Problems};
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::{GraphInput, VertexName};

/// Single-source shortest paths: a spike takes as long over an edge as the edge is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sssp {
    /// The graph; weights are lengths, more than 0.
    pub graph: GraphInput,
    /// Where paths start.
    pub source: VertexName,
    /// Length that takes one step [unit of the weights]. Lengths are rounded to whole steps, at least one;
    /// the result states the error.
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "weight"))]
    pub resolution: f64,
    /// Delays beyond this are relayed [steps]. Default: the longest that the chip has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), extend("unit" = "steps"))]
    pub max_delay: Option<u16>,
    /// Whether the result is compared with that of Dijkstra's algorithm.
    #[serde(default = "yes")]
    pub check: bool,
}

pub(super) fn one() -> f64 {
    1.0
}

pub(in crate::workload) fn yes() -> bool {
    true
}

/// Refuses a resolution or a delay that makes no sense.
pub(super) fn check_delays(problems: &mut Problems, resolution: f64, max_delay: Option<u16>) {
    if !(resolution > 0.0 && resolution.is_finite()) {
        problems
            .push(Problem::new("resolution", format!("{resolution} is out of range")).allowed("more than 0"));
    }
    if max_delay == Some(0) {
        problems.push(Problem::new("max_delay", "0 steps are no delay").allowed("1 to 65535"));
    }
}

impl Task for Sssp {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("graph", self.graph.validate());
        check_delays(&mut problems, self.resolution, self.max_delay);
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        let source = self.source.find(&graph, "source")?;
        let arcs = graph.arcs();
        let lengths = Lengths::new(&graph, &arcs, self.resolution)?;
        host.problem(graph.vertices.into(), arcs.len() as u64);
        let (net, vertices) = wave::build(&arcs, &lengths, host.longest_delay(self.max_delay))?;
        let relays = net.neurons() - graph.vertices;
        host.load(net)?;
        let mut times = vec![None; graph.vertices as usize];
        let reach = Some(wave::reach(&arcs, source));
        let steps = wave::flood_some(host, vertices, &[source], reach, |vertex, time| {
            times[vertex as usize] = Some(time);
            true
        })?;
        let parents = wave::parents(&arcs, &lengths, &times);
        let distance = |time: Option<u64>| time.map_or(Value::Null, |time| lengths.distance(time));
        let reached = times.iter().flatten().count();
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "source": graph.name_json(source),
            "distances": graph.by_name(|vertex| distance(times[vertex as usize])),
            "parents": graph.by_name(|vertex| {
                parents[vertex as usize].map_or(Value::Null, |parent| graph.name_json(parent))
            }),
            "reached": reached,
            "longest_distance": distance(times.iter().flatten().copied().max()),
            "relays": relays,
            "steps": steps,
        }));
        finding.result.extend(lengths.describe().map(|it| ("quantisation".to_owned(), it)));
        finding.certified = Some(wave::is_shortest(&arcs, &lengths, source, &times));
        finding.check = self.check.then(|| {
            let expected = wave::dijkstra(&arcs, &lengths, source);
            let wrong = expected.iter().zip(&times).filter(|(a, b)| a != b).count();
            let detail = format!("{wrong} of {} distances differ", times.len());
            Check { against: "Dijkstra's algorithm", passed: wrong == 0, detail }
        });
        Ok(finding)
    }
}
