//! Heat in a rod whose ends are kept cold: lazy walkers from one point.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::{Problem, Problems};
use crate::workload::host::{Backend, Failure, Finding, Host, Task};
use crate::workload::problem::Edge;
use crate::workload::problem::graph::Names;
use crate::workload::walks::chain::Chain;
use crate::workload::walks::settings::{Walkers, all_in};
use crate::workload::walks::statistics::wilson;

/// Heat in a rod with absorbing ends: a walker stays with probability ½, else goes left or right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Heat {
    /// Intervals of the rod; points are numbered from 0 to this; 2 to 65536.
    #[schemars(range(min = 2, max = 65536))]
    pub intervals: u32,
    /// Point that is heated at the start, inside the rod.
    pub source: u32,
    /// Steps.
    #[schemars(range(min = 1))]
    pub steps: u32,
    /// The walkers.
    pub walkers: Walkers,
}

impl Default for Heat {
    fn default() -> Self {
        Self { intervals: 20, source: 10, steps: 100, walkers: Walkers::default() }
    }
}

impl Heat {
    /// The share of heat at every point, by the discrete sine series with eigenvalues cos²(kπ/2n); what is
    /// lost over an end is what has flowed there from its neighbour.
    fn exact(&self) -> Vec<f64> {
        let n = self.intervals;
        let wave = |k: u32, x: u32| (std::f64::consts::PI * f64::from(k) * f64::from(x) / f64::from(n)).sin();
        let mut share = vec![0.0; n as usize + 1];
        for k in 1..n {
            let half = (std::f64::consts::PI * f64::from(k) / (2.0 * f64::from(n))).cos();
            let (decay, amplitude) = (half * half, 2.0 / f64::from(n) * wave(k, self.source));
            let now = decay.powf(f64::from(self.steps));
            // Σ_{t<T} λᵗ, for what flows over the ends.
            let flown = (1.0 - now) / (1.0 - decay);
            for x in 1..n {
                share[x as usize] += amplitude * wave(k, x) * now;
            }
            share[0] += amplitude * wave(k, 1) * flown / 4.0;
            share[n as usize] += amplitude * wave(k, n - 1) * flown / 4.0;
        }
        share
    }
}

impl Task for Heat {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("walkers", self.walkers.validate());
        if !(2..=1 << 16).contains(&self.intervals) {
            problems.push(
                Problem::new("intervals", format!("{} is out of range", self.intervals))
                    .allowed("2 to 65536"),
            );
        }
        let inside = self.source > 0 && self.source < self.intervals;
        problems.require(inside, "source", || format!("{} is not inside the rod", self.source));
        problems.require(self.steps > 0, "steps", || "there are no steps".to_owned());
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let around = |from: u32| {
            [(from - 1, 0.25), (from, 0.5), (from + 1, 0.25)].map(|(to, weight)| Edge { from, to, weight })
        };
        let listed = (1..self.intervals).flat_map(around).collect();
        let chain = Chain::new(self.intervals + 1, listed, Names::From(0));
        let begin = all_in(self.source, chain.states(), self.walkers.count);
        let walk = self.walkers.walk(host, &chain, (&begin, self.steps.into()), |_, _| true)?;
        let total = self.walkers.count;
        let exact = self.exact();
        let shares: Vec<f64> = walk.occupancy.iter().map(|&count| count as f64 / total as f64).collect();
        let intervals: Vec<[f64; 2]> = walk.occupancy.iter().map(|&count| wilson(count, total)).collect();
        let mut finding = Finding::new(json!({
            "walk": self.walkers.describe(&chain, &walk),
            "heat": shares,
            "confidence_95": intervals,
            "exact": exact,
        }));
        // All quarters are multiples of a power of two: no number of bits above one changes them.
        let walked = u64::from(self.steps) == walk.steps;
        finding.check = self.walkers.check_counts(&walk.occupancy, &exact).filter(|_| walked);
        Ok(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::trial::golden;

    #[test]
    fn the_sine_series_is_the_golden_one() {
        let golden = golden("walks.json");
        let exact = Heat::default().exact();
        for (found, expected) in exact.iter().zip(golden["heat_rod"]["p_t100"].as_array().unwrap()) {
            assert!((found - expected.as_f64().unwrap()).abs() < 1e-12, "{found} {expected}");
        }
    }
}
