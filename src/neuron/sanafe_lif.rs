//! The leaky integrate-and-fire soma of SANA-FE, bit by bit.
//!
//! Per step: `u ← u·input_decay`, `v ← v·leak_decay`, `v ← trunc(64 v)/64`. That is all while
//! refractory (arrivals are lost). Otherwise `v ← v + bias`, `u ← u + arrivals`, `v ← v + u`; it fires iff
//! `v > threshold`, then the reset; last, the reverse reset iff `v < reverse_threshold`.
//! `refractory_delay` counts like every refractory period here: with d the neuron integrates again d
//! steps after its spike. A neuron counts as updated if its potential was not zero *before* the step,
//! if anything arrived, if it has a bias, or if `force_update` is set.
//!
//! Two habits of the peer are kept because its results depend on them: a forward reset of `saturate`
//! leaves the potential alone, and a soft reverse reset subtracts the (negative) reverse threshold.
//!
//! Scheme: exact (a recurrence with six fractional bits). Potential and input in the same arbitrary
//! unit. Source: SANA-FE 2.2.9, soma `leaky_integrate_fire`; measured against it.

use std::iter::{repeat, repeat_n};
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bank::arrived;
use super::cost::Price;
use super::refractory::{self, free};
use super::reset::{Jump, Reset};
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::unit::Seconds;

/// The leaky integrate-and-fire soma of SANA-FE (its model of Loihi's neuron).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SanafeLif {
    /// The neuron fires when its potential exceeds this.
    #[schemars(extend("unit" = "1"))]
    pub threshold: f64,
    /// What firing does to the potential; `saturate` leaves it alone, as in SANA-FE.
    pub reset_mode: Reset,
    /// Potential after a hard reset.
    #[schemars(extend("unit" = "1"))]
    pub reset: f64,
    /// Lower threshold: below it the reverse reset acts.
    #[schemars(extend("unit" = "1"))]
    pub reverse_threshold: f64,
    /// What falling below the lower threshold does to the potential.
    pub reverse_reset_mode: Reset,
    /// Potential after a hard reverse reset.
    #[schemars(extend("unit" = "1"))]
    pub reverse_reset: f64,
    /// Factor on the potential per step.
    #[schemars(extend("unit" = "1"))]
    pub leak_decay: f64,
    /// Factor on the input current per step.
    #[schemars(extend("unit" = "1"))]
    pub input_decay: f64,
    /// Input that is added in every step.
    #[schemars(extend("unit" = "1"))]
    pub bias: f64,
    /// Refractory period: after a spike in step k the neuron integrates again in step k + this.
    #[schemars(extend("unit" = "steps"))]
    pub refractory_delay: u16,
    /// Whether the neuron counts as updated in every step.
    pub force_update: bool,
}

impl Default for SanafeLif {
    fn default() -> Self {
        Self {
            threshold: 0.0,
            reset_mode: Reset::Hard,
            reset: 0.0,
            reverse_threshold: 0.0,
            reverse_reset_mode: Reset::None,
            reverse_reset: 0.0,
            leak_decay: 1.0,
            input_decay: 0.0,
            bias: 0.0,
            refractory_delay: 0,
            force_update: false,
        }
    }
}

/// Both thresholds, and what crossing them does.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    threshold: f64,
    jump: Jump,
    reverse_threshold: f64,
    reverse_jump: Jump,
}

impl Bounds {
    /// The part after integration: threshold, reset, reverse reset; the new potential and whether it
    /// fired.
    #[inline(always)]
    fn settle(self, v: f64, free: bool) -> (f64, bool) {
        let fired = free & (v > self.threshold);
        let v = if fired { self.jump.land(v) } else { v };
        let v = if free & (v < self.reverse_threshold) { self.reverse_jump.land(v) } else { v };
        (v, fired)
    }
}

/// Prepared parameters.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    bounds: Bounds,
    leak: f64,
    input_decay: f64,
    bias: f64,
    /// The biases of neurons that have different ones, in their order; then `bias` is that of none.
    biases: Vec<f64>,
    frozen: u16,
    always: bool,
}

