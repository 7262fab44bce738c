//! The third-order NbO₂ element: a Mott memristor in one device with a capacitor and a resistor.
//!
//! ```text
//!   C v̇ = (V − v)/R_s − i                              i = i_PF(v, T) + G v
//!   C_th Ṫ = i v − (T − T_0)/R_th
//!   τ_met Ġ = G_met/(1 + e^{−(T − T_c)/ΔT}) − G          G = 1/R_met
//!   i_PF = σ_0 A e^{−E/2kT} [(kT/ω)² (1 + (x − 1) eˣ) + v/2d],   x = ω √(v/d)/kT
//! ```
//!
//! Current warms the device and warmth lets more current through (three-dimensional Poole–Frenkel transport): that is
//! the spike. Beyond T_c part of it turns metallic, which takes time to come and to go: that is the third order, and
//! makes bursts and chaos. The voltage V is `bias` plus what arrives, held for the step. It fires in a step in which T
//! rises above `spike_temperature`.
//!
//! As V rises the defaults rest below 1.27 V, spike regularly, double their period from 1.6 V, burst in threes from
//! 1.74 V, are chaotic from 1.82 V, spike regularly again from 2.04 V and stay warm and silent from 2.2 V.
//!
//! Scheme: classical Runge–Kutta of order four in `substeps` per time-step.
//! Source: Kumar, Williams & Wang 2020, doi 10.1038/s41586-020-2735-5 (the element and its three state variables);
//! Gibson et al. 2016, doi 10.1063/1.4939913 (transport). How G follows T is our choice, and all values are fitted by us
//! to show these behaviours between 1.2 V and 2.3 V at sub-microsecond periods and up to a milliampere.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::{EventCost, Price, SomaCost};
use super::runge_kutta::rk4;
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::Problems;
use crate::base::unit::{Farads, Joules, Ohms, Seconds, Siemens, Volts};

/// Boltzmann's constant [eV/K] (CODATA 2018).
const BOLTZMANN_EV: f64 = 8.617_333_262e-5;

/// Longest integration step as a share of the shortest time constant.
const COARSEST: f64 = 0.2;

/// Third-order NbO₂ neuron. Its values are fitted, not measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Nbo2 {
    /// Resistance in series R_s.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub r_series: Ohms,
    /// Capacitance C beside the device.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub capacitance: Farads,
    /// Thermal resistance R_th.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "K/W"))]
    pub r_thermal: f64,
    /// Thermal capacitance C_th.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "J/K"))]
    pub c_thermal: f64,
    /// Temperature of the surroundings T_0.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "K"))]
    pub ambient: f64,
    /// Prefactor of the transport times the area of the device, σ_0 A.
    #[schemars(range(min = 0), extend("unit" = "S·m"))]
    pub sigma_area: f64,
    /// Depth of the traps E.
    #[schemars(range(min = 0), extend("unit" = "eV"))]
    pub activation: f64,
    /// Lowering of the traps by the field, ω.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "eV·(m/V)^½"))]
    pub omega: f64,
    /// Thickness of the device d.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "m"))]
    pub thickness: f64,
    /// Temperature of the Mott transition T_c.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "K"))]
    pub t_critical: f64,
    /// Width of the transition ΔT.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "K"))]
    pub t_width: f64,
    /// Conductance of the metallic phase G_met.
    #[schemars(range(min = 0))]
    pub g_metallic: Siemens,
    /// Time in which the metallic phase comes and goes, τ_met.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_metallic: Seconds,
    /// Temperature above which the element counts as firing.
    #[schemars(extend("exclusiveMinimum" = 0, "unit" = "K"))]
    pub spike_temperature: f64,
    /// Input voltage that is there in every step.
    pub bias: Volts,
    /// Integration steps per time-step.
    #[schemars(range(min = 1), extend("unit" = "steps"))]
    pub substeps: u16,
}

impl Default for Nbo2 {
    /// Fitted values; see the module.
    fn default() -> Self {
        Self {
            r_series: Ohms(2e3),
            capacitance: Farads(70e-12),
            r_thermal: 1e6,
            c_thermal: 2.6e-15,
            ambient: 300.0,
            sigma_area: 8.9e-11,
            activation: 0.301,
            omega: 1e-5,
            thickness: 18e-9,
            t_critical: 1080.0,
            t_width: 30.0,
            g_metallic: Siemens(1.1e-3),
            tau_metallic: Seconds(47e-9),
            spike_temperature: 750.0,
            bias: Volts(0.0),
            substeps: 50,
        }
    }
}

impl Nbo2 {
    /// Current through the device at `v` volt, `t` kelvin and a metallic conductance of `g` siemens [A].
    pub fn current(&self, v: f64, t: f64, g: f64) -> f64 {
        let (thermal, field) = (BOLTZMANN_EV * t, v.abs() / self.thickness);
        let x = self.omega * field.sqrt() / thermal;
        let scale = (thermal / self.omega) * (thermal / self.omega);
        let transport = scale * (1.0 + (x - 1.0) * x.exp()) + 0.5 * field;
        let hopping = self.sigma_area * (-0.5 * self.activation / thermal).exp() * transport;
        hopping.copysign(v) + g * v
    }

