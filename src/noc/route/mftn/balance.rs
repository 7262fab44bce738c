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

/// The routes to one destination, in one layer.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub dst: u32,
    /// By channel: the next one; [`NONE`] at the destination and where no route leads on.
    pub next: Vec<u32>,
    /// By router: the first channel; [`NONE`] at the destination and off all routes.
    pub first: Vec<u32>,
    /// By channel: load per unit injection, times (nodes − 1).
    pub load: Vec<f32>,
}

impl Tree {
    /// As a table wants it. Where nothing passes the next channel is forgotten.
    pub fn prune(&mut self) -> View<'_> {
        for (next, &load) in self.next.iter_mut().zip(&self.load) {
            if load <= 0.0 {
                *next = NONE;
            }
        }
        View { next: &self.next, first: &self.first }
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
    pub trees: Vec<Tree>,
    /// By channel: sum of the trees' loads.
    pub total: Vec<f32>,
    /// The load that counts as one in prices.
    pub scale: f32,
    /// Doublings in the exponent p: p = 2^doublings.
    pub doublings: u32,
    price: Vec<f32>,
    pub cost: Vec<f32>,
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
            trees: (0..layers).flat_map(|_| destinations.iter().map(tree)).collect(),
            total: vec![0.0; channels],
            scale: 1.0,
            doublings: 4,
            price: vec![1.0; channels],
            cost: vec![0.0; channels],
            demand: Vec::new(),
            layers,
            work: 0,
        };
        balance.number();
        balance
    }

    /// Writes down each channel's place in the order.
    pub fn number(&mut self) {
        for (place, &channel) in self.order.iter().enumerate() {
            self.place[channel as usize] = place as u32;
        }
    }

    /// (load / scale)^p.
    #[inline]
    fn steep(&self, load: f32) -> f32 {
        (0..self.doublings).fold(load / self.scale, |x, _| x * x)
    }

    /// Sets prices by the present loads.
    pub fn reprice(&mut self) {
        for channel in 0..self.total.len() {
            self.price[channel] = self.steep(self.total[channel]) + HOP;
        }
    }

    /// Takes the load of tree `tree` away.
    pub fn lift(&mut self, tree: usize) {
        for (total, load) in self.total.iter_mut().zip(&self.trees[tree].load) {
            *total -= load;
        }
    }

    /// Cheapest costs from every channel to the destination of `tree`, down the order.
    pub fn sweep(&mut self, tree: usize) {
        let Tree { dst, next, .. } = &mut self.trees[tree];
        for &channel in self.order.iter().rev() {
            let at = channel as usize;
            let (mut best, mut by) = (f32::INFINITY, NONE);
            if self.site.channels.head[at] == *dst {
                best = 0.0;
            } else {
                for &k in self.all.after(channel) {
                    let cost = self.cost[k as usize];
                    if cost < best && self.place[k as usize] > self.place[at] {
                        (best, by) = (cost, k);
                    }
                }
            }
            self.cost[at] = best + self.price[at];
            next[at] = by;
        }
        self.work += self.order.len() as u64;
    }

    /// Routes `tree`, lifted before, by the present loads and adds its own. Whether every active router
    /// has a route.
    pub fn route(&mut self, tree: usize) -> bool {
        self.reprice();
        self.sweep(tree);
        let site = self.site;
        site.demand(self.trees[tree].dst, &mut self.demand);
        let layers = self.layers as f32;
        let Tree { dst, next, first, load } = &mut self.trees[tree];
        load.fill(0.0);
        let mut complete = true;
        for router in site.routers().filter(|router| router != dst) {
            let (mut best, mut by) = (f32::INFINITY, NONE);
            for channel in site.channels.leaving(router) {
                if self.cost[channel as usize] < best {
                    (best, by) = (self.cost[channel as usize], channel);
                }
            }
            first[router as usize] = by;
            match load.get_mut(by as usize) {
                Some(load) => *load += self.demand[router as usize] as f32 / layers,
                None => complete = false,
            }
        }
        for &channel in &self.order {
            let (own, next) = (load[channel as usize], next[channel as usize]);
            if own > 0.0 && next != NONE {
                load[next as usize] += own;
            }
            self.total[channel as usize] += own;
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
        let one = |&load: &f32| f64::from(self.steep(load) + HOP * load / self.scale);
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
