//! Threads over points; every finished point goes to the journal at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::point;
use super::progress::Progress;
use super::subject::Sweep;
use crate::cli::failure::Failure;
use crate::cli::watch::is_interrupted;
use crate::sweep::{Journal, Record};

/// Records that wait for the journal before threads wait for it, too.
const WAITING: usize = 1024;

/// Runs the points of `todo`. Interruption ends it early and is no error here.
pub(super) fn run(
    sweep: &Sweep,
    todo: &[u64],
    threads: usize,
    journal: &mut Journal,
    mut progress: Progress,
) -> Result<(), Failure> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = sync_channel(WAITING);
    thread::scope(|scope| {
        for _ in 0..threads.min(todo.len()) {
            let sender = sender.clone();
            scope.spawn(|| work(sweep, todo, &next, &stop, sender));
        }
        drop(sender);
        let kept = keep(&receiver, journal, &mut progress);
        stop.store(true, Ordering::Relaxed);
        // Threads that wait to hand something over find nobody there any more.
        drop(receiver);
        kept
    })
}

fn work(sweep: &Sweep, todo: &[u64], next: &AtomicUsize, stop: &AtomicBool, done: SyncSender<Record>) {
    while !stop.load(Ordering::Relaxed) && !is_interrupted() {
        let Some(&index) = todo.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
        let Some(record) = point::run(&sweep.point(index)) else { return };
        if done.send(record).is_err() {
            return;
        }
    }
}

/// Writes records as they come, all that wait at a time.
fn keep(receiver: &Receiver<Record>, journal: &mut Journal, progress: &mut Progress) -> Result<(), Failure> {
    while let Ok(first) = receiver.recv() {
        let records: Vec<Record> = std::iter::once(first).chain(receiver.try_iter()).collect();
        journal.append(&records)?;
        progress.show(journal, records.len() as u64);
    }
    progress.end();
    Ok(())
}
