//! Problems of physics and finance that walkers solve, each with its exact solution.

pub mod gambler;
pub mod heat;
pub mod laplace;
pub mod option;
pub mod transport;

use serde_json::{Value, json};

use super::settings::CHANCE;
use super::statistics::wilson;
use crate::workload::host::Check;

/// A share of walkers with its confidence interval, beside the exact value.
fn share(hits: u64, trials: u64, exact: f64) -> Value {
    let value = hits as f64 / trials as f64;
    json!({"value": value, "confidence_95": wilson(hits, trials), "exact": exact})
}

/// Whether every share of `trials` walkers is where chance allows it to be.
fn check_shares(trials: u64, shares: &[(u64, f64)]) -> Check {
    let n = trials as f64;
    let deviation = |&(hits, p): &(u64, f64)| {
        let spread = (p * (1.0 - p) / n).sqrt();
        // A share that is certain may differ by rounding only.
        (hits as f64 / n - p).abs() / spread.max(1e-9)
    };
    let worst = shares.iter().map(deviation).fold(0.0, f64::max);
    let detail = format!("the largest deviation is {worst:.2} standard errors");
    Check { against: "the exact solution", passed: worst < CHANCE, detail }
}
