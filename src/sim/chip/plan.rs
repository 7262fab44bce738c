//! Who sends to whom: for each neuron the cores that its spikes go to, and what they meet there.
//!
//! ```text
//!   site ──fan_first──▶ FanOut {core, start} FanOut {core, start} … FanOut of the next site
//!                                     └──────── synapses of this packet ───────┘
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use super::drawing::{Census, Drawing, by_granule, only};
use super::layout::Layout;
use super::rounding::Rounding;
use super::site::Ground;
use crate::base::{NeuronId, Problem, Problems};
use crate::network::{Drawn, Net, SynapseColumns};
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
    /// By position in the network: position in `memory`; empty where they agree.
    moved: Vec<u32>,
    /// Longest delay of a synapse [steps]; 0 where there is none.
    pub longest: u16,
    /// Where some synapses are drawn.
    pub drawing: Option<Drawing>,
}

impl Plan {
    /// # Errors
    /// Synapses that do not fit: delays, fan-in, fan-out, memory; each says by how much.
    pub(super) fn new(net: &mut Net, layout: Layout, ground: &Ground<'_>) -> Result<Self, Problems> {
        let synapses = net.synapses.take_columns();
        let drawn = std::mem::take(&mut net.drawn);
        let core = cores(&layout);
        let census = Census::take(&drawn, &layout, &core, ground.params);
        check_limits(&synapses, &layout, (&drawn, &census), ground)?;
        let mut maker = Maker::new(&layout, ground, &synapses, &core);
        for site in 0..layout.neuron.len() {
            maker.send(site);
        }
        let Maker { fan, fan_first, mut profiles, order, .. } = maker;
        check_fan_out(&fan_first, &layout, &census, ground)?;
        profiles.add_census(&census);
        let (profiles, kinds) = profiles.finish()?;
        let all = ground.params.weight_bits.map(|bits| (largest(&synapses, &core, census.largest), bits));
        let rounding = all.map(|(largest, bits)| Rounding::new(&largest, bits));
        let weight = match &rounding {
            Some(rounding) => {
                let core = |index: usize| usize::from(core[synapses.target[index] as usize]);
                let round = |index| rounding.round(core(index), synapses.weight.at(index));
                Weights::new((0..synapses.target.len()).map(round).collect())
            }
            None => synapses.weight.clone(),
        };
        let timing = timing(&synapses);
        let in_place = order.iter().enumerate().all(|(to, &from)| to == from as usize);
        let slot = |&from: &u32| {
            let neuron = synapses.target[from as usize] as usize;
            (layout.site[neuron] - layout.first[usize::from(core[neuron])]) as u16
        };
        let target = order.iter().map(slot).collect();
        let (weight, timing, moved) = match in_place {
            true => (weight, timing, Vec::new()),
            false => (weight.permuted(&order), timing.permuted(&order), inverse(&order)),
        };
        let memory = SynapseMemory::new(target, weight, timing);
        let longest = memory.timings().iter().map(|timing| timing.delay()).max().unwrap_or(0);
        let longest = longest.max(drawn.longest_delay());
        let drawing = (!drawn.is_empty()).then_some(Drawing { drawn, core, kinds, rounding });
        Ok(Self { layout, fan_first, fan, profiles, memory, moved, longest, drawing })
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

    /// Where the synapse at `index` of the network has gone.
    pub(super) fn moved(&self, index: usize) -> usize {
        self.moved.get(index).map_or(index, |&to| to as usize)
    }

    /// Memory taken [bytes].
    pub(super) fn bytes(&self) -> usize {
        let layout = 9 * self.layout.neuron.len();
        self.memory.bytes()
            + 8 * self.fan.len()
            + 4 * (self.fan_first.len() + self.moved.len())
            + layout
            + self.drawing.as_ref().map_or(0, Drawing::bytes)
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

/// By core: the largest magnitude of a weight, where it is more than in `largest`.
fn largest(synapses: &SynapseColumns, core: &[u16], mut largest: Vec<f64>) -> Vec<f64> {
    for (index, &target) in synapses.target.iter().enumerate() {
        let largest = &mut largest[usize::from(core[target as usize])];
        *largest = largest.max(synapses.weight.at(index).abs());
    }
    largest
}

/// What the chip cannot hold.
fn check_limits(
    synapses: &SynapseColumns,
    layout: &Layout,
    (drawn, census): (&Drawn, &Census),
    ground: &Ground<'_>,
) -> Result<(), Problems> {
    let params = ground.params;
    let mut problems = Problems::new();
    let stored = synapses.delay.values().iter().copied().max().unwrap_or(0);
    let delay = stored.max(drawn.longest_delay());
    if delay > params.max_delay {
        let message = format!(
            "a synapse has a delay of {delay} steps, {} more than the chip's longest; longer ones need relays",
            delay - params.max_delay
        );
        problems.push(Problem::new("max_delay", message).allowed(format!("1 to {}", params.max_delay)));
    }
    if let Some(most) = params.synapses {
        let mut held = census.held.clone();
        let core = |&target: &u32| layout.core_of(layout.site[target as usize]).index();
        synapses.target.iter().for_each(|target| held[core(target)] += 1);
        for (core, &held) in held.iter().enumerate().filter(|&(_, &held)| held > most).take(20) {
            let message =
                format!("{held} synapses do not fit: the core holds {most}, {} too many", held - most);
            problems.push(Problem::new(format!("core {core}"), message));
        }
    }
    if let Some(most) = params.fan_in {
        let mut fan_in = census.fan_in.clone();
        fan_in.resize(layout.site.len(), 0);
        synapses.target.iter().for_each(|&target| fan_in[target as usize] += 1);
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

/// Makes the packets of one neuron after the other.
struct Maker<'a> {
    layout: &'a Layout,
    synapses: &'a SynapseColumns,
    /// By neuron: its core.
    core: &'a [u16],
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
        ground: &'a Ground<'a>,
        synapses: &'a SynapseColumns,
        core: &'a [u16],
    ) -> Self {
        let sites = layout.neuron.len();
        let mut fan_first = Vec::with_capacity(sites + 1);
        fan_first.push(0);
        let end = FanOut { start: 0, core: 0, profile: 0 };
        Self {
            layout,
            synapses,
            core,
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
        let core = |index: u32| u64::from(self.core[self.synapses.target[index as usize] as usize]);
        self.keys.extend(own.map(|index| core(index) << 32 | u64::from(index)));
        if !self.keys.is_sorted() {
            self.keys.sort_unstable();
        }
        self.fan.pop();
        for packet in self.keys.chunk_by(|a, b| a >> 32 == b >> 32) {
            let start = self.order.len() as u32;
            let granules = packet.iter().map(|&key| {
                let target = self.synapses.target[key as u32 as usize];
                self.layout.granule[self.layout.site[target as usize] as usize]
            });
            let profile = self.profiles.of(granules);
            self.fan.push(FanOut { start, core: (packet[0] >> 32) as u16, profile });
            self.order.extend(packet.iter().map(|&key| key as u32));
        }
        self.fan_first.push(self.fan.len() as u32);
        self.fan.push(FanOut { start: self.order.len() as u32, core: 0, profile: 0 });
    }
}

/// The kinds of packets there are, by what they meet: indices of profiles.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds {
    /// By granule and number of events, for packets to one granule: the kind plus one.
    plain: Vec<Vec<u32>>,
    mixed: BTreeMap<Vec<(u8, u32)>, u32>,
}

impl Kinds {
    /// The kind of a packet whose synapses lead to neurons in `granules`, which is known.
    #[inline]
    pub(super) fn of(&self, granules: impl ExactSizeIterator<Item = u8> + Clone) -> u16 {
        let len = granules.len();
        match only(granules.clone()) {
            Some(granule) => self.plain[usize::from(granule)][len].saturating_sub(1) as u16,
            None => self.mixed.get(&by_granule(granules)).map_or(0, |&kind| kind as u16),
        }
    }
}

/// Makes profiles, one for each kind of packets.
struct Profiles<'a> {
    ground: &'a Ground<'a>,
    kinds: Kinds,
    all: Vec<Profile>,
}

impl<'a> Profiles<'a> {
    fn new(ground: &'a Ground<'a>) -> Self {
        let plain = vec![Vec::new(); ground.params.granules.len()];
        Self { ground, kinds: Kinds { plain, mixed: BTreeMap::new() }, all: Vec::new() }
    }

    fn of(&mut self, granules: impl ExactSizeIterator<Item = u8> + Clone) -> u16 {
        let len = granules.len();
        match only(granules.clone()) {
            Some(granule) => self.plain(granule, len),
            None if len == 0 => 0,
            None => self.mixed(by_granule(granules)),
        }
    }

    fn plain(&mut self, granule: u8, len: usize) -> u16 {
        let plain = &mut self.kinds.plain[usize::from(granule)];
        if plain.len() <= len {
            plain.resize(len + 1, 0);
        }
        if plain[len] == 0 {
            plain[len] = self.all.len() as u32 + 1;
            self.add(vec![(granule, len as u32)]);
        }
        (self.kinds.plain[usize::from(granule)][len] - 1) as u16
    }

    fn mixed(&mut self, events: Vec<(u8, u32)>) -> u16 {
        if let Some(&known) = self.kinds.mixed.get(&events) {
            return known as u16;
        }
        self.kinds.mixed.insert(events.clone(), self.all.len() as u32);
        self.add(events);
        (self.all.len() - 1) as u16
    }

    /// Adds the kinds of packets that are drawn.
    fn add_census(&mut self, census: &Census) {
        for (granule, counts) in census.plain.iter().enumerate() {
            for (len, _) in counts.iter().enumerate().filter(|(_, is_there)| **is_there) {
                self.plain(granule as u8, len);
            }
        }
        census.mixed.iter().for_each(|events| _ = self.mixed(events.clone()));
    }

    fn add(&mut self, events: Vec<(u8, u32)>) {
        let params = self.ground.params;
        let mut latency = params.axon_in.latency.0;
        for &(granule, count) in &events {
            let granule = &params.granules[usize::from(granule)];
            let event = granule.synapse.latency.0 + granule.dendrite.latency.0;
            // Added up one by one, as a core works through them: sums of doubles depend on that.
            (0..count).for_each(|_| latency += event);
        }
        self.all.push(Profile { latency, events });
    }

    fn finish(self) -> Result<(Vec<Profile>, Kinds), Problems> {
        let kinds = self.all.len();
        let message = || format!("packets of {kinds} kinds (numbers of synapses by granule) are too many");
        let mut problems = Problems::new();
        problems.require(kinds <= 1 << 16, "", message);
        problems.into_result((self.all, self.kinds))
    }
}
