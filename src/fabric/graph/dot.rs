//! Graphviz DOT (<https://graphviz.org/doc/info/lang.html>): vertices, edges and their attributes.
//!
//! Subgraphs group statements and scope defaults. An edge to a whole subgraph is one to each of its vertices.

use std::collections::{BTreeSet, HashMap};

use super::dot_words::{Word, Words};
use super::listing::{EdgeLine, Findings, Listing, Vertex};
use crate::base::{Problem, Spot};
use crate::fabric::LinkChange;
use crate::fabric::topology::{MAX_LINKS, MAX_ROUTERS};

/// A block that is open.
#[derive(Default)]
struct Scope {
    /// Defaults.
    edge: LinkChange,
    node: Vertex,
    /// Name and vertices of the subgraph.
    name: Option<String>,
    members: BTreeSet<u32>,
    /// Subgraphs in it that have names, and their vertices.
    named: HashMap<String, BTreeSet<u32>>,
    /// The statement around the block that the block is an end of.
    chain: Chain,
}

/// Ends of edges, joined one after the other; each is one or several vertices.
#[derive(Default)]
struct Chain {
    /// Where it begins.
    spot: Spot,
    ends: Vec<Vec<u32>>,
}

/// Why reading ended: a problem at a place.
type Refusal = (Spot, String);

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
    if let Err((spot, message)) = parser.run() {
        parser.findings.stop(spot, Problem::new("file", message));
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
        let word = self.words.take()?;
        let chain = Chain { spot: self.words.spot(), ends: Vec::new() };
        match word {
            None => self.words.refuse("the file ends inside the graph".to_owned()),
            Some(Word::Semicolon) => Ok(()),
            Some(Word::Close) => self.close(),
            Some(Word::Name { text, quoted: false }) if is_keyword(&text) => self.keyword(&text, chain),
            Some(Word::Name { .. }) if self.words.peek()? == Some(&Word::Equals) => self.value(),
            Some(word @ (Word::Open | Word::Name { .. })) => self.end(word, chain),
            Some(word) => self.words.refuse(format!("{word} where a statement is expected")),
        }
    }

    /// A statement that begins with a keyword: a subgraph, or defaults.
    fn keyword(&mut self, keyword: &str, chain: Chain) -> Result<(), Refusal> {
        if keyword.eq_ignore_ascii_case("subgraph") { self.subgraph(chain) } else { self.defaults(keyword) }
    }

    /// The next end of `chain`, of which `word` has been read, and what follows it.
    fn end(&mut self, word: Word, mut chain: Chain) -> Result<(), Refusal> {
        match word {
            Word::Open => self.open(None, chain),
            Word::Name { text, quoted: false } if text.eq_ignore_ascii_case("subgraph") => {
                self.subgraph(chain)
            }
            Word::Name { text, .. } => {
                let mut end = vec![self.vertex(text)?];
                while self.words.peek()? == Some(&Word::Comma) {
                    self.words.take()?;
                    let name = self.words.name("a vertex")?;
                    end.push(self.vertex(name)?);
                }
                chain.ends.push(end);
                self.go_on(chain)
            }
            _ => self.words.refuse("an edge without an end".to_owned()),
        }
    }

    /// `subgraph`, which has been read, its name and its brace.
    fn subgraph(&mut self, chain: Chain) -> Result<(), Refusal> {
        let mut name = None;
        if matches!(self.words.peek()?, Some(Word::Name { .. })) {
            name = Some(self.words.name("a name")?);
        }
        match self.words.take()? {
            Some(Word::Open) => self.open(name, chain),
            _ => self.words.refuse("a subgraph needs a block in braces".to_owned()),
        }
    }

    /// Opens a block that is the next end of `chain`. A name that has been given before goes on where it ended.
    fn open(&mut self, name: Option<String>, chain: Chain) -> Result<(), Refusal> {
        let mut scope = Scope { name, chain, ..Scope::default() };
        if let Some(outer) = self.scopes.last() {
            (scope.edge, scope.node) = (outer.edge.clone(), outer.node);
            let before = scope.name.as_ref().and_then(|name| outer.named.get(name));
            scope.members = before.cloned().unwrap_or_default();
        }
        self.scopes.push(scope);
        Ok(())
    }

    /// Closes a block, and goes on with the statement that it is an end of.
    fn close(&mut self) -> Result<(), Refusal> {
        let is_end = matches!(self.words.peek()?, Some(Word::Edge { .. }));
        let Some(Scope { name, mut members, mut chain, .. }) = self.scopes.pop() else { return Ok(()) };
        let Some(outer) = self.scopes.last_mut() else { return Ok(()) };
        let is_end = is_end || !chain.ends.is_empty();
        if is_end {
            chain.ends.push(members.iter().copied().collect());
        }
        if let Some(name) = name {
            outer.named.insert(name, members.clone());
        }
        // The fewer go to the more, or deep nests would take long.
        if members.len() > outer.members.len() {
            std::mem::swap(&mut members, &mut outer.members);
        }
        outer.members.append(&mut members);
        if is_end { self.go_on(chain) } else { Ok(()) }
    }

    /// What follows an end: another one, or attributes of the vertex or the edges.
    fn go_on(&mut self, chain: Chain) -> Result<(), Refusal> {
        if let Some(&Word::Edge { directed }) = self.words.peek()? {
            self.words.take()?;
            if directed != self.directed {
                let (right, kind) = if self.directed { ("->", "digraph") } else { ("--", "graph") };
                return self.words.refuse(format!("edges of a {kind} are written `{right}`"));
            }
            return match self.words.take()? {
                Some(word) => self.end(word, chain),
                None => self.words.refuse("an edge without an end".to_owned()),
            };
        }
        let attributes = self.attributes()?;
        if let [only] = &chain.ends[..] {
            for &vertex in only {
                let vertex = &mut self.listing.vertices[vertex as usize];
                for (spot, name, value) in &attributes {
                    self.findings.vertex_attribute(*spot, vertex, (name, value));
                }
            }
            return Ok(());
        }
        self.edges(&chain, &attributes)
    }

    fn edges(&mut self, chain: &Chain, attributes: &[(Spot, String, String)]) -> Result<(), Refusal> {
        let mut change = self.scopes.last().map(|scope| scope.edge.clone()).unwrap_or_default();
        for (spot, name, value) in attributes {
            self.findings.edge_attribute(*spot, &mut change, (name, value), false);
        }
        for pair in chain.ends.windows(2) {
            let edges = pair[0].len() as u64 * pair[1].len() as u64;
            if self.listing.edges.len() as u64 + edges > MAX_LINKS {
                return self.words.refuse(format!("more than {MAX_LINKS} edges"));
            }
            for &from in &pair[0] {
                let edge = |&to| EdgeLine {
                    from,
                    to,
                    directed: self.directed,
                    spot: chain.spot,
                    change: change.clone(),
                };
                self.listing.edges.extend(pair[1].iter().map(edge));
            }
        }
        Ok(())
    }

    /// `=`, which is next, and a value that is of no concern.
    fn value(&mut self) -> Result<(), Refusal> {
        self.words.expect(&Word::Equals)?;
        self.words.name("a value").map(drop)
    }

    /// `graph`, `node` or `edge`, which has been read, and its attributes.
    fn defaults(&mut self, keyword: &str) -> Result<(), Refusal> {
        if self.words.peek()? == Some(&Word::Equals) {
            return self.value();
        }
        let attributes = self.attributes()?;
        // A statement is only read while a scope is open.
        let Some(scope) = self.scopes.last_mut() else { return Ok(()) };
        for (spot, name, value) in &attributes {
            match keyword.to_ascii_lowercase().as_str() {
                "edge" => self.findings.edge_attribute(*spot, &mut scope.edge, (name, value), false),
                "node" => self.findings.vertex_attribute(*spot, &mut scope.node, (name, value)),
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
        if let Some(scope) = self.scopes.last_mut() {
            scope.members.insert(number);
        }
        Ok(number)
    }

    /// Any number of attribute lists, as (place, name, value).
    fn attributes(&mut self) -> Result<Vec<(Spot, String, String)>, Refusal> {
        let mut attributes = Vec::new();
        while self.words.peek()? == Some(&Word::OpenList) {
            self.words.take()?;
            loop {
                match self.words.take()? {
                    Some(Word::CloseList) => break,
                    Some(Word::Semicolon | Word::Comma) => {}
                    Some(Word::Name { text, .. }) => {
                        let spot = self.words.spot();
                        self.words.expect(&Word::Equals)?;
                        attributes.push((spot, text, self.words.name("a value")?));
                    }
                    Some(word) => return self.words.refuse(format!("{word} in a list of attributes")),
                    None => return self.words.refuse("the file ends in a list of attributes".to_owned()),
                }
            }
        }
        Ok(attributes)
    }
}

fn is_keyword(name: &str) -> bool {
    ["subgraph", "graph", "node", "edge"].iter().any(|keyword| name.eq_ignore_ascii_case(keyword))
}
