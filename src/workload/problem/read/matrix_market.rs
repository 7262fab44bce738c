//! Matrix Market coordinate files (Boisvert et al. 1996, NISTIR 5935).

use crate::base::Problems;
use crate::workload::problem::graph::{Edge, Graph, Names};
use crate::workload::problem::lines::{Line, Lines, Wrong};

/// What the first line says.
#[derive(Clone, Copy)]
struct Banner {
    pattern: bool,
    symmetric: bool,
}

fn banner(line: &Line<'_>) -> Result<Banner, Wrong> {
    let words: Vec<&str> = line.text.split_whitespace().collect();
    let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let [_, "matrix", "coordinate", field, symmetry] = lower[..] else {
        return Err(line.wrong("expected `%%MatrixMarket matrix coordinate FIELD SYMMETRY`"));
    };
    if !["real", "integer", "pattern"].contains(&field) {
        return Err(line.wrong_at(words[3], format!("entries that are `{field}` are no weights")));
    }
    match symmetry {
        "general" => Ok(Banner { pattern: field == "pattern", symmetric: false }),
        "symmetric" => Ok(Banner { pattern: field == "pattern", symmetric: true }),
        _ => Err(line.wrong_at(words[4], format!("a matrix that is `{symmetry}` describes no graph"))),
    }
}

fn size(line: &Line<'_>) -> Result<(u32, u64), Wrong> {
    let mut fields = line.fields();
    let rows: u32 = fields.number("number of rows")?;
    let columns: u32 = fields.number("number of columns")?;
    let entries = fields.number("number of entries")?;
    if rows == columns {
        Ok((rows, entries))
    } else {
        Err(line.wrong(format!("{rows} × {columns} is not square")))
    }
}

fn entry(line: &Line<'_>, rows: u32, pattern: bool) -> Result<Edge, Wrong> {
    let mut fields = line.fields();
    let (from, to) = (fields.vertex(rows)?, fields.vertex(rows)?);
    let weight = if pattern { 1.0 } else { fields.weight("value")? };
    Ok(Edge { from, to, weight })
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Graph, Problems> {
    let mut lines = Lines::new(name, bytes);
    let mut head: Option<Banner> = None;
    let mut extent: Option<(u32, u64)> = None;
    let mut graph = Graph { names: Names::From(1), ..Graph::new(0, true) };
    while let Some(line) = lines.next() {
        let outcome = match (head, extent) {
            (None, _) => banner(&line).map(|found| head = Some(found)),
            _ if line.text.starts_with('%') => Ok(()),
            (_, None) => size(&line).map(|found| extent = Some(found)),
            (Some(head), Some((rows, _))) => {
                entry(&line, rows, head.pattern).map(|edge| graph.edges.push(edge))
            }
        };
        if let Err(wrong) = outcome {
            let is_head = extent.is_none();
            lines.wrong(wrong);
            if is_head {
                return lines.finish(graph);
            }
        }
    }
    match (head, extent) {
        (Some(head), Some((rows, entries))) => {
            graph.vertices = rows;
            (graph.directed, graph.weighted) = (!head.symmetric, !head.pattern);
            if entries != graph.edges.len() as u64 {
                lines.wrong_count(format!("{entries} entries are announced; found {}", graph.edges.len()));
            }
        }
        _ => lines.wrong_file("the file ends before the size of the matrix"),
    }
    lines.finish(graph)
}
