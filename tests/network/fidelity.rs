//! The faster fidelities against the cycle engine and the reference simulator.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::sources::{Dialogue, Listed};
use spikeloom::base::NodeId;
use spikeloom::fabric::{Board, Fabric, Health, LinkChange, LinkParams, Topology};
use spikeloom::noc::engine::{Ended, Network, PacketRecord, Run, Tally};
use spikeloom::noc::ideal::Ideal;
use spikeloom::noc::params::RouterParams;
use spikeloom::noc::route::{DimensionOrder, Routing};
use spikeloom::noc::source::{Offer, Source};

const RUN: Run = Run { seed: 11, threads: 1 };

/// A grid with a pipeline.
#[derive(Clone)]
struct Chip {
    name: String,
    fabric: Fabric,
    routing: Routing,
    params: RouterParams,
}

impl Chip {
    fn grid(side: u32, torus: bool, pipeline: char, params: RouterParams) -> Self {
        let (size, params) = (vec![side; 2], pipelined(pipeline, params));
        let name = format!("{} {side} {pipeline}", if torus { "torus" } else { "mesh" });
        let routing = Routing::DimensionOrder(DimensionOrder::new(&size, &[torus; 2], &[0, 1], params.vcs));
        let topology = if torus { Topology::Torus { size } } else { Topology::Mesh { size } };
        let link = LinkParams { latency: if torus { 2 } else { 1 }, ..LinkParams::default() };
        let fabric = topology.build(&link).expect("a valid grid");
        Self { name, fabric, routing, params }
    }

    fn cycle<S: Source>(&self, source: S) -> Tally {
        let health = Health::perfect(&self.fabric);
        let mut network =
            Network::new(&self.fabric, &health, self.routing.clone(), &self.params, RUN).expect("valid");
        network.keep_log(true);
        let mut parts = network.deal(source);
        assert_eq!(network.run(&mut parts, 10_000_000), Ended::Idle, "{}", self.name);
        network.tally()
    }

    fn ideal<S: Source>(&self, mut source: S) -> Tally {
        let health = Health::perfect(&self.fabric);
        let mut network =
            Ideal::new(&self.fabric, &health, self.routing.clone(), &self.params, RUN).expect("valid");
        network.keep_log(true);
        assert_eq!(network.run(&mut source, 10_000_000), Ended::Idle, "{}", self.name);
        network.tally()
    }
}

/// The reference pipelines.
fn pipelined(pipeline: char, params: RouterParams) -> RouterParams {
    match pipeline {
        'A' => params,
        'B' => RouterParams {
            routing_delay: 0,
            credit_delay: 2,
            input_speedup: 2,
            wait_for_tail_credit: true,
            ..params
        },
        'C' => RouterParams { routing_delay: 0, speculative: true, ..params },
        'D' => RouterParams { routing_delay: 0, ..params },
        'E' => RouterParams { credit_delay: 2, ..params },
        'F' => RouterParams { routing_delay: 0, speculative: true, piggyback: true, ..params },
        _ => panic!("there is no pipeline {pipeline}"),
    }
}

/// Every pair of nodes, one packet after the other, so far apart that none meets another.
fn all_pairs(nodes: u32, flits: u16, gap: u64) -> Listed {
    let mut listed = Listed::default();
    for pair in 0..nodes * nodes {
        let (at, dst) = (u64::from(pair) * gap, NodeId(pair % nodes));
        listed.push(pair / nodes, Offer { at, dst, flits, tag: pair });
    }
    listed
}

fn by_tag(tally: &Tally) -> Vec<PacketRecord> {
    let mut log = tally.log.clone().expect("a log was kept");
    log.sort_unstable_by_key(|record| record.tag);
    log
}

fn assert_same_packets(name: &str, found: &Tally, want: &Tally) {
    let (found_log, want_log) = (by_tag(found), by_tag(want));
    assert_eq!(found_log.len(), want_log.len(), "{name}");
    let difference = found_log.iter().zip(&want_log).find(|(found, want)| found != want);
    assert_eq!(difference, None, "{name}");
    assert_eq!(found.port_flits, want.port_flits, "{name}");
    let counts = |tally: &Tally| {
        [
            tally.created,
            tally.delivered,
            tally.flits_injected,
            tally.flits_ejected,
            tally.flits_accepted,
            tally.flits_offered,
            tally.vc_grants,
            tally.finish,
        ]
    };
    assert_eq!(counts(found), counts(want), "{name}");
}

