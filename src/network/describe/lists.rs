//! Synapses and weights from files, read as they come: of no file more than a piece is in memory.

use std::io::{self, BufRead, BufReader, Read};
use std::str::FromStr;

use crate::base::rows::{NoRow, Rows};
use crate::base::{Problem, Problems};
use crate::neuron::source_list::{self, SourceList};

/// Why a list has not been read.
#[derive(Debug)]
pub(super) enum Unread {
    /// The file could not be read to its end.
    Broken(io::Error),
    /// What it says is wrong.
    Wrong(Problems),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

impl From<Problems> for Unread {
    fn from(problems: Problems) -> Self {
        Self::Wrong(problems)
    }
}

/// How much is read at once [bytes].
const PIECE: usize = 1 << 16;

/// A synapse of a list: source and target within the projection, and what the list says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    pub source: u32,
    pub target: u32,
    pub weight: Option<f64>,
    pub delay: Option<u16>,
    pub tap: Option<u8>,
}

/// Most problems reported of one file.
const MOST: usize = 20;

/// The columns of a list, and what they hold.
const COLUMNS: [(&str, &str); 5] = [
    ("source", "a whole number from 0 on"),
    ("target", "a whole number from 0 on"),
    ("weight", "a finite number"),
    ("delay", "a whole number from 1 to 65535"),
    ("tap", "a whole number from 0 to 254"),
];

/// Takes a synapse, unless it is wrong.
pub(super) type Take<'a> = &'a mut dyn FnMut(Row) -> Result<(), Problem>;

/// What is wrong in a file, line by line.
struct Faults<'a> {
    file: &'a str,
    problems: Problems,
}

impl<'a> Faults<'a> {
    fn new(file: &'a str) -> Self {
        Self { file, problems: Problems::new() }
    }

    fn at(&mut self, line: u64, problem: Problem) {
        let message = format!("{}:{line}: {}", self.file, problem.message);
        self.problems.push(Problem { message, ..problem });
    }

    fn are_many(&self) -> bool {
        self.problems.0.len() >= MOST
    }

    fn finish(self) -> Result<(), Unread> {
        Ok(self.problems.into_result(())?)
    }
}

/// Reads CSV with the columns `neuron,step`: when each of `count` neurons fires.
///
/// # Errors
/// What is not UTF-8; every wrong row, at `file:line`.
pub(super) fn trains(file: &str, mut input: impl Read, count: u32) -> Result<Vec<SourceList>, Unread> {
    let mut text = String::new();
    input.read_to_string(&mut text)?;
    source_list::from_csv(&text, count).map_err(|problems| {
        let mut faults = Faults::new(file);
        for problem in problems.0 {
            let line = problem.path.strip_prefix("line ").and_then(|line| line.parse().ok());
            faults.at(line.unwrap_or(1), Problem { path: String::new(), ..problem });
        }
        Unread::Wrong(faults.problems)
    })
}

/// Reads CSV with the columns `source,target`, and `weight`, `delay` and `tap` if there are such; `take` is handed each row.
///
/// # Errors
/// A wrong header; every row that is no synapse, at `file:line`.
pub(super) fn csv(file: &str, input: impl Read, take: Take<'_>) -> Result<(), Unread> {
    let mut rows = Rows::new(csv::ReaderBuilder::new().buffer_capacity(PIECE), input);
    let (mut record, mut faults) = (csv::ByteRecord::new(), Faults::new(file));
    let line = match rows.next(&mut record) {
        Ok(line) => line.unwrap_or(1),
        Err(NoRow::Broken(error)) => return Err(error.into()),
        Err(NoRow::Wrong(line, _)) => line,
    };
    let header: Vec<_> = record.iter().map(|column| String::from_utf8_lossy(column.trim_ascii())).collect();
    let columns = COLUMNS.map(|(name, _)| header.iter().position(|column| column == name));
    let is_known = |column: &str| COLUMNS.iter().any(|(name, _)| *name == column);
    if !header.iter().all(|column| is_known(column)) || columns[0].and(columns[1]).is_none() {
        let problem = Problem::new("", format!("`{}` is no header of a list of synapses", header.join(",")));
        faults.at(line, problem.allowed("source,target[,weight][,delay][,tap]"));
        return faults.finish();
    }
    while !faults.are_many() {
        let (line, taken) = match rows.next(&mut record) {
            Ok(Some(line)) => (line, row(&record, columns).and_then(&mut *take)),
            Ok(None) => break,
            Err(NoRow::Broken(error)) => return Err(error.into()),
            Err(NoRow::Wrong(line, message)) => (line, Err(Problem::new("", message))),
        };
        if let Err(problem) = taken {
            faults.at(line, problem);
        }
    }
    faults.finish()
}

