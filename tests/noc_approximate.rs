//! The approximate fidelity against the cycle engine: what it keeps exactly, and how far it is off.

mod sources;

use std::time::Instant;

use rayon::prelude::*;
use sources::Listed;
use spikeloom::base::NodeId;
use spikeloom::fabric::{Fabric, Health, LinkParams, Topology};
use spikeloom::noc::approximate::{Approximate, Mail};
use spikeloom::noc::engine::{Ended, Network, Run, Tally, Window};
use spikeloom::noc::ideal::Ideal;
use spikeloom::noc::multicast::{Multicast, TreeTable};
use spikeloom::noc::params::{RouterParams, Switching};
use spikeloom::noc::route::{Routing, RoutingSpec};
use spikeloom::noc::source::{Offer, Source};
use spikeloom::workload::traffic::{TrafficParams, TrafficSource};

const RUN: Run = Run { seed: 11, threads: 1 };

/// A chip, ready for any engine.
struct Chip {
    fabric: Fabric,
    health: Health,
    routing: Routing,
    params: RouterParams,
}

impl Chip {
    fn new(topology: &str, routing: &str, params: RouterParams) -> Self {
        let latency = if topology.starts_with("torus") { 2 } else { 1 };
        let topology: Topology =
            serde_yaml::from_str::<Map<Topology>>(&format!("it: {{{topology}}}")).expect("a topology").it;
        let fabric =
            topology.build(&LinkParams { latency, ..LinkParams::default() }).expect("a valid topology");
        let health = Health::perfect(&fabric);
        let routing: RoutingSpec =
            serde_yaml::from_str::<Map<RoutingSpec>>(&format!("it: {routing}")).expect("a routing").it;
        let routing = routing.compile(&fabric, &health, params.vcs, 1).expect("the routing fits");
        Self { fabric, health, routing, params }
    }

    fn approximate(&self) -> Approximate {
        Approximate::new(&self.fabric, &self.health, self.routing.clone(), &self.params, RUN).expect("valid")
    }

    fn cycle(&self) -> Network {
        Network::new(&self.fabric, &self.health, self.routing.clone(), &self.params, RUN).expect("valid")
    }

    fn traffic(&self, text: &str) -> TrafficSource {
        let traffic: TrafficParams = serde_yaml::from_str(text).expect("valid traffic");
        let files = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
        traffic.compile(&self.fabric, &files, 7).expect("the pattern fits")
    }
}

/// Wraps an enum that is written as a one-key map.
#[derive(serde::Deserialize)]
#[serde(bound = "T: serde::de::DeserializeOwned")]
struct Map<T> {
    #[serde(with = "serde_yaml::with::singleton_map")]
    it: T,
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
        _ => panic!("there is no pipeline {pipeline}"),
    }
}

