//! Following a run from outside: a progress bar, and Ctrl-C. Other work that may take long is watched, too.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use super::console;
use crate::base::Gauge;
use crate::sim::{Control, Progress};

/// Set by Ctrl-C and its like.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether there is anything to keep yet.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// Runs shorter than this show no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// Steps of the bar.
const STEPS: u64 = 1000;

/// Asks to be told of Ctrl-C. Before the work has [begun](work_begins), and a second one at any time, ends the program at
/// once.
pub(super) fn heed_interrupts() {
    let handler = || {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        if !BEGUN.load(Ordering::SeqCst) {
            console::complain("interrupted before the run began: nothing is written\n");
            std::process::exit(130);
        }
    };
    // Where there is no handler to be had, Ctrl-C ends the program as it always did.
    let _ = ctrlc::set_handler(handler);
}

/// From now on there are results, or files that are being written: Ctrl-C lets the work come to an end.
pub(super) fn work_begins() {
    BEGUN.store(true, Ordering::SeqCst);
}

/// Whether Ctrl-C was pressed.
pub(super) fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// A run that is being watched.
pub(super) struct Watch {
    since: Instant,
    is_visible: bool,
    bar: Option<ProgressBar>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), is_visible: std::io::stderr().is_terminal(), bar: None }
    }

    /// A run that shows nothing: one of many.
    pub(super) fn unseen() -> Self {
        Self { since: Instant::now(), is_visible: false, bar: None }
    }

    /// Whether anybody sees it.
    pub(super) fn is_seen(&self) -> bool {
        self.is_visible
    }

    /// Watches while `run` runs.
    pub(super) fn over<T>(&mut self, run: impl FnOnce(&mut Control<'_>) -> T) -> T {
        let mut show = |progress: Progress| {
            work_begins();
            self.show(progress);
        };
        let done = run(&mut Control { cancel: Some(&INTERRUPTED), progress: Some(&mut show) });
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        done
    }

    fn show(&mut self, progress: Progress) {
        if !self.is_visible || self.since.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(new_bar);
        match progress.share {
            Some(share) => bar.set_position((share * STEPS as f64) as u64),
            None => bar.tick(),
        }
        bar.set_message(format!("cycle {}", progress.cycle));
    }
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::new(STEPS);
    if let Ok(style) = ProgressStyle::with_template("{spinner} [{elapsed}] {bar:30} {percent} % {msg}") {
        bar.set_style(style);
    }
    bar
}

/// Between two looks at work that is watched.
const LOOK: Duration = Duration::from_millis(100);

/// Does some work; if it takes longer than a second and `is_seen`, a terminal sees what it is, how far it has come by its
/// gauge, and how long it may still take.
pub(super) fn patiently<T>(is_seen: bool, what: &str, work: impl FnOnce(&Gauge) -> T) -> T {
    let gauge = Gauge::new();
    if !is_seen || !std::io::stderr().is_terminal() {
        return work(&gauge);
    }
    let (done, ended) = channel();
    thread::scope(|scope| {
        let seen = &gauge;
        scope.spawn(move || follow(what, seen, &ended));
        let result = work(&gauge);
        // It ends by itself when nobody can tell it to any more.
        drop(done);
        result
    })
}

fn follow(what: &str, gauge: &Gauge, ended: &Receiver<()>) {
    let since = Instant::now();
    let goes_on = |wait| ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout);
    if !goes_on(PATIENCE) {
        return;
    }
    let bar = new_bar();
    loop {
        match gauge.share().filter(|&share| share > 0.0) {
            Some(share) => {
                bar.set_position((share * STEPS as f64) as u64);
                let left = since.elapsed().as_secs_f64() * (1.0 / share - 1.0);
                let left = HumanDuration(Duration::from_secs_f64(left.min(1e9)));
                bar.set_message(format!("{what}, about {left} left"));
            }
            None => bar.set_message(what.to_owned()),
        }
        bar.tick();
        if !goes_on(LOOK) {
            break;
        }
    }
    bar.finish_and_clear();
}
