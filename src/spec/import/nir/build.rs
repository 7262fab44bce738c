//! From a NIR graph to a network.

use super::node::{Fires, Graph, Kind};
use super::signal::{Signal, Way, spread};
use super::{Choices, Imported, convolve};
use crate::base::unit::Seconds;
use crate::base::{NeuronId, Problem, Problems};
use crate::network::{MAX_DELAY, NetBuilder, Part, Synapse};
use crate::neuron::NeuronModel;
use crate::neuron::integrate_fire::IntegrateFire;
use crate::neuron::lif::{Discretisation, Lif};
use crate::neuron::rate::{Rate, Transfer};
use crate::neuron::step::Step;

/// Length of a step if neither the caller nor the file says another [s].
const DEFAULT_DT: f64 = 1e-3;

/// A threshold that is never passed.
const NEVER: f64 = f64::MAX;

/// A population to be: what a node with state becomes.
struct Population {
    node: usize,
    shape: Vec<usize>,
    first: u32,
    /// What it gets.
    input: Signal,
    /// Place in the order of layers.
    layer: u32,
}

impl Population {
    fn size(&self) -> u32 {
        self.shape.iter().product::<usize>() as u32
    }
}

struct Builder<'a> {
    graph: &'a Graph,
    dt: f64,
    scheme: Discretisation,
    populations: Vec<Population>,
    /// By node: the population that it became.
    became: Vec<Option<usize>>,
    /// By node: what it sends, once known.
    sends: Vec<Option<Signal>>,
    /// Nodes whose signal is being worked out.
    open: Vec<bool>,
}

pub(super) fn build(graph: &Graph, choices: &Choices) -> Result<Imported, Problems> {
    let dt = choices.dt.map(|dt| dt.0).or(graph.dt).unwrap_or(DEFAULT_DT);
    let nodes = graph.nodes.len();
    let mut builder = Builder {
        graph,
        dt,
        scheme: choices.scheme,
        populations: Vec::new(),
        became: vec![None; nodes],
        sends: vec![None; nodes],
        open: vec![false; nodes],
    };
    builder.populate()?;
    builder.connect()?;
    let outputs = builder.outputs()?;
    builder.layers();
    builder.finish(outputs)
}

