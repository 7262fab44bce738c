//! Edges as a table with a header.

use csv::{ByteRecord, ReaderBuilder, StringRecord, Trim};

use super::Told;
use crate::base::Problems;
use crate::base::rows::{NoRow, Rows};
use crate::workload::problem::graph::{Edge, Graph, Names};
use crate::workload::problem::lines::{Lines, unzipped, weight};

const SOURCES: [&str; 6] = ["source", "from", "src", "u", "tail", "i"];
const TARGETS: [&str; 7] = ["target", "to", "dst", "v", "head", "j", "destination"];
const WEIGHTS: [&str; 7] = ["weight", "w", "cost", "length", "distance", "capacity", "delay"];

/// Where the columns are.
struct Columns {
    source: usize,
    target: usize,
    weight: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, String> {
        let find = |names: &[&str]| {
            header.iter().position(|column| names.contains(&column.to_ascii_lowercase().as_str()))
        };
        let need = |names: &[&str]| {
            find(names).ok_or_else(|| format!("the header names no column `{}`", names.join("` or `")))
        };
        Ok(Self { source: need(&SOURCES)?, target: need(&TARGETS)?, weight: find(&WEIGHTS) })
    }
}

pub(super) fn read(name: &str, bytes: &[u8], told: Told) -> Result<Graph, Problems> {
    let mut findings = Lines::new(name, &[]);
    let mut table = Rows::new(ReaderBuilder::new().trim(Trim::All).comment(Some(b'#')), unzipped(bytes));
    let (mut row, mut columns) = (ByteRecord::new(), None);
    let mut listed: Vec<(String, String, f64)> = Vec::new();
    loop {
        let line = match table.next(&mut row) {
            Ok(Some(line)) => line,
            Ok(None) if columns.is_none() => {
                findings.wrong_at(1, "there is no header");
                break;
            }
            Ok(None) => break,
            Err(NoRow::Wrong(line, message)) => {
                findings.wrong_at(line, message);
                continue;
            }
            Err(NoRow::Broken(error)) => {
                findings.wrong_file(error.to_string());
                break;
            }
        };
        let text = StringRecord::from_byte_record(row.clone()).map_err(|error| error.to_string());
        let taken = text.and_then(|text| match &columns {
            Some(columns) => edge(&text, columns).map(|edge| listed.push(edge)),
            None => Columns::of(&text).map(|found| columns = Some(found)),
        });
        if let Err(message) = taken {
            findings.wrong_at(line, message);
            if columns.is_none() {
                break;
            }
        }
    }
    let Some(columns) = columns else {
        return findings.finish(Graph::new(0, true));
    };
    let weighted = columns.weight.is_some();
    findings.finish(Graph { weighted, ..assemble(&listed, told) })
}

fn edge(row: &StringRecord, columns: &Columns) -> Result<(String, String, f64), String> {
    let name = |column: usize| row.get(column).filter(|name| !name.is_empty()).map(str::to_owned);
    let (from, to) = (name(columns.source), name(columns.target));
    let weight = weight(columns.weight.and_then(|column| row.get(column)))?;
    let missing = || "a vertex is missing".to_owned();
    Ok((from.ok_or_else(missing)?, to.ok_or_else(missing)?, weight))
}

/// Names that are all numbers are ordered as such; others by first appearance.
fn assemble(listed: &[(String, String, f64)], told: Told) -> Graph {
    let all = || listed.iter().flat_map(|(from, to, _)| [from, to]);
    let numbers: Option<Vec<u64>> = all().map(|name| name.parse().ok()).collect();
    let mut index = std::collections::HashMap::new();
    let names = match numbers {
        Some(mut numbers) => {
            numbers.sort_unstable();
            numbers.dedup();
            for (i, number) in numbers.iter().enumerate() {
                index.insert(number.to_string(), i as u32);
            }
            Names::Numbers(numbers)
        }
        None => {
            let mut texts = Vec::new();
            for name in all() {
                index.entry(name.clone()).or_insert_with(|| {
                    texts.push(name.clone());
                    texts.len() as u32 - 1
                });
            }
            Names::Texts(texts)
        }
    };
    let place = |name: &String| {
        let plain = name.parse::<u64>().map_or_else(|_| name.clone(), |number| number.to_string());
        index.get(&plain).or_else(|| index.get(name)).copied().unwrap_or(0)
    };
    let edges =
        listed.iter().map(|(from, to, weight)| Edge { from: place(from), to: place(to), weight: *weight });
    let edges = edges.collect();
    Graph { names, edges, ..Graph::new(index.len() as u32, told.directed.unwrap_or(true)) }
}
