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
//! The peer sends the packets of a spike in the order in which its cores lie in memory, which is up to the allocator; here
//! it is the order of their numbers, as where cores are allocated one after the other.
//!
//! Sums are formed in the peer's order, because comparisons between them decide who waits.

use prefetch_index::prefetch_index;

use super::air::{Air, Crowd};
use super::heap::Entry;
use super::landing::{Look, Looking, looking};
use super::mesh::Mesh;
use super::order::Order;
use super::{Message, Outbox, Told, all_cores};

/// So many messages before a core's turn comes to one, it is asked for: as many as a cache line holds.
const AHEAD: usize = 4;

/// A core that has something to do: its messages still to be sent, and the time that it is busy afterwards [s].
#[derive(Clone, Debug)]
struct Sender<'a> {
    messages: std::slice::Iter<'a, Message>,
    rest: f64,
    core: u32,
    /// The pairs of tiles that its packets go between, but for the tiles that they go to.
    pairs: u32,
    /// When it has sent its last packet, and done what follows.
    sent: f64,
}

impl Sender<'_> {
    /// Time until its next packet, or until the end of what it has to do after the last one; infinite if there
    /// is nothing.
    #[inline(always)]
    fn gap(&self) -> f64 {
        match self.messages.as_slice().first() {
            Some(message) => message.gap,
            None if self.rest > 0.0 => self.rest,
            None => f64::INFINITY,
        }
    }
}

/// One core after the other sends a packet.
struct Turns<'a, 'b> {
    air: &'a mut Air,
    order: &'a mut Order,
    senders: &'a mut [Sender<'b>],
    latencies: &'a [f64],
    /// Where it is noted when each packet has been processed, and by core the place after its last one.
    done: Option<(&'a mut Vec<f64>, &'a [usize])>,
}

impl Turns<'_, '_> {
    /// Whose turn is next, which may be nobody's.
    #[inline(always)]
    fn next<L: Look>(&mut self, look: L) -> Option<Entry> {
        let next = self.order.first(|turn| self.senders[turn].messages.len() == 0)?;
        self.air.expect(next.at, look);
        Some(next)
    }
}

impl Looking for Turns<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with<L: Look>(mut self, look: L) {
        let (mut crowd, mut next) = (Crowd::default(), self.next(look));
        while let Some(Entry { at, core: turn }) = next {
            crowd = self.air.land(at, crowd);
            let sender = &mut self.senders[turn as usize];
            let Some(message) = sender.messages.next() else {
                (sender.rest, sender.sent) = (0.0, at);
                self.order.next(turn, f64::INFINITY);
                next = self.next(look);
                continue;
            };
            prefetch_index(sender.messages.as_slice(), AHEAD);
            let processing = self.latencies[usize::from(message.profile)];
            let (sent, packet) = self.air.leave(at, (sender.core, message.core, sender.pairs), crowd);
            sender.sent = sent;
            let (core, left) = (sender.core as usize, sender.messages.len());
            // Whose turn is next is found out early, because much depends on it.
            self.order.next(turn, sent + sender.gap());
            next = self.next(look);
            let done;
            (done, crowd) = self.air.arrive(packet, processing, crowd);
            if let Some((all_done, ends)) = &mut self.done {
                all_done[ends[core] - left - 1] = done;
            }
        }
    }
}

/// The model's state within a step.
#[derive(Clone, Debug)]
pub(in crate::sim::chip) struct Sanafe {
    air: Air,
    order: Order,
    /// By core: when it has done what it has to do for its own neurons.
    sent: Vec<f64>,
}

impl Sanafe {
    pub(super) fn new(mesh: Mesh) -> Self {
        Self { sent: vec![0.0; mesh.cores()], air: Air::new(mesh), order: Order::default() }
    }

    pub(super) fn time(
        &mut self,
        outboxes: &[&Outbox],
        latencies: &[f64],
        all_done: Option<&mut Vec<f64>>,
    ) -> Told {
        // By core: the place after its last message.
        let (mut ends, mut count) = (Vec::new(), 0);
        ends.extend(all_cores(outboxes).map(|(messages, _)| (count += messages.len(), count).1));
        let done = all_done.map(|done| {
            done.clear();
            done.resize(count, 0.0);
            (done, ends.as_slice())
        });
        self.air.clear();
        let mut senders = self.senders(outboxes);
        self.order.begin(senders.iter().map(Sender::gap), count + senders.len());
        let Self { air, order, .. } = self;
        looking(Turns { air, order, senders: &mut senders, latencies, done });
        self.sent.fill(0.0);
        senders.iter().for_each(|sender| self.sent[sender.core as usize] = sender.sent);
        let mut told = Told::default();
        // A core's times only go up: its last ones count.
        for (core, (&sent, free)) in self.sent.iter().zip(self.air.free()).enumerate() {
            told.core(core, sent);
            told.core(core, free);
        }
        told
    }

    /// The cores that have something to do.
    fn senders<'a>(&self, outboxes: &'a [&Outbox]) -> Vec<Sender<'a>> {
        let cores = all_cores(outboxes).zip(0u32..).map(|((messages, rest), core)| Sender {
            messages: messages.iter(),
            rest,
            core,
            pairs: self.air.pairs_from(core as usize),
            sent: 0.0,
        });
        cores.filter(|sender| sender.gap() < f64::INFINITY).collect()
    }
}
