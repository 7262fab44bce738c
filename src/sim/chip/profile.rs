//! What receiving a packet amounts to: packets of the same kind share one [`Profile`].

use std::collections::BTreeMap;

use super::drawing::Census;
use super::site::Ground;
use crate::base::Problems;

/// Weights and traces that learning changes.
pub(super) type Changes = [u32; 2];

/// Synaptic events by granule, ascending.
pub(super) type Events = Vec<(u8, u32)>;

/// What receiving a packet amounts to.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// Time that the core is busy with it [s].
    pub latency: f64,
    /// Synaptic events in the first granule that has any, and how many; most packets meet no other.
    pub first: (u8, u32),
    /// Those in other granules.
    pub others: Events,
    /// What learning changes when it is received, by granule; mostly nothing.
    pub learning: Vec<(u8, Changes)>,
}

/// A synapse of a packet, as far as it matters for what the packet costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Met {
    /// The granule of its neuron.
    pub granule: u8,
    /// What it learns by: the number of the lesson, plus one; 0 if it does not learn.
    pub lesson: u16,
}

/// What tells packets apart.
#[derive(Clone, Debug)]
pub(super) enum Sort {
    /// So many events in one granule, without learning.
    Plain(u8, u32),
    /// Anything else.
    Mixed(Box<(Events, Vec<(u8, Changes)>)>),
}

/// The kinds of packets there are, by what they meet: indices of profiles.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds {
    /// By granule and number of events, for packets to one granule without learning: the kind plus one.
    plain: Vec<Vec<u32>>,
    mixed: BTreeMap<(Events, Vec<(u8, Changes)>), u32>,
}

impl Kinds {
    /// The kind of a packet whose synapses lead to neurons in `granules` and do not learn, which is known.
    #[inline]
    pub(super) fn of(&self, granules: impl ExactSizeIterator<Item = u8> + Clone) -> u16 {
        let len = granules.len();
        match only(granules.clone()) {
            Some(granule) => self.plain[usize::from(granule)][len].saturating_sub(1) as u16,
            None => self.mixed.get(&(by_granule(granules), Vec::new())).map_or(0, |&kind| kind as u16),
        }
    }
}

/// The granule that all are, if they are one.
pub(super) fn only(mut granules: impl Iterator<Item = u8>) -> Option<u8> {
    let first = granules.next()?;
    granules.all(|granule| granule == first).then_some(first)
}

/// How many there are of each, ascending.
pub(super) fn by_granule(granules: impl Iterator<Item = u8>) -> Events {
    let mut counts: Events = Vec::new();
    for granule in granules {
        match counts.binary_search_by_key(&granule, |&(known, _)| known) {
            Ok(at) => counts[at].1 += 1,
            Err(at) => counts.insert(at, (granule, 1)),
        }
    }
    counts
}

/// Makes profiles, one for each kind of packets.
pub(super) struct Profiles<'a> {
    ground: &'a Ground<'a>,
    /// By lesson: traces that a spike moves.
    traces: &'a [u32],
    kinds: Kinds,
    all: Vec<Profile>,
}

impl<'a> Profiles<'a> {
    pub(super) fn new(ground: &'a Ground<'a>, traces: &'a [u32]) -> Self {
        let plain = vec![Vec::new(); ground.params.granules.len()];
        Self { ground, traces, kinds: Kinds { plain, mixed: BTreeMap::new() }, all: Vec::new() }
    }

    /// The sort of a packet that meets these synapses, of which there are some.
    pub(super) fn sort(&self, synapses: &[Met]) -> Sort {
        let granules = synapses.iter().map(|met| met.granule);
        match only(granules.clone()) {
            Some(granule) if synapses.iter().all(|met| met.lesson == 0) => {
                Sort::Plain(granule, synapses.len() as u32)
            }
            _ => Sort::Mixed(Box::new((by_granule(granules), self.changes(synapses.iter().copied())))),
        }
    }

    /// The kind of packets of this sort.
    #[inline]
    pub(super) fn kind(&mut self, sort: Sort) -> u16 {
        match sort {
            Sort::Plain(granule, len) => self.plain(granule, len as usize),
            Sort::Mixed(mixed) => self.mixed(mixed.0, mixed.1),
        }
    }

    fn plain(&mut self, granule: u8, len: usize) -> u16 {
        let plain = &mut self.kinds.plain[usize::from(granule)];
        if plain.len() <= len {
            plain.resize(len + 1, 0);
        }
        if plain[len] == 0 {
            plain[len] = self.all.len() as u32 + 1;
            self.add(vec![(granule, len as u32)], Vec::new());
        }
        (self.kinds.plain[usize::from(granule)][len] - 1) as u16
    }

    fn mixed(&mut self, events: Events, learning: Vec<(u8, Changes)>) -> u16 {
        let key = (events, learning);
        if let Some(&known) = self.kinds.mixed.get(&key) {
            return known as u16;
        }
        self.kinds.mixed.insert(key.clone(), self.all.len() as u32);
        self.add(key.0, key.1);
        (self.all.len() - 1) as u16
    }

    /// Adds the kinds of packets that are drawn.
    pub(super) fn add_census(&mut self, census: &Census) {
        for (granule, counts) in census.plain.iter().enumerate() {
            for (len, _) in counts.iter().enumerate().filter(|(_, is_there)| **is_there) {
                self.plain(granule as u8, len);
            }
        }
        census.mixed.iter().for_each(|events| _ = self.mixed(events.clone(), Vec::new()));
    }

    /// Each synapse that learns is changed; each lesson keeps a trace of the sender in each granule.
    fn changes(&self, synapses: impl Iterator<Item = Met>) -> Vec<(u8, Changes)> {
        let mut weights: BTreeMap<(u8, u16), u32> = BTreeMap::new();
        for met in synapses.filter(|met| met.lesson > 0) {
            *weights.entry((met.granule, met.lesson)).or_insert(0) += 1;
        }
        let mut changes: BTreeMap<u8, Changes> = BTreeMap::new();
        for ((granule, lesson), weights) in weights {
            let own = changes.entry(granule).or_insert([0, 0]);
            own[0] += weights;
            own[1] += self.traces[usize::from(lesson) - 1];
        }
        changes.into_iter().collect()
    }

    fn add(&mut self, events: Events, learning: Vec<(u8, Changes)>) {
        let params = self.ground.params;
        let mut latency = params.axon_in.latency.0;
        for &(granule, count) in &events {
            // Arrays take their time when they are read.
            if params.array_of(usize::from(granule)).is_some() {
                continue;
            }
            let granule = &params.granules[usize::from(granule)];
            let event = granule.synapse.latency.0 + granule.dendrite.latency.0;
            // Added up one by one, as a core works through them: sums of doubles depend on that.
            (0..count).for_each(|_| latency += event);
        }
        for &(granule, changes) in &learning {
            latency += params.granules[usize::from(granule)].learning_time(changes);
        }
        let first = events.first().copied().unwrap_or_default();
        let others = events.get(1..).unwrap_or_default().to_vec();
        self.all.push(Profile { latency, first, others, learning });
    }

    pub(super) fn finish(self) -> Result<(Vec<Profile>, Kinds), Problems> {
        let kinds = self.all.len();
        let message = || format!("packets of {kinds} kinds (numbers of synapses by granule) are too many");
        let mut problems = Problems::new();
        problems.require(kinds <= 1 << 16, "", message);
        problems.into_result((self.all, self.kinds))
    }
}
