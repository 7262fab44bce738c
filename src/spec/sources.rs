//! The texts that take part in one document.

use std::io;
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
        if self.is_overridden(name) {
            return read_whole(name);
        }
        for source in &self.0 {
            match &source.origin {
                Origin::Preset(..) => {
                    if let Some(content) = name.to_str().and_then(preset::file) {
                        return Ok(content.to_vec());
                    }
                }
                Origin::File(path) => {
                    let path = path.parent().unwrap_or(Path::new("")).join(name);
                    match read_whole(&path) {
                        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                        found => return found,
                    }
                }
                Origin::Override | Origin::Memory(_) => {}
            }
        }
        Err(io::Error::new(io::ErrorKind::NotFound, "there is no such file next to the document"))
    }

    /// Whether an override gives `name` as its value.
    fn is_overridden(&self, name: &Path) -> bool {
        let values = self.0.iter().filter(|source| source.origin == Origin::Override).map(|source| {
            let (_, value) = source.text.split_once('=')?;
            Some(value.trim().trim_matches(['"', '\'']))
        });
        values.flatten().any(|value| Path::new(value) == name)
    }
}

fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    match read_limited(path, MAX_FILE_BYTES) {
        Ok(content) if content.len() > MAX_FILE_BYTES => Err(io::Error::other("it is larger than 1 GiB")),
        found => found,
    }
}
