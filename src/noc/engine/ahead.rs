//! What is simulated next, on its way into the processor's cache.
//!
//! The state of a large network lies in memory that is far from the processor, and whoever waits for it line after line
//! waits for a fifth of the time. So the lines of the next block are asked for while this one is at work, a few with
//! every flit, and nobody waits for them.

use prefetch_index::prefetch_index;

use super::router::{InVc, OutVc, Router};
use super::setup::Setup;

/// Bytes of a cache line.
const LINE: usize = 64;

/// The routers of the next block, and how many have been asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead<'a, const N: usize, const P: usize> {
    routers: &'a [Router<N, P>],
    ports: usize,
    vcs: usize,
    /// Routers whose ports have been asked for.
    with_ports: usize,
    /// Routers whose channels have been asked for.
    with_channels: usize,
}

impl<'a, const N: usize, const P: usize> Ahead<'a, N, P> {
    pub(super) fn new(routers: &'a [Router<N, P>], setup: &Setup) -> Self {
        Self { routers, ports: setup.ports, vcs: setup.channels, with_ports: 0, with_channels: 0 }
    }

    /// Asks for the ports of one router more.
    #[inline(always)]
    pub(super) fn fetch_ports(&mut self) {
        if let Some(router) = self.routers.get(self.with_ports) {
            self.with_ports += 1;
            (0..self.ports).for_each(|port| prefetch_index(router.ports.as_slice(), port));
        }
    }

    /// Asks for the channels of one router more.
    #[inline(always)]
    pub(super) fn fetch_channels(&mut self) {
        if let Some(router) = self.routers.get(self.with_channels) {
            self.with_channels += 1;
            prefetch_index(std::slice::from_ref(router), 0);
            let lines = |size: usize| (0..self.vcs).step_by(LINE / size);
            lines(size_of::<OutVc>()).skip(1).for_each(|vc| prefetch_index(router.outs.as_slice(), vc));
            lines(size_of::<InVc>()).for_each(|vc| prefetch_index(router.ins.as_slice(), vc));
        }
    }

    /// Asks for the rest.
    pub(super) fn finish(&mut self) {
        while self.with_ports < self.routers.len() {
            self.fetch_ports();
        }
        while self.with_channels < self.routers.len() {
            self.fetch_channels();
        }
    }
}
