//! One run: warm-up, measurement, drain, silence, and the books at the end.
//!
//! ```text
//!   0 ───── warm-up ─────┬──── measurement ────┬── drain ──┬── silence ──▶
//!   traffic runs ────────────────────────────────────────▶ │ nothing new is created
//!   packets created here count: └───────────────┘          │ until nothing is in flight
//! ```

use std::sync::Arc;

use super::engine::Engine;
use super::metered::Metered;
use super::outcome::{Casts, Circling, Ending, Loads, Outcome, Packets, RunError};
use super::succession::Succession;
use super::timeline::Recorder;
use super::{Control, Job, Windows};
use crate::base::{Problem, RouterId};
use crate::fabric::Fabric;
use crate::noc::engine::{Ended, Multicasts, Stall, Tally, Window};
use crate::noc::multicast::TreeTable;
use crate::noc::source::Source;

/// Router-cycles between two looks at the outside world: some tens of milliseconds.
const CHUNK: u64 = 1 << 20;

/// Cycles between two looks at whether the drain is over.
const DRAIN_CHUNK: u64 = 64;

/// Cycles, per cycle of the slowest link, in which flits move and none arrives until that counts as a livelock.
const LIVELOCK: u64 = 50_000;

/// What stops a run before its next stage.
enum Break {
    /// Nothing is left to happen.
    Idle,
    Stalled(Stall),
    Circling(Circling),
    Cancelled,
}

/// A run in progress.
pub(super) struct Drive<'a, S> {
    job: &'a Job<'a>,
    windows: Windows,
    window: Window,
    engine: Engine,
    sources: Vec<Metered<'a, S>>,
    /// See [`Drive::give_up_below`].
    least: Option<f64>,
    /// Flits that had moved when the engine claimed to be stuck, and the cycle of the first such claim.
    moved: Option<(u64, u64)>,
    /// Flits that had arrived, the cycle in which that was last seen to change, and the hops until then.
    arrived: (u64, u64, u64),
    /// Cycle in which to look at that again.
    look_again: u64,
    /// Flits by port when the window opened and closed.
    opened: Option<Vec<u64>>,
    closed: Option<Vec<u64>>,
    recorder: Recorder,
    succession: Succession<'a>,
}

impl<'a, S: Source> Drive<'a, S> {
    pub(super) fn new(job: &'a Job<'a>, source: S, windows: Windows) -> Result<Self, RunError> {
        let mut engine = Engine::new(job)?;
        let end = windows.measure.map_or(u64::MAX, |measure| windows.warmup.saturating_add(measure));
        let window = Window { from: windows.warmup, to: end };
        let trees = trees(job, &source)?;
        if let Some(trees) = &trees {
            engine.set_trees(Arc::clone(trees))?;
        }
        engine.measure(window);
        engine.keep_log(job.keep_log);
        let sources = engine.deal(Metered::new(source, job, trees, window));
        let expected = windows.measure.map(|_| end);
        let ports = job.fabric.port_base.last().map_or(0, |&ports| ports as usize);
        Ok(Self {
            job,
            windows,
            window,
            engine,
            sources,
            least: None,
            moved: None,
            arrived: (0, 0, 0),
            look_again: 0,
            opened: None,
            closed: None,
            recorder: Recorder::new(ports, expected),
            succession: Succession::new(job.epochs, job.health),
        })
    }

    /// Skips the drain if less than `least` is accepted, refused traffic apart [flits/node/cycle].
    pub(super) fn give_up_below(self, least: f64) -> Self {
        Self { least: Some(least), ..self }
    }

    pub(super) fn run(mut self, control: &mut Control<'_>) -> Result<Outcome, RunError> {
        let ending = match self.stages(control) {
            Ok(false) => Ending::Saturated,
            Ok(true) | Err(Break::Idle) => Ending::Complete,
            Err(Break::Stalled(stall)) => Ending::Stalled(stall),
            Err(Break::Circling(circling)) => Ending::Circling(circling),
            Err(Break::Cancelled) => Ending::Cancelled,
        };
        self.outcome(ending)
    }

    /// Returns whether every measured packet has arrived in time.
    fn stages(&mut self, control: &mut Control<'_>) -> Result<bool, Break> {
        self.advance(self.window.from, control)?;
        self.opened = Some(self.engine.tally().port_flits);
        self.advance(self.window.to, control)?;
        let tally = self.engine.tally();
        let hopeless = self.is_hopeless(&tally);
        self.closed = Some(tally.port_flits);
        let drained = !hopeless && self.settle(control, Self::has_drained)?;
        self.sources.iter_mut().for_each(Metered::silence);
        // Long enough to tell a livelock from a slow drain.
        self.windows.drain_limit = self.windows.drain_limit.max(2 * LIVELOCK * self.slowest());
        match self.settle(control, |drive| drive.engine.in_flight() == 0 && !drive.succession.is_paused()) {
            Ok(_) | Err(Break::Idle) => Ok(drained),
            Err(other) => Err(other),
        }
    }

