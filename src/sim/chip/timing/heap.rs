//! A binary heap whose order among equal keys is that of C++'s standard library, because the results of
//! SANA-FE depend on it.
//!
//! The order follows from the textbook algorithm: an entry that is added rises past strictly later parents;
//! when the first is taken, its place sinks to a leaf along the earlier child (the left one only if it is
//! strictly earlier), and the last entry rises from there.

/// An entry: when, and what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    /// The key: the least comes first.
    pub at: f64,
    /// What is due.
    pub core: u32,
}

/// A heap of entries by time.
#[derive(Clone, Debug, Default)]
pub(super) struct Heap(Vec<Entry>);

impl Heap {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first entry.
    #[inline]
    pub(super) fn first(&self) -> Option<Entry> {
        self.0.first().copied()
    }

    #[inline]
    pub(super) fn push(&mut self, entry: Entry) {
        self.0.push(entry);
        self.rise(self.0.len() - 1, entry);
    }

    /// Puts `entry` into the vacant place `hole`, or above.
    #[inline]
    fn rise(&mut self, mut hole: usize, entry: Entry) {
        while hole > 0 {
            let parent = (hole - 1) / 2;
            if self.0[parent].at <= entry.at {
                break;
            }
            self.0[hole] = self.0[parent];
            hole = parent;
        }
        self.0[hole] = entry;
    }

    /// Takes the first entry away.
    #[inline]
    pub(super) fn pop(&mut self) {
        let Some(last) = self.0.pop() else { return };
        let len = self.0.len();
        if len == 0 {
            return;
        }
        let mut hole = 0;
        loop {
            let right = 2 * hole + 2;
            let child = match right.cmp(&len) {
                std::cmp::Ordering::Less => right - usize::from(self.0[right].at > self.0[right - 1].at),
                std::cmp::Ordering::Equal => right - 1,
                std::cmp::Ordering::Greater => break,
            };
            self.0[hole] = self.0[child];
            hole = child;
        }
        self.rise(hole, last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};

    #[test]
    fn entries_come_out_in_order() {
        let mut draw = Stream::new(1, Purpose::Workload, 0, 0);
        let (mut heap, mut list) = (Heap::default(), Vec::new());
        for core in 0..500 {
            let at = f64::from(draw.below(50));
            heap.push(Entry { at, core });
            list.push(at);
            if core % 3 == 0 {
                list.sort_by(f64::total_cmp);
                assert_eq!(heap.first().unwrap().at, list.remove(0));
                heap.pop();
            }
        }
    }
}
