//! Network files of the older form: a line per group, neuron, edge and mapping.
//!
//! ```text
//!   g 10 threshold=1          a group of ten neurons
//!   n 0.3 bias=2 {spikes: [1, 0]}
//!   e 0.3->1.0 weight=2
//!   & 0.3@0.1                 tile 0, core 1
//! ```

use super::edges::{self, Edge};
use super::fields::Fields;
use super::snn::{Group, Mapping, Snn, Units};
use super::tree::{self, Tree};
use crate::base::{Problem, Problems};

/// Most problems that are told of one file.
const MOST: usize = 50;

/// Reads such a file. Groups are called by their numbers.
///
/// # Errors
/// Everything in it that is wrong or not supported, by line.
pub(super) fn read(text: &str) -> Result<Snn, Problems> {
    let mut problems = Problems::new();
    let mut snn = Snn { name: "network".into(), ..Snn::default() };
    let mut commons: Vec<Fields> = Vec::new();
    for (number, line) in (1u32..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        let Some((kind, rest)) = line.split_once(char::is_whitespace) else {
            problems
                .require(line.is_empty(), &format!("line {number}"), || format!("`{line}` is nothing known"));
            continue;
        };
        let path = format!("line {number}");
        let rest = rest.trim_start();
        let done = match kind {
            "g" => group(&path, rest, &mut snn, &mut commons, &mut problems),
            "n" => neuron(&path, rest, &mut snn, &commons, &mut problems),
            "e" => edge(&path, rest, &mut snn, &mut problems),
            "&" => mapping(&path, rest, &mut snn),
            _ => Err(format!("`{kind}` is nothing known")),
        };
        if let Err(message) = done {
            problems.push(Problem::new(path, message).allowed("lines that begin with g, n, e or &"));
        }
        if problems.0.len() > MOST {
            break;
        }
    }
    problems.into_result(snn)
}

/// Attributes: `key=value` words, and a `{…}` or `[…]` at the end.
fn attributes(path: &str, text: &str, problems: &mut Problems) -> Result<Fields, String> {
    // A bracket inside a word is part of it, as in `soma_hw_name=inputs[0]`.
    let opens = |&(at, _): &(usize, &str)| at == 0 || text[..at].ends_with(char::is_whitespace);
    let tail = text.match_indices(['{', '[']).find(opens).map_or(text.len(), |(at, _)| at);
    let (words, tail) = text.split_at(tail);
    let mut entries = Vec::new();
    for word in words.split_ascii_whitespace() {
        let (key, value) = word.split_once('=').ok_or_else(|| format!("`{word}` is no attribute"))?;
        entries.push((key.to_owned(), Tree::Scalar(value.to_owned(), true)));
    }
    if !tail.is_empty() {
        let tail = tree::read(tail).map_err(|problems| problems.to_string())?;
        entries.extend(Fields::new(path, Some(tail), problems).rest().iter().cloned());
    }
    Ok(Fields::new(path, Some(Tree::Map(entries)), problems))
}

fn group(
    path: &str,
    rest: &str,
    snn: &mut Snn,
    commons: &mut Vec<Fields>,
    problems: &mut Problems,
) -> Result<(), String> {
    let (count, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let count: usize = count
        .parse()
        .ok()
        .filter(|&count| count <= 1 << 28)
        .ok_or_else(|| format!("`{count}` is no number of neurons"))?;
    let common = attributes(path, words, problems)?;
    snn.groups.push(Group { name: snn.groups.len().to_string(), neurons: vec![common.clone(); count] });
    commons.push(common);
    Ok(())
}

fn address(text: &str, snn: &Snn) -> Result<(usize, u32), String> {
    let parsed =
        text.trim().split_once('.').and_then(|(group, neuron)| group.parse().ok().zip(neuron.parse().ok()));
    let (group, neuron): (usize, u32) = parsed.ok_or_else(|| format!("`{text}` is no neuron"))?;
    let exists = snn.groups.get(group).is_some_and(|it| (neuron as usize) < it.neurons.len());
    if exists { Ok((group, neuron)) } else { Err(format!("there is no neuron `{text}`")) }
}

fn neuron(
    path: &str,
    rest: &str,
    snn: &mut Snn,
    commons: &[Fields],
    problems: &mut Problems,
) -> Result<(), String> {
    let (name, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (group, neuron) = address(name, snn)?;
    let mut own = attributes(path, words, problems)?;
    own.default_to(&commons[group]);
    snn.groups[group].neurons[neuron as usize] = own;
    Ok(())
}

fn edge(path: &str, rest: &str, snn: &mut Snn, problems: &mut Problems) -> Result<(), String> {
    let (ends, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (from, to) = ends.split_once("->").ok_or_else(|| format!("`{ends}` is no edge"))?;
    let (from, to) = (address(from, snn)?, address(to, snn)?);
    // Nearly all edges say only this, and there may be millions of them.
    let (weight, tap) = match words
        .trim()
        .strip_prefix("weight=")
        .or_else(|| words.trim().strip_prefix("w="))
        .map(str::parse::<f64>)
    {
        Some(Ok(weight)) if weight.is_finite() => (weight, 0),
        _ => {
            let mut fields = attributes(path, words, problems)?;
            let weight = fields.needed(if fields.has("w") { "w" } else { "weight" }, problems);
            let tap = edges::tap(&mut fields, problems);
            fields.finish(problems);
            (weight, tap)
        }
    };
    snn.edges.push(Edge::Single { from, to, weight, tap });
    Ok(())
}

fn mapping(path: &str, rest: &str, snn: &mut Snn) -> Result<(), String> {
    let (name, place) = rest.trim().split_once('@').ok_or_else(|| format!("`{rest}` is no mapping"))?;
    let (group, neuron) = address(name, snn)?;
    let place = place.split_once('.').and_then(|(tile, core)| tile.parse().ok().zip(core.parse().ok()));
    let (tile, core) = place.ok_or_else(|| format!("`{rest}` names no core"))?;
    let neurons = neuron..neuron + 1;
    snn.mappings.push(Mapping { path: path.to_owned(), group, neurons, tile, core, units: Units::default() });
    Ok(())
}
