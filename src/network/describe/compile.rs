//! From a description to a network.

use std::io::{self, Read};

use super::lists::{self, Row, Take, Unread};
use super::params::{
    Delays, NetworkParams, Pattern, PlasticityParams, PopulationParams, ProjectionParams, SeatParams, Weights,
};
use super::scheme::{check_room, scheme};
use super::seats::{Described, read_seats};
use super::select::Selection;
use super::tap;
use crate::base::{NeuronId, Problem, Problems};
use crate::network::draw::{Dice, Use};
use crate::network::drawn::{Amount, Recipe, Scheme, Values};
use crate::network::{NetBuilder, Population, Span, Synapse};

/// Opens a file that a description names.
pub type Files<'a> = &'a dyn Fn(&str) -> io::Result<Box<dyn Read>>;

/// The most neurons that a description may ask for: more would not fit any machine, and what they need is asked for before
/// it is known whether they fit the chip.
const MOST_NEURONS: u32 = 1 << 28;

impl NetworkParams {
    /// Makes the network. Random draws depend on `seed`.
    ///
    /// # Errors
    /// Everything that is wrong with it, by its path relative to `network`.
    pub fn compile(&self, files: Files<'_>, seed: u64) -> Result<Described, Problems> {
        self.compile_seats(&self.mapping, files, seed)
    }

    /// The same with seats of its own.
    pub(super) fn compile_seats(
        &self,
        seats: &[SeatParams],
        files: Files<'_>,
        seed: u64,
    ) -> Result<Described, Problems> {
        let mut problems = Problems::new();
        let mut builder = NetBuilder::new(self.dt);
        for (i, population) in self.populations.iter().enumerate() {
            let parts = problems.absorb(&format!("populations[{i}]"), population.read_parts(files));
            let Some(parts) = parts else {
                builder.population(&population.name, population.model.clone(), population.neurons);
                continue;
            };
            let span = builder.parts(&population.name, parts);
            for (first, len, dendrite) in population.dendrites() {
                builder.dendrites(Span { first: NeuronId(span.first.0 + first), len }, dendrite);
            }
        }
        problems.require(!self.populations.is_empty(), "populations", || "there is no neuron".into());
        for (i, projection) in self.projections.iter().enumerate() {
            let dice = Dice { seed, projection: i as u32 };
            let made = projection.make(files, dice, &mut builder);
            problems.absorb(&format!("projections[{i}]"), made);
        }
        let seats = problems.absorb("", read_seats(seats, builder.populations())).unwrap_or_default();
        problems.into_result(())?;
        Ok(Described { net: builder.build()?, seats })
    }

    /// The populations by their names and neurons alone.
    fn spans(&self) -> Vec<Population> {
        let mut first = NeuronId(0);
        let span = |population: &PopulationParams| {
            let span = Span { first, len: population.neurons };
            first.0 = first.0.saturating_add(span.len);
            Population { name: population.name.clone(), span, parts: Vec::new() }
        };
        self.populations.iter().map(span).collect()
    }

    /// Checks what can be checked without making the synapses.
    ///
    /// # Errors
    /// Populations and projections that are wrong by themselves, by their path relative to `network`.
    pub fn check(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.require(self.dt.0 > 0.0, "dt", || "a step takes some time".into());
        let mut room = MOST_NEURONS;
        for (i, population) in self.populations.iter().enumerate() {
            let path = format!("populations[{i}]");
            problems.require(population.neurons > 0, &format!("{path}.neurons"), || {
                "the population is empty".into()
            });
            match room.checked_sub(population.neurons) {
                Some(left) => room = left,
                None => {
                    let message = format!("{} neurons are too many", population.neurons);
                    let allowed = format!("up to {room} here, and {MOST_NEURONS} in all");
                    problems.push(Problem::new(format!("{path}.neurons"), message).allowed(allowed));
                    // The parts of it would be made.
                    continue;
                }
            }
            problems.absorb(&path, population.parts());
        }
        let spans = self.spans();
        for (i, projection) in self.projections.iter().enumerate() {
            let path = format!("projections[{i}]");
            problems.absorb(&path, projection.check());
            for (end, name) in [("from", &projection.from), ("to", &projection.to)] {
                problems.absorb(&format!("{path}.{end}"), Selection::read(name, &spans));
            }
        }
        problems.into_result(())
    }
}

/// The two ends of a projection.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    pub from: Span,
    pub to: Span,
}

