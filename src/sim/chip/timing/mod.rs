//! How long a step takes: what cores send, and the models that turn it into time.
//!
//! Invariants: a model sees packets in the order in which cores send them, core by core; it never changes
//! what arrives, only when.
//!
//! Must not know: neurons, weights, energy.
//!
//! Read [`Outbox`] first, then `sanafe.rs`.

mod air;
mod desk;
mod heap;
mod ideal;
mod landing;
mod letters;
mod mesh;
mod order;
mod routed;
mod sanafe;
mod simple;
mod trips;
mod winners;

use super::copies::NO_TREE;
use super::counts::Critical;
use super::plan::Plan;
pub(super) use mesh::Mesh;

use super::site::Ground;
use crate::base::{CoreId, Problem, Problems};
use crate::network::Halt;
use crate::sim::Fidelity;

/// A packet, as its sender sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    /// Time from the core's previous packet, or from the start of the step, until this one is ready [s].
    pub gap: f64,
    /// The core that receives.
    pub core: u16,
    /// What receiving it amounts to.
    pub profile: u16,
    /// The tree that it follows to the cores of the messages behind it, [`ALONE`] if there is none, or [`JOINED`].
    pub tree: u32,
}

/// No tree: a packet to the cores of one node.
pub(super) const ALONE: u32 = NO_TREE;

/// No packet of its own: it is a copy of the one before, or goes with it to another core of the same node.
pub(super) const JOINED: u32 = NO_TREE - 1;

/// What some neighbouring cores send in a step.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    messages: Vec<Message>,
    /// By core: where its messages end.
    ends: Vec<u32>,
    /// By core: time that it is busy after its last packet [s].
    rests: Vec<f64>,
}

impl Outbox {
    pub(super) fn clear(&mut self) {
        self.messages.clear();
        self.ends.clear();
        self.rests.clear();
    }

    /// Adds messages that are ready one after the other.
    #[inline]
    pub(super) fn extend(&mut self, messages: impl Iterator<Item = Message>) {
        self.messages.extend(messages);
    }

    /// Messages so far.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Messages that there is room for.
    pub(super) fn room(&self) -> usize {
        self.messages.capacity()
    }

    /// Ends a core's list; the core is busy for another `rest` seconds.
    pub(super) fn close(&mut self, rest: f64) {
        self.ends.push(self.messages.len() as u32);
        self.rests.push(rest);
    }

    /// Lets the core at place `index` be busy for another `seconds` after its last packet.
    pub(super) fn linger(&mut self, index: usize, seconds: f64) {
        if let Some(rest) = self.rests.get_mut(index) {
            *rest += seconds;
        }
    }

    /// The messages of the core that was closed last, and how long it is busy afterwards.
    pub(super) fn last(&self) -> (&[Message], f64) {
        let start = self.ends.iter().rev().nth(1).map_or(0, |&end| end as usize);
        (&self.messages[start..], self.rests.last().copied().unwrap_or(0.0))
    }

    /// The messages of each core and how long it is busy afterwards.
    fn cores(&self) -> impl Iterator<Item = (&[Message], f64)> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let lists = starts.zip(&self.ends).map(|(start, &end)| &self.messages[start as usize..end as usize]);
        lists.zip(self.rests.iter().copied())
    }
}

/// How long a step took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Told {
    /// The time [s].
    pub seconds: f64,
    /// What it waited for last.
    pub critical: Option<Critical>,
}

impl Told {
    /// The core at place `core` is done at `seconds`. Of cores that are done together the first counts.
    #[inline]
    fn core(&mut self, core: usize, seconds: f64) {
        if seconds > self.seconds {
            *self = Self { seconds, critical: Some(Critical::Core(CoreId::at(core))) };
        }
    }
}

/// What all cores send in a step, core by core.
fn all_cores<'a>(outboxes: &'a [&'a Outbox]) -> impl Iterator<Item = (&'a [Message], f64)> {
    outboxes.iter().flat_map(|outbox| outbox.cores())
}

/// The first cycle of a clock of `hertz` that does not begin before `seconds` ≥ 0.
#[inline]
fn cycle_of(seconds: f64, hertz: f64) -> u64 {
    let cycles = seconds * hertz;
    let whole = cycles as u64;
    whole.saturating_add(u64::from((whole as f64) < cycles))
}

/// A model of time.
#[derive(Clone, Debug)]
pub(super) enum Clockwork {
    Ideal(ideal::Ideal),
    Sanafe(Box<sanafe::Sanafe>),
    Simple(simple::Simple),
    Routed(Box<routed::Routed>),
}

impl Clockwork {
    /// A model that uses so many threads for a step.
    ///
    /// # Errors
    /// A fidelity that this chip cannot be simulated in.
    pub(super) fn new(fidelity: Fidelity, ground: &Ground<'_>, threads: usize) -> Result<Self, Problems> {
        if ground.params.multicast && matches!(fidelity, Fidelity::Sanafe | Fidelity::SanafeSimple) {
            let problem = Problem::new("multicast", "SANA-FE's models know one packet for each core alone");
            return Err(problem.allowed("false, or fidelity `cycle`, `approximate` or `ideal`").into());
        }
        let by_hops = ground.params.hops.is_some() && ground.mesh().is_some() && ground.is_whole;
        Ok(match fidelity {
            Fidelity::Ideal if by_hops || ground.wires.is_none() => {
                Self::Ideal(ideal::Ideal::new(Mesh::new(ground)?))
            }
            Fidelity::Sanafe => Self::Sanafe(Box::new(sanafe::Sanafe::new(Mesh::new(ground)?))),
            Fidelity::SanafeSimple => Self::Simple(simple::Simple::new(ground)?),
            Fidelity::Cycle | Fidelity::Approximate | Fidelity::Ideal => {
                Self::Routed(Box::new(routed::Routed::new(fidelity, ground, threads)?))
            }
        })
    }

    /// Flits over the links of the network so far, where it is simulated.
    #[cfg(test)]
    pub(super) fn carried(&self) -> u64 {
        match self {
            Self::Routed(model) => model.carried,
            _ => 0,
        }
    }

    /// Looks up beforehand what the packets of `plan` will need.
    ///
    /// # Errors
    /// Trees that the network cannot take.
    pub(super) fn expect(&mut self, plan: &Plan) -> Result<(), Problems> {
        match self {
            Self::Routed(model) => model.expect(plan),
            _ => Ok(()),
        }
    }

    /// Time from the start of a step until every core is done and every packet processed; `latencies` says
    /// by profile what receiving a packet takes [s], `done` takes when each packet has been processed, in the order
    /// of sending, if any can be late.
    ///
    /// # Errors
    /// The network cannot go on.
    pub(super) fn time(
        &mut self,
        outboxes: &[&Outbox],
        latencies: &[f64],
        done: Option<&mut Vec<f64>>,
    ) -> Result<Told, Halt> {
        Ok(match self {
            Self::Ideal(model) => model.time(outboxes, latencies, done),
            Self::Sanafe(model) => model.time(outboxes, latencies, done),
            Self::Simple(model) => model.time(outboxes, latencies),
            Self::Routed(model) => return model.time(outboxes, latencies, done),
        })
    }
}
