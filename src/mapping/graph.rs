//! What is to be mapped: neurons, whom each of them reaches, and how often it fires.

use crate::base::{NeuronId, Problem, Problems};
use crate::network::Net;

/// Lists of numbers, one list per owner, in two flat arrays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lists {
    first: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    /// Lists that follow one another: `lengths` says where each ends.
    pub(super) fn new(lengths: impl IntoIterator<Item = usize>, items: Vec<u32>) -> Self {
        let mut first = vec![0u32];
        let mut end = 0u32;
        first.extend(lengths.into_iter().map(|length| {
            end += length as u32;
            end
        }));
        debug_assert_eq!(end as usize, items.len());
        Self { first, items }
    }

    /// For each of `owners`, the numbers of the lists that it stands in, ascending.
    pub(super) fn turned(&self, owners: usize) -> Self {
        let mut first = vec![0u32; owners + 1];
        self.items.iter().for_each(|&item| first[item as usize + 1] += 1);
        (0..owners).for_each(|owner| first[owner + 1] += first[owner]);
        let mut next = first.clone();
        let mut items = vec![0u32; self.items.len()];
        for list in 0..self.len() {
            for &item in self.of(list) {
                let at = &mut next[item as usize];
                items[*at as usize] = list as u32;
                *at += 1;
            }
        }
        Self { first, items }
    }

    #[inline]
    pub(super) fn of(&self, owner: usize) -> &[u32] {
        &self.items[self.first[owner] as usize..self.first[owner + 1] as usize]
    }

    /// Number of lists.
    pub(super) fn len(&self) -> usize {
        self.first.len() - 1
    }

    /// Number of items in all lists.
    pub(super) fn total(&self) -> usize {
        self.items.len()
    }
}

/// A rate-weighted hypergraph: the spikes of each neuron go to all its targets at once.
///
/// A vertex is a neuron, or after coarsening a group of them. A hyperedge is a neuron's fan-out: the vertex
/// that sends, the vertices that receive, and the rate at which it does.
#[derive(Clone, Debug)]
pub struct Hypergraph {
    /// By hyperedge: vertices that receive, the sender left out. As often as there are synapses.
    pub(super) targets: Lists,
    /// By hyperedge: the vertex that sends.
    pub(super) sender: Vec<u32>,
    /// By hyperedge: spikes per second, or in any other unit of time.
    pub(super) rate: Vec<f64>,
    /// By vertex: hyperedges that it receives from.
    pub(super) heard: Lists,
    /// By vertex: hyperedges that it sends.
    pub(super) sent: Lists,
    /// By vertex: neurons in it.
    pub(super) neurons: Vec<u32>,
    /// By vertex: synapses that end in it.
    pub(super) synapses: Vec<u32>,
    /// By vertex: kind of neuron, an index into `kinds`.
    pub(super) kind: Vec<u8>,
    /// Names of the kinds of neurons.
    pub(super) kinds: Vec<String>,
}

impl Hypergraph {
    /// The hypergraph of `net` whose neurons fire at `rates`, one rate per neuron.
    ///
    /// # Errors
    /// A number of rates that is not that of the neurons (path `rates`), rates that are negative or not finite
    /// (`rates[i]`), more than 256 neuron models.
    pub fn of_net(net: &Net, rates: &[f64]) -> Result<Self, Problems> {
        let mut kinds: Vec<String> = Vec::new();
        let mut kind = Vec::with_capacity(net.neurons() as usize);
        for population in &net.populations {
            let name = population.parts.first().map_or("", |part| part.model.name());
            let known = kinds.iter().position(|known| known == name);
            let number = known.unwrap_or_else(|| {
                kinds.push(name.to_owned());
                kinds.len() - 1
            });
            kind.extend((0..population.span.len).map(|_| number as u8));
        }
        let mut items = Vec::with_capacity(net.synapses.len());
        let mut fan_out = Vec::with_capacity(net.neurons() as usize);
        for source in (0..net.neurons()).map(NeuronId) {
            let before = items.len();
            net.each(source, |synapse| items.push(synapse.target.0));
            fan_out.push(items.len() - before);
        }
        if items.len() > u32::MAX as usize {
            return Err(Problems::one("", format!("{} synapses are too many to be mapped", items.len())));
        }
        Self::checked(Lists::new(fan_out, items), rates, kind, kinds)
    }

