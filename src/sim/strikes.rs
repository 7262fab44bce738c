//! Faults that strike during a run: conservation, threads, deadlock, closed loops, and cases worked out by hand.

use super::*;
use crate::base::random::{Purpose, Stream};
use crate::base::{LinkId, NodeId, RouterId};
use crate::fabric::faults::{InFlight, Parts};
use crate::fabric::{LinkParams, Topology};
use crate::noc::loss::Cause;
use crate::noc::params::Switching;
use crate::noc::route::RoutingSpec;
use crate::noc::source::Offer;
use crate::workload::traffic::{Batch, Closed, Mode, PacketFlits, TrafficParams};

/// A chip, how packets find their way, and what strikes it.
struct Chip {
    fabric: Fabric,
    health: Health,
    spec: RoutingSpec,
    routing: Routing,
    router: RouterParams,
    epochs: Vec<Epoch>,
}

impl Chip {
    fn new(topology: Topology, spec: &str, router: RouterParams) -> Self {
        let fabric = topology.build(&LinkParams::default()).expect("a small chip");
        let health = Health::perfect(&fabric);
        let spec = RoutingSpec::named(spec).expect("a routing function with defaults");
        let routing = spec.compile(&fabric, &health, router.vcs, 1).expect("it fits");
        Self { fabric, health, spec, routing, router, epochs: Vec::new() }
    }

    fn mesh(k: u32, spec: &str) -> Self {
        Self::new(Topology::Mesh { size: vec![k, k] }, spec, RouterParams::default())
    }

    /// Adds a fault; whether anything is left to route on.
    fn strike(&mut self, at_cycle: u64, in_flight: InFlight, parts: Parts) -> bool {
        let mut health = self.epochs.last().map_or(&self.health, |epoch| &epoch.health).clone();
        parts.apply(&self.fabric, &mut health);
        if health.is_dead() {
            return false;
        }
        let Ok(routing) = self.spec.compile(&self.fabric, &health, self.router.vcs, 1) else { return false };
        self.epochs.push(Epoch { at_cycle, in_flight, parts, health, routing });
        true
    }

    fn job(&self) -> Job<'_> {
        Job {
            fabric: &self.fabric,
            health: &self.health,
            routing: &self.routing,
            epochs: &self.epochs,
            transients: None,
            router: &self.router,
            fidelity: Fidelity::Cycle,
            seed: 1,
            threads: 1,
            keep_log: true,
        }
    }

    fn run(&self, job: Job<'_>, params: &TrafficParams) -> Outcome {
        let none = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
        let source = params.compile(&self.fabric, &none, 7).expect("valid traffic");
        let measure = matches!(params.mode, Mode::FixedRate).then_some(600);
        let windows = Windows { warmup: 200, measure, drain_limit: 20_000 };
        job.run(source, windows, &mut Control::none()).expect("balanced books")
    }
}

fn router(number: u32) -> Parts {
    Parts { routers: vec![RouterId(number)], ..Parts::default() }
}

fn uniform(rate: f64, flits: u16) -> TrafficParams {
    TrafficParams {
        rate: Some(rate),
        packet_flits: Some(PacketFlits::Fixed(flits)),
        ..TrafficParams::default()
    }
}

/// Parts drawn at random: a router, a core, a wire or one direction of it, or stuck channels.
fn draw_parts(fabric: &Fabric, vcs: u8, draw: &mut Stream) -> Parts {
    let mut parts = Parts::default();
    for _ in 0..1 + draw.below(2) {
        match draw.below(5) {
            0 => parts.routers.push(RouterId(draw.below(fabric.routers.len() as u32))),
            1 => parts.nodes.push(NodeId(draw.below(fabric.nodes.len() as u32))),
            kind => {
                let link = LinkId(draw.below(fabric.links.len() as u32));
                match kind {
                    2 => parts.links.extend(fabric.reverse(link).into_iter().chain([link])),
                    3 => parts.links.push(link),
                    _ => parts.stuck_vcs.push((link, 1 << draw.below(u32::from(vcs)))),
                }
            }
        }
    }
    parts
}

/// A random chip under a random routing function with random faults and traffic.
fn draw_case(number: u32) -> (Chip, TrafficParams) {
    let mut draw = Stream::new(77, Purpose::Workload, number, 0);
    let specs =
        ["mftn", "xy", "odd-even", "west-first", "minimal-adaptive", "o1turn", "up-down", "romm", "corner"];
    let spec = specs[draw.below(specs.len() as u32) as usize];
    let router = RouterParams {
        vcs: 2 + draw.below(3) as u8,
        buffer_flits: 1 + draw.below(5) as u16,
        routing_delay: draw.below(3) as u8,
        vc_delay: 1 + draw.below(2) as u8,
        speculative: draw.below(4) == 0,
        wait_for_tail_credit: draw.below(3) == 0,
        allocator_iterations: 1 + draw.below(2) as u8,
        switching: [Switching::Wormhole, Switching::VirtualCutThrough][draw.below(2) as usize],
        ..RouterParams::default()
    };
    let k = 3 + draw.below(3);
    let mut chip = Chip::new(Topology::Mesh { size: vec![k, k] }, spec, router);
    let mut at = 0;
    for _ in 0..1 + draw.below(4) {
        at += u64::from(draw.below(300));
        let in_flight = [InFlight::Drain, InFlight::Drop][draw.below(2) as usize];
        let parts = draw_parts(&chip.fabric, chip.router.vcs, &mut draw);
        chip.strike(at, in_flight, parts);
    }
    let mut params = uniform(0.05 + 0.6 * draw.unit(), 1 + draw.below(6) as u16);
    if draw.below(3) == 0 {
        params.closed = Some(Closed { outstanding: 1 + draw.below(4), ..Closed::default() });
    }
    (chip, params)
}

