//! Who sends to whom: for each neuron the cores that its spikes go to, and what they meet there.
//!
//! ```text
//!   site ──fan_first──▶ FanOut {core, start} FanOut {core, start} … FanOut of the next site
//!                                     └──────── synapses of this packet ───────┘
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use super::arrays::ArrayPlan;
use super::layout::Layout;
use super::site::Ground;
use crate::base::{NeuronId, Problem, Problems};
use crate::network::{Net, SynapseColumns};
use crate::synapse::{Column, SynapseMemory, Timing, Weights};

/// A packet that a neuron sends when it fires.
#[derive(Clone, Copy, Debug)]
pub(super) struct FanOut {
    /// The first of its synapses; they end where those of the next entry begin.
    pub start: u32,
    /// The core that receives.
    pub core: u16,
    /// What receiving it amounts to, as an index into [`Plan::profiles`].
    pub profile: u16,
}

/// What receiving a packet amounts to.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// Time that the core is busy with it [s].
    pub latency: f64,
    /// Synaptic events by granule, those that occur.
    pub events: Vec<(u8, u32)>,
}

/// Everything about a network on a chip that stays as it is while it runs, weights apart.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub layout: Layout,
    /// By site: its first packet; one more entry than sites.
    pub fan_first: Vec<u32>,
    /// Packets by site, ascending by core; one more that marks the end.
    pub fan: Vec<FanOut>,
    pub profiles: Vec<Profile>,
    /// The synapses of all cores.
    pub memory: SynapseMemory,
    /// Which of them are in arrays, if any are.
    pub arrays: Option<ArrayPlan>,
    /// By position in the network: position in `memory`; empty where they agree.
    moved: Vec<u32>,
}

impl Plan {
    /// # Errors
    /// Synapses that do not fit: delays, fan-in, fan-out, memory; each says by how much.
    pub(super) fn new(net: &mut Net, layout: Layout, ground: &Ground<'_>) -> Result<Self, Problems> {
        let synapses = net.synapses.take_columns();
        check_limits(&synapses, &layout, ground)?;
        let mut maker = Maker::new(&layout, ground, &synapses);
        for site in 0..layout.neuron.len() {
            maker.send(site);
        }
        let Maker { fan, fan_first, profiles, order, .. } = maker;
        check_fan_out(&fan_first, &layout, ground)?;
        let profiles = profiles.finish()?;
        let weight = match ground.params.weight_bits {
            Some(bits) => rounded(&synapses, &layout, bits, ground),
            None => synapses.weight.clone(),
        };
        let timing = timing(&synapses);
        let in_place = order.iter().enumerate().all(|(to, &from)| to == from as usize);
        let slot = |&from: &u32| {
            let site = layout.site[synapses.target[from as usize] as usize];
            (site - layout.first[layout.core_of(site).index()]) as u16
        };
        let target = order.iter().map(slot).collect();
        let (weight, timing, moved) = match in_place {
            true => (weight, timing, Vec::new()),
            false => (weight.permuted(&order), timing.permuted(&order), inverse(&order)),
        };
        let memory = SynapseMemory::new(target, weight, timing);
        let mut plan = Self { layout, fan_first, fan, profiles, memory, arrays: None, moved };
        plan.arrays = ArrayPlan::new(&plan, ground)?;
        Ok(plan)
    }

    /// The packets that the neuron at `site` sends.
    #[inline]
    pub(super) fn packets(&self, site: usize) -> Range<usize> {
        self.fan_first[site] as usize..self.fan_first[site + 1] as usize
    }

    /// The synapses of packet `packet`.
    #[inline]
    pub(super) fn synapses(&self, packet: usize) -> Range<usize> {
        self.fan[packet].start as usize..self.fan[packet + 1].start as usize
    }

    /// Those of them that are in digital memory.
    #[inline]
    pub(super) fn digital(&self, packet: usize) -> Range<usize> {
        match &self.arrays {
            None => self.synapses(packet),
            Some(arrays) => self.fan[packet].start as usize..arrays.digital_end(packet),
        }
    }

    /// Where the synapse at `index` of the network has gone.
    pub(super) fn moved(&self, index: usize) -> usize {
        self.moved.get(index).map_or(index, |&to| to as usize)
    }

    /// Memory taken [bytes].
    pub(super) fn bytes(&self) -> usize {
        let layout = 9 * self.layout.neuron.len();
        let arrays = self.arrays.as_ref().map_or(0, ArrayPlan::bytes);
        arrays
            + self.memory.bytes()
            + 8 * self.fan.len()
            + 4 * (self.fan_first.len() + self.moved.len())
            + layout
    }
}

fn inverse(order: &[u32]) -> Vec<u32> {
    let mut inverse = vec![0; order.len()];
    for (to, &from) in order.iter().enumerate() {
        inverse[from as usize] = to as u32;
    }
    inverse
}

