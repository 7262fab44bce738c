//! How packets set out: whether they can be delivered, and what they carry to find their way.

use std::sync::Arc;

use crate::base::random::{Purpose, Stream};
use crate::base::{NodeId, RouterId};
use crate::fabric::{Attachment, Health};
use crate::noc::engine::compass::Compass;
use crate::noc::engine::fork::{Grove, NO_BRANCH};
use crate::noc::engine::packet::Travel;
use crate::noc::engine::region::{Ground, Shared};
use crate::noc::multicast::Tree;
use crate::noc::route::{Head, Routing};
use crate::noc::source::{Offer, Source};

/// What nodes know of the whole network.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    /// Where each node hangs, and whether its core works.
    attachments: Arc<[Attachment]>,
    living: Arc<[bool]>,
    /// By node, the goal of packets to it; nothing without a compass.
    goals: Vec<u32>,
    /// Trees that packets may follow.
    grove: Option<Arc<Grove>>,
    /// Every node reaches every other one by the compass, and nothing is drawn.
    direct: bool,
}

/// Where a packet comes from: its node, whether that works, and how many packets it has created.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub src: NodeId,
    pub alive: bool,
    pub number: u32,
}

impl Ways {
    pub(super) fn new(ground: &Ground<'_>) -> Self {
        let Ground { fabric, health, compass, .. } = *ground;
        let (attachments, living) = (fabric.nodes.clone().into(), health.node.clone().into());
        let mut ways = Self { attachments, living, goals: Vec::new(), grove: None, direct: false };
        ways.refit(health, compass);
        ways
    }

    /// Takes over what works now, and how packets find their way.
    pub(super) fn refit(&mut self, health: &Health, compass: Option<&Arc<Compass>>) {
        self.living = health.node.clone().into();
        let goal = |&Attachment { router, port }: &_| Head { dst: router, eject: port, ..Head::default() };
        self.goals = compass.map_or(Vec::new(), |compass| {
            self.attachments.iter().map(|at| compass.goal(&goal(at))).collect()
        });
        let mut parts = health.link.iter().chain(&health.router).chain(&health.node);
        self.direct = compass.is_some() && parts.all(|&works| works);
    }

    /// Packets may follow trees from now on, which no compass knows.
    pub(super) fn set_trees(&mut self, grove: &Arc<Grove>) {
        (self.goals, self.grove, self.direct) = (Vec::new(), Some(Arc::clone(grove)), false);
    }

    /// The router of a node.
    pub(super) fn router(&self, node: NodeId) -> Option<RouterId> {
        self.attachments.get(node.index()).map(|at| at.router)
    }

    /// The tree that a packet is to follow, if it is to follow one: nothing inside if there is no such tree from its node.
    #[inline(always)]
    pub(super) fn tree<S: Source>(&self, src: NodeId, offer: &Offer, source: &S) -> Option<Option<Tree>> {
        let grove = self.grove.as_deref()?;
        source.tree(offer).map(|tree| grove.tree(tree).filter(|tree| tree.src == src))
    }

    /// Creates a packet to one destination: what it carries, and its goal as its flits say it; `None` if it is refused.
    #[inline(always)]
    pub(super) fn set_out(
        &self,
        origin: Origin,
        offer: &Offer,
        shared: &mut Shared,
        routing: &Routing,
    ) -> Option<(Travel, u32)> {
        shared.tally.create(offer, 1);
        let begun = self.plan(origin, offer.dst, shared.setup.seed, routing);
        match begun {
            Some(_) => shared.tally.admit(offer, 1),
            None => shared.tally.refuse(offer.at, offer.flits, 1),
        }
        begun
    }

    #[inline(always)]
    fn plan(&self, origin: Origin, dst: NodeId, seed: u64, routing: &Routing) -> Option<(Travel, u32)> {
        let to = *self.attachments.get(dst.index())?;
        let mut head = Head { dst: to.router, eject: to.port, ..Head::default() };
        if !self.direct {
            let from = self.attachments[origin.src.index()].router;
            let alive = origin.alive && self.living[dst.index()];
            if !alive || !routing.reaches(from, to.router) {
                return None;
            }
            let mut draw = Stream::new(seed, Purpose::Routing, origin.src.0, u64::from(origin.number));
            routing.inject(from, &mut head, &mut draw);
        }
        let mut travel = Travel { head, branch: NO_BRANCH, ..Travel::default() };
        let Some(&goal) = self.goals.get(dst.index()) else { return Some((travel, 0)) };
        travel.hops = Compass::hops(self.goals[origin.src.index()], goal);
        Some((travel, goal))
    }
}

/// Creates a packet that follows a tree. It is refused as a whole if the tree does not exist or does not
/// start here, or if it has more than one flit; the destinations that the tree does not reach are refused.
pub(super) fn plant(
    tree: Option<Tree>,
    offer: &Offer,
    origin: Origin,
    shared: &mut Shared,
) -> Option<(Travel, u32)> {
    let tally = &mut shared.tally;
    let (reached, missed) = tree.map_or((0, 1), |tree| (tree.reached.into(), tree.missed.into()));
    tally.create(offer, reached + missed);
    tally.multicast.packets += 1;
    tally.multicast.destinations += reached + missed;
    let usable = offer.flits == 1 && reached > 0 && origin.alive;
    tally.refuse(offer.at, offer.flits, if usable { missed } else { reached + missed });
    let tree = tree.filter(|_| usable)?;
    tally.admit(offer, reached);
    shared.packets.uncopied = shared.packets.uncopied.wrapping_add(reached - 1);
    Some((Travel { branch: tree.root, ..Travel::default() }, 0))
}
