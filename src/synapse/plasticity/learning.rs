//! A learning rule at work on the synapses of a network.

use super::rule::{Bound, Pair, Reward, Rule, Triplet};
use super::traces::{Decay, Traces};
use super::wiring::{End, Wiring};
use crate::base::Problems;
use crate::base::unit::Seconds;

/// Where weights are kept. Positions are those among all synapses of the network.
pub trait Weights {
    /// The weight at `position`.
    fn weight(&self, position: u32) -> f64;
    /// Changes the weight at `position`; the store may round it to what it can hold.
    fn set_weight(&mut self, position: u32, weight: f64);
}

impl Weights for Vec<f64> {
    fn weight(&self, position: u32) -> f64 {
        self[position as usize]
    }

    fn set_weight(&mut self, position: u32, weight: f64) {
        self[position as usize] = weight;
    }
}

/// What learning has done so far; what it costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LearningEvents {
    /// Spikes that moved a trace, once per trace.
    pub traces: u64,
    /// Weights, or eligibility traces, that were read and changed on a spike.
    pub updates: u64,
    /// Weights that a reward signal changed, once per step.
    pub rewarded: u64,
}

/// The rule with prepared constants and state.
#[derive(Clone, Debug)]
enum Kernel {
    Pair { rule: Pair, x: Traces, y: Traces },
    Triplet { rule: Triplet, r: [Traces; 2], o: [Traces; 2] },
    Reward { rule: Reward, x: Traces, y: Traces, eligible: Eligibility },
}

/// Eligibility traces of synapses, and the reward signal.
#[derive(Clone, Debug)]
struct Eligibility {
    value: Vec<f64>,
    /// Step for which `value` holds.
    since: Vec<u64>,
    decay: Decay,
    /// The reward signal, and its decay per step.
    signal: f64,
    fade: f64,
    /// `rate·Δ`.
    gain: f64,
}

impl Eligibility {
    fn new(rule: &Reward, synapses: usize, dt: Seconds) -> Self {
        Self {
            value: vec![0.0; synapses],
            since: vec![0; synapses],
            decay: Decay::new(dt, rule.tau_c),
            signal: 0.0,
            fade: (-dt.0 / rule.tau_d.0).exp(),
            gain: rule.rate * dt.0,
        }
    }

    fn at(&self, synapse: usize, step: u64) -> f64 {
        self.value[synapse] * self.decay.over(step - self.since[synapse])
    }

    fn add(&mut self, synapse: u32, step: u64, change: f64) {
        let i = synapse as usize;
        self.value[i] = self.at(i, step) + change;
        self.since[i] = step;
    }
}

/// Reward signals below this no longer move any weight.
const SILENT: f64 = 1e-12;

/// Synapses that learn by one rule.
///
/// Call [`advance`](Self::advance) once per step with those that fired, or, where spikes are handled one by
/// one, [`begin`](Self::begin), [`on_pre`](Self::on_pre) for every sender, [`on_post`](Self::on_post) for every
/// target, and [`end`](Self::end).
#[derive(Clone, Debug)]
pub struct Learning {
    wiring: Wiring,
    kernel: Kernel,
    events: LearningEvents,
    step: u64,
}

/// How many neurons there are at either end of the synapses that learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Those that send, numbered from 0.
    pub sources: u32,
    /// Those that receive, numbered from 0.
    pub targets: u32,
}

impl Learning {
    /// Lets the synapses of `list`, as (source, target, position), learn by `rule` in steps of `dt`. Neurons are
    /// numbered from 0 to `neurons` − 1.
    ///
    /// # Errors
    /// Parameters out of range; neurons that do not exist.
    pub fn new(rule: &Rule, dt: Seconds, neurons: u32, list: &[(u32, u32, u32)]) -> Result<Self, Problems> {
        Self::between(rule, dt, Ends { sources: neurons, targets: neurons }, list)
    }

