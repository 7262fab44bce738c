//! `spikeloom run` of an algorithm.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::console;
use super::failure::Failure;
use super::mapper::{self, Floor, Seating, Wish};
use super::run::{Plan, RunArguments};
use super::spikes::{Fired, SpikeTable};
use super::spiking::{Steps, account, ground, misfit, write_report};
use super::watch::{Watch, patiently, work_begins};
use crate::base::{Gauge, NeuronId, Problems};
use crate::mapping::{MappingParams, SearchParams};
use crate::network::{Activity, Halt, Machine, Net};
use crate::report::{Figures, Folder, FolderError, HostReport, NetworkReport};
use crate::sim::chip::{Chip, Devices, Ground, Haul, How};
use crate::sim::{Control, Fidelity, Progress};
use crate::workload::host::{self, Backend};
use crate::workload::{Algorithm, AlgorithmOutcome};

/// Runs `algorithm`, which is the workload of `plan`; `start` is when everything began.
pub(super) fn run(
    plan: &Plan,
    algorithm: &Algorithm,
    arguments: &RunArguments,
    folder: Option<&Folder>,
    start: Instant,
) -> Result<(), Failure> {
    let Solved { report, figures, outcome, steps, spikes, fired } =
        solved(plan, algorithm, arguments, folder, Watch::new())?;
    let ran = start.elapsed().as_secs_f64();
    fired.write(&arguments.spikes, arguments.force)?;
    let work = (outcome.activity.steps, outcome.activity.synaptic_events);
    let host = HostReport::of_network(arguments.threads.into(), 0.0, ran, work);
    if let Some(folder) = folder {
        let written = steps.finish()?.into_iter().chain(spikes.finish()?).collect();
        write_report(folder, written, (&report, &figures), &host)?;
    }
    let summary = || report.summary() + &rounding(&outcome) + &gaps(&outcome);
    match arguments.json {
        true => console::answer(&report.to_json())?,
        false => console::show(&summary())?,
    }
    judge(&outcome)
}

/// How far lengths were rounded to whole steps, in a line, if they were.
fn rounding(outcome: &AlgorithmOutcome) -> String {
    let Some(rounded) = outcome.result.get("quantisation") else { return String::new() };
    let percent = |name: &str| 100.0 * rounded.get(name).and_then(Value::as_f64).unwrap_or_default();
    let (mean, worst) = (percent("mean_relative_error"), percent("worst_relative_error"));
    format!(
        "  {:26} lengths in whole steps: off by {mean:.3} % on average, {worst:.3} % at most\n",
        "rounding"
    )
}

/// What it took to come close to the target, a line for each gap.
fn gaps(outcome: &AlgorithmOutcome) -> String {
    let mut lines = String::new();
    for (gap, spent) in outcome.result.get("to_gap").and_then(Value::as_object).into_iter().flatten() {
        let number = |name: &str| spent.get(name).and_then(Value::as_f64);
        let text = match (number("steps"), number("seconds"), number("joules")) {
            (Some(steps), Some(seconds), Some(joules)) => {
                format!("{steps} steps, {seconds:.4e} s, {joules:.4e} J")
            }
            _ => "not reached".to_owned(),
        };
        _ = writeln!(lines, "  {:26} {text}", format!("to a gap of {gap}"));
    }
    lines
}

/// An algorithm that has come to its end.
pub(super) struct Solved {
    pub report: NetworkReport,
    pub outcome: AlgorithmOutcome,
    figures: Figures,
    steps: Steps,
    spikes: SpikeTable,
    fired: Fired,
}

