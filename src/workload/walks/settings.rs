//! What all random walks have in common.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::chain::Chain;
use super::circuit::{Method, Plan, Walk};
use super::statistics::{chi_squared, deviation};
use crate::base::{Problem, Problems};
use crate::workload::graph::sssp::yes;
use crate::workload::host::{Backend, Check, Failure, Host};

/// Walkers and how they are represented.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Walkers {
    /// Number of walkers; 1 to 2^32.
    #[schemars(range(min = 1, max = 4294967296u64))]
    pub count: u64,
    /// How they are represented. Where many share a state, `graded` takes far fewer ticks than `density`.
    pub method: Method,
    /// Bits of the probabilities that the hardware's random neurons know; 1 to 32. Absent: exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 32))]
    pub probability_bits: Option<u32>,
    /// Whether the result is compared with the exact distribution.
    #[serde(default = "yes")]
    pub check: bool,
}

impl Default for Walkers {
    fn default() -> Self {
        Self { count: 1000, method: Method::Density, probability_bits: None, check: true }
    }
}

/// Deviations of a χ² or a mean that pass for chance: 1 in 10,000.
pub(super) const CHANCE: f64 = 3.72;

impl Walkers {
    pub(super) fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let mut within = |path: &str, value: u64, most: u64| {
            if !(1..=most).contains(&value) {
                let problem = Problem::new(path, format!("{value} is out of range"));
                problems.push(problem.allowed(format!("1 to {most}")));
            }
        };
        within("count", self.count, 1 << 32);
        within("probability_bits", self.probability_bits.unwrap_or(1).into(), 32);
        problems.into_result(())
    }

    /// Walks from `start` for `steps` steps; `each` sees every step.
    pub(super) fn walk<B: Backend>(
        &self,
        host: &mut Host<'_, B>,
        chain: &Chain,
        (start, steps): (&[u64], u64),
        each: impl FnMut(u64, &[u64]) -> bool,
    ) -> Result<Walk, Failure> {
        host.problem(chain.states().into(), chain.arcs.len() as u64);
        let plan = Plan { chain, method: self.method, start, steps, bits: self.probability_bits };
        plan.run(host, each).map_err(|failure| match failure {
            Failure::Refused(problems) => Failure::Refused(problems.under("walkers")),
            other => other,
        })
    }

    /// The chain that the circuits make of `chain`.
    pub(super) fn made(&self, chain: &Chain) -> Chain {
        self.probability_bits.map_or_else(|| chain.clone(), |bits| chain.quantised(bits))
    }

    /// What every report of a walk says.
    pub(super) fn describe(&self, chain: &Chain, walk: &Walk) -> Value {
        let mut about = json!({
            "walkers": self.count,
            "walk_steps": walk.steps,
            "ticks": walk.ticks,
        });
        if self.method == Method::Density {
            let total: u64 = walk.serial.iter().map(|&ticks| u64::from(ticks)).sum();
            about["serial_ticks"] = json!(total);
            about["serial_ticks_per_step"] = json!(walk.serial);
        }
        if let Some(bits) = self.probability_bits {
            about["probability_bias"] = chain.bias(&self.made(chain), bits);
        }
        about
    }

    /// Compares where walkers are with where they would be in the mean.
    pub(super) fn check_counts(&self, counts: &[u64], expected: &[f64]) -> Option<Check> {
        self.check.then(|| {
            let (chi2, freedom) = chi_squared(counts, expected);
            let deviation = deviation(chi2, freedom);
            Check {
                against: "the exact distribution",
                passed: deviation < CHANCE,
                detail: format!("chi-squared {chi2:.2} with {freedom} degrees of freedom"),
            }
        })
    }
}

/// The distribution after `steps` steps from `start`.
pub(super) fn exact(chain: &Chain, start: &[u64], steps: u64) -> Vec<f64> {
    let total = start.iter().sum::<u64>() as f64;
    let mut now: Vec<f64> = start.iter().map(|&count| count as f64 / total).collect();
    for _ in 0..steps {
        now = chain.advance(&now);
    }
    now
}

/// All walkers in one state.
pub(super) fn all_in(state: u32, states: u32, count: u64) -> Vec<u64> {
    let mut start = vec![0; states as usize];
    start[state as usize] = count;
    start
}
