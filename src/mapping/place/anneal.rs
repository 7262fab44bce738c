//! Simulated annealing of the placement, with multicast trees and the busiest link in the objective.

use super::super::flows::{Cast, Flows, Wires};
use super::super::objective::Objective;
use super::super::ways::Ways;
use super::by_class;
use crate::base::random::{Purpose, Stream};

/// Steps of looked-up hops or links that one annealing may take.
const WORK: f64 = 5e7;

/// Temperatures at the start and at the end, in mean changes of the objective per swap.
const START: f64 = 0.6;
const END: f64 = 0.002;

/// What is placed.
#[derive(Clone, Copy, Debug)]
pub(in crate::mapping) struct Board<'a> {
    pub flows: &'a Flows,
    pub casts: &'a [Cast],
    pub ways: &'a Ways<'a>,
    /// By seat, and by part: its class.
    pub class: &'a [u8],
    pub objective: &'a Objective,
}

impl Board<'_> {
    /// The objective with part i on seat `seat[i]`.
    pub(in crate::mapping) fn score(&self, seat: &[u32]) -> f64 {
        let mut wires = Wires::new(self.ways.links());
        self.casts.iter().for_each(|cast| wires.add(self.ways, seat, cast, 1.0));
        self.objective.score(wires.hops, wires.peak(), self.ways.links())
    }

    /// Parts that sit on a class of seats with any choice, and one of another seat of that class.
    fn pairs(&self) -> Vec<Vec<u32>> {
        by_class(self.class).into_iter().filter(|group| group.len() > 1).collect()
    }

    fn draw_pair(&self, groups: &[Vec<u32>], draw: &mut Stream) -> (u32, u32) {
        loop {
            let group = &groups[draw.below(groups.len() as u32) as usize];
            let pick = |draw: &mut Stream| group[draw.below(group.len() as u32) as usize];
            let (a, b) = (pick(draw), pick(draw));
            let idle = |part: u32| self.flows.peers[part as usize].is_empty();
            if a != b && !(idle(a) && idle(b)) {
                return (a, b);
            }
        }
    }

    fn nothing_to_do(&self, groups: &[Vec<u32>]) -> bool {
        let busy = |part: &&u32| !self.flows.peers[**part as usize].is_empty();
        groups.is_empty() || groups.iter().any(|group| group.iter().find(busy).is_none())
    }
}

/// Geometric cooling.
struct Cooling {
    temperature: f64,
    factor: f64,
}

impl Cooling {
    fn new(scale: f64, moves: u64) -> Self {
        let factor = (END / START).powf(1.0 / moves.max(1) as f64);
        Self { temperature: START * scale.max(1e-300), factor }
    }

    /// Whether a change of the objective by `delta` is accepted.
    fn accepts(&mut self, delta: f64, draw: &mut Stream) -> bool {
        self.temperature *= self.factor;
        delta <= 0.0 || draw.unit() < (-delta / self.temperature).exp()
    }
}

/// Anneals the packet-hops alone: cheap, and close to any other objective.
pub(in crate::mapping) fn hops(board: &Board<'_>, seat: &mut Vec<u32>, seed: u64) {
    let groups = board.pairs();
    if board.nothing_to_do(&groups) {
        return;
    }
    let mut draw = Stream::new(seed, Purpose::Mapping, 5, 0);
    let peers: usize = board.flows.peers.iter().map(Vec::len).sum();
    let work = 4.0 * (peers as f64 / seat.len() as f64).max(1.0);
    let moves = (WORK / work).min(2000.0 * seat.len() as f64) as u64;
    let probe: f64 = (0..64)
        .map(|_| {
            let (a, b) = board.draw_pair(&groups, &mut draw);
            board.flows.swap(board.ways, seat, a, b).abs()
        })
        .sum();
    let mut cooling = Cooling::new(probe / 64.0, moves);
    let mut now = board.flows.hops(board.ways, seat);
    let mut best = (now, seat.clone());
    for _ in 0..moves {
        let (a, b) = board.draw_pair(&groups, &mut draw);
        let delta = board.flows.swap(board.ways, seat, a, b);
        if cooling.accepts(delta, &mut draw) {
            seat.swap(a as usize, b as usize);
            now += delta;
            if now < best.0 {
                best.0 = now;
                best.1.clone_from(seat);
            }
        }
    }
    *seat = best.1;
}

/// Anneals the objective itself, from a lower temperature.
pub(in crate::mapping) fn full(board: &Board<'_>, seat: &mut Vec<u32>, seed: u64) {
    let groups = board.pairs();
    if board.nothing_to_do(&groups) {
        return;
    }
    let mut touching: Vec<Vec<u32>> = vec![Vec::new(); seat.len()];
    let mut reach = 0.0;
    for (i, cast) in board.casts.iter().enumerate() {
        touching[cast.from as usize].push(i as u32);
        cast.to.iter().for_each(|&part| touching[part as usize].push(i as u32));
        let from = seat[cast.from as usize];
        reach += cast.to.iter().map(|&to| board.ways.hops(from, seat[to as usize]).min(1e3)).sum::<f64>()
            * (1 + cast.to.len()) as f64;
    }
    let work = 4.0 * reach / seat.len() as f64 + board.ways.links() as f64;
    let moves = (WORK / work.max(1.0)).min(1000.0 * seat.len() as f64) as u64;
    let mut wires = Wires::new(board.ways.links());
    board.casts.iter().for_each(|cast| wires.add(board.ways, seat, cast, 1.0));
    let score = |wires: &Wires| board.objective.score(wires.hops, wires.peak(), board.ways.links());
    let mut now = score(&wires);
    let mut best = (now, seat.clone());
    let mut draw = Stream::new(seed, Purpose::Mapping, 6, 0);
    let mut cooling = Cooling::new(0.05 * now / seat.len() as f64, moves);
    let mut affected: Vec<u32> = Vec::new();
    for _ in 0..moves {
        let (a, b) = board.draw_pair(&groups, &mut draw);
        affected.clear();
        affected.extend(touching[a as usize].iter().chain(&touching[b as usize]));
        affected.sort_unstable();
        affected.dedup();
        let mut shift = |seat: &mut Vec<u32>| {
            let list = || affected.iter().map(|&i| &board.casts[i as usize]);
            list().for_each(|cast| wires.add(board.ways, seat, cast, -1.0));
            seat.swap(a as usize, b as usize);
            list().for_each(|cast| wires.add(board.ways, seat, cast, 1.0));
            score(&wires)
        };
        let next = shift(seat);
        if !cooling.accepts(next - now, &mut draw) {
            shift(seat);
            continue;
        }
        now = next;
        if now < best.0 {
            best.0 = now;
            best.1.clone_from(seat);
        }
    }
    *seat = best.1;
}
