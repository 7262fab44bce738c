//! From what was read to our documents.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::arch::{self, Arch, DendriteUnit, Soma, SomaModel, Unit};
use super::netlist;
use super::neurons::{self, Neuron};
use super::snn::{self, Snn, Units};
use crate::base::unit::Seconds;
use crate::base::{Problem, Problems};
use crate::network::describe::{NetworkParams, PartParams, PopulationParams, SeatParams};
use crate::neuron::NeuronModel;
use crate::sim::chip::{CoreParams, GranuleParams, TileOrder};

/// A chip and a network from foreign files.
#[derive(Clone, Debug)]
pub struct Import {
    /// What the chip is called.
    pub chip_name: String,
    /// What the network is called.
    pub network_name: String,
    /// Columns and rows of the mesh.
    pub size: [u32; 2],
    /// The cores.
    pub cores: CoreParams,
    /// The network.
    pub network: NetworkParams,
    /// Neurons whose spikes are to be recorded, as selections.
    pub spikes: Vec<String>,
    /// Neurons whose potentials are to be recorded.
    pub potentials: Vec<String>,
    /// Tables that the network names: name and content.
    pub tables: Vec<(String, String)>,
}

/// Reads an architecture file and a network file, in YAML or, with `is_netlist`, in the older `.net` form.
///
/// # Errors
/// Everything that is wrong or not supported, `arch` or `net` and the path in the file.
pub fn import(arch: &str, net: &str, is_netlist: bool) -> Result<Import, Problems> {
    let mut problems = Problems::new();
    let arch = problems.absorb("arch", arch::read(arch));
    let snn = problems.absorb("net", if is_netlist { netlist::read(net) } else { snn::read(net) });
    let (Some(arch), Some(snn)) = (arch, snn) else { return Err(problems) };
    problems.into_result(())?;
    Assembler::new(&arch, snn).assemble()
}

/// Length of a step: the models count steps.
const DT: Seconds = Seconds(1e-3);

pub(super) struct Assembler<'a> {
    arch: &'a Arch,
    pub snn: Snn,
    pub problems: Problems,
    granules: Vec<(GranuleKey, GranuleParams)>,
    /// By group and neuron: what was read, once it is mapped.
    pub neurons: Vec<Vec<Option<Neuron>>>,
    /// By core: neurons that are mapped to it.
    held: BTreeMap<u32, u32>,
    /// By core and dendrite unit with taps: neurons that take input there.
    on_taps: BTreeMap<(u32, usize), u32>,
    mapping: Vec<SeatParams>,
}

/// What tells granules apart: soma units that cost the same count as one, and so do dendrite units.
type GranuleKey = (usize, usize, usize);

impl<'a> Assembler<'a> {
    fn new(arch: &'a Arch, snn: Snn) -> Self {
        let neurons = snn.groups.iter().map(|group| vec![None; group.neurons.len()]).collect();
        let (problems, granules, mapping) = (Problems::new(), Vec::new(), Vec::new());
        let (held, on_taps) = (BTreeMap::new(), BTreeMap::new());
        Self { arch, snn, problems, granules, neurons, held, on_taps, mapping }
    }

    fn assemble(mut self) -> Result<Import, Problems> {
        self.map();
        let mut populations = Vec::new();
        let (mut spikes, mut potentials) = (Vec::new(), Vec::new());
        for group in 0..self.snn.groups.len() {
            populations.extend(self.population(group));
            spikes.extend(self.probes(group, |neuron| neuron.log_spikes));
            potentials.extend(self.probes(group, |neuron| neuron.log_potential));
        }
        let (projections, tables) = self.projections();
        let arch = self.arch;
        let unit = |cost: &GranuleParams| cost.clone();
        let cores = CoreParams {
            per_tile: arch.per_tile,
            neurons: arch.core.neurons,
            tile_order: TileOrder::Columns,
            axon_in: arch.core.axon_in,
            axon_out: arch.core.axon_out,
            granules: self.granules.iter().map(|(_, granule)| unit(granule)).collect(),
            hops: Some(arch.hops),
            link_buffer: arch.link_buffer,
            synchronisation: arch.synchronisation.clone(),
            ..CoreParams::default()
        };
        self.problems.absorb("arch", cores.validate());
        // Neurons of a range are wrong in the same way.
        self.problems.0.dedup();
        let network =
            NetworkParams { dt: DT, populations, projections, relays: false, mapping: self.mapping };
        self.problems.into_result(Import {
            chip_name: arch.name.clone(),
            network_name: self.snn.name,
            size: [arch.width, arch.height],
            cores,
            network,
            spikes,
            potentials,
            tables,
        })
    }

