//! Nodes that take packets at a pace of their own.

use std::collections::VecDeque;

use super::*;
use crate::base::random::{Purpose, Stream};
use crate::fabric::{LinkParams, Topology};
use crate::noc::route::RoutingSpec;
use crate::noc::source::{Delivery, Offer};

/// Packets listed by node; each node takes one packet in `period` cycles, or any if it does not pace.
#[derive(Clone, Debug)]
struct Paced {
    period: Option<u64>,
    first: u32,
    lists: Vec<VecDeque<Offer>>,
    /// By node: the first cycle in which it takes the next packet.
    next: Vec<u64>,
    taken: Vec<(NodeId, u64)>,
    delivered: Vec<Delivery>,
}

impl Source for Paced {
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        self.lists[(node.0 - self.first) as usize].pop_front()
    }

    fn admits(&self) -> bool {
        self.period.is_some()
    }

    fn admit(&mut self, node: NodeId, _: u32, at: u64) -> Result<(), u64> {
        let next = &mut self.next[(node.0 - self.first) as usize];
        if at < *next {
            return Err(*next);
        }
        *next = at + self.period.unwrap_or(0);
        self.taken.push((node, at));
        Ok(())
    }

    fn delivered(&mut self, delivery: Delivery) -> bool {
        self.delivered.push(delivery);
        false
    }

    fn split(&mut self, at: NodeId) -> Self {
        let own = (at.0 - self.first) as usize;
        let (lists, next) = (self.lists.split_off(own), self.next.split_off(own));
        Self { first: at.0, lists, next, ..self.clone() }
    }
}

/// What is delivered and when packets are taken, on a mesh.
fn run(
    size: [u32; 2],
    params: &RouterParams,
    lists: Vec<VecDeque<Offer>>,
    (period, threads): (Option<u64>, usize),
) -> (Vec<Delivery>, Vec<(NodeId, u64)>) {
    let fabric = Topology::Mesh { size: size.to_vec() }.build(&LinkParams::default()).expect("a mesh");
    let health = Health::perfect(&fabric);
    let routing = RoutingSpec::Xy.compile(&fabric, &health, params.vcs, 1).expect("it fits");
    let mut network =
        Network::new(&fabric, &health, routing, params, Run { seed: 1, threads }).expect("valid");
    let next = vec![0; lists.len()];
    let source = Paced { period, first: 0, lists, next, taken: Vec::new(), delivered: Vec::new() };
    let mut sources = network.deal(source);
    assert_eq!(network.run(&mut sources, u64::MAX), Ended::Idle);
    let tally = network.tally();
    assert_eq!((tally.created, tally.flits_injected), (tally.delivered, tally.flits_ejected));
    let mut delivered: Vec<_> = sources.iter().flat_map(|part| part.delivered.clone()).collect();
    let mut taken: Vec<_> = sources.into_iter().flat_map(|part| part.taken).collect();
    delivered.sort_unstable_by_key(|it| it.tag);
    taken.sort_unstable();
    (delivered, taken)
}

/// A stream of packets is taken at the receiver's pace, and enters the network at that pace once this is full.
#[test]
fn a_stream_is_held_back_by_its_receiver() {
    let params = RouterParams { vcs: 1, buffer_flits: 4, ..RouterParams::default() };
    let offers = (0..60).map(|tag| Offer { at: 0, dst: NodeId(7), flits: 3, tag }).collect();
    let lists = [vec![offers], vec![VecDeque::new(); 7]].concat();
    let (delivered, taken) = run([8, 1], &params, lists, (Some(50), 1));
    let first = taken[0].1;
    let times = |it: &mut dyn Iterator<Item = u64>| it.collect::<Vec<_>>();
    assert_eq!(
        times(&mut taken.iter().map(|it| it.1)),
        times(&mut (0..60).map(|packet| first + 50 * packet))
    );
    // A packet is read whole as soon as it is taken, but for the first one, which is still arriving.
    assert!(delivered.iter().skip(1).zip(&taken[1..]).all(|(it, taken)| it.at == taken.1));
    // Eight routers and the last channel hold four flits each: twelve packets.
    for (packet, it) in (0..).zip(&delivered).skip(13) {
        let room = first + 50 * (packet - 12);
        assert!(
            it.injected.abs_diff(room) < 50,
            "packet {packet} enters in cycle {}, not {room}",
            it.injected
        );
    }
}

#[test]
fn nodes_that_take_everything_are_as_those_that_are_not_asked_and_threads_change_nothing() {
    let mut draw = Stream::new(3, Purpose::Workload, 0, 0);
    let mut lists = vec![VecDeque::new(); 36];
    for tag in 0..4_000 {
        let (at, src, dst) = (u64::from(tag / 9), draw.below(36), draw.below(36));
        let flits = 1 + draw.below(5) as u16;
        lists[src as usize].push_back(Offer { at, dst: NodeId(dst), flits, tag });
    }
    for params in [
        RouterParams::default(),
        RouterParams { vcs: 2, buffer_flits: 2, credit_delay: 2, ..Default::default() },
    ] {
        let run = |period, threads| run([6, 6], &params, lists.clone(), (period, threads));
        assert_eq!(run(Some(0), 1).0, run(None, 1).0);
        let (delivered, taken) = run(Some(30), 1);
        let apart = |two: &[(NodeId, u64)]| two[0].0 != two[1].0 || two[1].1 - two[0].1 >= 30;
        assert!(taken.len() == 4_000 && taken.windows(2).all(apart));
        assert_eq!(run(Some(30), 3), (delivered, taken));
    }
}
