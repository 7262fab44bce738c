//! The certificate of deadlock freedom, in words.

use serde::Serialize;
use serde_json::Value;

use super::files::RunFiles;
use super::metrics::count;
use crate::report::text::scaled;

/// Channels of a cycle that are named.
const CHANNELS: usize = 16;

/// What a page says of the routing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Certified {
    /// Whether it cannot deadlock.
    free: bool,
    /// Why it cannot, or what waits for what.
    why: String,
    /// What else is known, by name.
    rows: Vec<(&'static str, String)>,
}

impl Certified {
    /// Whether the routing cannot deadlock.
    pub(super) fn is_free(&self) -> bool {
        self.free
    }
}

/// What is known of the routing of a run; from the report alone where the certificate is missing.
pub(super) fn certified(run: &RunFiles) -> Option<Certified> {
    let known = run.figures.as_ref().and_then(|figures| figures.certificate.as_ref());
    match known {
        Some(certificate) => {
            let free = certificate["deadlock_free"].as_bool()?;
            Some(Certified { free, why: why(run, certificate), rows: rows(certificate) })
        }
        None => {
            let free = run.report.pointer("/faults/deadlock_free")?.as_bool()?;
            let why = if free { "certified before the run" } else { "refuted before the run" }.to_owned();
            Some(Certified { free, why, rows: Vec::new() })
        }
    }
}

fn why(run: &RunFiles, certificate: &Value) -> String {
    let cycle = certificate["cycle"].as_array();
    match (certificate["argument"].as_str(), cycle) {
        (Some("no-cycle"), _) => {
            "the graph of channel dependencies has no cycle (Dally & Seitz 1987)".to_owned()
        }
        (Some("escape-channels"), _) => {
            "packets can always turn to escape channels, whose extended dependency graph has no cycle \
             (Duato 1993)"
                .to_owned()
        }
        (Some("bufferless"), _) => "packets never wait: routers have no buffers".to_owned(),
        (_, Some(cycle)) => {
            let named: Vec<String> = cycle.iter().take(CHANNELS).map(|step| channel(run, step)).collect();
            let more = if cycle.len() > CHANNELS { ", …" } else { "" };
            format!("{} channels can wait for each other: {}{more}", cycle.len(), named.join(", then "))
        }
        _ => "no argument was found that it cannot".to_owned(),
    }
}

fn channel(run: &RunFiles, step: &Value) -> String {
    let name = |end: &Value| {
        let router = end.as_u64().unwrap_or(0) as u32;
        run.chip().map_or_else(|| format!("router {router}"), |chip| chip.name(router))
    };
    format!("{} → {}", name(&step["from"]), name(&step["to"]))
}

fn rows(certificate: &Value) -> Vec<(&'static str, String)> {
    let number = |pointer: &str| certificate.pointer(pointer).and_then(Value::as_f64);
    let whole = |pointer: &str| number(pointer).map(count).unwrap_or_else(|| "?".to_owned());
    let mut rows = Vec::new();
    let mut row = |name, value: Option<String>| rows.extend(value.map(|value| (name, value)));
    row("routing", certificate["routing"].as_str().map(str::to_owned));
    row("turn map", certificate["turn_map"].as_str().map(str::to_owned));
    row(
        "livelock-free",
        certificate["livelock_free"].as_bool().map(|it| if it { "yes" } else { "no" }.into()),
    );
    let sampled = if certificate["exhaustive"] == false { " (from a sample of destinations)" } else { "" };
    row(
        "pairs of working nodes",
        number("/pairs/healthy").map(|healthy| {
            let share = number("/delivered_share").unwrap_or(f64::NAN);
            let (delivered, percent) = (whole("/pairs/delivered"), scaled(100.0 * share));
            format!("{}; {delivered} of them served ({percent} %){sampled}", count(healthy))
        }),
    );
    row(
        "stretch",
        number("/stretch").map(|stretch| {
            let hops = number("/mean_hops")
                .map_or_else(String::new, |hops| format!("; {} hops on average", scaled(hops)));
            format!("{} × the shortest ways through what works{hops}", scaled(stretch))
        }),
    );
    row(
        "largest load γ",
        number("/gamma").map(|gamma| match gamma > 0.0 {
            true => format!("{}: at most {} flits/node/cycle", scaled(gamma), scaled(1.0 / gamma)),
            false => scaled(gamma),
        }),
    );
    row("load on bypass rings", number("/ring_share").map(|share| format!("{} %", scaled(100.0 * share))));
    row(
        "nodes",
        number("/nodes/active").map(|active| {
            let [faulty, r#unsafe, isolated] =
                ["/nodes/faulty", "/nodes/unsafe", "/nodes/isolated"].map(whole);
            format!("{} in service, {faulty} faulty, {unsafe} unsafe, {isolated} isolated", count(active))
        }),
    );
    rows
}
