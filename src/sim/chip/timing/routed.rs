//! The network on chip itself: packets enter it as they are ready, meet each other there, and wait for the
//! core that receives them.
//!
//! A core's packets wait in its output queue until the network takes them (`letters.rs`); the core goes on
//! meanwhile, unless the queue is full. Cores of one tile share the way into their router. Packets between cores of
//! one tile do not enter it. Where receive queues are bounded, a packet stays in the network until its core has room for
//! it (`desk.rs`), and others behind it. A step begins with an empty network: cores meet at a barrier, or what is late is
//! accounted for by the tick. Without contention a packet takes as long as any other between its two nodes, and is
//! not followed again (`trips.rs`).

use std::sync::Arc;

use rayon::prelude::*;

use super::letters::Letters;
use super::trips::Trips;
use super::{Message, Outbox, Told, all_cores, cycle_of};
use crate::base::{CoreId, NodeId, Problem, Problems, RouterId};
use crate::network::Halt;
use crate::noc::approximate::Approximate;
use crate::noc::engine::{Ended, Network, Run, Window};
use crate::noc::ideal::Ideal;
use crate::sim::Fidelity;
use crate::sim::chip::counts::Critical;
use crate::sim::chip::params::Synchronisation;
use crate::sim::chip::plan::Plan;
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
    /// The same after the last step in which packets went through the network.
    ran: Option<Engine>,
    hertz: f64,
    /// By port table entry: the routers at the ends of its link, where there is one.
    links: Vec<Option<(RouterId, RouterId)>>,
    letters: Letters,
    /// Flits over all links so far.
    #[cfg(test)]
    pub(super) carried: u64,
    /// Where packets do not meet, and routes are not drawn.
    trips: Option<Trips>,
    /// By core: its node.
    nodes: Vec<NodeId>,
    /// By core.
    arrivals: Vec<Vec<Arrival>>,
    /// By core: when it has taken in everything [s], and whether it was idle before the last packet.
    ends: Vec<(f64, bool)>,
    /// Nothing that is done sooner is late [s].
    period: f64,
    threads: usize,
}

/// A packet that has arrived at its core.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    /// When [cycle]; once it has been processed, when that was done [s], as the bits of the number.
    at: u64,
    /// Its place in the order of sending.
    tag: u32,
    profile: u16,
}

impl Arrival {
    fn key(self) -> (u64, u32) {
        (self.at, self.tag)
    }
}

/// Sorts arrivals, which are in order but for those of one cycle and those between cores of one node: few have far to go.
fn put_in_order(arrivals: &mut [Arrival]) {
    let mut effort = 8 * arrivals.len();
    for from in 1..arrivals.len() {
        let (arrival, mut to) = (arrivals[from], from);
        while to > 0 && arrival.key() < arrivals[to - 1].key() {
            arrivals[to] = arrivals[to - 1];
            to -= 1;
        }
        arrivals[to] = arrival;
        match effort.checked_sub(from - to) {
            Some(left) => effort = left,
            None => return arrivals.sort_unstable_by_key(|arrival| arrival.key()),
        }
    }
}

fn no_route(lost: usize) -> Result<(), Halt> {
    match lost {
        0 => Ok(()),
        _ => Err(Halt(format!("no route leads to the destination of {lost} packets"))),
    }
}

