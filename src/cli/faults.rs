//! `spikeloom faults`: random fault maps.

use clap::Args;
use serde::Serialize;

use super::console;
use super::failure::Failure;
use crate::base::{LinkId, NodeId, RouterId};
use crate::fabric::faults::{Cluster, CoreFault, LinkFault, RandomFaults};
use crate::fabric::{Fabric, FaultMap, Health, Place};
use crate::spec::{Overrides, load_chip};

/// Edge of the regions that share one defect density [routers].
const REGION: u32 = 4;

/// Arguments of `faults`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  spikeloom faults mesh8 --node-rate 0.05 --seed 7 > faults.yaml
  spikeloom faults mesh16 --node-rate 0.1 --link-rate 0.02 --cluster 0.5 --seed 1")]
pub(super) struct FaultsArguments {
    /// The chip: a file, or a built-in one.
    chip: String,
    /// Probability with which each node is broken.
    #[arg(long, value_name = "R", default_value_t = 0.0)]
    node_rate: f64,
    /// Probability with which each link is broken, in both directions at once.
    #[arg(long, value_name = "R", default_value_t = 0.0)]
    link_rate: f64,
    /// Cluster faults: the cluster parameter α of the yield model; lower clusters more.
    #[arg(long, value_name = "ALPHA")]
    cluster: Option<f64>,
    /// Seed of the map.
    #[arg(long, value_name = "N")]
    seed: u64,
    /// Set one value of the chip, e.g. chip.topology.mesh.size="[4, 4]"; may be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Write the map as JSON, which is YAML, too.
    #[arg(long)]
    json: bool,
}

pub(super) fn faults(arguments: &FaultsArguments) -> Result<(), Failure> {
    let chip = load_chip(&arguments.chip, &Overrides::parse(&arguments.set)?)?;
    let fabric = &chip.built;
    let random = RandomFaults {
        node_rate: Some(arguments.node_rate),
        link_rate: Some(arguments.link_rate),
        cluster: arguments.cluster.map(|alpha| Cluster { alpha, region: REGION }),
        seed: Some(arguments.seed),
        ..RandomFaults::default()
    };
    let map = FaultMap { random: Some(random), ..FaultMap::default() };
    let health = map.resolve(fabric, arguments.seed).map_err(|problems| {
        Failure::Usage(problems.to_string().replace("random.", "").replace("_rate", "-rate"))
    })?;
    let listed = listed(fabric, &health);
    if arguments.json {
        let text = serde_json::to_string_pretty(&listed).map_err(unwritable)?;
        return console::answer(&format!("{text}\n"));
    }
    let count = (listed.nodes.len(), listed.links.len());
    let body = [list("nodes", &listed.nodes)?, list("cores", &listed.cores)?, list("links", &listed.links)?];
    let body = body.concat();
    let body = if body.is_empty() { "{}\n" } else { &body };
    console::answer(&format!("{}{body}", heading(arguments, count)))
}

/// A list as YAML, one item on a line: JSON is YAML in its flow style.
fn list<T: Serialize>(name: &str, items: &[T]) -> Result<String, Failure> {
    let mut text = if items.is_empty() { String::new() } else { format!("{name}:\n") };
    for item in items {
        let item = serde_json::to_string(item).map_err(unwritable)?;
        text += &format!("  - {}\n", item.replace(',', ", "));
    }
    Ok(text)
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::Failed(format!("the map cannot be written down: {error}"))
}

/// What the map is and how to make it again.
fn heading(arguments: &FaultsArguments, (nodes, links): (usize, usize)) -> String {
    let FaultsArguments { chip, node_rate, link_rate, cluster, seed, set, json: _ } = arguments;
    let cluster = cluster.map_or_else(String::new, |alpha| format!(" --cluster {alpha}"));
    let set: String = set.iter().map(|set| format!(" --set '{set}'")).collect();
    // A chip's name is one line here whatever it holds.
    let chip: String = chip.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let set: String = set.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    format!(
        "# {nodes} nodes and {links} links of {chip}:\n\
         # spikeloom faults {chip} --node-rate {node_rate} --link-rate {link_rate}{cluster} --seed {seed}{set}\n"
    )
}

/// The map that lists what is broken, part by part.
fn listed(fabric: &Fabric, health: &Health) -> FaultMap {
    let place = |router: RouterId| Place::of(fabric, router);
    let dead = |router: &RouterId| !health.router[router.index()];
    let core = |node: NodeId| {
        let at = fabric.nodes[node.index()];
        let lives = health.router[at.router.index()] && !health.node[node.index()];
        let port = at.port - fabric.routers[at.router.index()].network_ports;
        lives.then(|| CoreFault { at: place(at.router), core: Some(port) })
    };
    let link = |id: LinkId| {
        let link = fabric.link(id);
        let back = fabric.reverse(id);
        let both = back.is_some_and(|back| !health.link[back.index()]);
        let listed_there = both && back.is_some_and(|back| back < id);
        let lost = !health.link[id.index()] && !dead(&link.from) && !dead(&link.to) && !listed_there;
        lost.then(|| LinkFault { from: place(link.from), to: place(link.to), one_way: !both })
    };
    FaultMap {
        nodes: (0..fabric.routers.len()).map(RouterId::at).filter(dead).map(place).collect(),
        cores: (0..fabric.nodes.len()).map(NodeId::at).filter_map(core).collect(),
        links: (0..fabric.links.len()).map(LinkId::at).filter_map(link).collect(),
        ..FaultMap::default()
    }
}
