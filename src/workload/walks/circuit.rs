//! The circuits of random walks, and how they are run.
//!
//! ```text
//!   state ──▶ S₁ ──▶ target 1        Sⱼ fires with probability qⱼ (Bernoulli)
//!     └──▶ D₁ ──▶ S₂ ──▶ target 2    Dⱼ fires when Sⱼ did not
//!           └──▶ D₂ ──▶ target 3
//! ```
//!
//! *Density*: a state is a counter of anonymous walkers, who leave one per tick; a supervisor counts silent
//! ticks and, when everybody has arrived, closes the step by a signal to all counters. *Particle*: every
//! walker has the circuits of all states to itself, and all move at once, a step being a fixed number of
//! ticks. *Graded*: as particle, but one spike carries the number of walkers, of whom each S lets a binomial
//! share pass: it tries its luck for one after the other, which takes it as many passes. A tick is a step of the
//! machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chain::{Chain, conditional};
use crate::base::{NeuronId, Problems};
use crate::network::{Machine, Net, NetBuilder, Part, Span, Synapse};
use crate::neuron::NeuronModel;
use crate::neuron::binomial::Binomial;
use crate::neuron::step::Step;
use crate::neuron::walk_counter::WalkCounter;
use crate::workload::graph::wave::{STEP, relay, unit};
use crate::workload::host::{Backend, Failure, Host};

/// How walkers are represented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A circuit per state counts walkers, who leave one by one.
    #[default]
    Density,
    /// A circuit per state and walker.
    Particle,
    /// A circuit per state; a spike carries all walkers who leave by one way, chosen one after the other.
    Graded,
}

/// A network that walks.
struct Circuit {
    states: Span,
    /// Where a walker is going when a neuron fires, by its number; `u32::MAX`: nowhere.
    going: Vec<u32>,
    supervisor: Option<NeuronId>,
    /// Ticks of a step, unless a supervisor closes it.
    period: u64,
    /// Copies of the circuits.
    copies: u32,
}

const NOWHERE: u32 = u32::MAX;

/// What came of a walk.
#[derive(Clone, Debug, Default)]
pub(in crate::workload) struct Walk {
    /// Walkers in each state now.
    pub occupancy: Vec<u64>,
    /// Walkers in each state, summed over all steps but the start.
    pub visits: Vec<u64>,
    /// Ticks in each step in which walkers left; with the density method the most walkers in one state.
    pub serial: Vec<u32>,
    /// Steps walked.
    pub steps: u64,
    /// Ticks that took.
    pub ticks: u64,
}

/// What to walk.
pub(in crate::workload) struct Plan<'a> {
    pub chain: &'a Chain,
    pub method: Method,
    /// Walkers in each state at the start.
    pub start: &'a [u64],
    /// Steps; fewer if everybody is absorbed.
    pub steps: u64,
    /// Bits of probabilities; `None`: as many as there are.
    pub bits: Option<u32>,
}

