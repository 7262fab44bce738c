//! A part of the chip that one thread simulates: some neighbouring cores, and what a step does with them.
//!
//! ```text
//!   update    every core: neurons advance, those that fire write a packet per destination core
//!   deliver   every packet to one of these cores, in the order of the cores that sent them
//!   learn     synapses that learn, from the spikes at their two ends
//! ```

use std::cmp::Ordering;
use std::ops::Range;

use super::arrays::Arrays;
use super::arrivals::Arrivals;
use super::counts::CoreCounts;
use super::drawing::{DRAWN, Letters};
use super::learning::Learner;
use super::parcel::{LOST, Parcel, Sent};
use super::plan::{FanOut, Plan};
use super::profile::Profile;
use super::timing::{ALONE, JOINED, Message, Outbox};
use crate::base::NeuronId;
use crate::network::Halt;
use crate::neuron::{Bank, Ids, SomaCost, Status, StepInput, StepOutput};
use crate::synapse::Timing;

/// So many spikes before they are sent, and before they are delivered, what they go to is asked for: others are taken
/// while it is on its way from memory.
const AHEAD: usize = 2;

/// What is the same for all shards in a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    pub plan: &'a Plan,
    /// By core: the shard that it belongs to.
    pub shard_of: &'a [u8],
    pub axon_out: f64,
    pub step: u64,
    pub seed: u64,
    /// By lesson: the reward that comes in this step.
    pub rewards: &'a [f64],
}

/// What shards are made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// How many there are.
    pub shards: usize,
    /// Granules of a core.
    pub granules: usize,
    /// Steps that packets can be late.
    pub slack: usize,
}

/// Some neighbouring cores.
#[derive(Clone, Debug)]
pub(super) struct Shard {
    pub cores: Range<usize>,
    /// First input, and first bank of the plan.
    pub first_input: usize,
    pub first_bank: usize,
    pub banks: Vec<Bank>,
    pub arrivals: Arrivals,
    /// By core: the granule of all its neurons, if it is one.
    granules: Vec<Option<u8>>,
    /// The arrays of these cores.
    pub arrays: Arrays,
    /// Why a core cannot go on.
    pub halt: Option<Halt>,
    /// Neurons that fired in this step, in the order of the cores, and what they emitted.
    pub fired: Vec<NeuronId>,
    pub values: Vec<f64>,
    /// Packets of this step by the shard they go to.
    pub parcels: Vec<Vec<Parcel>>,
    /// Those among them whose synapses are drawn.
    pub letters: Letters,
    /// The same for whoever tells the time.
    pub outbox: Outbox,
    /// By core: its synapses that learn, if it has any; empty where no core has.
    pub learners: Vec<Option<Box<Learner>>>,
    /// By core: everything so far.
    pub counts: Vec<CoreCounts>,
    /// The sum of `counts` when the last step was counted.
    told: CoreCounts,
    out: StepOutput,
    statuses: Vec<Status>,
}

/// Times of a soma by what a neuron did [s].
fn latencies(cost: &SomaCost) -> [f64; 3] {
    let [access, update, spike] = [cost.access, cost.update, cost.spike].map(|cost| cost.latency.0);
    [access, access + update, access + update + spike]
}

impl Shard {
    pub(super) fn new(
        plan: &Plan,
        cores: Range<usize>,
        shape: Shape,
        mut banks: Vec<Bank>,
        mut arrays: Arrays,
    ) -> Self {
        let layout = &plan.layout;
        let inputs = layout.inputs.first[cores.start] as usize..layout.inputs.first[cores.end] as usize;
        let own = layout.bank_first[cores.start] as usize..layout.bank_first[cores.end] as usize;
        banks.truncate(own.len());
        let has_second = layout.banks[own.clone()].iter().any(|bank| bank.channels > 1);
        let depth = usize::from(plan.longest.max(1)) + shape.slack;
        let counts = CoreCounts::new(layout.costs.len(), shape.granules);
        arrays.look_ahead(depth);
        Self {
            first_input: inputs.start,
            first_bank: own.start,
            banks,
            arrivals: Arrivals::new(inputs.len(), cores.len(), depth, has_second),
            granules: cores.clone().map(|core| layout.only_granule(core)).collect(),
            arrays,
            halt: None,
            fired: Vec::new(),
            values: Vec::new(),
            parcels: vec![Vec::new(); shape.shards],
            letters: Letters::new(),
            outbox: Outbox::default(),
            learners: Vec::new(),
            counts: vec![counts.clone(); cores.len()],
            told: counts,
            out: StepOutput::new(),
            statuses: Vec::new(),
            cores,
        }
    }

