//! The journal: an append-only file of checksummed lines, one for each point that was run.
//!
//! A line is the CRC-32 of what follows as eight hexadecimal digits, a space, and JSON. The first line says
//! which sweep it is. A line without its end is what a killed process left behind; it is cut off when the
//! journal is opened, and a line that its checksum does not fit is passed over. Their points are run again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{fmt, str};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name of the format.
const SCHEMA: &str = "spikeloom/journal/1";

/// Longest line that is read [bytes].
const LONGEST_LINE: u64 = 64 << 20;

/// Records that are written at once when journals are gathered.
const GATHERED_AT_ONCE: usize = 256;

/// Says that a point has no record.
const NONE: u64 = u64::MAX;

/// What a journal is of: its first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    schema: String,
    /// Version of the program that ran it: another one may come to other results.
    pub version: String,
    /// The resolved sweep.
    pub sweep: Value,
    /// How many points it has.
    pub points: u64,
    /// The documents that it names, as they were.
    pub documents: Vec<NamedDocument>,
    /// The folder in which documents that are files lie; for the commands in tables.
    pub folder: Option<String>,
}

/// A document as it was when the sweep began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedDocument {
    /// What it describes.
    pub kind: String,
    /// How the sweep calls it.
    pub name: String,
    /// CRC-32 of its text.
    pub checksum: u32,
}

/// What came out of one point.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number.
    pub point: u64,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The numbers of its report, by name; a run that failed may have some, too.
    #[serde(default, with = "super::ordered", skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<(String, f64)>,
}

/// Why a journal cannot be used.
#[derive(Debug)]
pub enum JournalError {
    /// Another process writes it.
    Busy(PathBuf),
    /// It is of another sweep, or of this one before it was changed: what differs.
    Foreign(PathBuf, String),
    /// It is no journal.
    Unreadable(PathBuf),
    /// What failed, on what, and why.
    Failed(&'static str, PathBuf, io::Error),
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(path) => {
                write!(
                    f,
                    "another sweep is writing to `{}`: wait for it, or choose another folder",
                    path.display()
                )
            }
            Self::Foreign(path, what) => write!(
                f,
                "`{}` holds another sweep ({what}): choose another folder, or start anew with --force",
                path.display()
            ),
            Self::Unreadable(path) => {
                write!(f, "`{}` is not the journal of a sweep: choose another folder", path.display())
            }
            Self::Failed(what, path, error) => write!(f, "cannot {what} `{}`: {error}", path.display()),
        }
    }
}

impl std::error::Error for JournalError {}

impl Header {
    /// The header of a sweep that this program runs.
    pub fn new(sweep: Value, points: u64, documents: Vec<NamedDocument>, folder: Option<String>) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { schema: SCHEMA.to_owned(), version, sweep, points, documents, folder }
    }

    /// What keeps results of the two from standing in one table.
    pub fn difference(&self, other: &Self) -> Option<String> {
        if self.version != other.version {
            return Some(format!("run by version {}, not {}", self.version, other.version));
        }
        if self.sweep != other.sweep || self.points != other.points {
            return Some("the sweep itself differs".to_owned());
        }
        let changed = self.documents.iter().zip(&other.documents).find(|(ours, theirs)| ours != theirs);
        match changed {
            Some((_, document)) => Some(format!("the {} `{}` has changed", document.kind, document.name)),
            None if self.documents.len() != other.documents.len() => Some("its documents differ".to_owned()),
            None => None,
        }
    }
}

/// The journal of a sweep, open for appending; no other process has it open meanwhile.
///
/// ```
/// use spikeloom::sweep::{Header, Journal, Record};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("journal.jsonl");
/// let header = Header::new(serde_json::json!({"workload": "uniform"}), 2, Vec::new(), None);
/// let mut journal = Journal::open(&path, &header, false)?;
/// journal.append(&[Record { point: 1, error: None, metrics: vec![("latency".to_owned(), 12.5)] }])?;
/// drop(journal);
/// let again = Journal::open(&path, &header, false)?;
/// assert!(again.has(1) && !again.has(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    reader: BufReader<File>,
    header: Header,
    /// Where each point's line begins, or [`NONE`].
    offsets: Vec<u64>,
    end: u64,
    done: u64,
    failed: u64,
    dropped: u64,
}

