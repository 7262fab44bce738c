//! Runs against the reference's figures, conservation, threads, interruption.

use std::sync::atomic::{AtomicBool, Ordering};

use super::saturation::{Found, Search};
use super::*;
use crate::base::RouterId;
use crate::fabric::{LinkParams, Topology};
use crate::noc::multicast::{Tree, TreeTable};
use crate::noc::params::RouterKind;
use crate::noc::route::{DimensionOrder, RoutingSpec};
use crate::workload::traffic::{Closed, PacketFlits, Pattern, TrafficParams, TrafficSource};

/// A mesh of k × k routers under dimension order.
struct Chip {
    fabric: Fabric,
    health: Health,
    routing: Routing,
    router: RouterParams,
}

impl Chip {
    fn mesh(k: u32, router: RouterParams) -> Self {
        let size = vec![k, k];
        let routing = Routing::DimensionOrder(DimensionOrder::new(&size, &[false; 2], &[0, 1], router.vcs));
        let fabric = Topology::Mesh { size }.build(&LinkParams::default()).expect("a small mesh");
        Self { health: Health::perfect(&fabric), fabric, routing, router }
    }

    fn job(&self) -> Job<'_> {
        Job {
            fabric: &self.fabric,
            health: &self.health,
            routing: &self.routing,
            epochs: &[],
            transients: None,
            router: &self.router,
            fidelity: Fidelity::Cycle,
            seed: 1,
            threads: 1,
            keep_log: false,
        }
    }

    fn traffic(&self, params: &TrafficParams) -> TrafficSource {
        params.compile(&self.fabric, &|_| Err(std::io::ErrorKind::NotFound.into()), 1).expect("valid traffic")
    }

    fn run(&self, params: &TrafficParams, windows: Windows) -> Outcome {
        self.job().run(self.traffic(params), windows, &mut Control::none()).expect("balanced books")
    }
}

const REFERENCE: Windows = Windows { warmup: 3000, measure: Some(9000), drain_limit: 100_000 };

fn uniform(rate: f64) -> TrafficParams {
    TrafficParams { rate: Some(rate), ..TrafficParams::default() }
}

/// The reference at 0.2 flits/node/cycle: 35.12 cycles, 0.1998 accepted.
#[test]
fn a_fixed_rate_is_measured_as_the_reference_measures_it() {
    let outcome = Chip::mesh(8, RouterParams::default()).run(&uniform(0.2), REFERENCE);
    let mean = outcome.packet_latency.mean().expect("packets were delivered");
    assert!((mean / 35.1218 - 1.0).abs() < 0.02, "{mean}");
    let (offered, accepted) = (outcome.offered().expect("a window"), outcome.accepted().expect("a window"));
    assert!((offered - 0.2).abs() < 0.003 && (accepted - offered).abs() < 0.001, "{offered} {accepted}");
    assert_eq!((outcome.ending.clone(), outcome.packets.in_flight), (Ending::Complete, 0));
    assert_eq!(outcome.packets.created, outcome.packets.delivered);
    assert_eq!(outcome.measured_cycles, 9000);
    assert!(outcome.cycles >= 12_000 && outcome.cycles < 12_400, "{}", outcome.cycles);
    // The books of the parts: what nodes offered is what they all received in the end.
    assert_eq!(outcome.packet_latency.count, outcome.offered_flits);
    assert_eq!(outcome.loads.delivered_flits.iter().sum::<u64>(), outcome.packets.delivered);
    let through: u64 = outcome.loads.router_flits.iter().sum();
    assert_eq!(through, outcome.flit_hops() + outcome.packets.delivered);
    // The frames of the timeline add up to the loads, and cover the run.
    let Timeline { width, frames } = &outcome.timeline;
    assert!(*width == 334 && frames.len() as u64 == outcome.cycles.div_ceil(*width), "{}", frames.len());
    let link = |link: usize| frames.iter().map(|frame| u64::from(frame.link_flits[link])).sum::<u64>();
    assert!((0..outcome.loads.link_flits.len()).all(|id| link(id) == outcome.loads.link_flits[id]));
    let to_node = |at: usize| frames.iter().map(|frame| u64::from(frame.delivered_flits[at])).sum::<u64>();
    assert!((0..64).all(|router| to_node(router) == outcome.loads.delivered_flits[router]));
    let summary = outcome.packet_summary().expect("packets were delivered");
    assert!(summary.min == 7 && summary.p50 > 25 && summary.p50 < 40 && summary.p99 < summary.max);
}

