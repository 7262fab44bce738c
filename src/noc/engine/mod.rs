//! The cycle-level engine: input-queued routers with virtual channels and credits.
//!
//! ```text
//!        node ──inject──▶ [input VC]─RC─▶ waiting ─VA─▶ active ─SA─▶ ST ──wire──▶ next router / node
//!          ▲                                                   │
//!          └────────────── credit (the buffer slot is free) ◀──┘
//! ```
//!
//! The network is cut into regions: contiguous ranges of routers, one per thread. Whatever one router or
//! node does reaches another one two cycles later at the earliest, so regions meet only that often, and
//! each block of 64 routers is simulated for as many cycles while its state is in the processor's cache.
//!
//! Invariants: results depend neither on the number of regions nor on the order of routers; in a steady state a
//! cycle allocates no memory; every packet that is created is delivered, refused, lost or in flight. Sources are
//! asked outside the routers' loop, which therefore is compiled once and not once for each source.
//!
//! Must not know: what packets mean, where they come from, what events cost.
//!
//! Read [`cycle`](self) first (`cycle.rs`): one router cycle, in order. Then `allocate.rs`,
//! `switch.rs`, `traverse.rs`, `node.rs`, `express.rs` for heads that nobody disturbs, and `fork.rs` for multicast;
//! `region.rs` holds the state, `setup.rs` what never changes. Faults that strike during a run are in `reconfigure.rs`,
//! `strike.rs` and `purge.rs`; a network is used again by `restart.rs`.

/// Evaluates `$body` with `$regions` bound to the regions, whatever their size class.
macro_rules! with_regions {
    ($network:expr, $regions:ident => $body:expr) => {
        match $network {
            Regions::Small($regions) => $body,
            Regions::Medium($regions) => $body,
            Regions::Large($regions) => $body,
        }
    };
}

mod ahead;
mod allocate;
mod arbiter;
mod board;
mod calendar;
mod compass;
mod cycle;
mod errors;
mod exchange;
mod express;
mod fork;
mod node;
#[cfg(test)]
mod paced;
mod packet;
mod purge;
mod reconfigure;
mod region;
#[cfg(test)]
mod rest;
mod restart;
mod router;
mod setup;
mod speculate;
mod stall;
mod strike;
mod switch;
mod tally;
mod traverse;
mod wheel;

use std::sync::Arc;

use crate::base::{NodeId, Problems, RouterId};
use crate::fabric::{Attachment, Fabric, Health};
use crate::noc::multicast::TreeTable;
use crate::noc::params::RouterParams;
use crate::noc::route::Routing;
use crate::noc::source::Source;

use compass::Compass;
pub use errors::Transmission;
use exchange::Team;
use fork::Grove;
use region::{Ground, Region};
pub use setup::MAX_ROUTER_VCS;
use setup::{Cut, Setup};
pub use stall::{Stall, Waiting};
pub use tally::{Counts, Multicasts, PacketRecord, Tally, Window};

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

/// The regions of a network, by the size class of its routers: virtual channels; ports and switch inputs.
#[derive(Clone, Debug)]
enum Regions {
    Small(Vec<Region<32, 8>>),
    Medium(Vec<Region<64, 16>>),
    Large(Vec<Region<64, 64>>),
}

