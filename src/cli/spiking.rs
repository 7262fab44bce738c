//! `spikeloom run` of a spiking network.

use std::time::Instant;

use super::console;
use super::devices::{Watched, device_run, other_run};
use super::failure::Failure;
use super::run::{Plan, RunArguments};
use super::watch::Watch;
use crate::base::{NeuronId, Problems};
use crate::network::Machine;
use crate::network::describe::Selection;
use crate::report::{self, DevicesReport, Folder, FolderError, HostReport, NetworkReport, RunFiles, Trace};
use crate::sim::Fidelity;
use crate::sim::chip::{
    Chip, ChipEnding, Devices, DriveError, Ground, How, Learned, Placement, StepRecord, Wires, drive,
};
use crate::spec::Probes;

/// Runs the network of `plan`; `start` is when everything began.
pub(super) fn run(
    plan: &Plan,
    arguments: &RunArguments,
    folder: Option<&Folder>,
    start: Instant,
) -> Result<(), Failure> {
    let mut chip = build(plan, arguments, Devices::Drawn(arguments.seed))?;
    if arguments.devices > 1 && chip.arrays().next().is_none() {
        return Err(Failure::Usage("`--devices` goes with cores that have an `array`".into()));
    }
    let mut traces = Traces::begin(plan, &chip, folder)?;
    let mut watched = Watched::begin(plan, arguments, &chip)?;
    let steps = plan.workload.value.steps();
    let loaded = start.elapsed().as_secs_f64();
    chip.keep_records();
    let mut look = |chip: &mut Chip| {
        traces.step(chip).map_err(failed)?;
        watched.step(chip)
    };
    let ending = Watch::new().over(|control| drive(&mut chip, steps, control, &mut look));
    let ending = match ending {
        Ok(ending) => ending,
        Err(DriveError::Halted(halt)) => return Err(Failure::Failed(halt.to_string())),
        Err(DriveError::Observer(failure)) => return Err(failure),
    };
    let ran = start.elapsed().as_secs_f64() - loaded;
    traces.tell_steps(&mut chip).map_err(failed)?;
    traces.tell_weights(&chip).map_err(failed)?;
    let activity = chip.activity();
    let threads = usize::from(arguments.threads);
    let host = HostReport::of_network(threads, loaded, ran, (activity.steps, activity.synaptic_events));
    let complete = ending == ChipEnding::Complete;
    let seconds = std::mem::take(&mut traces.seconds);
    let mut report = NetworkReport::new(&mut chip, plan.inputs()?, arguments.seed, complete, seconds);
    watched.tell(&mut report)?;
    if complete && arguments.devices > 1 {
        tell_devices(&mut report, plan, arguments, &watched)?;
    }
    if let Some(folder) = folder {
        write(folder, traces, &report, &host)?;
    }
    console::answer(&if arguments.json { report.to_json() } else { report.summary() })?;
    let rate = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.3e}"));
    console::complain(&format!(
        "loaded in {loaded:.2} s, ran for {ran:.2} s: {} steps/s, {} synaptic events/s\n",
        rate(host.steps_per_second),
        rate(host.synaptic_events_per_second)
    ));
    if complete { Ok(()) } else { Err(Failure::Interrupted) }
}

/// Runs the network with other devices, and puts into the report what that does.
fn tell_devices(
    report: &mut NetworkReport,
    plan: &Plan,
    arguments: &RunArguments,
    watched: &Watched,
) -> Result<(), Failure> {
    let mut runs = vec![device_run(report, watched)];
    for number in 1..u64::from(arguments.devices) {
        runs.push(other_run(plan, arguments, arguments.seed.wrapping_add(number))?);
    }
    if let Some(arrays) = &mut report.arrays {
        arrays.devices = Some(DevicesReport::of(&runs));
    }
    Ok(())
}

fn failed(error: FolderError) -> Failure {
    Failure::Failed(error.to_string())
}

/// What of the chip a network is put on: its cores, and what joins them.
pub(super) fn ground(plan: &Plan) -> Result<Ground<'_>, Failure> {
    let chip = &plan.documents.chip;
    let Some(params) = &chip.value.cores else {
        let message = "the chip has no cores: neurons need them";
        return Err(chip.explain(Problems::one("cores", message)).into());
    };
    let ground = Ground::new(plan.documents.fabric(), &plan.setting.health, params)
        .map_err(|problems| Failure::from(chip.explain(problems.under("cores"))))?;
    Ok(ground.with_wires(Wires {
        health: &plan.setting.health,
        routing: &plan.setting.routing,
        router: &chip.value.router,
        clock_hz: chip.value.clock.0,
    }))
}

