//! Loihi's current-based leaky integrate-and-fire neuron in fixed point, bit by bit.
//!
//! Per step, with 24-bit state and `sgn(x)·(|x|·d >> 12)` for a decay by d/4096 that rounds towards
//! zero: `u ← decay(u, 4096 − du − 1) + (a << 6)`, wrapping at 24 bits (two's complement);
//! `v ← decay(v, 4096 − dv) + u + bias`, clipped to ±(2²³ − 1); fires iff `v > threshold << 6`, then
//! `v ← 0`. The bias is `bias_mantissa << bias_exponent`. Arrivals `a` are integers (a fraction is
//! dropped).
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

/// One update: the new (u, v) before the reset.
#[inline(always)]
fn update(k: &Kind, u: i32, v: i32, input: f64) -> (i32, i32) {
    let arrived = (input as i32).wrapping_shl(6);
    let u = wrap24(decay(u, k.keep_u).wrapping_add(arrived));
    let v = (decay(v, k.keep_v) + u + k.bias).clamp(-LIMIT, LIMIT);
    (u, v)
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
        let columns = state.v[at.clone()].iter_mut().zip(&mut state.u[at]);
        for (((v, u), &input), out) in columns.zip(lane.arrivals).zip(lane.status) {
            let updated = (*v | *u | k.bias) != 0 || arrived(input);
            let (current, next) = update(k, *u, *v, input);
            let fired = next > k.threshold;
            *u = current;
            *v = if fired { 0 } else { next };
            *out = status(updated, fired);
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
        /// The split product equals the wide one.
        #[test]
        fn decay_is_a_wide_product_shifted(x in -(1i32 << 23)..=(1 << 23), keep in 0i32..=4096) {
            let wide = i64::from(x.abs()) * i64::from(keep) >> 12;
            prop_assert_eq!(i64::from(decay(x, keep)), wide * i64::from(x.signum()));
        }
    }
}