impl Routed {
    /// # Errors
    /// A chip without a network to simulate; what the engine refuses.
    pub(super) fn new(fidelity: Fidelity, ground: &Ground<'_>, threads: usize) -> Result<Self, Problems> {
        let Some(Wires { health, routing, router, clock_hz }) = ground.wires else {
            return Err(Problem::new("fidelity", "nothing is known of the network on chip").into());
        };
        let (fabric, run) = (ground.fabric, Run { seed: 1, threads });
        let routing = routing.clone();
        let rest = match fidelity {
            Fidelity::Cycle => {
                let mut network = Network::new(fabric, health, routing, router, run)?;
                network.measure(Window::NEVER);
                Engine::Cycle(Box::new(network))
            }
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
        if params.receive_queue.is_some() && fidelity == Fidelity::Approximate {
            let message = "`approximate` holds whatever has arrived; `cycle` knows such queues";
            return Err(Problem::new("receive_queue", message).into());
        }
        let ends = |&link: &u32| fabric.links.get(link as usize).map(|link| (link.from, link.to));
        let nodes: Vec<NodeId> = (0..ground.cores()).map(|core| ground.node(CoreId(core))).collect();
        let meets_nothing = matches!(rest, Engine::Ideal(_)) && params.send_queue.is_none();
        let trips = Trips::new(fabric.nodes.len(), params.packet_flits).filter(|_| meets_nothing);
        let period = match params.synchronisation {
            Synchronisation::Tick { period, .. } => period.0,
            _ => 0.0,
        };
        let clock = (clock_hz, params.packet_flits);
        let mut letters = Letters::new(nodes.clone(), fabric.nodes.len(), clock, params.send_queue);
        // Without contention, the network holds anything.
        if let (Some(room), Engine::Cycle(_)) = (params.receive_queue, &rest) {
            letters = letters.with_receive_queues(room);
        }
        Ok(Self {
            rest,
            ran: None,
            hertz: clock_hz,
            links: fabric.out_link.iter().map(ends).collect(),
            letters,
            #[cfg(test)]
            carried: 0,
            trips,
            arrivals: vec![Vec::new(); nodes.len()],
            nodes,
            ends: Vec::new(),
            period,
            threads,
        })
    }

    pub(super) fn time(
        &mut self,
        outboxes: &[&Outbox],
        latencies: &[f64],
        done: Option<&mut Vec<f64>>,
    ) -> Result<Told, Halt> {
        self.arrivals.iter_mut().for_each(Vec::clear);
        let mut told = Told::default();
        let flown = self.fly(outboxes, &mut told)?;
        let ran = !flown && self.route(outboxes, latencies, &mut told)?;
        self.receive(latencies);
        let is_idle = self.tell_ends(&mut told);
        if let Some((from, to)) =
            self.ran.as_ref().filter(|_| ran && is_idle).and_then(|ran| self.busiest(ran))
        {
            told.critical = Some(Critical::Link(from, to));
        }
        // Where the last packet is in time, all are.
        if let Some(done) = done.filter(|_| told.seconds >= self.period) {
            done.clear();
            done.resize(self.arrivals.iter().map(Vec::len).sum(), 0.0);
            let all = self.arrivals.iter().flatten();
            all.for_each(|arrival| done[arrival.tag as usize] = f64::from_bits(arrival.at));
        }
        Ok(told)
    }

    /// Follows the ways that packets of `plan` will take, where they meet nobody. Where they are copied, the network gets
    /// their trees.
    ///
    /// # Errors
    /// Trees that the network cannot take.
    pub(super) fn expect(&mut self, plan: &Plan) -> Result<(), Problems> {
        if let Some(copies) = &plan.copies {
            self.trips = None;
            match &mut self.rest {
                Engine::Cycle(network) => network.set_trees(Arc::clone(&copies.table))?,
                Engine::Approximate(network) => network.set_trees(Arc::clone(&copies.table)),
                Engine::Ideal(network) => network.set_trees(Arc::clone(&copies.table)),
            }
        }
        let (Engine::Ideal(network), Some(trips)) = (&self.rest, &mut self.trips) else { return Ok(()) };
        let nodes = &self.nodes;
        let mut cores: Vec<Vec<usize>> = vec![Vec::new(); trips.nodes()];
        nodes.iter().enumerate().for_each(|(core, node)| cores[node.index()].push(core));
        trips.follow(network, |node| {
            let fans = cores[node.index()].iter().map(|&core| plan.fan_of(core));
            fans.flatten().map(|packet| nodes[usize::from(packet.core)])
        });
        Ok(())
    }

    /// Without contention: each packet takes as long as any from its node to the other. Whether that is so.
    fn fly(&mut self, outboxes: &[&Outbox], told: &mut Told) -> Result<bool, Halt> {
        let Engine::Ideal(network) = &self.rest else { return Ok(false) };
        let Some(trips) = &mut self.trips else { return Ok(false) };
        let (mut tag, mut lost) = (0, 0);
        #[cfg(test)]
        let mut carried = 0;
        for (core, (messages, rest)) in all_cores(outboxes).enumerate() {
            let (mut ready, from) = (0.0, self.nodes[core]);
            for &Message { gap, core: target, profile, .. } in messages {
                ready += gap;
                let to = self.nodes[usize::from(target)];
                let Ok(cycles) = trips.cycles(network, from, to) else {
                    // Routes are drawn: packets go one by one.
                    self.trips = None;
                    self.arrivals.iter_mut().for_each(Vec::clear);
                    *told = Told::default();
                    return Ok(false);
                };
                #[cfg(test)]
                if let Ok(Some(trip)) = network.trip(from, to, trips.flits) {
                    let links = if from == to { 0 } else { trip.links };
                    carried += u64::from(links * trips.flits);
                }
                match cycles {
                    Some(cycles) => {
                        let at = cycle_of(ready, self.hertz) + u64::from(cycles);
                        self.arrivals[usize::from(target)].push(Arrival { at, tag, profile });
                    }
                    None => lost += 1,
                }
                tag += 1;
            }
            told.core(core, ready + rest);
        }
        #[cfg(test)]
        {
            self.carried += carried;
        }
        no_route(lost).map(|()| true)
    }

    /// Packets go through the network one by one; whether there was anything.
    fn route(&mut self, outboxes: &[&Outbox], latencies: &[f64], told: &mut Told) -> Result<bool, Halt> {
        self.letters.begin(all_cores(outboxes).map(|(messages, _)| messages), latencies);
        let ran = self.carry()?;
        self.letters.finish();
        for (core, (_, rest)) in all_cores(outboxes).enumerate() {
            told.core(core, self.letters.ready(core) + rest);
        }
        if let Some(desks) = &self.letters.desks {
            for &(core, tag, profile, done) in desks.done() {
                self.arrivals[usize::from(core)].push(Arrival { at: done.to_bits(), tag, profile });
            }
            return Ok(ran);
        }
        for &(tag, at) in &self.letters.arrived {
            let Message { core, profile, .. } = self.letters.message(tag);
            self.arrivals[usize::from(core)].push(Arrival { at, tag, profile });
        }
        Ok(ran)
    }

    /// Cores take in what has arrived, one packet after the other.
    fn receive(&mut self, latencies: &[f64]) {
        let hertz = self.hertz;
        if let Some(desks) = &self.letters.desks {
            self.ends.clear();
            return self.ends.extend(desks.ends());
        }
        let take = |arrivals: &mut Vec<Arrival>| {
            put_in_order(arrivals);
            let (mut free, mut waited) = (0.0f64, false);
            for arrival in arrivals {
                let at = arrival.at as f64 / hertz;
                waited = at > free;
                free = free.max(at) + latencies[usize::from(arrival.profile)];
                arrival.at = free.to_bits();
            }
            (free, waited)
        };
        match self.threads {
            1 => {
                self.ends.clear();
                self.ends.extend(self.arrivals.iter_mut().map(take));
            }
            _ => self.arrivals.par_iter_mut().with_min_len(64).map(take).collect_into_vec(&mut self.ends),
        }
    }

    /// Tells when cores have taken in everything; whether the one that is done last was idle before its last packet
    /// came.
    fn tell_ends(&self, told: &mut Told) -> bool {
        let mut is_idle = false;
        for (core, &(free, waited)) in self.ends.iter().enumerate() {
            is_idle = if free > told.seconds { waited } else { is_idle };
            told.core(core, free);
        }
        is_idle
    }

    /// Takes every packet through the network from now on.
    #[cfg(test)]
    pub(in crate::sim::chip) fn forget_trips(&mut self) {
        self.trips = None;
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

    /// Runs the network until everything has arrived; whether there was anything.
    fn carry(&mut self) -> Result<bool, Halt> {
        if self.letters.arrived.len() == self.letters.len() {
            return Ok(false);
        }
        match (&mut self.ran, &self.rest) {
            (Some(Engine::Cycle(ran)), Engine::Cycle(rest)) => ran.restart(rest),
            (ran, rest) => *ran = Some(rest.clone()),
        }
        let letters = &mut self.letters;
        let Some(engine) = &mut self.ran else { return Ok(false) };
        let ended = match engine {
            Engine::Cycle(network) if self.threads > 1 => {
                let mut parts = network.deal(letters.for_threads());
                let ended = network.run(&mut parts, u64::MAX);
                parts.into_iter().for_each(|part| letters.take_back(part));
                ended
            }
            Engine::Cycle(network) => network.run(std::slice::from_mut(letters), u64::MAX),
            Engine::Approximate(network) => network.run(letters, u64::MAX),
            Engine::Ideal(network) => network.run(letters, u64::MAX),
        };
        if matches!(ended, Ended::Stalled(_)) {
            return Err(Halt("the network is deadlocked within a step".into()));
        }
        no_route(self.letters.len() - self.letters.arrived.len())?;
        #[cfg(test)]
        self.count();
        Ok(true)
    }

    #[cfg(test)]
    fn count(&mut self) {
        let flits = match &self.ran {
            None => return,
            Some(Engine::Cycle(network)) => network.tally().port_flits,
            Some(Engine::Approximate(network)) => network.tally().port_flits,
            Some(Engine::Ideal(network)) => network.tally().port_flits,
        };
        self.carried +=
            flits.iter().zip(&self.links).filter(|(_, ends)| ends.is_some()).map(|(n, _)| n).sum::<u64>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};

    fn draw(count: u32, most_late: u32) -> Vec<Arrival> {
        let mut draw = Stream::new(1, Purpose::Workload, count, most_late.into());
        let at = |tag, draw: &mut Stream| u64::from(tag / 3 + draw.below(most_late + 1));
        (0..count).map(|tag| Arrival { at: at(tag, &mut draw), tag: tag ^ 1, profile: 0 }).collect()
    }

    #[test]
    fn arrivals_are_put_in_order_however_far_they_have_to_go() {
        let mut lists: Vec<_> = [0, 1, 8, 40, 5000].map(|most_late| draw(1000, most_late)).into();
        lists.extend([draw(0, 1), draw(1, 1), draw(1000, 0).into_iter().rev().collect()]);
        for mut list in lists {
            let mut expected = list.clone();
            expected.sort_by_key(|arrival| arrival.key());
            put_in_order(&mut list);
            assert!(list.iter().map(|it| it.key()).eq(expected.iter().map(|it| it.key())));
        }
    }

    #[test]
    fn cycles_are_counted_from_their_beginning() {
        let mut draw = Stream::new(1, Purpose::Workload, 0, 0);
        let drawn = (0..10_000).map(|_| (draw.unit() * 1e-3, 1e6 + draw.unit() * 1e9));
        for (seconds, hertz) in drawn.chain([(0.0, 1e9), (3.0, 1.0), (1e-9, 1e9), (0.1, 10.0)]) {
            assert_eq!(cycle_of(seconds, hertz), (seconds * hertz).ceil() as u64);
        }
    }
}
