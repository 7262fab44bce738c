//! The hops that packets take between cores, by direction, on any network.
//!
//! On a two-dimensional mesh that works, rows come first and columns second. Elsewhere a packet is followed by the
//! chip's routing as if it were alone: a routing that adapts to load finds none, and one that draws at random draws
//! once for each pair of routers. Directions: along the first dimension of a grid, a hop to a larger coordinate is
//! east and one to a smaller west; along the second north and south; everything else is east.

use rayon::prelude::*;

use super::copies::Copies;
use super::drawing::Drawing;
use super::layout::Layout;
use super::plan::FanOut;
use super::site::{Ground, Wires};
use crate::base::random::{Purpose, Stream};
use crate::base::{CoreId, NeuronId, NodeId, Problem, Problems, RouterId};
use crate::fabric::{Attachment, Fabric, Link, Shape};
use crate::noc::route::{Candidates, Head, Standing};

/// Hops: east, north, west, south.
pub(super) type Hops = [u32; 4];

/// By site: the hops of all packets that its neuron sends when it fires.
///
/// # Errors
/// Cores between which the routing finds no way.
pub(super) fn by_site(
    layout: &Layout,
    (fan_first, fan): (&[u32], &[FanOut]),
    (drawing, copies): (Option<&Drawing>, Option<&Copies>),
    ground: &Ground<'_>,
) -> Result<Vec<Hops>, Problems> {
    let of_core = |ways: &mut Ways<'_>, core: u32| {
        ways.begin(CoreId(core));
        let of_site = |site: u32| {
            let neuron = NeuronId(layout.neuron[site as usize]);
            if let Some(hops) = copies.and_then(|copies| copies.hops(site)) {
                return hops;
            }
            let (mut hops, mut last) = ([0; 4], None);
            let mut count = |to: u16| {
                // A packet that is to be copied goes once to the cores of a node.
                let node = ground.node(CoreId(to.into()));
                if copies.is_some() && last.replace(node) == Some(node) {
                    return;
                }
                let own = ways.to(CoreId(to.into()));
                (0..4).for_each(|direction| hops[direction] += own[direction]);
            };
            match drawing {
                Some(drawing) if drawing.drawn.has(neuron) => {
                    drawing.cores(neuron).into_iter().for_each(&mut count);
                }
                _ => {
                    let packets = fan_first[site as usize] as usize..fan_first[site as usize + 1] as usize;
                    fan[packets].iter().for_each(|packet| count(packet.core));
                }
            }
            hops
        };
        let all = (layout.first[core as usize]..layout.first[core as usize + 1]).map(of_site).collect();
        (all, std::mem::take(&mut ways.problems))
    };
    let tiles = tiles(ground);
    let ways = || Ways {
        ground,
        tiles: &tiles,
        from: CoreId(0),
        known: vec![UNKNOWN; ground.fabric.nodes.len()],
        looked_up: Vec::new(),
        problems: Problems::new(),
    };
    let cores = (0..ground.cores()).into_par_iter();
    let found: Vec<(Vec<Hops>, Problems)> = cores.map_init(ways, of_core).collect();
    let (mut all, mut problems) = (Vec::with_capacity(layout.neuron.len()), Problems::new());
    for (hops, found) in found {
        all.extend(hops);
        problems.0.extend(found.0);
    }
    problems.0.truncate(MOST);
    problems.into_result(all)
}

/// Most problems that are reported.
const MOST: usize = 20;

/// A way that has not been followed yet.
const UNKNOWN: Hops = [u32::MAX; 4];

/// Columns and rows by core, on a two-dimensional mesh that works.
fn tiles(ground: &Ground<'_>) -> Option<Vec<[u32; 2]>> {
    let is_plain = ground.mesh().is_some() && ground.is_whole;
    let tile = |core| ground.tile(CoreId(core)).map(u32::from);
    is_plain.then(|| (0..ground.cores()).map(tile).collect())
}

/// The ways from one core, as far as they have been followed.
struct Ways<'a> {
    ground: &'a Ground<'a>,
    tiles: &'a Option<Vec<[u32; 2]>>,
    from: CoreId,
    /// By node.
    known: Vec<Hops>,
    looked_up: Vec<NodeId>,
    problems: Problems,
}

