//! A mesh of Mach–Zehnder interferometers (MZIs), and what its imperfections make of it.
//!
//! ```text
//!   T(θ, φ) = ⎡e^{iφ} cos θ   −sin θ⎤ = diag(−i, i) · B · diag(e^{iψ}, e^{−iψ}) · B · diag(e^{iφ}, 1),  ψ = θ + π/2
//!             ⎣e^{iφ} sin θ    cos θ⎦
//! ```
//!
//! with the coupler `B = [[cos β, i sin β], [i sin β, cos β]]`, β = π/4. Errors: θ and φ each off by a normal
//! deviate, each coupler's β likewise, the same loss for both paths of an MZI, and thermal crosstalk that adds a
//! share of the neighbours' phases in the same layer. To first order, phase errors of deviation σ cost a mean
//! infidelity `1 − |tr(U†V)|²/N²` of `σ² K (3/N − 1/N²)` for K MZIs on N modes.
//!
//! Source: Clements et al. 2016, doi 10.1364/OPTICA.3.001460; Fang et al. 2019, doi 10.1364/OE.27.014009
//! (imprecision); Hughes et al. 2018, doi 10.1364/OPTICA.5.000864, and Pai et al. 2023, doi
//! 10.1126/science.ade8450 (gradients by interference).

use num_complex::Complex64;

use crate::base::random::Stream;

/// One interferometer on modes `mode` and `mode + 1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mzi {
    /// Its upper mode.
    pub mode: usize,
    /// Half the internal phase: how much light changes over [rad].
    pub theta: f64,
    /// The external phase, on the upper input [rad].
    pub phi: f64,
}

/// A mesh: interferometers in the order in which light passes them, then a phase on every output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mesh {
    /// The interferometers.
    pub mzis: Vec<Mzi>,
    /// Output phases [rad], one for each mode.
    pub output: Vec<f64>,
}

/// What is wrong with the components of a mesh.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Imperfections {
    /// Standard deviation of θ and φ [rad].
    pub phase: f64,
    /// Standard deviation of each coupler's angle β [rad].
    pub splitter: f64,
    /// Loss of an MZI [dB].
    pub loss: f64,
    /// Share of the neighbours' θ and φ in the same layer that is added to one's own.
    pub crosstalk: f64,
}

/// A 2 × 2 matrix.
type Pair = [[Complex64; 2]; 2];

/// A mesh as it came out of the factory: one transfer matrix per interferometer.
#[derive(Clone, Debug)]
pub struct Built {
    stages: Vec<(usize, Pair)>,
    output: Vec<Complex64>,
}

const I: Complex64 = Complex64::new(0.0, 1.0);

fn turn(phase: f64) -> Complex64 {
    Complex64::from_polar(1.0, phase)
}

fn coupler(beta: f64) -> Pair {
    let (sin, cos) = beta.sin_cos();
    [[cos.into(), I * sin], [I * sin, cos.into()]]
}

fn product(a: &Pair, b: &Pair) -> Pair {
    std::array::from_fn(|i| std::array::from_fn(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j]))
}

impl Mzi {
    /// The transfer matrix with couplers off by `splitters` [rad] and amplitudes scaled by `amplitude`.
    fn transfer(&self, splitters: [f64; 2], amplitude: f64) -> Pair {
        let zero = Complex64::new(0.0, 0.0);
        let psi = self.theta + std::f64::consts::FRAC_PI_2;
        let [first, second] = splitters.map(|error| coupler(std::f64::consts::FRAC_PI_4 + error));
        let inner = [[turn(psi), zero], [zero, turn(-psi)]];
        let outer = [[turn(self.phi), zero], [zero, 1.0.into()]];
        let [upper, lower] = product(&second, &product(&inner, &product(&first, &outer)));
        [upper.map(|z| -I * z * amplitude), lower.map(|z| I * z * amplitude)]
    }
}

impl Mesh {
    /// Number of modes.
    pub fn modes(&self) -> usize {
        self.output.len()
    }

    /// The layer of each interferometer if each stands as early as the light's order allows.
    pub fn layers(&self) -> Vec<usize> {
        let mut free = vec![0; self.modes()];
        let place = |mzi: &Mzi| {
            let layer = free[mzi.mode].max(free[mzi.mode + 1]);
            free[mzi.mode] = layer + 1;
            free[mzi.mode + 1] = layer + 1;
            layer
        };
        self.mzis.iter().map(place).collect()
    }

    /// Layers of interferometers that light passes at most.
    pub fn depth(&self) -> usize {
        self.layers().iter().map(|layer| layer + 1).max().unwrap_or(0)
    }

    /// The mesh without errors.
    pub fn ideal(&self) -> Built {
        let stages = self.mzis.iter().map(|mzi| (mzi.mode, mzi.transfer([0.0; 2], 1.0))).collect();
        Built { stages, output: self.output.iter().map(|&phase| turn(phase)).collect() }
    }

