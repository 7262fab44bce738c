//! Which core's turn it is: the one whose next packet is ready first. Of several that are ready at the same
//! moment, the one that SANA-FE takes: its results depend on the order among equals in the heap of C++'s
//! standard library.
//!
//! A tree of winners finds the first in a few steps without a branch, and the first of all others. Only where the tree
//! does not tell them apart, mostly at the beginning of a step, all entries are looked at, and if two are equal indeed,
//! the heap is brought up to date from the list of all entries so far, and asked.

use super::heap::{Entry, Heap};
use super::winners::{Key, Winners};

/// The turns of some cores, each of which has one entry, or none any more.
#[derive(Clone, Debug)]
pub(super) struct Order {
    tree: Winners,
    /// By core: its entry.
    times: Vec<f64>,
    /// The first of all others than the one whose turn it is.
    second: Key,
    /// All entries so far; after the `cores` first ones each took the place of the one whose turn it was.
    log: Vec<Entry>,
    /// Entries of the log that the heap knows.
    known: usize,
    heap: Heap,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            tree: Winners::default(),
            times: Vec::new(),
            second: Key::NEVER,
            log: Vec::new(),
            known: 0,
            heap: Heap::default(),
        }
    }
}

impl Order {
    /// Begins with an entry each for core 0, 1, and so on, at these times; there will be about so many `turns`.
    pub(super) fn begin(&mut self, times: impl ExactSizeIterator<Item = f64>, turns: usize) {
        self.tree.clear(times.len());
        self.heap.clear();
        self.log.clear();
        self.log.reserve(times.len() + turns);
        self.times.clear();
        self.times.resize(times.len(), f64::INFINITY);
        self.known = 0;
        for (core, at) in times.enumerate() {
            self.log.push(Entry { at, core: core as u32 });
            self.times[core] = at;
            self.tree.set(core, at);
        }
    }

    /// Whose turn it is, and when; `idles` says whether it does not matter when a core's turn comes among others
    /// of the same moment.
    #[inline(always)]
    pub(super) fn first(&mut self, idles: impl Fn(usize) -> bool) -> Option<Entry> {
        let first = self.tree.first();
        if first >= Key::NEVER {
            return None;
        }
        let mut core = self.tree.place(first);
        self.second = self.tree.first_beside(core);
        if self.tree.are_close(first, self.second) {
            core = self.look_closer(core, idles);
            self.second = self.tree.first_beside(core);
        }
        Some(Entry { at: self.times[core], core: core as u32 })
    }

    /// Looks at all entries that are as early as that of `core` for all that the tree knows.
    #[cold]
    #[inline(never)]
    fn look_closer(&mut self, core: usize, idles: impl Fn(usize) -> bool) -> usize {
        let least = self.times.iter().copied().fold(f64::INFINITY, f64::min);
        let mut equal = (0..self.times.len()).filter(|&core| self.times[core] == least);
        let first = equal.next().unwrap_or(core);
        match equal.next() {
            Some(second) if !([first, second].into_iter().chain(equal).all(idles)) => self.ask_heap(),
            _ => first,
        }
    }

    fn ask_heap(&mut self) -> usize {
        let cores = self.times.len();
        for (place, &entry) in self.log.iter().enumerate().skip(self.known) {
            if place >= cores {
                self.heap.pop();
            }
            if entry.at < f64::INFINITY {
                self.heap.push(entry);
            }
        }
        self.known = self.log.len();
        self.heap.first().map_or(0, |entry| entry.core as usize)
    }

    /// Ends the turn of `core`, whose turn it is; its next one is at `at`, which may be infinite.
    #[inline(always)]
    pub(super) fn next(&mut self, core: u32, at: f64) {
        self.log.push(Entry { at, core });
        self.times[core as usize] = at;
        self.tree.set_beside(core as usize, at, self.second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};

    /// Turns of `cores` cores at times from a few values, so that many are equal; `noise` makes them differ in
    /// their last bits.
    fn check(cores: u32, values: u32, noise: u32) {
        let mut draw = Stream::new(u64::from(cores), Purpose::Workload, values, 0);
        let time = |draw: &mut Stream| {
            let time = 1.0 + f64::from(draw.below(values));
            f64::from_bits(time.to_bits() + u64::from(draw.below(noise)))
        };
        let times: Vec<f64> = (0..cores).map(|_| time(&mut draw)).collect();
        let (mut order, mut heap) = (Order::default(), Heap::default());
        order.begin(times.iter().copied(), 500);
        times.iter().zip(0..).for_each(|(&at, core)| heap.push(Entry { at, core }));
        for _ in 0..500 {
            let first = order.first(|_| false);
            assert_eq!(first, heap.first());
            let Some(Entry { at, core }) = first else { break };
            heap.pop();
            if draw.below(20) == 0 {
                order.next(core, f64::INFINITY);
                continue;
            }
            let at = at + time(&mut draw);
            order.next(core, at);
            heap.push(Entry { at, core });
        }
    }

    #[test]
    fn turns_are_those_of_the_heap() {
        for cores in [1, 2, 5, 40, 64, 130, 1000] {
            for noise in [1, 3, 1 << 20] {
                [2, 30, 1 << 20].into_iter().for_each(|values| check(cores, values, noise));
            }
        }
    }

    #[test]
    fn the_heap_is_not_asked_for_those_that_idle() {
        let mut order = Order::default();
        order.begin([2.0; 3].into_iter(), 3);
        for core in 0..3 {
            assert_eq!(order.first(|_| true), Some(Entry { at: 2.0, core }));
            order.next(core, f64::INFINITY);
        }
        assert_eq!((order.first(|_| true), order.known), (None, 0));
    }
}
