//! Edge lists as in the SNAP collection (Leskovec & Krevl, <https://snap.stanford.edu/data>).

use super::Told;
use crate::base::Problems;
use crate::workload::problem::graph::{Edge, Graph, Names};
use crate::workload::problem::lines::{Line, Lines, Wrong};

/// What a comment says about direction.
fn direction(comment: &str) -> Option<bool> {
    let lower = comment.to_ascii_lowercase();
    let says = |word: &str| lower.contains(word);
    match (says("undirected"), says("directed")) {
        (true, _) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

fn edge(line: &Line<'_>) -> Result<(u64, u64, Option<f64>), Wrong> {
    let mut fields = line.fields();
    let from = fields.number("vertex number")?;
    let to = fields.number("vertex number")?;
    let weight = fields.weight_if_any();
    if fields.next().is_some() {
        return Err(fields.wrong("an edge has two vertices and at most one weight"));
    }
    Ok((from, to, weight?))
}

pub(super) fn read(name: &str, bytes: &[u8], told: Told) -> Result<Graph, Problems> {
    let mut lines = Lines::new(name, bytes);
    let mut directed = None;
    let mut weighted = None;
    let mut listed: Vec<(u64, u64, f64)> = Vec::new();
    while let Some(line) = lines.next() {
        if line.text.starts_with(['#', '%']) || line.text.starts_with("//") {
            directed = directed.or(direction(line.text));
            continue;
        }
        match edge(&line) {
            Err(wrong) => lines.wrong(wrong),
            Ok((_, _, weight)) if *weighted.get_or_insert(weight.is_some()) != weight.is_some() => {
                let wrong = line.wrong("some edges have a weight and some have none");
                lines.wrong(wrong);
            }
            Ok((from, to, weight)) => listed.push((from, to, weight.unwrap_or(1.0))),
        }
    }
    let (names, vertices) = match name_vertices(&listed, told) {
        Ok(named) => named,
        Err(message) => {
            lines.wrong_file(message);
            return lines.finish(Graph::new(0, true));
        }
    };
    let mut graph = Graph { names, weighted: weighted == Some(true), ..Graph::new(vertices, true) };
    graph.directed = directed.unwrap_or(true);
    let index = |number: u64| match &graph.names {
        Names::From(first) => (number - first) as u32,
        // Every number that was listed is in there.
        Names::Numbers(numbers) => numbers.partition_point(|&other| other < number) as u32,
        Names::Texts(_) => 0,
    };
    let edges = listed.iter().map(|&(from, to, weight)| Edge { from: index(from), to: index(to), weight });
    graph.edges = edges.collect();
    lines.finish(graph)
}

/// Vertices are the numbers that occur; with a stated count, all from 0 or 1 on.
fn name_vertices(listed: &[(u64, u64, f64)], told: Told) -> Result<(Names, u32), String> {
    let mut numbers: Vec<u64> = listed.iter().flat_map(|&(from, to, _)| [from, to]).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if let Some(count) = told.vertices {
        let least = numbers.first().copied();
        let first = told.first.unwrap_or_else(|| u64::from(least.is_some_and(|least| least > 0)));
        if let Some(below) = least.filter(|&least| least < first) {
            return Err(format!("vertex {below} comes before the first one, {first}"));
        }
        let last = numbers.last().copied().unwrap_or(first);
        return if last < first + u64::from(count) {
            Ok((Names::From(first), count))
        } else {
            Err(format!("vertex {last} is not one of {first} to {}", first + u64::from(count) - 1))
        };
    }
    let vertices = u32::try_from(numbers.len()).map_err(|_| "there are too many vertices".to_owned())?;
    let dense = numbers.last().map_or(0, |last| last + 1 - numbers[0]) == numbers.len() as u64;
    let first = numbers.first().copied().unwrap_or(0);
    Ok((if dense { Names::From(first) } else { Names::Numbers(numbers) }, vertices))
}
