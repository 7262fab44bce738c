//! How the neurons of a network get their cores: in order, as they were given, or by a search.

use std::path::Path;

use rayon::prelude::*;
use serde::Deserialize;

use super::setting::{Documents, Setting};
use crate::base::{CoreId, Gauge, Problem, Problems};
use crate::mapping::{
    Avoided, Capacity, Casting, Cores, Granule, Ground, Hypergraph, Mapped, MappingParams, Meter, Partition,
    Prices, SearchParams, map_watched, usable,
};
use crate::network::describe::{Seat, SeatParams, read_seats};
use crate::network::{Bench, Machine, Net};
use crate::report::MappingReport;
use crate::sim::chip::{self, Chip, CoreParams, Placement};
use crate::spec::{Loaded, Spots, WorkloadDoc};

/// The cores of a chip as the mapper sees them.
pub(super) struct Floor<'a> {
    documents: &'a Documents,
    setting: &'a Setting,
    params: &'a CoreParams,
    cores: Cores,
}

/// A placement, and how it came about.
pub(super) struct Seating {
    pub placement: Placement,
    how: &'static str,
    partition: Option<Partition>,
    seed: Option<u64>,
    avoided: Avoided,
}

/// What a network asks for.
pub(super) struct Wish<'a> {
    /// What the workload says under `mapping`.
    pub mapping: Option<&'a MappingParams>,
    /// What the network says of its own seats; heeded where the workload says nothing.
    pub seats: &'a [Seat],
    /// Gives the content of a file.
    pub files: &'a dyn Fn(&Path) -> std::io::Result<Vec<u8>>,
    /// Seed of the run.
    pub seed: u64,
}

impl<'a> Floor<'a> {
    /// The cores that `site` counts.
    pub(super) fn new(
        documents: &'a Documents,
        setting: &'a Setting,
        params: &'a CoreParams,
        site: &chip::Ground<'_>,
    ) -> Self {
        let node: Vec<_> = (0..site.cores()).map(|core| site.node(CoreId(core))).collect();
        let cores = Cores { class: vec![0; node.len()], node, classes: vec![capacity(params)] };
        Self { documents, setting, params, cores }
    }

