//! The timing wheel: everything that is under way between routers, by cycle of arrival.

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

/// A flit on its way to an input virtual channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub place: Place,
    pub flit: Flit,
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

/// All events of one cycle.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    pub flits: Vec<Arrival>,
    /// Credits for output virtual channels of routers.
    pub credits: Vec<Place>,
    /// Credits for the injection ports of nodes.
    pub node_credits: Vec<Place>,
    pub later: Vec<Later>,
}

impl Slot {
    fn is_empty(&self) -> bool {
        self.flits.is_empty()
            && self.credits.is_empty()
            && self.node_credits.is_empty()
            && self.later.is_empty()
    }

    fn clear(&mut self) {
        self.flits.clear();
        self.credits.clear();
        self.node_credits.clear();
        self.later.clear();
    }
}

/// A ring of slots, long enough for the longest delay in the network. Slots keep their memory.
#[derive(Clone, Debug)]
pub(super) struct Wheel {
    slots: Vec<Slot>,
    mask: u64,
}

impl Wheel {
    /// A wheel for delays of up to `horizon` cycles.
    pub(super) fn new(horizon: usize) -> Self {
        let size = (horizon + 2).next_power_of_two();
        Self { slots: vec![Slot::default(); size], mask: size as u64 - 1 }
    }

    /// The events of `cycle`, which lies no more than the horizon ahead.
    #[inline(always)]
    pub(super) fn at(&mut self, cycle: u64) -> &mut Slot {
        &mut self.slots[(cycle & self.mask) as usize]
    }

    /// Takes the events of `cycle` out; give them back with [`Wheel::put_back`].
    #[inline(always)]
    pub(super) fn take(&mut self, cycle: u64) -> Slot {
        std::mem::take(self.at(cycle))
    }

    /// Returns an emptied slot so that its memory is reused.
    #[inline(always)]
    pub(super) fn put_back(&mut self, cycle: u64, mut slot: Slot) {
        slot.clear();
        *self.at(cycle) = slot;
    }

    /// The first cycle from `now` on that has an event.
    pub(super) fn next(&self, now: u64) -> Option<u64> {
        (now..=now + self.mask).find(|cycle| !self.slots[(cycle & self.mask) as usize].is_empty())
    }
}
