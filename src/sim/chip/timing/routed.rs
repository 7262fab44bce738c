//! The network on chip itself: packets enter it as they are ready, meet each other there, and wait for the
//! core that receives them.
//!
//! A core's packets wait in its output queue until the network takes them (`letters.rs`); the core goes on
//! meanwhile, unless the queue is full. Cores of one tile share the way into their router. Packets between cores of
//! one tile do not enter it. A step begins with an empty network: cores meet at a barrier, or what is late is
//! accounted for by the tick.

use super::letters::Letters;
use super::{Outbox, Told, all_cores};
use crate::base::{CoreId, Problem, Problems, RouterId};
use crate::network::Halt;
use crate::noc::approximate::Approximate;
use crate::noc::engine::{Ended, Network, Run};
use crate::noc::ideal::Ideal;
use crate::sim::Fidelity;
use crate::sim::chip::counts::Critical;
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
    /// By port table entry: the routers at the ends of its link, where there is one.
    links: Vec<Option<(RouterId, RouterId)>>,
    letters: Letters,
    /// Flits over all links so far.
    #[cfg(test)]
    pub(super) carried: u64,
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
        let params = ground.params;
        if params.send_queue.is_some() && fidelity == Fidelity::Approximate {
            let message = "`approximate` does not tell when there is room in a queue; `cycle` does";
            return Err(Problem::new("send_queue", message).into());
        }
        let ends = |&link: &u32| fabric.links.get(link as usize).map(|link| (link.from, link.to));
        let nodes = (0..ground.cores()).map(|core| ground.node(CoreId(core))).collect();
        Ok(Self {
            rest,
            hertz: clock_hz,
            links: fabric.out_link.iter().map(ends).collect(),
            letters: Letters::new(
                nodes,
                fabric.nodes.len(),
                (clock_hz, params.packet_flits),
                params.send_queue,
            ),
            #[cfg(test)]
            carried: 0,
            arrivals: vec![Vec::new(); ground.cores() as usize],
        })
    }

    pub(super) fn time(
        &mut self,
        outboxes: &[&Outbox],
        latencies: &[f64],
        mut done: Option<&mut Vec<f64>>,
    ) -> Result<Told, Halt> {
        self.arrivals.iter_mut().for_each(Vec::clear);
        self.letters.begin(all_cores(outboxes).map(|(messages, _)| messages));
        let ran = self.carry()?;
        let mut told = Told::default();
        for (core, (_, rest)) in all_cores(outboxes).enumerate() {
            told.core(core, self.letters.ready(core) + rest);
        }
        for &(tag, at) in &self.letters.arrived {
            let message = self.letters.message(tag);
            let processing = latencies[usize::from(message.profile)];
            self.arrivals[usize::from(message.core)].push((at as f64 / self.hertz, tag, processing));
        }
        if let Some(done) = &mut done {
            done.clear();
            done.resize(self.letters.len(), 0.0);
        }
        let mut is_idle = false;
        for (core, arrivals) in self.arrivals.iter_mut().enumerate() {
            arrivals.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let (mut free, mut waited) = (0.0f64, false);
            for &(at, tag, processing) in arrivals.iter() {
                waited = at > free;
                free = free.max(at) + processing;
                if let Some(done) = &mut done {
                    done[tag as usize] = free;
                }
            }
            is_idle = if free > told.seconds { waited } else { is_idle };
            told.core(core, free);
        }
        if let Some((from, to)) = ran.filter(|_| is_idle).and_then(|ran| self.busiest(&ran)) {
            told.critical = Some(Critical::Link(from, to));
        }
        Ok(told)
    }

    /// The link that carried the most flits, the first of several; without contention no link matters.
    fn busiest(&self, ran: &Engine) -> Option<(RouterId, RouterId)> {
        let flits = match ran {
            Engine::Cycle(network) => network.tally().port_flits,
            Engine::Approximate(network) => network.tally().port_flits,
            Engine::Ideal(_) => return None,
        };
        let loads = flits.iter().zip(&self.links).filter_map(|(&flits, ends)| ends.map(|ends| (flits, ends)));
        loads.reduce(|most, next| if next.0 > most.0 { next } else { most }).map(|(_, ends)| ends)
    }

    /// Runs the network until everything has arrived; the engine as it is then, if there was anything.
    fn carry(&mut self) -> Result<Option<Engine>, Halt> {
        if self.letters.arrived.len() == self.letters.len() {
            return Ok(None);
        }
        let mut engine = self.rest.clone();
        let letters = std::slice::from_mut(&mut self.letters);
        let ended = match &mut engine {
            Engine::Cycle(network) => network.run(letters, u64::MAX),
            Engine::Approximate(network) => network.run(&mut letters[0], u64::MAX),
            Engine::Ideal(network) => network.run(&mut letters[0], u64::MAX),
        };
        if matches!(ended, Ended::Stalled(_)) {
            return Err(Halt("the network is deadlocked within a step".into()));
        }
        let lost = self.letters.len() - self.letters.arrived.len();
        if lost > 0 {
            return Err(Halt(format!("no route leads to the destination of {lost} packets")));
        }
        #[cfg(test)]
        self.count(&engine);
        Ok(Some(engine))
    }

    #[cfg(test)]
    fn count(&mut self, engine: &Engine) {
        let flits = match engine {
            Engine::Cycle(network) => network.tally().port_flits,
            Engine::Approximate(network) => network.tally().port_flits,
            Engine::Ideal(network) => network.tally().port_flits,
        };
        self.carried +=
            flits.iter().zip(&self.links).filter(|(_, ends)| ends.is_some()).map(|(n, _)| n).sum::<u64>();
    }
}
