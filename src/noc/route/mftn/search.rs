//! Routes with balanced load: from the best CORNER order, by local search, to a certified set of trees.

use super::super::channels::{Channels, NONE, Turns};
use super::super::ground::Ground;
use super::super::routes::Scribe;
use super::super::table::Table;
use super::balance::{Balance, Tree, all_turns};
use super::climb::{climb, order_of};
use super::corner::up_down;
use super::portfolio::Score;
use super::site::Site;
use crate::base::random::{Purpose, Stream};
use crate::base::{Problems, RouterId};

/// Largest product of destinations and channels for which all trees are kept in memory and the order
/// is searched; beyond, trees are laid one after the other.
const SEARCHED: usize = 1 << 23;
/// The same for several layers of trees.
const LAYERED: usize = 1 << 20;
/// Layers where there is room.
const LAYERS: u32 = 4;
/// Limit of the search [channels visited]: some seconds.
const WORK: u64 = 200_000_000;
/// Rounds with a high exponent that end a search, if the effort allows.
const POLISH: u32 = 16;
/// Destinations sampled where trees are not kept.
const SAMPLE: usize = 128;
/// The stream id of the search, apart from those of packets.
const STREAM: u32 = u32::MAX;

/// Balanced routes: the channel order that proves them and the trees.
pub(super) struct Balanced {
    /// Root of the CORNER order that the search began with.
    pub root: &'static str,
    pub score: Score,
    order: Vec<u32>,
    /// Layers of trees, each by destination; none if they are to be laid one after the other.
    layers: Vec<Vec<Tree>>,
}

/// An order of the channels with the root it comes from.
struct Start {
    root: &'static str,
    order: Vec<u32>,
    largest: f32,
}

/// The CORNER order whose balanced routes to `destinations` have the lowest largest load.
fn best_start(site: &Site, all: &Turns, destinations: &[u32]) -> Option<Start> {
    let starts = site.corners().into_iter().filter_map(|(root, router)| {
        let order = order_of(&up_down(&site.channels, router).dependencies().ranks()?);
        let mut balance = Balance::new(site, all, order, destinations, 1);
        let complete = balance.rounds(2);
        let largest = balance.largest();
        complete.then_some(Start { root, order: balance.order, largest })
    });
    starts.min_by(|a, b| a.largest.total_cmp(&b.largest))
}

/// Balances the load on `site`; `None` if it has no pair of nodes.
pub(super) fn balance(site: &Site, effort: u32, seed: u64) -> Option<Balanced> {
    let all = all_turns(&site.channels);
    let destinations: Vec<u32> = site.addressed().collect();
    if site.channels.is_empty() || destinations.len() < 2 {
        return None;
    }
    if destinations.len() * site.channels.len() > SEARCHED {
        return sampled(site, &all, &destinations);
    }
    let start = best_start(site, &all, &destinations)?;
    let mut balance = Balance::new(site, &all, start.order, &destinations, 1);
    let mut draw = Stream::new(seed, Purpose::Routing, STREAM, 0);
    climb(&mut balance, effort, WORK, &mut draw);
    let room = destinations.len() * site.channels.len() * LAYERS as usize <= LAYERED;
    let layers = if room { LAYERS } else { 1 };
    let layered = Balance::new(site, &all, balance.order, &destinations, layers);
    Some(polish(layered, layers, POLISH.min(2 + effort / 50), start.root))
}

/// Rounds with a low, then a high exponent; the best of the latter counts.
fn polish(mut balance: Balance, layers: u32, rounds: u32, root: &'static str) -> Balanced {
    balance.rounds(4);
    balance.doublings = 6;
    let mut best: Option<(Score, Vec<Tree>)> = None;
    for _ in 0..rounds {
        balance.round();
        let score = Score { gamma: balance.gamma(), hops: balance.hops() };
        if best.as_ref().is_none_or(|(known, _)| score.beats(known)) {
            best = Some((score, balance.trees.clone()));
        }
    }
    let score = Score { gamma: balance.gamma(), hops: balance.hops() };
    let (score, mut trees) = best.unwrap_or((score, balance.trees));
    let per_layer = trees.len() / layers as usize;
    let mut layered = Vec::new();
    while !trees.is_empty() {
        layered.push(trees.drain(..per_layer).collect());
    }
    Balanced { root, score, order: balance.order, layers: layered }
}

