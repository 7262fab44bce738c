//! Packets under way, as SANA-FE's `detailed` timing model sees them (`sanafe.rs`): a density on each link of their
//! routes, and a queue to each core in the order of their arrival.

use super::landing::{Landing, Look, PART};
use super::mesh::{Mesh, STRIDE};
use crate::base::ones;

/// No flight: at this place is one that never lands.
const NONE: u32 = 0;

/// Densities that are kept at least: as many as ways can name links, so that they need no checks.
const LINKS: usize = 1 << 16;

/// A packet under way.
#[derive(Clone, Copy, Debug)]
struct Flight {
    received: f64,
    processing: f64,
    from: u32,
    /// Its tiles.
    pair: u32,
    /// The next one to the same core; of a place that is free, the next such place.
    next: u32,
}

/// What the network knows of a core.
#[derive(Clone, Copy, Debug)]
struct Site {
    /// Density of packets on its way into the network.
    inject: f64,
    /// When it has processed what it has received.
    free: f64,
    /// The first and the last packet under way to it.
    first: u32,
    last: u32,
    tile: u32,
}

/// What a way of so many hops amounts to.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// Links, the one into the network included.
    links: f64,
    /// Packets that their buffers hold.
    room: f64,
    /// What a packet adds to the density of each.
    share: f64,
    /// The same for the last few links of a route, and nothing for what fills it up.
    last: [f64; STRIDE],
}

impl Span {
    fn new(hops: usize, buffer: f64) -> Self {
        let (links, share) = ((hops + 1) as f64, 1.0 / (hops + 2) as f64);
        let filled = hops.next_multiple_of(STRIDE).max(STRIDE) - hops;
        let last = std::array::from_fn(|at| if at < STRIDE - filled { share } else { 0.0 });
        Self { links, room: links * buffer, share, last }
    }
}

/// How many packets are under way, and the mean of their processing times.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Crowd {
    flying: f64,
    mean: f64,
}

impl Crowd {
    /// With one more.
    #[inline(always)]
    fn with(self, processing: f64) -> Self {
        let flying = self.flying + 1.0;
        Self { flying, mean: self.mean + (processing - self.mean) / flying }
    }

    /// With one less of them.
    #[inline(always)]
    fn without(self, processing: f64) -> Self {
        let flying = self.flying - 1.0;
        let mean = if self.flying > 1.0 { self.mean + (self.mean - processing) / flying } else { 0.0 };
        Self { flying, mean }
    }
}

/// A packet that leaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaving {
    from: u32,
    to: u16,
    pair: u32,
    sent: f64,
    ahead: f64,
    links: f64,
    least: f64,
}

/// The network and what is under way in it.
#[derive(Clone, Debug)]
pub(super) struct Air {
    mesh: Mesh,
    /// By hops.
    spans: Vec<Span>,
    /// Density of packets by link.
    links: Vec<f64>,
    /// By core.
    sites: Vec<Site>,
    /// After the one that never lands.
    flights: Vec<Flight>,
    /// The first place among them that is free.
    vacant: u32,
    /// By core: when the first packet under way to it arrives.
    landing: Landing,
}

impl Air {
    pub(super) fn new(mesh: Mesh) -> Self {
        let cores = mesh.cores();
        Self {
            spans: (0..=mesh.diameter() as usize).map(|hops| Span::new(hops, mesh.buffer)).collect(),
            links: vec![0.0; mesh.links().max(LINKS)],
            sites: Vec::with_capacity(cores),
            flights: Vec::new(),
            vacant: NONE,
            landing: Landing::new(cores),
            mesh,
        }
    }

    /// Takes everything away.
    pub(super) fn clear(&mut self) {
        let idle = |&tile: &u32| Site { inject: 0.0, free: 0.0, first: NONE, last: NONE, tile };
        self.links[..self.mesh.links()].fill(0.0);
        self.sites.clear();
        self.sites.extend(self.mesh.tile_of().iter().map(idle));
        self.flights.clear();
        self.flights.push(Flight { received: f64::INFINITY, processing: 0.0, from: 0, pair: 0, next: NONE });
        self.vacant = NONE;
        self.landing.clear();
    }

    /// The pairs of tiles of a core's packets, but for the tiles that they go to.
    pub(super) fn pairs_from(&self, core: usize) -> u32 {
        self.mesh.pairs_from(core)
    }

    /// By core: when it has processed what it has received.
    pub(super) fn free(&self) -> impl Iterator<Item = f64> {
        self.sites.iter().map(|site| site.free)
    }

    /// The next packet is sent at `now`.
    #[inline(always)]
    pub(super) fn expect<L: Look>(&mut self, now: f64, look: L) {
        self.landing.expect(now, look);
    }

    /// Takes what has arrived by `now`, as expected, out of the network, core by core; the crowd that is left.
    #[inline(always)]
    pub(super) fn land(&mut self, now: f64, mut crowd: Crowd) -> Crowd {
        for group in 0..self.landing.groups() {
            for part in ones(self.landing.parts(group)) {
                let part = PART * group + part;
                for core in ones(self.landing.take(part)) {
                    crowd = self.land_at(PART * part + core, now, crowd);
                }
            }
        }
        crowd
    }

