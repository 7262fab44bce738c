//! Which core's turn it is: the one whose next packet is ready first. Of several that are ready at the same
//! moment, the one that SANA-FE takes: its results depend on the order among equals in the heap of C++'s
//! standard library.
//!
//! A tree of winners finds the first in a few steps without a branch, and notices when it is not alone. Only
//! then, mostly at the beginning of a step, is the heap brought up to date from the list of all entries so far,
//! and asked.

use std::hint::select_unpredictable;

use super::heap::{Entry, Heap};

/// The winner of a part of the tree. Times are not negative, so that their bits are in their order.
#[derive(Clone, Copy, Debug)]
struct Winner {
    at: u64,
    /// Whose it is, and [`TIED`] if others are as early.
    who: u32,
}

const TIED: u32 = 1 << 31;

/// The bits of a time that never comes.
pub(super) const NEVER: u64 = f64::INFINITY.to_bits();

#[inline(always)]
fn earlier(a: Winner, b: Winner) -> Winner {
    let tied = u32::from(a.at == b.at) << 31;
    let is_later = b.at < a.at;
    Winner {
        at: select_unpredictable(is_later, b.at, a.at),
        who: select_unpredictable(is_later, b.who, a.who) | tied,
    }
}

/// The turns of some cores, each of which has one entry, or none any more.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    /// The root at 1; below `i` are `2 i` and `2 i + 1`; the entries come last.
    tree: Vec<Winner>,
    levels: u32,
    /// All entries so far; after the `first` ones each took the place of the one whose turn it was.
    log: Vec<Entry>,
    first: usize,
    /// Entries of the log that the heap knows.
    known: usize,
    heap: Heap,
}

impl Order {
    /// Begins with an entry each for core 0, 1, and so on, at these times.
    pub(super) fn begin(&mut self, times: &[f64]) {
        let size = times.len().next_power_of_two();
        self.levels = size.trailing_zeros();
        self.tree.clear();
        self.tree.resize(2 * size, Winner { at: NEVER, who: 0 });
        self.log.clear();
        self.heap.clear();
        (self.first, self.known) = (times.len(), 0);
        for (who, &at) in times.iter().enumerate() {
            self.tree[size + who] = Winner { at: at.to_bits(), who: who as u32 };
            self.log.push(Entry { at, core: who as u32 });
        }
        for place in (1..size).rev() {
            self.tree[place] = earlier(self.tree[2 * place], self.tree[2 * place + 1]);
        }
    }

    /// Whose turn it is, and when.
    #[inline]
    pub(super) fn first(&mut self) -> Option<Entry> {
        let Winner { at, who } = self.tree[1];
        if at == NEVER {
            return None;
        }
        let core = if who & TIED == 0 { who } else { self.ask_heap() };
        Some(Entry { at: f64::from_bits(at), core })
    }

    #[cold]
    #[inline(never)]
    fn ask_heap(&mut self) -> u32 {
        for (place, &entry) in self.log.iter().enumerate().skip(self.known) {
            if place >= self.first {
                self.heap.pop();
            }
            if entry.at < f64::INFINITY {
                self.heap.push(entry);
            }
        }
        self.known = self.log.len();
        self.heap.first().map_or(0, |entry| entry.core)
    }

    /// Ends the turn of `core`, whose turn it is; its next one is at `at`, which may be infinite.
    #[inline]
    pub(super) fn next(&mut self, core: u32, at: f64) {
        self.log.push(Entry { at, core });
        let winner = Winner { at: at.to_bits(), who: core };
        let place = self.tree.len() / 2 + core as usize;
        // A tree of a known size needs no checks.
        match <&mut [Winner; 128]>::try_from(self.tree.as_mut_slice()) {
            Ok(tree) => climb(tree, place & 127, 6, winner),
            Err(_) => climb(&mut self.tree, place, self.levels, winner),
        }
    }
}

/// Puts `winner` at `place`, and finds the winners above it.
#[inline(always)]
fn climb(tree: &mut [Winner], mut place: usize, levels: u32, mut winner: Winner) {
    tree[place] = winner;
    for _ in 0..levels {
        winner = earlier(winner, tree[place ^ 1]);
        place >>= 1;
        tree[place] = winner;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};

    /// Turns of `cores` cores at times from a few values, so that many are equal.
    fn check(cores: u32, values: u32) {
        let mut draw = Stream::new(u64::from(cores), Purpose::Workload, values, 0);
        let times: Vec<f64> = (0..cores).map(|_| f64::from(draw.below(values))).collect();
        let (mut order, mut heap) = (Order::default(), Heap::default());
        order.begin(&times);
        times.iter().zip(0..).for_each(|(&at, core)| heap.push(Entry { at, core }));
        for _ in 0..500 {
            assert_eq!(order.first(), heap.first());
            let Some(Entry { at, core }) = heap.first() else { break };
            heap.pop();
            if draw.below(20) == 0 {
                order.next(core, f64::INFINITY);
                continue;
            }
            let at = at + f64::from(draw.below(values));
            order.next(core, at);
            heap.push(Entry { at, core });
        }
    }

    #[test]
    fn turns_are_those_of_the_heap() {
        for cores in [1, 2, 5, 40, 64, 130] {
            [2, 30, 1 << 20].into_iter().for_each(|values| check(cores, values));
        }
    }
}
