//! Shortest legal routes to one destination at a time: breadth-first search backwards over the turns.

use super::channels::{Channels, NONE, Turns};
use super::grid::{Mesh, port};
use crate::base::RouterId;

/// Routes to one destination, from every channel and every router; reused from one to the next.
pub struct Trees<'a> {
    channels: &'a Channels,
    turns: &'a Turns,
    mesh: Option<Mesh>,
    /// By channel: hops to the destination, its own included.
    hops: Vec<u32>,
    /// Channels in the order they were found, nearest first.
    found: Vec<u32>,
    dst: u32,
}

impl<'a> Trees<'a> {
    /// Routes over `channels` by `turns`. On a `mesh` ties go to X-reducing hops, then to Y-reducing
    /// ones, then by the order of the channels; elsewhere by that order alone.
    pub fn new(channels: &'a Channels, turns: &'a Turns, mesh: Option<Mesh>) -> Self {
        Self { channels, turns, mesh, hops: vec![NONE; channels.len()], found: Vec::new(), dst: NONE }
    }

    /// Finds the routes to `dst`.
    pub fn grow(&mut self, dst: u32) {
        self.dst = dst;
        self.hops.fill(NONE);
        self.found.clear();
        for &channel in self.channels.entering(dst) {
            self.hops[channel as usize] = 1;
            self.found.push(channel);
        }
        let mut done = 0;
        while let Some(&channel) = self.found.get(done) {
            done += 1;
            for &before in self.turns.before(channel) {
                if self.hops[before as usize] == NONE {
                    self.hops[before as usize] = self.hops[channel as usize] + 1;
                    self.found.push(before);
                }
            }
        }
    }

    /// Hops to the destination over `channel`, itself included; [`NONE`] if it does not lead there.
    #[inline]
    pub fn hops(&self, channel: u32) -> u32 {
        self.hops[channel as usize]
    }

    /// The channels that lead to the destination, nearest first.
    pub fn found(&self) -> &[u32] {
        &self.found
    }

    /// The channel to take after `channel`; [`NONE`] at the destination or off every route.
    pub fn next(&self, channel: u32) -> u32 {
        match self.hops[channel as usize] {
            1 | NONE => NONE,
            hops => self.choose(self.turns.after(channel).iter().copied(), hops - 1),
        }
    }

    /// The channel by which packets injected at `router` leave; [`NONE`] if there is none.
    pub fn first(&self, router: u32) -> u32 {
        let shortest = self.first_hops(router);
        if router == self.dst || shortest == NONE {
            return NONE;
        }
        self.choose(self.channels.leaving(router), shortest)
    }

    /// Hops from `router` to the destination; [`NONE`] if there is no route.
    pub fn first_hops(&self, router: u32) -> u32 {
        if router == self.dst {
            return 0;
        }
        self.channels.leaving(router).map(|channel| self.hops[channel as usize]).min().unwrap_or(NONE)
    }

    /// All channels to take after `channel` on a shortest route.
    pub fn all_next(&self, channel: u32) -> impl Iterator<Item = u32> + '_ {
        let ahead = self.hops[channel as usize].wrapping_sub(1);
        let wanted = move |k: &u32| ahead != 0 && ahead != NONE - 1 && self.hops[*k as usize] == ahead;
        self.turns.after(channel).iter().copied().filter(wanted)
    }

    /// All channels by which packets injected at `router` may leave on a shortest route.
    pub fn all_first(&self, router: u32) -> impl Iterator<Item = u32> + '_ {
        let shortest = self.first_hops(router);
        let wanted =
            move |k: &u32| router != self.dst && shortest != NONE && self.hops[*k as usize] == shortest;
        self.channels.leaving(router).filter(wanted)
    }

    fn choose(&self, options: impl Iterator<Item = u32>, hops: u32) -> u32 {
        let shortest = options.filter(|&k| self.hops[k as usize] == hops);
        shortest.min_by_key(|&k| (self.rank(k), k)).unwrap_or(NONE)
    }

    /// 0 for a hop that reduces the X distance, 1 for the Y distance, 2 for others.
    #[inline]
    fn rank(&self, channel: u32) -> u8 {
        let Some(mesh) = &self.mesh else { return 0 };
        let (x, y) = mesh.xy(RouterId(self.channels.tail[channel as usize]));
        let (to_x, to_y) = mesh.xy(RouterId(self.dst));
        match self.channels.out_port[channel as usize] {
            port::EAST if x < to_x => 0,
            port::WEST if x > to_x => 0,
            port::NORTH if y < to_y => 1,
            port::SOUTH if y > to_y => 1,
            _ => 2,
        }
    }
}
