//! The candidates of MFTN: turn maps, each certified by its routes and scored by its load.

use super::super::channels::{NONE, Turns};
use super::super::dependency::Dependencies;
use super::super::routes::Routes;
use super::super::trees::Trees;
use super::contour::{Frame, contour, dimension_order};
use super::corner::up_down;
use super::oe_tu::oe_tu;
use super::site::Site;

/// A turn map with its name.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub name: String,
    pub turns: Turns,
}

impl Candidate {
    /// No turns at all, for a chip that has no two routers left to join.
    pub fn none(site: &Site) -> Self {
        Self { name: "none".into(), turns: Turns::new(&site.channels, |_, _| false) }
    }
}

/// What the routes of a turn map are worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Score {
    /// Largest channel load per unit injection under uniform traffic.
    pub gamma: f64,
    /// Mean hops of a packet.
    pub hops: f64,
}

impl Score {
    /// Whether this is better: lower γ, on a tie fewer hops.
    pub fn beats(&self, other: &Self) -> bool {
        (self.gamma, self.hops) < (other.gamma, other.hops)
    }
}

/// What came of trying a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trial {
    /// Every pair of active routers has a route.
    pub complete: bool,
    /// The dependencies of all routes have no cycle.
    pub acyclic: bool,
    pub score: Score,
}

impl Trial {
    /// Whether packets can be routed by it: all pairs, and no deadlock.
    pub fn certified(&self) -> bool {
        self.complete && self.acyclic
    }
}

/// The turn maps of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// Dimension order; complete only if no fault touches a route.
    DimensionOrder,
    /// The eight CONTOUR maps.
    Contour,
    /// The OE-TU maps of all clean sides.
    OeTu,
    /// The four CORNER maps.
    Corner,
}

/// The candidates of `kind` on `site`.
pub(super) fn candidates(site: &Site, kind: Kind) -> Vec<Candidate> {
    let channels = &site.channels;
    let Some(regions) = &site.regions else { return rooted(site, kind) };
    let named = |frame: Frame, kind: &str, turns| {
        let order = if frame.transpose { "yx" } else { "xy" };
        let side = match (frame.mirror_x, frame.mirror_y) {
            (false, false) => "sw",
            (true, false) => "se",
            (false, true) => "nw",
            (true, true) => "ne",
        };
        Candidate { name: format!("{kind}-{order}-{side}"), turns }
    };
    match kind {
        Kind::DimensionOrder => [("xy", false), ("yx", true)]
            .map(|(name, transpose)| Candidate {
                name: name.into(),
                turns: dimension_order(channels, transpose),
            })
            .into(),
        Kind::Contour => {
            Frame::all().map(|frame| named(frame, "contour", contour(channels, regions, frame))).collect()
        }
        Kind::OeTu => Frame::all()
            .filter_map(|frame| Some(named(frame, "oe-tu", oe_tu(channels, regions, &site.active, frame)?)))
            .collect(),
        Kind::Corner => rooted(site, kind),
    }
}

/// The CORNER maps: up*/down* from the active routers nearest the corners. Without a mesh, from the
/// first router and from the one farthest from it.
fn rooted(site: &Site, kind: Kind) -> Vec<Candidate> {
    if kind != Kind::Corner {
        return Vec::new();
    }
    let map = |(name, root): (&str, u32)| Candidate {
        name: format!("corner-{name}"),
        turns: up_down(&site.channels, root),
    };
    site.corners().into_iter().map(map).collect()
}

/// Routes all pairs by `turns` and certifies the routes; `every` greater than one looks at every n-th
/// destination only, which estimates the score. Gives up as soon as γ exceeds `limit`.
pub(super) fn attempt(site: &Site, turns: &Turns, every: usize, limit: f64) -> Option<Trial> {
    let channels = &site.channels;
    let destinations = || site.addressed().step_by(every);
    let mut demand = Vec::new();
    let pairs: f64 = destinations()
        .map(|dst| {
            site.demand(dst, &mut demand);
            demand.iter().sum::<f64>()
        })
        .sum();
    // A sample of destinations stands for all; unit injection is one packet per node.
    let scale = site.nodes / pairs.max(1.0);
    let mut trees = Trees::new(channels, turns, site.mesh);
    let mut routes = Routes::new(channels);
    let mut used = vec![0u32; channels.len()];
    let mut load = vec![0.0; channels.len()];
    let (mut hops, mut complete, mut gamma) = (0.0, true, 0.0f64);
    for dst in destinations() {
        trees.grow(dst);
        site.demand(dst, &mut demand);
        hops += routes.take(&trees, &demand);
        complete &= site.routers().all(|src| src == dst || routes.first[src as usize] != NONE);
        for (channel, &own) in routes.load.iter().enumerate() {
            load[channel] += own;
            gamma = gamma.max(load[channel] * scale);
            if routes.next[channel] != NONE {
                used[channel] |= 1 << (routes.next[channel] - site.first_leaving(channel)).min(31);
            }
        }
        if gamma > limit {
            return None;
        }
    }
    let score = Score { gamma, hops: hops / pairs.max(1.0) };
    Some(Trial { complete, acyclic: is_acyclic(site, turns, &used), score })
}

/// Whether the turns used have no cycle.
fn is_acyclic(site: &Site, turns: &Turns, used: &[u32]) -> bool {
    let channels = 0..site.channels.len() as u32;
    let edges = channels.flat_map(|c| {
        let taken = move |k: &u32| {
            let bit = (k - site.first_leaving(c as usize)).min(31);
            used[c as usize] >> bit & 1 == 1
        };
        turns.after(c).iter().copied().filter(taken).map(move |k| (c, k))
    });
    let edges: Vec<(u32, u32)> = edges.collect();
    Dependencies::new(site.channels.len(), edges.into_iter()).ranks().is_some()
}
