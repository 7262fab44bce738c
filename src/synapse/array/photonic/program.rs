//! From a matrix of weights to meshes and ring banks.

use num_complex::Complex64;

use super::decompose::{Square, check_unitary, clements, reck};
use super::mesh::{Imperfections, Mesh};
use super::params::{Arrangement, DetectorNoise, MeshParams, WdmParams};
use super::svd::singular_values;
use crate::base::Problems;
use crate::synapse::array::bill::{Costs, Event, Shares};
use crate::synapse::array::device::{Draw, stream};
use crate::synapse::array::matrix::Matrix;
use crate::synapse::array::periphery::{AdcParams, InputParams};
use crate::synapse::array::pipeline::{Pipeline, Plane, Tile};

/// Bits that the laser is dimensioned for where there is no converter.
const BITS_WITHOUT_ADC: u8 = 8;

/// A matrix on meshes.
#[derive(Clone, Debug)]
pub(crate) struct Photonic {
    pub pipeline: Pipeline,
    pub costs: Costs,
}

/// First inputs and outputs, and numbers of both, of the squares that a matrix is cut into.
fn pieces(shape: [usize; 2], size: [usize; 2]) -> Vec<([usize; 2], [usize; 2])> {
    let across = |j: usize| (0..shape[0]).step_by(size[0]).map(move |i| [i, j]);
    let firsts = (0..shape[1]).step_by(size[1]).flat_map(across);
    firsts.map(|[i, j]| ([i, j], [size[0].min(shape[0] - i), size[1].min(shape[1] - j)])).collect()
}

impl Photonic {
    /// Sets the phases for `weights` on meshes drawn with `seed`.
    pub(crate) fn program(params: &MeshParams, weights: &Matrix, seed: u64) -> Result<Self, Problems> {
        let shape = [weights.rows(), weights.columns()];
        let modes = params.modes as usize;
        let (mut tiles, mut heat, mut depth) = (Vec::new(), 0.0, 0);
        for (number, (first, size)) in pieces(shape, [modes; 2]).into_iter().enumerate() {
            let block = Matrix::from_fn(size[0], size[1], |i, j| weights.at(first[0] + i, first[1] + j));
            let held = Held::program(params, &block, (seed, number as u32))?;
            heat += held.heat;
            depth = depth.max(held.depth);
            let plane = held.plane(params, size);
            tiles.push(Tile { number: number as u32, first, planes: vec![plane], circuit: None });
        }
        let pipeline = Pipeline {
            rows: shape[0],
            columns: shape[1],
            seed,
            input: params.input,
            full_scale: params.full_scale,
            curve: None,
            tiles,
        };
        let costs = mesh_costs(params, shape, &pipeline, (heat, depth));
        Ok(Self { pipeline, costs })
    }
}

/// What one mesh, or two with attenuators between them, makes of a part of the matrix.
struct Held {
    weights: Matrix,
    /// Output that is full scale.
    scale: f64,
    /// Power of the phase shifters [W].
    heat: f64,
    depth: usize,
}

impl Held {
    fn program(params: &MeshParams, block: &Matrix, (seed, number): (u64, u32)) -> Result<Self, Problems> {
        let size = block.rows().max(block.columns()).max(2);
        // Light computes y = M x with M the transposed weights, padded to a square.
        let padded = Matrix::from_fn(size, size, |i, j| {
            if j < block.rows() && i < block.columns() { block.at(j, i) } else { 0.0 }
        });
        let mut dice = stream(seed, number, Draw::Photonic, 0);
        let wrong = Imperfections {
            phase: params.errors.phase,
            splitter: params.errors.splitter,
            loss: params.errors.loss(),
            crosstalk: params.errors.crosstalk,
        };
        let meshes = if params.svd { two_meshes(params, &padded)? } else { one_mesh(params, &padded)? };
        let mut fields: Vec<Vec<Complex64>> = identity(size);
        for (mesh, after) in &meshes.parts {
            let built = mesh.build(&wrong, &mut dice);
            // The loss of the longest path; that others are shorter is left to the detectors below.
            let gain = 10f64.powf(wrong.loss * mesh.depth() as f64 / 20.0);
            for field in &mut fields {
                built.propagate(field);
                field.iter_mut().zip(after).for_each(|(z, factor)| *z *= factor * gain);
            }
        }
        let phases = meshes.parts.iter().flat_map(|(mesh, _)| &mesh.mzis);
        let phases: f64 = phases.map(|mzi| (2.0 * mzi.theta + mzi.phi) / std::f64::consts::PI).sum();
        let mut weights =
            Matrix::from_fn(block.rows(), block.columns(), |i, j| meshes.scale * fields[i][j].re);
        if wrong.loss > 0.0 {
            set_gains(&mut weights, block);
        }
        Ok(Self {
            weights,
            scale: meshes.scale,
            heat: phases * params.heater.0,
            depth: meshes.parts.iter().map(|(mesh, _)| mesh.depth()).sum(),
        })
    }

