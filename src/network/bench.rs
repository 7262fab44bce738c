//! A machine without a chip: every spike arrives exactly when its synapse says. The plainest way to run a
//! network, and the yardstick for chips: one with a barrier per step must fire the same spikes.

use std::collections::VecDeque;

use super::dendrites::Taps;
use super::lesson::Lesson;
use super::machine::{Activity, Halt, Machine};
use super::net::Net;
use super::synapses::Synapse;
use crate::base::{NeuronId, Problems};
use crate::neuron::{Bank, Ids, NO_INPUT, StepInput, StepOutput};
use crate::synapse::plasticity::{Learning, LearningEvents, Rule};

/// What arrives in one step: an accumulator per neuron and channel, and one per tap of a dendrite but those at somas.
#[derive(Clone, Debug)]
struct Arrivals {
    channels: [Vec<f64>; 2],
    taps: Vec<f64>,
    any: bool,
}

impl Arrivals {
    fn new(neurons: u32, taps: usize) -> Self {
        let none = vec![NO_INPUT; neurons as usize];
        Self { channels: [none.clone(), none], taps: vec![NO_INPUT; taps], any: false }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.any) {
            self.channels.iter_mut().chain([&mut self.taps]).for_each(|inputs| inputs.fill(NO_INPUT));
        }
    }
}

/// A network with nothing around it.
///
/// ```
/// use spikeloom::base::unit::Seconds;
/// use spikeloom::network::{Bench, Machine, NetBuilder, Synapse};
/// use spikeloom::neuron::NeuronModel;
///
/// let model: NeuronModel = serde_json::from_str(r#"{"lif": {"threshold": 1.0}}"#)?;
/// let mut net = NetBuilder::new(Seconds(1e-3));
/// let (first, last) = (net.population("first", model.clone(), 1).first, net.population("last", model, 1).first);
/// net.connect(first, Synapse { target: last, weight: 1000.0, delay: 2, channel: 0 });
/// let mut bench = Bench::new(net.build()?, 1)?;
/// bench.poke(first, 1000.0);
/// let mut fired = Vec::new();
/// for step in 1..=4 {
///     bench.step().expect("nothing halts a bench");
///     fired.extend(bench.fired().iter().map(|neuron| (step, *neuron)));
/// }
/// assert_eq!(fired, [(1, first), (3, last)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bench {
    net: Net,
    seed: u64,
    step: u64,
    /// One per population.
    banks: Vec<Bank>,
    /// By steps from now: what arrives in the next step, the one after it, and so on.
    line: VecDeque<Arrivals>,
    out: StepOutput,
    fired: Vec<NeuronId>,
    values: Vec<f64>,
    activity: Activity,
    /// Rules at work, those of the network first; and by rule the reward that comes in the next step from
    /// neurons.
    learning: Vec<Learning>,
    earned: Vec<f64>,
    /// Reward that comes in the next step from the host.
    reward: f64,
    /// Where dendrites have several taps.
    taps: Option<Taps>,
}

