//! DIMACS files: shortest paths `.gr` (9th challenge), colouring `.col` (2nd), maximum flow `.max` (1st).

use crate::base::Problems;
use crate::workload::problem::graph::{Edge, Graph, Names};
use crate::workload::problem::lines::{Line, Lines, Wrong};

/// The problem line.
struct Announced {
    vertices: u32,
    edges: u64,
    directed: bool,
}

fn announced(line: &Line<'_>) -> Result<Announced, Wrong> {
    let mut fields = line.fields();
    fields.next();
    let directed = match fields.next() {
        Some("sp" | "max") => true,
        Some("edge" | "edges" | "col") => false,
        Some(other) => {
            return Err(fields.wrong(format!("a problem `{other}` is no graph (known: sp, max, edge, col)")));
        }
        None => return Err(fields.wrong("the kind of problem is missing")),
    };
    let vertices = fields.number("number of vertices")?;
    Ok(Announced { vertices, edges: fields.number("number of edges")?, directed })
}

fn edge(line: &Line<'_>, vertices: u32, weighted: bool) -> Result<Edge, Wrong> {
    let mut fields = line.fields();
    fields.next();
    let (from, to) = (fields.vertex(vertices)?, fields.vertex(vertices)?);
    let weight = if weighted { fields.weight("weight")? } else { fields.weight_if_any()?.unwrap_or(1.0) };
    Ok(Edge { from, to, weight })
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Graph, Problems> {
    let mut lines = Lines::new(name, bytes);
    let mut problem: Option<Announced> = None;
    let mut graph = Graph { names: Names::From(1), ..Graph::new(0, true) };
    while let Some(line) = lines.next() {
        let outcome = match (line.text.split_whitespace().next(), &problem) {
            (Some("p"), Some(_)) => Err(line.wrong("the problem is announced twice")),
            (Some("p"), None) => announced(&line).map(|found| problem = Some(found)),
            (Some(kind @ ("a" | "e")), Some(problem)) => {
                graph.weighted |= kind == "a";
                edge(&line, problem.vertices, kind == "a").map(|edge| graph.edges.push(edge))
            }
            (Some("a" | "e"), None) => Err(line.wrong("an edge before the problem line")),
            // Comments; sources and sinks of flow problems and node values are stated elsewhere.
            (Some("c" | "n" | "d" | "v" | "x"), _) => Ok(()),
            (other, _) => {
                Err(line.wrong(format!("`{}` starts no line of a graph", other.unwrap_or_default())))
            }
        };
        if let Err(wrong) = outcome {
            lines.wrong(wrong);
        }
    }
    match problem {
        None => lines.wrong_file("there is no problem line"),
        Some(Announced { vertices, edges, directed }) => {
            (graph.vertices, graph.directed) = (vertices, directed);
            let found = graph.edges.len() as u64;
            // Files of the colouring collection often count each edge twice.
            if found != edges && (directed || found.abs_diff(edges) != found.min(edges)) {
                lines.wrong_count(format!("{edges} edges are announced; found {found}"));
            }
        }
    }
    lines.finish(graph)
}
