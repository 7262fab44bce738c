//! What a workload says under `mapping:`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::objective::Objective;
use super::search::{Partition, Place, Search};

/// How the neurons of a network get their cores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum MappingParams {
    /// One neuron after the other, filling the usable cores in the order of their numbers.
    #[default]
    InOrder,
    /// As a file says that lists seats under `mapping:` or `network.mapping:`: what `spikeloom map` writes,
    /// edited or not.
    File(String),
    /// As a search for few packet-hops and an even load of the links finds it.
    Search(SearchParams),
}

/// What to search for, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SearchParams {
    /// How neurons are put together; the best result of all is taken.
    pub partitions: Vec<Partition>,
    /// How cores are chosen.
    pub place: Place,
    /// Whether neurons are moved once more when the cores are chosen, and the cores once more after that.
    /// Absent: with `anneal` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settle: Option<bool>,
    /// What is minimised.
    pub objective: Objective,
    /// Starts per partition that draws random numbers; 1 to 64.
    #[schemars(range(min = 1, max = 64))]
    pub starts: u32,
    /// Steps run without a chip to measure how often each neuron fires; one that never does counts as half a
    /// spike. 0: all neurons count the same, as they do for algorithms.
    pub measure: u32,
    /// Seed of the search. Absent: that of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

impl Default for SearchParams {
    fn default() -> Self {
        let Search { partitions, place, objective, starts, .. } = Search::default();
        Self { partitions, place, settle: None, objective, starts, measure: 100, seed: None }
    }
}

impl SearchParams {
    /// What the mapper is told.
    pub fn search(&self) -> Search {
        Search {
            partitions: self.partitions.clone(),
            place: self.place,
            // Orders are asked for by those who want to see what they are worth by themselves.
            settle: self.settle.unwrap_or(self.place == Place::Anneal),
            objective: self.objective.clone(),
            starts: self.starts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_what_a_search_does_by_itself() {
        assert_eq!(SearchParams::default().search(), Search::default());
        let yaml = "search: {partitions: [overlap], place: hilbert}";
        let params: MappingParams =
            serde_yaml::with::singleton_map::deserialize(serde_yaml::Deserializer::from_str(yaml)).unwrap();
        let MappingParams::Search(params) = params else { panic!("{params:?}") };
        let search = params.search();
        assert_eq!((search.partitions.as_slice(), search.settle), (&[Partition::Overlap][..], false));
    }
}
