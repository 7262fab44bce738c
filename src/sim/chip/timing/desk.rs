//! Where a core takes packets in: a receive queue that holds so many, and what is done with them, one after the other.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use super::cycle_of;

/// The receiving side of a core.
#[derive(Clone, Debug, Default)]
pub(super) struct Desk {
    /// When it is done with what it has taken in [s].
    free: f64,
    /// Whether it was idle before its last packet came.
    was_idle: bool,
    /// Cycles in which the packets in its queue are begun, ascending.
    begins: VecDeque<u64>,
    /// Packets that have a place in the queue and are on their way into it.
    expected: usize,
    /// Packets of cores of the same node, which come beside the queue: cycle and tag.
    beside: BinaryHeap<Reverse<(u64, u32)>>,
}

/// The receiving sides of all cores, with queues of a length.
#[derive(Clone, Debug)]
pub(super) struct Desks {
    hertz: f64,
    /// Packets that a queue holds.
    room: usize,
    desks: Vec<Desk>,
    /// By profile: the time that a packet takes [s].
    latencies: Arc<Vec<f64>>,
    /// By packet taken in: its core, its tag, its profile and when it is done [s].
    done: Vec<(u16, u32, u16, f64)>,
}

/// A packet on its way to a core.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coming {
    pub core: u16,
    pub tag: u32,
    /// When it is there [cycle].
    pub at: u64,
}

impl Desks {
    pub(super) fn new(cores: usize, room: u32, hertz: f64) -> Self {
        let (desks, latencies) = (vec![Desk::default(); cores], Arc::default());
        Self { hertz, room: room as usize, desks, latencies, done: Vec::new() }
    }

    /// Begins a step in which packets take these times.
    pub(super) fn begin(&mut self, latencies: &[f64]) {
        let all = Arc::make_mut(&mut self.latencies);
        all.clear();
        all.extend_from_slice(latencies);
        self.done.clear();
        self.desks.iter_mut().for_each(|desk| *desk = Desk::default());
    }

    /// The same for several threads, to be dealt out.
    pub(super) fn for_threads(&self) -> Self {
        Self { done: Vec::new(), ..self.clone() }
    }

    /// Takes over what `other` knows of the cores that it `owns`, and what they have done.
    pub(super) fn take_back(&mut self, other: Self, owns: impl Fn(usize) -> bool) {
        self.done.extend(other.done);
        let both = self.desks.iter_mut().zip(other.desks).enumerate();
        both.filter(|(core, _)| owns(*core)).for_each(|(_, (own, other))| *own = other);
    }

    /// A packet from a core of the same node will come.
    pub(super) fn announce(&mut self, packet: Coming) {
        self.desks[usize::from(packet.core)].beside.push(Reverse((packet.at, packet.tag)));
    }

    /// Keeps a place for a packet whose head has come.
    ///
    /// # Errors
    /// The next cycle in which there can be one, if there is none.
    pub(super) fn admit(&mut self, packet: Coming, profile: impl Fn(u32) -> u16) -> Result<(), u64> {
        self.take_beside(packet, &profile);
        let desk = &mut self.desks[usize::from(packet.core)];
        while desk.begins.front().is_some_and(|&begun| begun <= packet.at) {
            desk.begins.pop_front();
        }
        if desk.begins.len() + desk.expected < self.room {
            desk.expected += 1;
            return Ok(());
        }
        Err(desk.begins.front().copied().unwrap_or(packet.at + 1))
    }

    /// A packet that was admitted has been read whole.
    pub(super) fn take(&mut self, packet: Coming, profile: impl Fn(u32) -> u16) {
        self.take_beside(packet, &profile);
        let begun = self.process(packet, profile(packet.tag));
        let desk = &mut self.desks[usize::from(packet.core)];
        desk.expected -= 1;
        if begun > packet.at {
            desk.begins.push_back(begun);
        }
    }

    /// No packet comes any more but from the same node.
    pub(super) fn finish(&mut self, profile: impl Fn(u32) -> u16) {
        for core in 0..self.desks.len() {
            self.take_beside(Coming { core: core as u16, tag: u32::MAX, at: u64::MAX }, &profile);
        }
    }

    /// Processes packets of the same node that came before `packet`.
    fn take_beside(&mut self, packet: Coming, profile: impl Fn(u32) -> u16) {
        let core = packet.core;
        let limit = (packet.at, packet.tag);
        while let Some(&Reverse((at, tag))) =
            self.desks[usize::from(core)].beside.peek().filter(|first| first.0 < limit)
        {
            self.desks[usize::from(core)].beside.pop();
            self.process(Coming { core, tag, at }, profile(tag));
        }
    }

    /// Processes a packet after all that came before it; the cycle in which it is begun.
    fn process(&mut self, packet: Coming, profile: u16) -> u64 {
        let desk = &mut self.desks[usize::from(packet.core)];
        let at = packet.at as f64 / self.hertz;
        desk.was_idle = at > desk.free;
        let begun = desk.free.max(at);
        desk.free = begun + self.latencies[usize::from(profile)];
        self.done.push((packet.core, packet.tag, profile, desk.free));
        cycle_of(begun, self.hertz)
    }

    /// Every packet that was taken in: its core, its tag, its profile and when it was done [s].
    pub(super) fn done(&self) -> &[(u16, u32, u16, f64)] {
        &self.done
    }

    /// By core: when it has taken in everything [s], and whether it was idle before the last packet.
    pub(super) fn ends(&self) -> impl Iterator<Item = (f64, bool)> {
        self.desks.iter().map(|desk| (desk.free, desk.was_idle))
    }
}