impl Bench {
    /// `net` at rest before step 1; `seed` is that of its random neurons.
    ///
    /// # Errors
    /// Parameters that a model refuses; [`NetBuilder::build`](super::NetBuilder::build) has found them already.
    pub fn new(net: Net, seed: u64) -> Result<Self, Problems> {
        let mut banks = Vec::with_capacity(net.populations.len());
        for population in &net.populations {
            let parts: Vec<_> = population.parts.iter().map(|part| (&part.model, part.count)).collect();
            let dendrites = net.dendrites.runs(population.span.iter());
            banks.push(Bank::from_parts(&parts, net.dt)?.with_dendrites(&dendrites));
        }
        let depth = usize::from(net.longest_delay()).max(1) + 1;
        let taps = net.taps();
        let further = taps.as_ref().map_or(0, Taps::len);
        let line = (0..depth).map(|_| Arrivals::new(net.neurons(), further)).collect();
        let (fired, values) = (Vec::new(), Vec::new());
        let learn = |lesson: &Lesson| Learning::new(&lesson.rule, net.dt, net.neurons(), &lesson.synapses);
        let learning = net.lessons.iter().map(learn).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            earned: vec![0.0; learning.len()],
            learning,
            net,
            seed,
            step: 1,
            banks,
            line,
            out: StepOutput::new(),
            fired,
            values,
            activity: Activity::default(),
            reward: 0.0,
            taps,
        })
    }

    /// Lets those synapses learn by `rule` that `which` picks by source and synapse. A spike meets its synapses
    /// before it changes them.
    ///
    /// # Errors
    /// Parameters out of range.
    pub fn learn(&mut self, rule: &Rule, which: impl Fn(NeuronId, Synapse) -> bool) -> Result<(), Problems> {
        let synapses = &self.net.synapses;
        let mut list = Vec::new();
        for source in (0..self.net.neurons()).map(NeuronId) {
            let picked = synapses.range(source).filter(|&index| which(source, synapses.at(index)));
            list.extend(picked.map(|index| (source.0, synapses.at(index).target.0, index as u32)));
        }
        self.learning.push(Learning::new(rule, self.net.dt, self.net.neurons(), &list)?);
        self.earned.push(0.0);
        Ok(())
    }

    /// Adds `amount` to the reward signal in the next step.
    pub fn reward(&mut self, amount: f64) {
        self.reward += amount;
    }

    /// What learning has done, by rule in the order in which they were added.
    pub fn learning_events(&self) -> Vec<LearningEvents> {
        self.learning.iter().map(Learning::events).collect()
    }

    fn adapt(&mut self) {
        let reward = std::mem::take(&mut self.reward);
        for (learning, earned) in self.learning.iter_mut().zip(&mut self.earned) {
            learning.begin(self.step);
            let weights = &mut self.net.synapses;
            self.fired.iter().for_each(|neuron| learning.on_pre(neuron.0, weights));
            self.fired.iter().for_each(|neuron| learning.on_post(neuron.0, weights));
            learning.reward(reward + std::mem::take(earned));
            learning.end(weights);
        }
        for (lesson, earned) in self.net.lessons.iter().zip(&mut self.earned) {
            *earned = lesson.teacher.map_or(0.0, |teacher| teacher.reward(&self.fired));
        }
    }

    /// The network.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// The bank of the population of `neuron`, and its place there.
    fn place(&mut self, neuron: NeuronId) -> Option<(&mut Bank, usize)> {
        let after = self.net.populations.partition_point(|population| population.span.first <= neuron);
        let index = after.checked_sub(1)?;
        let position = self.net.populations[index].span.position(neuron)?;
        Some((&mut self.banks[index], position as usize))
    }

    fn step_banks(&mut self) {
        self.fired.clear();
        self.values.clear();
        let now = &self.line[0];
        for (bank, population) in self.banks.iter_mut().zip(&self.net.populations) {
            let span = population.span;
            let own = span.first.index()..span.first.index() + span.len as usize;
            let channels = population.channels();
            let channel = |i: usize| if channels > i { &now.channels[i][own.clone()] } else { &[] };
            let input = StepInput {
                step: self.step,
                seed: self.seed,
                ids: Ids::From(span.first.0),
                arrivals: channel(0),
                second: channel(1),
                taps: self.taps.as_ref().map_or(&[], |taps| &now.taps[taps.of_all(span)]),
            };
            bank.step(&input, &mut self.out);
            self.fired.extend(self.out.fired().iter().map(|&position| span.at(position)));
            self.values.extend_from_slice(self.out.values());
            self.values.resize(self.fired.len(), 1.0);
            self.activity.updates += self.out.updated();
        }
    }

    fn deliver(&mut self) {
        let Self { net, line, activity, taps, .. } = self;
        for (&source, &value) in self.fired.iter().zip(&self.values) {
            net.each(source, |Synapse { target, weight, delay, channel }| {
                let arrivals = &mut line[usize::from(delay)];
                arrivals.any = true;
                let input = match taps.as_ref().and_then(|taps| taps.place(target, channel)) {
                    Some(place) => &mut arrivals.taps[place],
                    None => &mut arrivals.channels[usize::from(channel)][target.index()],
                };
                *input += weight * value;
                activity.synaptic_events += 1;
            });
        }
    }
}

impl Machine for Bench {
    fn next_step(&self) -> u64 {
        self.step
    }

    fn poke(&mut self, neuron: NeuronId, weight: f64) {
        let arrivals = &mut self.line[0];
        if let Some(input) = arrivals.channels[0].get_mut(neuron.index()) {
            *input += weight + 0.0;
            arrivals.any = true;
            self.activity.synaptic_events += 1;
        }
    }

    fn step(&mut self) -> Result<(), Halt> {
        self.step_banks();
        self.deliver();
        self.adapt();
        self.activity.steps += 1;
        self.activity.spikes += self.fired.len() as u64;
        self.step += 1;
        self.line[0].clear();
        self.line.rotate_left(1);
        Ok(())
    }

    fn fired(&self) -> &[NeuronId] {
        &self.fired
    }