    /// Advances the neurons of all cores by one step, and writes what they send.
    pub(super) fn update(&mut self, moment: Moment<'_>) {
        self.begin();
        self.cores.clone().for_each(|core| self.update_core(core, moment));
    }

    /// Forgets what the last step left.
    pub(super) fn begin(&mut self) {
        self.fired.clear();
        self.values.clear();
        self.parcels.iter_mut().for_each(Vec::clear);
        self.letters.clear();
        self.outbox.clear();
        self.arrays.begin();
    }

    /// Advances the neurons of one core by one step.
    pub(super) fn update_core(&mut self, core: usize, moment: Moment<'_>) {
        let busy = self.read_arrays(core, moment);
        let layout = &moment.plan.layout;
        let banks = layout.bank_first[core] as usize..layout.bank_first[core + 1] as usize;
        if layout.walk[core].is_empty() {
            self.update_in_order(core, banks, busy, moment);
        } else {
            self.update_by_turns(core, banks, busy, moment);
        }
        let (first, len) = self.inputs(core, moment.plan);
        self.arrivals.clear(moment.step, core - self.cores.start, first, len);
    }

    /// Lets the arrays of a core multiply by what is due, and hands the sums to its neurons; the time that it
    /// takes [s].
    fn read_arrays(&mut self, core: usize, moment: Moment<'_>) -> f64 {
        if self.arrays.is_empty() {
            return 0.0;
        }
        let (first, len) = self.inputs(core, moment.plan);
        let own = core - self.cores.start;
        match self.arrays.read(core, moment.step, &mut self.arrivals, (own, first..first + len)) {
            Ok(seconds) => seconds,
            Err(halt) => {
                self.halt.get_or_insert(halt);
                0.0
            }
        }
    }

    /// The inputs of a core, counted from the shard's first.
    fn inputs(&self, core: usize, plan: &Plan) -> (usize, usize) {
        let inputs = plan.layout.inputs_of(core);
        (inputs.start - self.first_input, inputs.len())
    }

    /// A core whose sites lie in the order in which it updates them.
    fn update_in_order(&mut self, core: usize, banks: Range<usize>, mut busy: f64, moment: Moment<'_>) {
        for bank in banks {
            self.step_bank(core, bank, moment);
            let plan = &moment.plan.layout.banks[bank];
            let cost = &moment.plan.layout.costs[usize::from(plan.cost)];
            let (latency, pass) = (latencies(cost), cost.update.latency.0);
            let out = std::mem::take(&mut self.out);
            let (mut from, mut statuses) = (0, out.statuses());
            for (turn, &position) in out.fired().iter().enumerate() {
                let ahead = position as usize + 1 - from;
                statuses.by_ref().take(ahead).for_each(|status| busy += latency[status as usize]);
                out.further().iter().skip(from).take(ahead).for_each(|&more| busy += f64::from(more) * pass);
                from = position as usize + 1;
                let value = out.values().get(turn).copied().unwrap_or(1.0);
                if let Some(&later) = out.fired().get(turn + AHEAD) {
                    moment.plan.fetch((plan.first + later) as usize);
                }
                self.send(core, plan.first + position, value, &mut busy, moment);
            }
            statuses.for_each(|status| busy += latency[status as usize]);
            out.further().iter().skip(from).for_each(|&more| busy += f64::from(more) * pass);
            self.out = out;
        }
        self.outbox.close(busy);
    }

