//! Nodes as senders, in the engines that move whole packets: who may send what, and which packet is next.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ledger::{Ledger, Parcel};
use super::multicast::TreeTable;
use super::route::{Head, Routing};
use super::source::{Failure, Offer, Source};
use crate::base::NodeId;
use crate::base::random::{Purpose, Stream};
use crate::fabric::{Attachment, Fabric, Health};

/// Packets between two nodes may go different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn;

/// Knows of every node where it hangs, whether it works, and its next packet.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub routing: Routing,
    pub trees: Option<Arc<TreeTable>>,
    attachments: Vec<Attachment>,
    /// By node: its core and its router work.
    alive: Vec<bool>,
    seed: u64,
    /// By node: packets created so far.
    counts: Vec<u32>,
    /// By node: what its source has offered and is not created yet, by cycle. Usually one packet; a
    /// delivery can call forth another one that goes before it.
    offers: Vec<VecDeque<Offer>>,
    /// Nodes that may send again since a packet to them was refused; the engine is to wake them.
    pub roused: Vec<NodeId>,
}

impl Gate {
    pub(super) fn new(fabric: &Fabric, health: &Health, routing: Routing, seed: u64) -> Self {
        let works = |(node, at): (usize, &Attachment)| health.node[node] && health.router[at.router.index()];
        let nodes = fabric.nodes.len();
        Self {
            routing,
            trees: None,
            attachments: fabric.nodes.clone(),
            alive: fabric.nodes.iter().enumerate().map(works).collect(),
            seed,
            counts: vec![0; nodes],
            offers: vec![VecDeque::new(); nodes],
            roused: Vec::new(),
        }
    }

    pub(super) fn nodes(&self) -> usize {
        self.attachments.len()
    }

    #[inline(always)]
    pub(super) fn attachment(&self, node: NodeId) -> Attachment {
        self.attachments[node.index()]
    }

    /// The cycle from which `node` has something to send, `now` at the earliest; asks the source if need be.
    pub(super) fn due<S: Source>(&mut self, node: NodeId, source: &mut S, now: u64) -> Option<u64> {
        let offers = &mut self.offers[node.index()];
        if offers.is_empty() {
            offers.extend(source.next(node));
        }
        offers.front().map(|offer| offer.at.max(now))
    }

    /// Asks the source for one more packet of `node`, which may go before those offered already.
    pub(super) fn ask<S: Source>(&mut self, node: NodeId, source: &mut S) {
        if let Some(offer) = source.next(node) {
            let offers = &mut self.offers[node.index()];
            let at = offers.partition_point(|held| held.at <= offer.at);
            offers.insert(at, offer);
        }
    }

    /// Whether a packet of before `end` is still to be created, as far as sources have said.
    pub(super) fn may_create_before(&self, end: u64) -> bool {
        self.offers.iter().filter_map(VecDeque::front).any(|offer| offer.at < end)
    }

    /// Offers that sources have made and that are not created yet.
    pub(super) fn offered(&self) -> u64 {
        self.offers.iter().map(|offers| offers.len() as u64).sum()
    }

    /// Creates the next packet of `node` that may be sent and whose time has come; counts those before it
    /// that are refused.
    pub(super) fn create<S: Source>(
        &mut self,
        node: NodeId,
        source: &mut S,
        ledger: &mut Ledger,
        now: u64,
    ) -> Option<Parcel> {
        while self.due(node, source, now) == Some(now) {
            let offer = self.offers[node.index()].pop_front()?;
            self.counts[node.index()] = self.counts[node.index()].wrapping_add(1);
            let tree = self.trees.as_ref().and(source.tree(&offer));
            let parcel = match tree {
                Some(tree) => self.plant(node, &offer, tree, ledger),
                None => self.admit(node, &offer, ledger),
            };
            if parcel.is_some() {
                return parcel;
            }
            self.tell_refused(node, &offer, source, now);
        }
        None
    }

    /// Tells both ends that a packet was refused, if they care.
    fn tell_refused<S: Source>(&mut self, src: NodeId, offer: &Offer, source: &mut S, now: u64) {
        if !source.heeds_failures() {
            return;
        }
        let failure = Failure { src, dst: offer.dst, tag: offer.tag, at: now };
        source.failed(src, failure);
        if offer.dst != src && offer.dst.index() < self.nodes() && source.failed(offer.dst, failure) {
            self.ask(offer.dst, source);
            self.roused.push(offer.dst);
        }
    }

    /// A packet to one destination, unless it must be refused.
    fn admit(&mut self, src: NodeId, offer: &Offer, ledger: &mut Ledger) -> Option<Parcel> {
        ledger.tally.create(offer, 1);
        let Some(head) = self.head(src, offer.dst) else {
            ledger.tally.refuse(offer.at, offer.flits, 1);
            return None;
        };
        ledger.tally.admit(offer, 1);
        Some(Parcel::new(src, offer, head))
    }

    /// The routing state of a packet, or `None` if it cannot be delivered.
    fn head(&self, src: NodeId, dst: NodeId) -> Option<Head> {
        let mut head = self.addressed(src, dst)?;
        let from = self.attachment(src);
        let mut draw = Stream::new(self.seed, Purpose::Routing, src.0, u64::from(self.counts[src.index()]));
        self.routing.inject(from.router, &mut head, &mut draw);
        Some(head)
    }

    /// The same before anything is drawn.
    fn addressed(&self, src: NodeId, dst: NodeId) -> Option<Head> {
        let (from, to) = (self.attachment(src), *self.attachments.get(dst.index())?);
        let alive = self.alive[src.index()] && self.alive[dst.index()];
        let is_served = alive && self.routing.reaches(from.router, to.router);
        is_served.then(|| Head { dst: to.router, eject: to.port, ..Head::default() })
    }

    /// The routing state that every packet from `src` to `dst` begins with, where nothing is drawn; `Ok(None)` if none
    /// can be delivered.
    ///
    /// # Errors
    /// Packets draw something, and may go different ways.
    pub(super) fn only_head(&self, src: NodeId, dst: NodeId) -> Result<Option<Head>, Drawn> {
        let Some(head) = self.addressed(src, dst) else { return Ok(None) };
        let mut starts = Vec::with_capacity(1);
        self.routing.starts(self.attachment(src).router, head, &mut starts);
        match starts[..] {
            [(head, _)] => Ok(Some(head)),
            _ => Err(Drawn),
        }
    }

    /// A packet that follows a tree. It is refused as a whole if the tree does not exist or does not start
    /// here, or if it has more than one flit; the destinations that the tree does not reach are refused.
    fn plant(&mut self, src: NodeId, offer: &Offer, tree: u32, ledger: &mut Ledger) -> Option<Parcel> {
        let trees = self.trees.as_ref()?;
        let tree = trees.tree(tree).filter(|tree| tree.src == src);
        let (reached, missed) = tree.map_or((0, 1), |tree| (tree.reached.into(), tree.missed.into()));
        let tally = &mut ledger.tally;
        tally.create(offer, reached + missed);
        tally.multicast.packets += 1;
        tally.multicast.destinations += reached + missed;
        let usable = offer.flits == 1 && reached > 0 && self.alive[src.index()];
        tally.refuse(offer.at, offer.flits, if usable { missed } else { reached + missed });
        let tree = tree.filter(|_| usable)?;
        ledger.admit_tree(offer, reached);
        let head = Head { dst: self.attachment(src).router, ..Head::default() };
        Some(Parcel { branch: tree.root, ..Parcel::new(src, offer, head) })
    }
}
