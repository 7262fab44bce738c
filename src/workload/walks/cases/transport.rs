//! Transport of particles through a slab, in the discrete-ordinates form with two directions (S₂).
//!
//! In each step a particle is absorbed, or scattered (it stays in its cell and gets either direction by the
//! toss of a coin), or flies on into the next cell.

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

/// Particles that fly, scatter and are absorbed in a slab; they enter cell 0 to the right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Transport {
    /// Cells of the slab; 1 to 65536.
    #[schemars(range(min = 1, max = 65536))]
    pub cells: u32,
    /// Probability of being absorbed in a step; 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub absorption: f64,
    /// Probability of scattering in a step; 0 to 1, together with absorption less than 1.
    #[schemars(range(min = 0, max = 1))]
    pub scattering: f64,
    /// The walkers.
    pub walkers: Walkers,
}

impl Default for Transport {
    fn default() -> Self {
        Self { cells: 10, absorption: 0.1, scattering: 0.3, walkers: Walkers::default() }
    }
}

impl Transport {
    /// States: 2·cell + direction (0 left, 1 right), then absorbed, reflected, transmitted.
    fn chain(&self) -> Chain {
        let n = self.cells;
        let (absorbed, reflected, transmitted) = (2 * n, 2 * n + 1, 2 * n + 2);
        let mut listed = Vec::new();
        for cell in 0..n {
            for right in [0, 1] {
                let from = 2 * cell + right;
                let on = match right {
                    0 if cell == 0 => reflected,
                    0 => from - 2,
                    _ if cell + 1 == n => transmitted,
                    _ => from + 2,
                };
                let flies = 1.0 - self.absorption - self.scattering;
                let half = self.scattering / 2.0;
                listed.extend(
                    [(absorbed, self.absorption), (2 * cell, half), (2 * cell + 1, half), (on, flies)]
                        .map(|(to, weight)| Edge { from, to, weight }),
                );
            }
        }
        Chain::new(2 * n + 3, listed, Names::From(0))
    }

    /// Mean visits of all states, and where particles end, by iterating the distribution to 1e−14.
    fn exact(&self, chain: &Chain) -> (Vec<f64>, Vec<f64>) {
        let states = chain.states() as usize;
        let mut now = vec![0.0; states];
        now[1] = 1.0;
        let mut visits = now.clone();
        for _ in 0..10_000_000 {
            now = chain.advance(&now);
            let flying: f64 = now[..states - 3].iter().sum();
            visits[..states - 3].iter_mut().zip(&now).for_each(|(visits, mass)| *visits += mass);
            if flying < 1e-14 {
                break;
            }
        }
        (visits, now)
    }
}

impl Task for Transport {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("walkers", self.walkers.validate());
        if !(1..=1 << 16).contains(&self.cells) {
            problems
                .push(Problem::new("cells", format!("{} is out of range", self.cells)).allowed("1 to 65536"));
        }
        let fits =
            self.absorption >= 0.0 && self.scattering >= 0.0 && self.absorption + self.scattering < 1.0;
        problems.require(fits, "absorption", || {
            format!(
                "{} and a scattering of {} do not add up to less than 1",
                self.absorption, self.scattering
            )
        });
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let chain = self.chain();
        let total = self.walkers.count;
        let begin = all_in(1, chain.states(), total);
        let walk = self.walkers.walk(host, &chain, (&begin, u64::from(u32::MAX)), |_, _| true)?;
        let (visits, ends) = self.exact(&self.walkers.made(&chain));
        let cells = 2 * self.cells as usize;
        let counted = |state: usize| {
            // Everybody is in the first state at the start.
            (walk.visits[state] + if state == 1 { total } else { 0 }) as f64 / total as f64
        };
        let rows = |of: &dyn Fn(usize) -> f64| -> Vec<[f64; 2]> {
            (0..cells / 2).map(|cell| [of(2 * cell), of(2 * cell + 1)]).collect()
        };
        let end = |i: usize| (walk.occupancy[cells + i], ends[cells + i]);
        let [absorbed, reflected, transmitted] = [end(0), end(1), end(2)];
        let mut finding = Finding::new(json!({
            "walk": self.walkers.describe(&chain, &walk),
            "absorbed": share(absorbed.0, total, absorbed.1),
            "reflected": share(reflected.0, total, reflected.1),
            "transmitted": share(transmitted.0, total, transmitted.1),
            "fluence": rows(&counted),
            "exact_fluence": rows(&|state| visits[state]),
        }));
        finding.check = self.walkers.check.then(|| check_shares(total, &[absorbed, reflected, transmitted]));
        Ok(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::trial::golden;

    #[test]
    fn the_slab_is_the_golden_one() {
        let golden = &golden("walks.json")["transport_slab"];
        let slab = Transport::default();
        let (visits, ends) = slab.exact(&slab.chain());
        let near =
            |a: f64, b: &serde_json::Value| assert!((a - b.as_f64().unwrap()).abs() < 1e-10, "{a} {b}");
        (0..3).for_each(|i| near(ends[20 + i], &golden["absorbed_reflected_transmitted"][i]));
        (0..20).for_each(|i| near(visits[i], &golden["fluence_visits"][i / 2][i % 2]));
    }
}
