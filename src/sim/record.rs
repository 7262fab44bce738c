//! What a run writes down besides its report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A table that a run can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Record {
    /// `packets.csv`: when each delivered packet was created, injected and ejected. Takes memory: about
    /// 60 bytes per packet.
    Packets,
    /// `links.csv`: flits over each directed link.
    Links,
    /// `routers.csv`: flits through each router, and its energy.
    Routers,
    /// `nodes.csv`: flits that each node offered and accepted.
    Nodes,
}

impl Record {
    /// What is written unless the workload says otherwise: everything but packets, and these too where
    /// the traffic is a trace, whose packets are known one by one.
    pub fn default_for(is_trace: bool) -> Vec<Self> {
        let mut records = vec![Self::Links, Self::Routers, Self::Nodes];
        if is_trace {
            records.insert(0, Self::Packets);
        }
        records
    }
}
