//! Samples with known labels: which neuron of an output population answers, and how often it is right.
//!
//! A network that classifies is shown one sample after the other, each for the same number of steps. Its answer is
//! the output neuron that fired most often while the sample was shown; of several that of the lowest number; a
//! sample for which none fired is not answered, and counts as wrong.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{NeuronId, Problem, Problems};
use crate::network::{Net, Span};

/// What a classifying network is to answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelParams {
    /// The population that answers: a neuron for each class.
    pub population: String,
    /// Steps for which each sample is shown.
    #[schemars(range(min = 1))]
    pub every: u64,
    /// Steps after the first of a sample from which spikes count for it: the delay through the layers.
    #[serde(default)]
    pub delay: u64,
    /// The right answer to each sample: a neuron of the population, counted from 0.
    #[schemars(length(min = 1))]
    pub of: Vec<u32>,
}

/// How often a network was right.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Samples that were shown in full.
    pub samples: u64,
    /// Samples that were answered rightly.
    pub correct: u64,
    /// Samples without an answer.
    pub silent: u64,
    /// Share of samples that were answered rightly.
    pub accuracy: f64,
}

/// Counts answers while a network runs.
#[derive(Clone, Debug)]
pub struct Tally {
    span: Span,
    params: LabelParams,
    spikes: Vec<u32>,
    done: u64,
    correct: u64,
    silent: u64,
}

impl LabelParams {
    /// Checks what does not depend on the network.
    ///
    /// # Errors
    /// Samples of no steps, none at all.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.require(self.every > 0, "every", || "a sample is shown for one step at least".into());
        problems.require(!self.of.is_empty(), "of", || "there is no sample".into());
        problems.into_result(())
    }
}

impl Tally {
    /// Nothing counted yet.
    ///
    /// # Errors
    /// A population that the network does not have; labels of none of its neurons.
    pub fn new(params: &LabelParams, net: &Net) -> Result<Self, Problems> {
        params.validate()?;
        let Some(population) = net.population(&params.population) else {
            let problem = Problem::new("population", "there is no such population");
            let names = net.populations.iter().map(|population| population.name.as_str());
            return Err(problem.nearest(&params.population, names).into());
        };
        let span = population.span;
        let mut problems = Problems::new();
        for (i, label) in params.of.iter().enumerate().filter(|&(_, &label)| label >= span.len).take(20) {
            let problem = Problem::new(format!("of[{i}]"), format!("there is no neuron {label}"));
            problems.push(problem.allowed(format!("0 to {}", i64::from(span.len) - 1)));
        }
        let spikes = vec![0; span.len as usize];
        problems.into_result(Self { span, params: params.clone(), spikes, done: 0, correct: 0, silent: 0 })
    }

    /// Takes in the neurons that fired in `step`; steps come in order, from 1.
    pub fn step(&mut self, step: u64, fired: &[NeuronId]) {
        let Some(counted) = step.checked_sub(1 + self.params.delay) else { return };
        if self.done >= self.params.of.len() as u64 {
            return;
        }
        for neuron in fired.iter().filter_map(|&neuron| self.span.position(neuron)) {
            self.spikes[neuron as usize] += 1;
        }
        if (counted + 1).is_multiple_of(self.params.every) {
            self.answer();
        }
    }

    fn answer(&mut self) {
        let most = self.spikes.iter().copied().max().unwrap_or(0);
        let first = self.spikes.iter().position(|&spikes| spikes == most);
        let label = self.params.of[self.done as usize] as usize;
        self.silent += u64::from(most == 0);
        self.correct += u64::from(most > 0 && first == Some(label));
        self.done += 1;
        self.spikes.fill(0);
    }

    /// How it went so far; `None` before the first sample is over.
    pub fn score(&self) -> Option<Score> {
        let Self { done: samples, correct, silent, .. } = *self;
        let accuracy = correct as f64 / samples as f64;
        (samples > 0).then_some(Score { samples, correct, silent, accuracy })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::unit::Seconds;
    use crate::network::NetBuilder;
    use crate::neuron::integrate_fire::IntegrateFire;

    #[test]
    fn the_neuron_that_fires_most_answers() {
        let mut net = NetBuilder::new(Seconds(1e-3));
        net.population("other", IntegrateFire::default(), 2);
        net.population("out", IntegrateFire::default(), 3);
        let net = net.build().unwrap();
        let params = LabelParams { population: "out".into(), every: 2, delay: 1, of: vec![1, 0, 2, 2] };
        let mut tally = Tally::new(&params, &net).unwrap();
        assert_eq!(tally.score(), None);
        // Steps 2 and 3 belong to the first sample, 4 and 5 to the second, and so on.
        let fired: [&[u32]; 9] = [&[4, 4], &[0, 3], &[3, 2], &[2], &[3], &[], &[1], &[4], &[4]];
        for (step, fired) in fired.iter().enumerate() {
            let fired: Vec<NeuronId> = fired.iter().map(|&neuron| NeuronId(neuron)).collect();
            tally.step(step as u64 + 1, &fired);
        }
        let score = tally.score().unwrap();
        assert_eq!((score.samples, score.correct, score.silent, score.accuracy), (4, 3, 1, 0.75));
    }

    #[test]
    fn labels_are_neurons_of_the_population() {
        let mut net = NetBuilder::new(Seconds(1e-3));
        net.population("out", IntegrateFire::default(), 3);
        let net = net.build().unwrap();
        let wrong = |population: &str, label| {
            let params = LabelParams { population: population.into(), every: 1, delay: 0, of: vec![label] };
            Tally::new(&params, &net).unwrap_err().to_string()
        };
        assert!(wrong("ouz", 0).contains("did you mean `out`?"));
        assert!(wrong("out", 3).contains("of[0]: there is no neuron 3"), "{}", wrong("out", 3));
    }
}
