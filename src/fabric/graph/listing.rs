//! What the readers of graph files hand over, and how they report what is wrong.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

use super::super::LinkChange;
use super::super::topology::MAX_NODES_PER_ROUTER;
use super::EntryMeaning;
use crate::base::problem::nearest;
use crate::base::{Problem, Problems, Spot};

const EDGE_ATTRIBUTES: [&str; 4] = ["latency", "width_bits", "length", "energy_per_bit"];
const VERTEX_ATTRIBUTES: [&str; 2] = ["nodes", "chip"];

/// Problems after which a file is described well enough.
const ENOUGH: usize = 16;

/// A graph as read: vertices in the order of their router numbers, edges in the order of the file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Listing {
    pub(super) vertices: Vec<Vertex>,
    pub(super) edges: Vec<EdgeLine>,
}

/// A vertex.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Vertex {
    /// Nodes on the router, if stated; at most [`MAX_NODES_PER_ROUTER`].
    pub(super) nodes: Option<u32>,
    pub(super) chip: u32,
}

/// An edge and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EdgeLine {
    pub(super) from: u32,
    pub(super) to: u32,
    /// What the file says; the chip file may overrule it.
    pub(super) directed: bool,
    pub(super) spot: Spot,
    pub(super) change: LinkChange,
}

/// Collects what is wrong with a file, and where.
pub(super) struct Findings<'a> {
    file: &'a str,
    problems: Problems,
    stopped: bool,
}

impl<'a> Findings<'a> {
    pub(super) fn new(file: &'a str) -> Self {
        Self { file, problems: Problems::new(), stopped: false }
    }

    /// Name of the file.
    pub(super) fn file(&self) -> &'a str {
        self.file
    }

    /// Records a problem at `spot`.
    pub(super) fn at(&mut self, spot: Spot, message: impl Into<String>) {
        self.push(spot, Problem::new("file", message));
    }

    pub(super) fn push(&mut self, spot: Spot, mut problem: Problem) {
        problem.message = format!("{}:{spot}: {}", self.file, problem.message);
        if !self.are_enough() {
            self.problems.push(problem);
        }
    }

    /// Records a problem after which reading on would only find its consequences.
    pub(super) fn stop(&mut self, spot: Spot, problem: Problem) {
        self.push(spot, problem);
        self.stopped = true;
    }

    /// Whether to stop reading.
    pub(super) fn are_enough(&self) -> bool {
        self.stopped || self.problems.0.len() >= ENOUGH
    }

    pub(super) fn into_result<T>(self, value: T) -> Result<T, Problems> {
        self.problems.into_result(value)
    }

    /// Takes over an attribute of an edge. A name that is far from all known ones is a drawing
    /// program's and of no concern here, unless `strict`.
    pub(super) fn edge_attribute(
        &mut self,
        spot: Spot,
        change: &mut LinkChange,
        (name, value): (&str, &str),
        strict: bool,
    ) {
        let taken = match name {
            "latency" => number(value).map(|cycles| change.latency = Some(cycles)),
            "width_bits" => number(value).map(|bits| change.width_bits = Some(bits)),
            "length" => quantity(value).map(|length| change.length = Some(length)),
            "energy_per_bit" => quantity(value).map(|energy| change.energy_per_bit = Some(energy)),
            _ => return self.unknown_attribute(spot, name, &EDGE_ATTRIBUTES, strict),
        };
        if let Err(message) = taken {
            self.at(spot, format!("{name}: {message}"));
        }
    }

    /// Takes over an attribute of a vertex.
    pub(super) fn vertex_attribute(&mut self, spot: Spot, vertex: &mut Vertex, (name, value): (&str, &str)) {
        let taken = match name {
            "nodes" => number(value).and_then(|nodes: u32| match nodes {
                0..=MAX_NODES_PER_ROUTER => {
                    vertex.nodes = Some(nodes);
                    Ok(())
                }
                _ => Err(format!("{nodes} is out of range (0 to {MAX_NODES_PER_ROUTER})")),
            }),
            "chip" => number(value).map(|chip| vertex.chip = chip),
            _ => return self.unknown_attribute(spot, name, &VERTEX_ATTRIBUTES, false),
        };
        if let Err(message) = taken {
            self.at(spot, format!("{name}: {message}"));
        }
    }

    fn unknown_attribute(&mut self, spot: Spot, name: &str, known: &[&str], strict: bool) {
        let meant = nearest(name, known.iter().copied());
        // Short names are near to too many others.
        if strict || meant.is_some_and(|meant| meant.len() >= 6) {
            let problem = Problem::new("file", format!("unknown attribute `{name}`"))
                .allowed(known.join(", "))
                .nearest(name, known.iter().copied());
            self.push(spot, problem);
        }
    }

    /// Takes over the bare value of an edge.
    pub(super) fn edge_value(
        &mut self,
        spot: Spot,
        change: &mut LinkChange,
        meaning: Option<EntryMeaning>,
        value: &str,
    ) {
        match meaning {
            Some(EntryMeaning::Latency) => self.edge_attribute(spot, change, ("latency", value), true),
            Some(EntryMeaning::Length) => self.edge_attribute(spot, change, ("length", value), true),
            Some(EntryMeaning::Ignore) => {}
            None => {
                let message = "the edges have values, but `values` does not say what they mean";
                self.stop(spot, Problem::new("values", message).allowed("latency, length, ignore"));
            }
        }
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not a whole number in range"))
}

fn quantity<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, String> {
    T::deserialize(IntoDeserializer::<Error>::into_deserializer(text)).map_err(|error| error.to_string())
}
