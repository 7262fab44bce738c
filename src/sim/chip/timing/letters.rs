//! What cores hand to the network: each one packet after the other, as they are ready and as there is room.
//!
//! A core whose output queue is full waits until its oldest packet has entered the network, and only then goes on:
//! the network's back-pressure reaches its neurons. Packets between cores of one node do not pass through the queue.
//! Where receive queues are bounded, packets stay in the network until there is room at their core (`desk.rs`).

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::desk::{Coming, Desks};
use super::{ALONE, JOINED, Message, cycle_of};
use crate::base::NodeId;
use crate::noc::source::{Delivery, Offer, Source};

/// No core.
const NOBODY: u32 = u32::MAX;

/// A core that sends.
#[derive(Clone, Debug, Default)]
pub(super) struct Sender {
    /// Its node.
    node: NodeId,
    /// Tags of the packets still to be sent.
    next: u32,
    end: u32,
    /// When its last packet was put into the queue [s].
    ready: f64,
    /// The packet at the head of those that are ready.
    head: Option<Offer>,
    /// Cycles in which packets entered the network, the last ones; only where the queue is bounded.
    left: VecDeque<u64>,
}

/// What cores send, and what has arrived.
#[derive(Clone, Debug)]
pub(super) struct Letters {
    hertz: f64,
    flits: u16,
    /// Packets that a core's output queue holds; any number if nothing is said.
    room: Option<usize>,
    /// By core: its node.
    nodes: Vec<NodeId>,
    /// By node: its first core, in the order of `by_node`; one more.
    first: Vec<u32>,
    /// Cores by node, ascending within each.
    by_node: Vec<u32>,
    /// In the order of `by_node`: when the packet at the core's head is ready [cycle]; `u64::MAX` without one.
    due: Vec<u64>,
    /// By core: its place in `by_node`.
    seats: Vec<u32>,
    senders: Vec<Sender>,
    /// By node: the core whose packet was the last to be handed to the network.
    leaving: Vec<u32>,
    /// Nodes whose packets these are.
    owned: Range<u32>,
    /// By tag; what several threads read together.
    messages: Arc<Vec<Message>>,
    /// Receive queues, where they are bounded.
    pub(super) desks: Option<Desks>,
    /// Packets between cores of one node are known from the start of the step.
    foresees: bool,
    /// Tag and cycle.
    pub(super) arrived: Vec<(u32, u64)>,
}

impl Letters {
    /// Nothing yet, from cores on these `nodes` of `count`.
    pub(super) fn new(nodes: Vec<NodeId>, count: usize, clock: (f64, u16), room: Option<u32>) -> Self {
        let mut by_node: Vec<u32> = (0..nodes.len() as u32).collect();
        by_node.sort_by_key(|&core| nodes[core as usize]);
        let mut first = vec![0; count + 1];
        nodes.iter().for_each(|node| first[node.index() + 1] += 1);
        (0..count).for_each(|node| first[node + 1] += first[node]);
        let mut seats = vec![0; nodes.len()];
        by_node.iter().enumerate().for_each(|(seat, &core)| seats[core as usize] = seat as u32);
        let senders = vec![Sender::default(); nodes.len()];
        let (messages, arrived) = (Arc::default(), Vec::new());
        let room = room.map(|room| room as usize);
        Self {
            hertz: clock.0,
            flits: clock.1,
            room,
            nodes,
            first,
            by_node,
            due: vec![u64::MAX; seats.len()],
            seats,
            senders,
            leaving: vec![NOBODY; count],
            owned: 0..count as u32,
            messages,
            arrived,
            desks: None,
            foresees: false,
        }
    }

    /// The same with receive queues that hold so many packets.
    pub(super) fn with_receive_queues(self, room: u32) -> Self {
        // Without bounds on what waits to be sent, the network has no say in when packets are ready.
        let foresees = self.room.is_none();
        Self { desks: Some(Desks::new(self.nodes.len(), room, self.hertz)), foresees, ..self }
    }

