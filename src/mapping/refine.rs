//! Refinement: moving vertices between parts as long as that lowers the cost.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use super::assignment::{Assignment, Distance, NOWHERE};
use crate::base::random::{Purpose, Stream};

/// Gains below this are rounding.
const EPSILON: f64 = 1e-9;

/// Parts looked at as the next home of a vertex: as many as there are bits in a mark.
const MOST_CANDIDATES: usize = u8::BITS as usize;

/// Finds where a vertex is drawn to.
#[derive(Debug)]
struct Pull {
    by_part: Vec<f64>,
    touched: Vec<u32>,
    /// By part: its bit among those whose burden is asked for.
    marks: Vec<u8>,
}

impl Pull {
    fn new(parts: usize) -> Self {
        Self { by_part: vec![0.0; parts], touched: Vec::new(), marks: vec![0; parts] }
    }

    /// What moving `vertex` would gain, for the parts that hold most of what it is joined with; best first.
    ///
    /// With all distances 1 one look at the hyperedges tells: what it shares with a part, by rate, is what is
    /// saved there, up to a constant.
    fn options(&mut self, all: &Assignment<'_>, vertex: usize, distance: &Distance) -> Vec<(f64, u32)> {
        let base = self.gather(all, vertex);
        let Self { by_part, touched, marks } = self;
        let mut list: Vec<(f64, u32)> =
            touched.iter().map(|&part| (base + by_part[part as usize], part)).collect();
        touched.drain(..).for_each(|part| by_part[part as usize] = 0.0);
        let better = |a: &(f64, u32), b: &(f64, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if list.len() > MOST_CANDIDATES {
            list.select_nth_unstable_by(MOST_CANDIDATES, better);
            list.truncate(MOST_CANDIDATES);
        }
        if !distance.is_unit() {
            let relief = all.relief(vertex, distance);
            all.burdens(vertex, &mut list, distance, marks);
            list.iter_mut().for_each(|(gain, _)| *gain = relief - *gain);
        }
        list.sort_unstable_by(better);
        list
    }

    /// Adds up what `vertex` shares with each other part; the constant that makes it a gain.
    fn gather(&mut self, all: &Assignment<'_>, vertex: usize) -> f64 {
        let Self { by_part, touched, .. } = self;
        let mut raise = |part: u32, by: f64| {
            if by_part[part as usize] == 0.0 && by > 0.0 {
                touched.push(part);
            }
            by_part[part as usize] += by;
        };
        let own = all.part[vertex];
        let mut base = 0.0;
        all.each_heard(vertex, |edge, times| {
            let (rate, sender) = (all.graph.rate[edge], all.sender(edge));
            let mut met = sender == own || sender == NOWHERE;
            for (part, count) in all.counts(edge) {
                met |= part == sender;
                if part != own {
                    raise(part, rate);
                } else if count == times && sender != own {
                    base += rate;
                }
            }
            if !met {
                raise(sender, rate);
            }
            base -= rate;
        });
        for &edge in all.graph.sent.of(vertex) {
            let rate = all.graph.rate[edge as usize];
            for &part in all.reached(edge as usize) {
                if part == own { base -= rate } else { raise(part, rate) }
            }
        }
        base
    }
}

/// What a full part keeps a vertex from.
#[derive(Clone, Copy, Debug)]
struct Wish {
    vertex: u32,
    gain: f64,
}

/// One pass over all vertices in random order: each moves to where it costs least, if there is room; two that
/// want each other's place change places. What that saved.
pub(super) fn sweep(all: &mut Assignment<'_>, distance: &Distance, seed: u64, round: u64) -> f64 {
    let mut order: Vec<u32> = (0..all.graph.vertices() as u32).collect();
    Stream::new(seed, Purpose::Mapping, 2, round).shuffle(&mut order);
    let mut pull = Pull::new(all.parts());
    let mut wishes: BTreeMap<(u32, u32), Wish> = BTreeMap::new();
    let mut saved = 0.0;
    for vertex in order.into_iter().map(|it| it as usize) {
        if all.part[vertex] != NOWHERE {
            let options = pull.options(all, vertex, distance);
            saved += settle(all, vertex, &options, distance, &mut wishes);
        }
    }
    saved
}

/// Moves `vertex` to the best of `options` that takes it, alone or in exchange. What that saved.
fn settle(
    all: &mut Assignment<'_>,
    vertex: usize,
    options: &[(f64, u32)],
    distance: &Distance,
    wishes: &mut BTreeMap<(u32, u32), Wish>,
) -> f64 {
    let home = all.part[vertex];
    for &(gain, part) in options {
        if gain > EPSILON && all.fits(vertex, part) {
            all.shift(vertex, part);
            return gain;
        }
        if let Some(&wish) = wishes.get(&(part, home)) {
            let other = wish.vertex as usize;
            let saved = if all.part[other] == part && gain + wish.gain > EPSILON {
                exchange(all, vertex, other, distance)
            } else {
                None
            };
            if let Some(saved) = saved {
                wishes.remove(&(part, home));
                return saved;
            }
        }
        let wish = wishes.entry((home, part)).or_insert(Wish { vertex: vertex as u32, gain });
        if gain > wish.gain || all.part[wish.vertex as usize] != home {
            *wish = Wish { vertex: vertex as u32, gain };
        }
    }
    0.0
}

/// Lets two vertices change places if both fit and that lowers the cost; what it saved.
fn exchange(all: &mut Assignment<'_>, a: usize, b: usize, distance: &Distance) -> Option<f64> {
    let (home, away) = (all.part[a], all.part[b]);
    if !all.fits_instead(a, away, Some(b)) || !all.fits_instead(b, home, Some(a)) {
        return None;
    }
    let first = all.relief(a, distance) - all.burden(a, away, distance);
    all.shift(a, away);
    let second = all.relief(b, distance) - all.burden(b, home, distance);
    if first + second > 0.0 {
        all.shift(b, home);
        return Some(first + second);
    }
    all.shift(a, home);
    None
}

/// A move that was found, to be looked at again when its turn comes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Offer {
    gain: f64,
    vertex: u32,
    part: u32,
}

