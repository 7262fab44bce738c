//! What time does to a programmed cell: drift, retention, and noise that grows with time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::law::Law;
use crate::base::unit::{Seconds, Siemens};
use crate::base::{Problem, Problems};

/// Structural relaxation: `G(t) = G_0·((t + t0)/t0)^(−ν)`, t counting from the end of programming.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// The same mean exponent for all conductances.
    Power(PowerDrift),
    /// Phase-change memory: exponents that depend on the conductance.
    Pcm(PcmDrift),
}

/// Drift with one mean exponent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PowerDrift {
    /// Mean exponent ν.
    pub nu: f64,
    /// Standard deviation of ν from cell to cell.
    #[schemars(range(min = 0))]
    pub sigma: f64,
    /// Time t0 from programming to the reference read [s].
    pub t0: Seconds,
}

impl Default for PowerDrift {
    /// The exponent and its reference time of doped Ge2Sb2Te5 (Le Gallo et al. 2018, doi
    /// 10.1002/aelm.201700627); no spread.
    fn default() -> Self {
        Self { nu: 0.05, sigma: 0.0, t0: Seconds(20.0) }
    }
}

/// Drift of phase-change cells, x being the conductance over that of the fully set cell:
/// ν̄ = clip(nu_slope·ln x + nu_offset, nu_range), σ_ν = clip(sigma_slope·ln x + sigma_offset, sigma_range).
/// Defaults: statistics of a million mushroom cells at 90 nm (Joshi et al. 2020, doi
/// 10.1038/s41467-020-16108-9; Nandakumar et al. 2019, doi 10.1109/ICECS46596.2019.8964852).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PcmDrift {
    /// Slope of the mean exponent.
    pub nu_slope: f64,
    /// Mean exponent of the fully set cell before clipping.
    pub nu_offset: f64,
    /// Least and largest mean exponent.
    pub nu_range: [f64; 2],
    /// Slope of the exponent's deviation.
    pub sigma_slope: f64,
    /// Deviation of the fully set cell before clipping.
    pub sigma_offset: f64,
    /// Least and largest deviation.
    pub sigma_range: [f64; 2],
    /// Time t0 from programming to the reference read [s].
    pub t0: Seconds,
}

impl Default for PcmDrift {
    fn default() -> Self {
        Self {
            nu_slope: -0.0155,
            nu_offset: 0.0244,
            nu_range: [0.049, 0.1],
            sigma_slope: -0.0125,
            sigma_offset: -0.0059,
            sigma_range: [0.008, 0.045],
            t0: Seconds(20.0),
        }
    }
}

/// Smallest relative conductance that goes into a logarithm.
const LEAST: f64 = 1e-6;

impl Drift {
    /// Mean and standard deviation of the exponent of a cell programmed to `g` [S], in a window that ends at
    /// `g_max` [S].
    pub fn exponent(&self, g: f64, g_max: f64) -> (f64, f64) {
        match self {
            Self::Power(power) => (power.nu, power.sigma),
            Self::Pcm(pcm) => {
                let ln = (g / g_max).max(LEAST).ln();
                let clip = |value: f64, [low, high]: [f64; 2]| value.max(low).min(high);
                let nu = clip(pcm.nu_slope * ln + pcm.nu_offset, pcm.nu_range);
                (nu, clip(pcm.sigma_slope * ln + pcm.sigma_offset, pcm.sigma_range))
            }
        }
    }

    /// The factor on the conductance after `t` seconds for exponent `nu`.
    pub fn factor(&self, nu: f64, t: f64) -> f64 {
        let t0 = self.t0();
        ((t + t0) / t0).powf(-nu)
    }

    fn t0(&self) -> f64 {
        match self {
            Self::Power(power) => power.t0.0,
            Self::Pcm(pcm) => pcm.t0.0,
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// A reference time that is not positive, exponents that are not finite, ranges upside down.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let (name, right) = match self {
            Self::Power(power) => ("power", power.nu.is_finite() && power.sigma >= 0.0),
            Self::Pcm(pcm) => {
                let ordered = [pcm.nu_range, pcm.sigma_range].iter().all(|[low, high]| low <= high);
                ("pcm", ordered && pcm.sigma_range[0] >= 0.0)
            }
        };
        problems.require(right, name, || "exponents are finite and ranges run upwards".into());
        if !(self.t0() > 0.0 && self.t0().is_finite()) {
            problems.push(Problem::new(format!("{name}.t0"), "the reference time is above zero"));
        }
        problems.into_result(())
    }
}