impl Plan<'_> {
    fn walkers(&self) -> u64 {
        self.start.iter().sum()
    }

    /// Neurons in the tree of `state`: k − 1 choices and as many complements.
    fn tree(&self, state: u32) -> u32 {
        2 * self.chain.arcs.degree(state).saturating_sub(1)
    }

    /// Runs the walk. `each` is told the step and the occupancy after every step, and may stop it.
    pub(in crate::workload) fn run<B: Backend>(
        &self,
        host: &mut Host<'_, B>,
        mut each: impl FnMut(u64, &[u64]) -> bool,
    ) -> Result<Walk, Failure> {
        let (net, circuit) = self.build(host.longest_delay(None))?;
        host.load(net)?;
        let states = self.chain.states();
        let mut walk =
            Walk { occupancy: self.start.to_vec(), visits: vec![0; states as usize], ..Walk::default() };
        self.place(host, &circuit);
        let begin = host.next_step();
        if let Some(supervisor) = circuit.supervisor {
            // The first signal opens the first step.
            while !host.machine().fired().contains(&supervisor) {
                host.step()?;
            }
        }
        while walk.steps < self.steps
            && (0..states).any(|it| walk.occupancy[it as usize] > 0 && !self.chain.absorbs(it))
        {
            host.share = Some(walk.steps as f64 / self.steps as f64);
            self.step(host, &circuit, &mut walk)?;
            walk.steps += 1;
            walk.visits.iter_mut().zip(&walk.occupancy).for_each(|(visits, &now)| *visits += now);
            if !each(walk.steps, &walk.occupancy) {
                break;
            }
        }
        walk.ticks = host.next_step() - begin;
        Ok(walk)
    }

    /// Puts the walkers where they start.
    fn place<B: Backend>(&self, host: &mut Host<'_, B>, circuit: &Circuit) {
        let states = self.chain.states();
        let mut walker = 0;
        for (state, &count) in (0..states).zip(self.start) {
            if self.method == Method::Particle {
                for copy in walker..walker + count as u32 {
                    host.poke(circuit.states.at(copy * states + state), 1.0);
                }
                walker += count as u32;
            } else if count > 0 {
                host.poke(circuit.states.at(state), count as f64);
            }
        }
    }

    /// One step of the walk.
    fn step<B: Backend>(
        &self,
        host: &mut Host<'_, B>,
        circuit: &Circuit,
        walk: &mut Walk,
    ) -> Result<(), Failure> {
        for state in 0..self.chain.states() {
            if !self.chain.absorbs(state) {
                walk.occupancy[state as usize] = 0;
            }
        }
        let mut serial = 0;
        for tick in 1.. {
            host.step()?;
            let (mut left, mut closed) = (false, false);
            let machine = host.machine();
            for (&neuron, &value) in machine.fired().iter().zip(machine.values()) {
                left |= circuit.states.position(neuron).is_some();
                closed |= Some(neuron) == circuit.supervisor;
                let target = circuit.going[neuron.index()];
                if target != NOWHERE {
                    walk.occupancy[target as usize] += value as u64;
                }
            }
            serial += u32::from(left);
            if closed || circuit.supervisor.is_none() && tick == circuit.period {
                break;
            }
        }
        walk.serial.push(serial);
        Ok(())
    }

    /// Ticks of a step, unless a supervisor closes it.
    fn period(&self) -> u32 {
        2 * self.chain.most_exits().max(1) - 1
    }

    /// How long a walker takes by exit `j` of `exits` from the neuron that lets it out to where it goes [ticks].
    fn delay(&self, j: u32, exits: u32) -> u32 {
        let fires = if j + 1 == exits { 2 * j } else { 2 * j + 1 };
        if self.method == Method::Density { 1 } else { self.period() - fires }
    }

    /// Relays that the circuits of all states need once where no delay is longer than `longest`.
    fn relays(&self, longest: u32) -> u64 {
        let exits = (0..self.chain.states()).map(|state| self.chain.arcs.degree(state));
        let of = |exits: u32| (0..exits).map(move |j| u64::from((self.delay(j, exits) - 1) / longest));
        exits.flat_map(of).sum()
    }

    fn build(&self, longest: u32) -> Result<(Net, Circuit), Problems> {
        let chain = self.chain;
        let copies = if self.method == Method::Particle { self.walkers() } else { 1 };
        let tree: u64 = (0..chain.states()).map(|state| u64::from(self.tree(state))).sum();
        let relays = self.relays(longest);
        let all = copies * (u64::from(chain.states()) + tree + relays);
        if all > u64::from(u32::MAX / 4) {
            return Err(Problems::one("walkers", format!("{all} neurons are too many")));
        }
        let copies = copies as u32;
        let mut net = NetBuilder::new(STEP);
        let states = net.parts("states", self.state_parts(copies));
        let chooser = (tree > 0).then(|| net.parts("choices", self.choice_parts(copies)));
        let lines = Part { model: self.chance(1.0), count: copies * relays as u32 };
        let relays = (relays > 0).then(|| net.parts("relays", vec![lines]));
        let supervisor = (self.method == Method::Density).then(|| supervise(&mut net, states, chain));
        let mut circuit = Circuit {
            states,
            going: vec![NOWHERE; all as usize + 2],
            supervisor,
            period: self.period().into(),
            copies,
        };
        self.connect(&mut net, (chooser, Line::new(relays, longest)), &mut circuit);
        Ok((net.build()?, circuit))
    }

    fn state_parts(&self, copies: u32) -> Vec<Part> {
        let states = self.chain.states();
        let model = |absorbing: bool| -> NeuronModel {
            match self.method {
                Method::Density => WalkCounter { absorbing }.into(),
                Method::Particle => relay().into(),
                Method::Graded => Binomial::default().into(),
            }
        };
        if self.method != Method::Density {
            return vec![Part { model: model(false), count: copies * states }];
        }
        let mut parts: Vec<Part> = Vec::new();
        for state in 0..states {
            let model = model(self.chain.absorbs(state));
            match parts.last_mut() {
                Some(part) if part.model == model => part.count += 1,
                _ => parts.push(Part { model, count: 1 }),
            }
        }
        parts
    }

    /// A neuron that lets each walker pass with this probability.
    fn chance(&self, probability: f64) -> NeuronModel {
        match self.method {
            Method::Graded => Binomial { probability }.into(),
            _ => Step { probability, ..relay() }.into(),
        }
    }

    /// S₁, D₁, S₂, D₂, … of each state.
    fn choice_parts(&self, copies: u32) -> Vec<Part> {
        let mut parts = Vec::new();
        for state in 0..self.chain.states() {
            let exits: Vec<f64> = self.chain.arcs.of(state).map(|(_, probability)| probability).collect();
            let mut given = conditional(&exits);
            if let Some(bits) = self.bits {
                given = super::chain::quantise(&given, bits);
            }
            for q in given {
                parts.push(Part { model: self.chance(q), count: 1 });
                parts.push(Part { model: self.chance(1.0), count: 1 });
            }
        }
        let one = parts.clone();
        (1..copies).for_each(|_| parts.extend_from_slice(&one));
        parts
    }

    fn connect(
        &self,
        net: &mut NetBuilder,
        (chooser, mut line): (Option<Span>, Line),
        circuit: &mut Circuit,
    ) {
        let chain = self.chain;
        let mut next = 0;
        for copy in 0..circuit.copies {
            let base = copy * chain.states();
            let place = |state: u32| circuit.states.at(base + state);
            for state in 0..chain.states() {
                let exits = chain.arcs.degree(state);
                let mut from = place(state);
                for (j, (to, _)) in chain.arcs.of(state).enumerate() {
                    let is_last = j as u32 + 1 == exits;
                    // A tree exists wherever there is a choice.
                    let choice = chooser.filter(|_| !is_last).map(|it| (it.at(next), it.at(next + 1)));
                    let leaves = choice.map_or(from, |(choice, _)| choice);
                    line.lead(net, (leaves, place(to)), self.delay(j as u32, exits));
                    circuit.going[leaves.index()] = to;
                    if let Some((choice, other)) = choice {
                        net.connect(from, unit(choice, 1));
                        net.connect(from, unit(other, 2));
                        net.connect(choice, Synapse { weight: -1.0, ..unit(other, 1) });
                        from = other;
                        next += 2;
                    }
                }
            }
        }
    }
}

