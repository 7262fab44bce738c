//! Relays: neurons that pass spikes on, for delays beyond the longest of a chip.
//!
//! ```text
//!   source ─── D ──▶ relay ─── D ──▶ relay         a target at 2·D + r steps hears the second relay r steps later
//!      ├ r ▶ target    └ r ▶ target    └ r ▶ target
//! ```
//!
//! All synapses of a source share one line of relays. A relay fires once for each spike of its source, and in no other
//! step, so that targets hear each spike when its delay says: the other neurons fire as without relays, as far as sums of
//! weights are exact.

use super::net::{MOST_SYNAPSES, Net, Part, Population, Span};
use super::synapses::{Synapse, SynapseList, Synapses};
use crate::base::{NeuronId, Problem, Problems};
use crate::neuron::step::Step;

/// The name of the population of relays.
pub const RELAYS: &str = "relays";

impl Net {
    /// The same network with delays of at most `longest` > 0 steps; what takes longer goes through relays, which form the
    /// last population.
    ///
    /// # Errors
    /// Longer delays of synapses that are drawn, that learn, or whose source emits values; another population with the
    /// name of the relays; too many of them.
    pub fn relayed(mut self, longest: u16) -> Result<Self, Problems> {
        if self.longest_delay() <= longest {
            return Ok(self);
        }
        self.check_relays(longest)?;
        let lines = Lines::new(&self.synapses, longest);
        let relays = u64::from(lines.first[lines.first.len() - 1]);
        if u64::from(self.neurons()) + relays >= u64::from(u32::MAX)
            || self.synapses.len() as u64 + relays > MOST_SYNAPSES as u64
        {
            return Err(Problems::one(RELAYS, format!("{relays} relays are needed; that is too many")));
        }
        let weight = self.relay_weight();
        let synapses = lines.synapses(&self.synapses, weight);
        let old = std::mem::replace(&mut self.synapses, synapses);
        self.move_lessons(&old, longest);
        let span = Span { first: NeuronId(old.neurons()), len: relays as u32 };
        let model = Step { threshold: weight / 2.0, memory: 0.0, ..Step::default() };
        let parts = vec![Part { model: model.into(), count: span.len }];
        self.populations.push(Population { name: RELAYS.into(), span, parts });
        self.relays = lines.first;
        Ok(self)
    }

    /// The relays of `source`, in the order of their line.
    pub fn relays_of(&self, source: NeuronId) -> Span {
        let none = Span { first: NeuronId(0), len: 0 };
        let Some(own) = self.relays.get(source.index()..source.index() + 2) else { return none };
        let first = self.relays.len() as u32 - 1;
        Span { first: NeuronId(first + own[0]), len: own[1] - own[0] }
    }

    /// How many relays there are.
    pub fn relays(&self) -> u32 {
        self.relays.last().copied().unwrap_or(0)
    }

