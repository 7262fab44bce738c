//! Two-phase routing: each phase is walked by itself, then they are joined at the intermediate
//! routers. What a leg carries is known in closed form on a flawless chip with equal routers, and is
//! counted out on small ones.

use super::dependencies::Classes;
use super::nodes::Components;
use super::tally::{Distances, Sums, Tally, Task, Weigh};
use super::walk::Relation;
use crate::base::{Gauge, RouterId};
use crate::noc::route::{Axis, Ground, Head, Kernel, Standing, Step, TwoPhase, Via, subsets};

/// Most routers for which every (source, intermediate router, destination) is counted out.
const COUNTED: usize = 512;

/// One phase of a two-phase routing; its target stands in [`Head::dst`].
struct Leg<'a> {
    two: &'a TwoPhase,
    phase: usize,
    /// Ports from this one on lead to nodes.
    network_ports: u8,
}

impl Relation for Leg<'_> {
    fn reaches(&self, src: RouterId, dst: RouterId) -> bool {
        self.two.leg(self.phase).open(src, dst)
    }

    fn starts(&self, src: RouterId, head: Head, out: &mut Vec<(Head, f64)>) {
        let ties = self.two.leg(self.phase).ties(src, head.dst);
        let share = 0.5f64.powi(ties.count_ones() as i32);
        out.extend(subsets(ties).map(|memory| (Head { memory, ..head }, share)));
    }

    fn steps(&self, standing: Standing, head: Head, out: &mut Vec<Step>) {
        let hop = self.two.leg(self.phase).hop(standing, head.dst, head.memory);
        let (port, vcs) = hop.unwrap_or((self.network_ports, u32::MAX));
        out.push(Step { port, vcs, head, share: 1.0 });
    }
}

/// What a leg carries between any two routers.
enum Carried {
    /// Counted out, by (from, to).
    Counted { weights: Vec<f64>, routers: usize },
    /// From the flawless chip, all routers alike: every router as the far end of the other leg with
    /// equal chance (Valiant), for this many nodes in all.
    Anywhere { nodes: f64, routers: f64 },
    /// From the flawless chip: by axis and (from, to), the sum over the far ends of the other leg.
    Between { axes: Vec<(Vec<f64>, usize)>, coordinates: Vec<Vec<u32>> },
}

/// The load of one phase.
struct LegLoad {
    carried: Carried,
    phase: usize,
}

impl Weigh for LegLoad {
    fn weigh(&self, src: RouterId, own: f64, dst: RouterId, others: f64) -> f64 {
        match &self.carried {
            Carried::Counted { weights, routers } => weights[src.index() * routers + dst.index()],
            Carried::Anywhere { nodes, routers } => {
                let end = if self.phase == 0 { own } else { others };
                end * (nodes - end) / routers
            }
            Carried::Between { axes, coordinates } => {
                let end = if self.phase == 0 { own } else { others };
                let [near, far] = if self.phase == 0 { [src, dst] } else { [dst, src] };
                let of = |(table, size): &(Vec<f64>, usize), axis: usize| {
                    let [a, b] = [near, far].map(|r| coordinates[axis][r.index()] as usize);
                    table[a * size + b]
                };
                let all: f64 = axes.iter().enumerate().map(|(axis, sums)| of(sums, axis)).product();
                let itself = f64::from(u8::from(near == far));
                end * end * (all - itself)
            }
        }
    }
}

/// Walks both phases and joins them.
pub(super) fn tally(ground: &Ground, two: &TwoPhase, gauge: &Gauge) -> Tally {
    let counted = (ground.fabric.routers.len() <= COUNTED).then(|| count(ground, two));
    let nodes = |router: RouterId| ground.nodes_at(router);
    let alike = ground.routers().all(|router| nodes(router) == nodes(RouterId(0)));
    let exact = counted.is_some() || (alike && !two.is_impaired());
    let network_ports = ground.fabric.routers.first().map_or(0, |router| router.network_ports);
    let mut sums = Sums::default();
    let mut weights = match counted {
        Some(counted) => {
            sums = counted.sums;
            let routers = ground.fabric.routers.len();
            counted.weights.map(|weights| Carried::Counted { weights, routers })
        }
        None => [closed_form(ground, two), closed_form(ground, two)],
    }
    .into_iter();
    let mut classes = Classes::whole(ground.all());
    let legs = [0, 1].map(|phase| Leg { two, phase, network_ports });
    let loads = [0, 1].map(|phase| LegLoad {
        carried: weights.next().unwrap_or(Carried::Anywhere { nodes: 0.0, routers: 1.0 }),
        phase,
    });
    let task = |phase: usize| Task {
        ground,
        relation: &legs[phase],
        weigh: &loads[phase],
        escape: 0,
        is_leg: true,
        gauge,
    };
    // The second phase may cut classes that the first was walked with.
    let (first, second) = loop {
        let first = task(0).run(classes.clone());
        let second = task(1).run(first.classes.clone());
        if second.classes == first.classes {
            break (first, second);
        }
        classes = second.classes.clone();
    };
    let mut both = join(ground, first, second);
    if sums.travelled == 0.0 {
        sums = closed_sums(ground, two);
    }
    both.components = served(ground, two);
    both.sums = sums;
    both.gamma_exact &= exact;
    both
}

