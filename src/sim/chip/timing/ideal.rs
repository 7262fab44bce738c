//! No contention: a packet takes the time of its hops, and waits only for the core that receives it.

use super::mesh::Mesh;
use super::{Outbox, Told, all_cores};

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
        latencies: &[f64],
        mut done: Option<&mut Vec<f64>>,
    ) -> Told {
        self.arrivals.iter_mut().for_each(Vec::clear);
        let (mut told, mut place) = (Told::default(), 0);
        for (core, (messages, rest)) in all_cores(outboxes).enumerate() {
            let mut sent = 0.0;
            for message in messages {
                sent += message.gap;
                let target = usize::from(message.core);
                let way = self.mesh.least(core, target);
                let processing = latencies[usize::from(message.profile)];
                self.arrivals[target].push((sent + way, place, processing));
                place += 1;
            }
            told.core(core, sent + rest);
        }
        if let Some(done) = &mut done {
            done.clear();
            done.resize(place as usize, 0.0);
        }
        for (core, arrivals) in self.arrivals.iter_mut().enumerate() {
            // Packets of one moment are taken in the order of sending.
            arrivals.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let mut free = 0.0f64;
            for &(at, place, processing) in arrivals.iter() {
                free = free.max(at) + processing;
                if let Some(done) = &mut done {
                    done[place as usize] = free;
                }
            }
            told.core(core, free);
        }
        told
    }
}
