//! Dendrites with taps: compartments in a row, the first of which the soma reads.
//!
//! ```text
//!   synapses     synapses     synapses
//!      ▼            ▼            ▼
//!    tap 2 ◀────▶ tap 1 ◀────▶ tap 0 ───▶ soma
//! ```
//!
//! In a step every tap keeps a share of its potential, exchanges some with its neighbours, and takes in what arrives:
//! `v[i] ← decay[i]·v[i] + exchange[i−1]·(v[i−1] − v[i]) + exchange[i]·(v[i+1] − v[i]) + arrivals[i]`. Then the soma is
//! handed `v[0]` in place of what arrives at a neuron without such a dendrite.
//!
//! Source: the dendrite `taps` of SANA-FE 2.2.9, from its behaviour.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bank::{NO_INPUT, arrived};
use crate::base::{Problem, Problems};

/// A dendrite of several compartments in a row, its taps, which stands between synapses and the first input channel of
/// the soma. Tap 0 is at the soma.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dendrite {
    /// By tap: the share of its potential that it keeps in a step, 0 to 1. There are as many taps, 1 to 255.
    pub decay: Vec<f64>,
    /// By pair of neighbours, that at the soma first: the share of the difference of their potentials that goes from
    /// one to the other in a step, 0 to 1. One less than there are taps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchange: Vec<f64>,
    /// When the soma reads tap 0: `every-step`, the default, or `on-arrival`.
    #[serde(default, skip_serializing_if = "Reading::is_default")]
    pub read: Reading,
}

/// When a soma reads its dendrite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// In every step in which there is any potential at tap 0, or something has arrived at any tap.
    #[default]
    EveryStep,
    /// In the steps alone in which something has arrived at any tap, as in SANA-FE.
    OnArrival,
}

impl Reading {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Dendrite {
    /// The most taps: inputs of a neuron are numbered by 8 bits.
    pub const MOST_TAPS: usize = 255;

