//! The search for a good mapping: several starts, the best of which is taken.

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::assignment::{Assignment, Distance, NOWHERE};
use super::cores::{Avoided, Cores, Limits, check_sums, usable};
use super::fill;
use super::flows::{Flows, casts};
use super::graph::Hypergraph;
use super::metrics::{Figures, figures};
use super::multilevel;
use super::objective::{Casting, Objective, Prices};
use super::place::anneal::{self, Board};
use super::place::{force, order, spectral};
use super::placement::Placement;
use super::settle::settle;
use super::ways::{Tracer, Ways};
use crate::base::random::{Purpose, Stream};
use crate::base::{CoreId, Gauge, Problem, Problems};
use crate::fabric::{Fabric, Health};
use crate::noc::route::Routing;

/// How neurons are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Partition {
    /// In the order of their numbers.
    Sequential,
    /// Core by core, the neuron that shares most spikes with the core next.
    Overlap,
    /// Multilevel partitioning with Fiduccia–Mattheyses refinement.
    Multilevel,
}

/// How cores are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In the order of their numbers.
    Linear,
    /// Along a Hilbert curve.
    Hilbert,
    /// By eigenvectors of the traffic.
    Spectral,
    /// Hilbert, then pulled together by forces.
    Force,
    /// The best of the others, then annealed.
    Anneal,
}

/// How a mapping is searched for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Search {
    /// Partitions to start from; the best result is taken.
    pub partitions: Vec<Partition>,
    /// How cores are chosen.
    pub place: Place,
    /// Whether neurons are moved once more when the cores are placed, and the cores once more after that.
    pub settle: bool,
    /// What is minimised.
    pub objective: Objective,
    /// Starts per partition that draws random numbers.
    #[schemars(range(min = 1, max = 64))]
    pub starts: u32,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            partitions: vec![Partition::Sequential, Partition::Overlap, Partition::Multilevel],
            place: Place::Anneal,
            settle: true,
            objective: Objective::default(),
            starts: 1,
        }
    }
}

/// Where a network is to be mapped.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The chip's network.
    pub fabric: &'a Fabric,
    /// What of it works.
    pub health: &'a Health,
    /// How packets find their way.
    pub routing: &'a Routing,
    /// The cores.
    pub cores: &'a Cores,
    /// What packets cost.
    pub prices: Prices,
}

impl<'a> Ground<'a> {
    pub(super) fn tracer(&self) -> Tracer<'a> {
        Tracer { fabric: self.fabric, health: self.health, routing: self.routing }
    }
}

/// A mapping with its figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// Where each neuron goes.
    pub placement: Placement,
    /// What that is worth.
    pub figures: Figures,
    /// The partition that the best start began with.
    pub partition: Partition,
    /// Cores that were not used because of faults.
    pub avoided: Avoided,
}

/// What all starts share.
struct Task<'a> {
    graph: &'a Hypergraph,
    ways: Ways<'a>,
    limits: Vec<&'a Limits>,
    class: Vec<u8>,
    search: &'a Search,
    seed: u64,
    gauge: &'a Gauge,
}

/// Parts of a start as a gauge counts them: the partition, the placement and the rounds of settling.
const PARTS: u64 = 2 + ROUNDS;

/// Rounds of settling.
const ROUNDS: u64 = 2;

/// One start's result.
struct Found {
    part: Vec<u32>,
    seat: Vec<u32>,
    score: f64,
    left: usize,
    partition: Partition,
}

/// Cores that are always looked at, and how many times those that are needed: a network that fills a small
/// part of a large chip is best kept together.
const ALWAYS: usize = 256;
const AMPLE: usize = 4;

/// Maps `graph` onto `ground`. The result depends on `seed` alone, not on the number of threads. Of many more
/// cores than are needed the most central ones are tried first.
///
/// # Errors
/// A table of cores that does not hang together; neurons, synapses, inputs or outputs that do not fit, and by
/// how much; no start at all.
pub fn map(graph: &Hypergraph, ground: &Ground<'_>, search: &Search, seed: u64) -> Result<Mapped, Problems> {
    map_watched(graph, ground, search, seed, &Gauge::new())
}

