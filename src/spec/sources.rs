//! The texts that take part in one document.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::diagnostic::Place;
use super::preset;
use super::source::{MAX_FILE_BYTES, Origin, Source, read_limited};
use super::tree::Mark;

/// Index of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TextId(pub u32);

/// The document itself, what it `extends`, and the overrides.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sources(Vec<Arc<Source>>);

impl Sources {
    pub(super) fn add(&mut self, source: Arc<Source>) -> TextId {
        self.0.push(source);
        TextId(self.0.len() as u32 - 1)
    }

    pub(super) fn get(&self, id: TextId) -> Arc<Source> {
        Arc::clone(&self.0[id.0 as usize])
    }

    pub(super) fn text(&self, id: TextId) -> &str {
        &self.0[id.0 as usize].text
    }

    /// Position of a text among those that take part; one that takes no part comes last.
    pub(super) fn rank(&self, source: &Arc<Source>) -> usize {
        self.0.iter().position(|known| Arc::ptr_eq(known, source)).unwrap_or(self.0.len())
    }

    pub(super) fn place(&self, mark: Mark) -> Place {
        let span = mark.start as usize..mark.end as usize;
        Place { source: self.get(TextId(mark.source)), span: Some(span) }
    }

    /// The content of a file that one of the documents names: a built-in one, or one that lies next to
    /// the document itself, else next to those that it extends. A name given on the command line is looked
    /// for where the command is run.
    pub(super) fn file(&self, name: &Path) -> io::Result<Vec<u8>> {
        self.find(name, <[u8]>::to_vec, read_whole)
    }

    /// The same, to be read piece by piece.
    pub(super) fn open(&self, name: &Path) -> io::Result<Box<dyn Read>> {
        self.find::<Box<dyn Read>>(
            name,
            |content| Box::new(content),
            |path| Ok(Box::new(Limited::open(path)?)),
        )
    }

    fn find<T>(
        &self,
        name: &Path,
        built_in: impl Fn(&'static [u8]) -> T,
        read: impl Fn(&Path) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.is_overridden(name) || name.is_absolute() {
            match read(name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                found => return found,
            }
        }
        for source in &self.0 {
            match &source.origin {
                Origin::Preset(..) => {
                    if let Some(content) = name.to_str().and_then(preset::file) {
                        return Ok(built_in(content));
                    }
                }
                Origin::File(path) => {
                    let path = path.parent().unwrap_or(Path::new("")).join(name);
                    match read(&path) {
                        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                        found => return found,
                    }
                }
                Origin::Override | Origin::Memory(_) => {}
            }
        }
        Err(io::Error::new(io::ErrorKind::NotFound, "there is no such file next to the document"))
    }

    /// Whether an override gives `name` as its value, or in it.
    fn is_overridden(&self, name: &Path) -> bool {
        let overrides = self.0.iter().filter(|source| source.origin == Origin::Override);
        let mut values = overrides.filter_map(|source| source.text.split_once('=')).map(|(_, value)| value);
        let name = name.to_str().unwrap_or_default();
        let quotes = ['"', '\''];
        values.any(|value| {
            // What stands around a value in a list or a map.
            let mut words = value.split(['[', ']', '{', '}', ',', ' ', '\t']);
            value.trim().trim_matches(quotes) == name || words.any(|word| word.trim_matches(quotes) == name)
        })
    }
}

fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    match read_limited(path, MAX_FILE_BYTES) {
        Ok(content) if content.len() > MAX_FILE_BYTES => Err(too_large()),
        found => found,
    }
}

fn too_large() -> io::Error {
    io::Error::other("it is larger than 1 GiB")
}

/// A file that is read up to [`MAX_FILE_BYTES`]; what is larger is an error.
struct Limited {
    file: File,
    left: usize,
}

impl Limited {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        match metadata.is_dir() {
            true => Err(io::Error::other("it is a directory")),
            false if metadata.len() > MAX_FILE_BYTES as u64 => Err(too_large()),
            false => Ok(Self { file, left: MAX_FILE_BYTES }),
        }
    }
}

impl Read for Limited {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // What has no size to look at, as a pipe, shows it only now.
        let len = self.file.read(into)?;
        self.left = self.left.checked_sub(len).ok_or_else(too_large)?;
        Ok(len)
    }
}
