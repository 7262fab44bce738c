//! Lines of a text file of a problem, plain or gzipped, and what is wrong with them.

use std::fmt::Display;
use std::io::{self, BufRead, BufReader, Read};
use std::str::FromStr;

use flate2::bufread::MultiGzDecoder;

use crate::base::{Problem, Problems, Spot};

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
    /// Its text with them.
    whole: &'a str,
}

impl<'a> Line<'a> {
    /// Line `number`, with `whole` on it.
    pub(super) fn new(number: u64, whole: &'a str) -> Self {
        Self { number, text: whole.trim(), whole }
    }

    /// Its parts between blanks, commas and semicolons.
    pub(super) fn fields(&self) -> Fields<'a> {
        Fields { line: *self, from: self.text, last: self.text }
    }

    /// That it is wrong where `part` of it stands.
    pub(super) fn wrong_at(&self, part: &str, message: impl Into<String>) -> Wrong {
        Wrong { spot: Spot::of(part, self.whole, self.number), message: message.into() }
    }

    /// That it is wrong as a whole.
    pub(super) fn wrong(&self, message: impl Into<String>) -> Wrong {
        self.wrong_at(self.text, message)
    }
}

/// What is wrong with a line, and where.
#[derive(Debug)]
pub(super) struct Wrong {
    pub spot: Spot,
    pub message: String,
}

/// The fields of a line, one after the other, and what they are taken for.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    line: Line<'a>,
    /// What has not been read.
    from: &'a str,
    /// The field that was read last; empty and behind the line if there was none.
    last: &'a str,
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let is_gap = |c: char| matches!(c, ' ' | '\t' | ',' | ';');
        let begin = self.from.trim_start_matches(is_gap);
        let (field, rest) = begin.split_at(begin.find(is_gap).unwrap_or(begin.len()));
        (self.last, self.from) = (field, rest);
        Some(field).filter(|field| !field.is_empty())
    }
}

impl Fields<'_> {
    /// That the field that was read last is wrong.
    pub(super) fn wrong(&self, message: impl Into<String>) -> Wrong {
        self.line.wrong_at(self.last, message)
    }

    /// The next field as a number.
    pub(super) fn number<T: FromStr>(&mut self, what: &str) -> Result<T, Wrong> {
        let field = self.next().ok_or_else(|| self.missing(what))?;
        field.parse().map_err(|_| self.wrong(format!("`{field}` is no {what}")))
    }

    /// The next field as a number, if there is one.
    pub(super) fn number_if_any<T: FromStr>(&mut self, what: &str) -> Result<Option<T>, Wrong> {
        if self.is_at_end() { Ok(None) } else { self.number(what).map(Some) }
    }

    /// Whether there are no more.
    pub(super) fn is_at_end(&self) -> bool {
        self.clone().next().is_none()
    }

    /// The next field as a finite weight, if there is one.
    pub(super) fn weight_if_any(&mut self) -> Result<Option<f64>, Wrong> {
        let field = self.next();
        field.map(|field| weight(Some(field)).map_err(|message| self.wrong(message))).transpose()
    }

    /// The next field, which is `what`, as a finite weight.
    pub(super) fn weight(&mut self, what: &str) -> Result<f64, Wrong> {
        self.weight_if_any()?.ok_or_else(|| self.missing(what))
    }

    /// The next field as one of the vertices 1 to `count`, counted from 0.
    pub(super) fn vertex(&mut self, count: u32) -> Result<u32, Wrong> {
        let value: u32 = self.number("vertex number")?;
        if (1..=count).contains(&value) {
            Ok(value - 1)
        } else {
            Err(self.wrong(format!("vertex {value} is not one of 1 to {count}")))
        }
    }

    fn missing(&self, what: &str) -> Wrong {
        self.wrong(format!("the {what} is missing"))
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
                Err(error) => self.stop(number, "", error.to_string()),
                Ok(0) => return None,
                Ok(length) if length as u64 == LONGEST => self.stop(number, "", "the line is too long"),
                Ok(_) if std::str::from_utf8(&self.buffer).is_err() => {
                    let text = String::from_utf8_lossy(&self.buffer).into_owned();
                    let before = text.split('\u{fffd}').next().unwrap_or_default();
                    self.stop(number, before, "the line is not UTF-8 text");
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
        Some(Line::new(self.number, text))
    }

    /// Records what is wrong with a line.
    pub(super) fn wrong(&mut self, wrong: Wrong) {
        self.wrong_at(wrong.spot, wrong.message);
    }

    /// Records that something is wrong at `place`: a [`Spot`], or the number of a line.
    pub(super) fn wrong_at(&mut self, place: impl Display, message: impl Into<String>) {
        if self.problems.0.len() < MOST {
            let message = format!("{}:{place}: {}", self.name, message.into());
            self.problems.push(Problem::new("", message));
        }
    }

    /// Records what is wrong with the file as a whole.
    pub(super) fn wrong_file(&mut self, message: impl Into<String>) {
        self.problems.push(Problem::new("", format!("{}: {}", self.name, message.into())));
    }

    /// Records that the file has not as many of something as it announces, unless lines of it are wrong, which this would
    /// follow from.
    pub(super) fn wrong_count(&mut self, message: impl Into<String>) {
        if self.problems.0.is_empty() {
            self.wrong_file(message);
        }
    }

    /// Records that line `number` is wrong after `before`, and that there is no point in going on.
    fn stop(&mut self, number: u64, before: &str, message: impl Into<String>) {
        let mut spot = Spot { line: number, column: 1 };
        spot.pass(before);
        self.wrong_at(spot, message);
        self.input = Box::new(io::empty());
    }

    /// `Ok(value)` if nothing was wrong.
    pub(super) fn finish<T>(self, value: T) -> Result<T, Problems> {
        self.problems.into_result(value)
    }
}

/// `field` as a finite weight; 1 if there is none.
pub(super) fn weight(field: Option<&str>) -> Result<f64, String> {
    let Some(field) = field else { return Ok(1.0) };
    let value: Result<f64, _> = field.parse();
    value.ok().filter(|value| value.is_finite()).ok_or_else(|| format!("`{field}` is no weight"))
}