impl ProjectionParams {
    /// Checks what can be checked without the populations.
    fn check(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("weights", self.weights.check());
        problems.absorb("delays", self.delays.check());
        problems.absorb("plasticity", self.plasticity.as_ref().map_or(Ok(()), PlasticityParams::check));
        problems.require(!self.procedural || self.plasticity.is_none(), "procedural", || {
            "synapses that learn have to be stored".into()
        });
        problems.into_result(())
    }

    fn make(&self, files: Files<'_>, dice: Dice, builder: &mut NetBuilder) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("", self.check());
        let populations = builder.populations();
        let from = problems.absorb("from", Selection::read(&self.from, populations));
        let to = problems.absorb("to", Selection::read(&self.to, populations));
        let weights = problems.absorb("weights", Given::read(&self.weights, files));
        let lesson = self
            .plasticity
            .as_ref()
            .map(|plasticity| problems.absorb("plasticity", plasticity.teacher(populations)));
        let (Some(from), Some(to), Some(weights)) = (from, to, weights) else { return Err(problems) };
        let channel = problems.absorb("", self.input(to.span, builder)).unwrap_or(0);
        problems.into_result(())?;
        let ends = Ends { from: from.span, to: to.span };
        let first = builder.made();
        if self.procedural {
            builder.draw(self.recipe(ends, (weights, channel), dice)?);
            return Ok(());
        }
        let mut maker = Maker {
            builder,
            ends,
            weights,
            delays: self.delays.clone(),
            channel,
            tap: self.tap,
            dice,
            made: 0,
            drawn: None,
            says: Says::default(),
        };
        maker.pattern(&self.pattern, files).map_err(|problems| problems.under("pattern"))?;
        let says = maker.says;
        let mut problems = Problems::new();
        if says.weights && !self.weights.is_default() {
            problems.push(Problem::new("weights", "the file of the pattern says the weights already"));
        } else {
            problems.absorb("weights", maker.check_count());
        }
        problems.require(!says.delays || self.delays.is_default(), "delays", || {
            "the file of the pattern says the delays already".into()
        });
        problems.require(!says.taps || self.tap == 0, "tap", || {
            "the file of the pattern says the taps already".into()
        });
        problems.into_result(())?;
        if let (Some(plasticity), Some(Some(teacher))) = (&self.plasticity, lesson) {
            builder.check_weights(first, plasticity.rule.bounds()).map_err(|it| it.under("weights"))?;
            builder.learn(plasticity.rule.clone(), first..builder.made(), teacher);
        }
        Ok(())
    }

    /// The projection as a recipe.
    fn recipe(
        &self,
        Ends { from, to }: Ends,
        (weights, channel): (Given, u8),
        dice: Dice,
    ) -> Result<Recipe, Problems> {
        let mut problems = Problems::new();
        let scheme = scheme(&self.pattern, Ends { from, to }).map_err(|problems| problems.under("pattern"));
        let scheme = problems.absorb("", scheme).flatten();
        if scheme.is_none() && problems.0.is_empty() {
            let message = "synapses of this pattern cannot be drawn source by source, and have to be stored";
            let problem = Problem::new("procedural", message);
            problems.push(problem.allowed("one-to-one, all-to-all, probability, fan-out, distance"));
        }
        let weights = match weights {
            Given::Drawn(amount) => Some(amount),
            Given::List(_) => None,
        };
        problems.require(weights.is_some(), "weights", || {
            "weights from a list have to be stored; procedural ones are constant or drawn".into()
        });
        problems.into_result(())?;
        let (Some(scheme), Some(weights)) = (scheme, weights) else { return Err(Problems::new()) };
        Ok(Recipe { from, to, scheme, weights, delays: self.delays.clone(), channel, dice })
    }
}

impl Weights {
    /// Checks what is drawn from. Numbers that are not finite are found in the synapses.
    fn check(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        match *self {
            Self::Uniform { low, high } => problems.require(low <= high, "uniform", || {
                format!("the least weight comes first; found {low} to {high}")
            }),
            Self::Normal { deviation, .. } => problems.require(deviation >= 0.0, "normal.deviation", || {
                format!("a standard deviation is 0 or more; found {deviation}")
            }),
            Self::Constant(_) | Self::Values(_) | Self::File(_) => {}
        }
        problems.into_result(())
    }
}

impl Delays {
    /// Checks what is drawn from.
    fn check(&self) -> Result<(), Problems> {
        let (low, high) = match *self {
            Self::Constant(delay) => (delay, delay),
            Self::Uniform { low, high } => (low, high),
        };
        let mut problems = Problems::new();
        problems.require(1 <= low && low <= high, "", || "delays are 1 step or more, the least first".into());
        problems.into_result(())
    }
}