    /// Begins a step in which cores send these messages, and in which receiving takes these times.
    pub(super) fn begin<'a>(&mut self, cores: impl Iterator<Item = &'a [Message]>, latencies: &[f64]) {
        self.arrived.clear();
        if let Some(desks) = &mut self.desks {
            desks.begin(latencies);
        }
        // Nobody else holds them by now.
        let all = Arc::make_mut(&mut self.messages);
        all.clear();
        for (core, messages) in cores.enumerate() {
            let next = all.len() as u32;
            all.extend_from_slice(messages);
            let sender = &mut self.senders[core];
            sender.left.clear();
            let left = std::mem::take(&mut sender.left);
            let end = all.len() as u32;
            *sender = Sender { node: self.nodes[core], next, end, ready: 0.0, head: None, left };
        }
        if self.foresees {
            (0..self.senders.len()).for_each(|core| self.foresee(core));
        }
        self.due.fill(u64::MAX);
        (0..self.senders.len()).for_each(|core| self.advance(core));
        // Nobody waits for its packet to leave.
        self.leaving.fill(NOBODY);
    }

    /// Announces what a core sends to others of its node.
    fn foresee(&mut self, core: usize) {
        let Sender { node, next, end, .. } = self.senders[core];
        let mut ready = 0.0;
        for tag in next..end {
            let Message { gap, core: target, .. } = self.messages[tag as usize];
            ready += gap;
            if self.nodes[usize::from(target)] == node {
                self.arrive(target, tag, cycle_of(ready, self.hertz));
            }
        }
    }

    /// A packet from a core of the same node is there in cycle `at`.
    fn arrive(&mut self, core: u16, tag: u32, at: u64) {
        self.arrived.push((tag, at));
        if let Some(desks) = &mut self.desks {
            desks.announce(Coming { core, tag, at });
        }
    }

    /// Everything has arrived.
    pub(super) fn finish(&mut self) {
        let messages = &self.messages;
        if let Some(desks) = &mut self.desks {
            desks.finish(|tag| messages[tag as usize].profile);
        }
    }

    /// The same for several threads, to be dealt out.
    pub(super) fn for_threads(&self) -> Self {
        Self { arrived: Vec::new(), desks: self.desks.as_ref().map(Desks::for_threads), ..self.clone() }
    }

    /// Takes in what has become of the packets of some nodes.
    pub(super) fn take_back(&mut self, part: Self) {
        self.arrived.extend(part.arrived);
        if let (Some(desks), Some(other)) = (&mut self.desks, part.desks) {
            desks.take_back(other, |core| part.owned.contains(&self.nodes[core].0));
        }
        for (core, sender) in part.senders.into_iter().enumerate() {
            if part.owned.contains(&sender.node.0) {
                self.senders[core] = sender;
            }
        }
    }

    /// The message with this tag.
    pub(super) fn message(&self, tag: u32) -> Message {
        self.messages[tag as usize]
    }

    /// Messages in all.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// When a core has handed over its last packet [s].
    pub(super) fn ready(&self, core: usize) -> f64 {
        self.senders[core].ready
    }

    /// Makes a core's next packet for other nodes; those before it, to its own node, arrive at once.
    fn advance(&mut self, core: usize) {
        loop {
            let sender = &self.senders[core];
            if sender.next == sender.end {
                return;
            }
            let tag = sender.next;
            let Some(dst) = self.take_packet(core) else { continue };
            let sender = &mut self.senders[core];
            if self.room.is_some_and(|room| sender.left.len() >= room)
                && let Some(left) = sender.left.pop_front()
            {
                sender.ready = sender.ready.max(left as f64 / self.hertz);
            }
            let at = cycle_of(sender.ready, self.hertz);
            sender.head = Some(Offer { at, dst, flits: self.flits, tag });
            self.due[self.seats[core] as usize] = at;
            return;
        }
    }

    /// Takes a core's next packet, and all messages that it is for; those to the core's own node arrive at once. The first
    /// other node that it goes to, if it does.
    #[inline(always)]
    fn take_packet(&mut self, core: usize) -> Option<NodeId> {
        let (mut other, sender) = (None, &mut self.senders[core]);
        sender.ready += self.messages[sender.next as usize].gap;
        let (node, ready) = (sender.node, sender.ready);
        loop {
            let sender = &mut self.senders[core];
            let tag = sender.next;
            sender.next += 1;
            let target = self.messages[tag as usize].core;
            let dst = self.nodes[usize::from(target)];
            if dst != node {
                other = other.or(Some(dst));
            } else if !self.foresees {
                self.arrive(target, tag, cycle_of(ready, self.hertz));
            }
            if !self.is_joined(tag + 1) {
                return other;
            }
        }
    }

    /// Whether there is a message with this tag that goes with the one before.
    #[inline(always)]
    fn is_joined(&self, tag: u32) -> bool {
        self.messages.get(tag as usize).is_some_and(|message| message.tree == JOINED)
    }

    /// A packet that is for several messages has come to `node`: those for its cores arrive.
    #[cold]
    fn arrive_together(&mut self, tag: u32, node: NodeId, at: u64) {
        let joined = (tag + 1..).take_while(|&tag| self.is_joined(tag)).count() as u32;
        let here = |tag: &u32| self.nodes[usize::from(self.messages[*tag as usize].core)] == node;
        self.arrived.extend((tag..=tag + joined).filter(here).map(|tag| (tag, at)));
    }

    /// The cores on `node`, as a range of `by_node`.
    fn on(&self, node: NodeId) -> Range<usize> {
        self.first[node.index()] as usize..self.first[node.index() + 1] as usize
    }
}

