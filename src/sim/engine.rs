//! The engines a run can be driven through, by fidelity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Job;
use crate::base::{Problem, Problems};
use crate::noc::engine::{Ended, Network, Run, Tally, Window};
use crate::noc::source::Source;

/// How closely the network is simulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fidelity {
    /// Flit by flit and cycle by cycle: buffers, virtual channels, credits, arbitration.
    #[default]
    Cycle,
    /// Event by event: packets reserve links and wait for each other.
    Approximate,
    /// Hops only: no packet ever waits.
    Ideal,
    /// The `detailed` timing model of SANA-FE, for spiking networks on a two-dimensional mesh.
    Sanafe,
    /// The `simple` timing model of SANA-FE, for spiking networks.
    SanafeSimple,
}

/// One of the engines, ready to run.
pub(super) enum Engine {
    Cycle(Box<Network>),
}

impl Engine {
    pub(super) fn new(job: &Job<'_>) -> Result<Self, Problems> {
        let run = Run { seed: job.seed, threads: job.threads };
        match job.fidelity {
            Fidelity::Cycle => {
                let network = Network::new(job.fabric, job.health, job.routing.clone(), job.router, run)?;
                Ok(Self::Cycle(Box::new(network)))
            }
            Fidelity::Sanafe | Fidelity::SanafeSimple => {
                let problem = Problem::new("fidelity", "this fidelity is one for spiking networks");
                Err(problem.allowed("`cycle`").into())
            }
            Fidelity::Approximate | Fidelity::Ideal => {
                let problem = Problem::new("fidelity", "this fidelity is not built yet");
                Err(problem.allowed("`cycle`").into())
            }
        }
    }

    pub(super) fn now(&self) -> u64 {
        match self {
            Self::Cycle(network) => network.now(),
        }
    }

    /// Cycles without movement after which the network counts as stalled.
    pub(super) fn patience(&self) -> u64 {
        match self {
            Self::Cycle(network) => network.patience,
        }
    }

    pub(super) fn measure(&mut self, window: Window) {
        match self {
            Self::Cycle(network) => network.measure(window),
        }
    }

    pub(super) fn keep_log(&mut self, keep: bool) {
        match self {
            Self::Cycle(network) => network.keep_log(keep),
        }
    }

    pub(super) fn deal<S: Source>(&self, source: S) -> Vec<S> {
        match self {
            Self::Cycle(network) => network.deal(source),
        }
    }

    pub(super) fn run<S: Source>(&mut self, sources: &mut [S], until: u64) -> Ended {
        match self {
            Self::Cycle(network) => network.run(sources, until),
        }
    }

    pub(super) fn in_flight(&self) -> u64 {
        match self {
            Self::Cycle(network) => network.in_flight(),
        }
    }

    pub(super) fn tally(&self) -> Tally {
        match self {
            Self::Cycle(network) => network.tally(),
        }
    }
}
