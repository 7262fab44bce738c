//! The cycle engine against the reference simulator, on deterministic traces: finish cycle, latency
//! of every packet where its log is at hand, flits on every link.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use spikeloom::base::NodeId;
use spikeloom::fabric::{Fabric, Health, LinkParams, Topology};
use spikeloom::noc::engine::{Ended, Network, PacketRecord, Run, Tally};
use spikeloom::noc::params::{Allocator, RouterParams};
use spikeloom::noc::route::{DimensionOrder, Routing};
use spikeloom::noc::source::{Offer, Source};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/noc")
}

fn unzip(path: &Path) -> String {
    let mut text = String::new();
    let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("golden files are valid gzip");
    text
}

fn rows(text: &str) -> impl Iterator<Item = Vec<u64>> + '_ {
    let data = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    data.map(|line| {
        line.split(',').map(|field| field.parse().expect("golden tables hold integers")).collect()
    })
}

/// Each node's packets in order of creation.
#[derive(Clone)]
struct Trace {
    queues: BTreeMap<u32, std::collections::VecDeque<Offer>>,
}

impl Trace {
    fn read(name: &str) -> Self {
        let mut queues: BTreeMap<u32, std::collections::VecDeque<Offer>> = BTreeMap::new();
        for (tag, row) in rows(&unzip(&golden().join(format!("traces/{name}.csv.gz")))).enumerate() {
            let offer =
                Offer { at: row[0], dst: NodeId(row[2] as u32), flits: row[3] as u16, tag: tag as u32 };
            queues.entry(row[1] as u32).or_default().push_back(offer);
        }
        Self { queues }
    }
}

impl Source for Trace {
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        self.queues.get_mut(&node.0)?.pop_front()
    }

    fn split(&mut self, at: NodeId) -> Self {
        Self { queues: self.queues.split_off(&at.0) }
    }
}

/// A configuration by its name in the golden files, e.g. `torus_A_v2_b8`.
fn configuration(name: &str) -> (Fabric, Routing, RouterParams) {
    let (torus, rest) = name.strip_prefix("torus_").map_or((false, name), |rest| (true, rest));
    let mut params = RouterParams::default();
    for part in rest.split('_') {
        match part {
            "A" => {}
            "C" => (params.routing_delay, params.speculative) = (0, true),
            "D" => params.routing_delay = 0,
            "Ecd2" => params.credit_delay = 2,
            "sif" => params.allocator = Allocator::SeparableInputFirst,
            _ if part.starts_with('v') => params.vcs = part[1..].parse().expect("VC count"),
            _ => params.buffer_flits = part[1..].parse().expect("buffer depth"),
        }
    }
    let size = vec![8, 8];
    let routing = DimensionOrder::new(&size, &[torus; 2], &[0, 1], params.vcs);
    let topology = if torus { Topology::Torus { size } } else { Topology::Mesh { size } };
    let link = LinkParams { latency: if torus { 2 } else { 1 }, ..LinkParams::default() };
    let fabric = topology.build(&link).expect("the reference chips are valid");
    (fabric, Routing::DimensionOrder(routing), params)
}

fn simulate(trace: &str, config: &str, threads: usize) -> (Fabric, Tally, Vec<PacketRecord>) {
    let (fabric, routing, params) = configuration(config);
    let run = Run { seed: 1, threads };
    let mut network =
        Network::new(&fabric, &Health::perfect(&fabric), routing, &params, run).expect("valid parameters");
    network.keep_log(true);
    let mut parts = network.deal(Trace::read(trace));
    assert_eq!(network.run(&mut parts, 10_000_000), Ended::Idle, "{trace} on {config}");
    let mut tally = network.tally();
    let mut log = tally.log.take().expect("a log was kept");
    log.sort_unstable_by_key(|record| record.tag);
    (fabric, tally, log)
}

fn cases() -> Vec<(String, String)> {
    let mut cases: Vec<_> = std::fs::read_dir(golden().join("expected"))
        .expect("golden files are in the repository")
        .filter_map(|entry| {
            let name = entry.expect("readable directory").file_name().into_string().expect("plain names");
            let (trace, config) = name.strip_suffix(".json")?.split_once("__")?;
            Some((trace.to_owned(), config.to_owned()))
        })
        .collect();
    cases.sort();
    cases
}

#[test]
fn traces_finish_with_the_reference() {
    let mut report = String::new();
    for (trace, config) in cases() {
        let text = std::fs::read_to_string(golden().join(format!("expected/{trace}__{config}.json")))
            .expect("golden");
        let expected: serde_json::Value = serde_json::from_str(&text).expect("golden files are JSON");
        let (_, tally, _) = simulate(&trace, &config, 1);
        let mean = tally.packet_latency.mean().expect("packets were delivered");
        let want = expected["avg_packet_latency"].as_f64().expect("a mean");
        let finish = expected["finish_cycle"].as_u64().expect("a cycle");
        report += &format!(
            "{trace:28} {config:14} mean {mean:9.4} {want:9.4} {:+.3} %  finish {} {finish}\n",
            100.0 * (mean / want - 1.0),
            tally.finish
        );
        assert_eq!(tally.delivered, expected["packets"].as_u64().expect("a count"));
    }
    println!("{report}");
}