/// Hundreds of random runs: all books balance (each run checks that itself), nothing gets stuck, and every packet is
/// delivered, refused or lost in the end. With three threads the outcome is the same.
#[test]
fn random_faults_lose_no_count_of_anything() {
    let (mut lost, mut struck, mut dropped) = (0, 0, 0);
    for number in 0..200 {
        let (chip, params) = draw_case(number);
        let outcome = chip.run(chip.job(), &params);
        let said = format!("case {number}: {:?} {:?}", chip.spec, outcome.ending);
        assert!(matches!(outcome.ending, Ending::Complete | Ending::Saturated), "{said}");
        let Packets { created, delivered, refused, lost: gone, in_flight } = outcome.packets;
        assert_eq!((created, in_flight), (delivered + refused + gone, 0), "{said}");
        assert_eq!(outcome.log.as_ref().map(Vec::len), Some(delivered as usize), "{said}");
        assert_eq!(outcome.losses.total(), outcome.passages.iter().map(|p| p.losses.total()).sum::<u64>());
        if chip.epochs.iter().all(|epoch| epoch.in_flight == InFlight::Drain) {
            assert_eq!(gone, 0, "{said}");
        }
        lost += gone;
        struck += outcome.passages.iter().filter(|passage| passage.resumed.is_some()).count();
        dropped += usize::from(gone > 0);
        if number % 4 == 0 {
            let again = chip.run(Job { threads: 3, ..chip.job() }, &params);
            assert_eq!(again.packets, outcome.packets, "three threads, {said}");
            assert_eq!(again.passages, outcome.passages, "three threads, {said}");
            assert_eq!((again.cycles, &again.hops), (outcome.cycles, &outcome.hops), "three threads, {said}");
            assert_eq!(again.log, outcome.log, "three threads, {said}");
            assert_eq!(again.loads, outcome.loads, "three threads, {said}");
            assert_eq!(again.timeline, outcome.timeline, "three threads, {said}");
            assert!(again == outcome, "three threads, {said}");
        }
    }
    assert!(lost > 300 && struck > 250 && dropped > 50, "{lost} {struck} {dropped}");
}

/// One packet of one flit along a line of four routers, on the reference pipeline: injected in cycle 0, in router
/// k's buffer from cycle 5k + 2 on, routed then, given a channel in the next cycle, and on its way from the one after.
struct Single(Option<Offer>);

impl Source for Single {
    fn next(&mut self, node: NodeId) -> Option<Offer> {
        self.0.take_if(|_| node == NodeId(0))
    }

    fn split(&mut self, _: NodeId) -> Self {
        Self(None)
    }
}

/// What becomes of the packet if `parts` break in cycle `at`: lost to what, or `None` if it is delivered.
fn fate(parts: &Parts, in_flight: InFlight, at: u64) -> Option<Cause> {
    let mut chip = Chip::new(Topology::Mesh { size: vec![4, 1] }, "xy", RouterParams::default());
    assert!(chip.strike(at, in_flight, parts.clone()));
    let offer = Offer { at: 0, dst: NodeId(3), flits: 1, tag: 0 };
    let windows = Windows { warmup: 0, measure: None, drain_limit: 100 };
    let outcome = chip.job().run(Single(Some(offer)), windows, &mut Control::none()).expect("balanced books");
    assert_eq!(outcome.packets.refused, 0);
    if let Some(passage) = outcome.passages.first() {
        assert_eq!(passage.at_cycle, at);
    }
    outcome.losses.iter().next().map(|(cause, _)| cause)
}

#[test]
fn a_packet_is_lost_where_it_meets_the_fault() {
    let chip = Chip::new(Topology::Mesh { size: vec![4, 1] }, "xy", RouterParams::default());
    let link = chip.fabric.links_between(RouterId(1), RouterId(2)).next().expect("neighbours");
    let cases = [
        // The link to router 2: it holds a channel from cycle 9 on, and is in the buffer beyond after cycle 12.
        (Parts { links: vec![link], ..Parts::default() }, 9..13, Cause::Link),
        // Router 2: until the flit is in the buffer of router 3.
        (router(2), 9..18, Cause::Router),
        // The node's core: until the flit is handed over.
        (Parts { nodes: vec![NodeId(3)], ..Parts::default() }, 1..20, Cause::Core),
        // All channels of the link, buffers of router 2 included: until the flit has left these.
        (Parts { stuck_vcs: vec![(link, 0b1111)], ..Parts::default() }, 9..15, Cause::StuckVc),
    ];
    for (parts, within, cause) in cases {
        for at in 1..25 {
            let expected = match at {
                at if within.contains(&at) => Some(cause),
                at if at < within.start => Some(Cause::CutOff),
                _ => None,
            };
            assert_eq!(fate(&parts, InFlight::Drop, at), expected, "{parts:?} in cycle {at}");
            assert_eq!(fate(&parts, InFlight::Drain, at), None, "{parts:?} from cycle {at} on");
        }
    }
}

