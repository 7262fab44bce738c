//! Dendrites with taps: chips against the bench, and what does not fit.

use serde_json::json;

use super::*;
use crate::network::describe::NetworkParams;
use crate::neuron::{Dendrite, Reading};
use crate::synapse::plasticity::{Pair, Rule};

fn dendrite(taps: usize, read: Reading) -> Dendrite {
    Dendrite { decay: vec![0.5; taps], exchange: vec![0.25; taps - 1], read }
}

/// The network of the other tests, whose cells have dendrites of several kinds, or none; synapses lead to all of their
/// taps, and the first `learning` of them learn. Potentials are multiples of a power of two for some steps, and then of
/// none: the order of sums is the same on a bench and a chip with one core per source.
fn tapped(learning: usize) -> Net {
    let plain = network(200, 6);
    let mut net = NetBuilder::new(plain.dt);
    let spans: Vec<_> = plain.populations.iter().map(|it| net.parts(&it.name, it.parts.clone())).collect();
    let cells = spans[1];
    let taps = |cell: u32| if cell < 50 { 1 } else { 2 + (cell / 50) as usize };
    for (first, read) in [(50, Reading::EveryStep), (100, Reading::OnArrival), (150, Reading::EveryStep)] {
        let span = crate::network::Span { first: cells.at(first), len: 50 };
        net.dendrites(span, dendrite(taps(first), read));
    }
    for source in (0..plain.neurons()).map(NeuronId) {
        for (at, synapse) in plain.synapses.of(source).enumerate() {
            let cell = cells.position(synapse.target).unwrap();
            let channel = at as u8 % taps(cell) as u8;
            net.connect(source, Synapse { channel, weight: synapse.weight * 2.0, ..synapse });
        }
    }
    if learning > 0 {
        net.learn(Rule::Pair(Pair { w_max: 4.0, w_min: -4.0, ..Pair::default() }), 0..learning, None);
    }
    net.build().unwrap()
}

/// Spikes, and the potentials of all taps after each step, as they are on any machine with tolerance for the order of sums.
fn run(machine: &mut impl Machine, steps: u64, neurons: u32) -> (Vec<Vec<NeuronId>>, Vec<f64>) {
    let (mut spikes, mut potentials) = (Vec::new(), Vec::new());
    for _ in 0..steps {
        machine.step().unwrap();
        spikes.push(machine.fired().to_vec());
        for neuron in (0..neurons).map(NeuronId) {
            potentials.extend((0..8).filter_map(|variable| machine.read(neuron, variable)));
        }
    }
    (spikes, potentials)
}

#[test]
fn taps_on_a_chip_are_those_of_the_bench_on_any_threads() {
    for learning in [0, 400] {
        let mut bench = Bench::new(tapped(learning), 9).unwrap();
        let (spikes, potentials) = run(&mut bench, 40, 250);
        assert!(bench.activity().spikes > 300, "{}", bench.activity().spikes);
        // Two variables of each cell (potential and refractory steps), and its taps.
        assert_eq!(potentials.len(), 40 * (200 * 2 + 50 * (3 + 4 + 5)));
        let setup = Setup::new(20);
        for threads in [1, 3] {
            let mut chip = setup.chip(tapped(learning), Fidelity::Sanafe, threads).unwrap();
            let (found, levels) = run(&mut chip, 40, 250);
            assert_eq!(found, spikes, "{learning} {threads}");
            let is_near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * b.abs().max(1.0);
            assert!(levels.iter().zip(&potentials).all(is_near) && levels.len() == potentials.len());
            assert_eq!(chip.activity().synaptic_events, bench.activity().synaptic_events);
            assert_eq!(chip.activity().updates, bench.activity().updates);
        }
    }
}

#[test]
fn a_chip_with_taps_goes_on_where_it_was_saved() {
    let setup = Setup::new(20);
    let chip = |threads| setup.chip(tapped(400), Fidelity::Sanafe, threads).unwrap();
    let mut whole = chip(1);
    let expected = trains(&mut whole, 50);
    let mut first = chip(3);
    trains(&mut first, 27);
    let saved = first.save().unwrap();
    let mut second = chip(1);
    trains(&mut second, 5);
    second.load(&saved).unwrap();
    assert_eq!(trains(&mut second, 23), expected[27..]);
    assert_eq!(second.save().unwrap(), whole.save().unwrap());
    second.reset();
    assert!((0..250).all(|it| second.probe(NeuronId(it), 2).unwrap_or(0.0) == 0.0));
    // A network with other taps, on the same cores.
    let mut other = setup.chip(network(200, 6), Fidelity::Sanafe, 1).unwrap();
    assert_ne!(other.fingerprint(), chip(1).fingerprint());
    assert!(other.load(&saved).is_err());
}

#[test]
fn drawn_synapses_lead_to_taps_as_stored_ones_do() {
    let made = |is_drawn: bool| {
        let projection = |tap: u8| {
            json!({"from": "noise", "to": "cells", "pattern": {"probability": {"probability": 0.9}}, "tap": tap,
                "weights": {"constant": 0.125}, "delays": {"constant": 2}, "procedural": is_drawn})
        };
        let net: NetworkParams = serde_json::from_value(json!({
            "populations": [
                {"name": "noise", "neurons": 50, "model": {"source-poisson": {"rate": 200.0}}},
                {"name": "cells", "neurons": 100, "model": {"integrate-fire": {"threshold": 1.0}},
                    "dendrite": dendrite(4, Reading::EveryStep)},
            ],
            "projections": [projection(0), projection(1), projection(3)],
        }))
        .unwrap();
        net.compile(&|_| Err(std::io::ErrorKind::NotFound.into()), 1).unwrap().net
    };
    let setup = Setup::new(20);
    let run = |is_drawn| trains(&mut setup.chip(made(is_drawn), Fidelity::Ideal, 2).unwrap(), 30);
    let stored = run(false);
    assert!(stored.iter().map(Vec::len).sum::<usize>() > 1500);
    assert_eq!(run(true), stored);
}

#[test]
fn taps_that_do_not_fit_are_told() {
    let check = |setup: &Setup, net: Net, expected: &str| {
        let found = setup.chip(net, Fidelity::Ideal, 1).unwrap_err().to_string();
        assert!(found.contains(expected), "{found}\ndoes not say\n{expected}");
    };
    let many = |neurons| {
        let mut net = NetBuilder::new(Seconds(1e-3));
        let cells = net.population("cells", IntegrateFire::default(), neurons);
        net.dendrites(cells, dendrite(255, Reading::EveryStep));
        net.build().unwrap()
    };
    let expected = "core 0: 300 neurons with 76500 taps do not fit on it; allowed: up to 65536 taps";
    check(&Setup::new(300), many(300), expected);
    assert!(Setup::new(300).chip(many(257), Fidelity::Ideal, 1).is_ok());
    let mut setup = Setup::new(20);
    setup.params.array = Some(serde_json::from_str(r#"{"sram": {}}"#).unwrap());
    let expected = "array: `cells` has dendrites with taps, and arrays sum up all that arrives at a neuron";
    check(&setup, many(3), expected);
}
