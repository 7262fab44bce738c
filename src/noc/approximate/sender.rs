//! Nodes: where packets enter the network.

use super::channel::{NONE, UNKNOWN};
use super::{Approximate, Event};
use crate::base::NodeId;
use crate::noc::source::Source;
use crate::noc::timing::Timing;

impl Approximate {
    /// Sees to it that `node` wakes when it has something to send, at `from` at the earliest.
    pub(super) fn rouse<S: Source>(&mut self, node: NodeId, source: &mut S, from: u64) {
        let sender = self.senders[node.index()];
        if sender.parcel == NONE
            && let Some(at) = self.gate.due(node, source, from.max(sender.free))
        {
            self.wake_at(node, at);
        }
    }

    /// Notes an event for `node`, unless an earlier one is noted.
    pub(super) fn wake_at(&mut self, node: NodeId, at: u64) {
        let wake = &mut self.senders[node.index()].wake;
        if at < *wake {
            *wake = at;
            self.agenda.push(at, Event::Wake(node.0));
        }
    }

    /// Sends the next packet of `node`, if there is one and room for it.
    pub(super) fn wake<S: Source>(&mut self, node: NodeId, source: &mut S) {
        if self.senders[node.index()].wake != self.now {
            return;
        }
        self.senders[node.index()].wake = UNKNOWN;
        if self.senders[node.index()].parcel == NONE {
            let parcel = self.gate.create(node, source, &mut self.ledger, self.now);
            while let Some(told) = self.gate.roused.pop() {
                self.rouse(told, source, self.now + 1);
            }
            let Some(parcel) = parcel else { return self.rouse(node, source, self.now) };
            let slot = self.ledger.insert(parcel);
            self.make_room(slot);
            self.senders[node.index()].parcel = slot;
        }
        match self.inject(node) {
            Ok(()) => self.rouse(node, source, self.now + 1),
            // Credits that are not known yet wake the node when they are.
            Err(UNKNOWN) => {}
            Err(at) => self.wake_at(node, at),
        }
    }

    /// Injects the packet that waits at `node`, or says when to try again.
    fn inject(&mut self, node: NodeId) -> Result<(), u64> {
        let sender = self.senders[node.index()];
        let slot = sender.parcel;
        let flits = u64::from(self.ledger.parcel(slot).flits);
        let (vc, tail) = self.channel_for(node, flits)?;
        let out = self.setup.node_channel(node) + vc;
        let output = &mut self.outputs[out as usize];
        output.sent += flits;
        output.free = if self.setup.closing { UNKNOWN } else { tail + 1 };
        let sender = &mut self.senders[node.index()];
        (sender.parcel, sender.free) = (NONE, tail + 1);
        sender.turn = ((vc + 1) % self.setup.vcs) as u8;
        let channel = sender.target + vc;
        let parcel = self.ledger.parcel_mut(slot);
        (parcel.injected, parcel.tail_ejected) = (self.now, tail + Timing::INJECT);
        self.ledger.tally.flits_injected += flits;
        self.last_move = self.now;
        self.agenda.push(self.now + Timing::INJECT, Event::Arrive { channel, slot });
        Ok(())
    }

    /// A virtual channel that a packet of `node` can enter now, and the cycle of its tail; or the next cycle in which
    /// there may be one; [`UNKNOWN`] if that depends on credits that are not known yet.
    fn channel_for(&mut self, node: NodeId, flits: u64) -> Result<(u32, u64), u64> {
        let (first, turn) = (self.setup.node_channel(node), u32::from(self.senders[node.index()].turn));
        let needed = flits.min(self.setup.depth);
        let mut next = UNKNOWN;
        for step in 0..self.setup.vcs {
            let vc = (turn + step) % self.setup.vcs;
            let output = &mut self.outputs[(first + vc) as usize];
            if output.free == UNKNOWN || output.known < output.sent + needed {
                output.waiting = vc;
                continue;
            }
            let output = *output;
            let credit = |number: u64| self.credits[self.credit_at(first + vc, number)];
            let room = output.sent + if self.setup.cut_through { needed - 1 } else { 0 };
            let head = output.free.max(credit(room)).max(self.now);
            if head == self.now {
                let last = credit(output.sent + needed - 1);
                return Ok((vc, last.max(head + flits - 1)));
            }
            next = next.min(head);
        }
        Err(next)
    }
}
