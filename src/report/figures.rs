//! `figures.json`: what the plots of a run are drawn from, beside its report.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Facts;
use crate::base::RouterId;
use crate::energy::Energy;
use crate::fabric::faults::Parts;
use crate::fabric::{Fabric, Health, LinkKind, Shape};
use crate::noc::certify::Certificate;
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
    /// What is counted in chip and timeline.
    #[serde(default, skip_serializing_if = "Counted::is_flits")]
    pub counts: Counted,
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

/// What is counted in a drawing, and in what stretches of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// Flits, by cycles of the network.
    #[default]
    Flits,
    /// Packets of spikes, by steps.
    Packets,
}

impl Counted {
    fn is_flits(&self) -> bool {
        *self == Self::Flits
    }
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
    /// What broke during the run, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<Break>,
}

/// What a fault broke during the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// Cycle in which it struck.
    pub at_cycle: u64,
    /// Routers that broke, or a node of which did.
    pub routers: Vec<u32>,
    /// Links that broke by themselves.
    pub links: Vec<u32>,
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
    /// Spikes that neurons there fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spikes: Option<Vec<u64>>,
    /// Neurons there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neurons: Option<Vec<u64>>,
}

/// The links of a drawing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinkColumns {
    /// Routers that drive them.
    pub from: Vec<u32>,
    /// Routers that they lead to.
    pub to: Vec<u32>,
    /// Cycles that a flit, or a packet where those are counted, occupies them.
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

/// What moved when. Frame `k` covers the cycles `k · width..(k + 1) · width`; where packets are counted, the steps
/// after `k · width` up to `(k + 1) · width`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Film {
    /// Width of a frame [cycles, or steps].
    pub width: u64,
    /// Cycles that each frame of steps took; absent where frames are of cycles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycles: Option<Vec<f64>>,
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
        let is_drawn = Drawing::is_drawn(fabric);
        Self {
            schema: FIGURES_SCHEMA.to_owned(),
            clock_hz: facts.clock_hz,
            chip: is_drawn.then(|| Drawing::of_run(facts)),
            counts: Counted::Flits,
            packet_latency: Distribution::of(&outcome.packet_latency),
            network_latency: Distribution::of(&outcome.network_latency),
            hops: Distribution::of(&outcome.hops),
            timeline: Film::of(&outcome.timeline, fabric).filter(|_| is_drawn),
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

/// What a chip is made of and what of it works, as a drawing shows it.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub fabric: &'a Fabric,
    pub health: &'a Health,
    pub certificate: Option<&'a Certificate>,
}

impl Drawing {
    fn of_run(facts: &Facts<'_>) -> Self {
        let Facts { fabric, health, certificate, outcome, .. } = *facts;
        let mut drawing = Self::new(&Site { fabric, health, certificate });
        drawing.routers.flits = outcome.loads.router_flits.clone();
        drawing.routers.delivered = outcome.loads.delivered_flits.clone();
        drawing.links.flits = outcome.loads.link_flits.clone();
        if let Some(account) = facts.energy {
            drawing.routers.energy = Some(joules(&account.routers));
            drawing.links.energy = Some(joules(&account.links));
        }
        let struck = facts.epochs.iter().zip(&outcome.passages);
        drawing.breaks =
            struck.map(|(epoch, passage)| Break::of(fabric, &epoch.parts, passage.at_cycle)).collect();
        drawing
    }

    /// The chip in which nothing has moved; counts and energies are to be filled in.
    pub(super) fn new(site: &Site<'_>) -> Self {
        let (size, wraps) = match &site.fabric.shape {
            Shape::Grid { size, wrap } => (Some(size.clone()), wrap.contains(&true)),
            Shape::TriangularTorus { width, height } => (Some(vec![*width, *height]), true),
            Shape::FatTree { .. } | Shape::Irregular => (None, false),
        };
        let regions = regions(site.fabric, site.health);
        Self {
            size,
            wraps,
            routers: RouterColumns::new(site, regions.as_ref()),
            links: LinkColumns::new(site),
            regions: regions.map_or_else(Vec::new, |regions| {
                regions.blocks.iter().map(|block| [block.x1, block.y1, block.x2, block.y2]).collect()
            }),
            breaks: Vec::new(),
        }
    }

    /// Whether a chip of this size is drawn.
    pub(super) fn is_drawn(fabric: &Fabric) -> bool {
        fabric.routers.len() + fabric.links.len() <= MOST_DRAWN
    }
}

impl Break {
    fn of(fabric: &Fabric, parts: &Parts, at_cycle: u64) -> Self {
        let of_nodes = parts.nodes.iter().map(|node| fabric.nodes[node.index()].router);
        let mut routers: Vec<u32> =
            parts.routers.iter().copied().chain(of_nodes).map(|router| router.0).collect();
        routers.sort_unstable();
        routers.dedup();
        Self { at_cycle, routers, links: parts.links.iter().map(|link| link.0).collect() }
    }
}

/// The regions that faults make, on meshes of two dimensions.
fn regions(fabric: &Fabric, health: &Health) -> Option<Regions> {
    let ground = Ground::new(fabric, health, 1, 0);
    let faulty: Vec<bool> = health.router.iter().map(|alive| !alive).collect();
    Mesh::of(&ground).filter(|_| faulty.contains(&true)).map(|mesh| Regions::grow(mesh, &faulty))
}

impl RouterColumns {
    fn new(site: &Site<'_>, regions: Option<&Regions>) -> Self {
        let Site { fabric, health, certificate } = *site;
        let routers = &fabric.routers;
        let isolated = certificate.map_or(&[][..], |known| &known.isolated_routers);
        let state = |router: usize| {
            let is_unsafe = regions.is_some_and(|regions| regions.disabled[router]);
            let nodes = fabric.nodes_of(RouterId::at(router));
            match health.router[router] {
                false => 'f',
                true if is_unsafe => 'u',
                true if isolated.contains(&(router as u32)) => 'i',
                true if nodes.iter().any(|node| !health.node[node.index()]) => 'n',
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
            flits: vec![0; routers.len()],
            delivered: vec![0; routers.len()],
            ..Self::default()
        }
    }
}

fn joules(energies: &[Energy]) -> Vec<f64> {
    energies.iter().map(|energy| energy.joules()).collect()
}

impl LinkColumns {
    fn new(site: &Site<'_>) -> Self {
        let (links, health) = (&site.fabric.links, site.health);
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
            flits: vec![0; links.len()],
            energy: None,
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
    pub(super) fn of(timeline: &Timeline, fabric: &Fabric) -> Option<Self> {
        let frames = &timeline.frames;
        let parts = fabric.routers.len() + fabric.links.len();
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
            cycles: None,
            links: sums(|frame| &frame.link_flits),
            delivered: sums(|frame| &frame.delivered_flits),
        })
    }
}