impl Journal {
    /// Opens the journal at `path` for the sweep of `header`, or begins it. With `anew`, what it holds is
    /// thrown away.
    ///
    /// # Errors
    /// Another process has it open and does not let go of it; it is of another sweep; it is something else; it cannot be
    /// written.
    pub fn open(path: &Path, header: &Header, anew: bool) -> Result<Self, JournalError> {
        let failed = |what: &'static str| move |error| JournalError::Failed(what, path.to_owned(), error);
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(failed("open"))?;
        lock(&file, path)?;
        if anew {
            file.set_len(0).map_err(failed("empty"))?;
        }
        let mut journal = Self::over(path, file, header.clone())?;
        journal.scan()?;
        Ok(journal)
    }

    /// Opens an existing journal, whatever sweep it is of.
    ///
    /// # Errors
    /// There is none; another process has it open; it is something else.
    pub fn existing(path: &Path) -> Result<Self, JournalError> {
        let failed = |what: &'static str| move |error| JournalError::Failed(what, path.to_owned(), error);
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(failed("open"))?;
        lock(&file, path)?;
        let mut reader = BufReader::new(file.try_clone().map_err(failed("read"))?);
        let first = Line::read(&mut reader).map_err(failed("read"))?;
        let header = first.and_then(|line| line.content::<Header>());
        let header = header.filter(|header| header.schema == SCHEMA);
        let Some(header) = header else { return Err(JournalError::Unreadable(path.to_owned())) };
        let mut journal = Self::over(path, file, header)?;
        journal.scan()?;
        Ok(journal)
    }

    fn over(path: &Path, file: File, header: Header) -> Result<Self, JournalError> {
        let again = file.try_clone();
        let again = again.map_err(|error| JournalError::Failed("read", path.to_owned(), error))?;
        let offsets = vec![NONE; header.points as usize];
        let reader = BufReader::new(again);
        Ok(Self {
            path: path.to_owned(),
            file,
            reader,
            header,
            offsets,
            end: 0,
            done: 0,
            failed: 0,
            dropped: 0,
        })
    }

    /// Finds every record, cuts off what is half written, and writes the header of a new journal.
    fn scan(&mut self) -> Result<(), JournalError> {
        let found = self.find_records();
        let path = self.path.clone();
        found.map_err(|error| match error.downcast::<Refusal>() {
            Ok(Refusal::Foreign(what)) => JournalError::Foreign(path, what),
            Ok(Refusal::Unreadable) => JournalError::Unreadable(path),
            Err(error) => JournalError::Failed("read", path, error),
        })
    }

    fn find_records(&mut self) -> io::Result<()> {
        self.reader.seek(SeekFrom::Start(0))?;
        let mut is_new = true;
        while let Some(line) = Line::read(&mut self.reader)? {
            if is_new {
                let Some(header) = line.content::<Header>().filter(|header| header.schema == SCHEMA) else {
                    return Err(io::Error::other(Refusal::Unreadable));
                };
                if let Some(what) = header.difference(&self.header) {
                    return Err(io::Error::other(Refusal::Foreign(what)));
                }
                is_new = false;
            } else {
                match line.content::<Record>().filter(|record| record.point < self.header.points) {
                    Some(record) => self.note(&record, self.end),
                    None => self.dropped += 1,
                }
            }
            self.end += line.0.len() as u64;
        }
        let length = self.file.metadata()?.len();
        // Only a header that was never finished may be written over.
        if is_new && length > 0 && !self.begins_like_ours()? {
            return Err(io::Error::other(Refusal::Unreadable));
        }
        if length > self.end {
            self.dropped += u64::from(!is_new);
            self.file.set_len(self.end)?;
        }
        self.file.seek(SeekFrom::Start(self.end))?;
        if is_new {
            let line = line_of(&self.header)?;
            self.write(line.as_bytes())?;
        }
        Ok(())
    }

    fn begins_like_ours(&mut self) -> io::Result<bool> {
        let ours = line_of(&self.header)?;
        let mut found = Vec::new();
        self.reader.seek(SeekFrom::Start(0))?;
        (&mut self.reader).take(ours.len() as u64).read_to_end(&mut found)?;
        Ok(ours.as_bytes().starts_with(&found))
    }

    fn note(&mut self, record: &Record, offset: u64) {
        let place = &mut self.offsets[record.point as usize];
        if *place == NONE {
            *place = offset;
            self.done += 1;
            self.failed += u64::from(record.error.is_some());
        }
    }

