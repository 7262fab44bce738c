//! One point: exactly what `spikeloom run`, `map` or `array` does with its arguments.

use std::panic::{AssertUnwindSafe, catch_unwind};

use clap::Parser;

use crate::cli::failure::Failure;
use crate::cli::{Arguments, Command, array, map, run};
use crate::spec::sweep::Point;
use crate::sweep::{Record, metrics_of};

/// Longest error that is recorded [characters].
const LONGEST_ERROR: usize = 2000;

/// Runs a point; `None` if it was interrupted.
pub(super) fn run(point: &Point) -> Option<Record> {
    // Nothing outlives the run but its report, so that what a panic leaves behind is never looked at.
    let ran = catch_unwind(AssertUnwindSafe(|| command_of(point).and_then(|command| ran(&command))));
    let (metrics, failure) = match ran {
        Ok(Ok((metrics, failure))) => (metrics, failure),
        Ok(Err(failure)) => (Vec::new(), Some(failure)),
        Err(_) => (Vec::new(), Some(Failure::Failed("the run panicked: a defect of spikeloom".into()))),
    };
    if matches!(failure, Some(Failure::Interrupted)) {
        return None;
    }
    let error = failure.map(|failure| failure.message().chars().take(LONGEST_ERROR).collect());
    Some(Record { point: point.index, error, metrics })
}

/// The figures of what a point runs, and why it failed nevertheless, if it did.
type Figures = (Vec<(String, f64)>, Option<Failure>);

fn ran(command: &Command) -> Result<Figures, Failure> {
    match command {
        Command::Run(arguments) => {
            let ran = run::report_of(arguments)?;
            let mut metrics = metrics_of(&ran.report);
            metrics.extend(ran.routers_area.map(|area| ("area.routers_mm2".to_owned(), 1e6 * area)));
            Ok((metrics, ran.failure))
        }
        Command::Map(arguments) => Ok((metrics_of(&map::answer_of(arguments)?), None)),
        Command::Array(arguments) => Ok((metrics_of(&array::answer_of(arguments)?), None)),
        _ => Err(Failure::Usage("a point is a run, a mapping or a study of an array".into())),
    }
}

fn command_of(point: &Point) -> Result<Command, Failure> {
    let words = std::iter::once("spikeloom".to_owned()).chain(point.arguments.iter().cloned());
    Arguments::try_parse_from(words).map(|arguments| arguments.command).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        Failure::Usage(first.trim_start_matches("error: ").to_owned())
    })
}
