//! Loihi's current-based leaky integrate-and-fire neuron in fixed point, bit by bit.
//!
//! Per step, with 24-bit state and `sgn(x)·(|x|·d >> 12)` for a decay by d/4096 that rounds towards
//! zero: `u ← decay(u, 4096 − du − 1) + (a << 6)`, wrapping at 24 bits (two's complement);
//! `v ← decay(v, 4096 − dv) + u + bias`, clipped to ±(2²³ − 1); fires iff `v > threshold << 6`, then
//! `v ← 0`. The bias is `bias_mantissa << bias_exponent`. Arrivals `a` are integers (fractions are
//! rounded to the nearest).
//!
//! Exact (integer arithmetic). Source: Davies et al. 2018, doi 10.1109/MM.2018.112130359, and the
//! fixed-point behaviour published with the Lava framework, from which this differs in one point: a
//! current of exactly ±2²³ wraps to −2²³, the only one of the two that 24 bits can hold.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bank::arrived;
use super::cost::Price;
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::unit::Seconds;

/// Largest magnitude of the potential.
const LIMIT: i32 = (1 << 23) - 1;

/// Loihi's current-based leaky integrate-and-fire neuron, in its fixed-point arithmetic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Loihi {
    /// Decay of the current: per step it loses (du + 1)/4096 of itself.
    #[schemars(range(min = 0, max = 4095), extend("unit" = "1/4096"))]
    pub du: u16,
    /// Decay of the potential: per step it loses dv/4096 of itself.
    #[schemars(range(min = 0, max = 4095), extend("unit" = "1/4096"))]
    pub dv: u16,
    /// Mantissa of the threshold, in units of 64.
    #[schemars(range(min = 0, max = 131071), extend("unit" = "64"))]
    pub threshold: u32,
    /// Mantissa of the bias.
    #[schemars(range(min = -4096, max = 4095), extend("unit" = "2^bias_exponent"))]
    pub bias_mantissa: i16,
    /// Exponent of the bias.
    #[schemars(range(min = 0, max = 7), extend("unit" = "1"))]
    pub bias_exponent: u8,
}

impl Default for Loihi {
    fn default() -> Self {
        Self { du: 4095, dv: 128, threshold: 100, bias_mantissa: 0, bias_exponent: 0 }
    }
}

/// Prepared parameters.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    keep_u: i32,
    keep_v: i32,
    threshold: i32,
    bias: i32,
}

columns! {
    /// State of the bank.
    struct State of Kind;
    v: i32, "1", |_| 0;
    u: i32, "1", |_| 0;
}

/// `sgn(x)·(|x|·keep >> 12)` for |x| ≤ 2²³ and keep ≤ 4096, split so that it fits 32 bits.
#[inline(always)]
fn decay(x: i32, keep: i32) -> i32 {
    let sign = x >> 31;
    let magnitude = (x ^ sign) - sign;
    let high = (magnitude >> 12) * keep;
    let low = ((magnitude & 0xFFF) * keep) >> 12;
    ((high + low) ^ sign) - sign
}

/// The low 24 bits as a two's complement number.
#[inline(always)]
fn wrap24(x: i32) -> i32 {
    (x << 8) >> 8
}

/// The integer nearest to `x`, modulo 2^32 (for |x| < 2^51): adding 1.5·2^52 leaves it in the low
/// bits. Unlike a cast this is vectorised on any processor.
#[inline(always)]
fn integer(x: f64) -> i32 {
    const SHIFT: f64 = 1.5 * (1u64 << 52) as f64;
    (x + SHIFT).to_bits() as i32
}

/// Neurons per pass: the converted arrivals of so many fit on the stack and in the first cache.
const BLOCK: usize = 128;

impl Kind {
    /// Advances up to [`BLOCK`] neurons in branchless passes, each over few columns of one width.
    fn advance_block(&self, v: &mut [i32], u: &mut [i32], arrivals: &[f64], out: &mut [u8]) {
        let mut input = [0; BLOCK];
        for (input, &arrival) in input.iter_mut().zip(arrivals) {
            *input = integer(arrival) << 6;
        }
        for (((out, &arrival), v), u) in out.iter_mut().zip(arrivals).zip(v.iter()).zip(u.iter()) {
            *out = status(((*v | *u | self.bias) != 0) | arrived(arrival), false);
        }
        for ((v, u), &input) in v.iter_mut().zip(u).zip(&input) {
            *u = wrap24(decay(*u, self.keep_u).wrapping_add(input));
            *v = (decay(*v, self.keep_v) + *u + self.bias).clamp(-LIMIT, LIMIT);
        }
        for (v, out) in v.iter_mut().zip(out) {
            let fired = *v > self.threshold;
            *v = if fired { 0 } else { *v };
            *out |= status(false, fired);
        }
    }
}

impl Soma for Loihi {
    const CARD: Card = Card {
        name: "loihi",
        equations: "u = decay(u, du + 1) + (input << 6), 24 bits; v = decay(v, dv) + u + bias, clipped; \
                    fire iff v > threshold << 6, v = 0",
        scheme: "exact integer arithmetic, decay rounds towards zero",
        source: "Davies et al. 2018, doi 10.1109/MM.2018.112130359",
        inputs: one_input!("64"),
        graded: false,
    };
    type Kind = Kind;
    type State = State;

    fn prepare(&self, _: Seconds) -> Kind {
        Kind {
            keep_u: 4095 - i32::from(self.du),
            keep_v: 4096 - i32::from(self.dv),
            threshold: (self.threshold << 6) as i32,
            bias: i32::from(self.bias_mantissa) << self.bias_exponent,
        }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let columns = state.v[at.clone()].chunks_mut(BLOCK).zip(state.u[at].chunks_mut(BLOCK));
        let lanes = lane.arrivals.chunks(BLOCK).zip(lane.status.chunks_mut(BLOCK));
        for ((v, u), (arrivals, out)) in columns.zip(lanes) {
            k.advance_block(v, u, arrivals, out);
        }
    }

    fn price() -> Price {
        Price::LOIHI
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;
    use proptest::prelude::*;

    #[test]
    fn the_current_wraps_and_the_potential_is_clipped() {
        let mut trial = Trial::of(Loihi { du: 0, dv: 0, threshold: 131_071, ..Default::default() });
        trial.fires(f64::from(1 << 17));
        assert_eq!((trial.read(1), trial.v()), (-8_388_608.0, -8_388_607.0));
    }

    proptest! {
        #[test]
        fn conversion_takes_the_low_bits_of_the_nearest_integer(whole in -(1i64 << 50)..1 << 50, part in -0.49..0.49) {
            // Far from zero there is no room for a fraction.
            let x = if whole.abs() < 1 << 40 { whole as f64 + part } else { whole as f64 };
            prop_assert_eq!(integer(x), whole as i32);
        }

        /// The split product equals the wide one.
        #[test]
        fn decay_is_a_wide_product_shifted(x in -(1i32 << 23)..=(1 << 23), keep in 0i32..=4096) {
            let wide = (i64::from(x.abs()) * i64::from(keep)) >> 12;
            prop_assert_eq!(i64::from(decay(x, keep)), wide * i64::from(x.signum()));
        }
    }
}
