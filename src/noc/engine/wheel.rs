//! The timing wheel: for each cycle to come, the work that falls due in it.
//!
//! Work lists are flat: a cycle goes over lists of virtual channels instead of over routers, so
//! that idle routers cost nothing and the processor overlaps the work of many routers. There is one set of
//! lists for every block of routers, and one for the nodes.

use std::mem::ManuallyDrop;

use super::express::Departure;
use super::node::Landed;
use super::router::BLOCK;
use crate::base::NodeId;
use crate::noc::source::{Delivery, Failure};

/// A flit as routers store it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flit {
    /// The slot of its packet, whether it opens or closes the packet, and what bit errors have done to it.
    id: u32,
    /// Where its packet goes, as the [`Compass`](super::compass::Compass) says it; nothing without one. So routers
    /// need not look at the packet.
    pub goal: u32,
}

impl Flit {
    const TAIL: u32 = 1;
    const HEAD: u32 = 2;
    const CORRUPT: u32 = 4;
    const GIVEN_UP: u32 = 8;
    const SLOT: u32 = 4;

    pub(super) fn new(slot: u32, head: bool, tail: bool, goal: u32) -> Self {
        Self { id: slot << Self::SLOT | u32::from(head) << 1 | u32::from(tail), goal }
    }

    /// The same flit of a packet that has this slot in another region.
    pub(super) fn moved_to(self, slot: u32) -> Self {
        Self { id: slot << Self::SLOT | self.id & ((1 << Self::SLOT) - 1), ..self }
    }

    /// The flit with damage that nobody notices.
    pub(super) fn corrupted(self) -> Self {
        Self { id: self.id | Self::CORRUPT, ..self }
    }

    /// The flit after the last attempt to send it has failed: its packet is worth nothing.
    pub(super) fn given_up(self) -> Self {
        Self { id: self.id | Self::GIVEN_UP, ..self }
    }

    /// Whether bit errors have left anything on it.
    #[inline(always)]
    pub(super) fn is_marked(self) -> bool {
        self.id & (Self::CORRUPT | Self::GIVEN_UP) != 0
    }

    pub(super) fn is_given_up(self) -> bool {
        self.id & Self::GIVEN_UP != 0
    }

    #[inline(always)]
    pub(super) fn is_head(self) -> bool {
        self.id & Self::HEAD != 0
    }

    #[inline(always)]
    pub(super) fn is_tail(self) -> bool {
        self.id & Self::TAIL != 0
    }

    #[inline(always)]
    pub(super) fn slot(self) -> usize {
        (self.id >> Self::SLOT) as usize
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

    /// The router's block.
    #[inline(always)]
    pub(super) fn block(self) -> usize {
        self.of() / BLOCK
    }

    /// The router's number within its block.
    #[inline(always)]
    pub(super) fn local(self) -> usize {
        self.of() % BLOCK
    }
}

/// Input VCs that receive a flit, and the flits: those that are not heads, and heads.
pub(super) type Flits = [Vec<(Place, Flit)>; 2];

/// Work of a block in one cycle.
#[derive(Clone, Debug, Default)]
pub(super) struct Due {
    /// Flits that reach their routers.
    pub flits: Flits,
    /// Output VCs that receive a credit.
    pub credits: Vec<Place>,
    /// Input VCs at whose front a head appears.
    pub fronts: Vec<Place>,
    /// Flits that win the switch whoever else asks for it.
    pub departures: Vec<Departure>,
}

impl Due {
    /// Asked of each block in each cycle: one test.
    #[inline(always)]
    fn is_empty(&self) -> bool {
        let [bodies, heads] = &self.flits;
        let moves = bodies.len() | heads.len() | self.departures.len();
        moves | self.credits.len() | self.fronts.len() == 0
    }

