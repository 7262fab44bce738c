//! How far a sweep has come, and how long it may take.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use crate::cli::console;
use crate::sweep::Journal;

/// Sweeps shorter than this say nothing of their progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two lines where there is no terminal to draw a bar on.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// The progress of a sweep.
pub(super) struct Progress {
    since: Instant,
    told: Instant,
    todo: u64,
    done: u64,
    bar: Option<ProgressBar>,
    is_terminal: bool,
}

impl Progress {
    /// `todo` points are still to be run.
    pub(super) fn new(journal: &Journal, todo: u64) -> Self {
        if journal.dropped() > 0 {
            let lines = journal.dropped();
            console::complain(&format!(
                "{lines} damaged line(s) of the journal are left out and run again\n"
            ));
        }
        if journal.done() > 0 {
            console::complain(&format!("resuming: {} points are done, {todo} are left\n", journal.done()));
        }
        let now = Instant::now();
        let is_terminal = std::io::stderr().is_terminal();
        Self { since: now, told: now, todo, done: 0, bar: None, is_terminal }
    }

    /// So many more points are through.
    pub(super) fn show(&mut self, journal: &Journal, more: u64) {
        self.done += more;
        let elapsed = self.since.elapsed();
        if elapsed < PATIENCE {
            return;
        }
        if self.is_terminal {
            let message = format!("{} left, {} failed", self.left(elapsed), journal.failed());
            let bar = self.bar.get_or_insert_with(|| new_bar(self.todo));
            bar.set_position(self.done);
            bar.set_message(message);
        } else if self.told.elapsed() >= BETWEEN_LINES {
            self.told = Instant::now();
            let (done, todo, failed, left) = (self.done, self.todo, journal.failed(), self.left(elapsed));
            console::complain(&format!("{done} of {todo} points, {failed} failed, about {left} left\n"));
        }
    }

    fn left(&self, elapsed: Duration) -> HumanDuration {
        let seconds = elapsed.as_secs_f64() / self.done.max(1) as f64 * (self.todo - self.done) as f64;
        HumanDuration(Duration::from_secs_f64(seconds.min(1e9)))
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(points: u64) -> ProgressBar {
    let bar = ProgressBar::new(points);
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} [{elapsed}] {bar:30} {pos}/{len} points, {msg}")
    {
        bar.set_style(style);
    }
    bar
}