impl Builder<'_> {
    fn name(&self, node: usize) -> &str {
        &self.graph.nodes[node].name
    }

    fn wrong(&self, node: usize, message: impl Into<String>) -> Problem {
        Problem::new(format!("node.nodes.{}", self.name(node)), message)
    }

    /// Makes a population of every node with state.
    fn populate(&mut self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let mut first = 0u64;
        for (node, it) in self.graph.nodes.iter().enumerate().filter(|(_, it)| it.kind.is_population()) {
            let shape = shape(&it.kind);
            let size = shape.iter().try_fold(1u64, |size, &length| size.checked_mul(length as u64));
            match size {
                Some(1..=0x0FFF_FFFF) if first < 0x0FFF_FFFF => {}
                _ => {
                    problems.push(self.wrong(node, format!("a shape of {shape:?} is no number of neurons")));
                    continue;
                }
            }
            self.add(node, shape, first as u32);
            first += size.unwrap_or(0);
        }
        problems.into_result(())
    }

    fn add(&mut self, node: usize, shape: Vec<usize>, first: u32) {
        self.became[node] = Some(self.populations.len());
        let input =
            Signal { bias: vec![0.0; shape.iter().product()], shape: shape.clone(), ways: Vec::new() };
        self.populations.push(Population { node, shape, first, input, layer: 0 });
    }

    /// Works out what every population gets.
    fn connect(&mut self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        for index in 0..self.populations.len() {
            let node = self.populations[index].node;
            match self.gets(node) {
                Ok(input) if matches!(self.graph.nodes[node].kind, Kind::Input { .. }) => {
                    let quiet = input.bias.is_empty() && input.ways.is_empty();
                    problems.require(quiet, &format!("node.nodes.{}", self.name(node)), || {
                        "an input gets nothing from within the network".to_owned()
                    });
                }
                Ok(input) if input.bias.is_empty() => {}
                Ok(input) => {
                    let population = &mut self.populations[index];
                    if input.size() != population.input.size() {
                        let (size, got) = (population.input.size(), input.size());
                        problems.push(self.wrong(node, format!("has {size} neurons and gets {got} values")));
                    } else {
                        population.input = input;
                    }
                }
                Err(problem) => problems.push(problem),
            }
        }
        problems.into_result(())
    }

    /// The sum of what is sent to `node`.
    fn gets(&mut self, node: usize) -> Result<Signal, Problem> {
        let mut sum = Signal::default();
        let graph = self.graph;
        for &(from, _) in graph.edges.iter().filter(|edge| edge.1 == node) {
            if graph.nodes[from].kind.is_silent() && !matches!(graph.nodes[node].kind, Kind::Output { .. }) {
                let message = format!("follows `{}`, whose neurons do not fire", self.name(from));
                return Err(self.wrong(node, message));
            }
            let signal = self.signal(from)?;
            sum.add(signal).map_err(|message| self.wrong(node, message))?;
        }
        Ok(sum)
    }

    /// What `node` sends.
    fn signal(&mut self, node: usize) -> Result<Signal, Problem> {
        if let Some(signal) = &self.sends[node] {
            return Ok(signal.clone());
        }
        if let Some(index) = self.became[node] {
            let Population { first, shape, .. } = &self.populations[index];
            return Ok(Signal::of_neurons(*first, shape));
        }
        if std::mem::replace(&mut self.open[node], true) {
            return Err(self.wrong(node, "lies on a loop without neurons"));
        }
        let input = self.gets(node)?;
        if input.bias.is_empty() {
            return Err(self.wrong(node, "gets nothing"));
        }
        let behind = match &self.graph.nodes[node].kind {
            Kind::Linear { weight, bias } => input.linear(weight, bias.as_ref()),
            Kind::Scale { scale } => input.scaled(scale),
            Kind::Delay { delay } => input.delayed(delay, self.dt),
            Kind::Conv(conv) => convolve::convolve(&input, conv),
            Kind::Pool(pool) => convolve::pool(&input, pool),
            _ => Ok(input),
        };
        let signal = behind.map_err(|message| self.wrong(node, message))?;
        self.open[node] = false;
        if self.graph.edges.iter().filter(|edge| edge.0 == node).count() > 1 {
            self.sends[node] = Some(signal.clone());
        }
        Ok(signal)
    }

    /// The population that each output shows: the one before it, or a new one that adds up what comes.
    fn outputs(&mut self) -> Result<Vec<(usize, usize)>, Problems> {
        let mut outputs = Vec::new();
        let graph = self.graph;
        for (node, it) in graph.nodes.iter().enumerate() {
            let Kind::Output { shape } = &it.kind else { continue };
            let mut before = graph.edges.iter().filter(|edge| edge.1 == node).map(|edge| edge.0);
            let direct = match (before.next(), before.next()) {
                (Some(from), None) => self.became[from],
                _ => None,
            };
            let shown = match direct {
                Some(shown) => shown,
                None => self.add_up(node, shape)?,
            };
            let (size, expected) = (self.populations[shown].size() as usize, shape.iter().product::<usize>());
            if size != expected {
                return Err(self.wrong(node, format!("shows {expected} values and gets {size}")).into());
            }
            outputs.push((node, shown));
        }
        Ok(outputs)
    }

    fn add_up(&mut self, node: usize, shape: &[usize]) -> Result<usize, Problem> {
        let input = self.gets(node)?;
        if input.size() != shape.iter().product::<usize>() {
            return Err(
                self.wrong(node, format!("shows a shape of {shape:?} and gets {} values", input.size()))
            );
        }
        let first = self.populations.last().map_or(0, |last| last.first + last.size());
        self.add(node, shape.to_vec(), first);
        let shown = self.populations.len() - 1;
        self.populations[shown].input = input;
        Ok(shown)
    }

    /// The populations that send to population `index`.
    fn senders(&self, index: usize) -> Vec<usize> {
        let of = |way: &Way| self.populations.partition_point(|it| it.first <= way.source) - 1;
        let mut senders: Vec<usize> = self.populations[index].input.ways.iter().map(of).collect();
        senders.dedup();
        senders.sort_unstable();
        senders.dedup();
        senders
    }

    /// Numbers the layers: a population comes one after the last of those that feed it from outside its own
    /// loop; those of one loop share a layer.
    fn layers(&mut self) {
        let count = self.populations.len();
        let senders: Vec<Vec<usize>> = (0..count).map(|index| self.senders(index)).collect();
        let mut reaches = vec![vec![false; count]; count];
        for (start, reached) in reaches.iter_mut().enumerate() {
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                for &before in &senders[at] {
                    if !std::mem::replace(&mut reached[before], true) {
                        open.push(before);
                    }
                }
            }
        }
        let looped = |a: usize, b: usize| a == b || (reaches[a][b] && reaches[b][a]);
        // Each round settles at least one more layer.
        for _ in 0..count {
            for index in 0..count {
                let fed = (0..count)
                    .filter(|&other| looped(index, other))
                    .flat_map(|other| senders[other].iter().filter(|&&from| !looped(index, from)).copied());
                let layer = fed.map(|from| self.populations[from].layer + 1).max().unwrap_or(0);
                self.populations[index].layer = layer;
            }
        }
    }

    fn finish(self, outputs: Vec<(usize, usize)>) -> Result<Imported, Problems> {
        let mut net = NetBuilder::new(Seconds(self.dt));
        let mut problems = Problems::new();
        for population in &self.populations {
            let name = self.name(population.node);
            match self.parts(population) {
                Ok(parts) => {
                    net.parts(name, parts);
                }
                Err(message) => problems.push(self.wrong(population.node, message)),
            }
        }
        problems.into_result(())?;
        for population in &self.populations {
            self.synapses(population, &mut net)?;
        }
        let named = |index: usize| self.name(self.populations[index].node).to_owned();
        let inputs = self.populations.iter().enumerate();
        let inputs = inputs.filter(|(_, it)| matches!(self.graph.nodes[it.node].kind, Kind::Input { .. }));
        Ok(Imported {
            inputs: inputs.map(|(index, _)| named(index)).collect(),
            outputs: outputs
                .into_iter()
                .map(|(node, shown)| (self.name(node).to_owned(), named(shown)))
                .collect(),
            latency: self.populations.iter().map(|it| it.layer).collect(),
            version: self.graph.version.clone(),
            scheme: self.scheme,
            net: net.build()?,
        })
    }

    fn synapses(&self, population: &Population, net: &mut NetBuilder) -> Result<(), Problem> {
        let gain = match &self.graph.nodes[population.node].kind {
            Kind::Integrator { r, .. } => spread(r, population.input.size(), "r")
                .map_err(|message| self.wrong(population.node, message))?,
            _ => vec![1.0; population.input.size()],
        };
        for way in &population.input.ways {
            let from = &self.populations[self.populations.partition_point(|it| it.first <= way.source) - 1];
            // Within a layer feedback takes a step; from layer to layer a step each stands for none.
            let delay = way.delay + (population.layer - from.layer).max(1);
            let delay = u16::try_from(delay).map_err(|_| {
                self.wrong(
                    population.node,
                    format!("gets a spike after {delay} steps; at most {MAX_DELAY} are possible"),
                )
            })?;
            let target = NeuronId(population.first + way.element);
            let weight = way.weight * gain[way.element as usize];
            net.connect(NeuronId(way.source), Synapse { target, weight, delay, channel: 0 });
        }
        Ok(())
    }

    /// The neurons of a population, those with the same parameters that follow each other together.
    fn parts(&self, population: &Population) -> Result<Vec<Part>, String> {
        let models = self.models(population)?;
        let mut parts: Vec<Part> = Vec::new();
        for model in models {
            match parts.last_mut() {
                Some(part) if part.model == model => part.count += 1,
                _ => parts.push(Part { model, count: 1 }),
            }
        }
        Ok(parts)
    }

    fn models(&self, population: &Population) -> Result<Vec<NeuronModel>, String> {
        let bias = &population.input.bias;
        let size = bias.len();
        let fires = |fires: &Option<Fires>| match fires {
            None => Ok((vec![NEVER; size], vec![0.0; size])),
            Some(Fires { threshold, reset }) => {
                let reset = reset.as_ref().map_or(Ok(vec![0.0; size]), |it| spread(it, size, "v_reset"))?;
                Ok::<_, String>((spread(threshold, size, "v_threshold")?, reset))
            }
        };
        match &self.graph.nodes[population.node].kind {
            Kind::Integrator { r, fires: when } => {
                let (r, (threshold, reset)) = (spread(r, size, "r")?, fires(when)?);
                let model = |i: usize| IntegrateFire {
                    threshold: threshold[i],
                    reset: reset[i],
                    bias: r[i] * bias[i],
                    ..IntegrateFire::default()
                };
                Ok((0..size).map(|i| model(i).into()).collect())
            }
            Kind::Leaky { tau, tau_syn, w_in, r, v_leak, fires: when } => {
                let or = |it: &Option<super::store::Array>, name, absent: f64| {
                    it.as_ref().map_or(Ok(vec![absent; size]), |it| spread(it, size, name))
                };
                let (tau, tau_syn) = (spread(tau, size, "tau")?, or(tau_syn, "tau_syn", 0.0)?);
                let (w_in, r) = (or(w_in, "w_in", 1.0)?, spread(r, size, "r")?);
                let (v_leak, (threshold, reset)) = (spread(v_leak, size, "v_leak")?, fires(when)?);
                let model = |i: usize| Lif {
                    tau_mem: Seconds(tau[i]),
                    tau_syn: Seconds(tau_syn[i]),
                    r: r[i],
                    w_in: w_in[i],
                    v_leak: v_leak[i],
                    threshold: threshold[i],
                    reset: reset[i],
                    bias: bias[i],
                    scheme: self.scheme,
                    ..Lif::default()
                };
                Ok((0..size).map(|i| model(i).into()).collect())
            }
            Kind::Threshold { threshold } => {
                let threshold = spread(threshold, size, "threshold")?;
                let model = |i: usize| Step {
                    threshold: threshold[i],
                    bias: bias[i],
                    memory: 0.0,
                    ..Step::default()
                };
                Ok((0..size).map(|i| model(i).into()).collect())
            }
            _ => {
                let model = |&bias: &f64| Rate { transfer: Transfer::Identity, bias, ..Rate::default() };
                Ok(bias.iter().map(|bias| model(bias).into()).collect())
            }
        }
    }
}

/// The shape of a population.
fn shape(kind: &Kind) -> Vec<usize> {
    match kind {
        Kind::Input { shape } => shape.clone(),
        Kind::Integrator { r, .. } => r.shape.clone(),
        Kind::Leaky { r, .. } => r.shape.clone(),
        Kind::Threshold { threshold } => threshold.shape.clone(),
        _ => Vec::new(),
    }
}