/// Adds the second phase to the first: packets that arrive by a channel of the first phase wait for
/// those by which packets of the second depart.
fn join(ground: &Ground, first: Tally, second: Tally) -> Tally {
    let mut both = first;
    let mut departures = vec![Vec::new(); ground.fabric.routers.len()];
    for &(router, port, class) in &second.ends.departures {
        let list: &mut Vec<(u8, u8)> = &mut departures[router as usize];
        if !list.contains(&(port, class)) {
            list.push((port, class));
        }
    }
    for &(router, vertex) in &both.ends.arrivals {
        for &(port, class) in &departures[router as usize] {
            both.held.note(vertex, port, usize::from(class));
        }
    }
    both.held.merge(&second.held);
    both.load.iter_mut().zip(&second.load).for_each(|(own, theirs)| *own += theirs);
    both.livelock_free &= second.livelock_free;
    both.exhaustive &= second.exhaustive;
    both
}

/// Every (source, intermediate router, destination), counted out.
struct Counted {
    weights: [Vec<f64>; 2],
    sums: Sums,
}

fn count(ground: &Ground, two: &TwoPhase) -> Counted {
    let n = ground.fabric.routers.len();
    let nodes: Vec<f64> = ground.routers().map(|router| f64::from(ground.nodes_at(router))).collect();
    let mut counted = Counted { weights: [vec![0.0; n * n], vec![0.0; n * n]], sums: Sums::default() };
    let mut distances = Distances::new(ground);
    let mut vias = Vec::new();
    for dst in ground.routers().filter(|&dst| nodes[dst.index()] > 0.0) {
        distances.measure(dst);
        for src in ground.routers().filter(|&src| nodes[src.index()] > 0.0) {
            let weight = nodes[src.index()] * nodes[dst.index()];
            if src == dst {
                counted.sums.delivered += (weight - nodes[src.index()]) as u64;
                continue;
            }
            vias.clear();
            vias.extend(ground.routers().filter(|&v| two.may_draw(src, v, dst) && two.serves(src, v, dst)));
            let share = weight / vias.len() as f64;
            let mut hops = 0.0;
            for &via in &vias {
                counted.weights[0][src.index() * n + via.index()] += share;
                counted.weights[1][via.index() * n + dst.index()] += share;
                hops += f64::from(two.leg(0).distance(src, via) + two.leg(1).distance(via, dst));
            }
            hops /= vias.len() as f64;
            note(&mut counted.sums, (src, dst), weight, (!vias.is_empty()).then_some(hops), &distances);
        }
    }
    counted
}

/// Notes one pair that takes `hops`, or is not served.
fn note(sums: &mut Sums, pair: (RouterId, RouterId), weight: f64, hops: Option<f64>, distances: &Distances) {
    match hops {
        Some(hops) => {
            sums.delivered += weight as u64;
            sums.travelled += weight;
            sums.hops += weight * hops;
            sums.stretch += weight * hops / f64::from(distances.from(pair.0));
        }
        None if sums.unreachable.len() < 10 => sums.unreachable.push([pair.0.0, pair.1.0]),
        None => {}
    }
}

/// What a leg carries on the flawless chip.
fn closed_form(ground: &Ground, two: &TwoPhase) -> Carried {
    let nodes: f64 = ground.routers().map(|router| f64::from(ground.nodes_at(router))).sum();
    if two.via() == Via::Anywhere {
        return Carried::Anywhere { nodes, routers: ground.fabric.routers.len() as f64 };
    }
    let axes = two.leg(0).axes();
    let sums = |axis: &Axis| {
        let k = axis.len() as usize;
        // By (near end a, intermediate b): Σ over far ends c with b between a and c of 1 / (|a − c| + 1).
        let entry = |a: usize, b: usize| -> f64 {
            let between = |c: &usize| (a.min(*c)..=a.max(*c)).contains(&b);
            (0..k).filter(between).map(|c| 1.0 / (a.abs_diff(c) + 1) as f64).sum()
        };
        ((0..k * k).map(|at| entry(at / k, at % k)).collect(), k)
    };
    let coordinates = axes.iter().map(|axis| ground.routers().map(|r| axis.of(r)).collect()).collect();
    Carried::Between { axes: axes.iter().map(sums).collect(), coordinates }
}

/// Pairs and hops of large chips: expected hops as on the flawless chip.
fn closed_sums(ground: &Ground, two: &TwoPhase) -> Sums {
    let mut sums = Sums::default();
    let mut distances = Distances::new(ground);
    let routers = ground.fabric.routers.len() as f64;
    let leg = two.leg(0);
    let mean: Vec<f64> = ground
        .routers()
        .map(|at| ground.routers().map(|via| f64::from(leg.distance(at, via))).sum::<f64>() / routers)
        .collect();
    for dst in ground.routers() {
        distances.measure(dst);
        for src in ground.routers() {
            let (own, others) = (f64::from(ground.nodes_at(src)), f64::from(ground.nodes_at(dst)));
            let weight = own * others;
            if src == dst {
                sums.delivered += (own * (own - 1.0).max(0.0)) as u64;
            } else if weight > 0.0 {
                let hops = match two.via() {
                    Via::Anywhere => mean[src.index()] + mean[dst.index()],
                    Via::Between => f64::from(leg.distance(src, dst)),
                };
                let served = Kernel::reaches(two, src, dst);
                note(&mut sums, (src, dst), weight, served.then_some(hops), &distances);
            }
        }
    }
    sums
}

/// Who belongs together: whoever one leg joins, two do.
fn served(ground: &Ground, two: &TwoPhase) -> Components {
    let mut components = Components::new(ground.fabric.routers.len());
    for src in ground.routers().filter(|&router| ground.alive(router)) {
        for dst in ground.routers().filter(|&dst| two.leg(0).open(src, dst)) {
            components.join(src, dst);
        }
    }
    components
}
