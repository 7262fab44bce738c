//! A bank: all neurons of one model on one core, stored as columns and advanced together.
//!
//! Dispatch happens once per bank and step. In the steady state a step allocates nothing.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::dendrite::{Dendrite, Dendrites, Potentials};
use super::input::StepInput;
use super::layout::Layout;
use super::model::{Granules, NeuronModel, dispatch};
use super::soma::{Card, Columns, Dice, FIRED, Lane, Quantity, Soma, UPDATED};
use crate::base::unit::Seconds;
use crate::base::{Problems, ones};

/// What an input accumulator holds when nothing has arrived: negative zero, the exact identity of
/// floating-point addition. Any arrival, even one of weight zero or two that cancel, leaves another
/// bit pattern, so "nothing arrived" needs no flag. Weights of −0 must be stored as +0.
pub const NO_INPUT: f64 = -0.0;

/// Whether an accumulator that started at [`NO_INPUT`] has received anything.
#[inline(always)]
pub fn arrived(accumulator: f64) -> bool {
    accumulator.to_bits() != NO_INPUT.to_bits()
}

/// What a neuron did in a step, which is what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its state was read, found idle and left alone.
    Idle,
    /// Its state was updated.
    Updated,
    /// Its state was updated and it fired.
    Fired,
}

/// The bits of eight statuses that say "updated", and those that say "fired".
const UPDATED_BITS: u64 = 0x0101_0101_0101_0101;
const FIRED_BITS: u64 = UPDATED_BITS << 1;

/// What leaves a bank in one step. Reused from step to step.
#[derive(Clone, Debug, Default)]
pub struct StepOutput {
    fired: Vec<u32>,
    values: Vec<f64>,
    updated: u64,
    status: Vec<u8>,
    level: Vec<f64>,
    further: Vec<u32>,
}

impl StepOutput {
    /// An empty output.
    pub fn new() -> Self {
        Self::default()
    }

    /// Positions in the bank of the neurons that fired, ascending.
    pub fn fired(&self) -> &[u32] {
        &self.fired
    }

    /// What each of [`fired`](Self::fired) emitted, for graded models; empty for spiking ones.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Number of updates: of neurons that were updated, including those that fired, and further passes.
    pub fn updated(&self) -> u64 {
        self.updated
    }

    /// Passes that each neuron's update took beyond the first; empty where all take one.
    pub fn further(&self) -> &[u32] {
        &self.further
    }

    /// What each neuron did, in bank order.
    pub fn statuses(&self) -> impl ExactSizeIterator<Item = Status> {
        self.status.iter().map(|&status| match status {
            FIRED => Status::Fired,
            UPDATED => Status::Updated,
            _ => Status::Idle,
        })
    }

    fn begin(&mut self, len: usize, graded: bool, serial: bool) {
        self.status.clear();
        self.status.resize(len, super::soma::IDLE);
        self.level.resize(if graded { len } else { 0 }, 0.0);
        self.further.clear();
        self.further.resize(if serial { len } else { 0 }, 0);
    }

    /// Collects who fired from the status column, eight neurons at a time.
    fn collect(&mut self) {
        self.fired.clear();
        self.values.clear();
        self.updated = self.further.iter().map(|&passes| u64::from(passes)).sum();
        let blocks = self.status.chunks_exact(8);
        let rest = blocks.remainder();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        let mut first = 0;
        for block in blocks.chain([last.as_slice()]) {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(block);
            let word = u64::from_le_bytes(bytes);
            // The sum of the eight bytes, each 0 or 1, appears in the top byte of the product.
            self.updated += (word & UPDATED_BITS).wrapping_mul(UPDATED_BITS) >> 56;
            self.fired.extend(ones(word & FIRED_BITS).map(|bit| first + bit as u32 / 8));
            first += 8;
        }
        if !self.level.is_empty() {
            let level = &self.level;
            self.values.extend(self.fired.iter().map(|&neuron| level[neuron as usize]));
        }
    }
}

/// The neurons of one model in a bank: prepared parameters and state.
#[derive(Clone, Debug)]
pub(super) struct Granule<M: Soma> {
    layout: Layout<M::Kind>,
    state: M::State,
}

impl<M: Soma> Granule<M> {
    pub(super) fn build(parts: &[(&M, u32)], dt: Seconds) -> Self {
        let layout = Layout::new(parts, M::joins, |joined| M::prepare_joined(joined, dt));
        let state = M::State::rest(&layout);
        Self { layout, state }
    }