/// A network that is being simulated.
#[derive(Clone, Debug)]
pub struct Network {
    routing: Routing,
    regions: Regions,
    cut: Cut,
    /// By link, the output port where it begins.
    link_ports: Vec<u8>,
    attachments: Vec<Attachment>,
    vcs: u8,
    /// Cycles that anything needs at least to reach another router or node.
    lookahead: u64,
    now: u64,
    started: bool,
    /// See [`Network::pause`].
    paused: bool,
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
        let mut setup = Setup::new(params, fabric, run.seed)?;
        if routing.escape() != 0 {
            setup.keep_escapes_open();
        }
        let cut = Cut::new(fabric, run.threads);
        let ports =
            (0..fabric.routers.len()).map(|router| fabric.ports(RouterId::at(router))).max().unwrap_or(0);
        let compass = Compass::new(&routing, fabric, setup.vcs).map(Arc::new);
        let ground = Ground { setup: &setup, fabric, health, cut: &cut, compass: compass.as_ref() };
        let (channels, lanes) = (ports * usize::from(setup.vcs), ports * usize::from(setup.speedup));
        let regions = match (channels, lanes) {
            (..=32, ..=8) => Regions::Small(build(&ground)),
            (_, ..=16) => Regions::Medium(build(&ground)),
            _ => Regions::Large(build(&ground)),
        };
        let lookahead = setup.lookahead(fabric);
        Ok(Self {
            routing,
            regions,
            cut,
            link_ports: fabric.links.iter().map(|link| link.from_port).collect(),
            attachments: fabric.nodes.clone(),
            vcs: params.vcs,
            lookahead,
            now: 0,
            started: false,
            paused: false,
            patience: 20_000,
        })
    }

    /// Sets the trees that packets may follow ([`Source::tree`]), before the first cycle. The trees are to be built
    /// for this network's routing function, or nothing is known of deadlocks. Bit errors and faults that strike
    /// during the run know nothing of copies; whoever drives the network does not combine them.
    ///
    /// # Errors
    /// A tree with more than [`MAX_ROUTER_VCS`] branches at one fork.
    pub fn set_trees(&mut self, trees: Arc<TreeTable>) -> Result<(), Problems> {
        let grove = Arc::new(Grove::new(trees, &self.link_ports, &self.attachments, self.vcs)?);
        with_regions!(&mut self.regions, regions => regions.iter_mut().for_each(|region| region.set_trees(&grove)));
        Ok(())
    }

    /// Lets bit errors happen on links, from the start of the run on.
    pub fn disturb(&mut self, fabric: &Fabric, terms: &Transmission) {
        if terms.bit_error_rate > 0.0 {
            with_regions!(&mut self.regions, regions => {
                regions.iter_mut().for_each(|region| region.disturb(fabric, terms));
            });
        }
    }

    /// Flits sent again over each link, if there are bit errors.
    pub fn resent(&self, fabric: &Fabric) -> Option<Vec<u64>> {
        let mut resent = vec![0; fabric.links.len()];
        with_regions!(&self.regions, regions => {
            for errors in regions.iter().map(|region| region.shared.errors.as_ref()) {
                errors?.resent().for_each(|(link, flits)| resent[link.index()] = flits);
            }
        });
        Some(resent)
    }

    /// The next cycle to be simulated.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Measures the packets created within `window` from now on.
    pub fn measure(&mut self, window: Window) {
        with_regions!(&mut self.regions, regions => regions.iter_mut().for_each(|r| r.shared.tally.window = window));
    }

    /// Keeps a record of every delivered packet, or stops keeping it.
    pub fn keep_log(&mut self, keep: bool) {
        with_regions!(&mut self.regions, regions => {
            regions.iter_mut().for_each(|region| region.shared.tally.log = keep.then(Vec::new));
        });
    }

    /// Deals `source` out to the regions: the parts that [`Network::run`] takes.
    pub fn deal<S: Source>(&self, mut source: S) -> Vec<S> {
        let mut parts: Vec<S> = Vec::with_capacity(self.cut.regions());
        for &first in self.cut.nodes[1..self.cut.regions()].iter().rev() {
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
        debug_assert_eq!(sources.len(), self.cut.regions());
        let start = !std::mem::replace(&mut self.started, true);
        with_regions!(&mut self.regions, regions => {
            if start {
                regions.iter_mut().zip(sources.iter_mut()).for_each(|(region, source)| region.start(source));
            }
            let team =
                Team { routing: &self.routing, lookahead: self.lookahead, patience: self.patience };
            self.now = match (&mut regions[..], sources) {
                ([region], [source]) => team.run_alone(region, source, self.now..until),
                (regions, sources) => team.run(regions, sources, self.now..until),
            };
        });
        if self.paused && self.in_flight() == 0 {
            // Nothing more can happen, however long the network waits.
            self.now = self.now.max(until);
        }
        self.ended()
    }

    fn ended(&mut self) -> Ended {
        with_regions!(&mut self.regions, regions => {
            let in_flight = total_in_flight(regions);
            if regions.iter().all(|region| region.next_event(self.now).is_none()) {
                let stuck = || stall::find(regions, 0);
                return if in_flight == 0 { Ended::Idle } else { Ended::Stalled(stuck()) };
            }
            regions.iter_mut().for_each(|region| region.note_movement(self.now));
            let last_move = regions.iter().map(|region| region.last_move).max().unwrap_or(0);
            if in_flight > 0 && self.now > last_move + self.patience {
                return Ended::Stalled(stall::find(regions, self.now - last_move));
            }
        });
        Ended::Reached
    }

    /// Packets that are inside the network; a multicast packet counts once for each destination.
    pub fn in_flight(&self) -> u64 {
        with_regions!(&self.regions, regions => total_in_flight(regions))
    }

    /// Packets that sources have offered and that are not created yet.
    pub fn offered(&self) -> u64 {
        with_regions!(&self.regions, regions => regions.iter().map(|region| region.nodes.offered()).sum())
    }

    /// Whether packets created before `end` are still to be created or delivered.
    pub fn awaits(&self, end: u64) -> bool {
        with_regions!(&self.regions, regions => {
            let outstanding = regions.iter().fold(0u64, |sum, r| sum.wrapping_add(r.shared.tally.outstanding));
            outstanding > 0 || regions.iter().any(|region| region.nodes.may_create_before(end))
        })
    }

    /// What has been counted so far, over all regions.
    pub fn tally(&self) -> Tally {
        let mut total = with_regions!(&self.regions, regions => {
            let mut parts = regions.iter().map(|region| region.tally(self.now));
            let mut total = parts.next().unwrap_or_default();
            parts.for_each(|part| total.append(&part));
            total
        });
        for counts in [&mut total.packet_latency, &mut total.network_latency, &mut total.hops] {
            counts.settle();
        }
        if let Some(log) = &mut total.log {
            log.sort_unstable_by_key(|record| (record.tail_ejected, record.dst, record.src, record.tag));
        }
        total
    }
}

fn total_in_flight<const N: usize, const P: usize>(regions: &[Region<N, P>]) -> u64 {
    regions.iter().map(|region| region.shared.in_flight()).fold(0, u64::wrapping_add)
}

fn build<const N: usize, const P: usize>(ground: &Ground<'_>) -> Vec<Region<N, P>> {
    (0..ground.cut.regions()).map(|index| Region::new(ground, index)).collect()
}

/// How to run, as opposed to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Seed of all random choices.
    pub seed: u64,
    /// Threads to use.
    pub threads: usize,
}

#[cfg(test)]
mod tests;
