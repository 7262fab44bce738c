//! From a description to a network.

use std::io;

use super::draw::{Dice, Use, successes};
use super::lists::{self, Row};
use super::params::{Delays, NetworkParams, Pattern, PopulationParams, ProjectionParams, Weights};
use super::select::Selection;
use crate::base::random::Stream;
use crate::base::{NeuronId, Problem, Problems};
use crate::network::{Net, NetBuilder, Part, Population, Span, Synapse};

/// Gives the content of a file that a description names.
pub type Files<'a> = &'a dyn Fn(&str) -> io::Result<Vec<u8>>;

/// Neurons that are to sit on a core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Which neurons.
    pub neurons: Selection,
    /// Their core.
    pub core: u32,
    /// The granule that was asked for.
    pub granule: Option<String>,
}

/// A description that has been read.
#[derive(Clone, Debug)]
pub struct Described {
    /// The network.
    pub net: Net,
    /// The mapping that was asked for; empty if none was.
    pub seats: Vec<Seat>,
}

impl NetworkParams {
    /// Makes the network. Random draws depend on `seed`.
    ///
    /// # Errors
    /// Everything that is wrong with it, by its path relative to `network`.
    pub fn compile(&self, files: Files<'_>, seed: u64) -> Result<Described, Problems> {
        let mut problems = Problems::new();
        let mut builder = NetBuilder::new(self.dt);
        let mut populations: Vec<Population> = Vec::new();
        for (i, population) in self.populations.iter().enumerate() {
            let parts = problems.absorb(&format!("populations[{i}]"), population.parts());
            let parts = parts
                .unwrap_or_else(|| vec![Part { model: population.model.clone(), count: population.neurons }]);
            let span = builder.parts(&population.name, parts.clone());
            populations.push(Population { name: population.name.clone(), span, parts });
        }
        problems.require(!populations.is_empty(), "populations", || "there is no neuron".into());
        for (i, projection) in self.projections.iter().enumerate() {
            let dice = Dice { seed, projection: i as u32 };
            let made = projection.make(&populations, files, dice, &mut builder);
            problems.absorb(&format!("projections[{i}]"), made);
        }
        let seats = self.seats(&populations, &mut problems);
        problems.into_result(())?;
        Ok(Described { net: builder.build()?, seats })
    }

    /// Checks what can be checked without making the synapses.
    ///
    /// # Errors
    /// Populations and projections that are wrong by themselves, by their path relative to `network`.
    pub fn check(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.require(self.dt.0 > 0.0, "dt", || "a step takes some time".into());
        for (i, population) in self.populations.iter().enumerate() {
            let path = format!("populations[{i}]");
            problems.require(population.neurons > 0, &format!("{path}.neurons"), || {
                "the population is empty".into()
            });
            problems.absorb(&path, population.parts());
        }
        for (i, projection) in self.projections.iter().enumerate() {
            let Some(plasticity) = &projection.plasticity else { continue };
            problems.absorb(&format!("projections[{i}].plasticity"), plasticity.check());
        }
        problems.into_result(())
    }

    fn seats(&self, populations: &[Population], problems: &mut Problems) -> Vec<Seat> {
        let mut seats = Vec::with_capacity(self.mapping.len());
        let mut count = vec![0u32; populations.iter().map(|it| it.span.len as usize).sum()];
        for (i, seat) in self.mapping.iter().enumerate() {
            let path = format!("mapping[{i}].neurons");
            let Some(neurons) = problems.absorb(&path, Selection::read(&seat.neurons, populations)) else {
                continue;
            };
            neurons.span.iter().for_each(|neuron| count[neuron.index()] += 1);
            seats.push(Seat { neurons, core: seat.core, granule: seat.granule.clone() });
        }
        if let (false, Some(wrong)) = (seats.is_empty(), count.iter().position(|&count| count != 1)) {
            let times = count[wrong];
            let message =
                format!("neuron {wrong} is placed {times} times; all are to be placed once, or none");
            problems.push(Problem::new("mapping", message));
        }
        seats
    }
}

