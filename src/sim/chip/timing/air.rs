//! Packets under way, as SANA-FE's `detailed` timing model sees them (`sanafe.rs`): a density on each link of their
//! routes, and a queue to each core in the order of their arrival.

use super::mesh::{Mesh, STRIDE};
use super::winners::Winners;

/// No flight.
const NONE: u32 = u32::MAX;

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
    flights: Vec<Flight>,
    /// The first place among them that is free.
    vacant: u32,
    /// By core: when the first packet under way to it arrives.
    landing: Winners,
    /// By 64 cores and bit: those where packets have landed.
    due: Vec<u64>,
    /// Packets under way, and the mean of their processing times.
    flying: f64,
    mean: f64,
}

impl Air {
    pub(super) fn new(mesh: Mesh) -> Self {
        let cores = mesh.cores();
        Self {
            spans: (0..=mesh.diameter() as usize).map(|hops| Span::new(hops, mesh.buffer)).collect(),
            links: vec![0.0; mesh.links()],
            sites: Vec::with_capacity(cores),
            flights: Vec::new(),
            vacant: NONE,
            landing: Winners::default(),
            due: vec![0; cores.div_ceil(64)],
            flying: 0.0,
            mean: 0.0,
            mesh,
        }
    }

    /// Takes everything away.
    pub(super) fn clear(&mut self) {
        let idle = |&tile: &u32| Site { inject: 0.0, free: 0.0, first: NONE, last: NONE, tile };
        self.links.fill(0.0);
        self.sites.clear();
        self.sites.extend(self.mesh.tile_of().iter().map(idle));
        self.flights.clear();
        self.vacant = NONE;
        self.landing.clear(self.sites.len());
        (self.flying, self.mean) = (0.0, 0.0);
    }

    /// The pairs of tiles of a core's packets, but for the tiles that they go to.
    pub(super) fn pairs_from(&self, core: usize) -> u32 {
        self.mesh.pairs_from(core)
    }

    /// By core: when it has processed what it has received.
    pub(super) fn free(&self) -> impl Iterator<Item = f64> {
        self.sites.iter().map(|site| site.free)
    }

    /// Takes what has arrived by `now` out of the network, core by core.
    #[inline(always)]
    pub(super) fn land(&mut self, now: f64) {
        let [from, to] = self.landing.keys_of(now);
        let first = self.landing.first();
        if first > to {
            return;
        }
        if first < from {
            let core = self.landing.place(first);
            self.await_next(core, now);
            // Mostly it is the only one.
            if self.landing.first() > to {
                return self.land_at(core, now);
            }
            self.due[core / 64] |= 1 << (core % 64);
        }
        self.land_together(now);
    }

    /// The same where packets have landed at several cores, or may have.
    #[inline(never)]
    fn land_together(&mut self, now: f64) {
        let [from, to] = self.landing.keys_of(now);
        loop {
            let first = self.landing.first();
            if first >= from {
                if first <= to {
                    self.mark_closely(now);
                }
                break;
            }
            let core = self.landing.place(first);
            self.due[core / 64] |= 1 << (core % 64);
            self.await_next(core, now);
        }
        for word in 0..self.due.len() {
            let mut due = std::mem::take(&mut self.due[word]);
            while due != 0 {
                self.land_at(64 * word + due.trailing_zeros() as usize, now);
                due &= due - 1;
            }
        }
    }

    /// Marks the cores where packets have landed by the times of the packets: their keys do not tell.
    #[cold]
    #[inline(never)]
    fn mark_closely(&mut self, now: f64) {
        for core in 0..self.sites.len() {
            let first = self.flights.get(self.sites[core].first as usize);
            if first.is_some_and(|first| first.received <= now) {
                self.due[core / 64] |= 1 << (core % 64);
                self.await_next(core, now);
            }
        }
    }

    /// Notes when the first packet lands at `core` that has not landed by `now`, where one has.
    #[inline(always)]
    fn await_next(&mut self, core: usize, now: f64) {
        let mut next = self.sites[core].first;
        while let Some(flight) = self.flights.get(next as usize) {
            if flight.received > now {
                return self.landing.set(core, flight.received);
            }
            next = flight.next;
        }
        self.landing.set(core, f64::INFINITY);
    }

