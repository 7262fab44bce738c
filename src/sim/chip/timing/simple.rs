//! The `simple` timing model of SANA-FE 2.2.9: the busiest core decides, the network costs no time.

use super::{Outbox, all_cores};
use crate::base::Problems;
use crate::sim::chip::params::Synchronisation;
use crate::sim::chip::profile::Profile;
use crate::sim::chip::site::Ground;

/// Busy times of cores.
#[derive(Clone, Debug)]
pub(in crate::sim::chip) struct Simple {
    /// By core: time spent on packets received [s].
    receiving: Vec<f64>,
}

impl Simple {
    /// # Errors
    /// A chip whose steps follow a clock: this model does not tell when a packet has been processed.
    pub(super) fn new(ground: &Ground<'_>) -> Result<Self, Problems> {
        let is_barrier = matches!(ground.params.synchronisation, Synchronisation::Barrier(_));
        let mut problems = Problems::new();
        problems.require(is_barrier, "synchronisation", || "`sanafe-simple` knows barriers only".into());
        problems.into_result(Self { receiving: vec![0.0; ground.cores() as usize] })
    }

    pub(super) fn time(&mut self, outboxes: &[&Outbox], profiles: &[Profile]) -> f64 {
        self.receiving.fill(0.0);
        let mut longest = 0.0f64;
        for (messages, rest) in all_cores(outboxes) {
            let mut sending = 0.0;
            for message in messages {
                sending += message.gap;
                self.receiving[usize::from(message.core)] += profiles[usize::from(message.profile)].latency;
            }
            longest = longest.max(sending + rest);
        }
        self.receiving.iter().copied().fold(longest, f64::max)
    }
}
