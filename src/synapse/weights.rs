//! Weights in few bytes: numbers into a table of levels as long as there are few of them, as in hardware.

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
    pub fn new(weights: Vec<f64>) -> Self {
        let mut table: Vec<u64> = Vec::new();
        for block in weights.chunks(MOST_LEVELS) {
            table.extend(block.iter().map(|weight| weight.to_bits()));
            table.sort_unstable();
            table.dedup();
            if table.len() > MOST_LEVELS {
                return Self::Exact(weights);
            }
        }
        let place = |weight: &f64| table.partition_point(|&level| level < weight.to_bits()) as u16;
        let index = weights.iter().map(place).collect();
        Self::Levels { table: table.into_iter().map(f64::from_bits).collect(), index }
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

    /// The weights whose entry `i` is entry `order[i]` of these.
    #[must_use]
    pub fn permuted(&self, order: &[u32]) -> Self {
        let from = order.iter().map(|&from| from as usize);
        match self {
            Self::Levels { table, index } => {
                Self::Levels { table: table.clone(), index: from.map(|from| index[from]).collect() }
            }
            Self::Exact(weights) => Self::Exact(from.map(|from| weights[from]).collect()),
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

impl super::plasticity::Weights for Weights {
    fn weight(&self, position: u32) -> f64 {
        self.at(position as usize)
    }

    fn set_weight(&mut self, position: u32, weight: f64) {
        self.set(position as usize, weight);
    }
}
