//! One value per synapse, or one for all.

use super::Moves;

/// A column that is one value as long as all are equal.
#[derive(Clone, Debug, PartialEq)]
pub enum Column<T> {
    /// Every entry has this value.
    Uniform(T),
    /// Each entry has its own.
    Each(Vec<T>),
}

impl<T: Copy + PartialEq + Default> Column<T> {
    /// The column of `values`.
    pub fn new(values: Vec<T>) -> Self {
        let first = values.first().copied().unwrap_or_default();
        if values.iter().all(|&value| value == first) { Self::Uniform(first) } else { Self::Each(values) }
    }

    /// The entry at `index`.
    #[inline]
    pub fn at(&self, index: usize) -> T {
        match self {
            Self::Uniform(value) => *value,
            Self::Each(values) => values[index],
        }
    }

    /// The column in another order.
    #[must_use]
    pub fn moved(self, moves: &Moves) -> Self {
        match self {
            Self::Uniform(value) => Self::Uniform(value),
            Self::Each(values) => Self::Each(moves.applied(values)),
        }
    }

    /// Appends `value` to a column that has `len` entries so far.
    pub fn push(&mut self, len: usize, value: T) {
        match self {
            Self::Uniform(all) if len == 0 => *all = value,
            Self::Uniform(all) if *all == value => {}
            Self::Uniform(all) => {
                let mut values = vec![*all; len];
                values.push(value);
                *self = Self::Each(values);
            }
            Self::Each(values) => values.push(value),
        }
    }

    /// Appends a column of `more` entries to one that has `len` so far.
    pub fn append(&mut self, len: usize, (other, more): (Self, usize)) {
        match (&mut *self, other) {
            (_, Self::Uniform(_)) if more == 0 => {}
            (Self::Uniform(all), Self::Uniform(value)) if len == 0 || *all == value => *all = value,
            (Self::Each(values), Self::Uniform(value)) => values.resize(len + more, value),
            (Self::Each(values), Self::Each(other)) => values.extend(other),
            (Self::Uniform(all), other) => {
                let mut values = vec![*all; len];
                values.extend((0..more).map(|at| other.at(at)));
                *self = Self::Each(values);
            }
        }
    }

    /// Forgets the entries from `len` on, and gives back the memory that they took.
    pub fn truncate(&mut self, len: usize) {
        if let Self::Each(values) = self {
            values.truncate(len);
            values.shrink_to_fit();
        }
    }

    /// Forgets all entries, and keeps their room.
    pub fn clear(&mut self) {
        if let Self::Each(values) = self {
            values.clear();
        }
    }

    /// The entries that differ, each at least once.
    pub fn values(&self) -> &[T] {
        match self {
            Self::Uniform(value) => std::slice::from_ref(value),
            Self::Each(values) => values,
        }
    }

    /// Memory taken on the heap [bytes].
    pub fn bytes(&self) -> usize {
        match self {
            Self::Uniform(_) => 0,
            Self::Each(values) => size_of_val(values.as_slice()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_are_appended_hold_what_both_held() {
        let columns = || [(vec![], 0), (vec![3, 3], 2), (vec![3], 1), (vec![4], 1), (vec![5, 6], 2)];
        for (first, len) in columns() {
            for (second, more) in columns() {
                let mut column = Column::new(first.clone());
                column.append(len, (Column::new(second.clone()), more));
                let held: Vec<u8> = (0..len + more).map(|at| column.at(at)).collect();
                assert_eq!(held, [first.clone(), second].concat());
            }
        }
    }
}