/// Runs, and shows nothing; the tables of steps and of spikes go to `folder`.
pub(super) fn solved(
    plan: &Plan,
    algorithm: &Algorithm,
    arguments: &RunArguments,
    folder: Option<&Folder>,
    mut watch: Watch,
) -> Result<Solved, Failure> {
    let ground = ground(plan)?.with_devices(Devices::Drawn(arguments.seed));
    let floor = Floor::new(&plan.documents, &plan.setting, ground.params, &ground);
    let chips = Chips { is_seen: watch.is_seen(), ..Chips::new(plan, (arguments, folder), &ground, &floor) };
    let (mut outcome, timed) = watch.over(|control| solve(plan, algorithm, chips, control))?;
    let Timed { mut chip, seating, fired, haul, mut steps, spikes, wrong } = timed;
    chip.settle().map_err(|halt| Failure::Failed(halt.to_string()))?;
    let told = steps.tell(&mut chip);
    wrong.map_or(told, Err).map_err(|error| Failure::Failed(error.to_string()))?;
    let seconds = std::mem::take(&mut steps.seconds);
    let spent = Spent::of(&seconds, steps.joules.take().unwrap_or_default());
    let hauled = haul.map(|haul| haul.finish(&chip));
    let facts = (arguments.seed, outcome.is_complete, seconds);
    let (mut report, figures) = account(plan, (&mut chip, &ground), hauled.as_ref(), facts)?;
    let parts = &report.energy.by_component.0;
    let standby = parts.iter().find(|(name, _)| *name == "array_standby").map_or(0.0, |(_, joules)| *joules);
    let standby = standby / report.time.seconds.max(f64::MIN_POSITIVE);
    outcome.price(|steps| spent.after(steps, standby));
    report.result = Some(outcome.to_json());
    report.mapping = Some(floor.account(&seating, &chip, &fired.counts));
    Ok(Solved { report, outcome, figures, steps, spikes, fired })
}

/// Fields of a result up to which it is kept where only figures are wanted.
const MOST_FIELDS: usize = 24;

/// Leaves out what a result says vertex by vertex.
pub(super) fn leave_out_tables(result: &mut Value) {
    if let Value::Object(fields) = result {
        fields.retain(|_, field| field.as_object().is_none_or(|table| table.len() <= MOST_FIELDS));
    }
}

/// An answer that is shown to be wrong is a failure of the run, unless it is the best of a search.
pub(super) fn judge(outcome: &AlgorithmOutcome) -> Result<(), Failure> {
    if !outcome.is_complete {
        return Err(Failure::Interrupted);
    }
    if outcome.is_affected == Some(true) {
        let late = outcome.activity.late;
        return Err(Failure::Failed(format!("{late} spikes came late and the result is not right")));
    }
    Ok(())
}

fn solve<'a>(
    plan: &Plan,
    algorithm: &Algorithm,
    mut chips: Chips<'a>,
    control: &mut Control<'_>,
) -> Result<(AlgorithmOutcome, Timed<'a>), Failure> {
    let workload = &plan.workload;
    let seed = chips.how.seed;
    let files = |path: &Path| workload.file(path);
    let mut looked = Instant::now();
    let mut watch = |progress: host::Progress| {
        if looked.elapsed() >= LOOK
            && let Some(show) = &mut control.progress
        {
            looked = Instant::now();
            show(Progress { cycle: progress.steps, share: progress.share });
        }
        !control.cancel.is_some_and(|flag| flag.load(std::sync::atomic::Ordering::Relaxed))
    };
    match algorithm.run(&mut chips, &files, seed, &mut watch) {
        Ok((outcome, Some(timed))) => Ok((outcome, timed)),
        Ok((outcome, None)) if !outcome.is_complete => Err(Failure::Interrupted),
        Ok((_, None)) => Err(Failure::Failed("the algorithm has used no machine".to_owned())),
        Err(host::Failure::Refused(problems)) => {
            let other = |problems| workload.explain(problems).into();
            Err(misfit(&plan.documents.chip, problems, other))
        }
        Err(host::Failure::Halted(halt)) => Err(Failure::Failed(halt.to_string())),
        Err(host::Failure::Cancelled) => Err(Failure::Interrupted),
    }
}

/// Time and energy from the start on, step by step.
struct Spent {
    seconds: Vec<f64>,
    joules: Vec<f64>,
}

impl Spent {
    fn of(seconds: &[f64], mut joules: Vec<f64>) -> Self {
        let mut seconds = seconds.to_vec();
        for each in [&mut seconds, &mut joules] {
            let mut sum = 0.0;
            each.iter_mut().for_each(|it| {
                sum += *it;
                *it = sum;
            });
        }
        Self { seconds, joules }
    }

    /// Time [s] and energy [J] of the first `steps` steps; arrays spend `standby` besides [W].
    fn after(&self, steps: u64, standby: f64) -> Option<(f64, f64)> {
        let last = usize::try_from(steps).ok()?.checked_sub(1)?;
        let (seconds, joules) = (self.seconds.get(last)?, self.joules.get(last)?);
        Some((*seconds, joules + standby * seconds))
    }
}

/// Between two looks of whoever watches.
const LOOK: Duration = Duration::from_millis(50);

