//! Multilevel partitioning: group what belongs together, partition the groups, then refine while the groups
//! are taken apart again.
//!
//! After Karypis & Kumar 1998 (multilevel k-way hypergraph partitioning, doi 10.1155/2000/19436), with the
//! cost Σ rate·(λ − 1): a spike costs one packet for each further part that it goes to.

use super::assignment::{Assignment, Distance, NOWHERE};
use super::coarsen::{Largest, contract, group};
use super::cores::Limits;
use super::fill;
use super::graph::Hypergraph;
use super::refine::{climb, sweep};
use crate::base::random::{Purpose, Stream};

/// Groups per part below which coarsening stops.
const GROUPS_PER_PART: usize = 12;

/// Work in terms of looked-up receivers above which a level is swept but not climbed.
const MOST_CLIMBED: usize = 2_000_000;

/// Sweeps per level at most.
const SWEEPS: u64 = 6;

/// A partition of `graph` under `limits`, one entry per part. By vertex the part, or [`NOWHERE`] if it did
/// not fit.
pub(super) fn partition(graph: &Hypergraph, limits: &[&Limits], seed: u64) -> Vec<u32> {
    let (levels, groups) = coarsen(graph, limits, seed);
    let coarsest = levels.last().unwrap_or(graph);
    let mut part = initial(coarsest, limits, seed);
    for level in (0..=levels.len()).rev() {
        let finer = if level == 0 { graph } else { &levels[level - 1] };
        if level < levels.len() {
            part = groups[level].iter().map(|&group| part[group as usize]).collect();
        }
        let mut all = Assignment::from_parts(finer, limits, &part);
        relieve(&mut all);
        fill::squeeze(&mut all);
        improve(&mut all, seed, level as u64);
        part = all.part;
    }
    part
}

/// The coarser graphs, and by level the group of each vertex of the next finer one.
fn coarsen(graph: &Hypergraph, limits: &[&Limits], seed: u64) -> (Vec<Hypergraph>, Vec<Vec<u32>>) {
    let (mut levels, mut groups): (Vec<Hypergraph>, Vec<Vec<u32>>) = (Vec::new(), Vec::new());
    let needed = needed(graph, limits);
    let room = graph.vertices().div_ceil(needed) as u32;
    let memory = limits.iter().map(|limits| limits.synapses).min().unwrap_or(u32::MAX);
    let largest = Largest { neurons: (room / 6).max(2), synapses: (memory / 6).max(1) };
    loop {
        let finest = levels.last().unwrap_or(graph);
        if finest.vertices() <= GROUPS_PER_PART * needed {
            break;
        }
        let (group, count) = group(finest, largest, seed, levels.len() as u64);
        if count as f64 > 0.9 * finest.vertices() as f64 {
            break;
        }
        let coarse = contract(finest, &group, count);
        groups.push(group);
        levels.push(coarse);
    }
    (levels, groups)
}

/// Parts that the neurons take if they are filled.
pub(super) fn needed(graph: &Hypergraph, limits: &[&Limits]) -> usize {
    let total: u64 = graph.neurons.iter().map(|&it| u64::from(it)).sum();
    let mut room = 0u64;
    for (i, limits) in limits.iter().enumerate() {
        room += limits.rows.iter().map(|row| u64::from(row.1)).max().unwrap_or(0);
        if room >= total {
            return i + 1;
        }
    }
    limits.len().max(1)
}

/// The best of several greedy fillings, each refined.
fn initial(graph: &Hypergraph, limits: &[&Limits], seed: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..graph.vertices() as u32).collect();
    let unit = Distance::unit(limits.len());
    let attempts = if graph.targets.total() > MOST_CLIMBED { 1 } else { 3 };
    let attempt = |(index, order): (u64, &[u32])| {
        let mut all = Assignment::new(graph, limits);
        fill::overlap(&mut all, order);
        improve(&mut all, seed, 100 + index);
        let left = all.part.iter().filter(|&&part| part == NOWHERE).count();
        (left, all.cost(&unit), all.part)
    };
    let mut best: Option<(usize, f64, Vec<u32>)> = None;
    for index in 0..attempts {
        let found = attempt((index, &order));
        if best.as_ref().is_none_or(|best| (found.0, found.1) < (best.0, best.1)) {
            best = Some(found);
        }
        Stream::new(seed, Purpose::Mapping, 3, index).shuffle(&mut order);
    }
    best.map(|best| best.2).unwrap_or_default()
}

/// Takes vertices out of parts that hold too much.
fn relieve(all: &mut Assignment<'_>) {
    for part in 0..all.parts() as u32 {
        while all.excess(part).is_some() {
            let Some(&last) = all.members(part).last() else { break };
            all.remove(last as usize);
        }
    }
}

fn improve(all: &mut Assignment<'_>, seed: u64, level: u64) {
    let unit = Distance::unit(all.parts());
    let small = all.graph.targets.total() <= MOST_CLIMBED;
    let mut cost = all.cost(&unit);
    for round in 0..SWEEPS {
        let mut saved = sweep(all, &unit, seed, level << 8 | round);
        if small {
            saved += climb(all, &unit, 64 + all.graph.vertices() / 16);
        }
        if saved <= 2e-3 * cost {
            break;
        }
        cost -= saved;
    }
}
