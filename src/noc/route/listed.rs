//! `table`: next hops as the user lists them.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::channels::{Channels, NONE};
use super::ground::Ground;
use super::plan::{Misfit, Plan};
use super::routes::{Scribe, View, addressed};
use super::{RouterId, Routing};
use crate::base::rows::{NoRow, Rows};
use crate::base::{Problem, Problems};

/// One line of a routing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hop {
    /// Router that the packet is at.
    pub at: u32,
    /// Neighbour that it came from; absent: from anywhere that no other line names.
    #[serde(default)]
    pub from: Option<u32>,
    /// Router of its destination.
    pub to: u32,
    /// Neighbour that it goes to.
    pub next: u32,
}

/// Parameters of `table`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TableParams {
    /// The table. Pairs without a complete way through it are refused at the source.
    pub hops: Vec<Hop>,
    /// CSV file with the columns `at,from,to,next` (`from` may be empty) whose lines are appended.
    pub file: Option<PathBuf>,
    /// Where the last of `hops` were read.
    #[serde(skip)]
    pub read: HopLines,
}

/// The file that hops were read from, and the line of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HopLines {
    file: String,
    /// Hops that are written elsewhere come before them.
    before: usize,
    lines: Vec<u64>,
}

impl HopLines {
    /// A problem with a field of hop `n`.
    fn problem(&self, n: usize, field: &str, message: String) -> Problem {
        match n.checked_sub(self.before).and_then(|at| self.lines.get(at)) {
            Some(line) => Problem::new("file", format!("{}:{line}: {field}: {message}", self.file)),
            None => Problem::new(format!("hops[{n}].{field}"), message),
        }
    }
}

impl TableParams {
    /// Appends the lines of the table's file, if it names one, as `files` gives it.
    ///
    /// # Errors
    /// A file that cannot be read, and every line that cannot be.
    pub fn load(&mut self, files: &dyn Fn(&Path) -> io::Result<Vec<u8>>) -> Result<(), Problems> {
        let Some(file) = self.file.take() else { return Ok(()) };
        match files(&file) {
            Ok(table) => self.append_csv(&file.to_string_lossy(), table.as_slice()),
            Err(error) => Err(Problems::one("file", format!("`{}` cannot be read: {error}", file.display()))),
        }
    }

    /// Appends the lines of a CSV table, the content of the file called `name`.
    ///
    /// # Errors
    /// Every line that cannot be read, by file and line.
    pub fn append_csv(&mut self, name: &str, table: impl Read) -> Result<(), Problems> {
        self.read = HopLines { file: name.to_owned(), before: self.hops.len(), lines: Vec::new() };
        let mut problems = Problems::new();
        let mut rows = Rows::new(csv::ReaderBuilder::new().trim(csv::Trim::All), table);
        let (mut header, mut row) = (csv::ByteRecord::new(), csv::ByteRecord::new());
        let mut read = rows.next(&mut header).map(|_| Some(()));
        while !matches!(read, Ok(None)) {
            let problem = match read {
                Err(NoRow::Broken(error)) => return Err(Problems::one("file", error.to_string())),
                Err(NoRow::Wrong(line, message)) => {
                    Some(Problem::new("file", format!("{name}:{line}: {message}")))
                }
                Ok(_) => None,
            };
            problems.0.extend(problem.map(|problem| problem.allowed("at,from,to,next")));
            read = rows.read(&header, &mut row).map(|hop| {
                let (line, hop) = hop?;
                self.read.lines.push(line);
                self.hops.push(hop);
                Some(())
            });
        }
        problems.into_result(())
    }
}

/// The listed hops as channels, by destination.
struct Listing {
    /// (channel by which the packet came, or the router it is injected at) to the next channel.
    after: Vec<HashMap<u32, u32>>,
    at: Vec<HashMap<u32, u32>>,
}

