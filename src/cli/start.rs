//! `spikeloom new`: a commented document to start from.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::console;
use super::failure::Failure;
use crate::report::Folder;
use crate::spec::{ChipDoc, FaultDoc, SweepDoc, WorkloadDoc, template_of};

/// Arguments of `new`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  spikeloom new chip my-chip              writes my-chip.yaml
  spikeloom new sweep - | less            writes to standard output
  spikeloom new workload load --out workloads/load.yaml

Every field stands in the file with what it means and its default; fields that are absent by default are
commented out. What is built in can be copied, too: `extends: mesh8` builds on a chip.")]
pub(super) struct NewArguments {
    /// The kind of document.
    kind: NewKind,
    /// What it is called; `-` writes to standard output.
    name: String,
    /// The file. Default: NAME.yaml.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite the file if it is there.
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum NewKind {
    /// A chip: topology, links, routers, routing, energy.
    Chip,
    /// What a chip is to do.
    Workload,
    /// What is broken.
    Faults,
    /// Many runs that differ in a few values.
    Sweep,
}

pub(super) fn start(arguments: &NewArguments) -> Result<(), Failure> {
    let NewArguments { kind, name, out, force } = arguments;
    let to_stdout = name == "-" && out.is_none();
    let title = if name == "-" { "mine" } else { name };
    let text = match kind {
        NewKind::Chip => template_of::<ChipDoc>(title),
        NewKind::Workload => template_of::<WorkloadDoc>(title),
        NewKind::Faults => template_of::<FaultDoc>(title),
        NewKind::Sweep => template_of::<SweepDoc>(title),
    };
    if to_stdout {
        return console::answer(&text);
    }
    let path = out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.yaml")));
    Folder::write_file(&path, *force, |out| out.write_all(text.as_bytes()))
        .map_err(|error| Failure::Usage(error.to_string()))?;
    console::complain(&format!("wrote {}\n", path.display()));
    Ok(())
}
