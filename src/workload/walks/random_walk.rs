//! A random walk on any graph: visits, occupancy, absorption.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::chain::Chain;
use super::circuit::Walk;
use super::settings::{Walkers, exact};
use super::statistics::{mean_half_width, wilson};
use crate::base::{Problem, Problems};
use crate::workload::host::{Backend, Failure, Finding, Host, Task};
use crate::workload::problem::{Edge, Graph, GraphInput, VertexName};

/// Random walk on a graph: walkers take an edge in proportion to its weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RandomWalk {
    /// The graph; a vertex without outgoing edges absorbs walkers.
    pub graph: GraphInput,
    /// The walkers.
    #[serde(default)]
    pub walkers: Walkers,
    /// Steps of the walk; it ends earlier when everybody is absorbed.
    #[schemars(range(min = 1, max = 4294967295u64))]
    pub steps: u64,
    /// Where all walkers start. Absent: they are spread evenly over all vertices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<VertexName>,
    /// Probability of staying where one is; 0 to 1.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub stay: f64,
    /// Probability of going back to the start instead of on; 0 to 1. Needs `start`.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub restart: f64,
    /// Vertices where walkers stay for good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absorbing: Vec<VertexName>,
}

impl RandomWalk {
    fn chain(&self, graph: &Graph, start: Option<u32>, absorbing: &[bool]) -> Chain {
        let arcs = graph.arcs();
        let mut listed = Vec::with_capacity(arcs.len() + graph.vertices as usize);
        for from in (0..graph.vertices).filter(|&it| !absorbing[it as usize]) {
            let total: f64 = arcs.of(from).map(|(_, weight)| weight).sum();
            if total <= 0.0 {
                continue;
            }
            let moves = (1.0 - self.stay) * (1.0 - self.restart) / total;
            let own = arcs.of(from).map(|(to, weight)| Edge { from, to, weight: weight * moves });
            listed.extend(own);
            listed.push(Edge { from, to: from, weight: self.stay * (1.0 - self.restart) });
            listed.extend(start.map(|to| Edge { from, to, weight: self.restart }));
        }
        Chain::new(graph.vertices, listed, graph.names.clone())
    }

    /// Walkers in each state at the start.
    fn spread(&self, graph: &Graph, start: Option<u32>) -> Vec<u64> {
        let states = graph.vertices;
        match start {
            Some(state) => super::settings::all_in(state, states, self.walkers.count),
            None => {
                let (each, more) =
                    (self.walkers.count / u64::from(states), self.walkers.count % u64::from(states));
                (0..u64::from(states)).map(|state| each + u64::from(state < more)).collect()
            }
        }
    }
}

/// Counts of absorbed walkers step by step.
#[derive(Default)]
struct Absorbed {
    before: u64,
    sum: f64,
    squares: f64,
}

impl Absorbed {
    fn note(&mut self, step: u64, total: u64) {
        let new = (total - self.before) as f64;
        self.before = total;
        self.sum += new * step as f64;
        self.squares += new * (step as f64).powi(2);
    }
}

impl Task for RandomWalk {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("graph", self.graph.validate());
        problems.absorb("walkers", self.walkers.validate());
        for (path, value) in [("stay", self.stay), ("restart", self.restart)] {
            if !(0.0..=1.0).contains(&value) {
                problems.push(Problem::new(path, format!("{value} is out of range")).allowed("0 to 1"));
            }
        }
        problems.require((1..=u64::from(u32::MAX)).contains(&self.steps), "steps", || {
            format!("{} is out of range", self.steps)
        });
        problems.require(self.restart == 0.0 || self.start.is_some(), "restart", || {
            "`restart` needs a `start` to go back to".to_owned()
        });
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        Chain::check(&graph)?;
        let start = self.start.as_ref().map(|name| name.find(&graph, "start")).transpose()?;
        let mut absorbing = vec![false; graph.vertices as usize];
        for (i, name) in self.absorbing.iter().enumerate() {
            absorbing[name.find(&graph, &format!("absorbing[{i}]"))? as usize] = true;
        }
        let chain = self.chain(&graph, start, &absorbing);
        let begin = self.spread(&graph, start);
        let sinks: Vec<u32> = (0..chain.states()).filter(|&state| chain.absorbs(state)).collect();
        let mut absorbed = Absorbed::default();
        let first: u64 = sinks.iter().map(|&state| begin[state as usize]).sum();
        absorbed.before = first;
        let walk = self.walkers.walk(host, &chain, (&begin, self.steps), |step, now| {
            absorbed.note(step, sinks.iter().map(|&state| now[state as usize]).sum());
            true
        })?;
        let mut finding = self.report(&graph, &chain, &walk);
        if !sinks.is_empty() {
            let count = absorbed.before - first;
            finding.result.insert(
                "absorption".into(),
                json!({
                    "absorbed": absorbed.before,
                    "mean_steps": (count > 0).then(|| absorbed.sum / count as f64),
                    "mean_steps_confidence_95": mean_half_width(absorbed.sum, absorbed.squares, count),
                }),
            );
        }
        if self.walkers.check {
            let expected = exact(&self.walkers.made(&chain), &begin, walk.steps);
            finding.check = self.walkers.check_counts(&walk.occupancy, &expected);
        }
        Ok(finding)
    }
}

impl RandomWalk {
    fn report(&self, graph: &Graph, chain: &Chain, walk: &Walk) -> Finding {
        let total = self.walkers.count;
        let share = |state: u32| {
            let count = walk.occupancy[state as usize];
            json!({"walkers": count, "share": count as f64 / total as f64, "confidence_95": wilson(count, total)})
        };
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "walk": self.walkers.describe(chain, walk),
            "visits": graph.by_name(|state| walk.visits[state as usize]),
            "occupancy": graph.by_name(share),
        }));
        let absorbers: Vec<Value> =
            (0..chain.states()).filter(|&it| chain.absorbs(it)).map(|it| graph.name_json(it)).collect();
        if !absorbers.is_empty() {
            finding.result.insert("absorbing".into(), absorbers.into());
        }
        finding
    }
}
