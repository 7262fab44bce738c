//! The Y-Flash cell: a two-terminal floating-gate memristor of a read and an injection transistor that share
//! drain and floating gate.
//!
//! ```text
//!   V_fg = (Q + Σ C_k V_k)/Σ C           drain 15 pF, each source 1 pF (fitted to the cell's large layout)
//!   sub-threshold  I_s = I_s0 e^((V_fg−V_th)/(n kT/q)) (1 − e^(−V_ds/(kT/q)))
//!   above          I_a = 5 I_s0 (1 − e^(−V_ds/(kT/q))) + K/2 (V_fg−V_th)²            in saturation
//!                                                      + K (V_fg−V_th−V_ds/2) V_ds   in triode
//!   transistor     I = I_s I_a/(I_s + I_a)
//!   program        Q̇ = −I_injection P0 e^(−Va/V_fg)    (hot electrons; none below V_fg = 0.1 V)
//!   erase          Q̇ = ξ (V_sg−5)² e^(−β/(V_sg−5))     (tunnelling; V_sg is source over floating gate, none
//!                                                       below 5 V)
//! ```
//!
//! Both transistors conduct in a read (2 V on the drain); while a pulse is on, the source of the read transistor
//! floats and does not count towards ΣC. A pulse is one forward Euler step.
//!
//! Source: Wang et al. 2022, doi 10.1038/s41928-022-00778-y, and the compact model of Danial et al. 2019, doi
//! 10.1038/s41928-019-0331-1; kT/q is 26 mV as there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Problems;
use crate::base::random::Stream;
use crate::base::unit::{Seconds, Volts};

/// kT/q [V].
const THERMAL: f64 = 0.026;
/// Capacitance of floating gate to drain [F].
const C_DRAIN: f64 = 15e-12;
/// Capacitance of floating gate to each source [F].
const C_SOURCE: f64 = 1e-12;
/// Voltage of floating gate below which no hot electrons are injected [V].
const COLD: f64 = 0.1;
/// Voltage of source over floating gate below which nothing tunnels [V].
const ONSET: f64 = 5.0;
/// Charges between which a cell works [C].
const CHARGES: [f64; 2] = [-2.4e-11, 0.0];

/// A transistor: threshold [V], K [A/V²], I_s0 [A], n.
struct Transistor {
    threshold: f64,
    gain: f64,
    leak: f64,
    slope: f64,
}

const READ: Transistor = Transistor { threshold: 0.87, gain: 1.7e-5, leak: 3e-8, slope: 1.85 };
const INJECTION: Transistor = Transistor { threshold: 1.32, gain: 3.4e-5, leak: 6e-8, slope: 2.405 };

impl Transistor {
    fn current(&self, gate: f64, drain: f64) -> f64 {
        let over = gate - self.threshold;
        let saturation = -(-drain / THERMAL).exp_m1();
        let below = self.leak * (over / (self.slope * THERMAL)).exp() * saturation;
        let channel = match over {
            over if over <= 0.0 => 0.0,
            over if drain > over => 0.5 * self.gain * over * over,
            over => self.gain * (over - 0.5 * drain) * drain,
        };
        let above = 5.0 * self.leak * saturation + channel;
        below * above / (below + above)
    }
}

/// Pulses and spread of Y-Flash cells. Defaults: Wang et al. 2022.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct YFlash {
    /// Voltage of a read [V].
    pub read: Volts,
    /// Voltage of a programming pulse, which lowers the conductance [V].
    pub program: Volts,
    /// Length of a programming pulse [s].
    pub program_time: Seconds,
    /// Voltage of an erase pulse, which raises the conductance [V].
    pub erase: Volts,
    /// Length of an erase pulse [s].
    pub erase_time: Seconds,
    /// P0 of the injection.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub p0: f64,
    /// Mean Va of the injection [V].
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub va: f64,
    /// Standard deviation of Va from cell to cell [V].
    #[schemars(range(min = 0))]
    pub va_sigma: f64,
    /// ξ of the tunnelling [A/V²].
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub xi: f64,
    /// Mean β of the tunnelling [V].
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub beta: f64,
    /// Standard deviation of β from cell to cell [V].
    #[schemars(range(min = 0))]
    pub beta_sigma: f64,
}