    /// Number of taps.
    pub fn taps(&self) -> usize {
        self.decay.len()
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// No taps or too many; lists of the wrong length; shares out of range, or so large that potentials would grow by
    /// themselves.
    pub fn check(&self) -> Result<(), Problems> {
        let (taps, pairs) = (self.decay.len(), self.exchange.len());
        let mut problems = Problems::new();
        if !(1..=Self::MOST_TAPS).contains(&taps) {
            let problem = Problem::new("decay", format!("{taps} taps are out of range"));
            problems.push(problem.allowed(format!("1 to {}", Self::MOST_TAPS)));
        }
        problems.require(pairs + 1 == taps.max(1), "exchange", || {
            format!("{taps} taps have {} pairs of neighbours; found {pairs}", taps.saturating_sub(1))
        });
        for (name, shares) in [("decay", &self.decay), ("exchange", &self.exchange)] {
            for (i, share) in shares.iter().enumerate().filter(|(_, share)| !(0.0..=1.0).contains(*share)) {
                let problem = Problem::new(format!("{name}[{i}]"), format!("{share} is out of range"));
                problems.push(problem.allowed("0 to 1"));
            }
        }
        if !problems.0.is_empty() {
            return Err(problems);
        }
        for (tap, decay) in self.decay.iter().enumerate() {
            let gives = self.gives(tap);
            if (decay - gives).abs() + gives > 1.0 {
                let message = format!(
                    "tap {tap} keeps {decay} and gives away {gives}: potentials would grow by themselves"
                );
                let problem = Problem::new("exchange", message);
                problems.push(problem.allowed(format!("up to {} from this tap", (1.0 + decay) / 2.0)));
            }
        }
        problems.into_result(())
    }

    /// The shares that `tap` exchanges with its neighbours together.
    fn gives(&self, tap: usize) -> f64 {
        let before = tap.checked_sub(1).map_or(0.0, |pair| self.exchange[pair]);
        before + self.exchange.get(tap).copied().unwrap_or(0.0)
    }

    /// Advances the taps of one neuron by a step; what its soma takes in.
    fn advance(&self, taps: &mut [f64], first: f64, further: &[f64]) -> f64 {
        let mut has_input = arrived(first);
        let mut nearer = 0.0;
        for tap in 0..taps.len() {
            let own = taps[tap];
            let mut next = self.decay[tap] * own;
            if tap > 0 {
                next += self.exchange[tap - 1] * (nearer - own);
            }
            if let (Some(share), Some(farther)) = (self.exchange.get(tap), taps.get(tap + 1)) {
                next += share * (farther - own);
            }
            nearer = own;
            let arrival = if tap == 0 { first } else { further[tap - 1] };
            has_input |= arrived(arrival);
            // What is too small for a normal number is nothing.
            taps[tap] = if next.abs() < f64::MIN_POSITIVE { 0.0 } else { next } + arrival;
        }
        let is_read = has_input || (self.read == Reading::EveryStep && taps[0] != 0.0);
        if is_read { taps[0] + 0.0 } else { NO_INPUT }
    }
}

/// Neighbouring neurons of a bank with dendrites of one kind, or without.
#[derive(Clone, Debug)]
struct Run {
    neurons: u32,
    kind: Option<Dendrite>,
}

/// Potentials, neuron by neuron, each from tap 0 on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Potentials(#[serde(with = "super::column")] Vec<f64>);

/// The dendrites of a bank.
#[derive(Clone, Debug)]
pub(super) struct Dendrites {
    runs: Vec<Run>,
    taps: Potentials,
    /// What somas take in.
    inputs: Vec<f64>,
}

impl Dendrites {
    /// Dendrites at rest of neurons that follow each other.
    pub(super) fn new(runs: &[(Option<&Dendrite>, u32)]) -> Self {
        let taps =
            runs.iter().map(|&(kind, neurons)| kind.map_or(0, Dendrite::taps) * neurons as usize).sum();
        let neurons: u32 = runs.iter().map(|&(_, neurons)| neurons).sum();
        let run = |&(kind, neurons): &(Option<&Dendrite>, u32)| Run { neurons, kind: kind.cloned() };
        Self {
            runs: runs.iter().map(run).collect(),
            taps: Potentials(vec![0.0; taps]),
            inputs: vec![NO_INPUT; neurons as usize],
        }
    }

    /// Advances all by one step. `first` is what has arrived at tap 0 of each neuron, or at the neuron, `further` at all
    /// other taps. What somas take in.
    pub(super) fn advance(&mut self, first: &[f64], mut further: &[f64]) -> &[f64] {
        let (mut taps, mut neuron) = (self.taps.0.as_mut_slice(), 0);
        for Run { neurons, kind } in &self.runs {
            let own = neuron..neuron + *neurons as usize;
            neuron = own.end;
            let inputs = self.inputs[own.clone()].iter_mut().zip(&first[own]);
            let Some(kind) = kind else {
                inputs.for_each(|(input, &arrival)| *input = arrival);
                continue;
            };
            for (input, &arrival) in inputs {
                let (own, others);
                (own, taps) = std::mem::take(&mut taps).split_at_mut(kind.taps());
                (others, further) = further.split_at(kind.taps() - 1);
                *input = kind.advance(own, arrival, others);
            }
        }
        &self.inputs
    }

    /// The potential of a tap of a neuron.
    pub(super) fn read(&self, neuron: usize, tap: usize) -> Option<f64> {
        self.place(neuron, tap).map(|place| self.taps.0[place])
    }

    /// Sets the potential of a tap of a neuron; whether both exist.
    pub(super) fn write(&mut self, neuron: usize, tap: usize, value: f64) -> bool {
        self.place(neuron, tap).map(|place| self.taps.0[place] = value).is_some()
    }

    fn place(&self, mut neuron: usize, tap: usize) -> Option<usize> {
        let mut before = 0;
        for Run { neurons, kind } in &self.runs {
            let taps = kind.as_ref().map_or(0, Dendrite::taps);
            if neuron < *neurons as usize {
                return (tap < taps).then_some(before + neuron * taps + tap);
            }
            neuron -= *neurons as usize;
            before += *neurons as usize * taps;
        }
        None
    }

