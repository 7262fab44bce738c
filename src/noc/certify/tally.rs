//! Adding up what the walks to all destinations find.

use rayon::prelude::*;

use super::dependencies::{Classes, Held};
use super::nodes::{Components, count_nodes, ring_share};
use super::walk::{Ends, Found, Relation, Source, Split, Walk};
use super::{Argument, Certificate, Pairs, Question};
use crate::base::{Gauge, RouterId};
use crate::noc::params::RouterKind;
use crate::noc::route::{Ground, Routing};

/// Most routers for which every destination is walked.
const EXHAUSTIVE: usize = 1 << 14;
/// Routers visited in all, about, where destinations are sampled.
const SAMPLED_WORK: usize = 1 << 26;
/// Parts that the destinations are cut into, whatever the number of threads.
const PARTS: usize = 16;
/// Unreachable pairs that are named.
const EXAMPLES: usize = 10;

/// Sums over pairs of nodes.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    pub delivered: u64,
    /// Pairs whose hops were added up.
    pub travelled: f64,
    pub hops: f64,
    pub stretch: f64,
    pub unreachable: Vec<[u32; 2]>,
}

/// What the walks found.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub classes: Classes,
    pub held: Held,
    pub load: Vec<f64>,
    pub livelock_free: bool,
    pub escapable: bool,
    pub escape: u32,
    pub sums: Sums,
    pub components: Components,
    pub exhaustive: bool,
    pub gamma_exact: bool,
    pub ends: Ends,
}

/// Which packets are walked: the weight of those from one router to another.
pub(super) trait Weigh: Sync {
    /// Weight of the packets from `src` (`own` nodes) to `dst` (`others` nodes).
    fn weigh(&self, src: RouterId, own: f64, dst: RouterId, others: f64) -> f64;
}

/// Uniform traffic: one packet per pair of nodes.
pub(super) struct Uniform;

impl Weigh for Uniform {
    fn weigh(&self, _src: RouterId, own: f64, _dst: RouterId, others: f64) -> f64 {
        own * others
    }
}

/// What is walked and how.
pub(super) struct Task<'a, R, W> {
    pub ground: &'a Ground<'a>,
    pub relation: &'a R,
    pub weigh: &'a W,
    pub escape: u32,
    /// Note where packets enter and leave; walk to and from routers without nodes, too.
    pub is_leg: bool,
    /// Counts the destinations that are through.
    pub gauge: &'a Gauge,
}

/// Walks all packets of a routing function.
pub(super) fn tally(ground: &Ground, routing: &Routing, gauge: &Gauge) -> Tally {
    let escape = routing.escape();
    Task { ground, relation: routing, weigh: &Uniform, escape, is_leg: false, gauge }
        .run(Classes::whole(ground.all()))
}

