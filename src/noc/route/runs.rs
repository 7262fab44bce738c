//! How far a packet gets in each direction of a grid before something broken stops it.

use super::dor::Classes;
use super::grid::Axis;
use super::ground::Ground;
use crate::base::{LinkId, RouterId};

/// Open hops from every router in every direction: two numbers per port, memory linear in the grid.
#[derive(Clone, Debug)]
pub(super) struct Runs {
    /// By (router, direction, class): hops until a link is not open; class 1 is the rings' upper half.
    hops: Vec<[u32; 2]>,
    /// By (router, port): the router behind it and the virtual channels that work on the way there.
    next: Vec<(RouterId, u32)>,
    alive: Vec<bool>,
    /// Network ports of the router that has most of them: express links add to those of the directions.
    ports: usize,
}

impl Runs {
    /// Counts, from every router along every direction, the hops that are open.
    pub fn measure(ground: &Ground, axes: &[Axis], classes: Classes) -> Self {
        let routers = &ground.fabric.routers;
        let ports = routers.iter().map(|router| usize::from(router.network_ports)).max().unwrap_or(0);
        let ports = ports.max(2 * axes.len());
        let mut runs = Self {
            hops: vec![[0; 2]; routers.len() * ports],
            next: vec![(RouterId(0), 0); routers.len() * ports],
            alive: ground.health.router.clone(),
            ports,
        };
        for (id, link) in ground.fabric.links.iter().enumerate() {
            runs.next[link.from.index() * ports + usize::from(link.from_port)] =
                (link.to, ground.usable(LinkId::at(id)));
        }
        for axis in axes {
            let masks = if axis.wrap { [classes.low, classes.high] } else { [classes.all; 2] };
            for router in ground.routers() {
                if axis.of(router) == 0 {
                    for down in [false, true] {
                        runs.measure_line(ground, axis, router, down, masks);
                    }
                }
            }
        }
        runs
    }

    /// Measures the line (or ring) that starts at `first`, against the direction of travel. Rings are
    /// gone round twice, so that a run may cross the edge; no run is longer than the line.
    fn measure_line(&mut self, ground: &Ground, axis: &Axis, first: RouterId, down: bool, masks: [u32; 2]) {
        let k = axis.len();
        let port = axis.port + u8::from(down);
        let mut ahead = [0; 2];
        for step in 0..k * if axis.wrap { 2 } else { 1 } {
            let here = if down { step % k } else { k - 1 - step % k };
            let router = axis.moved(first, 0, here);
            let link = ground.fabric.out(router, port);
            let beyond = axis.neighbour(router, here, down);
            let straight = link.filter(|&link| ground.fabric.link(link).to == beyond);
            for class in 0..2 {
                let open = straight.is_some_and(|link| ground.open(link, masks[class]));
                ahead[class] = if open { (ahead[class] + 1).min(k) } else { 0 };
            }
            self.hops[router.index() * self.ports + usize::from(port)] = ahead;
        }
    }

    /// Whether a packet that enters the dimension at `here` (router `at`) gets to `there`.
    #[inline]
    pub fn open(&self, axis: &Axis, at: RouterId, here: u32, there: u32, down: bool) -> bool {
        let apart = match (down, there < here) {
            (false, false) => there - here,
            (true, true) => here - there,
            (false, true) => there + axis.len() - here,
            (true, false) => here + axis.len() - there,
        };
        let run = self.hops[at.index() * self.ports + usize::from(axis.port) + usize::from(down)];
        run[usize::from(axis.wrap && there < here)] >= apart
    }

    /// The router behind `port`, if one of the virtual channels `vcs` works on the way there.
    #[inline]
    pub fn next(&self, at: RouterId, port: u8, vcs: u32) -> Option<RouterId> {
        let (next, usable) = self.next[at.index() * self.ports + usize::from(port)];
        (usable & vcs != 0).then_some(next)
    }

    /// Whether `router` forwards flits.
    pub fn alive(&self, router: RouterId) -> bool {
        self.alive[router.index()]
    }
}