    fn plane(self, params: &MeshParams, size: [usize; 2]) -> Plane {
        let bits = params.adc.as_ref().map_or(BITS_WITHOUT_ADC, |adc| adc.bits);
        let noise = params.detector.coherent(bits, params.rate.0);
        let mut plane = plane_of(self.weights, noise, self.scale);
        plane.sources = (0..size[1]).map(|j| (j, None)).collect();
        if let Some(adc) = &params.adc {
            plane.calibrate(adc, params.input, params.full_scale);
        }
        plane
    }
}

/// Sets the gain of each detector so that its outputs come nearest to those asked for: light at the edges of a mesh
/// passes fewer interferometers than in the middle, so no gain that all share makes up for the loss.
fn set_gains(held: &mut Matrix, asked: &Matrix) {
    for j in 0..held.columns() {
        let both: f64 = (0..held.rows()).map(|i| held.at(i, j) * asked.at(i, j)).sum();
        let own: f64 = (0..held.rows()).map(|i| held.at(i, j) * held.at(i, j)).sum();
        if both > 0.0 {
            (0..held.rows()).for_each(|i| held.set(i, j, held.at(i, j) * both / own));
        }
    }
}

fn plane_of(weights: Matrix, noise: DetectorNoise, scale: f64) -> Plane {
    Plane {
        weights,
        floor: noise.floor * scale * scale,
        shot: noise.shot * scale,
        relative: noise.relative,
        gain: 1.0,
        ..Plane::default()
    }
}

/// Meshes in the order of the light, each with what its outputs are multiplied by.
struct Meshes {
    parts: Vec<(Mesh, Vec<f64>)>,
    scale: f64,
}

fn identity(size: usize) -> Square {
    let one = |i: usize, j: usize| Complex64::new(f64::from(u8::from(i == j)), 0.0);
    (0..size).map(|i| (0..size).map(|j| one(i, j)).collect()).collect()
}

fn complex(matrix: &Matrix) -> Square {
    (0..matrix.rows()).map(|i| matrix.row(i).iter().map(|&x| x.into()).collect()).collect()
}

fn arranged(params: &MeshParams, matrix: &Square) -> Result<Mesh, Problems> {
    match params.arrangement {
        Arrangement::Clements => clements(matrix),
        Arrangement::Reck => reck(matrix),
    }
}

fn one_mesh(params: &MeshParams, matrix: &Matrix) -> Result<Meshes, Problems> {
    let matrix = complex(matrix);
    check_unitary(&matrix).map_err(|mut problems| {
        problems
            .0
            .iter_mut()
            .for_each(|problem| problem.allowed = Some("a unitary matrix; or `svd: true`".into()));
        problems.under("svd")
    })?;
    let mesh = arranged(params, &matrix)?;
    let ones = vec![1.0; mesh.modes()];
    Ok(Meshes { parts: vec![(mesh, ones)], scale: 1.0 })
}

fn two_meshes(params: &MeshParams, matrix: &Matrix) -> Result<Meshes, Problems> {
    let svd = singular_values(matrix);
    let largest = svd.values.first().copied().unwrap_or(0.0);
    let scale = if largest > 0.0 { largest } else { 1.0 };
    let first = arranged(params, &complex(&svd.v.transposed()))?;
    let second = arranged(params, &complex(&svd.u))?;
    let through = svd.values.iter().map(|value| value / scale).collect();
    let ones = vec![1.0; second.modes()];
    Ok(Meshes { parts: vec![(first, through), (second, ones)], scale })
}

fn mesh_costs(
    params: &MeshParams,
    shape: [usize; 2],
    pipeline: &Pipeline,
    (heat, depth): (f64, usize),
) -> Costs {
    let bits = params.adc.as_ref().map_or(BITS_WITHOUT_ADC, |adc| adc.bits);
    let loss = params.errors.loss() * depth as f64;
    let outputs: f64 = pipeline.tiles.iter().map(|tile| tile.planes[0].weights.columns() as f64).sum();
    let inputs: f64 = pipeline.tiles.iter().map(|tile| tile.planes[0].weights.rows() as f64).sum();
    let laser = params.detector.laser_power(loss, outputs, bits);
    let figures = Figures {
        standby: laser + heat,
        per_input: params.modulator.0,
        per_output: 0.0,
        settle: params.settle.0,
        arrays: pipeline.tiles.len() as u32,
        period: 1.0 / params.rate.0,
    };
    figures.costs(shape, [inputs, outputs], params.adc.as_ref(), params.input)
}

