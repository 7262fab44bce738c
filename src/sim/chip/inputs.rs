//! Where what arrives at neurons is summed up. A core has an *input* for each of its sites, in their order, and behind
//! them one for each tap of their dendrites that is not at the soma.
//!
//! ```text
//!   core 0                           core 1
//!   │ site site site │ tap tap tap │ │ site site …
//! ```
//!
//! Where no dendrite has several taps, inputs are sites.

use std::ops::Range;

use super::layout::Layout;
use super::site::Ground;
use crate::base::{NeuronId, Problem, Problems};
use crate::network::{Net, SynapseColumns, Taps};
use crate::synapse::Column;

/// The most inputs of a core: synapses hold 16 bits of their number.
const MOST: usize = 1 << 16;

/// The inputs of all cores.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs {
    /// By core: the first of its inputs; one more entry than cores.
    pub first: Vec<u32>,
    /// Where dendrites have several taps.
    taps: Option<Box<TapInputs>>,
}

/// Those of taps.
#[derive(Clone, Debug)]
struct TapInputs {
    taps: Taps,
    /// By site: the place of its tap 1 among the inputs of its core.
    place: Vec<u16>,
    /// By core: for each of its inputs behind those of sites the neuron, counted within the core.
    owners: Vec<Vec<u16>>,
}

impl Inputs {
    /// The inputs of neurons that have been laid out.
    ///
    /// # Errors
    /// More taps than a core has room for; several taps where an array takes in what arrives.
    pub(super) fn new(net: &Net, layout: &Layout, ground: &Ground<'_>) -> Result<Self, Problems> {
        let Some(taps) = net.taps() else {
            return Ok(Self { first: layout.first.clone(), taps: None });
        };
        let mut problems = Problems::new();
        let (mut first, mut place, mut owners) = (vec![0], Vec::new(), Vec::new());
        for (core, sites) in layout.first.windows(2).enumerate() {
            let neurons = &layout.neuron[sites[0] as usize..sites[1] as usize];
            let mut own = Vec::new();
            for (slot, &neuron) in neurons.iter().enumerate() {
                place.push((neurons.len() + own.len()) as u16);
                own.resize(own.len() + taps.further(NeuronId(neuron)) as usize, slot as u16);
            }
            let inputs = neurons.len() + own.len();
            if inputs > MOST {
                let message = format!("{} neurons with {inputs} taps do not fit on it", neurons.len());
                problems.push(
                    Problem::new(format!("core {core}"), message).allowed(format!("up to {MOST} taps")),
                );
            }
            first.push(first[core] + inputs as u32);
            owners.push(own);
        }
        refuse_arrays(&taps, (net, layout), ground, &mut problems);
        let taps = Some(Box::new(TapInputs { taps, place, owners }));
        problems.into_result(Self { first, taps })
    }

    /// The neuron, counted within `core`, that input `input` of the core is of.
    #[inline]
    pub(super) fn owner(&self, core: usize, input: u16) -> u16 {
        let Some(taps) = &self.taps else { return input };
        let owners = &taps.owners[core];
        let sites = (self.first[core + 1] - self.first[core]) as usize - owners.len();
        usize::from(input).checked_sub(sites).map_or(input, |tap| owners[tap])
    }

    /// Takes the taps out of the channels of `synapses`: by synapse the tap that it leads to; `None` where all lead to
    /// those at somas.
    pub(super) fn split(&self, synapses: &mut SynapseColumns) -> Option<Column<u8>> {
        let TapInputs { taps, .. } = self.taps.as_deref()?;
        let tap =
            |(at, &target): (usize, &u32)| taps.tap(NeuronId(target), synapses.channel.at(at)).unwrap_or(0);
        let own: Vec<u8> = synapses.target.iter().enumerate().map(tap).collect();
        let channel = |(at, &tap): (usize, &u8)| if tap > 0 { 0 } else { synapses.channel.at(at) };
        synapses.channel = Column::new(own.iter().enumerate().map(channel).collect());
        Some(Column::new(own)).filter(|column| *column != Column::Uniform(0))
    }

    /// The place of tap `tap` > 0 of the neuron at `site` among all inputs, by its lowest 16 bits.
    #[inline]
    pub(super) fn of_tap(&self, core: usize, site: u32, tap: u8) -> u16 {
        let place = self.taps.as_ref().map_or(0, |taps| taps.place[site as usize]);
        (self.first[core] as u16).wrapping_add(place).wrapping_add(u16::from(tap) - 1)
    }

    /// The tap that input `input` of `neuron` is; `None` if it is a channel.
    #[inline]
    pub(super) fn tap(&self, neuron: NeuronId, input: u8) -> Option<u8> {
        self.taps.as_ref()?.taps.tap(neuron, input)
    }

    /// The inputs behind those of sites, of the neurons `slots` of `core`.
    pub(super) fn of_taps(&self, core: usize, slots: Range<u32>) -> Range<u32> {
        let Some(taps) = &self.taps else { return 0..0 };
        let owners = &taps.owners[core];
        let first = self.first[core + 1] - owners.len() as u32;
        let place = |slot: u32| first + owners.partition_point(|&owner| u32::from(owner) < slot) as u32;
        place(slots.start)..place(slots.end)
    }

    /// By core its first input, where that is not its first site.
    pub(super) fn beside_sites(&self) -> &[u32] {
        if self.taps.is_some() { &self.first } else { &[] }
    }

    /// Memory taken [bytes].
    pub(super) fn bytes(&self) -> usize {
        let taps = self.taps.as_ref().map_or(0, |taps| 7 * taps.place.len() + 2 * taps.taps.len());
        4 * self.first.len() + taps
    }
}

/// Refuses neurons with several taps whose synapses arrays hold.
fn refuse_arrays(taps: &Taps, (net, layout): (&Net, &Layout), ground: &Ground<'_>, problems: &mut Problems) {
    for granule in (0..ground.params.granules.len()).filter(|&it| ground.params.array_of(it).is_some()) {
        let is_here = |site: &usize| usize::from(layout.granule[*site]) == granule;
        let mut neurons = (0..layout.neuron.len()).filter(is_here).map(|site| NeuronId(layout.neuron[site]));
        let Some(neuron) = neurons.find(|&neuron| taps.further(neuron) > 0) else { continue };
        let name = net.place(neuron).map_or("?", |(population, _)| &population.name);
        let message =
            format!("`{name}` has dendrites with taps, and arrays sum up all that arrives at a neuron");
        problems
            .push(Problem::new(ground.params.array_path(granule), message).allowed("dendrites with one tap"));
    }
}
