//! The wavefront: one neuron per vertex, an edge as a delay, distances as spike times.
//!
//! A spike takes as many steps over an edge as the edge is long. Where that is more than the hardware's
//! longest delay D, the vertex feeds a line of relays, D steps apart; an edge of length w leaves the line
//! at relay ⌈w/D⌉ − 1. All edges of a vertex share one line.

use serde_json::{Value, json};

use crate::base::unit::Seconds;
use crate::base::{NeuronId, Problem, Problems};
use crate::network::{Machine, Net, NetBuilder, Span, Synapse};
use crate::neuron::step::Step;
use crate::workload::host::{Backend, Failure, Host};
use crate::workload::problem::{Arcs, Graph};

/// Length of a step in the neurons' own time: these models have none.
pub(in crate::workload) const STEP: Seconds = Seconds(1e-3);

/// A neuron that fires once, when the first spike reaches it.
pub(super) fn first_spike() -> Step {
    Step { threshold: 0.5, oneshot: true, ..Step::default() }
}

/// A neuron without memory that passes spikes on.
pub(in crate::workload) fn relay() -> Step {
    Step { threshold: 0.5, memory: 0.0, ..Step::default() }
}

/// A synapse of weight 1.
pub(in crate::workload) fn unit(target: NeuronId, delay: u32) -> Synapse {
    // Delays are at most the longest one, which fits.
    Synapse { target, weight: 1.0, delay: delay as u16, channel: 0 }
}

/// Lengths of arcs in whole steps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lengths {
    /// Per arc [steps, ≥ 1].
    pub steps: Vec<u32>,
    unit: f64,
    worst: f64,
    mean: f64,
}

/// Longest arc [steps].
const LONGEST: f64 = (1u32 << 30) as f64;

impl Lengths {
    /// The weights of `arcs` in units of `unit`, rounded to the nearest whole number of at least 1.
    ///
    /// # Errors
    /// Weights that are not positive, and those beyond the limit.
    pub(super) fn new(graph: &Graph, arcs: &Arcs, unit: f64) -> Result<Self, Problems> {
        const MOST: usize = 20;
        let mut problems = Problems::new();
        let mut lengths = Self { steps: Vec::with_capacity(arcs.len()), unit, worst: 0.0, mean: 0.0 };
        for arc in arcs.iter() {
            let exact = arc.weight / unit;
            let name = || format!("the edge from {} to {}", graph.name(arc.from), graph.name(arc.to));
            if arc.weight <= 0.0 || exact > LONGEST {
                let message = format!("{} has the weight {}", name(), arc.weight);
                problems
                    .push(Problem::new("graph", message).allowed("delays: more than 0, up to 2^30 steps"));
            }
            if problems.0.len() >= MOST {
                break;
            }
            let steps = exact.round().clamp(1.0, LONGEST);
            let error = (steps - exact).abs() / exact.max(f64::MIN_POSITIVE);
            lengths.worst = lengths.worst.max(error);
            lengths.mean += error / arcs.len() as f64;
            lengths.steps.push(steps as u32);
        }
        problems.into_result(lengths)
    }

    /// The same length for all arcs.
    pub(super) fn equal(arcs: &Arcs) -> Self {
        Self { steps: vec![1; arcs.len()], unit: 1.0, worst: 0.0, mean: 0.0 }
    }

    /// A distance in steps as one in units of the weights: a whole number where weights are.
    pub(super) fn distance(&self, steps: u64) -> Value {
        let length = steps as f64 * self.unit;
        if length.fract() == 0.0 { json!(length as u64) } else { json!(length) }
    }

    /// What rounding did, if it did anything.
    pub(super) fn describe(&self) -> Option<Value> {
        (self.worst > 0.0).then(|| {
            json!({"unit": self.unit, "worst_relative_error": self.worst, "mean_relative_error": self.mean})
        })
    }
}

/// Builds the network of `arcs`: population `vertices`, and `relays` where edges are longer than `longest`.
pub(super) fn build(arcs: &Arcs, lengths: &Lengths, longest: u32) -> Result<(Net, Span), Problems> {
    let mut net = NetBuilder::new(STEP);
    let vertices = net.population("vertices", first_spike(), arcs.vertices());
    let relays_of = |vertex: u32| {
        let steps = arcs.range(vertex).map(|arc| (lengths.steps[arc] - 1) / longest);
        steps.max().unwrap_or(0)
    };
    let total: u64 = (0..arcs.vertices()).map(|vertex| u64::from(relays_of(vertex))).sum();
    let Ok(total) = u32::try_from(total) else {
        return Err(Problems::one("max_delay", format!("{total} relays are needed; that is too many")));
    };
    let relays = (total > 0).then(|| net.population("relays", relay(), total));
    let mut next = 0;
    for vertex in 0..arcs.vertices() {
        let count = relays_of(vertex);
        let line = |k: u32| match (k, relays) {
            (1.., Some(relays)) => relays.at(next + k - 1),
            _ => vertices.at(vertex),
        };
        for arc in arcs.range(vertex) {
            let k = (lengths.steps[arc] - 1) / longest;
            let target = vertices.at(arcs.at(arc).0);
            net.connect(line(k), unit(target, lengths.steps[arc] - k * longest));
        }
        for k in 0..count {
            net.connect(line(k), unit(line(k + 1), longest));
        }
        next += count;
    }
    Ok((net.build()?, vertices))
}

