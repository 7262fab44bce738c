//! A router: small fixed tables and masks over its virtual channels, in one piece of memory.
//!
//! Virtual channels of a router are numbered port · VCs + VC; sets of them are bit masks. `N` is the most
//! virtual channels and `P` the most ports and switch inputs that a router of this size class can have,
//! both powers of two, so that masked numbers need no bounds checks.

use super::setup::{Setup, Wire};
use super::wheel::Flit;

/// What an input virtual channel is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// No packet holds it, or its head is being routed.
    #[default]
    Idle,
    /// Its head waits for an output VC.
    Waiting,
    /// It has been given an output VC but is not through VC allocation yet.
    Allocating,
    /// It holds an output VC.
    Active,
    /// The same, and its only flit [passes undisturbed](super::express).
    Hasty,
    /// Its packet stands at a fork of its tree: copies of it wait for output VCs or hold them.
    Copying,
}

/// An input virtual channel. The oldest flit is here and the others in a ring of slots, so that a short queue, which
/// is the rule, touches one cache line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InVc {
    /// The oldest flit, if there is any.
    pub front: Flit,
    /// Ring index of the oldest flit, whose slot is not used.
    pub head: u16,
    /// Flits in the buffer.
    pub len: u16,
    /// Output VC held.
    pub out: u8,
    /// Output port held.
    pub out_port: u8,
    /// Output VC whose turn it is to be accepted.
    pub turn: u8,
    /// What it is doing.
    pub state: State,
}

impl InVc {
    /// Puts a flit at the end of the queue; returns whether it is the only one.
    #[inline(always)]
    pub(super) fn push(&mut self, flit: Flit, buffers: &mut [Flit], ring: Ring) -> bool {
        let alone = self.len == 0;
        if alone {
            self.front = flit;
        } else {
            buffers[ring.slot(self.head + self.len)] = flit;
        }
        self.len += 1;
        alone
    }

    /// Takes the oldest flit away; returns whether there is another one, which is to be [fetched](Self::refill).
    #[inline(always)]
    pub(super) fn pop(&mut self) -> bool {
        self.len -= 1;
        self.len > 0
    }

    /// Fetches what is the oldest flit now.
    #[inline(always)]
    pub(super) fn refill(&mut self, buffers: &[Flit], ring: Ring) {
        self.head = (self.head + 1) & ring.mask;
        self.front = buffers[ring.slot(self.head)];
    }
}

/// Where the slots of an input virtual channel are: a power of two of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ring {
    /// The first slot, in the buffers of the block or the region.
    pub first: usize,
    /// Slots less one.
    pub mask: u16,
}

impl Ring {
    /// The slot with a number that may be past the end.
    #[inline(always)]
    pub(super) fn slot(self, number: u16) -> usize {
        self.first + usize::from(number & self.mask)
    }
}

/// An output virtual channel: what is known of the buffer downstream.
///
/// Credits come last: at the start they would be read together with what follows, which takes long after either has been
/// written.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(super) struct OutVc {
    /// Input VC that holds it, valid while one does.
    pub owner: u8,
    /// Input VC whose turn it is to be granted.
    pub turn: u8,
    /// Free slots downstream.
    pub credits: u16,
}

/// A port, and a switch input: there is one per port, or several with input speedup, numbered through. Round-robin
/// pointers may stand one past the end, which means the start.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(super) struct Port {
    /// As an output: input VCs that bid for it, each active with a flit and a credit.
    pub bids: u64,
    /// As an output: input VCs whose head waits for one of its VCs.
    pub heads: u64,
    /// Flits that left by this port.
    pub flits: u64,
    /// Where flits go.
    pub out: Wire,
    /// Where credits go.
    pub back: Wire,
    /// As an output: the first VC of the switch input next in turn; the input itself where they are not
    /// one per port.
    pub grant: u8,
    /// As an output: the VC next in turn when VC and switch are allocated together.
    pub piggyback: u8,
    /// As a switch input: the output port next in turn.
    pub accept: u8,
    /// As a switch input: the input VC next in turn.
    pub vc: u8,
}

/// A router. What every stage looks at shares a cache line; so does what belongs to an output port.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Router<const N: usize, const P: usize> {
    /// Output VCs that no packet holds.
    pub free_out: u64,
    /// Input VCs whose waiting head asks at several ports: it has a choice, or is to be copied.
    pub torn: u64,
    /// Input VCs whose tail has left in this cycle.
    pub left: u64,
    /// The output VCs that they held: free from the next cycle on.
    pub freed: u64,
    /// Output VCs whose tail has left and whose last credit is awaited.
    pub closing: u64,
    /// Output VCs that no packet holds when none is here.
    pub whole: u64,
    /// Where it is, for the [`Compass`](super::compass::Compass).
    pub position: u32,
    pub outs: [OutVc; N],
    pub ports: [Port; P],
    pub ins: [InVc; N],
    /// By input VC: output VCs that the routing function offers to the packet at the head. Unused where a
    /// compass tells.
    pub wants: [u64; N],
}

impl<const N: usize, const P: usize> Router<N, P> {
    /// A router at rest with the given number of ports.
    pub(super) fn new(ports: usize, setup: &Setup) -> Self {
        let vcs = ports * usize::from(setup.vcs);
        let mut outs = [OutVc::default(); N];
        outs[..vcs].iter_mut().for_each(|out| out.credits = setup.depth);
        let all = u64::MAX.checked_shr(64 - vcs as u32).unwrap_or(0);
        Self {
            free_out: all,
            whole: all,
            torn: 0,
            left: 0,
            freed: 0,
            position: 0,
            closing: 0,
            ports: [Port { piggyback: setup.vcs - 1, ..Port::default() }; P],
            outs,
            ins: [InVc::default(); N],
            wants: [0; N],
        }
    }

    #[inline(always)]
    pub(super) fn input(&mut self, vc: usize) -> &mut InVc {
        &mut self.ins[vc & (N - 1)]
    }

    #[inline(always)]
    pub(super) fn output(&mut self, vc: usize) -> &mut OutVc {
        &mut self.outs[vc & (N - 1)]
    }

    #[inline(always)]
    pub(super) fn port(&mut self, port: usize) -> &mut Port {
        &mut self.ports[port & (P - 1)]
    }

    /// Switch input `lane` has sent from its VC `vc` to port `output`: their arbiters move on. For round-robin
    /// arbiters and one switch input per port of so many VCs.
    #[inline(always)]
    pub(super) fn take_turns(&mut self, [lane, vc, output]: [usize; 3], vcs: u8) {
        self.ports[output & (P - 1)].grant = (lane as u8 + 1) * vcs;
        let input = &mut self.ports[lane & (P - 1)];
        (input.accept, input.vc) = (output as u8 + 1, vc as u8 + 1);
    }

    /// Input VCs whose head waits for an output VC.
    pub(super) fn waiting(&self) -> u64 {
        self.ports.iter().fold(0, |waiting, port| waiting | port.heads)
    }
}

/// The first set bit of `mask` at or after `from`, round robin. `mask` is not zero; `from` may stand
/// one past the end.
#[inline(always)]
pub(super) fn next_in_turn(mask: u64, from: u8) -> usize {
    let ahead = mask & u64::MAX.wrapping_shl(from.into());
    (if ahead != 0 { ahead } else { mask }).trailing_zeros() as usize
}

/// Routers of a block: those that are simulated together, while their state is in the cache.
pub(super) const BLOCK: usize = 64;
