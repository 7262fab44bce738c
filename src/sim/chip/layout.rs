//! Where the neurons of each core lie in memory: core after core, within a core bank after bank, within a
//! bank in the order in which the core updates them. A neuron's place is its *site*.

use std::ops::Range;

use super::inputs::Inputs;
use super::placement::Placement;
use super::profile;
use super::site::Ground;
use crate::base::{CoreId, NeuronId, Problems};
use crate::network::{Net, Part};
use crate::neuron::{Bank, SomaCost};

/// Neurons of one core that are advanced together.
#[derive(Clone, Debug)]
pub(super) struct BankPlan {
    /// First site.
    pub first: u32,
    /// Number of sites.
    pub len: u32,
    /// What its soma events cost, as an index into [`Layout::costs`].
    pub cost: u16,
    /// Input channels of its model.
    pub channels: u8,
    /// Whether its neurons have consecutive numbers.
    pub consecutive: bool,
    /// Inputs of the taps of its dendrites, those at somas apart.
    pub taps: Range<u32>,
}

/// Sites of all neurons.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// By core: its first site; one more entry than cores.
    pub first: Vec<u32>,
    /// By site: the neuron.
    pub neuron: Vec<u32>,
    /// By neuron: the site.
    pub site: Vec<u32>,
    /// By site: the granule.
    pub granule: Vec<u8>,
    /// By core: its first bank; one more entry than cores.
    pub bank_first: Vec<u32>,
    /// All banks, core by core.
    pub banks: Vec<BankPlan>,
    /// By core: its sites, counted from its first, in the order in which neurons are updated; empty where
    /// that is the order of the sites.
    pub walk: Vec<Vec<u16>>,
    /// What soma events cost, each set once.
    pub costs: Vec<SomaCost>,
    /// Where what arrives is summed up.
    pub inputs: Inputs,
}

/// What tells neurons of different banks apart.
#[derive(Clone, Copy, PartialEq)]
struct Kind {
    granule: u8,
    model: &'static str,
    unit: Option<u32>,
}

/// The network's parts, looked up by neuron.
struct Parts<'a> {
    parts: Vec<&'a Part>,
    of: Vec<u32>,
}

impl<'a> Parts<'a> {
    fn new(net: &'a Net) -> Self {
        let parts: Vec<&Part> = net.populations.iter().flat_map(|population| &population.parts).collect();
        let mut of = Vec::with_capacity(net.neurons() as usize);
        for (i, part) in parts.iter().enumerate() {
            of.resize(of.len() + part.count as usize, i as u32);
        }
        Self { parts, of }
    }

    fn of(&self, neuron: NeuronId) -> &'a Part {
        self.parts[self.of[neuron.index()] as usize]
    }
}

impl Layout {
    /// Lays out a checked placement, and builds the banks at rest.
    ///
    /// # Errors
    /// Parameters that a model refuses.
    pub(super) fn new(
        net: &Net,
        placement: &Placement,
        ground: &Ground<'_>,
    ) -> Result<(Self, Vec<Bank>), Problems> {
        let parts = Parts::new(net);
        let neurons = net.neurons() as usize;
        let mut layout = Self {
            neuron: Vec::with_capacity(neurons),
            site: vec![0; neurons],
            granule: Vec::with_capacity(neurons),
            ..Self::default()
        };
        let mut banks = Vec::new();
        let (first, sequence) = by_core(placement, ground.cores());
        for core in 0..ground.cores() as usize {
            let own = &sequence[first[core] as usize..first[core + 1] as usize];
            layout.bank_first.push(layout.banks.len() as u32);
            let walk = layout.lay(own, &parts, placement, ground);
            layout.walk.push(walk);
        }
        layout.bank_first.push(layout.banks.len() as u32);
        layout.first = first;
        for (site, &neuron) in layout.neuron.iter().enumerate() {
            layout.site[neuron as usize] = site as u32;
        }
        layout.lay_inputs(net, ground)?;
        for plan in &layout.banks {
            banks.push(layout.build(plan, &parts, net)?);
        }
        Ok((layout, banks))
    }

