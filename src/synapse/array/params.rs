//! What a user says about an array: one of the technologies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bill::Limits;
use super::crossbar::CrossbarParams;
use super::memcapacitor::MemcapacitorParams;
use super::periphery::InputParams;
use super::photonic::{MeshParams, WdmParams};
use super::sram::SramParams;
use crate::base::Problems;

/// An array that holds weights and multiplies by them, written as a map with one key: its technology.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ArrayParams {
    /// Digital memory beside adders.
    Sram(SramParams),
    /// A crossbar of resistive cells: RRAM, PCM, SONOS, Y-Flash.
    Crossbar(Box<CrossbarParams>),
    /// An array of memcapacitors.
    Memcapacitor(Box<MemcapacitorParams>),
    /// A coherent mesh of Mach–Zehnder interferometers.
    PhotonicMesh(Box<MeshParams>),
    /// Ring resonators on a bus of wavelengths.
    Wdm(Box<WdmParams>),
}

impl ArrayParams {
    /// The technology, as a user writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sram(_) => "sram",
            Self::Crossbar(_) => "crossbar",
            Self::Memcapacitor(_) => "memcapacitor",
            Self::PhotonicMesh(_) => "photonic-mesh",
            Self::Wdm(_) => "wdm",
        }
    }

    /// Checks everything that does not depend on a matrix.
    ///
    /// # Errors
    /// Everything that is out of range or contradicts something else, at its path below the technology's name.
    pub fn validate(&self) -> Result<(), Problems> {
        let checked = match self {
            Self::Sram(sram) => sram.validate(),
            Self::Crossbar(crossbar) => crossbar.validate(),
            Self::Memcapacitor(memcapacitor) => memcapacitor.validate(),
            Self::PhotonicMesh(mesh) => mesh.validate(),
            Self::Wdm(wdm) => wdm.validate(),
        };
        checked.map_err(|problems| problems.under(self.name()))
    }

    /// What an array can hold.
    pub fn limits(&self) -> Limits {
        match self {
            Self::Sram(sram) => sram.limits(),
            Self::Crossbar(crossbar) => Limits {
                rows: crossbar.rows,
                outputs: crossbar.outputs_per_array(),
                arrays: crossbar.arrays,
                weight_bits: crossbar.weight_bits(),
                input_bits: Some(u32::from(crossbar.input.bits().bits)).filter(|&bits| bits > 0),
                output_bits: crossbar.adc.as_ref().map(|adc| adc.bits.into()),
            },
            Self::Memcapacitor(memcapacitor) => memcapacitor.limits(),
            Self::PhotonicMesh(mesh) => Limits {
                rows: mesh.modes,
                outputs: mesh.modes,
                arrays: mesh.arrays,
                weight_bits: None,
                input_bits: Some(u32::from(mesh.input.bits().bits)).filter(|&bits| bits > 0),
                output_bits: mesh.adc.as_ref().map(|adc| adc.bits.into()),
            },
            Self::Wdm(wdm) => Limits {
                rows: wdm.wavelengths,
                outputs: wdm.buses,
                arrays: wdm.arrays,
                weight_bits: Some(wdm.weight_bits.into()),
                input_bits: Some(u32::from(wdm.input.bits().bits)).filter(|&bits| bits > 0),
                output_bits: wdm.adc.as_ref().map(|adc| adc.bits.into()),
            },
        }
    }

    /// How inputs are driven; `None` where they are numbers in logic.
    fn drive(&self) -> Option<(InputParams, f64)> {
        match self {
            Self::Sram(_) => None,
            Self::Crossbar(crossbar) => Some((crossbar.input, crossbar.full_scale)),
            Self::Memcapacitor(memcapacitor) => Some((memcapacitor.input, memcapacitor.full_scale)),
            Self::PhotonicMesh(mesh) => Some((mesh.input, mesh.full_scale)),
            Self::Wdm(wdm) => Some((wdm.input, wdm.full_scale)),
        }
    }

    /// Whether single weights can be changed while the others stay: digital memory, and crossbars whose cells take
    /// pulses and hold a weight in one piece.
    pub fn can_learn(&self) -> bool {
        match self {
            Self::Sram(_) => true,
            Self::Crossbar(crossbar) => crossbar.cell.pulses.is_some() && crossbar.slices.is_none(),
            _ => false,
        }
    }

    /// Whether inputs may be below zero.
    pub fn takes_negative_inputs(&self) -> bool {
        match self {
            Self::Sram(sram) => sram.input_bits > 1,
            _ => self.drive().is_none_or(|(input, _)| input.bits().signed),
        }
    }

    /// Input that is full scale; larger ones are clipped.
    pub fn full_scale(&self) -> f64 {
        match self {
            Self::Sram(sram) => sram.full_scale,
            _ => self.drive().map_or(1.0, |(_, full_scale)| full_scale),
        }
    }

    /// Programs `weights` (rows are inputs, columns outputs) into arrays drawn with `seed`.
    ///
    /// ```
    /// use spikeloom::synapse::array::{ArrayParams, Matrix};
    ///
    /// let text = r#"{"crossbar": {"rows": 4, "columns": 8, "adc": null, "input": {"analog": {"bits": 0}},
    ///                "cell": {"g_min": 1e-6, "g_max": 9e-6}}}"#;
    /// let ideal: ArrayParams = serde_json::from_str(text)?;
    /// let weights = Matrix::from_rows(2, 2, vec![1.0, -0.5, 0.25, 0.75]).expect("2 by 2");
    /// let mut product = [0.0; 2];
    /// ideal.program(&weights, 1)?.multiply(0, &[1.0, 0.5], &mut product)?;
    /// assert!((product[0] - 1.125).abs() < 1e-9 && (product[1] + 0.125).abs() < 1e-9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Parameters that are wrong; weights that are not finite; a matrix that is empty or needs more arrays than
    /// there are; wires that cannot be solved; a matrix that is not unitary on a mesh that holds only such.
    pub fn program(&self, weights: &super::Matrix, seed: u64) -> Result<super::Array, Problems> {
        super::Array::program(self, weights, seed)
    }

    /// The same for an array that only ever sees spikes: the range of its converters is set for those.
    ///
    /// # Errors
    /// As for [`program`](Self::program).
    pub fn program_for_spikes(&self, weights: &super::Matrix, seed: u64) -> Result<super::Array, Problems> {
        super::Array::program_for_spikes(self, weights, seed)
    }
}
