//! Random faults: independent, in exact numbers, or clustered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cluster, Parts};
use crate::base::random::{Purpose, Stream};
use crate::base::{LinkId, NodeId, Problem, Problems, RouterId};
use crate::fabric::Fabric;

/// Faults at random, beside those that are listed.
///
/// Each router (with its links and cores), core and pair of opposite links draws its own fate from the
/// seed and its number, so raising one rate never changes what the others break.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RandomFaults {
    /// Probability with which each whole node is faulty; 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_rate: Option<f64>,
    /// Probability with which each core is dead while its router works; 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core_rate: Option<f64>,
    /// Probability with which each link is broken, in both directions at once; 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_rate: Option<f64>,
    /// Exact number of whole nodes that are faulty beside the listed ones, instead of a rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes_count: Option<u32>,
    /// Exact number of links between working routers that are broken beside the listed ones, both
    /// directions counted as one, instead of a rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links_count: Option<u32>,
    /// Clustered instead of independent faults; goes with rates, not with exact numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
    /// Seed. Absent: the run's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// What a random stream decides; the `step` of its key.
#[derive(Clone, Copy)]
enum Draw {
    Node,
    Core,
    Link,
    Region,
    NodesCount,
    LinksCount,
}

impl RandomFaults {
    /// Checks every range.
    ///
    /// # Errors
    /// Rates outside 0 to 1, a rate and a number for the same kind of fault, clusters without a rate or
    /// out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let rates =
            [("node_rate", self.node_rate), ("core_rate", self.core_rate), ("link_rate", self.link_rate)];
        for (field, rate) in rates {
            if let Some(rate) = rate.filter(|rate| !(0.0..=1.0).contains(rate)) {
                problems.push(Problem::new(field, format!("{rate} is not a probability")).allowed("0 to 1"));
            }
        }
        let doubled = [
            ("nodes_count", "node_rate", self.nodes_count.is_some() && self.node_rate.is_some()),
            ("links_count", "link_rate", self.links_count.is_some() && self.link_rate.is_some()),
        ];
        for (field, other, both) in doubled {
            problems.require(!both, field, || format!("stands beside `{other}`; one of them must go"));
        }
        if let Some(cluster) = &self.cluster {
            problems.absorb("cluster", cluster.validate());
            let counted = self.nodes_count.is_some() || self.links_count.is_some();
            problems.require(!counted, "cluster", || "goes with rates, not with exact numbers".into());
            problems.require(rates.iter().any(|(_, rate)| rate.is_some()), "cluster", || {
                "there is no rate to cluster".into()
            });
        }
        problems.into_result(())
    }

    /// The faults for `fabric`, beside those `listed`; `seed` counts where the map states none.
    pub(super) fn draw(&self, fabric: &Fabric, listed: &Parts, seed: u64) -> Result<Parts, Problems> {
        self.validate()?;
        let seed = self.seed.unwrap_or(seed);
        let fates = Fates { fabric, seed, cluster: self.cluster };
        let mut dead = vec![false; fabric.routers.len()];
        listed.routers.iter().for_each(|router| dead[router.index()] = true);
        let mut problems = Problems::new();
        let mut parts = Parts::default();
        let routers = (0..fabric.routers.len()).map(RouterId::at).filter(|router| !dead[router.index()]);
        parts.routers = match (self.node_rate, self.nodes_count) {
            (Some(rate), _) => fates.by_rate(Draw::Node, rate, routers.map(|r| (r.0, r, r)).collect()),
            (None, Some(count)) => {
                let chosen = pick(Draw::NodesCount, seed, count, routers.collect());
                problems.absorb("nodes_count", chosen).unwrap_or_default()
            }
            (None, None) => Vec::new(),
        };
        parts.routers.iter().for_each(|router| dead[router.index()] = true);
        if let Some(rate) = self.core_rate {
            let cores = (0..fabric.nodes.len()).map(NodeId::at);
            let cores = cores.map(|node| (node.0, fabric.nodes[node.index()].router, node));
            parts.nodes =
                fates.by_rate(Draw::Core, rate, cores.filter(|core| !dead[core.1.index()]).collect());
        }
        let pairs = working_pairs(fabric, &listed.links, &dead);
        let pairs = match (self.link_rate, self.links_count) {
            (Some(rate), _) => {
                let keyed = pairs.into_iter().map(|link| (link.0, fabric.link(link).from, link));
                fates.by_rate(Draw::Link, rate, keyed.collect())
            }
            (None, Some(count)) => {
                let chosen = pick(Draw::LinksCount, seed, count, pairs);
                problems.absorb("links_count", chosen).unwrap_or_default()
            }
            (None, None) => Vec::new(),
        };
        parts.links =
            pairs.into_iter().flat_map(|link| [Some(link), fabric.reverse(link)]).flatten().collect();
        problems.into_result(parts)
    }
}

/// One link of every pair of opposite links (the lower number) that joins working routers and is not
/// wholly listed as broken.
fn working_pairs(fabric: &Fabric, listed: &[LinkId], dead: &[bool]) -> Vec<LinkId> {
    let mut broken = vec![false; fabric.links.len()];
    listed.iter().for_each(|link| broken[link.index()] = true);
    let is_candidate = |&link: &LinkId| {
        let (ends, back) = (fabric.link(link), fabric.reverse(link));
        let works = !broken[link.index()] || back.is_some_and(|back| !broken[back.index()]);
        works && !dead[ends.from.index()] && !dead[ends.to.index()] && back.is_none_or(|back| link < back)
    };
    (0..fabric.links.len()).map(LinkId::at).filter(is_candidate).collect()
}

/// How parts fare with a rate.
struct Fates<'a> {
    fabric: &'a Fabric,
    seed: u64,
    cluster: Option<Cluster>,
}

impl Fates<'_> {
    /// The parts that fail, each given as (number, router that it belongs to, part).
    fn by_rate<T>(&self, draw: Draw, rate: f64, parts: Vec<(u32, RouterId, T)>) -> Vec<T> {
        let fails = |number: u32, router: RouterId| {
            let uniform = Stream::new(self.seed, Purpose::Faults, number, draw as u64).unit();
            match self.cluster {
                Some(cluster) if rate < 1.0 => {
                    let region = cluster.region_of(self.fabric, router);
                    let mut stream = Stream::new(self.seed, Purpose::Faults, region, Draw::Region as u64);
                    let defects = cluster.defects(rate) * cluster.density(&mut stream);
                    uniform < -(-defects).exp_m1()
                }
                _ => uniform < rate,
            }
        };
        parts.into_iter().filter_map(|(number, router, part)| fails(number, router).then_some(part)).collect()
    }
}

/// `count` of `items`, all choices alike, in their order.
fn pick<T: Ord>(draw: Draw, seed: u64, count: u32, mut items: Vec<T>) -> Result<Vec<T>, Problems> {
    let count = count as usize;
    if count > items.len() {
        let problem = Problem::new("", format!("{count} faults are more than there are parts"));
        return Err(problem.allowed(format!("at most {}", items.len())).into());
    }
    let mut stream = Stream::new(seed, Purpose::Faults, 0, draw as u64);
    for chosen in 0..count {
        // Fabrics have fewer parts than 2^32.
        let left = (items.len() - chosen) as u32;
        items.swap(chosen, chosen + stream.below(left) as usize);
    }
    items.truncate(count);
    items.sort_unstable();
    Ok(items)
}