/// The network on the chip.
pub(super) fn build(plan: &Plan, arguments: &RunArguments, devices: Devices) -> Result<Chip, Failure> {
    let workload = &plan.workload;
    let ground = ground(plan)?.with_devices(devices);
    let params = ground.params;
    let Some(network) = &workload.value.network else {
        return Err(Failure::Usage("the workload is no network".into()));
    };
    let files = |name: &str| workload.file(std::path::Path::new(name));
    let wrong_network = |problems: Problems| Failure::from(workload.explain(problems.under("network")));
    let described = network.compile(&files, arguments.seed).map_err(wrong_network)?;
    let placement = match described.seats.is_empty() {
        true => Placement::sequential(&described.net, &ground),
        false => Placement::of_seats(&described.net, params, &described.seats),
    };
    let placement = placement.map_err(wrong_network)?;
    let fidelity = arguments.fidelity.map_or(Fidelity::Ideal, Fidelity::from);
    let how = How { fidelity, seed: arguments.seed, threads: arguments.threads.into() };
    // What does not fit is told by core and neuron, which no document names.
    Chip::new(described.net, &placement, &ground, how)
        .map_err(|problems| Failure::Usage(problems.to_string()))
}

/// The traces that a workload asks for, and the time of each step.
struct Traces {
    seconds: Vec<f64>,
    spikes: Option<(Trace, Vec<bool>)>,
    potentials: Option<(Trace, Vec<NeuronId>)>,
    steps: Option<Trace>,
    /// Whether steps say what arrays spent.
    has_arrays: bool,
    /// The table of weights, and what they were at the start.
    weights: Option<(Trace, Vec<Learned>)>,
}

impl Traces {
    fn begin(plan: &Plan, chip: &Chip, folder: Option<&Folder>) -> Result<Self, Failure> {
        let none = Probes::default();
        let probes = plan.workload.value.probes.as_ref().unwrap_or(&none);
        let select = |list: &[String], field: &str| {
            let mut problems = Problems::new();
            let mut found = Vec::new();
            for (i, text) in list.iter().enumerate() {
                let selection = Selection::read(text, &chip.net().populations);
                let selection = problems.absorb(&format!("probes.{field}[{i}]"), selection);
                found.extend(selection.iter().flat_map(|it| it.span.iter()));
            }
            problems.into_result(found).map_err(|problems| Failure::from(plan.workload.explain(problems)))
        };
        let (spikes, potentials) =
            (select(&probes.spikes, "spikes")?, select(&probes.potentials, "potentials")?);
        let begin = |name: &str, wanted: bool, header: &str| {
            let Some(folder) = folder.filter(|_| wanted) else { return Ok(None) };
            let mut trace = folder.begin(name)?;
            trace.append(|out| writeln!(out, "{header}"))?;
            Ok::<_, FolderError>(Some(trace))
        };
        let mut is_probed = vec![false; chip.net().neurons() as usize];
        spikes.iter().for_each(|neuron| is_probed[neuron.index()] = true);
        let has_arrays = chip.arrays().next().is_some();
        let header = format!("{STEPS_HEADER}{}", if has_arrays { ",array_joules" } else { "" });
        let of_spikes = begin("spikes.csv", !spikes.is_empty(), "time,population,neuron")?;
        let of_potentials =
            begin("potentials.csv", !potentials.is_empty(), "time,population,neuron,potential")?;
        Ok(Self {
            seconds: Vec::new(),
            spikes: of_spikes.map(|trace| (trace, is_probed)),
            potentials: of_potentials.map(|trace| (trace, potentials)),
            steps: begin("steps.csv", probes.steps, &header)?,
            has_arrays,
            weights: begin("weights.csv", probes.weights, WEIGHTS_HEADER)?
                .map(|trace| (trace, chip.learned())),
        })
    }

    fn step(&mut self, chip: &mut Chip) -> Result<(), FolderError> {
        let step = chip.next_step() - 1;
        let place = |neuron| chip.net().place(neuron).map(|(population, at)| (population.name.as_str(), at));
        if let Some((trace, is_probed)) = &mut self.spikes {
            for &neuron in chip.fired().iter().filter(|neuron| is_probed[neuron.index()]) {
                let Some((name, at)) = place(neuron) else { continue };
                trace.append(|out| writeln!(out, "{step},{name},{at}"))?;
            }
        }
        if let Some((trace, probed)) = &mut self.potentials {
            for &neuron in probed.iter() {
                let Some(((name, at), value)) = place(neuron).zip(chip.probe(neuron, 0)) else { continue };
                trace.append(|out| writeln!(out, "{step},{name},{at},{value:?}"))?;
            }
        }
        self.tell_steps(chip)
    }

