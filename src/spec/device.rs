//! A device of a core, as a document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{Document, Files, Kind};
use crate::base::Problems;
use crate::base::unit::Seconds;
use crate::neuron::NeuronModel;
use crate::synapse::array::ArrayParams;

/// Time-step for which a neuron's parameters are checked.
const STEP: Seconds = Seconds(1e-9);

/// A device: what a core's weights are held in, or what its neurons are made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceDoc {
    /// An array that holds weights and multiplies by them.
    Array(ArrayParams),
    /// A neuron or an encoder.
    Neuron(NeuronModel),
}

impl Document for DeviceDoc {
    const KIND: Kind = Kind::Device;
    const EXAMPLE: &'static str = "array: {sram: {}}";
    type Built = ();

    fn build(&self, _: Files<'_>) -> Result<(), Problems> {
        match self {
            Self::Array(array) => array.validate().map_err(|problems| problems.under("array")),
            Self::Neuron(neuron) => {
                let path = format!("neuron.{}", neuron.name());
                neuron.check(STEP).map_err(|problems| problems.under(&path))
            }
        }
    }
}
