//! Learning rules with their parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::unit::Seconds;
use crate::base::{Problem, Problems};

/// Which earlier spikes a spike is paired with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pairing {
    /// With all: a spike adds 1 to its trace.
    #[default]
    AllToAll,
    /// With the last: a spike sets its trace to 1.
    Nearest,
}

/// How a change depends on the weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// It does not; weights are clipped.
    #[default]
    Additive,
    /// Potentiation is multiplied by `w_max − w`, depression by `w − w_min`.
    Multiplicative,
}

/// Pair-based STDP: `w ← w + a_plus·x` when the target fires, `w ← w − a_minus·y` when the sender does, with
/// traces x of the sender and y of the target that decay with `tau_plus` and `tau_minus`.
///
/// Source: Song, Miller & Abbott 2000, doi 10.1038/78829; traces after Morrison, Diesmann & Gerstner 2008, doi
/// 10.1007/s00422-008-0233-1. Defaults as there, of weights between 0 and 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pair {
    /// Time constant of the sender's trace.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_plus: Seconds,
    /// Time constant of the target's trace.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_minus: Seconds,
    /// Potentiation per pair at no distance in time.
    #[schemars(range(min = 0), extend("unit" = "weight"))]
    pub a_plus: f64,
    /// Depression per pair at no distance in time.
    #[schemars(range(min = 0), extend("unit" = "weight"))]
    pub a_minus: f64,
    /// Which earlier spikes count.
    pub pairing: Pairing,
    /// How changes depend on the weight.
    pub bound: Bound,
    /// Least weight.
    #[schemars(extend("unit" = "weight"))]
    pub w_min: f64,
    /// Greatest weight.
    #[schemars(extend("unit" = "weight"))]
    pub w_max: f64,
}

impl Default for Pair {
    fn default() -> Self {
        Self {
            tau_plus: Seconds(20e-3),
            tau_minus: Seconds(20e-3),
            a_plus: 0.01,
            a_minus: 0.0105,
            pairing: Pairing::AllToAll,
            bound: Bound::Additive,
            w_min: 0.0,
            w_max: 1.0,
        }
    }
}

/// Triplet STDP: `w ← w + r1·(a2_plus + a3_plus·o2)` when the target fires, `w ← w − o1·(a2_minus + a3_minus·r2)`
/// when the sender does. Traces r1, r2 of the sender decay with `tau_plus` and `tau_x`, traces o1, o2 of the
/// target with `tau_minus` and `tau_y`; r2 and o2 are looked at before the spike is added to them.
///
/// Source: Pfister & Gerstner 2006, doi 10.1523/JNEUROSCI.1425-06.2006. Defaults are their full all-to-all model
/// for visual cortex. With `pairing: nearest`, `a2_plus` 0 and `a3_minus` 0 it is the rule of Diehl & Cook 2015,
/// doi 10.3389/fncom.2015.00099.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Triplet {
    /// Time constant of the sender's fast trace.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_plus: Seconds,
    /// Time constant of the target's fast trace.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_minus: Seconds,
    /// Time constant of the sender's slow trace.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_x: Seconds,
    /// Time constant of the target's slow trace.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_y: Seconds,
    /// Potentiation per pair.
    #[schemars(range(min = 0), extend("unit" = "weight"))]
    pub a2_plus: f64,
    /// Depression per pair.
    #[schemars(range(min = 0), extend("unit" = "weight"))]
    pub a2_minus: f64,
    /// Potentiation per triplet.
    #[schemars(range(min = 0), extend("unit" = "weight"))]
    pub a3_plus: f64,
    /// Depression per triplet.
    #[schemars(range(min = 0), extend("unit" = "weight"))]
    pub a3_minus: f64,
    /// Which earlier spikes count.
    pub pairing: Pairing,
    /// Least weight.
    #[schemars(extend("unit" = "weight"))]
    pub w_min: f64,
    /// Greatest weight.
    #[schemars(extend("unit" = "weight"))]
    pub w_max: f64,
}

impl Default for Triplet {
    fn default() -> Self {
        Self {
            tau_plus: Seconds(16.8e-3),
            tau_minus: Seconds(33.7e-3),
            tau_x: Seconds(101e-3),
            tau_y: Seconds(125e-3),
            a2_plus: 5e-10,
            a2_minus: 7e-3,
            a3_plus: 6.2e-3,
            a3_minus: 2.3e-4,
            pairing: Pairing::AllToAll,
            w_min: 0.0,
            w_max: 1.0,
        }
    }
}

/// Reward-modulated STDP: what [`Pair`] would change goes into an eligibility trace c of the synapse instead,
/// and `dw/dt = rate·c·D` with `dc/dt = −c/tau_c`, `dD/dt = −D/tau_d`; a reward adds to D, which is one for all.
///
/// Per step: c and D decay, spikes and rewards are added, then `w ← w + rate·Δ·c·D`.
///
/// Source: Izhikevich 2007, doi 10.1093/cercor/bhl152, whose time constants are the defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reward {
    /// What goes into the eligibility trace; its bounds are those of the weights.
    pub stdp: Pair,
    /// Time constant of the eligibility trace.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_c: Seconds,
    /// Time constant of the reward signal.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tau_d: Seconds,
    /// Change per second, of c = 1 and D = 1.
    #[schemars(extend("unit" = "1/s"))]
    pub rate: f64,
}

