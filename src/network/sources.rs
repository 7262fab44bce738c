//! Which neuron each synapse comes from, while synapses are made in any order.

use std::ops::Range;

use crate::synapse::Moves;

/// The source of each synapse: noted once for consecutive ones, as long as there are some of them.
#[derive(Clone, Debug)]
pub(super) enum Sources {
    /// Where consecutive synapses of one source begin: the source, and the first of them.
    Runs(Vec<(u32, u32)>),
    /// Synapse by synapse.
    Each(Vec<u32>),
}

/// Runs up to which nobody counts how long they are.
const FEW_RUNS: usize = 1 << 10;

/// Length from which on runs are moved as a whole [synapses]. Shorter ones would take more memory than their synapses.
const LONG_RUN: usize = 16;

impl Default for Sources {
    fn default() -> Self {
        Self::Runs(Vec::new())
    }
}

impl Sources {
    /// Appends a synapse to the `len` that there are.
    #[inline]
    pub(super) fn push(&mut self, len: usize, source: u32) {
        match self {
            Self::Each(sources) => sources.push(source),
            Self::Runs(runs) => {
                if runs.last().is_none_or(|&(last, _)| last != source) {
                    runs.push((source, len as u32));
                    self.settle(len + 1);
                }
            }
        }
    }

    /// Appends the sources of `more` synapses to those of the `len` that there are.
    pub(super) fn append(&mut self, len: usize, (other, more): (Self, usize)) {
        match (&mut *self, other) {
            (Self::Runs(runs), Self::Runs(others)) => {
                runs.extend(others.into_iter().map(|(source, first)| (source, len as u32 + first)));
            }
            (_, other) => self.each(len).extend(other.all(more)),
        }
        self.settle(len + more);
    }

    /// Notes every source by itself if that takes less, of `len` synapses.
    #[inline]
    fn settle(&mut self, len: usize) {
        if let Self::Runs(runs) = self
            && runs.len() > FEW_RUNS.max(len / 2)
        {
            self.each(len);
        }
    }

    fn each(&mut self, len: usize) -> &mut Vec<u32> {
        if let Self::Runs(_) = self {
            *self = Self::Each(self.all(len));
        }
        let Self::Each(sources) = self else { unreachable!("made so above") };
        sources
    }

    /// The source of each of the `len` synapses.
    fn all(&self, len: usize) -> Vec<u32> {
        let mut all = Vec::with_capacity(len);
        for (source, own) in (0..self.runs()).map(|at| self.run(at, len)) {
            all.resize(own.end, source);
        }
        all
    }

    /// Number of runs.
    pub(super) fn runs(&self) -> usize {
        match self {
            Self::Runs(runs) => runs.len(),
            Self::Each(sources) => sources.len(),
        }
    }

    /// Run `at`: its source, and which of the `len` synapses it has.
    #[inline]
    pub(super) fn run(&self, at: usize, len: usize) -> (u32, Range<usize>) {
        match self {
            Self::Runs(runs) => {
                let (source, first) = runs[at];
                (source, first as usize..runs.get(at + 1).map_or(len, |&(_, end)| end as usize))
            }
            Self::Each(sources) => (sources[at], at..at + 1),
        }
    }

    /// By source, of `neurons`: the first of its synapses once they are in order; and one more entry.
    pub(super) fn first(&self, neurons: u32, len: usize) -> Vec<u32> {
        let mut first = vec![0u32; neurons as usize + 1];
        for (source, own) in (0..self.runs()).map(|at| self.run(at, len)) {
            first[source as usize + 1] += own.len() as u32;
        }
        (0..neurons as usize).for_each(|source| first[source + 1] += first[source]);
        first
    }

    /// Where the `len` synapses go that are put in the order of their sources, which begin at `first`.
    pub(super) fn moves(self, first: &[u32], len: usize) -> Moves {
        let is_sorted = match &self {
            Self::Runs(runs) => runs.is_sorted_by_key(|&(source, _)| source),
            Self::Each(sources) => sources.is_sorted(),
        };
        if is_sorted {
            return Moves::new();
        }
        let mut next = first.to_vec();
        let mut take = |source: u32, len: usize| {
            let next = &mut next[source as usize];
            *next += len as u32;
            *next - len as u32
        };
        if let Self::Runs(runs) = &self
            && runs.len() <= len / LONG_RUN
        {
            let mut moves = Moves::new();
            for (source, own) in (0..runs.len()).map(|at| self.run(at, len)) {
                moves.push(own.start as u32, take(source, own.len()), own.len() as u32);
            }
            return moves;
        }
        let mut places = match self {
            Self::Runs(_) => self.all(len),
            Self::Each(sources) => sources,
        };
        places.iter_mut().for_each(|place| *place = take(*place, 1));
        Moves::each(places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sources `list`, one by one and in two parts.
    fn check(list: &[u32]) {
        let made = |list: &[u32]| {
            let mut sources = Sources::default();
            list.iter().enumerate().for_each(|(len, &source)| sources.push(len, source));
            sources
        };
        let mut expected: Vec<usize> = (0..list.len()).collect();
        expected.sort_by_key(|&at| list[at]);
        for cut in [0, list.len() / 3, list.len()] {
            let mut sources = made(&list[..cut]);
            sources.append(cut, (made(&list[cut..]), list.len() - cut));
            assert_eq!(sources.all(list.len()), list);
            let first = sources.first(100, list.len());
            let ends = |source: u32| list.iter().filter(|&&it| it < source).count() as u32;
            assert!((0..=100).map(ends).eq(first.iter().copied()));
            let moved = sources.moves(&first, list.len()).applied((0..list.len()).collect());
            assert!(moved == expected, "{} runs", list.chunk_by(|a, b| a == b).count());
        }
    }

    #[test]
    fn synapses_come_into_the_order_of_their_sources() {
        check(&[]);
        check(&[5]);
        for run in [1, 2, 3, 40] {
            let scattered = |at: u32| (at / run).wrapping_mul(0x9E37_79B1) >> 16;
            check(&(0..20_000).map(|at| scattered(at) % 100).collect::<Vec<_>>());
            check(&(0..20_000).map(|at| at / run / 200 % 100).collect::<Vec<_>>());
        }
    }
}
