//! What a chip is to do, as a document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{Document, Files, Kind};
use crate::base::Problems;
use crate::sim::Record;
use crate::workload::traffic::TrafficParams;

/// A workload: packets without neurons behind them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkloadDoc {
    /// Who sends packets to whom, and when.
    pub traffic: TrafficParams,
    /// Tables written beside the report. Default: links, routers and nodes; for traces packets, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Vec<Record>>,
}

impl WorkloadDoc {
    /// The tables to be written.
    pub fn records(&self) -> Vec<Record> {
        self.record.clone().unwrap_or_else(|| Record::default_for(self.traffic.trace.is_some()))
    }
}

impl Document for WorkloadDoc {
    const KIND: Kind = Kind::Workload;
    const EXAMPLE: &'static str = "traffic: {pattern: uniform, rate: 0.1}";
    type Built = ();

    fn build(&self, _: Files<'_>) -> Result<(), Problems> {
        self.traffic.validate().map_err(|problems| problems.under("traffic"))
    }
}