    /// Appends records and waits until they are on disk.
    ///
    /// # Errors
    /// They cannot be written, because the disk is full for example.
    pub fn append(&mut self, records: &[Record]) -> Result<(), JournalError> {
        let failed = |error| JournalError::Failed("write", self.path.clone(), error);
        let lines: io::Result<Vec<String>> = records.iter().map(line_of).collect();
        let lines = lines.map_err(failed)?;
        let start = self.end;
        self.write(lines.concat().as_bytes())
            .map_err(|error| JournalError::Failed("write", self.path.clone(), error))?;
        let mut offset = start;
        for (record, line) in records.iter().zip(&lines) {
            self.note(record, offset);
            offset += line.len() as u64;
        }
        Ok(())
    }

    /// Writes at the end; what cannot be written whole is taken back.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_data());
        if written.is_err() {
            // That it cannot be taken back changes nothing: the next reader cuts it off.
            let _ = self.file.set_len(self.end);
        }
        written?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// Takes over every record of `other` that this journal lacks; returns how many.
    ///
    /// # Errors
    /// `other` is of another sweep; reading or writing fails.
    pub fn gather(&mut self, other: &mut Self) -> Result<u64, JournalError> {
        if let Some(what) = other.header.difference(&self.header) {
            return Err(JournalError::Foreign(other.path.clone(), what));
        }
        let lacking: Vec<u64> =
            (0..self.header.points).filter(|&point| other.has(point) && !self.has(point)).collect();
        for points in lacking.chunks(GATHERED_AT_ONCE) {
            let records: Result<Vec<Option<Record>>, _> =
                points.iter().map(|&point| other.record(point)).collect();
            self.append(&records?.into_iter().flatten().collect::<Vec<_>>())?;
        }
        Ok(lacking.len() as u64)
    }

    /// The record of a point, if it was run.
    ///
    /// # Errors
    /// It cannot be read any more.
    pub fn record(&mut self, point: u64) -> Result<Option<Record>, JournalError> {
        let offset = self.offsets[point as usize];
        if offset == NONE {
            return Ok(None);
        }
        let line = self.reader.seek(SeekFrom::Start(offset)).and_then(|_| Line::read(&mut self.reader));
        let line = line.map_err(|error| JournalError::Failed("read", self.path.clone(), error))?;
        let record = line.and_then(|line| line.content::<Record>());
        let damaged = || io::Error::other(format!("the line of point {point} is damaged"));
        record.map(Some).ok_or_else(|| JournalError::Failed("read", self.path.clone(), damaged()))
    }

    /// Whether the point was run.
    pub fn has(&self, point: u64) -> bool {
        self.offsets.get(point as usize).is_some_and(|&offset| offset != NONE)
    }

    /// Points that were run.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Those of them that failed.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Lines that were damaged or half written, and passed over.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What the journal is of.
    pub fn header(&self) -> &Header {
        &self.header
    }
}

/// Why a file is not the journal that is wanted, on its way through `io::Error`.
#[derive(Debug)]
enum Refusal {
    Foreign(String),
    Unreadable,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign(what) => what,
            Self::Unreadable => "this is no journal",
        })
    }
}

impl std::error::Error for Refusal {}

/// How long a process that has the journal is waited for: a cluster that has lost a worker starts its task anew while the
/// old one is still dying.
const PATIENCE: Duration = Duration::from_secs(2);

fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    let ends = Instant::now() + PATIENCE;
    loop {
        match fs4::FileExt::try_lock(file) {
            Ok(()) => return Ok(()),
            Err(fs4::TryLockError::WouldBlock) if Instant::now() < ends => sleep(Duration::from_millis(20)),
            Err(fs4::TryLockError::WouldBlock) => return Err(JournalError::Busy(path.to_owned())),
            Err(fs4::TryLockError::Error(error)) => {
                return Err(JournalError::Failed("lock", path.to_owned(), error));
            }
        }
    }
}

/// A line with its end.
struct Line(Vec<u8>);

impl Line {
    /// The next whole line.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut line = Vec::new();
        reader.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        Ok(line.ends_with(b"\n").then_some(Self(line)))
    }

    /// What it says, if its checksum fits.
    fn content<T: for<'de> Deserialize<'de>>(&self) -> Option<T> {
        let (stated, json) = self.0.strip_suffix(b"\n")?.split_at_checked(8)?;
        let json = json.strip_prefix(b" ")?;
        let stated = u32::from_str_radix(str::from_utf8(stated).ok()?, 16).ok()?;
        (stated == checksum(json)).then(|| serde_json::from_slice(json).ok())?
    }
}

fn line_of<T: Serialize>(content: &T) -> io::Result<String> {
    let json = serde_json::to_string(content)?;
    Ok(format!("{:08x} {json}\n", checksum(json.as_bytes())))
}

/// CRC-32 (ISO-HDLC, that of gzip).
pub fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