    /// The shortest time constant [s].
    fn fastest(&self) -> f64 {
        let electric = self.capacitance.0 / (1.0 / self.r_series.0).max(self.g_metallic.0);
        (self.r_thermal * self.c_thermal).min(electric).min(self.tau_metallic.0)
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
    g: f64, "S", |_| 0.0;
}

impl Kind {
    #[inline(always)]
    fn slope(&self, [v, t, g]: [f64; 3], volts: f64) -> [f64; 3] {
        let model = &self.model;
        let current = model.current(v, t, g);
        let metallic = model.g_metallic.0 / (1.0 + (-(t - model.t_critical) / model.t_width).exp());
        [
            ((volts - v) / model.r_series.0 - current) / model.capacitance.0,
            (current * v - (t - model.ambient) / model.r_thermal) / model.c_thermal,
            (metallic - g) / model.tau_metallic.0,
        ]
    }
}

impl Soma for Nbo2 {
    const CARD: Card = Card {
        name: "nbo2",
        equations: "C v' = (V - v)/R_s - i, i = i_PF(v, T) + G v, V = bias + input; C_th T' = i v - (T - T_0)/R_th; \
                    tau_met G' = G_met/(1 + e^(-(T - T_c)/dT)) - G; fire when T rises above spike_temperature",
        scheme: "Runge-Kutta of order 4, substeps per time-step",
        source: "Kumar et al. 2020, doi 10.1038/s41586-020-2735-5; transport of Gibson et al. 2016, \
                 doi 10.1063/1.4939913; values are fitted by us",
        inputs: one_input!("V"),
        graded: false,
    };
    type Kind = Kind;
    type State = State;

    fn check(&self, dt: Seconds, problems: &mut Problems) {
        let needed = (dt.0 / (COARSEST * self.fastest())).ceil();
        problems.require(f64::from(self.substeps) >= needed, "substeps", || {
            format!(
                "{} integration steps are too few for time-steps of {:e} s: the shortest time constant is {:e} s, \
                 which takes at least {needed}",
                self.substeps,
                dt.0,
                self.fastest()
            )
        });
    }

    fn prepare(&self, dt: Seconds) -> Kind {
        Kind { model: self.clone(), h: dt.0 / f64::from(self.substeps) }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let slow = state.t[at.clone()].iter_mut().zip(&mut state.g[at.clone()]);
        let columns = state.v[at].iter_mut().zip(slow).zip(lane.arrivals).zip(lane.status);
        for (((v, (t, g)), &input), out) in columns {
            let volts = k.model.bias.0 + input;
            let mut y = [*v, *t, *g];
            let mut fired = false;
            for _ in 0..k.model.substeps {
                let before = y[1];
                y = rk4(y, k.h, |y| k.slope(y, volts));
                fired |= before <= k.model.spike_temperature && y[1] > k.model.spike_temperature;
            }
            [*v, *t, *g] = y;
            *out = status(true, fired);
        }
    }

    fn price() -> Price {
        let spike = EventCost { energy: Joules(47e-12), latency: Seconds(0.0) };
        Price {
            cost: SomaCost { spike, ..SomaCost::FREE },
            source: "drawn from the supply in one period of the defaults at 1.5 V",
            estimate: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::NeuronModel;
    use crate::neuron::trial::Trial;

    #[test]
    fn below_the_onset_it_settles_where_both_balances_hold() {
        let model = Nbo2 { bias: Volts(1.2), ..Nbo2::default() };
        let mut trial = Trial::at(model.clone(), Seconds(10e-9));
        assert!(trial.steps(&[0.0; 1000]).is_empty());
        let [v, t, g] = [trial.read(0), trial.read(1), trial.read(2)];
        let current = model.current(v, t, g);
        assert!((current - (1.2 - v) / 2e3).abs() < 1e-9 && (current * v * 1e6 - (t - 300.0)).abs() < 1e-3);
    }

    #[test]
    fn weak_fields_see_an_ohmic_conductor() {
        // For small x the bracket is v/2d + v/2d.
        let model = Nbo2::default();
        let ohmic = 8.9e-11 / 18e-9 * (-0.1505 / (BOLTZMANN_EV * 800.0)).exp();
        assert!((model.current(1e-6, 800.0, 0.0) / 1e-6 / ohmic - 1.0).abs() < 1e-3);
        assert_eq!(model.current(-0.7, 600.0, 1e-4), -model.current(0.7, 600.0, 1e-4));
    }

    #[test]
    fn steps_that_are_too_coarse_are_refused() {
        let refused = NeuronModel::from(Nbo2::default()).check(Seconds(1e-6)).unwrap_err();
        assert!(refused.to_string().contains("at least 1924"), "{refused}");
    }
}
