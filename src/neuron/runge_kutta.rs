//! The classical Runge–Kutta step of order four.

/// Advances `y` by a step of `h` under `dy/dt = slope(y)`.
#[inline(always)]
pub(super) fn rk4<const N: usize>(y: [f64; N], h: f64, slope: impl Fn([f64; N]) -> [f64; N]) -> [f64; N] {
    let ahead = |k: [f64; N], part: f64| std::array::from_fn(|i| y[i] + k[i] * (h * part));
    let k1 = slope(y);
    let k2 = slope(ahead(k1, 0.5));
    let k3 = slope(ahead(k2, 0.5));
    let k4 = slope(ahead(k3, 1.0));
    std::array::from_fn(|i| y[i] + h / 6.0 * (k1[i] + 2.0 * (k2[i] + k3[i]) + k4[i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Halving the step of a fourth-order scheme divides its error by sixteen.
    #[test]
    fn the_error_falls_with_the_fourth_power_of_the_step() {
        let error = |steps: u32| {
            let h = 1.0 / f64::from(steps);
            let end = (0..steps).fold([1.0, 0.0], |y, _| rk4(y, h, |[x, v]| [v, -x]));
            (end[0] - 1.0f64.cos()).hypot(end[1] + 1.0f64.sin())
        };
        let ratio = error(20) / error(40);
        assert!((ratio - 16.0).abs() < 0.6, "{ratio}");
    }
}
