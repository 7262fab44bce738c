//! When the next packet arrives: the first arrival at each core, looked at eight by eight.

use std::hint::select_unpredictable;

use super::order::NEVER;

/// Times that are looked at together.
const TOGETHER: usize = 8;

/// The first of a set of bits.
const FIRST: u32 = 1 << 31;

/// The bits of times that are not negative, which are in their order.
type Eight = [u64; TOGETHER];

/// By core: when the first packet under way to it arrives, if there is one.
#[derive(Clone, Debug)]
pub(super) struct Soonest {
    cores: Vec<Eight>,
    /// The least of eight cores, by eights.
    groups: Vec<Eight>,
    /// Entries of `groups` behind which no packet is under way.
    used: usize,
    least: u64,
}

impl Soonest {
    /// Nothing on its way to `cores` cores.
    pub(super) fn new(cores: usize) -> Self {
        let groups = cores.div_ceil(TOGETHER * TOGETHER);
        Self {
            cores: vec![[NEVER; TOGETHER]; groups * TOGETHER],
            groups: vec![[NEVER; TOGETHER]; groups],
            used: 0,
            least: NEVER,
        }
    }

    pub(super) fn clear(&mut self) {
        self.cores.fill([NEVER; TOGETHER]);
        self.groups.fill([NEVER; TOGETHER]);
        (self.used, self.least) = (0, NEVER);
    }

    /// Whether anything has arrived by `now`.
    #[inline]
    pub(super) fn is_due(&self, now: f64) -> bool {
        now.to_bits() >= self.least
    }

    /// A packet that arrives at `core` at `at`.
    #[inline]
    pub(super) fn add(&mut self, core: usize, at: f64) {
        let at = at.to_bits();
        let lower = |least: &mut u64| *least = select_unpredictable(at < *least, at, *least);
        let (group, chunk) = (core / TOGETHER, core / (TOGETHER * TOGETHER));
        lower(&mut self.cores[group][core % TOGETHER]);
        lower(&mut self.groups[chunk][group % TOGETHER]);
        lower(&mut self.least);
        self.used = self.used.max(chunk + 1);
    }

    /// Calls `take` with each core at which something has arrived by `now`, ascending; it says when the next
    /// packet arrives there.
    #[inline]
    pub(super) fn take(&mut self, now: f64, mut take: impl FnMut(usize) -> f64) {
        let (now, mut soonest) = (now.to_bits(), NEVER);
        let eights = self.cores.chunks_exact_mut(TOGETHER);
        for (chunk, (groups, eights)) in self.groups[..self.used].iter_mut().zip(eights).enumerate() {
            let mut due_groups = due(groups, now);
            while due_groups != 0 {
                let group = due_groups.leading_zeros() as usize;
                due_groups &= !(FIRST >> group);
                let cores = &mut eights[group];
                let mut due_cores = due(cores, now);
                while due_cores != 0 {
                    let core = due_cores.leading_zeros() as usize;
                    due_cores &= !(FIRST >> core);
                    cores[core] = take((chunk * TOGETHER + group) * TOGETHER + core).to_bits();
                }
                groups[group] = least(cores);
            }
            soonest = soonest.min(least(groups));
        }
        self.least = soonest;
    }
}

/// Which times are not after `now`, the first one in the highest bit.
#[inline(always)]
fn due(times: &Eight, now: u64) -> u32 {
    times.iter().fold(0, |due, &time| due << 1 | u32::from(time <= now)) << 24
}

/// By pairs, and not as a vector: the times have just been written one by one.
#[inline(always)]
fn least(times: &Eight) -> u64 {
    let less = |a: u64, b: u64| select_unpredictable(a < b, a, b);
    let [a, b, c, d, e, f, g, h] = *times;
    less(less(less(a, b), less(c, d)), less(less(e, f), less(g, h)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};

    #[test]
    fn arrivals_are_taken_core_by_core() {
        for cores in [1, 9, 130] {
            let mut draw = Stream::new(3, Purpose::Workload, cores, 0);
            let (mut soonest, mut naive) =
                (Soonest::new(cores as usize), vec![Vec::<f64>::new(); cores as usize]);
            for now in 0..400 {
                let now = f64::from(now);
                for _ in 0..draw.below(4) {
                    let core = draw.below(cores) as usize;
                    let last = naive[core].last().copied().unwrap_or(now);
                    let at = last + f64::from(draw.below(9));
                    naive[core].push(at);
                    soonest.add(core, at);
                }
                let is_due = |list: &Vec<f64>| list.first().is_some_and(|&at| at <= now);
                let expected: Vec<usize> = (0..cores as usize).filter(|&core| is_due(&naive[core])).collect();
                assert_eq!(soonest.is_due(now), !expected.is_empty());
                let mut found = Vec::new();
                soonest.take(now, |core| {
                    found.push(core);
                    naive[core].retain(|&at| at > now);
                    naive[core].first().copied().unwrap_or(f64::INFINITY)
                });
                assert_eq!(found, expected);
            }
        }
    }
}
