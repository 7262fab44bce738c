//! `figures.json`: what the plots of a run are drawn from, beside its report.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Facts;
use crate::base::RouterId;
use crate::energy::{Energy, EnergyAccount};
use crate::fabric::{Fabric, Health, LinkKind, Shape};
use crate::noc::engine::Counts;
use crate::noc::route::mftn::regions::Regions;
use crate::noc::route::{Ground, Mesh};
use crate::sim::{Frame, Timeline};

/// The name of the schema.
pub const FIGURES_SCHEMA: &str = "spikeloom/figures/1";

/// Routers and links beyond which a chip is not drawn.
const MOST_DRAWN: usize = 60_000;

/// Counters that the frames of a timeline may take together; where they are more, neighbours are added up.
const MOST_COUNTERS: usize = 400_000;

/// Significant digits of the values of a distribution: those below 2048 are exact.
const DIGITS: u8 = 3;

/// What the plots of a run are drawn from. Parts that a run has nothing for are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The name of the schema.
    pub schema: String,
    /// Clock of the network [Hz].
    pub clock_hz: f64,
    /// The chip; absent where it is too large to be drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip: Option<Drawing>,
    /// Creation to tail read, of measured packets [cycles].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet_latency: Option<Distribution>,
    /// Head injected to tail read, of measured packets [cycles].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_latency: Option<Distribution>,
    /// Routers traversed, of measured packets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hops: Option<Distribution>,
    /// What moved when; absent where there is no drawing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Film>,
    /// What is known of the routing before a cycle is run: the answer of `spikeloom check`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Value>,
}

/// A chip as it is drawn, with what each part of it carried and cost. Columns of routers and of links are in
/// the order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Drawing {
    /// Routers along each dimension, where routers are named by coordinates: number = x + width · y + ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Vec<u32>>,
    /// Whether links lead around: those that span the chip are drawn as stubs.
    pub wraps: bool,
    /// Routers.
    pub routers: RouterColumns,
    /// Directed links.
    pub links: LinkColumns,
    /// Regions that packets go around, by their bounds in coordinates: `[x1, y1, x2, y2]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<[u32; 4]>,
}

/// The routers of a drawing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RouterColumns {
    /// Where to draw them [tile pitches], north upwards.
    pub x: Vec<f32>,
    /// See `x`.
    pub y: Vec<f32>,
    /// Nodes attached.
    pub nodes: Vec<u32>,
    /// Chip that they lie on; absent where there is one chip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip: Option<Vec<u32>>,
    /// One letter each: `.` works, `n` has broken nodes, `f` is broken, `u` is unsafe, `i` is cut off.
    pub state: String,
    /// Flits that left by any port.
    pub flits: Vec<u64>,
    /// Flits handed to nodes.
    pub delivered: Vec<u64>,
    /// What was spent inside [J].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<Vec<f64>>,
}

/// The links of a drawing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinkColumns {
    /// Routers that drive them.
    pub from: Vec<u32>,
    /// Routers that they lead to.
    pub to: Vec<u32>,
    /// Cycles that a flit occupies them.
    pub interval: Vec<u32>,
    /// Length [mm].
    pub length_mm: Vec<f32>,
    /// One letter each: `.` on the chip, `c` from chip to chip, `x` broken by itself or with an end.
    pub state: String,
    /// Flits in the whole run.
    pub flits: Vec<u64>,
    /// What they cost [J].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<Vec<f64>>,
}

/// Values with their multiplicity, ascending; large values to three digits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// Distinct values.
    pub values: Vec<u64>,
    /// How often each was seen.
    pub counts: Vec<u64>,
}

/// What moved when. Frame `k` covers the cycles `k · width..(k + 1) · width`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Film {
    /// Width of a frame [cycles].
    pub width: u64,
    /// Flits over each link, by frame.
    pub links: Vec<Vec<u32>>,
    /// Flits that each router handed to its nodes, by frame.
    pub delivered: Vec<Vec<u32>>,
}

impl Figures {
    /// What the plots of a run are drawn from; `routing` is the name of its routing function.
    pub fn new(facts: &Facts<'_>, routing: &str) -> Self {
        let Facts { fabric, outcome, .. } = *facts;
        let certificate = facts.certificate.and_then(|known| {
            let mut certificate = serde_json::to_value(known).ok()?;
            certificate["routing"] = routing.into();
            Some(certificate)
        });
        let parts = fabric.routers.len() + fabric.links.len();
        let is_drawn = parts <= MOST_DRAWN;
        Self {
            schema: FIGURES_SCHEMA.to_owned(),
            clock_hz: facts.clock_hz,
            chip: is_drawn.then(|| Drawing::new(facts)),
            packet_latency: Distribution::of(&outcome.packet_latency),
            network_latency: Distribution::of(&outcome.network_latency),
            hops: Distribution::of(&outcome.hops),
            timeline: Film::of(&outcome.timeline, parts).filter(|_| is_drawn),
            certificate,
        }
    }