    /// A core that takes its neurons from several banks in turns.
    fn update_by_turns(&mut self, core: usize, banks: Range<usize>, mut busy: f64, moment: Moment<'_>) {
        let layout = &moment.plan.layout;
        let mut emitted = vec![0.0; layout.walk[core].len()];
        let mut costs = Vec::with_capacity(emitted.len());
        let mut further = vec![0; emitted.len()];
        self.statuses.clear();
        for bank in banks {
            self.step_bank(core, bank, moment);
            let offset = self.statuses.len();
            further[offset..].iter_mut().zip(self.out.further()).for_each(|(to, &from)| *to = from);
            self.statuses.extend(self.out.statuses());
            costs.resize(self.statuses.len(), layout.banks[bank].cost);
            for (turn, &position) in self.out.fired().iter().enumerate() {
                emitted[offset + position as usize] = self.out.values().get(turn).copied().unwrap_or(1.0);
            }
        }
        for &slot in &layout.walk[core] {
            let slot = usize::from(slot);
            let status = self.statuses[slot];
            let cost = &layout.costs[usize::from(costs[slot])];
            busy += latencies(cost)[status as usize] + f64::from(further[slot]) * cost.update.latency.0;
            if status == Status::Fired {
                self.send(core, layout.first[core] + slot as u32, emitted[slot], &mut busy, moment);
            }
        }
        self.outbox.close(busy);
    }

    fn step_bank(&mut self, core: usize, bank: usize, moment: Moment<'_>) {
        let layout = &moment.plan.layout;
        let plan = &layout.banks[bank];
        let (first, len) = (plan.first as usize, plan.len as usize);
        let neurons = &layout.neuron[first..first + len];
        let input = layout.input(core, plan.first) as usize - self.first_input;
        let channel = |channel: u8| match plan.channels > channel {
            true => self.arrivals.due(moment.step, channel.into(), input, len),
            false => &[],
        };
        let taps = match plan.taps.len() {
            0 => &[],
            taps => self.arrivals.due(moment.step, 0, plan.taps.start as usize - self.first_input, taps),
        };
        let input = StepInput {
            step: moment.step,
            seed: moment.seed,
            ids: if plan.consecutive { Ids::From(neurons[0]) } else { Ids::Table(neurons) },
            arrivals: channel(0),
            second: channel(1),
            taps,
        };
        self.banks[bank - self.first_bank].step(&input, &mut self.out);
        let events = [u64::from(plan.len), self.out.updated(), self.out.fired().len() as u64];
        let cost = usize::from(plan.cost);
        let total = &mut self.counts[core - self.cores.start].soma[cost];
        for (event, count) in events.into_iter().enumerate() {
            total[event] += count;
        }
    }

    /// Sends the packets of the neuron at `site`. The first leaves once the core has done everything since
    /// its last packet.
    #[inline]
    fn send(&mut self, core: usize, site: u32, value: f64, busy: &mut f64, moment: Moment<'_>) {
        let neuron = NeuronId(moment.plan.layout.neuron[site as usize]);
        self.fired.push(neuron);
        self.values.push(value);
        let (packets, mark) = match &moment.plan.drawing {
            Some(drawing) if drawing.drawn.has(neuron) => {
                (self.letters.draw(drawing, &moment.plan.layout, neuron), DRAWN)
            }
            _ => (moment.plan.packets(site as usize), 0),
        };
        let hops = moment.plan.hops[site as usize];
        let copies = moment.plan.copies.as_ref().map(|copies| copies.of(site));
        let sent = packets.len().min(if copies.is_some() { 1 } else { usize::MAX }) as u64;
        if sent > 0 {
            self.post((packets, copies), (mark, value), std::mem::take(busy), moment);
        }
        let own = core - self.cores.start;
        let counts = &mut self.counts[own];
        counts.axon_out += sent;
        (0..4).for_each(|direction| counts.hops[direction] += u64::from(hops[direction]));
        if let Some(Some(learner)) = self.learners.get_mut(own) {
            let post = learner.fire((site - moment.plan.layout.first[core]) as usize);
            *busy += post.latency;
            self.counts[own].learn(post.granule, post.changes);
        }
    }

