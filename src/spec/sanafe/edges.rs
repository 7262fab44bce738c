//! Edges of network files: single ones, and the hyperedges `dense`, `sparse` and `conv2d`.

use super::fields::Fields;
use super::snn::{Group, address};
use super::tree::Tree;
use crate::base::{Problem, Problems};
use crate::network::describe::{ChannelOrder, Convolution};

/// What joins two groups.
#[derive(Clone, Debug)]
pub(super) enum Edge {
    /// One synapse between neuron `from.1` of group `from.0` and neuron `to.1` of group `to.0`.
    Single { from: (usize, u32), to: (usize, u32), weight: f64 },
    /// Every neuron to every other, weights by source, then target.
    Dense { from: usize, to: usize, weights: Vec<f64> },
    /// Listed pairs.
    Sparse { from: usize, to: usize, pairs: Vec<(u32, u32)>, weights: Vec<f64> },
    /// A convolution.
    Convolution { from: usize, to: usize, shape: Convolution, weights: Vec<f64> },
}

impl Edge {
    /// Checks that a hyperedge between so many sources and targets has all its weights.
    fn check_weights(&self, [sources, targets]: [u64; 2], at: &str, problems: &mut Problems) {
        let (weights, wants) = match self {
            Self::Single { .. } => return,
            Self::Dense { weights, .. } => (weights, sources * targets),
            Self::Sparse { pairs, weights, .. } => (weights, pairs.len() as u64),
            Self::Convolution { shape, weights, .. } => (weights, shape.weights()),
        };
        let found = weights.len();
        problems.require(found as u64 == wants, at, || format!("{wants} weights are needed; found {found}"));
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
            Some(Edge::Single { from: (from, sources.start), to: (to, targets.start), weight })
        } else if is_from || is_to {
            problems.push(Problem::new(path, "edges join two neurons or two groups"));
            None
        } else {
            let before = problems.0.len();
            let edge = hyperedge(&mut fields, (from, to), weight, problems);
            let ends = [sources, targets].map(|neurons| neurons.len() as u64);
            // Of a list that cannot be read it has been told.
            if let (Some(edge), true) = (&edge, problems.0.len() == before) {
                edge.check_weights(ends, &fields.at(weight), problems);
            }
            edge
        };
        fields.finish(problems);
        edges.extend(edge);
    }
}

/// Sub-maps for one kind of unit: weights belong to synapses; delays must be zero, because the peer loses
/// them where its buffer sits before the soma.
fn plain(fields: &mut Fields, problems: &mut Problems) {
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
) -> Option<Edge> {
    let kind = fields.text("type", problems);
    let weights = fields.numbers(weight, problems);
    problems.require(weights.is_some(), &fields.at(weight), || "a list of weights is needed".into());
    let weights = weights.unwrap_or_default();
    match kind.as_deref() {
        Some("dense") => Some(Edge::Dense { from, to, weights }),
        Some("sparse") => {
            let at = fields.at("source_target_pairs");
            let pairs = fields.list("source_target_pairs", problems);
            let pairs: Option<Vec<(u32, u32)>> = pairs.iter().map(pair).collect();
            problems.require(pairs.is_some(), &at, || "a list of pairs of neurons is needed".into());
            Some(Edge::Sparse { from, to, pairs: pairs.unwrap_or_default(), weights })
        }
        Some("conv2d") => {
            let mut side = |name, default: u32| fields.whole(name, problems).unwrap_or(default);
            let shape = Convolution {
                width: side("input_width", 0),
                height: side("input_height", 0),
                channels: side("input_channels", 1),
                filters: side("kernel_count", 1),
                kernel: [side("kernel_width", 0), side("kernel_height", 0)],
                stride: [side("stride_width", 1), side("stride_height", 1)],
                padding: [0, 0],
                order: ChannelOrder::PlanesFirst,
            };
            Some(Edge::Convolution { from, to, shape, weights })
        }
        other => {
            let problem =
                Problem::new(fields.at("type"), format!("`{}` is not supported", other.unwrap_or("nothing")));
            problems.push(problem.allowed("`dense`, `sparse`, `conv2d`"));
            None
        }
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