impl<R: Relation, W: Weigh> Task<'_, R, W> {
    /// Walks with ever finer classes of virtual channels until none is cut through.
    pub fn run(&self, mut classes: Classes) -> Tally {
        if self.escape != 0 && !classes.agrees(self.escape) {
            classes.split(self.escape);
        }
        loop {
            match self.walk(&classes) {
                Ok(tally) => return tally,
                Err(Split(vcs)) => classes.split(vcs),
            }
        }
    }

    /// The routers that packets are walked to, and whether these are all.
    fn destinations(&self) -> (Vec<RouterId>, usize, bool) {
        let ground = self.ground;
        let wanted = |&r: &RouterId| ground.alive(r) && (self.is_leg || ground.nodes_at(r) > 0);
        let all: Vec<RouterId> = ground.routers().filter(wanted).collect();
        if all.len() <= EXHAUSTIVE {
            return (all.clone(), all.len(), true);
        }
        let count = (SAMPLED_WORK / all.len()).max(1);
        let sample: Vec<RouterId> = all.iter().copied().step_by(all.len().div_ceil(count)).collect();
        (sample, all.len(), false)
    }

    fn walk(&self, classes: &Classes) -> Result<Tally, Split> {
        let (destinations, all, exhaustive) = self.destinations();
        self.gauge.plan(destinations.len() as u64);
        let part = destinations.len().div_ceil(PARTS).max(1);
        let parts: Vec<Result<Tally, Split>> =
            destinations.par_chunks(part).map(|part| self.walk_part(classes, part)).collect();
        let mut sum = self.empty(classes);
        for part in parts {
            sum.merge(part?);
        }
        let scale = all as f64 / destinations.len().max(1) as f64;
        sum.load.iter_mut().for_each(|load| *load *= scale);
        sum.exhaustive = exhaustive;
        sum.gamma_exact = exhaustive;
        Ok(sum)
    }

    fn empty(&self, classes: &Classes) -> Tally {
        let fabric = self.ground.fabric;
        Tally {
            classes: classes.clone(),
            held: Held::new(fabric, classes.len()),
            load: vec![0.0; fabric.links.len()],
            livelock_free: true,
            escapable: true,
            escape: self.escape,
            sums: Sums::default(),
            components: Components::new(fabric.routers.len()),
            exhaustive: true,
            gamma_exact: true,
            ends: Ends::default(),
        }
    }

    fn walk_part(&self, classes: &Classes, part: &[RouterId]) -> Result<Tally, Split> {
        let ground = self.ground;
        let mut walk = Walk::new(ground, self.relation, classes, self.escape);
        walk.ends = self.is_leg.then(Ends::default);
        let mut tally = self.empty(classes);
        let mut distances = Distances::new(ground);
        let nodes: Vec<f64> = ground.routers().map(|router| f64::from(ground.nodes_at(router))).collect();
        let (mut sources, mut found) = (Vec::new(), Vec::new());
        for &dst in part {
            let others = nodes[dst.index()];
            sources.clear();
            sources.extend(ground.routers().filter_map(|router| {
                let weight = self.weigh.weigh(router, nodes[router.index()], dst, others);
                (weight > 0.0 || (self.is_leg && ground.alive(router))).then_some(Source { router, weight })
            }));
            found.clear();
            walk.destination(dst, &sources, &mut found)?;
            self.gauge.tick();
            if !self.is_leg {
                distances.measure(dst);
                tally.note(ground, dst, &found, &distances);
            }
        }
        tally.held = walk.held;
        tally.load = walk.load;
        tally.livelock_free = walk.livelock_free;
        tally.escapable = walk.escapable;
        tally.ends = walk.ends.unwrap_or_default();
        Ok(tally)
    }
}

impl Tally {
    /// Notes who is served among the packets to `dst`.
    fn note(&mut self, ground: &Ground, dst: RouterId, found: &[Found], distances: &Distances) {
        for Found { source, delivered, hops } in found {
            let src = source.router;
            if src == dst {
                let nodes = u64::from(ground.nodes_at(dst));
                self.sums.delivered += nodes * (nodes - 1);
            } else if *delivered {
                self.components.join(src, dst);
                self.sums.delivered += source.weight as u64;
                self.sums.travelled += source.weight;
                self.sums.hops += source.weight * hops;
                self.sums.stretch += source.weight * hops / f64::from(distances.from(src));
            } else if self.sums.unreachable.len() < EXAMPLES {
                self.sums.unreachable.push([src, dst].map(|router| first_node(ground, router)));
            }
        }
    }

    fn merge(&mut self, part: Self) {
        self.held.merge(&part.held);
        self.load.iter_mut().zip(&part.load).for_each(|(own, theirs)| *own += theirs);
        self.livelock_free &= part.livelock_free;
        self.escapable &= part.escapable;
        self.components.merge(&part.components);
        self.sums.delivered += part.sums.delivered;
        self.sums.travelled += part.sums.travelled;
        self.sums.hops += part.sums.hops;
        self.sums.stretch += part.sums.stretch;
        self.sums.unreachable.extend(part.sums.unreachable);
        self.sums.unreachable.truncate(EXAMPLES);
        self.ends.arrivals.extend(part.ends.arrivals);
        self.ends.departures.extend(part.ends.departures);
    }

