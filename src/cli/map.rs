//! `spikeloom map`: which core is to hold which neurons.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};

use super::console;
use super::failure::Failure;
use super::setting::{Documents, Names, Setting};
use crate::base::{CoreId, Problem, Problems};
use crate::mapping::{
    Avoided, Capacity, Casting, Cores, Figures, Granule, Ground, Hypergraph, Mapped, Objective, Partition,
    Place, Prices, Search, map as search,
};
use crate::network::describe::SeatParams;
use crate::network::{Bench, Machine, Net};
use crate::sim::chip::{self, CoreParams};
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
    /// Count the links of multicast trees instead of those of single packets.
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
    let MapArguments { chip, faults, routing, set, out, .. } = arguments;
    if let Some(path) = out.as_deref().filter(|path| path.exists() && !arguments.force) {
        return Err(Failure::Usage(format!("`{}` is there already; overwrite with --force", path.display())));
    }
    let names = Names { chip, faults: faults.as_deref(), routing: routing.as_deref(), overrides: set };
    let overrides = names.overrides()?;
    let mut problems = Diagnostics::new();
    let documents = names.read(&overrides, &mut problems);
    let workload = problems.absorb(load_workload(&arguments.workload, &overrides));
    let (Some(documents), Some(workload)) = (documents, workload) else { return Err(problems.into()) };
    let setting = documents.prepare(arguments.seed)?;
    let net = network(&workload, arguments.seed)?;
    let rates = rates(&net, arguments)?;
    let mapped = find(&documents, &setting, &net, &rates, arguments)?;
    let seats = mapped.placement.seats(&net);
    if let Some(path) = out {
        std::fs::write(path, written(&arguments.workload, &seats))
            .map_err(|error| Failure::Failed(format!("cannot write `{}`: {error}", path.display())))?;
        console::complain(&format!("wrote {}\n", path.display()));
    }
    if !arguments.json {
        return console::answer(&describe(&mapped));
    }
    let Mapped { figures, partition, avoided, .. } = &mapped;
    let answer = Answer { figures, partition: *partition, unused: *avoided, mapping: &seats };
    let text = serde_json::to_string_pretty(&answer)
        .map_err(|error| Failure::Failed(format!("the mapping cannot be written down: {error}")))?;
    console::answer(&format!("{text}\n"))
}

fn network(workload: &Loaded<WorkloadDoc>, seed: u64) -> Result<Net, Failure> {
    let Some(network) = &workload.value.network else {
        let problem = Problem::new("network", "is missing: only spiking networks are mapped");
        return Err(workload.explain(problem.into()).into());
    };
    let files = |name: &str| workload.file(Path::new(name));
    let described = network.compile(&files, seed);
    Ok(described.map_err(|problems| workload.explain(problems.under("network")))?.net)
}

/// How often each neuron fires [1/s of the models' time].
fn rates(net: &Net, arguments: &MapArguments) -> Result<Vec<f64>, Failure> {
    let mut spikes = vec![0u32; net.neurons() as usize];
    if arguments.measure == 0 {
        return Ok(vec![1.0; spikes.len()]);
    }
    let mut bench =
        Bench::new(net.clone(), arguments.seed).map_err(|wrong| Failure::Usage(wrong.to_string()))?;
    for _ in 0..arguments.measure {
        bench.step().map_err(|halt| Failure::Failed(halt.to_string()))?;
        bench.fired().iter().for_each(|neuron| spikes[neuron.index()] += 1);
    }
    let time = f64::from(arguments.measure) * net.dt.0;
    Ok(spikes.iter().map(|&count| f64::from(count).max(0.5) / time).collect())
}

