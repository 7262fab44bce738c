//! Routes chosen by load: each destination in turn takes the cheapest routes under prices that rise
//! steeply with the load the others leave behind.
//!
//! The turns allowed are those that climb in one order of the channels, so whatever routes are chosen
//! the dependencies have no cycle, and the cheapest route is found in one sweep down the order. The
//! price of a channel is (load / largest load)^p: the sweeps descend on the p-norm of the loads, which
//! tends to the largest load as p grows (exponential weights as in Kinsy et al., ISCA 2009,
//! doi 10.1145/1555754.1555782).

use super::super::channels::{Channels, NONE, Turns};
use super::super::routes::View;
use super::site::Site;

/// What a hop costs beyond its price, so that idle channels are not free: detours stay short.
pub(super) const HOP: f32 = 2e-3;

/// The highest price: the costs of the longest routes stay finite, or a channel would seem to lead nowhere.
const CEILING: f32 = 1e30;

/// The routes to one destination, in one layer.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub dst: u32,
    /// By channel: the next one; [`NONE`] at the destination and off the routes of all active routers, with
    /// or without nodes.
    pub next: Vec<u32>,
    /// By router: the first channel; [`NONE`] at the destination and off all routes.
    pub first: Vec<u32>,
    /// By channel: load per unit injection, times (nodes − 1).
    pub load: Vec<f32>,
}

impl Tree {
    /// As a table wants it.
    pub fn view(&self) -> View<'_> {
        View { next: &self.next, first: &self.first }
    }
}

/// The channels in their order, with the turns that climb: what a sweep runs over, by place.
#[derive(Clone, Debug, Default)]
struct Ladder {
    /// Router that the channel leads to.
    head: Vec<u32>,
    start: Vec<u32>,
    /// Places of the channels that may follow.
    next: Vec<u32>,
}

impl Ladder {
    fn build(&mut self, channels: &Channels, all: &Turns, order: &[u32], place: &[u32]) {
        self.head.clear();
        self.start.clear();
        self.next.clear();
        for (at, &channel) in order.iter().enumerate() {
            self.head.push(channels.head[channel as usize]);
            self.start.push(self.next.len() as u32);
            let after = all.after(channel).iter().map(|&k| place[k as usize]);
            self.next.extend(after.filter(|&next| next as usize > at));
        }
        self.start.push(self.next.len() as u32);
    }
}

/// Routes between all active routers, with the loads they make.
#[derive(Clone, Debug)]
pub(super) struct Balance<'a> {
    pub site: &'a Site,
    /// Every turn that does not lead straight back.
    pub all: &'a Turns,
    /// The channels; a turn is allowed if it climbs.
    pub order: Vec<u32>,
    /// By channel: its place in `order`.
    pub place: Vec<u32>,
    ladder: Ladder,
    pub trees: Vec<Tree>,
    /// By channel: sum of the trees' loads.
    pub total: Vec<f32>,
    /// The load that counts as one in prices.
    pub scale: f32,
    /// Doublings in the exponent p: p = 2^doublings.
    pub doublings: u32,
    /// By channel.
    price: Vec<f32>,
    /// By place: cost of the cheapest route of the last sweep, and the place it goes to next.
    cost: Vec<f32>,
    by: Vec<u32>,
    /// By place: load of the tree at hand.
    carried: Vec<f32>,
    /// By place: whether a route to the destination at hand leads over it, be it without load.
    passed: Vec<bool>,
    /// By router: what it sends to the destination at hand.
    demand: Vec<f64>,
    layers: u32,
    /// Channels visited so far: what the search is limited by.
    pub work: u64,
}

/// Every turn of `channels` that does not lead straight back.
pub(super) fn all_turns(channels: &Channels) -> Turns {
    Turns::new(channels, |_, _| true)
}

impl<'a> Balance<'a> {
    /// No routes yet. `layers` sets of trees share the traffic evenly.
    pub fn new(site: &'a Site, all: &'a Turns, order: Vec<u32>, destinations: &[u32], layers: u32) -> Self {
        let channels = site.channels.len();
        let tree = |&dst: &u32| Tree {
            dst,
            next: vec![NONE; channels],
            first: vec![NONE; site.channels.routers()],
            load: vec![0.0; channels],
        };
        let mut balance = Self {
            site,
            all,
            place: vec![0; channels],
            order,
            ladder: Ladder::default(),
            trees: (0..layers).flat_map(|_| destinations.iter().map(tree)).collect(),
            total: vec![0.0; channels],
            // Nothing counts as loaded in the first round: it takes the shortest routes.
            scale: f32::MAX,
            doublings: 4,
            price: vec![1.0; channels],
            cost: vec![0.0; channels],
            by: vec![NONE; channels],
            carried: vec![0.0; channels],
            passed: vec![false; channels],
            demand: Vec::new(),
            layers,
            work: 0,
        };
        balance.number();
        balance
    }