/// As [`map`]; `gauge` says how far it has come.
///
/// # Errors
/// As there.
pub fn map_watched(
    graph: &Hypergraph,
    ground: &Ground<'_>,
    search: &Search,
    seed: u64,
    gauge: &Gauge,
) -> Result<Mapped, Problems> {
    ground.cores.check(ground.fabric)?;
    check_search(search)?;
    let (seats, avoided) = usable(ground.cores, ground.fabric, ground.health, ground.routing);
    let by_class: Vec<Limits> = ground.cores.classes.iter().map(|it| Limits::of(it, graph)).collect();
    let limits: Vec<&Limits> = seats.iter().map(|core| limits_of(*core, ground, &by_class)).collect();
    let enough = ALWAYS.max(AMPLE * multilevel::needed(graph, &limits));
    if seats.len() > enough {
        let question = Question { graph, ground, search, seed, gauge };
        if let Ok(found) = question.answer(&central(ground, &seats, enough), &by_class, avoided) {
            return Ok(found);
        }
    }
    Question { graph, ground, search, seed, gauge }.answer(&seats, &by_class, avoided)
}

fn limits_of<'a>(core: CoreId, ground: &Ground<'_>, by_class: &'a [Limits]) -> &'a Limits {
    &by_class[usize::from(ground.cores.class[core.index()])]
}

/// The `count` of `seats` that lie nearest to the middle of all, in ascending order.
fn central(ground: &Ground<'_>, seats: &[CoreId], count: usize) -> Vec<CoreId> {
    let position = |core: &CoreId| {
        let router = ground.fabric.nodes[ground.cores.node[core.index()].index()].router;
        ground.fabric.routers[router.index()].position
    };
    let middle = [0, 1].map(|d| seats.iter().map(|core| position(core)[d]).sum::<f32>() / seats.len() as f32);
    let far = |core: &CoreId| {
        let at = position(core);
        (at[0] - middle[0]).abs().max((at[1] - middle[1]).abs())
    };
    let mut sorted = seats.to_vec();
    sorted.sort_by(|a, b| far(a).total_cmp(&far(b)).then(a.cmp(b)));
    sorted.truncate(count);
    sorted.sort_unstable();
    sorted
}

/// What is to be mapped where, and how.
#[derive(Clone, Copy)]
struct Question<'a> {
    graph: &'a Hypergraph,
    ground: &'a Ground<'a>,
    search: &'a Search,
    seed: u64,
    gauge: &'a Gauge,
}

impl Question<'_> {
    /// The best mapping to `seats`.
    fn answer(self, seats: &[CoreId], by_class: &[Limits], avoided: Avoided) -> Result<Mapped, Problems> {
        let Self { graph, ground, search, seed, gauge } = self;
        let class: Vec<u8> = seats.iter().map(|core| ground.cores.class[core.index()]).collect();
        let limits: Vec<&Limits> = seats.iter().map(|core| limits_of(*core, ground, by_class)).collect();
        check_sums(graph, &limits)?;
        let ways = Ways::new(ground.tracer(), ground.cores, seats);
        let task = Task { graph, ways, limits, class, search, seed, gauge };
        let starts = task.starts();
        gauge.plan(PARTS * starts.len() as u64);
        let found: Vec<Found> =
            starts.par_iter().map(|&(partition, index)| task.start(partition, index)).collect();
        let better = |a: &Found, b: &Found| a.left.cmp(&b.left).then(a.score.total_cmp(&b.score));
        let best = found.into_iter().min_by(better).expect("the search was checked to have a start");
        if best.left > 0 {
            return Err(left_over(best.left, graph));
        }
        let all = Assignment::from_parts(graph, &task.limits, &best.part);
        let figures = figures(&all, &task.ways, &best.seat, ground.prices);
        let core = |part: &u32| seats[best.seat[*part as usize] as usize];
        let core_of: Vec<CoreId> = best.part.iter().map(core).collect();
        let placement = Placement::new(core_of, ground.cores.len());
        Ok(Mapped { placement, figures, partition: best.partition, avoided })
    }
}

