//! Edges of network files: single ones, and the hyperedges `dense`, `sparse` and `conv2d`.

use super::fields::Fields;
use super::snn::{Group, address};
use super::tree::Tree;
use crate::base::{Problem, Problems};
use crate::network::describe::{ChannelOrder, Convolution};
use crate::neuron::Dendrite;

/// What joins two groups.
#[derive(Clone, Debug)]
pub(super) enum Edge {
    /// One synapse between neuron `from.1` of group `from.0` and neuron `to.1` of group `to.0`.
    Single { from: (usize, u32), to: (usize, u32), weight: f64, tap: u8 },
    /// Many.
    Hyper(Box<Hyperedge>),
}

/// Synapses between two groups.
#[derive(Clone, Debug)]
pub(super) struct Hyperedge {
    pub from: usize,
    pub to: usize,
    pub shape: Shape,
    /// For convolutions those of the filters, else one for each synapse.
    pub weights: Vec<f64>,
    /// By weight: the tap that its synapses lead to; empty where all lead to tap 0.
    pub taps: Vec<u8>,
}

/// Who is joined to whom.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// Every neuron to every other, weights by source, then target.
    Dense,
    /// Listed pairs.
    Sparse(Vec<(u32, u32)>),
    /// A convolution.
    Convolution(Convolution),
}

impl Hyperedge {
    /// Checks that it has all its weights, between so many sources and targets, and their taps.
    fn check_lists(
        &self,
        [sources, targets]: [u64; 2],
        fields: &Fields,
        weight: &str,
        problems: &mut Problems,
    ) {
        let wants = match &self.shape {
            Shape::Dense => sources * targets,
            Shape::Sparse(pairs) => pairs.len() as u64,
            Shape::Convolution(shape) => shape.weights(),
        };
        let found = self.weights.len();
        problems.require(found as u64 == wants, &fields.at(weight), || {
            format!("{wants} weights are needed; found {found}")
        });
        let found = self.taps.len();
        problems.require(found == 0 || found as u64 == wants, &fields.at("tap"), || {
            format!("a tap is needed for each of {wants} weights; found {found}")
        });
    }

    /// Calls `f` with source, target and the place of the weight of each synapse, for so many targets.
    pub(super) fn each(&self, [sources, targets]: [u32; 2], mut f: impl FnMut(u32, u32, usize)) {
        match &self.shape {
            Shape::Dense => {
                let pairs = (0..sources).flat_map(|source| (0..targets).map(move |target| (source, target)));
                pairs.enumerate().for_each(|(weight, (source, target))| f(source, target, weight));
            }
            Shape::Sparse(pairs) => {
                pairs.iter().enumerate().for_each(|(weight, &(source, target))| f(source, target, weight));
            }
            Shape::Convolution(shape) => shape.each(f),
        }
    }

    /// The tap that all synapses lead to, if it is one.
    pub(super) fn common_tap(&self) -> Option<u8> {
        let first = self.taps.first().copied().unwrap_or(0);
        self.taps.iter().all(|&tap| tap == first).then_some(first)
    }
}

/// Reads one entry of `edges`.
pub(super) fn read(path: &str, tree: Tree, groups: &[Group], edges: &mut Vec<Edge>, problems: &mut Problems) {
    let Tree::Map(entries) = tree else {
        return problems.push(Problem::new(path, "is no edge"));
    };
    for (ends, attributes) in entries {
        let mut fields = Fields::new(&format!("{path}.{ends}"), Some(attributes), problems);
        let found = ends.split_once("->").ok_or_else(|| format!("`{ends}` is no edge"));
        let both = found.and_then(|(from, to)| Ok((address(from, groups)?, address(to, groups)?)));
        let ((from, sources), (to, targets)) = match both {
            Ok(both) => both,
            Err(message) => {
                problems.push(Problem::new(path, message));
                continue;
            }
        };
        plain(&mut fields, problems);
        // The spelling of older files.
        let weight = if fields.has("w") { "w" } else { "weight" };
        let is_single = |text: &str| text.contains('.');
        let [is_from, is_to] = [0, 1].map(|i| ends.split("->").nth(i).is_some_and(is_single));
        let edge = if is_from && is_to && sources.len() == 1 && targets.len() == 1 {
            let weight = fields.needed(weight, problems);
            let tap = tap(&mut fields, problems);
            Some(Edge::Single { from: (from, sources.start), to: (to, targets.start), weight, tap })
        } else if is_from || is_to {
            problems.push(Problem::new(path, "edges join two neurons or two groups"));
            None
        } else {
            let before = problems.0.len();
            let edge = hyperedge(&mut fields, (from, to), weight, problems);
            let ends = [sources, targets].map(|neurons| neurons.len() as u64);
            // Of a list that cannot be read it has been told.
            if let (Some(edge), true) = (&edge, problems.0.len() == before) {
                edge.check_lists(ends, &fields, weight, problems);
            }
            edge.map(|edge| Edge::Hyper(Box::new(edge)))
        };
        fields.finish(problems);
        edges.extend(edge);
    }
}