    /// Reads each neuron for the units that it is mapped to.
    fn map(&mut self) {
        for mapping in std::mem::take(&mut self.snn.mappings) {
            let snn::Mapping { path, group, neurons, tile, core, units } = mapping;
            let tiles = self.arch.tiles;
            if tile >= tiles || core >= self.arch.per_tile.into() {
                let problem = Problem::new(format!("net.{path}"), format!("there is no core {tile}.{core}"));
                let last = (tiles - 1, self.arch.per_tile.max(1) - 1);
                self.problems.push(problem.allowed(format!("0.0 to {}.{}", last.0, last.1)));
                continue;
            }
            let core = tile * u32::from(self.arch.per_tile) + core;
            *self.held.entry(core).or_default() += neurons.len() as u32;
            for neuron in neurons {
                self.seat(&path, group, neuron, core, &units);
            }
        }
        self.check_room();
        for (group, neurons) in self.neurons.iter().enumerate() {
            let missing = neurons.iter().filter(|neuron| neuron.is_none()).count();
            let path = format!("net.mappings.{}", self.snn.groups[group].name);
            self.problems.require(missing == 0, &path, || format!("{missing} neurons are mapped to no core"));
        }
    }

    fn check_room(&mut self) {
        let (most, per_tile) = (self.arch.core.neurons, u32::from(self.arch.per_tile));
        for (core, held) in self.held.iter().filter(|(_, held)| **held > most) {
            let (tile, core) = (core / per_tile, core % per_tile);
            let message = format!("{held} neurons are mapped to core {tile}.{core}");
            self.problems.push(Problem::new("net.mappings", message).allowed(format!("at most {most}")));
        }
        // The peer's units have one state, which several neurons would change in turn.
        for (&(core, dendrite), neurons) in self.on_taps.iter().filter(|(_, neurons)| **neurons > 1) {
            let (tile, core) = (core / per_tile, core % per_tile);
            let name = &self.arch.core.dendrites[dendrite].name;
            let message =
                format!("`{name}` of core {tile}.{core} has the taps of one neuron; found {neurons} neurons");
            let allowed = "a row of units, one for each neuron";
            self.problems.push(Problem::new("net.mappings", message).allowed(allowed));
        }
    }