/// Sends a wave from `sources` and tells `seen` of each vertex that fires and after how many steps, until
/// nothing is under way or `seen` answers `false`. How many steps it took.
pub(super) fn flood<B: Backend>(
    host: &mut Host<'_, B>,
    vertices: Span,
    sources: &[u32],
    seen: impl FnMut(u32, u64) -> bool,
) -> Result<u64, Failure> {
    flood_some(host, vertices, sources, None, seen)
}

/// As [`flood`], of a wave that is the whole work and reaches `reached` vertices: whoever watches sees how many it
/// has reached.
pub(super) fn flood_some<B: Backend>(
    host: &mut Host<'_, B>,
    vertices: Span,
    sources: &[u32],
    reached: Option<u64>,
    mut seen: impl FnMut(u32, u64) -> bool,
) -> Result<u64, Failure> {
    let start = host.next_step();
    sources.iter().for_each(|&source| host.poke(vertices.at(source), 1.0));
    let (mut goes_on, mut count) = (true, 0u64);
    while goes_on && !host.machine().is_quiet() {
        let elapsed = host.next_step() - start;
        // Of a run that is cancelled, what has been seen before the last step is known.
        goes_on &= host.goes_on()?;
        if !goes_on {
            break;
        }
        for neuron in host.machine().fired() {
            if let Some(vertex) = vertices.position(*neuron) {
                count += 1;
                goes_on &= seen(vertex, elapsed);
            }
        }
        if let Some(reached) = reached {
            host.share = Some(count as f64 / reached.max(1) as f64);
        }
    }
    Ok(host.next_step() - start)
}

/// How many vertices a wave from `source` reaches.
pub(super) fn reach(arcs: &Arcs, source: u32) -> u64 {
    let mut is_reached = vec![false; arcs.vertices() as usize];
    is_reached[source as usize] = true;
    let (mut open, mut count) = (vec![source], 0);
    while let Some(vertex) = open.pop() {
        count += 1;
        for (to, _) in arcs.of(vertex) {
            if !std::mem::replace(&mut is_reached[to as usize], true) {
                open.push(to);
            }
        }
    }
    count
}

/// Whether `times` are the shortest distances from `source`: no arc shortens one, and each is explained by
/// an arc that arrives just then.
pub(super) fn is_shortest(arcs: &Arcs, lengths: &Lengths, source: u32, times: &[Option<u64>]) -> bool {
    let mut explained: Vec<bool> = times.iter().map(Option::is_none).collect();
    explained[source as usize] = times[source as usize] == Some(0);
    for from in 0..arcs.vertices() {
        let Some(start) = times[from as usize] else { continue };
        for arc in arcs.range(from) {
            let (to, _) = arcs.at(arc);
            match times[to as usize] {
                Some(time) if time <= start + u64::from(lengths.steps[arc]) => {
                    explained[to as usize] |= time == start + u64::from(lengths.steps[arc]);
                }
                _ => return false,
            }
        }
    }
    explained.into_iter().all(|explained| explained)
}

/// The predecessor of each vertex whose spike arrived first, the one with the lowest index of several.
pub(super) fn parents(arcs: &Arcs, lengths: &Lengths, times: &[Option<u64>]) -> Vec<Option<u32>> {
    let mut parents = vec![None; times.len()];
    for from in 0..arcs.vertices() {
        let Some(start) = times[from as usize] else { continue };
        for arc in arcs.range(from) {
            let to = arcs.at(arc).0 as usize;
            let arrives = times[to] == Some(start + u64::from(lengths.steps[arc]));
            if arrives && parents[to].is_none() {
                parents[to] = Some(from);
            }
        }
    }
    parents
}

/// Distances by Dijkstra's algorithm of petgraph [steps].
pub(super) fn dijkstra(arcs: &Arcs, lengths: &Lengths, source: u32) -> Vec<Option<u64>> {
    let edges = (0..arcs.vertices()).flat_map(|from| {
        arcs.range(from).map(move |arc| (from, arcs.at(arc).0, u64::from(lengths.steps[arc])))
    });
    let mut graph = petgraph::graph::DiGraph::<(), u64>::from_edges(edges);
    while graph.node_count() < arcs.vertices() as usize {
        graph.add_node(());
    }
    let found = petgraph::algo::dijkstra(&graph, source.into(), None, |edge| *edge.weight());
    let mut times = vec![None; arcs.vertices() as usize];
    found.into_iter().for_each(|(vertex, time)| times[vertex.index()] = Some(time));
    times
}