    fn step(&mut self, input: &StepInput<'_>, out: &mut StepOutput) {
        out.begin(self.layout.len(), M::CARD.graded, M::SERIAL);
        for (at, kind) in self.layout.runs() {
            let channel = |i: usize, all| if M::CARD.inputs.len() > i { part(all, &at) } else { &[] };
            let lane = Lane {
                step: input.step,
                arrivals: channel(0, input.arrivals),
                second: channel(1, input.second),
                status: &mut out.status[at.clone()],
                level: if M::CARD.graded { &mut out.level[at.clone()] } else { &mut [] },
                further: if M::SERIAL { &mut out.further[at.clone()] } else { &mut [] },
                dice: Dice { seed: input.seed, step: input.step, ids: input.ids, first: at.start },
            };
            M::advance(&mut self.state, kind, at, lane);
        }
        out.collect();
    }

    fn read(&self, variable: usize, neuron: usize) -> Option<f64> {
        self.state.read(variable, neuron)
    }

    fn write(&mut self, variable: usize, neuron: usize, value: f64) -> bool {
        self.state.write(variable, neuron, value)
    }

    fn reset(&mut self) {
        self.state = M::State::rest(&self.layout);
    }

    fn load<'de, D: Deserializer<'de>>(&mut self, source: D) -> Result<(), D::Error> {
        self.restore(M::State::deserialize(source)?)
    }

    /// The same of a state that something else follows, which is handed back.
    fn load_with<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        &mut self,
        source: D,
    ) -> Result<T, D::Error> {
        let (state, other) = <(M::State, T)>::deserialize(source)?;
        self.restore(state)?;
        Ok(other)
    }

    fn restore<E: serde::de::Error>(&mut self, state: M::State) -> Result<(), E> {
        if !state.holds(self.layout.len()) {
            let message = format!("the saved bank does not hold {} neurons", self.layout.len());
            return Err(E::custom(message));
        }
        self.state = state;
        Ok(())
    }
}

fn part<'a>(all: &'a [f64], at: &std::ops::Range<usize>) -> &'a [f64] {
    &all[at.clone()]
}

/// All neurons of one model on one core.
///
/// ```
/// use spikeloom::base::unit::Seconds;
/// use spikeloom::neuron::{Bank, Ids, NO_INPUT, NeuronModel, StepInput, StepOutput};
///
/// let model: NeuronModel = serde_json::from_str(r#"{"lif": {"threshold": 1.0}}"#)?;
/// let mut bank = Bank::new(&model, 2, Seconds(1e-3))?;
/// let mut out = StepOutput::new();
/// let arrivals = [1000.0, NO_INPUT];
/// bank.step(&StepInput { step: 1, seed: 1, ids: Ids::From(0), arrivals: &arrivals, second: &[], taps: &[] }, &mut out);
/// assert_eq!(out.fired(), [0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bank {
    granules: Granules,
    len: u32,
    dendrites: Option<Box<Dendrites>>,
}

impl Bank {
    /// A bank of `count` equal neurons at rest, advanced in time-steps of `dt`.
    ///
    /// # Errors
    /// Everything that is wrong with the parameters or the time-step, at paths relative to the model.
    pub fn new(model: &NeuronModel, count: u32, dt: Seconds) -> Result<Self, Problems> {
        model.check(dt)?;
        Ok(Self { granules: Granules::build(&[(model, count)], dt), len: count, dendrites: None })
    }

    /// A bank of consecutive parts, each a parameter set and its number of neurons.
    ///
    /// # Errors
    /// Everything that is wrong with a parameter set, at `[part].field`; parts of different models;
    /// more than `u32::MAX` neurons; no part at all.
    pub fn from_parts(parts: &[(&NeuronModel, u32)], dt: Seconds) -> Result<Self, Problems> {
        NeuronModel::check_all(parts, dt)?;
        let len = parts.iter().map(|&(_, count)| count).sum();
        Ok(Self { granules: Granules::build(parts, dt), len, dendrites: None })
    }

    /// The same bank with dendrites at rest: those of so many neurons each, which are checked, in bank order. The model
    /// has an input channel.
    #[must_use]
    pub fn with_dendrites(self, runs: &[(Option<&Dendrite>, u32)]) -> Self {
        let is_plain = runs.iter().all(|(dendrite, _)| dendrite.is_none());
        Self { dendrites: (!is_plain).then(|| Box::new(Dendrites::new(runs))), ..self }
    }