#[test]
fn ideal_is_the_cycle_engine_at_zero_load() {
    for pipeline in ['A', 'B', 'C', 'D', 'E', 'F'] {
        for (torus, flits) in [(false, 1), (false, 5), (true, 4)] {
            let chip = Chip::grid(5, torus, pipeline, RouterParams::default());
            let pairs = || all_pairs(25, flits, 200);
            assert_same_packets(&chip.name, &chip.ideal(pairs()), &chip.cycle(pairs()));
        }
    }
}

#[test]
fn ideal_knows_long_stages() {
    let stages =
        [(3, 1, 1, 1), (1, 3, 1, 1), (1, 1, 3, 1), (1, 1, 1, 3), (2, 3, 2, 4), (0, 2, 2, 2), (1, 2, 3, 1)];
    for ((routing_delay, vc_delay, switch_delay, traversal_delay), speculative) in
        stages.into_iter().flat_map(|stages| [(stages, false), (stages, true)])
    {
        let params = RouterParams {
            routing_delay,
            vc_delay,
            switch_delay,
            traversal_delay,
            speculative,
            buffer_flits: 32,
            ..RouterParams::default()
        };
        let chip = Chip::grid(4, false, 'A', params);
        let pairs = || all_pairs(16, 7, 400);
        assert_same_packets(&chip.name, &chip.ideal(pairs()), &chip.cycle(pairs()));
    }
}

/// The packets of the reference simulator: every pair of an 8 × 8 grid, four flits.
#[test]
fn ideal_meets_the_reference_at_zero_load() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/noc/expected");
    let configurations = [
        ("A_v1_b4", 'A', 1),
        ("A_v4_b8", 'A', 4),
        ("C_v1_b8", 'C', 1),
        ("C_v4_b8", 'C', 4),
        ("D_v4_b8", 'D', 4),
        ("Ecd2_v2_b4", 'E', 2),
        ("torus_A_v2_b8", 'A', 2),
    ];
    for (name, pipeline, vcs) in configurations {
        let path = golden.join(format!("zeroload_allpairs_s4__{name}.pkt.csv.gz"));
        let mut text = String::new();
        let file = File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("golden files are valid gzip");
        let rows: Vec<Vec<u64>> = text
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
            .map(|line| line.split(',').map(|field| field.parse().expect("integers")).collect())
            .collect();
        assert_eq!(rows.len(), 4096, "{name}");
        let mut listed = Listed::default();
        for row in &rows {
            let offer =
                Offer { at: row[4], dst: NodeId(row[2] as u32), flits: row[3] as u16, tag: row[0] as u32 };
            listed.push(row[1] as u32, offer);
        }
        let params = RouterParams { vcs, ..RouterParams::default() };
        let chip = Chip::grid(8, name.starts_with("torus"), pipeline, params);
        for (packet, row) in by_tag(&chip.ideal(listed)).iter().zip(&rows) {
            let found = [packet.injected, packet.head_ejected, packet.tail_ejected, packet.hops.into()];
            assert_eq!(found, row[5..9], "{name}: packet {}", row[0]);
        }
    }
}

/// Links of different flight times and widths on one way.
#[test]
fn ideal_knows_every_link() {
    let narrow = LinkChange { latency: Some(7), width_bits: Some(6), ..LinkChange::default() };
    let board =
        Topology::Board(Board { chips: vec![2, 2], chip: vec![3, 3], chip_link: narrow, wrap: false });
    let fabric = board.build(&LinkParams::default()).expect("a valid board");
    let routing = Routing::DimensionOrder(DimensionOrder::new(&[6, 6], &[false; 2], &[0, 1], 2));
    let params = RouterParams { vcs: 2, buffer_flits: 64, ..RouterParams::default() };
    let chip = Chip { name: "board".into(), fabric, routing, params };
    for flits in [1, 6] {
        let pairs = || all_pairs(36, flits, 300);
        assert_same_packets(&chip.name, &chip.ideal(pairs()), &chip.cycle(pairs()));
    }
}

#[test]
fn ideal_answers_closed_loops() {
    let chip = Chip::grid(4, false, 'A', RouterParams::default());
    let tally = chip.ideal(Dialogue::new(16, 0.01, 5, 1));
    let log = tally.log.expect("a log was kept");
    let answers = log.iter().filter(|packet| packet.tag == 1).count();
    assert_eq!(2 * answers, log.len());
    assert!(answers > 100);
    for packet in &log {
        let law = 5 * u64::from(packet.hops) + 2 + u64::from(packet.flits - 1);
        assert_eq!(packet.tail_ejected - packet.created, law);
    }
}