    /// Hands out the packets of one spike, the first of which is ready once the core has been busy. Where one is copied
    /// for all cores, `copies` names its tree.
    #[inline]
    fn post(
        &mut self,
        (packets, copies): (Range<usize>, Option<u32>),
        (mark, value): (u32, f64),
        busy: f64,
        moment: Moment<'_>,
    ) {
        let Self { letters, outbox, parcels, .. } = self;
        let fan =
            if mark == DRAWN { &letters.fan[packets.clone()] } else { &moment.plan.fan[packets.clone()] };
        let (mut packet, mut message) = (packets.start as u32, outbox.len() as u32);
        let (mut gap, mut tree) = (busy + moment.axon_out, copies.unwrap_or(ALONE));
        let (later_gap, later_tree) = if copies.is_some() { (0.0, JOINED) } else { (moment.axon_out, ALONE) };
        outbox.extend(fan.iter().map(|entry| {
            let gap = std::mem::replace(&mut gap, later_gap);
            let tree = std::mem::replace(&mut tree, later_tree);
            Message { gap, core: entry.core, profile: entry.profile, tree }
        }));
        let shard = |entry: &FanOut| usize::from(moment.shard_of[usize::from(entry.core)]);
        let is_alone = parcels.len() == 1;
        let mut put = |shard: usize, count: usize| {
            let count = count as u32;
            parcels[shard].push(Parcel { packet: packet | mark, count, message, value });
            (packet, message) = (packet + count, message + count);
        };
        if is_alone {
            return put(0, fan.len());
        }
        fan.chunk_by(|a, b| shard(a) == shard(b)).for_each(|part| put(shard(&part[0]), part.len()));
    }

    /// Takes in what one shard has sent to these cores, in the order in which it was sent.
    pub(super) fn deliver(&mut self, sent: Sent<'_>, plan: &Plan, step: u64) {
        let is_plain = self.learners.is_empty() && plan.arrays.is_none() && sent.late.is_none();
        let timing = plan.memory.common_timing().filter(|_| is_plain);
        for (place, &parcel) in sent.parcels.iter().enumerate() {
            if let Some(later) = sent.parcels.get(place + AHEAD).filter(|it| it.packet & DRAWN == 0) {
                let [first, end] = [later.packet, later.packet + later.count].map(|packet| packet as usize);
                plan.memory.fetch(plan.fan[first].start as usize..plan.fan[end].start as usize);
            }
            match timing {
                Some(timing) if parcel.packet & DRAWN == 0 => {
                    self.deliver_at_once(parcel, (timing, step), plan)
                }
                _ => parcel.packets().for_each(|packet| self.deliver_one(packet, sent, plan, step)),
            }
        }
    }

    /// The packets of one spike to synapses that do nothing but to deliver in one step on one channel: whatever the
    /// core, they follow each other in memory.
    #[inline]
    fn deliver_at_once(&mut self, parcel: Parcel, (timing, step): (Timing, u64), plan: &Plan) {
        let row = self.arrivals.after(self.arrivals.row(step), timing.delay());
        let first = parcel.packet as usize;
        let fan = &plan.fan[first..=first + parcel.count as usize];
        for (entry, next) in fan.iter().zip(&fan[1..]) {
            let own = usize::from(entry.core) - self.cores.start;
            self.arrivals.note(row, own);
            match self.granules[own] {
                Some(granule) => {
                    let counts = &mut self.counts[own];
                    counts.axon_in += 1;
                    counts.synapse[usize::from(granule)] += u64::from(next.start - entry.start);
                }
                None => self.receive(own, &plan.profiles[usize::from(entry.profile)]),
            }
        }
        let firsts = &plan.layout.inputs.first;
        let mut rest = fan;
        while let [entry, ahead @ .., _] = rest {
            // Cores whose inputs 16 bits can tell apart.
            let origin = firsts[usize::from(entry.core)];
            let near = |it: &FanOut| firsts[usize::from(it.core) + 1] - origin <= 1 << 16;
            let ahead = ahead.partition_point(near) + 1;
            let inputs = self.arrivals.due_from(row, timing.channel(), origin as usize - self.first_input);
            let synapses = entry.start as usize..rest[ahead].start as usize;
            plan.memory.add(synapses, parcel.value, origin as u16, inputs);
            rest = &rest[ahead..];
        }
    }

