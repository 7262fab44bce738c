//! What a user says about a cell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ageing::{Drift, ReadNoise, Retention};
use super::law::Law;
use super::pulse::PulseModel;
use super::verify::Verify;
use crate::base::unit::{Joules, Seconds, Siemens, Volts};
use crate::base::{Problem, Problems};
use crate::synapse::array::wires::Curve;

/// A resistive cell: its window of conductances, and in what ways it is not ideal. A part that is absent is
/// ideal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CellParams {
    /// Smallest conductance [S].
    pub g_min: Siemens,
    /// Largest conductance [S].
    pub g_max: Siemens,
    /// Levels that can be told apart, evenly spaced over the window; absent: any conductance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 65536))]
    pub levels: Option<u32>,
    /// Current as a function of voltage, where it is not proportional.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<CurveParams>,
    /// Standard deviation of what is programmed about what was asked for (normal, cut off at zero).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programming: Option<Law>,
    /// Fluctuation from read to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_noise: Option<ReadNoise>,
    /// Decay by a power law of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Relaxation towards a resting conductance, and spreading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// Cells that cannot be programmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck: Option<Stuck>,
    /// What one programming pulse does: needed for write–verify and updates in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulses: Option<PulseModel>,
    /// Programming in a closed loop; instead of the error that `programming` states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// What writing costs.
    #[serde(default)]
    pub write: WriteParams,
    /// Wear by writing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endurance: Option<Endurance>,
    /// Dependence on temperature, and thermal noise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Temperature>,
}

/// Current of a cell as a function of the voltage across it, in units of its conductance at 0 V.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum CurveParams {
    /// `I = G (V + quadratic·|V|·V + cubic·V³)`.
    Polynomial {
        /// Coefficient of |V|·V [1/V].
        #[serde(default)]
        #[schemars(range(min = 0))]
        quadratic: f64,
        /// Coefficient of V³ [1/V²].
        #[serde(default)]
        #[schemars(range(min = 0))]
        cubic: f64,
    },
    /// `I = G·scale·sinh(V/scale)` (Simmons 1963, doi 10.1063/1.1702682).
    Sinh {
        /// Voltage scale [V].
        scale: Volts,
    },
}

impl CurveParams {
    /// The curve itself.
    pub fn curve(self) -> Curve {
        match self {
            Self::Polynomial { quadratic, cubic } => Curve::Polynomial { quadratic, cubic },
            Self::Sinh { scale } => Curve::Sinh { scale: scale.0 },
        }
    }
}

/// Shares of cells that cannot be programmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stuck {
    /// Share stuck at the smallest conductance.
    #[schemars(range(min = 0, max = 1))]
    pub low: f64,
    /// Share stuck at the largest conductance.
    #[schemars(range(min = 0, max = 1))]
    pub high: f64,
}

/// What one programming pulse costs. The energy of a pulse is `V²·G·t`, the mean over both directions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WriteParams {
    /// Voltage of a pulse that raises the conductance [V].
    pub set_voltage: Volts,
    /// Magnitude of the voltage of a pulse that lowers it [V].
    pub reset_voltage: Volts,
    /// Length of a pulse [s].
    pub pulse: Seconds,
    /// Reading a cell to verify it [J].
    pub verify_energy: Joules,
    /// Time of that read [s].
    pub verify_time: Seconds,
    /// Pulses that programming takes on average where it is not simulated pulse by pulse.
    #[schemars(range(min = 1))]
    pub typical_pulses: f64,
    /// Cells of an array that are written at the same time.
    #[schemars(range(min = 1))]
    pub parallel: u32,
}

impl Default for WriteParams {
    /// 2 V and 1.8 V for 50 ns, as for TaOx/HfOx cells (Yao et al. 2020, doi 10.1038/s41586-020-1942-4); one
    /// pulse without verification, one cell at a time.
    fn default() -> Self {
        Self {
            set_voltage: Volts(2.0),
            reset_voltage: Volts(1.8),
            pulse: Seconds(50e-9),
            verify_energy: Joules(0.0),
            verify_time: Seconds(0.0),
            typical_pulses: 1.0,
            parallel: 1,
        }
    }
}

/// Wear: after n cycles a cell has failed with probability `1 − e^(−(n/cycles)^shape)` (Weibull), and is stuck
/// at either end of its window with equal probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endurance {
    /// Cycles after which 63 % of the cells have failed.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub cycles: f64,
    /// Weibull shape.
    #[serde(default = "default_shape")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub shape: f64,
    /// Write cycles that the array has behind it.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub worn: f64,
}

fn default_shape() -> f64 {
    1.0
}

impl Endurance {
    /// Probability that a cell has failed.
    pub fn failed(&self) -> f64 {
        -(-(self.worn / self.cycles).powf(self.shape)).exp_m1()
    }
}

