//! What a chip offers: its cores, what each takes, and which of them can be used.

use serde::Serialize;

use super::graph::Hypergraph;
use crate::base::{CoreId, NodeId, Problem, Problems, RouterId};
use crate::fabric::{Fabric, Health};
use crate::noc::route::mftn::regions::Regions;
use crate::noc::route::{Ground, Mesh, Routing};

/// Granules of a core that differ in what they take, at most.
const MOST_GRANULES: usize = 6;

/// A part of a core that updates neurons of certain models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granule {
    /// Neuron models that it takes; empty: all.
    pub models: Vec<String>,
    /// Neurons that it holds.
    pub neurons: u32,
}

/// What one core takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Neurons that it holds in all its granules together.
    pub neurons: u32,
    /// Its granules.
    pub granules: Vec<Granule>,
    /// Synapses that its memory holds.
    pub synapses: u32,
    /// Neurons that may send to it, its own included: entries of the table of inputs.
    pub fan_in: u32,
    /// Pairs of a neuron on it and a core that this neuron sends to, its own included: entries of the table
    /// of outputs.
    pub fan_out: u32,
    /// Cores that one neuron on it may send to, its own included.
    pub reach: u32,
}

impl Capacity {
    /// Room for `neurons` neurons of any kind, and for any number of synapses.
    pub fn of_neurons(neurons: u32) -> Self {
        let granules = vec![Granule { models: Vec::new(), neurons }];
        let any = u32::MAX;
        Self { neurons, granules, synapses: any, fan_in: any, fan_out: any, reach: any }
    }
}

/// The cores of a chip, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cores {
    /// By core: the node (tile) that it sits on.
    pub node: Vec<NodeId>,
    /// By core: an index into `classes`.
    pub class: Vec<u8>,
    /// The kinds of cores.
    pub classes: Vec<Capacity>,
}

impl Cores {
    /// `per_node` equal cores on each node of `fabric`, numbered node by node.
    pub fn uniform(fabric: &Fabric, per_node: u32, capacity: Capacity) -> Self {
        let nodes = (0..fabric.nodes.len()).map(NodeId::at);
        let node: Vec<_> = nodes.flat_map(|node| (0..per_node).map(move |_| node)).collect();
        Self { class: vec![0; node.len()], node, classes: vec![capacity] }
    }

    /// Number of cores.
    pub fn len(&self) -> usize {
        self.node.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.node.is_empty()
    }

    /// Checks that the table hangs together and lies on `fabric`.
    ///
    /// # Errors
    /// Cores on absent nodes or of absent classes (`cores[i]`), classes with too many granules.
    pub fn check(&self, fabric: &Fabric) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.require(self.class.len() == self.node.len(), "cores", || {
            format!("{} cores have a node and {} a class", self.node.len(), self.class.len())
        });
        for (i, (node, &class)) in self.node.iter().zip(&self.class).enumerate() {
            let path = format!("cores[{i}]");
            problems.require(node.index() < fabric.nodes.len(), &path, || format!("there is no node {node}"));
            let known = usize::from(class) < self.classes.len();
            problems.require(known, &path, || format!("there is no class {class} of cores"));
        }
        for (i, class) in self.classes.iter().enumerate() {
            let found = merged(&class.granules).len();
            problems.require(found <= MOST_GRANULES, &format!("classes[{i}].granules"), || {
                format!("granules of a core may differ in {MOST_GRANULES} ways for mapping; found {found}")
            });
        }
        problems.into_result(())
    }
}

/// Why cores stand idle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Avoided {
    /// On nodes that do not work.
    pub faulty: u32,
    /// On working nodes with a disabled neighbour in X and one in Y.
    pub r#unsafe: u32,
    /// On working nodes that packets do not join with the others.
    pub isolated: u32,
}