#[test]
fn the_outcome_depends_on_neither_threads_nor_observers() {
    let chip = Chip::mesh(8, RouterParams::default());
    let params = TrafficParams { packet_flits: Some(PacketFlits::Fixed(3)), ..uniform(0.3) };
    let windows = Windows { warmup: 500, measure: Some(1500), drain_limit: 5000 };
    let run = |threads, control: &mut Control<'_>| {
        let job = Job { threads, keep_log: true, ..chip.job() };
        job.run(chip.traffic(&params), windows, control).expect("balanced books")
    };
    let alone = run(1, &mut Control::none());
    assert!(alone.log.as_ref().is_some_and(|log| log.len() as u64 == alone.packets.delivered));
    let mut looks = 0;
    let mut look = |progress: Progress| looks += u32::from(progress.share.is_some());
    let flag = AtomicBool::new(false);
    let watched = run(2, &mut Control { cancel: Some(&flag), progress: Some(&mut look) });
    assert!(alone == watched, "two threads and an observer change the outcome");
    assert!(looks > 2);
}

#[test]
fn packets_to_and_from_broken_nodes_are_refused_and_counted() {
    let mut chip = Chip::mesh(4, RouterParams::default());
    // A corner: dimension order goes around it for every other pair.
    chip.health.kill_node(crate::base::NodeId(5));
    let outcome = chip.run(&uniform(0.1), Windows { warmup: 0, measure: Some(4000), drain_limit: 1000 });
    let Packets { created, delivered, refused, lost, in_flight } = outcome.packets;
    assert_eq!(created, delivered + refused + lost + in_flight);
    let share = refused as f64 / created as f64;
    assert!((share - 31.0 / 256.0).abs() < 0.02, "{share} refused");
    let admitted = outcome.admitted().expect("a window") / outcome.offered().expect("a window");
    assert!((admitted + share - 1.0).abs() < 0.01, "{admitted}");
    assert_eq!((outcome.loads.delivered_flits[5], lost, in_flight), (0, 0, 0));
}

/// Beyond saturation the sources' queues grow, and what they would have sent still counts as offered.
#[test]
fn a_saturated_run_says_what_was_offered() {
    let chip = Chip::mesh(4, RouterParams { vcs: 1, buffer_flits: 2, ..RouterParams::default() });
    let windows = Windows { warmup: 300, measure: Some(3000), drain_limit: 100 };
    let outcome = chip.run(&uniform(0.9), windows);
    let (offered, accepted) = (outcome.offered().expect("a window"), outcome.accepted().expect("a window"));
    assert_eq!(outcome.ending, Ending::Saturated);
    assert!((offered - 0.9).abs() < 0.02 && accepted < 0.4, "{offered} {accepted}");
    assert_eq!(outcome.packets.in_flight, 0, "the network is emptied at the end");
    assert_eq!(outcome.loads.node_accepted.len(), 16);
}

#[test]
fn an_interrupted_run_says_so() {
    let chip = Chip::mesh(8, RouterParams::default());
    let flag = AtomicBool::new(false);
    let mut interrupt = |progress: Progress| flag.store(progress.cycle > 40_000, Ordering::Relaxed);
    let windows = Windows { warmup: 0, measure: Some(1 << 40), drain_limit: 0 };
    let mut control = Control { cancel: Some(&flag), progress: Some(&mut interrupt) };
    let outcome =
        chip.job().run(chip.traffic(&uniform(0.01)), windows, &mut control).expect("balanced books");
    assert_eq!(outcome.ending, Ending::Cancelled);
    assert!(!outcome.is_complete() && outcome.cycles > 40_000 && outcome.cycles < 100_000);
    assert_eq!(outcome.measured_cycles, outcome.cycles);
    assert!((outcome.accepted().expect("a window") - 0.01).abs() < 0.001);
}

/// A long quiet warm-up, then short chunks: an engine that looks for movement rarely must not be believed.
#[test]
fn a_drain_in_short_steps_is_not_taken_for_a_stall() {
    let chip = Chip::mesh(2, RouterParams::default());
    let windows = Windows { warmup: 60_000, measure: Some(10), drain_limit: 5000 };
    for seed in 0..8 {
        let job = Job { seed, ..chip.job() };
        let params = TrafficParams { packet_flits: Some(PacketFlits::Fixed(40)), ..uniform(0.9) };
        let outcome = job.run(chip.traffic(&params), windows, &mut Control::none()).expect("balanced books");
        assert!(matches!(outcome.ending, Ending::Complete | Ending::Saturated), "{:?}", outcome.ending);
    }
}

