//! Synapses that learn: which ones, and by which rule.

use super::net::Span;
use super::synapses::Synapses;
use crate::base::{NeuronId, Problem, Problems};
use crate::synapse::Moves;
use crate::synapse::plasticity::Rule;

/// Neurons whose spikes are rewards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Teacher {
    /// Which neurons.
    pub neurons: Span,
    /// What each of their spikes adds to the reward signal in the next step.
    pub amount: f64,
}

impl Teacher {
    /// The reward that comes of one step, from those that `fired` in it, ascending.
    pub fn reward(&self, fired: &[NeuronId]) -> f64 {
        let first = fired.partition_point(|neuron| *neuron < self.neurons.first);
        let after = fired.partition_point(|neuron| neuron.0 < self.neurons.first.0 + self.neurons.len);
        self.amount * (after - first) as f64
    }
}

/// Some synapses of a network, and the rule that they learn by.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// The rule.
    pub rule: Rule,
    /// Where rewards come from, beside the host; for rules with a reward.
    pub teacher: Option<Teacher>,
    /// The synapses as (source, target, position among all synapses).
    pub synapses: Vec<(u32, u32, u32)>,
}

/// A lesson in the making: synapses in the order in which they were made.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub rule: Rule,
    pub teacher: Option<Teacher>,
    pub made: std::ops::Range<usize>,
}

/// Checks lessons against the `neurons` and `synapses` that there are, at `lessons[i]`.
pub(super) fn check(drafts: &[Draft], neurons: u64, synapses: usize, problems: &mut Problems) {
    for (i, draft) in drafts.iter().enumerate() {
        let path = format!("lessons[{i}]");
        problems.absorb(&path, draft.rule.check());
        let made = &draft.made;
        problems.require(made.start <= made.end && made.end <= synapses, &path, || {
            format!("there are {synapses} synapses; found {} to {}", made.start, made.end)
        });
        let overlaps = |other: &&Draft| other.made.start < made.end && made.start < other.made.end;
        if drafts[..i].iter().any(|other| overlaps(&other)) {
            problems.push(Problem::new(&path, "a synapse learns by one rule"));
        }
        let Some(Teacher { neurons: span, amount }) = draft.teacher else { continue };
        problems.require(matches!(draft.rule, Rule::Reward(_)), &path, || {
            format!("the rule `{}` knows no reward", draft.rule.name())
        });
        problems.require(amount.is_finite(), &path, || format!("a reward of {amount} is no number"));
        let exist = u64::from(span.first.0) + u64::from(span.len) <= neurons;
        problems.require(exist, &path, || format!("there are {neurons} neurons; rewards come from others"));
    }
}

/// The lessons of checked drafts; `moves` says where synapses have gone since they were made.
pub(super) fn lessons(drafts: Vec<Draft>, synapses: &Synapses, moves: &Moves) -> Vec<Lesson> {
    if drafts.is_empty() {
        return Vec::new();
    }
    // By position: the lesson, plus one.
    let mut learns = vec![0u32; synapses.len()];
    (1..).zip(&drafts).for_each(|(number, draft)| learns[draft.made.clone()].fill(number));
    learns = moves.applied(learns);
    let lesson = |Draft { rule, teacher, .. }| Lesson { rule, teacher, synapses: Vec::new() };
    let mut lessons: Vec<Lesson> = drafts.into_iter().map(lesson).collect();
    for source in 0..synapses.neurons() {
        for position in synapses.range(NeuronId(source)).filter(|&position| learns[position] > 0) {
            let target = synapses.at(position).target.0;
            lessons[learns[position] as usize - 1].synapses.push((source, target, position as u32));
        }
    }
    lessons
}
