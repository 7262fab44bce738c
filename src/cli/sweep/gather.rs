//! `spikeloom sweep merge`: one journal from several.

use std::path::PathBuf;

use clap::Args;

use super::subject::Sweep;
use super::{JOURNAL, judge, output};
use crate::cli::console;
use crate::cli::failure::Failure;
use crate::report::Folder;
use crate::sweep::Journal;

/// Arguments of `sweep merge`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  spikeloom sweep merge shards/* --out results")]
pub(super) struct MergeArguments {
    /// Folders of parts.
    #[arg(required = true, value_name = "DIR")]
    parts: Vec<PathBuf>,
    /// The folder of the whole; what it holds of the same sweep is kept.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write the results to standard output as JSON, instead of the summary.
    #[arg(long)]
    json: bool,
}

pub(super) fn merge(arguments: &MergeArguments) -> Result<(), Failure> {
    let mut parts = Vec::new();
    for folder in &arguments.parts {
        parts.push(Journal::existing(&folder.join(JOURNAL))?);
    }
    let Some(first) = parts.first() else { return Err(Failure::Usage("there is nothing to merge".into())) };
    let sweep = Sweep::of(first.header())?;
    if sweep.design().points() != first.header().points {
        return Err(Failure::Usage("the journal does not fit its own sweep".into()));
    }
    let folder = Folder::open(&arguments.out, true)?;
    let mut whole = Journal::open(&arguments.out.join(JOURNAL), first.header(), false)?;
    for part in &mut parts {
        whole.gather(part)?;
    }
    output::write(&sweep, &mut whole, &folder, arguments.json)?;
    let missing = sweep.design().points() - whole.done();
    if missing > 0 {
        console::complain(&format!("{missing} points are missing: run the parts that lack them\n"));
        return Err(Failure::Failed("the sweep is not complete".into()));
    }
    judge(&whole)
}