    /// The same where senders and targets are numbered each on their own, as the packets and the neurons of a
    /// core are.
    ///
    /// # Errors
    /// Parameters out of range; neurons that do not exist.
    pub fn between(rule: &Rule, dt: Seconds, ends: Ends, list: &[(u32, u32, u32)]) -> Result<Self, Problems> {
        rule.check()?;
        let mut problems = Problems::new();
        let is_absent = |it: &&(u32, u32, u32)| it.0 >= ends.sources || it.1 >= ends.targets;
        if let Some((source, target, _)) = list.iter().find(is_absent) {
            problems.require(false, "", || {
                format!(
                    "there are {} senders and {} targets; {source} → {target}",
                    ends.sources, ends.targets
                )
            });
        }
        problems.into_result(())?;
        let wiring = Wiring::new(ends, list);
        let sent = |tau, pairing| Traces::new(ends.sources as usize, dt, tau, pairing);
        let heard = |tau, pairing| Traces::new(ends.targets as usize, dt, tau, pairing);
        let kernel = match rule.clone() {
            Rule::Pair(rule) => {
                let (x, y) = (sent(rule.tau_plus, rule.pairing), heard(rule.tau_minus, rule.pairing));
                Kernel::Pair { rule, x, y }
            }
            Rule::Triplet(rule) => {
                let r = [rule.tau_plus, rule.tau_x].map(|tau| sent(tau, rule.pairing));
                let o = [rule.tau_minus, rule.tau_y].map(|tau| heard(tau, rule.pairing));
                Kernel::Triplet { rule, r, o }
            }
            Rule::Reward(rule) => {
                let pair = &rule.stdp;
                let (x, y) = (sent(pair.tau_plus, pair.pairing), heard(pair.tau_minus, pair.pairing));
                let eligible = Eligibility::new(&rule, wiring.len(), dt);
                Kernel::Reward { rule, x, y, eligible }
            }
        };
        Ok(Self { wiring, kernel, events: LearningEvents::default(), step: 0 })
    }

    /// One step in which the neurons of `fired` fired.
    pub fn advance(
        &mut self,
        step: u64,
        fired: impl Iterator<Item = u32> + Clone,
        weights: &mut impl Weights,
    ) {
        self.begin(step);
        fired.clone().for_each(|neuron| self.on_pre(neuron, weights));
        fired.for_each(|neuron| self.on_post(neuron, weights));
        self.end(weights);
    }

    /// Begins a step; steps only go up.
    pub fn begin(&mut self, step: u64) {
        if let Kernel::Reward { eligible, .. } = &mut self.kernel {
            let passed = step.saturating_sub(self.step);
            eligible.signal *= eligible.fade.powi(passed.min(i32::MAX as u64) as i32);
        }
        self.step = step;
    }

    /// Neuron `source` fired in this step: its synapses are depressed by what is left of their targets' spikes.
    pub fn on_pre(&mut self, source: u32, weights: &mut impl Weights) {
        if !self.wiring.sends(source) {
            return;
        }
        let (step, wiring, events) = (self.step, &self.wiring, &mut self.events);
        match &mut self.kernel {
            Kernel::Pair { rule, x, y } => {
                for end in wiring.from(source) {
                    depress(rule, y.at(end.other, step), end, weights);
                    events.updates += 1;
                }
                x.spike(source, step);
                events.traces += 1;
            }
            Kernel::Triplet { rule, r, o } => {
                let slow = r[1].at(source, step);
                for end in wiring.from(source) {
                    let change = -o[0].at(end.other, step) * (rule.a2_minus + rule.a3_minus * slow);
                    shift(weights, end.position, change, rule.w_min, rule.w_max);
                    events.updates += 1;
                }
                r.iter_mut().for_each(|traces| traces.spike(source, step));
                events.traces += 2;
            }
            Kernel::Reward { rule, x, y, eligible } => {
                for end in wiring.from(source) {
                    let change = -rule.stdp.a_minus * y.at(end.other, step);
                    eligible.add(end.synapse, step, change * below(&rule.stdp, weights.weight(end.position)));
                    events.updates += 1;
                }
                x.spike(source, step);
                events.traces += 1;
            }
        }
    }

