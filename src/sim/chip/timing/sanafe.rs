//! The `detailed` timing model of SANA-FE 2.2.9, to the last bit: a semi-analytic model of contention.
//!
//! Packets are taken in the order in which they are sent, one of each core at a time. What is under way
//! spreads over its links as a density, 1/(hops + 2) on each; a packet that finds more in front of it than
//! the buffers along its route hold waits, and blocks its core, for the excess times the mean time that
//! cores take for a packet; otherwise it is delayed by what is in front of it. A core processes what it
//! receives in the order of this list.
//!
//! What it misses, compared with the network router by router (`routed.rs`): links have no bandwidth of their
//! own, so that a burst over one link passes as fast as over many; every packet is taken to lie on its whole
//! route until it is received, also where it waits for its core, which blocks senders that the network would
//! let go on; waits are multiples of one mean time over all cores, whichever core is the busy one; and a core
//! processes packets in the order in which they were sent, also those that would overtake. Spikes are the same
//! in both, because a step ends at a barrier. On the peer's Loihi + DVS example the first 30 steps take 401.0 µs
//! here, and 371.7 µs both flit by flit and event by event (one flit a packet, one virtual channel, three stages
//! a router at 1 GHz): this model is 8 % too slow there.
//!
//! Sums are formed in the peer's order, because comparisons between them decide who waits.

use super::heap::Entry;
use super::mesh::{Mesh, STRIDE, Way};
use super::order::Order;
use super::soonest::Soonest;
use super::{Message, Outbox, Told, all_cores};

/// A packet under way.
#[derive(Clone, Copy, Debug)]
struct Flight {
    received: f64,
    processing: f64,
    from: u32,
    way: Way,
}

/// Packets under way to one core, in the order of their arrival.
#[derive(Clone, Debug, Default)]
struct Queue {
    flights: Vec<Flight>,
    head: usize,
}

impl Queue {
    fn clear(&mut self) {
        self.flights.clear();
        self.head = 0;
    }

    #[inline]
    fn push(&mut self, flight: Flight) {
        if self.head == self.flights.len() {
            self.clear();
        }
        self.flights.push(flight);
    }

    #[inline]
    fn first(&self) -> Option<&Flight> {
        self.flights.get(self.head)
    }

    #[inline]
    fn next_received(&self) -> f64 {
        self.first().map_or(f64::INFINITY, |flight| flight.received)
    }
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
    fn new(hops: u32, buffer: f64) -> Self {
        let (links, share) = (f64::from(hops + 1), 1.0 / f64::from(hops + 2));
        let filled = (hops as usize).next_multiple_of(STRIDE) - hops as usize;
        let last = std::array::from_fn(|at| if at < STRIDE - filled { share } else { 0.0 });
        Self { links, room: links * buffer, share, last }
    }
}

/// A core that has something to do: its messages still to be sent, the time that it is busy afterwards [s].
#[derive(Clone, Copy, Debug)]
struct Sender<'a> {
    messages: &'a [Message],
    rest: f64,
    core: u32,
}

impl Sender<'_> {
    /// Time until its next packet, or until the end of what it has to do after the last one; infinite if there
    /// is nothing.
    #[inline]
    fn gap(&self) -> f64 {
        match self.messages.first() {
            Some(message) => message.gap,
            None if self.rest > 0.0 => self.rest,
            None => f64::INFINITY,
        }
    }
}

/// The model's state within a step.
#[derive(Clone, Debug)]
pub(in crate::sim::chip) struct Sanafe {
    mesh: Mesh,
    /// By hops.
    spans: Vec<Span>,
    /// Density of packets: by link, and on each core's way into the network.
    links: Vec<f64>,
    inject: Vec<f64>,
    scratch: Vec<u32>,
    order: Order,
    queues: Vec<Queue>,
    /// By core: when the first packet under way to it arrives.
    next: Soonest,
    /// By core: when it has processed what it has received.
    free: Vec<f64>,
    /// By core: when it has done what it has to do for its own neurons.
    sent: Vec<f64>,
    /// Packets under way, and the mean of their processing times.
    flying: f64,
    mean: f64,
}

impl Sanafe {
    pub(super) fn new(mesh: Mesh) -> Self {
        let cores = mesh.cores();
        Self {
            spans: (0..=mesh.diameter()).map(|hops| Span::new(hops, mesh.buffer)).collect(),
            links: vec![0.0; mesh.links()],
            inject: vec![0.0; cores],
            scratch: Vec::new(),
            order: Order::default(),
            queues: vec![Queue::default(); cores],
            next: Soonest::new(cores),
            free: vec![0.0; cores],
            sent: vec![0.0; cores],
            flying: 0.0,
            mean: 0.0,
            mesh,
        }
    }

