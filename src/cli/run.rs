//! `spikeloom run`: a workload on a chip.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use serde_json::Value;
use tracing::{info, info_span};

use super::console;
use super::failure::Failure;
use super::mapper;
use super::setting::{Documents, Names, Setting};
use super::solving;
use super::spikes;
use super::spiking;
use super::watch::{Watch, heed_interrupts};
use crate::base::Problems;
use crate::energy::EnergyAccount;
use crate::fabric::Fabric;
use crate::noc::certify::Certificate;
use crate::report::{self, Facts, Figures, Folder, HostReport, Inputs, Report, RunFiles};
use crate::sim::saturation::{self, Found, Search};
use crate::sim::{Ending, Fidelity, Job, Outcome, Record, RunError, Windows};
use crate::spec::{Diagnostics, Document, Loaded, WorkloadDoc, load_workload};
use crate::workload::traffic::{Mode, TrafficParams, TrafficSource};

/// Routers up to which a run comes with a certificate of its routing.
const CERTIFIED_ROUTERS: usize = 4096;

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  spikeloom run uniform
  spikeloom run uniform --chip mesh8 --faults two-blocks --routing mftn --out results
  spikeloom run burst --trace burst.json          a timeline, to open in https://ui.perfetto.dev
  spikeloom run balanced --mapping multilevel,anneal --spikes balanced.h5
  spikeloom run transpose --set chip.router.vcs=2 --set workload.traffic.rate=0.05 --json
  spikeloom run uniform --set workload.traffic.mode=saturation --set workload.traffic.rate=null")]
pub(super) struct RunArguments {
    /// What the chip is to do: a file, or a built-in workload.
    pub(super) workload: String,
    /// The chip: a file, or a built-in one. Default: mesh8; for networks and algorithms loihi-sanafe.
    #[arg(long)]
    chip: Option<String>,
    /// What is broken: a file, or a built-in fault map.
    #[arg(long)]
    faults: Option<String>,
    /// How packets find their way, instead of what the chip says.
    #[arg(long, value_name = "NAME")]
    routing: Option<String>,
    /// Which core holds which neurons of a network or an algorithm: `in-order` (default, unless the network
    /// says otherwise), a search by partition and placement names (`sequential`, `overlap`, `multilevel`;
    /// `linear`, `hilbert`, `spectral`, `force`, `anneal`) or by `search` alone, or a file that `map` wrote.
    #[arg(long, value_name = "NAMES|FILE")]
    mapping: Option<String>,
    /// How closely the network is simulated. Default: `cycle`; for spiking networks `ideal`.
    #[arg(long, value_enum)]
    pub(super) fidelity: Option<FidelityName>,
    /// Set one value of a document, e.g. chip.router.vcs=2; may be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Seed of all random choices.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(super) seed: u64,
    /// Sets of devices that the cores' arrays are drawn with, one run each, from this seed on: how much
    /// results differ from device to device.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) devices: u32,
    /// Threads to use; results do not depend on them.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: u16,
    /// Write the report and the tables that the workload asks for into this folder.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Overwrite results that the folder holds, the timeline, and files of spikes.
    #[arg(long)]
    pub(super) force: bool,
    /// Write a timeline of the simulated packets to this file, for https://ui.perfetto.dev.
    #[arg(long, value_name = "FILE")]
    pub(super) trace: Option<PathBuf>,
    /// Spiking networks: keep the state of the run in this file, to go on from with --resume; written when the run
    /// is interrupted, and with --every now and then.
    #[arg(long, value_name = "FILE")]
    pub(super) checkpoint: Option<PathBuf>,
    /// Steps from one checkpoint to the next.
    #[arg(long, value_name = "N", requires = "checkpoint", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) every: Option<u64>,
    /// Spiking networks: go on from this checkpoint of the same run; the results are those of an unbroken one.
    #[arg(long, value_name = "FILE")]
    pub(super) resume: Option<PathBuf>,
    /// Write the spikes of all neurons to this file, too, in the format that its name ends in: .csv, .h5
    /// (SONATA) or .nir (event data); may be repeated. They are held in memory until the end. Of an
    /// algorithm: those of its last network. A checkpoint does not hold them.
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    pub(super) spikes: Vec<PathBuf>,
    /// Write the report to standard output, instead of the summary.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FidelityName {
    /// Flit by flit and cycle by cycle.
    Cycle,
    /// Event by event, with contention.
    Approximate,
    /// Hops only, without contention.
    Ideal,
    /// Spiking networks: the `detailed` timing model of SANA-FE.
    Sanafe,
    /// Spiking networks: the `simple` timing model of SANA-FE.
    SanafeSimple,
}

