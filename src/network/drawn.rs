//! Synapses that are drawn rather than stored: a recipe and a seed give those of a neuron whenever it fires.
//!
//! Invariant: a recipe gives a neuron the same synapses, in the same order, each time it is asked, and they are
//! those that the projection would have stored.

use super::describe::Delays;
use super::draw::{Dice, Successes, Use};
use super::net::Span;
use super::synapses::Synapse;
use crate::base::NeuronId;
use crate::base::random::Stream;

/// Who is joined to whom, source by source.
#[derive(Clone, Debug, PartialEq)]
pub enum Scheme {
    /// Each source to the target in the same place.
    OneToOne,
    /// Each to all.
    AllToAll {
        /// Whether a neuron is joined to itself.
        itself: bool,
    },
    /// Each pair with a probability.
    Probability {
        /// The probability; 0 to 1.
        probability: f64,
        /// Whether a neuron may be joined to itself.
        itself: bool,
    },
    /// Each source to as many targets, drawn with replacement.
    FanOut {
        /// Synapses of each source.
        count: u32,
    },
    /// Pairs on a grid by their distance.
    Distance(Neighbourhood),
}

/// Probabilities by distance on a grid that neurons are laid out on row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbourhood {
    width: u32,
    /// Most columns and rows between a pair.
    across: u32,
    down: u32,
    /// By rows and columns between a pair; negative beyond the reach.
    probability: Vec<f64>,
}

impl Neighbourhood {
    /// `peak · exp(−(d/radius)²/2)` at distances d up to `reach` [grid pitches], for sources and targets of at
    /// most `neurons` neurons on grids with `width` > 0 columns.
    pub fn new(width: u32, (peak, radius, reach): (f64, f64, f64), neurons: u32) -> Self {
        let around = reach.min(f64::from(u32::MAX)) as u32;
        let (across, down) = (around.min(width - 1), around.min(neurons / width));
        let probability = |(dy, dx): (u32, u32)| {
            let distance = f64::from(dx).hypot(f64::from(dy));
            if distance <= reach { peak * (-0.5 * (distance / radius).powi(2)).exp() } else { -1.0 }
        };
        let cells = (0..=down).flat_map(|dy| (0..=across).map(move |dx| (dy, dx)));
        Self { width, across, down, probability: cells.map(probability).collect() }
    }

    fn each(&self, source: u32, targets: u32, mut draw: Stream, mut f: impl FnMut(u32)) {
        let Self { width, across, down, .. } = *self;
        let (x, y) = (source % width, source / width);
        let last = targets.saturating_sub(1) / width;
        for to_y in y.saturating_sub(down)..=y.saturating_add(down).min(last) {
            let row = &self.probability[(to_y.abs_diff(y) * (across + 1)) as usize..][..=across as usize];
            for to_x in x.saturating_sub(across)..=x.saturating_add(across).min(width - 1) {
                let target = u64::from(to_y) * u64::from(width) + u64::from(to_x);
                let probability = row[to_x.abs_diff(x) as usize];
                if probability >= 0.0 && target < targets.into() && draw.unit() < probability {
                    f(target as u32);
                }
            }
        }
    }
}

/// Weights of a projection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// All the same.
    Constant(f64),
    /// Uniform from the first number on over a width of the second.
    Uniform(f64, f64),
    /// Normal with this mean and this standard deviation.
    Normal(f64, f64),
}

/// The synapses of one projection.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Neurons that send.
    pub from: Span,
    /// Neurons that receive.
    pub to: Span,
    /// Who is joined to whom.
    pub scheme: Scheme,
    /// Weights.
    pub weights: Amount,
    /// Delays [steps].
    pub delays: Delays,
    /// Input channel of the targets.
    pub channel: u8,
    /// Random streams.
    pub dice: Dice,
}

/// Weights and delays of the synapses of one source, one after the other.
#[derive(Debug)]
pub(super) struct Values {
    weights: (Amount, Stream),
    delays: (Delays, Stream),
}

impl Values {
    pub(super) fn new(weights: Amount, delays: &Delays, dice: Dice, source: u32) -> Self {
        let stream = |purpose| dice.stream(source, purpose);
        Self { weights: (weights, stream(Use::Weights)), delays: (delays.clone(), stream(Use::Delays)) }
    }

    #[inline]
    pub(super) fn weight(&mut self) -> f64 {
        match &mut self.weights {
            (Amount::Constant(weight), _) => *weight,
            (Amount::Uniform(low, width), draw) => *low + *width * draw.unit(),
            (Amount::Normal(mean, deviation), draw) => *mean + *deviation * draw.normal(),
        }
    }

    #[inline]
    pub(super) fn delay(&mut self) -> u16 {
        match &mut self.delays {
            (Delays::Constant(delay), _) => *delay,
            (Delays::Uniform { low, high }, draw) => *low + draw.below(u32::from(*high - *low) + 1) as u16,
        }
    }
}

