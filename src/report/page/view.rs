//! What the template is filled with.

use serde::Serialize;
use serde_json::Value;

use super::bars::{Share, component_shares};
use super::certificate::{Certified, certified};
use super::chip::{Peaks, Style, chip_svg};
use super::compare::Comparison;
use super::files::RunFiles;
use super::findings::{Table, busiest_cores, busiest_links, results};
use super::island::island;
use super::metrics::METRICS;
use super::palette::{STEPS, Theme, variables};
use super::treemap::treemap_svg;
use crate::report::figures::Counted;
use crate::report::text::grouped;

/// The whole page.
#[derive(Serialize)]
pub(super) struct View {
    title: String,
    program: String,
    css: String,
    uplot_css: &'static str,
    uplot_js: &'static str,
    script: &'static str,
    light: String,
    dark: String,
    steps: usize,
    island: String,
    runs: Vec<RunView>,
    comparison: Option<Comparison>,
    has: Sections,
}

/// Sections that a page has something for.
#[derive(Serialize)]
struct Sections {
    chip: bool,
    film: bool,
    router_energy: bool,
    latency: bool,
    activity: bool,
    /// Packets of spikes are counted instead of flits.
    packets: bool,
    /// It is known what cores on tiles did.
    cores: bool,
    saturation: bool,
    search: bool,
    steps: bool,
    spikes: bool,
    energy: bool,
    certificate: bool,
}