fn timing(synapses: &SynapseColumns) -> Column<Timing> {
    match (&synapses.delay, &synapses.channel) {
        (Column::Uniform(delay), Column::Uniform(channel)) => Column::Uniform(Timing::new(*delay, *channel)),
        (delay, channel) => {
            let at = |index| Timing::new(delay.at(index), channel.at(index));
            Column::new((0..synapses.target.len()).map(at).collect())
        }
    }
}

/// Weights as whole multiples of a power of two per core, the smallest that lets the largest weight fit
/// into `bits` bits with sign (one bit: the sign alone, at the magnitude's power of two).
fn rounded(synapses: &SynapseColumns, layout: &Layout, bits: u8, ground: &Ground<'_>) -> Weights {
    let site = |index: usize| layout.site[synapses.target[index] as usize];
    let core = |index: usize| layout.core_of(site(index)).index();
    let in_memory =
        |index: usize| ground.params.array_of(usize::from(layout.granule[site(index) as usize])).is_none();
    let mut largest = vec![0.0f64; layout.walk.len()];
    for index in (0..synapses.target.len()).filter(|&index| in_memory(index)) {
        let largest = &mut largest[core(index)];
        *largest = largest.max(synapses.weight.at(index).abs());
    }
    let most = ((1u64 << (bits - 1)) - 1).max(1) as f64;
    let step = |largest: &f64| if *largest > 0.0 { (largest / most).log2().ceil().exp2() } else { 1.0 };
    let step: Vec<f64> = largest.iter().map(step).collect();
    let round = |index: usize| {
        if !in_memory(index) {
            return synapses.weight.at(index);
        }
        let step = step[core(index)];
        (synapses.weight.at(index) / step).round().clamp(-most, most) * step + 0.0
    };
    Weights::new((0..synapses.target.len()).map(round).collect())
}

/// What the chip cannot hold.
fn check_limits(synapses: &SynapseColumns, layout: &Layout, ground: &Ground<'_>) -> Result<(), Problems> {
    let params = ground.params;
    // What arrays hold is checked against the arrays.
    let in_memory = |&&target: &&u32| {
        let site = layout.site[target as usize];
        params.array_of(usize::from(layout.granule[site as usize])).is_none()
    };
    let mut problems = Problems::new();
    if let Some(&delay) = synapses.delay.values().iter().max().filter(|&&delay| delay > params.max_delay) {
        let message = format!(
            "a synapse has a delay of {delay} steps, {} more than the chip's longest; longer ones need relays",
            delay - params.max_delay
        );
        problems.push(Problem::new("max_delay", message).allowed(format!("1 to {}", params.max_delay)));
    }
    if let Some(most) = params.synapses {
        let mut held = vec![0u64; layout.walk.len()];
        let core = |&target: &u32| layout.core_of(layout.site[target as usize]).index();
        synapses.target.iter().filter(in_memory).for_each(|target| held[core(target)] += 1);
        for (core, &held) in held.iter().enumerate().filter(|&(_, &held)| held > most).take(20) {
            let message =
                format!("{held} synapses do not fit: the core holds {most}, {} too many", held - most);
            problems.push(Problem::new(format!("core {core}"), message));
        }
    }
    if let Some(most) = params.fan_in {
        let mut fan_in = vec![0u32; layout.site.len()];
        synapses.target.iter().filter(in_memory).for_each(|&target| fan_in[target as usize] += 1);
        for (neuron, &found) in fan_in.iter().enumerate().filter(|&(_, &found)| found > most).take(20) {
            let message =
                format!("{found} synapses lead to it, {} more than a neuron can have", found - most);
            problems.push(Problem::new(format!("neuron {neuron}"), message));
        }
    }
    problems.into_result(())
}

/// Checks the number of cores that each neuron sends to.
fn check_fan_out(fan_first: &[u32], layout: &Layout, ground: &Ground<'_>) -> Result<(), Problems> {
    let Some(most) = ground.params.fan_out else { return Ok(()) };
    let mut problems = Problems::new();
    let found = fan_first.windows(2).map(|range| range[1] - range[0]);
    for (found, neuron) in found.zip(&layout.neuron).filter(|&(found, _)| found > most).take(20) {
        let message = format!("it sends to {found} cores, {} more than a neuron can", found - most);
        problems.push(Problem::new(format!("neuron {neuron}"), message));
    }
    problems.into_result(())
}

/// Makes the packets of one neuron after the other.
struct Maker<'a> {
    layout: &'a Layout,
    synapses: &'a SynapseColumns,
    /// By neuron: its core.
    core: Vec<u16>,
    /// By granule: arrays hold its synapses.
    in_array: Vec<bool>,
    fan_first: Vec<u32>,
    fan: Vec<FanOut>,
    profiles: Profiles<'a>,
    /// By position on the chip: position in the network.
    order: Vec<u32>,
    keys: Vec<u64>,
}

