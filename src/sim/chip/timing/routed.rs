//! The network on chip itself: packets enter it as they are ready, meet each other there, and wait for the
//! core that receives them.
//!
//! A core's packets wait in its output queue until the network takes them; the core goes on meanwhile. Cores
//! of one tile share the way into their router. Packets between cores of one tile do not enter it. A step
//! begins with an empty network: cores meet at a barrier, or what is late is accounted for by the tick.

use super::{Message, Outbox, all_cores};
use crate::base::{CoreId, NodeId, Problem, Problems};
use crate::network::Halt;
use crate::noc::approximate::Approximate;
use crate::noc::engine::{Ended, Network, Run};
use crate::noc::ideal::Ideal;
use crate::noc::source::{Delivery, Offer, Source};
use crate::sim::Fidelity;
use crate::sim::chip::profile::Profile;
use crate::sim::chip::site::{Ground, Wires};

/// An engine at rest.
#[derive(Clone, Debug)]
enum Engine {
    Cycle(Box<Network>),
    Approximate(Box<Approximate>),
    Ideal(Box<Ideal>),
}

/// The model's state within a step.
#[derive(Clone, Debug)]
pub(in crate::sim::chip) struct Routed {
    rest: Engine,
    hertz: f64,
    flits: u16,
    /// By core.
    node: Vec<NodeId>,
    letters: Letters,
    /// By core: arrival [s], place in the order of sending, processing time [s].
    arrivals: Vec<Vec<(f64, u32, f64)>>,
}

impl Routed {
    /// # Errors
    /// A chip without a network to simulate; what the engine refuses.
    pub(super) fn new(fidelity: Fidelity, ground: &Ground<'_>) -> Result<Self, Problems> {
        let Some(Wires { health, routing, router, clock_hz }) = ground.wires else {
            return Err(Problem::new("fidelity", "nothing is known of the network on chip").into());
        };
        let (fabric, run) = (ground.fabric, Run { seed: 1, threads: 1 });
        let routing = routing.clone();
        let rest = match fidelity {
            Fidelity::Cycle => Engine::Cycle(Box::new(Network::new(fabric, health, routing, router, run)?)),
            Fidelity::Approximate => {
                Engine::Approximate(Box::new(Approximate::new(fabric, health, routing, router, run)?))
            }
            _ => Engine::Ideal(Box::new(Ideal::new(fabric, health, routing, router, run)?)),
        };
        Ok(Self {
            rest,
            hertz: clock_hz,
            flits: ground.params.packet_flits,
            node: (0..ground.cores()).map(|core| ground.node(CoreId(core))).collect(),
            letters: Letters { out: vec![Vec::new(); fabric.nodes.len()], arrived: Vec::new() },
            arrivals: vec![Vec::new(); ground.cores() as usize],
        })
    }

    pub(super) fn time(
        &mut self,
        outboxes: &[&Outbox],
        profiles: &[Profile],
        mut done: Option<&mut Vec<f64>>,
    ) -> Result<f64, Halt> {
        self.arrivals.iter_mut().for_each(Vec::clear);
        self.letters.out.iter_mut().for_each(Vec::clear);
        self.letters.arrived.clear();
        let mut last = 0.0f64;
        let mut sent = Vec::new();
        for (core, (messages, rest)) in all_cores(outboxes).enumerate() {
            last = last.max(self.post(core, messages, &mut sent) + rest);
        }
        let posted: usize = self.letters.out.iter().map(Vec::len).sum();
        for out in &mut self.letters.out {
            // Packets of one cycle leave in the order of their cores; the first is taken from the end.
            out.sort_by_key(|offer| offer.at);
            out.reverse();
        }
        self.carry(posted)?;
        for &(tag, at) in &self.letters.arrived {
            let message: Message = sent[tag as usize];
            let processing = profiles[usize::from(message.profile)].latency;
            self.arrivals[usize::from(message.core)].push((at as f64 / self.hertz, tag, processing));
        }
        if let Some(done) = &mut done {
            done.clear();
            done.resize(sent.len(), 0.0);
        }
        for arrivals in &mut self.arrivals {
            arrivals.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let mut free = 0.0f64;
            for &(at, tag, processing) in arrivals.iter() {
                free = free.max(at) + processing;
                if let Some(done) = &mut done {
                    done[tag as usize] = free;
                }
            }
            last = last.max(free);
        }
        Ok(last)
    }

    /// Posts what a core sends; when the last of it is ready [s].
    fn post(&mut self, core: usize, messages: &[Message], sent: &mut Vec<Message>) -> f64 {
        let mut ready = 0.0;
        for &message in messages {
            ready += message.gap;
            let tag = sent.len() as u32;
            sent.push(message);
            let (from, to) = (self.node[core], self.node[usize::from(message.core)]);
            let at = (ready * self.hertz).ceil() as u64;
            if from == to {
                self.letters.arrived.push((tag, at));
            } else {
                self.letters.out[from.index()].push(Offer { at, dst: to, flits: self.flits, tag });
            }
        }
        ready
    }

    /// Runs the network until everything has arrived.
    fn carry(&mut self, posted: usize) -> Result<(), Halt> {
        if posted == 0 {
            return Ok(());
        }
        let local = self.letters.arrived.len();
        let letters = std::slice::from_mut(&mut self.letters);
        let ended = match self.rest.clone() {
            Engine::Cycle(mut network) => network.run(letters, u64::MAX),
            Engine::Approximate(mut network) => network.run(&mut letters[0], u64::MAX),
            Engine::Ideal(mut network) => network.run(&mut letters[0], u64::MAX),
        };
        if matches!(ended, Ended::Stalled(_)) {
            return Err(Halt("the network is deadlocked within a step".into()));
        }
        let lost = posted + local - self.letters.arrived.len();
        if lost > 0 {
            return Err(Halt(format!("no route leads to the destination of {lost} packets")));
        }
        Ok(())
    }
}

/// What nodes are to send, and what has arrived: the packet and the cycle.
#[derive(Clone, Debug)]
struct Letters {
    out: Vec<Vec<Offer>>,
    arrived: Vec<(u32, u64)>,
}

impl Source for Letters {
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        self.out[node.index()].pop()
    }

    fn delivered(&mut self, delivery: Delivery) -> bool {
        self.arrived.push((delivery.tag, delivery.at));
        false
    }

    fn split(&mut self, at: NodeId) -> Self {
        Self { out: self.out.split_off(at.index()), arrived: Vec::new() }
    }
}
