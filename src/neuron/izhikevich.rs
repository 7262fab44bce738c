//! Izhikevich's simple model of spiking neurons.
//!
//! `dv/dt = 0.04 v² + 5 v + 140 − u + I`, `du/dt = a (b v − u)` with v in mV and time in ms; when
//! `v ≥ 30` it fires, then `v ← c`, `u ← u + d`. I is the constant current plus what arrives in the
//! step, for the length of the step.
//!
//! Scheme, selectable because the spike trains differ: `published` (the 2003 paper's program: two
//! half steps of Euler for v, then one of Euler for u with the new v; made for steps of 1 ms), or
//! `rk4` (classical Runge–Kutta of order four). Both in `substeps` per time-step, with the threshold
//! tested after each.
//! Source: Izhikevich 2003, doi 10.1109/TNN.2003.820440.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::Price;
use super::runge_kutta::rk4;
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use super::working_units::ms;
use crate::base::unit::Seconds;

/// Potential at which the neuron fires (mV), by the definition of the model.
const PEAK: f64 = 30.0;

/// How the equations are integrated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Two half steps of Euler for v, then one step of Euler for u (Izhikevich 2003).
    #[default]
    Published,
    /// Classical Runge–Kutta of order four.
    Rk4,
}

/// Izhikevich's simple model; the defaults are a regular spiking cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Izhikevich {
    /// Rate of recovery.
    #[schemars(extend("unit" = "1/ms"))]
    pub a: f64,
    /// Sensitivity of recovery to the potential.
    #[schemars(extend("unit" = "1/ms"))]
    pub b: f64,
    /// Potential after a spike.
    #[schemars(range(max = 30), extend("unit" = "mV"))]
    pub c: f64,
    /// What a spike adds to the recovery variable.
    #[schemars(extend("unit" = "mV/ms"))]
    pub d: f64,
    /// Constant input current.
    #[schemars(extend("unit" = "mV/ms"))]
    pub current: f64,
    /// Potential at the start; recovery starts at b times this.
    #[schemars(extend("unit" = "mV"))]
    pub initial: f64,
    /// How the equations are integrated.
    pub scheme: Scheme,
    /// Integration steps per time-step.
    #[schemars(range(min = 1), extend("unit" = "steps"))]
    pub substeps: u16,
}

impl Default for Izhikevich {
    fn default() -> Self {
        Self {
            a: 0.02,
            b: 0.2,
            c: -65.0,
            d: 8.0,
            current: 0.0,
            initial: -65.0,
            scheme: Scheme::Published,
            substeps: 1,
        }
    }
}

/// Prepared parameters.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    model: Izhikevich,
    h: f64,
}

columns! {
    /// State of the bank.
    struct State of Kind;
    v: f64, "mV", |k| k.model.initial;
    u: f64, "mV/ms", |k| k.model.b * k.model.initial;
}

#[inline(always)]
fn slope(v: f64, u: f64, current: f64) -> f64 {
    0.04 * v * v + 5.0 * v + 140.0 - u + current
}

impl Kind {
    #[inline(always)]
    fn published(&self, [v, u]: [f64; 2], current: f64) -> [f64; 2] {
        let v = v + 0.5 * self.h * slope(v, u, current);
        let v = v + 0.5 * self.h * slope(v, u, current);
        [v, u + self.h * self.model.a * (self.model.b * v - u)]
    }

    #[inline(always)]
    fn rk4(&self, y: [f64; 2], current: f64) -> [f64; 2] {
        rk4(y, self.h, |[v, u]| [slope(v, u, current), self.model.a * (self.model.b * v - u)])
    }

    /// Runs the substeps of a step under `advance`; the new state and whether it fired.
    #[inline(always)]
    fn run(&self, mut y: [f64; 2], advance: impl Fn([f64; 2]) -> [f64; 2]) -> ([f64; 2], bool) {
        let mut fired = false;
        for _ in 0..self.model.substeps {
            y = advance(y);
            if y[0] >= PEAK {
                y = [self.model.c, y[1] + self.model.d];
                fired = true;
            }
        }
        (y, fired)
    }
}

impl Soma for Izhikevich {
    const CARD: Card = Card {
        name: "izhikevich",
        equations: "v' = 0.04 v^2 + 5 v + 140 - u + current + input, u' = a (b v - u); \
                    fire iff v >= 30, v = c, u += d",
        scheme: "published (two Euler half steps for v, one for u) or Runge-Kutta of order 4",
        source: "Izhikevich 2003, doi 10.1109/TNN.2003.820440",
        inputs: one_input!("mV/ms"),
        graded: false,
    };
    type Kind = Kind;
    type State = State;

    fn prepare(&self, dt: Seconds) -> Kind {
        Kind { model: self.clone(), h: ms(dt) / f64::from(self.substeps) }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let columns = state.v[at.clone()].iter_mut().zip(&mut state.u[at]);
        for (((v, u), &input), out) in columns.zip(lane.arrivals).zip(lane.status) {
            let current = k.model.current + input;
            let (y, fired) = match k.model.scheme {
                Scheme::Published => k.run([*v, *u], |y| k.published(y, current)),
                Scheme::Rk4 => k.run([*v, *u], |y| k.rk4(y, current)),
            };
            [*v, *u] = y;
            *out = status(true, fired);
        }
    }

    fn price() -> Price {
        Price::scaled(22)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::trial::Trial;

    /// Without input v and u settle where both slopes vanish: 0.04 v² + (5 − b) v + 140 = 0.
    #[test]
    fn at_rest_both_slopes_vanish() {
        for scheme in [Scheme::Published, Scheme::Rk4] {
            let mut trial = Trial::of(Izhikevich { scheme, ..Default::default() });
            assert!(trial.steps(&[0.0; 2000]).is_empty());
            let rest = (-4.8 - (4.8f64 * 4.8 - 4.0 * 0.04 * 140.0).sqrt()) / 0.08;
            assert!((trial.v() - rest).abs() < 1e-6, "{} is not {rest}", trial.v());
        }
    }
}
