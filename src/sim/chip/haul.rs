//! What the network between cores carried: packets over links and to tiles, by stretches of steps.
//!
//! A packet is taken to go the way that its routing function prefers; where the network is simulated with
//! contention and routes adapt to it, single packets may have gone other ways.

use serde::{Deserialize, Serialize};

use super::Chip;
use super::copies::{Copies, NO_TREE, nodes};
use super::site::{Ground, Wires};
use crate::base::random::{Purpose, Stream};
use crate::base::{CoreId, NeuronId, RouterId};
use crate::fabric::Fabric;
use crate::noc::multicast::Leg;
use crate::noc::route::{Candidate, Candidates, Head, Standing};
use crate::sim::timeline::{Recorder, Timeline};

/// Pairs of tiles, and ports of their ways together, up to which ways are kept.
const MOST_PAIRS: usize = 1 << 22;
const MOST_PORTS: usize = 1 << 25;

/// Hops after which a packet is taken to go astray.
const FARTHEST: usize = 1 << 16;

/// A way that has not been looked for yet.
const UNKNOWN: u32 = u32::MAX;

/// What the network carried, in the making. Steps are cheap: spikes are counted, and followed through the
/// network once a stretch of steps is over.
#[derive(Debug)]
pub struct Haul<'a> {
    ground: &'a Ground<'a>,
    wires: Wires<'a>,
    state: HaulState,
    /// By core: its router.
    router: Vec<RouterId>,
    /// By router: packets on their way to it.
    to: Vec<u64>,
    /// By pair of routers: where its ports begin and end.
    ways: Vec<[u32; 2]>,
    /// Ports by which packets leave routers, way by way, as indices into the fabric's port tables.
    ports: Vec<u32>,
}

/// What a network has carried so far, to go on from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HaulState {
    /// By neuron: spikes in the present stretch.
    spikes: Vec<u32>,
    /// By port: packets that left by it so far.
    packets: Vec<u64>,
    recorder: Recorder,
    step: u64,
}

/// What the network carried.
#[derive(Clone, Debug, PartialEq)]
pub struct Hauled {
    /// Packets over each link.
    pub links: Vec<u64>,
    /// Packets that left each router, by any port.
    pub routers: Vec<u64>,
    /// Packets that each router handed to its cores.
    pub delivered: Vec<u64>,
    /// The same by stretches of steps; packets instead of flits, steps instead of cycles.
    pub timeline: Timeline,
}

impl<'a> Haul<'a> {
    /// For a run of `steps` steps, if that is known; `None` on chips that have no network or are too large.
    pub fn new(chip: &Chip, ground: &'a Ground<'a>, steps: Option<u64>) -> Option<Self> {
        let wires = ground.wires?;
        let fabric = ground.fabric;
        let pairs = fabric.routers.len().checked_mul(fabric.routers.len())?;
        let router = |core| fabric.nodes[ground.node(CoreId(core)).index()].router;
        let ports = *fabric.port_base.last()? as usize;
        (pairs <= MOST_PAIRS).then(|| Self {
            ground,
            wires,
            state: HaulState {
                spikes: vec![0; chip.net().neurons() as usize],
                packets: vec![0; ports],
                recorder: Recorder::of_steps(ports, steps),
                step: 0,
            },
            router: (0..ground.cores()).map(router).collect(),
            to: vec![0; fabric.routers.len()],
            ways: vec![[UNKNOWN; 2]; pairs],
            ports: Vec::new(),
        })
    }

    /// Takes in the step that `chip` has just made.
    pub fn step(&mut self, chip: &Chip) {
        let state = &mut self.state;
        chip.fired.iter().for_each(|neuron| state.spikes[neuron.index()] += 1);
        state.step += 1;
        if state.step >= state.recorder.next() {
            self.follow(chip);
            let HaulState { packets, recorder, step, .. } = &mut self.state;
            recorder.look(*step, packets);
        }
    }

    /// What was carried so far.
    pub fn state(&self) -> &HaulState {
        &self.state
    }

    /// Goes on from what was carried before; whether that was on such a chip.
    pub fn resume(&mut self, state: HaulState) -> bool {
        let fits = state.spikes.len() == self.state.spikes.len()
            && state.packets.len() == self.state.packets.len()
            && state.recorder.fits(state.packets.len());
        if fits {
            self.state = state;
        }
        fits
    }

    /// What was carried until now.
    pub fn finish(mut self, chip: &Chip) -> Hauled {
        self.follow(chip);
        let fabric = self.ground.fabric;
        let HaulState { packets, recorder, .. } = self.state;
        let through =
            |router: usize| fabric.port_base[router] as usize..fabric.port_base[router + 1] as usize;
        let all = |router: usize| packets[through(router)].iter().sum();
        let own = |router: usize| {
            let network = usize::from(fabric.routers[router].network_ports);
            packets[through(router)][network..].iter().sum()
        };
        let routers = 0..fabric.routers.len();
        Hauled {
            links: fabric.links.iter().map(|link| packets[fabric.slot(link.from, link.from_port)]).collect(),
            routers: routers.clone().map(all).collect(),
            delivered: routers.map(own).collect(),
            timeline: recorder.finish(fabric, &packets),
        }
    }

