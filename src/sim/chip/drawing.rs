//! Synapses that are drawn when their neuron fires: what has to be known of them beforehand, and the packets
//! that a step makes of them.
//!
//! ```text
//!   load   Census: every synapse is drawn once: does it all fit, which kinds of packets are there
//!   step   Letters: a neuron that fires has its synapses drawn and sorted by core; who receives reads them
//! ```

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use super::grain::Grain;
use super::layout::Layout;
use super::params::CoreParams;
use super::plan::FanOut;
use super::profile::{Events, Kinds, by_granule, only};
use crate::base::NeuronId;
use crate::network::{Drawn, Synapse};
use crate::synapse::{SynapseMemory, Timing};

/// Marks packets whose synapses have been drawn.
pub(super) const DRAWN: u32 = 1 << 31;

/// Neurons that are counted as one piece of work.
const PIECE: u32 = 1 << 14;

/// What it takes to draw the synapses of a neuron.
#[derive(Clone, Debug)]
pub(super) struct Drawing {
    pub drawn: Drawn,
    /// By neuron: its core.
    pub core: Vec<u16>,
    pub kinds: Kinds,
    /// By core: the weights that its synapses can have, where they are not any.
    pub grains: Option<Vec<Grain>>,
}

/// Synapses of one neuron, sorted by the core that they lead to.
#[derive(Clone, Debug, Default)]
struct Sorted {
    synapses: Vec<Synapse>,
    /// Core and place among `synapses`.
    keys: Vec<u64>,
}

impl Sorted {
    fn draw(&mut self, drawn: &Drawn, core: &[u16], neuron: NeuronId) {
        let Self { synapses, keys } = self;
        synapses.clear();
        keys.clear();
        drawn.each(neuron, |synapse| {
            keys.push(u64::from(core[synapse.target.index()]) << 32 | synapses.len() as u64);
            synapses.push(synapse);
        });
        if !keys.is_sorted() {
            keys.sort_unstable();
        }
    }

    /// The synapses core by core, each core's in the order in which they were drawn.
    fn packets(&self) -> impl Iterator<Item = (u16, impl ExactSizeIterator<Item = Synapse> + Clone + '_)> {
        let packets = self.keys.chunk_by(|a, b| a >> 32 == b >> 32);
        packets.map(|keys| {
            let synapses = keys.iter().map(|&key| self.synapses[key as u32 as usize]);
            ((keys[0] >> 32) as u16, synapses)
        })
    }
}

/// What all drawn synapses amount to.
#[derive(Clone, Debug, Default)]
pub(super) struct Census {
    /// By core: synapses that lead to it, and the largest magnitude of their weights.
    pub held: Vec<u64>,
    pub largest: Vec<f64>,
    /// By core: neurons that send to it, and pairs of a neuron on it and a core that this neuron sends to.
    pub inputs: Vec<u64>,
    pub outputs: Vec<u64>,
    /// By neuron: synapses that lead to it; empty where nobody wants to know.
    pub fan_in: Vec<u32>,
    /// The first neurons that send to more cores than they may, and to how many.
    pub excess: Vec<(NeuronId, u32)>,
    /// By granule and number of synapses: whether there are packets of this kind.
    pub plain: Vec<Vec<bool>>,
    /// Packets to several granules: synapses by granule.
    pub mixed: BTreeSet<Events>,
}

impl Census {
    /// Draws everything once; the result does not depend on the number of threads.
    pub(super) fn take(drawn: &Drawn, layout: &Layout, core: &[u16], params: &CoreParams) -> Self {
        let cores = layout.walk.len();
        let neurons = layout.neuron.len() as u32;
        let empty = || Self {
            held: vec![0; cores],
            largest: vec![0.0; cores],
            inputs: vec![0; cores],
            outputs: vec![0; cores],
            plain: vec![Vec::new(); params.granules.len()],
            ..Self::default()
        };
        if drawn.is_empty() {
            return empty();
        }
        let counted = if params.fan_in.is_some() { neurons } else { 0 };
        let fan_in: Vec<AtomicU32> = (0..counted).map(|_| AtomicU32::new(0)).collect();
        let piece = |piece: u32| {
            let (mut own, mut sorted) = (empty(), Sorted::default());
            for neuron in (piece * PIECE..((piece + 1) * PIECE).min(neurons)).map(NeuronId) {
                if drawn.has(neuron) {
                    sorted.draw(drawn, core, neuron);
                    own.add((neuron, core[neuron.index()]), &sorted, layout, params.fan_out);
                    let targets = sorted.synapses.iter().filter_map(|it| fan_in.get(it.target.index()));
                    targets.for_each(|count| _ = count.fetch_add(1, Ordering::Relaxed));
                }
            }
            own
        };
        let pieces: Vec<Self> = (0..neurons.div_ceil(PIECE)).into_par_iter().map(piece).collect();
        let mut all = empty();
        pieces.into_iter().for_each(|piece| all.merge(piece));
        all.fan_in = fan_in.into_iter().map(AtomicU32::into_inner).collect();
        all
    }

