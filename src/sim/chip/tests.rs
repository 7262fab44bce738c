//! Chips against the bench, fidelities against each other, and everything that does not fit.

mod copies;
mod large;
mod learning;
mod limits;
mod queues;
mod relays;
mod snapshot;
mod taps;

use super::*;
use crate::base::random::{Purpose, Stream};
use crate::base::unit::Hertz;
use crate::base::unit::{Joules, Seconds};
use crate::fabric::{Fabric, Health, Hierarchy, LinkParams, Topology};
use crate::network::{Bench, Machine, NetBuilder, Part, Synapse};
use crate::neuron::binomial::Binomial;
use crate::neuron::integrate_fire::IntegrateFire;
use crate::neuron::source_poisson::SourcePoisson;
use crate::neuron::{EventCost, SomaCost};
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
        chip.settle().unwrap();
        chip.seconds()
    };
    let [ideal, approximate, cycle] = [Fidelity::Ideal, Fidelity::Approximate, Fidelity::Cycle].map(time);
    assert!(ideal > 0.0 && ideal <= cycle * 1.000_001, "{ideal} {cycle}");
    // Both simulate the same queues; they differ in how a packet's flits share a cycle.
    assert!((approximate / cycle - 1.0).abs() < 0.05, "{approximate} {cycle}");
}

#[test]
fn a_way_that_is_known_takes_what_the_network_takes_packet_by_packet() {
    let run =
        |(topology, routing): &(Topology, RoutingSpec), is_known: bool, (period, threads): (f64, usize)| {
            let fabric = topology.build(&LinkParams::default()).unwrap();
            let health = Health::perfect(&fabric);
            let routing = routing.compile(&fabric, &health, 4, 1).unwrap();
            let synchronisation = Synchronisation::Tick { period: Seconds(period), late: Late::Apply };
            let params = CoreParams { hops: None, packet_flits: 3, synchronisation, ..Setup::new(20).params };
            let setup = Setup { fabric, health, params, routing, router: RouterParams::default() };
            let mut chip = setup.chip(network(200, 1), Fidelity::Ideal, threads).unwrap();
            if let Some(Clockwork::Routed(model)) = chip.teller.model()
                && !is_known
            {
                model.forget_trips();
            }
            chip.keep_records();
            let trains = trains(&mut chip, 20);
            chip.settle().unwrap();
            let steps: Vec<_> = chip.take_records().into_iter().map(|it| (it.critical, it.counts)).collect();
            (trains, steps, chip.teller.model().unwrap().carried())
        };
    let torus = (Topology::Torus { size: vec![4, 4] }, RoutingSpec::Xy);
    let hierarchy = Hierarchy {
        cluster: vec![2, 2],
        arity: 2,
        levels: 2,
        up_link: Default::default(),
        growth: 2,
        off_chip_from: None,
    };
    let tree = (Topology::Hierarchy(hierarchy), RoutingSpec::UpDown(Default::default()));
    let drawn = (Topology::Mesh { size: vec![4, 4] }, RoutingSpec::O1turn);
    for chip in [torus, tree, drawn] {
        // Some packets are late with the shorter clock, and none with the longer.
        for (period, is_late) in [(0.3e-6, true), (1e-3, false)] {
            let expected = run(&chip, false, (period, 1));
            assert_eq!(expected.1.iter().any(|(_, counts)| counts.late > 0), is_late);
            assert_eq!(run(&chip, true, (period, 1)), expected);
            assert_eq!(run(&chip, true, (period, 3)), expected);
        }
    }
}

#[test]
fn threads_share_a_step_of_the_network_where_each_is_told_before_the_next() {
    let run = |threads| {
        let mut setup = Setup::new(20);
        let period = Seconds(0.3e-6);
        setup.params.synchronisation = Synchronisation::Tick { period, late: Late::Apply };
        setup.params.send_queue = Some(2);
        let mut chip = setup.chip(network(200, 1), Fidelity::Cycle, threads).unwrap();
        chip.keep_records();
        (trains(&mut chip, 25), chip.take_records())
    };
    let alone = run(1);
    assert!(alone.1.iter().any(|record| record.counts.late > 0));
    assert!([2, 3].into_iter().all(|threads| run(threads) == alone));
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
    let refused = Clockwork::new(Fidelity::Sanafe, &ground, 1).unwrap_err().to_string();
    assert!(refused.contains("knows no broken routers"), "{refused}");
}

