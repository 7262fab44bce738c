//! Who belongs together: nodes in service, unsafe, cut off; links beside disabled regions.

use super::Nodes;
use crate::base::RouterId;
use crate::noc::route::mftn::regions::Regions;
use crate::noc::route::{Ground, Mesh};

/// Routers joined by packets that are delivered.
#[derive(Clone, Debug)]
pub(super) struct Components {
    parent: Vec<u32>,
}

impl Components {
    /// Every router by itself.
    pub fn new(routers: usize) -> Self {
        Self { parent: (0..routers as u32).collect() }
    }

    fn root(&mut self, router: u32) -> u32 {
        let mut at = router;
        while self.parent[at as usize] != at {
            let up = self.parent[at as usize];
            self.parent[at as usize] = self.parent[up as usize];
            at = self.parent[at as usize];
        }
        at
    }

    /// Packets between `a` and `b` are delivered.
    pub fn join(&mut self, a: RouterId, b: RouterId) {
        let (a, b) = (self.root(a.0), self.root(b.0));
        self.parent[a.max(b) as usize] = a.min(b);
    }

    /// Takes over what another part of the walk joined.
    pub fn merge(&mut self, other: &Self) {
        for (router, &parent) in other.parent.iter().enumerate() {
            self.join(RouterId::at(router), RouterId(parent));
        }
    }

    /// By router: whether it belongs to the set with most working nodes (of equals, the first).
    fn largest(&self, ground: &Ground) -> Vec<bool> {
        let mut own = self.clone();
        let mut nodes = vec![0u64; own.parent.len()];
        for router in ground.routers() {
            nodes[own.root(router.0) as usize] += u64::from(ground.nodes_at(router));
        }
        let best = (0..nodes.len()).max_by_key(|&root| (nodes[root], std::cmp::Reverse(root)));
        ground.routers().map(|router| best == Some(own.root(router.0) as usize)).collect()
    }
}

fn regions(ground: &Ground) -> Option<Regions> {
    let faulty: Vec<bool> = ground.health.router.iter().map(|alive| !alive).collect();
    Mesh::of(ground).map(|mesh| Regions::grow(mesh, &faulty))
}

/// Counts the nodes, and lists the routers with isolated ones.
pub(super) fn count_nodes(ground: &Ground, components: &Components) -> (Nodes, Vec<u32>) {
    let regions = regions(ground);
    let active = components.largest(ground);
    let (mut nodes, mut isolated) = (Nodes::default(), Vec::new());
    for router in ground.routers() {
        let working = u64::from(ground.nodes_at(router));
        nodes.faulty += u64::from(ground.fabric.routers[router.index()].nodes) - working;
        let is_unsafe = regions.as_ref().is_some_and(|regions| regions.disabled[router.index()]);
        nodes.r#unsafe += if is_unsafe { working } else { 0 };
        match (active[router.index()], is_unsafe) {
            (true, _) => nodes.active += working,
            (false, true) => {}
            (false, false) if working > 0 => {
                nodes.isolated += working;
                isolated.push(router.0);
            }
            (false, false) => {}
        }
    }
    (nodes, isolated)
}

/// Share of the load on links that run along the ring of a disabled region; `None` without regions.
pub(super) fn ring_share(ground: &Ground, load: &[f64]) -> Option<f64> {
    let regions = regions(ground).filter(|regions| !regions.blocks.is_empty())?;
    let on_ring = |(a, b): (RouterId, RouterId)| {
        let [(ax, ay), (bx, by)] = [a, b].map(|router| regions.mesh.xy(router));
        regions.blocks.iter().any(|block| block.ring_contains(ax, ay) && block.ring_contains(bx, by))
    };
    let total: f64 = load.iter().sum();
    let links = ground.fabric.links.iter().zip(load);
    let rings: f64 = links.filter(|(link, _)| on_ring((link.from, link.to))).map(|(_, &load)| load).sum();
    Some(if total > 0.0 { rings / total } else { 0.0 })
}
