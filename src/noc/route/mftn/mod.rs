//! MFTN: fault-tolerant routing without virtual channels, deadlock-free by certificate.
//!
//! ```text
//!   faults ─▶ regions ─▶ active routers ─▶ turn maps ─▶ shortest routes ─▶ certificate ─▶ table
//! ```
//!
//! After Yang et al. 2021, doi 10.1109/TNNLS.2021.3084250: the faulty region is delimited first, then
//! bypassed, without virtual channels and without a search at run time. Read literally (see
//! [`literal`]) the scheme deadlocks; here every candidate set of turns is certified, and the best of
//! those certified is taken.
//!
//! Read [`regions`] first, then [`portfolio`].

mod balance;
mod choose;
mod climb;
mod contour;
pub(in crate::noc) mod corner;
pub mod literal;
mod oe_tu;
mod portfolio;
pub mod regions;
mod search;
mod site;

pub(super) use choose::{MapPlan, MftnPlan};
pub use literal::Literal;
pub(super) use literal::LiteralPlan;
pub(super) use portfolio::Kind;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of healthy nodes inside the rectangle around neighbouring faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// They are switched off: every region is a rectangle.
    #[default]
    Disable,
    /// They stay in service.
    Keep,
}

/// Parameters of `mftn` and its relatives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MftnParams {
    /// What becomes of unsafe nodes: healthy, but with a disabled neighbour in X and one in Y.
    pub policy: Policy,
    /// How many changes of the turn set are tried to even out the load; 0: only the fixed turn maps.
    /// More lower γ and take longer; networks beyond a few thousand routers skip the search.
    pub effort: u32,
}

impl Default for MftnParams {
    fn default() -> Self {
        Self { policy: Policy::Disable, effort: 3000 }
    }
}
