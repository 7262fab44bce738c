//! Generated traffic, node by node.
//!
//! Packet k of node i takes all its random numbers from streams keyed by (seed, i, k): what a node sends
//! depends on nothing that happens elsewhere, and idle cycles cost nothing.

use std::sync::Arc;

use prefetch_index::prefetch_index;

use super::closed::{Effect, Windows, request_tag};
use super::dice::{Dice, Throw, synapse_target};
use super::flits::Lengths;
use super::law::Law;
use super::multicast::{Carriage, Groups};
use super::rule::Rule;
use crate::base::NodeId;
use crate::noc::source::{Delivery, Failure, Multicast, Offer};

/// What all nodes share.
#[derive(Debug)]
pub(super) struct Plan {
    pub seed: u64,
    pub rule: Rule,
    pub lengths: Lengths,
    pub pace: Pace,
    /// One law for all nodes, or one per node.
    pub laws: Vec<Law>,
    /// Packets per node (in a closed loop: requests; to groups: before they are copied).
    pub limit: u64,
    /// Groups that packets go to, instead of what the rule picks.
    pub groups: Option<Groups>,
}

/// What a law's trials are.
#[derive(Debug)]
pub(super) enum Pace {
    /// Cycles; each success is a packet.
    Cycles,
    /// Neurons, tick after tick; each success is a spike.
    Neurons {
        /// Length of a tick [cycles].
        tick: u64,
        /// Neurons per node.
        neurons: u64,
        /// Time from one neuron to the next [cycles].
        step: u64,
        /// Packets per spike.
        fan_out: u32,
    },
}

impl Plan {
    fn law(&self, node: NodeId) -> &Law {
        self.laws.get(node.index()).unwrap_or(&self.laws[0])
    }
}

/// The state of a node.
#[derive(Debug)]
struct Lane {
    /// The trial after the last success: a cycle or a neuron.
    trial: u64,
    /// Packets created.
    created: u64,
    /// The numbers of the next one, if it draws its own. They are drawn when the one before is created: nobody waits for
    /// them then.
    throw: Throw,
}

/// The state of a range of nodes.
#[derive(Debug)]
pub(super) struct Generator {
    plan: Arc<Plan>,
    first: u32,
    /// By node.
    lanes: Vec<Lane>,
    /// Packets of the current spike, or to the current group, that are still to come, by node; empty where
    /// there are neither.
    copies: Vec<u32>,
    windows: Option<Windows>,
}

impl Generator {
    /// The start of `nodes` nodes.
    pub(super) fn new(plan: Plan, nodes: usize, windows: Option<Windows>) -> Self {
        let copies = match (&plan.pace, &plan.groups) {
            (Pace::Cycles, None) => Vec::new(),
            _ => vec![0; nodes],
        };
        let dice = |node| Dice { seed: plan.seed, node: NodeId::at(node), index: 0 };
        let lane = |node| Lane { trial: 0, created: 0, throw: dice(node).throw() };
        Self { lanes: (0..nodes).map(lane).collect(), plan: Arc::new(plan), first: 0, copies, windows }
    }

    /// Brings the state of `node` near.
    pub(super) fn fetch(&self, node: NodeId) {
        let lane = (node.0 - self.first) as usize;
        prefetch_index(self.lanes.as_slice(), lane);
    }

    /// The next packet of `node`; requests only before cycle `until`.
    pub(super) fn next(&mut self, node: NodeId, until: u64) -> Option<Offer> {
        let lane = (node.0 - self.first) as usize;
        if let Some(windows) = &mut self.windows {
            if let Some(reply) = windows.reply(lane) {
                return Some(reply);
            }
            if !windows.admits(lane) {
                return None;
            }
        }
        let offer = self.generate(node, lane).filter(|offer| offer.at < until)?;
        if let Some(windows) = &mut self.windows {
            windows.requested(lane);
        }
        Some(offer)
    }