    #[inline(always)]
    fn land_at(&mut self, core: usize, now: f64) {
        let Self { mesh, spans, links, sites, flights, vacant, flying, mean, .. } = self;
        let mut first = sites[core].first;
        while let Some(flight) = flights.get_mut(first as usize).filter(|flight| flight.received <= now) {
            let Flight { processing, from, pair, next, .. } = *flight;
            flight.next = std::mem::replace(vacant, first);
            first = next;
            let inject = &mut sites[from as usize].inject;
            if let Some(way) = mesh.way(pair) {
                let Span { share, last, .. } = &spans[usize::from(way.hops)];
                *inject -= share;
                mesh.strides(way).as_flattened().iter().for_each(|&link| links[usize::from(link)] -= share);
                way.end.iter().zip(last).for_each(|(&link, share)| links[usize::from(link)] -= share);
            } else {
                let share = spans[mesh.measure(pair).0].share;
                *inject -= share;
                mesh.walk(pair, |link| links[link] -= share);
            }
            *mean = if *flying > 1.0 { *mean + (*mean - processing) / (*flying - 1.0) } else { 0.0 };
            *flying -= 1.0;
        }
        sites[core].first = first;
    }

    /// Sends a packet that is ready at `ready`, from one core to another; `pairs` are those of the first. When it has
    /// left, and when it has been processed.
    #[inline(always)]
    pub(super) fn fly(
        &mut self,
        ready: f64,
        (from, to, pairs): (u32, u16, u32),
        processing: f64,
    ) -> (f64, f64) {
        let pair = pairs + self.sites[usize::from(to)].tile;
        let (ahead, Span { links, room, .. }, least) = self.join(from, pair);
        let mut sent = ready;
        if ahead > room {
            sent = wait(ready, ahead - room, self.mean);
        }
        let delayed = ahead * self.mean / links;
        let arrives = sent + if delayed > least { delayed } else { least };
        let free = &mut self.sites[usize::from(to)].free;
        let received = if arrives > *free { arrives } else { *free };
        let done = received + processing;
        *free = done;
        self.mean += (processing - self.mean) / (self.flying + 1.0);
        self.flying += 1.0;
        self.queue(usize::from(to), Flight { received, processing, from, pair, next: NONE });
        (sent, done)
    }

    /// Adds a packet to its links: what was on them before, what the way amounts to, and its least time.
    #[inline(always)]
    fn join(&mut self, from: u32, pair: u32) -> (f64, Span, f64) {
        let Self { mesh, spans, links, sites, .. } = self;
        let inject = &mut sites[from as usize].inject;
        let mut ahead = *inject;
        let mut join = |link: usize, share: f64| {
            let density = &mut links[link];
            ahead += *density;
            *density += share;
        };
        if let Some(way) = mesh.way(pair) {
            let span = &spans[usize::from(way.hops)];
            *inject += span.share;
            let strides = mesh.strides(way).as_flattened();
            strides.iter().for_each(|&link| join(usize::from(link), span.share));
            way.end.iter().zip(span.last).for_each(|(&link, share)| join(usize::from(link), share));
            return (ahead, *span, mesh.least_of(way));
        }
        let (hops, least) = mesh.measure(pair);
        let span = spans[hops];
        *inject += span.share;
        mesh.walk(pair, |link| join(link, span.share));
        (ahead, span, least)
    }

    /// Puts a packet behind those that are under way to the same core.
    #[inline(always)]
    fn queue(&mut self, to: usize, flight: Flight) {
        let place = self.vacant;
        let place = match self.flights.get_mut(place as usize) {
            Some(vacant) => {
                self.vacant = vacant.next;
                *vacant = flight;
                place
            }
            None => {
                self.flights.push(flight);
                self.flights.len() as u32 - 1
            }
        };
        let site = &mut self.sites[to];
        let last = std::mem::replace(&mut site.last, place);
        if site.first == NONE {
            site.first = place;
            self.landing.set(to, flight.received);
        } else {
            self.flights[last as usize].next = place;
        }
    }
}

/// When a packet leaves that finds so much more ahead than there is room for. On its own, so that what follows is
/// not held up by the mean, which takes two divisions a packet.
#[cold]
#[inline(never)]
fn wait(ready: f64, excess: f64, mean: f64) -> f64 {
    ready + excess * mean
}
