//! Architecture files: tiles, cores and their units.

use std::collections::BTreeMap;

use super::fields::Fields;
use super::tree::{self, Tree};
use crate::base::unit::{Joules, Seconds};
use crate::base::{Problem, Problems};
use crate::neuron::{EventCost, SomaCost};
use crate::sim::chip::{HopCosts, Synchronisation};

/// A chip whose tiles and cores are all alike. Not every place of the mesh needs to have a tile.
#[derive(Clone, Debug)]
pub(super) struct Arch {
    pub name: String,
    pub width: u32,
    pub height: u32,
    pub link_buffer: u32,
    /// Tiles, counted as they are written.
    pub tiles: u32,
    pub synchronisation: Synchronisation,
    pub hops: HopCosts,
    pub per_tile: u16,
    pub core: Core,
}

/// A core with its units.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Core {
    pub neurons: u32,
    pub axon_in: EventCost,
    pub axon_out: EventCost,
    pub synapses: Vec<Unit<EventCost>>,
    pub dendrites: Vec<Unit<DendriteUnit>>,
    pub somas: Vec<Unit<Soma>>,
}

/// A unit that neurons are mapped to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unit<T> {
    pub name: String,
    pub own: T,
    /// Costs that are not written: they are needed only where neurons use the unit.
    pub missing: Vec<&'static str>,
}

/// What a soma unit does, and what it costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Soma {
    pub model: SomaModel,
    pub cost: SomaCost,
}

/// What a dendrite unit costs, and whether its dendrites have taps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DendriteUnit {
    pub cost: EventCost,
    pub has_taps: bool,
}

/// Soma models that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SomaModel {
    Lif,
    TrueNorth,
    Input,
}

/// Reads an architecture file.
///
/// # Errors
/// Everything in it that is wrong or not supported, by its path.
pub(super) fn read(text: &str) -> Result<Arch, Problems> {
    let mut problems = Problems::new();
    let mut root = Fields::new("", Some(tree::read(text)?), &mut problems);
    let mut body = Fields::new("architecture", root.take("architecture"), &mut problems);
    root.finish(&mut problems);
    let name = body.text("name", &mut problems).unwrap_or_else(|| "chip".into());
    let mut attributes = Fields::new("architecture.attributes", body.take("attributes"), &mut problems);
    let [width, height, link_buffer] =
        ["width", "height", "link_buffer_size"].map(|name| required(&mut attributes, name, &mut problems));
    if let Some(topology) = attributes.text("topology", &mut problems).filter(|topology| topology != "mesh") {
        let problem = Problem::new(
            "architecture.attributes.topology",
            format!("`{topology}` is not what the peer simulates"),
        );
        problems.push(problem.allowed("`mesh`"));
    }
    let synchronisation = synchronisation(&mut attributes, &mut problems);
    attributes.finish(&mut problems);
    let mut tiles = Vec::new();
    for (i, tile) in body.list("tile", &mut problems).into_iter().enumerate() {
        tiles.push(read_tile(&format!("architecture.tile[{i}]"), tile, &mut problems));
    }
    body.finish(&mut problems);
    let count: u64 = tiles.iter().map(|tile| u64::from(tile.count)).sum();
    problems.require(count <= u64::from(width) * u64::from(height), "architecture.tile", || {
        format!("{count} tiles are more than {width} × {height} places")
    });
    let same = tiles.windows(2).all(|pair| pair[0].hops == pair[1].hops && pair[0].cores == pair[1].cores);
    problems
        .require(same, "architecture.tile", || "tiles that differ from each other are not supported".into());
    problems.into_result(())?;
    let Some(tile) = tiles.into_iter().next() else {
        return Err(Problems::one("architecture.tile", "there are no tiles"));
    };
    Ok(Arch {
        name,
        width,
        height,
        link_buffer,
        tiles: count as u32,
        synchronisation,
        hops: tile.hops,
        per_tile: tile.cores.0,
        core: tile.cores.1,
    })
}

fn required(fields: &mut Fields, name: &'static str, problems: &mut Problems) -> u32 {
    let value = fields.whole(name, problems);
    problems.require(value.is_some_and(|value| value > 0), &fields.at(name), || {
        "a positive whole number is needed".into()
    });
    value.unwrap_or(1).max(1)
}

fn synchronisation(fields: &mut Fields, problems: &mut Problems) -> Synchronisation {
    let at = fields.at("latency_sync");
    let mut table = BTreeMap::new();
    match fields.text("sync_model", problems).as_deref() {
        None | Some("fixed") => {
            if let Some(time) = fields.number("latency_sync", problems) {
                table.insert(0, Seconds(time));
            }
        }
        Some("table") => match fields.take("latency_sync") {
            Some(Tree::Map(entries)) => {
                for (tiles, time) in entries {
                    let time = if let Tree::Scalar(text, _) = &time { text.parse().ok() } else { None };
                    match tiles.parse().ok().zip(time) {
                        Some((tiles, time)) => _ = table.insert(tiles, Seconds(time)),
                        None => problems.push(Problem::new(
                            at.clone(),
                            format!("entry `{tiles}` is no number of tiles with a time"),
                        )),
                    }
                }
            }
            _ => problems.push(Problem::new(at, "a table is needed")),
        },
        Some(other) => {
            let problem = Problem::new(fields.at("sync_model"), format!("`{other}` is not supported"));
            problems.push(problem.allowed("`fixed`, `table`"));
        }
    }
    Synchronisation::Barrier(table)
}

