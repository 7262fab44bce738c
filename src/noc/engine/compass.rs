//! Dimension order on a two-dimensional mesh, as few operations per hop as it takes.
//!
//! Any routing function can be asked through [`Routing`]; this is its shortcut for the most common one.

use crate::base::RouterId;
use crate::fabric::Fabric;
use crate::noc::route::{Head, Routing};

/// Bits per coordinate in a position. Above the two coordinates a goal has the port where the packet leaves.
const FIELD: u32 = 13;

/// One coordinate.
const MASK: u32 = (1 << FIELD) - 1;

/// The coordinates of all routers and what they mean for a packet.
#[derive(Clone, Debug)]
pub(super) struct Compass {
    /// By router: the coordinate that is corrected first in the lower half, the other one above it.
    positions: Vec<u32>,
    /// Ports towards higher coordinates, in the order of correction.
    ports: [u8; 2],
    /// By output port: the output VCs that a packet may take.
    wants: [u64; 64],
}

impl Compass {
    /// The shortcut for `routing`, if it fits.
    pub(super) fn new(routing: &Routing, fabric: &Fabric, vcs: u8) -> Option<Self> {
        let Routing::DimensionOrder(order) = routing else { return None };
        let [first, second] = order.axes() else { return None };
        let (routers, corner) = (first.len() as usize * second.len() as usize, RouterId(0));
        let far = RouterId::at(fabric.routers.len().checked_sub(1)?);
        if routers != fabric.routers.len() || first.len() | second.len() >= 1 << FIELD || routers < 2 {
            return None;
        }
        // Rings and express links have no fixed next hop.
        let hop = routing.fixed(corner, &Head { dst: far, ..Head::default() })?;
        let exit = routing.fixed(corner, &Head::default())?;
        let position = |router| first.of(router) | second.of(router) << FIELD;
        let mut wants = [0; 64];
        for (port, wants) in wants.iter_mut().enumerate().take(64 / usize::from(vcs)) {
            let link = [first.port, second.port].contains(&(port as u8 & !1));
            *wants = u64::from(if link { hop.vcs } else { exit.vcs }) << (port * usize::from(vcs));
        }
        let positions = (0..routers).map(|router| position(RouterId::at(router))).collect();
        Some(Self { positions, ports: [first.port, second.port], wants })
    }

    /// Where a router is.
    #[inline(always)]
    pub(super) fn position(&self, router: RouterId) -> u32 {
        self.positions[router.index()]
    }

    /// What a packet to `head.dst` that leaves there by port `head.eject` follows.
    #[inline(always)]
    pub(super) fn goal(&self, head: &Head) -> u32 {
        self.position(head.dst) | u32::from(head.eject) << (2 * FIELD)
    }

    /// Routers on the way of a packet from the place of the goal `from` to that of `to`, both included.
    #[inline(always)]
    pub(super) fn hops(from: u32, to: u32) -> u16 {
        let apart = |shift: u32| (from >> shift & MASK).abs_diff(to >> shift & MASK) as u16;
        apart(0) + apart(FIELD) + 1
    }

    /// The output port of a packet at `here` to `goal`.
    #[inline(always)]
    pub(super) fn port(&self, here: u32, goal: u32) -> u8 {
        let towards = |axis: usize, there: u32| {
            let [to, from] = [goal, here].map(|place| place >> (axis as u32 * FIELD) & MASK);
            let port = u32::from(self.ports[axis]) + u32::from(to < from);
            if to == from { there } else { port }
        };
        // The first coordinate that is not right yet.
        towards(0, towards(1, goal >> (2 * FIELD))) as u8
    }

    /// The output VCs that a packet to output port `port` may take.
    #[inline(always)]
    pub(super) fn wants(&self, port: u8) -> u64 {
        self.wants[usize::from(port & 63)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fabric::{LinkParams, Topology};
    use crate::noc::route::DimensionOrder;

    /// The same port and channels as the routing function, for every pair and both orders.
    #[test]
    fn it_points_where_the_routing_function_does() {
        let size = vec![5, 3];
        for order in [[0, 1], [1, 0]] {
            let routing = Routing::from(DimensionOrder::new(&size, &[false; 2], &order, 3));
            let topology = Topology::Mesh { size: size.clone() };
            let fabric = topology.build(&LinkParams::default()).expect("a valid mesh");
            let compass = Compass::new(&routing, &fabric, 3).expect("a mesh has a compass");
            for (at, dst) in (0..15).flat_map(|at| (0..15).map(move |dst| (RouterId(at), RouterId(dst)))) {
                let head = Head { dst, eject: 4, ..Head::default() };
                let hop = routing.fixed(at, &head).expect("a mesh has fixed hops");
                let port = compass.port(compass.position(at), compass.goal(&head));
                assert_eq!(port, hop.port, "from {at} to {dst}");
                let apart = |extent: u32| (at.0 / extent % 5).abs_diff(dst.0 / extent % 5) as u16;
                let hops = Compass::hops(compass.position(at), compass.goal(&head));
                assert_eq!(hops, apart(1) + apart(5) + 1, "from {at} to {dst}");
                assert_eq!(compass.wants(port), u64::from(hop.vcs) << (port * 3));
            }
        }
    }

    #[test]
    fn rings_have_none() {
        let size = vec![4, 4];
        let routing = Routing::from(DimensionOrder::new(&size, &[true; 2], &[0, 1], 2));
        let fabric = Topology::Torus { size }.build(&LinkParams::default()).expect("a valid torus");
        assert!(Compass::new(&routing, &fabric, 2).is_none());
    }
}
