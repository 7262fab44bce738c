//! One value per synapse, or one for all.

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

    /// The column whose entry `i` is entry `order[i]` of this one.
    #[must_use]
    pub fn permuted(&self, order: &[u32]) -> Self {
        match self {
            Self::Uniform(value) => Self::Uniform(*value),
            Self::Each(values) => Self::Each(order.iter().map(|&from| values[from as usize]).collect()),
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