struct TileEntry {
    count: u32,
    hops: HopCosts,
    cores: (u16, Core),
}

fn read_tile(path: &str, tree: Tree, problems: &mut Problems) -> TileEntry {
    let mut fields = Fields::new(path, Some(tree), problems);
    let (_, count) = name_and_count(&mut fields, problems);
    let mut attributes = Fields::new(&format!("{path}.attributes"), fields.take("attributes"), problems);
    let mut hop = |energy, latency| needed(&mut attributes, [energy, latency], problems);
    let hops = HopCosts {
        east: hop("energy_east_hop", "latency_east_hop"),
        north: hop("energy_north_hop", "latency_north_hop"),
        west: hop("energy_west_hop", "latency_west_hop"),
        south: hop("energy_south_hop", "latency_south_hop"),
    };
    log_flags(&mut attributes, problems);
    attributes.finish(problems);
    let mut cores: Vec<(u32, Core)> = Vec::new();
    for (i, core) in fields.list("core", problems).into_iter().enumerate() {
        cores.push(read_core(&format!("{path}.core[{i}]"), core, problems));
    }
    fields.finish(problems);
    let same = !cores.is_empty() && cores.windows(2).all(|pair| pair[0].1 == pair[1].1);
    problems.require(same, &format!("{path}.core"), || {
        "cores that differ from each other are not supported".into()
    });
    let per_tile: u32 = cores.iter().map(|(count, _)| count).sum();
    problems.require(per_tile <= 256, &format!("{path}.core"), || {
        format!("{per_tile} cores on a tile are too many")
    });
    let core = cores.into_iter().next().map_or_else(empty_core, |(_, core)| core);
    TileEntry { count, hops, cores: (per_tile.min(256) as u16, core) }
}

fn empty_core() -> Core {
    let (axon_in, axon_out) = (EventCost::default(), EventCost::default());
    Core { neurons: 1, axon_in, axon_out, synapses: Vec::new(), dendrites: Vec::new(), somas: Vec::new() }
}

fn read_core(path: &str, tree: Tree, problems: &mut Problems) -> (u32, Core) {
    let mut fields = Fields::new(path, Some(tree), problems);
    let (_, count) = name_and_count(&mut fields, problems);
    let mut attributes = Fields::new(&format!("{path}.attributes"), fields.take("attributes"), problems);
    let position = attributes.text("buffer_position", problems);
    problems.require(position.is_some(), &attributes.at("buffer_position"), || "this field is needed".into());
    if let Some(other) = position.filter(|position| position != "soma") {
        let problem =
            Problem::new(attributes.at("buffer_position"), format!("a buffer at `{other}` is not supported"));
        problems.push(problem.allowed("`soma`"));
    }
    attributes.off("buffer_inside_unit", "a buffer inside the unit", problems);
    let neurons = required(&mut attributes, "max_neurons_supported", problems);
    log_flags(&mut attributes, problems);
    attributes.finish(problems);
    let mut units = |section: &'static str, problems: &mut Problems| {
        let mut units = Vec::new();
        for (i, unit) in fields.list(section, problems).into_iter().enumerate() {
            units.extend(read_unit(&format!("{path}.{section}[{i}]"), unit, problems));
        }
        problems.require(!units.is_empty(), &format!("{path}.{section}"), || "there is no such unit".into());
        units
    };
    let mut one = |section: &'static str, energy, latency, problems: &mut Problems| {
        let mut found = units(section, problems);
        problems.require(found.len() <= 1, &format!("{path}.{section}"), || {
            "several such units are not supported".into()
        });
        let Some((_, mut attributes)) = found.pop() else { return EventCost::default() };
        let cost = needed(&mut attributes, [energy, latency], problems);
        close(attributes, problems);
        cost
    };
    let axon_in = one("axon_in", "energy_message_in", "latency_message_in", problems);
    let axon_out = one("axon_out", "energy_message_out", "latency_message_out", problems);
    let synapses = units("synapse", problems).into_iter().map(|(name, mut attributes)| {
        model(&mut attributes, &["current_based"], problems);
        let mut missing = Vec::new();
        let own =
            cost(&mut attributes, ["energy_process_spike", "latency_process_spike"], &mut missing, problems);
        close(attributes, problems);
        Unit { name, own, missing }
    });
    let synapses = synapses.collect();
    let dendrites = units("dendrite", problems).into_iter().map(|(name, mut attributes)| {
        let known = ["accumulator", "accumulator_with_delay", "taps"];
        let has_taps = model(&mut attributes, &known, problems).as_deref() == Some("taps");
        read_dendrite(name, has_taps, attributes, problems)
    });
    let dendrites = dendrites.collect();
    let somas = units("soma", problems)
        .into_iter()
        .map(|(name, attributes)| read_soma(name, attributes, problems))
        .collect();
    fields.finish(problems);
    (count, Core { neurons, axon_in, axon_out, synapses, dendrites, somas })
}

