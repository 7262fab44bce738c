//! What most commands begin with: a chip, what of it is broken, and how packets find their way.

use tracing::info;

use super::failure::Failure;
use super::watch::patiently;
use crate::base::{Gauge, Problem, Problems};
use crate::energy::{Prices, routers_area};
use crate::fabric::{Fabric, FaultEvent, FaultMap, Health};
use crate::noc::certify::{Certificate, Question, certify_watched};
use crate::noc::engine::Transmission;
use crate::noc::params::RouterParams;
use crate::noc::route::Routing;
use crate::report;
use crate::sim::{Epoch, Fidelity, Job};
use crate::spec::{ChipDoc, Diagnostics, FaultDoc, Loaded, Overrides, load_chip, load_faults, no_faults};

/// Routers up to which `check` builds the engine to see whether it takes the chip.
const ENGINE_ROUTERS: usize = 1 << 14;

/// Names of documents, and what is overridden in them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    pub chip: &'a str,
    pub faults: Option<&'a str>,
    pub routing: Option<&'a str>,
    pub overrides: &'a [String],
}

/// A chip and its faults as they were read.
#[derive(Debug)]
pub(super) struct Documents {
    pub chip: Loaded<ChipDoc>,
    pub faults: Loaded<FaultDoc>,
}

/// A chip with its faults, ready for traffic.
#[derive(Debug)]
pub(super) struct Setting {
    pub health: Health,
    pub routing: Routing,
    /// Faults that strike during a run, with what each leaves.
    pub epochs: Vec<Epoch>,
    /// Bit errors on links.
    pub transients: Option<Transmission>,
    pub prices: Option<Prices>,
}

impl Names<'_> {
    /// The overrides, `--routing` among them.
    pub(super) fn overrides(&self) -> Result<Overrides, Diagnostics> {
        let routing = self.routing.map(|name| format!("chip.routing={name}"));
        Overrides::parse(self.overrides.iter().cloned().chain(routing))
    }

    /// Reads chip and faults; their problems are added to `problems`.
    pub(super) fn read(&self, overrides: &Overrides, problems: &mut Diagnostics) -> Option<Documents> {
        let chip = problems.absorb(load_chip(self.chip, overrides));
        let faults = match self.faults {
            Some(name) => load_faults(name, overrides),
            None => no_faults(overrides),
        };
        let faults = problems.absorb(faults);
        Some(Documents { chip: chip?, faults: faults? })
    }
}

impl Documents {
    /// The chip's network.
    pub(super) fn fabric(&self) -> &Fabric {
        &self.chip.built
    }

    /// Whether a fault map was given, on the command line or by overrides.
    pub(super) fn has_faults(&self) -> bool {
        self.faults.value != FaultMap::default()
    }

    /// Breaks the chip, and makes the routing and the prices that fit what is left.
    pub(super) fn prepare(&self, seed: u64) -> Result<Setting, Failure> {
        let (fabric, chip) = (self.fabric(), &self.chip.value);
        let (health, later) = self.broken(seed).map_err(|wrong| self.faults.explain(wrong))?;
        info!(routers = fabric.routers.len(), links = fabric.links.len(), "the chip is drawn");
        let mut problems = Problems::new();
        let routing = chip.routing.compile(fabric, &health, chip.router.vcs, seed);
        let routing = problems.absorb("routing", routing);
        info!(name = chip.routing.name(), "the routing is compiled");
        let transients = self.transients(seed);
        let mut site = report::energy_site(fabric, &health, &chip.router, (chip.flit_bits, chip.clock.0));
        site.check_bits = transients.map_or(0, |terms| terms.crc_bits.into());
        let prices = chip.energy.as_ref().map(|energy| energy.price(&site));
        let prices = problems.absorb("energy", prices.transpose());
        let (Some(routing), Some(prices)) = (routing, prices) else {
            return Err(self.chip.explain(problems).into());
        };
        let epochs = self.epochs(later, &health, seed)?;
        Ok(Setting { health, routing, epochs, transients, prices })
    }

    /// What of the chip works when the run starts, and what breaks later.
    fn broken(&self, seed: u64) -> Result<(Health, Vec<FaultEvent>), Problems> {
        let (fabric, faults, mut problems) = (self.fabric(), &self.faults.value, Problems::new());
        let health = problems.absorb("", faults.resolve(fabric, seed));
        problems.absorb("", faults.check_vcs(self.chip.value.router.vcs));
        // What is wrong with later faults is told even if nothing is known of those before.
        let start = health.clone().unwrap_or_else(|| Health::perfect(fabric));
        let later = problems.absorb("", faults.resolve_events(fabric, &start));
        problems.into_result((start, later.unwrap_or_default()))
    }