/// Chips of one kind, filled as the workload says.
struct Chips<'a> {
    plan: &'a Plan,
    ground: &'a Ground<'a>,
    floor: &'a Floor<'a>,
    how: How,
    folder: Option<&'a Folder>,
    keeps_spikes: bool,
    /// Whether a terminal sees what takes long.
    is_seen: bool,
}

impl<'a> Chips<'a> {
    fn new(
        plan: &'a Plan,
        (arguments, folder): (&RunArguments, Option<&'a Folder>),
        ground: &'a Ground<'a>,
        floor: &'a Floor<'a>,
    ) -> Self {
        let fidelity = arguments.fidelity.map_or(Fidelity::Ideal, Fidelity::from);
        let how = How { fidelity, seed: arguments.seed, threads: arguments.threads.into() };
        let keeps_spikes = !arguments.spikes.is_empty();
        Self { plan, ground, floor, how, folder, keeps_spikes, is_seen: false }
    }

    /// What the workload says of the mapping. Nobody knows how often neurons of an algorithm fire before it
    /// runs: they count the same.
    fn mapping(&self) -> Option<MappingParams> {
        let mapping = self.plan.workload.value.mapping.clone();
        mapping.map(|mapping| match mapping {
            MappingParams::Search(search) => MappingParams::Search(SearchParams { measure: 0, ..search }),
            other => other,
        })
    }
}

impl<'a> Backend for Chips<'a> {
    type Machine = Timed<'a>;

    fn machine(&mut self, net: Net) -> Result<Timed<'a>, Problems> {
        let (mapping, files) = (self.mapping(), |path: &Path| mapper::open(&self.plan.workload, path));
        let wish = Wish { mapping: mapping.as_ref(), seats: &[], files: &files, seed: self.how.seed };
        let seat = |gauge: &Gauge| self.floor.seat(&net, self.ground, &wish, gauge);
        let seating = patiently(self.is_seen, "choosing cores", seat)?;
        let fired = Fired::none(&net, self.keeps_spikes);
        let mut chip = Chip::new(net, &seating.placement, self.ground, self.how)?;
        chip.keep_records();
        let haul = Haul::new(&chip, self.ground, None);
        let unwritable = |error: FolderError| Problems::one("", error.to_string());
        self.folder.iter().for_each(|_| work_begins());
        let mut steps = Steps::begin(self.folder, &chip).map_err(unwritable)?;
        steps.joules = Some(Vec::new());
        let spikes = SpikeTable::begin(self.folder).map_err(unwritable)?;
        Ok(Timed { chip, seating, fired, haul, steps, spikes, wrong: None })
    }

    fn longest_delay(&self) -> u16 {
        self.ground.params.max_delay
    }
}

/// A chip, how it was filled, what its neurons fired and what its steps took.
struct Timed<'a> {
    chip: Chip,
    seating: Seating,
    fired: Fired,
    haul: Option<Haul<'a>>,
    steps: Steps,
    spikes: SpikeTable,
    /// Why a step could not be written down, if that is so.
    wrong: Option<FolderError>,
}

impl Machine for Timed<'_> {
    fn next_step(&self) -> u64 {
        self.chip.next_step()
    }

    fn poke(&mut self, neuron: NeuronId, weight: f64) {
        self.chip.poke(neuron, weight);
    }

    fn step(&mut self) -> Result<(), Halt> {
        self.chip.step()?;
        let step = self.chip.next_step() - 1;
        self.fired.note(step, self.chip.fired());
        self.haul.iter_mut().for_each(|haul| haul.step(&self.chip));
        if self.wrong.is_none() {
            let told = self.steps.tell(&mut self.chip);
            let noted = told.and_then(|()| self.spikes.note(step, self.chip.net(), self.chip.fired()));
            self.wrong = noted.err();
        }
        Ok(())
    }

    fn fired(&self) -> &[NeuronId] {
        self.chip.fired()
    }

    fn values(&self) -> &[f64] {
        self.chip.values()
    }

    fn read(&mut self, neuron: NeuronId, variable: usize) -> Option<f64> {
        self.chip.read(neuron, variable)
    }

    fn write(&mut self, neuron: NeuronId, variable: usize, value: f64) -> bool {
        self.chip.write(neuron, variable, value)
    }

    fn set_weight(&mut self, index: usize, weight: f64) {
        self.chip.set_weight(index, weight);
    }

    fn reset(&mut self) {
        self.chip.reset();
    }

    fn activity(&self) -> Activity {
        self.chip.activity()
    }

    fn is_quiet(&self) -> bool {
        self.chip.is_quiet()
    }
}
