//! What a chip is to do, as a document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{Document, Files, Kind};
use crate::base::Problems;
use crate::mapping::MappingParams;
use crate::network::describe::NetworkParams;
use crate::sim::Record;
use crate::workload::algorithm::*;
use crate::workload::traffic::TrafficParams;
use crate::workload::{Algorithm, LabelParams};

macro_rules! workload_document {
    ($($(#[$doc:meta])* $name:literal $field:ident: $Parameters:ident,)+) => {
        /// A workload: packets without neurons behind them, a spiking network, or an algorithm by its name.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct WorkloadDoc {
            /// Who sends packets to whom, and when.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub traffic: Option<TrafficParams>,
            /// Neurons and the synapses between them.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub network: Option<NetworkParams>,
            /// Steps that a network runs for. Default: 100.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 1))]
            pub steps: Option<u64>,
            /// Which cores hold which neurons of a network or an algorithm. Default: what the network says
            /// under `network.mapping`, else `in-order`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub mapping: Option<MappingParams>,
            /// What of a network is written down step by step.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub probes: Option<Probes>,
            /// What a network that classifies is to answer; its report says how often it does.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub labels: Option<LabelParams>,
            /// Tables written beside the report of traffic. Default: links, routers and nodes; for traces
            /// packets, too.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub record: Option<Vec<Record>>,
            $(
                $(#[$doc])*
                #[serde(rename = $name, default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$Parameters>,
            )+
        }

        impl WorkloadDoc {
            /// The algorithms that are asked for: in a valid document one at most.
            fn algorithms(&self) -> Vec<Algorithm> {
                let given = [$(self.$field.clone().map(Algorithm::$Parameters)),+];
                given.into_iter().flatten().collect()
            }
        }
    };
}

for_each_algorithm!(workload_document);

/// Traces of a network: neurons as `cells`, `cells[3]` or `cells[0..9]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Probes {
    /// Neurons whose spikes go to `spikes.csv`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spikes: Vec<String>,
    /// Neurons whose potentials go to `potentials.csv`, after each step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub potentials: Vec<String>,
    /// Whether `steps.csv` is written: time, events and energy of each step.
    pub steps: bool,
    /// Whether `packets.csv` is written: each packet, by the neuron that sends it and the two cores.
    #[serde(skip_serializing_if = "is_false")]
    pub packets: bool,
    /// Whether `cores.csv` is written: what each core that holds neurons does in each step, and what that costs.
    #[serde(skip_serializing_if = "is_false")]
    pub cores: bool,
    /// Whether `weights.csv` is written: the synapses that learn, with their weights at the start and at the
    /// end.
    #[serde(skip_serializing_if = "is_false")]
    pub weights: bool,
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// Steps of a network that does not say how many.
const DEFAULT_STEPS: u64 = 100;

impl WorkloadDoc {
    /// The tables to be written beside the report of traffic.
    pub fn records(&self) -> Vec<Record> {
        let is_trace = self.traffic.as_ref().is_some_and(|traffic| traffic.trace.is_some());
        self.record.clone().unwrap_or_else(|| Record::default_for(is_trace))
    }

    /// The algorithm, if the workload is one.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithms().pop()
    }

    /// Steps that the network runs for.
    pub fn steps(&self) -> u64 {
        self.steps.unwrap_or(DEFAULT_STEPS)
    }
}

impl Document for WorkloadDoc {
    const KIND: Kind = Kind::Workload;
    const EXAMPLE: &'static str = "traffic: {pattern: uniform, rate: 0.1}";
    type Built = ();

    fn build(&self, _: Files<'_>) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let algorithms = self.algorithms();
        let kinds = [self.traffic.is_some(), self.network.is_some()];
        let count = kinds.into_iter().filter(|&given| given).count() + algorithms.len();
        problems.require(count == 1, "", || {
            format!("a workload is one of `traffic`, a `network` and an algorithm; found {count} of them")
        });
        if let Some(traffic) = &self.traffic {
            problems.absorb("traffic", traffic.validate());
        }
        if let Some(network) = &self.network {
            problems.absorb("network", network.check());
            problems.require(self.steps != Some(0), "steps", || "a run has at least one step".into());
        }
        for algorithm in algorithms {
            problems.0.extend(algorithm.validate().err().into_iter().flat_map(|wrong| wrong.0));
        }
        problems.absorb("labels", self.labels.as_ref().map_or(Ok(()), LabelParams::validate));
        let (steps, probes, labels) = (self.steps.is_some(), self.probes.is_some(), self.labels.is_some());
        for (given, field) in [(steps, "steps"), (probes, "probes"), (labels, "labels")] {
            problems.require(!given || self.network.is_some(), field, || "this goes with a `network`".into());
        }
        problems.require(self.mapping.is_none() || self.traffic.is_none(), "mapping", || {
            "traffic has no neurons to be mapped".into()
        });
        problems.require(self.record.is_none() || self.traffic.is_some(), "record", || {
            "this goes with `traffic`".into()
        });
        problems.into_result(())
    }
}
