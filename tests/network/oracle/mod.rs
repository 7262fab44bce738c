//! A deliberately naive simulator of the input-queued router.
//!
//! It does one thing after the other in every cycle and keeps flits in queues; nothing of
//! it is shared with the engine but the description of the chip. Its rules:
//!
//! * A flit injected in t reaches its router in t + 2, and one granted the switch in t the next buffer in
//!   t + 2 + link latency, a sink in t + 3. Its credit can be used in t + 1 + latency + credit delay; the
//!   credit delay is a router's: nodes use a credit as soon as it arrives. Longer stages add to that.
//! * Stages evaluate on the state at the start of the cycle plus what arrived in it. Routing starts when a
//!   head is at the front of its buffer and the tail before it has left in an earlier cycle.
//! * iSLIP: each output grants the first requester in its order, each input accepts the first grant
//!   in its own; both orders change for what was accepted in the first iteration. Virtual channels: input
//!   VC × output VC. Switch: input port × output port, where an input sends, of the VCs that bid for the
//!   output it won, the first in an order of its own. Other allocators and arbiters: `allocator.rs`.
//! * A packet to several nodes goes with those that share its way as long as they do. Where they part, it asks for
//!   a VC on every leg and bids on every leg that has one; a switch input takes, beside the output that it won, the
//!   others that granted it and for which the packet bids. The buffer is free when the last copy has left.
//! * A node sends one flit per cycle, and a packet into the first VC with a credit that holds no
//!   unfinished packet, counted from the one after its last.

mod allocator;

use std::collections::{HashMap, VecDeque};

use allocator::{Allocator, Arbiter, Match};
use spikeloom::base::{NodeId, RouterId};
use spikeloom::fabric::Fabric;
use spikeloom::noc::engine::PacketRecord;
use spikeloom::noc::params::RouterParams;

#[derive(Clone, Copy)]
struct Flit {
    /// Packets that travel as one.
    group: usize,
    head: bool,
    tail: bool,
}

/// Where the front packet of an input VC, or a copy of it, goes, and what it has achieved.
#[derive(Clone, Copy, Debug)]
struct Leg {
    group: usize,
    port: usize,
    vcs: u32,
    /// When it was routed.
    since: u64,
    /// The VC allocated, and when.
    held: Option<(usize, u64)>,
}

enum Event {
    Flit { router: usize, port: usize, vc: usize, flit: Flit },
    Credit { router: usize, port: usize, vc: usize },
    NodeCredit { node: usize, vc: usize },
    Sink(Flit),
}

struct Input {
    queue: VecDeque<Flit>,
    /// None before the front packet is routed.
    legs: Vec<Leg>,
}

struct Router {
    inputs: Vec<Vec<Input>>,
    credits: Vec<Vec<u16>>,
    held: Vec<Vec<bool>>,
    vc_allocator: Allocator,
    switch: Allocator,
    within: Vec<Arbiter>,
}

struct Node {
    queue: VecDeque<usize>,
    sent: u16,
    /// Of this packet or, between packets, of the last one.
    vc: usize,
    credits: Vec<u16>,
}

/// Next output port and usable virtual channels of a packet at a router.
pub type Route<'a> = &'a dyn Fn(usize, NodeId) -> (usize, u32);

/// The oracle, ready to run.
pub struct Oracle<'a> {
    params: &'a RouterParams,
    fabric: &'a Fabric,
    next: Route<'a>,
    packets: Vec<PacketRecord>,
    groups: Vec<Vec<usize>>,
    routers: Vec<Router>,
    nodes: Vec<Node>,
    events: HashMap<u64, Vec<Event>>,
    now: u64,
    left: usize,
    flits: Vec<u64>,
}

impl<'a> Oracle<'a> {
    /// Packets with source, destination, length and creation cycle filled in, each node's in order of creation. Those
    /// of the same tag, one after the other, are one packet of one flit to several nodes.
    pub fn new(
        params: &'a RouterParams,
        fabric: &'a Fabric,
        next: Route<'a>,
        packets: Vec<PacketRecord>,
    ) -> Self {
        let (vcs, depth) = (usize::from(params.vcs), params.buffer_flits);
        let router = |r: usize| {
            let ports = fabric.ports(RouterId::at(r));
            let input = || Input { queue: VecDeque::new(), legs: Vec::new() };
            Router {
                inputs: (0..ports).map(|_| (0..vcs).map(|_| input()).collect()).collect(),
                credits: vec![vec![depth; vcs]; ports],
                held: vec![vec![false; vcs]; ports],
                vc_allocator: Allocator::new(ports * vcs, ports * vcs, true, params),
                switch: Allocator::new(ports, ports, false, params),
                within: (0..ports).map(|_| Arbiter::new(vcs, params.arbiter)).collect(),
            }
        };
        let whole: Vec<usize> = (0..packets.len()).collect();
        let groups: Vec<Vec<usize>> =
            whole.chunk_by(|&a, &b| packets[a].tag == packets[b].tag).map(<[usize]>::to_vec).collect();
        let node = |n: usize| Node {
            queue: (0..groups.len()).filter(|&group| packets[groups[group][0]].src.index() == n).collect(),
            sent: 0,
            vc: vcs - 1,
            credits: vec![depth; vcs],
        };
        Self {
            routers: (0..fabric.routers.len()).map(router).collect(),
            nodes: (0..fabric.nodes.len()).map(node).collect(),
            flits: vec![0; fabric.out_link.len()],
            events: HashMap::new(),
            now: 0,
            left: packets.len(),
            packets,
            groups,
            params,
            fabric,
            next,
        }
    }

