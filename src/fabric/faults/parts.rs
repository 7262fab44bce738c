//! Lists of faults, resolved to the ids of a fabric.

use std::collections::HashMap;
use std::hash::Hash;

use super::{CoreFault, FaultMap, LinkFault, StuckVcs};
use crate::base::{LinkId, NodeId, Problem, Problems, RouterId};
use crate::fabric::link::find_links;
use crate::fabric::{Fabric, Health, Place};

/// Most virtual channels of a link.
pub(super) const MAX_VCS: u8 = 32;

/// Parts of a fabric that break together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Routers, with their links and nodes.
    pub routers: Vec<RouterId>,
    /// Nodes, while their routers go on forwarding.
    pub nodes: Vec<NodeId>,
    /// Directed links.
    pub links: Vec<LinkId>,
    /// Stuck virtual channels of links, one bit each.
    pub stuck_vcs: Vec<(LinkId, u32)>,
}

impl Parts {
    /// Breaks the parts.
    pub fn apply(&self, fabric: &Fabric, health: &mut Health) {
        self.routers.iter().for_each(|&router| health.kill_router(fabric, router));
        self.nodes.iter().for_each(|&node| health.kill_node(node));
        self.links.iter().for_each(|&link| health.kill_link(link));
        self.stuck_vcs.iter().for_each(|&(link, mask)| health.stick_vcs(link, mask));
    }

    /// The parts as a map that lists each: both directions of a link as one entry, and neither links nor
    /// cores of a router that is listed itself. Stuck virtual channels are never drawn and not listed.
    pub(super) fn listed(&self, fabric: &Fabric) -> FaultMap {
        let mut dead = vec![false; fabric.routers.len()];
        self.routers.iter().for_each(|router| dead[router.index()] = true);
        let mut broken = vec![false; fabric.links.len()];
        self.links.iter().for_each(|link| broken[link.index()] = true);
        let core = |node: NodeId| {
            let place = fabric.nodes[node.index()];
            let core = place.port - fabric.routers[place.router.index()].network_ports;
            let alone = fabric.nodes_of(place.router).len() == 1;
            CoreFault { at: Place::of(fabric, place.router), core: (!alone).then_some(core) }
        };
        let link = |id: LinkId| {
            let link = fabric.link(id);
            let back = fabric.reverse(id).filter(|back| broken[back.index()]);
            let listed = !dead[link.from.index()] && !dead[link.to.index()];
            (listed && back.is_none_or(|back| id < back)).then(|| LinkFault {
                from: Place::of(fabric, link.from),
                to: Place::of(fabric, link.to),
                one_way: back.is_none(),
            })
        };
        let alone = |node: &&NodeId| !dead[fabric.nodes[node.index()].router.index()];
        FaultMap {
            nodes: self.routers.iter().map(|&router| Place::of(fabric, router)).collect(),
            cores: self.nodes.iter().filter(alone).map(|&node| core(node)).collect(),
            links: self.links.iter().filter_map(|&id| link(id)).collect(),
            ..FaultMap::default()
        }
    }
}

/// Lists of faults as written.
pub(super) struct Lists<'a> {
    pub(super) nodes: &'a [Place],
    pub(super) routers: &'a [Place],
    pub(super) cores: &'a [CoreFault],
    pub(super) links: &'a [LinkFault],
    pub(super) vcs: &'a [StuckVcs],
}

/// Where each part was first listed.
struct Listed<K>(HashMap<K, String>);

impl<K: Hash + Eq + Copy> Listed<K> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    /// Whether any of `parts` is new; a problem at `path` if none is.
    fn add(&mut self, parts: &[K], path: &str, problems: &mut Problems) -> Vec<K> {
        let mut fresh = Vec::new();
        for &part in parts {
            if let Some(first) = self.0.get(&part) {
                problems.push(Problem::new(path, format!("is already listed as {first}")));
                return Vec::new();
            }
            fresh.push(part);
        }
        self.0.extend(fresh.iter().map(|&part| (part, path.to_owned())));
        fresh
    }
}

