//! What a soma costs: energy and latency per event, as parameters with sourced defaults.
//!
//! The room only holds the figures. Joules and seconds are computed elsewhere, from the counts of
//! accesses, updates and spikes that a step reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::unit::{Joules, Seconds};

/// Energy and time of one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventCost {
    /// Energy of one event (J).
    pub energy: Joules,
    /// Time the soma unit is busy with one event (s).
    pub latency: Seconds,
}

impl EventCost {
    const fn new(joules: f64, seconds: f64) -> Self {
        Self { energy: Joules(joules), latency: Seconds(seconds) }
    }
}

/// What a soma unit spends per neuron and step. The defaults are the Loihi figures of
/// [`SomaCost::LOIHI`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SomaCost {
    /// Reading and writing back the state: once per mapped neuron and step.
    pub access: EventCost,
    /// Computing the new state: once per neuron that was updated or fired.
    pub update: EventCost,
    /// Producing a spike: once per neuron that fired.
    pub spike: EventCost,
}

impl Default for SomaCost {
    fn default() -> Self {
        Self::LOIHI
    }
}

impl SomaCost {
    /// Loihi, calibrated on silicon: 51.2/21.6/69.3 pJ and 6.0/3.7/30 ns (the Loihi preset of
    /// SANA-FE 2.2.9).
    pub const LOIHI: Self = Self {
        access: EventCost::new(51.2e-12, 6.0e-9),
        update: EventCost::new(21.6e-12, 3.7e-9),
        spike: EventCost::new(69.3e-12, 30.0e-9),
    };

    /// Loihi before silicon: an inactive neuron 52 pJ and 5.3 ns, an active one 81 pJ and 8.4 ns
    /// (Davies et al. 2018, doi 10.1109/MM.2018.112130359, table 2). The update is the difference;
    /// the spike is not listed there and is zero.
    pub const LOIHI_PRE_SILICON: Self = Self {
        access: EventCost::new(52.0e-12, 5.3e-9),
        update: EventCost::new(29.0e-12, 3.1e-9),
        spike: EventCost::new(0.0, 0.0),
    };

    /// Nothing: for stimuli that the host provides.
    pub const FREE: Self = Self {
        access: EventCost::new(0.0, 0.0),
        update: EventCost::new(0.0, 0.0),
        spike: EventCost::new(0.0, 0.0),
    };
}

/// The default cost of a model and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Price {
    /// The cost.
    pub cost: SomaCost,
    /// Where the figures come from.
    pub source: &'static str,
    /// Whether they are an estimate rather than a measurement.
    pub estimate: bool,
}

/// Arithmetic operations (additions, multiplications, comparisons) of one update of Loihi's neuron,
/// the yardstick of [`Price::scaled`].
const LOIHI_OPERATIONS: f64 = 7.0;

impl Price {
    /// The calibrated Loihi figures.
    pub(super) const LOIHI: Self = Self {
        cost: SomaCost::LOIHI,
        source: "Loihi preset of SANA-FE 2.2.9, calibrated on silicon",
        estimate: false,
    };

    /// A stimulus: the peer's presets charge nothing for inputs, and neither do we.
    pub(super) const STIMULUS: Self =
        Self { cost: SomaCost::FREE, source: "stimuli come from the host and are free", estimate: false };

    /// An estimate for a model of `operations` arithmetic operations per update: Loihi's access and
    /// spike, and its update scaled by the number of operations.
    pub(super) fn scaled(operations: u32) -> Self {
        let factor = f64::from(operations) / LOIHI_OPERATIONS;
        let SomaCost { access, update, spike } = SomaCost::LOIHI;
        let update = EventCost {
            energy: Joules(update.energy.0 * factor),
            latency: Seconds(update.latency.0 * factor),
        };
        Self {
            cost: SomaCost { access, update, spike },
            source: "estimate: calibrated Loihi figures, the update scaled by its arithmetic operations",
            estimate: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_with_twice_the_operations_pays_twice_for_the_update_alone() {
        let price = Price::scaled(14);
        assert!((price.cost.update.energy.0 / 43.2e-12 - 1.0).abs() < 1e-12);
        assert!((price.cost.update.latency.0 / 7.4e-9 - 1.0).abs() < 1e-12);
        assert_eq!(price.cost.access, SomaCost::LOIHI.access);
        assert!(price.estimate);
    }

    #[test]
    fn costs_are_written_with_units() {
        let yaml =
            "{access: {energy: 52 pJ, latency: 5.3 ns}, update: {energy: 29 pJ, latency: 3.1 ns}, spike: {}}";
        let cost: SomaCost = serde_yaml::from_str(yaml).unwrap();
        assert_eq!(cost, SomaCost::LOIHI_PRE_SILICON);
    }
}
