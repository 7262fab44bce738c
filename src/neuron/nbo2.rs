//! The third-order neuron made of NbO2: one device that rests, spikes, bursts or behaves chaotically.
//!
//! ```text
//!   C_th Ṫ = i v − (T − T_0)/R_th           temperature of the device
//!   C v̇   = (V − v)/R_s − i                 its voltage, behind a series resistor
//!   τ u̇   = 1/(1 + e^{−(T − T_c + H u)/w}) − u   metallic share: 1/R_met = u/R_metal
//!   i = v [σ₀A e^{−0.301 eV/2kT} ((kT/ω)² (1 + (x − 1) eˣ) + 1/2d) + 1/R_met],   x = ω √(v/d)/kT
//! ```
//!
//! The first conduction is Poole–Frenkel emission in three dimensions; above T_c (with hysteresis H) the device turns
//! metallic. The voltage V is `bias` plus what arrives, held for the step. It fires in the step in which u rises
//! through 1/2, having been below 0.35.
//!
//! Scheme: classical Runge–Kutta of order four in `substeps` per time-step; a negative v counts as zero.
//! Source: Kumar et al. 2020, doi 10.1038/s41586-020-2735-5: conduction, balances of heat and charge, T_c ≈ 1080 K,
//! 1.4 to 2.2 V. The published parameters are not complete, and how R_met follows the temperature is ours: **all
//! values are fitted by us** so that the device rests, spikes regularly, bursts and behaves chaotically within
//! those voltages.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::runge_kutta::rk4;
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::Problems;
use crate::base::unit::{Farads, Ohms, Seconds, Volts};

/// Boltzmann's constant [eV/K] (CODATA 2018).
const BOLTZMANN_EV: f64 = 8.617_333_262e-5;
/// Activation energy of conduction, before halving [eV].
const ACTIVATION: f64 = 0.301;
/// Metallic shares between which a spike begins and ends.
const SPIKE: [f64; 2] = [0.35, 0.5];
/// Temperatures beyond which the model is not meant to be asked [K].
const TEMPERATURES: [f64; 2] = [100.0, 5000.0];

/// Third-order NbO2 neuron; all values are fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Nbo2 {
    /// Applied voltage that is there in every step.
    pub bias: Volts,
    /// Resistance in series R_s.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub r_series: Ohms,
    /// Capacitance beside the device, C.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub capacitance: Farads,
    /// Heat capacity C_th.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "J/K"))]
    pub c_thermal: f64,
    /// Thermal resistance R_th.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "K/W"))]
    pub r_thermal: f64,
    /// Temperature of the surroundings T_0.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "K"))]
    pub ambient: f64,
    /// Conductivity times area, σ₀A.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "S m"))]
    pub conductivity: f64,
    /// Thickness d.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "m"))]
    pub thickness: f64,
    /// Lowering of the barrier per root of the field, ω.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "eV/√(V/m)"))]
    pub omega: f64,
    /// Resistance of the device when it is metallic throughout.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub r_metal: Ohms,
    /// Temperature at which it turns metallic, T_c.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "K"))]
    pub t_critical: f64,
    /// How far below T_c it turns back, H.
    #[schemars(range(min = 0), extend("unit" = "K"))]
    pub hysteresis: f64,
    /// Width of the transition w.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "K"))]
    pub width: f64,
    /// Time constant of the metallic share τ.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_metal: Seconds,
    /// Integration steps per time-step.
    #[schemars(range(min = 1), extend("unit" = "steps"))]
    pub substeps: u16,
}

impl Default for Nbo2 {
    fn default() -> Self {
        Self {
            bias: Volts(0.0),
            r_series: Ohms(1000.0),
            capacitance: Farads(1e-12),
            c_thermal: 1e-15,
            r_thermal: 1e6,
            ambient: 300.0,
            conductivity: 1.7e-11,
            thickness: 1e-8,
            omega: 1.13e-5,
            r_metal: Ohms(300.0),
            t_critical: 1080.0,
            hysteresis: 100.0,
            width: 20.0,
            tau_metal: Seconds(1e-9),
            substeps: 20,
        }
    }
}