impl Source for Letters {
    /// The node's packets before have entered the network by now: so it is known where there is room.
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        let last = std::mem::replace(&mut self.leaving[node.index()], NOBODY);
        if last != NOBODY {
            self.advance(last as usize);
        }
        // Of packets that are ready in one cycle, those of the first core leave first.
        let seats = self.on(node);
        let (seat, &at) = seats.clone().zip(&self.due[seats]).min_by_key(|&(_, &at)| at)?;
        if at == u64::MAX {
            return None;
        }
        let core = self.by_node[seat];
        self.leaving[node.index()] = core;
        self.due[seat] = u64::MAX;
        let sender = &mut self.senders[core as usize];
        if self.room.is_some() {
            // Until it is told better.
            sender.left.push_back(at);
        }
        // Part by part: see `Offer`.
        let &Offer { at, dst, flits, tag } = sender.head.as_ref()?;
        sender.head = None;
        Some(Offer { at, dst, flits, tag })
    }

    fn injected(&mut self, node: NodeId, _: u32, at: u64) {
        let leaving = self.leaving[node.index()];
        if self.room.is_some()
            && leaving != NOBODY
            && let Some(last) = self.senders[leaving as usize].left.back_mut()
        {
            *last = at;
        }
    }

    fn admits(&self) -> bool {
        self.desks.is_some()
    }

    fn admit(&mut self, _: NodeId, tag: u32, at: u64) -> Result<(), u64> {
        let messages = &self.messages;
        let packet = Coming { core: messages[tag as usize].core, tag, at };
        let Some(desks) = &mut self.desks else { return Ok(()) };
        desks.admit(packet, |tag| messages[tag as usize].profile)
    }

    fn delivered(&mut self, Delivery { tag, dst, at, .. }: Delivery) -> bool {
        if self.is_joined(tag + 1) {
            self.arrive_together(tag, dst, at);
            return false;
        }
        self.arrived.push((tag, at));
        let messages = &self.messages;
        if let Some(desks) = &mut self.desks {
            let packet = Coming { core: messages[tag as usize].core, tag, at };
            desks.take(packet, |tag| messages[tag as usize].profile);
        }
        false
    }

    fn tree(&self, offer: &Offer) -> Option<u32> {
        let tree = self.messages[offer.tag as usize].tree;
        (tree != ALONE).then_some(tree)
    }

    fn split(&mut self, at: NodeId) -> Self {
        let owned = at.0..std::mem::replace(&mut self.owned.end, at.0);
        Self { owned, ..self.clone() }
    }
}
