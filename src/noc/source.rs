//! What the network needs to know of whoever sends and receives packets.

pub use super::multicast::Multicast;
use crate::base::NodeId;

/// A packet to be created.
///
/// The parts stand in this order, so that no two of the same size are neighbours: compilers copy such together, and a
/// processor that reads together what has just been written one by one has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Offer {
    /// Cycle of creation; never earlier than the node's previous one, except after a delivery.
    pub at: u64,
    /// Destination node.
    pub dst: NodeId,
    /// Length [flits, ≥ 1].
    pub flits: u16,
    /// Carried through the network untouched and handed back at delivery.
    pub tag: u32,
}

/// A packet that has arrived whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Sending node.
    pub src: NodeId,
    /// Receiving node.
    pub dst: NodeId,
    /// The offer's tag.
    pub tag: u32,
    /// Cycle in which the head entered the injection channel.
    pub injected: u64,
    /// Cycle in which the tail was read.
    pub at: u64,
}

/// A packet that will never arrive: refused at its source, or lost on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// Sending node.
    pub src: NodeId,
    /// The node that it was for.
    pub dst: NodeId,
    /// The offer's tag.
    pub tag: u32,
    /// Cycle in which it was refused or lost.
    pub at: u64,
}

/// Sends and receives packets, node by node. State belongs to a node, so that nodes can be simulated
/// in any order and on any thread.
pub trait Source: Send {
    /// The next packet that `node` creates, or `None` if there is none until something arrives there.
    fn next(&mut self, node: NodeId) -> Option<Offer>;

    /// [`Source::next`] is likely to be asked soon: what it needs can be brought into the processor's cache.
    fn fetch(&self, node: NodeId) {
        let _ = node;
    }

    /// Whether [`Source::delivered`] is to be called at all. Asked before the first cycle; to sources that do not care it
    /// would be needless work.
    fn listens(&self) -> bool {
        true
    }

    /// A packet arrived at its destination (the cycle engine tells so in that very cycle). Returns whether `delivery.dst` may have a new offer, so
    /// that [`Source::next`] is asked again; such an offer must lie after `delivery.at`.
    fn delivered(&mut self, delivery: Delivery) -> bool {
        let _ = delivery;
        false
    }

    /// Whether [`Source::admit`] is to be asked. Asked before the first cycle, by the cycle engine; other networks hold
    /// whatever has arrived. Such a network cannot be struck by faults while it runs.
    fn admits(&self) -> bool {
        false
    }

    /// The head of the packet with this tag has come to `node`, where it is read in cycle `at` if there is room for the
    /// packet. If there is none, its flits stay in the last channel, and what comes behind them waits: the cycle, after
    /// `at`, from which it is worth asking again.
    ///
    /// # Errors
    /// That cycle.
    fn admit(&mut self, node: NodeId, tag: u32, at: u64) -> Result<(), u64> {
        let _ = (node, tag, at);
        Ok(())
    }

    /// Whether [`Source::failed`] is to be called. Sources that wait for answers must know of packets that fail;
    /// to others it would be needless work.
    fn heeds_failures(&self) -> bool {
        false
    }

    /// Tells `node`, one end of a packet, that the packet was refused or lost. Both ends are told, a node that
    /// sends to itself once: of a loss in the cycle in which it happens; of a refusal the sender at once and the
    /// receiver two cycles later. Returns whether `node` may have a new offer; as for [`Source::delivered`].
    fn failed(&mut self, node: NodeId, failure: Failure) -> bool {
        let _ = (node, failure);
        false
    }

    /// The head of `node`'s packet with this tag entered the network in cycle `at`: the packet waited from its
    /// creation until then. The node's next packet is asked for when the whole packet is inside, so a source
    /// that makes its packets when they are asked for feels the network's back-pressure.
    fn injected(&mut self, node: NodeId, tag: u32, at: u64) {
        let _ = (node, tag, at);
    }

    /// The multicast tree that a packet follows, as an index into the network's table of trees; `None`
    /// for a packet to `offer.dst` alone. A packet with a tree goes to all nodes of the tree instead.
    fn tree(&self, offer: &Offer) -> Option<u32> {
        let _ = offer;
        None
    }

    /// The trees that [`Source::tree`] names, in the order of their numbers.
    fn multicasts(&self) -> &[Multicast] {
        &[]
    }

    /// Splits off the nodes from `at` on, for another thread.
    fn split(&mut self, at: NodeId) -> Self
    where
        Self: Sized;
}
