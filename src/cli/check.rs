//! `spikeloom check`: is this chip right, what does it take, can it deadlock.

use std::fmt::Write;

use clap::Args;
use serde::Serialize;

use super::console;
use super::failure::Failure;
use super::setting::{Documents, Names};
use crate::base::RouterId;
use crate::fabric::{Fabric, Place};
use crate::noc::certify::{Argument, Certificate, Waiting};
use crate::spec::Diagnostics;

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  spikeloom check mesh8
  spikeloom check mesh8 --faults two-blocks --routing mftn --json
  spikeloom check my-chip.yaml --set chip.router.vcs=2")]
pub(super) struct CheckArguments {
    /// The chip: a file, or a built-in one.
    chip: String,
    /// What is broken: a file, or a built-in fault map.
    #[arg(long)]
    faults: Option<String>,
    /// How packets find their way, instead of what the chip says.
    #[arg(long, value_name = "NAME")]
    routing: Option<String>,
    /// Set one value of a document, e.g. chip.router.vcs=2; may be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Seed of all random choices, such as random faults.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Write the certificate as JSON.
    #[arg(long)]
    json: bool,
}

/// What a chip's network takes.
#[derive(Debug, Serialize)]
struct Resources {
    routers: usize,
    nodes: usize,
    /// Directed.
    links: usize,
    /// Ports of the largest router.
    ports: usize,
    vcs: u8,
    /// Buffers of all routers [flits].
    buffer_flits: u64,
    /// The same in bits.
    buffer_bits: u64,
}

#[derive(Serialize)]
struct Checked<'a> {
    #[serde(flatten)]
    certificate: &'a Certificate,
    routing: &'a str,
    resources: &'a Resources,
    /// What is known after each fault that strikes during a run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    later: Vec<Later<'a>>,
}

#[derive(Serialize)]
struct Later<'a> {
    at_cycle: u64,
    certificate: &'a Certificate,
}

pub(super) fn check(arguments: &CheckArguments) -> Result<(), Failure> {
    let CheckArguments { chip, faults, routing, set, seed, json } = arguments;
    let (faults, routing) = (faults.as_deref(), routing.as_deref());
    let names = Names { chip, faults, routing, overrides: set };
    let overrides = names.overrides()?;
    let mut problems = Diagnostics::new();
    let Some(documents) = names.read(&overrides, &mut problems) else { return Err(problems.into()) };
    let setting = documents.prepare(*seed)?;
    documents.fits_an_engine(&setting)?;
    let certificate = documents.certify(&setting, true);
    let later = documents.certify_epochs(&setting, true);
    let later = || setting.epochs.iter().map(|epoch| epoch.at_cycle).zip(&later);
    let resources = Resources::of(&documents);
    let routing = documents.chip.value.routing.name();
    if *json {
        let later = later().map(|(at_cycle, certificate)| Later { at_cycle, certificate }).collect();
        let checked = Checked { certificate: &certificate, routing, resources: &resources, later };
        let text = serde_json::to_string_pretty(&checked)
            .map_err(|error| Failure::Failed(format!("the certificate cannot be written down: {error}")))?;
        return console::answer(&format!("{text}\n"));
    }
    let mut text = format!("{} is a valid chip\n\n", documents.chip.name());
    resources.describe(&mut text);
    describe(&certificate, routing, documents.fabric(), &mut text);
    for (at_cycle, certificate) in later() {
        let _ = writeln!(text, "\nafter the fault at cycle {at_cycle}");
        describe(certificate, routing, documents.fabric(), &mut text);
    }
    console::show(&text)
}

impl Resources {
    fn of(documents: &Documents) -> Self {
        let (fabric, chip) = (documents.fabric(), &documents.chip.value);
        let ports = |router: usize| fabric.ports(RouterId::at(router));
        let routers = fabric.routers.len();
        let (vcs, depth) = chip.router.buffers();
        let buffers = (0..routers).map(|router| ports(router) as u64).sum::<u64>() * u64::from(vcs);
        let buffer_flits = buffers * u64::from(depth);
        Self {
            routers,
            nodes: fabric.nodes.len(),
            links: fabric.links.len(),
            ports: (0..routers).map(ports).max().unwrap_or(0),
            vcs,
            buffer_flits,
            buffer_bits: buffer_flits * u64::from(chip.flit_bits),
        }
    }

    fn describe(&self, text: &mut String) {
        let Self { routers, nodes, links, ports, vcs, buffer_flits, buffer_bits } = self;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  network        {routers} routers of up to {ports} ports, {nodes} nodes, {links} directed links"
        );
        let _ = writeln!(
            text,
            "  buffers        {vcs} virtual channels per port; {buffer_flits} flits = {buffer_bits} bits in all"
        );
    }
}

fn describe(certificate: &Certificate, routing: &str, fabric: &Fabric, text: &mut String) {
    let Certificate { pairs, nodes, .. } = certificate;
    let map = certificate.turn_map.as_deref().map_or_else(String::new, |map| format!(", turn map {map}"));
    let why = match (certificate.argument, &certificate.cycle) {
        (Some(Argument::NoCycle), _) => "yes: the channel dependencies have no cycle".to_owned(),
        (Some(Argument::EscapeChannels), _) => {
            "yes: packets can always escape to channels without a cycle".to_owned()
        }
        (Some(Argument::Bufferless), _) => "yes: packets never wait".to_owned(),
        (None, Some(cycle)) => format!("NO: {}", cycle_text(cycle, fabric)),
        (None, None) => "NO".to_owned(),
    };
    let sampled = if certificate.exhaustive { "" } else { " (of a sample of destinations)" };
    let lines = [
        ("routing", format!("{routing}{map}")),
        ("deadlock-free", why),
        ("livelock-free", if certificate.livelock_free { "yes" } else { "NO" }.to_owned()),
        (
            "pairs",
            format!(
                "{} healthy, {} delivered ({:.3} %), {} unreachable{sampled}",
                pairs.healthy,
                pairs.delivered,
                100.0 * certificate.delivered_share,
                pairs.unreachable
            ),
        ),
        ("stretch", format!("{:.4}, {:.4} hops on average", certificate.stretch, certificate.mean_hops)),
        (
            "γ",
            match certificate.gamma {
                gamma if gamma > 0.0 => format!("{gamma:.4}: at most {:.4} flits/node/cycle", 1.0 / gamma),
                _ => "0: no link is loaded".to_owned(),
            },
        ),
        (
            "ring links",
            certificate.ring_share.map_or_else(
                || "none: no disabled region".to_owned(),
                |share| format!("carry {:.2} % of the load", 100.0 * share),
            ),
        ),
        (
            "nodes",
            format!(
                "{} faulty, {} unsafe, {} isolated, {} active",
                nodes.faulty, nodes.r#unsafe, nodes.isolated, nodes.active
            ),
        ),
    ];
    for (name, value) in lines {
        let _ = writeln!(text, "  {name:14} {value}");
    }
}

fn cycle_text(cycle: &[Waiting], fabric: &Fabric) -> String {
    let name = |router: u32| Place::of(fabric, RouterId(router)).to_string();
    let steps: Vec<String> =
        cycle.iter().map(|step| format!("{} → {}", name(step.from), name(step.to))).collect();
    format!("{} channels can wait for each other: {}", cycle.len(), steps.join(", then "))
}