impl Lists<'_> {
    /// The parts that are listed, without those whose entries are wrong.
    pub(super) fn resolve(&self, fabric: &Fabric, problems: &mut Problems) -> Parts {
        let mut parts = Parts::default();
        let mut routers = Listed::new();
        for (name, list) in [("nodes", self.nodes), ("routers", self.routers)] {
            for (index, place) in list.iter().enumerate() {
                let path = format!("{name}[{index}]");
                let router = problems.absorb(&path, place.resolve(fabric).map_err(Problems::from));
                let found: Vec<RouterId> = router.into_iter().collect();
                parts.routers.extend(routers.add(&found, &path, problems));
            }
        }
        let mut cores = Listed::new();
        for (index, core) in self.cores.iter().enumerate() {
            let path = format!("cores[{index}]");
            let found = problems.absorb(&path, find_cores(fabric, core)).unwrap_or_default();
            parts.nodes.extend(cores.add(&found, &path, problems));
        }
        let mut links = Listed::new();
        for (index, link) in self.links.iter().enumerate() {
            let path = format!("links[{index}]");
            let found = find_links(fabric, &link.from, &link.to, link.one_way);
            let found =
                problems.absorb(&path, found.map_err(|found| in_spelling(found, link))).unwrap_or_default();
            parts.links.extend(links.add(&found, &path, problems));
        }
        parts.stuck_vcs = self.resolve_vcs(fabric, problems);
        parts
    }

    fn resolve_vcs(&self, fabric: &Fabric, problems: &mut Problems) -> Vec<(LinkId, u32)> {
        let mut stuck = Vec::new();
        let mut listed = Listed::new();
        for (index, entry) in self.vcs.iter().enumerate() {
            let path = format!("vcs[{index}]");
            let links = problems.absorb(&path, find_links(fabric, &entry.from, &entry.to, true));
            problems.require(!entry.vcs.is_empty(), &format!("{path}.vcs"), || "no channel is named".into());
            for (position, &vc) in entry.vcs.iter().enumerate() {
                let path = format!("{path}.vcs[{position}]");
                if vc >= MAX_VCS {
                    let problem = Problem::new(path, format!("{vc} is not a virtual channel"));
                    problems.push(problem.allowed(format!("0 to {}", MAX_VCS - 1)));
                    continue;
                }
                let channels: Vec<_> = links.iter().flatten().map(|&link| (link, vc)).collect();
                let fresh = listed.add(&channels, &path, problems);
                stuck.extend(fresh.into_iter().map(|(link, vc)| (link, 1 << vc)));
            }
        }
        stuck
    }
}

/// Problems with the ends of a link, at the place where its form has them.
fn in_spelling(mut problems: Problems, link: &LinkFault) -> Problems {
    if !link.one_way {
        for problem in &mut problems.0 {
            problem.path = match problem.path.as_str() {
                "from" => "[0]".to_owned(),
                "to" => "[1]".to_owned(),
                path => path.to_owned(),
            };
        }
    }
    problems
}

fn find_cores(fabric: &Fabric, fault: &CoreFault) -> Result<Vec<NodeId>, Problems> {
    let router = fault.at.resolve(fabric).map_err(|problem| match fault.core {
        Some(_) => Problems::from(problem).under("at"),
        None => problem.into(),
    })?;
    let nodes = fabric.nodes_of(router);
    let found = match fault.core {
        None => nodes.to_vec(),
        Some(core) => nodes.get(usize::from(core)).copied().into_iter().collect(),
    };
    if !found.is_empty() {
        return Ok(found);
    }
    let problem = match fault.core {
        Some(core) => Problem::new("core", format!("{} has no core {core}", fault.at)),
        None => Problem::new("", format!("{} has no core", fault.at)),
    };
    Err(problem.allowed(format!("{} cores there", nodes.len())).into())
}