impl Eq for Offer {}

impl Ord for Offer {
    fn cmp(&self, other: &Self) -> Ordering {
        self.gain.total_cmp(&other.gain).then(other.vertex.cmp(&self.vertex)).then(other.part.cmp(&self.part))
    }
}

impl PartialOrd for Offer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One pass after Fiduccia & Mattheyses 1982 (doi 10.1145/800263.809204) between many parts: the best move is
/// made even if it costs, each vertex moves once, and in the end everything after the best state is undone.
/// A pass ends after `patience` moves without a new best. What it saved.
pub(super) fn climb(all: &mut Assignment<'_>, distance: &Distance, patience: usize) -> f64 {
    let count = all.graph.vertices();
    let mut pull = Pull::new(all.parts());
    let mut heap = BinaryHeap::new();
    let mut locked = vec![false; count];
    for vertex in (0..count).filter(|&vertex| all.part[vertex] != NOWHERE) {
        heap.extend(offer(all, vertex, &mut pull, distance));
    }
    let (mut now, mut best) = (0.0, 0.0);
    let mut moves: Vec<(u32, u32)> = Vec::new();
    let mut kept = 0;
    while let Some(top) = heap.pop() {
        let vertex = top.vertex as usize;
        if locked[vertex] || moves.len() > kept + patience {
            continue;
        }
        let Some(fresh) = offer(all, vertex, &mut pull, distance) else { continue };
        if fresh.gain < top.gain - EPSILON * top.gain.abs().max(1.0) {
            heap.push(fresh);
            continue;
        }
        moves.push((fresh.vertex, all.part[vertex]));
        all.shift(vertex, fresh.part);
        locked[vertex] = true;
        now += fresh.gain;
        if now > best + EPSILON {
            best = now;
            kept = moves.len();
        }
        wake(all, vertex, &locked, |other| heap.extend(offer(all, other, &mut pull, distance)));
    }
    for &(vertex, home) in moves[kept..].iter().rev() {
        all.shift(vertex as usize, home);
    }
    best
}

/// The best move of `vertex` that fits.
fn offer(all: &Assignment<'_>, vertex: usize, pull: &mut Pull, distance: &Distance) -> Option<Offer> {
    let options = pull.options(all, vertex, distance);
    let best = options.into_iter().find(|&(_, part)| all.fits(vertex, part));
    best.map(|(gain, part)| Offer { gain, vertex: vertex as u32, part })
}

/// Vertices whose moves are looked at again after one move.
const MOST_WOKEN: usize = 24;

/// Calls `f` with the free receivers of the hyperedges that `vertex` stands in, up to a bound.
fn wake(all: &Assignment<'_>, vertex: usize, locked: &[bool], mut f: impl FnMut(usize)) {
    let graph = all.graph;
    let mut left = MOST_WOKEN;
    let free = |vertex: usize| !locked[vertex] && all.part[vertex] != NOWHERE;
    let edges = graph.sent.of(vertex).iter().chain(graph.heard.of(vertex));
    for &edge in edges {
        for &other in graph.targets.of(edge as usize).iter().filter(|&&it| free(it as usize)) {
            if left == 0 {
                return;
            }
            left -= 1;
            f(other as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::cores::{Capacity, Limits};
    use crate::mapping::graph::Hypergraph;

    /// From a random assignment: what is said to be saved is what the cost falls by, and no limit is broken.
    #[test]
    fn savings_add_up_and_limits_hold() {
        let targets: Vec<Vec<u32>> =
            (0..80u32).map(|i| vec![(i + 1) % 80, (i + 2) % 80, (i + 3) % 80]).collect();
        let graph = Hypergraph::of_lists(&targets, &[1.0; 80]).unwrap();
        let limits = Limits::of(&Capacity::of_neurons(22), &graph);
        let limits = [&limits; 4];
        let mut all = Assignment::new(&graph, &limits);
        let mut order: Vec<u32> = (0..80).collect();
        Stream::new(1, Purpose::Mapping, 0, 0).shuffle(&mut order);
        order.iter().enumerate().for_each(|(i, &vertex)| all.insert(vertex as usize, i as u32 % 4));
        let unit = Distance::unit(4);
        let before = all.cost(&unit);
        let mut saved = 0.0;
        for round in 0..4 {
            saved += sweep(&mut all, &unit, 1, round) + climb(&mut all, &unit, 100);
        }
        assert!((before - saved - all.cost(&unit)).abs() < 1e-9);
        assert!(all.cost(&unit) < 0.5 * before, "{} of {before}", all.cost(&unit));
        assert!((0..4).all(|part| all.excess(part).is_none()));
    }
}