    /// What the faults that strike during a run leave, one after the other, and the routes there.
    fn epochs(&self, events: Vec<FaultEvent>, start: &Health, seed: u64) -> Result<Vec<Epoch>, Failure> {
        let (chip, mut health, mut epochs) = (&self.chip.value, start.clone(), Vec::new());
        let mut problems = Problems::new();
        for event in events {
            let FaultEvent { at_cycle, in_flight, parts, listed } = event;
            parts.apply(self.fabric(), &mut health);
            match chip.routing.compile(self.fabric(), &health, chip.router.vcs, seed) {
                Ok(routing) => {
                    epochs.push(Epoch { at_cycle, in_flight, parts, health: health.clone(), routing });
                }
                Err(wrong) => {
                    for problem in wrong.0 {
                        let said = format!("the chip cannot be routed after this event: {}", problem.message);
                        problems.push(Problem {
                            path: format!("events[{listed}]"),
                            message: said,
                            ..problem
                        });
                    }
                }
            }
        }
        problems.into_result(epochs).map_err(|wrong| self.faults.explain(wrong).into())
    }

    /// Bit errors on links, if there are any.
    fn transients(&self, seed: u64) -> Option<Transmission> {
        let terms = self.faults.value.transient.as_ref().filter(|terms| terms.bit_error_rate > 0.0)?;
        Some(Transmission {
            bit_error_rate: terms.bit_error_rate,
            flit_bits: self.chip.value.flit_bits,
            crc_bits: terms.crc_bits,
            max_retries: terms.max_retries,
            seed: terms.seed.unwrap_or(seed),
        })
    }

    /// Active area of the network's routers [m²], if the chip's technology has a figure.
    pub(super) fn routers_area(&self, setting: &Setting) -> Option<f64> {
        let chip = &self.chip.value;
        let figures = (chip.flit_bits, chip.clock.0);
        let site = report::energy_site(self.fabric(), &setting.health, &chip.router, figures);
        routers_area(chip.energy.as_ref()?.technology?, &site)
    }

    /// Checks that the chip can be simulated: that its routers fit the engine. Large networks, which take time to
    /// build, are left to the run.
    pub(super) fn fits_an_engine(&self, setting: &Setting) -> Result<(), Failure> {
        if self.fabric().routers.len() > ENGINE_ROUTERS {
            return Ok(());
        }
        let job = Job {
            fabric: self.fabric(),
            health: &setting.health,
            routing: &setting.routing,
            epochs: &setting.epochs,
            transients: setting.transients.as_ref(),
            router: &self.chip.value.router,
            fidelity: Fidelity::Cycle,
            seed: 1,
            threads: 1,
            keep_log: false,
        };
        job.validate().map_err(|wrong| self.chip.explain(wrong.under("router")).into())
    }

    /// Refuses faults that are simulated for traffic alone.
    pub(super) fn refuse_faults_of_traffic(&self) -> Result<(), Failure> {
        let mut problems = Problems::new();
        let only = |what: &str| format!("{what} are simulated for traffic alone, not for spiking networks");
        if !self.faults.value.events.is_empty() {
            problems.push(Problem::new("events", only("faults that strike during the run")));
        }
        if self.faults.value.transient.is_some() {
            problems.push(Problem::new("transient", only("bit errors on links")));
        }
        problems.into_result(()).map_err(|problems| self.faults.explain(problems).into())
    }

    /// What is known of the routing before a cycle is run; if `is_seen`, a terminal sees how far that has come.
    pub(super) fn certify(&self, setting: &Setting, is_seen: bool) -> Certificate {
        let certify = |gauge: &Gauge| self.certify_for(&setting.health, &setting.routing, gauge);
        patiently(is_seen, "certifying the routing", certify)
    }

    /// The same for what the chip is like after each fault that strikes during a run.
    pub(super) fn certify_epochs(&self, setting: &Setting, is_seen: bool) -> Vec<Certificate> {
        let certify = |epoch: &Epoch| {
            let certify = |gauge: &Gauge| self.certify_for(&epoch.health, &epoch.routing, gauge);
            patiently(is_seen, &format!("certifying what is left at cycle {}", epoch.at_cycle), certify)
        };
        setting.epochs.iter().map(certify).collect()
    }

    fn certify_for(&self, health: &Health, routing: &Routing, gauge: &Gauge) -> Certificate {
        let RouterParams { vcs, kind, .. } = self.chip.value.router;
        certify_watched(&Question { fabric: self.fabric(), health, routing, vcs, router: kind }, gauge)
    }
}
