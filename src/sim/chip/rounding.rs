//! Weights in few bits.

/// Weights as whole multiples of a power of two per core, the smallest that lets the core's largest weight fit
/// into so many bits with sign (one bit: the sign alone, at the magnitude's power of two).
#[derive(Clone, Debug)]
pub(super) struct Rounding {
    /// By core: the power of two.
    step: Vec<f64>,
    /// Largest multiple.
    most: f64,
}

impl Rounding {
    /// For `bits` bits; `largest` is the largest magnitude of a weight by core.
    pub(super) fn new(largest: &[f64], bits: u8) -> Self {
        let most = ((1u64 << (bits - 1)) - 1).max(1) as f64;
        let step = |largest: &f64| if *largest > 0.0 { (largest / most).log2().ceil().exp2() } else { 1.0 };
        Self { step: largest.iter().map(step).collect(), most }
    }

    /// What `core` makes of a weight.
    #[inline]
    pub(super) fn round(&self, core: usize, weight: f64) -> f64 {
        let step = self.step[core];
        (weight / step).round().clamp(-self.most, self.most) * step + 0.0
    }
}
