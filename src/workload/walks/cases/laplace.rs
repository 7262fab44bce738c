//! Laplace's equation on a square: the potential at a point is the share of walkers from there that leave
//! over the side that is kept at 1 (Kakutani 1944).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{check_shares, share};
use crate::base::{Problem, Problems};
use crate::workload::host::{Backend, Failure, Finding, Host, Task};
use crate::workload::problem::Edge;
use crate::workload::problem::graph::Names;
use crate::workload::walks::chain::Chain;
use crate::workload::walks::settings::{Walkers, all_in};

/// Laplace's equation on a square whose left side is at 1 and whose other sides are at 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Laplace {
    /// Points along a side, boundary not included; 1 to 512.
    #[schemars(range(min = 1, max = 512))]
    pub size: u32,
    /// Row and column of the point, from 0; columns are counted from the side at 1.
    pub at: [u32; 2],
    /// The walkers.
    pub walkers: Walkers,
}

impl Default for Laplace {
    fn default() -> Self {
        Self { size: 12, at: [6, 3], walkers: Walkers { count: 4000, ..Walkers::default() } }
    }
}

impl Laplace {
    /// Potentials of all points by successive over-relaxation, to 1e−13.
    fn exact(&self) -> Vec<f64> {
        let n = self.size as usize;
        let mut u = vec![0.0; n * n];
        // The factor that converges fastest (Young 1954).
        let factor = 2.0 / (1.0 + (std::f64::consts::PI / (n + 1) as f64).sin());
        for _ in 0..100_000 {
            let mut change = 0.0f64;
            for y in 0..n {
                for x in 0..n {
                    let left = if x > 0 { u[y * n + x - 1] } else { 1.0 };
                    let right = if x + 1 < n { u[y * n + x + 1] } else { 0.0 };
                    let above = if y > 0 { u[(y - 1) * n + x] } else { 0.0 };
                    let below = if y + 1 < n { u[(y + 1) * n + x] } else { 0.0 };
                    let step = factor * ((left + right + above + below) / 4.0 - u[y * n + x]);
                    u[y * n + x] += step;
                    change = change.max(step.abs());
                }
            }
            if change < 1e-13 {
                break;
            }
        }
        u
    }

    /// Points row by row, then the state at 1 and the one at 0.
    fn chain(&self) -> Chain {
        let n = self.size;
        let (hot, cold) = (n * n, n * n + 1);
        let mut listed = Vec::with_capacity(4 * (n * n) as usize);
        for y in 0..n {
            for x in 0..n {
                let from = y * n + x;
                let ends = [
                    if x > 0 { from - 1 } else { hot },
                    if x + 1 < n { from + 1 } else { cold },
                    if y > 0 { from - n } else { cold },
                    if y + 1 < n { from + n } else { cold },
                ];
                listed.extend(ends.map(|to| Edge { from, to, weight: 0.25 }));
            }
        }
        Chain::new(n * n + 2, listed, Names::From(0))
    }
}

impl Task for Laplace {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("walkers", self.walkers.validate());
        if !(1..=512).contains(&self.size) {
            problems.push(Problem::new("size", format!("{} is out of range", self.size)).allowed("1 to 512"));
        }
        let inside = self.at.iter().all(|&at| at < self.size);
        problems.require(inside, "at", || format!("{:?} is outside the square", self.at));
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let chain = self.chain();
        let point = self.at[0] * self.size + self.at[1];
        let begin = all_in(point, chain.states(), self.walkers.count);
        let walk = self.walkers.walk(host, &chain, (&begin, u64::from(u32::MAX)), |_, _| true)?;
        let total = self.walkers.count;
        let hits = walk.occupancy[(self.size * self.size) as usize];
        let exact = self.exact()[point as usize];
        let mut finding = Finding::new(json!({
            "walk": self.walkers.describe(&chain, &walk),
            "potential": share(hits, total, exact),
        }));
        let exact_rules = self.walkers.probability_bits.is_none();
        finding.check = (self.walkers.check && exact_rules).then(|| check_shares(total, &[(hits, exact)]));
        Ok(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::trial::golden;

    #[test]
    fn potentials_are_the_golden_ones() {
        let golden = golden("walks.json");
        let exact = Laplace::default().exact();
        for (found, expected) in exact.iter().zip(golden["laplace"]["u_all"].as_array().unwrap()) {
            assert!((found - expected.as_f64().unwrap()).abs() < 1e-10, "{found} {expected}");
        }
    }
}