    fn ground(&self) -> Ground<'_> {
        Ground {
            fabric: self.documents.fabric(),
            health: &self.setting.health,
            routing: &self.setting.routing,
            cores: &self.cores,
            prices: prices(self.params),
        }
    }

    /// Searches for a mapping of `net`, whose neurons fire at `rates`. Where the chip's routers copy spikes, the links of
    /// their trees count.
    ///
    /// # Errors
    /// What does not fit, and by how much.
    pub(super) fn search(
        &self,
        net: &Net,
        rates: &[f64],
        (wanted, seed): (&SearchParams, u64),
        gauge: &Gauge,
    ) -> Result<Mapped, Problems> {
        let graph = Hypergraph::of_net(net, rates)?;
        let mut search = wanted.search();
        if self.params.multicast {
            search.objective.casting = Casting::Multicast;
        }
        map_watched(&graph, &self.ground(), &search, wanted.seed.unwrap_or(seed), gauge)
    }

    /// A core for every neuron of `net`.
    ///
    /// # Errors
    /// What does not fit, and by how much; a mapping that is none.
    pub(super) fn seat(
        &self,
        net: &Net,
        site: &chip::Ground<'_>,
        wish: &Wish<'_>,
        gauge: &Gauge,
    ) -> Result<Seating, Problems> {
        let given = |seats: &[Seat]| {
            let placement = self.placed(net, seats)?;
            Ok(Seating { placement, how: "given", partition: None, seed: None, avoided: Avoided::default() })
        };
        match wish.mapping {
            Some(MappingParams::Search(wanted)) => self.found(net, (wanted, wish.seed), gauge),
            Some(MappingParams::File(name)) => {
                let file = MappingFile::open(name, wish.files)?;
                let seats = read_seats(&file.seats, &net.populations);
                seats.and_then(|seats| given(&seats)).map_err(|problems| file.places(problems))
            }
            None if !wish.seats.is_empty() => given(wish.seats),
            Some(MappingParams::InOrder) | None => self.in_order(net, site),
        }
    }

    /// The placement that `seats` describe.
    fn placed(&self, net: &Net, seats: &[Seat]) -> Result<Placement, Problems> {
        let mut problems = Problems::new();
        for (i, seat) in seats.iter().enumerate().filter(|(_, seat)| seat.core as usize >= self.cores.len()) {
            let problem =
                Problem::new(format!("mapping[{i}].core"), format!("there is no core {}", seat.core));
            problems.push(problem.allowed(format!("0 to {}", self.cores.len().saturating_sub(1))));
        }
        let placement = problems.absorb("", Placement::of_seats(net, self.params, seats));
        match placement {
            Some(placement) => problems.into_result(placement),
            None => Err(problems),
        }
    }

    fn in_order(&self, net: &Net, site: &chip::Ground<'_>) -> Result<Seating, Problems> {
        let Ground { fabric, health, routing, .. } = self.ground();
        let (cores, avoided) = usable(&self.cores, fabric, health, routing);
        let placement = Placement::sequential(net, &site.clone().limited_to(&cores))?;
        Ok(Seating { placement, how: "in-order", partition: None, seed: None, avoided })
    }

    fn found(
        &self,
        net: &Net,
        (wanted, seed): (&SearchParams, u64),
        gauge: &Gauge,
    ) -> Result<Seating, Problems> {
        let rates = rates(net, wanted.measure, seed, &Gauge::new())?;
        let mapped = self.search(net, &rates, (wanted, seed), gauge)?;
        let core_of = mapped.placement.core_of().to_vec();
        Ok(Seating {
            placement: Placement::of_cores(net, self.params, core_of)?,
            how: "search",
            partition: Some(mapped.partition),
            seed: Some(wanted.seed.unwrap_or(seed)),
            avoided: mapped.avoided,
        })
    }

    /// What `seating` was worth on `chip`, whose neurons have fired as often as `spikes` says.
    pub(super) fn account(&self, seating: &Seating, chip: &Chip, spikes: &[u32]) -> MappingReport {
        let Seating { how, partition, seed, avoided, .. } = seating;
        let cores: Vec<CoreId> = (0..chip.cores()).map(CoreId::at).collect();
        let of_some = |cores: &[CoreId]| {
            let (mut meter, mut scratch) = (Meter::new(self.ground()), Vec::new());
            for &core in cores {
                for neuron in chip.neurons_of(core) {
                    chip.fan_out(neuron, &mut scratch);
                    let spikes = spikes.get(neuron.index()).map_or(0, |&count| u64::from(count));
                    meter.add(core, spikes, scratch.iter().copied());
                }
            }
            meter
        };
        // Whole numbers are added up: the result does not depend on the number of threads.
        let meter = cores.par_chunks(64).map(of_some).reduce_with(Meter::with);
        let held = || cores.iter().map(|&core| chip.neurons_on(core));
        MappingReport {
            how,
            partition: *partition,
            seed: *seed,
            cores: held().filter(|&held| held > 0).count() as u32,
            fullest: held().max().unwrap_or(0),
            unused: *avoided,
            figures: meter.map(Meter::finish).unwrap_or_default(),
        }
    }
}

/// How often each neuron fires [1/s of the models' time], by a run of `steps` steps without a chip.
///
/// # Errors
/// Parameters that a model refuses, or what ended the run.
pub(super) fn rates(net: &Net, steps: u32, seed: u64, gauge: &Gauge) -> Result<Vec<f64>, Problems> {
    let mut spikes = vec![0u32; net.neurons() as usize];
    if steps == 0 {
        return Ok(vec![1.0; spikes.len()]);
    }
    let mut bench = Bench::new(net.clone(), seed)?;
    gauge.plan(steps.into());
    for _ in 0..steps {
        gauge.tick();
        bench.step().map_err(|halt| Problems::one("measure", halt.to_string()))?;
        bench.fired().iter().for_each(|neuron| spikes[neuron.index()] += 1);
    }
    let time = f64::from(steps) * net.dt.0;
    Ok(spikes.iter().map(|&count| f64::from(count).max(0.5) / time).collect())
}

/// What of a mapping file is read: a workload with a mapping, or what `map --json` writes.
#[derive(Deserialize)]
struct MappingText {
    mapping: Option<Vec<SeatParams>>,
    network: Option<OfNetwork>,
}

#[derive(Deserialize)]
struct OfNetwork {
    mapping: Vec<SeatParams>,
}

/// A mapping that a file holds.
struct MappingFile<'a> {
    name: &'a str,
    text: Vec<u8>,
    /// What stands before `mapping` in its paths.
    prefix: &'static str,
    seats: Vec<SeatParams>,
}