impl Recipe {
    /// Calls `f` with the place among `to` of each target of the neuron in place `source` of `from`.
    #[inline]
    pub(super) fn targets(&self, source: u32, mut f: impl FnMut(u32)) {
        let len = self.to.len;
        let is_same = |target: u32| self.from.first.0 + source == self.to.first.0 + target;
        match &self.scheme {
            Scheme::OneToOne => f(source),
            Scheme::AllToAll { itself } => {
                (0..len).filter(|&target| *itself || !is_same(target)).for_each(f);
            }
            Scheme::Probability { probability, itself } => {
                let found = Successes::new(self.dice.stream(source, Use::Pairs), len, *probability);
                found.filter(|&target| *itself || !is_same(target)).for_each(f);
            }
            Scheme::FanOut { count } => {
                let mut draw = self.dice.stream(source, Use::Pairs);
                (0..*count).for_each(|_| f(draw.below(len)));
            }
            Scheme::Distance(near) => near.each(source, len, self.dice.stream(source, Use::Pairs), f),
        }
    }

    /// Calls `f` with each synapse of `source`, if it is one of the neurons that send.
    #[inline]
    pub fn each(&self, source: NeuronId, mut f: impl FnMut(Synapse)) {
        let Some(source) = self.from.position(source) else { return };
        let mut values = Values::new(self.weights, &self.delays, self.dice, source);
        let (first, channel) = (self.to.first.0, self.channel);
        self.targets(source, |target| {
            let (weight, delay) = (values.weight() + 0.0, values.delay());
            f(Synapse { target: NeuronId(first + target), weight, delay, channel });
        });
    }

    /// The longest delay that can be drawn [steps].
    pub fn longest_delay(&self) -> u16 {
        match self.delays {
            Delays::Constant(delay) => delay,
            Delays::Uniform { high, .. } => high,
        }
    }
}

/// All synapses of a network that are drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    recipes: Vec<Recipe>,
    /// Where the set of recipes that apply to a neuron changes, ascending from 0 on; and those that apply from
    /// there on, in their order.
    breaks: Vec<u32>,
    apply: Vec<Vec<u32>>,
}

impl Drawn {
    /// The synapses that `recipes` give, neuron by neuron in the order of the recipes.
    pub(super) fn new(recipes: Vec<Recipe>) -> Self {
        let end = |recipe: &Recipe| recipe.from.first.0 + recipe.from.len;
        let ends = recipes.iter().flat_map(|recipe| [recipe.from.first.0, end(recipe)]);
        let mut breaks: Vec<u32> = std::iter::once(0).chain(ends).collect();
        breaks.sort_unstable();
        breaks.dedup();
        let of = |&at: &u32| {
            let applies = |(_, recipe): &(usize, &Recipe)| recipe.from.position(NeuronId(at)).is_some();
            recipes.iter().enumerate().filter(applies).map(|(i, _)| i as u32).collect()
        };
        let apply = breaks.iter().map(of).collect();
        Self { recipes, breaks, apply }
    }

    /// Whether there is no recipe.
    pub fn is_empty(&self) -> bool {
        self.recipes.is_empty()
    }

    /// The recipes.
    pub fn recipes(&self) -> &[Recipe] {
        &self.recipes
    }

    /// Whether a recipe applies to `source`.
    #[inline]
    pub fn has(&self, source: NeuronId) -> bool {
        !self.of(source).is_empty()
    }

    #[inline]
    fn of(&self, source: NeuronId) -> &[u32] {
        if self.recipes.is_empty() {
            return &[];
        }
        &self.apply[self.breaks.partition_point(|&at| at <= source.0) - 1]
    }

    /// Calls `f` with each synapse of `source`, in the order in which they would have been stored.
    #[inline]
    pub fn each(&self, source: NeuronId, mut f: impl FnMut(Synapse)) {
        self.of(source).iter().for_each(|&recipe| self.recipes[recipe as usize].each(source, &mut f));
    }

    /// The longest delay that can be drawn [steps]; 0 where there is no recipe.
    pub fn longest_delay(&self) -> u16 {
        self.recipes.iter().map(Recipe::longest_delay).max().unwrap_or(0)
    }

    /// Memory taken [bytes].
    pub fn bytes(&self) -> usize {
        let of = |recipe: &Recipe| match &recipe.scheme {
            Scheme::Distance(near) => size_of::<Recipe>() + 8 * near.probability.len(),
            _ => size_of::<Recipe>(),
        };
        let lists = self.apply.iter().map(|list| size_of::<Vec<u32>>() + 4 * list.len());
        self.recipes.iter().map(of).sum::<usize>() + 4 * self.breaks.len() + lists.sum::<usize>()
    }
}