    /// Takes note of a changed order.
    pub fn number(&mut self) {
        for (place, &channel) in self.order.iter().enumerate() {
            self.place[channel as usize] = place as u32;
        }
        self.ladder.build(&self.site.channels, self.all, &self.order, &self.place);
    }

    /// Sets prices by the present loads: (load / scale)^p and a little per hop.
    pub fn reprice(&mut self) {
        for (price, total) in self.price.iter_mut().zip(&self.total) {
            *price = total / self.scale;
        }
        for _ in 0..self.doublings {
            self.price.iter_mut().for_each(|price| *price *= *price);
        }
        self.price.iter_mut().for_each(|price| *price = price.min(CEILING) + HOP);
    }

    /// Takes the load of tree `tree` away.
    pub fn lift(&mut self, tree: usize) {
        for (total, load) in self.total.iter_mut().zip(&self.trees[tree].load) {
            *total -= load;
        }
    }

    /// Cheapest costs from every channel to `dst`, down the order.
    pub fn sweep(&mut self, dst: u32) {
        let ladder = &self.ladder;
        for (place, &channel) in self.order.iter().enumerate().rev() {
            let (mut best, mut by) = (f32::INFINITY, NONE);
            if ladder.head[place] == dst {
                best = 0.0;
            } else {
                for &next in &ladder.next[ladder.start[place] as usize..ladder.start[place + 1] as usize] {
                    if self.cost[next as usize] < best {
                        (best, by) = (self.cost[next as usize], next);
                    }
                }
            }
            self.cost[place] = best + self.price[channel as usize];
            self.by[place] = by;
        }
        self.work += self.order.len() as u64;
    }

    /// Cost of the cheapest route over `channel` in the last sweep.
    #[inline]
    pub fn cost(&self, channel: u32) -> f32 {
        self.cost[self.place[channel as usize] as usize]
    }

    /// Routes `tree`, lifted before, by the present loads and adds its own. Whether every active router
    /// has a route.
    pub fn route(&mut self, tree: usize) -> bool {
        self.reprice();
        self.sweep(self.trees[tree].dst);
        let complete = self.set_out(tree);
        let Tree { next, load, .. } = &mut self.trees[tree];
        for (place, &channel) in self.order.iter().enumerate() {
            let (own, by) = (self.carried[place], self.by[place]);
            next[channel as usize] = NONE;
            load[channel as usize] = own;
            if self.passed[place] && by != NONE {
                self.carried[by as usize] += own;
                self.passed[by as usize] = true;
                next[channel as usize] = self.order[by as usize];
            }
            self.total[channel as usize] += own;
        }
        complete
    }

    /// Chooses the first channel of every router's packets and puts their load on it.
    fn set_out(&mut self, tree: usize) -> bool {
        let site = self.site;
        let Tree { dst, first, .. } = &mut self.trees[tree];
        site.demand(*dst, &mut self.demand);
        self.carried.fill(0.0);
        self.passed.fill(false);
        let layers = self.layers as f32;
        let mut complete = true;
        for router in site.routers().filter(|router| router != dst) {
            let (mut best, mut by, mut at) = (f32::INFINITY, NONE, 0);
            for channel in site.channels.leaving(router) {
                let place = self.place[channel as usize] as usize;
                if self.cost[place] < best {
                    (best, by, at) = (self.cost[place], channel, place);
                }
            }
            first[router as usize] = by;
            if by == NONE {
                complete = false;
                continue;
            }
            self.carried[at] += self.demand[router as usize] as f32 / layers;
            self.passed[at] = true;
        }
        complete
    }

    /// Routes every tree once; whether all are complete. The largest load becomes the new scale.
    pub fn round(&mut self) -> bool {
        let mut complete = true;
        for tree in 0..self.trees.len() {
            self.lift(tree);
            complete &= self.route(tree);
        }
        self.scale = self.largest().max(1.0);
        complete
    }

    /// Routes every tree `count` times; whether all are complete in the end.
    pub fn rounds(&mut self, count: usize) -> bool {
        (0..count).fold(true, |_, _| self.round())
    }

    /// The largest load.
    pub fn largest(&self) -> f32 {
        self.total.iter().copied().fold(0.0, f32::max)
    }

    /// What the rounds descend on: Σ (load / scale)^p, with a little for the hops.
    pub fn burden(&self) -> f64 {
        let one = |&load: &f32| {
            let share = load / self.scale;
            f64::from((0..self.doublings).fold(share, |x, _| x * x) + HOP * share)
        };
        self.total.iter().map(one).sum()
    }

    /// γ, if the trees are those of all destinations.
    pub fn gamma(&self) -> f64 {
        f64::from(self.largest()) / (self.site.nodes - 1.0).max(1.0)
    }

    /// Mean hops of a packet, if the trees are those of all destinations.
    pub fn hops(&self) -> f64 {
        let pairs = self.site.nodes * (self.site.nodes - 1.0);
        self.total.iter().copied().map(f64::from).sum::<f64>() / pairs.max(1.0)
    }
}
