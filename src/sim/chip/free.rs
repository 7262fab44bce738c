//! Cores that run freely: nobody waits for anybody.
//!
//! Each core has a clock of its own with the same period. It begins a step when its clock says so, or as soon as it is
//! done with the step before, if that took longer; from then on it is behind the others. A packet takes the time of
//! its hops, waits for the receiving core's receiver, and acts in the step that the core is in when it has been
//! processed: it counts as sent in that step, whichever step its sender was in. If the receiver is further than the
//! sender the packet is late, if it is behind it is early; both are counted, none is lost.
//!
//! ```text
//!   core a   │ step 7 ───── │ step 8 ─────────── │ step 9
//!                  └─ packet ─▶ │receive│
//!   core b     │ step 6 ─────────── │ step 7          it counts as sent in step 6: one early
//! ```
//!
//! What a core does in a step follows from the packets processed before it begins. Cores are taken in the order in
//! which their steps begin, and packets never arrive before they are sent: so all of them are known by then, and the
//! result depends on no order of work. Where every core keeps up, spikes are those of a barrier.
//!
//! A step of the chip is over when every core has done its step of that number; faster ones are ahead by then.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use serde::{Deserialize, Serialize};

use super::counts::{CoreCounts, Critical, StepRecord};
use super::drawing::Letters;
use super::parcel::{Parcel, Sent};
use super::plan::Plan;
use super::shard::{Moment, Shard};
use super::site::Ground;
use super::timing::Mesh;
use crate::base::{CoreId, NeuronId, Problem, Problems};
use crate::network::Net;
use crate::sim::Fidelity;
use crate::synapse::plasticity::Rule;

/// A moment that is not before the start [s], as the bits of the number: these have its order.
type Bits = u64;

/// A packet under way to a core, ordered by its arrival, then by the order of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Flight {
    at: Bits,
    order: u64,
    /// The step that its sender was in.
    step: u64,
    packet: u32,
    /// What it carries.
    value: Bits,
}

/// A core's own time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Local {
    /// The step that it is in; 0 before the first.
    step: u64,
    /// When its receiver is free [s].
    free: Bits,
    inbox: BinaryHeap<Reverse<Flight>>,
}

/// A step that some cores have done.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Partial {
    /// How many of them.
    done: u32,
    /// When the last of them can begin the next, and which that is.
    end: Bits,
    last: u32,
    counts: CoreCounts,
    fired: Vec<u32>,
    values: Vec<Bits>,
}

/// Where everybody is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    cores: Vec<Local>,
    /// When cores begin their next step.
    agenda: BinaryHeap<Reverse<(Bits, u32)>>,
    /// Steps that not all have done, the first first.
    steps: VecDeque<Partial>,
    /// Packets sent.
    sent: u64,
    /// Number of the first step of `steps`.
    step: u64,
    /// When the last core was done with the step before.
    end: Bits,
}

/// The cores' clocks.
#[derive(Clone, Debug)]
pub(super) struct Free {
    period: f64,
    mesh: Mesh,
    /// Cores with neurons.
    busy: u32,
    /// No drawn synapses.
    none: Letters,
    pub(super) state: State,
}

/// What the chip is told of a step that everybody has done.
pub(super) struct Done {
    pub record: StepRecord,
    pub fired: Vec<NeuronId>,
    pub values: Vec<f64>,
}

impl Free {
    /// # Errors
    /// A fidelity other than `ideal`; a network of which not everything is known that this takes; rules whose
    /// rewards come to all cores at once.
    pub(super) fn new(
        period: f64,
        fidelity: Fidelity,
        (net, plan, ground): (&Net, &Plan, &Ground<'_>),
    ) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        if fidelity != Fidelity::Ideal {
            let message =
                "cores that run freely share no step to simulate the network in; `ideal` does without";
            problems.push(Problem::new("fidelity", message));
        }
        if net.lessons.iter().any(|lesson| matches!(lesson.rule, Rule::Reward(_))) {
            let message =
                "rewards come to all cores in one step, and cores that run freely have none in common";
            problems.push(Problem::new("synchronisation", message));
        }
        if plan.arrays.is_some() {
            let message =
                "arrays are read once in a step of the chip, and cores that run freely have none in common";
            problems.push(Problem::new("synchronisation", message));
        }
        if plan.drawing.is_some() {
            let message = "packets of cores that run freely are kept until they arrive; procedural synapses, which \
                are drawn for one step, have to be stored";
            problems.push(Problem::new("synchronisation", message));
        }
        let mesh = problems.absorb("", Mesh::new(ground));
        let cores: Vec<u32> = (0..ground.cores())
            .filter(|&core| plan.layout.first[core as usize] < plan.layout.first[core as usize + 1])
            .collect();
        let agenda = cores.iter().map(|&core| Reverse((0.0f64.to_bits(), core))).collect();
        let state = State {
            cores: vec![Local::default(); ground.cores() as usize],
            agenda,
            step: 1,
            ..State::default()
        };
        match mesh {
            Some(mesh) => {
                let (busy, none) = (cores.len() as u32, Letters::new());
                problems.into_result(Self { period, mesh, busy, none, state })
            }
            None => Err(problems),
        }
    }

    /// The step that `core` does next.
    pub(super) fn next_step(&self, core: usize) -> u64 {
        self.state.cores[core].step + 1
    }

