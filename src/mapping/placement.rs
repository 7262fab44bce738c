//! A finished mapping, and the document that it is saved as.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{CoreId, NeuronId, Problem, Problems};
use crate::network::Net;

/// Where every neuron goes. Immutable; neurons of a core stand in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    core_of: Vec<CoreId>,
    /// Start of each core's neurons; one more entry than cores.
    first: Vec<u32>,
    neurons: Vec<NeuronId>,
}

impl Placement {
    /// Neuron i on core `core_of[i]`, on a chip with `cores` cores, all of which are below that number.
    pub(super) fn new(core_of: Vec<CoreId>, cores: usize) -> Self {
        let mut first = vec![0u32; cores + 1];
        core_of.iter().for_each(|core| first[core.index() + 1] += 1);
        (0..cores).for_each(|core| first[core + 1] += first[core]);
        let mut next = first.clone();
        let mut neurons = vec![NeuronId(0); core_of.len()];
        for (neuron, core) in core_of.iter().enumerate() {
            let at = &mut next[core.index()];
            neurons[*at as usize] = NeuronId::at(neuron);
            *at += 1;
        }
        Self { core_of, first, neurons }
    }

    /// Neuron i on core `core_of[i]`, on a chip with `cores` cores.
    ///
    /// # Errors
    /// Cores that the chip does not have, at `core_of[i]`.
    pub fn from_cores(core_of: Vec<CoreId>, cores: usize) -> Result<Self, Problems> {
        let wrong = core_of.iter().enumerate().filter(|(_, core)| core.index() >= cores);
        let problems = wrong.take(20).map(|(i, core)| {
            Problem::new(format!("core_of[{i}]"), format!("there is no core {core}"))
                .allowed(format!("0 to {}", cores.saturating_sub(1)))
        });
        Problems(problems.collect()).into_result(())?;
        Ok(Self::new(core_of, cores))
    }

    /// By neuron: its core.
    pub fn core_of(&self) -> &[CoreId] {
        &self.core_of
    }

    /// The neurons of `core`, in the order in which the core holds them.
    pub fn neurons(&self, core: CoreId) -> &[NeuronId] {
        &self.neurons[self.first[core.index()] as usize..self.first[core.index() + 1] as usize]
    }

    /// Number of cores of the chip.
    pub fn cores(&self) -> usize {
        self.first.len() - 1
    }

    /// The place of `neuron` among the neurons of its core.
    pub fn position(&self, neuron: NeuronId) -> u32 {
        let core = self.core_of[neuron.index()];
        self.neurons(core).partition_point(|&other| other < neuron) as u32
    }
}

/// Consecutive neurons of one population.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Name of the population.
    pub population: String,
    /// First neuron, counted from 0 within the population.
    pub first: u32,
    /// How many.
    #[schemars(range(min = 1))]
    pub count: u32,
}

/// The neurons of one core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoreContent {
    /// Number of the core.
    pub core: u32,
    /// What it holds.
    pub neurons: Vec<Range>,
}

/// A mapping as it is saved, edited and given: which core holds which neurons. Every neuron of the network
/// stands in it once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MappingDoc {
    /// The cores that hold neurons.
    pub cores: Vec<CoreContent>,
}

impl MappingDoc {
    /// `placement` of `net`, written down.
    pub fn of(placement: &Placement, net: &Net) -> Self {
        let mut cores = Vec::new();
        for core in (0..placement.cores()).map(CoreId::at) {
            let mut neurons: Vec<Range> = Vec::new();
            let mut last = None;
            for &neuron in placement.neurons(core) {
                let Some((population, first)) = net.place(neuron) else { continue };
                let follows = last == neuron.0.checked_sub(1) && first > 0;
                match neurons.last_mut() {
                    Some(range) if follows => range.count += 1,
                    _ => neurons.push(Range { population: population.name.clone(), first, count: 1 }),
                }
                last = Some(neuron.0);
            }
            if !neurons.is_empty() {
                cores.push(CoreContent { core: core.0, neurons });
            }
        }
        Self { cores }
    }

