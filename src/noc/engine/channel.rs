//! The state of virtual channels, ports and routers.
//!
//! Tables are indexed by router and virtual-channel index (port · VCs + VC); [`Tables`] lays them
//! out with a fixed stride per router. Sets are bit masks over those indices.

use super::setup::{Setup, Wire};

/// What an input virtual channel is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// No packet holds it, or its head is being routed or waits for an output VC.
    #[default]
    Inactive,
    /// It has been given an output VC but is not through VC allocation yet.
    Allocating,
    /// It holds an output VC but has no flit or no credit.
    Active,
    /// It holds an output VC and bids for the switch.
    Bidding,
}

/// An input virtual channel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InVc {
    /// Output VCs that the routing function offers to the packet at the head.
    pub wants: u64,
    /// Ring index of the oldest flit.
    pub head: u16,
    /// Flits in the buffer.
    pub len: u16,
    /// Output VC held.
    pub out: u8,
    /// Output port held, or wanted if there is just one ([`MANY`] otherwise).
    pub out_port: u8,
    /// Output VC whose turn it is to be accepted.
    pub turn: u8,
    /// What it is doing.
    pub state: State,
}

/// Stands for the output port of a head that has a choice of ports.
pub(super) const MANY: u8 = u8::MAX;

/// An output virtual channel: what is known of the buffer downstream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OutVc {
    /// First buffer slot of the input VC downstream, if it lies in this region.
    pub dest: u32,
    /// Free slots downstream.
    pub credits: u16,
    /// Ring index at which the next flit is written downstream.
    pub write: u16,
    /// Input VC that holds it, valid while it is not free.
    pub owner: u8,
    /// Input VC whose turn it is to be granted.
    pub turn: u8,
    /// The output port.
    pub port: u8,
    /// The tail has left and its last credit is awaited.
    pub closing: bool,
}

/// A port. Round-robin pointers may stand one past the end, which means the start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Port {
    /// Where flits go.
    pub out: Wire,
    /// Where credits go.
    pub back: Wire,
    /// Flits that left by this port.
    pub flits: u64,
    /// As an output: the switch input next in turn.
    pub grant: u8,
    /// As an output: the VC next in turn when VC and switch are allocated together.
    pub piggyback: u8,
    /// As an output: a flit wider than the link is passing.
    pub busy: bool,
}

/// A switch input: one per port, or several with input speedup.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lane {
    /// The output port next in turn.
    pub accept: u8,
    /// The input VC next in turn.
    pub vc: u8,
}

/// What a router keeps of its own: the resources asked for in the stage that is being simulated.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hub {
    /// Output VCs that no packet holds.
    pub free_out: u64,
    /// The stage (cycle and kind) that the masks below belong to.
    stage: u64,
    /// Input VCs that ask.
    pub asking: u64,
    /// Resources asked for, and those asked for more than once.
    once: u64,
    twice: u64,
    /// Whether the disputes of this stage are still to be settled.
    pub unsettled: bool,
}

impl Hub {
    /// Input VC `vc` asks for `resources` in `stage`.
    #[inline(always)]
    pub(super) fn ask(&mut self, stage: u64, vc: usize, resources: u64) {
        let same = self.stage == stage;
        let (asking, once, twice) = if same { (self.asking, self.once, self.twice) } else { (0, 0, 0) };
        self.stage = stage;
        self.asking = asking | 1 << vc;
        self.once = once | resources;
        self.twice = twice | once & resources;
        self.unsettled = true;
    }

    /// Whether anything was asked for in `stage`.
    pub(super) fn is_in(&self, stage: u64) -> bool {
        self.stage == stage
    }

    /// Whether another input VC of the router asks for one of `resources`, too.
    #[inline(always)]
    pub(super) fn disputed(&self, resources: u64) -> bool {
        self.twice & resources != 0
    }
}

/// The tables of a region's routers.
#[derive(Clone, Debug)]
pub(super) struct Tables<const N: usize, const P: usize> {
    pub hubs: Vec<Hub>,
    pub in_vc: Vec<[InVc; N]>,
    pub out_vc: Vec<[OutVc; N]>,
    pub ports: Vec<[Port; P]>,
    pub lanes: Vec<[Lane; N]>,
    /// First buffer slot of input VC 0, by router; one more entry than routers.
    pub buffers: Vec<u32>,
}

impl<const N: usize, const P: usize> Tables<N, P> {
    pub(super) fn new(routers: usize) -> Self {
        Self {
            hubs: vec![Hub::default(); routers],
            in_vc: vec![[InVc::default(); N]; routers],
            out_vc: vec![[OutVc::default(); N]; routers],
            ports: vec![[Port::default(); P]; routers],
            lanes: vec![[Lane::default(); N]; routers],
            buffers: vec![0],
        }
    }

    /// Puts `router` at rest; it has the given number of ports.
    pub(super) fn set_up(&mut self, router: usize, ports: usize, setup: &Setup) {
        let vcs = ports * usize::from(setup.vcs);
        self.hubs[router].free_out = u64::MAX.checked_shr(64 - vcs as u32).unwrap_or(0);
        self.hubs[router].stage = u64::MAX;
        for vc in 0..vcs {
            let port = setup.port_of[vc];
            self.out_vc[router][vc] = OutVc { credits: setup.depth, port, ..OutVc::default() };
        }
        self.ports[router].iter_mut().for_each(|port| port.piggyback = setup.vcs - 1);
        self.buffers.push(self.buffers[router] + ((vcs as u32) << setup.ring_shift));
    }

    /// The buffer slot of the oldest flit of an input VC.
    #[inline(always)]
    pub(super) fn front(&self, router: usize, vc: usize, setup: &Setup) -> usize {
        self.buffers[router] as usize + (vc << setup.ring_shift) + usize::from(self.in_vc[router][vc].head)
    }
}

/// The first set bit of `mask` at or after `from`, round robin. `mask` is not zero; `from` may stand
/// one past the end.
#[inline(always)]
pub(super) fn next_in_turn(mask: u64, from: u8) -> usize {
    let ahead = mask & u64::MAX.wrapping_shl(from.into());
    (if ahead != 0 { ahead } else { mask }).trailing_zeros() as usize
}

/// Calls `f` with each set bit of `mask`, ascending.
#[inline(always)]
pub(super) fn for_each_bit(mut mask: u64, mut f: impl FnMut(usize)) {
    while mask != 0 {
        f(mask.trailing_zeros() as usize);
        mask &= mask - 1;
    }
}
