//! How packets set out: whether they can be delivered, and what they carry to find their way.

use std::sync::Arc;

use crate::base::random::{Purpose, Stream};
use crate::base::{NodeId, RouterId};
use crate::fabric::{Attachment, Health};
use crate::noc::engine::compass::Compass;
use crate::noc::engine::fork::{Grove, NO_BRANCH};
use crate::noc::engine::packet::{Damage, Travel};
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
        self.direct = compass.is_some() && health.is_perfect();
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

    /// Creates a packet to one destination in the slot `slot`: what it carries. Returns its goal as its flits say it; `None`
    /// if it is refused.
    #[inline(always)]
    pub(super) fn set_out(
        &self,
        origin: Origin,
        offer: &Offer,
        slot: u32,
        shared: &mut Shared,
        routing: &Routing,
    ) -> Option<u32> {
        let Shared { tally, packets, setup, .. } = shared;
        tally.create(offer, 1);
        let goal = self.plan(origin, offer.dst, packets.travel(slot as usize), setup.seed, routing);
        match goal {
            Some(_) => tally.admit(offer, 1),
            None => tally.refuse(offer.at, offer.flits, 1),
        }
        goal
    }

    /// Part after part is written where it belongs: what is put together elsewhere is read in one piece before its parts
    /// have been written, for which the processor waits.
    #[inline(always)]
    fn plan(
        &self,
        origin: Origin,
        dst: NodeId,
        travel: &mut Travel,
        seed: u64,
        routing: &Routing,
    ) -> Option<u32> {
        let to = *self.attachments.get(dst.index())?;
        travel.head = Head { dst: to.router, eject: to.port, ..Head::default() };
        (travel.branch, travel.hops, travel.damage) = (NO_BRANCH, 0, Damage::None);
        if !self.direct {
            let from = self.attachments[origin.src.index()].router;
            let alive = origin.alive && self.living[dst.index()];
            if !alive || !routing.reaches(from, to.router) {
                return None;
            }
            let mut draw = Stream::new(seed, Purpose::Routing, origin.src.0, u64::from(origin.number));
            routing.inject(from, &mut travel.head, &mut draw);
        }
        let Some(&goal) = self.goals.get(dst.index()) else { return Some(0) };
        travel.hops = Compass::hops(self.goals[origin.src.index()], goal);
        Some(goal)
    }
}

/// Creates a packet that follows a tree, in the slot `slot`, and returns its goal: none. It is refused as a whole if the
/// tree does not exist or does not start here, or if it has more than one flit; the destinations that the tree does not
/// reach are refused.
pub(super) fn plant(
    tree: Option<Tree>,
    offer: &Offer,
    origin: Origin,
    slot: u32,
    shared: &mut Shared,
) -> Option<u32> {
    let tally = &mut shared.tally;
    let (reached, missed) = tree.map_or((0, 1), |tree| (tree.reached.into(), tree.missed.into()));
    tally.create(offer, reached + missed);
    tally.multicast.packets += 1;
    tally.multicast.destinations += reached + missed;
    let usable = offer.flits == 1 && reached > 0 && origin.alive;
    tally.refuse(offer.at, offer.flits, if usable { missed } else { reached + missed });
    let tree = tree.filter(|_| usable)?;
    tally.admit(offer, reached);
    let packets = &mut shared.packets;
    packets.uncopied = packets.uncopied.wrapping_add(reached - 1);
    *packets.travel(slot as usize) = Travel { branch: tree.root, ..Travel::default() };
    Some(0)
}
