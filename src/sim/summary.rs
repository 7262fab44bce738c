//! A distribution in a few numbers.

use hdrhistogram::Histogram;

use crate::noc::engine::Counts;

/// Significant digits that percentiles keep: exact below 20,000 cycles.
const DIGITS: u8 = 4;

/// Mean, extremes and percentiles of a distribution of integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Number of values.
    pub count: u64,
    /// Mean.
    pub mean: f64,
    /// Least.
    pub min: u64,
    /// Median: half of the values are no greater.
    pub p50: u64,
    /// 90 % of the values are no greater.
    pub p90: u64,
    /// 99 % of the values are no greater.
    pub p99: u64,
    /// 99.9 % of the values are no greater.
    pub p999: u64,
    /// Greatest.
    pub max: u64,
}

impl Summary {
    /// The summary of `counts`; `None` of nothing.
    pub fn of(counts: &Counts) -> Option<Self> {
        let mean = counts.mean()?;
        let max = counts.iter().map(|(value, _)| value).max()?;
        let min = counts.iter().map(|(value, _)| value).min()?;
        let mut histogram = Histogram::<u64>::new_with_bounds(1, max.max(2), DIGITS).ok()?;
        for (value, times) in counts.iter() {
            histogram.record_n(value, times).ok()?;
        }
        let quantile = |share: f64| histogram.value_at_quantile(share).clamp(min, max);
        let (p50, p90, p99, p999) = (quantile(0.5), quantile(0.9), quantile(0.99), quantile(0.999));
        Some(Self { count: counts.count, mean, min, p50, p90, p99, p999, max })
    }
}
