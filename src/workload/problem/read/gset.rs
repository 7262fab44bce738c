//! The Gset of maximum-cut instances (Helmberg & Rendl 2000): `n m`, then `i j w` per edge.

use crate::base::Problems;
use crate::workload::problem::graph::{Edge, Graph, Names};
use crate::workload::problem::lines::{Line, Lines, Wrong};

fn edge(line: &Line<'_>, vertices: u32) -> Result<Edge, Wrong> {
    let mut fields = line.fields();
    let (from, to) = (fields.vertex(vertices)?, fields.vertex(vertices)?);
    Ok(Edge { from, to, weight: fields.weight_if_any()?.unwrap_or(1.0) })
}

fn head(line: &Line<'_>) -> Result<(u32, u64), Wrong> {
    let mut fields = line.fields();
    Ok((fields.number("number of vertices")?, fields.number("number of edges")?))
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Graph, Problems> {
    let mut lines = Lines::new(name, bytes);
    let mut extent: Option<(u32, u64)> = None;
    let mut graph = Graph { names: Names::From(1), weighted: true, ..Graph::new(0, false) };
    while let Some(line) = lines.next() {
        let outcome = match extent {
            None => head(&line).map(|found| extent = Some(found)),
            Some((vertices, _)) => edge(&line, vertices).map(|edge| graph.edges.push(edge)),
        };
        if let Err(wrong) = outcome {
            lines.wrong(wrong);
            if extent.is_none() {
                return lines.finish(graph);
            }
        }
    }
    match extent {
        None => lines.wrong_file("the file is empty"),
        Some((vertices, edges)) => {
            graph.vertices = vertices;
            if edges != graph.edges.len() as u64 {
                lines.wrong_count(format!("{edges} edges are announced; found {}", graph.edges.len()));
            }
        }
    }
    lines.finish(graph)
}