/// With one request at a time, a single one that is lost without notice would silence its node for good.
#[test]
fn closed_loops_go_on_after_losses() {
    let mut chip = Chip::mesh(5, "mftn");
    for (at, at_router) in [(300, 12), (400, 6), (500, 18)] {
        assert!(chip.strike(at, InFlight::Drop, router(at_router)));
    }
    let closed = Closed { outstanding: 1, reply_flits: 3, ..Closed::default() };
    let outcome = chip.run(chip.job(), &TrafficParams { closed: Some(closed), ..uniform(0.5, 2) });
    assert!(outcome.packets.lost > 5 && outcome.packets.refused > 100, "{:?}", outcome.packets);
    let log = outcome.log.expect("a log was kept");
    let health = &chip.epochs[2].health;
    // Beside two broken routers at a right angle a node is out of service.
    let serves = |node: usize| chip.epochs[2].routing.reaches(RouterId::at(node), RouterId(0));
    for node in (1..25).filter(|&node| health.node[node] && serves(node)) {
        let late = log.iter().filter(|packet| packet.src.index() == node && packet.created > 600).count();
        assert!(late > 3, "node {node} sent {late} packets after the faults");
    }
}

/// Requests to nodes that do not work are refused, and do not fill windows for good.
#[test]
fn refused_requests_leave_their_window() {
    for fidelity in [Fidelity::Cycle, Fidelity::Approximate, Fidelity::Ideal] {
        let mut chip = Chip::mesh(4, "mftn");
        chip.health.kill_router(&chip.fabric, RouterId(5));
        chip.routing = chip.spec.compile(&chip.fabric, &chip.health, 4, 1).expect("it fits");
        let mode = Mode::Batch(Batch { packets: 60, outstanding: Some(2) });
        let outcome =
            chip.run(Job { fidelity, ..chip.job() }, &TrafficParams { mode, ..TrafficParams::default() });
        let Packets { created, delivered, refused, .. } = outcome.packets;
        // Every node, the broken one included, has made its 60 requests; each that arrived was answered.
        assert_eq!(created, 16 * 60 + delivered / 2, "{fidelity:?}");
        assert_eq!(delivered % 2, 0, "{fidelity:?}");
        assert_eq!(created, delivered + refused, "{fidelity:?}");
    }
}

/// The network goes on by the new routes: it serves whom they serve, and refuses the others.
#[test]
fn new_routes_are_in_force_after_the_pause() {
    let mut chip = Chip::mesh(8, "mftn");
    assert!(chip.strike(300, InFlight::Drain, router(27)) && chip.strike(310, InFlight::Drop, router(36)));
    let outcome = chip.run(chip.job(), &uniform(0.1, 1));
    let [first, second] = &outcome.passages[..] else { panic!("two faults struck") };
    // The second one strikes during the first one's pause, and both end together.
    assert_eq!((first.at_cycle, second.at_cycle, first.losses.total()), (300, 310, 0));
    assert!(first.resumed == second.resumed && first.resumed.is_some_and(|cycle| cycle > 310 && cycle < 420));
    assert_eq!(second.losses.total(), outcome.packets.lost);
    // Two nodes are broken and two between them out of service: of what is created afterwards, 1 − (60/64)².
    let refused = outcome.packets.refused as f64 / outcome.packets.created as f64;
    assert!(refused > 0.04 && refused < 0.121, "{refused}");
    // Nothing passes the broken routers any more.
    let log = outcome.log.as_ref().expect("a log was kept");
    let resumed = second.resumed.expect("sources went on");
    let ends =
        |node: u32| log.iter().filter(move |p| p.created >= resumed && (p.src.0 == node || p.dst.0 == node));
    assert_eq!(ends(27).chain(ends(36)).count(), 0);
}

#[test]
fn only_the_flit_level_engine_takes_such_faults() {
    let mut chip = Chip::mesh(4, "xy");
    assert!(chip.strike(10, InFlight::Drain, router(5)));
    let terms = Transmission { bit_error_rate: 1e-3, flit_bits: 32, crc_bits: 8, max_retries: 8, seed: 1 };
    for fidelity in [Fidelity::Approximate, Fidelity::Ideal] {
        let refusal = Job { fidelity, ..chip.job() }.validate().expect_err("faults during the run");
        assert_eq!(refusal.0[0].path, "fidelity");
        let job = Job { fidelity, epochs: &[], transients: Some(&terms), ..chip.job() };
        assert!(job.validate().expect_err("bit errors").0[0].message.contains("bit errors"));
    }
}
