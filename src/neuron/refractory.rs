//! The refractory period as a count of frozen steps.
//!
//! After a spike at step k with a period of R steps the potential is frozen in steps k+1 … k+R−1
//! and integrates again at k+R (the convention of the clock-driven simulators Brian 2 and NEST);
//! whatever else a model has (synaptic currents, conductances) goes on.

use crate::base::Problems;
use crate::base::unit::Seconds;

/// Number of steps after a spike in which the potential is frozen, for a period of `steps`.
pub(super) fn frozen(steps: u16) -> u16 {
    steps.saturating_sub(1)
}

/// Number of frozen steps for a period of `time`, rounded to the time grid `dt`.
pub(super) fn frozen_for(time: Seconds, dt: Seconds) -> u16 {
    // Saturates; a longer period was refused by `check`.
    frozen((time.0 / dt.0).round() as u16)
}

/// Refuses a refractory period that does not fit the counter.
pub(super) fn check(time: Seconds, dt: Seconds, problems: &mut Problems) {
    problems.require((time.0 / dt.0).round() <= f64::from(u16::MAX), "refractory", || {
        format!("{} s is longer than {} time-steps of {} s", time.0, u16::MAX, dt.0)
    });
}

/// Whether the neuron may integrate and fire now; counts a frozen step down.
#[inline(always)]
pub(super) fn free(hold: &mut u16) -> bool {
    // Not `*hold -= u16::from(*hold != 0)`: optimised builds of rustc 1.95 (LLVM 22.1) lose that where the caller
    // branches on the result, and the neuron rests for ever.
    let left = *hold;
    *hold = left.saturating_sub(1);
    left == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_steps_freeze_nineteen() {
        let mut hold = frozen_for(Seconds(2e-3), Seconds(1e-4));
        assert_eq!((1..=20).find(|_| free(&mut hold)), Some(20));
        assert_eq!(frozen(0), 0);
        assert_eq!(frozen(1), 0);
    }

    #[test]
    fn a_period_beyond_the_counter_is_refused() {
        let mut problems = Problems::new();
        check(Seconds(10.0), Seconds(1e-4), &mut problems);
        assert!(problems.to_string().starts_with("refractory: "), "{problems}");
    }
}
