//! The time from one packet to the next, drawn in one step however long the node is idle.
//!
//! A Bernoulli process has geometric gaps. The on-off process returns to the same state (on) with every
//! packet, so its gaps are independent too; with M the matrix of one cycle without a packet,
//!
//! ```text
//!        on             off
//! on   ⎡ (1−β)(1−q)     β   ⎤     P(gap > n) = (Mⁿ 1)ₒₙ = w λ₁ⁿ + (1 − w) λ₂ⁿ
//! off  ⎣ α(1−q)         1−α ⎦
//! ```
//!
//! where λ₁ > λ₂ are M's eigenvalues and w follows from P(gap > 1). For α + β ≤ 1 both eigenvalues and
//! both weights lie in [0, 1], and a gap is one of two geometric variables: the discrete form of the
//! equivalence of interrupted Poisson and hyperexponential renewal processes (Kuczura 1973,
//! doi 10.1002/j.1538-7305.1973.tb01963.x). The first gap has the stationary residual law, the same with
//! weights w/(1−λ₁) and (1−w)/(1−λ₂).

use super::dice::{Dice, unit};
use super::process::{OnOff, Periodic};

/// How many cycles a node skips before its next packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Law {
    /// The node never sends.
    Silent,
    /// Each cycle with the same probability.
    Geometric(Geometric),
    /// One of two geometric laws.
    Mixed {
        /// Probability that the first packet follows the first law.
        first: f64,
        /// Probability that any later packet follows the first law.
        later: f64,
        /// The two laws.
        laws: [Geometric; 2],
    },
    /// Equal distances.
    Periodic {
        /// Distance [cycles, ≥ 1].
        period: f64,
        /// Cycle of node 0's first packet.
        phase: u64,
        /// Shift from node to node [cycles].
        stagger: u64,
    },
}

/// Numbers of failures that are looked up instead of computed.
const LISTED: usize = 8;

/// The number of failures before the first success.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Geometric {
    /// 1 / ln(probability of failure), ≤ 0.
    scale: f64,
    /// P(failures ≤ i) · 2⁶⁴, by i.
    listed: [u64; LISTED],
}

impl Geometric {
    /// Trials that succeed with probability `success` > 0; above 1 counts as 1.
    pub(super) fn new(success: f64) -> Self {
        let failure = (-success.min(1.0)).ln_1p();
        let most = |failures: usize| -(failure * (failures + 1) as f64).exp_m1();
        let listed = std::array::from_fn(|failures| (most(failures) * 2f64.powi(64)) as u64);
        Self { scale: 1.0 / failure, listed }
    }

    /// The number that the uniform 64 bits `word` pick, by inversion.
    #[inline]
    pub(super) fn draw(self, word: u64) -> u64 {
        if word < self.listed[LISTED - 1] {
            return self.listed.iter().map(|&most| u64::from(word >= most)).sum();
        }
        ((1.0 - unit(word)).ln() * self.scale) as u64
    }
}

impl Law {
    /// Bernoulli trials that succeed with probability `rate`.
    pub(super) fn bernoulli(rate: f64) -> Self {
        if rate > 0.0 { Self::Geometric(Geometric::new(rate)) } else { Self::Silent }
    }

    /// The on-off process whose mean is `rate`, at most α / (α + β).
    pub(super) fn on_off(on_off: &OnOff, rate: f64) -> Self {
        if rate <= 0.0 {
            return Self::Silent;
        }
        let OnOff { alpha, beta } = *on_off;
        let sending = (rate * (alpha + beta) / alpha).min(1.0);
        // What is computed are the complements 1 − λ, so that nothing cancels when λ is close to 1:
        // they are the roots of z² − sum · z + product.
        let sum = alpha + beta + (1.0 - beta) * sending;
        let product = alpha * sending;
        let high = (sum + (sum * sum - 4.0 * product).max(0.0).sqrt()) / 2.0;
        let low = product / high;
        // 1 − P(gap > 1) = (1 − β) q = w low + (1 − w) high.
        let later = ((high - (1.0 - beta) * sending) / (high - low)).clamp(0.0, 1.0);
        let first = (later / low) / (later / low + (1.0 - later) / high);
        Self::Mixed { first, later, laws: [Geometric::new(low), Geometric::new(high)] }
    }

    /// Equal distances of `period` cycles, at least 1; infinite: silence.
    pub(super) fn periodic(periodic: &Periodic, period: f64) -> Self {
        let Periodic { phase, stagger, .. } = *periodic;
        if period.is_finite() {
            Self::Periodic { period: period.max(1.0), phase, stagger }
        } else {
            Self::Silent
        }
    }

    /// Cycles without a packet before the packet whose numbers are `dice`, of which `word` is for its gap;
    /// `None` if there is no such packet.
    #[inline(always)]
    pub(super) fn skip(&self, dice: Dice, word: u64) -> Option<u64> {
        let Dice { node, index, .. } = dice;
        match self {
            Self::Silent => None,
            Self::Geometric(law) => Some(law.draw(word)),
            Self::Mixed { first, later, laws } => {
                let share = if index == 0 { *first } else { *later };
                let law = laws[usize::from(unit(dice.branch()) >= share)];
                Some(law.draw(word))
            }
            Self::Periodic { period, phase, stagger } => Some(match index {
                0 => phase + (stagger * u64::from(node.0)) % (period.ceil() as u64),
                // Cycle ⌊index · period⌋ counted from the first packet; a period of 1 or more never
                // puts two packets into one cycle.
                _ => {
                    ((index as f64 * period) as u64).saturating_sub(((index - 1) as f64 * period) as u64 + 1)
                }
            }),
        }
    }
}