impl Default for Reward {
    fn default() -> Self {
        let stdp = Pair { a_plus: 0.1, a_minus: 0.15, ..Pair::default() };
        Self { stdp, tau_c: Seconds(1.0), tau_d: Seconds(0.2), rate: 1.0 }
    }
}

/// A learning rule, written as a map with one key: `pair: {a_plus: 0.005}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Pair-based STDP.
    Pair(Pair),
    /// Triplet STDP.
    Triplet(Triplet),
    /// Reward-modulated STDP.
    Reward(Reward),
}

impl Rule {
    /// Its name in documents.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pair(_) => "pair",
            Self::Triplet(_) => "triplet",
            Self::Reward(_) => "reward",
        }
    }

    /// Traces that a spike moves at either end of a synapse.
    pub fn traces(&self) -> u32 {
        match self {
            Self::Pair(_) | Self::Reward(_) => 1,
            Self::Triplet(_) => 2,
        }
    }

    /// The least and the greatest weight that learning leads to.
    pub fn bounds(&self) -> [f64; 2] {
        match self {
            Self::Pair(pair) | Self::Reward(Reward { stdp: pair, .. }) => [pair.w_min, pair.w_max],
            Self::Triplet(it) => [it.w_min, it.w_max],
        }
    }

    /// The greatest change of a weight by one spike whose traces are 1, each of them; of rules with a reward
    /// nothing is known before it comes.
    pub fn greatest_change(&self) -> Option<f64> {
        match self {
            Self::Pair(pair) => {
                let room = if pair.bound == Bound::Multiplicative { pair.w_max - pair.w_min } else { 1.0 };
                Some(room * pair.a_plus.max(pair.a_minus))
            }
            Self::Triplet(it) => Some((it.a2_plus + it.a3_plus).max(it.a2_minus + it.a3_minus)),
            Self::Reward(_) => None,
        }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// Time constants and amplitudes out of range, bounds in the wrong order, at their paths.
    pub fn check(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        match self {
            Self::Pair(pair) => check_pair(pair, "pair", &mut problems),
            Self::Reward(reward) => {
                check_pair(&reward.stdp, "reward.stdp", &mut problems);
                times(&[("tau_c", reward.tau_c), ("tau_d", reward.tau_d)], "reward", &mut problems);
                let path = "reward.rate";
                problems.require(reward.rate.is_finite(), path, || "is not a finite number".to_owned());
            }
            Self::Triplet(it) => {
                let taus = [
                    ("tau_plus", it.tau_plus),
                    ("tau_minus", it.tau_minus),
                    ("tau_x", it.tau_x),
                    ("tau_y", it.tau_y),
                ];
                times(&taus, "triplet", &mut problems);
                let amplitudes = [
                    ("a2_plus", it.a2_plus),
                    ("a2_minus", it.a2_minus),
                    ("a3_plus", it.a3_plus),
                    ("a3_minus", it.a3_minus),
                ];
                sizes(&amplitudes, "triplet", &mut problems);
                bounds(it.w_min, it.w_max, "triplet", &mut problems);
            }
        }
        problems.into_result(())
    }
}

fn check_pair(pair: &Pair, at: &str, problems: &mut Problems) {
    times(&[("tau_plus", pair.tau_plus), ("tau_minus", pair.tau_minus)], at, problems);
    sizes(&[("a_plus", pair.a_plus), ("a_minus", pair.a_minus)], at, problems);
    bounds(pair.w_min, pair.w_max, at, problems);
}

fn times(list: &[(&str, Seconds)], at: &str, problems: &mut Problems) {
    for (name, tau) in list.iter().filter(|(_, tau)| !(tau.0 > 0.0 && tau.0.is_finite())) {
        let problem = Problem::new(format!("{at}.{name}"), format!("{} s is no time constant", tau.0));
        problems.push(problem.allowed("more than 0"));
    }
}

fn sizes(list: &[(&str, f64)], at: &str, problems: &mut Problems) {
    for (name, size) in list.iter().filter(|(_, size)| !(*size >= 0.0 && size.is_finite())) {
        let problem = Problem::new(format!("{at}.{name}"), format!("{size} is no amplitude"));
        problems.push(problem.allowed("0 or more"));
    }
}

fn bounds(low: f64, high: f64, at: &str, problems: &mut Problems) {
    let ordered = low.is_finite() && high.is_finite() && low < high;
    problems.require(ordered, &format!("{at}.w_min"), || {
        format!("{low} and {high} are no bounds: w_min is below w_max, both finite")
    });
}
