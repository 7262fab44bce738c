//! Runs: what drives an engine through warm-up, measurement and drain, and what comes out.
//!
//! ```text
//!   Job (chip, health, routing, router, fidelity) ─┐
//!   Source (who sends what) ── Metered ────────────┼──▶ Drive ──▶ Outcome (integers and histograms)
//!   Windows (what is measured) ────────────────────┘
//!                         saturation::search: many drives, one answer
//! ```
//!
//! Invariants: every packet that was created ends up delivered, refused, lost or in flight, and a run
//! that cannot account for one is an error; an outcome depends on neither the number of threads nor on how
//! often progress was asked for; an interrupted run says so.
//!
//! Must not know: YAML, files, the wall clock, joules.
//!
//! Read [`Job`] first, then `drive.rs`.

pub mod chip;
mod control;
mod drive;
mod engine;
mod metered;
mod outcome;
mod record;
pub mod saturation;
mod succession;
mod summary;
mod timeline;

use crate::base::Problems;
use crate::fabric::{Fabric, Health};
use crate::noc::engine::Transmission;
use crate::noc::params::RouterParams;
use crate::noc::route::Routing;
use crate::noc::source::Source;

pub use control::{Control, Progress};
pub use engine::Fidelity;
pub use outcome::{Circling, Ending, Loads, Outcome, Packets, RunError};
pub use record::Record;
pub use succession::{Epoch, Passage};
pub use summary::Summary;
pub use timeline::{Frame, Timeline};

/// What is simulated, and how.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The chip's network.
    pub fabric: &'a Fabric,
    /// What of it works.
    pub health: &'a Health,
    /// How packets find their way.
    pub routing: &'a Routing,
    /// Faults that strike during the run and what they leave, in the order of their cycles.
    pub epochs: &'a [Epoch],
    /// Bit errors on links, and what protects from them.
    pub transients: Option<&'a Transmission>,
    /// What routers are made of.
    pub router: &'a RouterParams,
    /// How closely the network is simulated.
    pub fidelity: Fidelity,
    /// Seed of all random choices.
    pub seed: u64,
    /// Threads to use; the outcome does not depend on them.
    pub threads: usize,
    /// Keep a record of every delivered packet.
    pub keep_log: bool,
}

/// What is measured: packets created in cycles `warmup..warmup + measure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Cycles before measurement begins.
    pub warmup: u64,
    /// Cycles of measurement; `None`: until the source has nothing more to send.
    pub measure: Option<u64>,
    /// Most cycles to wait, after the measurement, until every measured packet has arrived. Traffic goes
    /// on meanwhile; a network that needs longer is saturated. Then sources fall silent, and the network
    /// has as long again, or as long as it takes to recognise a livelock, to deliver what is under way.
    pub drain_limit: u64,
}

impl Job<'_> {
    /// Runs `source` through the windows.
    ///
    /// # Errors
    /// Parameters that the engine refuses; packets that are unaccounted for at the end.
    pub fn run<S: Source>(
        &self,
        source: S,
        windows: Windows,
        control: &mut Control<'_>,
    ) -> Result<Outcome, RunError> {
        drive::Drive::new(self, source, windows)?.run(control)
    }

    /// Checks that the engine takes the job.
    ///
    /// # Errors
    /// Parameters that the engine refuses, by their path under `router`.
    pub fn validate(&self) -> Result<(), Problems> {
        engine::Engine::new(self).map(drop)
    }
}

#[cfg(test)]
mod bit_errors;
#[cfg(test)]
mod strikes;
#[cfg(test)]
mod tests;