fn find(
    documents: &Documents,
    setting: &Setting,
    net: &Net,
    rates: &[f64],
    arguments: &MapArguments,
) -> Result<Mapped, Failure> {
    let chip = &documents.chip;
    let Some(params) = &chip.value.cores else {
        let message = "the chip has no cores: a spiking network needs them";
        return Err(chip.explain(Problems::one("cores", message)).into());
    };
    let wrong_cores = |problems: Problems| Failure::from(chip.explain(problems.under("cores")));
    let site = chip::Ground::new(documents.fabric(), &setting.health, params).map_err(wrong_cores)?;
    let node: Vec<_> = (0..site.cores()).map(|core| site.node(CoreId(core))).collect();
    let cores = Cores { class: vec![0; node.len()], node, classes: vec![capacity(params)] };
    let ground = Ground {
        fabric: documents.fabric(),
        health: &setting.health,
        routing: &setting.routing,
        cores: &cores,
        prices: prices(params),
    };
    let refused = |problems: Problems| Failure::Usage(problems.to_string());
    let graph = Hypergraph::of_net(net, rates).map_err(refused)?;
    search(&graph, &ground, &wanted(arguments), arguments.seed).map_err(refused)
}

/// What a core of the chip takes.
fn capacity(params: &CoreParams) -> Capacity {
    let rooms: Vec<_> = (0..params.granules.len()).map(|granule| params.array_room(granule)).collect();
    let granules = params.granules.iter().zip(&rooms).map(|(granule, room)| Granule {
        models: granule.models.clone(),
        neurons: granule.neurons.unwrap_or(params.neurons).min(room.map_or(u32::MAX, |[neurons, _]| neurons)),
    });
    // Arrays that all granules share limit the core as a whole, and digital memory no core of arrays alone.
    let shared = params.granules.iter().all(|granule| granule.array.is_none());
    let whole = rooms.first().copied().flatten().filter(|_| shared && params.array.is_some());
    let has_memory = (0..params.granules.len()).any(|granule| params.array_of(granule).is_none());
    let synapses = params.synapses.filter(|_| has_memory);
    Capacity {
        neurons: params.neurons.min(whole.map_or(u32::MAX, |[neurons, _]| neurons)),
        granules: granules.collect(),
        synapses: synapses.map_or(u32::MAX, |most| u32::try_from(most).unwrap_or(u32::MAX)),
        fan_in: rooms.iter().flatten().map(|&[_, inputs]| inputs).min().unwrap_or(u32::MAX),
        fan_out: u32::MAX,
        reach: params.fan_out.unwrap_or(u32::MAX),
    }
}

/// What a packet and a hop cost by what the chip file says of its cores.
fn prices(params: &CoreParams) -> Prices {
    let packet = params.axon_in.energy.0 + params.axon_out.energy.0;
    let hop = params.hops.as_ref().map_or(0.0, |hops| {
        let all = [&hops.east, &hops.north, &hops.west, &hops.south];
        all.iter().map(|cost| cost.energy.0).sum::<f64>() / 4.0
    });
    Prices { packet, hop }
}

fn wanted(arguments: &MapArguments) -> Search {
    let partition = |name: &PartitionName| match name {
        PartitionName::Sequential => Partition::Sequential,
        PartitionName::Overlap => Partition::Overlap,
        PartitionName::Multilevel => Partition::Multilevel,
    };
    let mut partitions: Vec<Partition> = arguments.partition.iter().map(partition).collect();
    if partitions.is_empty() {
        partitions = Search::default().partitions;
    }
    let place = match arguments.place {
        PlaceName::Linear => Place::Linear,
        PlaceName::Hilbert => Place::Hilbert,
        PlaceName::Spectral => Place::Spectral,
        PlaceName::Force => Place::Force,
        PlaceName::Anneal => Place::Anneal,
    };
    let casting = if arguments.multicast { Casting::Multicast } else { Casting::Unicast };
    Search {
        partitions,
        place,
        // Orders are asked for by those who want to see what they are worth by themselves.
        settle: place == Place::Anneal,
        objective: Objective { casting, peak: arguments.peak },
        starts: arguments.starts,
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
