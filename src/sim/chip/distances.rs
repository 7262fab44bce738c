//! How many hops it is from core to core: by columns and rows on a mesh that is whole; else, on tori and trees and
//! around what is broken, by the way that the routing function prefers.

use super::haul::trace;
use super::site::Ground;
use crate::base::{CoreId, LinkId, RouterId};
use crate::fabric::Fabric;

/// Pairs of routers up to which hops are counted.
const MOST_PAIRS: usize = 1 << 22;

/// Where cores lie.
#[derive(Clone, Debug)]
pub(super) struct Tiles {
    /// By core: column and row of its tile, where there are such.
    at: Vec<[u16; 2]>,
    distances: Option<Distances>,
}

impl Tiles {
    pub(super) fn new(ground: &Ground<'_>) -> Self {
        let at = (0..ground.cores()).map(|core| ground.tile(CoreId(core))).collect();
        Self { at, distances: Distances::new(ground) }
    }

    /// Number of cores.
    pub(super) fn len(&self) -> usize {
        self.at.len()
    }

    /// Adds the hops from one core to another: east, north, west, south.
    #[inline]
    pub(super) fn count(&self, from: usize, to: usize, hops: &mut [u64; 4]) {
        let Some(distances) = &self.distances else {
            let ([x, y], [to_x, to_y]) = (self.at[from], self.at[to]);
            hops[0] += u64::from(to_x.saturating_sub(x));
            hops[1] += u64::from(to_y.saturating_sub(y));
            hops[2] += u64::from(x.saturating_sub(to_x));
            hops[3] += u64::from(y.saturating_sub(to_y));
            return;
        };
        for (sum, more) in hops.iter_mut().zip(distances.between(from, to)) {
            *sum += u64::from(more);
        }
    }
}

/// Hops between all routers, by direction.
#[derive(Clone, Debug)]
struct Distances {
    /// By core: its router.
    router: Vec<u32>,
    routers: usize,
    /// By pair of routers: hops east, north, west, south.
    hops: Vec<[u16; 4]>,
}

impl Distances {
    /// `None` where columns and rows tell, where there is no network, or where it is too large.
    fn new(ground: &Ground<'_>) -> Option<Self> {
        let wires = ground.wires?;
        let fabric = ground.fabric;
        let routers = fabric.routers.len();
        let pairs = routers.checked_mul(routers).filter(|&pairs| pairs <= MOST_PAIRS)?;
        if ground.mesh().is_some() && ground.is_whole {
            return None;
        }
        let mut hops = vec![[0; 4]; pairs];
        let by_port = directions(fabric);
        let mut ports = Vec::new();
        for (pair, hops) in hops.iter_mut().enumerate() {
            ports.clear();
            let ends = (RouterId::at(pair / routers), RouterId::at(pair % routers));
            trace(fabric, &wires, ends, &mut ports);
            for direction in ports.iter().filter_map(|&port| by_port[port as usize]) {
                hops[direction] += 1;
            }
        }
        let router = |core| fabric.nodes[ground.node(CoreId(core)).index()].router.0;
        Some(Self { router: (0..ground.cores()).map(router).collect(), routers, hops })
    }

    /// Hops from one core to another.
    #[inline]
    fn between(&self, from: usize, to: usize) -> [u16; 4] {
        self.hops[self.router[from] as usize * self.routers + self.router[to] as usize]
    }
}

/// By port: the direction of its link, if it has one.
fn directions(fabric: &Fabric) -> Vec<Option<usize>> {
    let mut by_port = vec![None; fabric.port_base.last().map_or(0, |&ports| ports as usize)];
    for (id, link) in fabric.links.iter().enumerate() {
        by_port[fabric.slot(link.from, link.from_port)] = Some(direction(fabric, LinkId::at(id)));
    }
    by_port
}

/// East, north, west or south, counted from 0, as hops are; east on networks without directions and for
/// further dimensions.
pub fn direction(fabric: &Fabric, link: LinkId) -> usize {
    let link = fabric.link(link);
    let (Some(from), Some(to)) = (fabric.coordinates(link.from), fabric.coordinates(link.to)) else {
        return 0;
    };
    let step = |axis: usize| {
        let step = i64::from(*to.get(axis)?) - i64::from(*from.get(axis)?);
        // The long way around a ring is one hop in the other direction.
        (step != 0).then_some(if step.abs() > 1 { -step } else { step })
    };
    match (step(0), step(1)) {
        (Some(step), _) if step < 0 => 2,
        (None, Some(step)) => {
            if step > 0 {
                1
            } else {
                3
            }
        }
        _ => 0,
    }
}
