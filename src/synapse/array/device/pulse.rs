//! What one programming pulse does to a cell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::y_flash::YFlash;
use crate::base::Problems;
use crate::base::random::Stream;

/// A model of pulsed updates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PulseModel {
    /// Steps that shrink towards the ends of the window, differently upwards and downwards.
    SoftBounds(SoftBounds),
    /// The compact model of a Y-Flash cell.
    YFlash(YFlash),
}

/// Conductance after p pulses from an end of the window: `G_min + B(1 − e^(−p/A))` upwards, mirrored downwards,
/// with `A = pulses/nonlinearity` and B such that `pulses` pulses cross the window (Chen, Peng & Yu 2018, doi
/// 10.1109/TCAD.2018.2789723). Zero nonlinearity: equal steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SoftBounds {
    /// Pulses from the bottom of the window to its top.
    #[schemars(range(min = 1))]
    pub pulses_up: f64,
    /// Pulses from the top of the window to its bottom.
    #[schemars(range(min = 1))]
    pub pulses_down: f64,
    /// How much larger the first step upwards is than the last: `e^nonlinearity`.
    #[schemars(range(min = 0, max = 20))]
    pub nonlinearity_up: f64,
    /// The same downwards.
    #[schemars(range(min = 0, max = 20))]
    pub nonlinearity_down: f64,
    /// Standard deviation of a cell's step from that of the mean cell, relative (one draw for each direction).
    #[schemars(range(min = 0))]
    pub device_to_device: f64,
    /// Standard deviation of a step from pulse to pulse, relative to the step.
    #[schemars(range(min = 0))]
    pub cycle_to_cycle: f64,
}

impl Default for SoftBounds {
    /// A hundred equal steps, without variation.
    fn default() -> Self {
        Self {
            pulses_up: 100.0,
            pulses_down: 100.0,
            nonlinearity_up: 0.0,
            nonlinearity_down: 0.0,
            device_to_device: 0.0,
            cycle_to_cycle: 0.0,
        }
    }
}

/// Least factor on a step: a cell that varies never moves backwards.
const LEAST_FACTOR: f64 = 0.01;

/// What sets one cell apart from the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traits {
    /// Factors on the steps upwards and downwards (soft bounds), or the injection and tunnelling constants
    /// Va and β (Y-Flash).
    pub own: [f64; 2],
}

impl SoftBounds {
    /// The mean step from `g` in a window, upwards or downwards; positive.
    fn step(&self, g: f64, [low, high]: [f64; 2], up: bool) -> f64 {
        let (pulses, bend, gone) = match up {
            true => (self.pulses_up, self.nonlinearity_up, g - low),
            false => (self.pulses_down, self.nonlinearity_down, high - g),
        };
        if bend < 1e-9 {
            return (high - low) / pulses;
        }
        let reach = (high - low) / -(-bend).exp_m1();
        (reach - gone) * -(-bend / pulses).exp_m1()
    }
}

impl PulseModel {
    /// Draws what sets a cell apart.
    pub(super) fn traits(&self, dice: &mut Stream) -> Traits {
        match self {
            Self::SoftBounds(soft) => {
                let mut factor = || (1.0 + soft.device_to_device * dice.normal()).max(LEAST_FACTOR);
                Traits { own: [factor(), factor()] }
            }
            Self::YFlash(cell) => Traits { own: cell.draw(dice) },
        }
    }

    /// Conductance [S] after one pulse upwards or downwards from `g` [S].
    pub fn pulse(&self, g: f64, window: [f64; 2], up: bool, traits: Traits, dice: &mut Stream) -> f64 {
        match self {
            Self::SoftBounds(soft) => {
                let noise = match soft.cycle_to_cycle {
                    0.0 => 1.0,
                    spread => 1.0 + spread * dice.normal(),
                };
                let step = soft.step(g, window, up) * traits.own[usize::from(!up)] * noise;
                (if up { g + step } else { g - step }).clamp(window[0], window[1])
            }
            Self::YFlash(cell) => cell.pulse_conductance(g, up, traits.own),
        }
    }

    /// The conductance that a step of the mean cell changes by in the middle of the window [S].
    pub(in crate::synapse::array) fn typical_step(&self, window: [f64; 2], up: bool) -> f64 {
        let middle = 0.5 * (window[0] + window[1]);
        match self {
            Self::SoftBounds(soft) => soft.step(middle, window, up),
            Self::YFlash(cell) => (cell.pulse_conductance(middle, up, cell.mean()) - middle).abs(),
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// Numbers out of range.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        match self {
            Self::SoftBounds(soft) => {
                let pulses = soft.pulses_up >= 1.0 && soft.pulses_down >= 1.0;
                problems
                    .require(pulses, "soft-bounds", || "crossing the window takes a pulse at least".into());
                let bends = [soft.nonlinearity_up, soft.nonlinearity_down];
                let right = bends.iter().all(|bend| (0.0..=20.0).contains(bend));
                problems.require(right, "soft-bounds", || "nonlinearities lie from 0 to 20".into());
                let spreads = soft.device_to_device >= 0.0 && soft.cycle_to_cycle >= 0.0;
                problems.require(spreads, "soft-bounds", || "spreads are not negative".into());
            }
            Self::YFlash(cell) => {
                problems.absorb("y-flash", cell.validate());
            }
        }
        problems.into_result(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Purpose;

    fn train(soft: SoftBounds, from: f64, up: bool, pulses: usize) -> f64 {
        let model = PulseModel::SoftBounds(soft);
        let mut dice = Stream::new(1, Purpose::Device, 0, 0);
        let plain = Traits { own: [1.0, 1.0] };
        (0..pulses).fold(from, |g, _| model.pulse(g, [1.0, 5.0], up, plain, &mut dice))
    }

    #[test]
    fn a_pulse_train_follows_the_closed_form() {
        let soft = SoftBounds { pulses_up: 50.0, nonlinearity_up: 3.0, ..SoftBounds::default() };
        let reach = 4.0 / (1.0 - (-3.0f64).exp());
        for pulses in [1, 10, 49] {
            let expected = 1.0 + reach * (1.0 - (-3.0 * pulses as f64 / 50.0).exp());
            assert!((train(soft, 1.0, true, pulses) - expected).abs() < 1e-12);
        }
        assert!((train(soft, 1.0, true, 50) - 5.0).abs() < 1e-12);
        assert!((train(soft, 5.0, false, 25) - 4.0).abs() < 1e-12, "equal steps of 4/100");
    }
}
