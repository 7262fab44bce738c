//! Channels (working links) and the turns between them: the ground for turn maps and table routings.
//!
//! A turn `c → k` lets a packet that came by channel c leave by channel k; k starts where c ends and
//! does not lead straight back. A set of turns without a cycle cannot deadlock (Dally & Seitz 1987,
//! doi 10.1109/TC.1987.1676939), whatever routes are chosen in it.

use super::dependency::Dependencies;
use super::grid::{Mesh, port};
use super::ground::Ground;
use crate::base::{LinkId, RouterId};

/// Marks the absence of a channel.
pub const NONE: u32 = u32::MAX;

/// The channels that routes may use, sorted by the router they leave and by preference there.
#[derive(Clone, Debug, Default)]
pub struct Channels {
    /// Link of each channel.
    pub link: Vec<LinkId>,
    /// Router that drives it.
    pub tail: Vec<u32>,
    /// Router that it leads to.
    pub head: Vec<u32>,
    /// Output port at the tail.
    pub out_port: Vec<u8>,
    /// Input port at the head.
    pub in_port: Vec<u8>,
    /// By router: the first channel that leaves it; one more entry than routers.
    first: Vec<u32>,
    /// By router: where its entries in `into` start; one more entry than routers.
    into_first: Vec<u32>,
    into: Vec<u32>,
}

impl Channels {
    /// The working links between routers for which `takes_part` holds. Where only one direction of a
    /// wire works and `both_ways`, neither is used.
    pub fn new(ground: &Ground, takes_part: impl Fn(RouterId) -> bool, both_ways: bool) -> Self {
        let fabric = ground.fabric;
        let mesh = Mesh::of(ground).is_some();
        let open = |link: LinkId| {
            let end = fabric.link(link);
            let back = || fabric.reverse(link).is_none_or(|back| ground.usable(back) != 0);
            ground.usable(link) != 0 && takes_part(end.from) && takes_part(end.to) && (!both_ways || back())
        };
        let mut channels = Self::default();
        for router in ground.routers() {
            channels.first.push(channels.link.len() as u32);
            let mut links: Vec<LinkId> = fabric.links_from(router).filter(|&link| open(link)).collect();
            links.sort_by_key(|&link| preference(mesh, fabric.link(link).from_port));
            for link in links {
                let end = fabric.link(link);
                channels.link.push(link);
                channels.tail.push(end.from.0);
                channels.head.push(end.to.0);
                channels.out_port.push(end.from_port);
                channels.in_port.push(end.to_port);
            }
        }
        channels.first.push(channels.link.len() as u32);
        let pairs = channels.head.iter().enumerate().map(|(channel, &head)| (head, channel as u32));
        (channels.into_first, channels.into) = csr(fabric.routers.len(), pairs);
        channels
    }

    /// Number of channels.
    pub fn len(&self) -> usize {
        self.link.len()
    }

    /// Whether there are no channels.
    pub fn is_empty(&self) -> bool {
        self.link.is_empty()
    }

    /// Number of routers.
    pub fn routers(&self) -> usize {
        self.first.len() - 1
    }

    /// The channels that leave `router`, preferred ones first.
    pub fn leaving(&self, router: u32) -> std::ops::Range<u32> {
        self.first[router as usize]..self.first[router as usize + 1]
    }

    /// The channels that enter `router`.
    pub fn entering(&self, router: u32) -> &[u32] {
        let at = router as usize;
        &self.into[self.into_first[at] as usize..self.into_first[at + 1] as usize]
    }

    /// The channels that a packet may leave by after `channel`, before any turn is forbidden.
    pub fn after(&self, channel: u32) -> impl Iterator<Item = u32> + '_ {
        let back = self.tail[channel as usize];
        self.leaving(self.head[channel as usize]).filter(move |&k| self.head[k as usize] != back)
    }

    /// Hops from `root` to every router; [`NONE`] where there is no way.
    pub fn distances_from(&self, root: u32) -> Vec<u32> {
        let mut distance = vec![NONE; self.routers()];
        let mut queue = std::collections::VecDeque::from([root]);
        distance[root as usize] = 0;
        while let Some(at) = queue.pop_front() {
            for channel in self.leaving(at) {
                let next = self.head[channel as usize];
                if distance[next as usize] == NONE {
                    distance[next as usize] = distance[at as usize] + 1;
                    queue.push_back(next);
                }
            }
        }
        distance
    }
}

/// Order among equals: E, N, W, S on meshes, else the port's number.
fn preference(mesh: bool, out: u8) -> u8 {
    match out {
        port::EAST if mesh => 0,
        port::NORTH if mesh => 1,
        port::WEST if mesh => 2,
        port::SOUTH if mesh => 3,
        other => other,
    }
}

/// Groups values by key: (start of each group and the end, values).
pub(super) fn csr(keys: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> (Vec<u32>, Vec<u32>) {
    let mut start = vec![0; keys + 1];
    for (key, _) in pairs.clone() {
        start[key as usize + 1] += 1;
    }
    for key in 0..keys {
        start[key + 1] += start[key];
    }
    let mut fill = start.clone();
    let mut values = vec![0; start[keys] as usize];
    for (key, value) in pairs {
        values[fill[key as usize] as usize] = value;
        fill[key as usize] += 1;
    }
    (start, values)
}

/// The allowed turns between channels, both ways round.
#[derive(Clone, Debug)]
pub struct Turns {
    next_start: Vec<u32>,
    next: Vec<u32>,
    prev_start: Vec<u32>,
    prev: Vec<u32>,
}

impl Turns {
    /// All turns `c → k` for which `legal(c, k)` holds.
    pub fn new(channels: &Channels, mut legal: impl FnMut(u32, u32) -> bool) -> Self {
        let mut pairs = Vec::with_capacity(channels.len() * 3);
        for c in 0..channels.len() as u32 {
            pairs.extend(channels.after(c).filter(|&k| legal(c, k)).map(|k| (c, k)));
        }
        Self::from_pairs(channels.len(), &pairs)
    }

    /// The turns listed, grouped by their first channel in the order given.
    pub fn from_pairs(channels: usize, pairs: &[(u32, u32)]) -> Self {
        let (next_start, next) = csr(channels, pairs.iter().copied());
        let (prev_start, prev) = csr(channels, pairs.iter().map(|&(c, k)| (k, c)));
        Self { next_start, next, prev_start, prev }
    }

    /// The channels that may follow `channel`, preferred ones first.
    #[inline]
    pub fn after(&self, channel: u32) -> &[u32] {
        let at = channel as usize;
        &self.next[self.next_start[at] as usize..self.next_start[at + 1] as usize]
    }

    /// Number of turns.
    pub fn count(&self) -> usize {
        self.next.len()
    }

    /// The channels that may follow `channel`, each with the number of its turn.
    pub fn slots(&self, channel: u32) -> impl Iterator<Item = (usize, &u32)> {
        let range =
            self.next_start[channel as usize] as usize..self.next_start[channel as usize + 1] as usize;
        range.clone().zip(&self.next[range])
    }

    /// The turns as a graph.
    pub fn dependencies(&self) -> Dependencies {
        let edges =
            (0..self.next_start.len() as u32 - 1).flat_map(|c| self.after(c).iter().map(move |&k| (c, k)));
        Dependencies::new(self.next_start.len() - 1, edges)
    }

    /// The channels that may precede `channel`.
    #[inline]
    pub fn before(&self, channel: u32) -> &[u32] {
        let at = channel as usize;
        &self.prev[self.prev_start[at] as usize..self.prev_start[at + 1] as usize]
    }
}
