//! A network in flat form, and how one is made.

use rayon::prelude::*;

use super::dendrites::{Dendrites, Taps};
use super::describe::Delays;
use super::drawn::{Amount, Drawn, Recipe};
use super::lesson::{self, Draft, Lesson, Teacher};
use super::synapses::{MAX_DELAY, Synapse, SynapseList, Synapses};
use crate::base::unit::Seconds;
use crate::base::{NeuronId, Problem, Problems};
use crate::neuron::{Dendrite, NeuronModel};
use crate::synapse::plasticity::Rule;

/// Consecutive neurons of a population with the same parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Model and parameters.
    pub model: NeuronModel,
    /// Number of neurons.
    pub count: u32,
}

/// A named range of neurons of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// Its name, unique in the network.
    pub name: String,
    /// Which neurons.
    pub span: Span,
    /// Their parameters, in the order of their numbers.
    pub parts: Vec<Part>,
}

/// Consecutive neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first one.
    pub first: NeuronId,
    /// How many.
    pub len: u32,
}

impl Span {
    /// The neuron at position `index`, counted from 0.
    ///
    /// # Panics
    /// In debug builds, if there is none.
    #[inline]
    pub fn at(&self, index: u32) -> NeuronId {
        debug_assert!(index < self.len);
        NeuronId(self.first.0 + index)
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = NeuronId> + use<> {
        (self.first.0..self.first.0 + self.len).map(NeuronId)
    }

    /// The position of `neuron`, if it is one of them.
    #[inline]
    pub fn position(&self, neuron: NeuronId) -> Option<u32> {
        neuron.0.checked_sub(self.first.0).filter(|&position| position < self.len)
    }
}

/// A checked network.
#[derive(Clone, Debug)]
pub struct Net {
    /// Length of a step in the models' time [s]. What a step takes on a chip is another matter.
    pub dt: Seconds,
    /// Populations, in the order of their neurons' numbers.
    pub populations: Vec<Population>,
    /// What joins the neurons, as far as it is stored.
    pub synapses: Synapses,
    /// Which of the synapses learn, and how. Machines see to it.
    pub lessons: Vec<Lesson>,
    /// What else joins them: a neuron has synapses of one kind or the other.
    pub drawn: Drawn,
    /// Dendrites with taps, of neurons that have such.
    pub dendrites: Dendrites,
    /// By neuron: how many relays earlier ones have, and one more entry; empty where there are none.
    pub(super) relays: Vec<u32>,
}

impl Net {
    /// Number of neurons.
    pub fn neurons(&self) -> u32 {
        self.synapses.neurons()
    }

    /// Calls `f` with each synapse of `source`, in the order in which they were made.
    #[inline]
    pub fn each(&self, source: NeuronId, mut f: impl FnMut(Synapse)) {
        self.synapses.of(source).for_each(&mut f);
        self.drawn.each(source, f);
    }

    /// Keeps of each population's parts the first, for machines that hold parameters their own way: it tells the model.
    pub fn forget_parts(&mut self) {
        for Population { parts, .. } in &mut self.populations {
            parts.truncate(1);
            parts.shrink_to_fit();
        }
    }

    /// The taps of its dendrites; `None` where no neuron has more than one.
    pub fn taps(&self) -> Option<Taps> {
        Taps::new(&self.dendrites, &self.populations)
    }

    /// The longest delay [steps]; 0 where there are no synapses.
    pub fn longest_delay(&self) -> u16 {
        self.synapses.longest_delay().max(self.drawn.longest_delay())
    }

    /// The population called `name`.
    pub fn population(&self, name: &str) -> Option<&Population> {
        self.populations.iter().find(|population| population.name == name)
    }

    /// The population that `neuron` belongs to, and its position there.
    pub fn place(&self, neuron: NeuronId) -> Option<(&Population, u32)> {
        let after = self.populations.partition_point(|population| population.span.first <= neuron);
        let population = self.populations.get(after.checked_sub(1)?)?;
        population.span.position(neuron).map(|position| (population, position))
    }
}

/// The most synapses of a network that are stored: their positions are numbers of 32 bits.
pub const MOST_SYNAPSES: usize = u32::MAX as usize - 1;

/// A network in the making.
#[derive(Clone, Debug)]
pub struct NetBuilder {
    dt: Seconds,
    populations: Vec<Population>,
    neurons: u64,
    synapses: SynapseList,
    lessons: Vec<Draft>,
    recipes: Vec<Recipe>,
    dendrites: Dendrites,
}

impl NetBuilder {
    /// An empty network that advances in steps of `dt`.
    pub fn new(dt: Seconds) -> Self {
        Self {
            dt,
            populations: Vec::new(),
            neurons: 0,
            synapses: SynapseList::default(),
            lessons: Vec::new(),
            recipes: Vec::new(),
            dendrites: Dendrites::default(),
        }
    }

