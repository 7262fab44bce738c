//! What is simulated next, on its way into the processor's cache.
//!
//! The state of a large network lies in the memory that the processor's cores share. Whoever waits for it line after line
//! waits for a fifth of the time. So one look at every line of the next block is taken while this one is at work, a few
//! with every flit: nothing depends on what is seen, and the work goes on before it is there.

use super::router::{InVc, OutVc, Router};
use super::setup::Setup;

/// Bytes of a cache line.
const LINE: usize = 64;

/// The routers of the next block, and how far they have been looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead<'a, const N: usize, const P: usize> {
    routers: &'a [Router<N, P>],
    ports: usize,
    vcs: usize,
    /// Routers whose ports, and whose channels, have been looked at.
    seen: [usize; 2],
    sum: u64,
}

impl<'a, const N: usize, const P: usize> Ahead<'a, N, P> {
    pub(super) fn new(routers: &'a [Router<N, P>], setup: &Setup) -> Self {
        Self { routers, ports: setup.ports, vcs: setup.channels, seen: [0; 2], sum: 0 }
    }

    /// Looks at the ports of one router more.
    #[inline(always)]
    pub(super) fn look_at_ports(&mut self) {
        let Some(router) = self.routers.get(self.seen[0]) else { return };
        self.seen[0] += 1;
        self.sum ^= router.ports.iter().take(self.ports).fold(0, |sum, port| sum ^ port.bids);
    }

    /// Looks at the channels of one router more.
    #[inline(always)]
    pub(super) fn look_at_channels(&mut self) {
        let Some(router) = self.routers.get(self.seen[1]) else { return };
        self.seen[1] += 1;
        self.sum ^= router.free_out;
        for out in router.outs.iter().take(self.vcs).step_by(LINE / size_of::<OutVc>()) {
            self.sum ^= u64::from(out.credits);
        }
        for input in router.ins.iter().take(self.vcs).step_by(LINE / size_of::<InVc>()) {
            self.sum ^= u64::from(input.len);
        }
    }

    /// Looks at the rest.
    pub(super) fn finish(&mut self) {
        while self.seen[0] < self.routers.len() {
            self.look_at_ports();
        }
        while self.seen[1] < self.routers.len() {
            self.look_at_channels();
        }
        std::hint::black_box(self.sum);
    }
}
