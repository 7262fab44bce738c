//! A source that is counted, and that can be told to fall silent.

use std::sync::Arc;

use super::{Epoch, Job};
use crate::base::NodeId;
use crate::fabric::{Fabric, Health};
use crate::noc::engine::Window;
use crate::noc::multicast::{Tree, TreeTable};
use crate::noc::route::Routing;
use crate::noc::source::{Delivery, Failure, Offer, Source};

/// Counts what nodes offer within a window.
///
/// The engine asks a node for its next packet only once the one before is inside the network. What a
/// saturated node would have sent is asked for at the end, by [`Metered::catch_up`].
pub(super) struct Metered<'a, S> {
    inner: S,
    fabric: &'a Fabric,
    /// What works by now, and how packets find their way there.
    health: &'a Health,
    routing: &'a Routing,
    trees: Option<Arc<TreeTable>>,
    window: Window,
    first: u32,
    silent: bool,
    /// Flits offered within the window, by node; refused ones included.
    pub offered: Vec<u64>,
    /// Flits that [`Metered::catch_up`] counts and that would be refused.
    pub refused: u64,
    /// Packets handed to the engine.
    pub handed: u64,
    /// When the packet that the engine was handed last is created, by node; `u64::MAX`: there was none.
    next_at: Vec<u64>,
}

impl<'a, S: Source> Metered<'a, S> {
    pub(super) fn new(inner: S, job: &'a Job<'a>, trees: Option<Arc<TreeTable>>, window: Window) -> Self {
        let nodes = job.fabric.nodes.len();
        let (offered, next_at) = (vec![0; nodes], vec![0; nodes]);
        let Job { fabric, health, routing, .. } = *job;
        Self {
            inner,
            fabric,
            health,
            routing,
            trees,
            window,
            first: 0,
            silent: false,
            offered,
            refused: 0,
            handed: 0,
            next_at,
        }
    }

    /// Whether every packet created before the window's end has entered the network: a node is asked for
    /// its next packet when the one before is inside.
    pub(super) fn is_past_window(&self) -> bool {
        self.next_at.iter().all(|&at| at >= self.window.to)
    }

    /// From now on this is what works.
    pub(super) fn enter(&mut self, epoch: &'a Epoch) {
        (self.health, self.routing) = (&epoch.health, &epoch.routing);
    }

    /// No node creates another packet.
    pub(super) fn silence(&mut self) {
        self.silent = true;
    }

    /// Counts what the nodes would still have offered before cycle `end`.
    pub(super) fn catch_up(&mut self, end: u64) {
        for lane in 0..self.offered.len() {
            let node = NodeId(self.first + lane as u32);
            while let Some(offer) = self.inner.next(node).filter(|offer| offer.at < end) {
                self.count(node, &offer);
                if self.window.contains(offer.at) {
                    self.refused += self.refusals(node, &offer) * u64::from(offer.flits);
                }
            }
        }
    }

    fn count(&mut self, node: NodeId, offer: &Offer) {
        if self.window.contains(offer.at) {
            let copies = self.tree_of(offer).map_or(1, |tree| u64::from(tree.reached + tree.missed));
            self.offered[(node.0 - self.first) as usize] += copies * u64::from(offer.flits);
        }
    }

    /// The tree that a packet follows, if it follows one.
    fn tree_of(&self, offer: &Offer) -> Option<Tree> {
        let (trees, tree) = self.trees.as_ref().zip(self.inner.tree(offer))?;
        trees.tree(tree)
    }

    /// Destinations that a packet will be refused for.
    fn refusals(&self, node: NodeId, offer: &Offer) -> u64 {
        match self.tree_of(offer) {
            Some(tree) => tree.missed.into(),
            None => u64::from(!self.is_admitted(node, offer.dst)),
        }
    }

    fn is_admitted(&self, src: NodeId, dst: NodeId) -> bool {
        let Self { fabric, health, routing, .. } = *self;
        let (Some(from), Some(to)) = (fabric.nodes.get(src.index()), fabric.nodes.get(dst.index())) else {
            return false;
        };
        let alive =
            health.node[src.index()] && health.router[from.router.index()] && health.node[dst.index()];
        alive && routing.reaches(from.router, to.router)
    }
}

impl<S: Source> Source for Metered<'_, S> {
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        if self.silent {
            return None;
        }
        let next_at = &mut self.next_at[(node.0 - self.first) as usize];
        // Taken apart at once, and not copied in one piece: see `Offer`.
        let Some(Offer { at, dst, flits, tag }) = self.inner.next(node) else {
            *next_at = u64::MAX;
            return None;
        };
        *next_at = at;
        self.handed += 1;
        let offer = Offer { at, dst, flits, tag };
        self.count(node, &offer);
        Some(offer)
    }

    fn listens(&self) -> bool {
        self.inner.listens()
    }

    fn delivered(&mut self, delivery: Delivery) -> bool {
        self.inner.delivered(delivery)
    }

    fn heeds_failures(&self) -> bool {
        self.inner.heeds_failures()
    }

    fn failed(&mut self, node: NodeId, failure: Failure) -> bool {
        self.inner.failed(node, failure)
    }

    fn injected(&mut self, node: NodeId, tag: u32, at: u64) {
        self.inner.injected(node, tag, at);
    }

    fn tree(&self, offer: &Offer) -> Option<u32> {
        self.inner.tree(offer)
    }

    fn split(&mut self, at: NodeId) -> Self {
        Self {
            trees: self.trees.clone(),
            inner: self.inner.split(at),
            fabric: self.fabric,
            health: self.health,
            routing: self.routing,
            window: self.window,
            first: at.0,
            silent: self.silent,
            offered: self.offered.split_off((at.0 - self.first) as usize),
            next_at: self.next_at.split_off((at.0 - self.first) as usize),
            refused: 0,
            handed: 0,
        }
    }
}
