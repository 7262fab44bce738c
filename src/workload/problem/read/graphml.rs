//! GraphML (Brandes et al., <http://graphml.graphdrawing.org>): nodes by their ids, edges, and the edge
//! attribute `weight`.

use std::collections::HashMap;
use std::io::Read as _;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::base::{Problems, Spot};
use crate::workload::problem::graph::{Edge, Graph, Names};
use crate::workload::problem::lines::{Lines, unzipped, weight};

struct Parser {
    ids: Vec<String>,
    index: HashMap<String, u32>,
    /// Ends, weight and place of each edge.
    edges: Vec<(String, String, Option<f64>, Spot)>,
    /// Id of the key that holds weights.
    weight_key: Option<String>,
    directed: bool,
    in_edge: bool,
    in_weight: bool,
}

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Graph, Problems> {
    let mut findings = Lines::new(name, &[]);
    let mut text = String::new();
    if let Err(error) = unzipped(bytes).read_to_string(&mut text) {
        findings.wrong_file(error.to_string());
        return findings.finish(Graph::new(0, true));
    }
    let mut parser = Parser {
        ids: Vec::new(),
        index: HashMap::new(),
        edges: Vec::new(),
        weight_key: None,
        directed: true,
        in_edge: false,
        in_weight: false,
    };
    parser.run(&text, &mut findings);
    let graph = parser.finish(&mut findings);
    findings.finish(graph)
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.try_get_attribute(name).ok()??;
    found.normalized_value(XmlVersion::default()).ok().map(std::borrow::Cow::into_owned)
}

impl Parser {
    fn run(&mut self, text: &str, findings: &mut Lines<'_>) {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let (mut spot, mut counted) = (Spot::START, 0);
        loop {
            let at = (reader.buffer_position() as usize).clamp(counted, text.len());
            // Events begin and end at characters.
            spot.pass(text.get(counted..at).unwrap_or_default());
            counted = at;
            match reader.read_event() {
                Ok(Event::Start(element)) => {
                    if let Err(message) = self.open(&element, spot) {
                        findings.wrong_at(spot, message);
                    }
                }
                Ok(Event::End(element)) => match element.local_name().as_ref() {
                    b"edge" => self.in_edge = false,
                    b"data" => self.in_weight = false,
                    _ => {}
                },
                Ok(Event::Text(content)) if self.in_weight => {
                    let content = content.decode().map(|it| it.trim().to_owned()).unwrap_or_default();
                    match (weight(Some(&content)), self.edges.last_mut()) {
                        (Ok(value), Some(edge)) => edge.2 = Some(value),
                        (Err(message), _) => findings.wrong_at(spot, message),
                        _ => {}
                    }
                }
                Ok(Event::Eof) => break,
                Ok(_) => {}
                Err(error) => {
                    findings.wrong_at(spot, error.to_string());
                    break;
                }
            }
        }
    }

    fn open(&mut self, element: &BytesStart<'_>, spot: Spot) -> Result<(), String> {
        let need =
            |name: &str| attribute(element, name).ok_or_else(|| format!("the attribute `{name}` is missing"));
        match element.local_name().as_ref() {
            b"key" if attribute(element, "attr.name").is_some_and(|name| name == "weight") => {
                self.weight_key = attribute(element, "id");
            }
            b"graph" => self.directed = attribute(element, "edgedefault").is_none_or(|it| it != "undirected"),
            b"node" => {
                let id = need("id")?;
                if self.index.insert(id.clone(), self.ids.len() as u32).is_some() {
                    return Err(format!("node `{id}` is listed twice"));
                }
                self.ids.push(id);
            }
            b"edge" => {
                self.in_edge = true;
                self.edges.push((need("source")?, need("target")?, None, spot));
            }
            b"data" if self.in_edge => {
                self.in_weight = self.weight_key.is_some() && attribute(element, "key") == self.weight_key;
            }
            b"hyperedge" => return Err("hyperedges are not read".to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn finish(self, findings: &mut Lines<'_>) -> Graph {
        let mut graph = Graph::new(self.ids.len() as u32, self.directed);
        for (from, to, weight, spot) in &self.edges {
            match (self.index.get(from), self.index.get(to)) {
                (Some(&from), Some(&to)) => {
                    graph.weighted |= weight.is_some();
                    graph.edges.push(Edge { from, to, weight: weight.unwrap_or(1.0) });
                }
                (None, _) => findings.wrong_at(spot, format!("there is no node `{from}`")),
                _ => findings.wrong_at(spot, format!("there is no node `{to}`")),
            }
        }
        graph.names = Names::Texts(self.ids);
        graph
    }
}
