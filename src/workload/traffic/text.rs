//! Lines of a comma-separated text file, plain or gzipped, with the place of every field.
//!
//! Bulk data stays out of YAML; its problems name `file:line:column` themselves.

use std::fmt::Display;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::base::{Problem, Problems};

/// Most problems reported of one file.
pub const MAX_PROBLEMS: usize = 20;

/// Longest line [bytes].
const MAX_LINE: u64 = 1 << 20;

/// What [`is_weight`] takes.
pub(super) const WEIGHTS: &str = "0, or 1e-30 to 1e30";

/// Whether `value` can be the weight of one item among others: sums and ratios of weights stay finite.
pub(super) fn is_weight(value: f64) -> bool {
    value == 0.0 || (1e-30..=1e30).contains(&value)
}

/// A line that carries data.
#[derive(Debug)]
pub(super) struct Row {
    /// Line number, counted from 1.
    line: u64,
    text: String,
    /// Where each field starts and ends in the text, surrounding blanks left out.
    spans: Vec<(usize, usize)>,
    /// Whether the file goes on after this line.
    ended: bool,
}

/// A text file that is being read, and what was found wrong with it.
pub(super) struct Table<'a> {
    name: String,
    input: Box<dyn BufRead + 'a>,
    line: u64,
    problems: Problems,
}

impl<'a> Table<'a> {
    /// The file called `name` with the content `bytes`; gzip is recognised by its first two bytes.
    pub(super) fn new(name: &Path, bytes: &'a [u8]) -> Self {
        let zipped = bytes.starts_with(&[0x1f, 0x8b]);
        let input: Box<dyn BufRead> =
            if zipped { Box::new(BufReader::new(MultiGzDecoder::new(bytes))) } else { Box::new(bytes) };
        let mut table = Self { name: name.display().to_string(), input, line: 0, problems: Problems::new() };
        if !zipped && name.extension().is_some_and(|extension| extension == "gz") {
            table.problem_at("1:1", "the name says gzip, the content is something else");
        }
        table
    }

    /// The next line with data: comments (`#`), blank lines and a header that names `columns` are skipped.
    /// `None` at the end, and when enough problems were found.
    pub(super) fn row(&mut self, columns: &[&str]) -> Option<Row> {
        while self.problems.0.len() < MAX_PROBLEMS {
            let (text, ended) = self.text()?;
            let content = text.trim_start_matches('\u{feff}').trim_start();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let row = Row { line: self.line, spans: spans(&text), text, ended };
            if !row.fields().eq(columns.iter().copied()) {
                return Some(row);
            }
        }
        None
    }

    /// The next line without its end, and whether it had one.
    fn text(&mut self) -> Option<(String, bool)> {
        let mut bytes = Vec::new();
        let read = self.input.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes);
        self.line += 1;
        let line = self.line;
        match read {
            Err(error) => {
                self.problem_at(format_args!("{line}:1"), describe(&error));
                None
            }
            Ok(0) => None,
            Ok(length) if length as u64 == MAX_LINE && !bytes.ends_with(b"\n") => {
                self.problem_at(
                    format_args!("{line}:1"),
                    format!("the line is longer than {MAX_LINE} bytes"),
                );
                None
            }
            Ok(_) => {
                let ended = bytes.ends_with(b"\n");
                let text = String::from_utf8(bytes);
                if let Err(error) = &text {
                    let column = error.utf8_error().valid_up_to() + 1;
                    self.problem_at(format_args!("{line}:{column}"), "the line is not UTF-8 text");
                }
                text.ok().map(|text| (text, ended))
            }
        }
    }

    /// Whether `row` has the fields `columns`; if not, that is a problem.
    pub(super) fn has_columns(&mut self, row: &Row, columns: &[&str]) -> bool {
        if row.spans.len() == columns.len() {
            return true;
        }
        let count = row.spans.len();
        let cut = if row.ended || count > columns.len() { "" } else { "; the file seems to be cut off here" };
        let message = format!("{count} of {} fields{cut}", columns.len());
        self.complain(row, 0, message, Some(columns.join(",")));
        false
    }

    /// Field `index` of `row` as a whole number from `low` to `high`.
    pub(super) fn integer(
        &mut self,
        row: &Row,
        index: usize,
        (low, high): (u64, u64),
        what: &str,
    ) -> Option<u64> {
        let field = row.field(index);
        let digits = !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
        let value = field.parse().ok().filter(|value| digits && (low..=high).contains(value));
        if value.is_none() {
            let message = if digits {
                format!("{what} {field} is out of range")
            } else {
                format!("`{field}` is no {what}")
            };
            self.complain(row, index, message, Some(format!("{low} to {high}")));
        }
        value
    }

    /// Field `index` of `row` as a weight.
    pub(super) fn weight(&mut self, row: &Row, index: usize) -> Option<f64> {
        let field = row.field(index);
        let value = field.parse().ok().filter(|&value| is_weight(value));
        if value.is_none() {
            self.complain(row, index, format!("`{field}` is no weight"), Some(WEIGHTS.into()));
        }
        value
    }

    /// Records a problem with field `index` of `row`.
    pub(super) fn complain(
        &mut self,
        row: &Row,
        index: usize,
        message: impl Display,
        allowed: Option<String>,
    ) {
        let column = row.spans.get(index).map_or(1, |&(start, _)| row.text[..start].chars().count() + 1);
        self.problem_at(format_args!("{}:{column}", row.line), message);
        if let Some(problem) = self.problems.0.last_mut() {
            problem.allowed = allowed;
        }
    }

    /// Records a problem with the file as a whole.
    pub(super) fn complain_of_all(&mut self, message: impl Display) {
        self.problems.push(Problem::new("", format!("{}: {message}", self.name)));
    }

    fn problem_at(&mut self, place: impl Display, message: impl Display) {
        self.problems.push(Problem::new("", format!("{}:{place}: {message}", self.name)));
    }

    /// All problems found, or `value`.
    pub(super) fn finish<T>(mut self, value: T) -> Result<T, Problems> {
        if self.problems.0.len() >= MAX_PROBLEMS {
            self.problems.0.truncate(MAX_PROBLEMS);
            self.complain_of_all(format_args!("reading stopped after {MAX_PROBLEMS} problems"));
        }
        self.problems.into_result(value)
    }

    /// Whether anything was found wrong so far.
    pub(super) fn is_sound(&self) -> bool {
        self.problems.0.is_empty()
    }
}

impl Row {
    /// Number of fields.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    fn field(&self, index: usize) -> &str {
        let (start, end) = self.spans[index];
        &self.text[start..end]
    }

    fn fields(&self) -> impl Iterator<Item = &str> {
        self.spans.iter().map(|&(start, end)| &self.text[start..end])
    }
}

fn spans(text: &str) -> Vec<(usize, usize)> {
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    let mut next = 0;
    let span = |field: &str| {
        let start = next + field.len() - field.trim_start_matches(blank).len();
        let end = start.max(next + field.trim_end_matches(blank).len());
        next += field.len() + 1;
        (start, end)
    };
    text.split(',').map(span).collect()
}

fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the gzip data ends early: the file seems to be cut off".into(),
        _ => format!("the gzip data is damaged ({error})"),
    }
}
