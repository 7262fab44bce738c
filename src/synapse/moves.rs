//! Columns of synapses that are put into another order run by run.

/// Where each entry goes; every one goes somewhere, and no two to one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moves {
    /// Consecutive entries that stay together: the first, where it goes, and how many there are. Others stay.
    Runs(Vec<[u32; 3]>),
    /// Entry by entry.
    Each(Vec<u32>),
}

/// Size of entries up to which they are not moved where they are [bytes].
const SMALL: usize = 2;

impl Default for Moves {
    fn default() -> Self {
        Self::new()
    }
}

impl Moves {
    /// No run yet.
    pub fn new() -> Self {
        Self::Runs(Vec::new())
    }

    /// Every entry goes to its own place in `places`.
    pub fn each(places: Vec<u32>) -> Self {
        Self::Each(places)
    }

    /// Adds the run of `len` entries from `from` on, which go to `to` and after.
    ///
    /// # Panics
    /// In debug builds, where entries go one by one.
    #[inline]
    pub fn push(&mut self, from: u32, to: u32, len: u32) {
        match self {
            Self::Runs(runs) => runs.push([from, to, len]),
            Self::Each(_) => debug_assert!(false, "runs are not added to single entries"),
        }
    }

    /// Whether everything stays where it is.
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Runs(runs) => runs.iter().all(|[from, to, _]| from == to),
            Self::Each(places) => places.is_sorted(),
        }
    }

    /// `column` in the new order. Single entries change places where they are, if they are large; runs and small ones are
    /// put into another column, which is faster.
    #[must_use]
    pub fn applied<T: Copy + Default>(&self, mut column: Vec<T>) -> Vec<T> {
        match self {
            Self::Runs(_) if self.is_nothing() => column,
            Self::Runs(runs) => {
                let mut moved = vec![T::default(); column.len()];
                for &[from, to, len] in runs {
                    let [from, to, len] = [from, to, len].map(|at| at as usize);
                    moved[to..to + len].copy_from_slice(&column[from..from + len]);
                }
                moved
            }
            Self::Each(places) if size_of::<T>() <= SMALL => {
                let mut moved = vec![T::default(); column.len()];
                places.iter().zip(&column).for_each(|(&to, &entry)| moved[to as usize] = entry);
                moved
            }
            Self::Each(places) => {
                rotate(places, &mut column);
                column
            }
        }
    }
}

/// Brings every entry to its place: one pushes out the next, until a ring is closed.
fn rotate<T: Copy>(places: &[u32], column: &mut [T]) {
    let mut is_done = vec![0u64; places.len().div_ceil(64)];
    for start in 0..places.len() {
        if is_done[start / 64] >> (start % 64) & 1 == 1 {
            continue;
        }
        let (mut at, mut held) = (start, column[start]);
        loop {
            at = places[at] as usize;
            std::mem::swap(&mut held, &mut column[at]);
            is_done[at / 64] |= 1 << (at % 64);
            if at == start {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_change_places() {
        let mut moves = Moves::new();
        moves.push(0, 3, 2);
        moves.push(2, 0, 3);
        assert_eq!(moves.applied(vec!['a', 'b', 'c', 'd', 'e']), ['c', 'd', 'e', 'a', 'b']);
        assert!(!moves.is_nothing());
    }

    #[test]
    fn single_entries_change_places() {
        let moves = Moves::each(vec![3, 1, 0, 2, 4]);
        assert_eq!(moves.applied(vec!['a', 'b', 'c', 'd', 'e']), ['c', 'b', 'd', 'a', 'e']);
        assert_eq!(moves.applied(vec![b'a', b'b', b'c', b'd', b'e']), *b"cbdae");
        assert!(!moves.is_nothing() && Moves::each(vec![0, 1]).is_nothing());
    }
}
