//! Patterns that can be made source by source.

use super::compile::Ends;
use super::params::Pattern;
use crate::base::{Problem, Problems};
use crate::network::MOST_SYNAPSES;
use crate::network::drawn::{Neighbourhood, Scheme};

/// Whether `wanted` synapses find room beside those that are `made`.
pub(super) fn check_room(wanted: u128, made: usize) -> Result<(), Problems> {
    let room = MOST_SYNAPSES.saturating_sub(made);
    if wanted <= room as u128 {
        return Ok(());
    }
    let others = if made > 0 { format!(" beside the {made} of other projections") } else { String::new() };
    let message = format!("{wanted} synapses are more than a network can hold{others}");
    Err(Problem::new("", message).allowed(format!("at most {room}")).into())
}

/// The pattern as one that can be made source by source, if it is.
pub(super) fn scheme(pattern: &Pattern, Ends { from, to }: Ends) -> Result<Option<Scheme>, Problems> {
    Ok(Some(match pattern {
        Pattern::OneToOne => {
            let (sources, targets) = (from.len, to.len);
            if sources != targets {
                let message = format!("{sources} sources are not as many as {targets} targets");
                return Err(Problems::one("", message));
            }
            Scheme::OneToOne
        }
        Pattern::AllToAll { itself } => Scheme::AllToAll { itself: *itself },
        Pattern::Probability { probability, itself } => {
            check_share(*probability, "probability")?;
            Scheme::Probability { probability: *probability, itself: *itself }
        }
        Pattern::FanOut { count } => Scheme::FanOut { count: *count },
        Pattern::Distance { width, peak, radius, reach } => {
            check_share(*peak, "peak")?;
            let mut problems = Problems::new();
            problems.require(*width > 0, "width", || "a grid has at least one column".into());
            problems.require(*radius > 0.0, "radius", || format!("{radius} is out of range"));
            problems.require(*reach >= 0.0, "reach", || format!("{reach} is out of range"));
            problems.into_result(())?;
            let near = Neighbourhood::new(*width, (*peak, *radius, *reach), from.len.max(to.len));
            Scheme::Distance(near)
        }
        Pattern::FanIn { .. } | Pattern::Convolution(_) | Pattern::List { .. } | Pattern::Matrix { .. } => {
            return Ok(None);
        }
    }))
}

fn check_share(share: f64, path: &str) -> Result<(), Problems> {
    let mut problems = Problems::new();
    problems.require((0.0..=1.0).contains(&share), path, || format!("{share} is not between 0 and 1"));
    problems.into_result(())
}
