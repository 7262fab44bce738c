//! A router: masks over its virtual channels and small fixed tables, in one piece of memory.
//!
//! All sets are bit masks over virtual-channel indices (port · VCs + VC), so that a router's
//! pipeline is a handful of word operations. `N` is the most virtual channels and `P` the most ports
//! that a router of this size class can have.

use super::setup::{Setup, Wire};
use super::wheel::Flit;

/// An input virtual channel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InVc {
    /// Output VCs that the routing function offers to the packet at the head.
    pub wants: u64,
    /// Ring index of the oldest flit.
    pub head: u16,
    /// Flits in the buffer.
    pub len: u16,
    /// Output VC held, and its port.
    pub out: u8,
    pub out_port: u8,
    /// Output VC whose turn it is to be accepted.
    pub turn: u8,
    /// The input port.
    pub port: u8,
}

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
}

/// A port: where it leads, and the round-robin pointers of the switch allocator there. Pointers may
/// stand one past the end, which means the start.
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
}

/// A switch input: one per port, or several with input speedup.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lane {
    /// Its input VCs.
    pub vcs: u64,
    /// The output port next in turn.
    pub accept: u8,
    /// The input VC next in turn.
    pub vc: u8,
}

/// A router.
#[derive(Clone, Debug)]
pub(super) struct Block<const N: usize, const P: usize> {
    /// Input VCs whose head has been routed in this cycle.
    pub routed: u64,
    /// Input VCs whose head waits for an output VC.
    pub waiting: u64,
    /// Input VCs that hold an output VC.
    pub active: u64,
    /// Active input VCs with a flit and a credit: they bid for the switch.
    pub ready: u64,
    /// Output VCs that no packet holds.
    pub free_out: u64,
    /// Output VCs with at least one credit.
    pub credit_out: u64,
    /// Output VCs whose tail has left and whose last credit is awaited.
    pub closing_out: u64,
    /// Output VCs whose link is busy with a flit wider than itself.
    pub busy_out: u64,
    /// First buffer slot of input VC 0.
    pub buffers: u32,
    pub in_vc: [InVc; N],
    pub out_vc: [OutVc; N],
    pub ports: [Port; P],
    pub lanes: [Lane; N],
}

impl<const N: usize, const P: usize> Block<N, P> {
    /// A router at rest with the given number of ports.
    pub(super) fn new(ports: u8, buffers: u32, setup: &Setup) -> Self {
        let vcs = ports * setup.vcs;
        let all = u64::MAX.checked_shr(64 - u32::from(vcs)).unwrap_or(0);
        let (mut in_vc, mut out_vc) = ([InVc::default(); N], [OutVc::default(); N]);
        let mut lanes = [Lane::default(); N];
        for vc in 0..vcs {
            let port = vc / setup.vcs;
            in_vc[usize::from(vc)].port = port;
            out_vc[usize::from(vc)] = OutVc { credits: setup.depth, port, ..OutVc::default() };
            lanes[setup.lane(vc, port)].vcs |= 1 << vc;
        }
        let port = Port { piggyback: setup.vcs - 1, ..Port::default() };
        Self {
            routed: 0,
            waiting: 0,
            active: 0,
            ready: 0,
            free_out: all,
            credit_out: all,
            closing_out: 0,
            busy_out: 0,
            buffers,
            in_vc,
            out_vc,
            ports: [port; P],
            lanes,
        }
    }

    /// Whether the router has something to do in the next cycle, whatever arrives.
    #[inline(always)]
    pub(super) fn is_busy(&self) -> bool {
        self.routed | self.waiting | self.ready != 0
    }

    /// The buffer slot of the oldest flit of input VC `vc`.
    #[inline(always)]
    pub(super) fn front(&self, vc: usize, setup: &Setup) -> usize {
        self.buffers as usize + (vc << setup.ring_shift) + usize::from(self.in_vc[vc].head)
    }

    /// Credits come back for the output VCs in `arrived`.
    #[inline(always)]
    pub(super) fn take_credits<const PLAIN: bool>(&mut self, arrived: u64, setup: &Setup) {
        for_each_bit(arrived, |vc| {
            let out = &mut self.out_vc[vc];
            out.credits += 1;
            if out.credits == 1 {
                self.credit_out |= 1 << vc;
                let owner = usize::from(out.owner);
                let held = self.free_out >> vc & 1 ^ 1;
                let bids = u64::from(self.in_vc[owner].len > 0);
                self.ready |= self.active & (held & bids) << owner;
            }
            if !PLAIN && setup.wait_for_tail_credit && self.out_vc[vc].credits == setup.depth {
                let closed = self.closing_out & 1 << vc;
                self.closing_out &= !closed;
                self.free_out |= closed;
            }
        });
    }

    /// Flits become visible at the input VCs in `arrived`. Returns those whose head must be routed.
    #[inline(always)]
    pub(super) fn take_flits(&mut self, arrived: u64) -> u64 {
        let mut fresh = 0;
        for_each_bit(arrived, |vc| {
            let input = &mut self.in_vc[vc];
            input.len += 1;
            fresh |= u64::from(input.len == 1) << vc;
        });
        let resumed = fresh & self.active;
        for_each_bit(resumed, |vc| self.ready |= (self.credit_out >> self.in_vc[vc].out & 1) << vc);
        fresh & !resumed
    }

    /// Of `bids`, those whose output link is free.
    pub(super) fn on_free_links(&self, bids: u64) -> u64 {
        let mut free = bids;
        for_each_bit(bids, |vc| free &= !((self.busy_out >> self.in_vc[vc].out & 1) << vc));
        free
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

/// The flit buffers of a region: a ring of `1 << ring_shift` slots per input VC.
pub(super) type Buffers = Vec<Flit>;
