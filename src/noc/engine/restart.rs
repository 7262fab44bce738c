//! A network that is used again and again, each time from rest: its state is set back, its memory kept.

use super::node::Nodes;
use super::region::{Region, Shared};
use super::{Network, Regions};

impl Network {
    /// From now on the network is as `rest` is: one that was made from the same parts and has not run yet. All that
    /// was under way here has arrived.
    pub fn restart(&mut self, rest: &Self) {
        match (&mut self.regions, &rest.regions) {
            (Regions::Small(regions), Regions::Small(rest)) => restart(regions, rest),
            (Regions::Medium(regions), Regions::Medium(rest)) => restart(regions, rest),
            (Regions::Large(regions), Regions::Large(rest)) => restart(regions, rest),
            (regions, rest) => regions.clone_from(rest),
        }
        let Self { now, started, paused, patience, .. } = *rest;
        (self.now, self.started, self.paused, self.patience) = (now, started, paused, patience);
    }
}

fn restart<const N: usize, const P: usize>(regions: &mut [Region<N, P>], rest: &[Region<N, P>]) {
    for (region, rest) in regions.iter_mut().zip(rest) {
        debug_assert!(region.shared.packets.len() == 0 && region.next_event(0).is_none());
        region.routers.clone_from(&rest.routers);
        region.boards.clone_from(&rest.boards);
        region.set_back(rest);
    }
}

impl Shared {
    /// Forgets what has been counted, and which slots packets had.
    pub(super) fn set_back(&mut self, rest: &Self) {
        self.packets.clear();
        self.entry_credits.clone_from(&rest.entry_credits);
        self.tally.clone_from(&rest.tally);
        (self.copies, self.speculating) = (rest.copies, rest.speculating);
        self.forks.clone_from(&rest.forks);
        self.errors.clone_from(&rest.errors);
    }
}

impl Nodes {
    /// Sets back what nodes are about to send.
    pub(super) fn set_back(&mut self, rest: &Self) {
        self.ports.clone_from(&rest.ports);
        self.paused = rest.paused;
    }
}
