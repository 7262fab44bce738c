//! The engines a run can be driven through, by fidelity and kind of router.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Epoch, Job};
use crate::base::{Problem, Problems};
use crate::fabric::{Fabric, Health};
use crate::noc::approximate::Approximate;
use crate::noc::deflection::{Deflection, Deflections};
use crate::noc::engine::{Ended, Network, Run, Tally, Window};
use crate::noc::ideal::Ideal;
use crate::noc::loss::Losses;
use crate::noc::multicast::TreeTable;
use crate::noc::params::RouterKind;
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
    Deflection(Box<Deflection>),
    Approximate(Box<Approximate>),
    Ideal(Box<Ideal>),
}

/// Evaluates `$body` with `$network` bound to the engine, whatever it is.
macro_rules! with_engine {
    ($engine:expr, $network:ident => $body:expr) => {
        match $engine {
            Engine::Cycle($network) => $body,
            Engine::Deflection($network) => $body,
            Engine::Approximate($network) => $body,
            Engine::Ideal($network) => $body,
        }
    };
}

impl Engine {
    pub(super) fn new(job: &Job<'_>) -> Result<Self, Problems> {
        refuse_unbuilt(job)?;
        let Job { fabric, health, router, .. } = *job;
        let (run, routing) = (Run { seed: job.seed, threads: job.threads }, job.routing.clone());
        Ok(match (job.fidelity, router.kind) {
            (Fidelity::Cycle, RouterKind::InputQueued) => {
                let mut network = Network::new(fabric, health, routing, router, run)?;
                if let Some(transients) = job.transients {
                    network.disturb(fabric, transients);
                }
                Self::Cycle(Box::new(network))
            }
            (Fidelity::Cycle, RouterKind::Deflection) => {
                Self::Deflection(Box::new(Deflection::new(fabric, health, routing, router, run)?))
            }
            (Fidelity::Ideal, _) => Self::Ideal(Box::new(Ideal::new(fabric, health, routing, router, run)?)),
            (Fidelity::Approximate, _) => {
                Self::Approximate(Box::new(Approximate::new(fabric, health, routing, router, run)?))
            }
            (Fidelity::Sanafe | Fidelity::SanafeSimple, _) => {
                let problem = Problem::new("fidelity", "this fidelity is one for spiking networks");
                return Err(problem.allowed("`cycle`, `approximate`, `ideal`").into());
            }
        })
    }

    pub(super) fn now(&self) -> u64 {
        with_engine!(self, network => network.now())
    }

    /// Cycles without movement after which the network counts as stalled.
    pub(super) fn patience(&self) -> u64 {
        match self {
            Self::Cycle(network) => network.patience,
            Self::Approximate(network) => network.patience,
            Self::Deflection(_) | Self::Ideal(_) => 0,
        }
    }

    /// Sets the trees that packets may follow.
    ///
    /// # Errors
    /// A network whose routers copy no packets.
    pub(super) fn set_trees(&mut self, trees: Arc<TreeTable>) -> Result<(), Problems> {
        match self {
            Self::Cycle(network) => return network.set_trees(trees),
            Self::Approximate(network) => network.set_trees(trees),
            Self::Ideal(network) => network.set_trees(trees),
            Self::Deflection(_) => {
                let problem = Problem::new("kind", "bufferless routers have no place to keep what they copy");
                return Err(problem
                    .allowed("`input-queued`, or traffic with `multicast: {as: unicast}`")
                    .into());
            }
        }
        Ok(())
    }

    pub(super) fn measure(&mut self, window: Window) {
        with_engine!(self, network => network.measure(window));
    }

    pub(super) fn keep_log(&mut self, keep: bool) {
        with_engine!(self, network => network.keep_log(keep));
    }

    /// The parts of `source` that [`Engine::run`] takes: one per thread that the engine uses.
    pub(super) fn deal<S: Source>(&self, source: S) -> Vec<S> {
        match self {
            Self::Cycle(network) => network.deal(source),
            Self::Deflection(_) | Self::Approximate(_) | Self::Ideal(_) => vec![source],
        }
    }

    pub(super) fn run<S: Source>(&mut self, sources: &mut [S], until: u64) -> Ended {
        match (self, sources) {
            (Self::Cycle(network), sources) => network.run(sources, until),
            (Self::Deflection(network), [source]) => network.run(source, until),
            (Self::Approximate(network), [source]) => network.run(source, until),
            (Self::Ideal(network), [source]) => network.run(source, until),
            _ => unreachable!("these engines deal out one part"),
        }
    }

    /// See [`Network::pause`].
    pub(super) fn pause(&mut self) {
        if let Self::Cycle(network) = self {
            network.pause();
        }
    }

    /// See [`Network::strike`].
    pub(super) fn strike<S: Source>(
        &mut self,
        fabric: &Fabric,
        health: &Health,
        sources: &mut [S],
    ) -> Losses {
        match self {
            Self::Cycle(network) => network.strike(fabric, health, sources),
            _ => unreachable!("runs with such faults are refused"),
        }
    }

    /// See [`Network::adopt`].
    pub(super) fn adopt(&mut self, fabric: &Fabric, epoch: &Epoch) {
        if let Self::Cycle(network) = self {
            network.adopt(fabric, &epoch.health, epoch.routing.clone());
        }
    }

    /// Flits sent again over each link, where there are bit errors.
    pub(super) fn resent(&self, fabric: &Fabric) -> Option<Vec<u64>> {
        match self {
            Self::Cycle(network) => network.resent(fabric),
            _ => None,
        }
    }

    pub(super) fn in_flight(&self) -> u64 {
        with_engine!(self, network => network.in_flight())
    }

    /// Packets that sources have offered and that are not created yet.
    pub(super) fn offered(&self) -> u64 {
        with_engine!(self, network => network.offered())
    }

    pub(super) fn tally(&self) -> Tally {
        with_engine!(self, network => network.tally())
    }

    /// What only bufferless networks count.
    pub(super) fn deflections(&self) -> Option<Deflections> {
        match self {
            Self::Deflection(network) => Some(network.deflections()),
            _ => None,
        }
    }
}

/// Refuses what can be said of a run but only the flit-level engine simulates.
fn refuse_unbuilt(job: &Job<'_>) -> Result<(), Problems> {
    let what = match (job.epochs.is_empty(), job.transients.is_none()) {
        (true, true) => return Ok(()),
        (false, _) => "faults that strike during the run",
        (true, false) => "bit errors on links",
    };
    match (job.fidelity, job.router.kind) {
        (Fidelity::Cycle, RouterKind::InputQueued) => Ok(()),
        (Fidelity::Cycle, RouterKind::Deflection) => {
            let problem = Problem::new("kind", format!("{what} are not simulated in bufferless routers"));
            Err(problem.allowed("`input-queued`").into())
        }
        _ => {
            let problem = Problem::new("fidelity", format!("{what} are simulated flit by flit alone"));
            Err(problem.allowed("`cycle`").into())
        }
    }
}
