//! Energy by component, as shares of the whole.

use serde::Serialize;
use serde_json::Value;

use super::files::RunFiles;
use super::palette::SET;
use crate::report::text::{engineering, scaled};

/// A component's share of the energy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::report) struct Share {
    /// Name, in words.
    pub name: String,
    /// What it took [J].
    pub joules: f64,
    /// The same, for people.
    pub written: String,
    /// Its part of the total [%].
    pub percent: f64,
    /// The same, for people.
    pub percent_written: String,
    /// Its colour: the same component has the same one in every run.
    pub colour: &'static str,
}

/// Known components, in the order of their colours.
const KNOWN: [&str; 12] = [
    "buffer_write",
    "buffer_read",
    "crossbar",
    "link",
    "switch_arbitration",
    "vc_arbitration",
    "chip_to_chip",
    "hop",
    "router_leakage",
    "link_leakage",
    "clock",
    "delivery",
];

fn colour(name: &str) -> &'static str {
    let known = KNOWN.iter().position(|known| *known == name);
    // Others have colours by their letters, so that they are the same in every run.
    SET[known.unwrap_or_else(|| name.bytes().map(usize::from).sum::<usize>() % SET.len())]
}

/// The components of a run that took anything, the largest first.
pub(in crate::report) fn component_shares(run: &RunFiles) -> Vec<Share> {
    let Some(Value::Object(components)) = run.report.pointer("/energy/by_component") else {
        return Vec::new();
    };
    let known = components.iter().filter_map(|(name, joules)| Some((name, joules.as_f64()?)));
    let known: Vec<(&String, f64)> = known.filter(|&(_, joules)| joules > 0.0).collect();
    let total: f64 = known.iter().map(|&(_, joules)| joules).sum();
    let share = |&(name, joules): &(&String, f64)| {
        let percent = 100.0 * joules / total;
        Share {
            name: name.replace('_', " "),
            joules,
            written: engineering(joules, "J"),
            percent,
            percent_written: format!("{} %", scaled(percent)),
            colour: colour(name),
        }
    };
    let mut shares: Vec<Share> = known.iter().map(share).collect();
    shares.sort_by(|a, b| b.joules.total_cmp(&a.joules));
    shares
}
