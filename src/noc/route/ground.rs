//! What a routing function is compiled for: a fabric, what of it works, the virtual channels.

use crate::base::{LinkId, RouterId};
use crate::fabric::{Fabric, Health};

/// What one router sends to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// Source.
    pub from: RouterId,
    /// Destination.
    pub to: RouterId,
    /// Rate in any unit; only ratios count.
    pub rate: f64,
}

/// The ground that routes are laid on.
#[derive(Clone, Debug)]
pub struct Ground<'a> {
    /// The chip's network.
    pub fabric: &'a Fabric,
    /// What of it works.
    pub health: &'a Health,
    /// Virtual channels per port.
    pub vcs: u8,
    /// Seed of random choices made at compile time.
    pub seed: u64,
    /// The traffic to choose routes for; `None`: uniform.
    pub traffic: Option<&'a [Flow]>,
    /// By link: virtual channels that work; none on a dead link or beside a dead router.
    usable: Vec<u32>,
}

impl<'a> Ground<'a> {
    /// `vcs` is 1 to 32.
    pub fn new(fabric: &'a Fabric, health: &'a Health, vcs: u8, seed: u64) -> Self {
        let all = all_vcs(vcs);
        let alive = |id: usize| {
            let link = &fabric.links[id];
            health.link[id] && health.router[link.from.index()] && health.router[link.to.index()]
        };
        let mut usable: Vec<u32> =
            (0..fabric.links.len()).map(|id| if alive(id) { all } else { 0 }).collect();
        for &(link, stuck) in &health.stuck_vcs {
            usable[link.index()] &= !stuck;
        }
        Self { fabric, health, vcs, seed, traffic: None, usable }
    }

    /// Mask of all virtual channels.
    pub fn all(&self) -> u32 {
        all_vcs(self.vcs)
    }

    /// Virtual channels of `link` that work.
    pub fn usable(&self, link: LinkId) -> u32 {
        self.usable[link.index()]
    }

    /// Whether a packet that may take the virtual channels `vcs` can pass `link`.
    pub fn open(&self, link: LinkId, vcs: u32) -> bool {
        self.usable[link.index()] & vcs != 0
    }

    /// Whether every link and router works, for all virtual channels.
    pub fn whole(&self) -> bool {
        let all = self.all();
        self.health.router.iter().all(|&alive| alive) && self.usable.iter().all(|&vcs| vcs == all)
    }

    /// Whether some virtual channel of a working link is stuck.
    pub fn has_stuck_vcs(&self) -> bool {
        let all = self.all();
        self.usable.iter().any(|&vcs| vcs != 0 && vcs != all)
    }

    /// Whether `router` forwards flits.
    pub fn alive(&self, router: RouterId) -> bool {
        self.health.router[router.index()]
    }

    /// All routers.
    pub fn routers(&self) -> impl Iterator<Item = RouterId> + use<> {
        (0..self.fabric.routers.len()).map(RouterId::at)
    }

    /// Working nodes at `router`.
    pub fn nodes_at(&self, router: RouterId) -> u32 {
        let nodes = self.fabric.nodes_of(router).iter();
        if self.alive(router) {
            nodes.filter(|node| self.health.node[node.index()]).count() as u32
        } else {
            0
        }
    }
}

/// Mask of the first `vcs` virtual channels.
pub fn all_vcs(vcs: u8) -> u32 {
    u32::MAX >> (32 - u32::from(vcs.clamp(1, 32)))
}
