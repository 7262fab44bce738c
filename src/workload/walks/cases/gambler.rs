//! The gambler's ruin: a walk between two absorbing ends.

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
use crate::workload::walks::statistics::mean_half_width;

/// The gambler's ruin: one up with probability p, else one down, until 0 or the goal is reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gambler {
    /// Capital at the start.
    pub start: u32,
    /// Capital at which the gambler stops; more than the start, at most 65536.
    pub goal: u32,
    /// Probability of winning a round; between 0 and 1.
    pub win: f64,
    /// The walkers.
    pub walkers: Walkers,
}

impl Default for Gambler {
    fn default() -> Self {
        Self { start: 5, goal: 10, win: 0.45, walkers: Walkers::default() }
    }
}

impl Gambler {
    /// Probability of reaching the goal, and mean number of rounds (Feller 1968, volume 1, XIV.2–3).
    fn exact(&self) -> (f64, f64) {
        let (p, q) = (self.win, 1.0 - self.win);
        let (start, goal) = (f64::from(self.start), f64::from(self.goal));
        if (p - q).abs() < 1e-12 {
            return (start / goal, start * (goal - start));
        }
        let ratio = q / p;
        let up = (1.0 - ratio.powf(start)) / (1.0 - ratio.powf(goal));
        (up, (start - goal * up) / (q - p))
    }
}

impl Task for Gambler {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("walkers", self.walkers.validate());
        let fits = self.start > 0 && self.start < self.goal && self.goal <= 1 << 16;
        problems.require(fits, "start", || format!("{} is not between 0 and {}", self.start, self.goal));
        if !(self.win > 0.0 && self.win < 1.0) {
            problems.push(
                Problem::new("win", format!("{} is out of range", self.win)).allowed("between 0 and 1"),
            );
        }
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let round = |from: u32| {
            [(from + 1, self.win), (from - 1, 1.0 - self.win)].map(|(to, weight)| Edge { from, to, weight })
        };
        let chain = Chain::new(self.goal + 1, (1..self.goal).flat_map(round).collect(), Names::From(0));
        let begin = all_in(self.start, chain.states(), self.walkers.count);
        let (mut before, mut sum, mut squares) = (0, 0.0, 0.0);
        let walk = self.walkers.walk(host, &chain, (&begin, u64::from(u32::MAX)), |step, now| {
            let absorbed = now[0] + now[self.goal as usize];
            let (new, step) = ((absorbed - before) as f64, step as f64);
            (before, sum, squares) = (absorbed, sum + new * step, squares + new * step * step);
            true
        })?;
        let total = self.walkers.count;
        let won = walk.occupancy[self.goal as usize];
        let (up, rounds) = self.exact();
        let mean = sum / total as f64;
        let mut finding = Finding::new(json!({
            "walk": self.walkers.describe(&chain, &walk),
            "reaches_goal": share(won, total, up),
            "mean_rounds": {
                "value": mean,
                "confidence_95": mean_half_width(sum, squares, total),
                "exact": rounds,
            },
        }));
        let exact_rules = self.walkers.probability_bits.is_none();
        finding.check = (self.walkers.check && exact_rules).then(|| check_shares(total, &[(won, up)]));
        Ok(finding)
    }
}
