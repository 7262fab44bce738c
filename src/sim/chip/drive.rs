//! A whole run of a chip: step after step, until the last one or until somebody has had enough.

use super::Chip;
use crate::network::{Halt, Machine};
use crate::sim::Control;

/// Steps between two looks at the outside world.
const CHUNK: u64 = 16;

/// How a run of a chip ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChipEnding {
    /// All steps were run.
    Complete,
    /// It was interrupted.
    Cancelled,
}

/// Why a run of a chip came to no end.
#[derive(Debug)]
pub enum DriveError<E> {
    /// The chip could not go on.
    Halted(Halt),
    /// Whoever followed it could not.
    Observer(E),
}

/// Runs `steps` steps; `observe` is called after each, on one of the chip's threads.
///
/// # Errors
/// The chip halts, or `observe` fails.
pub fn drive<E: Send>(
    chip: &mut Chip,
    steps: u64,
    control: &mut Control<'_>,
    observe: impl FnMut(&mut Chip) -> Result<(), E> + Send,
) -> Result<ChipEnding, DriveError<E>> {
    // A thread of its own goes on from step to step without being woken for each.
    match chip.threads.clone() {
        None => follow(chip, steps, control, observe),
        Some(threads) => threads.install(|| follow(chip, steps, control, observe)),
    }
}

fn follow<E>(
    chip: &mut Chip,
    steps: u64,
    control: &mut Control<'_>,
    mut observe: impl FnMut(&mut Chip) -> Result<(), E>,
) -> Result<ChipEnding, DriveError<E>> {
    for step in 0..steps {
        if step % CHUNK == 0 {
            control.report(step, Some(step as f64 / steps as f64));
            if control.is_cancelled() {
                chip.settle().map_err(DriveError::Halted)?;
                return Ok(ChipEnding::Cancelled);
            }
        }
        chip.step().map_err(DriveError::Halted)?;
        observe(chip).map_err(DriveError::Observer)?;
    }
    chip.settle().map_err(DriveError::Halted)?;
    Ok(ChipEnding::Complete)
}
