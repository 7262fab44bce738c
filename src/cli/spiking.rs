//! `spikeloom run` of a spiking network.

use std::path::Path;
use std::time::Instant;

use super::checkpoint::Checkpoints;
use super::console;
use super::devices::{Watched, device_run, other_run};
use super::failure::Failure;
use super::flow::Flow;
use super::mapper::{self, Floor, Seating, Wish};
use super::run::{Plan, RunArguments};
use super::spikes::Fired;
use super::watch::{Watch, patiently, work_begins};
use crate::base::{CoreId, Gauge, NeuronId, Problem, Problems};
use crate::mapping::MappingParams;
use crate::network::Machine;
use crate::network::describe::Selection;
use crate::report::{
    self, DevicesReport, Figures, Folder, FolderError, HostReport, NetworkFacts, NetworkReport, RunFiles,
    Trace,
};
use crate::sim::Fidelity;
use crate::sim::chip::{
    Chip, ChipEnding, Devices, DriveError, Ground, Haul, Hauled, How, Learned, StepRecord, Wires, drive,
};
use crate::spec::{ChipDoc, Diagnostic, Loaded, Probes};

/// Runs the network of `plan`; `start` is when everything began.
pub(super) fn run(
    plan: &Plan,
    arguments: &RunArguments,
    folder: Option<&Folder>,
    start: Instant,
) -> Result<(), Failure> {
    let Ran { report, figures, mut traces, host } = simulate(plan, arguments, folder, (start, Watch::new()))?;
    std::mem::take(&mut traces.fired).write(&arguments.spikes, arguments.force)?;
    if let Some(folder) = folder {
        write_report(folder, traces.finish()?, (&report, &figures), &host)?;
    }
    match arguments.json {
        true => console::answer(&report.to_json())?,
        false => console::show(&report.summary())?,
    }
    let rate = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.3e}"));
    console::complain(&format!(
        "loaded in {:.2} s, ran for {:.2} s: {} steps/s, {} of real time, {} synaptic events/s\n",
        host.load_seconds,
        host.run_seconds,
        rate(host.steps_per_second),
        rate(host.real_time_factor),
        rate(host.synaptic_events_per_second)
    ));
    judge(&report)
}

/// A run that is over.
pub(super) struct Ran {
    pub report: NetworkReport,
    figures: Figures,
    traces: Traces,
    host: HostReport,
}

/// Whether the run itself failed.
pub(super) fn judge(report: &NetworkReport) -> Result<(), Failure> {
    if report.complete { Ok(()) } else { Err(Failure::Interrupted) }
}

/// Runs, and shows nothing; traces go to `folder`.
pub(super) fn simulate(
    plan: &Plan,
    arguments: &RunArguments,
    folder: Option<&Folder>,
    (start, mut watch): (Instant, Watch),
) -> Result<Ran, Failure> {
    let ground = ground(plan)?.with_devices(Devices::Drawn(arguments.seed));
    let floor = Floor::new(&plan.documents, &plan.setting, ground.params, &ground);
    let (mut chip, seating) = build(plan, arguments, &ground, &floor, watch.is_seen())?;
    if arguments.devices > 1 && chip.arrays().next().is_none() {
        return Err(Failure::Usage("`--devices` goes with cores that have an `array`".into()));
    }
    folder.iter().for_each(|_| work_begins());
    let mut traces = Traces::begin(plan, &chip, folder)?;
    traces.fired = Fired::none(chip.net(), !arguments.spikes.is_empty());
    let mut watched = Watched::begin(plan, arguments, &chip)?;
    let mut haul = Haul::new(&chip, &ground, Some(plan.workload.value.steps()));
    let checkpoints = Checkpoints::new(arguments, plan.inputs()?, &chip)?;
    if let Some(file) = &arguments.resume {
        checkpoints.resume(file, &mut chip, (&mut traces, &mut haul))?;
    }
    traces.flow.start(&chip);
    let steps = plan.workload.value.steps().saturating_sub(chip.next_step() - 1);
    let loaded = start.elapsed().as_secs_f64();
    chip.keep_records();
    let observe = |chip: &mut Chip| {
        haul.iter_mut().for_each(|haul| haul.step(chip));
        traces.step(chip).map_err(failed)?;
        watched.step(chip)?;
        if checkpoints.is_due(chip) { checkpoints.write(chip, (&mut traces, &haul)) } else { Ok(()) }
    };
    let ending = match watch.over(|control| drive(&mut chip, steps, control, observe)) {
        Ok(ending) => ending,
        Err(DriveError::Halted(halt)) => return Err(Failure::Failed(halt.to_string())),
        Err(DriveError::Observer(failure)) => return Err(failure),
    };
    if ending == ChipEnding::Cancelled {
        checkpoints.write(&mut chip, (&mut traces, &haul))?;
    }
    let ran = start.elapsed().as_secs_f64() - loaded;
    traces.steps.tell(&mut chip).map_err(failed)?;
    traces.tell_weights(&chip).map_err(failed)?;
    let activity = chip.activity();
    let threads = usize::from(arguments.threads);
    let host = HostReport::of_network(threads, loaded, ran, (activity.steps, activity.synaptic_events))
        .lived(activity.steps as f64 * chip.net().dt.0);
    let complete = ending == ChipEnding::Complete;
    let seconds = std::mem::take(&mut traces.steps.seconds);
    let hauled = haul.map(|haul| haul.finish(&chip));
    let (mut report, figures) =
        account(plan, (&mut chip, &ground), hauled.as_ref(), (arguments.seed, complete, seconds))?;
    report.mapping = Some(floor.account(&seating, &chip, &traces.fired.counts));
    watched.tell(&mut report)?;
    if complete && arguments.devices > 1 {
        tell_devices(&mut report, plan, arguments, &watched)?;
    }
    Ok(Ran { report, figures, traces, host })
}