/// The cores that can be used, in ascending order, and how many cannot.
///
/// Used are those whose nodes work, are not unsafe (on two-dimensional meshes), and can all send to each
/// other: the largest set of nodes joined in both directions.
pub fn usable(cores: &Cores, fabric: &Fabric, health: &Health, routing: &Routing) -> (Vec<CoreId>, Avoided) {
    let ground = Ground::new(fabric, health, 1, 0);
    let faulty: Vec<bool> = health.router.iter().map(|alive| !alive).collect();
    let regions = Mesh::of(&ground).map(|mesh| Regions::grow(mesh, &faulty).disabled);
    let router = |core: usize| fabric.nodes[cores.node[core].index()].router;
    let mut avoided = Avoided::default();
    let mut kept = Vec::new();
    for core in 0..cores.len() {
        let at = router(core).index();
        if !health.router[at] || !health.node[cores.node[core].index()] {
            avoided.faulty += 1;
        } else if regions.as_ref().is_some_and(|disabled| disabled[at]) {
            avoided.r#unsafe += 1;
        } else {
            kept.push(core);
        }
    }
    let joined = joined(fabric, routing, kept.iter().map(|&core| router(core)));
    let before = kept.len();
    kept.retain(|&core| joined[router(core).index()]);
    avoided.isolated = (before - kept.len()) as u32;
    (kept.into_iter().map(CoreId::at).collect(), avoided)
}

/// By router: whether it can send to and receive from the one that most of `routers` can.
fn joined(fabric: &Fabric, routing: &Routing, routers: impl Iterator<Item = RouterId>) -> Vec<bool> {
    let mut list: Vec<RouterId> = routers.collect();
    list.dedup();
    let both = |a: RouterId, b: RouterId| a == b || (routing.reaches(a, b) && routing.reaches(b, a));
    let mut best = vec![false; fabric.routers.len()];
    let mut most = 0;
    let mut open = list.clone();
    while let Some(&centre) = open.first() {
        let group: Vec<_> = list.iter().copied().filter(|&other| both(centre, other)).collect();
        open.retain(|&router| !both(centre, router));
        if group.len() > most {
            most = group.len();
            best.fill(false);
            group.iter().for_each(|router| best[router.index()] = true);
        }
        if open.len() < most {
            break;
        }
    }
    best
}

/// Linear limits on what a core of one class holds: for some sets of kinds, their neurons together.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// Sets of kinds (bit per kind) with the neurons that they may have together.
    pub rows: Vec<(KindSet, u32)>,
    /// Kinds that no granule takes.
    pub refused: KindSet,
    pub synapses: u32,
    pub fan_in: u32,
    pub fan_out: u32,
    pub reach: u32,
}

/// Granules that take the same models, as one.
fn merged(granules: &[Granule]) -> Vec<Granule> {
    let mut merged: Vec<Granule> = Vec::new();
    for granule in granules {
        match merged.iter_mut().find(|known| known.models == granule.models) {
            Some(known) => known.neurons = known.neurons.saturating_add(granule.neurons),
            None => merged.push(granule.clone()),
        }
    }
    merged
}

/// A set of kinds of neurons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KindSet([u64; 4]);

impl KindSet {
    pub(super) fn insert(&mut self, kind: u8) {
        self.0[usize::from(kind / 64)] |= 1 << (kind % 64);
    }

    #[inline]
    pub(super) fn has(&self, kind: u8) -> bool {
        self.0[usize::from(kind / 64)] >> (kind % 64) & 1 == 1
    }
}