impl<'a> MappingFile<'a> {
    fn open(name: &'a str, files: &dyn Fn(&Path) -> std::io::Result<Vec<u8>>) -> Result<Self, Problems> {
        let wrong = |message: String| Problems::one("", format!("`{name}` {message}"));
        let text = files(Path::new(name)).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let read: MappingText = serde_yaml::from_slice(&text).map_err(|error| {
            let said = error.to_string();
            let what = said.split(" at line ").next().unwrap_or_default();
            let place = error.location().map(|at| format!("{}:{}:", at.line(), at.column()));
            let problem = Problem::new("", format!("{name}:{} {what}", place.unwrap_or_default()));
            problem.allowed("a workload with a `mapping`, or what `map --json` writes")
        })?;
        let (prefix, seats) = match (read.mapping, read.network) {
            (None, Some(network)) => ("network.", network.mapping),
            (mapping, _) => ("", mapping.unwrap_or_default()),
        };
        if seats.is_empty() {
            return Err(wrong("has no `mapping` and no `network.mapping`".into()));
        }
        Ok(Self { name, text, prefix, seats })
    }

    /// Problems with its seats, each with its place in the file.
    fn places(&self, problems: Problems) -> Problems {
        let spots = Spots::of(&String::from_utf8_lossy(&self.text));
        let place = |problem: Problem| {
            let path = format!("{}{}", self.prefix, problem.path);
            let spot = spots.find(&path).map_or_else(String::new, |spot| format!(":{spot}"));
            let message = format!("{}{spot}: {path}: {}", self.name, problem.message);
            Problem { path: String::new(), message, ..problem }
        };
        Problems(problems.0.into_iter().map(place).collect())
    }
}

/// The content of a mapping file that `workload` names: next to it, or by its whole path, as the command line
/// has it.
pub(super) fn open(workload: &Loaded<WorkloadDoc>, path: &Path) -> std::io::Result<Vec<u8>> {
    if path.is_absolute() { std::fs::read(path) } else { workload.file(path) }
}

/// What `--mapping` stands for, as the value of `workload.mapping`.
pub(super) fn named(text: &str) -> String {
    let words: Vec<&str> = text.split(',').map(str::trim).collect();
    let known = |names: &[&str]| -> Vec<String> {
        let given = words.iter().filter(|word| names.contains(word));
        given.map(|&word| if word == "greedy-overlap" { "overlap" } else { word }.to_owned()).collect()
    };
    let (partitions, places) = (known(&PARTITIONS), known(&PLACES));
    match words[..] {
        ["in-order"] => return "in-order".into(),
        ["search"] => return "{search: {}}".into(),
        _ => {}
    }
    if partitions.len() + places.len() < words.len() || places.len() > 1 {
        // From the command line, files are looked for where it was typed.
        let path = Path::new(text).canonicalize().unwrap_or_else(|_| text.into());
        return format!("{{file: {}}}", serde_json::Value::from(path.to_string_lossy()));
    }
    let mut fields = Vec::new();
    if !partitions.is_empty() {
        fields.push(format!("partitions: [{}]", partitions.join(", ")));
    }
    fields.extend(places.first().map(|place| format!("place: {place}")));
    format!("{{search: {{{}}}}}", fields.join(", "))
}

const PARTITIONS: [&str; 4] = ["sequential", "overlap", "greedy-overlap", "multilevel"];
const PLACES: [&str; 5] = ["linear", "hilbert", "spectral", "force", "anneal"];

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
        fan_in: rooms
            .iter()
            .flatten()
            .map(|&[_, inputs]| inputs)
            .chain(params.input_axons)
            .min()
            .unwrap_or(u32::MAX),
        fan_out: params.output_axons.unwrap_or(u32::MAX),
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

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn names_are_searches_and_the_rest_are_files() {
        assert_eq!(named("in-order"), "in-order");
        assert_eq!(named("search"), "{search: {}}");
        assert_eq!(named("greedy-overlap,multilevel"), "{search: {partitions: [overlap, multilevel]}}");
        assert_eq!(named("sequential,hilbert"), "{search: {partitions: [sequential], place: hilbert}}");
        assert_eq!(named("force"), "{search: {place: force}}");
        assert_eq!(named("no/such/mapping.yaml"), "{file: \"no/such/mapping.yaml\"}");
    }
}
