//! `spikeloom import`: foreign files to ours.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::console;
use super::failure::Failure;
use crate::base::unit::Seconds;
use crate::neuron::lif::Discretisation;
use crate::report::Folder;
use crate::spec::import::nir;
use crate::spec::sanafe;

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  spikeloom import sanafe loihi.yaml snn.yaml --out imported
  spikeloom import nir model.nir --out imported")]
pub(super) struct ImportArguments {
    #[command(subcommand)]
    format: Format,
    /// Write the names of the files that were written to standard output as JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Format {
    /// An architecture and a network of SANA-FE (YAML, or `.net`).
    Sanafe(SanafeArguments),
    /// A network in the Neuromorphic Intermediate Representation (`.nir`).
    Nir(NirArguments),
}

/// Arguments of `import nir`.
#[derive(Debug, Args)]
#[command(after_help = "\
NIR leaves it to each program how its equations are made discrete in time; here that is --scheme and --dt.
Layer n of neurons runs n steps behind the input, as every synapse takes a step; the spikes are the same, but for
biases: they act in every layer from the first step of the run on, n steps before the input is there.

Example:
  spikeloom import nir model.nir --out imported --dt 1e-3 --scheme exponential")]
struct NirArguments {
    /// The file.
    file: PathBuf,
    /// Folder to write `workload.yaml` and tables to.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How leaky neurons are made discrete in time.
    #[arg(long, value_enum, default_value_t = Scheme::Euler)]
    scheme: Scheme,
    /// Length of a step [s]. Default: what the file's metadata say, or else 1e-3.
    #[arg(long, value_name = "SECONDS")]
    dt: Option<f64>,
    /// Steps that the workload is to run for.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Overwrite files that the folder holds.
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Scheme {
    /// Forward Euler.
    Euler,
    /// Exponential: exact for input that is constant over a step.
    Exponential,
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
    let written = match &arguments.format {
        Format::Sanafe(arguments) => from_sanafe(arguments)?,
        Format::Nir(arguments) => from_nir(arguments)?,
    };
    if arguments.json {
        return console::answer(&format!("{:#}\n", serde_json::json!({ "written": written })));
    }
    let documents =
        written.iter().filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    documents.for_each(|path| console::complain(&format!("wrote {}\n", path.display())));
    Ok(())
}

fn from_sanafe(arguments: &SanafeArguments) -> Result<Vec<PathBuf>, Failure> {
    let (arch, net) = (read(&arguments.arch)?, read(&arguments.net)?);
    let is_netlist = arguments.net.extension().is_some_and(|extension| extension == "net");
    let import = sanafe::import(&arch, &net, is_netlist).map_err(|mut problems| {
        problems.0.iter_mut().for_each(|problem| problem.path = in_file(&problem.path, arguments));
        Failure::Usage(problems.to_string())
    })?;
    let documents = import.documents(arguments.steps);
    let files: Vec<_> = documents.iter().chain(&import.tables).collect();
    write(&arguments.out, &files, arguments.force)
}

/// Where a problem is: the file, line and column if they are known, and the path of fields.
fn in_file(path: &str, SanafeArguments { arch, net, .. }: &SanafeArguments) -> String {
    let (root, rest) = path.split_once('.').unwrap_or((path, ""));
    let file = match root {
        "arch" => arch.display(),
        "net" => net.display(),
        _ => return path.to_owned(),
    };
    let Some(line) = rest.strip_prefix("line ") else {
        return if rest.is_empty() { file.to_string() } else { format!("{file}: {rest}") };
    };
    let (line, field) = line.split_once('.').unwrap_or((line, ""));
    let place = line.replace(", column ", ":");
    if field.is_empty() { format!("{file}:{place}") } else { format!("{file}:{place}: {field}") }
}

fn from_nir(arguments: &NirArguments) -> Result<Vec<PathBuf>, Failure> {
    let NirArguments { file, out, scheme, dt, steps, force } = arguments;
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::Usage(format!("`{}` cannot be read: {error}", file.display())))?;
    let scheme = match scheme {
        Scheme::Euler => Discretisation::Euler,
        Scheme::Exponential => Discretisation::Exponential,
    };
    let choices = nir::Choices { dt: dt.map(Seconds), scheme };
    let wrong = |problems: crate::base::Problems| {
        Failure::Usage(format!("`{}` cannot be imported:\n{problems}", file.display()))
    };
    let documents = nir::import(bytes, &choices).map_err(wrong)?.documents(*steps);
    write(out, &documents.iter().collect::<Vec<_>>(), *force)
}

/// Writes files, as names and texts, into a folder; returns where they are.
fn write(out: &Path, files: &[&(String, String)], force: bool) -> Result<Vec<PathBuf>, Failure> {
    let taken = files.iter().find(|(name, _)| out.join(name).exists());
    if let (Some((name, _)), false) = (taken, force) {
        let path = out.join(name);
        return Err(Failure::Usage(format!("`{}` is there already; overwrite with --force", path.display())));
    }
    std::fs::create_dir_all(out)
        .map_err(|error| Failure::Usage(format!("cannot make `{}`: {error}", out.display())))?;
    let write = |(name, text): &&(String, String)| {
        let path = out.join(name);
        Folder::write_file(&path, force, |out| out.write_all(text.as_bytes()))
            .map_err(|error| Failure::Failed(error.to_string()))?;
        Ok(path)
    };
    files.iter().map(write).collect()
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("`{}` cannot be read: {error}", path.display())))
}
