//! The artificial spiking afferent nerve: a threshold switch behind a resistor, beside a parasitic capacitor.
//!
//! ```text
//!   C v̇ = (V − v)/R_s − v/R,   R = R_off until v ≥ V_th, then R_on until v ≤ V_h;  one spike per switching on
//!   1/f = τ_off ln[(V_off − V_h)/(V_off − V_th)] + τ_on ln[(V_th − V_on)/(V_h − V_on)]
//!   V_x = V R_x/(R_x + R_s),  τ_x = C R_s R_x/(R_s + R_x)
//! ```
//!
//! It spikes between the onset `V_th (R_s + R_off)/R_off` and the quench `V_h (R_s + R_on)/R_on`: the rate rises
//! with the input, and falls beyond an inflection because the switch takes ever longer to let go. The voltage V is
//! `bias` plus what arrives, held for the step. It emits the number of spikes in the step.
//!
//! Scheme: exact between switchings, which are found in closed form.
//! Source: Zhang et al. 2020, doi 10.1038/s41467-019-13827-6.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cost::{EventCost, Price, SomaCost};
use super::soma::{Card, Lane, Soma, columns, one_input, status};
use crate::base::Problems;
use crate::base::unit::{Farads, Joules, Ohms, Seconds, Volts};

/// Most switchings that one time-step may take.
const MOST_SWITCHINGS: f64 = 1e6;

/// Threshold-switch afferent neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Asan {
    /// Resistance in series R_s.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub r_series: Ohms,
    /// Parasitic capacitance C.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub capacitance: Farads,
    /// Voltage at which the switch turns on, V_th.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub v_threshold: Volts,
    /// Voltage at which it turns off, V_h.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub v_hold: Volts,
    /// Resistance while off.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub r_off: Ohms,
    /// Resistance while on.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub r_on: Ohms,
    /// Input voltage that is there in every step.
    pub bias: Volts,
}

impl Default for Asan {
    /// Placeholders of the right order.
    fn default() -> Self {
        Self {
            r_series: Ohms(3e3),
            capacitance: Farads(100e-12),
            v_threshold: Volts(1.8),
            v_hold: Volts(1.3),
            r_off: Ohms(100e3),
            r_on: Ohms(1e3),
            bias: Volts(0.0),
        }
    }
}

/// One state of the switch: share of the input that the node settles at, and how fast.
#[derive(Clone, Copy, Debug)]
struct Branch {
    share: f64,
    tau: f64,
}

impl Asan {
    fn branch(&self, resistance: f64) -> Branch {
        let share = resistance / (resistance + self.r_series.0);
        Branch { share, tau: self.capacitance.0 * self.r_series.0 * share }
    }

    /// Spikes per second at a steady input of `volts`; zero where the switch stays as it is.
    pub fn rate(&self, volts: f64) -> f64 {
        let (off, on) = (self.branch(self.r_off.0), self.branch(self.r_on.0));
        let (v_off, v_on) = (volts * off.share, volts * on.share);
        let (high, low) = (self.v_threshold.0, self.v_hold.0);
        if v_off <= high || v_on >= low {
            return 0.0;
        }
        let rising = off.tau * ((v_off - low) / (v_off - high)).ln();
        1.0 / (rising + on.tau * ((high - v_on) / (low - v_on)).ln())
    }

    /// Inputs between which it spikes [V].
    pub fn regime(&self) -> [f64; 2] {
        [self.v_threshold.0 / self.branch(self.r_off.0).share, self.v_hold.0 / self.branch(self.r_on.0).share]
    }
}

/// Prepared parameters.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    off: Branch,
    on: Branch,
    high: f64,
    low: f64,
    bias: f64,
    dt: f64,
}

columns! {
    /// State of the bank.
    struct State of Kind;
    v: f64, "V", |_| 0.0;
    on: u8, "1", |_| 0;
}

impl Kind {
    /// Advances one neuron under `input` volt by a step; how often the switch turned on.
    fn step(&self, v: &mut f64, on: &mut u8, input: f64) -> f64 {
        let (mut left, mut spikes) = (self.dt, 0.0);
        loop {
            let (branch, goal) = if *on == 0 { (self.off, self.high) } else { (self.on, self.low) };
            let settled = input * branch.share;
            let switches = if *on == 0 { settled > goal } else { settled < goal };
            // A node that is beyond its goal already switches at once.
            let ratio = (settled - *v) / (settled - goal);
            let wait = if switches { branch.tau * ratio.max(1.0).ln() } else { f64::INFINITY };
            if wait >= left {
                *v = settled + (*v - settled) * (-left / branch.tau).exp();
                return spikes;
            }
            left -= wait;
            *v = goal;
            *on = 1 - *on;
            spikes += f64::from(*on);
        }
    }
}

impl Soma for Asan {
    const CARD: Card = Card {
        name: "asan",
        equations: "C v' = (V - v)/R_s - v/R, V = bias + input; R = R_off until v >= V_th, R_on until v <= V_h; \
                    emit the number of switchings on",
        scheme: "exact between switchings",
        source: "Zhang et al. 2020, doi 10.1038/s41467-019-13827-6",
        inputs: one_input!("V"),
        graded: true,
    };
    type Kind = Kind;
    type State = State;

    fn check(&self, dt: Seconds, problems: &mut Problems) {
        let ordered = self.v_hold.0 < self.v_threshold.0;
        problems.require(ordered, "v_hold", || {
            "the switch lets go below the voltage at which it turns on".into()
        });
        let ordered = self.r_on.0 < self.r_off.0;
        problems.require(ordered, "r_on", || "the switch conducts better while it is on".into());
        let fastest = self.branch(self.r_on.0).tau;
        let few = dt.0 / fastest < MOST_SWITCHINGS;
        problems.require(few, "capacitance", || {
            format!("{fastest:e} s is far too fast for steps of {:e} s", dt.0)
        });
    }

    fn prepare(&self, dt: Seconds) -> Kind {
        Kind {
            off: self.branch(self.r_off.0),
            on: self.branch(self.r_on.0),
            high: self.v_threshold.0,
            low: self.v_hold.0,
            bias: self.bias.0,
            dt: dt.0,
        }
    }

    fn advance(state: &mut State, k: &Kind, at: Range<usize>, lane: Lane<'_>) {
        let columns = state.v[at.clone()].iter_mut().zip(&mut state.on[at]).zip(lane.arrivals);
        for (((v, on), &input), (out, level)) in columns.zip(lane.status.iter_mut().zip(lane.level)) {
            *level = k.step(v, on, k.bias + input);
            *out = status(true, *level > 0.0);
        }
    }

    fn price() -> Price {
        // The capacitor gives up C (V_th² − V_h²)/2 with every spike.
        let spike =
            EventCost { energy: Joules(0.5 * 100e-12 * (1.8 * 1.8 - 1.3 * 1.3)), latency: Seconds(0.0) };
        Price {
            cost: SomaCost { spike, ..SomaCost::FREE },
            source: "energy of the default capacitor between the two thresholds, per spike",
            estimate: true,
        }
    }
}
