//! GraphML (Brandes et al., <http://graphml.graphdrawing.org>): nodes, edges, and data declared by keys.

use std::collections::{BTreeMap, HashMap};

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::listing::{EdgeLine, Findings, Listing, Vertex};
use crate::base::{Problem, Spot};
use crate::fabric::LinkChange;
use crate::fabric::topology::{MAX_LINKS, MAX_ROUTERS};

/// A declared attribute.
#[derive(Default)]
struct Key {
    name: String,
    /// `node`, `edge`, `all` or something that does not concern us.
    domain: String,
    default: Option<String>,
}

/// The element that text and data belong to.
#[derive(Clone, Copy, PartialEq)]
enum Owner {
    Nothing,
    Node,
    Edge,
}

/// An edge whose ends are still names.
struct NamedEdge {
    ends: [String; 2],
    directed: bool,
    spot: Spot,
    change: LinkChange,
}

struct Parser<'a, 'f> {
    findings: &'a mut Findings<'f>,
    keys: BTreeMap<String, Key>,
    names: HashMap<String, u32>,
    vertices: Vec<Vertex>,
    edges: Vec<NamedEdge>,
    directed: bool,
    graphs: usize,
    owner: Owner,
    /// Key of the `data` or `key` element that is open, and its text so far.
    data: Option<(String, String)>,
    /// Where the element begins that is being read.
    spot: Spot,
}

pub(super) fn read(text: &str, findings: &mut Findings<'_>) -> Listing {
    let mut parser = Parser {
        findings,
        keys: BTreeMap::new(),
        names: HashMap::new(),
        vertices: Vec::new(),
        edges: Vec::new(),
        directed: false,
        graphs: 0,
        owner: Owner::Nothing,
        data: None,
        spot: Spot::START,
    };
    parser.run(text);
    parser.finish()
}

impl Parser<'_, '_> {
    fn run(&mut self, text: &str) {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let (mut counted, mut depth) = (0, 0);
        while !self.findings.are_enough() {
            let at = (reader.buffer_position() as usize).clamp(counted, text.len());
            // Events begin and end at characters.
            self.spot.pass(text.get(counted..at).unwrap_or_default());
            counted = at;
            match reader.read_event() {
                Ok(Event::Start(element)) => {
                    depth += 1;
                    self.open(&element);
                }
                Ok(Event::End(element)) => {
                    depth -= 1;
                    self.close(element.local_name().as_ref());
                }
                Ok(Event::Text(content)) => {
                    if let (Some((_, data)), Ok(content)) = (&mut self.data, content.decode()) {
                        data.push_str(&content);
                    }
                }
                Ok(Event::Eof) if depth > 0 => {
                    let message = format!("the file breaks off: {depth} elements are not closed");
                    self.findings.stop(self.spot, Problem::new("file", message));
                }
                Ok(Event::Eof) => break,
                Ok(_) => {}
                Err(error) => self.findings.stop(self.spot, Problem::new("file", error.to_string())),
            }
        }
    }

    fn open(&mut self, element: &BytesStart<'_>) {
        match element.local_name().as_ref() {
            b"key" => self.open_key(element),
            b"graph" => {
                self.graphs += 1;
                if self.graphs > 1 {
                    self.refuse("a second or nested graph");
                }
                let directed = self.attribute(element, "edgedefault");
                self.directed = directed.as_deref() != Some("undirected");
            }
            b"node" => self.open_node(element),
            b"edge" => self.open_edge(element),
            b"data" if self.owner != Owner::Nothing => {
                self.data = self.attribute(element, "key").map(|key| (key, String::new()));
            }
            b"hyperedge" => self.refuse("a hyperedge"),
            _ => {}
        }
    }

    fn close(&mut self, name: &[u8]) {
        match name {
            b"data" => {
                if let Some((key, text)) = self.data.take() {
                    self.take_data(&key, text.trim());
                }
            }
            b"default" => {
                if let Some((key, text)) = self.data.as_mut() {
                    let default = std::mem::take(text).trim().to_owned();
                    self.keys.entry(key.clone()).or_default().default = Some(default);
                }
            }
            b"key" => self.data = None,
            b"node" | b"edge" => self.owner = Owner::Nothing,
            _ => {}
        }
    }

    fn refuse(&mut self, what: &str) {
        self.findings.stop(self.spot, Problem::new("file", format!("{what} does not describe a network")));
    }