    fn clear(&mut self) {
        self.flits.iter_mut().for_each(Vec::clear);
        self.credits.clear();
        self.fronts.clear();
        self.departures.clear();
    }
}

/// Work of a block in one cycle that only routers with longer stages or narrow links have.
#[derive(Clone, Debug, Default)]
pub(super) struct Late {
    /// Input VCs whose head has been routed.
    pub routed: Vec<Place>,
    /// Input VCs that are through VC allocation.
    pub allocated: Vec<Place>,
    /// Output VCs that are through allocation, held for copies of packets at a fork.
    pub copies: Vec<Place>,
    /// Output VCs, one of each port, whose narrow link is free again.
    pub links: Vec<Place>,
}

impl Late {
    fn is_empty(&self) -> bool {
        let heads = self.routed.len() | self.allocated.len();
        heads | self.copies.len() | self.links.len() == 0
    }

    fn clear(&mut self) {
        self.routed.clear();
        self.allocated.clear();
        self.copies.clear();
        self.links.clear();
    }
}

/// Work of the nodes in one cycle.
#[derive(Clone, Debug, Default)]
pub(super) struct NodesDue {
    /// Injection VCs that receive a credit.
    pub credits: Vec<Place>,
    /// Packets read whole by their destination.
    pub deliveries: Vec<Delivery>,
    /// Packets that were refused, and the nodes that learn of it.
    pub failures: Vec<(NodeId, Failure)>,
    /// Flits that come to nodes which may have no room for them.
    pub landed: Vec<Landed>,
}

impl NodesDue {
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        let told = self.deliveries.len() | self.failures.len() | self.landed.len();
        told | self.credits.len() == 0
    }
}

/// A ring of cycles, long enough for the longest delay in the network. Lists keep their memory.
#[derive(Clone, Debug)]
pub(super) struct Wheel {
    /// By block, then by cycle. Boxed, so that it is quickly taken out.
    #[expect(clippy::vec_box, reason = "moving a box is quicker than moving its lists")]
    due: Vec<Box<Due>>,
    /// See [`Wheel::open`]; empty in between.
    near: Flits,
    /// What takes the place of the work at hand.
    spare: Option<Box<Due>>,
    late: Vec<Late>,
    nodes: Vec<NodesDue>,
    shift: u32,
    mask: u64,
}

impl Wheel {
    /// A wheel for this many routers and 2 to the power of `shift` cycles.
    pub(super) fn new(routers: usize, shift: u32) -> Self {
        let (size, blocks) = (1 << shift, routers.div_ceil(BLOCK));
        Self {
            due: vec![Box::default(); blocks * size],
            near: Flits::default(),
            spare: None,
            late: vec![Late::default(); blocks * size],
            nodes: vec![NodesDue::default(); size],
            shift,
            mask: size as u64 - 1,
        }
    }

    #[inline(always)]
    fn index(&self, block: usize, cycle: u64) -> usize {
        block << self.shift | (cycle & self.mask) as usize
    }

    /// A flit reaches a router in `cycle`.
    #[inline(always)]
    pub(super) fn flit(&mut self, cycle: u64, place: Place, flit: Flit) {
        let index = self.index(place.block(), cycle);
        self.due[index].flits[usize::from(flit.is_head())].push((place, flit));
    }

    /// Has the flits that reach a block in `cycle` at hand, for [`Wheel::near`], until it is closed again. Meanwhile none
    /// are added in another way.
    #[inline(always)]
    pub(super) fn open(&mut self, block: usize, cycle: u64) {
        let index = self.index(block, cycle);
        std::mem::swap(&mut self.near, &mut self.due[index].flits);
    }

    /// Puts the flits at hand back.
    #[inline(always)]
    pub(super) fn close(&mut self, block: usize, cycle: u64) {
        self.open(block, cycle);
    }

    /// A flit reaches a router of the block and in the cycle for which the wheel is open.
    #[inline(always)]
    pub(super) fn near(&mut self, place: Place, flit: Flit) {
        self.near[usize::from(flit.is_head())].push((place, flit));
    }