    /// Adds `count` equal neurons.
    pub fn population(&mut self, name: &str, model: impl Into<NeuronModel>, count: u32) -> Span {
        self.parts(name, vec![Part { model: model.into(), count }])
    }

    /// Adds neurons of one model with parameters part by part.
    pub fn parts(&mut self, name: &str, parts: Vec<Part>) -> Span {
        let len: u64 = parts.iter().map(|part| u64::from(part.count)).sum();
        // What does not fit into 32 bits is refused by `build`.
        let span = Span { first: NeuronId(self.neurons as u32), len: len as u32 };
        self.neurons += len;
        self.populations.push(Population { name: name.to_owned(), span, parts });
        span
    }

    /// Gives each neuron in `span` a dendrite with taps. Tap 0 is the first input channel; the synapses of tap `k` > 0 have
    /// the channel `c + k - 1`, for a model with `c` channels.
    pub fn dendrites(&mut self, span: Span, dendrite: Dendrite) {
        self.dendrites.add(span, dendrite);
    }

    /// The dendrites so far.
    pub(super) fn dendrites_made(&self) -> &Dendrites {
        &self.dendrites
    }

    /// Adds a synapse from `source`.
    pub fn connect(&mut self, source: NeuronId, synapse: Synapse) {
        self.synapses.push(source, synapse);
    }

    /// Adds the synapses that `recipe` gives.
    pub fn draw(&mut self, recipe: Recipe) {
        self.recipes.push(recipe);
    }

    /// Adds the synapses that `recipe` gives, and stores them; how many. They are made on all threads, and put down
    /// in their order.
    pub(super) fn store(&mut self, recipe: &Recipe) -> usize {
        /// Sources whose synapses are made in one go, and such goes before they are put down.
        const SOURCES: u32 = 256;
        const GOES: u32 = 8;
        let before = self.made();
        let len = recipe.from.len;
        let made = |go: u32| {
            let mut list = SynapseList::default();
            for source in
                (go * SOURCES..(go * SOURCES).saturating_add(SOURCES).min(len)).map(|at| recipe.from.at(at))
            {
                recipe.each(source, |synapse| list.push(source, synapse));
            }
            list
        };
        let goes = len.div_ceil(SOURCES);
        for first in (0..goes).step_by(GOES as usize) {
            let lists: Vec<_> = (first..(first + GOES).min(goes)).into_par_iter().map(made).collect();
            lists.into_iter().for_each(|list| self.synapses.append(list));
        }
        self.made() - before
    }

    /// Makes room for `more` synapses at once.
    pub fn reserve(&mut self, more: usize) {
        self.synapses.reserve(more);
    }

    /// The populations so far.
    pub(super) fn populations(&self) -> &[Population] {
        &self.populations
    }

    /// Number of synapses made so far.
    pub fn made(&self) -> usize {
        self.synapses.len()
    }

    /// Checks that the synapses from number `first` on have weights within bounds.
    ///
    /// # Errors
    /// Weights outside, and how many.
    pub(super) fn check_weights(&self, first: usize, [low, high]: [f64; 2]) -> Result<(), Problems> {
        let weights = (first..self.made()).map(|at| self.synapses.weight(at));
        let mut outside = weights.filter(|weight| !(low..=high).contains(weight));
        let Some(weight) = outside.next() else { return Ok(()) };
        let count = 1 + outside.count();
        let message =
            format!("weights start within the bounds of their rule; {count} do not, the first is {weight}");
        Err(Problem::new("", message).allowed(format!("{low} to {high}")).into())
    }

    /// Lets the synapses `made`, counted in the order in which they were made, learn by `rule`; `teacher`
    /// says whose spikes are rewards.
    pub fn learn(&mut self, rule: Rule, made: std::ops::Range<usize>, teacher: Option<Teacher>) {
        self.lessons.push(Draft { rule, teacher, made });
    }