fn row(record: &csv::ByteRecord, columns: [Option<usize>; 5]) -> Result<Row, Problem> {
    let text = |column: usize| columns[column].map(|at| record.get(at).unwrap_or_default().trim_ascii());
    fn number<T: FromStr>(text: Option<&[u8]>) -> Option<Option<T>> {
        text.map_or(Some(None), |text| std::str::from_utf8(text).ok()?.parse().ok().map(Some))
    }
    let wrong = |column: usize| {
        let (name, allowed) = COLUMNS[column];
        let found = String::from_utf8_lossy(text(column).unwrap_or_default());
        Problem::new("", format!("the {name} is `{found}`")).allowed(allowed)
    };
    let weight: Option<f64> = number(text(2)).ok_or_else(|| wrong(2))?;
    let delay: Option<u16> = number(text(3)).ok_or_else(|| wrong(3))?;
    let tap: Option<u8> = number(text(4)).ok_or_else(|| wrong(4))?;
    Ok(Row {
        source: number(text(0)).flatten().ok_or_else(|| wrong(0))?,
        target: number(text(1)).flatten().ok_or_else(|| wrong(1))?,
        weight: weight.map_or(Ok(None), |it| it.is_finite().then_some(Some(it)).ok_or_else(|| wrong(2)))?,
        delay: delay.map_or(Ok(None), |it| (it > 0).then_some(Some(it)).ok_or_else(|| wrong(3)))?,
        tap,
    })
}

/// Reads a Matrix Market file in coordinate form: rows are sources, columns targets, values weights; `take` is handed
/// each synapse. There are to be `size` rows and columns.
///
/// # Errors
/// A header of another form; another size; every line that is no entry, at `file:line`; more or fewer entries than
/// stated.
pub(super) fn matrix(file: &str, input: impl Read, size: [u32; 2], take: Take<'_>) -> Result<(), Unread> {
    let mut lines = Lines::new(file, input);
    let mut faults = Faults::new(file);
    let header = lines.next()?.map_or_else(String::new, |(_, line)| line.to_owned());
    let Some((has_values, is_symmetric)) = form(&header) else {
        let problem = Problem::new("", format!("`{header}` is no header of a sparse matrix"));
        let allowed = "%%MatrixMarket matrix coordinate real|integer|pattern general|symmetric";
        faults.at(1, problem.allowed(allowed));
        return faults.finish();
    };
    let (mut stated, mut found) = (None, 0);
    while !faults.are_many()
        && let Some((number, line)) = lines.next()?
    {
        if line.starts_with('%') || line.trim().is_empty() {
            continue;
        }
        if stated.is_none() {
            let entries = entries(line, size);
            stated = Some(entries.as_ref().ok().copied());
            if let Err(problem) = entries {
                faults.at(number, problem);
            }
            continue;
        }
        found += 1;
        let turned = |row: Row| Row { source: row.target, target: row.source, ..row };
        let taken = entry(line, has_values).and_then(|row| {
            take(row)?;
            if is_symmetric && row.source != row.target { take(turned(row)) } else { Ok(()) }
        });
        if let Err(problem) = taken {
            faults.at(number, problem);
        }
    }
    let message = match stated {
        None => Some(format!("{file}: the matrix has no size")),
        Some(Some(stated)) if stated != found => {
            Some(format!("{file}: {stated} entries are stated, and there are {found}"))
        }
        Some(_) => None,
    };
    // Where lines are wrong, their number says little.
    let message = message.filter(|_| faults.problems.0.is_empty());
    faults.problems.0.extend(message.map(|message| Problem::new("", message)));
    faults.finish()
}