impl From<FidelityName> for Fidelity {
    fn from(name: FidelityName) -> Self {
        match name {
            FidelityName::Cycle => Self::Cycle,
            FidelityName::Approximate => Self::Approximate,
            FidelityName::Ideal => Self::Ideal,
            FidelityName::Sanafe => Self::Sanafe,
            FidelityName::SanafeSimple => Self::SanafeSimple,
        }
    }
}

/// Everything a run needs, read and checked.
pub(super) struct Plan {
    pub documents: Documents,
    pub workload: Loaded<WorkloadDoc>,
    pub setting: Setting,
    records: Vec<Record>,
    /// A terminal sees how far work has come.
    is_seen: bool,
}

/// What came out of a run, and how long it took on this machine.
struct Done {
    outcome: Outcome,
    found: Option<Found>,
    host: HostReport,
}

/// What is worked out once the run is over.
struct Known {
    inputs: Inputs,
    energy: Option<EnergyAccount>,
    certificate: Option<Certificate>,
    /// Of what the chip is like after each fault that strikes during the run.
    later: Vec<Certificate>,
}

pub(super) fn run(arguments: &RunArguments) -> Result<(), Failure> {
    let start = Instant::now();
    heed_interrupts();
    let plan = info_span!("read").in_scope(|| Plan::read(arguments, true))?;
    spikes::check(&arguments.spikes, arguments.force)?;
    let folder = arguments.out.as_deref().map(|path| Folder::open(path, arguments.force)).transpose()?;
    let Some(params) = &plan.workload.value.traffic else {
        if arguments.trace.is_some() {
            return Err(Failure::Usage(
                "`--trace` follows packets of traffic; a network has `probes`".into(),
            ));
        }
        let algorithm = plan.workload.value.algorithm();
        if algorithm.is_some() {
            refuse_checkpoints(arguments)?;
        }
        if arguments.devices > 1 && algorithm.is_some() {
            return Err(Failure::Usage("`--devices` goes with a `network`".into()));
        }
        return match algorithm {
            Some(algorithm) => solving::run(&plan, &algorithm, arguments, folder.as_ref(), start),
            None => spiking::run(&plan, arguments, folder.as_ref(), start),
        };
    };
    refuse_checkpoints(arguments)?;
    if !arguments.spikes.is_empty() {
        return Err(Failure::Usage("`--spikes` is for neurons; traffic has `record`".into()));
    }
    let done = info_span!("simulate").in_scope(|| plan.simulate(arguments, params, start, Watch::new()))?;
    info_span!("report").in_scope(|| plan.hand_over(arguments, folder.as_ref(), &done))
}

/// Only runs of spiking networks can be gone on with.
fn refuse_checkpoints(arguments: &RunArguments) -> Result<(), Failure> {
    match arguments.checkpoint.is_some() || arguments.resume.is_some() {
        true => Err(Failure::Usage("`--checkpoint` and `--resume` go with spiking networks".into())),
        false => Ok(()),
    }
}

/// A run without anything shown or written.
pub(super) struct Ran {
    /// What `run --json` answers.
    pub report: Value,
    /// Why the run itself failed, if it did.
    pub failure: Option<Failure>,
    /// Active area of the network's routers [m²], if the chip's technology has a figure.
    pub routers_area: Option<f64>,
}

