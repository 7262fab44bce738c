//! Which neurons fired when, for figures and for `--spikes`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::base::NeuronId;
use crate::base::unit::Seconds;
use crate::network::{Net, Population};
use crate::report::spikes::{Group, Spikes};
use crate::report::{Folder, FolderError, Trace};

/// Spikes as they are fired.
#[derive(Debug, Default)]
pub(super) struct Fired {
    /// By neuron: how often.
    pub counts: Vec<u32>,
    /// Step and neuron of each, if somebody wants to have them.
    events: Option<Vec<(u64, NeuronId)>>,
    steps: u64,
    dt: f64,
    groups: Vec<Group>,
}

impl Fired {
    /// None yet, of the neurons of `net`; every single one is kept if somebody wants to have them.
    pub(super) fn none(net: &Net, keep: bool) -> Self {
        let group = |it: &Population| Group { name: it.name.clone(), first: it.span.first, len: it.span.len };
        Self {
            counts: vec![0; net.neurons() as usize],
            events: keep.then(Vec::new),
            steps: 0,
            dt: net.dt.0,
            groups: net.populations.iter().map(group).collect(),
        }
    }

    /// Adds those of `step`, ascending.
    pub(super) fn note(&mut self, step: u64, fired: &[NeuronId]) {
        self.steps = step;
        fired.iter().for_each(|neuron| self.counts[neuron.index()] += 1);
        if let Some(events) = &mut self.events {
            events.extend(fired.iter().map(|&neuron| (step, neuron)));
        }
    }

    /// Writes all of them to `files`, each in the format that its name ends in.
    ///
    /// # Errors
    /// A file cannot be written, or its format cannot hold them.
    pub(super) fn write(self, files: &[PathBuf], overwrite: bool) -> Result<(), Failure> {
        let Some(events) = self.events else { return Ok(()) };
        let spikes = Spikes { dt: Seconds(self.dt), steps: self.steps, groups: self.groups, events };
        for path in files {
            let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
            let bytes = match Format::of(path)? {
                Format::Csv => None,
                Format::Sonata => Some(spikes.sonata().map_err(|error| failed(&error))?),
                Format::Nir => Some(spikes.nir().map_err(|error| failed(&error))?),
            };
            let written = Folder::write_file(path, overwrite, |out| match &bytes {
                None => spikes.csv(out),
                Some(bytes) => out.write_all(bytes),
            });
            written.map_err(|error| failed(&error))?;
        }
        Ok(())
    }
}

/// The table `spikes.csv` of a run that nobody has asked to keep its spikes of: what the raster on its page is drawn
/// from, as long as it is of a size that is drawn.
#[derive(Debug)]
pub(super) struct SpikeTable {
    trace: Option<Trace>,
    rows: u64,
}

impl SpikeTable {
    const NAME: &'static str = "spikes.csv";

    /// Spikes after which there is no such table: a few tens of megabytes.
    const MOST_ROWS: u64 = 1_000_000;

    /// None yet; they go to `folder` if there is one.
    pub(super) fn begin(folder: Option<&Folder>) -> Result<Self, FolderError> {
        let mut trace = folder.map(|folder| folder.begin(Self::NAME)).transpose()?;
        if let Some(trace) = &mut trace {
            trace.append(|out| writeln!(out, "time,population,neuron"))?;
        }
        Ok(Self { trace, rows: 0 })
    }

    /// Adds those of `step`.
    pub(super) fn note(&mut self, step: u64, net: &Net, fired: &[NeuronId]) -> Result<(), FolderError> {
        self.rows += fired.len() as u64;
        if self.rows > Self::MOST_ROWS {
            self.trace = None;
        }
        let Some(trace) = &mut self.trace else { return Ok(()) };
        trace.append(|out| {
            let mut places = fired.iter().filter_map(|&neuron| net.place(neuron));
            places.try_for_each(|(population, at)| writeln!(out, "{step},{},{at}", population.name))
        })
    }

    /// Completes the table; its name, if there is one.
    pub(super) fn finish(self) -> Result<Option<&'static str>, Failure> {
        let finished = self.trace.map(|trace| trace.finish().map(|()| Self::NAME)).transpose();
        finished.map_err(|error| Failure::Failed(error.to_string()))
    }
}

/// How spikes are written down.
enum Format {
    Csv,
    Sonata,
    Nir,
}

impl Format {
    fn of(path: &Path) -> Result<Self, Failure> {
        match path.extension().and_then(OsStr::to_str) {
            Some("csv") => Ok(Self::Csv),
            Some("h5" | "hdf5" | "sonata") => Ok(Self::Sonata),
            Some("nir") => Ok(Self::Nir),
            _ => Err(Failure::Usage(format!(
                "`--spikes {}`: the name tells the format: it ends in .csv, .h5 (SONATA) or .nir (event data)",
                path.display()
            ))),
        }
    }
}

/// Whether `files` can be written, as far as can be told before the run.
///
/// # Errors
/// A name that tells no format; a file that is there already and is not to be overwritten.
pub(super) fn check(files: &[PathBuf], overwrite: bool) -> Result<(), Failure> {
    for path in files {
        Format::of(path)?;
        if !overwrite && path.symlink_metadata().is_ok() {
            let path = path.display();
            return Err(Failure::Usage(format!("`{path}` is there already; overwrite with --force")));
        }
    }
    Ok(())
}
