//! Senders: one flit per cycle into the buffers of the router's node port.

use super::channel::{Cell, Sender, UNKNOWN};
use super::{Approximate, Event};
use crate::base::NodeId;
use crate::noc::source::Source;
use crate::noc::timing::Timing;

impl Approximate {
    /// A sender at rest.
    pub(super) fn sender(&self, node: NodeId) -> Sender {
        let at = self.gate.attachment(node);
        Sender {
            parcel: 0,
            left: 0,
            vc: self.setup.vcs as u8 - 1,
            at_head: false,
            waiting: false,
            free: 0,
            wake: UNKNOWN,
            target: self.wiring.slot(at.router, at.port) as u32 * self.setup.vcs,
        }
    }

    /// Sees to it that `node` wakes when it has something to send, at `from` at the earliest.
    pub(super) fn rouse<S: Source>(&mut self, node: NodeId, source: &mut S, from: u64) {
        let sender = self.senders[node.index()];
        if sender.left > 0 {
            return;
        }
        if let Some(at) = self.gate.due(node, source, from.max(sender.free)) {
            self.note_wake(node, at);
        }
    }

    fn note_wake(&mut self, node: NodeId, at: u64) {
        let sender = &mut self.senders[node.index()];
        if at < sender.wake {
            sender.wake = at;
            self.agenda.push(at, Event::Wake(node.0));
        }
    }

    /// An event of `node`, unless an earlier one has taken its place.
    pub(super) fn wake<S: Source>(&mut self, node: u32, source: &mut S) {
        let sender = &mut self.senders[node as usize];
        if sender.wake == self.now {
            sender.wake = UNKNOWN;
            self.inject(NodeId(node), source);
        }
    }

    /// Sends the cells of one packet as far as there is room for them.
    pub(super) fn inject<S: Source>(&mut self, node: NodeId, source: &mut S) {
        if self.senders[node.index()].left == 0 && !self.start(node, source) {
            return;
        }
        while self.senders[node.index()].left > 0 {
            if !self.send_cell(node) {
                self.senders[node.index()].waiting = true;
                return;
            }
        }
        // The source is asked when the tail is inside, not before.
        let free = self.senders[node.index()].free;
        if free <= self.now + 1 { self.rouse(node, source, free) } else { self.note_wake(node, free) }
    }

    /// Creates the next packet if its time has come; otherwise sees to it that the node wakes then.
    fn start<S: Source>(&mut self, node: NodeId, source: &mut S) -> bool {
        let free = self.senders[node.index()].free;
        if free > self.now {
            self.note_wake(node, free);
            return false;
        }
        let Some(parcel) = self.gate.create(node, source, &mut self.ledger, self.now) else {
            self.rouse(node, source, self.now + 1);
            return false;
        };
        let left = parcel.flits;
        let parcel = self.ledger.insert(parcel);
        let sender = &mut self.senders[node.index()];
        *sender = Sender { parcel, left, at_head: true, ..*sender };
        true
    }

    /// Sends the next cell; returns whether it is known when.
    fn send_cell(&mut self, node: NodeId) -> bool {
        let sender = self.senders[node.index()];
        let from = sender.free.max(self.now);
        let packet_flits = self.ledger.parcel(sender.parcel).flits;
        let flits = self.setup.cell_flits(packet_flits).min(sender.left);
        let first = self.setup.node_channel(node);
        let vc = match sender.at_head {
            true => self.free_vc(node, from),
            false => Some(u32::from(sender.vc)),
        };
        let Some(vc) = vc else { return false };
        let Some(at) = self.room(first + vc, flits, from) else { return false };
        let tail = flits == sender.left;
        self.push(sender.target + vc, at + Timing::INJECT, Cell::new(sender.parcel, sender.at_head, tail));
        self.claim(first + vc, flits);
        if tail && self.setup.closing {
            let output = &mut self.outputs[(first + vc) as usize];
            (output.free_at, output.closing) = (UNKNOWN, true);
        }
        if sender.at_head {
            self.ledger.parcel(sender.parcel).injected = at;
        }
        self.ledger.tally.flits_injected += u64::from(flits);
        let sender = &mut self.senders[node.index()];
        sender.left -= flits;
        sender.free = at + u64::from(flits);
        (sender.vc, sender.at_head, sender.waiting) = (vc as u8, false, false);
        true
    }

    /// The virtual channel for a new packet: of those with room at `from` the one after the last, else the
    /// first that will have some.
    fn free_vc(&self, node: NodeId, from: u64) -> Option<u32> {
        let (vcs, first) = (self.setup.vcs, self.setup.node_channel(node));
        let last = u32::from(self.senders[node.index()].vc);
        let open = |vc: u32| {
            let channel = first + vc;
            let closed = self.outputs[channel as usize].free_at;
            self.room(channel, 1, from).filter(|_| closed != UNKNOWN).map(|room| (room.max(closed), vc))
        };
        let turns = (1..=vcs).map(|step| (last + step) % vcs);
        let mut first = None;
        for (at, vc) in turns.filter_map(open) {
            if at <= from {
                return Some(vc);
            }
            if first.is_none_or(|(before, _)| at < before) {
                first = Some((at, vc));
            }
        }
        first.map(|(_, vc)| vc)
    }
}
