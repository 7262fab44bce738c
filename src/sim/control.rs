//! How whoever started a run follows it and ends it early.

use std::sync::atomic::{AtomicBool, Ordering};

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Simulated time [cycles].
    pub cycle: u64,
    /// Share of the run that is done; `None` where the end is not known in advance.
    pub share: Option<f64>,
}

/// A view of a run from outside.
#[derive(Default)]
pub struct Control<'a> {
    /// The run ends early once this is set.
    pub cancel: Option<&'a AtomicBool>,
    /// Called every few thousand cycles.
    pub progress: Option<&'a mut (dyn FnMut(Progress) + Send)>,
}

impl Control<'_> {
    /// Nobody watches, nobody interrupts.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether the run is to end early.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    pub(super) fn report(&mut self, cycle: u64, share: Option<f64>) {
        if let Some(progress) = &mut self.progress {
            progress(Progress { cycle, share });
        }
    }
}