    /// Puts all back to rest.
    pub(super) fn reset(&mut self) {
        self.taps.0.fill(0.0);
    }

    /// What a checkpoint holds.
    pub(super) fn state(&self) -> &Potentials {
        &self.taps
    }

    /// Takes back what [`state`](Self::state) gave; whether it fits.
    pub(super) fn restore(&mut self, taps: Potentials) -> bool {
        let fits = taps.0.len() == self.taps.0.len();
        if fits {
            self.taps = taps;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dendrite(decay: &[f64], exchange: &[f64], read: Reading) -> Dendrite {
        Dendrite { decay: decay.to_vec(), exchange: exchange.to_vec(), read }
    }

    #[test]
    fn charge_decays_and_crosses_from_what_there_was_before_the_step() {
        let kind = dendrite(&[0.5, 0.25, 0.75], &[0.125, 0.0625], Reading::EveryStep);
        // Responses of tap 0 to an impulse at each tap, measured on SANA-FE 2.2.9.
        for (tap, expected) in [
            (0, [1.0, 0.375, 0.15625, 0.0654296875, 0.0274658203125]),
            (1, [0.0, 0.125, 0.0546875, 0.0234375, 0.01019287109375]),
            (2, [0.0, 0.0, 0.0078125, 0.0087890625, 0.00750732421875]),
        ] {
            let mut all = Dendrites::new(&[(Some(&kind), 1)]);
            for (step, expected) in expected.into_iter().enumerate() {
                let at = |it| if step == 0 && it == tap { 1.0 } else { NO_INPUT };
                let found = all.advance(&[at(0)], &[at(1), at(2)])[0];
                assert_eq!(found + 0.0, expected, "tap {tap} after {step} steps");
                assert_eq!(all.read(0, 0), Some(expected));
            }
        }
    }

    #[test]
    fn a_soma_reads_as_it_is_told() {
        let far = |read| dendrite(&[1.0, 1.0], &[0.25], read);
        let (always, lazy) = (far(Reading::EveryStep), far(Reading::OnArrival));
        let mut all = Dendrites::new(&[(Some(&always), 1), (None, 1), (Some(&lazy), 1)]);
        let none = NO_INPUT;
        let bits = |all: &[f64]| all.iter().map(|it| it.to_bits()).collect::<Vec<_>>();
        let expect = |found: &[f64], expected: [f64; 3]| assert_eq!(bits(found), bits(&expected));
        expect(all.advance(&[none, 3.0, none], &[1.0, 1.0]), [0.0, 3.0, 0.0]);
        expect(all.advance(&[none; 3], &[none; 2]), [0.25, none, none]);
        expect(all.advance(&[none, none, 0.0], &[none; 2]), [0.375, none, 0.375]);
        all.reset();
        expect(all.advance(&[none; 3], &[none; 2]), [none; 3]);
    }

    #[test]
    fn what_is_no_dendrite_is_told() {
        let check = |decay: &[f64], exchange: &[f64], expected: &str| {
            let found = dendrite(decay, exchange, Reading::default()).check().unwrap_err().to_string();
            assert!(found.contains(expected), "{found}\ndoes not say\n{expected}");
        };
        check(&[], &[], "decay: 0 taps are out of range; allowed: 1 to 255");
        check(&[0.5; 256], &[0.1; 255], "decay: 256 taps are out of range");
        check(&[0.5, 0.5], &[], "exchange: 2 taps have 1 pairs of neighbours; found 0");
        check(&[1.5], &[], "decay[0]: 1.5 is out of range; allowed: 0 to 1");
        check(&[0.5, f64::NAN], &[0.1], "decay[1]: NaN is out of range");
        check(&[0.5, 0.5], &[-0.1], "exchange[0]: -0.1 is out of range");
        check(
            &[0.5, 0.5, 0.5],
            &[0.5, 0.5],
            "exchange: tap 1 keeps 0.5 and gives away 1: potentials would grow",
        );
    }
}
