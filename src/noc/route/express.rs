//! Express links along the border of a concentrated mesh.
//!
//! A border router has no neighbour outwards; its spare port may carry a link that runs along the
//! border and skips routers. On the way along the border it is taken when it does not overshoot.

use super::grid::Axis;
use super::ground::Ground;
use crate::base::RouterId;

/// By (router, axis): the express port and the coordinate it leads to.
#[derive(Clone, Debug)]
pub(super) struct Express {
    links: Vec<Option<(u8, u32)>>,
    axes: usize,
}

impl Express {
    /// Looks for links of a grid that join routers of one line without being neighbours in it.
    pub fn find(ground: &Ground, axes: &[Axis]) -> Option<Self> {
        let mut express =
            Self { links: vec![None; ground.fabric.routers.len() * axes.len()], axes: axes.len() };
        for link in &ground.fabric.links {
            let apart = |axis: &&Axis| axis.of(link.from) != axis.of(link.to);
            let mut differing = axes.iter().filter(apart);
            let (Some(axis), None) = (differing.next(), differing.next()) else { continue };
            if link.from_port >> 1 != axis.port >> 1 {
                let slot = link.from.index() * express.axes + axis.number() as usize;
                express.links[slot] = Some((link.from_port, axis.of(link.to)));
            }
        }
        express.links.iter().any(Option::is_some).then_some(express)
    }

    /// The express port from `at` along `axis`, if it skips routers and does not overshoot.
    #[inline]
    pub fn port(&self, at: RouterId, axis: &Axis, here: u32, there: u32) -> Option<u8> {
        let (port, lands) = self.links[at.index() * self.axes + axis.number() as usize]?;
        let between = if here < there {
            here + 1 < lands && lands <= there
        } else {
            there <= lands && lands + 1 < here
        };
        between.then_some(port)
    }
}