    #[inline(always)]
    fn land_at(&mut self, core: usize, now: f64, mut crowd: Crowd) -> Crowd {
        let Self { mesh, spans, links, sites, flights, vacant, landing } = self;
        let (spans, links, sites, flights) =
            (spans.as_slice(), links.as_mut_slice(), sites.as_mut_slice(), flights.as_mut_slice());
        let mut first = sites[core].first;
        let mut flight = &mut flights[first as usize];
        while flight.received <= now {
            let Flight { processing, from, pair, next, .. } = *flight;
            flight.next = std::mem::replace(vacant, first);
            let inject = &mut sites[from as usize].inject;
            match (mesh.way(pair), links.first_chunk_mut::<LINKS>()) {
                (Some(way), Some(links)) => {
                    let span = &spans[usize::from(way.hops)];
                    *inject -= span.share;
                    for stride in mesh.strides(way) {
                        stride.iter().for_each(|&link| links[usize::from(link)] -= span.share);
                    }
                    (0..STRIDE).for_each(|at| links[usize::from(way.end[at])] -= span.last[at]);
                }
                _ => {
                    let share = spans[mesh.measure(pair).0].share;
                    *inject -= share;
                    mesh.walk(pair, |link| links[link] -= share);
                }
            }
            crowd = crowd.without(processing);
            first = next;
            flight = &mut flights[first as usize];
        }
        sites[core].first = first;
        landing.set(core, flight.received);
        crowd
    }

    /// Sends a packet that is ready at `ready`, from one core to another; `pairs` are those of the first. When it leaves,
    /// and what [`arrive`](Self::arrive) needs to know.
    #[inline(always)]
    pub(super) fn leave(
        &mut self,
        ready: f64,
        (from, to, pairs): (u32, u16, u32),
        crowd: Crowd,
    ) -> (f64, Leaving) {
        let pair = pairs + self.sites[usize::from(to)].tile;
        let (ahead, [links, room], least) = self.join(from, pair);
        let mut sent = ready;
        if ahead > room {
            sent = wait(ready, ahead - room, crowd.mean);
        }
        (sent, Leaving { from, to, pair, sent, ahead, links, least })
    }

    /// The packet goes its way. When it has been processed, and the crowd with it.
    #[inline(always)]
    pub(super) fn arrive(&mut self, packet: Leaving, processing: f64, crowd: Crowd) -> (f64, Crowd) {
        let Leaving { from, to, pair, sent, ahead, links, least } = packet;
        let delayed = ahead * crowd.mean / links;
        let arrives = sent + if delayed > least { delayed } else { least };
        let site = &mut self.sites[usize::from(to)];
        let received = if arrives > site.free { arrives } else { site.free };
        site.free = received + processing;
        let done = site.free;
        self.queue(usize::from(to), Flight { received, processing, from, pair, next: NONE });
        (done, crowd.with(processing))
    }

    /// Adds a packet to its links: what was on them before, what the way amounts to, and its least time.
    #[inline(always)]
    fn join(&mut self, from: u32, pair: u32) -> (f64, [f64; 2], f64) {
        let Self { mesh, spans, links, sites, .. } = self;
        let inject = &mut sites[from as usize].inject;
        let mut ahead = *inject;
        if let (Some(way), Some(links)) = (mesh.way(pair), links.first_chunk_mut::<LINKS>()) {
            let span = &spans[usize::from(way.hops)];
            *inject = ahead + span.share;
            for stride in mesh.strides(way) {
                for &link in stride {
                    ahead = join(ahead, &mut links[usize::from(link)], span.share);
                }
            }
            for at in 0..STRIDE {
                ahead = join(ahead, &mut links[usize::from(way.end[at])], span.last[at]);
            }
            return (ahead, [span.links, span.room], mesh.least_of(way));
        }
        let (hops, least) = mesh.measure(pair);
        let span = &spans[hops];
        *inject += span.share;
        mesh.walk(pair, |link| ahead = join(ahead, &mut links[link], span.share));
        (ahead, [span.links, span.room], least)
    }

    /// Puts a packet behind those that are under way to the same core.
    #[inline(always)]
    fn queue(&mut self, to: usize, flight: Flight) {
        let place = self.vacant;
        let place = if place == NONE {
            self.widen(flight)
        } else {
            let vacant = &mut self.flights[place as usize];
            self.vacant = vacant.next;
            *vacant = flight;
            place
        };
        let site = &mut self.sites[to];
        let last = std::mem::replace(&mut site.last, place);
        if site.first == NONE {
            site.first = place;
            self.landing.add(to, flight.received);
        } else {
            self.flights[last as usize].next = place;
        }
    }

    /// Makes room for a flight; its place.
    #[cold]
    fn widen(&mut self, flight: Flight) -> u32 {
        self.flights.push(flight);
        self.flights.len() as u32 - 1
    }
}

/// Adds a packet's share to the density of a link; what is ahead of the packet with what was there.
#[inline(always)]
fn join(ahead: f64, density: &mut f64, share: f64) -> f64 {
    let before = *density;
    *density = before + share;
    ahead + before
}

/// When a packet leaves that finds so much more ahead than there is room for. On its own, so that what follows is
/// not held up by the mean, which takes two divisions a packet.
#[cold]
#[inline(never)]
fn wait(ready: f64, excess: f64, mean: f64) -> f64 {
    ready + excess * mean
}