    fn check_relays(&self, longest: u16) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let mut refuse = |message: String| {
            problems.push(Problem::new(RELAYS, message).allowed(format!("delays of 1 to {longest} steps")));
        };
        let drawn = self.drawn.longest_delay();
        if drawn > longest {
            refuse(format!("procedural synapses go through no relays; found a delay of {drawn} steps"));
        }
        let name = |neuron| self.place(neuron).map_or("?", |(population, _)| &population.name);
        for lesson in &self.lessons {
            let delay = |position: u32| self.synapses.at(position as usize).delay;
            let Some(&(source, target, position)) = lesson.synapses.iter().find(|it| delay(it.2) > longest)
            else {
                continue;
            };
            refuse(format!(
                "synapses that learn go through no relays; found a delay of {} steps from `{}` to `{}`",
                delay(position),
                name(NeuronId(source)),
                name(NeuronId(target))
            ));
        }
        for population in self.populations.iter().filter(|it| it.is_graded()) {
            let synapses = population.span.iter().flat_map(|source| self.synapses.of(source));
            let delay = synapses.map(|synapse| synapse.delay).max().unwrap_or(0);
            if delay > longest {
                let name = &population.name;
                refuse(format!("values go through no relays; found a delay of {delay} steps from `{name}`"));
            }
        }
        if self.population(RELAYS).is_some() {
            let message = format!("a population is called `{RELAYS}`, and relays are to be called so");
            problems.push(Problem::new("populations", message));
        }
        problems.into_result(())
    }

    /// A weight that gets lost on no core, whatever the precision of its weights: the largest of all.
    fn relay_weight(&self) -> f64 {
        let weights = (0..self.synapses.len()).map(|at| self.synapses.at(at).weight);
        let bounds = self.lessons.iter().flat_map(|lesson| lesson.rule.bounds());
        let bounds = bounds.filter(|bound| bound.is_finite());
        let largest = weights.chain(bounds).fold(0.0, |most: f64, weight| most.max(weight.abs()));
        if largest > 0.0 { largest } else { 1.0 }
    }

    /// Tells lessons where their synapses have gone from `old`: none of these is longer than `longest`.
    fn move_lessons(&mut self, old: &Synapses, longest: u16) {
        for lesson in &mut self.lessons {
            for (source, _, position) in &mut lesson.synapses {
                let before = old.range(NeuronId(*source)).start..*position as usize;
                let rank = before.filter(|&at| old.at(at).delay <= longest).count();
                *position = (self.synapses.range(NeuronId(*source)).start + rank) as u32;
            }
        }
    }
}

/// The lines of relays of all sources.
struct Lines {
    /// By source: how many relays earlier ones have; one more entry than neurons.
    first: Vec<u32>,
    longest: u16,
}

impl Lines {
    fn new(synapses: &Synapses, longest: u16) -> Self {
        let mut first = vec![0u32];
        for source in (0..synapses.neurons()).map(NeuronId) {
            let relays = synapses.of(source).map(|synapse| (synapse.delay - 1) / longest).max().unwrap_or(0);
            // What goes beyond is refused for its number.
            first.push(first[source.index()].saturating_add(relays.into()));
        }
        Self { first, longest }
    }

    /// `old` with relays, which synapses of this weight join.
    fn synapses(&self, old: &Synapses, weight: f64) -> Synapses {
        let (neurons, longest) = (old.neurons(), self.longest);
        let relays = self.first[neurons as usize];
        let mut list = SynapseList::default();
        list.reserve(old.len() + relays as usize);
        for source in (0..neurons).map(NeuronId) {
            let own = self.first[source.index()]..self.first[source.index() + 1];
            let after =
                |relays: u32| if relays == 0 { source } else { NeuronId(neurons + own.start + relays - 1) };
            for synapse in old.of(source) {
                let relays = (synapse.delay - 1) / longest;
                list.push(
                    after(relays.into()),
                    Synapse { delay: synapse.delay - relays * longest, ..synapse },
                );
            }
            for relay in 0..own.end - own.start {
                let joint = Synapse { target: after(relay + 1), weight, delay: longest, channel: 0 };
                list.push(after(relay), joint);
            }
        }
        Synapses::new(neurons + relays, list).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};
    use crate::base::unit::{Hertz, Seconds};
    use crate::network::{Bench, Machine, NetBuilder};
    use crate::neuron::integrate_fire::IntegrateFire;
    use crate::neuron::rate::Rate;
    use crate::neuron::source_poisson::SourcePoisson;
    use crate::synapse::plasticity::{Pair, Rule};