fn check_search(search: &Search) -> Result<(), Problems> {
    let mut problems = Problems::new();
    problems.require(!search.partitions.is_empty(), "partitions", || "at least one is needed".to_owned());
    problems.require((1..=64).contains(&search.starts), "starts", || {
        format!("there are 1 to 64 starts; found {}", search.starts)
    });
    problems.require((0.0..=1.0).contains(&search.objective.peak), "objective.peak", || {
        format!("a weight is 0 to 1; found {}", search.objective.peak)
    });
    problems.into_result(())
}

fn left_over(left: usize, graph: &Hypergraph) -> Problems {
    let message = format!(
        "{left} of {} neurons do not fit: their sums do, but no distribution over the cores was found that \
         keeps every limit",
        graph.vertices()
    );
    Problem::new("neurons", message)
        .allowed("more cores, or more neurons, synapses, inputs or outputs per core")
        .into()
}

impl Task<'_> {
    fn starts(&self) -> Vec<(Partition, u64)> {
        let of = |&partition: &Partition| {
            let count = if partition == Partition::Sequential { 1 } else { u64::from(self.search.starts) };
            (0..count).map(move |index| (partition, index))
        };
        self.search.partitions.iter().flat_map(of).collect()
    }

    fn start(&self, partition: Partition, index: u64) -> Found {
        let seed = self.seed.wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let part = self.partition(partition, seed, index);
        self.gauge.tick();
        let left = part.iter().filter(|&&part| part == NOWHERE).count();
        if left > 0 {
            return Found { part, seat: Vec::new(), score: f64::INFINITY, left, partition };
        }
        let mut all = Assignment::from_parts(self.graph, &self.limits, &part);
        let (mut seat, mut score) = self.place(&all, seed);
        self.gauge.tick();
        if self.search.settle {
            for round in 0..ROUNDS {
                let next = self.settled(&all, &seat, seed.wrapping_add(round));
                self.gauge.tick();
                if next.1 >= score {
                    break;
                }
                (all, score, seat) = next;
            }
        }
        Found { part: all.part, seat, score, left, partition }
    }

    fn partition(&self, partition: Partition, seed: u64, index: u64) -> Vec<u32> {
        let mut all = Assignment::new(self.graph, &self.limits);
        match partition {
            Partition::Sequential => fill::sequential(&mut all),
            Partition::Overlap => {
                let mut order: Vec<u32> = (0..self.graph.vertices() as u32).collect();
                if index > 0 {
                    Stream::new(seed, Purpose::Mapping, 8, index).shuffle(&mut order);
                }
                fill::overlap(&mut all, &order);
            }
            Partition::Multilevel => return multilevel::partition(self.graph, &self.limits, seed),
        }
        all.part
    }

    /// Neurons moved under the distances of `seat`, then the cores placed again; the neurons, the score, the
    /// seats.
    fn settled<'b>(&self, all: &Assignment<'b>, seat: &[u32], seed: u64) -> (Assignment<'b>, f64, Vec<u32>) {
        let distance =
            Distance::of(all.parts(), |a, b| self.ways.hops(seat[a as usize], seat[b as usize]) as f32);
        let mut all = all.clone();
        settle(&mut all, &distance, seed, 4);
        let mut seat = seat.to_vec();
        let score = self.with_board(&all, |board| {
            if self.search.place == Place::Anneal {
                anneal::full(board, &mut seat, seed.wrapping_add(1));
            }
            board.score(&seat)
        });
        (all, score, seat)
    }

    fn with_board<T>(&self, all: &Assignment<'_>, f: impl FnOnce(&Board<'_>) -> T) -> T {
        let flows = Flows::of(all);
        let casts = match self.search.objective.casting {
            Casting::Unicast => flows.unicast(),
            Casting::Multicast => casts(all),
        };
        let (ways, class, objective) = (&self.ways, &self.class[..], &self.search.objective);
        f(&Board { flows: &flows, casts: &casts, ways, class, objective })
    }

    /// The seats of the parts, and the score.
    fn place(&self, all: &Assignment<'_>, seed: u64) -> (Vec<u32>, f64) {
        self.with_board(all, |board| {
            let linear = || order::linear(self.ways.seats());
            let hilbert = || order::hilbert(&self.ways, &self.class);
            let spectral = || spectral::spectral(board.flows, &self.ways, &self.class, seed);
            let forced = |mut seat: Vec<u32>| {
                force::force(board.flows, &self.ways, &self.class, &mut seat);
                seat
            };
            let seat = match self.search.place {
                Place::Linear => linear(),
                Place::Hilbert => hilbert(),
                Place::Spectral => spectral(),
                Place::Force => forced(hilbert()),
                Place::Anneal => annealed(board, [linear(), hilbert(), spectral()].map(forced).into(), seed),
            };
            let score = board.score(&seat);
            (seat, score)
        })
    }
}