    /// Checks and finishes the network.
    ///
    /// # Errors
    /// Too many neurons or synapses, names used twice, empty populations, parameters that a model refuses
    /// (under `populations.NAME`), synapses between absent neurons, weights that are not finite, delays of 0,
    /// inputs that the target does not have (under `synapses[i]`, in the order made; the same of recipes
    /// under `drawn[i]`), rules that are out of range or concern the same synapses (under `lessons[i]`), dendrites
    /// that are out of range or concern the same neurons (under `dendrites[i]`), neurons whose synapses are partly
    /// stored and partly drawn.
    pub fn build(self) -> Result<Net, Problems> {
        let mut problems = Problems::new();
        let fits = self.neurons < u64::from(u32::MAX) && self.synapses.len() <= MOST_SYNAPSES;
        problems.require(fits, "", || "networks end at 2^32 neurons and as many synapses".to_owned());
        self.check_populations(&mut problems);
        let before = problems.0.len();
        self.dendrites.check(&self.populations, &mut problems);
        if fits && problems.0.len() == before {
            self.check_synapses(&mut problems);
            self.check_recipes(&mut problems);
        }
        lesson::check(&self.lessons, self.neurons, self.synapses.len(), &mut problems);
        problems.into_result(())?;
        let drawn = Drawn::new(self.recipes);
        let mixed = drawn.recipes().first().and_then(|_| self.synapses.source_where(|it| drawn.has(it)));
        if let Some(neuron) = mixed {
            let message = format!(
                "neuron {neuron} has stored and procedural synapses: all that it sends are to be of one kind"
            );
            return Err(Problems::one("", message));
        }
        let (synapses, moves) = Synapses::new(self.neurons as u32, self.synapses);
        let lessons = lesson::lessons(self.lessons, &synapses, &moves);
        let Self { dt, populations, dendrites, .. } = self;
        Ok(Net { dt, populations, synapses, lessons, drawn, dendrites, relays: Vec::new() })
    }

    fn check_populations(&self, problems: &mut Problems) {
        for (i, population) in self.populations.iter().enumerate() {
            let path = format!("populations.{}", population.name);
            let is_new = !self.populations[..i].iter().any(|earlier| earlier.name == population.name);
            problems.require(is_new, &path, || "this name is used twice".to_owned());
            problems.require(population.span.len > 0, &path, || "the population is empty".to_owned());
            for Part { model, .. } in &population.parts {
                problems.absorb(&path, model.check(self.dt));
            }
        }
    }

    fn check_synapses(&self, problems: &mut Problems) {
        const MOST: usize = 20;
        let inputs = self.dendrites.inputs(&self.populations);
        let most = MOST.saturating_sub(problems.0.len());
        let wrong = self.synapses.wrong(most, |source, synapse| self.wrong_with(source, synapse, &inputs));
        let problem = |(i, message)| Problem::new(format!("synapses[{i}]"), message);
        problems.0.extend(wrong.into_iter().map(problem));
    }

    fn check_recipes(&self, problems: &mut Problems) {
        let inputs = self.dendrites.inputs(&self.populations);
        for (i, recipe) in self.recipes.iter().enumerate() {
            let weights = match recipe.weights {
                Amount::Constant(weight) => [weight, 0.0],
                Amount::Uniform(low, width) => [low, width],
                Amount::Normal(mean, deviation) => [mean, deviation],
            };
            let weight = weights.into_iter().find(|weight| !weight.is_finite()).unwrap_or(0.0);
            let shortest = match recipe.delays {
                Delays::Constant(delay) => delay,
                Delays::Uniform { low, high } => low.min(high),
            };
            let last =
                |span: Span| NeuronId((u64::from(span.first.0) + u64::from(span.len.max(1)) - 1) as u32);
            let changes = inputs.iter().map(|&(first, _)| NeuronId(first));
            let changes = changes.filter(|&first| recipe.to.position(first).is_some());
            // One target of each kind, the first that is wrong.
            let wrong = std::iter::once(last(recipe.to)).chain(changes).find_map(|target| {
                let synapse = Synapse { target, weight, delay: shortest, channel: recipe.channel };
                self.wrong_with(last(recipe.from), &synapse, &inputs)
            });
            problems.0.extend(wrong.map(|message| Problem::new(format!("drawn[{i}]"), message)));
        }
    }

