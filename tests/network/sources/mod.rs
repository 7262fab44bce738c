//! Packet sources for the tests of the network engines.

#![allow(dead_code, reason = "every test binary uses a part of it")]

use std::collections::{BTreeMap, VecDeque};

use spikeloom::base::NodeId;
use spikeloom::base::random::{Purpose, Stream};
use spikeloom::noc::source::{Delivery, Offer, Source};

/// Packets listed beforehand: each node's in order of creation.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    queues: BTreeMap<u32, VecDeque<Offer>>,
    /// By tag: the tree that a packet follows, if any.
    pub trees: Vec<Option<u32>>,
}

impl Listed {
    /// Adds a packet; a node's packets come in order of creation. Its tag is what it is listed as.
    pub fn push(&mut self, src: u32, offer: Offer) {
        self.queues.entry(src).or_default().push_back(offer);
    }
}

impl Source for Listed {
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        self.queues.get_mut(&node.0)?.pop_front()
    }

    fn split(&mut self, at: NodeId) -> Self {
        Self { queues: self.queues.split_off(&at.0), trees: self.trees.clone() }
    }

    fn tree(&self, offer: &Offer) -> Option<u32> {
        self.trees.get(offer.tag as usize).copied().flatten()
    }
}

/// Where packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Anywhere, the sender included.
    Uniform,
    /// (x, y) to (y, x) on a square grid of this side.
    Transpose(u32),
    /// To node N − 1 − i.
    BitComplement,
    /// (x, y) to (x + ⌈k/2⌉ − 1, y + ⌈k/2⌉ − 1) on a square grid of this side.
    Tornado(u32),
    /// Uniform, but nodes 27, 28, 35 and 36 have weight 4.
    Hotspot,
}

impl Pattern {
    fn draw(self, src: u32, nodes: u32, draw: &mut Stream) -> u32 {
        match self {
            Self::Uniform => draw.below(nodes),
            Self::Transpose(k) => src % k * k + src / k,
            Self::BitComplement => nodes - 1 - src,
            Self::Tornado(k) => {
                let step = |c: u32| (c + k.div_ceil(2) - 1) % k;
                step(src % k) + step(src / k) * k
            }
            Self::Hotspot => match draw.below(nodes + 12) {
                at if at < nodes => at,
                extra => [27, 28, 35, 36][(extra - nodes) as usize % 4],
            },
        }
    }
}

/// Bernoulli injection without end.
#[derive(Clone, Debug)]
pub struct Bernoulli {
    pub pattern: Pattern,
    /// Packets per node and cycle.
    pub rate: f64,
    /// Length of a packet [flits].
    pub flits: u16,
    pub seed: u64,
    pub nodes: u32,
    /// First node of this part, and the cycle after each node's last packet.
    first: u32,
    next: Vec<u64>,
}

impl Bernoulli {
    /// `rate` in flits per node and cycle.
    pub fn new(pattern: Pattern, rate: f64, flits: u16, nodes: u32, seed: u64) -> Self {
        let rate = rate / f64::from(flits);
        Self { pattern, rate, flits, seed, nodes, first: 0, next: vec![0; nodes as usize] }
    }
}

impl Source for Bernoulli {
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        let next = &mut self.next[(node.0 - self.first) as usize];
        let mut draw = Stream::new(self.seed, Purpose::Injection, node.0, *next);
        let gap = ((1.0 - draw.unit()).ln() / (1.0 - self.rate).ln()) as u64;
        let at = *next + gap;
        *next = at + 1;
        let dst = NodeId(self.pattern.draw(node.0, self.nodes, &mut draw));
        Some(Offer { at, dst, flits: self.flits, tag: 0 })
    }

    fn split(&mut self, at: NodeId) -> Self {
        let next = self.next.split_off((at.0 - self.first) as usize);
        Self { next, first: at.0, ..self.clone() }
    }
}

/// Closed loop: every node sends requests at random for a while, and answers each request that it
/// receives; answers that are owed go before the next request.
#[derive(Clone, Debug)]
pub struct Dialogue {
    /// Cycles from a request's arrival to its answer.
    pub think: u64,
    /// Requests per node and cycle, and the cycle in which they end.
    pub rate: f64,
    pub until: u64,
    pub nodes: u32,
    pub seed: u64,
    first: u32,
    people: Vec<Person>,
}

#[derive(Clone, Debug, Default)]
struct Person {
    /// Cycle after the last request.
    after: u64,
    owed: VecDeque<(u64, NodeId)>,
}

const REQUEST: u32 = 0;
const ANSWER: u32 = 1;

impl Dialogue {
    pub fn new(nodes: u32, rate: f64, think: u64, seed: u64) -> Self {
        let people = vec![Person::default(); nodes as usize];
        Self { think, rate, until: 3_000, nodes, seed, first: 0, people }
    }
}

impl Source for Dialogue {
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        let person = &mut self.people[(node.0 - self.first) as usize];
        if let Some((at, dst)) = person.owed.pop_front() {
            return Some(Offer { at, dst, flits: 2, tag: ANSWER });
        }
        let mut draw = Stream::new(self.seed, Purpose::Injection, node.0, person.after);
        let gap = ((1.0 - draw.unit()).ln() / (1.0 - self.rate).ln()) as u64;
        let at = person.after + gap;
        let dst = NodeId(draw.below(self.nodes));
        (at < self.until).then(|| {
            person.after = at + 1;
            Offer { at, dst, flits: 1, tag: REQUEST }
        })
    }

    fn delivered(&mut self, delivery: Delivery) -> bool {
        if delivery.tag == REQUEST {
            let person = &mut self.people[(delivery.dst.0 - self.first) as usize];
            person.owed.push_back((delivery.at + self.think, delivery.src));
        }
        delivery.tag == REQUEST
    }

    fn split(&mut self, at: NodeId) -> Self {
        let people = self.people.split_off((at.0 - self.first) as usize);
        Self { people, first: at.0, ..self.clone() }
    }
}
