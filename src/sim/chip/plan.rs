//! Who sends to whom: for each neuron the cores that its spikes go to, and what they meet there.
//!
//! ```text
//!   site ──fan_first──▶ FanOut {core, start} FanOut {core, start} … FanOut of the next site
//!                                     └──────── synapses of this packet ───────┘
//! ```

use std::ops::Range;

use prefetch_index::prefetch_index;

use super::arrays::ArrayPlan;
use super::copies::Copies;
use super::drawing::{Census, Drawing};
use super::grain::{self, Grain};
use super::hops::{self, Hops};
use super::layout::Layout;
use super::maker::{Made, Maker};
use super::moved::Moved;
use super::params::CoreParams;
use super::profile::{Profile, Profiles};
use super::site::Ground;
use crate::base::{CACHE_LINE, NeuronId, Problem, Problems};
use crate::network::{Drawn, Lesson, Net, SynapseColumns};
use crate::synapse::SynapseMemory;

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
    /// By profile: the time that receiving takes [s].
    pub latencies: Vec<f64>,
    /// By site: the hops of all its packets together.
    pub hops: Vec<Hops>,
    /// Where routers copy packets: how.
    pub copies: Option<Copies>,
    /// The synapses of all cores, which lead to inputs, of which they hold the lowest 16 bits.
    pub memory: SynapseMemory,
    /// Which of them are in arrays, if any are.
    pub arrays: Option<ArrayPlan>,
    /// Where the network's synapses are in `memory`.
    moved: Moved,
    /// By core: the weights that its synapses can have, where they are not any.
    grains: Option<Vec<Grain>>,
    /// Longest delay of a synapse [steps]; 0 where there is none.
    pub longest: u16,
    /// Where some synapses are drawn.
    pub drawing: Option<Drawing>,
}

impl Plan {
    /// # Errors
    /// Synapses that do not fit: delays, fan-in, fan-out, memory; each says by how much.
    pub(super) fn new(net: &mut Net, layout: Layout, ground: &Ground<'_>) -> Result<Self, Problems> {
        let mut synapses = net.synapses.take_columns();
        let drawn = std::mem::take(&mut net.drawn);
        let core = cores(&layout);
        let census = Census::take(&drawn, &layout, &core, ground.params);
        check_limits(&synapses, (&layout, &core), (&drawn, &census), ground)?;
        let lessons = of_synapses(&net.lessons, synapses.target.len())?;
        let traces: Vec<u32> = net.lessons.iter().map(|lesson| lesson.rule.traces()).collect();
        let profiles = Profiles::new(ground, &traces);
        let reach = reach(&net.lessons, &layout, &census);
        let place = (&layout, core.as_slice(), ground);
        let weight_bits = ground.params.weight_bits;
        let grains = weight_bits.map(|bits| grain::grains(&synapses, place, &reach, bits));
        if let Some(grains) = &grains {
            synapses.weight = grain::rounded(&synapses, place, grains);
        }
        let taps = layout.inputs.split(&mut synapses);
        let maker = Maker::new(place, &lessons, (synapses, taps));
        let Made { fan, fan_first, mut profiles, memory, moved } = maker.make(profiles);
        check_fan_out(&fan_first, &layout, &census, ground)?;
        check_axons((&fan_first, &fan), (&layout, &core), &census, ground.params)?;
        profiles.add_census(&census);
        let (profiles, kinds) = profiles.finish()?;
        let latencies = profiles.iter().map(|profile| profile.latency).collect();
        let longest = memory.timings().iter().map(|timing| timing.delay()).max().unwrap_or(0);
        let longest = longest.max(drawn.longest_delay());
        let drawing = Drawing { drawn, core, kinds, grains: grains.clone() };
        let drawing = Some(drawing).filter(|drawing| !drawing.drawn.is_empty());
        let copies = Copies::new(&layout, (&fan_first, &fan), drawing.as_ref(), ground)?;
        let hops = hops::by_site(&layout, (&fan_first, &fan), (drawing.as_ref(), copies.as_ref()), ground)?;
        let mut plan = Self {
            layout,
            fan_first,
            fan,
            profiles,
            latencies,
            hops,
            copies,
            memory,
            arrays: None,
            moved,
            grains,
            longest,
            drawing,
        };
        plan.arrays = ArrayPlan::new(&plan, ground)?;
        plan.refuse_drawn_arrays(ground)?;
        Ok(plan)
    }

