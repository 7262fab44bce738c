//! The contract between a soma model and the bank that runs it.
//!
//! A model is three types: the parameters a user writes (the implementor of [`Soma`]), the
//! coefficients prepared from them once ([`Soma::Kind`]), and the state of all neurons of a bank as
//! columns ([`Soma::State`]). The bank calls [`Soma::advance`] once per step and run of equal
//! neurons with plain slices.

use std::fmt::Debug;
use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cost::Price;
use super::input::Ids;
use super::layout::Layout;
use crate::base::Problems;
use crate::base::random::{Purpose, Stream};
use crate::base::unit::Seconds;

/// Status of a neuron that did nothing in a step.
pub(super) const IDLE: u8 = 0;
/// Status of a neuron whose state was updated.
pub(super) const UPDATED: u8 = 1;
/// Status of a neuron that was updated and fired.
pub(super) const FIRED: u8 = 3;

/// What a model says about itself. Its summary and its parameters are documented on its parameter
/// type and read from there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Card {
    /// The name a user writes, in kebab case.
    pub name: &'static str,
    /// The equations of one step, in the order in which they are computed.
    pub equations: &'static str,
    /// The integration scheme.
    pub scheme: &'static str,
    /// Where the model comes from.
    pub source: &'static str,
    /// The input channels: none for a source, two where excitation and inhibition (or conductance
    /// and current) are kept apart, otherwise one.
    pub inputs: &'static [Quantity],
    /// Whether an emission carries a value; otherwise it is a plain spike.
    pub graded: bool,
}

/// A named quantity of a model: an input channel or a state variable.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quantity {
    /// Its name.
    pub name: &'static str,
    /// Its unit; `1` if it has none.
    pub unit: &'static str,
}

/// The only input channel of most models, in the given unit.
macro_rules! one_input {
    ($unit:literal) => {
        &[crate::neuron::soma::Quantity { name: "input", unit: $unit }]
    };
}
pub(super) use one_input;

