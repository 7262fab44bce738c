//! Columns of synapses that are put into another order run by run.

/// Runs of consecutive entries, and where each goes; every entry goes somewhere, and no two to one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// First entry, where that goes, and how many follow it together with it.
    runs: Vec<[u32; 3]>,
}

impl Moves {
    /// No run yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the run of `len` entries from `from` on, which go to `to` and after.
    #[inline]
    pub fn push(&mut self, from: u32, to: u32, len: u32) {
        self.runs.push([from, to, len]);
    }

    /// Whether everything stays where it is.
    pub fn is_nothing(&self) -> bool {
        self.runs.iter().all(|[from, to, _]| from == to)
    }

    /// `column` in the new order.
    #[must_use]
    pub fn applied<T: Copy + Default>(&self, column: &[T]) -> Vec<T> {
        let mut moved = vec![T::default(); column.len()];
        for &[from, to, len] in &self.runs {
            let [from, to, len] = [from, to, len].map(|at| at as usize);
            moved[to..to + len].copy_from_slice(&column[from..from + len]);
        }
        moved
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
        assert_eq!(moves.applied(&['a', 'b', 'c', 'd', 'e']), ['c', 'd', 'e', 'a', 'b']);
        assert!(!moves.is_nothing());
    }
}