    /// The hypergraph in which neuron i fires at `rates[i]` and reaches `targets[i]`; all neurons are of one
    /// kind without a name.
    ///
    /// # Errors
    /// As [`of_net`](Self::of_net), and targets that are no neurons (path `targets[i]`).
    pub fn of_lists(targets: &[Vec<u32>], rates: &[f64]) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        for (i, list) in targets.iter().enumerate() {
            if let Some(&wrong) = list.iter().find(|&&target| target as usize >= targets.len()) {
                let allowed = format!("0 to {}", targets.len() - 1);
                let problem = Problem::new(format!("targets[{i}]"), format!("there is no neuron {wrong}"));
                problems.push(problem.allowed(allowed));
            }
        }
        problems.into_result(())?;
        let lists = Lists::new(targets.iter().map(Vec::len), targets.concat());
        Self::checked(lists, rates, vec![0; targets.len()], vec![String::new()])
    }

    fn checked(all: Lists, rates: &[f64], kind: Vec<u8>, kinds: Vec<String>) -> Result<Self, Problems> {
        let neurons = kind.len();
        let mut problems = Problems::new();
        problems.require(rates.len() == neurons, "rates", || {
            format!("there are {neurons} neurons and {} rates", rates.len())
        });
        problems.require(kinds.len() <= 256, "", || {
            format!("at most 256 neuron models can be mapped; there are {}", kinds.len())
        });
        let wrong = rates.iter().enumerate().filter(|(_, rate)| !(**rate >= 0.0 && rate.is_finite()));
        problems.0.extend(wrong.take(20).map(|(i, rate)| {
            Problem::new(format!("rates[{i}]"), format!("{rate} is no rate")).allowed("0 or more, finite")
        }));
        problems.into_result(())?;
        let mut synapses = vec![0u32; neurons];
        all.items.iter().for_each(|&target| synapses[target as usize] += 1);
        let others = |i: usize| all.of(i).iter().copied().filter(move |&target| target as usize != i);
        let targets =
            Lists::new((0..neurons).map(|i| others(i).count()), (0..neurons).flat_map(others).collect());
        let each: Vec<u32> = (0..neurons as u32).collect();
        Ok(Self {
            heard: targets.turned(neurons),
            targets,
            sent: Lists::new((0..neurons).map(|_| 1), each.clone()),
            sender: each,
            rate: rates.to_vec(),
            neurons: vec![1; neurons],
            synapses,
            kind,
            kinds,
        })
    }

    /// Number of vertices.
    pub fn vertices(&self) -> usize {
        self.kind.len()
    }

    /// Number of hyperedges.
    pub(super) fn edges(&self) -> usize {
        self.rate.len()
    }

    /// Names of the kinds of neurons.
    pub fn kinds(&self) -> &[String] {
        &self.kinds
    }
}

/// At most `most` of `list`, evenly spaced.
pub(super) fn sample(list: &[u32], most: usize) -> impl Iterator<Item = &u32> {
    list.iter().step_by(list.len().div_ceil(most).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_table_names_the_owners() {
        let lists = Lists::new([2, 0, 3], vec![1, 2, 0, 1, 1]);
        let turned = lists.turned(3);
        assert_eq!([0, 1, 2].map(|i| turned.of(i)), [&[2][..], &[0, 2, 2], &[0]]);
    }

    #[test]
    fn wrong_rates_and_targets_are_named() {
        let check = |targets: &[Vec<u32>], rates: &[f64], expected: &str| {
            let found = Hypergraph::of_lists(targets, rates).unwrap_err().to_string();
            assert!(found.contains(expected), "{found}");
        };
        check(&[vec![1], vec![2]], &[1.0, 1.0], "targets[1]: there is no neuron 2; allowed: 0 to 1");
        check(&[vec![1], vec![]], &[1.0], "rates: there are 2 neurons and 1 rates");
        check(&[vec![1], vec![]], &[1.0, -1.0], "rates[1]: -1 is no rate");
        check(&[vec![1], vec![]], &[f64::NAN, 1.0], "rates[0]: NaN is no rate");
    }

    #[test]
    fn own_synapses_take_memory_and_send_nothing() {
        let graph = Hypergraph::of_lists(&[vec![0, 1], vec![0]], &[1.0, 1.0]).unwrap();
        assert_eq!(graph.synapses, [2, 1]);
        assert_eq!(graph.targets.of(0), [1]);
    }
}
