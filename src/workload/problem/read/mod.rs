//! Readers of graph files: each takes a file line by line and hands over a [`Graph`].
//!
//! Invariants: a reader never panics, whatever the text; problems carry file, line and column (of
//! tables the line), at most twenty of them; vertices keep the numbers or names that the file gives them.
//!
//! Must not know: where files are.
//!
//! Read [`edge_list`] first, the plainest.

mod csv_table;
mod dimacs;
mod edge_list;
mod graphml;
mod gset;
mod matrix_market;
mod metis;

use std::io::Read as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::graph::Graph;
use super::lines::unzipped;
use crate::base::Problems;

/// A format of graph files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GraphFormat {
    /// One edge per line, as in the SNAP collection: two vertex numbers and perhaps a weight; `#`, `%` and
    /// `//` start comments, of which `# Directed graph` and `# Undirected graph` are heeded.
    EdgeList,
    /// A table with a header that names the columns: source, target, weight.
    Csv,
    /// Matrix Market coordinates: entry (i, j) is an edge from i to j; `symmetric` files are undirected.
    MatrixMarket,
    /// DIMACS: shortest paths (`.gr`), colouring (`.col`) or maximum flow (`.max`).
    Dimacs,
    /// METIS: line i lists the neighbours of vertex i.
    Metis,
    /// Gset: `n m`, then `i j w` per edge.
    Gset,
    /// GraphML; the edge attribute `weight`, if there is one.
    Graphml,
}

/// What the user says beyond the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// Whether edges have a direction.
    pub directed: Option<bool>,
    /// Number of vertices, where isolated ones count that no edge names.
    pub vertices: Option<u32>,
    /// Number of the first of them: 0 or 1.
    pub first: Option<u64>,
}

/// Reads the graph in `bytes`, the content of the file called `name`.
///
/// # Errors
/// Lines that are malformed, with file and line.
pub fn read(name: &str, bytes: &[u8], format: Option<GraphFormat>, told: Told) -> Result<Graph, Problems> {
    let mut graph = match format.unwrap_or_else(|| recognise(name, bytes)) {
        GraphFormat::EdgeList => edge_list::read(name, bytes, told)?,
        GraphFormat::Csv => csv_table::read(name, bytes, told)?,
        GraphFormat::MatrixMarket => matrix_market::read(name, bytes)?,
        GraphFormat::Dimacs => dimacs::read(name, bytes)?,
        GraphFormat::Metis => metis::read(name, bytes)?,
        GraphFormat::Gset => gset::read(name, bytes)?,
        GraphFormat::Graphml => graphml::read(name, bytes)?,
    };
    graph.directed = told.directed.unwrap_or(graph.directed);
    match told.vertices {
        Some(vertices) if vertices < graph.vertices => Err(Problems::one(
            "",
            format!("{name}: the file names {} vertices, more than {vertices}", graph.vertices),
        )),
        _ => Ok(graph),
    }
}

/// The format of a file by its name and how it begins.
fn recognise(name: &str, bytes: &[u8]) -> GraphFormat {
    let mut head = Vec::new();
    // What cannot be unpacked is reported by the reader.
    let _ = unzipped(bytes).take(4096).read_to_end(&mut head);
    let head = String::from_utf8_lossy(&head);
    let begins = head.trim_start_matches('\u{feff}').trim_start();
    if begins.to_ascii_lowercase().starts_with("%%matrixmarket") {
        return GraphFormat::MatrixMarket;
    }
    if begins.starts_with('<') {
        return GraphFormat::Graphml;
    }
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "csv" => GraphFormat::Csv,
        "gr" | "col" | "max" | "dimacs" => GraphFormat::Dimacs,
        "graph" | "metis" => GraphFormat::Metis,
        "rud" | "gset" | "mc" => GraphFormat::Gset,
        "mtx" => GraphFormat::MatrixMarket,
        "graphml" => GraphFormat::Graphml,
        _ => by_content(begins),
    }
}

fn by_content(text: &str) -> GraphFormat {
    let is_comment = |line: &&str| line.is_empty() || line.starts_with(['#', '%']) || line.starts_with("//");
    let mut lines = text.lines().map(str::trim).filter(|line| !is_comment(line));
    let first = lines.next().unwrap_or_default();
    let fields = |line: &str| line.split_whitespace().count();
    if first == "c" || first.starts_with("c ") || first.starts_with("p ") {
        GraphFormat::Dimacs
    } else if fields(first) == 2 && lines.next().is_some_and(|second| fields(second) == 3) {
        GraphFormat::Gset
    } else if first.chars().next().is_some_and(|c| c.is_ascii_alphabetic()) && first.contains(',') {
        GraphFormat::Csv
    } else {
        GraphFormat::EdgeList
    }
}

#[cfg(test)]
mod tests;
