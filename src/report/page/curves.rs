//! From distributions to what charts show: histograms by ratio, and percentile curves.

use serde::Serialize;

use crate::report::figures::Distribution;

/// Bins of a histogram for each factor of ten.
const BINS_PER_DECADE: f64 = 20.0;

/// Points of a percentile curve.
const POINTS: usize = 400;

/// A histogram whose bins grow by a ratio, but hold a whole number of values each.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Bins {
    /// First value of each bin, then the first that is beyond the last bin.
    pub edges: Vec<u64>,
    /// Values within each bin.
    pub counts: Vec<u64>,
}

/// The histogram of a distribution of latencies.
pub fn latency_bins(distribution: &Distribution) -> Bins {
    let Distribution { values, counts } = distribution;
    let (Some(&first), Some(&last)) = (values.first(), values.last()) else { return Bins::default() };
    let ratio = 10f64.powf(1.0 / BINS_PER_DECADE);
    let mut bins = Bins { edges: vec![first], counts: Vec::new() };
    let (mut edge, mut at) = (first, 0);
    while edge <= last {
        edge = ((edge as f64 * ratio).round() as u64).max(edge.saturating_add(1));
        let from = at;
        at += values[from..].partition_point(|&value| value < edge);
        bins.edges.push(edge);
        bins.counts.push(counts[from..at].iter().sum());
        if edge == u64::MAX {
            break;
        }
    }
    bins
}

/// Points (1 / (1 − share), value) such that this share of the values are no greater, thinned out. Its x
/// axis is logarithmic in what is left: 1 is the least value, 10 the 90th percentile, 100 the 99th.
pub fn percentile_curve(distribution: &Distribution) -> Vec<[f64; 2]> {
    let total: u64 = distribution.counts.iter().sum();
    let (mut below, mut points) = (0u64, Vec::new());
    for (&value, &count) in distribution.values.iter().zip(&distribution.counts) {
        if count > 0 {
            points.push([total as f64 / (total - below) as f64, value as f64]);
            below += count;
        }
    }
    thin_out(points)
}

/// Drops points that lie too close to be told apart on a logarithmic axis.
fn thin_out(points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    let Some(end) = points.last().copied() else { return points };
    let least = end[0].ln().max(1e-9) / POINTS as f64;
    let mut kept: Vec<[f64; 2]> = Vec::new();
    for point in points {
        if kept.last().is_none_or(|last| point[0].ln() - last[0].ln() >= least) {
            kept.push(point);
        }
    }
    if kept.last() != Some(&end) {
        kept.push(end);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uniform(values: std::ops::Range<u64>) -> Distribution {
        Distribution { counts: vec![1; values.clone().count()], values: values.collect() }
    }

    #[test]
    fn every_value_is_in_one_bin() {
        for range in [0..1, 1..2, 3..1000, 7..100_000] {
            let distribution = uniform(range.clone());
            let bins = latency_bins(&distribution);
            assert_eq!(bins.counts.iter().sum::<u64>(), range.end - range.start, "{range:?}");
            assert_eq!(bins.edges.len(), bins.counts.len() + 1);
            assert!(bins.edges.is_sorted_by(|a, b| a < b));
            // Of consecutive values, each bin holds as many as it is wide, but for the last.
            let whole = bins.edges.windows(2).zip(&bins.counts).take(bins.counts.len() - 1);
            assert!(whole.clone().all(|(edge, &count)| edge[1] - edge[0] == count), "{range:?}");
        }
    }

    #[test]
    fn percentiles_are_where_they_belong() {
        let curve = percentile_curve(&uniform(1..10_001));
        for share in [0.5, 0.9, 0.99, 0.999] {
            let [_, value] = curve.iter().rev().find(|point| point[0] <= 1.0 / (1.0 - share)).unwrap();
            // Within the distance of two points: one 400th of four decades, 2.3 % of what is left.
            assert!((value - 1e4 * share).abs() < 0.03 * 1e4 * (1.0 - share) + 2.0, "{share}: {value}");
        }
        assert_eq!(curve.last(), Some(&[10_000.0, 10_000.0]));
        assert!(curve.len() <= POINTS + 2);
    }
}
