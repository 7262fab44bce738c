//! What is simulated next, on its way into the processor's cache.
//!
//! The state of a large network lies in memory that is far from the processor, and whoever waits for it line after line
//! waits for a fifth of the time. So the lines of the next block are asked for while this one is at work, a few with
//! every flit, and nobody waits for them.

use prefetch_index::prefetch_index;

use super::router::{InVc, OutVc, Router};
use super::setup::Setup;
use crate::base::CACHE_LINE;

/// How many routers of the next block have been asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead {
    ports: usize,
    vcs: usize,
    /// Routers whose ports are still to be asked for: all before this one.
    left_ports: usize,
    /// Routers whose channels are still to be asked for.
    left_channels: usize,
}

impl Ahead {
    /// The first `routers` of the routers that come next are asked for.
    pub(super) fn new(routers: usize, setup: &Setup) -> Self {
        Self { ports: setup.ports, vcs: setup.channels, left_ports: routers, left_channels: routers }
    }

    /// Asks for the ports of one router more, of `next`.
    #[inline(always)]
    pub(super) fn fetch_ports<const N: usize, const P: usize>(&mut self, next: &[Router<N, P>]) {
        if self.left_ports > 0 {
            self.left_ports -= 1;
            let router = &next[self.left_ports];
            (0..self.ports).for_each(|port| prefetch_index(router.ports.as_slice(), port));
        }
    }

    /// Asks for the channels of one router more, of `next`.
    #[inline(always)]
    pub(super) fn fetch_channels<const N: usize, const P: usize>(&mut self, next: &[Router<N, P>]) {
        if self.left_channels > 0 {
            self.left_channels -= 1;
            let router = &next[self.left_channels];
            prefetch_index(std::slice::from_ref(router), 0);
            let lines = |size: usize| (0..self.vcs).step_by(CACHE_LINE / size);
            lines(size_of::<OutVc>()).skip(1).for_each(|vc| prefetch_index(router.outs.as_slice(), vc));
            lines(size_of::<InVc>()).for_each(|vc| prefetch_index(router.ins.as_slice(), vc));
        }
    }

    /// Asks for the rest.
    #[inline]
    pub(super) fn finish<const N: usize, const P: usize>(&mut self, next: &[Router<N, P>]) {
        while self.left_ports > 0 {
            self.fetch_ports(next);
        }
        while self.left_channels > 0 {
            self.fetch_channels(next);
        }
    }
}
