//! Closed loop: a node waits for answers before it goes on.
//!
//! Every generated packet is a request; the node that receives it answers with a reply, `service_cycles`
//! later. At most `outstanding` requests of a node are without their reply. While that many are, its
//! process stands still, and it goes on from the cycle in which a reply arrives. A request that is refused or
//! lost, or whose reply is, is given up when the network says so: the model of a timeout that costs nothing.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::process::{MAX_CYCLES, in_range};
use crate::base::{NodeId, Problems};
use crate::noc::source::{Delivery, Failure, Offer};

/// The bit of a tag that tells replies from requests.
const REPLY: u32 = 1 << 31;

/// Whether the packet with this tag is a reply of a closed loop. The other bits of a reply's tag are those
/// of the request that it answers.
pub fn is_reply(tag: u32) -> bool {
    tag & REPLY != 0
}

/// The tag of a node's packet number `index`: its low 31 bits.
pub(super) fn request_tag(index: u64) -> u32 {
    index as u32 & !REPLY
}

/// Request–reply windows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Closed {
    /// Most requests of one node that have no reply yet; ≥ 1. More load the network more and make a
    /// slow network hurt less.
    pub outstanding: u32,
    /// Length of a reply [flits]; 1 to 65535.
    pub reply_flits: u16,
    /// Time from the arrival of a request to the cycle before its reply is created [cycles].
    pub service_cycles: u64,
}

impl Default for Closed {
    /// Four requests in flight, answered at once by one flit.
    fn default() -> Self {
        Self { outstanding: 4, reply_flits: 1, service_cycles: 0 }
    }
}

impl Closed {
    /// Checks the parameters.
    ///
    /// # Errors
    /// One problem per parameter out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        in_range(&mut problems, "outstanding", self.outstanding.into(), (1, u32::MAX.into()));
        in_range(&mut problems, "reply_flits", self.reply_flits.into(), (1, u16::MAX.into()));
        in_range(&mut problems, "service_cycles", self.service_cycles, (0, MAX_CYCLES));
        problems.into_result(())
    }
}

/// The windows of a range of nodes.
#[derive(Debug)]
pub(super) struct Windows {
    terms: Closed,
    /// Requests without a reply, by node; those promised for a later cycle count.
    open: Vec<u32>,
    /// Whether the node's process stands still.
    waiting: Vec<bool>,
    /// Replies that a node owes, by time.
    owed: Vec<VecDeque<Offer>>,
}

/// What a delivery sets off at its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// A reply is owed.
    Owes,
    /// The process goes on after the cycle of delivery.
    Resumes,
    /// Nothing new.
    Nothing,
}

impl Windows {
    /// Windows of `nodes` nodes, all open.
    pub(super) fn new(terms: Closed, nodes: usize) -> Self {
        let owed = std::iter::repeat_with(VecDeque::new).take(nodes).collect();
        Self { terms, open: vec![0; nodes], waiting: vec![false; nodes], owed }
    }

    /// The next reply that the node at `lane` owes.
    pub(super) fn reply(&mut self, lane: usize) -> Option<Offer> {
        self.owed[lane].pop_front()
    }

    /// Whether the node at `lane` may have another request; if not, its process stands still.
    pub(super) fn admits(&mut self, lane: usize) -> bool {
        self.waiting[lane] = self.open[lane] >= self.terms.outstanding;
        !self.waiting[lane]
    }

    /// The node at `lane` has created a request.
    pub(super) fn requested(&mut self, lane: usize) {
        self.open[lane] += 1;
    }

    /// A packet has arrived at the node at `lane`.
    pub(super) fn delivered(&mut self, lane: usize, delivery: Delivery) -> Effect {
        if is_reply(delivery.tag) {
            return self.answered(lane);
        }
        self.owed[lane].push_back(Offer {
            at: delivery.at + 1 + self.terms.service_cycles,
            dst: delivery.src,
            flits: self.terms.reply_flits,
            tag: delivery.tag | REPLY,
        });
        Effect::Owes
    }

    /// A packet with `node`, which has its lane at `lane`, at one end was refused or lost: a request of its own,
    /// or the reply to one, will not be answered any more.
    pub(super) fn failed(&mut self, lane: usize, node: NodeId, failure: Failure) -> Effect {
        let requester = if is_reply(failure.tag) { failure.dst } else { failure.src };
        if requester != node {
            return Effect::Nothing;
        }
        self.answered(lane)
    }

    /// A request of the node at `lane` is done with.
    fn answered(&mut self, lane: usize) -> Effect {
        self.open[lane] = self.open[lane].saturating_sub(1);
        let resumes = std::mem::take(&mut self.waiting[lane]);
        if resumes { Effect::Resumes } else { Effect::Nothing }
    }

    /// Splits off the nodes from `lane` on.
    pub(super) fn split(&mut self, lane: usize) -> Self {
        Self {
            terms: self.terms.clone(),
            open: self.open.split_off(lane),
            waiting: self.waiting.split_off(lane),
            owed: self.owed.split_off(lane),
        }
    }
}
