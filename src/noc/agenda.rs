//! Future events: a wheel for the near future, a heap for the rest.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Cycles that the wheel covers.
const SLOTS: usize = 256;

/// Events by cycle. Events of one cycle come out in ascending order, whatever the order they went in.
#[derive(Clone, Debug)]
pub(super) struct Agenda<T> {
    wheel: Vec<Vec<T>>,
    /// Slots of the wheel that hold something.
    filled: [u64; SLOTS / 64],
    far: BinaryHeap<Reverse<(u64, T)>>,
    /// Cycle up to which everything has been taken.
    now: u64,
}

impl<T: Copy + Ord> Agenda<T> {
    pub(super) fn new() -> Self {
        Self {
            wheel: (0..SLOTS).map(|_| Vec::new()).collect(),
            filled: [0; SLOTS / 64],
            far: BinaryHeap::new(),
            now: 0,
        }
    }

    /// Notes `event` for cycle `at`, which has not been taken yet.
    #[inline]
    pub(super) fn push(&mut self, at: u64, event: T) {
        debug_assert!(at >= self.now);
        if at - self.now < SLOTS as u64 {
            let slot = at as usize % SLOTS;
            self.filled[slot / 64] |= 1 << (slot % 64);
            self.wheel[slot].push(event);
        } else {
            self.far.push(Reverse((at, event)));
        }
    }

    /// The next cycle with an event.
    pub(super) fn next(&self) -> Option<u64> {
        let near = self.next_slot().map(|ahead| self.now + ahead);
        let far = self.far.peek().map(|&Reverse((at, _))| at);
        near.into_iter().chain(far).min()
    }

    /// Cycles from now to the first filled slot.
    fn next_slot(&self) -> Option<u64> {
        let start = self.now as usize % SLOTS;
        let words = self.filled.len();
        // The first word is looked at twice: from the start on, and, last, before it.
        (0..=words).find_map(|step| {
            let word = (start / 64 + step) % words;
            let mask = match step {
                0 => u64::MAX << (start % 64),
                _ if step == words => !(u64::MAX << (start % 64)),
                _ => u64::MAX,
            };
            let found = self.filled[word] & mask;
            let slot = word * 64 + found.trailing_zeros() as usize;
            (found != 0).then(|| ((slot + SLOTS - start) % SLOTS) as u64)
        })
    }

    /// Takes the events of cycle `at`, which is [`Agenda::next`], into `due`; what was in there is dropped.
    /// Events may still be noted for `at`: they are the next ones.
    #[inline]
    pub(super) fn take(&mut self, at: u64, due: &mut Vec<T>) {
        self.take_as_noted(at, due);
        due.sort_unstable();
    }

    /// As [`Agenda::take`], but in the order in which events were noted; those noted long before come last.
    #[inline]
    pub(super) fn take_as_noted(&mut self, at: u64, due: &mut Vec<T>) {
        due.clear();
        self.now = at;
        let slot = at as usize % SLOTS;
        self.filled[slot / 64] &= !(1 << (slot % 64));
        std::mem::swap(due, &mut self.wheel[slot]);
        while let Some(&Reverse((_, event))) = self.far.peek().filter(|&&Reverse((then, _))| then == at) {
            due.push(event);
            self.far.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};

    /// Against a sorted list, with events noted while others are taken.
    #[test]
    fn events_come_out_in_order() {
        let mut draw = Stream::new(3, Purpose::Workload, 0, 0);
        let (mut agenda, mut list, mut due) = (Agenda::new(), Vec::new(), Vec::new());
        let mut note = |agenda: &mut Agenda<u32>, list: &mut Vec<(u64, u32)>, now: u64| {
            let reach = [1, 40, 250, 270, 5_000][draw.below(5) as usize];
            let (at, event) = (now + u64::from(draw.below(reach)), draw.below(100));
            agenda.push(at, event);
            list.push((at, event));
        };
        (0..50).for_each(|_| note(&mut agenda, &mut list, 0));
        let mut taken = 0;
        while let Some(now) = agenda.next() {
            agenda.take(now, &mut due);
            list.sort_unstable();
            let want: Vec<u32> =
                list.iter().take_while(|&&(at, _)| at == now).map(|&(_, event)| event).collect();
            assert_eq!(due, want, "cycle {now}");
            list.drain(..want.len());
            taken += want.len();
            if taken < 2_000 {
                (0..want.len()).for_each(|_| note(&mut agenda, &mut list, now));
            }
        }
        assert!(list.is_empty() && taken >= 2_000);
    }
}
