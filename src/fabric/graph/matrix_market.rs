//! Matrix Market coordinate files (Boisvert, Pozo & Remington, "The Matrix Market Exchange Formats",
//! NISTIR 5935, 1996): the nonzero pattern off the diagonal is the graph.

use tracing::warn;

use super::EntryMeaning;
use super::listing::{EdgeLine, Findings, Listing, Vertex};
use crate::base::{Problem, Spot};
use crate::fabric::LinkChange;
use crate::fabric::topology::{MAX_LINKS, MAX_ROUTERS};

/// What the header says.
struct Header {
    has_values: bool,
    symmetric: bool,
}

pub(super) fn read(text: &str, values: Option<EntryMeaning>, findings: &mut Findings<'_>) -> Listing {
    let mut lines = (1u64..).zip(text.trim_start_matches('\u{feff}').lines());
    let Some(header) = lines.next().and_then(|(_, line)| read_header(line, findings)) else {
        findings.at(Spot::START, "the file is empty or its header is unreadable");
        return Listing::default();
    };
    let mut lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('%'));
    let Some((line, text)) = lines.next() else {
        findings.at(Spot::START, "the line with rows, columns and entries is missing");
        return Listing::default();
    };
    let Some((size, entries)) = read_size(line, text, findings) else { return Listing::default() };
    let mut edges = Vec::new();
    let (mut last, mut found) = (Spot::START, 0u64);
    for (line, text) in lines {
        (last, found) = (Spot::of(text.trim_start(), text, line), found + 1);
        edges.extend(read_entry(line, text, size, &header, values, findings));
        if found > entries {
            findings.stop(last, Problem::new("file", format!("more than the {entries} entries announced")));
        }
        if findings.are_enough() {
            return Listing::default();
        }
    }
    if found < entries {
        let message = format!("the file ends after {found} of {entries} entries");
        findings.at(last, message);
    }
    let all = edges.len();
    edges.retain(|edge| edge.from != edge.to);
    if edges.len() < all {
        warn!("{}: {} entries on the diagonal are passed over", findings.file(), all - edges.len());
    }
    Listing { vertices: vec![Vertex::default(); size as usize], edges }
}

fn read_header(line: &str, findings: &mut Findings<'_>) -> Option<Header> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let &[banner, object, format, field, symmetry] = words.as_slice() else { return None };
    if !banner.eq_ignore_ascii_case("%%MatrixMarket") {
        return None;
    }
    let mut expect = |at: &str, allowed: &[&str]| {
        let found = at.to_ascii_lowercase();
        if !allowed.contains(&found.as_str()) {
            let problem = Problem::new("file", format!("`{found}` does not describe a graph"));
            findings.push(Spot::of(at, line, 1), problem.allowed(allowed.join(", ")));
        }
    };
    expect(object, &["matrix"]);
    expect(format, &["coordinate"]);
    expect(field, &["pattern", "integer", "real"]);
    expect(symmetry, &["general", "symmetric"]);
    let is = |word: &str, name: &str| word.eq_ignore_ascii_case(name);
    Some(Header { has_values: !is(field, "pattern"), symmetric: is(symmetry, "symmetric") })
}

/// Routers and entries.
fn read_size(line: u64, text: &str, findings: &mut Findings<'_>) -> Option<(u32, u64)> {
    let spot = Spot::of(text.trim_start(), text, line);
    let numbers: Option<Vec<u64>> = text.split_whitespace().map(|word| word.parse().ok()).collect();
    let &[rows, columns, entries] = numbers.unwrap_or_default().as_slice() else {
        findings.at(spot, format!("`{}` is not rows, columns and entries", text.trim()));
        return None;
    };
    if rows != columns {
        findings.at(spot, format!("a matrix of {rows} × {columns} is not the matrix of a graph"));
    }
    if rows == 0 || rows > MAX_ROUTERS || entries > MAX_LINKS {
        let problem = Problem::new("file", format!("{rows} routers and {entries} links"));
        findings
            .stop(spot, problem.allowed(format!("1 to {MAX_ROUTERS} routers, at most {MAX_LINKS} links")));
    }
    Some((rows.min(MAX_ROUTERS) as u32, entries))
}

fn read_entry(
    line: u64,
    text: &str,
    size: u32,
    header: &Header,
    values: Option<EntryMeaning>,
    findings: &mut Findings<'_>,
) -> Option<EdgeLine> {
    let spot = |word: &str| Spot::of(word, text, line);
    let words: Vec<&str> = text.split_whitespace().collect();
    let expected = if header.has_values { 3 } else { 2 };
    if words.len() != expected {
        findings
            .at(spot(text.trim_start()), format!("{} numbers where an entry has {expected}", words.len()));
        return None;
    }
    let mut change = LinkChange::default();
    if let Some(value) = words.get(2) {
        findings.edge_value(spot(value), &mut change, values, value);
    }
    let mut index = |word: &str| match word.parse::<u32>() {
        Ok(index) if (1..=size).contains(&index) => Some(index - 1),
        _ => {
            findings.at(spot(word), format!("`{word}` is not an index from 1 to {size}"));
            None
        }
    };
    let (from, to) = (index(words[0]), index(words[1]));
    Some(EdgeLine { from: from?, to: to?, directed: !header.symmetric, spot: spot(words[0]), change })
}
