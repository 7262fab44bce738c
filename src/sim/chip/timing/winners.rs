//! Which of some cores comes first: a tree of winners over their times.
//!
//! A time and whose it is are one number: the bits of a time that is not negative are in the order of the times,
//! and the lowest of them give way to the core's place. Times that differ in nothing but those are taken to be as
//! early, the lower place first: whoever needs to know has to look closer.

use std::hint::select_unpredictable;

/// Least number of leaves: smaller trees are not faster.
const FEWEST: usize = 64;

/// A time, but for its lowest bits, and a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(u64);

impl Key {
    /// A time that never comes.
    pub(super) const NEVER: Self = Self(f64::INFINITY.to_bits());
}

/// The times of some cores by place, each of which may never come.
#[derive(Clone, Debug)]
pub(super) struct Winners {
    /// Below `i` are `2 i` and `2 i + 1`; the leaves come last. The root is `first`.
    tree: Vec<Key>,
    first: Key,
    /// The bits that hold a place.
    places: u64,
}

impl Default for Winners {
    fn default() -> Self {
        Self { tree: Vec::new(), first: Key::NEVER, places: 0 }
    }
}

impl Winners {
    /// Forgets all times; there are to be those of `places` cores.
    pub(super) fn clear(&mut self, places: usize) {
        let size = places.next_power_of_two().max(FEWEST);
        (self.first, self.places) = (Key::NEVER, size as u64 - 1);
        self.tree.clear();
        self.tree.resize(2 * size, Key::NEVER);
    }

    /// The first of all times; [`NEVER`](Key::NEVER) or more if there is none.
    #[inline(always)]
    pub(super) fn first(&self) -> Key {
        self.first
    }

    /// Whose time it is.
    #[inline(always)]
    pub(super) fn place(&self, key: Key) -> usize {
        (key.0 & self.places) as usize
    }

    /// From now on `place` has this time.
    #[inline(always)]
    pub(super) fn set(&mut self, place: usize, time: f64) {
        let key = self.key(place, time);
        let tree = self.tree.as_mut_slice();
        // A tree of a known size needs no checks.
        self.first = if let Ok(tree) = <&mut [Key; 128]>::try_from(&mut *tree) {
            climb(tree, (64 + place) & 127, 6, key)
        } else if let Ok(tree) = <&mut [Key; 256]>::try_from(&mut *tree) {
            climb(tree, (128 + place) & 255, 7, key)
        } else {
            let (place, levels) = (tree.len() / 2 + place, tree.len().trailing_zeros() - 1);
            climb(tree, place, levels, key)
        };
    }

    #[inline(always)]
    fn key(&self, place: usize, time: f64) -> Key {
        Key(time.to_bits() & !self.places | place as u64)
    }

    /// The first of all others than `place`.
    #[inline(always)]
    pub(super) fn first_beside(&self, place: usize) -> Key {
        let tree = self.tree.as_slice();
        if let Ok(tree) = <&[Key; 128]>::try_from(tree) {
            rival(tree, (64 + place) & 127, 6)
        } else if let Ok(tree) = <&[Key; 256]>::try_from(tree) {
            rival(tree, (128 + place) & 255, 7)
        } else {
            rival(tree, tree.len() / 2 + place, tree.len().trailing_zeros() - 1)
        }
    }

    /// The same as [`set`](Self::set) where the first of all others is known: the next first does not wait for those
    /// that are met on the way up.
    #[inline(always)]
    pub(super) fn set_beside(&mut self, place: usize, time: f64, other: Key) {
        let key = self.key(place, time);
        self.set(place, time);
        self.first = select_unpredictable(other < key, other, key);
    }

    /// Whether both have times that are as early, or might be.
    #[inline(always)]
    pub(super) fn are_close(&self, a: Key, b: Key) -> bool {
        (a.0 ^ b.0) & !self.places == 0
    }
}

/// The first of all that are met on the way up from `place`.
#[inline(always)]
fn rival(tree: &[Key], mut place: usize, levels: u32) -> Key {
    let mut first = Key::NEVER;
    for _ in 0..levels {
        let other = tree[place ^ 1];
        first = select_unpredictable(other < first, other, first);
        place >>= 1;
    }
    first
}

/// Puts `key` at `place`, and finds the winners above it; the winner of all.
#[inline(always)]
fn climb(tree: &mut [Key], mut place: usize, levels: u32, mut key: Key) -> Key {
    for _ in 0..levels {
        tree[place] = key;
        let other = tree[place ^ 1];
        key = select_unpredictable(other < key, other, key);
        place >>= 1;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};

    #[test]
    fn the_first_of_all_is_the_least() {
        for places in [1, 64, 65, 130, 500u32] {
            let mut draw = Stream::new(7, Purpose::Workload, places, 0);
            let (mut winners, mut times) = (Winners::default(), vec![f64::INFINITY; places as usize]);
            winners.clear(times.len());
            assert!(winners.first() >= Key::NEVER);
            for _ in 0..2000 {
                let place = draw.below(places) as usize;
                times[place] = if draw.below(4) == 0 { f64::INFINITY } else { f64::from(draw.below(99)) };
                winners.set(place, times[place]);
                let least = times.iter().copied().fold(f64::INFINITY, f64::min);
                let found =
                    Some(winners.first()).filter(|&key| key < Key::NEVER).map(|key| winners.place(key));
                assert_eq!(found, times.iter().position(|&at| at == least && at < f64::INFINITY));
                let as_early = |key: Key, time: f64| winners.are_close(key, winners.key(0, time));
                assert!(as_early(winners.first(), least));
                let others = times.iter().enumerate().filter(|&(other, _)| other != place);
                let second = others.map(|(_, &at)| at).fold(f64::INFINITY, f64::min);
                assert!(as_early(winners.first_beside(place), second));
            }
        }
    }

    #[test]
    fn times_that_hardly_differ_share_their_keys() {
        let mut winners = Winners::default();
        winners.clear(3);
        let time = 1.5f64;
        let next = f64::from_bits(time.to_bits() + 1);
        winners.set(0, next);
        winners.set(1, time);
        assert_eq!(winners.place(winners.first()), 0);
        assert!(winners.are_close(winners.first(), winners.first_beside(0)));
    }
}
