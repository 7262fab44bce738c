//! The folder that results are written to.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::{fmt, process};

/// Names of the files that results consist of.
const RESULTS: [&str; 12] = [
    "report.json",
    "report.html",
    "figures.json",
    "host.json",
    "packets.csv",
    "links.csv",
    "routers.csv",
    "nodes.csv",
    "spikes.csv",
    "steps.csv",
    "weights.csv",
    "potentials.csv",
];

/// Files that say that a folder holds the results of a sweep.
const SWEEPS: [&str; 2] = ["journal.jsonl", "sweep.json"];

/// A folder that can be written to and holds no results yet, or is to be overwritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

/// Why results cannot be written.
#[derive(Debug)]
pub enum FolderError {
    /// The folder holds results already: one of them.
    Occupied(PathBuf),
    /// The file is there already.
    Exists(PathBuf),
    /// What failed, on what, and why.
    Failed(&'static str, PathBuf, io::Error),
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(path) => {
                write!(
                    f,
                    "`{}` holds results already: choose another folder, or overwrite with --force",
                    path.display()
                )
            }
            Self::Exists(path) => {
                let path = path.display();
                write!(f, "`{path}` is there already: choose another name, or overwrite with --force")
            }
            Self::Failed(what, path, error) => write!(f, "cannot {what} `{}`: {error}", path.display()),
        }
    }
}

impl std::error::Error for FolderError {}

impl Folder {
    /// Makes the folder if it is not there, and sees to it that results can be written.
    ///
    /// # Errors
    /// It holds results and is not to be overwritten; it cannot be made or written to.
    pub fn open(path: &Path, overwrite: bool) -> Result<Self, FolderError> {
        let folder = Self { path: path.to_owned() };
        fs::create_dir_all(path)
            .map_err(|error| FolderError::Failed("make the folder", path.to_owned(), error))?;
        let occupied = RESULTS.iter().chain(&SWEEPS).any(|name| path.join(name).symlink_metadata().is_ok());
        if occupied && !overwrite {
            return Err(FolderError::Occupied(path.to_owned()));
        }
        let probe = folder.temporary("probe");
        let written = File::create(&probe).and_then(|_| fs::remove_file(&probe));
        written.map_err(|error| FolderError::Failed("write to the folder", path.to_owned(), error))?;
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file `name` whole: under another name first, then renamed.
    ///
    /// # Errors
    /// It cannot be written, because the disk is full for example. What was there before is untouched.
    pub fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        replace(&self.temporary(name), self.path.join(name), content)
    }

    /// Writes a file that is no part of a folder of results, whole or not at all.
    ///
    /// # Errors
    /// It is there and is not to be overwritten; it cannot be written. What was there before is untouched.
    pub fn write_file(
        path: &Path,
        overwrite: bool,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        if !overwrite && path.symlink_metadata().is_ok() {
            return Err(FolderError::Exists(path.to_owned()));
        }
        let Some(name) = path.file_name() else {
            let error = io::ErrorKind::InvalidInput.into();
            return Err(FolderError::Failed("write", path.to_owned(), error));
        };
        let temporary = format!(".{}.{}.part", name.to_string_lossy(), process::id());
        replace(&path.with_file_name(temporary), path.to_owned(), content)
    }

    /// As [`Self::write`], for writers that want a file of their own.
    ///
    /// # Errors
    /// It cannot be written. What was there before is untouched.
    pub fn write_table(
        &self,
        name: &str,
        content: impl FnOnce(File) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        let (temporary, path) = (self.temporary(name), self.path.join(name));
        let written = File::create(&temporary).and_then(content).and_then(|()| {
            File::open(&temporary)?.sync_all()?;
            fs::rename(&temporary, &path)
        });
        written.map_err(|error| {
            // What is left of a failed attempt is of no use; that it cannot be removed changes nothing.
            let _ = fs::remove_file(&temporary);
            FolderError::Failed("write", path, error)
        })
    }

    /// Begins the file `name`, to be written bit by bit; it is there once it is finished.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn begin(&self, name: &str) -> Result<Trace, FolderError> {
        let (temporary, path) = (self.temporary(name), self.path.join(name));
        match File::create(&temporary) {
            Ok(file) => Ok(Trace { out: Some(BufWriter::new(file)), temporary, path }),
            Err(error) => Err(FolderError::Failed("write", path, error)),
        }
    }

    /// Removes results of an earlier run that are not among `written`.
    ///
    /// # Errors
    /// One of them cannot be removed.
    pub fn keep_only(&self, written: &[&str]) -> Result<(), FolderError> {
        for name in RESULTS.iter().filter(|name| !written.contains(name)) {
            let path = self.path.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(FolderError::Failed("remove the old", path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn temporary(&self, name: &str) -> PathBuf {
        self.path.join(format!(".{name}.{}.part", process::id()))
    }
}

/// Writes `temporary`, then gives it the name `path`.
fn replace(
    temporary: &Path,
    path: PathBuf,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FolderError> {
    let written = write_synced(temporary, content).and_then(|()| fs::rename(temporary, &path));
    written.map_err(|error| {
        // What is left of a failed attempt is of no use; that it cannot be removed changes nothing.
        let _ = fs::remove_file(temporary);
        FolderError::Failed("write", path, error)
    })
}

/// A file in the making. It is removed if it is not finished.
#[derive(Debug)]
pub struct Trace {
    out: Option<BufWriter<File>>,
    temporary: PathBuf,
    path: PathBuf,
}

impl Trace {
    /// Appends to it.
    ///
    /// # Errors
    /// It cannot be written, because the disk is full for example.
    pub fn append(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        let Some(out) = &mut self.out else { return Ok(()) };
        write(out).map_err(|error| FolderError::Failed("write", self.path.clone(), error))
    }

    /// What has been written so far.
    ///
    /// # Errors
    /// It cannot be written or read.
    pub fn content(&mut self) -> Result<Vec<u8>, FolderError> {
        let flushed = self.out.as_mut().map_or(Ok(()), BufWriter::flush);
        let content = flushed.and_then(|()| fs::read(&self.temporary));
        content.map_err(|error| FolderError::Failed("read back", self.path.clone(), error))
    }

    /// Begins anew with this content.
    ///
    /// # Errors
    /// It cannot be written, because the disk is full for example.
    pub fn restart(&mut self, content: &[u8]) -> Result<(), FolderError> {
        let begun = File::create(&self.temporary).and_then(|mut file| {
            file.write_all(content)?;
            Ok(file)
        });
        let file = begun.map_err(|error| FolderError::Failed("write", self.path.clone(), error))?;
        self.out = Some(BufWriter::new(file));
        Ok(())
    }

    /// Puts it in place, whole.
    ///
    /// # Errors
    /// The rest cannot be written; what was there before is untouched then.
    pub fn finish(mut self) -> Result<(), FolderError> {
        let Some(out) = self.out.take() else { return Ok(()) };
        let synced =
            out.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
        let placed = synced.and_then(|()| fs::rename(&self.temporary, &self.path));
        placed.map_err(|error| FolderError::Failed("write", self.path.clone(), error))
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        // Where it was finished there is nothing left; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&self.temporary);
    }
}

fn write_synced(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut writer = BufWriter::new(File::create(path)?);
    content(&mut writer)?;
    writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}
