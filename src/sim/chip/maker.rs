//! From the synapses of a network to the packets of a chip: sorted by the cores that they lead to.
//!
//! Sites are taken in pieces, on all threads; pieces are put down in their order, so that the result does not depend on
//! the number of threads. The last sites come first: the network's columns get shorter as the memory fills, where cores
//! have their neurons in the network's order.

use std::ops::Range;

use rayon::prelude::*;

use super::layout::Layout;
use super::moved::Moved;
use super::plan::FanOut;
use super::profile::{Met, Profiles, Sort};
use super::site::Ground;
use crate::network::SynapseColumns;
use crate::synapse::{Column, SynapseMemory, Timing};

/// Sites of a piece and synapses of a piece, whichever is reached first; and pieces that are made before they are put
/// down.
const SITES: usize = 1 << 11;
const SYNAPSES: usize = 1 << 14;
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
    /// The lowest bits of its input.
    input: u16,
    granule: u8,
    /// Arrays hold its synapses.
    in_array: bool,
}

/// Makes the packets of neurons.
pub(super) struct Maker<'a> {
    layout: &'a Layout,
    /// Synapses that have not been put down yet, and perhaps others.
    synapses: SynapseColumns,
    /// By synapse: the tap that it leads to; `None` where all lead to those at somas.
    taps: Option<Column<u8>>,
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

/// Neighbouring sites.
struct Sites {
    sites: Range<usize>,
    /// Where the synapses of earlier sites end in the network.
    before: usize,
}

/// The packets of some neighbouring sites.
struct Piece {
    sites: Range<usize>,
    /// By site: how many packets it sends.
    counts: Vec<u32>,
    packets: Vec<Packet>,
    /// By synapse: its position in the network.
    order: Vec<u32>,
    /// By synapse: the lowest bits of the input that it leads to.
    targets: Vec<u16>,
    /// By synapse: when and where it delivers; empty where all agree.
    timing: Vec<Timing>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(
        (layout, core, ground): (&'a Layout, &[u16], &Ground<'_>),
        lessons: &'a [u16],
        (synapses, taps): (SynapseColumns, Option<Column<u8>>),
    ) -> Self {
        let granules = 0..ground.params.granules.len();
        let in_array: Vec<bool> = granules.map(|it| ground.params.array_of(it).is_some()).collect();
        let home = |(&core, &site): (&u16, &u32)| {
            let granule = layout.granule[site as usize];
            let input = layout.input(core.into(), site) as u16;
            Home { core, input, granule, in_array: in_array[usize::from(granule)] }
        };
        let homes = core.iter().zip(&layout.site).map(home).collect();
        Self { layout, synapses, taps, lessons, homes }
    }

    /// Makes the packets of all sites.
    pub(super) fn make(mut self, profiles: Profiles<'_>) -> Made<'_> {
        let len = self.synapses.target.len();
        let mut making = Making::new(&self.synapses, self.layout.neuron.len(), profiles);
        for pieces in self.pieces().rchunks(PIECES) {
            let profiles = &making.made.profiles;
            let done: Vec<Piece> =
                pieces.par_iter().map(|it| self.piece(it.sites.clone(), profiles)).collect();
            done.into_iter().rev().for_each(|piece| making.take(piece, &self.layout.neuron, &self.synapses));
            self.synapses.truncate(pieces[0].before);
        }
        making.finish(len)
    }

    /// All sites, in pieces.
    fn pieces(&self) -> Vec<Sites> {
        let (mut pieces, mut end, mut held) = (Vec::<Sites>::new(), 0, usize::MAX);
        for (site, &neuron) in self.layout.neuron.iter().enumerate() {
            let own = self.own(neuron);
            match pieces.last_mut() {
                Some(piece) if held < SYNAPSES && piece.sites.len() < SITES => piece.sites.end = site + 1,
                _ => {
                    pieces.push(Sites { sites: site..site + 1, before: end });
                    held = 0;
                }
            }
            held += own.len();
            end = end.max(own.end);
        }
        pieces
    }

    /// The synapses of `neuron`.
    fn own(&self, neuron: u32) -> Range<usize> {
        let first = &self.synapses.first;
        first[neuron as usize] as usize..first[neuron as usize + 1] as usize
    }

    fn piece(&self, sites: Range<usize>, profiles: &Profiles<'_>) -> Piece {
        let neurons = &self.layout.neuron[sites.clone()];
        let len = neurons.iter().map(|&neuron| self.own(neuron).len()).sum();
        let mut piece = Piece {
            counts: Vec::with_capacity(sites.len()),
            sites,
            packets: Vec::new(),
            order: Vec::with_capacity(len),
            targets: Vec::with_capacity(len),
            timing: Vec::new(),
        };
        let (mut keys, mut met) = (Vec::new(), Vec::new());
        for &neuron in neurons {
            // By core; in a core those in digital memory come first.
            keys.clear();
            keys.extend(self.own(neuron).map(|index| {
                let home = self.homes[self.synapses.target[index] as usize];
                u64::from(home.core) << 33 | u64::from(home.in_array) << 32 | index as u64
            }));
            if !keys.is_sorted() {
                keys.sort_unstable();
            }
            piece.order.extend(keys.iter().map(|&key| key as u32));
            let before = piece.packets.len();
            self.pack(&keys, &mut met, profiles, &mut piece);
            piece.counts.push((piece.packets.len() - before) as u32);
        }
        if let Column::Each(_) = timing(&self.synapses, 0) {
            let SynapseColumns { delay, channel, .. } = &self.synapses;
            let timing = |&index: &u32| Timing::new(delay.at(index as usize), channel.at(index as usize));
            piece.timing = piece.order.iter().map(timing).collect();
        }
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
            match &self.taps {
                None => piece.targets.extend(packet.iter().map(|&key| home(key).input)),
                Some(taps) => piece.targets.extend(packet.iter().map(|&key| self.input(key as u32, taps))),
            }
        }
    }