    /// A random network with delays up to `longest`, those of the noise up to 4, which may learn; weights are multiples of
    /// a power of two, so that sums are exact.
    fn random(seed: u64, longest: u32, learns: bool) -> Net {
        let mut net = NetBuilder::new(Seconds(1e-3));
        let noise = net.population("noise", SourcePoisson { rate: Hertz(150.0) }, 20);
        let cells = net.population("cells", IntegrateFire { threshold: 1.0, ..Default::default() }, 40);
        let mut draw = Stream::new(seed, Purpose::Connectivity, 0, 0);
        for source in noise.iter().chain(cells.iter()) {
            let most = if noise.position(source).is_some() { 4 } else { longest };
            for _ in 0..1 + draw.below(6) {
                let (target, delay) = (cells.at(draw.below(40)), 1 + draw.below(most) as u16);
                let weight = f64::from(draw.below(8)) / 8.0 - 0.25;
                net.connect(source, Synapse { target, weight, delay, channel: 0 });
            }
        }
        if learns {
            net.learn(Rule::Pair(Pair { w_min: -1.0, w_max: 1.0, ..Pair::default() }), 0..20, None);
        }
        net.build().unwrap()
    }

    fn spikes(net: Net, steps: u64) -> Vec<Vec<NeuronId>> {
        let neurons = net.neurons() - net.relays();
        let mut bench = Bench::new(net, 3).unwrap();
        let mut step = || {
            bench.step().unwrap();
            bench.fired().iter().copied().filter(|neuron| neuron.0 < neurons).collect()
        };
        (0..steps).map(|_| step()).collect()
    }

    #[test]
    fn neurons_fire_as_they_do_with_long_delays() {
        for (seed, longest) in [(1, 9), (2, 30), (3, 100), (4, 400)] {
            let expected = spikes(random(seed, longest, false), 300);
            assert!(expected.iter().map(Vec::len).sum::<usize>() > 300);
            for most in [1, 2, 4, 7, 64] {
                let net = random(seed, longest, false).relayed(most).unwrap();
                assert!(net.longest_delay() <= most);
                assert_eq!(net.relays() > 0, longest > most.into());
                assert_eq!(spikes(net, 300), expected, "{longest} {most}");
            }
        }
    }

    #[test]
    fn synapses_of_a_source_share_a_line_and_those_that_learn_stay() {
        let net = random(1, 30, true).relayed(4).unwrap();
        let plain = random(1, 30, true);
        let delay = |source| plain.synapses.of(source).map(|it| u32::from(it.delay)).max().unwrap_or(0);
        for source in (0..plain.neurons()).map(NeuronId) {
            assert_eq!(net.relays_of(source).len, delay(source).saturating_sub(1) / 4);
        }
        let learned = |net: &Net| {
            let of = |&(source, target, at): &(u32, u32, u32)| {
                assert_eq!(net.synapses.at(at as usize).target.0, target);
                (source, target, net.synapses.at(at as usize).weight.to_bits())
            };
            net.lessons[0].synapses.iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(learned(&net), learned(&plain));
        assert_eq!(net.relays_of(NeuronId(net.neurons() - 1)).len, 0);
    }

    #[test]
    fn what_relays_cannot_pass_on_is_refused() {
        let check = |act: &dyn Fn(&mut NetBuilder, Span), expected: &str| {
            let mut net = NetBuilder::new(Seconds(1e-3));
            let cells = net.population("cells", IntegrateFire::default(), 2);
            act(&mut net, cells);
            let found = net.build().unwrap().relayed(5).unwrap_err().to_string();
            assert_eq!(found, expected);
        };
        let synapse = |target| Synapse { target, weight: 0.5, delay: 6, channel: 0 };
        check(
            &|net, cells| {
                net.connect(cells.at(0), synapse(cells.at(1)));
                net.learn(Rule::Pair(Pair::default()), 0..1, None);
            },
            "relays: synapses that learn go through no relays; found a delay of 6 steps from `cells` to `cells`; \
             allowed: delays of 1 to 5 steps",
        );
        check(
            &|net, cells| {
                let values = net.population("values", Rate::default(), 1);
                net.connect(values.at(0), synapse(cells.at(1)));
                net.population(RELAYS, IntegrateFire::default(), 1);
            },
            "relays: values go through no relays; found a delay of 6 steps from `values`; allowed: delays of 1 to 5 \
             steps\npopulations: a population is called `relays`, and relays are to be called so",
        );
    }
}
