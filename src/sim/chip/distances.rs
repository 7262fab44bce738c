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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fabric::{FatTree, Health, LinkParams, Topology};
    use crate::noc::params::RouterParams;
    use crate::noc::route::RoutingSpec;
    use crate::sim::chip::{CoreParams, Wires};

    /// Hops from every core to every other, one core a tile.
    fn check(topology: &Topology, routing: &str, expected: impl Fn(usize, usize) -> [u64; 4]) {
        let fabric = topology.build(&LinkParams::default()).unwrap();
        let health = Health::perfect(&fabric);
        let routing = RoutingSpec::named(routing).unwrap().compile(&fabric, &health, 2, 1).unwrap();
        let (router, params) = (RouterParams::default(), CoreParams::default());
        let wires = Wires { health: &health, routing: &routing, router: &router, clock_hz: 1e9 };
        let ground = Ground::new(&fabric, &health, &params).unwrap().with_wires(wires);
        let tiles = Tiles::new(&ground);
        for (from, to) in (0..tiles.len()).flat_map(|from| (0..tiles.len()).map(move |to| (from, to))) {
            let mut hops = [0; 4];
            tiles.count(from, to, &mut hops);
            assert_eq!(hops, expected(from, to), "{topology:?}: {from} to {to}");
        }
    }

    /// Steps forwards and backwards along a ring of `size`, the shorter way; forwards where both are as long.
    fn around(size: usize, from: usize, to: usize) -> [u64; 2] {
        let ahead = (to + size - from) % size;
        if 2 * ahead <= size { [ahead as u64, 0] } else { [0, (size - ahead) as u64] }
    }

    #[test]
    fn meshes_count_columns_and_rows() {
        check(&Topology::Mesh { size: vec![4, 3] }, "xy", |from, to| {
            let [x, y, to_x, to_y] = [from % 4, from / 4, to % 4, to / 4];
            let less = |a: usize, b: usize| a.saturating_sub(b) as u64;
            [less(to_x, x), less(to_y, y), less(x, to_x), less(y, to_y)]
        });
    }

    #[test]
    fn tori_count_the_shorter_way_around() {
        check(&Topology::Torus { size: vec![5, 3] }, "xy", |from, to| {
            let [east, west] = around(5, from % 5, to % 5);
            let [north, south] = around(3, from / 5, to / 5);
            [east, north, west, south]
        });
    }

    #[test]
    fn trees_count_all_hops_as_one_direction() {
        // Up to the level of the lowest common ancestor, and down again.
        check(&Topology::FatTree(FatTree { arity: 2, levels: 3 }), "nca", |from, to| {
            let levels = (0..3).find(|&level| from >> (level + 1) == to >> (level + 1)).unwrap_or(0);
            [2 * levels as u64, 0, 0, 0]
        });
    }
}
