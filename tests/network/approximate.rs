//! The approximate fidelity against the cycle engine: what it keeps exactly, and how far it is off.

use std::time::Instant;

use crate::sources::{Dialogue, Listed};
use spikeloom::base::NodeId;
use spikeloom::base::random::{Purpose, Stream};
use spikeloom::fabric::{Fabric, Health, LinkParams, Topology};
use spikeloom::noc::approximate::{Approximate, Mail};
use spikeloom::noc::engine::{Ended, Network, Run, Tally, Window};
use spikeloom::noc::ideal::Ideal;
use spikeloom::noc::multicast::{Multicast, TreeTable};
use spikeloom::noc::params::RouterParams;
use spikeloom::noc::route::{Routing, RoutingSpec};
use spikeloom::noc::source::Offer;
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
        // A packet moves when its whole length is known to fit, which tells in buffers of one or two packets.
        let tolerance = if buffer < 2 * flits && flits > 1 { 0.07 } else { 0.02 };
        if (fast / cycle - 1.0).abs() > tolerance {
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
    vec![
        case("uniform", MESH, "xy", "uniform", 1, router(4, 8), 0.425),
        case("uniform, 1 VC", MESH, "xy", "uniform", 1, router(1, 8), 0.14),
        case("uniform, 2 VCs × 4", MESH, "xy", "uniform", 1, router(2, 4), 0.27),
        case("uniform, 4 flits", MESH, "xy", "uniform", 4, router(4, 8), 0.38),
        case("uniform, 4 flits, 2 VCs", MESH, "xy", "uniform", 4, router(2, 8), 0.30),
        case("uniform, pipeline B", MESH, "xy", "uniform", 1, pipelined('B', router(4, 8)), 0.165),
        case("uniform, pipeline C", MESH, "xy", "uniform", 1, pipelined('C', router(4, 8)), 0.42),
        case("uniform, pipeline E", MESH, "xy", "uniform", 1, pipelined('E', router(4, 8)), 0.425),
        case("transpose", MESH, "xy", "transpose", 1, router(4, 8), 0.165),
        case("transpose, 4 flits", MESH, "xy", "transpose", 4, router(4, 8), 0.14),
        case("bit complement", MESH, "xy", "bit-complement", 1, router(4, 8), 0.16),
        case("tornado", MESH, "xy", "tornado", 1, router(4, 8), 0.21),
        case("shuffle", MESH, "xy", "shuffle", 1, router(4, 8), 0.225),
        case("neighbour", MESH, "xy", "neighbor", 1, router(4, 8), 0.46),
        case("uniform, O1TURN", MESH, "o1turn", "uniform", 1, router(4, 8), 0.37),
        case("transpose, adaptive", MESH, "minimal-adaptive", "transpose", 1, router(4, 8), 0.30),
        case("uniform, Valiant", MESH, "valiant", "uniform", 1, router(4, 8), 0.21),
        case("torus, uniform", TORUS, "xy", "uniform", 1, router(4, 8), 0.50),
        case("fat tree", "fat-tree: {arity: 4, levels: 3}", "nca", "uniform", 1, router(4, 8), 0.60),
    ]
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

/// The promise: up to 70 % of saturation the mean latency is within 5 % of the cycle engine's.
#[test]
fn mean_latency_is_close_to_the_cycle_engine_below_saturation() {
    const QUICK: [&str; 7] = [
        "uniform",
        "uniform, 1 VC",
        "uniform, 4 flits",
        "uniform, pipeline B",
        "tornado",
        "transpose, adaptive",
        "torus, uniform",
    ];
    let mut wrong = Vec::new();
    for case in cases().into_iter().filter(|case| QUICK.contains(&case.name)) {
        let chip = Chip::new(case.topology, case.routing, case.params.clone());
        let shares: &[f64] = if case.name == "uniform" { &[0.3, 0.7] } else { &[0.7] };
        for &share in shares {
            let text = traffic(&case, share);
            let (fast, cycle) = (measure(&chip, &text, true), measure(&chip, &text, false));
            if (fast.0 / cycle.0 - 1.0).abs() > 0.05 || (fast.1 / cycle.1 - 1.0).abs() > 0.02 {
                wrong.push(format!("{} at {share}: {fast:?} instead of {cycle:?}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A chip whose packets can always turn to escape channels never locks up, however full it is.
#[test]
fn escape_channels_lead_out_of_every_jam() {
    for (topology, flits, vcs, depth) in [
        ("mesh: {size: [8, 8]}", 1, 4, 8),
        ("mesh: {size: [5, 5]}", 4, 2, 4),
        ("mesh: {size: [4, 4]}", 5, 3, 2),
        ("torus: {size: [4, 4]}", 2, 3, 4),
        ("mesh: {size: [3, 3, 3]}", 1, 2, 1),
    ] {
        for seed in 0..3 {
            let chip = Chip::new(topology, "minimal-adaptive", router(vcs, depth));
            let text = format!("{{pattern: uniform, rate: 0.9, packet_flits: {flits}}}");
            let traffic: TrafficParams = serde_yaml::from_str(&text).expect("valid traffic");
            let files = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
            let source = || traffic.compile(&chip.fabric, &files, seed).expect("the pattern fits");
            let mut network = chip.approximate();
            network.patience = 1_000;
            let ended = network.run(&mut source(), 12_000);
            assert_eq!(ended, Ended::Reached, "{topology}, {flits} flits, {vcs} × {depth}");
            for [speculative, piggyback] in [[false; 2], [true, false], [true; 2]] {
                let params = RouterParams { speculative, piggyback, ..chip.params.clone() };
                let mut cycle = Chip::new(topology, "minimal-adaptive", params).cycle();
                cycle.patience = 1_000;
                let ended = cycle.run(&mut [source()], 12_000);
                let what = format!("{topology}, {flits} flits, {vcs} × {depth}, {speculative} {piggyback}");
                assert_eq!(ended, Ended::Reached, "flit by flit: {what}");
                assert!(cycle.tally().delivered > 1_000, "{what}");
            }
            assert!(network.tally().delivered > 1_000);
        }
    }
}

/// Random chips and traffic: everything is accounted for, twice the same.
#[test]
fn packets_are_all_accounted_for_on_random_chips() {
    for number in 0..60 {
        let mut draw = Stream::new(77, Purpose::Workload, number, 0);
        let vcs = 1 + draw.below(4) as u8;
        let params = RouterParams {
            routing_delay: draw.below(3) as u8,
            vc_delay: 1 + draw.below(2) as u8,
            credit_delay: draw.below(3) as u8,
            input_speedup: 1 + draw.below(2) as u8,
            wait_for_tail_credit: draw.below(2) == 1,
            ..router(vcs, 1 + draw.below(8) as u16)
        };
        let chip = Chip::new("mesh: {size: [4, 3]}", "xy", params);
        let (mut listed, mut at) = (Listed::default(), [0u64; 12]);
        let (packets, lull) = (600, 1 + draw.below(8));
        for tag in 0..packets {
            let src = draw.below(12);
            at[src as usize] += u64::from(draw.below(lull));
            let flits = 1 + draw.below(12) as u16;
            let offer = Offer { at: at[src as usize], dst: NodeId(draw.below(12)), flits, tag };
            listed.push(src, offer);
        }
        let run = |mut listed: Listed| {
            let mut network = chip.approximate();
            network.keep_log(true);
            assert_eq!(network.run(&mut listed, 2_000_000), Ended::Idle, "case {number}");
            network.tally()
        };
        let tally = run(listed.clone());
        assert_eq!((tally.created, tally.delivered), (u64::from(packets), u64::from(packets)));
        assert_eq!(tally.flits_injected, tally.flits_ejected);
        let ideal = {
            let mut network = Ideal::new(&chip.fabric, &chip.health, chip.routing.clone(), &chip.params, RUN)
                .expect("valid");
            network.run(&mut listed.clone(), u64::MAX);
            network.tally()
        };
        assert_eq!(tally.port_flits, ideal.port_flits, "case {number}");
        let latency = |tally: &Tally| tally.packet_latency.mean().expect("packets were delivered");
        assert!(latency(&tally) >= latency(&ideal), "case {number}");
        assert!(run(listed) == tally, "case {number}");
    }
}

#[test]
fn a_deadlock_is_found_and_named() {
    let chip = Chip::new("mesh: {size: [4, 4]}", "mftn-literal", router(1, 1));
    let mut health = Health::perfect(&chip.fabric);
    health.kill_router(&chip.fabric, spikeloom::base::RouterId(5));
    let routing = RoutingSpec::named("mftn-literal").expect("a known name");
    let routing = routing.compile(&chip.fabric, &health, 1, 1).expect("it fits");
    let mut network =
        Approximate::new(&chip.fabric, &health, routing, &chip.params, RUN).expect("valid parameters");
    let mut source = chip.traffic("{pattern: uniform, rate: 0.9, packet_flits: 1}");
    let Ended::Stalled(stall) = network.run(&mut source, 500_000) else { panic!("no deadlock") };
    assert!(stall.cycle.len() > 1 && stall.packets > 1, "{stall:?}");
    for (waiting, next) in stall.cycle.iter().zip(stall.cycle.iter().cycle().skip(1)) {
        let link = chip.fabric.out(waiting.router, waiting.output).expect("a link");
        assert_eq!(chip.fabric.link(link).to, next.router, "each waits for the next");
    }
}

#[test]
fn letters_are_delivered_step_by_step() {
    let chip = Chip::new("mesh: {size: [8, 8]}", "xy", router(4, 8));
    let mut draw = Stream::new(3, Purpose::Workload, 0, 0);
    let mut letters: Vec<(u32, Offer)> = (0..5_000)
        .map(|tag| {
            let at = u64::from(tag / 500) * 1_000 + u64::from(draw.below(100));
            (draw.below(64), Offer { at, dst: NodeId(draw.below(64)), flits: 1, tag })
        })
        .collect();
    letters.sort_by_key(|&(src, offer)| (offer.at / 1_000, src, offer.at));
    let mut mail = Mail::new(chip.approximate());
    let mut arrived = Vec::new();
    for step in letters.chunk_by(|a, b| a.1.at / 1_000 == b.1.at / 1_000) {
        step.iter().for_each(|&(src, offer)| mail.post(NodeId(src), offer));
        mail.run_until((step[0].1.at / 1_000 + 1) * 1_000);
        arrived.extend(mail.collect());
        assert_eq!(mail.pending(), 0, "a step is long enough for its packets");
    }
    assert_eq!(arrived.len(), letters.len());
    assert!(arrived.is_sorted_by_key(|delivery| delivery.at));
    // All at once gives the same.
    let mut listed = Listed::default();
    letters.sort_by_key(|&(src, offer)| (src, offer.at));
    letters.iter().for_each(|&(src, offer)| listed.push(src, offer));
    let mut network = chip.approximate();
    network.keep_log(true);
    network.run(&mut listed, u64::MAX);
    let log = network.tally().log.expect("a log was kept");
    let mut ends: Vec<(u32, u64)> = log.iter().map(|packet| (packet.tag, packet.tail_ejected)).collect();
    let mut got: Vec<(u32, u64)> = arrived.iter().map(|delivery| (delivery.tag, delivery.at)).collect();
    ends.sort_unstable();
    got.sort_unstable();
    let late = ends.iter().zip(&got).filter(|(a, b)| a.1.abs_diff(b.1) > 3).count();
    assert!(late < 250, "{late} packets differ by more than ties explain");
}

/// One packet down a tree instead of one for each destination.
#[test]
fn trees_reach_everyone_over_fewer_links() {
    let chip = Chip::new("mesh: {size: [8, 8]}", "xy", router(4, 8));
    let multicast = Multicast { src: NodeId(9), dsts: (0..64).step_by(3).map(NodeId).collect() };
    let trees = TreeTable::build(&chip.fabric, &chip.health, &chip.routing, std::slice::from_ref(&multicast))
        .expect("the nodes exist");
    let tree = trees.tree(0).expect("one tree");
    let mut mail = Mail::new(chip.approximate());
    mail.set_trees(std::sync::Arc::new(trees));
    mail.post_tree(NodeId(9), 5, 0, 1);
    mail.run_dry();
    let arrived: Vec<_> = mail.collect().collect();
    let mut nodes: Vec<NodeId> = arrived.iter().map(|delivery| delivery.dst).collect();
    nodes.sort_unstable();
    assert_eq!(nodes, multicast.dsts);
    for delivery in &arrived {
        let distance = (9 % 8u32).abs_diff(delivery.dst.0 % 8) + (9 / 8u32).abs_diff(delivery.dst.0 / 8);
        let law = 5 * u64::from(distance + 1) + 2;
        let took = delivery.at - 5;
        // Copies of one packet leave a router one after the other.
        assert!(took >= law && took <= law + 3 * u64::from(distance + 1), "{delivery:?}: {took} for {law}");
    }
    let tally = mail.tally();
    let links: u64 = chip
        .fabric
        .links
        .iter()
        .map(|link| tally.port_flits[chip.fabric.slot(link.from, link.from_port)])
        .sum();
    assert_eq!(links, u64::from(tree.links));
    assert!(tree.links * 2 < tree.unicast_hops);
    // A second wave is as fast as the first: nothing is left behind.
    mail.post_tree(NodeId(9), mail.now() + 1_000, 0, 2);
    mail.run_dry();
    assert_eq!(mail.collect().count(), nodes.len());
    assert_eq!(mail.pending(), 0);
}

#[test]
fn closed_loops_are_answered() {
    let chip = Chip::new("mesh: {size: [4, 4]}", "xy", router(2, 4));
    let mut network = chip.approximate();
    network.keep_log(true);
    assert_eq!(network.run(&mut Dialogue::new(16, 0.05, 5, 1), u64::MAX), Ended::Idle);
    let log = network.tally().log.expect("a log was kept");
    assert_eq!(2 * log.iter().filter(|packet| packet.tag == 1).count(), log.len());
    assert!(log.len() > 1_000);
}