/// Fluctuation of a cell from read to read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadNoise {
    /// The same at all times.
    Law(Law),
    /// Phase-change memory, 1/f noise that grows with time.
    Pcm(PcmReadNoise),
}

/// `σ = G·Q·√ln((t + t0 + t_r)/(2·t_r))` with `Q = min(most, scale·x^exponent)`, x being the conductance over that of
/// the fully set cell. Defaults: Joshi et al. 2020, doi 10.1038/s41467-020-16108-9.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PcmReadNoise {
    /// Largest Q.
    #[schemars(range(min = 0))]
    pub most: f64,
    /// Q of the fully set cell.
    #[schemars(range(min = 0))]
    pub scale: f64,
    /// Power of x.
    pub exponent: f64,
    /// Length of a read t_r [s].
    pub read_time: Seconds,
    /// Time t0 from programming to when t begins to count [s].
    pub t0: Seconds,
}

impl Default for PcmReadNoise {
    fn default() -> Self {
        Self { most: 0.2, scale: 0.0088, exponent: -0.65, read_time: Seconds(250e-9), t0: Seconds(20.0) }
    }
}

impl ReadNoise {
    /// Standard deviation [S] of a read of a cell of `g` [S], programmed to `programmed` [S], `t` seconds after
    /// programming.
    pub fn deviation(&self, g: f64, programmed: f64, g_max: f64, t: f64) -> f64 {
        match self {
            Self::Law(law) => law.deviation(g, g_max),
            Self::Pcm(pcm) => {
                let x = (programmed / g_max).max(LEAST);
                let q = (pcm.scale * x.powf(pcm.exponent)).min(pcm.most);
                let t_r = pcm.read_time.0;
                g * q * ((t + pcm.t0.0 + t_r) / (2.0 * t_r)).ln().max(0.0).sqrt()
            }
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// Negative spreads, a read of no length.
    pub fn validate(&self) -> Result<(), Problems> {
        match self {
            Self::Law(law) => law.validate().map_err(|problems| problems.under("law")),
            Self::Pcm(pcm) => {
                let mut problems = Problems::new();
                let right = pcm.most >= 0.0 && pcm.scale >= 0.0 && pcm.read_time.0 > 0.0 && pcm.t0.0 >= 0.0;
                problems.require(right, "pcm", || "noise is not negative and a read takes time".into());
                problems.into_result(())
            }
        }
    }
}

/// Loss of a stored state: `G(t) = G_∞ + (G_0 − G_∞)·e^(−(t/τ)^stretch)` and, on top, a spread that grows as
/// √t from nothing to `spread` after the time `spread_time`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Time constant τ [s]; absent: the mean stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_constant: Option<Seconds>,
    /// Exponent of the stretched exponential.
    #[serde(default = "default_stretch")]
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub stretch: f64,
    /// Resting conductance G_∞ [S].
    #[serde(default)]
    pub rest: Siemens,
    /// Activation energy of τ [eV], for temperatures other than the reference.
    #[serde(default)]
    pub activation: f64,
    /// Standard deviation about the mean after `spread_time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Law>,
    /// Time after which the spread is as stated [s].
    #[serde(default = "default_spread_time")]
    pub spread_time: Seconds,
}

fn default_stretch() -> f64 {
    1.0
}

fn default_spread_time() -> Seconds {
    Seconds(86400.0)
}

impl Retention {
    /// Conductance after `t` seconds from `g` [S], before spreading; `speed` multiplies the rate.
    pub fn relaxed(&self, g: f64, t: f64, speed: f64) -> f64 {
        let Some(tau) = self.time_constant else { return g };
        self.rest.0 + (g - self.rest.0) * (-(t * speed / tau.0).powf(self.stretch)).exp()
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// Times that are not positive, a stretch outside ]0, 1], negative conductances or spreads.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let tau = self.time_constant.is_none_or(|tau| tau.0 > 0.0);
        problems.require(tau, "time_constant", || "a time constant is above zero".into());
        problems.require(self.stretch > 0.0 && self.stretch <= 1.0, "stretch", || "it lies in ]0, 1]".into());
        problems.require(self.rest.0 >= 0.0, "rest", || "a conductance is not negative".into());
        problems.require(self.spread_time.0 > 0.0, "spread_time", || "a time is above zero".into());
        problems.absorb("spread", self.spread.as_ref().map_or(Ok(()), Law::validate));
        problems.into_result(())
    }
}
