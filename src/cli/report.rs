//! `spikeloom report`: the page of a run, or of several side by side, and its plots.

use std::path::{Path, PathBuf};

use clap::Args;

use super::console;
use super::failure::Failure;
use crate::base::problem::nearest;
use crate::report::page::MOST_RUNS;
use crate::report::{self, Folder, FolderError, PageError, RunFiles};

/// Page of several runs, where no other name is given.
const COMPARISON: &str = "comparison.html";

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  spikeloom report out/first                            renders out/first/report.html anew
  spikeloom report out/xy out/mftn --html mftn.html     two runs side by side: what differed, and what came of it
  spikeloom report out/first --svg plots                the same plots as SVG, for papers and slides
  spikeloom report out/first --png plots                the same in pixels
  spikeloom report out/xy out/mftn --json               the figures and their ratios, for scripts

A page is one file: it needs no network and opens from disk. The first folder is what the others are compared
with. Without --html the page of one run goes into its folder, that of several into comparison.html.")]
pub(super) struct ReportArguments {
    /// Folders that `run --out` has written.
    #[arg(required = true, value_name = "DIR", num_args = 1..)]
    folders: Vec<PathBuf>,
    /// Write the page to this file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the plots as SVG into this folder; without --html, no page is written.
    #[arg(long, value_name = "FOLDER")]
    svg: Option<PathBuf>,
    /// Write the plots as PNG into this folder; without --html, no page is written.
    #[arg(long, value_name = "FOLDER")]
    png: Option<PathBuf>,
    /// Write the figures to standard output as JSON, each with its ratio to the first run's, and what differs in the
    /// inputs; without --html, no page is written.
    #[arg(long)]
    json: bool,
    /// Overwrite files that are there.
    #[arg(long)]
    force: bool,
}

pub(super) fn report(arguments: &ReportArguments) -> Result<(), Failure> {
    let ReportArguments { folders, html, svg, png, json, force } = arguments;
    if folders.len() > MOST_RUNS {
        return Err(PageError::Runs(folders.len()).into());
    }
    let runs = read_all(folders)?;
    if *json {
        console::answer(&format!("{:#}\n", report::comparison(&runs)))?;
    }
    if html.is_some() || (svg.is_none() && png.is_none() && !json) {
        let (file, overwrite) = match (html, folders.as_slice()) {
            (Some(file), _) => (file.clone(), *force),
            // What a folder's page says follows from its other files: there is nothing to lose.
            (None, [folder]) => (folder.join("report.html"), true),
            (None, _) => (PathBuf::from(COMPARISON), *force),
        };
        let page = report::page(&runs)?;
        write(&file, overwrite, page.as_bytes())?;
    }
    if svg.is_none() && png.is_none() {
        return Ok(());
    }
    let plots = report::plots(&runs)?;
    if let Some(folder) = svg {
        let files = plots.iter().map(|plot| (plot.name.clone(), plot.svg.clone().into_bytes()));
        write_all(folder, *force, &files.collect::<Vec<_>>())?;
    }
    if let Some(folder) = png {
        let painter = report::Painter::default();
        let painted = |plot: &report::Plot| Ok((plot.name.replace(".svg", ".png"), painter.png(&plot.svg)?));
        write_all(folder, *force, &plots.iter().map(painted).collect::<Result<Vec<_>, PageError>>()?)?;
    }
    Ok(())
}

/// Writes all of these files, or none if one is there.
fn write_all(folder: &Path, force: bool, files: &[(String, Vec<u8>)]) -> Result<(), Failure> {
    let mut paths = files.iter().map(|(name, _)| folder.join(name));
    if let Some(there) = paths.find(|file| !force && file.symlink_metadata().is_ok()) {
        return Err(FolderError::Exists(there).into());
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| FolderError::Failed("make the folder", folder.to_owned(), error))?;
    files.iter().try_for_each(|(name, content)| write(&folder.join(name), force, content))
}

/// Reads every folder; what is wrong with each is said at once.
fn read_all(folders: &[PathBuf]) -> Result<Vec<RunFiles>, Failure> {
    let (mut runs, mut wrong) = (Vec::new(), Vec::new());
    for folder in folders {
        match RunFiles::read(folder) {
            Ok(run) => runs.push(run),
            Err(error) => wrong.push(error.to_string() + &meant(folder)),
        }
    }
    if wrong.is_empty() { Ok(runs) } else { Err(Failure::Usage(wrong.join("\nerror: "))) }
}

/// Which folder of results may have been meant by one that is not there.
fn meant(folder: &Path) -> String {
    let (Some(name), false) = (folder.file_name(), folder.exists()) else { return String::new() };
    let beside = match folder.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let listed = std::fs::read_dir(beside).into_iter().flatten().flatten();
    let results = listed.filter(|entry| entry.path().join("report.json").exists());
    let names: Vec<String> = results.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    match nearest(&name.to_string_lossy(), names.iter().map(String::as_str)) {
        Some(near) => format!("; did you mean `{}`?", folder.with_file_name(near).display()),
        None => String::new(),
    }
}

fn write(file: &Path, overwrite: bool, content: &[u8]) -> Result<(), Failure> {
    let written = Folder::write_file(file, overwrite, |out| out.write_all(content));
    written.map_err(|error| match error {
        FolderError::Failed(..) => Failure::Failed(error.to_string()),
        FolderError::Occupied(_) | FolderError::Exists(_) => Failure::Usage(error.to_string()),
    })?;
    console::complain(&format!("wrote {}\n", file.display()));
    Ok(())
}

impl From<PageError> for Failure {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Runs(_) | PageError::Unreadable(..) | PageError::Damaged(..) => {
                Self::Usage(error.to_string())
            }
            PageError::Template(_) | PageError::Plot(_) => {
                Self::Failed(format!("{error}; this is a defect of spikeloom"))
            }
        }
    }
}
