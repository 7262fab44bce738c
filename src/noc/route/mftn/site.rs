//! Where MFTN routes: the active routers of a faulty chip and the channels between them.

use super::super::channels::{Channels, NONE};
use super::super::grid::Mesh;
use super::super::ground::{Flow, Ground};
use super::Policy;
use super::regions::Regions;
use crate::base::RouterId;

/// The active part of a chip.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The mesh, if the chip is one.
    pub mesh: Option<Mesh>,
    /// Disabled regions of the mesh.
    pub regions: Option<Regions>,
    /// By router: takes part.
    pub active: Vec<bool>,
    /// The working channels between active routers, wires that work in both directions only.
    pub channels: Channels,
    /// By router: working nodes, if it is active.
    pub weight: Vec<f64>,
    /// Number of working nodes at active routers.
    pub nodes: f64,
    /// By destination: what each source sends there, instead of uniform traffic; sums to
    /// `nodes · (nodes − 1)`.
    traffic: Option<Vec<Vec<(u32, f64)>>>,
}

/// Share of uniform traffic that is mixed into a given one, so that every pair has its route.
const BACKGROUND: f64 = 1e-3;

impl Site {
    /// Finds the active part of the chip.
    pub fn survey(ground: &Ground, policy: Policy) -> Self {
        let mesh = Mesh::of(ground);
        let faulty: Vec<bool> = ground.health.router.iter().map(|alive| !alive).collect();
        let regions = mesh.map(|mesh| Regions::grow(mesh, &faulty));
        let excluded = match (&regions, policy) {
            (Some(regions), Policy::Disable) => regions.disabled.clone(),
            _ => faulty,
        };
        let open = Channels::new(ground, |router| !excluded[router.index()], true);
        let active = largest_component(ground, &open, &excluded);
        let channels = Channels::new(ground, |router| active[router.index()], true);
        let weigh = |router: RouterId| {
            f64::from(ground.nodes_at(router)) * f64::from(u8::from(active[router.index()]))
        };
        let weight: Vec<f64> = ground.routers().map(weigh).collect();
        let nodes = weight.iter().sum();
        let traffic = ground.traffic.and_then(|flows| by_destination(flows, &active, nodes));
        Self { mesh, regions, active, channels, weight, nodes, traffic }
    }

    /// What each router sends to the nodes of router `dst`, into `demand`; unit injection is
    /// `nodes − 1` per node.
    pub fn demand(&self, dst: u32, demand: &mut Vec<f64>) {
        let share = self.weight[dst as usize] * if self.traffic.is_some() { BACKGROUND } else { 1.0 };
        demand.clear();
        demand.extend(self.weight.iter().map(|own| own * share));
        for &(src, flow) in self.traffic.iter().flat_map(|traffic| &traffic[dst as usize]) {
            demand[src as usize] += flow * (1.0 - BACKGROUND);
        }
        demand[dst as usize] = 0.0;
    }

    /// The active routers with working nodes.
    pub fn addressed(&self) -> impl Iterator<Item = u32> + Clone + '_ {
        (0..self.active.len() as u32).filter(|&router| self.weight[router as usize] > 0.0)
    }

    /// The active routers.
    pub fn routers(&self) -> impl Iterator<Item = u32> + Clone + '_ {
        (0..self.active.len() as u32).filter(|&router| self.active[router as usize])
    }

    /// The first channel that leaves the router where `channel` ends.
    pub fn first_leaving(&self, channel: usize) -> u32 {
        self.channels.leaving(self.channels.head[channel]).start
    }

    /// The active routers nearest the corners of the mesh, with their names; without a mesh the first
    /// active router and the one farthest from it.
    pub fn corners(&self) -> Vec<(&'static str, u32)> {
        let Some(mesh) = self.mesh else {
            let Some(first) = self.routers().next() else { return Vec::new() };
            let far = self.channels.distances_from(first);
            let farthest =
                self.routers().max_by_key(|&r| (far[r as usize].wrapping_add(1), std::cmp::Reverse(r)));
            return [("first", Some(first)), ("far", farthest)]
                .into_iter()
                .filter_map(|(name, root)| Some((name, root.filter(|&r| far[r as usize] != NONE)?)))
                .collect();
        };
        let (east, north) = (mesh.width - 1, mesh.height - 1);
        let corners = [("sw", (0, 0)), ("se", (east, 0)), ("nw", (0, north)), ("ne", (east, north))];
        let nearest = |(x, y): (u32, u32)| {
            self.routers().min_by_key(|&r| (mesh.distance(RouterId(r), mesh.router(x, y)), r))
        };
        corners.into_iter().filter_map(|(name, corner)| Some((name, nearest(corner)?))).collect()
    }
}

/// The flows between active routers, sorted by destination and scaled; `None` if there are none.
fn by_destination(flows: &[Flow], active: &[bool], nodes: f64) -> Option<Vec<Vec<(u32, f64)>>> {
    let counts = |flow: &&Flow| {
        flow.from != flow.to && active[flow.from.index()] && active[flow.to.index()] && flow.rate > 0.0
    };
    let sum: f64 = flows.iter().filter(counts).map(|flow| flow.rate).sum();
    let mut traffic = vec![Vec::new(); active.len()];
    for flow in flows.iter().filter(counts) {
        traffic[flow.to.index()].push((flow.from.0, flow.rate * nodes * (nodes - 1.0) / sum));
    }
    (sum > 0.0).then_some(traffic)
}

/// Members of the component with most working nodes, of equals the one with most routers, then the one with the
/// lowest router.
fn largest_component(ground: &Ground, channels: &Channels, excluded: &[bool]) -> Vec<bool> {
    let mut component = vec![NONE; excluded.len()];
    let mut best = ((0, 0), NONE);
    for first in 0..excluded.len() as u32 {
        if excluded[first as usize] || component[first as usize] != NONE {
            continue;
        }
        let (mut size, mut pending) = ((0, 0), vec![first]);
        component[first as usize] = first;
        while let Some(router) = pending.pop() {
            size = (size.0 + ground.nodes_at(RouterId(router)), size.1 + 1);
            for channel in channels.leaving(router) {
                let next = channels.head[channel as usize] as usize;
                if component[next] == NONE {
                    component[next] = first;
                    pending.push(next as u32);
                }
            }
        }
        if size > best.0 {
            best = (size, first);
        }
    }
    component.iter().map(|&c| c != NONE && c == best.1).collect()
}
