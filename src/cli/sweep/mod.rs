//! `spikeloom sweep`: many runs, resumed where they stopped, dealt to several machines, gathered again.
//!
//! ```text
//!   arguments ──▶ Sweep (document, design, header) ──▶ pool: threads over points ──▶ Journal
//!                                                       point: the code of `spikeloom run`   │
//!                                                                 output: tables, page ◀─────┘
//! ```

mod gather;
mod output;
mod point;
mod pool;
mod progress;
mod subject;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::console;
use super::failure::Failure;
use super::watch::{heed_interrupts, is_interrupted, work_begins};
use crate::report::Folder;
use crate::spec::Kind;
use crate::spec::preset;
use crate::sweep::{Engine, Job, Journal, JournalError, Shard};
use progress::Progress;
use subject::Sweep;

/// Name of the journal in the folder of a sweep.
const JOURNAL: &str = "journal.jsonl";

/// Tasks of a job file unless `--tasks` says otherwise.
const TASKS: u64 = 64;

/// Arguments of `sweep`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  spikeloom sweep routings                        a sweep that is built in
  spikeloom sweep my-sweep.yaml --out results     again: goes on where it stopped
  spikeloom sweep my-sweep.yaml --list            every point as the command that runs it alone
  spikeloom sweep my-sweep.yaml --shard 2/8 --out shards/2
  spikeloom sweep merge shards/* --out results
  spikeloom sweep my-sweep.yaml --emit hyperqueue --out results > job.toml
  spikeloom sweep my-sweep.yaml --emit slurm --tasks 100 --out results > job.sh

The folder receives journal.jsonl (every finished point at once), results.csv and results.parquet (every
point), summary.csv (means over repetitions), sweep.html, sweep.json and sweep.yaml. A point that fails
is recorded with its error and does not stop the rest; the exit code is 1 only if every point failed.

`spikeloom new sweep` starts a sweep of your own."
)]
pub(super) struct SweepArguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// The sweep: a file, or a built-in one.
    #[arg(required = true)]
    sweep: Option<String>,
    /// The folder of results. Default: out/NAME. One that holds results of this sweep is resumed.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Points to run at the same time. Default: one for each processor.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Run only part i of n of the points; gather the parts with `sweep merge`.
    #[arg(long, value_name = "i/n")]
    shard: Option<Shard>,
    /// Write a job file to standard output instead of running anything.
    #[arg(long, value_enum, value_name = "ENGINE", conflicts_with_all = ["shard", "force", "json", "list"])]
    emit: Option<EngineName>,
    /// Tasks of the job file. Default: one for each point, at most 64.
    #[arg(long, value_name = "N", requires = "emit", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    tasks: Option<u64>,
    /// Write every point as a command to standard output instead of running anything.
    #[arg(long, conflicts_with = "force")]
    list: bool,
    /// Throw away what the folder holds and start anew.
    #[arg(long)]
    force: bool,
    /// Write the results to standard output as JSON, instead of the summary; with --list the points, one a line.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Gather the parts of a sweep that were run with --shard.
    Merge(gather::MergeArguments),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EngineName {
    /// A job definition file for `hq job submit-file`.
    Hyperqueue,
    /// A script for `sbatch`.
    Slurm,
}

pub(super) fn sweep(arguments: &SweepArguments) -> Result<(), Failure> {
    match (&arguments.action, &arguments.sweep) {
        (Some(Action::Merge(merge)), _) => gather::merge(merge),
        (None, Some(name)) => run(name, arguments),
        (None, None) => Err(Failure::Usage("which sweep? See `spikeloom sweep --help`".into())),
    }
}

fn run(name: &str, arguments: &SweepArguments) -> Result<(), Failure> {
    let sweep = Sweep::read(name)?;
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from("out").join(sweep.folder_name()));
    if let Some(engine) = arguments.emit {
        return emit(name, &sweep, arguments, engine, out);
    }
    let shard = arguments.shard.unwrap_or(Shard::WHOLE);
    if arguments.list {
        return list(&sweep, shard, arguments.json);
    }
    let folder = Folder::open(&out, true)?;
    let path = out.join(JOURNAL);
    let is_foreign = !path.exists() && output::FILES.iter().any(|file| out.join(file).exists());
    if is_foreign && !arguments.force {
        let message = format!("`{}` holds results already: choose another folder, or --force", out.display());
        return Err(Failure::Usage(message));
    }
    heed_interrupts();
    work_begins();
    let mut journal = Journal::open(&path, &sweep.header()?, arguments.force)?;
    let threads = arguments.threads.map_or_else(available, usize::from);
    let todo: Vec<u64> = shard.points(sweep.design().points()).filter(|&point| !journal.has(point)).collect();
    let progress = Progress::new(&journal, todo.len() as u64);
    pool::run(&sweep, &todo, threads, &mut journal, progress)?;
    if shard == Shard::WHOLE {
        output::write(&sweep, &mut journal, &folder, arguments.json)?;
    } else {
        console::complain(&format!(
            "part {shard} is in {}; gather with `spikeloom sweep merge`\n",
            out.display()
        ));
    }
    judge(&journal)
}

/// How it went as a whole.
fn judge(journal: &Journal) -> Result<(), Failure> {
    if is_interrupted() {
        return Err(Failure::Interrupted);
    }
    match (journal.done(), journal.failed()) {
        (done, failed) if done > 0 && failed == done => {
            Err(Failure::Failed(format!("all {failed} points that were run failed")))
        }
        _ => Ok(()),
    }
}

fn list(sweep: &Sweep, shard: Shard, json: bool) -> Result<(), Failure> {
    for point in shard.points(sweep.design().points()) {
        let line = if json { sweep.listed(point).to_string() } else { sweep.command(point) };
        console::answer(&(line + "\n"))?;
        if is_interrupted() {
            break;
        }
    }
    Ok(())
}

fn emit(
    name: &str,
    sweep: &Sweep,
    arguments: &SweepArguments,
    engine: EngineName,
    out: PathBuf,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Failed(format!("where is this program run? {error}"));
    let job = Job {
        name: sweep.document.name().to_owned(),
        program: std::env::current_exe().map_err(failed)?.to_string_lossy().into_owned(),
        folder: std::env::current_dir().map_err(failed)?.to_string_lossy().into_owned(),
        sweep: name.to_owned(),
        out: out.to_string_lossy().into_owned(),
        tasks: arguments.tasks.unwrap_or(TASKS).min(sweep.design().points()),
        threads: arguments.threads.unwrap_or(1),
    };
    console::answer(&job.text(match engine {
        EngineName::Hyperqueue => Engine::Hyperqueue,
        EngineName::Slurm => Engine::Slurm,
    }))
}

fn available() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The folder in which a document's files lie, unless it is built in.
fn folder_of(name: &str) -> Option<PathBuf> {
    let is_file = preset::find(Kind::Sweep, name).is_none();
    let folder = is_file.then(|| PathBuf::from(name).parent().map(PathBuf::from)).flatten();
    folder.filter(|folder| !folder.as_os_str().is_empty())
}

impl From<JournalError> for Failure {
    /// A journal that turns out to be unusable before anything is run is a matter of usage; one that
    /// cannot be written to is a failure.
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Failed("write", ..) => Self::Failed(error.to_string()),
            _ => Self::Usage(error.to_string()),
        }
    }
}
