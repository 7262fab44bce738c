//! Breadth-first search: the wavefront with one step per edge. With all vertices as sources, one after the
//! other, also the diameter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sssp::yes;
use super::wave::{self, Lengths};
use crate::base::Problems;
use crate::network::{Machine, Span};
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::{GraphInput, VertexName};

/// Breadth-first search: levels, parents and eccentricity; on demand the diameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bfs {
    /// The graph; weights are ignored.
    pub graph: GraphInput,
    /// Where the search starts.
    pub source: VertexName,
    /// Whether every vertex is searched from as well, which gives the diameter and the radius.
    #[serde(default)]
    pub diameter: bool,
    /// Whether the result is compared with that of a queue.
    #[serde(default = "yes")]
    pub check: bool,
}

/// Levels of a search from `source`.
fn search<B: Backend>(
    host: &mut Host<'_, B>,
    vertices: Span,
    source: u32,
) -> Result<Vec<Option<u64>>, Failure> {
    let mut levels = vec![None; vertices.len as usize];
    wave::flood(host, vertices, &[source], |vertex, time| {
        levels[vertex as usize] = Some(time);
        true
    })?;
    Ok(levels)
}

fn eccentricity(levels: &[Option<u64>]) -> u64 {
    levels.iter().flatten().copied().max().unwrap_or(0)
}

impl Task for Bfs {
    fn validate(&self) -> Result<(), Problems> {
        self.graph.validate().map_err(|problems| problems.under("graph"))
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        let source = self.source.find(&graph, "source")?;
        let arcs = graph.arcs();
        host.problem(graph.vertices.into(), arcs.len() as u64);
        let lengths = Lengths::equal(&arcs);
        let (net, vertices) = wave::build(&arcs, &lengths, 1)?;
        host.load(net)?;
        let levels = search(host, vertices, source)?;
        let parents = wave::parents(&arcs, &lengths, &levels);
        let last = eccentricity(&levels);
        let named = |vertex: Option<u32>| vertex.map_or(Value::Null, |vertex| graph.name_json(vertex));
        let farthest: Vec<Value> = (0..graph.vertices)
            .filter(|&vertex| levels[vertex as usize] == Some(last))
            .map(|vertex| graph.name_json(vertex))
            .collect();
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "source": graph.name_json(source),
            "levels": graph.by_name(|vertex| json!(levels[vertex as usize])),
            "parents": graph.by_name(|vertex| named(parents[vertex as usize])),
            "reached": levels.iter().flatten().count(),
            "eccentricity": last,
            "farthest": farthest,
        }));
        finding.certified = Some(wave::is_shortest(&arcs, &lengths, source, &levels));
        if self.diameter {
            let mut all = Vec::with_capacity(graph.vertices as usize);
            let mut unreached = false;
            for other in 0..graph.vertices {
                host.share = Some(f64::from(other) / f64::from(graph.vertices));
                host.machine().reset();
                let levels = search(host, vertices, other)?;
                unreached |= levels.iter().any(Option::is_none);
                all.push(eccentricity(&levels));
            }
            let of = |value: Option<&u64>| if unreached { Value::Null } else { json!(value) };
            finding.result.insert("diameter".into(), of(all.iter().max()));
            finding.result.insert("radius".into(), of(all.iter().min()));
            finding.result.insert("eccentricities".into(), graph.by_name(|vertex| all[vertex as usize]));
        }
        finding.check = self.check.then(|| {
            let expected = wave::dijkstra(&arcs, &lengths, source);
            let wrong = expected.iter().zip(&levels).filter(|(a, b)| a != b).count();
            let detail = format!("{wrong} of {} levels differ", levels.len());
            Check { against: "Dijkstra's algorithm with unit lengths", passed: wrong == 0, detail }
        });
        Ok(finding)
    }
}