    /// The mesh with errors drawn from `dice`.
    pub fn build(&self, wrong: &Imperfections, dice: &mut Stream) -> Built {
        let amplitude = 10f64.powf(-wrong.loss / 20.0);
        let leaked = self.leaked(wrong.crosstalk);
        let mut draw = |sigma: f64| if sigma > 0.0 { sigma * dice.normal() } else { 0.0 };
        let stage = |(mzi, leak): (&Mzi, &[f64; 2])| {
            let theta = mzi.theta + leak[0] + draw(wrong.phase);
            let phi = mzi.phi + leak[1] + draw(wrong.phase);
            let splitters = [draw(wrong.splitter), draw(wrong.splitter)];
            (mzi.mode, Mzi { theta, phi, ..*mzi }.transfer(splitters, amplitude))
        };
        let stages = self.mzis.iter().zip(&leaked).map(stage).collect();
        Built { stages, output: self.output.iter().map(|&phase| turn(phase)).collect() }
    }

    /// What neighbours in the same layer add to θ and φ [rad].
    fn leaked(&self, share: f64) -> Vec<[f64; 2]> {
        if share == 0.0 {
            return vec![[0.0; 2]; self.mzis.len()];
        }
        let layers = self.layers();
        let near =
            |a: usize, b: usize| layers[a] == layers[b] && self.mzis[a].mode.abs_diff(self.mzis[b].mode) == 2;
        let all = 0..self.mzis.len();
        let from = |a: usize| {
            let neighbours = all.clone().filter(|&b| near(a, b)).map(|b| &self.mzis[b]);
            neighbours.fold([0.0; 2], |[theta, phi], mzi| [theta + share * mzi.theta, phi + share * mzi.phi])
        };
        all.clone().map(from).collect()
    }

    /// Gradient of a real loss by in-situ interference: for the field `input` and the derivative `error` of the
    /// loss by the conjugate of each output, the derivative by every interferometer's θ and φ.
    ///
    /// Light `a` sent forwards and `b`, the error sent backwards, meet in every phase shifter; from the three
    /// intensities |a − ib|², |a|² and |b|² the derivative by its phase follows as their difference,
    /// `2·Re(i·a·b*)`. The internal phase acts as +θ on one arm and −θ on the other.
    pub fn gradient(&self, input: &[Complex64], error: &[Complex64]) -> Vec<[f64; 2]> {
        let mut forward = input.to_vec();
        let mut seen = Vec::with_capacity(self.mzis.len());
        for mzi in &self.mzis {
            seen.push([forward[mzi.mode], forward[mzi.mode + 1]]);
            apply(&mut forward, mzi.mode, &mzi.transfer([0.0; 2], 1.0));
        }
        let turned = |(z, phase): (&Complex64, &f64)| z * turn(-phase);
        let mut backward: Vec<Complex64> = error.iter().zip(&self.output).map(turned).collect();
        let mut gradient = vec![[0.0; 2]; self.mzis.len()];
        for (k, mzi) in self.mzis.iter().enumerate().rev() {
            let leaving = [backward[mzi.mode], backward[mzi.mode + 1]];
            apply(&mut backward, mzi.mode, &adjoint(&mzi.transfer([0.0; 2], 1.0)));
            let entering = [backward[mzi.mode], backward[mzi.mode + 1]];
            gradient[k] = [mzi.inner_gradient(seen[k], leaving), interference(seen[k][0], entering[0])];
        }
        gradient
    }
}

impl Mzi {
    /// Derivative by θ from the fields between the couplers.
    fn inner_gradient(&self, entering: [Complex64; 2], leaving: [Complex64; 2]) -> f64 {
        let half = coupler(std::f64::consts::FRAC_PI_4);
        let psi = self.theta + std::f64::consts::FRAC_PI_2;
        let outer = [entering[0] * turn(self.phi), entering[1]];
        let field = times(&half, outer);
        let field = [field[0] * turn(psi), field[1] * turn(-psi)];
        // Back through the output phases −i and i, and the second coupler.
        let error = times(&adjoint(&half), [leaving[0] * I, leaving[1] * -I]);
        interference(field[0], error[0]) - interference(field[1], error[1])
    }
}

/// `2·Re(i·a·b*)` from intensities.
fn interference(a: Complex64, b: Complex64) -> f64 {
    (a - I * b).norm_sqr() - a.norm_sqr() - b.norm_sqr()
}

fn adjoint(a: &Pair) -> Pair {
    std::array::from_fn(|i| std::array::from_fn(|j| a[j][i].conj()))
}

fn times(a: &Pair, v: [Complex64; 2]) -> [Complex64; 2] {
    [a[0][0] * v[0] + a[0][1] * v[1], a[1][0] * v[0] + a[1][1] * v[1]]
}

fn apply(field: &mut [Complex64], mode: usize, stage: &Pair) {
    let [upper, lower] = times(stage, [field[mode], field[mode + 1]]);
    field[mode] = upper;
    field[mode + 1] = lower;
}

impl Built {
    /// Sends a field through.
    pub fn propagate(&self, field: &mut [Complex64]) {
        for (mode, stage) in &self.stages {
            apply(field, *mode, stage);
        }
        field.iter_mut().zip(&self.output).for_each(|(z, phase)| *z *= phase);
    }

    /// The transfer matrix, row after row.
    pub fn matrix(&self) -> Vec<Vec<Complex64>> {
        let n = self.output.len();
        let mut matrix = vec![vec![Complex64::new(0.0, 0.0); n]; n];
        for j in 0..n {
            let mut field = vec![Complex64::new(0.0, 0.0); n];
            field[j] = 1.0.into();
            self.propagate(&mut field);
            field.iter().enumerate().for_each(|(i, &z)| matrix[i][j] = z);
        }
        matrix
    }
}
