//! Timetables: which cycles of a port are taken.

/// Cycles that a timetable keeps apart from each other.
const WINDOW: u64 = 64;

/// The taken cycles of one port, as a bit mask from `base` on. Cycles beyond the mask are given away in
/// order, so `late` is enough to know them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slots {
    base: u64,
    taken: u64,
    /// Beyond the mask: first cycle that is not taken.
    late: u64,
}

impl Slots {
    /// Forgets the cycles before `now`.
    #[inline(always)]
    fn slide(&mut self, now: u64) {
        if self.base != now {
            let end = self.base + WINDOW;
            self.taken = self.taken.checked_shr((now - self.base) as u32).unwrap_or(0);
            self.base = now;
            if self.late > end {
                self.take_over(end);
            }
        }
    }

    /// Marks the cycles from `end` to `late` that have come into the mask.
    #[cold]
    fn take_over(&mut self, end: u64) {
        for cycle in end.max(self.base)..self.late.min(self.base + WINDOW) {
            self.taken |= 1 << (cycle - self.base);
        }
    }

    /// The first cycle from `from` on that is free; cycles before `now` are past.
    #[inline]
    pub(super) fn first_free(&mut self, from: u64, now: u64) -> u64 {
        self.slide(now);
        let ahead = from - now;
        let free = if ahead < WINDOW { !self.taken >> ahead << ahead } else { 0 };
        if free != 0 { now + u64::from(free.trailing_zeros()) } else { from.max(now + WINDOW).max(self.late) }
    }

    /// Takes every `interval`th cycle from `at` on, `count` of them, whether free or not.
    fn take(&mut self, at: u64, count: u64, interval: u64) {
        for cycle in (0..count).map(|k| at + k * interval) {
            match cycle - self.base {
                ahead @ 0..WINDOW => self.taken |= 1 << ahead,
                _ => self.late = self.late.max(cycle + 1),
            }
        }
    }
}

/// A run of flits that wants to cross a router.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing {
    pub now: u64,
    /// First cycle in which it may cross.
    pub from: u64,
    pub flits: u64,
    /// Cycles that each flit occupies the output.
    pub interval: u64,
}

/// Takes the first cycles in which `input` and `output` are free for all flits in a row; returns the first.
#[inline]
pub(super) fn reserve(input: &mut Slots, output: &mut Slots, crossing: Crossing) -> u64 {
    let Crossing { now, from, flits, interval } = crossing;
    input.slide(now);
    output.slide(now);
    if interval == 1 && from - now < WINDOW {
        let ahead = from - now;
        let open = !(input.taken | output.taken);
        let mut starts = open;
        for k in 1..flits {
            starts &= open >> k;
        }
        starts = starts >> ahead << ahead;
        if starts != 0 {
            let first = starts.trailing_zeros();
            let run = (u64::MAX >> (WINDOW - flits)) << first;
            let lost = ((1u64 << first) - 1) & (u64::MAX << ahead) & input.taken;
            input.taken |= run;
            output.taken |= run | lost;
            return now + u64::from(first);
        }
    }
    reserve_late(input, output, crossing)
}

/// Beyond the masks, and on links that a flit occupies for several cycles: in order of reservation.
#[cold]
fn reserve_late(input: &mut Slots, output: &mut Slots, crossing: Crossing) -> u64 {
    let Crossing { now, from, flits, interval } = crossing;
    let at = if interval == 1 {
        from.max(now + WINDOW).max(output.late).max(input.late)
    } else {
        input.first_free(from.max(output.late), now)
    };
    input.take(at, flits, interval);
    output.take(at, flits, interval);
    output.late = output.late.max(at + flits * interval);
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};
    use std::collections::HashSet;

    /// Against sets of taken cycles: nothing is given away twice, and within the window nothing earlier is left.
    #[test]
    fn cycles_are_given_away_once() {
        let mut draw = Stream::new(1, Purpose::Workload, 0, 0);
        let mut ports = [Slots::default(); 4];
        let mut taken: [HashSet<u64>; 4] = Default::default();
        let mut now = 0;
        for _ in 0..20_000 {
            let pause = [1, 2, 4, 200][draw.below(4) as usize];
            now += u64::from(draw.below(pause));
            let (input, output) = (draw.below(2) as usize, 2 + draw.below(2) as usize);
            let reach = [3, 10, 70][draw.below(3) as usize];
            let from = now + u64::from(draw.below(reach));
            let flits = 1 + u64::from(draw.below(3));
            let [a, b] = ports.get_disjoint_mut([input, output]).expect("two ports");
            let at = reserve(a, b, Crossing { now, from, flits, interval: 1 });
            assert!(at >= from);
            let free = |start: u64| {
                (start..start + flits).all(|c| !taken[input].contains(&c) && !taken[output].contains(&c))
            };
            assert!(free(at), "cycle {at} is given away twice");
            if at < now + WINDOW {
                assert!((from..at).all(|start| !free(start)), "an earlier cycle than {at} is free");
            }
            for cycle in at..at + flits {
                taken[input].insert(cycle);
                taken[output].insert(cycle);
            }
        }
    }

    #[test]
    fn narrow_outputs_are_taken_in_order() {
        let (mut a, mut b, mut output) = (Slots::default(), Slots::default(), Slots::default());
        let crossing = Crossing { now: 0, from: 5, flits: 3, interval: 4 };
        assert_eq!(reserve(&mut a, &mut output, crossing), 5);
        assert_eq!(reserve(&mut b, &mut output, Crossing { from: 0, ..crossing }), 17);
        assert_eq!(reserve(&mut b, &mut a, Crossing { from: 5, flits: 1, interval: 1, now: 0 }), 6);
    }
}