/// The most taps that are supported.
const MOST_TAPS: f64 = Dendrite::MOST_TAPS as f64;

/// The tap that a single edge leads to.
pub(super) fn tap(fields: &mut Fields, problems: &mut Problems) -> u8 {
    let at = fields.at("tap");
    let tap = fields.number("tap", problems).unwrap_or(0.0);
    read_tap(tap, &at, problems)
}

/// `tap` as the number of a tap, which is written at `at`.
fn read_tap(tap: f64, at: &str, problems: &mut Problems) -> u8 {
    if tap.fract() != 0.0 || !(0.0..MOST_TAPS).contains(&tap) {
        let problem = Problem::new(at, format!("{tap} is no tap"));
        problems.push(problem.allowed(format!("0 to {}", MOST_TAPS - 1.0)));
    }
    tap as u8
}

/// Sub-maps for one kind of unit: weights belong to synapses; delays must be zero, because the peer loses
/// them where its buffer sits before the soma, and it loses taps in sub-maps.
fn plain(fields: &mut Fields, problems: &mut Problems) {
    let is_lost = |unit: &str| {
        let map = fields.rest().iter().find(|(key, _)| key == unit);
        matches!(map, Some((_, Tree::Map(entries))) if entries.iter().any(|(key, _)| key == "tap"))
    };
    for unit in ["synapse", "dendrite"].into_iter().filter(|unit| is_lost(unit)) {
        let problem = Problem::new(fields.at(unit), "the peer loses a `tap` that is written here");
        problems.push(problem.allowed("beside `weight`"));
    }
    fields.unfold("synapse", problems);
    fields.unfold("dendrite", problems);
    let at = fields.at("delay");
    let zero = |text: &str| text.parse::<f64>() == Ok(0.0);
    let is_zero = match fields.take("delay") {
        None => true,
        Some(Tree::Scalar(text, _)) => zero(&text),
        Some(Tree::List(items)) => {
            items.iter().all(|item| matches!(item, Tree::Scalar(text, _) if zero(text)))
        }
        Some(Tree::Map(_)) => false,
    };
    problems.require(is_zero, &at, || "delays are not supported: the peer loses them here".into());
}

fn hyperedge(
    fields: &mut Fields,
    (from, to): (usize, usize),
    weight: &'static str,
    problems: &mut Problems,
) -> Option<Hyperedge> {
    let kind = fields.text("type", problems);
    let weights = fields.numbers(weight, problems);
    problems.require(weights.is_some(), &fields.at(weight), || "a list of weights is needed".into());
    let weights = weights.unwrap_or_default();
    let at = fields.at("tap");
    let taps = fields.numbers("tap", problems).unwrap_or_default();
    let taps = taps.into_iter().map(|tap| read_tap(tap, &at, problems)).collect();
    let shape = match kind.as_deref() {
        Some("dense") => Shape::Dense,
        Some("sparse") => {
            let at = fields.at("source_target_pairs");
            let pairs = fields.list("source_target_pairs", problems);
            let pairs: Option<Vec<(u32, u32)>> = pairs.iter().map(pair).collect();
            problems.require(pairs.is_some(), &at, || "a list of pairs of neurons is needed".into());
            Shape::Sparse(pairs.unwrap_or_default())
        }
        Some("conv2d") => Shape::Convolution(convolution(fields, problems)),
        other => {
            let problem =
                Problem::new(fields.at("type"), format!("`{}` is not supported", other.unwrap_or("nothing")));
            problems.push(problem.allowed("`dense`, `sparse`, `conv2d`"));
            return None;
        }
    };
    Some(Hyperedge { from, to, shape, weights, taps })
}

fn convolution(fields: &mut Fields, problems: &mut Problems) -> Convolution {
    let mut side = |name, default: u32| fields.whole(name, problems).unwrap_or(default);
    Convolution {
        width: side("input_width", 0),
        height: side("input_height", 0),
        channels: side("input_channels", 1),
        filters: side("kernel_count", 1),
        kernel: [side("kernel_width", 0), side("kernel_height", 0)],
        stride: [side("stride_width", 1), side("stride_height", 1)],
        padding: [0, 0],
        order: ChannelOrder::PlanesFirst,
    }
}

fn pair(tree: &Tree) -> Option<(u32, u32)> {
    let Tree::List(items) = tree else { return None };
    let number = |item: &Tree| if let Tree::Scalar(text, _) = item { text.parse().ok() } else { None };
    match &items[..] {
        [source, target] => number(source).zip(number(target)),
        _ => None,
    }
}
