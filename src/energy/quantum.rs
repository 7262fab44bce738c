//! Energy as a whole number, so that sums do not depend on their order.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// Zeptojoules in a joule. 10²¹ is a double without rounding, so that 3 pJ read back as 3e-12.
const PER_JOULE: f64 = 1e21;

/// An energy in whole zeptojoules (10⁻²¹ J): a thousandth of what switching one transistor takes, and
/// 10¹⁷ J fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Energy(u128);

impl Energy {
    /// No energy.
    pub const ZERO: Self = Self(0);

    /// `count` events of `joules` each, rounded once.
    pub fn of(count: u64, joules: f64) -> Self {
        Self((count as f64 * joules * PER_JOULE).round().max(0.0) as u128)
    }

    /// The nearest double [J].
    pub fn joules(self) -> f64 {
        self.0 as f64 / PER_JOULE
    }
}

impl Add for Energy {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Energy {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Energy {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::ZERO, Add::add)
    }
}
