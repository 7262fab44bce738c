//! `spikeloom run` of an algorithm.

use std::path::Path;
use std::time::Instant;

use super::console;
use super::failure::Failure;
use super::run::{Plan, RunArguments};
use super::spiking::{ground, write_report};
use super::watch::Watch;
use crate::base::{NeuronId, Problems};
use crate::network::{Activity, Halt, Machine, Net};
use crate::report::{Folder, HostReport, NetworkReport};
use crate::sim::chip::{Chip, Devices, Ground, How, Placement};
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
    let (outcome, mut timed) = Watch::new().over(|control| solve(plan, algorithm, arguments, control))?;
    let seconds = timed.seconds().map_err(|halt| Failure::Failed(halt.to_string()))?;
    let ran = start.elapsed().as_secs_f64();
    let mut report =
        NetworkReport::new(&mut timed.chip, plan.inputs()?, arguments.seed, outcome.is_complete, seconds);
    report.result = Some(outcome.to_json());
    let work = (outcome.activity.steps, outcome.activity.synaptic_events);
    let host = HostReport::of_network(arguments.threads.into(), 0.0, ran, work);
    if let Some(folder) = folder {
        write_report(folder, Vec::new(), &report, &host)?;
    }
    console::answer(&if arguments.json { report.to_json() } else { report.summary() })?;
    judge(&outcome)
}

/// An answer that is shown to be wrong is a failure of the run, unless it is the best of a search.
fn judge(outcome: &AlgorithmOutcome) -> Result<(), Failure> {
    if outcome.is_affected == Some(true) {
        let late = outcome.activity.late;
        return Err(Failure::Failed(format!("{late} spikes came late and the result is not right")));
    }
    Ok(())
}

fn solve(
    plan: &Plan,
    algorithm: &Algorithm,
    arguments: &RunArguments,
    control: &mut Control<'_>,
) -> Result<(AlgorithmOutcome, Timed), Failure> {
    let workload = &plan.workload;
    let ground = ground(plan)?.with_devices(Devices::Drawn(arguments.seed));
    let fidelity = arguments.fidelity.map_or(Fidelity::Ideal, Fidelity::from);
    let how = How { fidelity, seed: arguments.seed, threads: arguments.threads.into() };
    let mut chips = Chips { ground: &ground, how };
    let files = |path: &Path| workload.file(path);
    let mut watch = |progress: host::Progress| {
        if progress.steps.is_multiple_of(LOOK)
            && let Some(show) = &mut control.progress
        {
            show(Progress { cycle: progress.steps, share: progress.share });
        }
        !control.cancel.is_some_and(|flag| flag.load(std::sync::atomic::Ordering::Relaxed))
    };
    match algorithm.run(&mut chips, &files, arguments.seed, &mut watch) {
        Ok((outcome, Some(timed))) => Ok((outcome, timed)),
        Ok((_, None)) => Err(Failure::Failed("the algorithm has used no machine".to_owned())),
        Err(host::Failure::Refused(problems)) => Err(workload.explain(problems).into()),
        Err(host::Failure::Halted(halt)) => Err(Failure::Failed(halt.to_string())),
        Err(host::Failure::Cancelled) => Err(Failure::Interrupted),
    }
}

/// Steps between two looks at the outside world.
const LOOK: u64 = 16;

/// Chips of one kind, filled core by core.
struct Chips<'a> {
    ground: &'a Ground<'a>,
    how: How,
}

impl Backend for Chips<'_> {
    type Machine = Timed;

    fn machine(&mut self, net: Net) -> Result<Timed, Problems> {
        let placement = Placement::sequential(&net, self.ground)?;
        let mut chip = Chip::new(net, &placement, self.ground, self.how)?;
        chip.keep_records();
        Ok(Timed { chip, seconds: Vec::new() })
    }

    fn longest_delay(&self) -> u16 {
        self.ground.params.max_delay
    }
}

/// A chip, and what its steps took.
struct Timed {
    chip: Chip,
    seconds: Vec<f64>,
}

impl Timed {
    fn note(&mut self) {
        self.seconds.extend(self.chip.take_records().iter().map(|record| record.seconds));
    }

    /// What each step took [s].
    fn seconds(&mut self) -> Result<Vec<f64>, Halt> {
        self.chip.settle()?;
        self.note();
        Ok(std::mem::take(&mut self.seconds))
    }
}

impl Machine for Timed {
    fn next_step(&self) -> u64 {
        self.chip.next_step()
    }

    fn poke(&mut self, neuron: NeuronId, weight: f64) {
        self.chip.poke(neuron, weight);
    }

    fn step(&mut self) -> Result<(), Halt> {
        self.chip.step()?;
        self.note();
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
