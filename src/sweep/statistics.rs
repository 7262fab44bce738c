//! Means over repetitions and how sure they are.

/// Halvings of the interval that a quantile is searched in: to the last bit.
const HALVINGS: u32 = 200;

/// Terms of the continued fraction at most.
const TERMS: u32 = 10_000;

/// A mean over repetitions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Repetitions that have the metric.
    pub count: u32,
    /// Their mean.
    pub mean: f64,
    /// Half the width of the confidence interval of the mean, from Student's distribution; none for one
    /// repetition.
    pub half_width: Option<f64>,
}

/// Adds up a metric over repetitions (Welford, doi 10.1080/00401706.1962.10490022).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Moments {
    count: u32,
    mean: f64,
    squares: f64,
}

impl Moments {
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / f64::from(self.count);
        self.squares += before * (value - self.mean);
    }

    /// The estimate; `quantiles` gives Student's by the degrees of freedom.
    pub(super) fn estimate(&self, quantile: impl FnOnce(u32) -> f64) -> Option<Estimate> {
        let Self { count, mean, squares } = *self;
        let spread = |freedom: u32| {
            let deviation = (squares / f64::from(freedom)).sqrt();
            quantile(freedom) * deviation / f64::from(count).sqrt()
        };
        let half_width = (count > 1).then(|| spread(count - 1));
        (count > 0).then_some(Estimate { count, mean, half_width })
    }
}

/// The value that a variable with Student's distribution of `freedom` degrees stays within, in absolute
/// terms, with probability `confidence`.
///
/// ```
/// let quantile = spikeloom::sweep::student_quantile(4, 0.95);
/// assert!((quantile - 2.776).abs() < 1e-3);
/// ```
pub fn student_quantile(freedom: u32, confidence: f64) -> f64 {
    let outside = 1.0 - confidence;
    let freedom = f64::from(freedom.max(1));
    // P(|T| > t) = I_x(ν/2, 1/2) with x = ν/(ν + t²).
    let tail = |t: f64| incomplete_beta(freedom / (freedom + t * t), freedom / 2.0, 0.5);
    let (mut low, mut high) = (0.0, 1.0);
    while tail(high) > outside && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if tail(middle) > outside { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// The regularised incomplete beta function for multiples of one half
/// (DLMF 8.17.22, <https://dlmf.nist.gov/8.17#v>, by Lentz's method).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = a * x.ln() + b * (1.0 - x).ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
    let guard = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / guard(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for term in 1..TERMS {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = fraction;
        for coefficient in [even, odd] {
            d = 1.0 / guard(1.0 + coefficient * d);
            c = guard(1.0 + coefficient / c);
            fraction *= c * d;
        }
        if (fraction - before).abs() <= 1e-16 * fraction.abs() {
            break;
        }
    }
    (front.exp() * fraction / a).clamp(0.0, 1.0)
}

/// ln Γ by Stirling's series (DLMF 5.11.1) beyond 16, below by recurrence.
fn ln_gamma(mut z: f64) -> f64 {
    let mut shift = 0.0;
    while z < 16.0 {
        shift -= z.ln();
        z += 1.0;
    }
    let series = 1.0 / (12.0 * z) - 1.0 / (360.0 * z.powi(3)) + 1.0 / (1260.0 * z.powi(5));
    shift + (z - 0.5) * z.ln() - z + 0.5 * std::f64::consts::TAU.ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST/SEMATECH e-Handbook, 1.3.6.7.2: upper critical values of Student's distribution.
    #[test]
    fn quantiles_are_those_of_the_handbook() {
        for (freedom, confidence, expected) in [
            (1, 0.95, 12.706),
            (2, 0.95, 4.303),
            (4, 0.95, 2.776),
            (9, 0.95, 2.262),
            (29, 0.95, 2.045),
            (100, 0.95, 1.984),
            (1_000_000, 0.95, 1.960),
            (1, 0.99, 63.657),
            (4, 0.99, 4.604),
            (10, 0.8, 1.372),
            (5, 0.998, 5.893),
        ] {
            let found = student_quantile(freedom, confidence);
            assert!((found - expected).abs() < 6e-4, "t({freedom}, {confidence}) = {found}, not {expected}");
        }
    }

    #[test]
    fn one_degree_of_freedom_has_a_closed_form() {
        for confidence in [0.5, 0.9, 0.999] {
            let exact = (std::f64::consts::FRAC_PI_2 * confidence).tan();
            assert!((student_quantile(1, confidence) / exact - 1.0).abs() < 1e-9, "{confidence}");
        }
    }

    #[test]
    fn means_have_the_textbook_interval() {
        let mut moments = Moments::default();
        [4.0, 8.0, 6.0, 2.0, 5.0].into_iter().for_each(|value| moments.add(value));
        let estimate = moments.estimate(|freedom| student_quantile(freedom, 0.95)).expect("there are values");
        assert_eq!((estimate.count, estimate.mean), (5, 5.0));
        // s² = 20/4, half width = 2.7764 √(5/5).
        assert!((estimate.half_width.expect("five values") - 2.776_445).abs() < 1e-5);
        let mut single = Moments::default();
        single.add(3.0);
        assert_eq!(single.estimate(|_| 0.0), Some(Estimate { count: 1, mean: 3.0, half_width: None }));
        assert_eq!(Moments::default().estimate(|_| 0.0), None);
    }
}