/// Report and figures of a run on `chip`, complete or not, with what each step took [s].
pub(super) fn account(
    plan: &Plan,
    (chip, ground): (&mut Chip, &Ground<'_>),
    hauled: Option<&Hauled>,
    (seed, complete, seconds): (u64, bool, Vec<f64>),
) -> Result<(NetworkReport, Figures), Failure> {
    let certificate = plan.certificate();
    let document = &plan.documents.chip.value;
    let facts = NetworkFacts {
        ground,
        health: &plan.setting.health,
        certificate: certificate.as_ref().map(|known| (known, document.routing.name())),
        clock_hz: document.clock.0,
        hauled,
        seconds: &seconds,
    };
    let report = NetworkReport::new(chip, plan.inputs()?, seed, complete, seconds.clone());
    Ok((report.with_network(chip, &facts), Figures::of_network(chip, &facts)))
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
    let ground = ground.with_wires(Wires {
        health: &plan.setting.health,
        routing: &plan.setting.routing,
        router: &chip.value.router,
        clock_hz: chip.value.clock.0,
    });
    Ok(ground.with_prices(plan.setting.prices.as_ref()))
}

/// The same network on a chip with other devices.
pub(super) fn with_devices(plan: &Plan, arguments: &RunArguments, devices: Devices) -> Result<Chip, Failure> {
    let ground = ground(plan)?.with_devices(devices);
    let floor = Floor::new(&plan.documents, &plan.setting, ground.params, &ground);
    Ok(build(plan, arguments, &ground, &floor, false)?.0)
}

/// The network on the chip; if `is_seen`, a terminal sees how far a search for its mapping has come.
fn build(
    plan: &Plan,
    arguments: &RunArguments,
    ground: &Ground<'_>,
    floor: &Floor<'_>,
    is_seen: bool,
) -> Result<(Chip, Seating), Failure> {
    let workload = &plan.workload;
    let Some(network) = &workload.value.network else {
        return Err(Failure::Usage("the workload is no network".into()));
    };
    let files = |name: &str| workload.open(Path::new(name));
    let wrong_network = |problems: Problems| Failure::from(workload.explain(problems.under("network")));
    let described =
        network.compile_for(ground.params.max_delay, &files, arguments.seed).map_err(wrong_network)?;
    let paths = |path: &Path| mapper::open(workload, path);
    let mapping = workload.value.mapping.as_ref();
    let wish = Wish { mapping, seats: &described.seats, files: &paths, seed: arguments.seed };
    // What a search does not find is told by its own terms, which no document names.
    let wrong = |problems: Problems| match mapping {
        Some(MappingParams::Search(_)) => Failure::Usage(problems.to_string()),
        Some(MappingParams::File(_)) => workload.explain(problems.under("mapping.file")).into(),
        Some(MappingParams::InOrder) | None => wrong_network(problems),
    };
    let seat = |gauge: &Gauge| floor.seat(&described.net, ground, &wish, gauge);
    let seating = patiently(is_seen, "choosing cores", seat).map_err(wrong)?;
    let fidelity = arguments.fidelity.map_or(Fidelity::Ideal, Fidelity::from);
    let how = How { fidelity, seed: arguments.seed, threads: arguments.threads.into() };
    let chip = Chip::new(described.net, &seating.placement, ground, how);
    let other = |problems: Problems| Failure::Usage(problems.to_string());
    Ok((chip.map_err(|problems| misfit(&plan.documents.chip, problems, other))?, seating))
}

/// Why a network does not fit a chip: where a term of the cores is in its way, at the line of the term; else as `other`
/// tells it: most are told by core and neuron, which no document names.
pub(super) fn misfit(
    chip: &Loaded<ChipDoc>,
    problems: Problems,
    other: impl FnOnce(Problems) -> Failure,
) -> Failure {
    let of_cores = |problem: &Problem| chip.knows(&format!("cores.{}", problem.path));
    let (terms, others): (Vec<_>, Vec<_>) = problems.0.into_iter().partition(of_cores);
    if terms.is_empty() {
        return other(Problems(others));
    }
    let mut all = chip.explain(Problems(terms).under("cores"));
    for Problem { path, message, allowed, nearest } in others {
        all.push(Diagnostic { allowed, nearest, ..Diagnostic::new(message).path(path) });
    }
    all.into()
}

/// The time of each step, and `steps.csv` if that is asked for.
pub(super) struct Steps {
    /// What each step took [s].
    pub seconds: Vec<f64>,
    /// What each step spent [J], standby of arrays aside, if somebody wants to know.
    pub joules: Option<Vec<f64>>,
    trace: Option<Trace>,
    /// Whether the table says what arrays spent.
    has_arrays: bool,
    /// What is spent whether or not anything happens [W], if anything is known of it.
    at_rest: Option<f64>,
}

impl Steps {
    /// Nothing yet; the table goes to `folder` if there is one.
    pub(super) fn begin(folder: Option<&Folder>, chip: &Chip) -> Result<Self, FolderError> {
        let has_arrays = chip.arrays().next().is_some();
        let used = (0..chip.cores()).filter(|&core| chip.neurons_on(CoreId::at(core)) > 0).count();
        let at_rest: Vec<f64> =
            chip.prices().at_rest(1.0, used).into_iter().map(|(_, watts)| watts).collect();
        let at_rest = (!at_rest.is_empty()).then(|| at_rest.iter().sum());
        let more = [(has_arrays, ",array_joules"), (at_rest.is_some(), ",at_rest_joules")];
        let more = more.into_iter().filter(|(has, _)| *has).map(|(_, column)| column);
        let header: String = std::iter::once(STEPS_HEADER).chain(more).collect();
        let trace = folder.map(|it| begin(it, STEPS, &header)).transpose()?;
        Ok(Self { seconds: Vec::new(), joules: None, trace, has_arrays, at_rest })
    }

    /// Notes the steps whose time is known by now.
    pub(super) fn tell(&mut self, chip: &mut Chip) -> Result<(), FolderError> {
        for record in chip.take_records() {
            self.seconds.push(record.seconds);
            if self.trace.is_none() && self.joules.is_none() {
                continue;
            }
            let (counts, spent) = (&record.counts, report::core_energy(chip.prices(), &record.counts));
            if let Some(joules) = &mut self.joules {
                let at_rest = self.at_rest.unwrap_or(0.0) * record.seconds;
                joules.push(spent.total().joules() + array_joules(chip, &record) + at_rest);
            }
            let Some(trace) = &mut self.trace else { continue };
            let mut joules: Vec<String> =
                spent.components().iter().map(|(_, energy)| format!("{:?}", energy.joules())).collect();
            if self.has_arrays {
                joules.push(format!("{:?}", array_joules(chip, &record)));
            }
            joules.extend(self.at_rest.map(|watts| format!("{:?}", watts * record.seconds)));
            trace.append(|out| {
                write!(out, "{},{:?},{},{}", record.step, record.seconds, counts.spikes(), counts.updates())?;
                write!(out, ",{},{},{}", counts.axon_out, counts.total_hops(), counts.synaptic_events())?;
                let critical = record.critical.map(|it| it.to_string()).unwrap_or_default();
                writeln!(out, ",{},{critical},{}", counts.late, joules.join(","))
            })?;
        }
        Ok(())
    }

    /// Completes the table; its name, if there is one.
    pub(super) fn finish(self) -> Result<Option<&'static str>, Failure> {
        self.trace.map(|trace| trace.finish().map(|()| STEPS)).transpose().map_err(failed)
    }
}