    /// Whether so little was accepted that the drain would only show what is known.
    fn is_hopeless(&self, tally: &Tally) -> bool {
        let (Some(least), Some(measure)) = (self.least, self.windows.measure) else { return false };
        let refused = tally.flits_refused as f64 / tally.flits_offered.max(1) as f64;
        let node_cycles = self.job.fabric.nodes.len() as f64 * measure as f64;
        (tally.flits_accepted as f64) < least * (1.0 - refused) * node_cycles
    }

    /// Whether every measured packet has been delivered.
    fn has_drained(&self) -> bool {
        self.sources.iter().all(Metered::is_past_window) && self.engine.tally().outstanding == 0
    }

    /// Runs until `done`, at most for the drain limit; returns whether it is.
    fn settle(&mut self, control: &mut Control<'_>, done: impl Fn(&Self) -> bool) -> Result<bool, Break> {
        let limit = self.engine.now().saturating_add(self.windows.drain_limit);
        let mut step = DRAIN_CHUNK;
        while !done(self) {
            let now = self.engine.now();
            if now >= limit {
                return Ok(false);
            }
            self.advance(limit.min(now + step), control)?;
            step = (2 * step).min(CHUNK);
        }
        Ok(true)
    }

    /// Runs up to cycle `until`, a chunk at a time.
    fn advance(&mut self, until: u64, control: &mut Control<'_>) -> Result<(), Break> {
        let chunk = (CHUNK / self.job.fabric.routers.len().max(1) as u64).max(16);
        while self.engine.now() < until {
            if control.is_cancelled() {
                return Err(Break::Cancelled);
            }
            self.succession.act(self.job.fabric, &mut self.engine, &mut self.sources);
            let now = self.engine.now();
            let end = until.min(now.saturating_add(chunk)).min(self.recorder.next());
            let end = end.min(self.succession.next(now));
            let ended = self.engine.run(&mut self.sources, end);
            let goes_on = ended != Ended::Idle || self.succession.is_paused();
            if self.engine.now() >= self.recorder.next() && goes_on {
                self.recorder.look(self.engine.now(), &self.engine.tally().port_flits);
            }
            match ended {
                Ended::Reached => self.watch()?,
                Ended::Idle if goes_on => {}
                Ended::Idle => return Err(Break::Idle),
                Ended::Stalled(stall) if self.is_stuck() => return Err(Break::Stalled(stall)),
                Ended::Stalled(_) => {}
            }
            let total = self.windows.measure.map(|measure| (self.windows.warmup + measure) as f64);
            let cycle = self.engine.now();
            control.report(cycle, total.map(|total| (cycle as f64 / total).min(1.0)));
        }
        Ok(())
    }

    /// Whether the engine is right in that nothing moves: within a short chunk it may not have looked.
    fn is_stuck(&mut self) -> bool {
        let (tally, now) = (self.engine.tally(), self.engine.now());
        let moved = tally.flits_injected + tally.port_flits.iter().sum::<u64>();
        match self.moved {
            Some((before, since)) if before == moved => now - since > self.engine.patience(),
            _ => {
                self.moved = Some((moved, now));
                false
            }
        }
    }

    /// Whether flits still arrive. They may be a long time on their way where links are long.
    fn watch(&mut self) -> Result<(), Break> {
        let now = self.engine.now();
        if now < self.look_again {
            return Ok(());
        }
        self.look_again = now + LIVELOCK / 8;
        let tally = self.engine.tally();
        let hops = tally.port_flits.iter().sum::<u64>() - tally.flits_ejected;
        let (arrived, since, before) = self.arrived;
        let in_flight = self.engine.in_flight();
        if in_flight == 0 || arrived != tally.flits_ejected || hops == before {
            self.arrived = (tally.flits_ejected, now, hops);
            return Ok(());
        }
        if now - since <= LIVELOCK * self.slowest() {
            return Ok(());
        }
        Err(Break::Circling(Circling { packets: in_flight, cycles: now - since, hops: hops - before }))
    }

    /// Flight time of the slowest link [cycles].
    fn slowest(&self) -> u64 {
        self.job.fabric.links.iter().map(|link| link.latency).max().unwrap_or(1).into()
    }