    /// The lowest bits of the input that synapse `index` leads to.
    fn input(&self, index: u32, taps: &Column<u8>) -> u16 {
        let target = self.synapses.target[index as usize] as usize;
        let Home { core, input, .. } = self.homes[target];
        match taps.at(index as usize) {
            0 => input,
            tap => self.layout.inputs.of_tap(core.into(), self.layout.site[target], tap),
        }
    }
}

/// What has been made so far, from the last site on.
struct Making<'p> {
    made: Made<'p>,
    timing: Column<Timing>,
    /// Where the synapses that have been put down begin.
    start: usize,
}

impl<'p> Making<'p> {
    fn new(synapses: &SynapseColumns, sites: usize, profiles: Profiles<'p>) -> Self {
        let len = synapses.target.len();
        let memory = SynapseMemory::like(&synapses.weight, len);
        let moved = Moved::new(synapses.first.clone());
        let made = Made { fan_first: vec![0; sites + 1], fan: Vec::new(), profiles, memory, moved };
        Self { made, timing: timing(synapses, len), start: len }
    }

    /// Puts down the packets of a piece, which comes before all others.
    fn take(&mut self, piece: Piece, neurons: &[u32], synapses: &SynapseColumns) {
        let Made { fan_first, fan, profiles, memory, moved } = &mut self.made;
        let mut end = self.start;
        self.start -= piece.order.len();
        let from = piece.order.iter().map(|&index| index as usize);
        memory.put(self.start, piece.targets.into_iter().zip(from), &synapses.weight);
        if let Column::Each(timing) = &mut self.timing {
            timing[self.start..end].copy_from_slice(&piece.timing);
        }
        let (mut start, mut order) = (self.start, piece.order.as_slice());
        for &neuron in &neurons[piece.sites.clone()] {
            let own;
            (own, order) = order.split_at(moved.of(neuron as usize).len());
            moved.put(neuron as usize, start as u32, own.iter().copied());
            start += own.len();
        }
        for Packet { core, synapses, sort } in piece.packets.into_iter().rev() {
            end -= synapses as usize;
            fan.push(FanOut { start: end as u32, core, profile: profiles.kind(sort) });
        }
        fan_first[piece.sites.start + 1..=piece.sites.end].copy_from_slice(&piece.counts);
    }

    /// All of the `len` synapses have been put down.
    fn finish(self, len: usize) -> Made<'p> {
        let Made { mut fan_first, mut fan, profiles, memory, moved } = self.made;
        fan.reverse();
        fan.reserve_exact(1);
        fan.push(FanOut { start: len as u32, core: 0, profile: 0 });
        (1..fan_first.len()).for_each(|site| fan_first[site] += fan_first[site - 1]);
        Made { fan_first, fan, profiles, memory: memory.timed(self.timing), moved: moved.finish() }
    }
}

/// When and where synapses deliver: all the same, or room for `len`, each its own.
fn timing(synapses: &SynapseColumns, len: usize) -> Column<Timing> {
    match (&synapses.delay, &synapses.channel) {
        (Column::Uniform(delay), Column::Uniform(channel)) => Column::Uniform(Timing::new(*delay, *channel)),
        _ => Column::Each(vec![Timing::default(); len]),
    }
}
