//! Edge lists: one edge per line, as in `0 1 latency=2 length=1.5mm`.

use super::EntryMeaning;
use super::listing::{EdgeLine, Findings, Listing, Vertex};
use crate::base::{Problem, Spot};
use crate::fabric::LinkChange;
use crate::fabric::topology::{MAX_LINKS, MAX_ROUTERS};

/// An edge with its vertices as numbered in the file.
type Numbered = (u64, u64, Spot, LinkChange);

pub(super) fn read(text: &str, values: Option<EntryMeaning>, findings: &mut Findings<'_>) -> Listing {
    let mut edges: Vec<Numbered> = Vec::new();
    for (line, content) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        edges.extend(read_line(line, content, values, findings));
        if edges.len() as u64 > MAX_LINKS {
            let problem = Problem::new("file", "too many edges");
            findings.stop(Spot { line, column: 1 }, problem.allowed(format!("at most {MAX_LINKS} links")));
        }
        if findings.are_enough() {
            return Listing::default();
        }
    }
    let mut numbers: Vec<u64> = edges.iter().flat_map(|&(from, to, ..)| [from, to]).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.len() as u64 > MAX_ROUTERS {
        let problem = Problem::new("file", format!("{} routers", numbers.len()));
        findings.stop(Spot::START, problem.allowed(format!("at most {MAX_ROUTERS}")));
        return Listing::default();
    }
    if numbers.is_empty() {
        findings.at(Spot::START, "the file has no edge");
    }
    // Every number is in the list that was made of them.
    let rank = |number: u64| numbers.partition_point(|&other| other < number) as u32;
    let edge = |(from, to, spot, change): Numbered| {
        let (from, to) = (rank(from), rank(to));
        EdgeLine { from, to, directed: false, spot, change }
    };
    let edges = edges.into_iter().map(edge).collect();
    Listing { vertices: vec![Vertex::default(); numbers.len()], edges }
}

fn read_line(
    line: u64,
    content: &str,
    values: Option<EntryMeaning>,
    findings: &mut Findings<'_>,
) -> Option<Numbered> {
    let spot = |word: &str| Spot::of(word, content, line);
    let end = [content.find(['#', '%']), content.find("//")].into_iter().flatten().min();
    let said = &content[..end.unwrap_or(content.len())];
    let mut words = said.split([' ', '\t', ',', ';', '\r']).filter(|word| !word.is_empty());
    let first = words.next()?;
    let Some(second) = words.next() else {
        findings.at(spot(first), format!("`{first}` stands alone; an edge needs two routers"));
        return None;
    };
    let mut change = LinkChange::default();
    let mut has_value = false;
    for word in words {
        match word.split_once('=') {
            Some(attribute) => findings.edge_attribute(spot(word), &mut change, attribute, true),
            None if !has_value => {
                has_value = true;
                findings.edge_value(spot(word), &mut change, values, word);
            }
            None => findings.at(spot(word), format!("`{word}` has no name; write it as name=value")),
        }
    }
    let mut number = |word: &str| match word.parse::<u64>() {
        Ok(number) => Some(number),
        Err(_) => {
            findings.at(spot(word), format!("`{word}` is not a router number"));
            None
        }
    };
    let (from, to) = (number(first), number(second));
    Some((from?, to?, spot(first), change))
}
