//! `spikeloom import`: foreign files to ours.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::console;
use super::failure::Failure;
use crate::spec::sanafe;

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Format {
    /// An architecture and a network of SANA-FE (YAML, or `.net`).
    Sanafe(SanafeArguments),
}

/// Arguments of `import sanafe`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  spikeloom import sanafe loihi.yaml snn.yaml --out imported
  spikeloom run imported/workload.yaml --chip imported/chip.yaml --fidelity sanafe")]
struct SanafeArguments {
    /// The architecture.
    arch: PathBuf,
    /// The network; `.net` files are read as the older form.
    net: PathBuf,
    /// Folder to write `chip.yaml`, `workload.yaml` and tables to.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Steps that the workload is to run for.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Overwrite files that the folder holds.
    #[arg(long)]
    force: bool,
}

pub(super) fn import(arguments: &ImportArguments) -> Result<(), Failure> {
    let Format::Sanafe(arguments) = &arguments.format;
    let (arch, net) = (read(&arguments.arch)?, read(&arguments.net)?);
    let is_netlist = arguments.net.extension().is_some_and(|extension| extension == "net");
    let import =
        sanafe::import(&arch, &net, is_netlist).map_err(|problems| Failure::Usage(problems.to_string()))?;
    let documents = import.documents(arguments.steps);
    let files = documents.iter().chain(&import.tables);
    let taken = files.clone().find(|(name, _)| arguments.out.join(name).exists());
    if let (Some((name, _)), false) = (taken, arguments.force) {
        let path = arguments.out.join(name);
        return Err(Failure::Usage(format!("`{}` is there already; overwrite with --force", path.display())));
    }
    std::fs::create_dir_all(&arguments.out)
        .map_err(|error| Failure::Usage(format!("cannot make `{}`: {error}", arguments.out.display())))?;
    for (name, text) in files {
        let path = arguments.out.join(name);
        std::fs::write(&path, text)
            .map_err(|error| Failure::Failed(format!("cannot write `{}`: {error}", path.display())))?;
    }
    let place = |name: &str| arguments.out.join(name).display().to_string();
    console::complain(&format!("wrote {} and {}\n", place("chip.yaml"), place("workload.yaml")));
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("`{}` cannot be read: {error}", path.display())))
}