    /// Number of neurons.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether the bank has no neurons.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What the model says about itself.
    pub fn card(&self) -> &'static Card {
        dispatch!(&self.granules, granule => card_of(granule))
    }

    /// The state variables that can be read, the potential (if there is one) first.
    pub fn variables(&self) -> &'static [Quantity] {
        dispatch!(&self.granules, granule => variables_of(granule))
    }

    /// Advances every neuron by one step.
    ///
    /// `input` holds one accumulator per neuron and input channel of the model; that is the caller's
    /// invariant, and the caller sets them back to [`NO_INPUT`] afterwards.
    pub fn step(&mut self, input: &StepInput<'_>, out: &mut StepOutput) {
        let arrivals = match &mut self.dendrites {
            Some(dendrites) => dendrites.advance(input.arrivals, input.taps),
            None => input.arrivals,
        };
        let input = StepInput { arrivals, ..*input };
        dispatch!(&mut self.granules, granule => granule.step(&input, out));
    }

    /// Value of variable number `variable` (see [`variables`](Self::variables)) of neuron `neuron`; `None` if either does
    /// not exist. Behind the variables of the model come the potentials of the neuron's taps, if it has any.
    pub fn read(&self, variable: usize, neuron: usize) -> Option<f64> {
        match (variable.checked_sub(self.variables().len()), &self.dendrites) {
            (Some(tap), Some(dendrites)) => dendrites.read(neuron, tap),
            _ => dispatch!(&self.granules, granule => granule.read(variable, neuron)),
        }
    }

    /// The potential of neuron `neuron`; `None` for models that have no state.
    pub fn potential(&self, neuron: usize) -> Option<f64> {
        self.read(0, neuron)
    }

    /// Sets variable number `variable` of neuron `neuron`, rounded to what the variable can hold: a
    /// start other than rest, or a host that writes to the chip. Whether both exist.
    pub fn write(&mut self, variable: usize, neuron: usize, value: f64) -> bool {
        match (variable.checked_sub(self.variables().len()), &mut self.dendrites) {
            (Some(tap), Some(dendrites)) => dendrites.write(neuron, tap, value),
            _ => dispatch!(&mut self.granules, granule => granule.write(variable, neuron, value)),
        }
    }

    /// Puts every neuron back to rest.
    pub fn reset(&mut self) {
        if let Some(dendrites) = &mut self.dendrites {
            dendrites.reset();
        }
        dispatch!(&mut self.granules, granule => granule.reset());
    }

    /// Writes the state of the bank (not its parameters) for a checkpoint.
    ///
    /// # Errors
    /// Whatever `sink` reports.
    pub fn save<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        match &self.dendrites {
            None => dispatch!(&self.granules, granule => granule.state.serialize(sink)),
            Some(dendrites) => {
                dispatch!(&self.granules, granule => (&granule.state, dendrites.state()).serialize(sink))
            }
        }
    }

    /// Takes back a state written by [`save`](Self::save) from a bank with the same parameters.
    ///
    /// # Errors
    /// Whatever `source` reports, and a state of another model or number of neurons.
    pub fn load<'de, D: Deserializer<'de>>(&mut self, source: D) -> Result<(), D::Error> {
        let Some(dendrites) = &mut self.dendrites else {
            return dispatch!(&mut self.granules, granule => granule.load(source));
        };
        let taps: Potentials = dispatch!(&mut self.granules, granule => granule.load_with(source))?;
        let misfit = || serde::de::Error::custom("the saved bank has other taps");
        dendrites.restore(taps).then_some(()).ok_or_else(misfit)
    }
}

fn card_of<M: Soma>(_: &Granule<M>) -> &'static Card {
    const { &M::CARD }
}

