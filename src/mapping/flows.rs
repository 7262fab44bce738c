//! What parts send to each other, once the neurons are forgotten.

use std::collections::BTreeMap;

use super::assignment::Assignment;
use super::ways::Ways;

/// What a part exchanges with another.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Peer {
    pub part: u32,
    /// Packets that it sends there.
    pub sends: f64,
    /// Packets that it gets from there.
    pub gets: f64,
}

/// Packets that go from one part to some others at once.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cast {
    pub from: u32,
    /// Other parts, ascending.
    pub to: Vec<u32>,
    pub rate: f64,
}

/// The traffic between parts.
#[derive(Clone, Debug)]
pub(super) struct Flows {
    /// By part, ascending.
    pub peers: Vec<Vec<Peer>>,
}

impl Flows {
    pub(super) fn of(all: &Assignment<'_>) -> Self {
        let parts = all.parts();
        let mut by_sender: Vec<Vec<u32>> = vec![Vec::new(); parts];
        for edge in 0..all.graph.edges() {
            by_sender[all.sender(edge) as usize].push(edge as u32);
        }
        let mut row = vec![0.0f64; parts];
        let mut peers: Vec<Vec<Peer>> = vec![Vec::new(); parts];
        for (from, edges) in by_sender.iter().enumerate() {
            for &edge in edges {
                let rate = all.graph.rate[edge as usize];
                all.reached(edge as usize).iter().for_each(|&to| row[to as usize] += rate);
            }
            for to in 0..parts {
                let sends = std::mem::take(&mut row[to]);
                if to != from && sends > 0.0 {
                    peers[from].push(Peer { part: to as u32, sends, gets: 0.0 });
                    peers[to].push(Peer { part: from as u32, sends: 0.0, gets: sends });
                }
            }
        }
        peers.iter_mut().for_each(merge);
        Self { peers }
    }

    /// As casts to one part each.
    pub(super) fn unicast(&self) -> Vec<Cast> {
        let rows = self.peers.iter().enumerate();
        let casts = rows.flat_map(|(from, peers)| {
            peers.iter().filter(|peer| peer.sends > 0.0).map(move |peer| Cast {
                from: from as u32,
                to: vec![peer.part],
                rate: peer.sends,
            })
        });
        casts.collect()
    }

    /// Packets times hops with part i on seat `seat[i]`.
    pub(super) fn hops(&self, ways: &Ways<'_>, seat: &[u32]) -> f64 {
        let row = |(from, peers): (usize, &Vec<Peer>)| {
            let hops = |peer: &Peer| peer.sends * ways.hops(seat[from], seat[peer.part as usize]);
            peers.iter().filter(|peer| peer.sends > 0.0).map(hops).sum::<f64>()
        };
        self.peers.iter().enumerate().map(row).sum()
    }

    /// By how much [`hops`](Self::hops) grows if parts `a` and `b` change seats.
    pub(super) fn swap(&self, ways: &Ways<'_>, seat: &[u32], a: u32, b: u32) -> f64 {
        let (here, there) = (seat[a as usize], seat[b as usize]);
        let mut delta = 0.0;
        for (part, from, to) in [(a, here, there), (b, there, here)] {
            for peer in self.peers[part as usize].iter().filter(|peer| peer.part != a && peer.part != b) {
                let at = seat[peer.part as usize];
                delta += peer.sends * (ways.hops(to, at) - ways.hops(from, at));
                delta += peer.gets * (ways.hops(at, to) - ways.hops(at, from));
            }
        }
        let peers = &self.peers[a as usize];
        if let Ok(at) = peers.binary_search_by_key(&b, |peer| peer.part) {
            let turn = ways.hops(there, here) - ways.hops(here, there);
            delta += (peers[at].sends - peers[at].gets) * turn;
        }
        delta
    }
}

fn merge(peers: &mut Vec<Peer>) {
    peers.sort_by_key(|peer| peer.part);
    peers.dedup_by(|later, kept| {
        let same = later.part == kept.part;
        if same {
            kept.sends += later.sends;
            kept.gets += later.gets;
        }
        same
    });
}

/// The hyperedges as casts, those with the same sender and receivers together.
pub(super) fn casts(all: &Assignment<'_>) -> Vec<Cast> {
    let mut found: BTreeMap<(u32, Vec<u32>), f64> = BTreeMap::new();
    for edge in 0..all.graph.edges() {
        let from = all.sender(edge);
        let mut to: Vec<u32> = all.reached(edge).iter().copied().filter(|&part| part != from).collect();
        if !to.is_empty() && all.graph.rate[edge] > 0.0 {
            to.sort_unstable();
            *found.entry((from, to)).or_insert(0.0) += all.graph.rate[edge];
        }
    }
    found.into_iter().map(|((from, to), rate)| Cast { from, to, rate }).collect()
}

/// Load of each link and hops, of casts as trees: a link that several ways of one cast share counts once.
#[derive(Clone, Debug)]
pub(super) struct Wires {
    /// By link: packets.
    pub load: Vec<f64>,
    /// Packets times links.
    pub hops: f64,
    stamp: Vec<u32>,
    now: u32,
}

impl Wires {
    pub(super) fn new(links: usize) -> Self {
        Self { load: vec![0.0; links], hops: 0.0, stamp: vec![0; links], now: 0 }
    }

    /// Adds `cast` with its rate times `sign`, part i being on seat `seat[i]`.
    pub(super) fn add(&mut self, ways: &Ways<'_>, seat: &[u32], cast: &Cast, sign: f64) {
        self.now = self.now.wrapping_add(1);
        if self.now == 0 {
            self.stamp.fill(0);
            self.now = 1;
        }
        let (rate, now) = (sign * cast.rate, self.now);
        let from = seat[cast.from as usize];
        for &to in &cast.to {
            let to = seat[to as usize];
            if !ways.join(from, to) {
                self.hops += rate * ways.hops(from, to);
                continue;
            }
            ways.walk(from, to, |link| {
                let stamp = &mut self.stamp[link.index()];
                if *stamp != now {
                    *stamp = now;
                    self.load[link.index()] += rate;
                    self.hops += rate;
                }
            });
        }
    }

    /// The load of the busiest link.
    pub(super) fn peak(&self) -> f64 {
        self.load.iter().copied().fold(0.0, f64::max)
    }
}