    /// What is wrong with a synapse; `inputs` says from which neuron on they have how many.
    fn wrong_with(&self, source: NeuronId, synapse: &Synapse, inputs: &[(u32, usize)]) -> Option<String> {
        let is_absent = |neuron: NeuronId| u64::from(neuron.0) >= self.neurons;
        if is_absent(source) || is_absent(synapse.target) {
            return Some(format!("there are {} neurons; {source} → {}", self.neurons, synapse.target));
        }
        if !synapse.weight.is_finite() {
            return Some(format!("a weight of {} is no number to compute with", synapse.weight));
        }
        if synapse.delay == 0 {
            return Some(format!("a delay is 1 to {MAX_DELAY} steps; found 0"));
        }
        let at = inputs.partition_point(|&(first, _)| first <= synapse.target.0) - 1;
        let (has, channel) = (inputs[at].1, synapse.channel);
        (usize::from(channel) >= has).then(|| {
            let at = self.populations.partition_point(|it| it.span.first <= synapse.target) - 1;
            let Population { name, .. } = &self.populations[at];
            let (channels, taps) =
                (self.populations[at].channels(), has + 1 - self.populations[at].channels());
            match taps {
                1 => format!("`{name}` has {channels} input channels; found channel {channel}"),
                _ => format!("`{name}` has {channels} input channels and {taps} taps; found input {channel}"),
            }
        })
    }
}

impl Population {
    /// Whether its neurons emit values rather than plain spikes.
    pub fn is_graded(&self) -> bool {
        self.parts.first().is_some_and(|part| part.model.card().graded)
    }

    /// Input channels of its neurons.
    pub fn channels(&self) -> usize {
        self.parts.first().map_or(0, |part| part.model.card().inputs.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::integrate_fire::IntegrateFire;
    use crate::neuron::source_poisson::SourcePoisson;

    const DT: Seconds = Seconds(1e-3);

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let mut net = NetBuilder::new(DT);
        let cells = net.population("cells", IntegrateFire { threshold: f64::NAN, ..Default::default() }, 2);
        let noise = net.population("noise", SourcePoisson::default(), 1);
        net.population("cells", IntegrateFire::default(), 0);
        let synapse = Synapse { target: cells.at(1), weight: 1.0, delay: 1, channel: 0 };
        net.connect(noise.at(0), synapse);
        net.connect(noise.at(0), Synapse { target: NeuronId(3), ..synapse });
        net.connect(noise.at(0), Synapse { weight: f64::INFINITY, ..synapse });
        net.connect(noise.at(0), Synapse { delay: 0, ..synapse });
        net.connect(noise.at(0), Synapse { channel: 1, ..synapse });
        net.connect(noise.at(0), Synapse { target: noise.at(0), ..synapse });
        let found = net.build().unwrap_err().to_string();
        for expected in [
            "populations.cells.threshold: is not a finite number",
            "populations.cells: this name is used twice",
            "populations.cells: the population is empty",
            "synapses[1]: there are 3 neurons; 2 → 3",
            "synapses[2]: a weight of inf",
            "synapses[3]: a delay is 1 to 65535 steps; found 0",
            "synapses[4]: `cells` has 1 input channels; found channel 1",
            "synapses[5]: `noise` has 0 input channels; found channel 0",
        ] {
            assert!(found.contains(expected), "{expected}\nis not in\n{found}");
        }
    }

    #[test]
    fn neurons_know_their_population() {
        let mut net = NetBuilder::new(DT);
        net.population("a", IntegrateFire::default(), 3);
        net.population("b", IntegrateFire::default(), 2);
        let net = net.build().unwrap();
        let place = |neuron| net.place(NeuronId(neuron)).map(|(it, at)| (it.name.as_str(), at));
        assert_eq!([2, 3, 4, 5].map(place), [Some(("a", 2)), Some(("b", 0)), Some(("b", 1)), None]);
    }

    #[test]
    fn inputs_end_behind_the_last_tap() {
        let mut net = NetBuilder::new(DT);
        let cells = net.population("cells", IntegrateFire::default(), 3);
        let taps = |taps| Dendrite {
            decay: vec![0.5; taps],
            exchange: vec![0.1; taps - 1],
            read: Default::default(),
        };
        net.dendrites(Span { first: cells.at(1), len: 1 }, taps(3));
        let to = |target, channel| Synapse { target: cells.at(target), weight: 1.0, delay: 1, channel };
        let synapses = [to(1, 2), to(1, 3), to(0, 1), to(2, 1)];
        synapses.into_iter().for_each(|synapse| net.connect(cells.at(0), synapse));
        let found = net.clone().build().unwrap_err().to_string();
        let expected = "synapses[1]: `cells` has 1 input channels and 3 taps; found input 3\n\
                        synapses[2]: `cells` has 1 input channels; found channel 1\n\
                        synapses[3]: `cells` has 1 input channels; found channel 1";
        assert_eq!(found, expected);
        net.dendrites(cells, taps(1));
        net.dendrites(Span { first: cells.at(2), len: 2 }, taps(1));
        let found = net.build().unwrap_err().to_string();
        let expected = "dendrites[1]: neuron 1 has a dendrite already\n\
                        dendrites[2]: neuron 2 has a dendrite already";
        assert!(found.contains(expected), "{found}");
        assert!(found.contains("dendrites[2]: these are no neurons of one population"), "{found}");
    }
}