/// The number of entries that the line with the size of a matrix states, which is to be one of `size`.
fn entries(line: &str, size: [u32; 2]) -> Result<u64, Problem> {
    let words: Result<Vec<u64>, _> = line.split_ascii_whitespace().map(str::parse).collect();
    let Ok([rows, columns, entries]) = words.as_deref() else {
        return Err(Problem::new("", "is no size of a matrix").allowed("rows columns entries"));
    };
    let [sources, targets] = size;
    if [*rows, *columns] != size.map(u64::from) {
        let message = format!("{rows} rows and {columns} columns are not the sources and targets");
        return Err(Problem::new("", message).allowed(format!("{sources} rows and {targets} columns")));
    }
    Ok(*entries)
}

/// Lines of a text, numbered from 1.
struct Lines<'a, R> {
    file: &'a str,
    input: BufReader<R>,
    line: Vec<u8>,
    number: u64,
}

impl<'a, R: Read> Lines<'a, R> {
    fn new(file: &'a str, input: R) -> Self {
        Self { file, input: BufReader::with_capacity(PIECE, input), line: Vec::new(), number: 0 }
    }

    /// The next line without its end.
    fn next(&mut self) -> Result<Option<(u64, &str)>, Unread> {
        self.line.clear();
        if self.input.read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Ok(Some((self.number, as_text(self.file, line)?)))
    }
}

fn as_text<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Problems> {
    std::str::from_utf8(bytes).map_err(|_| Problems::one("", format!("{file} is not UTF-8 text")))
}

/// Whether a matrix with this header has values, and whether it is symmetric; `None` if it is of another form.
fn form(header: &str) -> Option<(bool, bool)> {
    let header = header.to_ascii_lowercase();
    let words: Vec<&str> = header.split_ascii_whitespace().collect();
    let ["%%matrixmarket", "matrix", "coordinate", field, symmetry] = words[..] else { return None };
    let has_values = ["real", "integer", "double"].contains(&field);
    match (has_values || field == "pattern", symmetry) {
        (true, "general") => Some((has_values, false)),
        (true, "symmetric") => Some((has_values, true)),
        _ => None,
    }
}

fn entry(line: &str, has_values: bool) -> Result<Row, Problem> {
    let mut words = line.split_ascii_whitespace();
    let mut index = || words.next()?.parse::<u32>().ok()?.checked_sub(1);
    let ends = index().zip(index());
    let weight = has_values.then(|| words.next()?.parse().ok().filter(|weight: &f64| weight.is_finite()));
    match (ends, weight, words.next()) {
        (Some((source, target)), None | Some(Some(_)), None) => {
            Ok(Row { source, target, weight: weight.flatten(), delay: None, tap: None })
        }
        _ => {
            let allowed =
                if has_values { "row column value, counted from 1" } else { "row column, counted from 1" };
            Err(Problem::new("", "is no entry of the matrix").allowed(allowed))
        }
    }
}