/// A routing function that does not know that the middle is cut off, and routers that never hold a flit.
#[test]
fn a_livelock_is_noticed() {
    let mut chip = Chip::mesh(3, RouterParams { kind: RouterKind::Deflection, ..RouterParams::default() });
    let middle = RouterId(4);
    for (id, link) in chip.fabric.links.iter().enumerate() {
        if link.from == middle || link.to == middle {
            chip.health.kill_link(crate::base::LinkId::at(id));
        }
    }
    let batch = crate::workload::traffic::Batch { packets: 4, outstanding: None };
    let params =
        TrafficParams { mode: crate::workload::traffic::Mode::Batch(batch), ..TrafficParams::default() };
    let outcome = chip.run(&params, Windows { warmup: 0, measure: None, drain_limit: 0 });
    let Ending::Circling(circling) = outcome.ending else { panic!("{:?}", outcome.ending) };
    assert!(circling.cycles >= 50_000 && circling.hops >= circling.cycles / 5, "{circling:?}");
    assert!(circling.packets > 0 && circling.packets == outcome.packets.in_flight);
    assert!(!outcome.is_complete());
}

/// A batch: the run is over when the last packet has arrived.
#[test]
fn an_idle_source_ends_a_run_early() {
    let chip = Chip::mesh(2, RouterParams::default());
    let params = TrafficParams {
        mode: crate::workload::traffic::Mode::Batch(crate::workload::traffic::Batch {
            packets: 50,
            outstanding: None,
        }),
        ..TrafficParams::default()
    };
    let outcome = chip.run(&params, Windows { warmup: 0, measure: None, drain_limit: 0 });
    assert_eq!((outcome.packets.created, outcome.packets.delivered), (200, 200));
    assert!(outcome.cycles >= 50 && outcome.cycles < 400, "{}", outcome.cycles);
    assert_eq!(outcome.packet_latency.count, 200);
}

fn saturation(router: RouterParams, params: &TrafficParams, start: f64, tolerance: f64) -> Found {
    let chip = Chip::mesh(8, router);
    let search = Search { start, limit: params.max_rate(), tolerance };
    let source = |rate| Ok(chip.traffic(&params.at_rate(rate)));
    let windows = Windows { warmup: 1500, measure: Some(6000), drain_limit: 20_000 };
    saturation::search(&chip.job(), windows, search, source, &mut Control::none()).expect("balanced books")
}

/// The intervals in which the reference saturates, widened by the 3 % that count as validated.
#[test]
fn networks_saturate_where_the_reference_does() {
    let one_vc = RouterParams { vcs: 1, ..RouterParams::default() };
    let transpose = TrafficParams { pattern: Some(Pattern::Transpose), ..TrafficParams::default() };
    let plain = TrafficParams::default();
    for (name, router, params, start, [low, high]) in [
        ("uniform, 4 VCs", RouterParams::default(), plain.clone(), 0.3, [0.425, 0.4375]),
        ("uniform, 1 VC", one_vc, plain, 0.1, [0.1375, 0.15]),
        ("transpose, 4 VCs", RouterParams::default(), transpose, 0.1, [0.165, 0.17]),
    ] {
        let found = saturation(router, &params, start, 0.006);
        let above = found.above.expect("the network saturates");
        let said = format!("{name}: {} to {above} instead of {low} to {high}", found.below);
        assert!(above - found.below <= 0.006, "{said}");
        assert!(found.below < high * 1.03 && above > low * 0.97, "{said}");
        assert!(found.points.iter().all(|point| point.saturated == (point.rate >= above)), "{said}");
        assert_eq!(found.outcome.ending, Ending::Complete, "{said}");
    }
}

#[test]
fn what_the_engine_refuses_is_refused_before_the_run() {
    let chip = Chip::mesh(4, RouterParams { buffer_flits: 0, ..RouterParams::default() });
    let refusal = chip.job().validate().expect_err("a buffer needs a flit");
    assert_eq!(refusal.0[0].path, "buffer_flits");
    assert_eq!(chip.fabric.routers.len(), RouterId(16).index());
}