    /// Runs until every packet has arrived; returns the packets and the flits by port.
    pub fn run(mut self) -> (Vec<PacketRecord>, Vec<u64>) {
        while self.left > 0 {
            assert!(self.now < 1_000_000, "the oracle is stuck");
            for event in self.events.remove(&self.now).unwrap_or_default() {
                self.arrive(event);
            }
            (0..self.nodes.len()).for_each(|node| self.inject(node));
            for router in 0..self.routers.len() {
                self.route(router);
                let (heads, bids) = (self.vc_requests(router), self.switch_requests(router));
                self.allocate_vcs(router, &heads);
                self.allocate_switch(router, &bids);
            }
            self.now += 1;
        }
        (self.packets, self.flits)
    }

    fn arrive(&mut self, event: Event) {
        match event {
            Event::Flit { router, port, vc, flit } => {
                let queue = &mut self.routers[router].inputs[port][vc].queue;
                queue.push_back(flit);
                assert!(queue.len() <= self.params.buffer_flits.into(), "a buffer overflows");
            }
            Event::Credit { router, port, vc } => self.routers[router].credits[port][vc] += 1,
            Event::NodeCredit { node, vc } => self.nodes[node].credits[vc] += 1,
            Event::Sink(flit) => {
                let packet = &mut self.packets[self.groups[flit.group][0]];
                if flit.head {
                    packet.head_ejected = self.now;
                }
                if flit.tail {
                    packet.tail_ejected = self.now;
                    self.left -= 1;
                }
            }
        }
    }

    fn send(&mut self, delay: u64, event: Event) {
        self.events.entry(self.now + delay).or_default().push(event);
    }

    fn inject(&mut self, at: usize) {
        let vcs = usize::from(self.params.vcs);
        let node = &mut self.nodes[at];
        let Some(&group) = node.queue.front() else { return };
        let packet = self.packets[self.groups[group][0]];
        if packet.created > self.now {
            return;
        }
        if node.sent == 0 {
            let mut turns = (1..=vcs).map(|step| (node.vc + step) % vcs);
            let Some(vc) = turns.find(|&vc| node.credits[vc] > 0) else { return };
            node.vc = vc;
            self.groups[group].iter().for_each(|&packet| self.packets[packet].injected = self.now);
        } else if node.credits[node.vc] == 0 {
            return;
        }
        let flit = Flit { group, head: node.sent == 0, tail: node.sent + 1 == packet.flits };
        let vc = node.vc;
        node.credits[vc] -= 1;
        node.sent += 1;
        if flit.tail {
            node.sent = 0;
            node.queue.pop_front();
        }
        let place = self.fabric.nodes[at];
        self.send(2, Event::Flit { router: place.router.index(), port: place.port.into(), vc, flit });
    }

    fn route(&mut self, router: usize) {
        for input in self.routers[router].inputs.iter_mut().flatten().filter(|input| input.legs.is_empty()) {
            let Some(front) = input.queue.front() else { continue };
            assert!(front.head);
            let mut ways: Vec<((usize, u32), Vec<usize>)> = Vec::new();
            for &packet in &self.groups[front.group] {
                self.packets[packet].hops += 1;
                let way = (self.next)(router, self.packets[packet].dst);
                match ways.iter_mut().find(|(own, _)| *own == way) {
                    Some((_, packets)) => packets.push(packet),
                    None => ways.push((way, vec![packet])),
                }
            }
            for ((port, vcs), packets) in ways {
                let leg = Leg { group: self.groups.len(), port, vcs, since: self.now, held: None };
                self.groups.push(packets);
                input.legs.push(leg);
            }
        }
    }

