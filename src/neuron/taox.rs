//! The second-order TaOx memristor as a synapse: its conductance moves the more, the warmer it still is.
//!
//! ```text
//!   Ṫ = P/C − (T − T_0)/(R C),   P = V² G(w),   G = G_min + w (G_max − G_min)
//!   ẇ = rate · sinh(V/V_0) · e^{−(E/k)(1/T − 1/T_0)} · (1 − w if V > 0, else w)
//! ```
//!
//! The voltage V is what arrives, held for the step. Pulses in quick succession find the device warm and change it
//! more: timing acts without overlapping pulses. It emits the current V·G in microamperes in steps with an input.
//!
//! Scheme: temperature exact for the power held during a step, then w exact for the temperature reached.
//! Source: Kim et al. 2015, doi 10.1021/acs.nanolett.5b00697 (second-order memristor); Kumar et al. 2022, doi
//! 10.1038/s41578-022-00434-z. The values are ours.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bank::arrived;
use super::cost::{Price, SomaCost};
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::Problems;
use crate::base::unit::{Seconds, Siemens, Volts};

/// Boltzmann's constant [eV/K] (CODATA 2018).
const BOLTZMANN_EV: f64 = 8.617_333_262e-5;

/// Second-order memristive synapse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Taox {
    /// Conductance at w = 0.
    #[schemars(range(min = 0))]
    pub g_min: Siemens,
    /// Conductance at w = 1.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub g_max: Siemens,
    /// w at the start.
    #[schemars(range(min = 0, max = 1), extend("unit" = "1"))]
    pub initial: f64,
    /// Thermal resistance R.
    #[schemars(range(min = 0), extend("unit" = "K/W"))]
    pub r_thermal: f64,
    /// Time constant R·C of cooling.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_thermal: Seconds,
    /// Temperature of the surroundings T_0.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "K"))]
    pub ambient: f64,
    /// Activation energy E.
    #[schemars(range(min = 0), extend("unit" = "eV"))]
    pub activation: f64,
    /// Voltage scale V_0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub v_scale: Volts,
    /// Rate of w at T_0, per second.
    #[schemars(range(min = 0), extend("unit" = "1/s"))]
    pub rate: f64,
}

impl Default for Taox {
    /// Placeholders: a pulse of 1 V for 20 ns warms the device by about 100 K, which it forgets in 500 ns.
    fn default() -> Self {
        Self {
            g_min: Siemens(100e-6),
            g_max: Siemens(1e-3),
            initial: 0.2,
            r_thermal: 1e7,
            tau_thermal: Seconds(500e-9),
            ambient: 300.0,
            activation: 0.6,
            v_scale: Volts(0.2),
            rate: 200.0,
        }
    }
}

/// Prepared parameters.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    model: Taox,
    cooling: f64,
    dt: f64,
}

columns! {
    /// State of the bank.
    struct State of Kind;
    w: f64, "1", |k| k.model.initial;
    t: f64, "K", |k| k.model.ambient;
}

impl Kind {
    fn conductance(&self, w: f64) -> f64 {
        self.model.g_min.0 + w * (self.model.g_max.0 - self.model.g_min.0)
    }

    fn step(&self, w: &mut f64, t: &mut f64, volts: f64) {
        let model = &self.model;
        let warm = model.ambient + volts * volts * self.conductance(*w) * model.r_thermal;
        *t = warm + (*t - warm) * self.cooling;
        if volts != 0.0 {
            let faster = (-model.activation / BOLTZMANN_EV * (1.0 / *t - 1.0 / model.ambient)).exp();
            let moved = model.rate * (volts / model.v_scale.0).sinh().abs() * faster * self.dt;
            let goal = f64::from(u8::from(volts > 0.0));
            *w = goal + (*w - goal) * (-moved).exp();
        }
    }
}

impl Soma for Taox {
    const CARD: Card = Card {
        name: "taox",
        equations: "T' = V^2 G(w)/C - (T - T_0)/(R C), G = g_min + w (g_max - g_min); w' = rate sinh(V/V_0) \
                    e^(-E/k (1/T - 1/T_0)) (1 - w or w); emit V G in uA",
        scheme: "exact for inputs held during a step, temperature first",
        source: "Kim et al. 2015, doi 10.1021/acs.nanolett.5b00697; values are ours",
        inputs: one_input!("V"),
        graded: true,
    };
    type Kind = Kind;
    type State = State;

    fn check(&self, _: Seconds, problems: &mut Problems) {
        let ordered = self.g_min.0 < self.g_max.0;
        problems.require(ordered, "g_max", || "the conductance window is upside down or empty".into());
    }

    fn prepare(&self, dt: Seconds) -> Kind {
        Kind { model: self.clone(), cooling: (-dt.0 / self.tau_thermal.0).exp(), dt: dt.0 }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let columns = state.w[at.clone()].iter_mut().zip(&mut state.t[at]).zip(lane.arrivals);
        for (((w, t), &volts), (out, level)) in columns.zip(lane.status.iter_mut().zip(lane.level)) {
            k.step(w, t, volts);
            *level = volts * k.conductance(*w) * 1e6;
            *out = status(true, arrived(volts));
        }
    }

    fn price() -> Price {
        Price {
            cost: SomaCost::FREE,
            source: "none: what a pulse takes, V² G t, depends on the state",
            estimate: true,
        }
    }
}