    /// Writes down what was learned.
    fn tell_weights(&mut self, chip: &Chip) -> Result<(), FolderError> {
        let Some((trace, before)) = &mut self.weights else { return Ok(()) };
        for (then, now) in before.iter().zip(chip.learned()) {
            let ends = chip.net().place(now.source).zip(chip.net().place(now.target));
            let Some(((source, from), (target, to))) = ends else { continue };
            let (source, target) = (&source.name, &target.name);
            let weights = (then.weight, now.weight);
            trace.append(|out| {
                writeln!(out, "{source},{from},{target},{to},{:?},{:?}", weights.0, weights.1)
            })?;
        }
        Ok(())
    }

    /// Notes the steps whose time is known by now.
    fn tell_steps(&mut self, chip: &mut Chip) -> Result<(), FolderError> {
        for record in chip.take_records() {
            self.seconds.push(record.seconds);
            let Some(trace) = &mut self.steps else { continue };
            let (counts, spent) = (&record.counts, report::core_energy(chip.prices(), &record.counts));
            let mut joules: Vec<String> =
                spent.components().iter().map(|(_, energy)| format!("{:?}", energy.joules())).collect();
            if self.has_arrays {
                joules.push(format!("{:?}", array_joules(chip, &record)));
            }
            trace.append(|out| {
                write!(out, "{},{:?},{},{}", record.step, record.seconds, counts.spikes(), counts.updates())?;
                write!(out, ",{},{},{}", counts.axon_out, counts.total_hops(), counts.synaptic_events())?;
                writeln!(out, ",{},{}", counts.late, joules.join(","))
            })?;
        }
        Ok(())
    }
}

/// What arrays spent in a step [J].
fn array_joules(chip: &Chip, record: &StepRecord) -> f64 {
    // The arrays of a record are ascending, as those of the chip are.
    let mut arrays = chip.arrays().enumerate();
    let spent = record.arrays.iter().filter_map(|&(number, used)| {
        let (_, array) = arrays.by_ref().find(|&(at, _)| at as u32 == number)?;
        Some(report::array_energy(array, used))
    });
    spent.sum::<crate::energy::Energy>().joules()
}

const STEPS_HEADER: &str = "timestep,seconds,spikes,updates,packets,hops,synaptic_events,late,soma_joules,\
                            synapse_joules,dendrite_joules,learning_joules,axon_in_joules,axon_out_joules,\
                            core_hop_joules";

const WEIGHTS_HEADER: &str = "source_population,source,target_population,target,before,after";

fn write(folder: &Folder, traces: Traces, report: &NetworkReport, host: &HostReport) -> Result<(), Failure> {
    let Traces { spikes, potentials, steps, weights, .. } = traces;
    let spikes = spikes.map(|(trace, _)| ("spikes.csv", trace));
    let potentials = potentials.map(|(trace, _)| ("potentials.csv", trace));
    let steps = steps.map(|trace| ("steps.csv", trace));
    let weights = weights.map(|(trace, _)| ("weights.csv", trace));
    let mut written = Vec::new();
    for (name, trace) in [spikes, potentials, steps, weights].into_iter().flatten() {
        trace.finish().map_err(failed)?;
        written.push(name);
    }
    write_report(folder, written, report, host)
}

/// Writes the report and its page beside the tables that have been `written`.
pub(super) fn write_report(
    folder: &Folder,
    mut written: Vec<&'static str>,
    report: &NetworkReport,
    host: &HostReport,
) -> Result<(), Failure> {
    folder.write("host.json", |out| out.write_all(host.to_json().as_bytes())).map_err(failed)?;
    // The page reads tables back: none of an earlier run may be left.
    written.extend(["report.json", "report.html", "host.json"]);
    folder.keep_only(&written).map_err(failed)?;
    let report = report.to_json();
    let page = report::page(&[RunFiles::parse(folder.path(), &report, None)?])?;
    folder.write("report.html", |out| out.write_all(page.as_bytes())).map_err(failed)?;
    // The report comes last: a folder that has one has all of it.
    folder.write("report.json", |out| out.write_all(report.as_bytes())).map_err(failed)
}
