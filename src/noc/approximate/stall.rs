//! Deadlock: packets are under way and none has moved for a long time.

use std::collections::HashMap;

use super::Approximate;
use super::channel::NONE;
use crate::noc::engine::{Stall, Waiting};

impl Approximate {
    /// Looks for a cycle among the waiting channels.
    pub(super) fn stall(&self) -> Stall {
        let (mut seen, mut cycle) = (HashMap::new(), Vec::new());
        for start in 0..self.inputs.len() as u32 {
            let mut path: Vec<(u32, Waiting)> = Vec::new();
            let mut at = start;
            while let Some((waiting, next)) = self.awaited(at) {
                if let Some(&visit) = seen.get(&at) {
                    if visit == start {
                        let first = path.iter().position(|&(channel, _)| channel == at).unwrap_or(0);
                        cycle = path[first..].iter().map(|&(_, waiting)| waiting).collect();
                    }
                    break;
                }
                seen.insert(at, start);
                path.push((at, waiting));
                at = next;
            }
            if !cycle.is_empty() {
                break;
            }
        }
        Stall { idle_cycles: self.now - self.last_move, packets: self.ledger.under_way(), cycle }
    }

    /// What the packet at the front of an input channel waits for: the input channel that must make room first.
    fn awaited(&self, channel: u32) -> Option<(Waiting, u32)> {
        let input = &self.inputs[channel as usize];
        if input.front == NONE || input.awaited == NONE {
            return None;
        }
        let to = &self.ports[(input.awaited / self.setup.vcs) as usize];
        let port = &self.ports[input.port as usize];
        let vc = (channel - input.port * self.setup.vcs) as u8;
        let waiting = Waiting { router: port.router, input: (port.port, vc), output: to.port };
        (to.target != NONE).then(|| (waiting, to.target + input.awaited % self.setup.vcs))
    }
}