/// What a photonic array takes.
struct Figures {
    /// Laser, and holding the weights [W].
    standby: f64,
    /// Applying one input once [J].
    per_input: f64,
    /// Detecting one output once [J].
    per_output: f64,
    settle: f64,
    arrays: u32,
    /// Time of one vector [s].
    period: f64,
}

impl Figures {
    fn costs(
        self,
        shape: [usize; 2],
        [inputs, outputs]: [f64; 2],
        adc: Option<&AdcParams>,
        input: InputParams,
    ) -> Costs {
        let steps = input.steps();
        let (reads, conversions) = (f64::from(steps.reads), f64::from(steps.conversions));
        let conversion = adc.map_or(0.0, |adc| adc.conversion_energy());
        let shares = Shares {
            drivers: inputs * reads * self.per_input,
            converters: outputs * conversions * conversion,
            other: outputs * reads * self.per_output,
            ..Shares::default()
        };
        let latency = adc.map_or(0.0, |adc| adc.conversion_time(shape[1]));
        let step = outputs * (conversion + self.per_output);
        Costs {
            multiply: Event { energy: shares.total(), time: self.period * reads + latency },
            shares,
            step: Event { energy: step, time: self.period + latency },
            spike: Event { energy: self.per_input * inputs / shape[0].max(1) as f64, time: 0.0 },
            program: Event { energy: self.standby * self.settle, time: self.settle },
            standby: self.standby,
            arrays: self.arrays,
            operations: 2.0 * shape[0] as f64 * shape[1] as f64,
            ..Costs::default()
        }
    }
}

/// Sets rings for `weights` on banks drawn with `seed`.
pub(crate) fn program_wdm(params: &WdmParams, weights: &Matrix, seed: u64) -> Pipeline {
    let shape = [weights.rows(), weights.columns()];
    let size = [params.wavelengths as usize, params.buses as usize];
    let largest = weights.data().iter().fold(0.0f64, |most, w| most.max(w.abs()));
    let scale = if largest > 0.0 { largest } else { 1.0 };
    let bits = params.adc.as_ref().map_or(BITS_WITHOUT_ADC, |adc| adc.bits);
    let noise = params.detector.incoherent(bits, params.rate.0);
    let tiles = pieces(shape, size).into_iter().enumerate().map(|(number, (first, size))| {
        let mut dice = stream(seed, number as u32, Draw::Photonic, 0);
        let most = f64::from(1u32 << (params.weight_bits - 1)) - 1.0;
        let rings = Matrix::from_fn(size[0], size[1], |i, j| {
            let w = (weights.at(first[0] + i, first[1] + j) / scale * most).round() / most;
            let off = if params.tuning_error > 0.0 { params.tuning_error * dice.normal() } else { 0.0 };
            scale * (w + off).clamp(-1.0, 1.0)
        });
        let mut plane = plane_of(crossed(&rings, params.crosstalk), noise, scale);
        plane.sources = (0..size[1]).map(|j| (j, None)).collect();
        if let Some(adc) = &params.adc {
            plane.calibrate(adc, params.input, params.full_scale);
        }
        Tile { number: number as u32, first, planes: vec![plane], circuit: None }
    });
    Pipeline {
        rows: shape[0],
        columns: shape[1],
        seed,
        input: params.input,
        full_scale: params.full_scale,
        curve: None,
        tiles: tiles.collect(),
    }
}

/// Each ring weighs a share of the wavelengths next to its own.
fn crossed(rings: &Matrix, share: f64) -> Matrix {
    let n = rings.rows();
    Matrix::from_fn(n, rings.columns(), |i, j| {
        let above = if i > 0 { rings.at(i - 1, j) } else { 0.0 };
        let below = if i + 1 < n { rings.at(i + 1, j) } else { 0.0 };
        rings.at(i, j) + share * (above + below)
    })
}

/// What a ring bank costs.
pub(crate) fn wdm_costs(params: &WdmParams, shape: [usize; 2]) -> Costs {
    let size = [params.wavelengths as usize, params.buses as usize];
    let parts = pieces(shape, size);
    let inputs: f64 = parts.iter().map(|(_, size)| size[0] as f64).sum();
    let outputs: f64 = parts.iter().map(|(_, size)| size[1] as f64).sum();
    let rings: f64 = parts.iter().map(|(_, size)| (size[0] * size[1]) as f64).sum();
    let bits = params.adc.as_ref().map_or(BITS_WITHOUT_ADC, |adc| adc.bits);
    let laser = params.detector.laser_power(params.loss, outputs, bits);
    let figures = Figures {
        standby: laser + rings * params.ring.0 + inputs * params.modulator.0,
        per_input: params.dac.0,
        per_output: params.amplifier.0,
        settle: params.settle.0,
        arrays: parts.len() as u32,
        period: 1.0 / params.rate.0,
    };
    figures.costs(shape, [inputs, outputs], params.adc.as_ref(), params.input)
}
