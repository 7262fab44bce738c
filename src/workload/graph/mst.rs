//! Minimum spanning trees: Prim's algorithm as a race of delays, started anew in each phase.
//!
//! All vertices of the tree fire together; the first vertex outside to fire is at the end of the shortest
//! edge that leaves the tree, and joins; the host puts the neurons to rest and starts the next race. Of
//! vertices that fire together the one with the lowest index joins. A graph that is not connected gets a
//! forest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sssp::{check_delays, one, yes};
use super::wave::{self, Lengths};
use crate::base::Problems;
use crate::network::Machine;
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::{Arcs, GraphInput, Merge};

/// Minimum spanning tree, or forest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mst {
    /// The graph; weights are lengths, more than 0; directions are ignored.
    pub graph: GraphInput,
    /// Length that takes one step [unit of the weights].
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "weight"))]
    pub resolution: f64,
    /// Delays beyond this are relayed [steps]. Default: the longest that the chip has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), extend("unit" = "steps"))]
    pub max_delay: Option<u16>,
    /// Whether the weight is compared with that of petgraph.
    #[serde(default = "yes")]
    pub check: bool,
}

/// An edge of the tree: its end inside when it joined, its end outside, its arc.
type Joined = (u32, u32, usize);

/// The arc by which `outside` was reached after `time` steps from a member: the member of lowest index.
fn entry(arcs: &Arcs, lengths: &Lengths, members: &[bool], outside: u32, time: u64) -> Option<Joined> {
    let arrives = |&arc: &usize| members[arcs.at(arc).0 as usize] && u64::from(lengths.steps[arc]) == time;
    let arc = arcs.range(outside).find(arrives)?;
    Some((arcs.at(arc).0, outside, arc))
}

impl Mst {
    /// The edges in the order in which they joined, the steps of all races, and whether any race was won
    /// by a vertex that no edge explains.
    fn race<B: Backend>(
        host: &mut Host<'_, B>,
        arcs: &Arcs,
        lengths: &Lengths,
        vertices: crate::network::Span,
    ) -> Result<(Vec<Joined>, u64, bool), Failure> {
        let count = arcs.vertices();
        let mut members = vec![false; count as usize];
        let mut tree = vec![0u32];
        members[0] = true;
        let (mut edges, mut raced, mut explained) = (Vec::new(), 0, true);
        let mut first_outside = 1;
        loop {
            host.share = Some(edges.len() as f64 / f64::from(count));
            let mut winner: Option<(u32, u64)> = None;
            wave::flood(host, vertices, &tree, |vertex, time| {
                if !members[vertex as usize] && winner.is_none() {
                    winner = Some((vertex, time));
                }
                winner.is_none()
            })?;
            if let Some((vertex, time)) = winner {
                raced += time;
                let entry = entry(arcs, lengths, &members, vertex, time);
                explained &= entry.is_some();
                edges.extend(entry);
                members[vertex as usize] = true;
                tree.push(vertex);
            } else {
                // Nothing leaves this tree: the next one grows from the first vertex outside.
                while first_outside < count && members[first_outside as usize] {
                    first_outside += 1;
                }
                if first_outside == count {
                    return Ok((edges, raced, explained));
                }
                members[first_outside as usize] = true;
                tree = vec![first_outside];
            }
            if members.iter().all(|&member| member) {
                return Ok((edges, raced, explained));
            }
            host.machine().reset();
        }
    }
}

impl Task for Mst {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("graph", self.graph.validate());
        check_delays(&mut problems, self.resolution, self.max_delay);
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        let graph = graph.simple(Merge::Least, true);
        let arcs = graph.arcs();
        let lengths = Lengths::new(&graph, &arcs, self.resolution)?;
        host.problem(graph.vertices.into(), arcs.len() as u64);
        let (net, vertices) = wave::build(&arcs, &lengths, host.longest_delay(self.max_delay))?;
        host.load(net)?;
        let (edges, raced, explained) = Self::race(host, &arcs, &lengths, vertices)?;
        let steps: u64 = edges.iter().map(|&(_, _, arc)| u64::from(lengths.steps[arc])).sum();
        let listed: Vec<_> = edges
            .iter()
            .map(|&(from, to, arc)| {
                json!([
                    graph.name_json(from),
                    graph.name_json(to),
                    lengths.distance(lengths.steps[arc].into())
                ])
            })
            .collect();
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "edges": listed,
            "weight": lengths.distance(steps),
            "trees": graph.vertices as usize - edges.len(),
            "race_steps": raced,
        }));
        finding.result.extend(lengths.describe().map(|it| ("quantisation".to_owned(), it)));
        let expected = self.check.then(|| kruskal(&arcs, &lengths));
        finding.check = expected.map(|expected| {
            let detail = format!("a weight of {steps} steps; {expected} expected");
            Check { against: "petgraph", passed: steps == expected && explained, detail }
        });
        finding.certified = finding.check.as_ref().map(|check| check.passed).filter(|_| explained);
        if !explained {
            finding.certified = Some(false);
        }
        Ok(finding)
    }
}

/// Weight of the minimum spanning forest by petgraph [steps].
fn kruskal(arcs: &Arcs, lengths: &Lengths) -> u64 {
    let edges = (0..arcs.vertices()).flat_map(|from| {
        arcs.range(from).map(move |arc| (from, arcs.at(arc).0, u64::from(lengths.steps[arc])))
    });
    let graph = petgraph::graph::UnGraph::<(), u64>::from_edges(edges.filter(|&(from, to, _)| from < to));
    petgraph::algo::min_spanning_tree(&graph)
        .filter_map(|element| match element {
            petgraph::data::Element::Edge { weight, .. } => Some(weight),
            petgraph::data::Element::Node { .. } => None,
        })
        .sum()
}
