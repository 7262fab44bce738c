//! No contention: a packet takes the time of its hops, and waits only for the core that receives it.

use super::mesh::Mesh;
use super::{Outbox, all_cores};
use crate::sim::chip::profile::Profile;

/// The model's state within a step.
#[derive(Clone, Debug)]
pub(in crate::sim::chip) struct Ideal {
    mesh: Mesh,
    /// By core: arrival [s], place in the order of sending, and processing time [s] of each packet.
    arrivals: Vec<Vec<(f64, u32, f64)>>,
}

impl Ideal {
    pub(super) fn new(mesh: Mesh) -> Self {
        let arrivals = vec![Vec::new(); mesh.cores()];
        Self { mesh, arrivals }
    }

    pub(super) fn time(
        &mut self,
        outboxes: &[&Outbox],
        profiles: &[Profile],
        mut done: Option<&mut Vec<f64>>,
    ) -> f64 {
        self.arrivals.iter_mut().for_each(Vec::clear);
        let (mut last, mut place) = (0.0f64, 0);
        for (core, (messages, rest)) in all_cores(outboxes).enumerate() {
            let mut sent = 0.0;
            for message in messages {
                sent += message.gap;
                let target = usize::from(message.core);
                let way = self.mesh.way(core, target).least;
                let processing = profiles[usize::from(message.profile)].latency;
                self.arrivals[target].push((sent + way, place, processing));
                place += 1;
            }
            last = last.max(sent + rest);
        }
        if let Some(done) = &mut done {
            done.clear();
            done.resize(place as usize, 0.0);
        }
        for arrivals in &mut self.arrivals {
            // Packets of one moment are taken in the order of sending.
            arrivals.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let mut free = 0.0f64;
            for &(at, place, processing) in arrivals.iter() {
                free = free.max(at) + processing;
                if let Some(done) = &mut done {
                    done[place as usize] = free;
                }
            }
            last = last.max(free);
        }
        last
    }
}