    /// Sends the spikes of the present stretch through the network, core by core.
    fn follow(&mut self, chip: &Chip) {
        let mut packets = std::mem::take(&mut self.to);
        for core in 0..chip.cores() {
            let is_busy = self.gather(core, chip, &mut packets);
            for to in 0..if is_busy { packets.len() } else { 0 } {
                let count = std::mem::take(&mut packets[to]);
                if count == 0 {
                    continue;
                }
                let [first, last] = self.way(self.router[core], RouterId::at(to));
                for &port in &self.ports[first as usize..last as usize] {
                    self.state.packets[port as usize] += count;
                }
            }
        }
        self.to = packets;
    }

    /// Adds up the packets of a core's spikes by the router that they go to; whether there are any spikes.
    fn gather(&mut self, core: usize, chip: &Chip, packets: &mut [u64]) -> bool {
        let (plan, mut is_busy) = (&chip.plan, false);
        let mut cores = Vec::new();
        for site in plan.layout.first[core]..plan.layout.first[core + 1] {
            let neuron = plan.layout.neuron[site as usize];
            let count = std::mem::take(&mut self.state.spikes[neuron as usize]);
            if count > 0 {
                is_busy = true;
                if let Some(copies) = &plan.copies {
                    cores.clear();
                    plan.each_core_of(NeuronId(neuron), site, |to| cores.push(to));
                    self.copy((core, &cores), (copies, copies.of(site)), count.into(), packets);
                    continue;
                }
                plan.each_core_of(NeuronId(neuron), site, |to| {
                    packets[self.router[usize::from(to)].index()] += u64::from(count);
                });
            }
        }
        is_busy
    }

    /// Adds `count` packets of a neuron on `core` that routers copy: what follows a tree by its ports, and all others by the
    /// router that they go to, once for each node.
    fn copy(
        &mut self,
        (core, to): (usize, &[u16]),
        (copies, tree): (&Copies, u32),
        count: u64,
        packets: &mut [u64],
    ) {
        let (ground, own) = (self.ground, self.ground.node(CoreId::at(core)));
        let fabric = ground.fabric;
        for node in nodes(to.iter().copied(), ground).filter(|&node| tree == NO_TREE || node == own) {
            packets[fabric.nodes[node.index()].router.index()] += count;
        }
        if tree == NO_TREE {
            return;
        }
        for branch in copies.table.branches_of(tree).filter_map(|branch| copies.table.branch(branch)) {
            let port = match branch.leg {
                Leg::Link(link) => (fabric.link(link).from, fabric.link(link).from_port),
                Leg::Eject(node) => (fabric.nodes[node.index()].router, fabric.nodes[node.index()].port),
            };
            self.state.packets[fabric.slot(port.0, port.1)] += count;
        }
    }

    fn way(&mut self, from: RouterId, to: RouterId) -> [u32; 2] {
        let pair = from.index() * self.ground.fabric.routers.len() + to.index();
        if self.ways[pair][0] == UNKNOWN {
            let first = self.ports.len() as u32;
            if self.ports.len() < MOST_PORTS {
                trace(self.ground.fabric, &self.wires, (from, to), &mut self.ports);
            }
            self.ways[pair] = [first, self.ports.len() as u32];
        }
        self.ways[pair]
    }
}

/// Adds the ports by which a packet leaves router after router; none if it does not arrive.
fn trace(fabric: &Fabric, wires: &Wires<'_>, (from, to): (RouterId, RouterId), ports: &mut Vec<u32>) {
    let first = ports.len();
    let routing = wires.routing;
    if !routing.reaches(from, to) {
        return;
    }
    let eject = fabric.routers[to.index()].network_ports;
    let mut head = Head { dst: to, eject, ..Head::default() };
    routing.inject(from, &mut head, &mut Stream::new(0, Purpose::Routing, from.0, 0));
    let mut standing = Standing { at: from, port: fabric.routers[from.index()].network_ports, vc: 0 };
    let mut candidates = Candidates::default();
    for _ in 0..FARTHEST {
        if standing.at == to {
            return ports.push(fabric.slot(to, eject) as u32);
        }
        routing.route(standing, &mut head, &mut candidates);
        let Some(Candidate { port, vcs, .. }) = choose(&candidates, routing.escape()) else { break };
        let Some(link) = fabric.out(standing.at, port).filter(|link| wires.health.link[link.index()]) else {
            break;
        };
        ports.push(fabric.slot(standing.at, port) as u32);
        let link = fabric.link(link);
        standing = Standing { at: link.to, port: link.to_port, vc: vcs.trailing_zeros() as u8 };
    }
    ports.truncate(first);
}

/// The first candidate of the highest priority, among those with escape channels if there are such.
fn choose(candidates: &Candidates, escape: u32) -> Option<Candidate> {
    let keep = if escape == 0 { u32::MAX } else { escape };
    let usable = candidates.as_slice().iter().map(|it| Candidate { vcs: it.vcs & keep, ..*it });
    let usable = usable.filter(|candidate| candidate.vcs != 0);
    usable.reduce(|best, next| if next.priority > best.priority { next } else { best })
}
