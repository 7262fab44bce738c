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
        let none = |_: &str| Err(std::io::ErrorKind::NotFound.into());
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
    TrafficParams { rate: Some(rate), packet_flits: Some(PacketFlits::Fixed(flits)), ..TrafficParams::default() }
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
    let specs = ["mftn", "xy", "odd-even", "west-first", "minimal-adaptive", "o1turn", "up-down", "romm", "corner"];
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
    for number in 0..300 {
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
        if number % 3 == 0 {
            let again = chip.run(Job { threads: 3, ..chip.job() }, &params);
            assert!(again == outcome, "three threads differ in {said}");
        }
    }
    assert!(lost > 500 && struck > 400 && dropped > 80, "{lost} {struck} {dropped}");
}
