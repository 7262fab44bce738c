//! Shortest paths between all pairs: one wave per vertex, and a reset between two of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sssp::{check_delays, one, yes};
use super::wave::{self, Lengths};
use crate::base::Problems;
use crate::network::Machine;
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::GraphInput;

/// All-pairs shortest paths: the wave of every vertex, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Apsp {
    /// The graph; weights are lengths, more than 0.
    pub graph: GraphInput,
    /// Length that takes one step [unit of the weights].
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

/// Most vertices: the matrix is part of the report.
const MOST: u32 = 4096;

impl Task for Apsp {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("graph", self.graph.validate());
        check_delays(&mut problems, self.resolution, self.max_delay);
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        if graph.vertices > MOST {
            let message = format!("a matrix of {} × {0} distances is too large for a report", graph.vertices);
            return Err(Problems::one("graph", format!("{message}; at most {MOST} vertices")).into());
        }
        let arcs = graph.arcs();
        let lengths = Lengths::new(&graph, &arcs, self.resolution)?;
        host.problem(graph.vertices.into(), arcs.len() as u64);
        let (net, vertices) = wave::build(&arcs, &lengths, host.longest_delay(self.max_delay))?;
        host.load(net)?;
        let (mut rows, mut certified, mut wrong) = (Vec::new(), true, 0);
        for source in 0..graph.vertices {
            host.share = Some(f64::from(source) / f64::from(graph.vertices));
            if source > 0 {
                host.machine().reset();
            }
            let mut times = vec![None; graph.vertices as usize];
            wave::flood(host, vertices, &[source], |vertex, time| {
                times[vertex as usize] = Some(time);
                true
            })?;
            certified &= wave::is_shortest(&arcs, &lengths, source, &times);
            if self.check {
                let expected = wave::dijkstra(&arcs, &lengths, source);
                wrong += expected.iter().zip(&times).filter(|(a, b)| a != b).count();
            }
            let distance = |time: &Option<u64>| time.map_or(Value::Null, |time| lengths.distance(time));
            rows.push(times.iter().map(distance).collect::<Vec<_>>());
        }
        let names: Vec<Value> = (0..graph.vertices).map(|vertex| graph.name_json(vertex)).collect();
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "vertices": names,
            "distances": rows,
        }));
        finding.result.extend(lengths.describe().map(|it| ("quantisation".to_owned(), it)));
        finding.certified = Some(certified);
        finding.check = self.check.then(|| {
            let detail = format!("{wrong} of {} distances differ", u64::from(graph.vertices).pow(2));
            Check { against: "Dijkstra's algorithm", passed: wrong == 0, detail }
        });
        Ok(finding)
    }
}