    fn clear(&mut self) {
        self.links.fill(0.0);
        self.inject.fill(0.0);
        self.queues.iter_mut().for_each(Queue::clear);
        self.next.clear();
        self.free.fill(0.0);
        self.sent.fill(0.0);
        self.flying = 0.0;
        self.mean = 0.0;
    }

    pub(super) fn time(
        &mut self,
        outboxes: &[&Outbox],
        latencies: &[f64],
        mut all_done: Option<&mut Vec<f64>>,
    ) -> Told {
        self.clear();
        // By core: the place after its last message.
        let mut ends: Vec<usize> = Vec::new();
        if let Some(done) = &mut all_done {
            let mut end = 0;
            ends.extend(all_cores(outboxes).map(|(messages, _)| (end += messages.len(), end).1));
            done.clear();
            done.resize(end, 0.0);
        }
        let cores = all_cores(outboxes).zip(0..);
        let cores = cores.map(|((messages, rest), core)| Sender { messages, rest, core });
        let mut senders: Vec<Sender<'_>> = cores.filter(|sender| sender.gap() < f64::INFINITY).collect();
        self.order.begin(&senders.iter().map(Sender::gap).collect::<Vec<f64>>());
        while let Some(Entry { at, core: turn }) = self.order.first() {
            if self.next.is_due(at) {
                self.land(at);
            }
            let sender = &mut senders[turn as usize];
            let core = sender.core as usize;
            let mut sent = at;
            match sender.messages.split_first() {
                Some((message, rest)) => {
                    sender.messages = rest;
                    let processing = latencies[usize::from(message.profile)];
                    let done;
                    (sent, done) = self.fly(at, core, usize::from(message.core), processing);
                    if let Some(all_done) = &mut all_done {
                        all_done[ends[core] - rest.len() - 1] = done;
                    }
                }
                None => sender.rest = 0.0,
            }
            // When it has sent its last packet and done what follows.
            self.sent[core] = sent;
            self.order.next(turn, sent + sender.gap());
        }
        let mut told = Told::default();
        // A core's times only go up: its last ones count.
        for (core, (&sent, &free)) in self.sent.iter().zip(&self.free).enumerate() {
            told.core(core, sent);
            told.core(core, free);
        }
        told
    }

    /// Takes what has arrived by `now` out of the network.
    #[inline(never)]
    fn land(&mut self, now: f64) {
        let Self { mesh, spans, links, inject, scratch, queues, next, flying, mean, .. } = self;
        next.take(now, |core| {
            let queue = &mut queues[core];
            while let Some(&Flight { received, processing, from, way }) = queue.first() {
                if now < received {
                    break;
                }
                queue.head += 1;
                let Span { share, last, .. } = spans[way.hops as usize];
                inject[from as usize] -= share;
                if let Some((end, strides)) = mesh.route(way, from as usize, core, scratch).split_last() {
                    strides.as_flattened().iter().for_each(|&link| links[link as usize] -= share);
                    end.iter().zip(last).for_each(|(&link, share)| links[link as usize] -= share);
                }
                *mean = if *flying > 1.0 { *mean + (*mean - processing) / (*flying - 1.0) } else { 0.0 };
                *flying -= 1.0;
            }
            queue.next_received()
        });
    }

    /// Sends a packet that is ready at `ready`: when it has left, and when it has been processed.
    #[inline]
    fn fly(&mut self, ready: f64, from: usize, to: usize, processing: f64) -> (f64, f64) {
        let way = self.mesh.way(from, to);
        let Span { links, room, share, last } = self.spans[way.hops as usize];
        // What is ahead is summed up before the packet itself counts.
        let mut ahead = self.inject[from];
        self.inject[from] += share;
        let mut join = |link: u32, share: f64| {
            let density = &mut self.links[link as usize];
            ahead += *density;
            *density += share;
        };
        if let Some((end, strides)) = self.mesh.route(way, from, to, &mut self.scratch).split_last() {
            strides.as_flattened().iter().for_each(|&link| join(link, share));
            end.iter().zip(last).for_each(|(&link, share)| join(link, share));
        }
        let mut sent = ready;
        if ahead > room {
            sent += (ahead - room) * self.mean;
        }
        let delayed = ahead * self.mean / links;
        let arrives = sent + if delayed > way.least { delayed } else { way.least };
        let received = if arrives > self.free[to] { arrives } else { self.free[to] };
        let done = received + processing;
        self.free[to] = done;
        self.mean += (processing - self.mean) / (self.flying + 1.0);
        self.flying += 1.0;
        self.queues[to].push(Flight { received, processing, from: from as u32, way });
        self.next.add(to, received);
        (sent, done)
    }
}
