//! Confidence intervals and goodness of fit.

/// Normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % confidence interval of a proportion (Wilson 1927, doi 10.1080/01621459.1927.10502953).
pub(super) fn wilson(hits: u64, trials: u64) -> [f64; 2] {
    if trials == 0 {
        return [0.0, 1.0];
    }
    let (n, p) = (trials as f64, hits as f64 / trials as f64);
    let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    [(centre - half).max(0.0), (centre + half).min(1.0)]
}

/// Half the width of the 95 % interval of a mean of values with this sum and sum of squares.
pub(super) fn mean_half_width(sum: f64, squares: f64, count: u64) -> Option<f64> {
    let n = count as f64;
    (count > 1).then(|| Z * ((squares - sum * sum / n).max(0.0) / (n - 1.0) / n).sqrt())
}

/// Pearson's χ² of counts against probabilities, with its degrees of freedom. Cells of fewer than five
/// expected counts are pooled.
pub(super) fn chi_squared(counts: &[u64], probabilities: &[f64]) -> (f64, u32) {
    let total = counts.iter().sum::<u64>() as f64;
    let (mut chi2, mut cells) = (0.0, 0u32);
    let mut pool = (0.0, 0.0);
    let mut add = |count: f64, expected: f64| {
        chi2 += (count - expected).powi(2) / expected;
        cells += 1;
    };
    for (&count, &probability) in counts.iter().zip(probabilities) {
        let expected = total * probability;
        if expected >= 5.0 {
            add(count as f64, expected);
        } else {
            pool = (pool.0 + count as f64, pool.1 + expected);
        }
    }
    if pool.1 > 1e-9 {
        add(pool.0, pool.1);
    } else if pool.0 > 0.0 {
        // Somebody is where nobody can be.
        return (f64::INFINITY, cells.max(1));
    }
    (chi2, cells.saturating_sub(1))
}

/// How many standard deviations a χ² is above its mean (Wilson & Hilferty 1931, doi 10.1073/pnas.17.12.684).
pub(super) fn deviation(chi2: f64, freedom: u32) -> f64 {
    if freedom == 0 {
        return if chi2 > 1e-6 { f64::INFINITY } else { 0.0 };
    }
    let spread = 2.0 / (9.0 * f64::from(freedom));
    ((chi2 / f64::from(freedom)).cbrt() - (1.0 - spread)) / spread.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_the_tabulated_ones() {
        // 8 of 10: Wilson's interval is 0.4902 to 0.9433 (Agresti & Coull 1998, doi 10.2307/2685469).
        let [low, high] = wilson(8, 10);
        assert!((low - 0.4902).abs() < 5e-5 && (high - 0.9433).abs() < 5e-5, "{low} {high}");
        // The 99 % point of 99 degrees of freedom is 134.64, 2.326 standard deviations.
        assert!((deviation(134.64, 99) - 2.326).abs() < 0.01, "{}", deviation(134.64, 99));
    }

    #[test]
    fn rare_cells_are_pooled() {
        assert_eq!(chi_squared(&[60, 36, 3, 1], &[0.6, 0.36, 0.02, 0.02]), (0.0, 2));
        assert_eq!(chi_squared(&[99, 1], &[1.0, 0.0]).0, f64::INFINITY);
    }
}
