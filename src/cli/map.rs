//! `spikeloom map`: which core is to hold which neurons.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};

use super::console;
use super::failure::Failure;
use super::mapper::{Floor, rates};
use super::setting::{Documents, Names, Setting};
use super::watch::patiently;
use crate::base::{Gauge, Problem, Problems};
use crate::mapping::{Avoided, Casting, Figures, Mapped, Objective, Partition, Place, SearchParams};
use crate::network::Net;
use crate::network::describe::SeatParams;
use crate::report::Folder;
use crate::sim::chip;
use crate::spec::{Diagnostics, Loaded, WorkloadDoc, load_workload};

/// Arguments of `map`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  spikeloom map balanced --chip loihi-sanafe
  spikeloom map net.yaml --chip chip.yaml --faults faults.yaml --out mapped.yaml
  spikeloom run mapped.yaml --chip chip.yaml --faults faults.yaml")]
pub(super) struct MapArguments {
    /// The spiking network: a file, or a built-in workload.
    workload: String,
    /// The chip: a file, or a built-in one.
    #[arg(long)]
    chip: String,
    /// What is broken: a file, or a built-in fault map.
    #[arg(long)]
    faults: Option<String>,
    /// How packets find their way, instead of what the chip says.
    #[arg(long, value_name = "NAME")]
    routing: Option<String>,
    /// Steps run without a chip to measure how often each neuron fires; one that never does counts as half a
    /// spike. 0: all neurons count the same.
    #[arg(long, default_value_t = 100, value_name = "N")]
    measure: u32,
    /// How neurons are put together; the best result of several is taken. Default: all.
    #[arg(long, value_enum, value_delimiter = ',')]
    partition: Vec<PartitionName>,
    /// How cores are chosen.
    #[arg(long, value_enum, default_value_t = PlaceName::Anneal)]
    place: PlaceName,
    /// Count the links of multicast trees instead of those of single packets, as for chips whose routers copy spikes.
    #[arg(long)]
    multicast: bool,
    /// Weight of the busiest link in what is minimised, 0 to 1.
    #[arg(long, value_name = "W", default_value_t = Objective::default().peak)]
    peak: f64,
    /// Starts per kind of partition.
    #[arg(long, value_name = "N", default_value_t = 1)]
    starts: u32,
    /// Set one value of a document, e.g. chip.cores.neurons=256; may be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Seed of all random choices.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Write the workload with its mapping to this file; it can be edited, and run.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite the file.
    #[arg(long, requires = "out")]
    force: bool,
    /// Write mapping and figures to standard output as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PartitionName {
    Sequential,
    Overlap,
    Multilevel,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PlaceName {
    Linear,
    Hilbert,
    Spectral,
    Force,
    Anneal,
}

#[derive(Serialize)]
struct Answer<'a> {
    figures: &'a Figures,
    partition: Partition,
    unused: Avoided,
    mapping: &'a [SeatParams],
}

pub(super) fn map(arguments: &MapArguments) -> Result<(), Failure> {
    let out = &arguments.out;
    if let Some(path) = out.as_deref().filter(|path| path.exists() && !arguments.force) {
        return Err(Failure::Usage(format!("`{}` is there already; overwrite with --force", path.display())));
    }
    let found = Found::new(arguments, true)?;
    if let Some(path) = out {
        let seats = written(&arguments.workload, &found.seats);
        Folder::write_file(path, arguments.force, |out| out.write_all(seats.as_bytes()))
            .map_err(|error| Failure::Failed(error.to_string()))?;
        console::complain(&format!("wrote {}\n", path.display()));
    }
    if !arguments.json {
        return console::show(&describe(&found.mapped));
    }
    let text = serde_json::to_string_pretty(&found.answer()).map_err(unwritable)?;
    console::answer(&format!("{text}\n"))
}

/// What `map --json` answers, and nothing shown or written.
pub(super) fn answer_of(arguments: &MapArguments) -> Result<Value, Failure> {
    serde_json::to_value(Found::new(arguments, false)?.answer()).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::Failed(format!("the mapping cannot be written down: {error}"))
}

/// A mapping that was found.
struct Found {
    mapped: Mapped,
    seats: Vec<SeatParams>,
}

impl Found {
    /// Whoever waits for it sees how far it is, if `is_seen`.
    fn new(arguments: &MapArguments, is_seen: bool) -> Result<Self, Failure> {
        let MapArguments { chip, faults, routing, set, .. } = arguments;
        let names = Names { chip, faults: faults.as_deref(), routing: routing.as_deref(), overrides: set };
        let overrides = names.overrides()?;
        let mut problems = Diagnostics::new();
        let documents = names.read(&overrides, &mut problems);
        let workload = problems.absorb(load_workload(&arguments.workload, &overrides));
        let (Some(documents), Some(workload)) = (documents, workload) else { return Err(problems.into()) };
        let setting = documents.prepare(arguments.seed)?;
        let longest = documents.chip.value.cores.as_ref().map_or(u16::MAX, |cores| cores.max_delay);
        let net = network(&workload, longest, arguments.seed)?;
        let mapped = find(&documents, &setting, &net, (arguments, is_seen))?;
        let seats = mapped.placement.seats(&net);
        Ok(Self { mapped, seats })
    }

