//! Coarsening: vertices that share many spikes become one.

use super::graph::{Hypergraph, Lists, sample};
use crate::base::random::{Purpose, Stream};

/// Receivers looked at of one hyperedge, and hyperedges of one vertex: enough to find who belongs together.
const MOST_RECEIVERS: usize = 48;
const MOST_EDGES: usize = 48;

/// How large a group may become.
#[derive(Clone, Copy, Debug)]
pub(super) struct Largest {
    pub neurons: u32,
    pub synapses: u32,
}

/// Groups the vertices of `graph` by heavy overlap: each joins the group with which it shares most, by
/// Σ rate/receivers over common hyperedges and over the group's size. By vertex the number of its group, and
/// the number of groups.
pub(super) fn group(graph: &Hypergraph, largest: Largest, seed: u64, level: u64) -> (Vec<u32>, usize) {
    let count = graph.vertices();
    let mut draw = Stream::new(seed, Purpose::Mapping, 1, level);
    let mut order: Vec<u32> = (0..count as u32).collect();
    draw.shuffle(&mut order);
    let mut groups = Groups {
        leader: (0..count as u32).collect(),
        neurons: graph.neurons.clone(),
        synapses: graph.synapses.clone(),
        joined: vec![false; count],
    };
    let mut score = vec![0.0f64; count];
    let mut touched: Vec<u32> = Vec::new();
    for &vertex in &order {
        if groups.joined[vertex as usize] {
            continue;
        }
        rate_neighbours(graph, vertex as usize, &groups.leader, &mut score, &mut touched);
        let kind = graph.kind[vertex as usize];
        let value = |other: u32| score[other as usize] / f64::from(groups.neurons[other as usize]);
        let fits = |&&other: &&u32| {
            other != vertex && graph.kind[other as usize] == kind && groups.fit(vertex, other, largest)
        };
        let best = touched
            .iter()
            .filter(fits)
            .copied()
            .max_by(|&a, &b| value(a).total_cmp(&value(b)).then(b.cmp(&a)));
        if let Some(best) = best {
            groups.join(vertex, best);
        }
        touched.drain(..).for_each(|it| score[it as usize] = 0.0);
    }
    number(&groups.leader)
}

/// Groups in the making; each is named by its leader, which joins no other.
struct Groups {
    leader: Vec<u32>,
    neurons: Vec<u32>,
    synapses: Vec<u32>,
    joined: Vec<bool>,
}

impl Groups {
    fn fit(&self, a: u32, b: u32, largest: Largest) -> bool {
        let (a, b) = (a as usize, b as usize);
        self.neurons[a] + self.neurons[b] <= largest.neurons
            && self.synapses[a].saturating_add(self.synapses[b]) <= largest.synapses
    }

    /// `vertex`, a group by itself, joins the group of `leader`.
    fn join(&mut self, vertex: u32, leader: u32) {
        let (from, to) = (vertex as usize, leader as usize);
        self.leader[from] = leader;
        self.neurons[to] += self.neurons[from];
        self.synapses[to] += self.synapses[from];
        self.joined[from] = true;
        self.joined[to] = true;
    }
}

/// Sums up what `vertex` shares with each group.
fn rate_neighbours(
    graph: &Hypergraph,
    vertex: usize,
    leader: &[u32],
    score: &mut [f64],
    touched: &mut Vec<u32>,
) {
    let mut raise = |other: u32, by: f64| {
        let group = leader[other as usize];
        if score[group as usize] == 0.0 && by > 0.0 {
            touched.push(group);
        }
        score[group as usize] += by;
    };
    for &edge in sample(graph.heard.of(vertex), MOST_EDGES) {
        let receivers = graph.targets.of(edge as usize);
        let by = graph.rate[edge as usize] / receivers.len() as f64;
        sample(receivers, MOST_RECEIVERS).for_each(|&other| raise(other, by));
        raise(graph.sender[edge as usize], by);
    }
    for &edge in sample(graph.sent.of(vertex), MOST_EDGES) {
        let receivers = graph.targets.of(edge as usize);
        let by = graph.rate[edge as usize] / receivers.len().max(1) as f64;
        sample(receivers, MOST_RECEIVERS).for_each(|&other| raise(other, by));
    }
}

/// Numbers the groups in the order of their leaders.
fn number(leader: &[u32]) -> (Vec<u32>, usize) {
    let mut number = vec![u32::MAX; leader.len()];
    let mut count = 0;
    for (vertex, _) in leader.iter().enumerate().filter(|(vertex, leader)| *vertex as u32 == **leader) {
        number[vertex] = count;
        count += 1;
    }
    (leader.iter().map(|&it| number[it as usize]).collect(), count as usize)
}

/// The graph of the groups. Receivers in the sender's own group are left out, as they can never be apart, and
/// so are hyperedges without any other.
pub(super) fn contract(graph: &Hypergraph, group: &[u32], groups: usize) -> Hypergraph {
    let (mut lengths, mut items) = (Vec::new(), Vec::new());
    let (mut sender, mut rate) = (Vec::new(), Vec::new());
    let mut seen = vec![u32::MAX; groups];
    for edge in 0..graph.edges() {
        let own = group[graph.sender[edge] as usize];
        let before = items.len();
        for &target in graph.targets.of(edge) {
            let target = group[target as usize];
            if target != own && seen[target as usize] != edge as u32 {
                seen[target as usize] = edge as u32;
                items.push(target);
            }
        }
        if items.len() > before {
            lengths.push(items.len() - before);
            sender.push(own);
            rate.push(graph.rate[edge]);
        }
    }
    let targets = Lists::new(lengths, items);
    let mut coarse = Hypergraph {
        heard: targets.turned(groups),
        sent: Lists::new(sender.iter().map(|_| 1), sender.clone()).turned(groups),
        targets,
        sender,
        rate,
        neurons: vec![0; groups],
        synapses: vec![0; groups],
        kind: vec![0; groups],
        kinds: graph.kinds.clone(),
    };
    for (vertex, &group) in group.iter().enumerate() {
        let group = group as usize;
        coarse.neurons[group] += graph.neurons[vertex];
        coarse.synapses[group] += graph.synapses[vertex];
        coarse.kind[group] = graph.kind[vertex];
    }
    coarse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cliques_become_groups() {
        let targets: Vec<Vec<u32>> = (0..12u32).map(|i| (0..4).map(|j| i / 4 * 4 + j).collect()).collect();
        let graph = Hypergraph::of_lists(&targets, &[1.0; 12]).unwrap();
        let largest = Largest { neurons: 4, synapses: u32::MAX };
        let mut group: Vec<u32> = (0..12).collect();
        let mut graph = graph;
        for level in 0..4 {
            let (next, count) = super::group(&graph, largest, 1, level);
            graph = contract(&graph, &next, count);
            group.iter_mut().for_each(|it| *it = next[*it as usize]);
        }
        assert_eq!((graph.vertices(), graph.edges()), (3, 0));
        assert!((0..12).all(|i| group[i] == group[i / 4 * 4]));
        assert_eq!(graph.neurons, [4, 4, 4]);
    }
}
