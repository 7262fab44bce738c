//! Which neurons of a bank share which parameters.
//!
//! A bank is cut into runs of neighbouring neurons with the same parameters. The update loops over
//! runs and, inside a run, over plain slices with constant coefficients, so that a shared parameter
//! costs neither memory nor time per neuron and a bank of equal neurons is one tight loop.

use std::ops::Range;

/// How many recent kinds are searched before a new one is stored; populations that alternate
/// between a few parameter sets stay small, and building stays linear.
const REACH: usize = 8;

/// Parts with fewer neurons can be joined.
const SHORT: u32 = 8;

/// A run of neighbouring neurons of one kind.
#[derive(Clone, Copy, Debug)]
struct Run {
    start: u32,
    end: u32,
    kind: u32,
}

/// The prepared parameter sets (`kinds`) of a bank and the runs of neurons that use them.
#[derive(Clone, Debug)]
pub(super) struct Layout<K> {
    kinds: Vec<K>,
    runs: Vec<Run>,
}

impl<K> Layout<K> {
    /// Lays out `parts`, each a parameter set and its number of neurons, in order. Equal sets that
    /// follow each other closely are prepared once.
    ///
    /// Short parts that follow each other and `join` become one run, whose kind is prepared from all of them.
    pub(super) fn new<P: PartialEq>(
        parts: &[(&P, u32)],
        join: impl Fn(&P, &P) -> bool,
        prepare: impl Fn(&[(&P, u32)]) -> K,
    ) -> Self {
        let mut sets: Vec<Option<&P>> = Vec::new();
        let mut layout = Self { kinds: Vec::new(), runs: Vec::new() };
        let mut start = 0;
        let is_short = |part: &(&P, u32)| part.1 < SHORT;
        for joined in parts.chunk_by(|a, b| is_short(a) && is_short(b) && join(a.0, b.0)) {
            let set = if let [(set, _)] = joined { Some(*set) } else { None };
            let recent = sets.len().saturating_sub(REACH);
            let known = sets[recent..].iter().rposition(|&other| other.is_some() && other == set);
            let kind = known.map_or(sets.len(), |i| recent + i);
            if known.is_none() {
                sets.push(set);
                layout.kinds.push(prepare(joined));
            }
            let count: u32 = joined.iter().map(|&(_, count)| count).sum();
            layout.append(Run { start, end: start + count, kind: kind as u32 });
            start += count;
        }
        layout
    }

    fn append(&mut self, run: Run) {
        match self.runs.last_mut() {
            _ if run.start == run.end => {}
            Some(last) if last.kind == run.kind => last.end = run.end,
            _ => self.runs.push(run),
        }
    }

    /// Number of neurons.
    pub(super) fn len(&self) -> usize {
        self.runs.last().map_or(0, |run| run.end as usize)
    }

    /// The runs in neuron order.
    pub(super) fn runs(&self) -> impl Iterator<Item = (Range<usize>, &K)> {
        self.runs.iter().map(|run| (run.start as usize..run.end as usize, &self.kinds[run.kind as usize]))
    }

    /// One value per neuron, the same within a run.
    pub(super) fn column<T: Clone>(&self, value: impl Fn(&K) -> T) -> Vec<T> {
        let mut column = Vec::with_capacity(self.len());
        for (range, kind) in self.runs() {
            column.resize(range.end, value(kind));
        }
        column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_neighbours_become_one_run_and_alternating_sets_are_prepared_once() {
        let parts = [(&1, 2), (&1, 3), (&2, 1), (&1, 4), (&3, 0)];
        let layout = Layout::new(&parts, |_, _| false, |part: &[(&i32, u32)]| part[0].0 * 10);
        let runs: Vec<_> = layout.runs().map(|(range, &kind)| (range, kind)).collect();
        assert_eq!(runs, [(0..5, 10), (5..6, 20), (6..10, 10)]);
        assert_eq!(layout.kinds, [10, 20, 30]);
        assert_eq!(layout.column(|&k| k), [10, 10, 10, 10, 10, 20, 10, 10, 10, 10]);
        assert_eq!(layout.len(), 10);
    }

    #[test]
    fn short_parts_that_join_become_one_run() {
        let parts = [(&1, 2), (&3, 1), (&2, 1), (&4, 9), (&6, 1)];
        let sum = |joined: &[(&i32, u32)]| joined.iter().map(|part| part.0).sum::<i32>();
        let layout = Layout::new(&parts, |a, b| a % 2 == b % 2, sum);
        let runs: Vec<_> = layout.runs().map(|(range, &kind)| (range, kind)).collect();
        assert_eq!(runs, [(0..3, 4), (3..4, 2), (4..13, 4), (13..14, 6)]);
    }
}