    fn seat(&mut self, path: &str, group: usize, neuron: u32, core: u32, mapped: &Units) {
        let mut fields = self.snn.groups[group].neurons[neuron as usize].clone();
        let mut problems = Problems::new();
        let own = neurons::units(&mut fields, &mut problems);
        let name = |mapped: &Option<String>, own: Option<String>| {
            mapped.clone().or(own).filter(|name| !name.is_empty())
        };
        let units = Units {
            soma: name(&mapped.soma, own.soma),
            dendrite: name(&mapped.dendrite, own.dendrite),
            synapse: name(&mapped.synapse, own.synapse),
        };
        let unit = &self.arch.core;
        let found = (
            place(unit.somas.iter().map(|unit| &unit.name), units.soma.as_deref()),
            place(unit.synapses.iter().map(|unit| &unit.name), units.synapse.as_deref()),
            place(unit.dendrites.iter().map(|unit| &unit.name), units.dendrite.as_deref()),
        );
        let (Ok(soma), Ok(synapse), Ok(dendrite)) = found else {
            for wrong in [found.0.err(), found.1.err(), found.2.err()].into_iter().flatten() {
                self.problems
                    .push(Problem::new(format!("net.{path}"), format!("the core has no unit `{wrong}`")));
            }
            return;
        };
        let inputs =
            |somas: &[Unit<Soma>]| somas.iter().filter(|it| it.own.model == SomaModel::Input).count() as u32;
        let number = core * inputs(&unit.somas) + inputs(&unit.somas[..=soma]);
        let at = fields.path().to_owned();
        let models = (unit.somas[soma].own.model, unit.dendrites[dendrite].own.has_taps);
        let read = neurons::read(fields, models, number.max(1), &mut problems);
        if problems.0.is_empty() {
            problems.absorb(&at, read.model.check(DT));
        }
        if read.dendrite.is_some() {
            *self.on_taps.entry((core, dendrite)).or_default() += 1;
        }
        self.problems.absorb("net", problems.into_result(()));
        let seat = &mut self.neurons[group][neuron as usize];
        self.problems
            .require(seat.is_none(), &format!("net.{path}"), || "this neuron is mapped twice".into());
        *seat = Some(read);
        let granule = self.granule(soma, synapse, dendrite);
        let name = &self.snn.groups[group].name;
        // Neurons that follow each other on a core are one entry.
        if let Some(last) = self
            .mapping
            .last_mut()
            .filter(|last| last.core == core && last.granule.as_ref() == Some(&granule))
        {
            let (before, rest) = last.neurons.split_once('[').unwrap_or((&last.neurons, ""));
            let (first, end) = bounds(rest);
            if before == name && end + 1 == neuron {
                last.neurons = format!("{name}[{first}..{neuron}]");
                return;
            }
        }
        self.mapping.push(SeatParams { neurons: format!("{name}[{neuron}]"), core, granule: Some(granule) });
    }

    /// The name of the granule with these units.
    fn granule(&mut self, soma: usize, synapse: usize, dendrite: usize) -> String {
        let core = &self.arch.core;
        let same = |other: &Unit<Soma>| other.own == core.somas[soma].own;
        let first = core.somas.iter().position(same).unwrap_or(soma);
        let named = dendrite;
        let same = |other: &Unit<DendriteUnit>| other.own == core.dendrites[named].own;
        let dendrite = core.dendrites.iter().position(same).unwrap_or(named);
        let key = (first, synapse, dendrite);
        if let Some((_, known)) = self.granules.iter().find(|(known, _)| *known == key) {
            return known.name.clone();
        }
        for (section, name, missing) in [
            ("soma", &core.somas[soma].name, &core.somas[soma].missing),
            ("synapse", &core.synapses[synapse].name, &core.synapses[synapse].missing),
            ("dendrite", &core.dendrites[named].name, &core.dendrites[named].missing),
        ] {
            for field in missing {
                let path = format!("arch.architecture.tile[0].core[0].{section}");
                let message = format!("`{name}` has neurons, and needs the field `{field}`");
                self.problems.push(Problem::new(path, message));
            }
        }
        let base = core.somas[first].name.split('[').next().unwrap_or_default();
        let mut name = format!("{base}+{}", core.synapses[synapse].name);
        if core.dendrites.len() > 1 {
            let base = core.dendrites[dendrite].name.split('[').next().unwrap_or_default();
            _ = write!(name, "+{base}");
        }
        if self.granules.iter().any(|(_, known)| known.name == name) {
            _ = write!(name, "#{}", self.granules.len());
        }
        let model = match core.somas[soma].own.model {
            SomaModel::Lif => "sanafe-lif",
            SomaModel::TrueNorth => "truenorth",
            SomaModel::Input => "sanafe-input",
        };
        let granule = GranuleParams {
            name: name.clone(),
            models: vec![model.into()],
            neurons: None,
            synapse: core.synapses[synapse].own,
            dendrite: core.dendrites[dendrite].own.cost,
            soma: Some(core.somas[first].own.cost),
            ..GranuleParams::default()
        };
        self.granules.push((key, granule));
        name
    }

