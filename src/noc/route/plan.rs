//! From what the user wrote to a routing function: does it fit, and if so, build it.

use super::ground::Ground;
use super::{Routing, masked::Masked};
use crate::base::Problems;

/// Why a routing function does not fit a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// What it needs, to be put after "needs".
    pub needs: String,
    /// Whether more virtual channels would help.
    pub only_vcs: bool,
}

impl Misfit {
    /// The network has the wrong structure.
    pub fn shape(needs: impl Into<String>) -> Self {
        Self { needs: needs.into(), only_vcs: false }
    }

    /// Fits if there are `least` virtual channels.
    pub fn vcs(ground: &Ground, least: u8) -> Result<(), Self> {
        if ground.vcs >= least {
            return Ok(());
        }
        let s = if least == 1 { "" } else { "s" };
        Err(Self { needs: format!("at least {least} virtual channel{s}"), only_vcs: true })
    }
}

/// What a file of this folder provides for its routing function.
pub(super) trait Plan {
    /// Whether structure and virtual channels suffice.
    fn fits(&self, ground: &Ground) -> Result<(), Misfit>;

    /// Builds the routing function; called only if it fits.
    fn compile(&self, ground: &Ground) -> Result<Routing, Problems>;
}

/// Builds `plan` and hides stuck virtual channels from what it offers.
pub(super) fn build(plan: &dyn Plan, ground: &Ground) -> Result<Routing, Problems> {
    let routing = plan.compile(ground)?;
    Ok(if ground.has_stuck_vcs() { Masked::new(routing, ground).into() } else { routing })
}
