//! Markov chains: where a walker goes next, exactly and as hardware with few bits would have it.

use serde_json::{Value, json};

use crate::base::{Problem, Problems};
use crate::workload::problem::graph::Names;
use crate::workload::problem::{Arcs, Edge, Graph};

/// A discrete-time Markov chain. Walkers stay in absorbing states, which have no arcs.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::workload) struct Chain {
    /// Transitions with their probabilities, all above 0; those of a state add up to 1.
    pub arcs: Arcs,
    /// What its states are called.
    pub names: Names,
}

impl Chain {
    /// The chain with the transitions in `listed`, whose weights are made to add up to 1 state by state.
    /// Transitions of weight 0 are left out; a state without any absorbs.
    pub(super) fn new(states: u32, listed: Vec<Edge>, names: Names) -> Self {
        let mut graph = Graph { names, edges: listed, ..Graph::new(states, true) };
        graph.edges.retain(|edge| edge.weight > 0.0);
        graph.edges.sort_by_key(|edge| (edge.from, edge.to));
        graph.edges.dedup_by(|later, kept| {
            let same = (later.from, later.to) == (kept.from, kept.to);
            if same {
                kept.weight += later.weight;
            }
            same
        });
        let mut totals = vec![0.0; states as usize];
        graph.edges.iter().for_each(|edge| totals[edge.from as usize] += edge.weight);
        graph.edges.iter_mut().for_each(|edge| edge.weight /= totals[edge.from as usize]);
        Self { arcs: graph.arcs(), names: graph.names }
    }

    /// Number of states.
    pub(super) fn states(&self) -> u32 {
        self.arcs.vertices()
    }

    /// Whether walkers stay in `state` for good.
    pub(super) fn absorbs(&self, state: u32) -> bool {
        self.arcs.degree(state) == 0
    }

    /// The most transitions that a state has.
    pub(super) fn most_exits(&self) -> u32 {
        (0..self.states()).map(|state| self.arcs.degree(state)).max().unwrap_or(0)
    }

    /// The distribution after a step from the distribution `now`.
    pub(super) fn advance(&self, now: &[f64]) -> Vec<f64> {
        let mut next = vec![0.0; now.len()];
        for state in 0..self.states() {
            let mass = now[state as usize];
            if self.absorbs(state) {
                next[state as usize] += mass;
            }
            for (to, probability) in self.arcs.of(state) {
                next[to as usize] += mass * probability;
            }
        }
        next
    }

    /// The same chain as its circuits would have it whose Bernoulli neurons know probabilities of `bits`
    /// bits only.
    pub(super) fn quantised(&self, bits: u32) -> Self {
        let mut listed = Vec::with_capacity(self.arcs.len());
        for state in 0..self.states() {
            let wanted: Vec<f64> = self.arcs.of(state).map(|(_, probability)| probability).collect();
            let made = effective(&quantise(&conditional(&wanted), bits));
            let arcs = self.arcs.of(state).zip(made);
            listed.extend(arcs.map(|((to, _), weight)| Edge { from: state, to, weight }));
        }
        Self { arcs: Arcs::new(self.states(), &listed), names: self.names.clone() }
    }

    /// The bias of `made` against this chain, transition by transition.
    pub(super) fn bias(&self, made: &Self, bits: u32) -> Value {
        let errors = (0..self.arcs.len()).map(|arc| (made.arcs.at(arc).1 - self.arcs.at(arc).1).abs());
        let (mut largest, mut sum) = (0.0f64, 0.0);
        errors.for_each(|error| {
            largest = largest.max(error);
            sum += error;
        });
        json!({
            "probability_bits": bits,
            "largest_error": largest,
            "mean_error": if self.arcs.is_empty() { 0.0 } else { sum / self.arcs.len() as f64 },
        })
    }

    /// Refuses chains that cannot be walked.
    pub(super) fn check(graph: &Graph) -> Result<(), Problems> {
        let negative = graph.edges.iter().find(|edge| edge.weight < 0.0);
        negative.map_or(Ok(()), |edge| {
            let (from, to) = (graph.name(edge.from), graph.name(edge.to));
            let message = format!("the edge from {from} to {to} has the weight {}", edge.weight);
            Err(Problem::new("graph", message).allowed("0 or more: walkers choose edges by weight").into())
        })
    }
}

/// The probability of each choice given that no earlier one was made: qⱼ = pⱼ/(1 − Σ_{i<j} pᵢ). The last
/// choice is certain and left out.
pub(super) fn conditional(probabilities: &[f64]) -> Vec<f64> {
    let mut left = 1.0;
    let last = probabilities.len().saturating_sub(1);
    let given = |&probability: &f64| {
        let choice = if left > 0.0 { (probability / left).clamp(0.0, 1.0) } else { 0.0 };
        left -= probability;
        choice
    };
    probabilities[..last].iter().map(given).collect()
}

/// Probabilities rounded to multiples of 2^−bits.
pub(super) fn quantise(probabilities: &[f64], bits: u32) -> Vec<f64> {
    let levels = f64::from(bits).exp2();
    probabilities.iter().map(|probability| (probability * levels).round() / levels).collect()
}

/// What choices with the conditional probabilities `given` amount to, the last one included.
pub(super) fn effective(given: &[f64]) -> Vec<f64> {
    let mut left = 1.0;
    let mut all: Vec<f64> = Vec::with_capacity(given.len() + 1);
    for choice in given {
        all.push(left * choice);
        left *= 1.0 - choice;
    }
    all.push(left);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::trial::golden;

    #[test]
    fn the_routing_tree_and_its_bias_are_the_golden_ones() {
        let golden = &golden("walks.json")["routing_tree"];
        let numbers = |name: &str| -> Vec<f64> {
            golden[name].as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect()
        };
        let near =
            |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-15);
        let q = conditional(&numbers("p"));
        assert!(near(&q, &numbers("conditional_bernoulli")), "{q:?}");
        let q8 = quantise(&q, 8);
        assert!(near(&q8, &numbers("q8")), "{q8:?}");
        assert!(near(&effective(&q8), &numbers("p_effective_8bit")), "{:?}", effective(&q8));
    }

    #[test]
    fn weights_become_probabilities() {
        let edge = |from, to, weight| Edge { from, to, weight };
        let listed = vec![edge(0, 1, 3.0), edge(0, 0, 1.0), edge(1, 2, 0.0), edge(0, 1, 4.0)];
        let chain = Chain::new(3, listed, Names::From(0));
        assert_eq!(chain.arcs.of(0).collect::<Vec<_>>(), [(0, 0.125), (1, 0.875)]);
        assert!(chain.absorbs(1) && chain.absorbs(2));
        assert_eq!(chain.advance(&[0.5, 0.5, 0.0]), [0.0625, 0.9375, 0.0]);
    }
}
