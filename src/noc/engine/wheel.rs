//! The timing wheel: for each cycle to come, the work that falls due in it.
//!
//! Work lists are flat: a cycle goes over long lists of virtual channels instead of over routers, so
//! that idle routers cost nothing and the processor overlaps the work of many routers.

/// A flit as routers store it: the slot of its packet and whether it opens or closes the packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flit(pub u32);

impl Flit {
    const TAIL: u32 = 1;
    const HEAD: u32 = 2;

    pub(super) fn new(slot: u32, head: bool, tail: bool) -> Self {
        Self(slot << 2 | u32::from(head) << 1 | u32::from(tail))
    }

    #[inline(always)]
    pub(super) fn is_head(self) -> bool {
        self.0 & Self::HEAD != 0
    }

    #[inline(always)]
    pub(super) fn is_tail(self) -> bool {
        self.0 & Self::TAIL != 0
    }

    #[inline(always)]
    pub(super) fn slot(self) -> usize {
        (self.0 >> 2) as usize
    }
}

/// A virtual channel of a router or node of a region: its number times 64 plus port · VCs + VC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(pub u32);

impl Place {
    pub(super) fn new(of: usize, vc: usize) -> Self {
        Self((of << 6 | vc) as u32)
    }

    /// The router or node.
    #[inline(always)]
    pub(super) fn of(self) -> usize {
        (self.0 >> 6) as usize
    }

    /// The virtual-channel index there.
    #[inline(always)]
    pub(super) fn vc(self) -> usize {
        (self.0 & 63) as usize
    }
}

/// The work of one cycle.
#[derive(Clone, Debug, Default)]
pub(super) struct Due {
    /// Output VCs that receive a credit.
    pub credits: Vec<Place>,
    /// Injection VCs of nodes that receive a credit.
    pub node_credits: Vec<Place>,
    /// Input VCs that receive a flit.
    pub flits: Vec<Place>,
    /// Input VCs whose head asks for an output VC.
    pub heads: Vec<Place>,
    /// Input VCs that bid for the switch.
    pub bids: Vec<Place>,
    /// Output VCs, one of each port, whose narrow link is free again.
    pub links: Vec<Place>,
    /// Nodes that may inject.
    pub nodes: Vec<u32>,
}

impl Due {
    pub(super) fn is_empty(&self) -> bool {
        let lists = [&self.credits, &self.node_credits, &self.flits, &self.heads, &self.bids, &self.links];
        lists.iter().all(|list| list.is_empty()) && self.nodes.is_empty()
    }

    fn clear(&mut self) {
        for list in [
            &mut self.credits,
            &mut self.node_credits,
            &mut self.flits,
            &mut self.heads,
            &mut self.bids,
            &mut self.links,
        ] {
            list.clear();
        }
        self.nodes.clear();
    }
}

/// A ring of cycles, long enough for the longest delay in the network. Lists keep their memory.
#[derive(Clone, Debug)]
pub(super) struct Wheel {
    cycles: Vec<Due>,
    mask: u64,
}

impl Wheel {
    /// A wheel for delays of up to `horizon` cycles.
    pub(super) fn new(horizon: usize) -> Self {
        let size = (horizon + 1).next_power_of_two();
        Self { cycles: vec![Due::default(); size], mask: size as u64 - 1 }
    }

    /// The work of `cycle`, which lies no more than the horizon ahead.
    #[inline(always)]
    pub(super) fn at(&mut self, cycle: u64) -> &mut Due {
        &mut self.cycles[(cycle & self.mask) as usize]
    }

    /// Takes the work of `cycle` out; give it back with [`Wheel::put_back`].
    #[inline(always)]
    pub(super) fn take(&mut self, cycle: u64) -> Due {
        std::mem::take(self.at(cycle))
    }

    /// Returns finished work, so that its memory is used again.
    #[inline(always)]
    pub(super) fn put_back(&mut self, cycle: u64, mut due: Due) {
        due.clear();
        *self.at(cycle) = due;
    }

    /// The first cycle from `now` on in which anything happens.
    pub(super) fn next(&self, now: u64) -> Option<u64> {
        (now..=now + self.mask).find(|cycle| !self.cycles[(cycle & self.mask) as usize].is_empty())
    }
}