impl Limits {
    /// What cores of `class` take of the kinds of `graph`.
    ///
    /// Neurons can be distributed over the granules exactly if, for every set G of granules, those whose kind
    /// is taken by granules of G alone are no more than G holds (Hall's condition).
    pub(super) fn of(class: &Capacity, graph: &Hypergraph) -> Self {
        let takes = |granule: &Granule, kind: &str| {
            granule.models.is_empty() || granule.models.iter().any(|model| model == kind)
        };
        let all = merged(&class.granules);
        let signature = |kind: &String| {
            let granules = all.iter().enumerate();
            granules.filter(|(_, granule)| takes(granule, kind)).fold(0u32, |set, (i, _)| set | 1 << i)
        };
        let signatures: Vec<u32> = graph.kinds.iter().map(signature).collect();
        let mut limits = Self {
            rows: Vec::new(),
            refused: KindSet::default(),
            synapses: class.synapses,
            fan_in: class.fan_in,
            fan_out: class.fan_out,
            reach: class.reach,
        };
        for (kind, &signature) in signatures.iter().enumerate() {
            if signature == 0 {
                limits.refused.insert(kind as u8);
            }
        }
        for set in 1u32..1 << all.len() {
            let inside = all.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1);
            let room = inside.fold(0u32, |sum, (_, granule)| sum.saturating_add(granule.neurons));
            let mut kinds = KindSet::default();
            let mut union = 0;
            for (kind, &signature) in signatures.iter().enumerate() {
                if signature != 0 && signature & !set == 0 {
                    kinds.insert(kind as u8);
                    union |= signature;
                }
            }
            if union == set {
                limits.rows.push((kinds, room.min(class.neurons)));
            }
        }
        limits
    }

    /// Neurons of `kind` that an empty core takes.
    pub(super) fn room(&self, kind: u8) -> u32 {
        if self.refused.has(kind) {
            return 0;
        }
        self.rows.iter().filter(|(kinds, _)| kinds.has(kind)).map(|&(_, room)| room).min().unwrap_or(0)
    }
}

/// What does not fit and by how much, as far as sums tell.
pub(super) fn check_sums(graph: &Hypergraph, limits: &[&Limits]) -> Result<(), Problems> {
    let mut problems = Problems::new();
    let (cores, neurons) = (limits.len(), graph.vertices() as u64);
    if cores == 0 {
        return Err(Problems::one("cores", format!("no usable core is left for {neurons} neurons")));
    }
    let mut by_kind = vec![0u64; graph.kinds.len()];
    graph.kind.iter().for_each(|&kind| by_kind[usize::from(kind)] += 1);
    for (kind, &count) in by_kind.iter().enumerate().filter(|(_, count)| **count > 0) {
        let room: u64 = limits.iter().map(|limits| u64::from(limits.room(kind as u8))).sum();
        let name = if graph.kinds[kind].is_empty() { "neurons" } else { &graph.kinds[kind] };
        problems.require(count <= room, "neurons", || {
            let over = count - room.min(count);
            format!("{count} `{name}` do not fit: {cores} usable cores take {room} of them, {over} too few")
        });
    }
    let all = |limits: &&Limits| limits.rows.iter().map(|row| u64::from(row.1)).max().unwrap_or(0);
    let room: u64 = limits.iter().map(all).sum();
    problems.require(neurons <= room, "neurons", || {
        let over = neurons - room.min(neurons);
        format!("{neurons} neurons do not fit: {cores} usable cores take {room}, {over} too few")
    });
    let synapses: u64 = graph.synapses.iter().map(|&count| u64::from(count)).sum();
    let memory: u64 = limits.iter().map(|limits| u64::from(limits.synapses)).sum();
    problems.require(synapses <= memory, "synapses", || {
        let over = synapses - memory.min(synapses);
        format!("{synapses} synapses do not fit: {cores} usable cores store {memory}, {over} too few")
    });
    check_single(graph, limits, &mut problems);
    problems.0.dedup();
    problems.into_result(())
}

/// Neurons that fit no core even alone.
fn check_single(graph: &Hypergraph, limits: &[&Limits], problems: &mut Problems) {
    let most = |of: fn(&Limits) -> u32| limits.iter().map(|limits| of(limits)).max().unwrap_or(0);
    let (memory, fan_in) = (most(|limits| limits.synapses), most(|limits| limits.fan_in));
    for vertex in 0..graph.vertices() {
        if problems.0.len() >= 20 {
            return;
        }
        let (synapses, senders) = (graph.synapses[vertex], graph.heard.of(vertex).len() as u32);
        let path = format!("neurons[{vertex}]");
        if synapses > memory {
            let message = format!("{synapses} synapses end at it; a core stores at most {memory}");
            problems.push(Problem::new(path, message));
        } else if senders > fan_in {
            let mut distinct = graph.heard.of(vertex).to_vec();
            distinct.dedup();
            if distinct.len() as u32 > fan_in {
                let message = format!("{} neurons send to it; a core hears at most {fan_in}", distinct.len());
                problems.push(Problem::new(path, message));
            }
        }
    }
}
