//! What is measured, and when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::process::in_range;
use crate::base::{Problem, Problems};

/// Warm-up of generated traffic unless stated otherwise [cycles]. With [`MEASURE_CYCLES`] these are the
/// windows with which the reference results were measured: 4 and 12 periods of 750 cycles.
pub const WARMUP_CYCLES: u64 = 3000;

/// Measurement of generated traffic unless stated otherwise [cycles].
pub const MEASURE_CYCLES: u64 = 9000;

/// What a run measures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Latency at the given rate: warm up, measure, wait for the measured packets.
    #[default]
    FixedRate,
    /// Time to get a fixed number of packets through.
    Batch(Batch),
    /// The highest rate that the network still accepts: a search over rates.
    Saturation(Saturation),
}

/// Every node sends a fixed number of packets, measured from the first to the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Batch {
    /// Packets per node; ≥ 1. In a closed loop: requests.
    pub packets: u64,
    /// Most packets of one node in flight; ≥ 1. Each is acknowledged with a reply of one flit: the same as
    /// `closed: {outstanding: …}`, which excludes it. Absent: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outstanding: Option<u32>,
}

impl Default for Batch {
    fn default() -> Self {
        Self { packets: 1000, outstanding: None }
    }
}

/// Search for the saturation point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Saturation {
    /// Rate at which the search starts [flits/node/cycle]; > 0.
    pub start: f64,
    /// Width of the interval in which the saturation point is finally known to lie [flits/node/cycle];
    /// 1e-5 to 0.5. Smaller: more runs.
    pub tolerance: f64,
}

impl Default for Saturation {
    fn default() -> Self {
        Self { start: 0.1, tolerance: 0.005 }
    }
}

impl Mode {
    /// Checks the parameters.
    ///
    /// # Errors
    /// One problem per parameter out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        match self {
            Self::FixedRate => {}
            Self::Batch(batch) => {
                in_range(&mut problems, "batch.packets", batch.packets, (1, 1 << 40));
                let outstanding = batch.outstanding.unwrap_or(1);
                in_range(&mut problems, "batch.outstanding", outstanding.into(), (1, u32::MAX.into()));
            }
            Self::Saturation(saturation) => {
                if !(1e-5..=0.5).contains(&saturation.tolerance) {
                    let message = format!("{} flits/node/cycle", saturation.tolerance);
                    let problem = Problem::new("saturation.tolerance", message);
                    problems.push(problem.allowed("1e-5 to 0.5"));
                }
            }
        }
        problems.into_result(())
    }
}

/// The windows of one run. Packets created in cycles `warmup..warmup + measure` are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Cycles before measurement begins.
    pub warmup: u64,
    /// Cycles of measurement; `None`: until the source has nothing more to send.
    pub measure: Option<u64>,
    /// Most cycles to wait, after the measurement, until every measured packet has arrived; a network
    /// that needs longer is saturated. Traffic goes on meanwhile.
    pub drain_limit: u64,
}