/// Runs, and neither shows nor writes anything.
pub(super) fn report_of(arguments: &RunArguments) -> Result<Ran, Failure> {
    let plan = Plan::read(arguments, false)?;
    let (start, watch) = (Instant::now(), Watch::unseen());
    let (report, judged) = if let Some(params) = &plan.workload.value.traffic {
        let done = plan.simulate(arguments, params, start, watch)?;
        let known = plan.known(&done)?;
        let report = Report::new(&plan.facts(arguments, &done, &known));
        (serde_json::to_value(&report), plan.judge(&done.outcome, &report))
    } else if let Some(algorithm) = plan.workload.value.algorithm() {
        let mut solved = solving::solved(&plan, &algorithm, arguments, None, watch)?;
        solved.report.result.iter_mut().for_each(solving::leave_out_tables);
        (serde_json::to_value(&solved.report), solving::judge(&solved.outcome))
    } else {
        let report = spiking::simulate(&plan, arguments, None, (start, watch))?.report;
        (serde_json::to_value(&report), spiking::judge(&report))
    };
    let unwritable = |error| Failure::Failed(format!("the report cannot be written down: {error}"));
    let routers_area = plan.documents.routers_area(&plan.setting);
    Ok(Ran { report: report.map_err(unwritable)?, failure: judged.err(), routers_area })
}

impl Plan {
    fn read(arguments: &RunArguments, is_seen: bool) -> Result<Self, Failure> {
        let RunArguments { chip, faults, routing, set, mapping, .. } = arguments;
        let (faults, routing) = (faults.as_deref(), routing.as_deref());
        let mapping = mapping.as_deref().map(|text| format!("workload.mapping={}", mapper::named(text)));
        // Single values come after the whole, so that both may be said.
        let set: Vec<String> = mapping.into_iter().chain(set.iter().cloned()).collect();
        let mut names = Names { chip: chip.as_deref().unwrap_or("mesh8"), faults, routing, overrides: &set };
        let overrides = names.overrides()?;
        let mut problems = Diagnostics::new();
        let workload = problems.absorb(load_workload(&arguments.workload, &overrides));
        if chip.is_none() && workload.as_ref().is_some_and(|workload| workload.value.traffic.is_none()) {
            names.chip = "loihi-sanafe";
        }
        let documents = names.read(&overrides, &mut problems);
        let (Some(documents), Some(workload)) = (documents, workload) else { return Err(problems.into()) };
        if workload.value.traffic.is_none() {
            documents.refuse_faults_of_traffic()?;
        }
        let setting = documents.prepare(arguments.seed)?;
        let records = if arguments.out.is_some() { workload.value.records() } else { Vec::new() };
        Ok(Self { documents, workload, setting, records, is_seen })
    }

