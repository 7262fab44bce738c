//! Weights in few bytes: numbers into a table of levels as long as there are few of them, as in hardware.

use std::collections::BTreeMap;

use super::Moves;

/// Distinct weights up to which a table of them is kept instead of one number per synapse.
const MOST_LEVELS: usize = 1 << 16;

/// Exact weights.
#[derive(Clone, Debug, PartialEq)]
pub enum Weights {
    /// Two bytes each, and a table of the numbers they stand for.
    Levels {
        /// The numbers, sorted by their bits at first.
        table: Vec<f64>,
        /// By synapse.
        index: Vec<u16>,
    },
    /// The numbers themselves.
    Exact(Vec<f64>),
}

/// The number of `weight` in `table`, which it is added to if it is new; `None` if there is no room for it.
pub(super) fn level(table: &mut Vec<f64>, weight: f64) -> Option<u16> {
    let known = table.iter().position(|level| level.to_bits() == weight.to_bits());
    let level = known.or_else(|| {
        (table.len() < MOST_LEVELS).then(|| {
            table.push(weight);
            table.len() - 1
        })
    });
    level.map(|level| level as u16)
}

impl Weights {
    /// Stores `weights`.
    pub fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut list = WeightList::default();
        weights.into_iter().for_each(|weight| list.push(weight));
        list.finish()
    }

    /// Number of synapses.
    pub fn len(&self) -> usize {
        match self {
            Self::Levels { index, .. } => index.len(),
            Self::Exact(weights) => weights.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The weight of synapse `index`.
    #[inline]
    pub fn at(&self, index: usize) -> f64 {
        match self {
            Self::Levels { table, index: levels } => table[usize::from(levels[index])],
            Self::Exact(weights) => weights[index],
        }
    }

    /// Gives synapse `at` another weight.
    pub fn set(&mut self, at: usize, weight: f64) {
        if let Self::Levels { table, index } = self {
            if let Some(level) = level(table, weight) {
                index[at] = level;
                return;
            }
            *self = Self::Exact(index.iter().map(|&level| table[usize::from(level)]).collect());
        }
        if let Self::Exact(weights) = self {
            weights[at] = weight;
        }
    }

    /// Appends a weight as it is.
    #[inline]
    pub fn push(&mut self, weight: f64) {
        match self {
            Self::Exact(weights) => weights.push(weight),
            Self::Levels { .. } => {
                let mut weights: Vec<f64> = (0..self.len()).map(|at| self.at(at)).collect();
                weights.push(weight);
                *self = Self::Exact(weights);
            }
        }
    }

    /// Forgets the weights from `len` on, and gives back the memory that they took.
    pub fn truncate(&mut self, len: usize) {
        match self {
            Self::Exact(weights) => {
                weights.truncate(len);
                weights.shrink_to_fit();
            }
            Self::Levels { index, .. } => {
                index.truncate(len);
                index.shrink_to_fit();
            }
        }
    }

    /// Forgets all weights, and keeps their room.
    pub fn clear(&mut self) {
        match self {
            Self::Exact(weights) => weights.clear(),
            Self::Levels { table, index } => {
                table.clear();
                index.clear();
            }
        }
    }

    /// The weights in another order.
    #[must_use]
    pub fn moved(self, moves: &Moves) -> Self {
        match self {
            Self::Levels { table, index } => Self::Levels { table, index: moves.applied(index) },
            Self::Exact(weights) => Self::Exact(moves.applied(weights)),
        }
    }

    /// Memory taken [bytes].
    pub fn bytes(&self) -> usize {
        match self {
            Self::Levels { table, index } => 8 * table.len() + 2 * index.len(),
            Self::Exact(weights) => 8 * weights.len(),
        }
    }
}

/// Weights that are made one after the other.
#[derive(Clone, Debug)]
pub struct WeightList {
    /// Levels in the order in which they came.
    weights: Weights,
    /// Their numbers by their bits.
    known: BTreeMap<u64, u16>,
    /// The last weight and its number: most are followed by their like.
    last: Option<(u64, u16)>,
}

impl Default for WeightList {
    fn default() -> Self {
        let weights = Weights::Levels { table: Vec::new(), index: Vec::new() };
        Self { weights, known: BTreeMap::new(), last: None }
    }
}

impl WeightList {
    /// Number of weights so far.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The weight at `index`.
    #[inline]
    pub fn at(&self, index: usize) -> f64 {
        self.weights.at(index)
    }

    /// Makes room for `more` weights at once.
    pub fn reserve(&mut self, more: usize) {
        match &mut self.weights {
            Weights::Levels { index, .. } => index.reserve_exact(more),
            Weights::Exact(weights) => weights.reserve_exact(more),
        }
    }

    /// Appends a weight.
    #[inline]
    pub fn push(&mut self, weight: f64) {
        if let Weights::Levels { index, .. } = &mut self.weights
            && let Some((_, level)) = self.last.filter(|&(bits, _)| bits == weight.to_bits())
        {
            return index.push(level);
        }
        match self.level(weight) {
            Some(level) => {
                self.last = Some((weight.to_bits(), level));
                if let Weights::Levels { index, .. } = &mut self.weights {
                    index.push(level);
                }
            }
            None => self.weights.push(weight),
        }
    }

    /// The number of `weight`, which it gets if it is new; `None` if numbers have run out.
    fn level(&mut self, weight: f64) -> Option<u16> {
        let Weights::Levels { table, .. } = &mut self.weights else { return None };
        if let Some(&level) = self.known.get(&weight.to_bits()) {
            return Some(level);
        }
        let level = u16::try_from(table.len()).ok()?;
        table.push(weight);
        self.known.insert(weight.to_bits(), level);
        Some(level)
    }

    /// Appends what another list holds.
    pub fn append(&mut self, other: Self) {
        let (table, others) = match other.weights {
            Weights::Exact(weights) => return weights.into_iter().for_each(|weight| self.push(weight)),
            Weights::Levels { table, index } => (table, index),
        };
        let levels: Option<Vec<u16>> = table.iter().map(|&weight| self.level(weight)).collect();
        match (&mut self.weights, levels) {
            (Weights::Levels { index, .. }, Some(levels)) => {
                index.extend(others.into_iter().map(|level| levels[usize::from(level)]));
            }
            _ => others.into_iter().for_each(|level| self.weights.push(table[usize::from(level)])),
        }
    }

    /// The weights, their levels sorted by their bits.
    pub fn finish(self) -> Weights {
        let Weights::Levels { table, mut index } = self.weights else { return self.weights };
        let sorted: Vec<f64> = self.known.keys().map(|&bits| f64::from_bits(bits)).collect();
        if !table.is_sorted_by_key(|level| level.to_bits()) {
            let mut place = vec![0u16; table.len()];
            (0..=u16::MAX).zip(self.known.values()).for_each(|(new, &old)| place[usize::from(old)] = new);
            index.iter_mut().for_each(|level| *level = place[usize::from(*level)]);
        }
        Weights::Levels { table: sorted, index }
    }
}

impl super::plasticity::Weights for Weights {
    fn weight(&self, position: u32) -> f64 {
        self.at(position as usize)
    }

    fn set_weight(&mut self, position: u32, weight: f64) {
        self.set(position as usize, weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_are_appended_hold_what_both_held_in_sorted_levels() {
        let few = |from: u32| (0..9).map(move |i| f64::from((from + 7 * i) % 5) - 2.0).collect::<Vec<_>>();
        let many: Vec<f64> = (0..70_000).map(|i| f64::from(i).sqrt()).collect();
        for (first, second) in [(few(0), few(3)), (few(0), many.clone()), (many, few(1))] {
            let [mut list, other] = [&first, &second].map(|weights| {
                let mut list = WeightList::default();
                weights.iter().for_each(|&weight| list.push(weight));
                list
            });
            list.append(other);
            let all: Vec<f64> = first.iter().chain(&second).copied().collect();
            assert!(all.iter().enumerate().all(|(at, &weight)| list.at(at) == weight));
            let weights = list.finish();
            assert!(all.iter().enumerate().all(|(at, &weight)| weights.at(at) == weight));
            if let Weights::Levels { table, .. } = weights {
                assert!(all.len() < 70_000 && table.is_sorted_by_key(|level| level.to_bits()));
            }
        }
    }
}