#[test]
fn cores_and_components_add_up_exactly() {
    let setup = Setup::new(20);
    let mut chip = setup.chip(network(200, 6), Fidelity::Sanafe, 1).unwrap();
    chip.keep_records();
    trains(&mut chip, 25);
    chip.settle().unwrap();
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

#[test]
fn hops_are_counted_on_every_network_and_cost_what_the_chip_says() {
    let hops = |topology: Topology, spec: &RoutingSpec| {
        let fabric = topology.build(&LinkParams::default()).unwrap();
        let health = Health::perfect(&fabric);
        let routing = spec.compile(&fabric, &health, 4, 1).unwrap();
        let params = CoreParams { hops: None, ..Setup::new(20).params };
        let setup = Setup { fabric, health, params, routing, router: RouterParams::default() };
        let mut chip = setup.chip(network(200, 1), Fidelity::Ideal, 1).unwrap();
        trains(&mut chip, 20);
        chip.settle().unwrap();
        let hops: u64 = chip.counts().map(CoreCounts::total_hops).sum();
        // Flits over links are what the network itself counts.
        let carried = chip.teller.model().unwrap().carried();
        (hops, carried)
    };
    let mesh = hops(Topology::Mesh { size: vec![4, 4] }, &RoutingSpec::default());
    let torus = hops(Topology::Torus { size: vec![4, 4] }, &RoutingSpec::Xy);
    let cube = hops(Topology::Mesh { size: vec![2, 2, 4] }, &RoutingSpec::Xy);
    for (hops, carried) in [mesh, torus, cube] {
        assert!(hops > 1000 && hops == carried, "{hops} and {carried}");
    }
    assert!(torus.0 < mesh.0);
}

#[test]
fn the_record_names_what_a_step_waited_for() {
    let critical = |change: fn(&mut CoreParams), fidelity| {
        let mut setup = Setup::new(20);
        change(&mut setup.params);
        let mut chip = setup.chip(network(200, 1), fidelity, 1).unwrap();
        chip.keep_records();
        trains(&mut chip, 20);
        chip.settle().unwrap();
        chip.take_records().into_iter().map(|record| record.critical.unwrap()).collect::<Vec<_>>()
    };
    let is_core = |it: &Critical| matches!(it, Critical::Core(_));
    // Cores that take a microsecond for a packet are slower than the network; with long packets it is the other
    // way round.
    let slow_cores = |params: &mut CoreParams| params.axon_in = cost(0.0, 1e-6);
    let long_packets = |params: &mut CoreParams| {
        params.packet_flits = 64;
        params.axon_in = cost(0.0, 0.0);
        params.granules[0].synapse = cost(0.0, 0.0);
    };
    for fidelity in [Fidelity::Ideal, Fidelity::Sanafe, Fidelity::SanafeSimple, Fidelity::Cycle] {
        assert!(critical(slow_cores, fidelity).iter().all(is_core), "{fidelity:?}");
    }
    let found = critical(long_packets, Fidelity::Cycle);
    assert!(found.iter().filter(|it| !is_core(it)).count() > 10, "{found:?}");
}

#[test]
fn cores_that_run_freely_fire_as_with_a_barrier_while_they_keep_up() {
    let run = |period: f64, delay: u32| {
        let mut setup = Setup::new(20);
        setup.params.synchronisation = Synchronisation::Free { period: Seconds(period) };
        let mut chip = setup.chip(network(200, delay), Fidelity::Ideal, 1).unwrap();
        let trains = trains(&mut chip, 30);
        let mut counts = CoreCounts::new(chip.plan.layout.costs.len(), 1);
        chip.counts().for_each(|own| counts.add(own));
        (trains, chip.seconds(), counts)
    };
    let mut bench = Bench::new(network(200, 3), 9).unwrap();
    let expected = trains(&mut bench, 30);
    let (trains_in_time, seconds, counts) = run(1e-3, 3);
    assert_eq!(trains_in_time, expected);
    assert!((seconds / (30.0 * 1e-3) - 1.0).abs() < 1e-12);
    assert_eq!((counts.late, counts.early), (0, 0));
    // Clocks that nobody can follow: cores drift apart, the busier ones behind, and nothing is lost.
    let (drifted, seconds, counts) = run(0.05e-6, 3);
    assert!(counts.late > 0 && counts.early > 0 && drifted != expected, "{counts:?}");
    assert!(seconds > 30.0 * 0.05e-6);
    assert_eq!(run(0.05e-6, 3), (drifted, seconds, counts));
}

#[test]
fn running_freely_says_what_it_does_not_know() {
    let mut setup = Setup::new(20);
    setup.params.synchronisation = Synchronisation::Free { period: Seconds(1e-6) };
    let found = setup.chip(network(200, 1), Fidelity::Cycle, 1).unwrap_err().to_string();
    assert!(found.contains("fidelity: cores that run freely share no step"), "{found}");
}

/// Neurons of two granules, joined by every pattern that can be drawn.
fn described(procedural: bool) -> Net {
    let yaml = "
populations:
  - {name: noise, neurons: 60, model: {source-poisson: {rate: 300 Hz}}}
  - {name: cells, neurons: 144, model: {integrate-fire: {threshold: 1.0}}}
  - {name: others, neurons: 40, model: {step: {threshold: 2.0}}}
projections:
  - {from: noise, to: cells, pattern: {fan-out: {count: 9}}, weights: {uniform: {low: 0.1, high: 0.7}}, PROCEDURAL}
  - {from: 'noise[10..49]', to: 'others', pattern: one-to-one, weights: {constant: 5}, delays: {constant: 3}, PROCEDURAL}
  - {from: cells, to: cells, pattern: {distance: {width: 12, peak: 0.8, radius: 2, reach: 3}}, weights: {normal: {mean: 0.05, deviation: 0.02}}, delays: {uniform: {low: 1, high: 5}}, PROCEDURAL}
  - {from: cells, to: others, pattern: {probability: {probability: 0.2}}, weights: {constant: 0.3}, PROCEDURAL}
  - {from: others, to: 'cells[3..20]', pattern: {all-to-all: {}}, weights: {constant: -0.013}, STORED}
";
    let flag = if procedural { "procedural: true" } else { "channel: 0" };
    let yaml = yaml.replace("PROCEDURAL", flag).replace("STORED", "channel: 0");
    let deserializer = serde_yaml::Deserializer::from_str(&yaml);
    let params: crate::network::describe::NetworkParams =
        serde_yaml::with::singleton_map_recursive::deserialize(deserializer).unwrap();
    let files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    params.compile(&files, 7).unwrap_or_else(|problems| panic!("{problems}")).net
}

#[test]
fn synapses_that_are_drawn_act_as_if_they_were_stored() {
    let mut bench = Bench::new(described(false), 9).unwrap();
    let stored = trains(&mut bench, 60);
    assert!(bench.activity().spikes > 500 && described(true).synapses.len() < 1000);
    let mut drawn = Bench::new(described(true), 9).unwrap();
    assert_eq!(trains(&mut drawn, 60), stored);
    assert_eq!(drawn.activity(), bench.activity());
    for weight_bits in [None, Some(6)] {
        let plain =
            GranuleParams { models: vec!["step".into()], ..Setup::new(20).params.granules[0].clone() };
        let second =
            GranuleParams { name: "second".into(), synapse: cost(30e-12, 7e-9), ..Default::default() };
        let params = CoreParams { granules: vec![plain, second], weight_bits, ..Setup::new(20).params };
        let setup = Setup { params, ..Setup::new(20) };
        let run = |procedural, threads| {
            let mut chip = setup.chip(described(procedural), Fidelity::Ideal, threads).unwrap();
            let trains = trains(&mut chip, 60);
            chip.settle().unwrap();
            (trains, chip.seconds(), chip.counts().cloned().collect::<Vec<_>>(), chip.activity())
        };
        let stored = run(false, 1);
        assert!(stored.3.spikes > 500);
        for threads in [1, 3] {
            assert_eq!(run(true, threads), stored, "{weight_bits:?} on {threads} threads");
        }
    }
}

/// Also where the neurons of a core lie in several banks, and are taken in turns.
#[test]
fn a_neuron_that_serves_its_input_unit_by_unit_takes_time_and_energy_for_each() {
    for others in [0, 1] {
        let after = |units: f64| {
            let mut net = NetBuilder::new(Seconds(1e-3));
            let serial = |count| Part { model: Binomial { probability: 1e-12 }.into(), count };
            let other = Part { model: IntegrateFire::default().into(), count: others };
            let all = net.parts("all", vec![serial(1), other, serial(1)]);
            let mut setup = Setup::new(20);
            let update = cost(2e-12, 1e-6);
            setup.params.granules[0].soma = Some(SomaCost { update, ..SomaCost::FREE });
            let mut chip = setup.chip(net.build().unwrap(), Fidelity::Ideal, 1).unwrap();
            chip.poke(all.at(0), units);
            trains(&mut chip, 1);
            chip.settle().unwrap();
            (chip.seconds(), chip.counts().flat_map(|core| &core.soma).map(|soma| soma[1]).sum::<u64>())
        };
        let (one, hundred) = (after(1.0), after(100.0));
        assert_eq!(hundred.1 - one.1, 99);
        assert!((hundred.0 - one.0 - 99e-6).abs() < 1e-12, "{one:?} {hundred:?}");
    }
}