    /// A credit reaches a router in `cycle`.
    #[inline(always)]
    pub(super) fn credit(&mut self, cycle: u64, place: Place) {
        let index = self.index(place.block(), cycle);
        self.due[index].credits.push(place);
    }

    /// A head comes to the front of its buffer in a router of `block` in `cycle`.
    #[inline(always)]
    pub(super) fn front(&mut self, block: usize, cycle: u64, place: Place) {
        let index = self.index(block, cycle);
        self.due[index].fronts.push(place);
    }

    /// A flit leaves its router in `cycle`.
    #[inline(always)]
    pub(super) fn departure(&mut self, cycle: u64, departure: Departure) {
        let index = self.index(departure.place.block(), cycle);
        self.due[index].departures.push(departure);
    }

    /// The rarer work of a router in `cycle`.
    #[inline]
    pub(super) fn late(&mut self, cycle: u64, router: usize) -> &mut Late {
        let index = self.index(router / BLOCK, cycle);
        &mut self.late[index]
    }

    /// Nodes' work in `cycle`.
    #[inline(always)]
    pub(super) fn nodes(&mut self, cycle: u64) -> &mut NodesDue {
        &mut self.nodes[(cycle & self.mask) as usize]
    }

    /// Whether anything falls due in a block in `cycle`; the common router has no late work.
    #[inline(always)]
    pub(super) fn is_due<const PLAIN: bool>(&self, block: usize, cycle: u64) -> bool {
        let index = self.index(block, cycle);
        !(self.due[index].is_empty() && (PLAIN || self.late[index].is_empty()))
    }

    /// Takes the work of `cycle` out; give it back with [`Wheel::put_back`]. Whoever holds what a panic would have to drop
    /// keeps it at hand for that, and the cycle loop is short of registers.
    #[inline(always)]
    pub(super) fn take(&mut self, block: usize, cycle: u64) -> ManuallyDrop<Box<Due>> {
        let index = self.index(block, cycle);
        let spare = self.spare.take().unwrap_or_default();
        ManuallyDrop::new(std::mem::replace(&mut self.due[index], spare))
    }

    /// Returns finished work, so that its memory is used again.
    #[inline(always)]
    pub(super) fn put_back(&mut self, due: ManuallyDrop<Box<Due>>) {
        let mut due = ManuallyDrop::into_inner(due);
        due.clear();
        self.spare = Some(due);
    }

    /// As [`Wheel::take`].
    pub(super) fn take_late(&mut self, block: usize, cycle: u64) -> Late {
        let index = self.index(block, cycle);
        std::mem::take(&mut self.late[index])
    }

    /// As [`Wheel::put_back`].
    pub(super) fn put_back_late(&mut self, block: usize, cycle: u64, mut late: Late) {
        late.clear();
        let index = self.index(block, cycle);
        self.late[index] = late;
    }

    /// Cycles that the wheel covers.
    pub(super) fn span(&self) -> u64 {
        self.mask + 1
    }

    /// Blocks of routers that it has lists for.
    pub(super) fn blocks(&self) -> usize {
        self.due.len() >> self.shift
    }

    /// The work of a block in `cycle`, to be looked at from outside the cycle loop.
    pub(super) fn work(&self, block: usize, cycle: u64) -> (&Due, &Late) {
        let index = self.index(block, cycle);
        (&self.due[index], &self.late[index])
    }

    /// The same, to be changed.
    pub(super) fn work_mut(&mut self, block: usize, cycle: u64) -> (&mut Due, &mut Late) {
        let index = self.index(block, cycle);
        (&mut self.due[index], &mut self.late[index])
    }

    /// The first cycle from `now` on in which anything happens.
    pub(super) fn next(&self, now: u64) -> Option<u64> {
        let blocks = self.due.len() >> self.shift;
        (now..=now + self.mask).find(|&cycle| {
            !self.nodes[(cycle & self.mask) as usize].is_empty()
                || (0..blocks).any(|block| self.is_due::<false>(block, cycle))
        })
    }
}