    fn values(&self) -> &[f64] {
        &self.values
    }

    fn read(&mut self, neuron: NeuronId, variable: usize) -> Option<f64> {
        self.activity.host_round_trips += 1;
        let (bank, position) = self.place(neuron)?;
        bank.read(variable, position)
    }

    fn write(&mut self, neuron: NeuronId, variable: usize, value: f64) -> bool {
        self.activity.host_round_trips += 1;
        self.place(neuron).is_some_and(|(bank, position)| bank.write(variable, position, value))
    }

    fn set_weight(&mut self, index: usize, weight: f64) {
        self.activity.host_round_trips += 1;
        self.net.synapses.set_weight(index, weight);
    }

    fn reset(&mut self) {
        self.activity.host_round_trips += 1;
        self.banks.iter_mut().for_each(Bank::reset);
        self.line.iter_mut().for_each(Arrivals::clear);
        self.learning.iter_mut().for_each(Learning::reset);
        self.earned.fill(0.0);
        self.reward = 0.0;
    }

    fn activity(&self) -> Activity {
        self.activity
    }

    fn is_quiet(&self) -> bool {
        !self.line.iter().any(|arrivals| arrivals.any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::unit::Seconds;
    use crate::network::{NetBuilder, Span};
    use crate::neuron::step::Step;
    use crate::synapse::plasticity::Pair;

    /// A ring of one-shot neurons with delays 1, 2, 3, …
    fn ring(count: u32) -> (Bench, Span) {
        let mut net = NetBuilder::new(Seconds(1e-3));
        let model = Step { threshold: 0.5, oneshot: true, ..Default::default() };
        let ring = net.population("ring", model, count);
        for i in 0..count {
            let target = ring.at((i + 1) % count);
            let synapse = Synapse { target, weight: 1.0, delay: i as u16 + 1, channel: 0 };
            net.connect(ring.at(i), synapse);
        }
        (Bench::new(net.build().unwrap(), 1).unwrap(), ring)
    }

    fn run(bench: &mut Bench) -> Vec<(u64, u32)> {
        let mut spikes = Vec::new();
        while !bench.is_quiet() {
            let step = bench.next_step();
            bench.step().unwrap();
            spikes.extend(bench.fired().iter().map(|neuron| (step, neuron.0)));
        }
        spikes
    }

    #[test]
    fn spikes_arrive_when_their_delays_say() {
        let (mut bench, ring) = ring(4);
        bench.poke(ring.at(0), 1.0);
        assert_eq!(run(&mut bench), [(1, 0), (2, 1), (4, 2), (7, 3)]);
        let Activity { spikes, synaptic_events, steps, .. } = bench.activity();
        assert_eq!((spikes, synaptic_events, steps), (4, 5, 11));
    }

    #[test]
    fn a_reset_forgets_what_is_under_way() {
        let (mut bench, ring) = ring(4);
        bench.poke(ring.at(2), 1.0);
        bench.step().unwrap();
        assert!(!bench.is_quiet());
        bench.reset();
        assert!(bench.is_quiet());
        bench.poke(ring.at(0), 1.0);
        assert_eq!(run(&mut bench), [(2, 0), (3, 1), (5, 2), (8, 3)]);
    }

    #[test]
    fn synapses_learn_from_the_spikes_they_carry() {
        let (mut bench, ring) = ring(3);
        let pair = Pair { a_plus: 0.25, a_minus: 0.5, w_max: 2.0, ..Pair::default() };
        bench.learn(&Rule::Pair(pair), |source, _| source == ring.at(0)).unwrap();
        bench.poke(ring.at(0), 1.0);
        run(&mut bench);
        // Neuron 0 fires in step 1, neuron 1 in step 2: potentiation over one step of 1 ms.
        let expected = 1.0 + 0.25 * (-1.0f64 / 20.0).exp();
        assert_eq!(bench.net().synapses.at(0).weight, expected);
        assert_eq!(bench.net().synapses.at(1).weight, 1.0);
        assert_eq!(bench.learning_events()[0].updates, 2);
    }

    #[test]
    fn what_the_host_writes_counts_as_a_round_trip() {
        let (mut bench, ring) = ring(2);
        assert!(bench.write(ring.at(1), 0, 0.75));
        assert_eq!(bench.read(ring.at(1), 0), Some(0.75));
        assert_eq!(bench.read(NeuronId(2), 0), None);
        bench.step().unwrap();
        assert_eq!(bench.fired(), [ring.at(1)]);
        assert_eq!(bench.activity().host_round_trips, 3);
    }
}