    /// Neuron `target` fired in this step: the synapses that end there are potentiated by what is left of their
    /// senders' spikes, those of this step included.
    pub fn on_post(&mut self, target: u32, weights: &mut impl Weights) {
        if !self.wiring.hears(target) {
            return;
        }
        let (step, wiring, events) = (self.step, &self.wiring, &mut self.events);
        match &mut self.kernel {
            Kernel::Pair { rule, x, y } => {
                for end in wiring.into(target) {
                    potentiate(rule, x.at(end.other, step), end, weights);
                    events.updates += 1;
                }
                y.spike(target, step);
                events.traces += 1;
            }
            Kernel::Triplet { rule, r, o } => {
                let slow = o[1].at(target, step);
                for end in wiring.into(target) {
                    let change = r[0].at(end.other, step) * (rule.a2_plus + rule.a3_plus * slow);
                    shift(weights, end.position, change, rule.w_min, rule.w_max);
                    events.updates += 1;
                }
                o.iter_mut().for_each(|traces| traces.spike(target, step));
                events.traces += 2;
            }
            Kernel::Reward { rule, x, y, eligible } => {
                for end in wiring.into(target) {
                    let change = rule.stdp.a_plus * x.at(end.other, step);
                    eligible.add(end.synapse, step, change * above(&rule.stdp, weights.weight(end.position)));
                    events.updates += 1;
                }
                y.spike(target, step);
                events.traces += 1;
            }
        }
    }

    /// Adds `amount` to the reward signal, from this step on; does nothing for rules without one. Call it
    /// between [`begin`](Self::begin) and [`end`](Self::end).
    pub fn reward(&mut self, amount: f64) {
        if let Kernel::Reward { eligible, .. } = &mut self.kernel {
            eligible.signal += amount;
        }
    }

    /// Ends the step: a reward signal changes the weights of all synapses that are eligible.
    pub fn end(&mut self, weights: &mut impl Weights) {
        let Kernel::Reward { rule, eligible, .. } = &mut self.kernel else { return };
        if eligible.signal.abs() < SILENT {
            return;
        }
        for synapse in (0..self.wiring.len()).filter(|&synapse| eligible.value[synapse] != 0.0) {
            let change = eligible.gain * eligible.at(synapse, self.step) * eligible.signal;
            let pair = &rule.stdp;
            shift(weights, self.wiring.position(synapse), change, pair.w_min, pair.w_max);
            self.events.rewarded += 1;
        }
    }

    /// What has been done so far.
    pub fn events(&self) -> LearningEvents {
        self.events
    }

    /// Forgets all spikes and rewards, and starts again before step 0; counts go on.
    pub fn reset(&mut self) {
        self.step = 0;
        match &mut self.kernel {
            Kernel::Pair { x, y, .. } => [x, y].into_iter().for_each(Traces::reset),
            Kernel::Triplet { r, o, .. } => r.iter_mut().chain(o).for_each(Traces::reset),
            Kernel::Reward { x, y, eligible, .. } => {
                [x, y].into_iter().for_each(Traces::reset);
                eligible.value.fill(0.0);
                eligible.since.fill(0);
                eligible.signal = 0.0;
            }
        }
    }

    /// The eligibility of the synapse at `index` of those that learn, by sender, and the reward signal.
    #[cfg(test)]
    pub(super) fn eligibility(&self, index: usize) -> Option<[f64; 2]> {
        let Kernel::Reward { eligible, .. } = &self.kernel else { return None };
        Some([eligible.at(index, self.step), eligible.signal])
    }
}

/// Room for potentiation.
#[inline]
fn above(rule: &Pair, weight: f64) -> f64 {
    if rule.bound == Bound::Multiplicative { rule.w_max - weight } else { 1.0 }
}

/// Room for depression.
#[inline]
fn below(rule: &Pair, weight: f64) -> f64 {
    if rule.bound == Bound::Multiplicative { weight - rule.w_min } else { 1.0 }
}

#[inline]
fn potentiate(rule: &Pair, trace: f64, end: End, weights: &mut impl Weights) {
    let room = above(rule, weights.weight(end.position));
    shift(weights, end.position, rule.a_plus * trace * room, rule.w_min, rule.w_max);
}

#[inline]
fn depress(rule: &Pair, trace: f64, end: End, weights: &mut impl Weights) {
    let room = below(rule, weights.weight(end.position));
    shift(weights, end.position, -rule.a_minus * trace * room, rule.w_min, rule.w_max);
}

/// Moves a weight by `change`, clipped to its bounds.
#[inline]
fn shift(weights: &mut impl Weights, position: u32, change: f64, low: f64, high: f64) {
    if change != 0.0 {
        let weight = weights.weight(position);
        // A weight that starts outside its bounds is never thrown further out.
        weights.set_weight(position, (weight + change).clamp(low.min(weight), high.max(weight)));
    }
}
