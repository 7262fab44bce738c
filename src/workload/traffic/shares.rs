//! Draws from a weighted list in constant time: the alias method (Walker 1977, doi 10.1145/355744.355749,
//! tables built as in Vose 1991, doi 10.1109/32.92917).

use super::dice::below;

/// One column of an alias table: `own` with probability `threshold` / 2³², else `other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    threshold: u32,
    own: u32,
    other: u32,
}

/// The alias table of (item, weight) pairs. The weights are finite, none is negative and their sum is
/// positive. Each item's share is exact to 2⁻³².
pub(super) fn columns(weighted: impl Iterator<Item = (u32, f64)> + Clone) -> Vec<Column> {
    let total: f64 = weighted.clone().map(|(_, weight)| weight).sum();
    let positive: Vec<(u32, f64)> = weighted.filter(|&(_, weight)| weight > 0.0).collect();
    let scale = positive.len() as f64 / total;
    let mut height: Vec<f64> = positive.iter().map(|&(_, weight)| weight * scale).collect();
    let mut columns: Vec<Column> =
        positive.iter().map(|&(item, _)| Column { threshold: u32::MAX, own: item, other: item }).collect();
    let (mut low, mut high): (Vec<usize>, Vec<usize>) = (0..height.len()).partition(|&i| height[i] < 1.0);
    while let (Some(small), Some(&large)) = (low.pop(), high.last()) {
        columns[small].threshold = (height[small] * 2f64.powi(32)) as u32;
        columns[small].other = columns[large].own;
        height[large] -= 1.0 - height[small];
        if height[large] < 1.0 {
            high.pop();
            low.push(large);
        }
    }
    columns
}

/// The item that the uniform 64 bits `word` pick.
#[inline]
pub(super) fn draw(columns: &[Column], word: u64) -> u32 {
    let (index, rest) = below(word, columns.len() as u32);
    let column = &columns[index as usize];
    if ((rest >> 32) as u32) < column.threshold { column.own } else { column.other }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::dice::Dice;
    use super::*;
    use crate::base::NodeId;

    /// Share of each item in the table, read off its columns.
    fn shares(columns: &[Column], items: usize) -> Vec<f64> {
        let mut share = vec![0.0; items];
        for column in columns {
            let own = f64::from(column.threshold) / 2f64.powi(32);
            share[column.own as usize] += own / columns.len() as f64;
            share[column.other as usize] += (1.0 - own) / columns.len() as f64;
        }
        share
    }

    proptest! {
        #[test]
        fn a_table_holds_the_weights_it_was_given(
            weights in prop::collection::vec(prop_oneof![Just(0.0), 1e-6..1e3], 1..40)
        ) {
            let total: f64 = weights.iter().sum();
            prop_assume!(total > 0.0);
            let table = columns(weights.iter().enumerate().map(|(i, &w)| (i as u32, w)));
            for (share, weight) in shares(&table, weights.len()).iter().zip(&weights) {
                prop_assert!((share - weight / total).abs() < 1e-8, "{share} for {weight} of {total}");
                prop_assert!(*weight > 0.0 || *share == 0.0, "an item without weight can be drawn");
            }
        }
    }

    #[test]
    fn draws_follow_the_table() {
        let table = columns([(3, 1.0), (7, 2.0), (9, 5.0)].into_iter());
        let mut counts = [0f64; 10];
        let words = (0..80_000).map(|index| Dice { seed: 5, node: NodeId(0), index }.throw().target);
        words.for_each(|word| counts[draw(&table, word) as usize] += 1.0);
        let chi2: f64 =
            [(3, 1e4), (7, 2e4), (9, 5e4)].iter().map(|&(i, e)| (counts[i] - e).powi(2) / e).sum();
        assert!(chi2 < 13.8, "chi-squared {chi2} exceeds the 0.1 % point of 2 degrees of freedom");
    }
}
