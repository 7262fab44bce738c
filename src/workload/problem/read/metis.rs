//! METIS graph files (manual of METIS 5, section 4.1): line i lists the neighbours of vertex i.

use std::io::{BufRead, BufReader};

use crate::base::Problems;
use crate::workload::problem::graph::{Edge, Graph, Names};
use crate::workload::problem::lines::{Line, Lines, Wrong, unzipped};

/// The first line.
#[derive(Clone, Copy)]
struct Head {
    vertices: u32,
    edges: u64,
    edge_weights: bool,
    /// Numbers that come before the neighbours: vertex size and weights.
    skipped: usize,
}

fn head(line: &Line<'_>) -> Result<Head, Wrong> {
    let mut fields = line.fields();
    let vertices = fields.number("number of vertices")?;
    let edges = fields.number("number of edges")?;
    let format: u16 = fields.number_if_any("format")?.unwrap_or(0);
    let digits = [format / 100, format / 10 % 10, format % 10];
    if digits.iter().any(|&digit| digit > 1) {
        return Err(fields.wrong(format!("`{format}` is no format; each of its digits is 0 or 1")));
    }
    let constraints = fields.number_if_any("number of vertex weights")?.unwrap_or(1);
    let skipped = usize::from(digits[0]) + if digits[1] == 1 { constraints } else { 0 };
    Ok(Head { vertices, edges, edge_weights: digits[2] == 1, skipped })
}

fn neighbours(from: u32, line: &Line<'_>, head: Head, edges: &mut Vec<Edge>) -> Result<(), Wrong> {
    let mut fields = line.fields();
    fields.by_ref().take(head.skipped).for_each(drop);
    while !fields.is_at_end() {
        let to = fields.vertex(head.vertices)?;
        let weight = if head.edge_weights { fields.weight("weight")? } else { 1.0 };
        // Every edge is listed at both of its ends.
        if from <= to {
            edges.push(Edge { from, to, weight });
        }
    }
    Ok(())
}

/// Lines count here even when they are empty: those of vertices without neighbours.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Graph, Problems> {
    let mut findings = Lines::new(name, &[]);
    let mut graph = Graph { names: Names::From(1), ..Graph::new(0, false) };
    let mut first: Option<Head> = None;
    let (mut vertex, mut ends) = (0u32, 0u64);
    for (index, text) in BufReader::new(unzipped(bytes)).lines().enumerate() {
        let number = index as u64 + 1;
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                findings.wrong_at(number, error.to_string());
                break;
            }
        };
        let line = Line::new(number, &text);
        if line.text.starts_with('%') {
            continue;
        }
        let Some(announced) = first else {
            match head(&line) {
                Ok(found) => first = Some(found),
                Err(wrong) => {
                    findings.wrong(wrong);
                    return findings.finish(graph);
                }
            }
            continue;
        };
        if vertex >= announced.vertices {
            if !line.text.is_empty() {
                let message = format!("a line after the last of {} vertices", announced.vertices);
                findings.wrong(line.wrong(message));
            }
            continue;
        }
        let per = if announced.edge_weights { 2 } else { 1 };
        ends += (line.fields().count().saturating_sub(announced.skipped) / per) as u64;
        if let Err(wrong) = neighbours(vertex, &line, announced, &mut graph.edges) {
            findings.wrong(wrong);
        }
        vertex += 1;
    }
    match first {
        None => findings.wrong_file("the file is empty"),
        Some(announced) => {
            (graph.vertices, graph.weighted) = (announced.vertices, announced.edge_weights);
            if vertex < announced.vertices {
                findings
                    .wrong_count(format!("{} vertices are announced; found {vertex}", announced.vertices));
            } else if ends != 2 * announced.edges {
                findings.wrong_count(format!("{} edges are announced; found {ends} ends", announced.edges));
            }
        }
    }
    findings.finish(graph)
}
