//! From the synapses of a network to the packets of a chip: sorted by the cores that they lead to.
//!
//! Sites are taken in pieces, on all threads; pieces are put together in their order, so that the result does not
//! depend on the number of threads.

use std::ops::Range;

use rayon::prelude::*;

use super::layout::Layout;
use super::moved::Moved;
use super::plan::FanOut;
use super::profile::{Met, Profiles, Sort};
use super::site::Ground;
use crate::network::SynapseColumns;
use crate::synapse::{Column, SynapseMemory, Timing, Weights};

/// Sites of a piece, and pieces that are made before they are put down.
const SITES: usize = 1 << 11;
const PIECES: usize = 8;

/// What a [`Maker`] makes.
pub(super) struct Made<'p> {
    /// By site: its first packet; one more entry than sites.
    pub fan_first: Vec<u32>,
    /// Packets by site, ascending by core; one more that marks the end.
    pub fan: Vec<FanOut>,
    pub profiles: Profiles<'p>,
    pub memory: SynapseMemory,
    pub moved: Moved,
}

/// Where a neuron sits.
#[derive(Clone, Copy, Debug, Default)]
struct Home {
    core: u16,
    /// Its site, counted within the core.
    slot: u16,
    granule: u8,
    /// Arrays hold its synapses.
    in_array: bool,
}

/// Makes the packets of neurons.
pub(super) struct Maker<'a> {
    layout: &'a Layout,
    synapses: &'a SynapseColumns,
    /// Weights as cores hold them, if not as they are.
    rounded: Option<Weights>,
    /// By synapse: the number of its lesson, plus one, or 0; empty if none learns.
    lessons: &'a [u16],
    /// By neuron.
    homes: Vec<Home>,
}

/// A packet in the making.
struct Packet {
    core: u16,
    synapses: u32,
    sort: Sort,
}

