//! The timing wheel: everything that is under way between routers, by cycle of arrival.
//!
//! A virtual channel receives at most one flit, and at most one credit, per cycle. So what arrives at
//! a router in one cycle is two bit masks, and sending is setting a bit; the flit itself already
//! waits in the buffer where it will be seen.

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
    pub(super) fn new(of: u32, vc: u8) -> Self {
        Self(of << 6 | u32::from(vc))
    }

    /// The router or node.
    #[inline(always)]
    pub(super) fn of(self) -> usize {
        (self.0 >> 6) as usize
    }

    /// The virtual-channel index there.
    #[inline(always)]
    pub(super) fn vc(self) -> u8 {
        (self.0 & 63) as u8
    }
}

/// Something that happens after a stage longer than one cycle.
#[derive(Clone, Copy, Debug)]
pub(super) enum Later {
    /// Route computation of an input virtual channel ends.
    Routed(Place),
    /// An allocated virtual channel may bid for the switch.
    Allocated(Place),
    /// Output virtual channels of a router whose link is free again.
    LinkFree(u32, u64),
}

/// What arrives at one router in one cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Inbox {
    /// Input VCs that receive a flit.
    pub flits: u64,
    /// Output VCs that receive a credit.
    pub credits: u64,
}

/// A ring of cycles, long enough for the longest delay in the network.
#[derive(Clone, Debug)]
pub(super) struct Wheel {
    mask: u64,
    shift: u32,
    routers: usize,
    nodes: usize,
    /// By router and cycle.
    inboxes: Vec<Inbox>,
    /// By cycle and node: VCs of the injection port that receive a credit.
    node_credits: Vec<u32>,
    /// By cycle: routers and nodes that must be visited, one bit each.
    router_visits: Vec<u64>,
    node_visits: Vec<u64>,
    pub later: Vec<Vec<Later>>,
}

impl Wheel {
    /// A wheel for delays of up to `horizon` cycles.
    pub(super) fn new(horizon: usize, routers: usize, nodes: usize) -> Self {
        let size = (horizon + 1).next_power_of_two();
        Self {
            mask: size as u64 - 1,
            shift: size.trailing_zeros(),
            routers,
            nodes,
            inboxes: vec![Inbox::default(); size * routers],
            node_credits: vec![0; size * nodes],
            router_visits: vec![0; size * routers.div_ceil(64)],
            node_visits: vec![0; size * nodes.div_ceil(64)],
            later: vec![Vec::new(); size],
        }
    }

    #[inline(always)]
    pub(super) fn slot(&self, cycle: u64) -> usize {
        (cycle & self.mask) as usize
    }

    /// Visits `router` at `cycle`.
    #[inline(always)]
    pub(super) fn visit_router(&mut self, cycle: u64, router: usize) {
        let word = self.slot(cycle) * self.routers.div_ceil(64) + router / 64;
        self.router_visits[word] |= 1 << (router % 64);
    }

    /// Visits `node` at `cycle`.
    #[inline(always)]
    pub(super) fn visit_node(&mut self, cycle: u64, node: usize) {
        let word = self.slot(cycle) * self.nodes.div_ceil(64) + node / 64;
        self.node_visits[word] |= 1 << (node % 64);
    }

    /// A flit reaches an input VC at `cycle`.
    #[inline(always)]
    pub(super) fn send_flit(&mut self, cycle: u64, place: Place) {
        let index = place.of() << self.shift | self.slot(cycle);
        self.inboxes[index].flits |= 1 << place.vc();
        self.visit_router(cycle, place.of());
    }

    /// A credit reaches an output VC at `cycle`.
    #[inline(always)]
    pub(super) fn send_credit(&mut self, cycle: u64, place: Place) {
        let index = place.of() << self.shift | self.slot(cycle);
        self.inboxes[index].credits |= 1 << place.vc();
        self.visit_router(cycle, place.of());
    }

    /// A credit reaches a node's injection port at `cycle`.
    #[inline(always)]
    pub(super) fn send_node_credit(&mut self, cycle: u64, place: Place) {
        let index = self.slot(cycle) * self.nodes + place.of();
        self.node_credits[index] |= 1 << place.vc();
        self.visit_node(cycle, place.of());
    }

    /// Takes what arrives at `router` at `cycle`.
    #[inline(always)]
    pub(super) fn take_inbox(&mut self, cycle: u64, router: usize) -> Inbox {
        let index = router << self.shift | self.slot(cycle);
        std::mem::take(&mut self.inboxes[index])
    }

    /// Takes the credits that arrive at `node` at `cycle`.
    #[inline(always)]
    pub(super) fn take_node_credits(&mut self, cycle: u64, node: usize) -> u32 {
        let index = self.slot(cycle) * self.nodes + node;
        std::mem::take(&mut self.node_credits[index])
    }

    /// Takes the `word`-th 64 routers to be visited in `cycles`.
    #[inline(always)]
    pub(super) fn router_visits(&mut self, cycles: std::ops::Range<u64>, word: usize) -> u64 {
        let words = self.routers.div_ceil(64);
        cycles.fold(0, |all, cycle| {
            let index = self.slot(cycle) * words + word;
            all | std::mem::take(&mut self.router_visits[index])
        })
    }

    /// Takes the `word`-th 64 nodes to be visited at `cycle`.
    #[inline(always)]
    pub(super) fn take_node_visits(&mut self, cycle: u64, word: usize) -> u64 {
        let index = self.slot(cycle) * self.nodes.div_ceil(64) + word;
        std::mem::take(&mut self.node_visits[index])
    }

    /// The first cycle from `now` on in which anything happens.
    pub(super) fn next(&self, now: u64) -> Option<u64> {
        let (routers, nodes) = (self.routers.div_ceil(64), self.nodes.div_ceil(64));
        (now..=now + self.mask).find(|&cycle| {
            let slot = self.slot(cycle);
            !self.later[slot].is_empty()
                || self.router_visits[slot * routers..][..routers].iter().any(|&word| word != 0)
                || self.node_visits[slot * nodes..][..nodes].iter().any(|&word| word != 0)
        })
    }
}