impl PopulationParams {
    /// The population's parts.
    fn parts(&self) -> Result<Vec<Part>, Problems> {
        if !self.values.is_empty() {
            let mut problems = Problems::new();
            problems.require(self.parts.is_empty(), "values", || {
                "parameters by neuron do not go with `parts`".into()
            });
            let split = problems.absorb("values", self.model.with_columns(self.neurons, &self.values));
            let parts = split.unwrap_or_default().into_iter().map(|(model, count)| Part { model, count });
            return problems.into_result(parts.collect());
        }
        let mut problems = Problems::new();
        let mut own: Vec<Option<usize>> =
            vec![None; if self.parts.is_empty() { 0 } else { self.neurons as usize }];
        for (i, part) in self.parts.iter().enumerate() {
            let [first, last] = part.neurons;
            let path = format!("parts[{i}].neurons");
            problems.require(first <= last && last < self.neurons, &path, || {
                format!(
                    "the population has neurons 0 to {}; found {first} to {last}",
                    i64::from(self.neurons) - 1
                )
            });
            let same = part.model.name() == self.model.name();
            problems.require(same, &format!("parts[{i}].model"), || {
                format!(
                    "a population has one model, here `{}`; found `{}`",
                    self.model.name(),
                    part.model.name()
                )
            });
            own.iter_mut().take(last as usize + 1).skip(first as usize).for_each(|own| *own = Some(i));
        }
        problems.into_result(())?;
        if self.parts.is_empty() {
            return Ok(vec![Part { model: self.model.clone(), count: self.neurons }]);
        }
        let model = |part: Option<usize>| part.map_or(&self.model, |i| &self.parts[i].model).clone();
        let runs = own.chunk_by(|a, b| a == b);
        Ok(runs.map(|run| Part { model: model(run[0]), count: run.len() as u32 }).collect())
    }
}

/// The two ends of a projection.
#[derive(Clone, Copy)]
struct Ends {
    from: Span,
    to: Span,
}

impl ProjectionParams {
    fn make(
        &self,
        populations: &[Population],
        files: Files<'_>,
        dice: Dice,
        builder: &mut NetBuilder,
    ) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let from = problems.absorb("from", Selection::read(&self.from, populations));
        let to = problems.absorb("to", Selection::read(&self.to, populations));
        let weights = problems.absorb("weights", Values::read(&self.weights, files));
        let lesson = self.plasticity.as_ref().map(|plasticity| {
            problems.absorb("plasticity", plasticity.check().and_then(|()| plasticity.teacher(populations)))
        });
        self.check_delays(&mut problems);
        let (Some(from), Some(to), Some(weights)) = (from, to, weights) else { return Err(problems) };
        problems.into_result(())?;
        let ends = Ends { from: from.span, to: to.span };
        let first = builder.made();
        let mut maker = Maker {
            builder,
            ends,
            weights,
            delays: self.delays.clone(),
            channel: self.channel,
            dice,
            made: 0,
            drawn: None,
        };
        maker.pattern(&self.pattern, files).map_err(|problems| problems.under("pattern"))?;
        maker.check_count().map_err(|problems| problems.under("weights"))?;
        if let (Some(plasticity), Some(Some(teacher))) = (&self.plasticity, lesson) {
            builder.learn(plasticity.rule.clone(), first..builder.made(), teacher);
        }
        Ok(())
    }

    fn check_delays(&self, problems: &mut Problems) {
        let (low, high) = match self.delays {
            Delays::Constant(delay) => (delay, delay),
            Delays::Uniform { low, high } => (low, high),
        };
        problems.require(1 <= low && low <= high, "delays", || {
            "delays are 1 step or more, the least first".into()
        });
    }
}