/// Name of the table of steps.
const STEPS: &str = "steps.csv";

/// Begins a table with its header.
pub(super) fn begin(folder: &Folder, name: &str, header: &str) -> Result<Trace, FolderError> {
    let mut trace = folder.begin(name)?;
    trace.append(|out| writeln!(out, "{header}"))?;
    Ok(trace)
}

/// The traces that a workload asks for, and the time of each step.
pub(super) struct Traces {
    /// All spikes, as far as somebody wants to have them.
    pub(super) fired: Fired,
    spikes: Option<(Trace, Vec<bool>)>,
    potentials: Option<(Trace, Vec<NeuronId>)>,
    pub(super) steps: Steps,
    flow: Flow,
    /// The table of weights, and what they were at the start.
    weights: Option<(Trace, Vec<Learned>)>,
}

impl Traces {
    fn begin(plan: &Plan, chip: &Chip, folder: Option<&Folder>) -> Result<Self, Failure> {
        let none = Probes::default();
        let probes = plan.workload.value.probes.as_ref().unwrap_or(&none);
        let mut problems = Problems::new();
        let mut select = |list: &[String], field: &str| {
            let mut found = Vec::new();
            for (i, text) in list.iter().enumerate() {
                let selection = Selection::read(text, &chip.net().populations);
                let selection = problems.absorb(&format!("probes.{field}[{i}]"), selection);
                found.extend(selection.iter().flat_map(|it| it.span.iter()));
            }
            found
        };
        let (spikes, potentials) =
            (select(&probes.spikes, "spikes"), select(&probes.potentials, "potentials"));
        problems.into_result(()).map_err(|problems| plan.workload.explain(problems))?;
        let begin = |name: &str, wanted: bool, header: &str| {
            folder.filter(|_| wanted).map(|folder| begin(folder, name, header)).transpose()
        };
        let mut is_probed = vec![false; chip.net().neurons() as usize];
        spikes.iter().for_each(|neuron| is_probed[neuron.index()] = true);
        let of_spikes = begin("spikes.csv", !spikes.is_empty(), "time,population,neuron")?;
        let of_potentials =
            begin("potentials.csv", !potentials.is_empty(), "time,population,neuron,potential")?;
        Ok(Self {
            fired: Fired::default(),
            spikes: of_spikes.map(|trace| (trace, is_probed)),
            potentials: of_potentials.map(|trace| (trace, potentials)),
            steps: Steps::begin(folder.filter(|_| probes.steps), chip)?,
            flow: Flow::begin(folder, probes).map_err(failed)?,
            weights: begin("weights.csv", probes.weights, WEIGHTS_HEADER)?
                .map(|trace| (trace, chip.learned())),
        })
    }