    /// (input VC, output VC) wanted by the heads whose route is known.
    fn vc_requests(&self, router: usize) -> Vec<(usize, usize)> {
        let (vcs, state) = (usize::from(self.params.vcs), &self.routers[router]);
        let mut wanted = Vec::new();
        for (i, input) in state.inputs.iter().flatten().enumerate() {
            for &Leg { port, vcs: mask, since, .. } in input.legs.iter().filter(|leg| leg.held.is_none()) {
                if since + u64::from(self.params.routing_delay) <= self.now {
                    let free = (0..vcs).filter(|&vc| mask >> vc & 1 == 1 && !state.held[port][vc]);
                    wanted.extend(free.map(|vc| (i, port * vcs + vc)));
                }
            }
        }
        wanted
    }

    /// (input port, output port, input VC) of the flits that may cross the switch.
    fn switch_requests(&self, router: usize) -> Vec<(usize, usize, usize)> {
        let state = &self.routers[router];
        let mut bids = Vec::new();
        for (from, inputs) in state.inputs.iter().enumerate() {
            for (in_vc, input) in inputs.iter().enumerate().filter(|(_, input)| !input.queue.is_empty()) {
                for &Leg { port, held, .. } in &input.legs {
                    if let Some((vc, since)) = held
                        && since + u64::from(self.params.vc_delay) <= self.now
                        && state.credits[port][vc] > 0
                    {
                        bids.push((from, port, in_vc));
                    }
                }
            }
        }
        bids
    }

    fn allocate_vcs(&mut self, router: usize, requests: &[(usize, usize)]) {
        let (vcs, state) = (usize::from(self.params.vcs), &mut self.routers[router]);
        let fits = |_: usize, own: &[usize], output: usize| own.iter().all(|one| one / vcs != output / vcs);
        for Match { input, output, .. } in state.vc_allocator.allocate(requests, &fits) {
            let (port, vc) = (output / vcs, output % vcs);
            state.held[port][vc] = true;
            let mut legs = state.inputs[input / vcs][input % vcs].legs.iter_mut();
            legs.find(|leg| leg.port == port).expect("a leg asked").held = Some((vc, self.now));
        }
    }

    fn allocate_switch(&mut self, router: usize, bids: &[(usize, usize, usize)]) {
        let requests: Vec<(usize, usize)> = bids.iter().map(|&(from, to, _)| (from, to)).collect();
        let Router { switch, within, .. } = &mut self.routers[router];
        let winner = |from: usize, first| {
            within[from].pick(|vc| bids.contains(&(from, first, vc))).expect("the port was requested")
        };
        let fits = |from: usize, own: &[usize], to: usize| {
            own.first().is_none_or(|&first| bids.contains(&(from, to, winner(from, first))))
        };
        let matched = switch.allocate(&requests, &fits);
        let winners: Vec<usize> = matched.iter().map(|pair| winner(pair.input, pair.first)).collect();
        for (pair, vc) in matched.into_iter().zip(winners) {
            self.routers[router].within[pair.input].won(vc);
            self.traverse(router, (pair.input, vc), pair.output);
        }
    }

    fn traverse(&mut self, router: usize, (from, in_vc): (usize, usize), port: usize) {
        let (at, credit_delay) = (RouterId::at(router), u64::from(self.params.credit_delay));
        let switch = u64::from(self.params.switch_delay);
        let traversal = switch + u64::from(self.params.traversal_delay);
        let input = &mut self.routers[router].inputs[from][in_vc];
        let place = input.legs.iter().position(|leg| leg.port == port).expect("a winner has a leg");
        let (leg, is_last) = (input.legs[place], input.legs.len() == 1);
        let (vc, _) = leg.held.expect("a winner holds a VC");
        let flit = Flit { group: leg.group, ..*input.queue.front().expect("a winner has a flit") };
        if is_last {
            input.queue.pop_front();
        }
        if flit.tail {
            input.legs.remove(place);
            self.routers[router].held[port][vc] = false;
        }
        self.routers[router].credits[port][vc] -= 1;
        self.flits[self.fabric.slot(at, port as u8)] += 1;
        if let Some(link) = self.fabric.out(at, port as u8).map(|link| *self.fabric.link(link)) {
            let (router, port) = (link.to.index(), link.to_port.into());
            self.send(traversal + u64::from(link.latency), Event::Flit { router, port, vc, flit });
        } else {
            self.send(traversal + 1, Event::Sink(flit));
            self.send(traversal + 3 + credit_delay, Event::Credit { router, port, vc });
        }
        if !is_last {
            return;
        }
        if let Some(link) = self.fabric.into(at, from as u8).map(|link| *self.fabric.link(link)) {
            let delay = switch + u64::from(link.latency) + credit_delay;
            let (router, port) = (link.from.index(), link.from_port.into());
            self.send(delay, Event::Credit { router, port, vc: in_vc });
        } else {
            let node = self.fabric.node_at(at, from as u8).expect("a port leads to a link or a node").index();
            self.send(switch + 1, Event::NodeCredit { node, vc: in_vc });
        }
    }
}
