//! What receiving a packet amounts to: packets of the same kind share one [`Profile`].

use std::collections::BTreeMap;

use super::site::Ground;
use crate::base::Problems;

/// Weights and traces that learning changes.
pub(super) type Changes = [u32; 2];

/// What receiving a packet amounts to.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// Time that the core is busy with it [s].
    pub latency: f64,
    /// Synaptic events by granule, those that occur.
    pub events: Vec<(u8, u32)>,
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

/// The kinds of packets there are.
pub(super) struct Profiles<'a> {
    ground: &'a Ground<'a>,
    /// By lesson: traces that a spike moves.
    traces: &'a [u32],
    /// By granule and number of events, for packets to one granule without learning: the kind plus one.
    plain: Vec<Vec<u32>>,
    mixed: BTreeMap<(Vec<(u8, u32)>, Vec<(u8, Changes)>), u32>,
    all: Vec<Profile>,
}

impl<'a> Profiles<'a> {
    pub(super) fn new(ground: &'a Ground<'a>, traces: &'a [u32]) -> Self {
        let plain = vec![Vec::new(); ground.params.granules.len()];
        Self { ground, traces, plain, mixed: BTreeMap::new(), all: Vec::new() }
    }

    /// The kind of a packet that meets these synapses.
    pub(super) fn of(&mut self, synapses: impl ExactSizeIterator<Item = Met> + Clone) -> u16 {
        let len = synapses.len();
        let Some(first) = synapses.clone().next().map(|met| met.granule) else { return 0 };
        if synapses.clone().all(|met| met.granule == first && met.lesson == 0) {
            let plain = &mut self.plain[usize::from(first)];
            if plain.len() <= len {
                plain.resize(len + 1, 0);
            }
            if plain[len] == 0 {
                plain[len] = self.all.len() as u32 + 1;
                self.add(vec![(first, len as u32)], Vec::new());
            }
            return (self.plain[usize::from(first)][len] - 1) as u16;
        }
        let mut counts = BTreeMap::new();
        synapses.clone().for_each(|met| *counts.entry(met.granule).or_insert(0) += 1);
        let events: Vec<(u8, u32)> = counts.into_iter().collect();
        let learning = self.changes(synapses);
        let key = (events, learning);
        if let Some(&known) = self.mixed.get(&key) {
            return known as u16;
        }
        self.mixed.insert(key.clone(), self.all.len() as u32);
        self.add(key.0, key.1);
        (self.all.len() - 1) as u16
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

    fn add(&mut self, events: Vec<(u8, u32)>, learning: Vec<(u8, Changes)>) {
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
        self.all.push(Profile { latency, events, learning });
    }

    pub(super) fn finish(self) -> Result<Vec<Profile>, Problems> {
        let kinds = self.all.len();
        let message = || format!("packets of {kinds} kinds (numbers of synapses by granule) are too many");
        let mut problems = Problems::new();
        problems.require(kinds <= 1 << 16, "", message);
        problems.into_result(self.all)
    }
}