    /// The certificate that follows from what was found.
    pub fn certificate(self, question: &Question, ground: &Ground) -> Certificate {
        let cycle = match question.router {
            RouterKind::Deflection => None,
            RouterKind::InputQueued => self.held.shortest_cycle(ground.fabric, &self.classes),
        };
        let argument = match (question.router, &cycle) {
            (_, Some(_)) => None,
            (RouterKind::Deflection, None) => Some(Argument::Bufferless),
            (RouterKind::InputQueued, None) if self.escape == 0 => Some(Argument::NoCycle),
            (RouterKind::InputQueued, None) => self.escapable.then_some(Argument::EscapeChannels),
        };
        let (nodes, isolated_routers) = count_nodes(ground, &self.components);
        let healthy: u64 = ground.routers().map(|router| u64::from(ground.nodes_at(router))).sum();
        let pairs = healthy * healthy.saturating_sub(1);
        let travelled = self.sums.travelled.max(1.0);
        // A sample of destinations says nothing about how many pairs there are of each kind.
        let delivered = if self.exhaustive { self.sums.delivered } else { self.estimate(ground, pairs) };
        Certificate {
            deadlock_free: argument.is_some(),
            argument,
            cycle,
            livelock_free: self.livelock_free,
            exhaustive: self.exhaustive,
            pairs: Pairs { healthy: pairs, delivered, unreachable: pairs - delivered },
            unreachable_examples: self.sums.unreachable,
            delivered_share: if pairs == 0 { 1.0 } else { delivered as f64 / pairs as f64 },
            stretch: if self.sums.travelled > 0.0 { self.sums.stretch / travelled } else { 1.0 },
            mean_hops: self.sums.hops / travelled,
            gamma: self.load.iter().copied().fold(0.0, f64::max) / (nodes.active as f64 - 1.0).max(1.0),
            gamma_exact: self.gamma_exact,
            ring_share: ring_share(ground, &self.load),
            nodes,
            turn_map: question.routing.turn_map().map(str::to_owned),
            isolated_routers,
        }
    }

    /// Delivered pairs, extrapolated from the sampled destinations.
    fn estimate(&self, ground: &Ground, pairs: u64) -> u64 {
        let count = SAMPLED_WORK / ground.fabric.routers.len().max(1);
        let asked = ground.routers().filter(|&router| ground.nodes_at(router) > 0).count();
        let sampled = asked.div_ceil(asked.div_ceil(count.max(1)).max(1)).max(1);
        let share = self.sums.delivered as f64 / (pairs as f64 * sampled as f64 / asked.max(1) as f64);
        (pairs as f64 * share.min(1.0)) as u64
    }
}

/// The first working node at `router`.
fn first_node(ground: &Ground, router: RouterId) -> u32 {
    let nodes = ground.fabric.nodes_of(router);
    let working = nodes.iter().find(|node| ground.health.node[node.index()]);
    working.or(nodes.first()).map_or(0, |node| node.0)
}

/// Hops of a shortest way over what works, to one destination at a time.
pub(super) struct Distances {
    /// By router: where its entries in `from` start.
    start: Vec<u32>,
    /// Routers with a working link to each router.
    from: Vec<u32>,
    hops: Vec<u32>,
    queue: Vec<u32>,
}

impl Distances {
    /// For what works of `ground`.
    pub fn new(ground: &Ground) -> Self {
        let (mut start, mut from) = (vec![0], Vec::new());
        for router in ground.routers() {
            let ports = 0..ground.fabric.routers[router.index()].network_ports;
            let links = ports.filter_map(|port| ground.fabric.into(router, port));
            let open = links.filter(|&link| ground.usable(link) != 0);
            from.extend(open.map(|link| ground.fabric.link(link).from.0));
            start.push(from.len() as u32);
        }
        Self { hops: vec![u32::MAX; start.len() - 1], start, from, queue: Vec::new() }
    }

    /// Measures the distance of every router to `dst`.
    pub fn measure(&mut self, dst: RouterId) {
        self.hops.fill(u32::MAX);
        self.hops[dst.index()] = 0;
        self.queue.clear();
        self.queue.push(dst.0);
        let mut done = 0;
        while let Some(&at) = self.queue.get(done) {
            done += 1;
            let next = self.hops[at as usize] + 1;
            let range = self.start[at as usize] as usize..self.start[at as usize + 1] as usize;
            for &router in &self.from[range] {
                if self.hops[router as usize] == u32::MAX {
                    self.hops[router as usize] = next;
                    self.queue.push(router);
                }
            }
        }
    }

    /// Hops from `src`.
    pub fn from(&self, src: RouterId) -> u32 {
        self.hops[src.index()]
    }
}
