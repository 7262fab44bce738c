//! The routes to one destination as chosen, and how they enter a table.

use super::channels::{Channels, NONE, Turns};
use super::codebook::Builder;
use super::grid::Mesh;
use super::ground::Ground;
use super::table::{NO_PORT, Pick, PortSets, Table};
use super::trees::Trees;
use crate::base::{Problems, RouterId};

/// One next channel per channel and router, for one destination.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// By channel: the next one; [`NONE`] at the destination and off all routes.
    pub next: Vec<u32>,
    /// By router: the first channel; [`NONE`] where there is no route (and at the destination).
    pub first: Vec<u32>,
    /// By channel: weight of the sources whose packets pass.
    pub load: Vec<f64>,
}

impl Routes {
    /// Room for routes over `channels`.
    pub fn new(channels: &Channels) -> Self {
        Self {
            next: vec![NONE; channels.len()],
            first: vec![NONE; channels.routers()],
            load: vec![0.0; channels.len()],
        }
    }

    /// As a table wants them.
    pub fn view(&self) -> View<'_> {
        View { next: &self.next, first: &self.first }
    }

    /// Takes the shortest routes of `trees`, each source `r` sending `weight[r]`; returns the sum of
    /// hops times weight.
    pub fn take(&mut self, trees: &Trees, weight: &[f64]) -> f64 {
        self.load.fill(0.0);
        self.next.fill(NONE);
        for router in 0..self.first.len() as u32 {
            let first = trees.first(router);
            self.first[router as usize] = first;
            if first != NONE {
                self.load[first as usize] += weight[router as usize];
            }
        }
        let mut hops = 0.0;
        for &channel in trees.found().iter().rev() {
            let load = self.load[channel as usize];
            hops += load;
            if load > 0.0 {
                let next = trees.next(channel);
                self.next[channel as usize] = next;
                if next != NONE {
                    self.load[next as usize] += load;
                }
            }
        }
        hops
    }
}

/// Routes to one destination as a table wants them.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// By channel: the next one; none where no packet to the destination passes.
    pub next: &'a [u32],
    /// By router: the first channel.
    pub first: &'a [u32],
}

/// Fills table rows from routes.
pub(super) struct Scribe<'a> {
    channels: &'a Channels,
    /// By router: where its part of `row` starts; one more entry than routers.
    start: Vec<usize>,
    row: Vec<u8>,
    layers: usize,
    builder: Builder<u8>,
}

impl<'a> Scribe<'a> {
    /// Starts a table of `layers` layers.
    ///
    /// # Errors
    /// The table would be too large.
    pub fn new(ground: &Ground, channels: &'a Channels, layers: u8) -> Result<Self, Problems> {
        let builder = Builder::new(ground, layers, NO_PORT)?;
        let mut start = vec![0];
        for router in ground.routers() {
            start.push(start[router.index()] + builder.row_len(router));
        }
        let row = vec![NO_PORT; start[start.len() - 1]];
        Ok(Self { channels, start, row, layers: usize::from(layers), builder })
    }

    /// Notes the routes to `dst`, one per layer. Input ports that no packet to `dst` comes by get the
    /// entry of injected packets, so that rows coincide more often.
    pub fn note(&mut self, dst: RouterId, layers: &[View]) {
        for (layer, routes) in layers.iter().enumerate() {
            for (router, &first) in routes.first.iter().enumerate() {
                let states = (self.start[router + 1] - self.start[router]) / self.layers;
                let begin = self.start[router] + layer * states;
                let port = self.port(first);
                self.row[begin..begin + states].fill(port);
            }
            for (channel, &next) in routes.next.iter().enumerate() {
                if next != NONE {
                    let at = self.channels.head[channel] as usize;
                    let states = (self.start[at + 1] - self.start[at]) / self.layers;
                    let state = usize::from(self.channels.in_port[channel]);
                    self.row[self.start[at] + layer * states + state] = self.port(next);
                }
            }
        }
        for router in 0..self.channels.routers() {
            let row = &self.row[self.start[router]..self.start[router + 1]];
            self.builder.set(RouterId::at(router), dst, row);
        }
    }

    fn port(&self, channel: u32) -> u8 {
        if channel == NONE { NO_PORT } else { self.channels.out_port[channel as usize] }
    }

    /// The finished table.
    pub fn finish(self, ground: &Ground, turn_map: Option<String>) -> Table {
        Table::new(self.builder, ground, turn_map)
    }
}

/// The table of shortest routes over `turns`, ties as in [`Trees`].
pub(super) fn shortest_table(
    ground: &Ground,
    channels: &Channels,
    turns: &Turns,
    turn_map: Option<String>,
) -> Result<Table, Problems> {
    let mut scribe = Scribe::new(ground, channels, 1)?;
    let mut trees = Trees::new(channels, turns, Mesh::of(ground));
    let mut routes = Routes::new(channels);
    let weight = vec![1.0; channels.routers()];
    for dst in addressed(ground) {
        trees.grow(dst.0);
        routes.take(&trees, &weight);
        scribe.note(dst, &[routes.view()]);
    }
    Ok(scribe.finish(ground, turn_map))
}

/// The sets of all shortest routes over `turns`.
pub(super) fn shortest_sets(
    ground: &Ground,
    channels: &Channels,
    turns: &Turns,
    pick: Pick,
) -> Result<PortSets, Problems> {
    let mut builder = Builder::new(ground, 1, 0u32)?;
    let mut trees = Trees::new(channels, turns, None);
    let mut row = Vec::new();
    for dst in addressed(ground) {
        trees.grow(dst.0);
        for router in ground.routers() {
            let ports = |sum: u32, k: u32| sum | 1 << channels.out_port[k as usize];
            let injected = trees.all_first(router.0).fold(0, ports);
            row.clear();
            row.resize(builder.row_len(router), injected);
            for &channel in channels.entering(router.0) {
                let set = trees.all_next(channel).fold(0, ports);
                row[usize::from(channels.in_port[channel as usize])] = set;
            }
            builder.set(router, dst, &row);
        }
    }
    Ok(PortSets::new(builder, ground, pick))
}

/// The working routers that have nodes.
pub(super) fn addressed<'a>(ground: &'a Ground) -> impl Iterator<Item = RouterId> + 'a {
    let has_nodes = |router: &RouterId| ground.fabric.routers[router.index()].nodes > 0;
    ground.routers().filter(move |router| ground.alive(*router) && has_nodes(router))
}