    fn job(&self, arguments: &RunArguments) -> Job<'_> {
        Job {
            fabric: self.documents.fabric(),
            health: &self.setting.health,
            routing: &self.setting.routing,
            epochs: &self.setting.epochs,
            transients: self.setting.transients.as_ref(),
            router: &self.documents.chip.value.router,
            fidelity: arguments.fidelity.map_or(Fidelity::Cycle, Fidelity::from),
            seed: arguments.seed,
            threads: arguments.threads.into(),
            keep_log: self.records.contains(&Record::Packets) || arguments.trace.is_some(),
        }
    }

    fn traffic(&self, params: &TrafficParams, seed: u64) -> Result<TrafficSource, Problems> {
        params.compile(self.documents.fabric(), &|name| self.workload.file(name), seed)
    }

    fn simulate(
        &self,
        arguments: &RunArguments,
        params: &TrafficParams,
        start: Instant,
        mut watch: Watch,
    ) -> Result<Done, Failure> {
        let source = self.traffic(params, arguments.seed).map_err(|wrong| self.wrong_traffic(wrong))?;
        let schedule = params.schedule();
        let windows =
            Windows { warmup: schedule.warmup, measure: schedule.measure, drain_limit: schedule.drain_limit };
        let job = self.job(arguments);
        let loaded = start.elapsed().as_secs_f64();
        info!(seconds = loaded, "everything is read; the run begins");
        let (outcome, found) = match &params.mode {
            Mode::Saturation(mode) => {
                let search =
                    Search { start: mode.start, limit: params.max_rate(), tolerance: mode.tolerance };
                let at_rate = |rate| self.traffic(&params.at_rate(rate), arguments.seed);
                let found = watch.over(|control| saturation::search(&job, windows, search, at_rate, control));
                let found = found.map_err(|error| self.failed(error))?;
                (found.outcome.clone(), Some(found))
            }
            Mode::FixedRate | Mode::Batch(_) => {
                let outcome = watch.over(|control| job.run(source, windows, control));
                (outcome.map_err(|error| self.failed(error))?, None)
            }
        };
        let ran = start.elapsed().as_secs_f64() - loaded;
        let own = (outcome.cycles, outcome.flit_hops());
        let work = found.as_ref().map_or(own, |found| (found.cycles, found.flit_hops));
        Ok(Done { outcome, found, host: HostReport::new(job.threads, loaded, ran, work) })
    }

    fn wrong_traffic(&self, problems: Problems) -> Failure {
        self.workload.explain(problems.under("traffic")).into()
    }

    fn failed(&self, error: RunError) -> Failure {
        match error {
            RunError::Refused(problems) if problems.0.iter().any(|problem| problem.path == "fidelity") => {
                Failure::Usage(problems.to_string())
            }
            RunError::Refused(problems) => self.documents.chip.explain(problems.under("router")).into(),
            RunError::Source(problems) => self.wrong_traffic(problems),
            RunError::Unbalanced(_) => Failure::Failed(format!("{error}; this is a defect of spikeloom")),
        }
    }

    /// Writes what was asked for, and says how it went.
    fn hand_over(
        &self,
        arguments: &RunArguments,
        folder: Option<&Folder>,
        done: &Done,
    ) -> Result<(), Failure> {
        let known = self.known(done)?;
        let facts = self.facts(arguments, done, &known);
        let report = Report::new(&facts);
        let written = folder.map_or(Ok(()), |folder| self.write(folder, &facts, &report, &done.host));
        let traced = arguments.trace.as_deref().map_or(Ok(()), |path| {
            Folder::write_file(path, arguments.force, |out| report::timeline(&facts, out))
                .map_err(|error| Failure::Failed(error.to_string()))
        });
        let answered = match arguments.json {
            true => console::answer(&report.to_json()),
            false => console::show(&report::summary(&report, self.documents.fabric())),
        };
        tell_host(&done.host);
        written.and(traced).and(answered)?;
        self.judge(&done.outcome, &report)
    }

    /// What is worked out once the run is over.
    fn known(&self, done: &Done) -> Result<Known, Failure> {
        let certificate = self.certificate();
        let later = match certificate {
            Some(_) => self.documents.certify_epochs(&self.setting, self.is_seen),
            None => Vec::new(),
        };
        Ok(Known {
            inputs: self.inputs()?,
            energy: self.setting.prices.as_ref().map(|prices| report::energy_account(prices, &done.outcome)),
            certificate,
            later,
        })
    }

    /// What is known of the routing, on chips that are not too large.
    pub(super) fn certificate(&self) -> Option<Certificate> {
        let is_small = self.documents.fabric().routers.len() <= CERTIFIED_ROUTERS;
        let certify = || self.documents.certify(&self.setting, self.is_seen);
        is_small.then(|| info_span!("certify").in_scope(certify))
    }

    fn facts<'f>(&'f self, arguments: &RunArguments, done: &'f Done, known: &'f Known) -> Facts<'f> {
        Facts {
            inputs: &known.inputs,
            seed: arguments.seed,
            fabric: self.documents.fabric(),
            health: &self.setting.health,
            clock_hz: self.documents.chip.value.clock.0,
            epochs: &self.setting.epochs,
            later: &known.later,
            transients: self.setting.transients.as_ref(),
            outcome: &done.outcome,
            energy: known.energy.as_ref(),
            certificate: known.certificate.as_ref(),
            saturation: done.found.as_ref(),
        }
    }

    /// Whether the run itself failed.
    fn judge(&self, outcome: &Outcome, report: &Report) -> Result<(), Failure> {
        match &outcome.ending {
            Ending::Complete | Ending::Saturated => Ok(()),
            Ending::Cancelled => Err(Failure::Interrupted),
            Ending::Stalled(_) => Err(Failure::Failed(deadlock(report, self.documents.fabric()))),
            Ending::Circling(_) => {
                let seen = report.livelock.as_ref().map_or_else(String::new, report::Livelock::describe);
                Err(Failure::Failed(format!("the network is livelocked: {seen}")))
            }
        }
    }

    pub(super) fn inputs(&self) -> Result<Inputs, Failure> {
        let faults = self.documents.has_faults().then(|| resolved(&self.documents.faults)).transpose()?;
        Ok(Inputs { chip: resolved(&self.documents.chip)?, workload: resolved(&self.workload)?, faults })
    }

    fn write(
        &self,
        folder: &Folder,
        facts: &Facts<'_>,
        report: &Report,
        host: &HostReport,
    ) -> Result<(), Failure> {
        let mut written = vec!["report.json", "report.html", "figures.json", "host.json"];
        let figures = Figures::new(facts, self.documents.chip.value.routing.name()).to_json();
        let report = report.to_json();
        let is_trace = self.workload.value.traffic.as_ref().is_some_and(|traffic| traffic.trace.is_some());
        let outcome = facts.outcome;
        let mut all = || {
            for record in &self.records {
                let name = record.file_name();
                folder.write(name, |out| match record {
                    Record::Packets => {
                        report::packets_csv(outcome.log.as_deref().unwrap_or_default(), is_trace, out)
                    }
                    Record::Links => report::links_csv(facts, out),
                    Record::Routers => report::routers_csv(facts, out),
                    Record::Nodes => report::nodes_csv(facts, out),
                })?;
                written.push(name);
            }
            folder.write("host.json", |out| out.write_all(host.to_json().as_bytes()))?;
            folder.write("figures.json", |out| out.write_all(figures.as_bytes()))?;
            // The page reads tables back: none of an earlier run may be left.
            folder.keep_only(&written)
        };
        let failed = |error: report::FolderError| Failure::Failed(error.to_string());
        all().map_err(failed)?;
        let page = report::page(&[RunFiles::parse(folder.path(), &report, Some(&figures))?])?;
        folder.write("report.html", |out| out.write_all(page.as_bytes())).map_err(failed)?;
        // The report comes last: a folder that has one has all of it.
        folder.write("report.json", |out| out.write_all(report.as_bytes())).map_err(failed)
    }
}

/// A document with everything filled in, as JSON.
fn resolved<T: Document>(document: &Loaded<T>) -> Result<Value, Failure> {
    serde_json::to_value(document)
        .map_err(|error| Failure::Failed(format!("the {} cannot be written down: {error}", T::KIND)))
}

fn deadlock(report: &Report, fabric: &Fabric) -> String {
    let stalled = report.stalled.as_ref();
    format!("the network is deadlocked: {}", stalled.map_or_else(String::new, |it| it.describe(fabric)))
}

fn tell_host(host: &HostReport) {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.3e}"));
    console::complain(&format!(
        "ran for {:.2} s on {} thread{}: {} cycles/s, {} flit-hops/s\n",
        host.run_seconds,
        host.threads,
        if host.threads == 1 { "" } else { "s" },
        rate(host.cycles_per_second),
        rate(host.flit_hops_per_second)
    ));
}
