//! Where the text comes from: a file, a built-in preset, the command line, or memory.

use std::fmt;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Diagnostics, Place};
use super::preset::Preset;
use super::{Kind, preset};
use crate::base::problem;

/// Largest document that is read [bytes]. Bulk data belongs into CSV and graph files.
pub const MAX_BYTES: usize = 16 << 20;

/// Largest file that a document may name [bytes].
pub const MAX_FILE_BYTES: usize = 1 << 30;

/// Where a text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file, as the user named it.
    File(PathBuf),
    /// A preset that is built into the binary.
    Preset(Kind, &'static str),
    /// A `--set` argument.
    Override,
    /// Text that a program handed over, with a name for messages.
    Memory(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Preset(_, name) => write!(f, "<preset {name}>"),
            Self::Override => f.write_str("the command line"),
            Self::Memory(name) => f.write_str(name),
        }
    }
}

/// A text with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where the text comes from.
    pub origin: Origin,
    /// The text; bytes that are not UTF-8 have been replaced (and are refused).
    pub text: String,
    /// The `extends:` entry that brought this text in, if one did.
    pub wanted_by: Option<Place>,
}

impl Source {
    /// Text that did not come from a file.
    pub fn memory(name: &str, text: &str) -> Self {
        Self { origin: Origin::Memory(name.to_owned()), text: text.to_owned(), wanted_by: None }
    }

    /// What a document is called that does not name itself: the file's stem or the preset's name.
    pub fn stem(&self) -> String {
        match &self.origin {
            Origin::File(path) => {
                path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
            }
            Origin::Preset(_, name) => (*name).to_owned(),
            Origin::Memory(name) => name.clone(),
            Origin::Override => String::new(),
        }
    }

    /// Line and column of a byte offset, both from 1; columns count characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let continues = |byte: &&u8| **byte & 0xC0 == 0x80;
        let column = before.len() - start - before[start..].iter().filter(continues).count() + 1;
        (line, column)
    }
}

/// Opens what `name` stands for: a built-in preset of that name, else a file, looked for in `folder`.
///
/// A preset's name always means the preset; a file of the same name is reached as `./name`.
///
/// # Errors
/// The name is neither; the file cannot be read, is larger than [`MAX_BYTES`], or is not text.
pub fn open(name: &str, kind: Kind, folder: Option<&Path>) -> Result<Source, Diagnostics> {
    open_one_of(name, kind, folder, |_| true)
}

/// The same where only some of the built-in documents are of use: `offered` tells which to name if there is none.
pub(super) fn open_one_of(
    name: &str,
    kind: Kind,
    folder: Option<&Path>,
    offered: impl Fn(&Preset) -> bool,
) -> Result<Source, Diagnostics> {
    if let Some(preset) = preset::find(kind, name) {
        let origin = Origin::Preset(kind, preset.name);
        return Ok(Source { origin, text: preset.text.to_owned(), wanted_by: None });
    }
    let path = folder.unwrap_or(Path::new("")).join(name);
    match read_limited(&path, MAX_BYTES) {
        Ok(bytes) => text(Origin::File(path), bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(unknown_name(name, kind, &path, offered).into())
        }
        Err(error) => Err(Diagnostic::new(format!("`{}` cannot be read: {error}", path.display())).into()),
    }
}

/// The first `most` bytes of a file, and one more if there are more.
pub(super) fn read_limited(path: &Path, most: usize) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(std::io::Error::other("it is a directory"));
    }
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unknown_name(name: &str, kind: Kind, path: &Path, offered: impl Fn(&Preset) -> bool) -> Diagnostic {
    let presets: Vec<&str> =
        preset::of(kind).filter(|&preset| offered(preset)).map(|preset| preset.name).collect();
    let mut candidates: Vec<String> = presets.iter().map(|&name| name.to_owned()).collect();
    candidates.extend(neighbours(name, path));
    let near = problem::nearest(name, candidates.iter().map(String::as_str)).map(str::to_owned);
    let looks_like_file = name.contains(['/', '\\']) || name.ends_with(".yaml") || name.ends_with(".yml");
    let message = if looks_like_file {
        format!("there is no file `{}`", path.display())
    } else {
        format!("`{name}` is neither a file nor a built-in {kind}")
    };
    let mut diagnostic = Diagnostic::new(message);
    diagnostic.allowed = Some(match presets.as_slice() {
        [] => "a file".to_owned(),
        presets => format!("a file, or one of {}", presets.join(", ")),
    });
    diagnostic.nearest = near;
    diagnostic
}

/// Files beside the missing one, written as the user would have to write them.
fn neighbours(name: &str, path: &Path) -> Vec<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = &name[..name.rfind('/').map_or(0, |at| at + 1)];
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.take(1000).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut found: Vec<String> = names.map(|file| format!("{prefix}{file}")).collect();
    found.sort();
    found
}

/// Checks that `bytes` are text that YAML may hold.
///
/// # Errors
/// Too long; not UTF-8; a control character.
pub fn text(origin: Origin, bytes: Vec<u8>) -> Result<Source, Diagnostics> {
    if bytes.len() > MAX_BYTES {
        return Err(Diagnostic::new(format!("`{origin}` is too large"))
            .allowed(format!("at most {} MiB; keep bulk data in CSV or graph files", MAX_BYTES >> 20))
            .into());
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(Diagnostic::new(format!("`{origin}` is written in UTF-16")).allowed("UTF-8 text").into());
    }
    let (text, fault) = match String::from_utf8(bytes) {
        Ok(text) => {
            let fault = control_character(&text);
            (text, fault)
        }
        Err(error) => {
            let start = error.utf8_error().valid_up_to();
            let found = format!("the byte 0x{:02X}", error.as_bytes()[start]);
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            (text, Some((start..start + '\u{FFFD}'.len_utf8(), "this is not UTF-8 text".to_owned(), found)))
        }
    };
    let source = Source { origin, text, wanted_by: None };
    let Some((span, message, found)) = fault else { return Ok(source) };
    let mut diagnostic = Diagnostic::new(message).allowed("UTF-8 text without control characters");
    diagnostic.found = Some(found);
    diagnostic.place = Some(Place { source: Arc::new(source), span: Some(span) });
    Err(diagnostic.into())
}

fn control_character(text: &str) -> Option<(Range<usize>, String, String)> {
    let refused = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let (at, found) = text.char_indices().find(|&(_, c)| refused(c))?;
    let found_as = format!("U+{:04X}", u32::from(found));
    Some((at..at + found.len_utf8(), "there is a control character in the text".to_owned(), found_as))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let source = Source::memory("t", "a: 1\nµé: x\n");
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position("a: 1\nµé".len()), (2, 3));
        assert_eq!(source.position(usize::MAX), (3, 1));
    }

    #[test]
    fn bytes_that_are_not_text_are_refused_with_their_place() {
        let refusal = |bytes: &[u8]| {
            let refused = text(Origin::Memory("t".into()), bytes.to_vec()).expect_err("this is not text");
            let error = refused.into_iter().next().expect("there is a reason");
            let place = error.place.expect("the place is known");
            (place.source.position(place.span.expect("and has a span").start), error.found.expect("found"))
        };
        assert_eq!(refusal(b"a: 1\nb: \xC3\x28"), ((2, 4), "the byte 0xC3".into()));
        assert_eq!(refusal(b"a: \0"), ((1, 4), "U+0000".into()));
        assert_eq!(refusal("é: \u{9b}1m".as_bytes()), ((1, 4), "U+009B".into()));
    }
}