fn variables_of<M: Soma>(_: &Granule<M>) -> &'static [Quantity] {
    M::State::VARIABLES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::Ids;
    use crate::neuron::bernoulli::Bernoulli;
    use crate::neuron::integrate_fire::IntegrateFire;
    use crate::neuron::trial::step_for;

    const DT: Seconds = Seconds(1e-3);

    /// Drives `bank` with a fixed irregular input for steps `from..to`; all that came out.
    fn drive(bank: &mut Bank, from: u64, to: u64) -> Vec<(Vec<u32>, Vec<u64>, u64)> {
        let mut out = StepOutput::new();
        let channels = bank.card().inputs.len();
        let mut run = |step: u64| {
            let arrival = |n: usize| if (step + n as u64).is_multiple_of(3) { 1.5 } else { NO_INPUT };
            let arrivals: Vec<f64> = (0..bank.len()).map(arrival).collect();
            let channel = |i| if channels > i { arrivals.as_slice() } else { &[] };
            let input = StepInput {
                step,
                seed: 5,
                ids: Ids::From(10),
                arrivals: channel(0),
                second: channel(1),
                taps: &[],
            };
            bank.step(&input, &mut out);
            let values = out.values().iter().map(|value| value.to_bits()).collect();
            (out.fired().to_vec(), values, out.updated())
        };
        (from..to).map(&mut run).collect()
    }

    #[test]
    fn every_model_goes_on_from_a_checkpoint_as_if_unbroken() {
        for name in NeuronModel::NAMES {
            let model = NeuronModel::named(name).unwrap();
            let new = || Bank::new(&model, 13, step_for(&model)).unwrap();
            let mut unbroken = new();
            let before = drive(&mut unbroken, 1, 60);
            let text = serde_json::to_string(&Saved(&unbroken)).unwrap();
            let after = drive(&mut unbroken, 60, 120);
            let mut restored = new();
            restored.load(&mut serde_json::Deserializer::from_str(&text)).unwrap();
            assert_eq!(drive(&mut restored, 60, 120), after, "{name}");
            restored.reset();
            assert_eq!(drive(&mut restored, 1, 60), before, "{name} after a reset");
        }
    }

    struct Saved<'a>(&'a Bank);

    impl Serialize for Saved<'_> {
        fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
            self.0.save(sink)
        }
    }

    #[test]
    fn a_checkpoint_of_another_bank_is_refused() {
        let bank = |count| Bank::new(&IntegrateFire::default().into(), count, DT).unwrap();
        let saved = serde_json::to_value(Saved(&bank(3))).unwrap();
        let error = bank(4).load(saved).unwrap_err().to_string();
        assert_eq!(error, "the saved bank does not hold 4 neurons");
        assert!(bank(3).load(serde_json::json!({ "v": [0] })).is_err());
    }

    #[test]
    fn draws_do_not_depend_on_where_a_neuron_lives() {
        let model = Bernoulli { base: 0.5, gain: 0.0 }.into();
        let fired = |count, ids, step| {
            let mut out = StepOutput::new();
            let arrivals = vec![NO_INPUT; count as usize];
            let input = StepInput { step, seed: 5, ids, arrivals: &arrivals, second: &[], taps: &[] };
            Bank::new(&model, count, DT).unwrap().step(&input, &mut out);
            out.fired().iter().map(|&n| ids.of(n as usize)).collect::<Vec<_>>()
        };
        for step in 0..20 {
            let mut split = fired(3, Ids::Table(&[14, 10, 12]), step);
            split.extend(fired(2, Ids::Table(&[11, 13]), step));
            split.sort_unstable();
            assert_eq!(split, fired(5, Ids::From(10), step));
        }
    }

    #[test]
    fn parts_keep_their_parameters_and_their_order() {
        let with = |bias| NeuronModel::from(IntegrateFire { bias, ..Default::default() });
        let (eager, lazy) = (with(2.0), with(0.25));
        let mut bank = Bank::from_parts(&[(&eager, 9), (&lazy, 10), (&eager, 1)], DT).unwrap();
        let mut out = StepOutput::new();
        let arrivals = [NO_INPUT; 20];
        bank.step(
            &StepInput { step: 1, seed: 0, ids: Ids::From(0), arrivals: &arrivals, second: &[], taps: &[] },
            &mut out,
        );
        assert_eq!(out.fired(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 19]);
        assert_eq!((out.updated(), bank.potential(12), bank.potential(20)), (20, Some(0.25), None));
    }

    #[test]
    fn mixed_missing_and_wrong_parts_are_all_named() {
        let bad = IntegrateFire { threshold: f64::INFINITY, ..Default::default() }.into();
        let other = NeuronModel::from(Bernoulli::default());
        let problems = Bank::from_parts(&[(&bad, 1), (&other, u32::MAX)], DT).unwrap_err().to_string();
        assert!(problems.contains("[0].threshold: is not a finite number"), "{problems}");
        assert!(problems.contains("[1]: a bank holds one model; `bernoulli` follows"), "{problems}");
        assert!(problems.contains("4294967296 neurons are too many"), "{problems}");
        assert!(Bank::from_parts(&[], DT).is_err());
    }

    #[test]
    fn what_is_written_is_read_and_integrated() {
        let mut bank = Bank::new(&IntegrateFire::default().into(), 2, DT).unwrap();
        assert!(bank.write(0, 1, 1.25) && bank.write(1, 1, 1.0));
        assert!(!bank.write(2, 1, 0.0) && !bank.write(0, 2, 0.0));
        assert_eq!([0, 1].map(|variable| bank.read(variable, 1)), [Some(1.25), Some(1.0)]);
        let fires: Vec<_> = drive(&mut bank, 1, 3).into_iter().map(|(fired, ..)| fired).collect();
        assert_eq!(fires, [vec![], vec![1]]);
    }

    #[test]
    fn an_empty_bank_does_nothing() {
        let mut bank = Bank::new(&IntegrateFire::default().into(), 0, DT).unwrap();
        assert!(bank.is_empty());
        assert_eq!(drive(&mut bank, 1, 2), [(vec![], vec![], 0)]);
    }

    #[test]
    fn arrivals_of_zero_are_arrivals() {
        assert!(!arrived(NO_INPUT));
        assert!(arrived(NO_INPUT + 0.0));
        assert!(arrived(NO_INPUT + 1.0 - 1.0));
        assert_eq!((NO_INPUT + 1.5).to_bits(), 1.5f64.to_bits());
    }
}
