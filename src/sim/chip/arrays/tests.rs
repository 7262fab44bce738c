//! Cores with arrays against cores with digital memory, and what devices change.

use crate::base::NeuronId;
use crate::base::unit::Seconds;
use crate::network::{Bench, Machine, Net, NetBuilder, Synapse};
use crate::neuron::SomaCost;
use crate::neuron::integrate_fire::IntegrateFire;
use crate::neuron::source_list::SourceList;
use crate::sim::Fidelity;
use crate::sim::chip::tests::{Setup, network, trains};
use crate::sim::chip::{Chip, CoreArray, Devices, GranuleParams, How, Placement};
use crate::synapse::array::ArrayParams;
use crate::synapse::plasticity::{Pair, Rule};

fn array(yaml: &str) -> ArrayParams {
    let reader = serde_yaml::Deserializer::from_str(yaml);
    serde_yaml::with::singleton_map_recursive::deserialize(reader).expect("the parameters are right")
}

/// Cells that hold what they are asked to, read without converters.
const IDEAL: &str = "crossbar: {rows: 16, columns: 16, adc: null, cell: {g_min: 1 µS, g_max: 40 µS}}";

/// Cells with errors, noise and converters.
const REAL: &str = "crossbar: {rows: 32, columns: 64, adc: {bits: 8}, cell: {g_min: 1 µS, g_max: 40 µS, \
                    programming: {of-range: 0.05}, read_noise: {law: {of-range: 0.02}}}}";

fn with_array(yaml: &str) -> Setup {
    let mut setup = Setup::new(20);
    setup.params.array = Some(array(yaml));
    setup
}

