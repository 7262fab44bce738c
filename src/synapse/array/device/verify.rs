//! Write–verify: pulses in a closed loop until a cell reads what it should.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pulse::{PulseModel, Traits};
use crate::base::Problems;
use crate::base::random::Stream;
use crate::base::unit::Siemens;

/// A closed programming loop: read; stop if within `tolerance`; else one pulse in the right direction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// Largest deviation that is accepted [S].
    pub tolerance: Siemens,
    /// Pulses after which the loop gives up.
    #[serde(default = "default_most")]
    #[schemars(range(min = 1))]
    pub most_pulses: u32,
}

fn default_most() -> u32 {
    500
}

/// How a loop ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Written {
    /// Conductance [S].
    pub g: f64,
    /// Pulses upwards and downwards.
    pub pulses: [u32; 2],
    /// Sum over the pulses of the conductance that each found [S], upwards and downwards: what their energy
    /// is proportional to.
    pub carried: [f64; 2],
    /// Whether the cell is within the tolerance.
    pub reached: bool,
}

/// One cell to be written.
pub(super) struct Task<'a> {
    pub model: &'a PulseModel,
    pub window: [f64; 2],
    pub traits: Traits,
    /// Whether pulses have no effect.
    pub stuck: bool,
}

impl Verify {
    /// Writes a cell from `g` [S] towards `target` [S].
    pub(super) fn write(&self, task: &Task<'_>, mut g: f64, target: f64, dice: &mut Stream) -> Written {
        let (mut pulses, mut carried) = ([0; 2], [0.0; 2]);
        let most = self.most_pulses;
        let off = |g: f64| (g - target).abs() > self.tolerance.0;
        while off(g) && pulses[0] + pulses[1] < most {
            let up = g < target;
            let way = usize::from(!up);
            pulses[way] += 1;
            carried[way] += g;
            if !task.stuck {
                g = task.model.pulse(g, task.window, up, task.traits, dice);
            }
        }
        Written { g, pulses, carried, reached: !off(g) }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// A tolerance that is not positive, no pulse at all.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let right = self.tolerance.0 > 0.0 && self.tolerance.0.is_finite();
        problems.require(right, "tolerance", || "a loop cannot reach a value exactly".into());
        problems.require(self.most_pulses >= 1, "most_pulses", || "it takes a pulse at least".into());
        problems.into_result(())
    }
}