impl Listing {
    fn resolve(TableParams { hops, read, .. }: &TableParams, channels: &Channels) -> Result<Self, Problems> {
        let routers = channels.routers();
        let mut problems = Problems::new();
        let mut listing = Self { after: vec![HashMap::new(); routers], at: vec![HashMap::new(); routers] };
        for (n, hop) in hops.iter().enumerate() {
            let named =
                [(Some(hop.at), "at"), (hop.from, "from"), (Some(hop.to), "to"), (Some(hop.next), "next")];
            let absent = |&(router, _): &(Option<u32>, _)| router.is_some_and(|it| it as usize >= routers);
            let unknown: Vec<_> = named.into_iter().filter(absent).collect();
            for &(router, field) in &unknown {
                let message = format!("there is no router {}", router.unwrap_or_default());
                problems.push(read.problem(n, field, message).allowed(format!("0 to {}", routers - 1)));
            }
            if !unknown.is_empty() {
                continue;
            }
            let link = |a: u32, b: u32| channels.leaving(a).find(|&k| channels.head[k as usize] == b);
            let dst = hop.to as usize;
            match (link(hop.at, hop.next), hop.from.map(|from| link(from, hop.at))) {
                (Some(next), None) => drop(listing.at[dst].insert(hop.at, next)),
                (Some(next), Some(Some(came))) => drop(listing.after[dst].insert(came, next)),
                // A link that is broken or absent leads nowhere: what needs it is refused at the source.
                _ => {}
            }
        }
        problems.into_result(listing)
    }

    fn next(&self, dst: RouterId, came: u32, at: u32) -> u32 {
        let own = self.after[dst.index()].get(&came);
        own.or_else(|| self.at[dst.index()].get(&at)).copied().unwrap_or(NONE)
    }
}

impl Plan for TableParams {
    fn fits(&self, _ground: &Ground) -> Result<(), Misfit> {
        Ok(())
    }

    fn compile(&self, ground: &Ground) -> Result<Routing, Problems> {
        if let Some(file) = &self.file {
            return Err(Problems::one("file", format!("{} was not loaded", file.display())));
        }
        let channels = Channels::new(ground, |_| true, false);
        let listing = Listing::resolve(self, &channels)?;
        let mut scribe = Scribe::new(ground, &channels, 1)?;
        for dst in addressed(ground) {
            let step = |channel: u32| {
                let head = channels.head[channel as usize];
                if head == dst.0 { NONE } else { listing.next(dst, channel, head) }
            };
            let next: Vec<u32> = (0..channels.len() as u32).map(step).collect();
            let arrives = arrivals(&channels, dst.0, &next);
            let start = |router: u32| {
                let first = if router == dst.0 { NONE } else { listing.next(dst, NONE, router) };
                if first != NONE && arrives[first as usize] { first } else { NONE }
            };
            let first: Vec<u32> = (0..channels.routers() as u32).map(start).collect();
            scribe.note(dst, &[View { next: &next, first: &first }]);
        }
        Ok(scribe.finish(ground, None).into())
    }
}

/// By channel: whether following `next` leads to `dst` without running in circles.
fn arrivals(channels: &Channels, dst: u32, next: &[u32]) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Fate {
        Unknown,
        Pending,
        Arrives,
        Lost,
    }
    let mut fate = vec![Fate::Unknown; next.len()];
    let mut trail = Vec::new();
    for start in 0..next.len() {
        let mut channel = start as u32;
        let end = loop {
            if channel == NONE {
                break Fate::Lost;
            }
            if channels.head[channel as usize] == dst {
                fate[channel as usize] = Fate::Arrives;
                break Fate::Arrives;
            }
            match fate[channel as usize] {
                Fate::Unknown => {
                    fate[channel as usize] = Fate::Pending;
                    trail.push(channel);
                    channel = next[channel as usize];
                }
                Fate::Pending => break Fate::Lost,
                known => break known,
            }
        };
        trail.drain(..).for_each(|passed| fate[passed as usize] = end);
    }
    fate.iter().map(|&fate| fate == Fate::Arrives).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_are_read_from_csv_and_every_bad_line_is_named() {
        let mut table = TableParams::default();
        let text = "at,from,to,next\r\n0,,1,1\r\n\r\n0,x,1,1\r\n1,0,2\r\n1,0,2,2";
        let problems = table.append_csv("t", text.as_bytes()).expect_err("two lines are wrong").0;
        let places: Vec<_> = problems.iter().map(|it| it.message.split_once(": ").map(|it| it.0)).collect();
        assert_eq!(places, [Some("t:4"), Some("t:5")]);
        let [first, last] = [(0, None, 1, 1), (1, Some(0), 2, 2)];
        let hop = |(at, from, to, next)| Hop { at, from, to, next };
        assert_eq!(table.hops, [hop(first), hop(last)]);
    }
}
