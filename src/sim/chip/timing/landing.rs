//! When packets land next, core by core. All times are looked through, by vectors: those of 64 cores take less time than
//! the branches of a tree, which nobody can foresee.

use pulp::NullaryFnOnce;

use crate::base::ones;

/// Cores whose times are looked through together.
pub(super) const PART: usize = 64;

/// Parts up to which all of them are looked through.
const FEW: usize = 4;

/// How to look through times.
pub(super) trait Look: Copy {
    /// Which of some times have come by `now`, one bit each.
    fn landed(self, times: &[f64; PART], now: f64) -> u64;
}

/// One after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain;

impl Look for Plain {
    #[inline(always)]
    fn landed(self, times: &[f64; PART], now: f64) -> u64 {
        times.iter().rev().fold(0, |landed, &time| landed << 1 | u64::from(time <= now))
    }
}

#[cfg(target_arch = "x86_64")]
impl Look for pulp::x86::V3 {
    #[inline(always)]
    fn landed(self, times: &[f64; PART], now: f64) -> u64 {
        let (mut landed, now) = (0, pulp::cast([now; 4]));
        for (at, &four) in times.as_chunks::<4>().0.iter().enumerate() {
            let come = self.avx._mm256_cmp_pd::<{ std::arch::x86_64::_CMP_LE_OQ }>(pulp::cast(four), now);
            landed |= u64::from(self.avx._mm256_movemask_pd(come) as u32) << (4 * at);
        }
        landed
    }
}

/// What is to be done with the machine's way to look.
pub(super) trait Looking {
    /// What comes of it.
    type Output;

    /// Does it.
    fn with<L: Look>(self, look: L) -> Self::Output;
}

/// Does `work` by the vectors of the machine.
pub(super) fn looking<W: Looking>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(vectors) = pulp::x86::V3::try_new() {
        return vectors.vectorize(With(work, vectors));
    }
    work.with(Plain)
}

struct With<W, L>(W, L);

impl<W: Looking, L: Look> NullaryFnOnce for With<W, L> {
    type Output = W::Output;

    #[inline(always)]
    fn call(self) -> W::Output {
        self.0.with(self.1)
    }
}

/// By core, when the next packet lands there.
#[derive(Clone, Debug)]
pub(super) struct Landing {
    /// By part.
    times: Vec<[f64; PART]>,
    /// By part, in parts of parts: no packet lands there earlier. Only asked where the parts are many.
    least: Vec<[f64; PART]>,
    /// The moment that is next, and by part and core: those where packets have landed by then.
    now: f64,
    due: Vec<u64>,
    /// By part of parts, and part: those that have such cores, or may have.
    parts: Vec<u64>,
    /// So many parts have ever been used.
    reach: usize,
}

impl Landing {
    /// No packets to any of `cores` cores.
    pub(super) fn new(cores: usize) -> Self {
        let parts = cores.div_ceil(PART);
        Self {
            times: vec![[f64::INFINITY; PART]; parts],
            least: vec![[f64::INFINITY; PART]; parts.div_ceil(PART)],
            now: 0.0,
            due: vec![0; parts],
            parts: vec![0; parts.div_ceil(PART)],
            reach: 0,
        }
    }

    /// Forgets all packets.
    pub(super) fn clear(&mut self) {
        self.times[..self.reach].fill([f64::INFINITY; PART]);
        self.least.fill([f64::INFINITY; PART]);
        self.due.fill(0);
        self.parts.fill(0);
    }

    /// Finds out where packets have landed by `now`, which is next.
    #[inline(always)]
    pub(super) fn expect<L: Look>(&mut self, now: f64, look: L) {
        self.now = now;
        if self.reach > FEW {
            return self.expect_of_many(look);
        }
        self.parts[0] = (1 << self.reach) - 1;
        for (due, times) in self.due[..self.reach].iter_mut().zip(&self.times) {
            *due = look.landed(times, now);
        }
    }