impl<'a> Maker<'a> {
    fn new(layout: &'a Layout, ground: &'a Ground<'a>, synapses: &'a SynapseColumns) -> Self {
        let sites = layout.neuron.len();
        let mut core = vec![0; sites];
        for (index, sites) in layout.first.windows(2).enumerate() {
            for &neuron in &layout.neuron[sites[0] as usize..sites[1] as usize] {
                core[neuron as usize] = index as u16;
            }
        }
        let mut fan_first = Vec::with_capacity(sites + 1);
        fan_first.push(0);
        let end = FanOut { start: 0, core: 0, profile: 0 };
        Self {
            layout,
            synapses,
            core,
            in_array: (0..ground.params.granules.len())
                .map(|granule| ground.params.array_of(granule).is_some())
                .collect(),
            fan_first,
            fan: vec![end],
            profiles: Profiles::new(ground),
            order: Vec::with_capacity(synapses.target.len()),
            keys: Vec::new(),
        }
    }

    fn send(&mut self, site: usize) {
        let neuron = NeuronId(self.layout.neuron[site]).index();
        let own = self.synapses.first[neuron]..self.synapses.first[neuron + 1];
        self.keys.clear();
        // By core; in a core those in digital memory come first.
        let place = |index: u32| {
            let target = self.synapses.target[index as usize] as usize;
            let granule = self.layout.granule[self.layout.site[target] as usize];
            u64::from(self.core[target]) << 1 | u64::from(self.in_array[usize::from(granule)])
        };
        self.keys.extend(own.map(|index| place(index) << 32 | u64::from(index)));
        if !self.keys.is_sorted() {
            self.keys.sort_unstable();
        }
        self.fan.pop();
        for packet in self.keys.chunk_by(|a, b| a >> 33 == b >> 33) {
            let start = self.order.len() as u32;
            let granules = packet.iter().map(|&key| {
                let target = self.synapses.target[key as u32 as usize];
                self.layout.granule[self.layout.site[target as usize] as usize]
            });
            let profile = self.profiles.of(granules);
            self.fan.push(FanOut { start, core: (packet[0] >> 33) as u16, profile });
            self.order.extend(packet.iter().map(|&key| key as u32));
        }
        self.fan_first.push(self.fan.len() as u32);
        self.fan.push(FanOut { start: self.order.len() as u32, core: 0, profile: 0 });
    }
}

/// The kinds of packets there are.
struct Profiles<'a> {
    ground: &'a Ground<'a>,
    /// By granule and number of events, for packets to one granule: the kind plus one.
    plain: Vec<Vec<u32>>,
    mixed: BTreeMap<Vec<(u8, u32)>, u32>,
    all: Vec<Profile>,
}

impl<'a> Profiles<'a> {
    fn new(ground: &'a Ground<'a>) -> Self {
        let plain = vec![Vec::new(); ground.params.granules.len()];
        Self { ground, plain, mixed: BTreeMap::new(), all: Vec::new() }
    }

    fn of(&mut self, granules: impl ExactSizeIterator<Item = u8> + Clone) -> u16 {
        let len = granules.len();
        let Some(first) = granules.clone().next() else { return 0 };
        if granules.clone().all(|granule| granule == first) {
            let plain = &mut self.plain[usize::from(first)];
            if plain.len() <= len {
                plain.resize(len + 1, 0);
            }
            if plain[len] == 0 {
                plain[len] = self.all.len() as u32 + 1;
                self.add(vec![(first, len as u32)]);
            }
            return (self.plain[usize::from(first)][len] - 1) as u16;
        }
        let mut counts = BTreeMap::new();
        granules.for_each(|granule| *counts.entry(granule).or_insert(0) += 1);
        let events: Vec<(u8, u32)> = counts.into_iter().collect();
        if let Some(&known) = self.mixed.get(&events) {
            return known as u16;
        }
        self.mixed.insert(events.clone(), self.all.len() as u32);
        self.add(events);
        (self.all.len() - 1) as u16
    }

    fn add(&mut self, events: Vec<(u8, u32)>) {
        let params = self.ground.params;
        let mut latency = params.axon_in.latency.0;
        for &(granule, count) in &events {
            // Arrays take their time when they are read.
            if params.array_of(usize::from(granule)).is_some() {
                continue;
            }
            let granule = &params.granules[usize::from(granule)];
            let event = granule.synapse.latency.0 + granule.dendrite.latency.0;
            // Added up one by one, as a core works through them: sums of doubles depend on that.
            (0..count).for_each(|_| latency += event);
        }
        self.all.push(Profile { latency, events });
    }

    fn finish(self) -> Result<Vec<Profile>, Problems> {
        let kinds = self.all.len();
        let message = || format!("packets of {kinds} kinds (numbers of synapses by granule) are too many");
        let mut problems = Problems::new();
        problems.require(kinds <= 1 << 16, "", message);
        problems.into_result(self.all)
    }
}