/// The best of `options`, annealed.
fn annealed(board: &Board<'_>, options: Vec<Vec<u32>>, seed: u64) -> Vec<u32> {
    let rated = options.into_iter().map(|seat| (board.score(&seat), seat));
    let (_, mut seat) = rated.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default();
    let before = (board.score(&seat), seat.clone());
    anneal::hops(board, &mut seat, seed);
    if board.score(&seat) > before.0 {
        seat = before.1;
    }
    anneal::full(board, &mut seat, seed);
    seat
}

/// The figures of a given mapping on `ground`, whether or not it was found by [`map`].
///
/// # Errors
/// Cores that cannot be used (`core_of[i]`), and cores that hold too much, and by how much (`cores[i]`).
pub fn evaluate(graph: &Hypergraph, ground: &Ground<'_>, placement: &Placement) -> Result<Figures, Problems> {
    ground.cores.check(ground.fabric)?;
    let mut problems = Problems::new();
    let found = placement.core_of().len();
    problems.require(found == graph.vertices(), "core_of", || {
        format!("the network has {} neurons, the mapping {found}", graph.vertices())
    });
    problems.into_result(())?;
    let (seats, _) = usable(ground.cores, ground.fabric, ground.health, ground.routing);
    let by_class: Vec<Limits> = ground.cores.classes.iter().map(|it| Limits::of(it, graph)).collect();
    let class = |core: &CoreId| usize::from(ground.cores.class[core.index()]);
    let limits: Vec<&Limits> = seats.iter().map(|core| &by_class[class(core)]).collect();
    let mut part = Vec::with_capacity(found);
    let mut problems = Problems::new();
    for (i, core) in placement.core_of().iter().enumerate() {
        match seats.binary_search(core) {
            Ok(seat) => part.push(seat as u32),
            Err(_) if problems.0.len() < 20 => {
                problems.push(Problem::new(format!("core_of[{i}]"), format!("core {core} cannot be used")));
            }
            Err(_) => break,
        }
    }
    problems.into_result(())?;
    let all = Assignment::from_parts(graph, &limits, &part);
    let mut problems = Problems::new();
    for (i, core) in seats.iter().enumerate() {
        if let Some(over) = all.excess(i as u32) {
            let names = ["neurons", "synapses", "inputs", "outputs", "cores that a neuron sends to"];
            let over = over.into_iter().zip(names);
            let over = over.into_iter().filter(|it| it.0 > 0).map(|(count, what)| format!("{count} {what}"));
            let message = format!("holds {} too many", over.collect::<Vec<_>>().join(", "));
            problems.push(Problem::new(format!("cores[{core}]"), message));
        }
    }
    problems.into_result(())?;
    let ways = Ways::new(ground.tracer(), ground.cores, &seats);
    Ok(figures(&all, &ways, &order::linear(seats.len()), ground.prices))
}
