//! Shortest paths of at most k edges: messages carry the number of edges that they may still take.
//!
//! Vertex v has an arrival neuron (v, t) per time to live t, and a sending neuron. Of messages that arrive
//! together only the one with the longest life is sent on, and only if it lives longer than all that were
//! sent on before: arrivals at t inhibit the senders of all t' < t for good. Arrivals take one step to
//! become a message, so an edge of length w is a delay of 2w − 1, and a distance is half a spike time.
//! Source: the k-hop algorithm of Aimone et al. 2021, doi 10.1145/3409964.3461805, in unary code.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sssp::{check_delays, one, yes};
use super::wave::{Lengths, STEP, relay, unit};
use crate::base::{NeuronId, Problem, Problems};
use crate::network::{Machine, Net, NetBuilder, Span, Synapse};
use crate::neuron::step::Step;
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::{Arcs, GraphInput, VertexName};

/// Single-source shortest paths with at most k edges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KHop {
    /// The graph; weights are lengths, more than 0.
    pub graph: GraphInput,
    /// Where paths start.
    pub source: VertexName,
    /// Most edges of a path; 1 to 1024.
    #[schemars(range(min = 1, max = 1024))]
    pub hops: u32,
    /// Length that takes two steps [unit of the weights].
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "weight"))]
    pub resolution: f64,
    /// Delays beyond this are relayed [steps]. Default: the longest that the chip has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), extend("unit" = "steps"))]
    pub max_delay: Option<u16>,
    /// Whether the result is compared with that of the Bellman–Ford recursion.
    #[serde(default = "yes")]
    pub check: bool,
}

const MOST_HOPS: u32 = 1024;

/// Neurons of the construction: those of vertex v come in a row, by time to live.
struct Layout {
    arrivals: Span,
    senders: Span,
    lives: u32,
}

impl Layout {
    fn arrival(&self, vertex: u32, life: u32) -> NeuronId {
        self.arrivals.at(vertex * self.lives + life)
    }

    fn sender(&self, vertex: u32, life: u32) -> NeuronId {
        self.senders.at(vertex * self.lives + life)
    }
}

impl KHop {
    fn build(&self, arcs: &Arcs, lengths: &Lengths, longest: u32) -> Result<(Net, Layout), Problems> {
        let lives = self.hops + 1;
        let doubled = |arc: usize| u64::from(lengths.steps[arc]) * 2 - 1;
        let relays: u64 = (0..arcs.len()).map(|arc| (doubled(arc) - 1) / u64::from(longest)).sum();
        let relays = relays * u64::from(self.hops);
        let neurons = u64::from(arcs.vertices()) * u64::from(lives);
        if neurons > u64::from(u32::MAX / 4) || relays > u64::from(u32::MAX / 4) {
            let message = format!("{neurons} neurons and {relays} relays are too many");
            return Err(Problems::one("hops", message));
        }
        let mut net = NetBuilder::new(STEP);
        let arrivals = net.population("arrivals", relay(), neurons as u32);
        let senders = net.population(
            "senders",
            Step { threshold: 0.5, oneshot: true, ..Step::default() },
            neurons as u32,
        );
        let line = (relays > 0).then(|| net.population("relays", relay(), relays as u32));
        let layout = Layout { arrivals, senders, lives };
        let mut used = 0;
        for vertex in 0..arcs.vertices() {
            for life in 0..lives {
                net.connect(layout.arrival(vertex, life), unit(layout.sender(vertex, life), 1));
                // More than all arrivals together could outweigh, and for good: memory is 1.
                for lower in 0..life {
                    let inhibits = Synapse { weight: -1e9, ..unit(layout.sender(vertex, lower), 1) };
                    net.connect(layout.arrival(vertex, life), inhibits);
                }
            }
            for life in 1..lives {
                for arc in arcs.range(vertex) {
                    let mut from = layout.sender(vertex, life);
                    let mut steps = doubled(arc);
                    while let Some(line) = line.filter(|_| steps > u64::from(longest)) {
                        let next = line.at(used);
                        net.connect(from, unit(next, longest));
                        (from, steps, used) = (next, steps - u64::from(longest), used + 1);
                    }
                    net.connect(from, unit(layout.arrival(arcs.at(arc).0, life - 1), steps as u32));
                }
            }
        }
        Ok((net.build()?, layout))
    }
}

impl Task for KHop {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("graph", self.graph.validate());
        check_delays(&mut problems, self.resolution, self.max_delay);
        if !(1..=MOST_HOPS).contains(&self.hops) {
            let problem = Problem::new("hops", format!("{} is out of range", self.hops));
            problems.push(problem.allowed(format!("1 to {MOST_HOPS}")));
        }
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        let source = self.source.find(&graph, "source")?;
        let arcs = graph.arcs();
        let lengths = Lengths::new(&graph, &arcs, self.resolution)?;
        host.problem(graph.vertices.into(), arcs.len() as u64);
        let (net, layout) = self.build(&arcs, &lengths, host.longest_delay(self.max_delay))?;
        host.load(net)?;
        let start = host.next_step();
        host.poke(layout.arrival(source, self.hops), 1.0);
        let mut times: Vec<Option<u64>> = vec![None; graph.vertices as usize];
        while !host.machine().is_quiet() {
            let elapsed = host.next_step() - start;
            host.step()?;
            let arrived = host.machine().fired().iter().filter_map(|&it| layout.arrivals.position(it));
            for place in arrived {
                times[(place / layout.lives) as usize].get_or_insert(elapsed);
            }
        }
        let distance = |time: Option<u64>| time.map_or(Value::Null, |time| lengths.distance(time / 2));
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "source": graph.name_json(source),
            "hops": self.hops,
            "distances": graph.by_name(|vertex| distance(times[vertex as usize])),
            "reached": times.iter().flatten().count(),
        }));
        finding.result.extend(lengths.describe().map(|it| ("quantisation".to_owned(), it)));
        if self.check {
            let expected = bellman_ford(&arcs, &lengths, source, self.hops);
            let wrong = expected.iter().zip(&times).filter(|(a, b)| a.map(|it| 2 * it) != **b).count();
            let detail = format!("{wrong} of {} distances differ", times.len());
            finding.check =
                Some(Check { against: "the Bellman–Ford recursion", passed: wrong == 0, detail });
            finding.certified = Some(wrong == 0);
        }
        Ok(finding)
    }
}

/// Distances over at most `hops` edges [steps].
fn bellman_ford(arcs: &Arcs, lengths: &Lengths, source: u32, hops: u32) -> Vec<Option<u64>> {
    let mut best: Vec<Option<u64>> = vec![None; arcs.vertices() as usize];
    best[source as usize] = Some(0);
    for _ in 0..hops {
        let before = best.clone();
        for from in 0..arcs.vertices() {
            let Some(start) = before[from as usize] else { continue };
            for arc in arcs.range(from) {
                let reached = start + u64::from(lengths.steps[arc]);
                let entry = &mut best[arcs.at(arc).0 as usize];
                *entry = Some(entry.map_or(reached, |time| time.min(reached)));
            }
        }
        if best == before {
            break;
        }
    }
    best
}