    /// The placement of `net` on a chip with `cores` cores that is meant.
    ///
    /// # Errors
    /// Absent cores, cores named twice (`cores[i].core`), unknown populations and ranges outside them
    /// (`cores[i].neurons[j]`), neurons that stand in it twice or not at all.
    pub fn resolve(&self, net: &Net, cores: usize) -> Result<Placement, Problems> {
        const NONE: u32 = u32::MAX;
        let mut problems = Problems::new();
        let mut core_of = vec![NONE; net.neurons() as usize];
        let mut named = vec![false; cores];
        for (i, content) in self.cores.iter().enumerate() {
            let path = format!("cores[{i}].core");
            let allowed = format!("0 to {}", cores.saturating_sub(1));
            match named.get_mut(content.core as usize) {
                None => {
                    let message = format!("there is no core {}", content.core);
                    problems.push(Problem::new(path, message).allowed(allowed));
                }
                Some(true) => {
                    problems.push(Problem::new(path, format!("core {} stands here twice", content.core)))
                }
                Some(named) => *named = true,
            }
            for (j, range) in content.neurons.iter().enumerate() {
                let placed = place(range, net, content.core, &mut core_of);
                problems.absorb(&format!("cores[{i}].neurons[{j}]"), placed.map_err(Problems::from));
            }
        }
        problems.into_result(())?;
        let missing = core_of.iter().filter(|&&core| core == NONE).count();
        if let Some(first) = core_of.iter().position(|&core| core == NONE) {
            let name = net
                .place(NeuronId::at(first))
                .map_or_else(String::new, |(population, at)| format!("{}[{at}]", population.name));
            let message = format!("{missing} neurons have no core, the first of them {name}");
            return Err(Problems::one("cores", message));
        }
        Placement::from_cores(core_of.into_iter().map(CoreId).collect(), cores)
    }
}

/// Enters `range` as held by `core`.
fn place(range: &Range, net: &Net, core: u32, core_of: &mut [u32]) -> Result<(), Problem> {
    let names = || net.populations.iter().map(|population| population.name.as_str());
    let Some(population) = net.population(&range.population) else {
        let message = format!("there is no population `{}`", range.population);
        return Err(Problem::new("population", message).nearest(&range.population, names()));
    };
    let len = population.span.len;
    let end = u64::from(range.first) + u64::from(range.count);
    if range.count == 0 || end > u64::from(len) {
        let message = format!(
            "`{}` has {len} neurons; {} from {} are asked for",
            range.population, range.count, range.first
        );
        return Err(Problem::new("", message));
    }
    for position in range.first..range.first + range.count {
        let held = &mut core_of[population.span.at(position).index()];
        if *held != u32::MAX {
            let message = format!("`{}`[{position}] is on core {held} already", range.population);
            return Err(Problem::new("", message));
        }
        *held = core;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::unit::Seconds;
    use crate::network::{NetBuilder, Part};

    fn net() -> Net {
        let mut net = NetBuilder::new(Seconds(1e-3));
        for (name, count) in [("a", 5), ("b", 3)] {
            net.parts(name, vec![Part { model: serde_yaml::from_str("integrate-fire").unwrap(), count }]);
        }
        net.build().unwrap()
    }

    fn check(yaml: &str, expected: &str) {
        let doc: MappingDoc = serde_yaml::from_str(yaml).unwrap();
        let found = doc.resolve(&net(), 4).unwrap_err().to_string();
        assert!(found.contains(expected), "{found}");
    }

    #[test]
    fn a_mapping_reads_back_as_it_was_written() {
        let cores = [2, 2, 0, 0, 2, 2, 3, 0].map(CoreId).to_vec();
        let placement = Placement::from_cores(cores, 4).unwrap();
        let doc = MappingDoc::of(&placement, &net());
        assert_eq!(doc.cores.len(), 3);
        let text = serde_yaml::to_string(&doc).unwrap();
        let again: MappingDoc = serde_yaml::from_str(&text).unwrap();
        assert_eq!(again.resolve(&net(), 4).unwrap(), placement);
        assert_eq!(placement.position(NeuronId(5)), 3);
    }

    #[test]
    fn what_is_wrong_is_named() {
        check("cores: [{core: 4, neurons: []}]", "cores[0].core: there is no core 4; allowed: 0 to 3");
        check(
            "cores: [{core: 1, neurons: [{population: c, first: 0, count: 1}]}]",
            "cores[0].neurons[0].population: there is no population `c`; did you mean `a`",
        );
        check(
            "cores: [{core: 1, neurons: [{population: a, first: 3, count: 3}]}]",
            "cores[0].neurons[0]: `a` has 5 neurons; 3 from 3 are asked for",
        );
        check(
            "cores: [{core: 1, neurons: [{population: b, first: 0, count: 3}, {population: b, first: 2, count: 1}]}]",
            "cores[0].neurons[1]: `b`[2] is on core 1 already",
        );
        check(
            "cores: [{core: 1, neurons: [{population: b, first: 0, count: 3}]}]",
            "cores: 5 neurons have no core, the first of them a[0]",
        );
        check(
            "cores: [{core: 1, neurons: []}, {core: 1, neurons: []}]",
            "cores[1].core: core 1 stands here twice",
        );
    }
}