    /// Lays out one core; the order of its walk, if it is not that of the sites.
    fn lay(
        &mut self,
        own: &[NeuronId],
        parts: &Parts<'_>,
        placement: &Placement,
        ground: &Ground<'_>,
    ) -> Vec<u16> {
        let kind = |neuron: NeuronId| {
            let model = &parts.of(neuron).model;
            Kind { granule: placement.granule[neuron.index()], model: model.name(), unit: model.unit() }
        };
        let mut kinds: Vec<(Kind, Vec<u16>)> = Vec::new();
        for (turn, &neuron) in own.iter().enumerate() {
            let kind = kind(neuron);
            match kinds.iter_mut().rev().find(|(known, _)| *known == kind) {
                Some((_, turns)) => turns.push(turn as u16),
                None => kinds.push((kind, vec![turn as u16])),
            }
        }
        let mut walk = vec![0; own.len()];
        let base = self.neuron.len();
        for (kind, turns) in &kinds {
            let first = self.neuron.len();
            for &turn in turns {
                walk[usize::from(turn)] = (self.neuron.len() - base) as u16;
                self.neuron.push(own[usize::from(turn)].0);
                self.granule.push(kind.granule);
            }
            let neurons = &self.neuron[first..];
            let consecutive = neurons.windows(2).all(|pair| pair[0] + 1 == pair[1]);
            let model = &parts.of(NeuronId(neurons[0])).model;
            let cost = ground.params.granules[usize::from(kind.granule)].soma;
            let plan = BankPlan {
                first: first as u32,
                len: turns.len() as u32,
                cost: self.cost(cost.unwrap_or(model.cost())),
                channels: model.card().inputs.len() as u8,
                consecutive,
                taps: 0..0,
            };
            self.banks.push(plan);
        }
        if walk.is_sorted() { Vec::new() } else { walk }
    }

    fn cost(&mut self, cost: SomaCost) -> u16 {
        let known = self.costs.iter().position(|&known| known == cost);
        known.unwrap_or_else(|| {
            self.costs.push(cost);
            self.costs.len() - 1
        }) as u16
    }

    fn build(&self, plan: &BankPlan, parts: &Parts<'_>, net: &Net) -> Result<Bank, Problems> {
        let own = &self.neuron[plan.first as usize..(plan.first + plan.len) as usize];
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for &neuron in own {
            let part = parts.of[neuron as usize];
            match runs.last_mut() {
                Some((last, count)) if *last == part => *count += 1,
                _ => runs.push((part, 1)),
            }
        }
        let runs: Vec<_> =
            runs.iter().map(|&(part, count)| (&parts.parts[part as usize].model, count)).collect();
        let dendrites = net.dendrites.runs(own.iter().map(|&neuron| NeuronId(neuron)));
        Ok(Bank::from_parts(&runs, net.dt)?.with_dendrites(&dendrites))
    }

    /// Lays out where what arrives is summed up.
    fn lay_inputs(&mut self, net: &Net, ground: &Ground<'_>) -> Result<(), Problems> {
        self.inputs = Inputs::new(net, self, ground)?;
        for core in 0..self.first.len() - 1 {
            let origin = self.first[core];
            let banks = self.bank_first[core] as usize..self.bank_first[core + 1] as usize;
            for bank in &mut self.banks[banks] {
                let slot = bank.first - origin;
                bank.taps = self.inputs.of_taps(core, slot..slot + bank.len);
            }
        }
        Ok(())
    }

    /// The input of the neuron at `site` of `core`; that of its tap 0, if it has a dendrite.
    #[inline]
    pub(super) fn input(&self, core: usize, site: u32) -> u32 {
        self.inputs.first[core] + (site - self.first[core])
    }

    /// The inputs of `core`.
    #[inline]
    pub(super) fn inputs_of(&self, core: usize) -> Range<usize> {
        self.inputs.first[core] as usize..self.inputs.first[core + 1] as usize
    }

    /// The granule of all neurons of `core`, if it is one.
    pub(super) fn only_granule(&self, core: usize) -> Option<u8> {
        let sites = self.first[core] as usize..self.first[core + 1] as usize;
        profile::only(self.granule[sites].iter().copied())
    }

    /// The core of `site`.
    pub(super) fn core_of(&self, site: u32) -> CoreId {
        CoreId::at(self.first.partition_point(|&first| first <= site) - 1)
    }

    /// The bank of `site`, and the position there.
    pub(super) fn bank_of(&self, site: u32) -> (usize, usize) {
        let bank = self.banks.partition_point(|bank| bank.first <= site) - 1;
        (bank, (site - self.banks[bank].first) as usize)
    }
}

/// Neurons by core, each core's in the order of the placement, and where each core's begin.
fn by_core(placement: &Placement, cores: u32) -> (Vec<u32>, Vec<NeuronId>) {
    let mut first = vec![0u32; cores as usize + 1];
    placement.core.iter().for_each(|core| first[core.index() + 1] += 1);
    (0..cores as usize).for_each(|core| first[core + 1] += first[core]);
    let mut next = first.clone();
    let mut sequence = vec![NeuronId(0); placement.order.len()];
    for &neuron in &placement.order {
        let core = placement.core[neuron.index()].index();
        sequence[next[core] as usize] = neuron;
        next[core] += 1;
    }
    (first, sequence)
}
