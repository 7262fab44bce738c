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

use super::heap::{Entry, Heap};
use super::mesh::Mesh;
use super::{Message, Outbox, all_cores};
use crate::sim::chip::profile::Profile;

/// A packet under way.
#[derive(Clone, Copy, Debug)]
struct Flight {
    received: f64,
    processing: f64,
    from: u32,
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

/// Cores whose first arrivals are looked at together.
const GROUP: usize = 16;

/// What a way of so many hops amounts to.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// Links, the one into the network included.
    links: f64,
    /// Packets that their buffers hold.
    room: f64,
    /// What a packet adds to the density of each.
    share: f64,
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
    heap: Heap,
    queues: Vec<Queue>,
    /// By core: when the first packet under way to it arrives; never if there is none. Padded to whole groups.
    next: Vec<f64>,
    /// The least of each group.
    soonest: Vec<f64>,
    /// By core: when it has processed what it has received.
    free: Vec<f64>,
    /// Packets under way, and the mean of their processing times.
    flying: f64,
    mean: f64,
}

impl Sanafe {
    pub(super) fn new(mesh: Mesh) -> Self {
        let cores = mesh.cores();
        let groups = cores.div_ceil(GROUP);
        let span = |hops: u32| {
            let links = f64::from(hops + 1);
            Span { links, room: links * mesh.buffer, share: 1.0 / f64::from(hops + 2) }
        };
        Self {
            spans: (0..=mesh.diameter()).map(span).collect(),
            links: vec![0.0; mesh.links()],
            inject: vec![0.0; cores],
            scratch: Vec::new(),
            heap: Heap::default(),
            queues: vec![Queue::default(); cores],
            next: vec![f64::INFINITY; groups * GROUP],
            soonest: vec![f64::INFINITY; groups],
            free: vec![0.0; cores],
            flying: 0.0,
            mean: 0.0,
            mesh,
        }
    }

    fn clear(&mut self) {
        self.links.fill(0.0);
        self.inject.fill(0.0);
        self.heap.clear();
        self.queues.iter_mut().for_each(Queue::clear);
        self.next.fill(f64::INFINITY);
        self.soonest.fill(f64::INFINITY);
        self.free.fill(0.0);
        self.flying = 0.0;
        self.mean = 0.0;
    }

    pub(super) fn time(
        &mut self,
        outboxes: &[&Outbox],
        profiles: &[Profile],
        mut all_done: Option<&mut Vec<f64>>,
    ) -> f64 {
        self.clear();
        let mut senders: Vec<(&[Message], f64)> = all_cores(outboxes).collect();
        // By core: the place after its last message.
        let mut ends: Vec<usize> = Vec::new();
        if let Some(done) = &mut all_done {
            let mut end = 0;
            ends.extend(senders.iter().map(|(messages, _)| (end += messages.len(), end).1));
            done.clear();
            done.resize(end, 0.0);
        }
        for (core, sender) in senders.iter_mut().enumerate() {
            if let Some(gap) = next_gap(sender) {
                self.heap.push(Entry { at: gap, core: core as u32 });
            }
        }
        let mut last = 0.0f64;
        while let Some(Entry { at, core }) = self.heap.first() {
            self.heap.pop();
            self.land(at);
            let sender = &mut senders[core as usize];
            let mut sent = at;
            match sender.0.split_first() {
                Some((message, rest)) => {
                    sender.0 = rest;
                    let processing = profiles[usize::from(message.profile)].latency;
                    let done;
                    (sent, done) = self.fly(at, core as usize, usize::from(message.core), processing);
                    last = if done > last { done } else { last };
                    if let Some(all_done) = &mut all_done {
                        all_done[ends[core as usize] - rest.len() - 1] = done;
                    }
                }
                None => sender.1 = 0.0,
            }
            last = if sent > last { sent } else { last };
            if let Some(gap) = next_gap(sender) {
                self.heap.push(Entry { at: sent + gap, core });
            }
        }
        last
    }

    /// Takes what has arrived by `now` out of the network.
    #[inline]
    fn land(&mut self, now: f64) {
        for group in 0..self.soonest.len() {
            if now >= self.soonest[group] {
                self.land_group(group, now);
            }
        }
    }

    fn land_group(&mut self, group: usize, now: f64) {
        let cores = group * GROUP..(group + 1) * GROUP;
        for core in cores.clone() {
            if now >= self.next[core] {
                self.land_at(core, now);
            }
        }
        self.soonest[group] = least(&self.next[cores]);
    }

    /// Takes what has arrived at `core`.
    fn land_at(&mut self, core: usize, now: f64) {
        while now >= self.next[core] {
            let Some(&Flight { processing, from, .. }) = self.queues[core].first() else { break };
            self.queues[core].head += 1;
            self.next[core] = self.queues[core].next_received();
            let way = self.mesh.way(from as usize, core);
            let share = self.spans[way.hops as usize].share;
            self.inject[from as usize] -= share;
            for &link in self.mesh.route(way, from as usize, core, &mut self.scratch) {
                self.links[link as usize] -= share;
            }
            if self.flying > 1.0 {
                self.mean += (self.mean - processing) / (self.flying - 1.0);
            } else {
                self.mean = 0.0;
            }
            self.flying -= 1.0;
        }
    }

    /// Sends a packet that is ready at `ready`: when it has left, and when it has been processed.
    #[inline]
    fn fly(&mut self, ready: f64, from: usize, to: usize, processing: f64) -> (f64, f64) {
        let way = self.mesh.way(from, to);
        let route = self.mesh.route(way, from, to, &mut self.scratch);
        let Span { links, room, share } = self.spans[way.hops as usize];
        // What is ahead is summed up before the packet itself counts.
        let mut ahead = self.inject[from];
        self.inject[from] += share;
        for &link in route {
            let density = &mut self.links[link as usize];
            ahead += *density;
            *density += share;
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
        self.queues[to].push(Flight { received, processing, from: from as u32 });
        if received < self.next[to] {
            self.next[to] = received;
            let soonest = &mut self.soonest[to / GROUP];
            *soonest = if received < *soonest { received } else { *soonest };
        }
        (sent, done)
    }
}

/// The least of a group, without any NaN among them.
fn least(group: &[f64]) -> f64 {
    let mut lanes = [f64::INFINITY; 4];
    for four in group.chunks_exact(4) {
        for (lane, &value) in lanes.iter_mut().zip(four) {
            *lane = if value < *lane { value } else { *lane };
        }
    }
    lanes.into_iter().fold(f64::INFINITY, f64::min)
}

/// Time until a core's next packet, or until the end of what it has to do after the last one.
fn next_gap((messages, rest): &(&[Message], f64)) -> Option<f64> {
    match messages.first() {
        Some(message) => Some(message.gap),
        None => (*rest > 0.0).then_some(*rest),
    }
}
