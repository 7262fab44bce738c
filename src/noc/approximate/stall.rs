//! Deadlock: packets are under way and nothing more is going to become known.

use std::collections::HashMap;

use super::Approximate;
use super::channel::{NONE, Wait};
use crate::noc::engine::{Stall, Waiting};

impl Approximate {
    /// Looks for a cycle among the waiting channels.
    pub(super) fn stall(&self) -> Stall {
        let mut seen = HashMap::new();
        let mut cycle = Vec::new();
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
        Stall { idle_cycles: 0, packets: self.ledger.under_way(), cycle }
    }

    /// What the front cell of an input channel waits for: the input channel that must make room first.
    fn awaited(&self, channel: u32) -> Option<(Waiting, u32)> {
        let input = &self.inputs[channel as usize];
        let out = match input.wait {
            Wait::No | Wait::Turn => return None,
            Wait::Room => input.out,
            Wait::Channel => {
                let queued = |&(slot, queue): &(usize, &std::collections::VecDeque<(u32, u32)>)| {
                    queue.iter().any(|&(waiting, _)| waiting == channel)
                        && self.ports[slot].router == self.ports[input.port as usize].router
                };
                let (slot, queue) = self.queues.iter().enumerate().find(queued)?;
                let &(_, vcs) = queue.iter().find(|&&(waiting, _)| waiting == channel)?;
                slot as u32 * self.setup.vcs + vcs.trailing_zeros()
            }
        };
        let (port, to) = (&self.ports[input.port as usize], &self.ports[(out / self.setup.vcs) as usize]);
        if to.target == NONE {
            return None;
        }
        let vc = (channel - input.port * self.setup.vcs) as u8;
        let waiting = Waiting { router: port.router, input: (port.port, vc), output: to.port };
        Some((waiting, to.target + out % self.setup.vcs))
    }
}