/// One run.
#[derive(Serialize)]
struct RunView {
    /// A, B, … where there are several.
    letter: String,
    label: String,
    title: String,
    facts: String,
    badges: Vec<Badge>,
    cards: Vec<Card>,
    chip: Option<String>,
    ratio_note: Option<String>,
    links: Option<Table>,
    cores: Option<Table>,
    results: Option<Table>,
    stalled: Option<String>,
    /// Whether it is known what steps waited for.
    critical: bool,
    slowest: Vec<Vec<String>>,
    energy: Vec<Share>,
    treemap: Option<String>,
    certificate: Option<Certified>,
    faults: Vec<(&'static str, String)>,
    documents: Vec<(&'static str, String)>,
}

/// What a run is at a glance.
#[derive(Serialize)]
struct Badge {
    class: &'static str,
    text: String,
}

/// A headline figure.
#[derive(Serialize)]
struct Card {
    name: &'static str,
    value: String,
    unit: String,
    note: String,
}

impl View {
    pub(super) fn new(runs: &[RunFiles]) -> Self {
        let peaks = peaks(runs);
        let comparison = Comparison::new(runs);
        let title = match &comparison {
            Some(_) => format!("{} runs side by side", runs.len()),
            None => runs[0].title(),
        };
        let views: Vec<RunView> =
            runs.iter().enumerate().map(|(place, run)| RunView::new(run, place, runs.len(), peaks)).collect();
        let program = &runs[0].report["program"];
        let said = |name: &str| program[name].as_str().unwrap_or("?").to_owned();
        Self {
            title,
            program: format!("{} {}", said("name"), said("version")),
            css: include_str!("page.css").to_owned(),
            uplot_css: include_str!("assets/uplot-1.6.32/uPlot.min.css"),
            uplot_js: include_str!("assets/uplot-1.6.32/uPlot.iife.min.js"),
            script: include_str!("page.js"),
            light: variables(Theme::Light),
            dark: variables(Theme::Dark),
            steps: STEPS,
            island: island(runs, peaks),
            has: Sections::of(runs, &views),
            runs: views,
            comparison,
        }
    }
}

/// One scale for all runs, so that colours can be compared.
pub(in crate::report) fn peaks(runs: &[RunFiles]) -> Peaks {
    let all = runs.iter().filter_map(|run| Some(run.chip()?.peaks(run.span()?)));
    all.fold(Peaks { router: 0.0, link: 0.0 }, |a, b| Peaks {
        router: a.router.max(b.router),
        link: a.link.max(b.link),
    })
}

impl Sections {
    fn of(runs: &[RunFiles], views: &[RunView]) -> Self {
        let figures = || runs.iter().filter_map(|run| run.figures.as_ref());
        Self {
            chip: views.iter().any(|view| view.chip.is_some()),
            film: runs.len() == 1 && figures().any(|f| f.timeline.is_some()),
            router_energy: runs.iter().any(|run| run.chip().is_some_and(|c| c.routers.energy.is_some())),
            latency: figures().any(|f| f.packet_latency.is_some() || f.network_latency.is_some()),
            activity: figures().any(|f| f.timeline.is_some() && f.counts == Counted::Flits),
            packets: !runs.is_empty() && runs.iter().all(RunFiles::counts_packets),
            cores: figures().any(|f| f.chip.as_ref().is_some_and(|chip| chip.routers.spikes.is_some())),
            saturation: runs.iter().any(|run| run.report.pointer("/result/saturation/points").is_some()),
            search: runs.iter().any(|run| run.report.pointer("/result/best_so_far/0").is_some()),
            steps: runs.iter().any(|run| run.steps.is_some()),
            spikes: runs.iter().any(|run| run.spikes.is_some()),
            energy: views.iter().any(|view| !view.energy.is_empty()),
            certificate: views.iter().any(|view| view.certificate.is_some()),
        }
    }
}

impl RunView {
    fn new(run: &RunFiles, place: usize, of: usize, peaks: Peaks) -> Self {
        let letter = if of > 1 { char::from(b'A' + place as u8).to_string() } else { String::new() };
        let title = run.title();
        let drawn = run.chip().zip(run.span());
        let chip = drawn.map(|(chip, span)| chip_svg(chip, span, peaks, Style::Page, &title));
        Self {
            letter,
            label: run.label.clone(),
            facts: facts(run),
            badges: badges(run),
            cards: cards(run),
            ratio_note: scale_note(run),
            chip,
            title,
            links: busiest_links(run),
            cores: busiest_cores(run),
            results: results(run),
            stalled: stalled(run),
            slowest: slowest(run),
            critical: run.steps.as_ref().is_some_and(|steps| !steps.critical.is_empty()),
            energy: component_shares(run),
            treemap: treemap_svg(run, Style::Page),
            certificate: certified(run),
            faults: faults(run),
            documents: documents(run),
        }
    }
}

fn facts(run: &RunFiles) -> String {
    let seed = run.report["seed"].as_u64().map_or_else(String::new, |seed| format!("seed {seed}"));
    let lasted = |name: &str| {
        let number = run.number(&format!("/time/{name}"))?;
        Some(format!("{} {name}", grouped(number as u64)))
    };
    let cycles = lasted("cycles").or_else(|| lasted("steps"));
    let parts = run.chip().map(|chip| {
        let nodes: u32 = chip.routers.nodes.iter().sum();
        let (routers, links) = (chip.routers.x.len(), chip.links.from.len());
        format!("{routers} routers, {nodes} nodes, {links} directed links")
    });
    [Some(seed), cycles, parts]
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

fn badges(run: &RunFiles) -> Vec<Badge> {
    let mut badges = Vec::new();
    let mut badge = |class, text: &str| badges.push(Badge { class, text: text.to_owned() });
    match (run.report["stalled"].is_object(), run.report["complete"].as_bool()) {
        (true, _) => badge("bad", "deadlocked"),
        (false, Some(false)) => badge("bad", "interrupted: partial results"),
        (false, _) => badge("good", "complete"),
    }
    if run.report["throughput"]["saturated"] == true {
        badge("warn", "saturated");
    }
    match certified(run).map(|known| known.is_free()) {
        Some(true) => badge("good", "deadlock-free, certified"),
        Some(false) => badge("bad", "can deadlock"),
        None => {}
    }
    if is_broken(run) {
        badge("warn", "faults");
    }
    badges
}

/// Whether anything is broken, or breaks during the run.
fn is_broken(run: &RunFiles) -> bool {
    let count = |name: &str| run.report["faults"][name].as_u64().unwrap_or(0);
    ["nodes", "links", "stuck_vcs", "events"].into_iter().map(count).sum::<u64>() > 0
}

fn cards(run: &RunFiles) -> Vec<Card> {
    // That all pairs are served goes without saying where everything works.
    let tells = |name: &str| name != "Pairs served" || is_broken(run);
    let headline = METRICS.iter().filter(|metric| metric.headline && tells(metric.name));
    let card = |metric: &super::metrics::Metric| {
        let (value, unit) = metric.written(run)?;
        let note = metric.as_time(run).unwrap_or_else(|| match metric.name {
            "Accepted" => run
                .number("/throughput/offered")
                .map_or_else(String::new, |offered| format!("of {offered:.4} offered")),
            "Packets delivered" => run.number("/traffic/packets/injected").map_or_else(String::new, |all| {
                // Routers may have copied them.
                let are_copies =
                    run.number("/traffic/packets/delivered").is_some_and(|delivered| delivered > all);
                format!("{}of {} created", if are_copies { "copies " } else { "" }, grouped(all as u64))
            }),
            "Mean power" => "over the simulated time".to_owned(),
            "Simulated time" => run
                .number("/time/cycles")
                .map_or_else(String::new, |all| format!("{} cycles", grouped(all as u64))),
            _ => String::new(),
        });
        Some(Card { name: metric.name, value, unit, note })
    };
    headline.filter_map(card).collect()
}

/// What a tile pitch stands for, if neighbours are all as far apart.
fn scale_note(run: &RunFiles) -> Option<String> {
    let chip = run.chip()?;
    let links = &chip.links;
    let pitch = |link: usize| {
        let [a, b] = [links.from[link], links.to[link]].map(|end| end as usize);
        let (x, y) = (&chip.routers.x, &chip.routers.y);
        (x[a] - x[b]).hypot(y[a] - y[b])
    };
    let on_chip = (0..links.from.len()).filter(|&link| links.state.as_bytes()[link] != b'c');
    let mut lengths =
        on_chip.filter(|&link| (pitch(link) - 1.0).abs() < 1e-3).map(|link| links.length_mm[link]);
    let first = lengths.next()?;
    let is_even = lengths.all(|length| (length - first).abs() < 1e-4);
    (is_even && first > 0.0).then(|| format!("drawn to scale: one tile pitch is {first} mm of wire"))
}

fn stalled(run: &RunFiles) -> Option<String> {
    let stalled = run.report["stalled"].as_object()?;
    let packets = stalled.get("packets")?.as_u64()?;
    let name = |end: &Value| {
        let router = end.as_u64().map(|router| router as u32);
        router.map_or_else(
            || "a node".to_owned(),
            |router| run.chip().map_or_else(|| format!("router {router}"), |chip| chip.name(router)),
        )
    };
    let cycle = stalled.get("cycle")?.as_array()?;
    let step = |step: &Value| format!("{} → {} vc {}", name(&step["from"]), name(&step["to"]), step["vc"]);
    let named: Vec<String> = cycle.iter().take(16).map(step).collect();
    Some(match named.is_empty() {
        true => format!(
            "Nothing moves, with {} packets under way; no cycle of waiting channels was found.",
            grouped(packets)
        ),
        false => format!(
            "Nothing moves, with {} packets under way. {} channels wait for each other: {}.",
            grouped(packets),
            cycle.len(),
            named.join(", then ")
        ),
    })
}

/// The slowest steps: number, seconds, what they waited for.
fn slowest(run: &RunFiles) -> Vec<Vec<String>> {
    let Some(steps) = &run.steps else { return Vec::new() };
    let mut order: Vec<usize> = (0..steps.seconds.len()).collect();
    order.sort_by(|&a, &b| steps.seconds[b].total_cmp(&steps.seconds[a]).then(a.cmp(&b)));
    let row = |&at: &usize| {
        let critical = steps.critical.get(at).cloned().unwrap_or_default();
        vec![
            steps.timestep[at].to_string(),
            crate::report::text::engineering(steps.seconds[at], "s"),
            critical,
        ]
    };
    order.iter().take(6).map(row).collect()
}

fn faults(run: &RunFiles) -> Vec<(&'static str, String)> {
    let number = |name: &str| run.report["faults"][name].as_u64().map(grouped);
    let names = [
        ("nodes", "broken nodes"),
        ("links", "links broken by themselves"),
        ("unsafe", "unsafe nodes"),
        ("isolated", "isolated nodes"),
        ("events", "faults during the run"),
    ];
    let counts = names.into_iter().filter_map(|(name, words)| Some((words, number(name)?)));
    let struck = run.report["faults"]["epochs"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|epoch| ("struck", struck(epoch)));
    let lost = run.report["traffic"]["packets"]["lost_to"].as_object().into_iter().flatten();
    let lost: Vec<String> = lost.map(|(cause, n)| format!("{} {n}", cause.replace('_', " "))).collect();
    let lost = (!lost.is_empty()).then(|| ("packets lost to", lost.join(", ")));
    let resent = run.report["traffic"]["retransmitted_flits"].as_u64();
    let resent = resent.map(|flits| ("flits sent again after bit errors", grouped(flits)));
    counts.chain(struck).chain(lost).chain(resent).collect()
}

/// A fault that struck during the run, in words.
fn struck(epoch: &Value) -> String {
    let number = |name: &str| epoch[name].as_u64().map_or_else(|| "?".to_owned(), grouped);
    let resumed = match epoch["resumed_at_cycle"].as_u64() {
        Some(cycle) => format!("sources went on at {}", grouped(cycle)),
        None => "the run ended before sources went on".to_owned(),
    };
    let served = match (epoch["delivered_share"].as_f64(), epoch["deadlock_free"].as_bool()) {
        (Some(share), Some(free)) => {
            let free = if free { "deadlock-free" } else { "NOT deadlock-free" };
            format!("; then {:.2} % of the healthy pairs served, {free}", 100.0 * share)
        }
        _ => String::new(),
    };
    format!(
        "at cycle {}: {} of {} packets under way lost; {resumed}{served}",
        number("at_cycle"),
        number("lost"),
        number("in_flight")
    )
}

/// The resolved documents, as people would write them.
fn documents(run: &RunFiles) -> Vec<(&'static str, String)> {
    let text = |kind: &'static str, title: &'static str| {
        let document = run.report["inputs"].get(kind)?;
        let text = serde_yaml::to_string(document).unwrap_or_else(|_| format!("{document:#}"));
        Some((title, text))
    };
    [text("chip", "chip"), text("workload", "workload"), text("faults", "fault map")]
        .into_iter()
        .flatten()
        .collect()
}
