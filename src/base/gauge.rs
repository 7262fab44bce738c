//! How far some work has come, as seen from another thread.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts parts of some work: those that are planned, and those that are done.
///
/// ```
/// use spikeloom::base::Gauge;
///
/// let gauge = Gauge::new();
/// assert_eq!(gauge.share(), None);
/// gauge.plan(4);
/// gauge.tick();
/// assert_eq!(gauge.share(), Some(0.25));
/// ```
#[derive(Debug, Default)]
pub struct Gauge {
    planned: AtomicU64,
    done: AtomicU64,
}

impl Gauge {
    /// Nothing is planned yet.
    pub const fn new() -> Self {
        Self { planned: AtomicU64::new(0), done: AtomicU64::new(0) }
    }

    /// So many more parts are to be done.
    pub fn plan(&self, parts: u64) {
        self.planned.fetch_add(parts, Ordering::Relaxed);
    }

    /// One part is done.
    pub fn tick(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Share of what is planned that is done; `None` where nothing is planned.
    pub fn share(&self) -> Option<f64> {
        let (done, planned) = (self.done.load(Ordering::Relaxed), self.planned.load(Ordering::Relaxed));
        (planned > 0).then(|| (done as f64 / planned as f64).min(1.0))
    }
}