/// Relays for delays that are longer than the machine's, taken one after the other.
struct Line {
    relays: Option<Span>,
    next: u32,
    longest: u32,
}

impl Line {
    fn new(relays: Option<Span>, longest: u32) -> Self {
        Self { relays, next: 0, longest }
    }

    /// Leads from one neuron to another in `delay` ticks.
    fn lead(&mut self, net: &mut NetBuilder, (mut from, to): (NeuronId, NeuronId), delay: u32) {
        let mut left = delay;
        while let Some(relays) = self.relays.filter(|_| left > self.longest) {
            let relay = relays.at(self.next);
            self.next += 1;
            net.connect(from, unit(relay, self.longest));
            (from, left) = (relay, left - self.longest);
        }
        net.connect(from, unit(to, left));
    }
}

/// Adds the supervisor: it counts ticks in which nobody leaves, and signals when there have been enough for
/// the last walker to arrive. It has counted two silent ticks before the first walker's spike reaches it.
fn supervise(net: &mut NetBuilder, states: Span, chain: &Chain) -> NeuronId {
    let silent = 2 * chain.most_exits().max(1) + 1;
    let activity = net.population("activity", relay(), 1).at(0);
    let patient = Step { threshold: f64::from(silent) + 0.5, bias: 1.0, ..Step::default() };
    let supervisor = net.population("supervisor", patient, 1).at(0);
    for state in states.iter() {
        net.connect(state, unit(activity, 1));
        net.connect(supervisor, Synapse { channel: 1, ..unit(state, 1) });
    }
    net.connect(activity, Synapse { weight: -1.0, ..unit(supervisor, 1) });
    supervisor
}
