//! Graphviz DOT (<https://graphviz.org/doc/info/lang.html>): vertices, edges and their attributes.
//!
//! Subgraphs group statements and scope defaults; an edge to a whole subgraph is refused.

use std::collections::HashMap;

use super::dot_words::{Word, Words};
use super::listing::{EdgeLine, Findings, Listing, Vertex};
use crate::base::Problem;
use crate::fabric::LinkChange;
use crate::fabric::topology::{MAX_LINKS, MAX_ROUTERS};

/// Defaults of the block that is open.
#[derive(Clone, Default)]
struct Scope {
    edge: LinkChange,
    node: Vertex,
}

/// Why reading ended: a problem in a line.
type Refusal = (usize, String);

struct Parser<'t, 'a, 'f> {
    words: Words<'t>,
    findings: &'a mut Findings<'f>,
    names: HashMap<String, u32>,
    listing: Listing,
    directed: bool,
    scopes: Vec<Scope>,
}

pub(super) fn read(text: &str, findings: &mut Findings<'_>) -> Listing {
    let mut parser = Parser {
        words: Words::new(text),
        findings,
        names: HashMap::new(),
        listing: Listing::default(),
        directed: false,
        scopes: Vec::new(),
    };
    if let Err((line, message)) = parser.run() {
        parser.findings.stop(line, Problem::new("file", message));
    }
    parser.listing
}

