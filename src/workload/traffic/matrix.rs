//! Traffic matrices: how much every node sends to every other, relative to the whole.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::Table;
use crate::base::Problems;

/// Columns of a matrix file with one entry per line, in this order.
pub const MATRIX_COLUMNS: [&str; 3] = ["src", "dst", "weight"];

/// How a matrix file is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MatrixLayout {
    /// One line `src,dst,weight` per pair that communicates. Entries of the same pair add up.
    #[default]
    Entries,
    /// One line per sender with one weight per receiver.
    Dense,
}

/// An entry of a traffic matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    /// Sending node.
    pub src: u32,
    /// Receiving node.
    pub dst: u32,
    /// Intensity, relative to the other entries; > 0.
    pub weight: f64,
}

/// Reads the entries of a matrix for a chip of `nodes` nodes, sorted by sender; zeros are left out.
///
/// # Errors
/// Problems with `file:line:column`: an absent node, a weight that is negative or no number, a line of the
/// wrong length, damaged gzip data; a dense matrix that is not square; nothing but zeros.
pub(super) fn read(
    name: &Path,
    bytes: &[u8],
    layout: MatrixLayout,
    nodes: usize,
) -> Result<Vec<Entry>, Problems> {
    let mut table = Table::new(name, bytes);
    let mut entries = match layout {
        MatrixLayout::Entries => read_entries(&mut table, nodes),
        MatrixLayout::Dense => read_dense(&mut table, nodes),
    };
    entries.retain(|entry| entry.weight > 0.0);
    if entries.is_empty() && table.is_sound() {
        table.complain_of_all("the matrix holds no positive weight");
    }
    entries.sort_by_key(|entry| entry.src);
    table.finish(entries)
}

fn read_entries(table: &mut Table<'_>, nodes: usize) -> Vec<Entry> {
    let node_range = (0, (nodes as u64).saturating_sub(1));
    let mut entries = Vec::new();
    while let Some(row) = table.row(&MATRIX_COLUMNS) {
        if !table.has_columns(&row, &MATRIX_COLUMNS) {
            continue;
        }
        let src = table.integer(&row, 0, node_range, "node");
        let dst = table.integer(&row, 1, node_range, "node");
        let weight = table.weight(&row, 2);
        if let (Some(src), Some(dst), Some(weight)) = (src, dst, weight) {
            entries.push(Entry { src: src as u32, dst: dst as u32, weight });
        }
    }
    entries
}

fn read_dense(table: &mut Table<'_>, nodes: usize) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut rows = 0;
    while let Some(row) = table.row(&[]) {
        rows += 1;
        if row.len() != nodes || rows > nodes {
            let message = format!("row {rows} with {} weights", row.len());
            table.complain(&row, 0, message, Some(format!("{nodes} rows of {nodes}")));
            continue;
        }
        for dst in 0..nodes {
            let weight = table.weight(&row, dst).unwrap_or(0.0);
            entries.push(Entry { src: rows as u32 - 1, dst: dst as u32, weight });
        }
    }
    if rows < nodes && table.is_sound() {
        table.complain_of_all(format_args!("{rows} rows; the chip has {nodes} nodes"));
    }
    entries
}