columns! {
    /// State of the bank. Neither `u` nor `hold` is touched where no parameter needs it.
    struct State of Kind;
    v: f64, "1", |_| 0.0;
    u: f64, "1", |_| 0.0;
    hold: u16, "steps", |_| 0;
}

/// `trunc(64 v)/64` without a call or a branch, so that the loop around it is vectorised on any
/// processor: adding and subtracting 2^46 rounds to a multiple of 2^-6 (f64 has 52 fractional
/// bits), and a magnitude that was rounded up goes back by one. From 2^46 on v is such a multiple.
#[inline(always)]
fn truncate(v: f64) -> f64 {
    const SHIFT: f64 = (1u64 << 46) as f64;
    const STEP: f64 = 1.0 / 64.0;
    let magnitude = v.abs();
    let nearest = (magnitude + SHIFT) - SHIFT;
    let down = if nearest > magnitude { STEP } else { 0.0 };
    let cut = (nearest - down).copysign(v);
    if magnitude < SHIFT { cut } else { v }
}

impl Kind {
    /// Whether neither input memory nor a refractory period is needed.
    fn is_plain(&self) -> bool {
        self.input_decay == 0.0 && self.frozen == 0
    }
}

/// Neurons without input memory and refractory period, the common case, and their biases.
struct Plain<'a, B> {
    kind: &'a Kind,
    biases: B,
    v: &'a mut [f64],
    arrivals: &'a [f64],
    out: &'a mut [u8],
}

impl<B: Iterator<Item = f64> + Clone> WithSimd for Plain<'_, B> {
    type Output = ();

    /// Branchless passes, each over few columns, which the compiler turns into vector code.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { kind, biases, v, arrivals, out } = self;
        let &Kind { bounds, leak, always, .. } = kind;
        for (((v, &input), out), bias) in v.iter().zip(arrivals).zip(out.iter_mut()).zip(biases.clone()) {
            *out = status(always | (bias != 0.0) | (*v != 0.0) | arrived(input), false);
        }
        for ((v, &input), bias) in v.iter_mut().zip(arrivals).zip(biases) {
            *v = truncate(*v * leak) + bias + input;
        }
        for (v, out) in v.iter_mut().zip(out) {
            let (next, fired) = bounds.settle(*v, true);
            *v = next;
            *out |= status(false, fired);
        }
    }
}

impl Soma for SanafeLif {
    const CARD: Card = Card {
        name: "sanafe-lif",
        equations: "u *= input_decay; v = trunc(64 leak_decay v)/64; unless refractory v += bias, u += input, v += u, \
                    fire iff v > threshold; reset; reverse reset iff v < reverse_threshold",
        scheme: "exact, six fractional bits after the leak",
        source: "SANA-FE 2.2.9, soma leaky_integrate_fire",
        inputs: one_input!("1"),
        graded: false,
    };
    type Kind = Kind;
    type State = State;

    fn prepare(&self, _: Seconds) -> Kind {
        let forward = if self.reset_mode == Reset::Saturate { Reset::None } else { self.reset_mode };
        Kind {
            bounds: Bounds {
                threshold: self.threshold,
                jump: Jump::new(forward, self.reset, self.threshold),
                reverse_threshold: self.reverse_threshold,
                reverse_jump: Jump::new(self.reverse_reset_mode, self.reverse_reset, self.reverse_threshold),
            },
            leak: self.leak_decay,
            input_decay: self.input_decay,
            bias: self.bias,
            biases: Vec::new(),
            frozen: refractory::frozen(self.refractory_delay),
            always: self.force_update || self.bias != 0.0,
        }
    }

    /// Biases can differ from neuron to neuron.
    fn joins(&self, other: &Self) -> bool {
        let is_plain = |it: &Self| it.input_decay == 0.0 && refractory::frozen(it.refractory_delay) == 0;
        is_plain(self) && *self == Self { bias: self.bias, ..other.clone() }
    }

