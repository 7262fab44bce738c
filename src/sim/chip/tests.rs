//! Chips against the bench, fidelities against each other, and everything that does not fit.

mod learning;

use super::*;
use crate::base::random::{Purpose, Stream};
use crate::base::unit::Hertz;
use crate::base::unit::{Joules, Seconds};
use crate::fabric::{Fabric, Health, LinkParams, Topology};
use crate::network::{Bench, Machine, NetBuilder, Synapse};
use crate::neuron::EventCost;
use crate::neuron::integrate_fire::IntegrateFire;
use crate::neuron::source_poisson::SourcePoisson;
use crate::noc::params::RouterParams;
use crate::noc::route::RoutingSpec;

/// Sources that drive a random recurrent network; all weights are multiples of 1/8, so that sums are exact.
pub(super) fn network(neurons: u32, longest: u32) -> Net {
    let mut net = NetBuilder::new(Seconds(1e-3));
    let noise = net.population("noise", SourcePoisson { rate: Hertz(200.0) }, neurons / 4);
    let cells = net.population("cells", IntegrateFire { threshold: 1.0, ..Default::default() }, neurons);
    let mut draw = Stream::new(5, Purpose::Connectivity, 0, 0);
    let mut join = |net: &mut NetBuilder, source, weights: [i32; 2]| {
        for _ in 0..8 {
            let weight = f64::from(weights[draw.below(2) as usize]) / 8.0;
            let delay = 1 + draw.below(longest) as u16;
            net.connect(source, Synapse { target: cells.at(draw.below(neurons)), weight, delay, channel: 0 });
        }
    };
    noise.iter().for_each(|source| join(&mut net, source, [3, 5]));
    cells.iter().for_each(|source| join(&mut net, source, [2, -1]));
    net.build().unwrap()
}

pub(super) struct Setup {
    fabric: Fabric,
    health: Health,
    pub(super) params: CoreParams,
    routing: crate::noc::route::Routing,
    router: RouterParams,
}

fn cost(energy: f64, latency: f64) -> EventCost {
    EventCost { energy: Joules(energy), latency: Seconds(latency) }
}

impl Setup {
    pub(super) fn new(neurons: u32) -> Self {
        let fabric = Topology::Mesh { size: vec![4, 4] }.build(&LinkParams::default()).unwrap();
        let health = Health::perfect(&fabric);
        let hop = cost(3e-12, 4e-9);
        let granule = GranuleParams { synapse: cost(20e-12, 3e-9), ..Default::default() };
        let params = CoreParams {
            per_tile: 2,
            neurons,
            axon_in: cost(1e-12, 10e-9),
            axon_out: cost(100e-12, 5e-9),
            granules: vec![granule],
            hops: Some(HopCosts { east: hop, north: hop, west: hop, south: hop }),
            ..Default::default()
        };
        let routing = RoutingSpec::default().compile(&fabric, &health, 4, 1).unwrap();
        Self { fabric, health, params, routing, router: RouterParams::default() }
    }

    pub(super) fn ground(&self) -> Ground<'_> {
        let Self { health, routing, router, .. } = self;
        let ground = Ground::new(&self.fabric, health, &self.params).unwrap();
        ground.with_wires(Wires { health, routing, router, clock_hz: 1e9 })
    }

    fn chip(&self, net: Net, fidelity: Fidelity, threads: usize) -> Result<Chip, Problems> {
        let ground = self.ground();
        let placement = Placement::sequential(&net, &ground)?;
        Chip::new(net, &placement, &ground, How { fidelity, seed: 9, threads })
    }
}

pub(super) fn trains(machine: &mut impl Machine, steps: u64) -> Vec<Vec<NeuronId>> {
    (0..steps).map(|_| (machine.step().unwrap(), machine.fired().to_vec()).1).collect()
}

#[test]
fn a_chip_with_a_barrier_fires_as_the_bench_does_in_every_fidelity_and_on_any_threads() {
    let setup = Setup::new(20);
    let mut bench = Bench::new(network(200, 6), 9).unwrap();
    let expected = trains(&mut bench, 40);
    assert!(bench.activity().spikes > 500);
    for fidelity in [Fidelity::Ideal, Fidelity::Sanafe, Fidelity::Approximate, Fidelity::Cycle] {
        let mut times = Vec::new();
        for threads in [1, 3] {
            let mut chip = setup.chip(network(200, 6), fidelity, threads).unwrap();
            assert_eq!(trains(&mut chip, 40), expected, "{fidelity:?}");
            chip.settle().unwrap();
            times.push(chip.seconds());
            let Activity { spikes, synaptic_events, updates, .. } = bench.activity();
            let found = chip.activity();
            assert_eq!(
                (found.spikes, found.synaptic_events, found.updates),
                (spikes, synaptic_events, updates)
            );
        }
        assert_eq!(times[0], times[1], "{fidelity:?}");
    }
}

#[test]
fn a_closer_look_at_the_network_never_makes_a_step_faster_than_without_contention() {
    let setup = Setup { params: CoreParams { hops: None, ..Setup::new(20).params }, ..Setup::new(20) };
    let time = |fidelity| {
        let mut chip = setup.chip(network(200, 1), fidelity, 1).unwrap();
        trains(&mut chip, 20);
        chip.seconds()
    };
    let [ideal, approximate, cycle] = [Fidelity::Ideal, Fidelity::Approximate, Fidelity::Cycle].map(time);
    assert!(ideal > 0.0 && ideal <= cycle * 1.000_001, "{ideal} {cycle}");
    // Both simulate the same queues; they differ in how a packet's flits share a cycle.
    assert!((approximate / cycle - 1.0).abs() < 0.05, "{approximate} {cycle}");
}