/// Prepared parameters.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    model: Nbo2,
    h: f64,
}

columns! {
    /// State of the bank.
    struct State of Kind;
    v: f64, "V", |_| 0.0;
    t: f64, "K", |k| k.model.ambient;
    u: f64, "1", |_| 0.0;
    high: u8, "1", |_| 0;
}

impl Nbo2 {
    /// Conductance of the insulating part at `v` volt and `t` kelvin [S].
    pub fn insulating(&self, v: f64, t: f64) -> f64 {
        let kt = BOLTZMANN_EV * t;
        let x = self.omega * (v.max(0.0) / self.thickness).sqrt() / kt;
        let emission = (kt / self.omega).powi(2) * (1.0 + (x - 1.0) * x.exp()) + 0.5 / self.thickness;
        self.conductivity * (-ACTIVATION / (2.0 * kt)).exp() * emission
    }

    fn slope(&self, [v, t, u]: [f64; 3], applied: f64) -> [f64; 3] {
        let (v, t) = (v.max(0.0), t.clamp(TEMPERATURES[0], TEMPERATURES[1]));
        let current = v * (self.insulating(v, t) + u / self.r_metal.0);
        let over = (t - self.t_critical + self.hysteresis * u) / self.width;
        let metallic = 1.0 / (1.0 + (-over).exp());
        [
            ((applied - v) / self.r_series.0 - current) / self.capacitance.0,
            (current * v - (t - self.ambient) / self.r_thermal) / self.c_thermal,
            (metallic - u) / self.tau_metal.0,
        ]
    }
}

impl Soma for Nbo2 {
    const CARD: Card = Card {
        name: "nbo2",
        equations: "C_th T' = i v - (T - T_0)/R_th; C v' = (V - v)/R_s - i; tau u' = 1/(1 + e^(-(T - T_c + H u)/w)) - u; \
                    i = v (Poole-Frenkel(v, T) + u/R_metal), V = bias + input; fire when u rises through 1/2",
        scheme: "Runge-Kutta of order 4, substeps per time-step",
        source: "Kumar et al. 2020, doi 10.1038/s41586-020-2735-5; all values are fitted by us",
        inputs: one_input!("V"),
        graded: false,
    };
    type Kind = Kind;
    type State = State;

    fn check(&self, dt: Seconds, problems: &mut Problems) {
        let h = dt.0 / f64::from(self.substeps);
        let charge = self.capacitance.0 / (1.0 / self.r_series.0 + 1.0 / self.r_metal.0);
        let fastest = charge.min(self.tau_metal.0).min(self.c_thermal * self.r_thermal);
        // Beyond 2.78 time constants the scheme is unstable; half of that leaves digits.
        problems.require(h <= 1.4 * fastest, "substeps", || {
            format!("integration steps of {h:e} s are too long for a time constant of {fastest:e} s")
        });
    }

    fn prepare(&self, dt: Seconds) -> Kind {
        Kind { model: self.clone(), h: dt.0 / f64::from(self.substeps) }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let electric = state.v[at.clone()].iter_mut().zip(&mut state.t[at.clone()]);
        let metal = state.u[at.clone()].iter_mut().zip(&mut state.high[at]);
        for ((((v, t), (u, high)), &input), out) in electric.zip(metal).zip(lane.arrivals).zip(lane.status) {
            let applied = k.model.bias.0 + input;
            let mut y = [*v, *t, *u];
            let mut fired = false;
            for _ in 0..k.model.substeps {
                y = rk4(y, k.h, |y| k.model.slope(y, applied));
                if *high == 0 && y[2] > SPIKE[1] {
                    *high = 1;
                    fired = true;
                } else if *high == 1 && y[2] < SPIKE[0] {
                    *high = 0;
                }
            }
            [*v, *t, *u] = y;
            *out = status(true, fired);
        }
    }

    fn price() -> Price {
        Price::scaled(400)
    }
}
