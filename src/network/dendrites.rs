//! Which neurons have dendrites with taps, and how the inputs of neurons are numbered.
//!
//! ```text
//!   input   0 … channels−1          channels … channels + taps − 2
//!           channels of the model   taps 1, 2, … of the dendrite;   tap 0 is channel 0
//! ```

use std::ops::Range;

use super::net::{Population, Span};
use crate::base::{NeuronId, Problem, Problems};
use crate::neuron::Dendrite;

/// The dendrites of a network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dendrites {
    /// Ascending; no neuron has several.
    spans: Vec<(Span, Dendrite)>,
}

impl Dendrites {
    /// The dendrite of `neuron`, if it has one.
    pub fn of(&self, neuron: NeuronId) -> Option<&Dendrite> {
        let after = self.spans.partition_point(|(span, _)| span.first <= neuron);
        let (span, dendrite) = self.spans.get(after.checked_sub(1)?)?;
        span.position(neuron).map(|_| dendrite)
    }

    /// Whether no neuron has one.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Those of `neurons`, in their order: each for so many that follow each other; nothing where no neuron has one.
    pub fn runs(&self, neurons: impl Iterator<Item = NeuronId>) -> Vec<(Option<&Dendrite>, u32)> {
        let mut runs: Vec<(Option<&Dendrite>, u32)> = Vec::new();
        if self.is_empty() {
            return runs;
        }
        for dendrite in neurons.map(|neuron| self.of(neuron)) {
            match runs.last_mut() {
                Some((last, count)) if *last == dendrite => *count += 1,
                _ => runs.push((dendrite, 1)),
            }
        }
        runs
    }

    /// The fewest taps of neurons in `span`: one where there is no dendrite.
    pub(super) fn fewest_taps(&self, span: Span) -> usize {
        if self.is_empty() {
            return 1;
        }
        span.iter().map(|neuron| self.of(neuron).map_or(1, Dendrite::taps)).min().unwrap_or(1)
    }

    /// Adds `dendrite` to the neurons in `span`; where others had one before, they are refused later.
    pub(super) fn add(&mut self, span: Span, dendrite: Dendrite) {
        let at = self.spans.partition_point(|(other, _)| other.first <= span.first);
        self.spans.insert(at, (span, dendrite));
    }

    /// What is wrong with those of the neurons in `populations`, under `dendrites[i]` in the order of the neurons.
    pub(super) fn check(&self, populations: &[Population], problems: &mut Problems) {
        let end = |span: Span| u64::from(span.first.0) + u64::from(span.len);
        let mut before = 0;
        for (i, (span, dendrite)) in self.spans.iter().enumerate() {
            let path = format!("dendrites[{i}]");
            problems.absorb(&path, dendrite.check());
            problems.require(u64::from(span.first.0) >= before, &path, || {
                format!("neuron {} has a dendrite already", span.first)
            });
            before = before.max(end(*span));
            let own = |it: &&Population| it.span.first.0 <= span.first.0 && end(*span) <= end(it.span);
            match populations.iter().find(own) {
                None => problems.push(Problem::new(path, "these are no neurons of one population")),
                Some(population) if population.channels() == 0 => {
                    let message =
                        format!("`{}` takes no input: its neurons have no dendrites", population.name);
                    problems.push(Problem::new(path, message));
                }
                Some(_) => {}
            }
        }
    }

    /// By first neuron, ascending: how many inputs neurons have from there on.
    pub(super) fn inputs(&self, populations: &[Population]) -> Vec<(u32, usize)> {
        let mut inputs = Vec::with_capacity(populations.len() + 2 * self.spans.len());
        for population in populations {
            let (first, channels) = (population.span.first.0, population.channels());
            inputs.push((first, channels));
            let from = self.spans.partition_point(|(span, _)| span.first.0 < first);
            let own = self.spans[from..]
                .iter()
                .take_while(|(span, _)| population.span.position(span.first).is_some());
            for (span, dendrite) in own {
                inputs.push((span.first.0, channels + dendrite.taps().saturating_sub(1)));
                inputs.push((span.first.0.saturating_add(span.len), channels));
            }
        }
        inputs
    }
}

/// All taps of a network but those at somas, numbered neuron by neuron.
#[derive(Clone, Debug)]
pub struct Taps {
    /// By neuron: the first of its taps; one more entry than neurons.
    first: Vec<u32>,
    /// By neuron: channels of its model.
    channels: Vec<u8>,
}

impl Taps {
    /// Those of `neurons` neurons in `populations`; `None` where no dendrite has more than one tap.
    pub(super) fn new(dendrites: &Dendrites, populations: &[Population]) -> Option<Self> {
        if dendrites.spans.iter().all(|(_, dendrite)| dendrite.taps() == 1) {
            return None;
        }
        let (mut first, mut channels) = (vec![0], Vec::new());
        for population in populations {
            channels.resize(channels.len() + population.span.len as usize, population.channels() as u8);
            for neuron in population.span.iter() {
                let further = dendrites.of(neuron).map_or(0, |dendrite| dendrite.taps() - 1);
                first.push(first.last().copied().unwrap_or(0) + further as u32);
            }
        }
        Some(Self { first, channels })
    }

    /// The tap, counted from 1, that input `input` of `neuron` is; `None` if it is a channel.
    #[inline]
    pub fn tap(&self, neuron: NeuronId, input: u8) -> Option<u8> {
        input.checked_sub(self.channels[neuron.index()]).map(|further| further + 1)
    }

    /// The number of the tap that input `input` of `neuron` is; `None` if it is a channel.
    #[inline]
    pub(super) fn place(&self, neuron: NeuronId, input: u8) -> Option<usize> {
        self.tap(neuron, input).map(|tap| self.first[neuron.index()] as usize + usize::from(tap) - 1)
    }

    /// The numbers of the taps of all neurons in `span`, those at somas apart.
    pub(super) fn of_all(&self, span: Span) -> Range<usize> {
        let (first, end) = (span.first.index(), span.first.index() + span.len as usize);
        self.first[first] as usize..self.first[end] as usize
    }

    /// How many taps `neuron` has beside that at its soma.
    pub fn further(&self, neuron: NeuronId) -> u32 {
        self.first[neuron.index() + 1] - self.first[neuron.index()]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.first[self.first.len() - 1] as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