    /// Those that are written step by step, by name.
    pub(super) fn open(&mut self) -> Vec<(&'static str, &mut Trace)> {
        let spikes = self.spikes.as_mut().map(|(trace, _)| ("spikes.csv", trace));
        let potentials = self.potentials.as_mut().map(|(trace, _)| ("potentials.csv", trace));
        let steps = self.steps.trace.as_mut().map(|trace| (STEPS, trace));
        [spikes, potentials, steps].into_iter().flatten().chain(self.flow.open()).collect()
    }

    fn step(&mut self, chip: &mut Chip) -> Result<(), FolderError> {
        let step = chip.next_step() - 1;
        self.fired.note(step, chip.fired());
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
        self.flow.step(step, chip)?;
        self.steps.tell(chip)
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

    /// Completes the tables; their names.
    fn finish(self) -> Result<Vec<&'static str>, Failure> {
        let Self { spikes, potentials, steps, flow, weights, fired: _ } = self;
        let spikes = spikes.map(|(trace, _)| ("spikes.csv", trace));
        let potentials = potentials.map(|(trace, _)| ("potentials.csv", trace));
        let weights = weights.map(|(trace, _)| ("weights.csv", trace));
        let mut written = Vec::new();
        for (name, trace) in [spikes, potentials, weights].into_iter().flatten().chain(flow.finish()) {
            trace.finish().map_err(failed)?;
            written.push(name);
        }
        written.extend(steps.finish()?);
        Ok(written)
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

const STEPS_HEADER: &str = "timestep,seconds,spikes,updates,packets,hops,synaptic_events,late,critical,soma_joules,\
                            synapse_joules,dendrite_joules,learning_joules,axon_in_joules,axon_out_joules,\
                            core_hop_joules";

const WEIGHTS_HEADER: &str = "source_population,source,target_population,target,before,after";

/// Writes the report and its page beside the tables that have been `written`.
pub(super) fn write_report(
    folder: &Folder,
    mut written: Vec<&'static str>,
    (report, figures): (&NetworkReport, &Figures),
    host: &HostReport,
) -> Result<(), Failure> {
    folder.write("host.json", |out| out.write_all(host.to_json().as_bytes())).map_err(failed)?;
    // The page reads tables back: none of an earlier run may be left.
    let (report, figures) = (report.to_json(), figures.to_json());
    folder.write("figures.json", |out| out.write_all(figures.as_bytes())).map_err(failed)?;
    written.extend(["report.json", "report.html", "figures.json", "host.json"]);
    folder.keep_only(&written).map_err(failed)?;
    let page = report::page(&[RunFiles::parse(folder.path(), &report, Some(&figures))?])?;
    folder.write("report.html", |out| out.write_all(page.as_bytes())).map_err(failed)?;
    // The report comes last: a folder that has one has all of it.
    folder.write("report.json", |out| out.write_all(report.as_bytes())).map_err(failed)
}