    /// Counts in what `neuron`, which sits on the core `from`, sends.
    fn add(
        &mut self,
        (neuron, from): (NeuronId, u16),
        sorted: &Sorted,
        layout: &Layout,
        fan_out: Option<u32>,
    ) {
        let mut cores = 0;
        for (core, synapses) in sorted.packets() {
            cores += 1;
            self.held[usize::from(core)] += synapses.len() as u64;
            self.inputs[usize::from(core)] += 1;
            let largest = &mut self.largest[usize::from(core)];
            synapses.clone().for_each(|synapse| *largest = largest.max(synapse.weight.abs()));
            let count = synapses.len();
            let granules = synapses.map(|it| layout.granule[layout.site[it.target.index()] as usize]);
            match only(granules.clone()) {
                Some(granule) => {
                    let plain = &mut self.plain[usize::from(granule)];
                    plain.resize(plain.len().max(count + 1), false);
                    plain[count] = true;
                }
                None => _ = self.mixed.insert(by_granule(granules)),
            }
        }
        self.outputs[usize::from(from)] += u64::from(cores);
        if fan_out.is_some_and(|most| cores > most) && self.excess.len() < 20 {
            self.excess.push((neuron, cores));
        }
    }

    fn merge(&mut self, other: Self) {
        let add = |own: &mut [u64], other: Vec<u64>| {
            own.iter_mut().zip(other).for_each(|(own, other)| *own += other)
        };
        add(&mut self.held, other.held);
        add(&mut self.inputs, other.inputs);
        add(&mut self.outputs, other.outputs);
        self.largest.iter_mut().zip(other.largest).for_each(|(own, other)| *own = own.max(other));
        self.excess.extend(other.excess);
        self.excess.truncate(20);
        for (own, other) in self.plain.iter_mut().zip(other.plain) {
            own.resize(own.len().max(other.len()), false);
            own.iter_mut().zip(other).for_each(|(own, other)| *own |= other);
        }
        self.mixed.extend(other.mixed);
    }
}

/// Packets of a step whose synapses have been drawn, of one shard.
#[derive(Clone, Debug)]
pub(super) struct Letters {
    /// In the order of sending; one more that marks the end.
    pub fan: Vec<FanOut>,
    pub memory: SynapseMemory,
    sorted: Sorted,
}

impl Letters {
    pub(super) fn new() -> Self {
        let mut letters = Self { fan: Vec::new(), memory: SynapseMemory::empty(), sorted: Sorted::default() };
        letters.clear();
        letters
    }

    pub(super) fn clear(&mut self) {
        self.fan.clear();
        self.memory.clear();
        self.fan.push(FanOut { start: 0, core: 0, profile: 0 });
    }

    /// Adds the packets of `neuron`; where they are in `fan`.
    pub(super) fn draw(&mut self, drawing: &Drawing, layout: &Layout, neuron: NeuronId) -> Range<usize> {
        let Self { fan, memory, sorted } = self;
        sorted.draw(&drawing.drawn, &drawing.core, neuron);
        fan.pop();
        let first = fan.len();
        for (core, synapses) in sorted.packets() {
            let start = memory.len() as u32;
            let granules = synapses.clone().map(|it| layout.granule[layout.site[it.target.index()] as usize]);
            let profile = drawing.kinds.of(granules);
            fan.push(FanOut { start, core, profile });
            for Synapse { target, weight, delay, channel } in synapses {
                let grain = drawing.grains.as_ref().map(|grains| grains[usize::from(core)]);
                let weight = grain.map_or(weight, |grain| grain.round(weight));
                let site = layout.site[target.index()];
                let (input, channel) = match layout.inputs.tap(target, channel) {
                    None => (layout.input(core.into(), site) as u16, channel),
                    Some(tap) => (layout.inputs.of_tap(core.into(), site, tap), 0),
                };
                memory.push(input, weight, Timing::new(delay, channel));
            }
        }
        let packets = first..fan.len();
        fan.push(FanOut { start: memory.len() as u32, core: 0, profile: 0 });
        packets
    }

    /// Memory taken [bytes].
    pub(super) fn bytes(&self) -> usize {
        8 * self.fan.capacity() + self.memory.bytes()
    }
}

impl Drawing {
    /// The cores that `neuron` sends to, ascending.
    pub(super) fn cores(&self, neuron: NeuronId) -> Vec<u16> {
        let mut sorted = Sorted::default();
        sorted.draw(&self.drawn, &self.core, neuron);
        sorted.packets().map(|(core, _)| core).collect()
    }

    /// Memory taken [bytes].
    pub(super) fn bytes(&self) -> usize {
        self.drawn.bytes() + 2 * self.core.len()
    }
}
