//! Timetables: which of the coming cycles of a wire or a switch input are taken.

/// Cycles ahead that a timetable keeps apart from each other.
pub(super) const WINDOW: u64 = 64;

/// Longest run, in flits and in cycles from head to tail, of which the cycles are found one by one; longer ones
/// are taken as a whole.
const SHORT: u64 = 32;

/// The taken cycles: those in the mask, and all before `busy`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calendar {
    /// Cycle of the mask's lowest bit.
    base: u64,
    taken: u64,
    busy: u64,
}

/// Flits of one packet that want to cross a router one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing {
    pub now: u64,
    /// First cycle for the head; not before `now`.
    pub head: u64,
    /// First cycle for the tail; not before `head`.
    pub tail: u64,
    pub flits: u64,
    /// Cycles that a flit occupies the wire.
    pub interval: u64,
}

impl Calendar {
    /// Forgets what is past; returns the mask from `now` on.
    #[inline(always)]
    fn slide(&mut self, now: u64) -> u64 {
        if self.base != now {
            self.taken = self.taken.checked_shr((now - self.base).min(64) as u32).unwrap_or(0);
            self.base = now;
        }
        let busy = self.busy.saturating_sub(now);
        self.taken | if busy >= WINDOW { u64::MAX } else { (1 << busy) - 1 }
    }

    /// Whether the cycle `ahead` of `now`, within the window, is free.
    #[inline(always)]
    pub(super) fn is_free(&self, now: u64, ahead: u64) -> bool {
        let bit = now - self.base + ahead;
        now + ahead >= self.busy && (bit >= WINDOW || self.taken >> bit & 1 == 0)
    }

    /// Takes the cycle `ahead` of `now`, within the window.
    #[inline(always)]
    pub(super) fn take(&mut self, now: u64, ahead: u64) {
        self.slide(now);
        self.taken |= 1 << ahead;
    }

    /// First cycle after which nothing is taken any more.
    fn end(&self) -> u64 {
        self.busy.max(self.base + WINDOW - u64::from(self.taken.leading_zeros()))
    }
}

/// Takes the earliest cycles in which both the switch input `lane` and the `wire` are free. Returns those of head
/// and tail, or `None` if the window has too few.
#[inline]
pub(super) fn reserve(lane: &mut Calendar, wire: &mut Calendar, crossing: Crossing) -> Option<(u64, u64)> {
    let Crossing { now, head, tail, flits, interval } = crossing;
    let mut free = !(lane.slide(now) | wire.slide(now));
    // What reaches beyond the window would never find its last cycle there, however long it waits.
    if interval > 1 || flits > SHORT || tail - head > SHORT {
        return reserve_run(lane, wire, crossing);
    }
    if tail - now >= WINDOW {
        return None;
    }
    let from = |free: u64, cycle: u64| free >> (cycle - now) << (cycle - now);
    free = from(free, head);
    let mut used = 0;
    for _ in 1..flits {
        used |= free & free.wrapping_neg();
        free &= free.wrapping_sub(1);
    }
    free = from(free, tail);
    if free == 0 {
        return None;
    }
    let last = free.trailing_zeros();
    used |= 1 << last;
    lane.taken |= used;
    wire.taken |= used;
    Some((now + u64::from(used.trailing_zeros()), now + u64::from(last)))
}

