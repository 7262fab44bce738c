//! Lines of a text file of a problem, plain or gzipped, and what is wrong with them.

use std::io::{self, BufRead, BufReader, Read};
use std::str::FromStr;

use flate2::bufread::MultiGzDecoder;

use crate::base::{Problem, Problems};

/// Most problems reported of one file.
const MOST: usize = 20;
/// Longest line [bytes].
const LONGEST: u64 = 1 << 24;

/// A file that is being read line by line.
pub(super) struct Lines<'a> {
    name: &'a str,
    input: Box<dyn BufRead + 'a>,
    buffer: Vec<u8>,
    number: u64,
    problems: Problems,
}

/// One line, for as long as the next one is not read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Its number, counted from 1.
    pub number: u64,
    /// Its text without surrounding blanks.
    pub text: &'a str,
}

impl<'a> Line<'a> {
    /// Its parts between blanks, commas and semicolons.
    pub(super) fn fields(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.text.split([' ', '\t', ',', ';']).filter(|field| !field.is_empty())
    }
}

/// The content of `bytes` as a reader; gzip is recognised by its first two bytes.
pub(super) fn unzipped<'a>(bytes: &'a [u8]) -> Box<dyn BufRead + 'a> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::new(MultiGzDecoder::new(bytes)))
    } else {
        Box::new(bytes)
    }
}

impl<'a> Lines<'a> {
    /// The file called `name` with the content `bytes`.
    pub(super) fn new(name: &'a str, bytes: &'a [u8]) -> Self {
        Self { name, input: unzipped(bytes), buffer: Vec::new(), number: 0, problems: Problems::new() }
    }

    fn fill(&mut self) -> io::Result<usize> {
        self.buffer.clear();
        self.number += 1;
        self.input.by_ref().take(LONGEST).read_until(b'\n', &mut self.buffer)
    }

    /// The next line with anything on it; `None` at the end, and when enough is wrong. What cannot be read
    /// is a problem.
    pub(super) fn next(&mut self) -> Option<Line<'_>> {
        while self.problems.0.len() < MOST {
            let number = self.number + 1;
            match self.fill() {
                Err(error) => self.stop(number, error.to_string()),
                Ok(0) => return None,
                Ok(length) if length as u64 == LONGEST => self.stop(number, "the line is too long"),
                Ok(_) if std::str::from_utf8(&self.buffer).is_err() => {
                    self.stop(number, "the line is not UTF-8 text");
                }
                Ok(_) if self.buffer.iter().all(u8::is_ascii_whitespace) => {}
                Ok(_) => break,
            }
        }
        if self.problems.0.len() >= MOST {
            return None;
        }
        let text = std::str::from_utf8(&self.buffer).ok()?;
        let text = if self.number == 1 { text.trim_start_matches('\u{feff}') } else { text };
        Some(Line { number: self.number, text: text.trim() })
    }

    /// Records that line `number` is wrong.
    pub(super) fn wrong(&mut self, number: u64, message: impl Into<String>) {
        if self.problems.0.len() < MOST {
            let message = format!("{}:{number}: {}", self.name, message.into());
            self.problems.push(Problem::new("", message));
        }
    }

    /// Records what is wrong with the file as a whole.
    pub(super) fn wrong_file(&mut self, message: impl Into<String>) {
        self.problems.push(Problem::new("", format!("{}: {}", self.name, message.into())));
    }

    /// Records that line `number` is wrong, and that there is no point in going on.
    fn stop(&mut self, number: u64, message: impl Into<String>) {
        self.wrong(number, message);
        self.input = Box::new(io::empty());
    }

    /// `Ok(value)` if nothing was wrong.
    pub(super) fn finish<T>(self, value: T) -> Result<T, Problems> {
        self.problems.into_result(value)
    }
}

/// `field` as a number, or what is wrong with it.
pub(super) fn number<T: FromStr>(field: Option<&str>, what: &str) -> Result<T, String> {
    let field = field.ok_or_else(|| format!("the {what} is missing"))?;
    field.parse().map_err(|_| format!("`{field}` is no {what}"))
}

/// `field` as a finite weight; 1 if there is none.
pub(super) fn weight(field: Option<&str>) -> Result<f64, String> {
    let Some(field) = field else { return Ok(1.0) };
    let value: Result<f64, _> = field.parse();
    value.ok().filter(|value| value.is_finite()).ok_or_else(|| format!("`{field}` is no weight"))
}

/// `field` as one of the vertices 1 to `count`, counted from 0.
pub(super) fn vertex(field: Option<&str>, count: u32) -> Result<u32, String> {
    let value: u32 = number(field, "vertex number")?;
    if (1..=count).contains(&value) {
        Ok(value - 1)
    } else {
        Err(format!("vertex {value} is not one of 1 to {count}"))
    }
}
