//! How a workload names its graph.

use std::io;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::generate::Generator;
use super::graph::{Edge, Graph, Names};
use super::read::{self, GraphFormat, Told};
use crate::base::{Problem, Problems};

/// Gives the content of a file that a workload names.
pub type Files<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// A graph: from a file, a generator, or edges written out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GraphInput {
    /// File with the graph, relative to the workload; may be gzipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Format of the file. Absent: recognised by its name and content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<GraphFormat>,
    /// A generator instead of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate: Option<Generator>,
    /// Edges instead of a file: first and second vertex, and perhaps a weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edges: Option<Vec<Vec<f64>>>,
    /// Whether edges have a direction. Absent: as the file says; edge lists, tables and edges written out
    /// are directed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directed: Option<bool>,
    /// Number of vertices of an edge list, where isolated ones count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertices: Option<u32>,
    /// Number of the first vertex, 0 or 1, where `vertices` is stated or edges are written out. Absent: 1 if
    /// no edge names 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub first_vertex: Option<u8>,
}

impl GraphInput {
    /// Checks what needs no file.
    ///
    /// # Errors
    /// None or several of file, generator and edges; fields that do not apply; bad generators.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let given = [self.file.is_some(), self.generate.is_some(), self.edges.is_some()];
        let count = given.iter().filter(|&&given| given).count();
        problems.require(count == 1, "", || {
            format!("a graph is one of `file`, `generate` and `edges`; found {count} of them")
        });
        if let Some(generator) = &self.generate {
            problems.absorb("generate", generator.validate());
            problems.require(self.directed.is_none(), "directed", || {
                "`directed` does not apply: the generator has one of its own".to_owned()
            });
            problems.require(self.first_vertex.is_none(), "first_vertex", || {
                "`first_vertex` does not apply: generated vertices are numbered from 0".to_owned()
            });
            problems.require(self.vertices.is_none(), "vertices", || {
                "`vertices` does not apply: the generator says how many there are".to_owned()
            });
        }
        problems.require(self.file.is_some() || self.format.is_none(), "format", || {
            "`format` does not apply: there is no file".to_owned()
        });
        problems.require(self.first_vertex.is_none_or(|first| first < 2), "first_vertex", || {
            "vertices are numbered from 0 or 1".to_owned()
        });
        problems.into_result(())
    }

    /// The graph.
    ///
    /// # Errors
    /// What [`validate`](Self::validate) finds, files that cannot be read or are malformed, and graphs
    /// without vertices.
    pub fn load(&self, files: Files<'_>, seed: u64) -> Result<Graph, Problems> {
        self.validate()?;
        let first = self.first_vertex.map(u64::from);
        let told = Told { directed: self.directed, vertices: self.vertices, first };
        let graph = match (&self.file, &self.generate, &self.edges) {
            (Some(file), ..) => {
                let bytes = read_file(files, file).map_err(|problems| problems.under("file"))?;
                read::read(file, &bytes, self.format, told).map_err(|problems| problems.under("file"))?
            }
            (_, Some(generator), _) => generator.generate(seed).map_err(|it| it.under("generate"))?,
            (.., edges) => written(edges.as_deref().unwrap_or_default(), told)?,
        };
        if graph.vertices == 0 {
            return Err(Problems::one("", "the graph has no vertices"));
        }
        Ok(graph)
    }
}

/// The content of `file`.
///
/// # Errors
/// Why it cannot be read.
pub(in crate::workload) fn read_file(files: Files<'_>, file: &str) -> Result<Vec<u8>, Problems> {
    files(Path::new(file)).map_err(|error| Problems::one("", format!("`{file}` cannot be read: {error}")))
}

/// The graph of edges that are written out.
fn written(edges: &[Vec<f64>], told: Told) -> Result<Graph, Problems> {
    let mut problems = Problems::new();
    let mut listed: Vec<(u64, u64, f64)> = Vec::new();
    let whole = |value: f64| value >= 0.0 && value.fract() == 0.0 && value < 4e9;
    for (i, edge) in edges.iter().enumerate() {
        match edge[..] {
            [from, to] if whole(from) && whole(to) => listed.push((from as u64, to as u64, 1.0)),
            [from, to, weight] if whole(from) && whole(to) && weight.is_finite() => {
                listed.push((from as u64, to as u64, weight));
            }
            _ => problems.push(
                Problem::new(format!("edges[{i}]"), "this is no edge")
                    .allowed("two vertex numbers, and perhaps a weight"),
            ),
        }
    }
    problems.into_result(())?;
    let numbers = || listed.iter().flat_map(|&(from, to, _)| [from, to]);
    let first = told.first.unwrap_or_else(|| u64::from(numbers().min().is_some_and(|least| least > 0)));
    if let Some(below) = numbers().min().filter(|&least| least < first) {
        return Err(Problems::one("edges", format!("vertex {below} comes before the first one, {first}")));
    }
    let last = numbers().max().map_or(first, |last| last + 1);
    let vertices = told.vertices.unwrap_or((last - first) as u32);
    if last > first + u64::from(vertices) {
        let message = format!("vertex {} is not one of {vertices} from {first} on", last - 1);
        return Err(Problems::one("vertices", message));
    }
    let weighted = edges.iter().any(|edge| edge.len() == 3);
    let place = |number: u64| (number - first) as u32;
    let edges = listed.iter().map(|&(from, to, weight)| Edge { from: place(from), to: place(to), weight });
    let edges = edges.collect();
    let names = Names::From(first);
    Ok(Graph { names, weighted, edges, ..Graph::new(vertices, told.directed.unwrap_or(true)) })
}

/// A vertex by the name that the graph gives it: a number or a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum VertexName {
    /// A number.
    Number(u64),
    /// A text.
    Text(String),
}

impl VertexName {
    /// The vertex of this name.
    ///
    /// # Errors
    /// There is none; the problem is at `path`.
    pub fn find(&self, graph: &Graph, path: &str) -> Result<u32, Problems> {
        let name = match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        };
        graph.find(&name).ok_or_else(|| {
            let last = graph.name(graph.vertices - 1);
            let allowed = format!("the graph's {} vertices, {} to {last}", graph.vertices, graph.name(0));
            Problem::new(path, format!("there is no vertex `{name}`")).allowed(allowed).into()
        })
    }
}