    fn population(&mut self, group: usize) -> Option<PopulationParams> {
        let name = self.snn.groups[group].name.clone();
        let neurons: Option<Vec<&Neuron>> = self.neurons[group].iter().map(Option::as_ref).collect();
        let neurons = neurons?;
        let model = &neurons.first()?.model;
        if neurons.iter().any(|neuron| neuron.model.name() != model.name()) {
            let message = "neurons of a group on somas of different models are not supported";
            self.problems.push(Problem::new(format!("net.groups.{name}"), message));
            return None;
        }
        let have_same = neurons.windows(2).all(|pair| pair[0].dendrite == pair[1].dendrite);
        let mut population = PopulationParams {
            name,
            neurons: neurons.len() as u32,
            model: model.clone(),
            parts: Vec::new(),
            trains: None,
            dendrite: neurons[0].dendrite.clone().filter(|_| have_same),
            values: BTreeMap::new(),
        };
        let mut first = 0;
        for run in neurons.chunk_by(|a, b| a.model == b.model && a.dendrite == b.dendrite) {
            let last = first + run.len() as u32 - 1;
            let dendrite = run[0].dendrite.clone().filter(|_| !have_same);
            if run[0].model != *model || dendrite.is_some() {
                let model = run[0].model.clone();
                population.parts.push(PartParams { neurons: [first, last], model, dendrite });
            }
            first = last + 1;
        }
        if population.parts.len() > 8 && have_same {
            let models: Vec<&NeuronModel> = neurons.iter().map(|neuron| &neuron.model).collect();
            if let Some(values) = columns(&models) {
                (population.values, population.parts) = (values, Vec::new());
            }
        }
        Some(population)
    }

    fn probes(&self, group: usize, wants: impl Fn(&Neuron) -> bool) -> Vec<String> {
        let name = &self.snn.groups[group].name;
        let wanted = |neuron: &Option<Neuron>| neuron.as_ref().is_some_and(&wants);
        let neurons = &self.neurons[group];
        let mut probes = Vec::new();
        let mut first = 0;
        for run in neurons.chunk_by(|a, b| wanted(a) == wanted(b)) {
            let last = first + run.len() - 1;
            match (wanted(&run[0]), run.len() == neurons.len()) {
                (true, true) => probes.push(name.clone()),
                (true, false) => probes.push(format!("{name}[{first}..{last}]")),
                _ => {}
            }
            first = last + 1;
        }
        probes
    }
}

/// The place of the unit called `wanted`: the first one if none is named.
fn place<'n>(mut names: impl Iterator<Item = &'n String>, wanted: Option<&str>) -> Result<usize, String> {
    match wanted {
        None => Ok(0),
        // A name without an index means the first of a row of units.
        Some(wanted) => names
            .position(|name| name == wanted || name.split_once('[').is_some_and(|(base, _)| base == wanted))
            .ok_or_else(|| wanted.to_owned()),
    }
}

/// The numbers in `3]` or `0..9]`.
fn bounds(text: &str) -> (u32, u32) {
    let inner = text.trim_end_matches(']');
    let (first, last) = inner.split_once("..").unwrap_or((inner, inner));
    (first.parse().unwrap_or(0), last.parse().unwrap_or(u32::MAX - 1))
}

/// The parameters that differ, as columns of numbers, if all that differ are numbers.
fn columns(models: &[&NeuronModel]) -> Option<BTreeMap<String, Vec<f64>>> {
    let written: Option<Vec<serde_json::Value>> = models
        .iter()
        .map(|model| serde_json::to_value(model).ok().map(|mut value| value[model.name()].take()))
        .collect();
    let written = written?;
    let mut columns = BTreeMap::new();
    for (name, first) in written.first()?.as_object()? {
        if written.iter().any(|value| value[name] != *first) {
            let column: Option<Vec<f64>> = written.iter().map(|value| value[name].as_f64()).collect();
            columns.insert(name.clone(), column?);
        }
    }
    Some(columns)
}