fn read_dendrite(
    name: String,
    has_taps: bool,
    mut attributes: Fields,
    problems: &mut Problems,
) -> Unit<DendriteUnit> {
    let mut missing = Vec::new();
    let cost = cost(&mut attributes, ["energy_update", "latency_update"], &mut missing, problems);
    // Updating in every step costs what an update costs; free updates change nothing.
    let always = attributes.flag("update_every_timestep", problems) == Some(true);
    let is_right = !always || cost == EventCost::default();
    problems.require(is_right, &attributes.at("update_every_timestep"), || {
        "dendrites that cost something in every step are not supported".into()
    });
    close(attributes, problems);
    Unit { name, own: DendriteUnit { cost, has_taps }, missing }
}

fn read_soma(name: String, mut attributes: Fields, problems: &mut Problems) -> Unit<Soma> {
    let model =
        match model(&mut attributes, &["leaky_integrate_fire", "truenorth", "input"], problems).as_deref() {
            Some("truenorth") => SomaModel::TrueNorth,
            Some("input") => SomaModel::Input,
            _ => SomaModel::Lif,
        };
    let mut missing = Vec::new();
    let mut cost = |names| cost(&mut attributes, names, &mut missing, problems);
    let cost = SomaCost {
        access: cost(["energy_access_neuron", "latency_access_neuron"]),
        update: cost(["energy_update_neuron", "latency_update_neuron"]),
        spike: cost(["energy_spike_out", "latency_spike_out"]),
    };
    close(attributes, problems);
    Unit { name, own: Soma { model, cost }, missing }
}

/// A unit, or as many as its name says, each with its attributes.
fn read_unit(path: &str, tree: Tree, problems: &mut Problems) -> Vec<(String, Fields)> {
    let mut fields = Fields::new(path, Some(tree), problems);
    let Some(name) = fields.text("name", problems) else {
        problems.push(Problem::new(format!("{path}.name"), "a unit needs a name"));
        return Vec::new();
    };
    let attributes = Fields::new(&format!("{path}.attributes"), fields.take("attributes"), problems);
    fields.finish(problems);
    match split_range(&name) {
        None => vec![(name, attributes)],
        Some((base, first, last)) => {
            (first..=last).map(|index| (format!("{base}[{index}]"), attributes.clone())).collect()
        }
    }
}

fn name_and_count(fields: &mut Fields, problems: &mut Problems) -> (String, u32) {
    let name = fields.text("name", problems).unwrap_or_default();
    match split_range(&name) {
        Some((base, first, last)) => (base.to_owned(), last - first + 1),
        None => (name, 1),
    }
}

/// The most units, tiles or cores that one name stands for.
const MOST: u32 = 1 << 16;

/// Splits `name[0..3]` or `name[3]`.
fn split_range(name: &str) -> Option<(&str, u32, u32)> {
    let (base, rest) = name.split_once('[')?;
    let inner = rest.strip_suffix(']')?;
    let (first, last) = inner.split_once("..").unwrap_or((inner, inner));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last && last - first < MOST).then_some((base, first, last))
}

/// Energy and latency, of which those that are `missing` count as 0.
fn cost(
    fields: &mut Fields,
    names: [&'static str; 2],
    missing: &mut Vec<&'static str>,
    problems: &mut Problems,
) -> EventCost {
    missing.extend(names.into_iter().filter(|name| !fields.has(name)));
    let [energy, latency] = names.map(|name| fields.number(name, problems).unwrap_or(0.0));
    EventCost { energy: Joules(energy), latency: Seconds(latency) }
}

/// Energy and latency, which have to be there.
fn needed(fields: &mut Fields, names: [&'static str; 2], problems: &mut Problems) -> EventCost {
    let [energy, latency] = names.map(|name| fields.needed(name, problems));
    EventCost { energy: Joules(energy), latency: Seconds(latency) }
}

fn model(fields: &mut Fields, known: &[&str], problems: &mut Problems) -> Option<String> {
    let name = fields.text("model", problems);
    if !name.as_deref().is_some_and(|name| known.contains(&name)) {
        let found = name.as_deref().unwrap_or("nothing");
        let problem = Problem::new(fields.at("model"), format!("`{found}` is not supported"));
        problems.push(problem.allowed(known.join(", ")));
    }
    name
}

/// Flags that ask for nothing but traces that we write anyway.
fn log_flags(fields: &mut Fields, problems: &mut Problems) {
    for name in ["log_energy", "log_latency"] {
        _ = fields.flag(name, problems);
    }
}

fn close(mut fields: Fields, problems: &mut Problems) {
    log_flags(&mut fields, problems);
    if let Some(plugin) = fields.text("plugin", problems) {
        problems
            .push(Problem::new(fields.at("plugin"), format!("plugins are not supported; found `{plugin}`")));
    }
    fields.finish(problems);
}
