//! The `simple` timing model of SANA-FE 2.2.9: the busiest core decides, the network costs no time.

use super::{Outbox, all_cores};
use crate::sim::chip::plan::Profile;

/// Busy times of cores.
#[derive(Clone, Debug)]
pub(in crate::sim::chip) struct Simple {
    /// By core: time spent on packets received [s].
    receiving: Vec<f64>,
}

impl Simple {
    pub(super) fn new(cores: u32) -> Self {
        Self { receiving: vec![0.0; cores as usize] }
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