    fn prepare_joined(parts: &[(&Self, u32)], dt: Seconds) -> Kind {
        let (first, _) = parts[0];
        if parts.len() == 1 {
            return first.prepare(dt);
        }
        let biases = parts.iter().flat_map(|&(it, count)| repeat_n(it.bias, count as usize)).collect();
        Kind { biases, ..Self { bias: 0.0, ..first.clone() }.prepare(dt) }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        if k.is_plain() {
            let (v, arrivals, out) = (&mut state.v[at], lane.arrivals, lane.status);
            return match k.biases.as_slice() {
                [] => Arch::new().dispatch(Plain { kind: k, biases: repeat(k.bias), v, arrivals, out }),
                all => Arch::new().dispatch(Plain { kind: k, biases: all.iter().copied(), v, arrivals, out }),
            };
        }
        let columns = state.v[at.clone()].iter_mut().zip(&mut state.u[at.clone()]).zip(&mut state.hold[at]);
        for ((((v, u), hold), &input), out) in columns.zip(lane.arrivals).zip(lane.status) {
            let updated = k.always || *v != 0.0 || arrived(input);
            let free = free(hold);
            let leaked = truncate(*v * k.leak);
            let decayed = *u * k.input_decay;
            *u = if free { decayed + input } else { decayed };
            let (next, fired) = k.bounds.settle(if free { leaked + k.bias + *u } else { leaked }, free);
            *v = next;
            *hold = if fired { k.frozen } else { *hold };
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
    use crate::neuron::{Bank, Ids, NO_INPUT, NeuronModel, Status, StepInput, StepOutput};
    use proptest::prelude::*;

    #[test]
    fn truncation_keeps_what_has_no_more_than_six_fractional_bits() {
        for v in [0.0, 1.0 / 64.0, -3.5, 1e15, -1e300, f64::from(1 << 30) + 1.0 / 64.0] {
            assert_eq!(truncate(v), v);
        }
        assert_eq!(truncate(0.99 / 64.0), 0.0);
        assert_eq!(truncate(-1.99 / 64.0), -1.0 / 64.0);
    }

    #[test]
    fn neurons_with_biases_of_their_own_do_what_each_does_alone() {
        let model = |bias| SanafeLif { threshold: 2.0, bias, leak_decay: 0.75, ..Default::default() };
        let models: Vec<NeuronModel> =
            [0.5, 0.0, 0.75, -0.25, 0.0, 2.0].map(|bias| model(bias).into()).into();
        let together: Vec<_> = models.iter().map(|it| (it, 1)).collect();
        let mut together = Bank::from_parts(&together, Seconds(1e-3)).unwrap();
        let mut alone: Vec<_> = models.iter().map(|it| Bank::new(it, 1, Seconds(1e-3)).unwrap()).collect();
        let (mut all, mut one) = (StepOutput::new(), StepOutput::new());
        for step in 1..20 {
            let arrivals: Vec<f64> =
                (0..6).map(|it| if (step + it) % 4 == 0 { it as f64 / 4.0 } else { NO_INPUT }).collect();
            let input =
                |arrivals| StepInput { step, seed: 1, ids: Ids::From(0), arrivals, second: &[], taps: &[] };
            together.step(&input(&arrivals), &mut all);
            let found: Vec<Status> = all.statuses().collect();
            for (it, bank) in alone.iter_mut().enumerate() {
                bank.step(&input(&arrivals[it..=it]), &mut one);
                assert_eq!(one.statuses().next(), Some(found[it]), "neuron {it} in step {step}");
                assert_eq!(bank.potential(0), together.potential(it));
            }
        }
    }

    proptest! {
        #[test]
        fn truncation_is_the_textbook_one(v in prop_oneof![-4.0..4.0, -1e14..1e14, proptest::num::f64::NORMAL]) {
            let v: f64 = v;
            prop_assume!((v * 64.0).is_finite());
            prop_assert_eq!(truncate(v), (v * 64.0).trunc() / 64.0);
        }
    }
}