impl Ways<'_> {
    /// Goes on with the ways from `core`.
    fn begin(&mut self, core: CoreId) {
        if self.ground.node(core) != self.ground.node(self.from) {
            let Self { known, looked_up, .. } = self;
            looked_up.drain(..).for_each(|node| known[node.index()] = UNKNOWN);
        }
        self.from = core;
    }

    #[inline]
    fn to(&mut self, to: CoreId) -> Hops {
        if let Some(tiles) = self.tiles {
            let ([x, y], [to_x, to_y]) = (tiles[self.from.index()], tiles[to.index()]);
            let ahead = |from: u32, to: u32| to.saturating_sub(from);
            return [ahead(x, to_x), ahead(y, to_y), ahead(to_x, x), ahead(to_y, y)];
        }
        let node = self.ground.node(to);
        match self.known[node.index()] {
            UNKNOWN => self.look_up(node, to),
            hops => hops,
        }
    }

    fn look_up(&mut self, node: NodeId, to: CoreId) -> Hops {
        let found = follow(self.ground, (self.ground.node(self.from), node));
        if found.is_none() && self.problems.0.len() < MOST {
            let message = format!("the routing finds no way from core {} to core {to}", self.from);
            self.problems.push(Problem::new("", message));
        }
        let hops = found.unwrap_or_default();
        self.looked_up.push(node);
        self.known[node.index()] = hops;
        hops
    }
}

/// Follows a packet; `None` if it does not arrive.
fn follow(ground: &Ground<'_>, (from, to): (NodeId, NodeId)) -> Option<Hops> {
    let fabric = ground.fabric;
    let (start, end) = (fabric.nodes[from.index()], fabric.nodes[to.index()]);
    let mut hops = [0; 4];
    if start.router == end.router {
        return Some(hops);
    }
    let Some(Wires { routing, .. }) = ground.wires else { return shortest(fabric, start.router, end.router) };
    let Attachment { router: at, port } = start;
    let mut head = Head { dst: end.router, eject: end.port, ..Head::default() };
    routing.inject(at, &mut head, &mut Stream::new(1, Purpose::Routing, from.0, to.0.into()));
    let mut standing = Standing { at, port, vc: 0 };
    let mut candidates = Candidates::default();
    // A way that is longer than this goes in circles.
    for _ in 0..4 * fabric.routers.len() {
        if standing.at == end.router {
            return Some(hops);
        }
        routing.route(standing, &mut head, &mut candidates);
        let first = |best: crate::noc::route::Candidate, next| if better(next, best) { next } else { best };
        let next = candidates.as_slice().iter().copied().reduce(first)?;
        let link = fabric.link(fabric.out(standing.at, next.port)?);
        hops[direction(fabric, link)] += 1;
        standing = Standing { at: link.to, port: link.to_port, vc: next.vcs.trailing_zeros() as u8 };
    }
    None
}

fn better(next: crate::noc::route::Candidate, best: crate::noc::route::Candidate) -> bool {
    next.priority > best.priority
}

/// The length of a shortest way; where nothing is known of the routing.
fn shortest(fabric: &Fabric, from: RouterId, to: RouterId) -> Option<Hops> {
    let mut seen = vec![false; fabric.routers.len()];
    seen[from.index()] = true;
    let (mut edge, mut hops) = (vec![from], 0);
    while !edge.is_empty() {
        if edge.contains(&to) {
            return Some([hops, 0, 0, 0]);
        }
        let next = edge.iter().flat_map(|&at| fabric.links_from(at)).map(|link| fabric.link(link).to);
        edge = next.filter(|at| !std::mem::replace(&mut seen[at.index()], true)).collect();
        hops += 1;
    }
    None
}

/// The direction of a link: 0 east, 1 north, 2 west, 3 south.
pub fn direction(fabric: &Fabric, link: &Link) -> usize {
    let Shape::Grid { size, .. } = &fabric.shape else { return 0 };
    let Some((from, to)) = fabric.coordinates(link.from).zip(fabric.coordinates(link.to)) else { return 0 };
    let moved = (0..size.len().min(2)).find(|&dimension| from[dimension] != to[dimension]);
    let Some(dimension) = moved else { return 0 };
    let (from, to, size) = (from[dimension], to[dimension], size[dimension]);
    let wraps = from.abs_diff(to) == size - 1 && size > 2;
    // Over the edge, a larger coordinate lies behind.
    let is_forward = (to > from) != wraps;
    dimension + if is_forward { 0 } else { 2 }
}
