//! Exact integration of linear membrane equations (Rotter & Diesmann 1999, doi 10.1007/s004220050570).
//!
//! A membrane `dv/dt = −v/τ_m + i(t)/C` that is driven by a decaying current has the exact step
//! `v(Δ) = v(0)·e^(−Δ/τ_m) + gain·i(0)`. The gains are integrals with removable singularities where
//! the time constants coincide; the forms used here have none.

/// `∫₀¹ e^(−ys) ds`.
fn mean_decay(y: f64) -> f64 {
    if y == 0.0 { 1.0 } else { -(-y).exp_m1() / y }
}

/// `∫₀¹ s·e^(−ys) ds`. The closed form `(1 − (1+y)e^(−y))/y²` cancels for small `y`; there the
/// series `Σ (−y)^k / (k!·(k+2))` is used, to full precision for |y| < 1.
fn mean_decay_ramp(y: f64) -> f64 {
    if y.abs() >= 1.0 {
        return (1.0 - (1.0 + y) * (-y).exp()) / (y * y);
    }
    let mut power = 1.0;
    let mut sum = 0.0;
    for k in 0..20 {
        let k = f64::from(k);
        sum += power / (k + 2.0);
        power *= -y / (k + 1.0);
    }
    sum
}

/// What one step does to the potential of a membrane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Membrane {
    /// Factor on the deviation of the potential from rest.
    pub decay: f64,
    /// Deviation per unit of a constant current (mV/pA).
    pub constant: f64,
    tau: f64,
    capacitance: f64,
    dt: f64,
}

impl Membrane {
    /// A membrane of time constant `tau` (ms) and `capacitance` (pF) in steps of `dt` (ms).
    pub(super) fn new(tau: f64, capacitance: f64, dt: f64) -> Self {
        let constant = tau / capacitance * -(-dt / tau).exp_m1();
        Self { decay: (-dt / tau).exp(), constant, tau, capacitance, dt }
    }

    /// The change of the decay exponent when time is counted from the membrane's decay.
    fn exponent(&self, tau_syn: f64) -> f64 {
        self.dt * (1.0 / tau_syn - 1.0 / self.tau)
    }

    /// Deviation per unit of a current that decays with `tau_syn` (mV/pA).
    pub(super) fn exponential(&self, tau_syn: f64) -> f64 {
        self.decay / self.capacitance * self.dt * mean_decay(self.exponent(tau_syn))
    }

    /// Deviation per unit of the auxiliary variable `x` of an alpha current, `di/dt = (x − i)/τ` and
    /// `dx/dt = −x/τ` (mV/pA).
    pub(super) fn alpha(&self, tau_syn: f64) -> f64 {
        let ramp = self.dt * self.dt / tau_syn * mean_decay_ramp(self.exponent(tau_syn));
        self.decay / self.capacitance * ramp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Simpson's rule on `∫₀^Δ e^(−(Δ−s)/τ_m)·i(s) ds / C`.
    fn quadrature(dt: f64, tau: f64, current: impl Fn(f64) -> f64) -> f64 {
        let n = 2000;
        let f = |k: i32| {
            let s = dt * f64::from(k) / f64::from(n);
            (-(dt - s) / tau).exp() * current(s)
        };
        let inner: f64 = (1..n).map(|k| f(k) * if k % 2 == 1 { 4.0 } else { 2.0 }).sum();
        (f(0) + inner + f(n)) * dt / f64::from(n) / 3.0
    }

    #[test]
    fn gains_are_the_integrals_they_stand_for_even_where_time_constants_coincide() {
        for (tau, tau_syn, dt) in
            [(10.0, 2.0, 0.1), (10.0, 10.0, 0.1), (10.0, 10.0 + 1e-9, 1.0), (5.0, 0.3, 1.0)]
        {
            let membrane = Membrane::new(tau, 1.0, dt);
            let check = |gain: f64, exact: f64| {
                assert!(
                    (gain / exact - 1.0).abs() < 1e-11,
                    "{gain} is not {exact} for {tau}, {tau_syn}, {dt}"
                );
            };
            check(membrane.constant, quadrature(dt, tau, |_| 1.0));
            check(membrane.exponential(tau_syn), quadrature(dt, tau, |s| (-s / tau_syn).exp()));
            let alpha = |s: f64| s / tau_syn * (-s / tau_syn).exp();
            check(membrane.alpha(tau_syn), quadrature(dt, tau, alpha));
        }
    }
}