impl Parser<'_, '_, '_> {
    fn run(&mut self) -> Result<(), Refusal> {
        let mut kind = self.words.name("`graph` or `digraph`")?;
        if kind.eq_ignore_ascii_case("strict") {
            kind = self.words.name("`graph` or `digraph`")?;
        }
        self.directed = match kind.to_ascii_lowercase().as_str() {
            "graph" => false,
            "digraph" => true,
            _ => return self.words.refuse(format!("`{kind}` where `graph` or `digraph` is expected")),
        };
        if matches!(self.words.peek()?, Some(Word::Name { .. })) {
            self.words.take()?;
        }
        self.words.expect(&Word::Open)?;
        self.scopes.push(Scope::default());
        while !self.scopes.is_empty() && !self.findings.are_enough() {
            self.statement()?;
        }
        match self.words.take()? {
            Some(word) if !self.findings.are_enough() => {
                self.words.refuse(format!("{word} after the end of the graph"))
            }
            _ => Ok(()),
        }
    }

    fn statement(&mut self) -> Result<(), Refusal> {
        match self.words.take()? {
            None => self.words.refuse("the file ends inside the graph".to_owned()),
            Some(Word::Semicolon) => Ok(()),
            Some(Word::Open) => {
                let scope = self.scopes.last().cloned().unwrap_or_default();
                self.scopes.push(scope);
                Ok(())
            }
            Some(Word::Close) => {
                self.scopes.pop();
                self.no_edge_here()
            }
            Some(Word::Name { text, quoted: false }) if text.eq_ignore_ascii_case("subgraph") => {
                if matches!(self.words.peek()?, Some(Word::Name { .. })) {
                    self.words.take()?;
                }
                match self.words.peek()? {
                    Some(Word::Open) => Ok(()),
                    _ => self.words.refuse("a subgraph needs a block in braces".to_owned()),
                }
            }
            Some(Word::Name { text, quoted }) => self.named_statement(text, quoted),
            Some(word) => self.words.refuse(format!("{word} where a statement is expected")),
        }
    }

    fn no_edge_here(&mut self) -> Result<(), Refusal> {
        match self.words.peek()? {
            Some(Word::Edge { .. }) => self.words.refuse("edges to a whole subgraph are not read".to_owned()),
            _ => Ok(()),
        }
    }

    /// A statement that begins with a name: defaults, an attribute of the graph, a vertex or edges.
    fn named_statement(&mut self, name: String, quoted: bool) -> Result<(), Refusal> {
        let keyword = if quoted { String::new() } else { name.to_ascii_lowercase() };
        if matches!(keyword.as_str(), "graph" | "node" | "edge") {
            return self.defaults(&keyword);
        }
        if self.words.peek()? == Some(&Word::Equals) {
            self.words.take()?;
            return self.words.name("a value").map(drop);
        }
        let line = self.words.line();
        let mut chain = vec![self.vertex(name)?];
        while let Some(&Word::Edge { directed }) = self.words.peek()? {
            self.words.take()?;
            if directed != self.directed {
                let (right, kind) = if self.directed { ("->", "digraph") } else { ("--", "graph") };
                return self.words.refuse(format!("edges of a {kind} are written `{right}`"));
            }
            let next = match self.words.take()? {
                Some(Word::Name { text, quoted }) if quoted || !text.eq_ignore_ascii_case("subgraph") => text,
                Some(Word::Open | Word::Name { .. }) => {
                    return self.words.refuse("edges to a whole subgraph are not read".to_owned());
                }
                _ => return self.words.refuse("an edge without an end".to_owned()),
            };
            chain.push(self.vertex(next)?);
        }
        let attributes = self.attributes()?;
        if let [only] = chain[..] {
            let vertex = &mut self.listing.vertices[only as usize];
            for (line, name, value) in &attributes {
                self.findings.vertex_attribute(*line, vertex, (name, value));
            }
            return Ok(());
        }
        self.edges(line, &chain, &attributes)
    }

    fn edges(
        &mut self,
        line: usize,
        chain: &[u32],
        attributes: &[(usize, String, String)],
    ) -> Result<(), Refusal> {
        let mut change = self.scopes.last().cloned().unwrap_or_default().edge;
        for (line, name, value) in attributes {
            self.findings.edge_attribute(*line, &mut change, (name, value), false);
        }
        if (self.listing.edges.len() + chain.len()) as u64 > MAX_LINKS {
            return self.words.refuse(format!("more than {MAX_LINKS} edges"));
        }
        for pair in chain.windows(2) {
            let change = change.clone();
            self.listing.edges.push(EdgeLine {
                from: pair[0],
                to: pair[1],
                directed: self.directed,
                line,
                change,
            });
        }
        Ok(())
    }

    /// `graph`, `node` or `edge`, which has been read, and its attributes.
    fn defaults(&mut self, keyword: &str) -> Result<(), Refusal> {
        if self.words.peek()? == Some(&Word::Equals) {
            self.words.take()?;
            return self.words.name("a value").map(drop);
        }
        let attributes = self.attributes()?;
        // A statement is only read while a scope is open.
        let Some(scope) = self.scopes.last_mut() else { return Ok(()) };
        for (line, name, value) in &attributes {
            match keyword {
                "edge" => self.findings.edge_attribute(*line, &mut scope.edge, (name, value), false),
                "node" => self.findings.vertex_attribute(*line, &mut scope.node, (name, value)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The number of the vertex `name`, which has been read, and past its port.
    fn vertex(&mut self, name: String) -> Result<u32, Refusal> {
        while self.words.peek()? == Some(&Word::Colon) {
            self.words.take()?;
            self.words.name("a port")?;
        }
        let next = self.listing.vertices.len();
        if next as u64 >= MAX_ROUTERS && !self.names.contains_key(&name) {
            return self.words.refuse(format!("more than {MAX_ROUTERS} vertices"));
        }
        let number = *self.names.entry(name).or_insert(next as u32);
        if number as usize == next {
            let vertex = self.scopes.last().map(|scope| scope.node).unwrap_or_default();
            self.listing.vertices.push(vertex);
        }
        Ok(number)
    }

    /// Any number of attribute lists, as (line, name, value).
    fn attributes(&mut self) -> Result<Vec<(usize, String, String)>, Refusal> {
        let mut attributes = Vec::new();
        while self.words.peek()? == Some(&Word::OpenList) {
            self.words.take()?;
            loop {
                match self.words.take()? {
                    Some(Word::CloseList) => break,
                    Some(Word::Semicolon | Word::Comma) => {}
                    Some(Word::Name { text, .. }) => {
                        let line = self.words.line();
                        self.words.expect(&Word::Equals)?;
                        attributes.push((line, text, self.words.name("a value")?));
                    }
                    Some(word) => return self.words.refuse(format!("{word} in a list of attributes")),
                    None => return self.words.refuse("the file ends in a list of attributes".to_owned()),
                }
            }
        }
        Ok(attributes)
    }
}