/// Temperature: conductances scale by `e^(−(E/k)(1/T − 1/T_0))`, retention times by the inverse of that with
/// their own energy, and every cell adds thermal noise `4kTG·Δf` with `Δf = 1/(2·read time)` (Nyquist 1928, doi
/// 10.1103/PhysRev.32.110).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Temperature {
    /// Temperature of the array [K].
    #[schemars(range(min = 1, max = 1000))]
    pub kelvin: f64,
    /// Temperature at which the window is stated [K].
    #[schemars(range(min = 1, max = 1000))]
    pub reference: f64,
    /// Activation energy of conduction [eV].
    pub activation: f64,
    /// Whether cells have thermal noise.
    pub thermal_noise: bool,
}

impl Default for Temperature {
    fn default() -> Self {
        Self { kelvin: 300.0, reference: 300.0, activation: 0.0, thermal_noise: true }
    }
}

impl Temperature {
    /// Arrhenius factor of a rate with activation energy `energy` [eV].
    pub fn factor(&self, energy: f64) -> f64 {
        let kelvin_per_volt = super::ELECTRON / super::BOLTZMANN;
        (-energy * kelvin_per_volt * (1.0 / self.kelvin - 1.0 / self.reference)).exp()
    }
}

impl CellParams {
    /// Checks the window and every part.
    ///
    /// # Errors
    /// Everything that is out of range or contradicts something else.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let (low, high) = (self.g_min.0, self.g_max.0);
        if !(low >= 0.0 && low < high && high.is_finite()) {
            let message = format!("the conductance window from {low} S to {high} S is upside down or empty");
            problems.push(Problem::new("g_max", message).allowed("0 <= g_min < g_max"));
        }
        if let Some(levels) = self.levels.filter(|levels| !(2..=65536).contains(levels)) {
            problems.push(Problem::new("levels", format!("{levels} levels")).allowed("2 to 65536"));
        }
        let law = self.programming.as_ref().map_or(Ok(()), Law::validate);
        problems.absorb("programming", law);
        problems.absorb("read_noise", self.read_noise.as_ref().map_or(Ok(()), ReadNoise::validate));
        problems.absorb("drift", self.drift.as_ref().map_or(Ok(()), Drift::validate));
        problems.absorb("retention", self.retention.as_ref().map_or(Ok(()), Retention::validate));
        problems.absorb("pulses", self.pulses.as_ref().map_or(Ok(()), PulseModel::validate));
        problems.absorb("verify", self.verify.as_ref().map_or(Ok(()), Verify::validate));
        if self.verify.is_some() && self.pulses.is_none() {
            problems.push(Problem::new("verify", "a closed loop needs to know what a pulse does: `pulses`"));
        }
        self.check_parts(&mut problems);
        problems.into_result(())
    }

    fn check_parts(&self, problems: &mut Problems) {
        if let Some(Stuck { low, high }) = self.stuck {
            let right = low >= 0.0 && high >= 0.0 && low + high <= 1.0;
            problems
                .require(right, "stuck", || format!("shares of {low} and {high} are no shares of all cells"));
        }
        if let Some(curve) = self.curve {
            let right = match curve {
                CurveParams::Polynomial { quadratic, cubic } => {
                    quadratic >= 0.0 && cubic >= 0.0 && (quadratic + cubic).is_finite()
                }
                CurveParams::Sinh { scale } => scale.0 > 0.0 && scale.0.is_finite(),
            };
            problems.require(right, "curve", || "the current would not rise with the voltage".into());
        }
        let write = self.write;
        let times = write.pulse.0 > 0.0 && write.verify_time.0 >= 0.0 && write.verify_energy.0 >= 0.0;
        problems.require(times && write.pulse.0.is_finite(), "write", || {
            "times and energies of no length".into()
        });
        let counts = write.typical_pulses >= 1.0 && write.typical_pulses.is_finite() && write.parallel >= 1;
        problems.require(counts, "write", || "writing takes a pulse and a cell at least".into());
        if let Some(endurance) = self.endurance {
            let right = endurance.cycles > 0.0 && endurance.shape > 0.0 && endurance.worn >= 0.0;
            problems
                .require(right, "endurance", || "cycles and shape are above zero, wear is not below".into());
        }
        if let Some(temperature) = self.temperature {
            let range = 1.0..=1000.0;
            let right = range.contains(&temperature.kelvin) && range.contains(&temperature.reference);
            problems.require(right, "temperature", || "a temperature lies from 1 K to 1000 K".into());
        }
    }

    /// The nearest conductance [S] that the cell can be asked for.
    pub fn level(&self, g: f64) -> f64 {
        let (low, high) = (self.g_min.0, self.g_max.0);
        let g = g.clamp(low, high);
        match self.levels {
            Some(levels) => {
                let step = (high - low) / f64::from(levels - 1);
                low + ((g - low) / step).round() * step
            }
            None => g,
        }
    }
}
