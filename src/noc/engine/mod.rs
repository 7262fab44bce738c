//! The cycle-level engine: input-queued routers with virtual channels and credits.
//!
//! ```text
//!        node ──inject──▶ [input VC]─RC─▶ waiting ─VA─▶ active ─SA─▶ ST ──wire──▶ next router / node
//!          ▲                                                   │
//!          └────────────── credit (the buffer slot is free) ◀──┘
//! ```
//!
//! The network is cut into regions: contiguous ranges of routers, one per thread. Whatever crosses
//! a cut takes at least [`Network::lookahead`] cycles, so regions meet only that often. Results do
//! not depend on the number of regions.
//!
//! Read [`cycle`](self) first (`cycle.rs`): one router cycle, in order. Then `allocate.rs`,
//! `traverse.rs`, `node.rs`; `region.rs` holds the state, `setup.rs` what never changes.

mod allocate;
mod calendar;
mod cycle;
mod exchange;
mod node;
mod packet;
mod region;
mod setup;
mod speculate;
mod stall;
mod tally;
mod traverse;
mod wheel;

use crate::base::{NodeId, Problems};
use crate::fabric::{Fabric, Health};
use crate::noc::params::RouterParams;
use crate::noc::route::Routing;
use crate::noc::source::Source;

use cycle::Turn;
use region::Region;
pub use setup::MAX_ROUTER_VCS;
use setup::{Cut, Setup};
pub use stall::{Stall, Waiting};
pub use tally::{Counts, PacketRecord, Tally, Window};

/// Why a run returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The given cycle was reached.
    Reached,
    /// No packet is under way and no source has another one.
    Idle,
    /// Packets are under way but none has moved for [`Network::patience`] cycles.
    Stalled(Stall),
}

/// A network that is being simulated.
#[derive(Clone, Debug)]
pub struct Network {
    routing: Routing,
    regions: Vec<Region>,
    cut: Cut,
    lookahead: u64,
    now: u64,
    started: bool,
    plain: bool,
    /// Cycles without any movement after which the network counts as stalled.
    pub patience: u64,
}

impl Network {
    /// A network at rest at cycle 0, to be simulated by `threads` threads.
    ///
    /// # Errors
    /// Router parameters out of range, or routers with more ports × VCs than [`MAX_ROUTER_VCS`].
    pub fn new(
        fabric: &Fabric,
        health: &Health,
        routing: Routing,
        params: &RouterParams,
        run: Run,
    ) -> Result<Self, Problems> {
        let setup = Setup::new(params, fabric, run.seed)?;
        let cut = Cut::new(fabric, run.threads);
        let regions = (0..cut.regions()).map(|i| Region::new(&setup, fabric, health, &cut, i)).collect();
        let shortest = fabric.links.iter().map(|link| u64::from(link.latency)).min().unwrap_or(1);
        let lookahead = shortest + setup.flit_delay.min(setup.credit_send + setup.credit_delay);
        Ok(Self {
            routing,
            regions,
            cut,
            lookahead,
            now: 0,
            started: false,
            plain: setup.is_plain(),
            patience: 20_000,
        })
    }

    /// Cycles that anything needs at least to cross from one region to another.
    pub fn lookahead(&self) -> u64 {
        self.lookahead
    }

    /// The next cycle to be simulated.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Measures the packets created within `window` from now on.
    pub fn measure(&mut self, window: Window) {
        self.regions.iter_mut().for_each(|region| region.tally.window = window);
    }

    /// Keeps a record of every delivered packet, or stops keeping it.
    pub fn keep_log(&mut self, keep: bool) {
        self.regions.iter_mut().for_each(|region| region.tally.log = keep.then(Vec::new));
    }

    /// Deals `source` out to the regions: the parts that [`Network::run`] takes.
    pub fn deal<S: Source>(&self, mut source: S) -> Vec<S> {
        let mut parts = Vec::with_capacity(self.regions.len());
        for &first in self.cut.nodes[1..self.regions.len()].iter().rev() {
            parts.push(source.split(NodeId(first)));
        }
        parts.push(source);
        parts.reverse();
        parts
    }

    /// Simulates up to cycle `until` (exclusive), or to the end of all traffic.
    ///
    /// `sources` are the parts that [`Network::deal`] made.
    pub fn run<S: Source>(&mut self, sources: &mut [S], until: u64) -> Ended {
        debug_assert_eq!(sources.len(), self.regions.len());
        if !std::mem::replace(&mut self.started, true) {
            for (region, source) in self.regions.iter_mut().zip(sources.iter_mut()) {
                (0..region.nodes.len()).for_each(|node| region.prime(node, source, self.now));
            }
        }
        match (&mut self.regions[..], sources) {
            ([region], [source]) => {
                let turn = Turn { routing: &self.routing, source, now: self.now };
                self.now = if self.plain {
                    run_alone::<S, true>(region, turn, until, self.patience)
                } else {
                    run_alone::<S, false>(region, turn, until, self.patience)
                };
            }
            (regions, sources) => {
                let team = exchange::Team {
                    routing: &self.routing,
                    lookahead: self.lookahead,
                    patience: self.patience,
                    plain: self.plain,
                };
                self.now = team.run(regions, sources, self.now..until);
            }
        }
        self.ended(until)
    }

    fn ended(&self, until: u64) -> Ended {
        if self.regions.iter().all(|region| region.next_event(self.now).is_none()) && self.in_flight() == 0 {
            return Ended::Idle;
        }
        let last_move = self.regions.iter().map(|region| region.last_move).max().unwrap_or(0);
        if self.in_flight() > 0 && self.now > last_move + self.patience {
            return Ended::Stalled(stall::find(&self.regions, self.now - last_move));
        }
        debug_assert!(self.now >= until || self.in_flight() > 0);
        Ended::Reached
    }

    /// Packets that are inside the network.
    pub fn in_flight(&self) -> u64 {
        self.regions.iter().map(|region| region.packets.len() as u64).sum()
    }

    /// Whether packets created before `end` are still to be created or delivered.
    pub fn awaits(&self, end: u64) -> bool {
        let outstanding = self.regions.iter().fold(0u64, |sum, r| sum.wrapping_add(r.tally.outstanding));
        outstanding > 0 || self.regions.iter().flat_map(|r| &r.nodes).any(|node| node.may_create_before(end))
    }

    /// What has been counted so far, over all regions.
    pub fn tally(&self) -> Tally {
        let mut total = self.regions[0].tally.clone();
        self.regions[1..].iter().for_each(|region| total.append(&region.tally));
        if let Some(log) = &mut total.log {
            log.sort_unstable_by_key(|record| (record.tail_ejected, record.dst, record.src, record.tag));
        }
        total
    }
}

/// The single-threaded loop: no exchange, and time jumps when nothing is due. Returns the cycle
/// reached; short of the end only if everything is idle or stalled.
fn run_alone<S: Source, const PLAIN: bool>(
    region: &mut Region,
    mut turn: Turn<'_, S>,
    until: u64,
    patience: u64,
) -> u64 {
    while turn.now < until {
        let busy = region.cycle::<S, PLAIN>(&mut turn);
        turn.now += 1;
        if !busy {
            match region.next_event(turn.now) {
                Some(next) => turn.now = next.min(until),
                None => break,
            }
        } else if turn.now & 1023 == 0 {
            region.note_movement(turn.now);
            if turn.now > region.last_move + patience && region.packets.len() > 0 {
                break;
            }
        }
    }
    turn.now
}

/// How to run, as opposed to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Seed of all random choices.
    pub seed: u64,
    /// Threads to use.
    pub threads: usize,
}