    /// Takes back a state; nothing if it does not fit.
    pub(super) fn load(&mut self, state: State) -> Option<()> {
        let cores = self.state.cores.len();
        let fits = state.cores.len() == cores
            && state.agenda.len() == self.busy as usize
            && state.agenda.iter().all(|Reverse((_, core))| (*core as usize) < cores);
        fits.then(|| self.state = state)
    }

    /// Whether no packet is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.state.cores.iter().all(|core| core.inbox.is_empty())
    }

    /// Forgets the packets that are under way.
    pub(super) fn reset(&mut self) {
        self.state.cores.iter_mut().for_each(|core| core.inbox.clear());
    }

    /// Lets cores go on until all have done their next step.
    pub(super) fn step(&mut self, shard: &mut Shard, moment: Moment<'_>) -> Done {
        while self.state.steps.front().is_none_or(|step| step.done < self.busy) {
            let Some(Reverse((begin, core))) = self.state.agenda.pop() else { break };
            let next = self.advance(f64::from_bits(begin), core as usize, shard, moment);
            self.state.agenda.push(Reverse((next.to_bits(), core)));
        }
        let Partial { end, last, counts, fired, values, .. } =
            self.state.steps.pop_front().unwrap_or_default();
        let begun = self.state.end;
        self.state.end = end.max(begun);
        let seconds = f64::from_bits(self.state.end) - f64::from_bits(begun);
        let critical = (seconds > 0.0).then_some(Critical::Core(CoreId(last)));
        self.state.step += 1;
        Done {
            record: StepRecord { step: self.state.step - 1, seconds, critical, counts, arrays: Vec::new() },
            fired: fired.into_iter().map(NeuronId).collect(),
            values: values.into_iter().map(f64::from_bits).collect(),
        }
    }

    /// One step of one core, which begins at `begin`; when its next one does.
    fn advance(&mut self, begin: f64, core: usize, shard: &mut Shard, moment: Moment<'_>) -> f64 {
        shard.begin();
        let before = shard.counts[core - shard.cores.start].clone();
        self.receive(begin, core, shard, moment);
        let step = self.next_step(core);
        let moment = Moment { step, ..moment };
        shard.update_core(core, moment);
        self.state.cores[core].step = step;
        let busy = self.send(begin, core, shard, moment.plan);
        let next = (begin + self.period).max(begin + busy);
        let counts = shard.counts[core - shard.cores.start].since(&before);
        self.note((core, next, step), counts, shard);
        next
    }

    /// Takes in what has been processed before `begin`.
    fn receive(&mut self, begin: f64, core: usize, shard: &mut Shard, moment: Moment<'_>) {
        let Local { step, free, inbox } = &mut self.state.cores[core];
        while let Some(&Reverse(flight)) = inbox.peek() {
            let plan = moment.plan;
            let profile = plan.fan[flight.packet as usize].profile;
            let ready = f64::from_bits(*free).max(f64::from_bits(flight.at));
            let done = ready + plan.profiles[usize::from(profile)].latency;
            if f64::from_bits(flight.at) >= begin || done >= begin {
                break;
            }
            inbox.pop();
            *free = done.to_bits();
            let value = f64::from_bits(flight.value);
            let parcel = Parcel { packet: flight.packet, count: 1, message: 0, value };
            let sent = Sent { parcels: &[parcel], letters: &self.none, late: None };
            shard.deliver(sent, plan, *step);
            shard.note_shift(core, (*step).cmp(&flight.step));
        }
        shard.learn_at(core, Moment { step: *step, ..moment });
    }

    /// Sends what the core has to send; how long it is busy with its neurons [s].
    fn send(&mut self, begin: f64, core: usize, shard: &mut Shard, plan: &Plan) -> f64 {
        let step = self.state.cores[core].step;
        let parcels = std::mem::take(&mut shard.parcels[0]);
        let (messages, rest) = shard.outbox.last();
        let mut ready = begin;
        for (parcel, message) in parcels.iter().flat_map(|it| it.packets()).zip(messages) {
            ready += message.gap;
            let target = usize::from(plan.fan[parcel.packet as usize].core);
            let at = ready + self.mesh.least(core, target);
            self.state.sent += 1;
            let flight = Flight {
                at: at.to_bits(),
                order: self.state.sent,
                step,
                packet: parcel.packet,
                value: parcel.value.to_bits(),
            };
            self.state.cores[target].inbox.push(Reverse(flight));
        }
        shard.parcels[0] = parcels;
        ready + rest - begin
    }

    /// Notes that a core has done a step.
    fn note(&mut self, (core, next, step): (usize, f64, u64), counts: CoreCounts, shard: &Shard) {
        let index = (step - self.state.step) as usize;
        while self.state.steps.len() <= index {
            let none = CoreCounts::new(counts.soma.len(), counts.synapse.len());
            self.state.steps.push_back(Partial { counts: none, ..Partial::default() });
        }
        let partial = &mut self.state.steps[index];
        partial.done += 1;
        if next.to_bits() > partial.end {
            (partial.end, partial.last) = (next.to_bits(), core as u32);
        }
        partial.counts.add(&counts);
        partial.fired.extend(shard.fired.iter().map(|neuron| neuron.0));
        partial.values.extend(shard.values.iter().map(|value| value.to_bits()));
    }
}