    /// The text of `figures.json`.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl Drawing {
    fn new(facts: &Facts<'_>) -> Self {
        let Facts { fabric, health, .. } = *facts;
        let (size, wraps) = match &fabric.shape {
            Shape::Grid { size, wrap } => (Some(size.clone()), wrap.contains(&true)),
            Shape::TriangularTorus { width, height } => (Some(vec![*width, *height]), true),
            Shape::FatTree { .. } | Shape::Irregular => (None, false),
        };
        let regions = regions(fabric, health);
        Self {
            size,
            wraps,
            routers: RouterColumns::new(facts, regions.as_ref()),
            links: LinkColumns::new(facts),
            regions: regions.map_or_else(Vec::new, |regions| {
                regions.blocks.iter().map(|block| [block.x1, block.y1, block.x2, block.y2]).collect()
            }),
        }
    }
}

/// The regions that faults make, on meshes of two dimensions.
fn regions(fabric: &Fabric, health: &Health) -> Option<Regions> {
    let ground = Ground::new(fabric, health, 1, 0);
    let faulty: Vec<bool> = health.router.iter().map(|alive| !alive).collect();
    Mesh::of(&ground).filter(|_| faulty.contains(&true)).map(|mesh| Regions::grow(mesh, &faulty))
}

impl RouterColumns {
    fn new(facts: &Facts<'_>, regions: Option<&Regions>) -> Self {
        let Facts { fabric, outcome, .. } = *facts;
        let routers = &fabric.routers;
        let isolated = facts.certificate.map_or(&[][..], |known| &known.isolated_routers);
        let state = |router: usize| {
            let is_unsafe = regions.is_some_and(|regions| regions.disabled[router]);
            let nodes = fabric.nodes_of(RouterId::at(router));
            match facts.health.router[router] {
                false => 'f',
                true if is_unsafe => 'u',
                true if isolated.contains(&(router as u32)) => 'i',
                true if nodes.iter().any(|node| !facts.health.node[node.index()]) => 'n',
                true => '.',
            }
        };
        let is_board = routers.iter().any(|router| router.chip != routers[0].chip);
        Self {
            x: routers.iter().map(|router| router.position[0]).collect(),
            y: routers.iter().map(|router| router.position[1]).collect(),
            nodes: routers.iter().map(|router| router.nodes.into()).collect(),
            chip: is_board.then(|| routers.iter().map(|router| router.chip).collect()),
            state: (0..routers.len()).map(state).collect(),
            flits: outcome.loads.router_flits.clone(),
            delivered: outcome.loads.delivered_flits.clone(),
            energy: facts.energy.map(|account| joules(account, |account| &account.routers)),
        }
    }
}

fn joules(account: &EnergyAccount, of: impl Fn(&EnergyAccount) -> &Vec<Energy>) -> Vec<f64> {
    of(account).iter().map(|energy| energy.joules()).collect()
}

impl LinkColumns {
    fn new(facts: &Facts<'_>) -> Self {
        let (links, health) = (&facts.fabric.links, facts.health);
        let state = |id: usize| {
            let link = &links[id];
            let alive = health.link[id] && health.router[link.from.index()] && health.router[link.to.index()];
            match (alive, link.kind) {
                (false, _) => 'x',
                (true, LinkKind::ChipToChip) => 'c',
                (true, LinkKind::OnChip) => '.',
            }
        };
        Self {
            from: links.iter().map(|link| link.from.0).collect(),
            to: links.iter().map(|link| link.to.0).collect(),
            interval: links.iter().map(|link| link.interval.into()).collect(),
            length_mm: links.iter().map(|link| link.length_mm).collect(),
            state: (0..links.len()).map(state).collect(),
            flits: facts.outcome.loads.link_flits.clone(),
            energy: facts.energy.map(|account| joules(account, |account| &account.links)),
        }
    }
}

impl Distribution {
    /// The distribution of `counts`; `None` of nothing.
    fn of(counts: &Counts) -> Option<Self> {
        let max = counts.iter().map(|(value, _)| value).max()?;
        let mut histogram = Histogram::<u64>::new_with_bounds(1, max.max(2), DIGITS).ok()?;
        for (value, times) in counts.iter() {
            histogram.record_n(value, times).ok()?;
        }
        let (mut values, mut seen) = (Vec::new(), Vec::new());
        for step in histogram.iter_recorded() {
            values.push(step.value_iterated_to().min(max));
            seen.push(step.count_at_value());
        }
        Some(Self { values, counts: seen })
    }
}

impl Film {
    /// A timeline with as few frames as the size of the chip asks for; `None` of nothing.
    fn of(timeline: &Timeline, parts: usize) -> Option<Self> {
        let frames = &timeline.frames;
        let together = (frames.len() * parts).div_ceil(MOST_COUNTERS).max(1);
        let sums = |of: fn(&Frame) -> &[u32]| {
            let sum = |group: &[Frame]| {
                let mut sum = of(&group[0]).to_vec();
                for frame in &group[1..] {
                    sum.iter_mut().zip(of(frame)).for_each(|(sum, more)| *sum = sum.saturating_add(*more));
                }
                sum
            };
            frames.chunks(together).map(sum).collect::<Vec<_>>()
        };
        (!frames.is_empty()).then(|| Self {
            width: timeline.width * together as u64,
            links: sums(|frame| &frame.link_flits),
            delivered: sums(|frame| &frame.delivered_flits),
        })
    }
}
