//! No contention: a packet takes the time of its hops, and waits only for the core that receives it.

use super::mesh::Mesh;
use super::{Outbox, all_cores};
use crate::sim::chip::plan::Profile;

/// The model's state within a step.
#[derive(Clone, Debug)]
pub(in crate::sim::chip) struct Ideal {
    mesh: Mesh,
    /// By core: arrival and processing time of each packet [s].
    arrivals: Vec<Vec<(f64, f64)>>,
}

impl Ideal {
    pub(super) fn new(mesh: Mesh) -> Self {
        let arrivals = vec![Vec::new(); mesh.cores()];
        Self { mesh, arrivals }
    }

    pub(super) fn time(&mut self, outboxes: &[&Outbox], profiles: &[Profile]) -> f64 {
        self.arrivals.iter_mut().for_each(Vec::clear);
        let mut last = 0.0f64;
        for (core, (messages, rest)) in all_cores(outboxes).enumerate() {
            let mut sent = 0.0;
            for message in messages {
                sent += message.gap;
                let target = usize::from(message.core);
                let (_, way) = self.mesh.distance(core, target);
                let processing = profiles[usize::from(message.profile)].latency;
                self.arrivals[target].push((sent + way, processing));
            }
            last = last.max(sent + rest);
        }
        for arrivals in &mut self.arrivals {
            // Packets of one moment are taken in the order of their senders: the sort is stable.
            arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
            let done = arrivals.iter().fold(0.0f64, |free, &(at, processing)| free.max(at) + processing);
            last = last.max(done);
        }
        last
    }
}
