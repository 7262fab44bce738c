//! The command line: one file per subcommand.
//!
//! Invariants: standard output carries what was asked for and nothing else; everything that is wrong is said
//! on standard error, and by the exit code: 0 done, 1 the run failed, 2 bad input or usage, 130
//! interrupted; a closed pipe is no reason to complain.
//!
//! Read [`run`](self) (`run.rs`) first.

mod array;
mod check;
mod checkpoint;
mod console;
mod devices;
mod failure;
mod faults;
mod flow;
mod import;
mod map;
mod mapper;
mod models;
mod report;
mod run;
mod schema;
mod setting;
mod shell;
mod solving;
mod spikes;
mod spiking;
mod start;
mod sweep;
mod table;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgAction, Parser, Subcommand};

/// Simulates networks on chip for many-core neuromorphic systems: describe a chip, break parts of it, offer
/// it traffic, and get latency, throughput and energy.
#[derive(Debug, Parser)]
#[command(version, name = "spikeloom", max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Say more on standard error: -v what is done and how long each phase takes, -vv details.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
}

const EXAMPLES: &str = "\
Examples:
  spikeloom run uniform --chip mesh8 --faults two-blocks --routing mftn --out out/first
  spikeloom report out/first out/second
  spikeloom check mesh8 --faults two-blocks --routing mftn
  spikeloom faults mesh8 --node-rate 0.05 --link-rate 0.02 --seed 7 > faults.yaml
  spikeloom sweep routings
  spikeloom new chip my-chip
  spikeloom models mftn

Every command has examples: `spikeloom COMMAND --help`.
Exit codes: 0 done; 1 the run itself failed; 2 bad input or usage; 130 interrupted, with the results
up to there kept.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a workload on a chip.
    Run(run::RunArguments),
    /// Validate a chip with its faults and routing: resources, and a deadlock certificate.
    Check(check::CheckArguments),
    /// Draw a random fault map and write it to standard output.
    Faults(faults::FaultsArguments),
    /// Render the page of a run anew, or of several side by side; write its plots.
    Report(report::ReportArguments),
    /// Study a synapse array alone: errors, energy, latency.
    Array(array::ArrayArguments),
    /// List every model, or say everything about one: parameters, units, defaults, sources.
    Models(models::ModelsArguments),
    /// Run many points that differ in a few values; resumes where it stopped.
    Sweep(sweep::SweepArguments),
    /// Write the JSON Schema of a kind of document, for editors.
    Schema(schema::SchemaArguments),
    /// Start a document of your own, with every field and what it means.
    New(start::NewArguments),
    /// Write completions for a shell to standard output.
    Completions(shell::CompletionsArguments),
    /// Write manual pages.
    Man(shell::ManArguments),
    /// Find out which core is to hold which neurons of a spiking network.
    Map(map::MapArguments),
    /// Turn foreign files into a chip and a workload.
    Import(import::ImportArguments),
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    run_with(std::env::args_os())
}

/// Runs the program with these arguments, the first being its own name.
pub fn run_with(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help that nobody reads any more is no failure.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    console::start_log(arguments.verbose);
    let done = match &arguments.command {
        Command::Run(arguments) => run::run(arguments),
        Command::Check(arguments) => check::check(arguments),
        Command::Faults(arguments) => faults::faults(arguments),
        Command::Report(arguments) => report::report(arguments),
        Command::Array(arguments) => array::array(arguments),
        Command::Models(arguments) => models::models(arguments),
        Command::Schema(arguments) => schema::schema(arguments),
        Command::New(arguments) => start::start(arguments),
        Command::Completions(arguments) => shell::completions(arguments),
        Command::Man(arguments) => shell::man(arguments),
        Command::Map(arguments) => map::map(arguments),
        Command::Sweep(arguments) => sweep::sweep(arguments),
        Command::Import(arguments) => import::import(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}