/// Weights, read.
enum Given {
    Drawn(Amount),
    List(Vec<f64>),
}

impl Given {
    fn read(weights: &Weights, files: Files<'_>) -> Result<Self, Problems> {
        Ok(match weights {
            Weights::Constant(weight) => Self::Drawn(Amount::Constant(*weight)),
            Weights::Values(values) => Self::List(values.clone()),
            Weights::File(name) => Self::List(read((files, name), lists::numbers)?),
            Weights::Uniform { low, high } => Self::Drawn(Amount::Uniform(*low, high - low)),
            Weights::Normal { mean, deviation } => Self::Drawn(Amount::Normal(*mean, *deviation)),
        })
    }
}

/// What `parse` makes of a file.
pub(super) fn read<T>(
    (files, file): (Files<'_>, &str),
    parse: impl FnOnce(&str, Box<dyn Read>) -> Result<T, Unread>,
) -> Result<T, Problems> {
    let read = files(file).map_err(Unread::from).and_then(|input| parse(file, input));
    read.map_err(|unread| match unread {
        Unread::Broken(error) => Problems::one("", format!("`{file}` cannot be read: {error}")),
        Unread::Wrong(problems) => problems,
    })
}

/// Makes the synapses of one projection.
struct Maker<'a> {
    builder: &'a mut NetBuilder,
    ends: Ends,
    weights: Given,
    delays: Delays,
    /// The input of the targets, and the tap that this is.
    channel: u8,
    tap: u8,
    dice: Dice,
    /// Synapses so far.
    made: usize,
    /// The source that weights and delays are drawn for.
    drawn: Option<(u32, Values)>,
    /// What the file of the pattern says of its synapses.
    says: Says,
}

/// What a list says of its synapses.
#[derive(Clone, Copy, Default)]
struct Says {
    weights: bool,
    delays: bool,
    taps: bool,
}