    fn answer(&self) -> Answer<'_> {
        let Mapped { figures, partition, avoided, .. } = &self.mapped;
        Answer { figures, partition: *partition, unused: *avoided, mapping: &self.seats }
    }
}

fn network(workload: &Loaded<WorkloadDoc>, longest: u16, seed: u64) -> Result<Net, Failure> {
    let Some(network) = &workload.value.network else {
        let problem = Problem::new("network", "is missing: only spiking networks are mapped");
        return Err(workload.explain(problem.into()).into());
    };
    let files = |name: &str| workload.open(Path::new(name));
    let described = network.compile_for(longest, &files, seed);
    Ok(described.map_err(|problems| workload.explain(problems.under("network")))?.net)
}

fn find(
    documents: &Documents,
    setting: &Setting,
    net: &Net,
    (arguments, is_seen): (&MapArguments, bool),
) -> Result<Mapped, Failure> {
    let chip = &documents.chip;
    let Some(params) = &chip.value.cores else {
        let message = "the chip has no cores: a spiking network needs them";
        return Err(chip.explain(Problems::one("cores", message)).into());
    };
    let wrong_cores = |problems: Problems| Failure::from(chip.explain(problems.under("cores")));
    let site = chip::Ground::new(documents.fabric(), &setting.health, params).map_err(wrong_cores)?;
    let floor = Floor::new(documents, setting, params, &site);
    let refused = |problems: Problems| Failure::Usage(problems.to_string());
    let measure = |gauge: &Gauge| rates(net, arguments.measure, arguments.seed, gauge);
    let rates = patiently(is_seen, "measuring how often neurons fire", measure).map_err(refused)?;
    let search = |gauge: &Gauge| floor.search(net, &rates, (&wanted(arguments), arguments.seed), gauge);
    patiently(is_seen, "searching for a mapping", search).map_err(refused)
}

fn wanted(arguments: &MapArguments) -> SearchParams {
    let partition = |name: &PartitionName| match name {
        PartitionName::Sequential => Partition::Sequential,
        PartitionName::Overlap => Partition::Overlap,
        PartitionName::Multilevel => Partition::Multilevel,
    };
    let mut partitions: Vec<Partition> = arguments.partition.iter().map(partition).collect();
    if partitions.is_empty() {
        partitions = SearchParams::default().partitions;
    }
    let place = match arguments.place {
        PlaceName::Linear => Place::Linear,
        PlaceName::Hilbert => Place::Hilbert,
        PlaceName::Spectral => Place::Spectral,
        PlaceName::Force => Place::Force,
        PlaceName::Anneal => Place::Anneal,
    };
    let casting = if arguments.multicast { Casting::Multicast } else { Casting::Unicast };
    SearchParams {
        partitions,
        place,
        objective: Objective { casting, peak: arguments.peak },
        starts: arguments.starts,
        ..SearchParams::default()
    }
}

/// A workload that adds a mapping to another.
fn written(workload: &str, seats: &[SeatParams]) -> String {
    let base = Path::new(workload).canonicalize().ok().filter(|path| path.is_file());
    let base = base.map_or_else(|| workload.to_owned(), |path| path.display().to_string());
    let mut text = format!("extends: {}\nnetwork:\n  mapping:\n", Value::from(base));
    for SeatParams { neurons, core, .. } in seats {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    - {}", json!({ "core": core, "neurons": neurons }));
    }
    text
}

fn describe(mapped: &Mapped) -> String {
    let Mapped { figures, avoided, partition, .. } = mapped;
    let Avoided { faulty, r#unsafe, isolated } = avoided;
    let partition = format!("{partition:?}").to_lowercase();
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:22} {value}");
    };
    line("cores", format!("{} in use, the fullest with {} neurons", figures.clusters, figures.fullest));
    line("cores not used", format!("{faulty} faulty, {} unsafe, {isolated} isolated", r#unsafe));
    line("best start", partition);
    line("unicast packets", format!("{:.1} /s", figures.unicast_packets));
    line("λ − 1", figures.connectivity_lambda_minus_1.to_string());
    line("packet-hops", format!("{:.1} /s, {:.4} per packet", figures.packet_hops, figures.mean_hops));
    line("busiest link", format!("{:.1} packets/s", figures.max_link_load));
    line("multicast", {
        let Figures { multicast_packets, tree_hops, multicast_max_link_load, .. } = figures;
        format!(
            "{multicast_packets:.1} packets/s, {tree_hops:.1} hops/s, busiest link {multicast_max_link_load:.1}"
        )
    });
    if figures.energy > 0.0 {
        line("energy of packets", format!("{:.4e} J/s", figures.energy));
    }
    if figures.undeliverable > 0.0 {
        line("UNDELIVERABLE", format!("{:.1} packets/s", figures.undeliverable));
    }
    text
}