    /// A packet, whatever it meets.
    fn deliver_one(&mut self, parcel: Parcel, sent: Sent<'_>, plan: &Plan, step: u64) {
        let is_drawn = parcel.packet & DRAWN != 0;
        let (fan, memory) = match is_drawn {
            true => (&sent.letters.fan, &sent.letters.memory),
            false => (&plan.fan, &plan.memory),
        };
        let packet = (parcel.packet & !DRAWN) as usize;
        let entry = fan[packet];
        let (core, own) = (usize::from(entry.core), usize::from(entry.core) - self.cores.start);
        let late = sent.late.map_or(0, |late| late[parcel.message as usize]);
        self.counts[own].late += u64::from(late > 0);
        if late == LOST {
            return;
        }
        let due = step + u64::from(late);
        let row = self.arrivals.row(due);
        let (first, len) = self.inputs(core, plan);
        let origin = plan.layout.inputs.first[core] as u16;
        self.receive(own, &plan.profiles[usize::from(entry.profile)]);
        let synapses = match &plan.arrays {
            Some(arrays) if !is_drawn => {
                self.arrays.take_in(arrays.drives(packet), due, parcel.value);
                plan.digital(packet)
            }
            _ => entry.start as usize..fan[packet + 1].start as usize,
        };
        // What is in arrays alone adds nothing here, and may learn.
        if synapses.is_empty() && self.learners.is_empty() {
            return;
        }
        let Self { learners, arrivals, .. } = self;
        let mut add = |target: u16, weight: f64, timing: Timing| {
            let row = arrivals.after(row, timing.delay());
            let inputs = arrivals.add_to(row, timing.channel(), own, first, len);
            inputs[usize::from(target.wrapping_sub(origin))] += weight * parcel.value;
        };
        // Drawn synapses do not learn.
        let learner = learners.get_mut(own).and_then(Option::as_deref_mut).filter(|_| !is_drawn);
        match learner.and_then(|it| it.meet(packet as u32, due, late)) {
            Some(weights) => synapses
                .zip(weights)
                .for_each(|(index, &weight)| add(memory.target(index), weight, memory.timing(index))),
            None => match memory.common_timing() {
                Some(timing) => {
                    let row = arrivals.after(row, timing.delay());
                    let inputs = arrivals.add_to(row, timing.channel(), own, first, len);
                    memory.add(synapses, parcel.value, origin, inputs);
                }
                None => memory.each(synapses, add),
            },
        }
    }

    #[inline]
    fn receive(&mut self, own: usize, profile: &Profile) {
        let counts = &mut self.counts[own];
        counts.axon_in += 1;
        let (granule, count) = profile.first;
        counts.synapse[usize::from(granule)] += u64::from(count);
        for &(granule, count) in &profile.others {
            counts.synapse[usize::from(granule)] += u64::from(count);
        }
        profile.learning.iter().for_each(|&(granule, changes)| counts.learn(granule, changes));
    }

    /// Changes the weights that learn, once everything of this step is delivered.
    pub(super) fn learn(&mut self, moment: Moment<'_>) {
        if !self.learners.is_empty() {
            self.cores.clone().for_each(|core| self.learn_at(core, moment));
        }
    }

    /// The same at one core.
    pub(super) fn learn_at(&mut self, core: usize, moment: Moment<'_>) {
        let own = core - self.cores.start;
        let Self { learners, counts, outbox, arrays, .. } = self;
        let Some(Some(learner)) = learners.get_mut(own) else { return };
        learner.learn(moment.step, moment.rewards, |granule, weights, seconds| {
            counts[own].learn(granule, [weights, 0]);
            outbox.linger(own, seconds);
        });
        learner.moved().for_each(|(cell, change)| arrays.learn(cell, change));
    }

    /// What happened since this was asked last.
    pub(super) fn count(&mut self) -> CoreCounts {
        let mut sum = CoreCounts::new(self.told.soma.len(), self.told.synapse.len());
        self.counts.iter().for_each(|counts| sum.add(counts));
        let now = sum.since(&self.told);
        self.told = sum;
        now
    }

    /// Notes that a packet came to `core` when it was in a later or in an earlier step than the sender.
    pub(super) fn note_shift(&mut self, core: usize, order: Ordering) {
        let counts = &mut self.counts[core - self.cores.start];
        counts.late += u64::from(order == Ordering::Greater);
        counts.early += u64::from(order == Ordering::Less);
    }
}