impl Maker<'_> {
    fn pattern(&mut self, pattern: &Pattern, files: Files<'_>) -> Result<(), Problems> {
        let scheme = scheme(pattern, self.ends)?;
        if let Pattern::Convolution(convolution) = pattern {
            convolution.check(self.ends.from.len, self.ends.to.len)?;
        }
        check_room(self.wanted(pattern), self.builder.made())?;
        if let Some(scheme) = scheme {
            if let Scheme::AllToAll { .. } = scheme {
                self.builder.reserve(self.ends.from.len as usize * self.ends.to.len as usize);
            }
            self.by_recipe(scheme);
            return Ok(());
        }
        let Ends { from, to } = self.ends;
        match pattern {
            Pattern::FanIn { count } => self.fan_in(*count),
            Pattern::Convolution(convolution) => {
                if let Given::List(list) = &self.weights {
                    let wants = convolution.weights();
                    if list.len() as u64 != wants {
                        let message = format!("the filters have {wants} weights; {} were given", list.len());
                        return Err(Problems::one("", message));
                    }
                }
                convolution.each(|source, target, weight| self.join_with(source, target, weight));
                // Filters are as many as they are to be; not one per synapse.
                self.made = convolution.weights() as usize;
            }
            Pattern::List { file } => self.rows((files, file), lists::csv)?,
            Pattern::Matrix { file } => {
                let matrix =
                    |file: &str, input, take: Take<'_>| lists::matrix(file, input, [from.len, to.len], take);
                self.rows((files, file), matrix)?;
            }
            Pattern::OneToOne
            | Pattern::AllToAll { .. }
            | Pattern::Probability { .. }
            | Pattern::FanOut { .. }
            | Pattern::Distance { .. } => {}
        }
        Ok(())
    }

    /// How many synapses a pattern has, as far as that is known before they are made.
    fn wanted(&self, pattern: &Pattern) -> u128 {
        let Ends { from, to } = self.ends;
        let product = |a: u32, b: u32| u128::from(a) * u128::from(b);
        match pattern {
            Pattern::FanIn { count } => product(*count, to.len),
            Pattern::FanOut { count } => product(*count, from.len),
            Pattern::AllToAll { itself: true } => product(from.len, to.len),
            // At most one for each source: none to itself.
            Pattern::AllToAll { itself: false } => product(from.len, to.len).saturating_sub(from.len.into()),
            Pattern::Probability { probability, .. } => {
                let pairs = product(from.len, to.len).saturating_sub(from.len.into());
                let mean = pairs as f64 * probability;
                // Six standard deviations below it: fewer are not drawn.
                (mean - 6.0 * mean.sqrt()) as u128
            }
            Pattern::Convolution(convolution) => convolution.synapses(),
            Pattern::OneToOne | Pattern::Distance { .. } | Pattern::List { .. } | Pattern::Matrix { .. } => 0,
        }
    }

    /// The synapses of a pattern that can be made source by source.
    fn by_recipe(&mut self, scheme: Scheme) {
        let Ends { from, to } = self.ends;
        let (delays, channel, dice) = (self.delays.clone(), self.channel, self.dice);
        let weights = match &self.weights {
            Given::Drawn(amount) => *amount,
            Given::List(_) => Amount::Constant(0.0),
        };
        let recipe = Recipe { from, to, scheme, weights, delays, channel, dice };
        match &self.weights {
            Given::Drawn(_) => self.made += self.builder.store(&recipe),
            Given::List(_) => {
                (0..from.len).for_each(|source| recipe.targets(source, |target| self.join(source, target)))
            }
        }
    }

    fn fan_in(&mut self, count: u32) {
        let Ends { from, to } = self.ends;
        let mut targets: Vec<Vec<u32>> = vec![Vec::new(); from.len as usize];
        for target in 0..to.len {
            let mut draw = self.dice.stream(target, Use::Pairs);
            (0..count).for_each(|_| targets[draw.below(from.len) as usize].push(target));
        }
        for (source, targets) in targets.into_iter().enumerate() {
            targets.into_iter().for_each(|target| self.join(source as u32, target));
        }
    }

    /// The synapses that `parse` finds in `file`.
    fn rows(
        &mut self,
        (files, file): (Files<'_>, &str),
        parse: impl FnOnce(&str, Box<dyn Read>, Take<'_>) -> Result<(), Unread>,
    ) -> Result<(), Problems> {
        read((files, file), |file, input| parse(file, input, &mut |row| self.row(row)))
    }

    fn row(&mut self, row: Row) -> Result<(), Problem> {
        let Ends { from, to } = self.ends;
        if row.source >= from.len || row.target >= to.len {
            let message = format!("there is no such synapse as {} → {}", row.source, row.target);
            let last = |span: Span| i64::from(span.len) - 1;
            return Err(Problem::new("", message).allowed(format!("0..{} → 0..{}", last(from), last(to))));
        }
        self.says.weights |= row.weight.is_some();
        self.says.delays |= row.delay.is_some();
        self.says.taps |= row.tap.is_some();
        let mut synapse = self.synapse(row.source, row.target, self.made);
        synapse.weight = row.weight.unwrap_or(synapse.weight);
        synapse.delay = row.delay.unwrap_or(synapse.delay);
        if let Some(tap) = row.tap {
            let target = Span { first: synapse.target, len: 1 };
            let channel = if self.tap == 0 { self.channel } else { 0 };
            synapse.channel = tap::input(tap, channel, target, self.builder)?;
        }
        self.made += 1;
        self.builder.connect(from.at(row.source), synapse);
        Ok(())
    }

    fn join(&mut self, source: u32, target: u32) {
        self.join_with(source, target, self.made);
    }

    fn join_with(&mut self, source: u32, target: u32, weight: usize) {
        let synapse = self.synapse(source, target, weight);
        self.made += 1;
        self.builder.connect(self.ends.from.at(source), synapse);
    }

    /// The next synapse, with the weight at `index` of a list.
    fn synapse(&mut self, source: u32, target: u32, index: usize) -> Synapse {
        let amount = match &self.weights {
            Given::Drawn(amount) => *amount,
            Given::List(list) => Amount::Constant(list.get(index).copied().unwrap_or(0.0)),
        };
        let (delays, dice) = (&self.delays, self.dice);
        let is_new = self.drawn.as_ref().is_none_or(|&(drawn, _)| drawn != source);
        let fresh = is_new.then(|| (source, Values::new(amount, delays, dice, source)));
        if fresh.is_some() {
            self.drawn = fresh;
        }
        let target: NeuronId = self.ends.to.at(target);
        let (mut weight, mut delay) = (0.0, 1);
        if let Some((_, values)) = &mut self.drawn {
            weight = if let Amount::Constant(weight) = amount { weight } else { values.weight() };
            delay = values.delay();
        }
        Synapse { target, weight, delay, channel: self.channel }
    }

    fn check_count(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        if let Given::List(list) = &self.weights {
            problems.require(list.len() == self.made, "", || {
                format!("{} weights were given for {} synapses", list.len(), self.made)
            });
        }
        problems.into_result(())
    }
}