/// Weights, read.
enum Values {
    Constant(f64),
    List(Vec<f64>),
    Uniform(f64, f64),
    Normal(f64, f64),
}

impl Values {
    fn read(weights: &Weights, files: Files<'_>) -> Result<Self, Problems> {
        Ok(match weights {
            Weights::Constant(weight) => Self::Constant(*weight),
            Weights::Values(values) => Self::List(values.clone()),
            Weights::File(name) => Self::List(lists::numbers(&read(files, name)?)?),
            Weights::Uniform { low, high } => Self::Uniform(*low, high - low),
            Weights::Normal { mean, deviation } => Self::Normal(*mean, *deviation),
        })
    }
}

fn read(files: Files<'_>, name: &str) -> Result<Vec<u8>, Problems> {
    files(name).map_err(|error| Problems::one("", format!("`{name}` cannot be read: {error}")))
}

/// Makes the synapses of one projection.
struct Maker<'a> {
    builder: &'a mut NetBuilder,
    ends: Ends,
    weights: Values,
    delays: Delays,
    channel: u8,
    dice: Dice,
    /// Synapses so far.
    made: usize,
    /// The source that weights and delays are drawn for.
    drawn: Option<(u32, Stream, Stream)>,
}

impl Maker<'_> {
    fn pattern(&mut self, pattern: &Pattern, files: Files<'_>) -> Result<(), Problems> {
        let Ends { from, to } = self.ends;
        match pattern {
            Pattern::OneToOne => {
                if from.len != to.len {
                    return Err(Problems::one(
                        "",
                        format!("{} sources are not as many as {} targets", from.len, to.len),
                    ));
                }
                (0..from.len).for_each(|i| self.join(i, i));
            }
            Pattern::AllToAll { itself } => {
                self.builder.reserve(from.len as usize * to.len as usize);
                for source in 0..from.len {
                    (0..to.len)
                        .filter(|&target| *itself || !self.is_same(source, target))
                        .collect::<Vec<_>>()
                        .into_iter()
                        .for_each(|target| self.join(source, target));
                }
            }
            Pattern::Probability { probability, itself } => {
                check_share(*probability, "probability")?;
                for source in 0..from.len {
                    let found = successes(&mut self.dice.stream(source, Use::Pairs), to.len, *probability);
                    for target in found {
                        if *itself || !self.is_same(source, target) {
                            self.join(source, target);
                        }
                    }
                }
            }
            Pattern::FanIn { count } => self.fan_in(*count),
            Pattern::FanOut { count } => {
                for source in 0..from.len {
                    let mut draw = self.dice.stream(source, Use::Pairs);
                    (0..*count).for_each(|_| self.join(source, draw.below(to.len)));
                }
            }
            Pattern::Distance { width, peak, radius, reach } => {
                check_share(*peak, "peak")?;
                let mut problems = Problems::new();
                problems.require(*width > 0, "width", || "a grid has at least one column".into());
                problems.require(*radius > 0.0, "radius", || format!("{radius} is out of range"));
                problems.require(*reach >= 0.0, "reach", || format!("{reach} is out of range"));
                problems.into_result(())?;
                self.distance(*width, *peak, *radius, *reach);
            }
            Pattern::Convolution(convolution) => {
                let mut problems = Problems::new();
                convolution.check(from.len, to.len, &mut problems);
                problems.into_result(())?;
                if let Values::List(list) = &self.weights {
                    let wants = convolution.weights();
                    if list.len() as u64 != wants {
                        let message = format!("the filters have {wants} weights; {} were given", list.len());
                        return Err(Problems::one("", message));
                    }
                }
                let mut synapses = Vec::new();
                convolution.each(|source, target, weight| synapses.push((source, target, weight as u32)));
                self.builder.reserve(synapses.len());
                for (source, target, weight) in synapses {
                    self.join_with(source, target, weight as usize);
                }
                // Filters are as many as they are to be; not one per synapse.
                self.made = convolution.weights() as usize;
            }
            Pattern::List { file } => {
                self.rows(&lists::csv(&read(files, file)?).map_err(|wrong| wrong.under(file))?)?
            }
            Pattern::Matrix { file } => {
                self.rows(&lists::matrix(&read(files, file)?).map_err(|wrong| wrong.under(file))?)?;
            }
        }
        Ok(())
    }

    fn is_same(&self, source: u32, target: u32) -> bool {
        self.ends.from.at(source) == self.ends.to.at(target)
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

    fn distance(&mut self, width: u32, peak: f64, radius: f64, reach: f64) {
        let Ends { from, to } = self.ends;
        let around = reach.min(f64::from(u32::MAX)) as u32;
        for source in 0..from.len {
            let mut draw = self.dice.stream(source, Use::Pairs);
            let (x, y) = (source % width, source / width);
            for to_y in y.saturating_sub(around)..=y.saturating_add(around).min((to.len - 1) / width) {
                for to_x in x.saturating_sub(around)..=x.saturating_add(around).min(width - 1) {
                    let target = to_y as u64 * u64::from(width) + u64::from(to_x);
                    let (dx, dy) = (f64::from(to_x.abs_diff(x)), f64::from(to_y.abs_diff(y)));
                    let distance = dx.hypot(dy);
                    let probability = peak * (-0.5 * (distance / radius).powi(2)).exp();
                    if distance <= reach && target < to.len.into() && draw.unit() < probability {
                        self.join(source, target as u32);
                    }
                }
            }
        }
    }

    fn rows(&mut self, rows: &[Row]) -> Result<(), Problems> {
        let Ends { from, to } = self.ends;
        self.builder.reserve(rows.len());
        for (i, row) in rows.iter().enumerate() {
            if row.source >= from.len || row.target >= to.len {
                let message = format!("synapse {} is {} → {}", i + 1, row.source, row.target);
                let allowed = format!("0..{} → 0..{}", from.len - 1, to.len - 1);
                return Err(Problem::new("", message).allowed(allowed).into());
            }
            let mut synapse = self.synapse(row.source, row.target, self.made);
            synapse.weight = row.weight.unwrap_or(synapse.weight);
            synapse.delay = row.delay.unwrap_or(synapse.delay);
            self.made += 1;
            self.builder.connect(from.at(row.source), synapse);
        }
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
        if self.drawn.as_ref().is_none_or(|&(drawn, ..)| drawn != source) {
            let stream = |purpose| self.dice.stream(source, purpose);
            self.drawn = Some((source, stream(Use::Weights), stream(Use::Delays)));
        }
        let target: NeuronId = self.ends.to.at(target);
        let (mut weight, mut delay) = (0.0, 1);
        if let Some((_, weights, delays)) = &mut self.drawn {
            weight = match &self.weights {
                Values::Constant(weight) => *weight,
                Values::List(list) => list.get(index).copied().unwrap_or(0.0),
                Values::Uniform(low, width) => low + width * weights.unit(),
                Values::Normal(mean, deviation) => mean + deviation * weights.normal(),
            };
            delay = match self.delays {
                Delays::Constant(delay) => delay,
                Delays::Uniform { low, high } => low + delays.below(u32::from(high - low) + 1) as u16,
            };
        }
        Synapse { target, weight, delay, channel: self.channel }
    }

    fn check_count(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        if let Values::List(list) = &self.weights {
            problems.require(list.len() == self.made, "", || {
                format!("{} weights were given for {} synapses", list.len(), self.made)
            });
        }
        problems.into_result(())
    }
}

fn check_share(share: f64, path: &str) -> Result<(), Problems> {
    let mut problems = Problems::new();
    problems.require((0.0..=1.0).contains(&share), path, || format!("{share} is not between 0 and 1"));
    problems.into_result(())
}