#[test]
fn packets_that_miss_the_tick_are_counted_and_applied_late_or_lost() {
    let run = |period: f64, late| {
        let mut setup = Setup::new(20);
        setup.params.synchronisation = Synchronisation::Tick { period: Seconds(period), late };
        let mut chip = setup.chip(network(200, 1), Fidelity::Ideal, 1).unwrap();
        let trains = trains(&mut chip, 30);
        assert!((chip.seconds() / (30.0 * period) - 1.0).abs() < 1e-12);
        (trains, chip.activity().late)
    };
    let mut bench = Bench::new(network(200, 1), 9).unwrap();
    let expected = trains(&mut bench, 30);
    assert_eq!(run(1e-3, Late::Apply), (expected.clone(), 0));
    let (applied, late) = run(0.3e-6, Late::Apply);
    assert!(late > 0 && applied != expected);
    let (dropped, lost) = run(0.3e-6, Late::Drop);
    assert!(lost > 0 && dropped != applied);
}

#[test]
fn broken_and_cut_off_cores_are_not_used() {
    let mut setup = Setup::new(20);
    let dead = crate::base::RouterId(5);
    setup.health.kill_router(&setup.fabric, dead);
    // The corner is cut off by its two neighbours.
    setup.health.kill_router(&setup.fabric, crate::base::RouterId(1));
    setup.health.kill_router(&setup.fabric, crate::base::RouterId(4));
    let ground = setup.ground();
    let net = network(200, 1);
    let placement = Placement::sequential(&net, &ground).unwrap();
    for broken in [0u32, 1, 4, 5] {
        let cores = 2 * broken..2 * broken + 2;
        assert!(placement.core.iter().all(|core| !cores.contains(&core.0)), "router {broken}");
    }
    let on_dead = Placement { core: vec![CoreId(0); 250], ..placement };
    let found = on_dead.check(&net, &ground).unwrap_err().to_string();
    assert!(
        found.contains("core 0: 250 neurons are placed on a core that does not work or is cut off"),
        "{found}"
    );
    let refused = Clockwork::new(Fidelity::Sanafe, &ground).unwrap_err().to_string();
    assert!(refused.contains("knows no broken routers"), "{refused}");
}

#[test]
fn what_does_not_fit_says_by_how_much() {
    let check = |change: fn(&mut CoreParams), expected: &str| {
        let mut setup = Setup::new(20);
        change(&mut setup.params);
        let found = setup.chip(network(200, 6), Fidelity::Ideal, 1).unwrap_err().to_string();
        assert!(found.contains(expected), "{found:?} does not say {expected:?}");
    };
    check(|params| params.neurons = 5, "250 neurons do not fit on 32 working cores of 5 neurons each");
    check(|params| params.max_delay = 4, "a synapse has a delay of 6 steps, 2 more than the chip's longest");
    check(|params| params.synapses = Some(10), "synapses do not fit: the core holds 10,");
    check(|params| params.fan_in = Some(2), "more than a neuron can have");
    check(|params| params.fan_out = Some(1), "neuron 0: it sends to 5 cores, 4 more than a neuron can");
    check(
        |params| params.granules[0].models = vec!["lif".into()],
        "no granule of the chip runs `source-poisson`",
    );
}

#[test]
fn cores_and_components_add_up_exactly() {
    let setup = Setup::new(20);
    let mut chip = setup.chip(network(200, 6), Fidelity::Sanafe, 1).unwrap();
    chip.keep_records();
    trains(&mut chip, 25);
    let mut cores = CoreCounts::new(chip.plan.layout.costs.len(), 1);
    chip.counts().for_each(|counts| cores.add(counts));
    let mut steps = CoreCounts::new(chip.plan.layout.costs.len(), 1);
    chip.take_records().iter().for_each(|record| steps.add(&record.counts));
    assert_eq!(cores, steps);
    assert_eq!(cores.axon_in, cores.axon_out);
    assert_eq!(cores.synaptic_events(), chip.activity().synaptic_events);
}

#[test]
fn a_weight_can_be_changed_wherever_it_went() {
    let setup = Setup::new(20);
    let (mut bench, net) = (Bench::new(network(200, 6), 9).unwrap(), network(200, 6));
    let mut chip = setup.chip(net, Fidelity::Ideal, 1).unwrap();
    for index in (0..1500).step_by(7) {
        bench.set_weight(index, 0.875);
        chip.set_weight(index, 0.875);
    }
    assert_eq!(trains(&mut chip, 30), trains(&mut bench, 30));
    let cell = NeuronId(60);
    chip.poke(cell, 4.0);
    bench.poke(cell, 4.0);
    assert_eq!(trains(&mut chip, 5), trains(&mut bench, 5));
    assert_eq!(chip.read(cell, 0), bench.read(cell, 0));
    chip.reset();
    bench.reset();
    assert!(chip.is_quiet());
    assert_eq!(trains(&mut chip, 5), trains(&mut bench, 5));
}

#[test]
fn weights_are_rounded_to_what_the_memory_holds() {
    let mut setup = Setup::new(20);
    setup.params.weight_bits = Some(8);
    let mut chip = setup.chip(network(200, 6), Fidelity::Ideal, 1).unwrap();
    // Eighths of at most 5 fit into 8 bits.
    assert_eq!(trains(&mut chip, 20), trains(&mut Bench::new(network(200, 6), 9).unwrap(), 20));
    setup.params.weight_bits = Some(2);
    let mut coarse = setup.chip(network(200, 6), Fidelity::Ideal, 1).unwrap();
    assert_ne!(trains(&mut coarse, 20), trains(&mut chip, 20));
}
