//! When idle nodes wake up to create their next packet.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

const NEAR: u64 = 1024;
const WORDS: usize = (NEAR / 64) as usize;

/// Nodes for which each near cycle has room from the start, so that slots that fill up rarely do not
/// allocate late.
const ROOM: usize = 32;

/// Wake-up times: a ring of near cycles and a heap of far ones.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    near: Vec<Vec<u32>>,
    /// One bit per near cycle that holds a node.
    occupied: [u64; WORDS],
    far: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Default for Calendar {
    fn default() -> Self {
        let near = (0..NEAR).map(|_| Vec::with_capacity(ROOM)).collect();
        Self { near, occupied: [0; WORDS], far: BinaryHeap::new() }
    }
}

impl Calendar {
    /// Wakes `node` at cycle `at`, which lies after `now`.
    #[inline]
    pub(super) fn schedule(&mut self, node: u32, at: u64, now: u64) {
        if at - now < NEAR {
            let index = at % NEAR;
            self.near[index as usize].push(node);
            self.occupied[(index / 64) as usize] |= 1 << (index % 64);
        } else {
            self.far.push(Reverse((at, node)));
        }
    }

    /// Whether a node wakes at `now`, or was to wake before.
    #[inline(always)]
    pub(super) fn is_due(&self, now: u64) -> bool {
        let index = now % NEAR;
        let far = self.far.peek().is_some_and(|&Reverse((at, _))| at <= now);
        self.occupied[(index / 64) as usize] >> (index % 64) & 1 == 1 || far
    }

    /// Takes the nodes that wake at `now` into `woken`.
    #[inline]
    pub(super) fn take(&mut self, now: u64, mut wake: impl FnMut(u32)) {
        let index = now % NEAR;
        let (word, bit) = ((index / 64) as usize, 1 << (index % 64));
        if self.occupied[word] & bit != 0 {
            self.occupied[word] &= !bit;
            self.near[index as usize].drain(..).for_each(&mut wake);
        }
        while let Some(&Reverse((at, node))) = self.far.peek() {
            if at > now {
                break;
            }
            self.far.pop();
            wake(node);
        }
    }

    /// The first cycle from `now` on in which a node wakes.
    pub(super) fn next(&self, now: u64) -> Option<u64> {
        let far = self.far.peek().map(|&Reverse((at, _))| at);
        let first = now % NEAR;
        // The word of `now` is looked at twice: first its later bits, at last its earlier ones.
        let near = (0..=WORDS as u64).find_map(|step| {
            let word = (first / 64 + step) % WORDS as u64;
            let later = u64::MAX << (first % 64);
            let mask = [later, u64::MAX, !later][usize::from(step > 0) + usize::from(step == WORDS as u64)];
            let bits = self.occupied[word as usize] & mask;
            (bits != 0).then(|| now + (word * 64 + u64::from(bits.trailing_zeros()) + NEAR - first) % NEAR)
        });
        near.into_iter().chain(far).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wakes_each_node_at_its_time() {
        let mut calendar = Calendar::default();
        let times = [5u64, 70, 1500, 1023, 100_000, 5];
        for (node, &at) in times.iter().enumerate() {
            calendar.schedule(node as u32, at, 3);
        }
        let (mut now, mut woken) = (3, Vec::new());
        while let Some(next) = calendar.next(now) {
            now = next;
            calendar.take(now, |node| woken.push((now, node)));
        }
        assert_eq!(woken, [(5, 0), (5, 5), (70, 1), (1023, 3), (1500, 2), (100_000, 4)]);
    }
}
