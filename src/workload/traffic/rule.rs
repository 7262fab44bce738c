//! Destination rules: what a pattern becomes for one chip.

use super::dice::below;
use super::matrix::{self, Entry};
use super::pattern::{Matrix, Pattern};
use super::place::Places;
use super::shares::{self, Column};
use super::{Files, open};
use crate::base::{NodeId, Problems};

/// How a sender finds a packet's destination.
#[derive(Debug)]
pub(super) enum Rule {
    /// Any of this many nodes.
    Uniform(u32),
    /// One destination per sender.
    Fixed(Vec<u32>),
    /// The same weights for all senders.
    Shares(Vec<Column>),
    /// Weights by sender: its columns are those from `start[node]` to `start[node + 1]`.
    Rows { start: Vec<u32>, columns: Vec<Column> },
}

/// A rule, and how much each node sends relative to the mean of all.
#[derive(Debug)]
pub(super) struct Destinations {
    pub rule: Rule,
    /// By node, with mean 1; `None`: all nodes send the same.
    pub intensity: Option<Vec<f64>>,
}

impl Rule {
    /// The destination that the uniform 64 bits `word` pick for a packet of `src`.
    #[inline]
    pub(super) fn pick(&self, src: NodeId, word: u64) -> NodeId {
        NodeId(match self {
            Self::Uniform(nodes) => below(word, *nodes).0,
            Self::Fixed(table) => table[src.index()],
            Self::Shares(columns) => shares::draw(columns, word),
            Self::Rows { start, columns } => {
                let row = start[src.index()] as usize..start[src.index() + 1] as usize;
                shares::draw(&columns[row], word)
            }
        })
    }
}

/// Fits `pattern`, which is valid, to a chip.
///
/// # Errors
/// A pattern that does not fit the chip's size, hot nodes outside the chip, an unreadable matrix; paths are
/// relative to the pattern.
pub(super) fn fit(
    pattern: &Pattern,
    places: &Places,
    files: Files<'_>,
    seed: u64,
) -> Result<Destinations, Problems> {
    let rule = match pattern {
        Pattern::Matrix(parameters) => {
            return rows(parameters, places.nodes(), files).map_err(|problems| problems.under("matrix"));
        }
        Pattern::Hotspot(hotspot) => {
            let weights = hotspot.weights(places).map_err(|problems| problems.under("hotspot"))?;
            Rule::Shares(shares::columns(weights.iter().enumerate().map(|(node, &w)| (node as u32, w))))
        }
        _ => match pattern.table(places, seed)? {
            Some(table) => Rule::Fixed(table),
            None => Rule::Uniform(places.nodes()),
        },
    };
    Ok(Destinations { rule, intensity: None })
}

fn rows(parameters: &Matrix, nodes: u32, files: Files<'_>) -> Result<Destinations, Problems> {
    let bytes = open(files, &parameters.file).map_err(|problems| problems.under("file"))?;
    let entries = matrix::read(&parameters.file, &bytes, parameters.layout, nodes as usize)
        .map_err(|problems| problems.under("file"))?;
    let mean = entries.iter().map(|entry| entry.weight).sum::<f64>() / f64::from(nodes);
    let (mut start, mut columns, mut intensity) = (vec![0], Vec::new(), Vec::new());
    let mut rest: &[Entry] = &entries;
    for node in 0..nodes {
        let (row, others) = rest.split_at(rest.partition_point(|entry| entry.src == node));
        rest = others;
        columns.extend(shares::columns(row.iter().map(|entry| (entry.dst, entry.weight))));
        start.push(columns.len() as u32);
        intensity.push(row.iter().map(|entry| entry.weight).sum::<f64>() / mean);
    }
    Ok(Destinations { rule: Rule::Rows { start, columns }, intensity: Some(intensity) })
}