/// Takes all cycles of both from the head on to the tail's last, after everything that is taken.
#[cold]
fn reserve_run(lane: &mut Calendar, wire: &mut Calendar, crossing: Crossing) -> Option<(u64, u64)> {
    let Crossing { head, tail, flits, interval, now } = crossing;
    let start = head.max(lane.end()).max(wire.end());
    if start - now >= WINDOW {
        return None;
    }
    let last = tail.max(start + (flits - 1) * interval);
    // Others may use the switch input between the flits of a narrow wire, and the wire before a late tail: a run
    // that is held up does not keep it.
    lane.busy = start + flits;
    wire.busy = start + flits * interval;
    Some((start, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};
    use std::collections::HashSet;

    #[test]
    fn single_cycles_are_taken_too() {
        let mut wire = Calendar::default();
        let mut lane = Calendar::default();
        assert!(wire.is_free(100, 3));
        wire.take(100, 3);
        assert!(
            !wire.is_free(100, 3) && !wire.is_free(102, 1) && wire.is_free(102, 2) && wire.is_free(300, 0)
        );
        let single = Crossing { now: 101, head: 102, tail: 102, flits: 1, interval: 1 };
        assert_eq!(reserve(&mut lane, &mut wire, single), Some((102, 102)));
        assert_eq!(reserve(&mut lane, &mut wire, single), Some((104, 104)));
    }

    /// Against sets of taken cycles: nothing is given away twice, nothing earlier is left, and `None` means that
    /// there is no room.
    #[test]
    fn cycles_are_given_away_once() {
        let mut draw = Stream::new(1, Purpose::Workload, 0, 0);
        let mut ports = [Calendar::default(); 4];
        let mut taken: [HashSet<u64>; 4] = Default::default();
        let (mut now, mut full) = (0, 0);
        for _ in 0..50_000 {
            let pause = [1, 2, 4, 200][draw.below(4) as usize];
            now += u64::from(draw.below(pause));
            let (input, output) = (draw.below(2) as usize, 2 + draw.below(2) as usize);
            let bound = [3, 10, 70][draw.below(3) as usize];
            let head = now + u64::from(draw.below(bound));
            let flits = 1 + u64::from(draw.below(5));
            let tail = head + flits - 1 + u64::from(draw.below(4));
            let [a, b] = ports.get_disjoint_mut([input, output]).expect("two ports");
            let got = reserve(a, b, Crossing { now, head, tail, flits, interval: 1 });
            // The naive answer: the earliest cycles free in both, the last not before the tail may go.
            let open = |cycle: &u64| !taken[input].contains(cycle) && !taken[output].contains(cycle);
            let mut cycles: Vec<u64> = (head..).filter(open).take(flits as usize - 1).collect();
            let from = cycles.last().map_or(head, |last| last + 1).max(tail);
            cycles.extend((from..).find(open));
            let want = (cycles[0], cycles[cycles.len() - 1]);
            if want.1 >= now + WINDOW {
                assert_eq!(got, None);
                full += 1;
                continue;
            }
            assert_eq!(got, Some(want), "at {now}");
            for cycle in cycles {
                taken[input].insert(cycle);
                taken[output].insert(cycle);
            }
        }
        assert!(full > 100 && full < 20_000, "{full}");
    }

    #[test]
    fn long_runs_and_narrow_wires_are_taken_in_order() {
        let (mut a, mut b, mut wire) = (Calendar::default(), Calendar::default(), Calendar::default());
        let crossing = Crossing { now: 0, head: 5, tail: 5, flits: 3, interval: 4 };
        assert_eq!(reserve(&mut a, &mut wire, crossing), Some((5, 13)));
        assert_eq!(reserve(&mut b, &mut wire, Crossing { head: 0, tail: 0, ..crossing }), Some((17, 25)));
        let single = Crossing { flits: 1, interval: 1, ..crossing };
        assert_eq!(reserve(&mut b, &mut a, single), Some((20, 20)), "both inputs are taken until then");
        let long = Crossing { now: 20, head: 20, tail: 70, flits: 50, interval: 1 };
        assert_eq!(reserve(&mut a, &mut wire, long), Some((29, 78)));
        assert_eq!(reserve(&mut a, &mut wire, Crossing { now: 21, head: 21, ..long }), Some((79, 128)));
        assert_eq!(reserve(&mut a, &mut wire, Crossing { now: 22, head: 22, ..long }), None);
    }

    /// A packet whose flits are held up, such as one much longer than the buffer ahead, gets through.
    #[test]
    fn few_flits_may_take_longer_than_the_window() {
        let (mut lane, mut wire) = (Calendar::default(), Calendar::default());
        let slow = Crossing { now: 10, head: 10, tail: 10 + 2 * WINDOW, flits: 12, interval: 1 };
        assert_eq!(reserve(&mut lane, &mut wire, slow), Some((10, 10 + 2 * WINDOW)));
        let next = Crossing { head: 12, tail: 12, flits: 1, ..slow };
        assert_eq!(
            reserve(&mut lane, &mut wire, next),
            Some((22, 22)),
            "it does not keep the wire while it waits"
        );
    }
}
