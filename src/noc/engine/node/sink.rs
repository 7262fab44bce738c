//! Where packets leave the network at the pace of those who receive them: a packet is read when there is room for all of
//! it. Until then its flits stay in the last channel, whose credits do not come back.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::base::{NodeId, ones};
use crate::noc::engine::region::Shared;
use crate::noc::engine::wheel::{Flit, Place};
use crate::noc::source::Source;

/// A flit that has come to a node.
#[derive(Clone, Copy, Debug)]
pub(in crate::noc::engine) struct Landed {
    /// The node, and the VC of its channel.
    pub at: Place,
    /// The output VC of its router.
    pub from: Place,
    pub flit: Flit,
}

/// The last channels of a region. Empty where nodes have room for everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Sinks {
    first_node: u32,
    vcs: usize,
    /// By node and VC: flits that have not been read.
    channels: Vec<VecDeque<Landed>>,
    /// By node: VCs whose packet is being read.
    open: Vec<u64>,
    /// By node: VCs at whose front a head waits, first come first.
    line: Vec<Vec<u8>>,
    /// By node: the cycle in which its heads ask again.
    again: Vec<u64>,
    /// These cycles, and others that have been put forward.
    calls: BinaryHeap<Reverse<(u64, u32)>>,
    /// Nodes at work in this cycle.
    busy: Vec<u32>,
}

impl Sinks {
    /// Sinks of `nodes` nodes from `first_node` on, with so many VCs.
    pub(super) fn new(first_node: u32, nodes: usize, vcs: u8) -> Self {
        let vcs = usize::from(vcs);
        Self {
            first_node,
            vcs,
            channels: vec![VecDeque::new(); nodes * vcs],
            open: vec![0; nodes],
            line: vec![Vec::new(); nodes],
            again: vec![u64::MAX; nodes],
            ..Self::default()
        }
    }

    /// The next cycle in which heads ask again.
    pub(super) fn next(&self) -> Option<u64> {
        self.calls.peek().map(|&Reverse((at, _))| at)
    }

    /// Whether heads ask again in cycle `now`.
    pub(super) fn is_due(&self, now: u64) -> bool {
        self.next().is_some_and(|next| next <= now)
    }

    /// Reads what there is room for in cycle `now`; whether there was anything to look at.
    pub(super) fn step<S: Source>(&mut self, shared: &mut Shared, source: &mut S, now: u64) -> bool {
        let (mut busy, mut landed) =
            (std::mem::take(&mut self.busy), std::mem::take(&mut shared.wheel.nodes(now).landed));
        for it in landed.drain(..) {
            let (node, channel) = (it.at.of(), it.at.of() * self.vcs + it.at.vc());
            if self.channels[channel].is_empty() && it.flit.is_head() {
                self.line[node].push(it.at.vc() as u8);
            }
            self.channels[channel].push_back(it);
            busy.push(node as u32);
        }
        shared.wheel.nodes(now).landed = landed;
        while let Some(&Reverse((at, node))) = self.calls.peek().filter(|call| call.0.0 <= now) {
            self.calls.pop();
            if self.again[node as usize] == at {
                self.again[node as usize] = u64::MAX;
                busy.push(node);
            }
        }
        let any = !busy.is_empty();
        busy.sort_unstable();
        busy.dedup();
        busy.drain(..).for_each(|node| self.read_at(node, shared, source, now));
        self.busy = busy;
        any
    }

    /// Reads at one node: packets that are half read, and then those for which there is room, in the order in which
    /// their heads came to the front.
    fn read_at<S: Source>(&mut self, node: u32, shared: &mut Shared, source: &mut S, now: u64) {
        let own = node as usize;
        for vc in ones(self.open[own]) {
            self.read(own, vc, shared, now);
        }
        let mut turn = 0;
        while let Some(&vc) = self.line[own].get(turn) {
            let vc = usize::from(vc);
            let Some(head) = self.channels[own * self.vcs + vc].front() else { return };
            let tag = shared.packets.record(head.flit.slot()).tag;
            match source.admit(NodeId(self.first_node + node), tag, now) {
                Ok(()) => {
                    self.line[own].remove(turn);
                    self.open[own] |= 1 << vc;
                    self.read(own, vc, shared, now);
                }
                Err(later) => {
                    turn += 1;
                    let later = later.max(now + 1);
                    if later < self.again[own] {
                        self.again[own] = later;
                        self.calls.push(Reverse((later, node)));
                    }
                }
            }
        }
    }

    /// Reads the flits of a packet that have come.
    fn read(&mut self, node: usize, vc: usize, shared: &mut Shared, now: u64) {
        let channel = &mut self.channels[node * self.vcs + vc];
        while let Some(Landed { from, flit, .. }) = channel.pop_front() {
            shared.eject(flit, now);
            shared.wheel.credit(now + shared.setup.node_credit(), from);
            if flit.is_tail() {
                self.open[node] &= !(1 << vc);
                if !channel.is_empty() {
                    self.line[node].push(vc as u8);
                }
                return;
            }
        }
    }
}
