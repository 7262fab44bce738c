//! Who sends to whom: for each neuron the cores that its spikes go to, and what they meet there.
//!
//! ```text
//!   site ──fan_first──▶ FanOut {core, start} FanOut {core, start} … FanOut of the next site
//!                                     └──────── synapses of this packet ───────┘
//! ```

use std::ops::Range;

use super::arrays::ArrayPlan;
use super::grain::{self, Grain};
use super::layout::Layout;
use super::profile::{Met, Profile, Profiles};
use super::site::Ground;
use crate::base::{NeuronId, Problem, Problems};
use crate::network::{Lesson, Net, SynapseColumns};
use crate::synapse::{Column, SynapseMemory, Timing};

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
    /// By core: the weights that its synapses can have, where they are not any.
    grains: Option<Vec<Grain>>,
}

impl Plan {
    /// # Errors
    /// Synapses that do not fit: delays, fan-in, fan-out, memory; each says by how much.
    pub(super) fn new(net: &mut Net, layout: Layout, ground: &Ground<'_>) -> Result<Self, Problems> {
        let synapses = net.synapses.take_columns();
        check_limits(&synapses, &layout, ground)?;
        let lessons = of_synapses(&net.lessons, synapses.target.len())?;
        let traces: Vec<u32> = net.lessons.iter().map(|lesson| lesson.rule.traces()).collect();
        let profiles = Profiles::new(ground, &traces);
        let mut maker = Maker::new(&layout, profiles, &synapses, &lessons);
        for site in 0..layout.neuron.len() {
            maker.send(site);
        }
        let Maker { fan, fan_first, profiles, order, .. } = maker;
        check_fan_out(&fan_first, &layout, ground)?;
        let profiles = profiles.finish()?;
        let grains = ground
            .params
            .weight_bits
            .map(|bits| grain::grains(&synapses, (&layout, ground), &reach(&net.lessons, &layout), bits));
        let weight = match &grains {
            Some(grains) => grain::rounded(&synapses, (&layout, ground), grains),
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
        let mut plan = Self { layout, fan_first, fan, profiles, memory, arrays: None, moved, grains };
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

    /// The packet that synapse `position` of the memory belongs to.
    pub(super) fn packet_of(&self, position: usize) -> usize {
        self.fan.partition_point(|entry| entry.start as usize <= position) - 1
    }

    /// The weights that the synapses of `core` can have, where they are not any.
    pub(super) fn grain(&self, core: usize) -> Option<Grain> {
        self.grains.as_ref().map(|grains| grains[core])
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

/// By synapse: the number of its lesson, plus one, or 0; nothing at all if none learns.
fn of_synapses(lessons: &[Lesson], synapses: usize) -> Result<Vec<u16>, Problems> {
    if lessons.len() >= usize::from(u16::MAX) {
        return Err(Problems::one("", format!("{} lessons are too many", lessons.len())));
    }
    let mut all = vec![0; if lessons.is_empty() { 0 } else { synapses }];
    for (number, lesson) in lessons.iter().enumerate() {
        lesson.synapses.iter().for_each(|&(_, _, position)| all[position as usize] = number as u16 + 1);
    }
    Ok(all)
}

/// By core: the largest weight that its synapses can learn.
fn reach(lessons: &[Lesson], layout: &Layout) -> Vec<f64> {
    let mut reach = vec![0.0f64; layout.walk.len()];
    for lesson in lessons {
        let [low, high] = lesson.rule.bounds().map(f64::abs);
        for &(_, target, _) in &lesson.synapses {
            let reach = &mut reach[layout.core_of(layout.site[target as usize]).index()];
            *reach = reach.max(low).max(high);
        }
    }
    reach
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

/// Whether the synapses of the neuron `target` are in digital memory, and not in arrays.
pub(super) fn in_memory(target: u32, layout: &Layout, ground: &Ground<'_>) -> bool {
    let site = layout.site[target as usize];
    ground.params.array_of(usize::from(layout.granule[site as usize])).is_none()
}

/// What the chip cannot hold.
fn check_limits(synapses: &SynapseColumns, layout: &Layout, ground: &Ground<'_>) -> Result<(), Problems> {
    let params = ground.params;
    // What arrays hold is checked against the arrays.
    let in_memory = |&&target: &&u32| in_memory(target, layout, ground);
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
    /// By synapse: the number of its lesson, plus one, or 0; empty if none learns.
    lessons: &'a [u16],
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
    fn new(
        layout: &'a Layout,
        profiles: Profiles<'a>,
        synapses: &'a SynapseColumns,
        lessons: &'a [u16],
    ) -> Self {
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
            lessons,
            core,
            in_array: (0..ground.params.granules.len())
                .map(|granule| ground.params.array_of(granule).is_some())
                .collect(),
            fan_first,
            fan: vec![end],
            profiles,
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
            let met = packet.iter().map(|&key| {
                let index = key as u32 as usize;
                let site = self.layout.site[self.synapses.target[index] as usize];
                let granule = self.layout.granule[site as usize];
                Met { granule, lesson: self.lessons.get(index).copied().unwrap_or(0) }
            });
            let profile = self.profiles.of(met);
            self.fan.push(FanOut { start, core: (packet[0] >> 33) as u16, profile });
            self.order.extend(packet.iter().map(|&key| key as u32));
        }
        self.fan_first.push(self.fan.len() as u32);
        self.fan.push(FanOut { start: self.order.len() as u32, core: 0, profile: 0 });
    }
}
