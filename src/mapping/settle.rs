//! Neurons once more, when the cores are placed: what lies where changes the packets and how far they go.

use super::assignment::{Assignment, Distance};
use super::refine::sweep;
use crate::base::random::{Purpose, Stream};

/// Receivers looked up by one annealing, about.
const WORK: f64 = 3e7;

/// Receivers looked up by one sweep above which there is none: then all is joined with all, and nothing gained.
const MOST_SWEPT: f64 = 4e9;

/// Annealing with fewer trials per vertex than this is not worth its time.
const LEAST_TRIALS: f64 = 30.0;
const MOST_TRIALS: f64 = 400.0;

/// Temperatures at the start and at the end, in mean gains of a move.
const START: f64 = 0.3;
const END: f64 = 0.003;

/// Lowers the cost of `all` under `distance`: by annealing where there is time for it, then by sweeps.
pub(super) fn settle(all: &mut Assignment<'_>, distance: &Distance, seed: u64, sweeps: u64) {
    let graph = all.graph;
    let reached: usize = (0..graph.edges()).map(|edge| all.reached(edge).len()).sum();
    let spread = reached as f64 / graph.edges().max(1) as f64;
    anneal(all, distance, seed, spread);
    if 10.0 * spread * graph.targets.total() as f64 > MOST_SWEPT {
        return;
    }
    let mut cost = all.cost(distance);
    for round in 0..sweeps {
        let saved = sweep(all, distance, seed, 1 << 20 | round);
        if saved <= 1e-3 * cost {
            break;
        }
        cost -= saved;
    }
}

fn anneal(all: &mut Assignment<'_>, distance: &Distance, seed: u64, spread: f64) {
    let graph = all.graph;
    let count = graph.vertices();
    let degree = (2 * graph.targets.total() + graph.edges()) as f64 / count.max(1) as f64;
    let work = 4.0 * degree * (1.0 + spread);
    let trials = (WORK / (work * count.max(1) as f64)).min(MOST_TRIALS);
    if trials < LEAST_TRIALS || all.parts() < 2 {
        return;
    }
    let moves = (trials * count as f64) as u64;
    let mut draw = Stream::new(seed, Purpose::Mapping, 7, 0);
    let mean = all.cost(distance) / count as f64;
    let mut temperature = START * mean;
    let factor = (END / START).powf(1.0 / moves as f64);
    let (mut now, mut best) = (0.0, (0.0, all.part.clone()));
    for _ in 0..moves {
        temperature *= factor;
        let vertex = draw.below(count as u32) as usize;
        let Some(part) = neighbour(all, vertex, &mut draw) else { continue };
        if let Some(delta) = attempt(all, vertex, part, distance, temperature, &mut draw) {
            now += delta;
            if now < best.0 - 1e-9 {
                best.0 = now;
                best.1.clone_from(&all.part);
            }
        }
    }
    for (vertex, &part) in best.1.iter().enumerate() {
        if all.part[vertex] != part {
            all.shift(vertex, part);
        }
    }
}

/// A part to try: that of a vertex which hears the same sender, or any.
fn neighbour(all: &Assignment<'_>, vertex: usize, draw: &mut Stream) -> Option<u32> {
    let graph = all.graph;
    let any = |list: &[u32], draw: &mut Stream| {
        (!list.is_empty()).then(|| list[draw.below(list.len() as u32) as usize])
    };
    let found = match draw.below(4) {
        0 => draw.below(all.parts() as u32),
        1 => all.part[any(graph.targets.of(any(graph.sent.of(vertex), draw)? as usize), draw)? as usize],
        2 => all.sender(any(graph.heard.of(vertex), draw)? as usize),
        _ => all.part[any(graph.targets.of(any(graph.heard.of(vertex), draw)? as usize), draw)? as usize],
    };
    (found != all.part[vertex]).then_some(found)
}

/// Tries to move `vertex` to `part`, in exchange for a vertex there if need be; the change of the cost if done.
fn attempt(
    all: &mut Assignment<'_>,
    vertex: usize,
    part: u32,
    distance: &Distance,
    temperature: f64,
    draw: &mut Stream,
) -> Option<f64> {
    let home = all.part[vertex];
    let first = all.burden(vertex, part, distance) - all.relief(vertex, distance);
    let mut accepts = |delta: f64| delta <= 0.0 || draw.unit() < (-delta / temperature).exp();
    if all.fits(vertex, part) {
        if accepts(first) {
            all.shift(vertex, part);
            return Some(first);
        }
        return None;
    }
    let members = all.members(part);
    if members.is_empty() {
        return None;
    }
    let other = members[draw.below(members.len() as u32) as usize] as usize;
    if !all.fits_instead(vertex, part, Some(other)) || !all.fits_instead(other, home, Some(vertex)) {
        return None;
    }
    all.shift(vertex, part);
    let delta = first + all.burden(other, home, distance) - all.relief(other, distance);
    if delta <= 0.0 || draw.unit() < (-delta / temperature).exp() {
        all.shift(other, home);
        return Some(delta);
    }
    all.shift(vertex, home);
    None
}