fn router(vcs: u8, buffer_flits: u16) -> RouterParams {
    RouterParams { vcs, buffer_flits, ..RouterParams::default() }
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

#[test]
fn alone_every_packet_takes_what_the_zero_load_law_says() {
    let mut cases = Vec::new();
    for pipeline in ['A', 'B', 'C', 'D', 'E'] {
        for (topology, routing, flits) in [
            ("mesh: {size: [5, 5]}", "xy", 1),
            ("mesh: {size: [5, 5]}", "yx", 5),
            ("torus: {size: [4, 4]}", "xy", 4),
            ("fat-tree: {arity: 2, levels: 3}", "nca", 3),
        ] {
            cases.push((topology, routing, flits, pipelined(pipeline, router(4, 8))));
        }
    }
    let slow =
        RouterParams { routing_delay: 2, vc_delay: 3, switch_delay: 2, traversal_delay: 4, ..router(2, 32) };
    cases.push(("mesh: {size: [4, 4]}", "xy", 7, slow));
    for (topology, routing, flits, params) in cases {
        let chip = Chip::new(topology, routing, params);
        let pairs = || all_pairs(chip.fabric.nodes.len() as u32, flits, 400);
        let (mut fast, mut ideal) = (
            chip.approximate(),
            Ideal::new(&chip.fabric, &chip.health, chip.routing.clone(), &chip.params, RUN).expect("valid"),
        );
        fast.keep_log(true);
        ideal.keep_log(true);
        assert_eq!(fast.run(&mut pairs(), u64::MAX), Ended::Idle);
        assert_eq!(ideal.run(&mut pairs(), u64::MAX), Ended::Idle);
        let (fast, ideal) = (fast.tally(), ideal.tally());
        let same = fast.log.iter().flatten().zip(ideal.log.iter().flatten()).find(|(a, b)| a != b);
        assert_eq!(same, None, "{topology} {routing}");
        assert_eq!(fast.log.map(|log| log.len()), ideal.log.map(|log| log.len()));
        assert_eq!((fast.port_flits, fast.finish), (ideal.port_flits, ideal.finish));
    }
}

/// What one saturated flow gets through a line of routers [flits/cycle].
fn flow(chip: &Chip, flits: u16, fast: bool) -> f64 {
    let mut listed = Listed::default();
    for at in 0..1_500 {
        listed.push(0, Offer { at: 0, dst: NodeId(3), flits, tag: at });
    }
    let window = Window { from: 500, to: 1_500 };
    let tally = if fast {
        let mut network = chip.approximate();
        network.measure(window);
        network.run(&mut listed, window.to);
        network.tally()
    } else {
        let mut network = chip.cycle();
        network.measure(window);
        let mut parts = network.deal(listed);
        network.run(&mut parts, window.to);
        network.tally()
    };
    tally.flits_accepted as f64 / 1000.0
}

/// The throughput laws: virtual channels, credit round trips, tail credits.
#[test]
fn one_flow_gets_through_at_the_rate_of_the_cycle_engine() {
    let mut wrong = Vec::new();
    for (pipeline, vcs, buffer, flits) in [
        ('A', 1, 8, 1),
        ('A', 2, 8, 1),
        ('A', 3, 8, 1),
        ('A', 1, 1, 1),
        ('A', 1, 2, 1),
        ('A', 1, 3, 2),
        ('A', 1, 4, 4),
        ('A', 1, 8, 4),
        ('A', 4, 1, 1),
        ('A', 4, 2, 2),
        ('C', 1, 8, 4),
        ('D', 1, 8, 3),
        ('E', 1, 4, 4),
        ('B', 1, 8, 1),
        ('B', 1, 8, 4),
        ('B', 4, 8, 1),
    ] {
        let chip = Chip::new("mesh: {size: [4, 1]}", "xy", pipelined(pipeline, router(vcs, buffer)));
        let (fast, cycle) = (flow(&chip, flits, true), flow(&chip, flits, false));
        if (fast / cycle - 1.0).abs() > 0.02 {
            wrong.push(format!("{pipeline} v{vcs} b{buffer} p{flits}: {fast} instead of {cycle}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Mean latency, accepted flits per node and cycle, and wall time of one engine.
fn measure(chip: &Chip, text: &str, fast: bool) -> (f64, f64, f64) {
    let (from, to) = (2_000, 8_000);
    let window = Window { from, to };
    let start = Instant::now();
    let source = chip.traffic(text);
    let (tally, accepted): (Tally, u64) = if fast {
        let (mut network, mut source) = (chip.approximate(), source);
        network.measure(window);
        network.run(&mut source, to);
        let accepted = network.tally().flits_accepted;
        while network.awaits(to) && network.now() < 30_000 {
            let until = network.now() + 200;
            network.run(&mut source, until);
        }
        (network.tally(), accepted)
    } else {
        let mut network = chip.cycle();
        network.measure(window);
        let mut parts = network.deal(source);
        network.run(&mut parts, to);
        let accepted = network.tally().flits_accepted;
        while network.awaits(to) && network.now() < 30_000 {
            let until = network.now() + 200;
            network.run(&mut parts, until);
        }
        (network.tally(), accepted)
    };
    let seconds = start.elapsed().as_secs_f64();
    let accepted = accepted as f64 / (to - from) as f64 / chip.fabric.nodes.len() as f64;
    (tally.packet_latency.mean().unwrap_or(f64::NAN), accepted, seconds)
}

/// A configuration with its saturation load [flits/node/cycle], as the cycle engine has it.
struct Case {
    name: &'static str,
    topology: &'static str,
    routing: &'static str,
    pattern: &'static str,
    flits: u16,
    params: RouterParams,
    saturation: f64,
}

fn cases() -> Vec<Case> {
    const MESH: &str = "mesh: {size: [8, 8]}";
    const TORUS: &str = "torus: {size: [8, 8]}";
    let case = |name, topology, routing, pattern, flits, params, saturation| Case {
        name,
        topology,
        routing,
        pattern,
        flits,
        params,
        saturation,
    };
    #[allow(clippy::too_many_arguments, reason = "a table")]
    let table = vec![
        case("uniform", MESH, "xy", "uniform", 1, router(4, 8), 0.425),
        case("uniform, 1 VC", MESH, "xy", "uniform", 1, router(1, 8), 0.14),
        case("uniform, 2 VCs × 4", MESH, "xy", "uniform", 1, router(2, 4), 0.27),
        case("uniform, 4 flits", MESH, "xy", "uniform", 4, router(4, 8), 0.38),
        case("uniform, 4 flits, 2 VCs", MESH, "xy", "uniform", 4, router(2, 8), 0.30),
        case("uniform, pipeline B", MESH, "xy", "uniform", 1, pipelined('B', router(4, 8)), 0.25),
        case("uniform, pipeline C", MESH, "xy", "uniform", 1, pipelined('C', router(4, 8)), 0.42),
        case("uniform, pipeline E", MESH, "xy", "uniform", 1, pipelined('E', router(4, 8)), 0.425),
        case("transpose", MESH, "xy", "transpose", 1, router(4, 8), 0.165),
        case("transpose, 4 flits", MESH, "xy", "transpose", 4, router(4, 8), 0.14),
        case("bit complement", MESH, "xy", "bit-complement", 1, router(4, 8), 0.23),
        case("tornado", MESH, "xy", "tornado", 1, router(4, 8), 0.26),
        case("shuffle", MESH, "xy", "shuffle", 1, router(4, 8), 0.26),
        case("neighbour", MESH, "xy", "neighbor", 1, router(4, 8), 0.46),
        case("uniform, O1TURN", MESH, "o1turn", "uniform", 1, router(4, 8), 0.37),
        case("transpose, adaptive", MESH, "minimal-adaptive", "transpose", 1, router(4, 8), 0.30),
        case("uniform, Valiant", MESH, "valiant", "uniform", 1, router(4, 8), 0.21),
        case("torus, uniform", TORUS, "xy", "uniform", 1, router(4, 8), 0.60),
        case("fat tree", "fat-tree: {arity: 4, levels: 3}", "nca", "uniform", 1, router(4, 8), 0.60),
    ];
    table
}

/// Prints the table of the module's documentation: the error of the mean latency at shares of saturation, the
/// accepted load beyond it, and the speed relative to the cycle engine.
#[test]
#[ignore = "prints a table; run it in release with --nocapture"]
fn table_of_errors() {
    println!(
        "{:26} {:>7} {:>7} {:>7} {:>7} {:>9} {:>6} {:>6}",
        "", "30 %", "50 %", "70 %", "85 %", "accepted", "×30 %", "×70 %"
    );
    for case in cases() {
        let chip = Chip::new(case.topology, case.routing, case.params.clone());
        let mut line = format!("{:26}", case.name);
        let mut speed = Vec::new();
        for share in [0.3, 0.5, 0.7, 0.85] {
            let text = traffic(&case, share);
            let (fast, cycle) = (measure(&chip, &text, true), measure(&chip, &text, false));
            line += &format!(" {:+6.1} %", 100.0 * (fast.0 / cycle.0 - 1.0));
            speed.push(cycle.2 / fast.2);
        }
        let text = traffic(&case, 1.2);
        let (fast, cycle) = (measure(&chip, &text, true), measure(&chip, &text, false));
        line += &format!(" {:+7.1} % {:6.1} {:6.1}", 100.0 * (fast.1 / cycle.1 - 1.0), speed[0], speed[2]);
        println!("{line}   ({:.4} {:.4})", fast.1, cycle.1);
    }
}

fn traffic(case: &Case, share: f64) -> String {
    let rate = (share * case.saturation).min(f64::from(case.flits));
    format!("{{pattern: {}, rate: {rate}, packet_flits: {}}}", case.pattern, case.flits)
}
