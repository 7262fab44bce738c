//! Packets handed over step by step, as a simulator of spiking chips has them: what a time-step sends is posted,
//! the network runs on, and what has arrived is collected.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Approximate;
use crate::base::NodeId;
use crate::noc::engine::{Ended, Tally};
use crate::noc::multicast::TreeTable;
use crate::noc::source::{Delivery, Offer, Source};

/// Marks a destination as the number of a tree.
const TREE: u32 = 1 << 31;

/// A network with letterboxes.
///
/// ```
/// use spikeloom::base::NodeId;
/// use spikeloom::fabric::{Health, LinkParams, Topology};
/// use spikeloom::noc::approximate::{Approximate, Mail};
/// use spikeloom::noc::engine::Run;
/// use spikeloom::noc::params::RouterParams;
/// use spikeloom::noc::route::RoutingSpec;
/// use spikeloom::noc::source::Offer;
///
/// let fabric = Topology::Mesh { size: vec![4, 4] }.build(&LinkParams::default())?;
/// let health = Health::perfect(&fabric);
/// let routing = RoutingSpec::default().compile(&fabric, &health, 4, 1)?;
/// let run = Run { seed: 1, threads: 1 };
/// let mut mail = Mail::new(Approximate::new(&fabric, &health, routing, &RouterParams::default(), run)?);
/// mail.post(NodeId(0), Offer { at: 10, dst: NodeId(15), flits: 1, tag: 7 });
/// mail.run_dry();
/// let arrived: Vec<_> = mail.collect().collect();
/// // Alone in the network: 5 cycles for each of 7 routers and 2 more.
/// assert_eq!((arrived[0].tag, arrived[0].at), (7, 10 + 5 * 7 + 2));
/// # Ok::<(), spikeloom::base::Problems>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mail {
    network: Approximate,
    boxes: Boxes,
}

/// What nodes are still to send, and what they have received.
#[derive(Clone, Debug)]
struct Boxes {
    out: Vec<VecDeque<Offer>>,
    arrived: Vec<Delivery>,
}

impl Mail {
    /// `network` is at rest at cycle 0.
    pub fn new(network: Approximate) -> Self {
        let out = vec![VecDeque::new(); network.gate.nodes()];
        Self { network, boxes: Boxes { out, arrived: Vec::new() } }
    }

    /// Sets the trees that [`Mail::post_tree`] names.
    pub fn set_trees(&mut self, trees: Arc<TreeTable>) {
        self.network.set_trees(trees);
    }

    /// A packet from `src`. Creation times of a node's packets do not decrease, and none lies before
    /// [`Mail::now`]: one that does is created then.
    pub fn post(&mut self, src: NodeId, offer: Offer) {
        if let Some(out) = self.boxes.out.get_mut(src.index()) {
            out.push_back(offer);
            self.network.rouse(src, &mut self.boxes, offer.at.max(self.network.now));
        }
    }

    /// A packet of one flit from `src`, created in cycle `at`, to all nodes of tree number `tree`; every
    /// delivery carries `tag`. As for [`Mail::post`].
    pub fn post_tree(&mut self, src: NodeId, at: u64, tree: u32, tag: u32) {
        self.post(src, Offer { at, dst: NodeId(TREE | tree), flits: 1, tag });
    }

    /// The next cycle to be simulated.
    pub fn now(&self) -> u64 {
        self.network.now
    }

    /// Simulates up to cycle `until` (exclusive).
    pub fn run_until(&mut self, until: u64) -> Ended {
        let ended = self.network.run(&mut self.boxes, until);
        self.network.now = self.network.now.max(until.min(u64::MAX - 1));
        ended
    }

    /// Simulates until everything posted has arrived; returns the cycle after the last delivery, so far.
    pub fn run_dry(&mut self) -> Ended {
        self.network.run(&mut self.boxes, u64::MAX)
    }

    /// Takes what has arrived since the last call, in order of arrival.
    pub fn collect(&mut self) -> std::vec::Drain<'_, Delivery> {
        self.boxes.arrived.drain(..)
    }

    /// Packets posted and not delivered yet, those still in their nodes' queues included.
    pub fn pending(&self) -> u64 {
        let queued: usize = self.boxes.out.iter().map(VecDeque::len).sum();
        self.network.in_flight() + self.network.gate.offered() + queued as u64
    }

    /// What has been counted so far: packets refused, flits by port.
    pub fn tally(&self) -> Tally {
        self.network.tally()
    }
}

impl Source for Boxes {
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        self.out[node.index()].pop_front()
    }

    fn delivered(&mut self, delivery: Delivery) -> bool {
        self.arrived.push(delivery);
        false
    }

    fn tree(&self, offer: &Offer) -> Option<u32> {
        (offer.dst.0 & TREE != 0).then_some(offer.dst.0 & !TREE)
    }

    fn split(&mut self, at: NodeId) -> Self {
        Self { out: self.out.split_off(at.index()), arrived: Vec::new() }
    }
}