/// Reads numbers between commas, spaces and line breaks.
///
/// # Errors
/// A word that is no finite number, by its place.
pub(super) fn numbers(file: &str, mut input: impl Read) -> Result<Vec<f64>, Unread> {
    let (mut all, mut text) = (Vec::new(), Vec::new());
    loop {
        let more = input.by_ref().take(PIECE as u64).read_to_end(&mut text)?;
        // The last word may go on in the next piece.
        let is_end = |byte: &u8| *byte == b',' || byte.is_ascii_whitespace();
        let whole = if more == 0 { text.len() } else { text.iter().rposition(is_end).map_or(0, |at| at + 1) };
        let words = as_text(file, &text[..whole])?.split(|c: char| c == ',' || c.is_whitespace());
        for word in words.filter(|word| !word.is_empty()) {
            match word.parse::<f64>() {
                Ok(number) if number.is_finite() => all.push(number),
                _ => {
                    let place = all.len() + 1;
                    let message = format!("{file}: number {place} is `{word}`, which is no finite number");
                    return Err(Problems::one("", message).into());
                }
            }
        }
        text.drain(..whole);
        if more == 0 {
            return Ok(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, and then perhaps an error.
    struct Slowly(io::Cursor<Vec<u8>>, Option<io::ErrorKind>);

    impl Slowly {
        fn new(bytes: &[u8], end: Option<io::ErrorKind>) -> Self {
            Self(io::Cursor::new(bytes.to_vec()), end)
        }
    }

    impl Read for Slowly {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let len = into.len().min(3);
            match (self.0.read(&mut into[..len])?, self.1) {
                (0, Some(kind)) => Err(kind.into()),
                (read, _) => Ok(read),
            }
        }
    }

    type Parse = fn(&str, Slowly, Take<'_>) -> Result<(), Unread>;

    /// A matrix of 2 × 2.
    fn square(file: &str, input: Slowly, take: Take<'_>) -> Result<(), Unread> {
        matrix(file, input, [2, 2], take)
    }

    fn all(parse: Parse, bytes: &[u8]) -> Result<Vec<Row>, Problems> {
        let mut rows = Vec::new();
        let mut take = |row: Row| match row.source {
            7 => Err(Problem::new("", "there is no neuron 7")),
            _ => {
                rows.push(row);
                Ok(())
            }
        };
        told(parse("all", Slowly::new(bytes, None), &mut take)).map(|()| rows)
    }

    fn told<T>(found: Result<T, Unread>) -> Result<T, Problems> {
        found.map_err(|unread| match unread {
            Unread::Wrong(problems) => problems,
            Unread::Broken(error) => panic!("{error}"),
        })
    }

    #[test]
    fn lists_and_matrices_are_read() {
        let rows = all(csv, b"source,target,delay\n0, 3,2\n1,2,1\n").unwrap();
        assert_eq!(rows[0], Row { source: 0, target: 3, weight: None, delay: Some(2), tap: None });
        let text = b"%%MatrixMarket matrix coordinate real symmetric\n% a\n3 3 2\n2 1 0.5\n3 3 -1\n";
        let rows = all(|file, input, take| matrix(file, input, [3, 3], take), text).unwrap();
        let of = |row: &Row| (row.source, row.target, row.weight);
        assert_eq!(
            rows.iter().map(of).collect::<Vec<_>>(),
            [(1, 0, Some(0.5)), (0, 1, Some(0.5)), (2, 2, Some(-1.0))]
        );
        let text = b"1, 2.5\n-3e2";
        for len in 0..=text.len() {
            let (first, second) = text.split_at(len);
            assert_eq!(numbers("all", first.chain(second)).unwrap(), [1.0, 2.5, -300.0]);
        }
        let many: String = (0..99_999).map(|number| format!("{number}.5,")).collect();
        let expected: Vec<f64> = (0..99_999).map(|number| f64::from(number) + 0.5).collect();
        assert_eq!(numbers("all", many.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn blanks_ends_of_lines_and_quotes_are_no_matter() {
        let rows = all(csv, b" source , target\r\n\"0\", \t3 \r\n\r\n1,2").unwrap();
        assert_eq!(rows.iter().map(|row| (row.source, row.target)).collect::<Vec<_>>(), [(0, 3), (1, 2)]);
        let text = b"%%MatrixMarket matrix coordinate pattern general\r\n2 2 2\r\n\r\n 1 2\r\n2 1";
        let rows = all(square, text).unwrap();
        assert_eq!(rows.iter().map(|row| (row.source, row.target)).collect::<Vec<_>>(), [(0, 1), (1, 0)]);
    }

    #[test]
    fn what_breaks_off_is_no_list() {
        let header: &[u8] = b"%%MatrixMarket matrix coordinate pattern general\n2 2 1\n1 2\n";
        let texts: [(Parse, &[u8]); 2] = [(csv, b"source,target\n0,1\n"), (square, header)];
        for (parse, text) in texts {
            for len in [0, text.len()] {
                let input = Slowly::new(&text[..len], Some(io::ErrorKind::InvalidData));
                let found = parse("all", input, &mut |_| Ok(()));
                assert!(matches!(found, Err(Unread::Broken(_))), "{found:?}");
            }
        }
        let found = numbers("all", Slowly::new(b"1 2 3", Some(io::ErrorKind::InvalidData)));
        assert!(matches!(found, Err(Unread::Broken(_))), "{found:?}");
    }

    #[test]
    fn what_is_no_list_is_refused_line_by_line() {
        let check = |parse: Parse, text: &[u8], expected: &[&str]| {
            let found = all(parse, text).expect_err("it is wrong").0;
            assert_eq!(found.iter().map(|it| it.message.as_str()).collect::<Vec<_>>(), expected);
        };
        check(csv, b"source,to\n0,1\n", &["all:1: `source,to` is no header of a list of synapses"]);
        let text =
            b"weight,source,target,delay\n1,0,x,1\n1,-1,2,1\n1,7,1,1\n1,1\nNaN,1,1,1\n1,1,1,0\n1,1,\xff,1";
        let expected = [
            "all:2: the target is `x`",
            "all:3: the source is `-1`",
            "all:4: there is no neuron 7",
            "all:5: 2 fields under 4 columns",
            "all:6: the weight is `NaN`",
            "all:7: the delay is `0`",
            "all:8: the target is `\u{fffd}`",
        ];
        check(csv, text, &expected);
        let spread = b"source,target\r\n\r\n0,x\r\n\r\n\r\n0,y";
        check(csv, spread, &["all:3: the target is `x`", "all:6: the target is `y`"]);
        let header = "%%MatrixMarket matrix coordinate real general\n";
        let entries = |text: &[u8], expected: &[&str]| {
            check(square, &[header.as_bytes(), text].concat(), expected);
        };
        let none = "is no entry of the matrix";
        let lines = [4, 5, 6, 7].map(|line| format!("all:{line}: {none}"));
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        entries(b"2 2 5\n1 1 1\n0 1 1\n1 1\n1 1 1 1\n1 1 inf\n", &lines);
        entries(b"2 2 1\n8 1 1\n", &["all:3: there is no neuron 7"]);
        entries(b"2 2\n", &["all:2: is no size of a matrix"]);
        entries(b"% 1 1 1\n", &["all: the matrix has no size"]);
        entries(b"2 3 1\n1 1 1\n", &["all:2: 2 rows and 3 columns are not the sources and targets"]);
        entries(b"2 2 3\n1 1 1\n", &["all: 3 entries are stated, and there are 1"]);
        entries(b"2 2 1\n1 \xff 1\n", &["all is not UTF-8 text"]);
        let array = b"%%MatrixMarket matrix array real general\n1 1\n1\n";
        let message = "all:1: `%%MatrixMarket matrix array real general` is no header of a sparse matrix";
        check(square, array, &[message]);
        let wrong = |text: &[u8]| told(numbers("all", text)).expect_err("it is wrong").to_string();
        assert_eq!(wrong(b"1 nan"), "all: number 2 is `nan`, which is no finite number");
        assert_eq!(wrong(b"1 \xff"), "all is not UTF-8 text");
    }
}
