//! What the routers of a block ask for, port by port: a word has one bit for each router.
//!
//! So the common switch allocator finds the routers of a block in which no two requests meet, which is the rule, and
//! what is granted there, all at once; the others are settled one by one (`switch.rs`).

use crate::base::ones;

/// Requests of a block's routers.
#[derive(Clone, Debug)]
pub(super) struct Board<const P: usize> {
    /// By output port: a flit wider than the link is passing.
    pub busy: [u64; P],
    /// By output port: [`Port::heads`](super::router::Port::heads) is not empty.
    heads: [u64; P],
    /// By output port and switch input: [`Port::bids`](super::router::Port::bids) has VCs of the input.
    bids: [[u64; P]; P],
    /// How often heads were alone of late, when that was looked at; below 0 it is not.
    pub luck: i32,
    /// Output ports with heads, one bit each.
    with_heads: u64,
    /// The same of bids; more of them while a cycle lasts.
    with_bids: u64,
}

impl<const P: usize> Board<P> {
    /// Nothing is asked for.
    pub(super) fn new() -> Self {
        Self { busy: [0; P], heads: [0; P], bids: [[0; P]; P], luck: 0, with_heads: 0, with_bids: 0 }
    }

    /// Whether there is anything to allocate, asked between cycles.
    #[inline(always)]
    pub(super) fn any(&self) -> bool {
        self.with_heads | self.with_bids != 0
    }

    /// A head in `router` waits for a channel of `port`.
    #[inline(always)]
    pub(super) fn ask(&mut self, port: usize, router: usize) {
        self.heads[port & (P - 1)] |= 1 << router;
        self.with_heads |= 1 << port;
    }

    /// No head in the routers `routers` waits for a channel of `port` any more.
    #[inline(always)]
    pub(super) fn served(&mut self, port: usize, routers: u64) {
        let heads = &mut self.heads[port & (P - 1)];
        *heads &= !routers;
        self.with_heads &= !(u64::from(*heads == 0) << port);
    }

    /// Ports for whose channels heads wait, one bit each.
    #[inline(always)]
    pub(super) fn with_heads(&self) -> u64 {
        self.with_heads
    }

    /// Routers with a head that waits for a channel of `port`.
    #[inline(always)]
    pub(super) fn heads(&self, port: usize) -> u64 {
        self.heads[port & (P - 1)]
    }

    /// Virtual channels of switch input `lane` bid for `port`, in the routers `routers`.
    #[inline(always)]
    pub(super) fn bid(&mut self, port: usize, lane: usize, routers: u64) {
        self.bids[port & (P - 1)][lane & (P - 1)] |= routers;
        self.with_bids |= 1 << port;
    }

    /// They bid no more.
    #[inline(always)]
    pub(super) fn withdraw(&mut self, port: usize, lane: usize, routers: u64) {
        self.bids[port & (P - 1)][lane & (P - 1)] &= !routers;
    }

    /// Forgets all requests.
    pub(super) fn clear(&mut self) {
        (self.heads, self.bids) = ([0; P], [[0; P]; P]);
        (self.with_heads, self.with_bids) = (0, 0);
    }

    /// Notes which ports still have bids: at the end of a cycle.
    #[inline(always)]
    pub(super) fn settle(&mut self) {
        for port in ones(self.with_bids) {
            self.with_bids &= !(u64::from(any(&self.bids[port & (P - 1)]) == 0) << port);
        }
    }

    /// Routers with a bid, be the port busy or not.
    #[inline(always)]
    pub(super) fn bidding(&self) -> u64 {
        let mut routers = 0;
        for port in ones(self.with_bids) {
            routers |= any(&self.bids[port & (P - 1)]);
        }
        routers
    }

    /// Routers with a bid or a head that waits.
    #[inline(always)]
    pub(super) fn asking(&self) -> u64 {
        let mut routers = self.bidding();
        for port in ones(self.with_heads) {
            routers |= self.heads[port & (P - 1)];
        }
        routers
    }

    /// Ports for which there are bids, one bit each.
    #[inline(always)]
    pub(super) fn with_bids(&self) -> u64 {
        self.with_bids
    }

    /// Routers in which virtual channels of switch input `lane` bid for `port`, which is not busy.
    #[inline(always)]
    pub(super) fn bids(&self, port: usize, lane: usize) -> u64 {
        self.bids[port & (P - 1)][lane & (P - 1)] & !self.busy[port & (P - 1)]
    }

    /// Routers in which two switch inputs bid for one port, or an input for two ports; of each a router has at most
    /// `ports`.
    #[inline(always)]
    pub(super) fn contested(&self, ports: usize) -> u64 {
        // Short rows are taken whole, which needs no count of turns.
        let width = if P > 8 { ports.min(P) } else { P };
        let (mut contested, mut taken) = (0, [0; P]);
        for port in ones(self.with_bids) {
            let (mut wanted, open, row) = (0, !self.busy[port & (P - 1)], &self.bids[port & (P - 1)]);
            for lane in 0..width {
                let bids = row[lane] & open;
                contested |= (wanted | taken[lane]) & bids;
                wanted |= bids;
                taken[lane] |= bids;
            }
        }
        contested
    }
}

/// The words of a row together.
#[inline(always)]
fn any<const P: usize>(row: &[u64; P]) -> u64 {
    row.iter().fold(0, |any, word| any | word)
}
