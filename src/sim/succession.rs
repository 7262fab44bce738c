//! Faults that strike during a run: when they are due, and when what they leave is put in order.

use super::engine::Engine;
use super::metered::Metered;
use crate::fabric::faults::{InFlight, Parts};
use crate::fabric::{Fabric, Health};
use crate::noc::loss::Losses;
use crate::noc::route::Routing;
use crate::noc::source::Source;

/// Cycles between two looks at whether the packets of before a fault have left.
const LOOK: u64 = 16;

/// What a chip is like from some cycle on.
#[derive(Clone, Debug)]
pub struct Epoch {
    /// Cycle at whose start the fault strikes.
    pub at_cycle: u64,
    /// What happens to packets under way.
    pub in_flight: InFlight,
    /// What breaks.
    pub parts: Parts,
    /// What works afterwards.
    pub health: Health,
    /// How packets find their way then.
    pub routing: Routing,
}

/// How the network came through a fault that struck during the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Cycle in which the fault struck.
    pub at_cycle: u64,
    /// Packets under way then.
    pub in_flight: u64,
    /// What was lost in that instant.
    pub losses: Losses,
    /// Cycle in which the new routes came into force and sources went on; `None` if the run ended before.
    pub resumed: Option<u64>,
}

/// The epochs of a run, one after the other.
///
/// When a fault strikes, no packet enters the network until those under way have left it by the old routes.
/// What is to be drained breaks then; what breaks at once takes packets with it. Then the routes for what is
/// left come into force. Faults that strike meanwhile join the same pause.
#[derive(Debug)]
pub(super) struct Succession<'a> {
    epochs: &'a [Epoch],
    /// Epochs whose fault has struck.
    struck: usize,
    /// Parts that are broken by now; those to be drained are not, until the pause ends.
    broken: Health,
    /// Cycle in which the pause began.
    paused: Option<u64>,
    pub passages: Vec<Passage>,
}

impl<'a> Succession<'a> {
    /// `start` is the health that the run begins with.
    pub(super) fn new(epochs: &'a [Epoch], start: &Health) -> Self {
        Self { epochs, struck: 0, broken: start.clone(), paused: None, passages: Vec::new() }
    }

    /// Whether sources wait for the network to be put in order.
    pub(super) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// The first cycle after `now` in which there may be something to do.
    pub(super) fn next(&self, now: u64) -> u64 {
        let fault = self.epochs.get(self.struck).map_or(u64::MAX, |epoch| epoch.at_cycle);
        let look = self.paused.map_or(u64::MAX, |since| now + LOOK - (now - since) % LOOK);
        fault.min(look)
    }

    /// Does what is due in the engine's cycle.
    pub(super) fn act<S: Source>(
        &mut self,
        fabric: &Fabric,
        engine: &mut Engine,
        sources: &mut [Metered<'a, S>],
    ) {
        let now = engine.now();
        while let Some(epoch) = self.epochs.get(self.struck).filter(|epoch| epoch.at_cycle <= now) {
            if self.paused.is_none() {
                engine.pause();
                self.paused = Some(now);
            }
            let in_flight = engine.in_flight();
            let losses = match epoch.in_flight {
                InFlight::Drain => Losses::default(),
                InFlight::Drop => {
                    epoch.parts.apply(fabric, &mut self.broken);
                    engine.strike(fabric, &self.broken, sources)
                }
            };
            self.passages.push(Passage { at_cycle: now, in_flight, losses, resumed: None });
            self.struck += 1;
        }
        let Some(since) = self.paused else { return };
        if (now - since).is_multiple_of(LOOK) && engine.in_flight() == 0 {
            let epoch = &self.epochs[self.struck - 1];
            engine.adopt(fabric, epoch);
            self.broken.clone_from(&epoch.health);
            self.paused = None;
            sources.iter_mut().for_each(|source| source.enter(epoch));
            self.passages.iter_mut().for_each(|passage| passage.resumed = passage.resumed.or(Some(now)));
        }
    }
}