    fn refuse_drawn_arrays(&self, ground: &Ground<'_>) -> Result<(), Problems> {
        let mut granules = 0..ground.params.granules.len();
        let mut problems = Problems::new();
        if self.arrays.is_some() && self.drawing.is_some() {
            let first = granules.find(|&granule| ground.params.array_of(granule).is_some());
            let message = "arrays are programmed with their synapses: procedural ones have to be stored";
            problems.push(Problem::new(ground.params.array_path(first.unwrap_or(0)), message));
        }
        problems.into_result(())
    }

    /// The packets that the neuron at `site` sends.
    #[inline]
    pub(super) fn packets(&self, site: usize) -> Range<usize> {
        self.fan_first[site] as usize..self.fan_first[site + 1] as usize
    }

    /// Asks for what is known of the neuron at `site`, and for its first packets: they will be in the processor's cache
    /// soon.
    #[inline]
    pub(super) fn fetch(&self, site: usize) {
        prefetch_index(self.layout.neuron.as_slice(), site);
        prefetch_index(self.hops.as_slice(), site);
        let (first, line) = (self.fan_first[site] as usize, CACHE_LINE / size_of::<FanOut>());
        [first, first + line].into_iter().for_each(|at| prefetch_index(self.fan.as_slice(), at));
    }

    /// The packets of all neurons of `core` whose synapses are stored.
    pub(super) fn fan_of(&self, core: usize) -> &[FanOut] {
        let [first, end] = [core, core + 1].map(|core| self.layout.first[core] as usize);
        &self.fan[self.fan_first[first] as usize..self.fan_first[end] as usize]
    }

    /// Takes each core that `neuron` at `site` sends to, ascending.
    pub(super) fn each_core_of(&self, neuron: NeuronId, site: u32, mut take: impl FnMut(u16)) {
        match &self.drawing {
            Some(drawing) if drawing.drawn.has(neuron) => drawing.cores(neuron).into_iter().for_each(take),
            _ => self.fan[self.packets(site as usize)].iter().for_each(|packet| take(packet.core)),
        }
    }

    /// The synapses of packet `packet`.
    #[inline]
    pub(super) fn synapses(&self, packet: usize) -> Range<usize> {
        self.fan[packet].start as usize..self.fan[packet + 1].start as usize
    }

    /// The neuron of `core` that synapse `index` of the memory leads to, counted within the core.
    #[inline]
    pub(super) fn slot(&self, core: usize, index: usize) -> u16 {
        let inputs = &self.layout.inputs;
        inputs.owner(core, self.memory.target(index).wrapping_sub(inputs.first[core] as u16))
    }

    /// Where the synapses of the neuron at `site` begin.
    fn synapses_from(&self, site: usize) -> usize {
        self.fan[self.fan_first[site] as usize].start as usize
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
        let start = |neuron: usize| self.synapses_from(self.layout.site[neuron] as usize);
        self.moved.position(index, start)
    }

    /// A number that differs where neurons sit elsewhere, or are joined otherwise (FNV-1a, 64 bits).
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        let mut take = |word: u64| hash = (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        let layout = &self.layout;
        let sites = layout.neuron.iter().chain(&layout.first).chain(layout.inputs.beside_sites());
        sites.for_each(|&it| take(it.into()));
        self.fan.iter().for_each(|it| take(u64::from(it.start) << 32 | u64::from(it.core)));
        for index in 0..self.memory.len() {
            take(u64::from(self.memory.target(index)) << 32 | u64::from(self.memory.timing(index).delay()));
            take(self.memory.weight(index).to_bits());
        }
        if let Some(drawing) = &self.drawing {
            format!("{:?}", drawing.drawn.recipes()).bytes().for_each(|byte| take(byte.into()));
        }
        hash
    }

    /// Memory taken [bytes].
    pub(super) fn bytes(&self) -> usize {
        let layout = 25 * self.layout.neuron.len();
        self.memory.bytes()
            + 8 * self.fan.len()
            + 4 * self.fan_first.len()
            + self.moved.bytes()
            + layout
            + self.layout.inputs.bytes()
            + self.drawing.as_ref().map_or(0, Drawing::bytes)
            + self.arrays.as_ref().map_or(0, ArrayPlan::bytes)
            + self.copies.as_ref().map_or(0, Copies::bytes)
    }
}

