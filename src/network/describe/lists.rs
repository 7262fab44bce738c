//! Synapses and weights from files.

use crate::base::{Problem, Problems};

/// A synapse of a list: source and target within the projection, and what the list says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    pub source: u32,
    pub target: u32,
    pub weight: Option<f64>,
    pub delay: Option<u16>,
}

/// Most problems reported of one file.
const MOST: usize = 20;

/// Reads CSV with the columns `source,target`, and `weight` and `delay` if there are such; `take` is handed each row.
///
/// # Errors
/// A wrong header; every row that is no synapse, at `line n`.
pub(super) fn csv(bytes: &[u8], take: &mut dyn FnMut(Row)) -> Result<(), Problems> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let header = reader.headers().cloned().unwrap_or_default();
    let known = ["source", "target", "weight", "delay"];
    let columns: Vec<Option<usize>> =
        known.iter().map(|name| header.iter().position(|column| column == *name)).collect();
    let is_right =
        header.iter().all(|column| known.contains(&column)) && columns[0].and(columns[1]).is_some();
    if !is_right {
        let found = header.iter().collect::<Vec<_>>().join(",");
        let problem = Problem::new("line 1", format!("`{found}` is no header of a list of synapses"));
        return Err(problem.allowed("source,target[,weight][,delay]").into());
    }
    let mut problems = Problems::new();
    let mut record = csv::ByteRecord::new();
    let mut line = 1u64;
    loop {
        line += 1;
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(Problems::one(format!("line {line}"), error.to_string())),
        }
        match row(&record, &columns) {
            Some(row) => take(row),
            None => problems.push(Problem::new(format!("line {line}"), "is no synapse")),
        }
        if problems.0.len() >= MOST {
            break;
        }
    }
    problems.into_result(())
}

fn row(record: &csv::ByteRecord, columns: &[Option<usize>]) -> Option<Row> {
    let text = |column: usize| columns[column].map(|at| std::str::from_utf8(record.get(at)?).ok());
    fn number<T: std::str::FromStr>(text: Option<Option<&str>>) -> Option<Option<T>> {
        text.map_or(Some(None), |text| text?.parse().ok().map(Some))
    }
    Some(Row {
        source: number(text(0))??,
        target: number(text(1))??,
        weight: number(text(2))?,
        delay: number(text(3))?,
    })
}

/// Reads a Matrix Market file in coordinate form: rows are sources, columns targets, values weights; `take` is handed
/// each synapse.
///
/// # Errors
/// A header of another form; every line that is no entry, at `line n`.
pub(super) fn matrix(bytes: &[u8], take: &mut dyn FnMut(Row)) -> Result<(), Problems> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problems::one("", "is not UTF-8 text"))?;
    let mut lines = (1u64..).zip(text.lines());
    let header = lines.next().map_or_else(String::new, |(_, line)| line.to_ascii_lowercase());
    let words: Vec<&str> = header.split_ascii_whitespace().collect();
    let (has_values, is_symmetric) = match words[..] {
        ["%%matrixmarket", "matrix", "coordinate", field, symmetry] => {
            let values = ["real", "integer", "double"].contains(&field);
            match (values || field == "pattern", symmetry) {
                (true, "general") => (values, false),
                (true, "symmetric") => (values, true),
                _ => return Err(wrong_header(&header)),
            }
        }
        _ => return Err(wrong_header(&header)),
    };
    let (mut problems, mut is_size) = (Problems::new(), true);
    for (number, line) in lines.filter(|(_, line)| !line.starts_with('%') && !line.trim().is_empty()) {
        if std::mem::take(&mut is_size) {
            continue;
        }
        match entry(line, has_values) {
            Some(row) => {
                take(row);
                if is_symmetric && row.source != row.target {
                    take(Row { source: row.target, target: row.source, ..row });
                }
            }
            None => problems.push(Problem::new(format!("line {number}"), "is no entry of the matrix")),
        }
        if problems.0.len() >= MOST {
            break;
        }
    }
    problems.into_result(())
}

fn wrong_header(header: &str) -> Problems {
    let problem = Problem::new("line 1", format!("`{header}` is no header of a sparse matrix"));
    problem.allowed("%%MatrixMarket matrix coordinate real|integer|pattern general|symmetric").into()
}

fn entry(line: &str, has_values: bool) -> Option<Row> {
    let mut words = line.split_ascii_whitespace();
    let mut index = || words.next()?.parse::<u32>().ok()?.checked_sub(1);
    let (source, target) = (index()?, index()?);
    let weight = if has_values { Some(words.next()?.parse().ok()?) } else { None };
    words.next().is_none().then_some(Row { source, target, weight, delay: None })
}

/// Reads numbers between commas, spaces and line breaks.
///
/// # Errors
/// A word that is no finite number, by its place.
pub(super) fn numbers(bytes: &[u8]) -> Result<Vec<f64>, Problems> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problems::one("", "is not UTF-8 text"))?;
    let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
    let read = |(place, word): (usize, &str)| match word.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(Problems::one("", format!("number {} is `{word}`, which is no finite number", place + 1))),
    };
    words.enumerate().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parse = fn(&[u8], &mut dyn FnMut(Row)) -> Result<(), Problems>;

    fn all(parse: Parse, bytes: &[u8]) -> Result<Vec<Row>, Problems> {
        let mut rows = Vec::new();
        parse(bytes, &mut |row| rows.push(row)).map(|()| rows)
    }

    #[test]
    fn lists_and_matrices_are_read() {
        let rows = all(csv, b"source,target,delay\n0, 3,2\n1,2,1\n").unwrap();
        assert_eq!(rows[0], Row { source: 0, target: 3, weight: None, delay: Some(2) });
        let text = b"%%MatrixMarket matrix coordinate real symmetric\n% a\n3 3 2\n2 1 0.5\n3 3 -1\n";
        let rows = all(matrix, text).unwrap();
        let of = |row: &Row| (row.source, row.target, row.weight);
        assert_eq!(
            rows.iter().map(of).collect::<Vec<_>>(),
            [(1, 0, Some(0.5)), (0, 1, Some(0.5)), (2, 2, Some(-1.0))]
        );
        assert_eq!(numbers(b"1, 2.5\n-3e2").unwrap(), [1.0, 2.5, -300.0]);
    }

    #[test]
    fn what_is_no_list_is_refused_line_by_line() {
        assert!(all(csv, b"source,to\n0,1\n").unwrap_err().to_string().contains("line 1: `source,to`"));
        let found = all(csv, b"source,target\n0,1\n0,x\n-1,2\n").unwrap_err().to_string();
        assert_eq!(found, "line 3: is no synapse\nline 4: is no synapse");
        assert!(all(matrix, b"%%MatrixMarket matrix array real general\n1 1\n1\n").is_err());
        assert!(numbers(b"1 nan").unwrap_err().to_string().contains("number 2 is `nan`"));
    }
}