/// Packets to groups, down trees and one by one, at every fidelity: the same is delivered, over fewer links.
#[test]
fn trees_and_single_packets_deliver_the_same() {
    let chip = Chip::mesh(6, RouterParams::default());
    let windows = Windows { warmup: 0, measure: None, drain_limit: 100_000 };
    let params = |carriage: &str| {
        let yaml = format!(
            "{{multicast: {{fan_out: 6, as: {carriage}}}, rate: 0.01, mode: {{batch: {{packets: 20}}}}}}"
        );
        serde_yaml::from_str::<TrafficParams>(&yaml).expect("valid traffic")
    };
    let (tree, unicast) = (params("tree"), params("unicast"));
    let list = chip.traffic(&tree).multicasts().to_vec();
    let trees = TreeTable::build(&chip.fabric, &chip.health, &chip.routing, &list).expect("the nodes exist");
    let sum = |of: fn(Tree) -> u32| {
        (0..36).filter_map(|i| trees.tree(i)).map(|t| 20 * u64::from(of(t))).sum::<u64>()
    };
    for fidelity in [Fidelity::Cycle, Fidelity::Approximate, Fidelity::Ideal] {
        let run = |params: &TrafficParams, threads| {
            let job = Job { fidelity, threads, ..chip.job() };
            job.run(chip.traffic(params), windows, &mut Control::none()).expect("balanced books")
        };
        let (copied, single) = (run(&tree, 1), run(&unicast, 1));
        assert_eq!((copied.packets.delivered, single.packets.delivered), (20 * 36 * 6, 20 * 36 * 6));
        assert_eq!(
            (copied.flit_hops(), single.flit_hops()),
            (sum(|tree| tree.links), sum(|tree| tree.unicast_hops))
        );
        assert!(copied.flit_hops() * 10 < single.flit_hops() * 8);
        assert_eq!(copied.loads.node_accepted, single.loads.node_accepted);
        assert_eq!(copied.offered_flits, single.offered_flits);
        let casts = Casts { packets: 720, destinations: 4320, copies: 3600 };
        assert_eq!((copied.multicast, single.multicast), (Some(casts), None));
        assert!(copied.packet_latency.mean() <= single.packet_latency.mean());
        assert!(run(&tree, 3) == copied, "threads change the outcome");
    }
}

/// Destinations that no way leads to are refused, and all others served.
#[test]
fn trees_on_a_broken_chip_leave_out_what_is_dead() {
    let mut chip = Chip::mesh(4, RouterParams::default());
    chip.health.kill_node(crate::base::NodeId(5));
    let params = serde_yaml::from_str("{multicast: {fan_out: 15}, rate: 0.01}").expect("valid traffic");
    let outcome = chip.run(&params, Windows { warmup: 0, measure: Some(3000), drain_limit: 1000 });
    let Packets { created, delivered, refused, in_flight, .. } = outcome.packets;
    assert_eq!((created, in_flight), (delivered + refused, 0));
    assert!(delivered > 0 && outcome.loads.node_accepted[5] == 0);
    assert_eq!(outcome.refused_flits + outcome.packet_latency.count, outcome.offered_flits);
}

/// Bufferless routers have nowhere to keep what is copied.
#[test]
fn bufferless_routers_copy_nothing() {
    let router = RouterParams { kind: RouterKind::Deflection, ..RouterParams::default() };
    let chip = Chip::mesh(4, router);
    let params: TrafficParams = serde_yaml::from_str("multicast: {fan_out: 2}").expect("valid traffic");
    let error = chip.job().run(chip.traffic(&params), REFERENCE, &mut Control::none());
    assert!(matches!(error, Err(RunError::Refused(problems)) if problems.to_string().contains("bufferless")));
}

/// Where little is sent, a node holds a request for later and replies that it owes.
#[test]
fn books_are_balanced_where_nodes_hold_several_packets() {
    for seed in 1..9 {
        let chip = Chip::mesh(4, RouterParams::default());
        let closed = Closed { outstanding: 3, service_cycles: 300, ..Closed::default() };
        let params = TrafficParams { closed: Some(closed), ..uniform(0.01) };
        let windows = Windows { warmup: 100, measure: Some(2000), drain_limit: 100_000 };
        for fidelity in [Fidelity::Cycle, Fidelity::Approximate, Fidelity::Ideal] {
            let job = Job { fidelity, seed, ..chip.job() };
            let traffic = params.compile(&chip.fabric, &|_| Err(std::io::ErrorKind::NotFound.into()), seed);
            let outcome = job.run(traffic.expect("valid traffic"), windows, &mut Control::none());
            assert!(outcome.expect("balanced books").packets.delivered > 0);
        }
    }
}

/// A link whose channels are all stuck is as good as broken: what would take it is refused.
#[test]
fn packets_over_a_link_that_is_stuck_altogether_are_refused() {
    let mut chip = Chip::mesh(4, RouterParams::default());
    let link = chip.fabric.out(RouterId(5), 0).expect("a link to the east");
    chip.health.stick_vcs(link, 0b1111);
    chip.routing = RoutingSpec::Xy.compile(&chip.fabric, &chip.health, 4, 1).expect("it fits");
    let windows = Windows { warmup: 0, measure: Some(2000), drain_limit: 100_000 };
    let refused = [Fidelity::Cycle, Fidelity::Approximate, Fidelity::Ideal].map(|fidelity| {
        let job = Job { fidelity, ..chip.job() };
        let outcome = job.run(chip.traffic(&uniform(0.05)), windows, &mut Control::none());
        let Packets { created, delivered, refused, .. } = outcome.expect("balanced books").packets;
        assert_eq!(created, delivered + refused, "{fidelity:?}");
        refused
    });
    assert!(refused[0] > 0 && refused == [refused[0]; 3], "{refused:?}");
}