    #[inline(always)]
    fn expect_of_many<L: Look>(&mut self, look: L) {
        for (group, least) in self.least[..self.reach.div_ceil(PART)].iter_mut().enumerate() {
            self.parts[group] = look.landed(least, self.now);
            for at in ones(self.parts[group]) {
                let times = &self.times[PART * group + at];
                self.due[PART * group + at] = look.landed(times, self.now);
                let later = |&&time: &&f64| time > self.now;
                least[at] = times.iter().filter(later).copied().fold(f64::INFINITY, f64::min);
            }
        }
    }

    /// From now on packets land at `core` at `time` next, which is not before the next moment.
    #[inline(always)]
    pub(super) fn set(&mut self, core: usize, time: f64) {
        let part = core / PART;
        self.times[part][core % PART] = time;
        let least = &mut self.least[part / PART][part % PART];
        *least = least.min(time);
    }

    /// The same for a core to which there were none, which may be at any time.
    #[inline(always)]
    pub(super) fn add(&mut self, core: usize, time: f64) {
        self.set(core, time);
        let (part, landed) = (core / PART, u64::from(time <= self.now));
        self.due[part] |= landed << (core % PART);
        self.parts[part / PART] |= landed << (part % PART);
        self.reach = self.reach.max(part + 1);
    }

    /// Parts of parts.
    #[inline(always)]
    pub(super) fn groups(&self) -> usize {
        self.parts.len()
    }

    /// Parts of a group in which packets may have landed, one bit each.
    #[inline(always)]
    pub(super) fn parts(&self, group: usize) -> u64 {
        self.parts[group]
    }

    /// Takes the cores of a part where packets have landed, one bit each; when the next ones land there is to be
    /// [`set`](Self::set).
    #[inline(always)]
    pub(super) fn take(&mut self, part: usize) -> u64 {
        std::mem::take(&mut self.due[part])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};

    struct Check(u32);

    impl Looking for Check {
        type Output = ();

        /// Packets land at random; a list of times tells the same.
        fn with<L: Look>(self, look: L) {
            let mut draw = Stream::new(3, Purpose::Workload, self.0, 0);
            let (mut landing, mut times) =
                (Landing::new(self.0 as usize), vec![f64::INFINITY; self.0 as usize]);
            let mut now = 0.0;
            for round in 0..2_000 {
                if round == 1_000 {
                    landing.clear();
                    times.fill(f64::INFINITY);
                }
                landing.expect(now, look);
                for _ in 0..draw.below(4) {
                    let core = draw.below(self.0) as usize;
                    if times[core] == f64::INFINITY {
                        times[core] = now - 1.0 + f64::from(draw.below(40));
                        landing.add(core, times[core]);
                    }
                }
                let mut landed = Vec::new();
                for group in 0..landing.groups() {
                    let parts = landing.parts(group);
                    for part in (0..PART).filter(|part| parts >> part & 1 == 1) {
                        let due = landing.take(PART * group + part);
                        let cores = (0..PART).filter(|core| due >> core & 1 == 1);
                        landed.extend(cores.map(|core| (PART * group + part) * PART + core));
                    }
                }
                let expected: Vec<_> = (0..times.len()).filter(|&core| times[core] <= now).collect();
                assert_eq!(landed, expected, "of {} cores in round {round}", self.0);
                for core in landed {
                    let more = draw.below(2) == 0;
                    times[core] = if more { now + 1.0 + f64::from(draw.below(9)) } else { f64::INFINITY };
                    landing.set(core, times[core]);
                }
                now += f64::from(draw.below(3));
            }
        }
    }

    #[test]
    fn packets_land_when_they_are_to_in_the_order_of_the_cores() {
        for cores in [1, 64, 65, 256, 257, 5_000] {
            Check(cores).with(Plain);
            looking(Check(cores));
        }
    }
}
