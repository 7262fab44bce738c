//! Where a network saturates: bisection over the offered rate.

use super::drive::Drive;
use super::{Control, Ending, Job, Outcome, RunError, Windows};
use crate::base::Problems;
use crate::noc::source::Source;

/// Mean packet latency beyond which a network counts as saturated [cycles]: the reference's criterion.
pub const LATENCY_LIMIT: f64 = 500.0;

/// Share of the admitted traffic that a network which is not saturated accepts at least: the one that
/// sets the saturated points of the reference's curves apart from the others.
pub const ACCEPTED_SHARE: f64 = 0.97;

/// Share of the rate asked for below which a run is not worth finishing. Lower than
/// [`ACCEPTED_SHARE`], because what is offered scatters around the rate.
const HOPELESS_SHARE: f64 = 0.94;

/// How to search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// First rate [flits/node/cycle].
    pub start: f64,
    /// Highest rate that the source can offer [flits/node/cycle].
    pub limit: f64,
    /// Width of the interval that is good enough [flits/node/cycle].
    pub tolerance: f64,
}

/// One rate that was tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Asked for [flits/node/cycle].
    pub rate: f64,
    /// Offered within the window, refused packets included [flits/node/cycle].
    pub offered: f64,
    /// Accepted within the window [flits/node/cycle].
    pub accepted: f64,
    /// Mean packet latency [cycles]; `None` if no measured packet arrived.
    pub mean_latency: Option<f64>,
    /// It is beyond saturation.
    pub saturated: bool,
}

/// What the search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Highest rate that was tried and is not saturated; 0 if all were.
    pub below: f64,
    /// Lowest rate that was tried and is saturated; `None` if the source cannot saturate the network.
    pub above: Option<f64>,
    /// Every rate that was tried, in ascending order.
    pub points: Vec<Point>,
    /// The run at `below`; of a network that is always saturated, or a search that was interrupted or met
    /// a deadlock, the last run.
    pub outcome: Outcome,
}

/// Searches for the saturation point; `source` makes the traffic of a rate.
///
/// The rate is doubled (or halved) until both sides are found, then the interval is halved until it is
/// within the tolerance. The same input tries the same rates.
///
/// # Errors
/// As [`Job::run`], and what `source` refuses.
pub fn search<S: Source>(
    job: &Job<'_>,
    windows: Windows,
    search: Search,
    mut source: impl FnMut(f64) -> Result<S, Problems>,
    control: &mut Control<'_>,
) -> Result<Found, RunError> {
    let mut run = |rate: f64| -> Result<Outcome, RunError> {
        let drive = Drive::new(job, source(rate)?, windows)?;
        drive.give_up_below(HOPELESS_SHARE * rate).run(control)
    };
    let mut bracket = Bracket { below: 0.0, above: None };
    let mut points: Vec<Point> = Vec::new();
    let mut rate = search.start.min(search.limit);
    let mut outcome = run(rate)?;
    let mut best = None;
    while outcome.is_complete() {
        let point = Point::of(rate, &outcome);
        points.push(point);
        if point.saturated {
            bracket.above = Some(rate);
        } else {
            bracket.below = rate;
            best = Some(outcome.clone());
        }
        let Some(next) = bracket.next(&search) else {
            outcome = best.take().unwrap_or(outcome);
            break;
        };
        rate = next;
        outcome = run(rate)?;
    }
    points.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    Ok(Found { below: bracket.below, above: bracket.above, points, outcome })
}

impl Point {
    fn of(rate: f64, outcome: &Outcome) -> Self {
        let (offered, accepted) = (outcome.offered().unwrap_or(0.0), outcome.accepted().unwrap_or(0.0));
        let mean_latency = outcome.packet_latency.mean();
        let late = mean_latency.is_some_and(|mean| mean > LATENCY_LIMIT);
        let short = accepted < ACCEPTED_SHARE * outcome.admitted().unwrap_or(0.0);
        let saturated = late || short || outcome.ending == Ending::Saturated;
        Self { rate, offered, accepted, mean_latency, saturated }
    }
}

/// The rates between which saturation is known to lie.
struct Bracket {
    below: f64,
    above: Option<f64>,
}

impl Bracket {
    /// The next rate to try; `None` if the answer is good enough.
    fn next(&self, search: &Search) -> Option<f64> {
        match self.above {
            Some(above) if above - self.below <= search.tolerance => None,
            Some(above) => Some(self.below + (above - self.below) / 2.0),
            None if self.below >= search.limit => None,
            None => Some((2.0 * self.below).min(search.limit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows the bracket through a network that saturates at `at`.
    fn tried(at: f64, search: &Search) -> (Vec<f64>, Bracket) {
        let mut bracket = Bracket { below: 0.0, above: None };
        let (mut rates, mut next) = (Vec::new(), Some(search.start));
        while let Some(rate) = next {
            rates.push(rate);
            if rate > at {
                bracket.above = Some(rate)
            } else {
                bracket.below = rate
            }
            next = bracket.next(search);
        }
        (rates, bracket)
    }

    #[test]
    fn the_bracket_closes_on_the_saturation_point() {
        let search = Search { start: 0.1, limit: 1.0, tolerance: 0.01 };
        for at in [0.001, 0.05, 0.0999, 0.1, 0.37, 0.72, 0.999] {
            let (rates, bracket) = tried(at, &search);
            let above = bracket.above.expect("the limit saturates the network");
            assert!(bracket.below <= at && at < above && above - bracket.below <= 0.01, "{at}: {rates:?}");
            assert!(rates.len() < 14, "{at}: {rates:?}");
        }
        let (rates, bracket) = tried(2.0, &search);
        assert_eq!((rates.last(), bracket.above), (Some(&1.0), None), "the limit is tried and accepted");
    }
}