/// By neuron: its core.
fn cores(layout: &Layout) -> Vec<u16> {
    let mut core = vec![0; layout.neuron.len()];
    for (index, sites) in layout.first.windows(2).enumerate() {
        for &neuron in &layout.neuron[sites[0] as usize..sites[1] as usize] {
            core[neuron as usize] = index as u16;
        }
    }
    core
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

/// By core: the largest weight that its synapses can learn, or that of drawn ones.
fn reach(lessons: &[Lesson], layout: &Layout, census: &Census) -> Vec<f64> {
    let mut reach = census.largest.clone();
    for lesson in lessons {
        let [low, high] = lesson.rule.bounds().map(f64::abs);
        for &(_, target, _) in &lesson.synapses {
            let reach = &mut reach[layout.core_of(layout.site[target as usize]).index()];
            *reach = reach.max(low).max(high);
        }
    }
    reach
}

/// Whether the synapses of the neuron `target` are in digital memory, and not in arrays.
pub(super) fn in_memory(target: u32, layout: &Layout, ground: &Ground<'_>) -> bool {
    let site = layout.site[target as usize];
    ground.params.array_of(usize::from(layout.granule[site as usize])).is_none()
}

/// What the chip cannot hold.
fn check_limits(
    synapses: &SynapseColumns,
    (layout, core): (&Layout, &[u16]),
    (drawn, census): (&Drawn, &Census),
    ground: &Ground<'_>,
) -> Result<(), Problems> {
    let params = ground.params;
    // What arrays hold is checked against the arrays.
    let in_memory = |&&target: &&u32| in_memory(target, layout, ground);
    let mut problems = Problems::new();
    let stored = synapses.delay.values().iter().copied().max().unwrap_or(0);
    let delay = stored.max(drawn.longest_delay());
    if delay > params.max_delay {
        let message = format!(
            "a synapse has a delay of {delay} steps, {} more than the chip's longest; longer ones need `relays: true` in the network",
            delay - params.max_delay
        );
        problems.push(Problem::new("max_delay", message).allowed(format!("1 to {}", params.max_delay)));
    }
    if let Some(most) = params.synapses {
        let mut held = census.held.clone();
        let core = |&target: &u32| usize::from(core[target as usize]);
        synapses.target.iter().filter(in_memory).for_each(|target| held[core(target)] += 1);
        for (core, &held) in held.iter().enumerate().filter(|&(_, &held)| held > most).take(20) {
            let message =
                format!("{held} synapses do not fit: the core holds {most}, {} too many", held - most);
            problems.push(Problem::new(format!("core {core}"), message));
        }
    }
    if let Some(most) = params.fan_in {
        let mut fan_in = census.fan_in.clone();
        fan_in.resize(layout.site.len(), 0);
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
fn check_fan_out(
    fan_first: &[u32],
    layout: &Layout,
    census: &Census,
    ground: &Ground<'_>,
) -> Result<(), Problems> {
    let Some(most) = ground.params.fan_out else { return Ok(()) };
    let mut problems = Problems::new();
    let stored = fan_first.windows(2).map(|range| range[1] - range[0]).zip(layout.neuron.iter().copied());
    let drawn = census.excess.iter().map(|&(neuron, found)| (found, neuron.0));
    for (found, neuron) in stored.chain(drawn).filter(|&(found, _)| found > most).take(20) {
        let message = format!("it sends to {found} cores, {} more than a neuron can", found - most);
        problems.push(Problem::new(format!("neuron {neuron}"), message));
    }
    problems.into_result(())
}

/// Checks the tables of inputs and outputs of each core.
fn check_axons(
    (fan_first, fan): (&[u32], &[FanOut]),
    (layout, core): (&Layout, &[u16]),
    census: &Census,
    params: &CoreParams,
) -> Result<(), Problems> {
    if params.input_axons.is_none() && params.output_axons.is_none() {
        return Ok(());
    }
    let (mut inputs, mut outputs) = (census.inputs.clone(), census.outputs.clone());
    for (packets, neuron) in fan_first.windows(2).zip(&layout.neuron) {
        outputs[usize::from(core[*neuron as usize])] += u64::from(packets[1] - packets[0]);
        let packets = packets[0] as usize..packets[1] as usize;
        fan[packets].iter().for_each(|packet| inputs[usize::from(packet.core)] += 1);
    }
    let mut problems = Problems::new();
    let mut check = |found: Vec<u64>, most: Option<u32>, term: &str, what: &str| {
        let Some(most) = most.map(u64::from) else { return };
        for (core, found) in found.into_iter().enumerate().filter(|&(_, found)| found > most).take(20) {
            let message = format!("core {core}: {found} {what}, {} more than it has room for", found - most);
            problems.push(Problem::new(term, message).allowed(format!("at most {most}")));
        }
    };
    check(inputs, params.input_axons, "input_axons", "neurons send to it");
    let pairs = "pairs of a neuron on it and a core that this neuron sends to";
    check(outputs, params.output_axons, "output_axons", pairs);
    problems.into_result(())
}