    /// The next packet of `node` to a member of its group, or to all of them.
    fn generate_to_group(&mut self, node: NodeId, lane: usize, groups: &Groups) -> Option<Offer> {
        let (plan, packets, index) = (&*self.plan, groups.packets(node), self.lanes[lane].created);
        if packets == 0 || index >= plan.limit {
            return None;
        }
        // All numbers are those of the packet as it is before it is copied.
        let dice = Dice { seed: plan.seed, node, index };
        if self.copies[lane] == 0 {
            self.lanes[lane].trial += plan.law(node).skip(dice, dice.throw().gap)? + 1;
            self.copies[lane] = packets;
        }
        self.copies[lane] -= 1;
        self.lanes[lane].created += u64::from(self.copies[lane] == 0);
        let dst = groups.destination(node, packets - 1 - self.copies[lane])?;
        let at = self.lanes[lane].trial - 1;
        Some(Offer { at, dst, flits: plan.lengths.draw(dice), tag: request_tag(index) })
    }

    /// The next packet of `node`'s process.
    #[inline]
    fn generate(&mut self, node: NodeId, lane: usize) -> Option<Offer> {
        if self.plan.groups.is_some() {
            let plan = Arc::clone(&self.plan);
            return plan.groups.as_ref().and_then(|groups| self.generate_to_group(node, lane, groups));
        }
        let plan = &*self.plan;
        let own = &mut self.lanes[lane];
        let (index, throw) = (own.created, own.throw);
        if index >= plan.limit {
            return None;
        }
        let dice = Dice { seed: plan.seed, node, index };
        let skip = || plan.law(node).skip(dice, throw.gap);
        let (at, dst) = match plan.pace {
            Pace::Cycles => {
                let at = own.trial + skip()?;
                own.trial = at + 1;
                (at, plan.rule.pick(node, throw.target))
            }
            Pace::Neurons { tick, neurons, step, fan_out } => {
                if self.copies[lane] == 0 {
                    own.trial += skip()? + 1;
                    self.copies[lane] = fan_out;
                }
                self.copies[lane] -= 1;
                let (round, neuron) = ((own.trial - 1) / neurons, (own.trial - 1) % neurons);
                // A synapse is named by its place in the node, so that a neuron's targets stay.
                let synapse = neuron * u64::from(fan_out) + u64::from(self.copies[lane]);
                let target = synapse_target(plan.seed, node, synapse);
                (round.saturating_mul(tick) + neuron * step, plan.rule.pick(node, target))
            }
        };
        own.created = index + 1;
        own.throw = Dice { index: index + 1, ..dice }.throw();
        Some(Offer { at, dst, flits: plan.lengths.draw(dice), tag: request_tag(index) })
    }

    /// The groups that packets go to down trees.
    pub(super) fn multicasts(&self) -> &[Multicast] {
        match &self.plan.groups {
            Some(groups) if groups.carriage == Carriage::Tree => &groups.list,
            _ => &[],
        }
    }

    /// Whether what is delivered decides what is sent.
    pub(super) fn is_closed(&self) -> bool {
        self.windows.is_some()
    }

    /// Takes a delivery; whether its receiver may have a new offer.
    pub(super) fn delivered(&mut self, delivery: Delivery) -> bool {
        let Some(windows) = &mut self.windows else { return false };
        let lane = (delivery.dst.0 - self.first) as usize;
        let effect = windows.delivered(lane, delivery);
        self.resume(lane, effect, delivery.at)
    }

    /// Whether nodes wait for answers.
    pub(super) fn heeds_failures(&self) -> bool {
        self.windows.is_some()
    }

    /// Takes the failure of a packet with `node` at one end; whether the node may have a new offer.
    pub(super) fn failed(&mut self, node: NodeId, failure: Failure) -> bool {
        let Some(windows) = &mut self.windows else { return false };
        let lane = (node.0 - self.first) as usize;
        let effect = windows.failed(lane, node, failure);
        self.resume(lane, effect, failure.at)
    }

    /// Sets the process of the node at `lane` going again after cycle `at`, if that is the effect; whether there
    /// is one.
    fn resume(&mut self, lane: usize, effect: Effect, at: u64) -> bool {
        if effect == Effect::Resumes {
            let trial = &mut self.lanes[lane].trial;
            *trial = (*trial).max(at + 1);
        }
        effect != Effect::Nothing
    }

    /// Splits off the nodes from `at` on.
    pub(super) fn split(&mut self, at: NodeId) -> Self {
        let lane = (at.0 - self.first) as usize;
        Self {
            plan: Arc::clone(&self.plan),
            first: at.0,
            lanes: self.lanes.split_off(lane),
            copies: self.copies.split_off(lane.min(self.copies.len())),
            windows: self.windows.as_mut().map(|windows| windows.split(lane)),
        }
    }
}