    fn open_key(&mut self, element: &BytesStart<'_>) {
        let (id, name) = (self.attribute(element, "id"), self.attribute(element, "attr.name"));
        let domain = self.attribute(element, "for").unwrap_or_else(|| "all".to_owned());
        if let Some(id) = id {
            let name = name.unwrap_or_else(|| id.clone());
            self.keys.insert(id.clone(), Key { name, domain, default: None });
            self.data = Some((id, String::new()));
        }
    }

    fn open_node(&mut self, element: &BytesStart<'_>) {
        let Some(id) = self.attribute(element, "id") else {
            return self.findings.at(self.spot, "a node without an id");
        };
        if self.vertices.len() as u64 >= MAX_ROUTERS {
            let problem = Problem::new("file", "too many nodes");
            return self.findings.stop(self.spot, problem.allowed(format!("at most {MAX_ROUTERS}")));
        }
        let number = self.vertices.len() as u32;
        if self.names.insert(id.clone(), number).is_some() {
            self.findings.at(self.spot, format!("a second node with the id `{id}`"));
        }
        self.vertices.push(Vertex::default());
        self.owner = Owner::Node;
        self.take_defaults();
    }

    fn open_edge(&mut self, element: &BytesStart<'_>) {
        let ends = (self.attribute(element, "source"), self.attribute(element, "target"));
        let (Some(source), Some(target)) = ends else {
            return self.findings.at(self.spot, "an edge without source or target");
        };
        if self.edges.len() as u64 >= MAX_LINKS {
            let problem = Problem::new("file", "too many edges");
            return self.findings.stop(self.spot, problem.allowed(format!("at most {MAX_LINKS}")));
        }
        let directed = match self.attribute(element, "directed").as_deref() {
            Some("true") => true,
            Some("false") => false,
            _ => self.directed,
        };
        let (spot, change) = (self.spot, LinkChange::default());
        self.edges.push(NamedEdge { ends: [source, target], directed, spot, change });
        self.owner = Owner::Edge;
        self.take_defaults();
    }

    fn take_defaults(&mut self) {
        let domain = if self.owner == Owner::Node { "node" } else { "edge" };
        let concerns = |key: &&Key| key.domain == domain || key.domain == "all";
        let defaults: Vec<(String, String)> = self
            .keys
            .values()
            .filter(concerns)
            .filter_map(|key| Some((key.name.clone(), key.default.clone()?)))
            .collect();
        for (name, value) in defaults {
            self.take(&name, &value);
        }
    }

    fn take_data(&mut self, key: &str, value: &str) {
        match self.keys.get(key) {
            Some(key) => {
                let name = key.name.clone();
                self.take(&name, value);
            }
            None => self.findings.at(self.spot, format!("the key `{key}` is not declared")),
        }
    }

    fn take(&mut self, name: &str, value: &str) {
        match (self.owner, self.vertices.last_mut(), self.edges.last_mut()) {
            (Owner::Node, Some(vertex), _) => {
                self.findings.vertex_attribute(self.spot, vertex, (name, value));
            }
            (Owner::Edge, _, Some(edge)) => {
                self.findings.edge_attribute(self.spot, &mut edge.change, (name, value), false);
            }
            _ => {}
        }
    }

    fn attribute(&mut self, element: &BytesStart<'_>, name: &str) -> Option<String> {
        match element.try_get_attribute(name) {
            Ok(attribute) => match attribute?.normalized_value(XmlVersion::Implicit1_0) {
                Ok(value) => return Some(value.into_owned()),
                Err(error) => self.findings.at(self.spot, error.to_string()),
            },
            Err(error) => self.findings.at(self.spot, error.to_string()),
        }
        None
    }

    fn finish(self) -> Listing {
        let Self { findings, names, vertices, edges, spot, .. } = self;
        if vertices.is_empty() {
            findings.at(spot, "the file has no node");
        }
        let mut resolved = Vec::with_capacity(edges.len());
        for NamedEdge { ends: [source, target], directed, spot, change } in edges {
            let mut find = |name: &str| {
                let number = names.get(name).copied();
                if number.is_none() {
                    findings.at(spot, format!("there is no node `{name}`"));
                }
                number
            };
            if let (Some(from), Some(to)) = (find(&source), find(&target)) {
                resolved.push(EdgeLine { from, to, directed, spot, change });
            }
        }
        Listing { vertices, edges: resolved }
    }
}
