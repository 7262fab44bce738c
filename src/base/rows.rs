//! Rows of CSV files, and the lines that they stand in.
//!
//! The reader of the `csv` crate tells where it was before a row: that is another line where lines are empty, are
//! comments or end with a carriage return, as some editors write them.

use std::io::{self, Chain, Read};

use csv::{ByteRecord, DeserializeError, ErrorKind, Reader, ReaderBuilder, Terminator};
use serde::de::DeserializeOwned;

/// A reader of rows, the first of which is a header.
#[derive(Debug)]
pub struct Rows<R> {
    reader: Reader<Chain<R, &'static [u8]>>,
    /// Of the header.
    fields: Option<usize>,
}

/// Why there is no row.
#[derive(Debug)]
pub enum NoRow {
    /// The file could not be read to its end.
    Broken(io::Error),
    /// What stands in this line is none.
    Wrong(u64, String),
}

impl<R: Read> Rows<R> {
    /// Reads `input` as `how` says.
    pub fn new(how: &mut ReaderBuilder, input: R) -> Self {
        let how = how.terminator(Terminator::Any(b'\n')).has_headers(false).flexible(true);
        // So the last row ends with its line, too.
        Self { reader: how.from_reader(input.chain(b"\n")), fields: None }
    }

    /// Reads the next row that is not empty; the line that it ends in, `None` if there are no more.
    ///
    /// # Errors
    /// A row that cannot be read, or has not as many fields as the header. Others may follow.
    #[inline]
    pub fn next(&mut self, row: &mut ByteRecord) -> Result<Option<u64>, NoRow> {
        loop {
            let read = self.reader.read_byte_record(row);
            let line = self.reader.position().line() - 1;
            if !read.map_err(|error| NoRow::new(line, error))? {
                return Ok(None);
            }
            if row.len() == 1 && row[0].trim_ascii().is_empty() {
                continue;
            }
            let fields = *self.fields.get_or_insert(row.len());
            if row.len() != fields {
                return Err(NoRow::Wrong(line, format!("{} fields under {fields} columns", row.len())));
            }
            return Ok(Some(line));
        }
    }

    /// The next row, read into `row`, as what `header` says that it is, and its line.
    ///
    /// # Errors
    /// As of [`next`](Self::next), and a row that is something else.
    pub fn read<T: DeserializeOwned>(
        &mut self,
        header: &ByteRecord,
        row: &mut ByteRecord,
    ) -> Result<Option<(u64, T)>, NoRow> {
        let Some(line) = self.next(row)? else { return Ok(None) };
        row.deserialize(Some(header)).map(|it| Some((line, it))).map_err(|error| match error.kind() {
            ErrorKind::Deserialize { err, .. } => NoRow::Wrong(line, told(err, header, row)),
            _ => NoRow::new(line, error),
        })
    }
}

/// What is wrong with a row: the column, what stands there, and why it cannot.
fn told(error: &DeserializeError, header: &ByteRecord, row: &ByteRecord) -> String {
    let field = error.field().and_then(|field| usize::try_from(field).ok());
    match field.and_then(|field| header.get(field).zip(row.get(field))) {
        Some((column, found)) => {
            let [column, found] = [column, found].map(String::from_utf8_lossy);
            format!("{column}: `{found}`: {}", error.kind())
        }
        None => error.to_string(),
    }
}

impl NoRow {
    fn new(line: u64, error: csv::Error) -> Self {
        match error.kind() {
            ErrorKind::Io(_) => Self::Broken(error.into()),
            // The rest of it would be a place that is none.
            ErrorKind::Deserialize { err, .. } => Self::Wrong(line, err.to_string()),
            _ => Self::Wrong(line, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_where_the_file_has_them() {
        for text in
            ["a,b\n1,2\n\n\n3,4\n \n#c\n5,\"6\n\"", "a,b\r\n1,2\r\n\r\n\r\n3,4\r\n \r\n#c\r\n5,\"6\r\n\"\r\n"]
        {
            let mut how = ReaderBuilder::new();
            let mut rows = Rows::new(how.comment(Some(b'#')).trim(csv::Trim::All), text.as_bytes());
            let (mut row, mut found) = (ByteRecord::new(), Vec::new());
            while let Some(line) = rows.next(&mut row).expect("every row is one") {
                found.push((line, row.iter().map(|field| field.to_vec()).collect::<Vec<_>>().concat()));
            }
            let expected = [(1, "ab"), (2, "12"), (5, "34"), (9, "56")];
            assert_eq!(found, expected.map(|(line, fields)| (line, fields.as_bytes().to_vec())));
        }
    }

    #[test]
    fn a_row_of_another_length_is_told_with_its_line() {
        let mut rows = Rows::new(&mut ReaderBuilder::new(), "\r\na,b\r\n1\r\n2,3".as_bytes());
        let mut row = ByteRecord::new();
        assert_eq!(rows.next(&mut row).expect("a header"), Some(2));
        let NoRow::Wrong(line, message) = rows.next(&mut row).expect_err("a field is missing") else {
            panic!("nothing is broken");
        };
        assert_eq!((line, message.as_str()), (3, "1 fields under 2 columns"));
        assert_eq!(rows.next(&mut row).expect("another row"), Some(4));
        assert_eq!(rows.next(&mut row).expect("an end"), None);
    }
}