/// A soma model: the parameters of a neuron, and how neurons with such parameters advance.
pub(super) trait Soma:
    Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned + JsonSchema
{
    /// What the model says about itself.
    const CARD: Card;
    /// Whether an update can take several passes, as told in [`Lane::further`]: the model serves its input unit by
    /// unit.
    const SERIAL: bool = false;
    /// Coefficients prepared once per parameter set.
    type Kind: Clone + Debug;
    /// The state of all neurons of a bank.
    type State: Columns<Self::Kind>;

    /// Records what is wrong with the parameters beyond the ranges in their schema, for time-steps
    /// of `dt`.
    fn check(&self, _dt: Seconds, _problems: &mut Problems) {}

    /// Prepares the coefficients for time-steps of `dt`. Only called on checked parameters.
    fn prepare(&self, dt: Seconds) -> Self::Kind;

    /// Whether neurons with parameters of their own can be advanced together with such as `other`: then
    /// [`prepare_joined`](Self::prepare_joined) has to keep what differs.
    fn joins(&self, _other: &Self) -> bool {
        false
    }

    /// Prepares the coefficients of neurons that follow each other, parts of which [join](Self::joins) the next;
    /// there is at least one part.
    fn prepare_joined(parts: &[(&Self, u32)], dt: Seconds) -> Self::Kind {
        parts[0].0.prepare(dt)
    }

    /// Advances the neurons in positions `at` of the columns by one step.
    fn advance(state: &mut Self::State, kind: &Self::Kind, at: Range<usize>, lane: Lane<'_>);

    /// The default energy and latency.
    fn price() -> Price;
}

/// The state of a bank as one column per variable.
pub(super) trait Columns<K>: Clone + Debug + Serialize + DeserializeOwned {
    /// The variables that can be read, the potential (if there is one) first.
    const VARIABLES: &'static [Quantity];

    /// All neurons of `layout` at rest.
    fn rest(layout: &Layout<K>) -> Self;

    /// Whether every column holds `len` neurons.
    fn holds(&self, len: usize) -> bool;

    /// Value of a variable of a neuron; `None` if either does not exist.
    fn read(&self, variable: usize, neuron: usize) -> Option<f64>;

    /// Sets a variable of a neuron; whether both exist.
    fn write(&mut self, variable: usize, neuron: usize, value: f64) -> bool;
}

/// Declares the state columns of a model: name, element type, unit and value at rest of each.
macro_rules! columns {
    (
        $(#[$doc:meta])* struct $State:ident of $Kind:ty;
        $($(#[$note:meta])* $name:ident: $T:ty, $unit:literal, $rest:expr;)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
        pub(super) struct $State {
            $($(#[$note])* #[serde(with = "crate::neuron::column")] $name: Vec<$T>,)*
        }

        impl crate::neuron::soma::Columns<$Kind> for $State {
            const VARIABLES: &'static [crate::neuron::soma::Quantity] =
                &[$(crate::neuron::soma::Quantity { name: stringify!($name), unit: $unit }),*];

            fn rest(layout: &crate::neuron::layout::Layout<$Kind>) -> Self {
                Self { $($name: layout.column($rest)),* }
            }

            fn holds(&self, len: usize) -> bool {
                true $(&& self.$name.len() == len)*
            }

            fn read(&self, variable: usize, neuron: usize) -> Option<f64> {
                let columns: &[fn(&Self, usize) -> Option<f64>] =
                    &[$(|state, neuron| state.$name.get(neuron).map(|&value| f64::from(value))),*];
                columns.get(variable)?(self, neuron)
            }

            fn write(&mut self, variable: usize, neuron: usize, value: f64) -> bool {
                let columns: &[fn(&mut Self, usize, f64) -> bool] =
                    &[$(|state, neuron, value| crate::neuron::column::set(&mut state.$name, neuron, value)),*];
                columns.get(variable).is_some_and(|column| column(self, neuron, value))
            }
        }
    };
}
pub(super) use columns;

/// The state of models that have none.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Stateless;

impl<K> Columns<K> for Stateless {
    const VARIABLES: &'static [Quantity] = &[];

    fn rest(_: &Layout<K>) -> Self {
        Self
    }

    fn holds(&self, _: usize) -> bool {
        true
    }

    fn read(&self, _: usize, _: usize) -> Option<f64> {
        None
    }

    fn write(&mut self, _: usize, _: usize, _: f64) -> bool {
        false
    }
}

/// A run's part of the arrays that a bank shares with the outside during one step. All slices have
/// the length of the run, except that unused channels, the levels of spiking models and the passes of models that take
/// one are empty.
pub(super) struct Lane<'a> {
    /// Number of the step.
    pub step: u64,
    /// Arrivals of the first input channel.
    pub arrivals: &'a [f64],
    /// Arrivals of the second input channel.
    pub second: &'a [f64],
    /// Where to write [`IDLE`], [`UPDATED`] or [`FIRED`]; starts out idle.
    pub status: &'a mut [u8],
    /// Where a graded model writes what a neuron that fired emits.
    pub level: &'a mut [f64],
    /// Where a serial model writes how many passes an update took beyond the first; starts out zero.
    pub further: &'a mut [u32],
    /// What keys random draws.
    pub dice: Dice<'a>,
}

/// The key of a run's random draws.
#[derive(Clone, Copy)]
pub(super) struct Dice<'a> {
    pub seed: u64,
    pub step: u64,
    pub ids: Ids<'a>,
    pub first: usize,
}

impl Dice<'_> {
    /// The random stream of the run's neuron `index` in this step.
    #[inline]
    pub(super) fn of(&self, index: usize) -> Stream {
        Stream::new(self.seed, Purpose::Neuron, self.ids.of(self.first + index), self.step)
    }
}

/// The status of a neuron from two flags.
#[inline(always)]
pub(super) fn status(updated: bool, fired: bool) -> u8 {
    u8::from(updated | fired) | (u8::from(fired) << 1)
}
