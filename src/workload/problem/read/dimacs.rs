//! DIMACS files: shortest paths `.gr` (9th challenge), colouring `.col` (2nd), maximum flow `.max` (1st).

use crate::base::Problems;
use crate::workload::problem::graph::{Edge, Graph, Names};
use crate::workload::problem::lines::{Line, Lines, number, vertex, weight};

/// The problem line.
struct Announced {
    vertices: u32,
    edges: u64,
    directed: bool,
}

fn announced(line: &Line<'_>) -> Result<Announced, String> {
    let mut fields = line.fields().skip(1);
    let directed = match fields.next() {
        Some("sp" | "max") => true,
        Some("edge" | "edges" | "col") => false,
        Some(other) => return Err(format!("a problem `{other}` is no graph (known: sp, max, edge, col)")),
        None => return Err("the kind of problem is missing".to_owned()),
    };
    let vertices = number(fields.next(), "number of vertices")?;
    Ok(Announced { vertices, edges: number(fields.next(), "number of edges")?, directed })
}

fn edge(line: &Line<'_>, vertices: u32, weighted: bool) -> Result<Edge, String> {
    let mut fields = line.fields().skip(1);
    let (from, to) = (vertex(fields.next(), vertices)?, vertex(fields.next(), vertices)?);
    let value = if weighted { Some(fields.next().ok_or("the weight is missing")?) } else { fields.next() };
    Ok(Edge { from, to, weight: weight(value)? })
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Graph, Problems> {
    let mut lines = Lines::new(name, bytes);
    let mut problem: Option<Announced> = None;
    let mut graph = Graph { names: Names::From(1), ..Graph::new(0, true) };
    while let Some(line) = lines.next() {
        let at = line.number;
        let outcome = match (line.text.split_whitespace().next(), &problem) {
            (Some("p"), Some(_)) => Err("the problem is announced twice".to_owned()),
            (Some("p"), None) => announced(&line).map(|found| problem = Some(found)),
            (Some(kind @ ("a" | "e")), Some(problem)) => {
                graph.weighted |= kind == "a";
                edge(&line, problem.vertices, kind == "a").map(|edge| graph.edges.push(edge))
            }
            (Some("a" | "e"), None) => Err("an edge before the problem line".to_owned()),
            // Comments; sources and sinks of flow problems and node values are stated elsewhere.
            (Some("c" | "n" | "d" | "v" | "x"), _) => Ok(()),
            (other, _) => Err(format!("`{}` starts no line of a graph", other.unwrap_or_default())),
        };
        if let Err(message) = outcome {
            lines.wrong(at, message);
        }
    }
    match problem {
        None => lines.wrong_file("there is no problem line"),
        Some(Announced { vertices, edges, directed }) => {
            (graph.vertices, graph.directed) = (vertices, directed);
            let found = graph.edges.len() as u64;
            // Files of the colouring collection often count each edge twice.
            if found != edges && (directed || found.abs_diff(edges) != found.min(edges)) {
                lines.wrong_file(format!("{edges} edges are announced; found {found}"));
            }
        }
    }
    lines.finish(graph)
}