/// The packets of some neighbouring sites.
struct Piece {
    sites: Range<usize>,
    /// By site: how many packets it sends.
    counts: Vec<u32>,
    packets: Vec<Packet>,
    memory: SynapseMemory,
    /// By synapse: its position in the network.
    order: Vec<u32>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(
        (layout, core, ground): (&'a Layout, &[u16], &Ground<'_>),
        lessons: &'a [u16],
        (synapses, rounded): (&'a SynapseColumns, Option<Weights>),
    ) -> Self {
        let granules = 0..ground.params.granules.len();
        let in_array: Vec<bool> = granules.map(|it| ground.params.array_of(it).is_some()).collect();
        let home = |(&core, &site): (&u16, &u32)| {
            let granule = layout.granule[site as usize];
            let slot = (site - layout.first[usize::from(core)]) as u16;
            Home { core, slot, granule, in_array: in_array[usize::from(granule)] }
        };
        let homes = core.iter().zip(&layout.site).map(home).collect();
        Self { layout, synapses, rounded, lessons, homes }
    }

    /// Makes the packets of all sites.
    pub(super) fn make<'p>(&self, profiles: Profiles<'p>) -> Made<'p> {
        let sites = self.layout.neuron.len();
        let mut fan_first = Vec::with_capacity(sites + 1);
        fan_first.push(0);
        let memory = SynapseMemory::like(self.weights(), self.synapses.target.len());
        let moved = Moved::new(self.synapses.first.clone());
        let mut made = Made { fan_first, fan: Vec::new(), profiles, memory, moved };
        let pieces = sites.div_ceil(SITES);
        for first in (0..pieces).step_by(PIECES) {
            let numbers = (first..(first + PIECES).min(pieces)).into_par_iter();
            let profiles = &made.profiles;
            let piece =
                |number: usize| self.piece(number * SITES..((number + 1) * SITES).min(sites), profiles);
            let done: Vec<Piece> = numbers.map(piece).collect();
            done.into_iter().for_each(|piece| made.take(piece, &self.layout.neuron));
        }
        made.fan.push(FanOut { start: made.memory.len() as u32, core: 0, profile: 0 });
        made.moved = made.moved.finish();
        made
    }

    fn weights(&self) -> &Weights {
        self.rounded.as_ref().unwrap_or(&self.synapses.weight)
    }

    fn piece(&self, sites: Range<usize>, profiles: &Profiles<'_>) -> Piece {
        let neurons = &self.layout.neuron[sites.clone()];
        let own = |neuron: u32| {
            let first = &self.synapses.first;
            first[neuron as usize] as usize..first[neuron as usize + 1] as usize
        };
        let len = neurons.iter().map(|&neuron| own(neuron).len()).sum();
        let mut piece = Piece {
            counts: Vec::with_capacity(sites.len()),
            sites,
            packets: Vec::new(),
            memory: SynapseMemory::like(self.weights(), len),
            order: Vec::with_capacity(len),
        };
        let (mut keys, mut met, mut timing) = (Vec::new(), Vec::new(), Column::Uniform(Timing::default()));
        for &neuron in neurons {
            // By core; in a core those in digital memory come first.
            keys.clear();
            keys.extend(own(neuron).map(|index| {
                let home = self.homes[self.synapses.target[index] as usize];
                u64::from(home.core) << 33 | u64::from(home.in_array) << 32 | index as u64
            }));
            if !keys.is_sorted() {
                keys.sort_unstable();
            }
            self.note_timing(&mut timing, piece.memory.len(), &keys);
            piece.order.extend(keys.iter().map(|&key| key as u32));
            let before = piece.packets.len();
            self.pack(&keys, &mut met, profiles, &mut piece);
            piece.counts.push((piece.packets.len() - before) as u32);
        }
        piece.memory = piece.memory.timed(timing);
        piece
    }

    /// Makes the packets of a neuron from its sorted synapses.
    fn pack(&self, keys: &[u64], met: &mut Vec<Met>, profiles: &Profiles<'_>, piece: &mut Piece) {
        for packet in keys.chunk_by(|a, b| a >> 33 == b >> 33) {
            let home = |key: u64| self.homes[self.synapses.target[key as u32 as usize] as usize];
            met.clear();
            met.extend(packet.iter().map(|&key| {
                let lesson = self.lessons.get(key as u32 as usize).copied().unwrap_or(0);
                Met { granule: home(key).granule, lesson }
            }));
            let core = (packet[0] >> 33) as u16;
            piece.packets.push(Packet { core, synapses: packet.len() as u32, sort: profiles.sort(met) });
            let cells = packet.iter().map(|&key| (home(key).slot, key as u32 as usize));
            piece.memory.extend(cells, self.weights());
        }
    }

    /// Notes when and where synapses deliver that come after `before` others.
    fn note_timing(&self, timing: &mut Column<Timing>, before: usize, keys: &[u64]) {
        let SynapseColumns { delay, channel, .. } = self.synapses;
        if let (Column::Uniform(delay), Column::Uniform(channel)) = (delay, channel) {
            *timing = Column::Uniform(Timing::new(*delay, *channel));
            return;
        }
        for (len, index) in (before..).zip(keys.iter().map(|&key| key as u32 as usize)) {
            timing.push(len, Timing::new(delay.at(index), channel.at(index)));
        }
    }
}

impl Made<'_> {
    /// Puts down the packets of a piece, which comes after all others.
    fn take(&mut self, piece: Piece, neurons: &[u32]) {
        let Self { fan_first, fan, profiles, memory, moved } = self;
        let mut start = memory.len() as u32;
        memory.append(piece.memory);
        let (mut packets, mut order) = (piece.packets.into_iter(), piece.order.as_slice());
        for (&neuron, count) in neurons[piece.sites].iter().zip(piece.counts) {
            let own;
            (own, order) = order.split_at(moved.of(neuron as usize).len());
            moved.put(neuron as usize, start, own.iter().copied());
            for Packet { core, synapses, sort } in packets.by_ref().take(count as usize) {
                fan.push(FanOut { start, core, profile: profiles.kind(sort) });
                start += synapses;
            }
            fan_first.push(fan.len() as u32);
        }
    }
}
