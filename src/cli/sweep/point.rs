//! One point: exactly what `spikeloom run` does with its arguments.

use std::panic::{AssertUnwindSafe, catch_unwind};

use clap::Parser;

use crate::cli::failure::Failure;
use crate::cli::run::{self, RunArguments};
use crate::cli::{Arguments, Command};
use crate::spec::sweep::Point;
use crate::sweep::{Record, metrics_of};

/// Longest error that is recorded [characters].
const LONGEST_ERROR: usize = 2000;

/// Runs a point; `None` if it was interrupted.
pub(super) fn run(point: &Point) -> Option<Record> {
    // Nothing outlives the run but its report, so that what a panic leaves behind is never looked at.
    let ran = catch_unwind(AssertUnwindSafe(|| run_arguments(point).and_then(|it| run::report_of(&it))));
    let (metrics, failure) = match ran {
        Ok(Ok(ran)) => {
            let report = serde_json::to_value(&ran.report).unwrap_or_default();
            let mut metrics = metrics_of(&report);
            metrics.extend(ran.routers_area.map(|area| ("area.routers_mm2".to_owned(), 1e6 * area)));
            (metrics, ran.failure)
        }
        Ok(Err(failure)) => (Vec::new(), Some(failure)),
        Err(_) => (Vec::new(), Some(Failure::Failed("the run panicked: a defect of spikeloom".into()))),
    };
    if matches!(failure, Some(Failure::Interrupted)) {
        return None;
    }
    let error = failure.map(|failure| failure.message().chars().take(LONGEST_ERROR).collect());
    Some(Record { point: point.index, error, metrics })
}

fn run_arguments(point: &Point) -> Result<RunArguments, Failure> {
    let words = std::iter::once("spikeloom".to_owned()).chain(point.arguments.iter().cloned());
    match Arguments::try_parse_from(words) {
        Ok(Arguments { command: Command::Run(arguments), .. }) => Ok(arguments),
        Ok(_) => Err(Failure::Usage("the point is no run".into())),
        Err(error) => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            Err(Failure::Usage(first.trim_start_matches("error: ").to_owned()))
        }
    }
}
