//! When nodes wake up to create or to inject a packet.

use crate::base::ones;

/// Near cycles: as many as a word has bits.
const NEAR: u64 = 64;

/// Lists of later cycles, each for as many as there are near ones. Even later ones come round again.
const LISTS: u64 = 64;

/// Nodes for which each list has room from the start, so that lists that fill up rarely do not allocate late.
const ROOM: usize = 64;

/// Wake-up times: for each near cycle a set of nodes, and lists for what is later.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    near: Ring,
    /// Times and nodes, by time / `NEAR`, which goes round.
    later: Vec<Vec<(u64, u32)>>,
    /// Time / `NEAR` up to which the lists have been gone through.
    turn: u64,
}

/// A ring of near cycles.
#[derive(Clone, Debug)]
struct Ring {
    /// By cycle: a bit for each node.
    nodes: Vec<u64>,
    /// By cycle: a bit for each word of them that is not zero.
    words: Vec<u64>,
    /// A bit for each cycle in which a node wakes.
    cycles: u64,
    /// Words of a cycle, and words over them.
    width: [usize; 2],
}

impl Ring {
    #[inline(always)]
    fn set(&mut self, node: u32, at: u64) {
        let (slot, word) = ((at % NEAR) as usize, (node / 64) as usize);
        self.nodes[slot * self.width[0] + word] |= 1 << (node % 64);
        self.words[slot * self.width[1] + word / 64] |= 1 << (word % 64);
        self.cycles |= 1 << slot;
    }
}

impl Calendar {
    /// Of `nodes` nodes, all of which sleep.
    pub(super) fn new(nodes: usize) -> Self {
        let (words, room) = (nodes.div_ceil(64), nodes.min(ROOM));
        let width = [words, words.div_ceil(64)];
        let [nodes, words] = width.map(|width| vec![0; width * NEAR as usize]);
        Self {
            near: Ring { nodes, words, cycles: 0, width },
            later: (0..LISTS).map(|_| Vec::with_capacity(room)).collect(),
            turn: 0,
        }
    }

    /// Wakes `node` at cycle `at`, which is `now` or later.
    #[inline(always)]
    pub(super) fn wake(&mut self, node: u32, at: u64, now: u64) {
        if at - now < NEAR {
            self.near.set(node, at);
        } else {
            self.later[(at / NEAR % LISTS) as usize].push((at, node));
        }
    }

    /// Whether a node wakes at `now`.
    #[inline(always)]
    pub(super) fn is_due(&mut self, now: u64) -> bool {
        if now / NEAR != self.turn {
            self.go_through(now / NEAR);
        }
        self.near.cycles >> (now % NEAR) & 1 == 1
    }

    /// Makes the cycles of `turn` near ones.
    #[cold]
    fn go_through(&mut self, turn: u64) {
        let Self { near, later, turn: before } = self;
        for list in (*before + 1..=turn).take(LISTS as usize) {
            later[(list % LISTS) as usize].retain(|&(at, node)| {
                let stays = at / NEAR > turn;
                if !stays {
                    near.set(node, at);
                }
                stays
            });
        }
        *before = turn;
    }

    /// Takes the nodes that wake at `now` into `woken`: words of one bit for each of 64 nodes, with their number.
    #[inline]
    pub(super) fn take(&mut self, now: u64, woken: &mut Vec<(u32, u64)>) {
        if !self.is_due(now) {
            return;
        }
        let Ring { nodes, words, cycles, width } = &mut self.near;
        let slot = (now % NEAR) as usize;
        *cycles &= !(1 << slot);
        let words = &mut words[slot * width[1]..][..width[1]];
        let nodes = &mut nodes[slot * width[0]..][..width[0]];
        for (first, some) in words.iter_mut().enumerate() {
            for word in ones(std::mem::take(some)) {
                let word = first * 64 + word;
                woken.push((word as u32, std::mem::take(&mut nodes[word])));
            }
        }
    }

    /// The first cycle from `now` on in which a node wakes.
    pub(super) fn next(&self, now: u64) -> Option<u64> {
        let ahead = self.near.cycles.rotate_right((now % NEAR) as u32);
        let near = (ahead != 0).then(|| now + u64::from(ahead.trailing_zeros()));
        if near.is_some_and(|near| near / NEAR <= self.turn) {
            return near;
        }
        let first = |list: &Vec<(u64, u32)>, turn: Option<u64>| {
            let times = list.iter().map(|&(at, _)| at);
            times.filter(|at| turn.is_none_or(|turn| at / NEAR == turn)).min()
        };
        let soon = (self.turn + 1..=self.turn + LISTS)
            .find_map(|turn| first(&self.later[(turn % LISTS) as usize], Some(turn)));
        let later = soon.or_else(|| self.later.iter().filter_map(|list| first(list, None)).min());
        near.into_iter().chain(later).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wake_all(calendar: &mut Calendar, mut now: u64) -> Vec<(u64, u32)> {
        let (mut times, mut woken) = (Vec::new(), Vec::new());
        while let Some(next) = calendar.next(now) {
            now = next;
            calendar.take(now, &mut woken);
            let nodes =
                woken.drain(..).flat_map(|(word, nodes)| ones(nodes).map(move |bit| word * 64 + bit as u32));
            times.extend(nodes.map(|node| (now, node)));
        }
        times
    }

    #[test]
    fn wakes_each_node_at_its_time() {
        let mut calendar = Calendar::new(6);
        let times = [5u64, 70, 1500, 1023, 100_000, 5];
        for (node, &at) in times.iter().enumerate() {
            calendar.wake(node as u32, at, 3);
        }
        assert_eq!(wake_all(&mut calendar, 3), [(5, 0), (5, 5), (70, 1), (1023, 3), (1500, 2), (100_000, 4)]);
    }

    /// A network that is used again begins at cycle 0 again.
    #[test]
    fn time_may_be_set_back_when_all_sleep() {
        let mut calendar = Calendar::new(3);
        calendar.wake(2, 9_000, 0);
        assert_eq!(wake_all(&mut calendar, 0), [(9_000, 2)]);
        for (node, at) in [(0, 70), (1, 3), (2, 200)] {
            calendar.wake(node, at, 0);
        }
        assert_eq!(wake_all(&mut calendar, 0), [(3, 1), (70, 0), (200, 2)]);
    }

    /// Against a sorted list, with times on both sides of every border, and cycles that are looked at in vain.
    #[test]
    fn wakes_nobody_twice_and_nobody_late() {
        let mut calendar = Calendar::new(10_000);
        let mut expected = Vec::new();
        for node in 0..10_000u32 {
            let at = u64::from(node.wrapping_mul(2_654_435_761) >> 19);
            calendar.wake(node, at, 0);
            expected.push((at, node));
        }
        expected.sort_unstable();
        let mut woken = Vec::new();
        for now in 0..1_000 {
            let due = calendar.is_due(now);
            calendar.take(now, &mut woken);
            let nodes =
                woken.drain(..).flat_map(|(word, nodes)| ones(nodes).map(move |bit| word * 64 + bit as u32));
            let nodes: Vec<_> = nodes.map(|node| (now, node)).collect();
            assert_eq!(due, !nodes.is_empty(), "cycle {now}");
            let count = expected.iter().take_while(|it| it.0 == now).count();
            assert_eq!(nodes, expected.drain(..count).collect::<Vec<_>>());
        }
        assert_eq!(wake_all(&mut calendar, 1_000), expected);
    }
}
