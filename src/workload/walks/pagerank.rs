//! PageRank by random surfers.
//!
//! Teleports go through a hub: from every page with probability 1 − damping, from a page without links
//! always, and from the hub to every page alike. The time between two visits of the hub does not matter to
//! where surfers are otherwise, so visits of pages are in proportion to PageRank exactly (Brin & Page 1998),
//! and no page needs a synapse to every other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::chain::Chain;
use super::settings::Walkers;
use crate::base::{Problem, Problems};
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::graph::Names;
use crate::workload::problem::{Arcs, Edge, GraphInput};

/// PageRank by random surfers with teleport.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pagerank {
    /// The graph; weights are ignored unless `weighted`.
    pub graph: GraphInput,
    /// Whether surfers follow links in proportion to their weights.
    #[serde(default)]
    pub weighted: bool,
    /// Probability of following a link rather than teleporting; 0 to 1.
    #[serde(default = "damping")]
    #[schemars(range(min = 0, max = 1))]
    pub damping: f64,
    /// The surfers.
    #[serde(default = "surfers")]
    pub walkers: Walkers,
    /// Steps of the walk.
    #[serde(default = "steps")]
    #[schemars(range(min = 1, max = 4294967295u64))]
    pub steps: u64,
    /// Steps at the start that do not count.
    #[serde(default = "warmup")]
    pub warmup: u64,
    /// Largest error of a rank that passes.
    #[serde(default = "tolerance")]
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "1"))]
    pub tolerance: f64,
}

fn damping() -> f64 {
    0.85
}

fn surfers() -> Walkers {
    Walkers { count: 2000, ..Walkers::default() }
}

fn steps() -> u64 {
    200
}

fn warmup() -> u64 {
    20
}

fn tolerance() -> f64 {
    0.005
}

impl Pagerank {
    fn links(&self, arcs: &Arcs) -> Vec<Edge> {
        let weigh = |edge: Edge| if self.weighted { edge } else { Edge { weight: 1.0, ..edge } };
        arcs.iter().map(weigh).filter(|edge| edge.weight > 0.0).collect()
    }

    /// The chain of surfers; its last state is the hub.
    fn chain(&self, links: &[Edge], pages: u32) -> Chain {
        let mut totals = vec![0.0; pages as usize];
        links.iter().for_each(|edge| totals[edge.from as usize] += edge.weight);
        let follow = |edge: &Edge| {
            let weight = self.damping * edge.weight / totals[edge.from as usize];
            Edge { weight, ..*edge }
        };
        let mut listed: Vec<Edge> = links.iter().map(follow).collect();
        for page in 0..pages {
            let weight = if totals[page as usize] > 0.0 { 1.0 - self.damping } else { 1.0 };
            listed.push(Edge { from: page, to: pages, weight });
            listed.push(Edge { from: pages, to: page, weight: 1.0 });
        }
        Chain::new(pages + 1, listed, Names::From(0))
    }

    /// Ranks by the power iteration, until they change by less than 1e−12.
    fn exact(&self, links: &[Edge], pages: u32) -> Vec<f64> {
        let mut totals = vec![0.0; pages as usize];
        links.iter().for_each(|edge| totals[edge.from as usize] += edge.weight);
        let mut rank = vec![1.0 / f64::from(pages); pages as usize];
        for _ in 0..10_000 {
            let idle: f64 =
                (0..pages as usize).filter(|&page| totals[page] == 0.0).map(|page| rank[page]).sum();
            let base = (1.0 - self.damping + self.damping * idle) / f64::from(pages);
            let mut next = vec![base; pages as usize];
            for edge in links {
                let from = edge.from as usize;
                next[edge.to as usize] += self.damping * rank[from] * edge.weight / totals[from];
            }
            let change: f64 = next.iter().zip(&rank).map(|(a, b)| (a - b).abs()).sum();
            rank = next;
            if change < 1e-12 {
                break;
            }
        }
        rank
    }
}

impl Task for Pagerank {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("graph", self.graph.validate());
        problems.absorb("walkers", self.walkers.validate());
        if !(0.0..1.0).contains(&self.damping) {
            problems.push(
                Problem::new("damping", format!("{} is out of range", self.damping))
                    .allowed("0 to less than 1"),
            );
        }
        problems.require(self.warmup < self.steps, "warmup", || {
            format!("{} of {} steps leave none to count", self.warmup, self.steps)
        });
        problems.require(self.tolerance > 0.0, "tolerance", || "it has to be more than 0".to_owned());
        problems.into_result(())
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let graph = self.graph.load(host.files, host.seed).map_err(|it| it.under("graph"))?;
        Chain::check(&graph)?;
        let pages = graph.vertices;
        let links = self.links(&graph.arcs());
        let chain = self.chain(&links, pages);
        let count = |page: u32| {
            let (each, more) = (self.walkers.count / u64::from(pages), self.walkers.count % u64::from(pages));
            if page < pages { each + u64::from(u64::from(page) < more) } else { 0 }
        };
        let begin: Vec<u64> = (0..=pages).map(count).collect();
        let mut visits = vec![0u64; pages as usize];
        let walk = self.walkers.walk(host, &chain, (&begin, self.steps), |step, now| {
            if step > self.warmup {
                visits.iter_mut().zip(now).for_each(|(visits, &now)| *visits += now);
            }
            true
        })?;
        let total = visits.iter().sum::<u64>().max(1) as f64;
        let rank = |page: u32| visits[page as usize] as f64 / total;
        let mut finding = Finding::new(json!({
            "graph": graph.describe(),
            "walk": self.walkers.describe(&chain, &walk),
            "ranks": graph.by_name(rank),
        }));
        finding.check = self.walkers.check.then(|| {
            let expected = self.exact(&links, pages);
            let error =
                (0..pages).map(|page| (rank(page) - expected[page as usize]).abs()).fold(0.0, f64::max);
            let detail = format!("the largest error of a rank is {error:.6}; {} passes", self.tolerance);
            Check { against: "the power iteration", passed: error <= self.tolerance, detail }
        });
        Ok(finding)
    }
}