fn chip(setup: &Setup, net: Net, devices: u64, threads: usize) -> Chip {
    let ground = setup.ground().with_devices(Devices::Drawn(devices));
    let placement = Placement::sequential(&net, &ground).expect("it fits");
    let how = How { fidelity: Fidelity::Ideal, seed: 9, threads };
    Chip::new(net, &placement, &ground, how).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn ideal_arrays_fire_as_digital_memory_does() {
    let mut bench = Bench::new(network(200, 6), 9).unwrap();
    let expected = trains(&mut bench, 40);
    for yaml in [
        IDEAL,
        "crossbar: {rows: 16, columns: 20, adc: null, mapping: {offset: {reference_column: true}}, \
         cell: {g_min: 1 µS, g_max: 40 µS}}",
        "sram: {weight_bits: 16, weight_scale: 4095.875}",
        "memcapacitor: {rows: 64, columns: 64, c_max: 6.65 fF, ratio: 90, adc: null, \
         read_voltage: 0.35 V, period: 30 ns}",
    ] {
        let setup = with_array(yaml);
        for threads in [1, 3] {
            let mut chip = chip(&setup, network(200, 6), 1, threads);
            assert!(chip.arrays().all(CoreArray::is_exact), "{yaml}");
            assert_eq!(trains(&mut chip, 40), expected, "{yaml}");
            assert_eq!(chip.activity().synaptic_events, bench.activity().synaptic_events);
        }
    }
}

#[test]
fn granules_with_and_without_arrays_live_side_by_side() {
    let mut setup = Setup::new(20);
    let granule = |name: &str, model: &str, array| GranuleParams {
        name: name.into(),
        models: vec![model.into()],
        array,
        ..setup.params.granules[0].clone()
    };
    let digital = granule("sources", "source-poisson", None);
    setup.params.granules = vec![granule("cells", "integrate-fire", Some(array(IDEAL))), digital];
    let mut bench = Bench::new(network(100, 4), 9).unwrap();
    let mut chip = chip(&setup, network(100, 4), 1, 2);
    assert_eq!(trains(&mut chip, 30), trains(&mut bench, 30));
    assert!(chip.arrays().count() > 0);
}

#[test]
fn devices_change_spikes_and_threads_do_not() {
    let setup = with_array(REAL);
    let run = |devices, threads| {
        let mut chip = chip(&setup, network(200, 6), devices, threads);
        let trains = trains(&mut chip, 40);
        let squares: Vec<_> = chip.arrays().map(CoreArray::output_squares).collect();
        chip.settle().unwrap();
        (trains, squares, chip.seconds())
    };
    let (one, other) = (run(1, 1), run(2, 1));
    assert_eq!(one, run(1, 3));
    assert_ne!(one.0, other.0);
    let ideal = trains(&mut Bench::new(network(200, 6), 9).unwrap(), 40);
    assert_ne!(one.0, ideal);
    // 5 % of the window by cell, two cells a weight, and 2 % of noise and an 8-bit converter on top.
    let chip = chip(&setup, network(200, 6), 1, 1);
    for array in chip.arrays() {
        let error = array.weight_error();
        assert!((0.03..0.12).contains(&error.rms), "{error:?}");
    }
    let [error, ideal] = one.1.iter().fold([0.0; 2], |[a, b], [c, d]| [a + c, b + d]);
    assert!((0.01..1.0).contains(&(error / ideal)), "{error} {ideal}");
}

/// A source that fires in every step, and `targets` neurons that it drives.
fn fan(targets: u32) -> Net {
    let mut net = NetBuilder::new(Seconds(1e-3));
    let source = net.population("source", SourceList { steps: (1..=20).collect(), repeat: 0 }, 1);
    let cells = net.population("cells", IntegrateFire::default(), targets);
    for cell in cells.iter() {
        net.connect(source.at(0), Synapse { target: cell, weight: 0.25, delay: 2, channel: 0 });
    }
    net.build().unwrap()
}

#[test]
fn an_array_takes_its_time_and_energy_in_steps_in_which_it_is_read() {
    let mut setup = Setup::new(20);
    setup.params.granules[0].soma = Some(SomaCost::FREE);
    let mut digital = chip(&setup, fan(8), 1, 1);
    setup.params.array = Some(array(REAL));
    let mut arrays = chip(&setup, fan(8), 1, 1);
    let mut times = [Vec::new(), Vec::new()];
    for (chip, times) in [&mut arrays, &mut digital].into_iter().zip(&mut times) {
        chip.keep_records();
        trains(chip, 10);
        chip.settle().unwrap();
        times.extend(chip.take_records().into_iter().map(|record| (record.seconds, record.arrays)));
    }
    let array = arrays.arrays().next().expect("there is one");
    let step = array.costs().expect("it has devices").step;
    assert!(step.time > 0.0 && step.energy > 0.0);
    let used = array.total();
    assert_eq!(used.reads, used.drives, "one row in each read");
    for (with, without) in times[0].iter().zip(&times[1]) {
        // Where a packet is received, its eight synaptic events of 3 ns each are not there; where the array is
        // read, that is.
        let read = with.1.first().map_or(0.0, |_| step.time);
        let expected = without.0 - 24e-9 + read;
        assert!((with.0 - expected).abs() < 1e-15, "{with:?} {without:?}");
    }
    assert!(used.reads >= 7, "{used:?}");
    assert_eq!(arrays.prices().synapse, [0.0]);
}

#[test]
fn matrices_that_do_not_fit_are_refused_by_how_much() {
    let setup = with_array("crossbar: {rows: 8, columns: 16, arrays: 2, cell: {g_min: 1 µS, g_max: 40 µS}}");
    let net = network(100, 1);
    let ground = setup.ground();
    let placement = Placement::sequential(&net, &ground).unwrap();
    let how = How { fidelity: Fidelity::Ideal, seed: 9, threads: 1 };
    let refused = Chip::new(net, &placement, &ground, how).unwrap_err().to_string();
    assert!(refused.contains("arrays of 8 × 8 weights: the core has 2, "), "{refused}");
    assert!(refused.contains(" too few"), "{refused}");
}

#[test]
fn weights_that_are_changed_are_written_again() {
    let setup = with_array(IDEAL);
    let mut chip = chip(&setup, network(60, 3), 1, 2);
    let mut bench = Bench::new(network(60, 3), 9).unwrap();
    assert_eq!(trains(&mut chip, 10), trains(&mut bench, 10));
    let before: f64 = chip.arrays().map(|array| array.programming().pulses).sum();
    // What is under way meets the new weights in an array, and has met the old ones in digital memory.
    bench.reset();
    chip.reset();
    assert!(chip.is_quiet());
    for index in (0..200).step_by(3) {
        bench.set_weight(index, 0.875);
        chip.set_weight(index, 0.875);
    }
    assert_eq!(trains(&mut chip, 20), trains(&mut bench, 20));
    assert!(chip.arrays().map(|array| array.programming().pulses).sum::<f64>() >= before);
}

/// Cells whose conductance moves by a thousandth of the window with each pulse.
const FINE: &str = "crossbar: {rows: 16, columns: 16, adc: null, weight_scale: 1.5, mapping: {two-device: {}}, \
                    cell: {g_min: 1 µS, g_max: 40 µS, pulses: {soft-bounds: {pulses_up: 1000, pulses_down: 1000}}}}";

/// Cells of which no two are alike and no two pulses either.
const LEARNING: &str = "crossbar: {rows: 32, columns: 64, adc: {bits: 8}, mapping: {two-device: {}}, cell: {g_min: 1 µS, g_max: 40 µS, \
                        programming: {of-range: 0.05}, read_noise: {law: {of-range: 0.02}}, \
                        pulses: {soft-bounds: {pulses_up: 60, pulses_down: 40, nonlinearity_up: 1.5, \
                        device_to_device: 0.2, cycle_to_cycle: 0.3}}}}";

/// Eight sources whose synapses to a cell learn, too weak to make it fire; a ninth makes it.
fn taught() -> Net {
    let mut net = NetBuilder::new(Seconds(1e-3));
    let rule = Pair { a_plus: 0.004, a_minus: 0.003, w_max: 0.06, ..Pair::default() };
    let cell = net.population("cell", IntegrateFire::default(), 1).at(0);
    for number in 0..8 {
        let steps = (1..12).map(|turn| 7 * turn + number * turn % 5).collect();
        let source = net.population(&format!("source {number}"), SourceList { steps, repeat: 0 }, 1);
        net.connect(source.at(0), Synapse { target: cell, weight: 0.03, delay: 1, channel: 0 });
    }
    net.learn(Rule::Pair(rule), 0..8, None);
    let teacher = net.population("teacher", SourceList { steps: vec![6], repeat: 9 }, 1);
    net.connect(teacher.at(0), Synapse { target: cell, weight: 1.5, delay: 1, channel: 0 });
    // What was learned last reaches the devices before they are read for this one, in step 100.
    let last = net.population("last", SourceList { steps: vec![99], repeat: 0 }, 1);
    net.connect(last.at(0), Synapse { target: cell, weight: 0.001, delay: 1, channel: 0 });
    net.build().unwrap()
}

#[test]
fn arrays_learn_by_pulses_what_the_bench_learns() {
    let mut bench = Bench::new(taught(), 9).unwrap();
    let expected = trains(&mut bench, 100);
    let learned: Vec<f64> = (0..8).map(|index| bench.net().synapses.at(index).weight).collect();
    assert!(learned.iter().all(|weight| (weight - 0.03).abs() > 5e-4), "{learned:?}");
    // A weight of 1.5 takes the window of two devices, which both take a pulse: what is not given is less than that.
    for (yaml, step) in [(FINE, 2.0 * 1.5 / 1000.0), ("sram: {weight_bits: 24}", 1e-6)] {
        let mut chip = chip(&with_array(yaml), taught(), 1, 1);
        let before: f64 = chip.arrays().map(|array| array.programming().pulses).sum();
        assert_eq!(trains(&mut chip, 100), expected);
        assert_eq!(chip.learned().iter().map(|it| it.weight).collect::<Vec<_>>(), learned);
        let array = chip.arrays().next().expect("there is one");
        let error = array.weight_error();
        assert!(error.most * 1.5 <= step + 1e-9, "{yaml}: {error:?}");
        let given = array.programming();
        assert!(given.pulses > before || yaml != FINE, "{given:?}");
        assert!(given.energy > 0.0 && given.time > 0.0, "{given:?}");
    }
}

fn learning(neurons: u32) -> Net {
    let plain = network(neurons, 6);
    let mut net = NetBuilder::new(plain.dt);
    for population in &plain.populations {
        net.parts(&population.name, population.parts.clone());
    }
    for source in (0..plain.neurons()).map(NeuronId) {
        plain.synapses.of(source).for_each(|synapse| net.connect(source, synapse));
    }
    net.learn(Rule::Pair(Pair { a_plus: 0.03, a_minus: 0.02, ..Pair::default() }), 0..400, None);
    net.build().unwrap()
}

#[test]
fn arrays_that_learn_go_on_where_they_were_saved_with_any_number_of_threads() {
    for yaml in
        [REAL.replace("noise: {law: {of-range: 0.02}}", "noise: {law: {of-range: 0.03}}").as_str(), LEARNING]
    {
        let setup = with_array(yaml);
        let net = || if yaml == LEARNING { learning(200) } else { network(200, 6) };
        let state = |chip: &Chip| {
            let all = chip
                .arrays()
                .map(|it| (it.output_squares(), it.programming(), it.total(), it.weight_error()));
            (all.collect::<Vec<_>>(), chip.learned())
        };
        let mut whole = chip(&setup, net(), 1, 1);
        let expected = trains(&mut whole, 50);
        for (before, after) in [(1, 3), (3, 1)] {
            let mut first = chip(&setup, net(), 1, before);
            trains(&mut first, 27);
            let saved = first.save().unwrap();
            let mut second = chip(&setup, net(), 1, after);
            trains(&mut second, 5);
            second.load(&saved).unwrap();
            assert_eq!(trains(&mut second, 23), expected[27..]);
            assert_eq!(state(&second), state(&whole));
            assert_eq!(second.save().unwrap(), whole.save().unwrap());
        }
        let mut other = chip(&with_array("sram: {weight_bits: 24}"), net(), 1, 1);
        assert!(other.load(&whole.save().unwrap()).is_err() || yaml != LEARNING);
    }
}

#[test]
fn arrays_whose_weights_are_one_piece_do_not_learn() {
    for yaml in [
        IDEAL,
        "memcapacitor: {rows: 64, columns: 64, c_max: 6.65 fF, ratio: 90, adc: null, \
                 read_voltage: 0.35 V, period: 30 ns}",
    ] {
        let (setup, net) = (with_array(yaml), taught());
        let ground = setup.ground();
        let placement = Placement::sequential(&net, &ground).unwrap();
        let how = How { fidelity: Fidelity::Ideal, seed: 9, threads: 1 };
        let refused = Chip::new(net, &placement, &ground, how).unwrap_err().to_string();
        assert!(refused.starts_with("array: the synapses from `source 0` to `cell` learn"), "{refused}");
    }
}
