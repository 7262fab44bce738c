//! Network files in YAML: groups of neurons, edges, mappings.

use super::edges::{self, Edge};
use super::fields::Fields;
use super::tree::{self, Tree};
use crate::base::{Problem, Problems};

/// A network as it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Snn {
    pub name: String,
    pub groups: Vec<Group>,
    pub edges: Vec<Edge>,
    /// In the order in which neurons are mapped.
    pub mappings: Vec<Mapping>,
}

/// A group of neurons.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub name: String,
    /// Attributes by neuron.
    pub neurons: Vec<Fields>,
}

/// Where a neuron is mapped to: tile and core on it, and units that were named.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    pub path: String,
    pub group: usize,
    pub neurons: std::ops::Range<u32>,
    pub tile: u32,
    pub core: u32,
    pub units: Units,
}

/// Units by name; the first of their kind where none is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Units {
    pub soma: Option<String>,
    pub dendrite: Option<String>,
    pub synapse: Option<String>,
}

/// Most neurons of a group.
const MOST: u32 = 1 << 28;

/// Reads a network file.
///
/// # Errors
/// Everything in it that is wrong or not supported, by its path.
pub(super) fn read(text: &str) -> Result<Snn, Problems> {
    let mut problems = Problems::new();
    let mut root = Fields::new("", Some(tree::read(text)?), &mut problems);
    let mut network = Fields::new("network", root.take("network"), &mut problems);
    let mut snn = Snn { name: network.text("name", &mut problems).unwrap_or_default(), ..Snn::default() };
    for (i, group) in network.list("groups", &mut problems).into_iter().enumerate() {
        snn.groups.push(read_group(&format!("network.groups[{i}]"), group, &mut problems));
    }
    for (i, edge) in network.list("edges", &mut problems).into_iter().enumerate() {
        edges::read(&format!("network.edges[{i}]"), edge, &snn.groups, &mut snn.edges, &mut problems);
    }
    network.finish(&mut problems);
    for (i, mapping) in root.list("mappings", &mut problems).into_iter().enumerate() {
        read_mapping(&format!("mappings[{i}]"), mapping, &mut snn, &mut problems);
    }
    root.finish(&mut problems);
    problems.into_result(snn)
}

fn read_group(path: &str, tree: Tree, problems: &mut Problems) -> Group {
    let mut fields = Fields::new(path, Some(tree), problems);
    let name = fields.text("name", problems).unwrap_or_default();
    let common = Fields::new(&format!("{path}.attributes"), fields.take("attributes"), problems);
    let mut neurons: Vec<Option<Fields>> = Vec::new();
    for (i, entry) in fields.list("neurons", problems).into_iter().enumerate() {
        let path = format!("{path}.neurons[{i}]");
        let entries = match entry {
            Tree::Map(entries) => entries,
            Tree::Scalar(range, _) => vec![(range, Tree::Map(Vec::new()))],
            Tree::List(_) => {
                problems.push(Problem::new(path, "is no neuron with its attributes"));
                continue;
            }
        };
        for (range, attributes) in entries {
            let Some(range) = index_range(&range).filter(|range| range.end <= MOST) else {
                problems.push(Problem::new(path.clone(), format!("`{range}` is no range of neurons")));
                continue;
            };
            let mut own = Fields::new(&format!("{path}.{}", range.start), Some(attributes), problems);
            own.default_to(&common);
            neurons.resize(neurons.len().max(range.end as usize), None);
            range.for_each(|neuron| neurons[neuron as usize] = Some(own.clone()));
        }
    }
    fields.finish(problems);
    problems
        .require(neurons.iter().all(Option::is_some), path, || "neurons are not numbered one by one".into());
    Group { name, neurons: neurons.into_iter().flatten().collect() }
}

/// Reads `3` or `0..9`, the ten from 0 to 9.
pub(super) fn index_range(text: &str) -> Option<std::ops::Range<u32>> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last && last < MOST).then(|| first..last + 1)
}

/// Reads `group`, `group.3` or `group.0..9`: the group's position and the neurons.
pub(super) fn address(text: &str, groups: &[Group]) -> Result<(usize, std::ops::Range<u32>), String> {
    let text = text.trim();
    let (name, range) = match text.split_once('.') {
        Some((name, range)) => (name, Some(range)),
        None => (text, None),
    };
    let group = groups
        .iter()
        .position(|group| group.name == name)
        .ok_or_else(|| format!("there is no group `{name}`"))?;
    let len = groups[group].neurons.len() as u32;
    let range = match range {
        None => 0..len,
        Some(range) => index_range(range).ok_or_else(|| format!("`{text}` names no neurons"))?,
    };
    if range.end > len {
        return Err(format!("group `{name}` has {len} neurons; found `{text}`"));
    }
    Ok((group, range))
}

fn read_mapping(path: &str, tree: Tree, snn: &mut Snn, problems: &mut Problems) {
    let Tree::Map(entries) = tree else {
        return problems.push(Problem::new(path, "is no neuron with its core"));
    };
    for (neurons, attributes) in entries {
        let mut fields = Fields::new(&format!("{path}.{neurons}"), Some(attributes), problems);
        let units = Units {
            soma: fields.text("soma", problems),
            dendrite: fields.text("dendrite", problems),
            synapse: fields.text("synapse", problems),
        };
        let core = fields.text("core", problems);
        fields.finish(problems);
        let place = core.as_deref().and_then(|core| {
            let (tile, core) = core.split_once('.')?;
            tile.trim().parse().ok().zip(core.trim().parse().ok())
        });
        match (address(&neurons, &snn.groups), place) {
            (Ok((group, neurons)), Some((tile, core))) => {
                snn.mappings.push(Mapping { path: path.to_owned(), group, neurons, tile, core, units });
            }
            (Err(message), _) => problems.push(Problem::new(path, message)),
            (_, None) => problems.push(Problem::new(format!("{path}.core"), "a core is written `tile.core`")),
        }
    }
}