/// For large networks: the best order by a sample of destinations; the score is an estimate.
fn sampled(site: &Site, all: &Turns, destinations: &[u32]) -> Option<Balanced> {
    let sample: Vec<u32> =
        destinations.iter().copied().step_by(destinations.len().div_ceil(SAMPLE)).collect();
    let start = best_start(site, all, &sample)?;
    let mut balance = Balance::new(site, all, start.order, &sample, 1);
    balance.rounds(2);
    let scale = destinations.len() as f64 / sample.len() as f64;
    let score = Score { gamma: balance.gamma() * scale, hops: balance.hops() * scale };
    Some(Balanced { root: start.root, score, order: balance.order, layers: Vec::new() })
}

impl Balanced {
    /// Writes the routes into a table, each hop checked to climb in the order: that is the proof that
    /// the dependencies of all routes have no cycle.
    pub fn table(self, ground: &Ground, site: &Site, name: String) -> Result<Table, Problems> {
        if self.layers.is_empty() {
            return self.lay(ground, site, name);
        }
        let proof = Proof::new(site, &self.order);
        let mut scribe = Scribe::new(ground, &site.channels, self.layers.len() as u8)?;
        for n in 0..self.layers[0].len() {
            let dst = self.layers[0][n].dst;
            let views: Vec<_> = self.layers.iter().map(|layer| layer[n].view()).collect();
            for view in &views {
                proof.check(dst, view.first, view.next);
            }
            scribe.note(RouterId(dst), &views);
        }
        Ok(scribe.finish(ground, Some(name)))
    }

    /// Lays one tree after the other, by the load so far and a forecast of the rest from a sample.
    fn lay(self, ground: &Ground, site: &Site, name: String) -> Result<Table, Problems> {
        let all = all_turns(&site.channels);
        let destinations: Vec<u32> = site.addressed().collect();
        let sample: Vec<u32> =
            destinations.iter().copied().step_by(destinations.len().div_ceil(SAMPLE)).collect();
        let mut forecast = Balance::new(site, &all, self.order, &sample, 1);
        forecast.rounds(2);
        let proof = Proof::new(site, &forecast.order);
        let mut scribe = Scribe::new(ground, &site.channels, 1)?;
        let mut balance = Balance::new(site, &all, forecast.order, &destinations[..1], 1);
        let each: Vec<f32> = forecast.total.iter().map(|load| load / sample.len() as f32).collect();
        balance.total = each.iter().map(|load| load * destinations.len() as f32).collect();
        balance.scale = balance.largest().max(1.0);
        for &dst in &destinations {
            balance.trees[0].dst = dst;
            balance.trees[0].load.copy_from_slice(&each);
            balance.trees[0].first.fill(NONE);
            balance.lift(0);
            balance.route(0);
            let view = balance.trees[0].view();
            proof.check(dst, view.first, view.next);
            scribe.note(RouterId(dst), &[view]);
        }
        Ok(scribe.finish(ground, Some(name)))
    }
}

/// The certificate of balanced routes: places in the order rise along every route, and every active
/// router has one.
struct Proof<'a> {
    site: &'a Site,
    place: Vec<u32>,
}

impl<'a> Proof<'a> {
    fn new(site: &'a Site, order: &[u32]) -> Self {
        let mut place = vec![0; order.len()];
        for (n, &channel) in order.iter().enumerate() {
            place[channel as usize] = n as u32;
        }
        Self { site, place }
    }

    /// Asserts both for the routes to `dst`.
    fn check(&self, dst: u32, first: &[u32], next: &[u32]) {
        let channels: &Channels = &self.site.channels;
        for (channel, &next) in next.iter().enumerate().filter(|(_, next)| **next != NONE) {
            assert!(self.place[channel] < self.place[next as usize], "routes climb in the channel order");
            assert_eq!(channels.head[channel], channels.tail[next as usize], "routes are connected");
        }
        for router in self.site.routers().filter(|&router| router != dst) {
            assert_ne!(first[router as usize], NONE, "every active router has a route");
        }
    }
}