    /// Closes the books.
    fn outcome(mut self, ending: Ending) -> Result<Outcome, RunError> {
        let tally = self.engine.tally();
        let in_flight = self.engine.in_flight();
        let now = self.engine.now();
        let idle = in_flight == 0 && !matches!(ending, Ending::Cancelled);
        self.balance(&tally, in_flight)?;
        let reached = match self.windows.measure {
            Some(_) if idle => self.window.to.max(tally.finish),
            None if idle => tally.finish,
            // The watchdog's hour depends on how the chip was cut; the last delivery does not.
            _ if matches!(ending, Ending::Stalled(_)) => tally.finish,
            _ => now,
        };
        if self.windows.measure.is_some() && !matches!(ending, Ending::Cancelled) {
            let end = self.window.to.min(if idle { u64::MAX } else { reached });
            self.sources.iter_mut().for_each(|source| source.catch_up(end));
        }
        let loads = self.loads(&tally);
        let left_out: u64 = self.sources.iter().map(|source| source.refused).sum();
        let timeline = self.recorder.finish(self.job.fabric, &tally.port_flits);
        Ok(Outcome {
            ending,
            cycles: reached,
            measured_cycles: reached.min(self.window.to).saturating_sub(self.window.from),
            packets: Packets {
                created: tally.created,
                delivered: tally.delivered,
                refused: tally.refused,
                lost: tally.losses.total(),
                in_flight,
            },
            offered_flits: loads.node_offered.iter().sum(),
            refused_flits: tally.flits_refused + left_out,
            accepted_flits: tally.flits_accepted,
            vc_allocations: tally.vc_grants,
            retransmitted: tally.retransmitted,
            losses: tally.losses,
            corrupted: tally.corrupted,
            passages: self.succession.passages,
            deflections: self.engine.deflections(),
            multicast: (tally.multicast.packets > 0).then_some(Casts {
                packets: tally.multicast.packets,
                destinations: tally.multicast.destinations,
                copies: tally.multicast.copies.iter().sum(),
            }),
            loads,
            timeline,
            packet_latency: tally.packet_latency,
            network_latency: tally.network_latency,
            hops: tally.hops,
            log: tally.log,
        })
    }

    /// Whether every packet and flit is accounted for.
    fn balance(&self, tally: &Tally, in_flight: u64) -> Result<(), RunError> {
        let Tally { created, delivered, refused, flits_injected, flits_ejected, flits_lost, .. } = *tally;
        let lost = tally.losses.total();
        let Multicasts { packets, destinations, ref copies } = tally.multicast;
        let (offers, copies) = (created - destinations + packets, copies.iter().sum::<u64>());
        let handed: u64 = self.sources.iter().map(|source| source.handed).sum();
        let waiting = self.engine.offered();
        let sums = [
            (
                created == delivered + refused + lost + in_flight,
                "created = delivered + refused + lost + in flight",
            ),
            (handed == offers + waiting, "handed over = created + waiting at their nodes"),
            (
                in_flight > 0 || flits_injected + copies == flits_ejected + flits_lost,
                "flits injected or copied = flits ejected + flits lost",
            ),
        ];
        match sums.into_iter().find(|&(holds, _)| !holds) {
            None => Ok(()),
            Some((_, sum)) => Err(RunError::Unbalanced(format!(
                "{sum} does not hold: created {created}, delivered {delivered}, refused {refused}, lost {lost}, \
                 in flight {in_flight}, handed over {handed}, waiting {waiting}, flits {flits_injected} in, {flits_ejected} out, \
                 {flits_lost} lost"
            ))),
        }
    }

    fn loads(&self, tally: &Tally) -> Loads {
        let fabric = self.job.fabric;
        let closed = self.closed.as_ref().unwrap_or(&tally.port_flits);
        let accepted = |node: &crate::fabric::Attachment| {
            let slot = fabric.slot(node.router, node.port);
            closed[slot] - self.opened.as_ref().map_or(0, |opened| opened[slot])
        };
        let (router_flits, delivered_flits) = by_router(fabric, &tally.port_flits);
        Loads {
            router_flits,
            delivered_flits,
            router_copies: tally.multicast.copies.clone(),
            link_flits: fabric
                .links
                .iter()
                .map(|link| tally.port_flits[fabric.slot(link.from, link.from_port)])
                .collect(),
            link_resent: self.engine.resent(fabric),
            node_offered: self.sources.iter().flat_map(|source| &source.offered).copied().collect(),
            node_accepted: fabric.nodes.iter().map(accepted).collect(),
        }
    }
}

/// The trees that a source's packets follow on this chip, if any do.
fn trees<S: Source>(job: &Job<'_>, source: &S) -> Result<Option<Arc<TreeTable>>, RunError> {
    let list = source.multicasts();
    if list.is_empty() {
        return Ok(None);
    }
    let missing = match (job.epochs.is_empty(), job.transients) {
        (false, _) => Some("faults that strike during the run are"),
        (true, Some(_)) => Some("bit errors are"),
        (true, None) => None,
    };
    if let Some(missing) = missing {
        let problem =
            Problem::new("multicast", format!("{missing} not simulated on packets that routers copy"));
        return Err(RunError::Source(problem.allowed("`as: unicast`").into()));
    }
    let trees = TreeTable::build(job.fabric, job.health, job.routing, list);
    Ok(Some(Arc::new(trees.map_err(|problems| RunError::Source(problems.under("multicast")))?)))
}

/// Flits that left each router by any port, and by its node ports.
fn by_router(fabric: &Fabric, port_flits: &[u64]) -> (Vec<u64>, Vec<u64>) {
    let ports = |index: usize| {
        let (first, end) = (fabric.port_base[index] as usize, fabric.port_base[index + 1] as usize);
        let network = usize::from(fabric.routers[RouterId::at(index).index()].network_ports);
        let all: u64 = port_flits[first..end].iter().sum();
        (all, port_flits[first + network..end].iter().sum::<u64>())
    };
    (0..fabric.routers.len()).map(ports).unzip()
}