impl Default for YFlash {
    fn default() -> Self {
        Self {
            read: Volts(2.0),
            program: Volts(5.0),
            program_time: Seconds(200e-6),
            erase: Volts(8.0),
            erase_time: Seconds(100e-6),
            p0: 5e-3,
            va: 22.5,
            va_sigma: 0.0,
            xi: 3e-9,
            beta: 8.0,
            beta_sigma: 0.0,
        }
    }
}

impl YFlash {
    /// The mean cell: Va and β [V].
    pub fn mean(&self) -> [f64; 2] {
        [self.va, self.beta]
    }

    /// Draws Va and β of a cell [V].
    pub(super) fn draw(&self, dice: &mut Stream) -> [f64; 2] {
        [self.va + self.va_sigma * dice.normal(), self.beta + self.beta_sigma * dice.normal()]
    }

    /// Conductance [S] at charge `q` [C] on the floating gate.
    pub fn conductance(&self, q: f64) -> f64 {
        let gate = (q + C_DRAIN * self.read.0) / (C_DRAIN + 2.0 * C_SOURCE);
        (READ.current(gate, self.read.0) + INJECTION.current(gate, self.read.0)) / self.read.0
    }

    /// Charge [C] at which the conductance is `g` [S], within the range of charges of a working cell.
    pub fn charge(&self, g: f64) -> f64 {
        let [mut low, mut high] = CHARGES;
        // The conductance rises with the charge: halving to the last bit takes fewer than 64 steps.
        for _ in 0..64 {
            let middle = 0.5 * (low + high);
            if self.conductance(middle) < g { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }

    /// Charge [C] after a programming pulse on a cell with this Va [V].
    pub fn programmed(&self, q: f64, va: f64) -> f64 {
        let gate = (q + C_DRAIN * self.program.0) / (C_DRAIN + C_SOURCE);
        if gate < COLD {
            return q;
        }
        let rate = INJECTION.current(gate, self.program.0) * self.p0 * (-va / gate).exp();
        (q - rate * self.program_time.0).max(CHARGES[0])
    }

    /// Charge [C] after an erase pulse on a cell with this β [V].
    pub fn erased(&self, q: f64, beta: f64) -> f64 {
        let gate = (q + C_SOURCE * self.erase.0) / (C_DRAIN + C_SOURCE);
        let over = self.erase.0 - gate - ONSET;
        if over <= 0.0 {
            return q;
        }
        (q + self.xi * over * over * (-beta / over).exp() * self.erase_time.0).min(CHARGES[1])
    }

    /// Conductance [S] after one pulse on a cell of `g` [S] with these Va and β [V].
    pub(super) fn pulse_conductance(&self, g: f64, up: bool, [va, beta]: [f64; 2]) -> f64 {
        let q = self.charge(g);
        self.conductance(if up { self.erased(q, beta) } else { self.programmed(q, va) })
    }

    pub(super) fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let positive = [
            ("read", self.read.0),
            ("program", self.program.0),
            ("program_time", self.program_time.0),
            ("erase", self.erase.0),
            ("erase_time", self.erase_time.0),
            ("p0", self.p0),
            ("va", self.va),
            ("xi", self.xi),
            ("beta", self.beta),
        ];
        for (name, value) in positive {
            problems.require(value > 0.0 && value.is_finite(), name, || format!("{value} is not above zero"));
        }
        let spreads = self.va_sigma >= 0.0 && self.beta_sigma >= 0.0;
        problems.require(spreads, "va_sigma", || "spreads are not negative".into());
        problems.into_result(())
    }
}
