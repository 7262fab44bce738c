//! Learning on a chip against the bench, to the last bit, and what it costs.

use super::*;
use crate::network::Teacher;
use crate::synapse::plasticity::{Pair, Reward, Rule, Triplet};

fn pair() -> Pair {
    Pair { a_plus: 0.03, a_minus: 0.02, ..Pair::default() }
}

fn rules() -> [Rule; 3] {
    let reward = Reward { stdp: pair(), rate: 40.0, ..Reward::default() };
    let triplet = Triplet { a2_minus: 0.01, a3_plus: 0.05, ..Triplet::default() };
    [Rule::Pair(pair()), Rule::Triplet(triplet), Rule::Reward(reward)]
}

/// The network of the other tests; what comes from the noise learns, and every other synapse that is left by
/// another rule.
fn learning(rule: &Rule) -> Net {
    let plain = network(200, 6);
    let mut net = NetBuilder::new(plain.dt);
    for population in &plain.populations {
        net.parts(&population.name, population.parts.clone());
    }
    for source in (0..plain.neurons()).map(NeuronId) {
        plain.synapses.of(source).for_each(|synapse| net.connect(source, synapse));
    }
    let teacher = Teacher { neurons: plain.populations[1].span, amount: 0.001 };
    let is_reward = matches!(rule, Rule::Reward(_));
    net.learn(rule.clone(), 0..400, is_reward.then_some(teacher));
    net.learn(Rule::Pair(Pair { a_plus: 0.01, ..pair() }), 700..1100, None);
    net.build().unwrap()
}

fn weights_on_the_bench(bench: &Bench) -> Vec<f64> {
    let lists = bench.net().lessons.iter().flat_map(|lesson| &lesson.synapses);
    lists.map(|it| bench.net().synapses.at(it.2 as usize).weight).collect()
}

fn weights_on_the_chip(chip: &Chip) -> Vec<f64> {
    chip.learned().iter().map(|it| it.weight).collect()
}

#[test]
fn a_chip_learns_what_the_bench_learns_to_the_last_bit_on_any_threads() {
    let setup = Setup::new(20);
    for rule in rules() {
        let mut bench = Bench::new(learning(&rule), 9).unwrap();
        let before = weights_on_the_bench(&bench);
        let expected = trains(&mut bench, 60);
        bench.reward(0.5);
        let after_reward = trains(&mut bench, 5);
        let learnt = weights_on_the_bench(&bench);
        let moved = learnt.iter().zip(&before).filter(|(now, then)| now != then).count();
        assert!(moved > 300, "{} of {} weights moved by {}", moved, before.len(), rule.name());
        let updates: u64 = bench.learning_events().iter().map(|it| it.updates + it.rewarded).sum();
        for threads in [1, 3] {
            let mut chip = setup.chip(learning(&rule), Fidelity::Ideal, threads).unwrap();
            assert_eq!(trains(&mut chip, 60), expected, "{}", rule.name());
            chip.reward(0.5);
            assert_eq!(trains(&mut chip, 5), after_reward, "{}", rule.name());
            assert_eq!(weights_on_the_chip(&chip), learnt, "{}", rule.name());
            assert_eq!(chip.counts().map(CoreCounts::weight_updates).sum::<u64>(), updates);
        }
    }
}

#[test]
fn a_reset_forgets_spikes_and_keeps_weights() {
    let setup = Setup::new(20);
    let rule = &rules()[2];
    let (mut bench, net) = (Bench::new(learning(rule), 9).unwrap(), learning(rule));
    let mut chip = setup.chip(net, Fidelity::Ideal, 1).unwrap();
    for machine in [&mut bench as &mut dyn Machine, &mut chip] {
        (0..30).for_each(|_| machine.step().unwrap());
        machine.set_weight(3, 0.4375);
        machine.reset();
        (0..10).for_each(|_| machine.step().unwrap());
    }
    assert_eq!(weights_on_the_chip(&chip), weights_on_the_bench(&bench));
}

#[test]
fn learning_takes_time_and_energy_at_the_core() {
    let free = Setup::new(20);
    let mut dear = Setup::new(20);
    dear.params.granules[0].weight_update = cost(120e-12, 6e-9);
    dear.params.granules[0].trace_update = cost(10e-12, 1e-9);
    for rule in rules() {
        let run = |setup: &Setup| {
            let mut chip = setup.chip(learning(&rule), Fidelity::Ideal, 1).unwrap();
            trains(&mut chip, 40);
            chip.settle().unwrap();
            let mut counts = CoreCounts::new(chip.plan.layout.costs.len(), 1);
            chip.counts().for_each(|own| counts.add(own));
            (chip.seconds(), counts, chip.prices().clone())
        };
        let (without, _, _) = run(&free);
        let (with, counts, prices) = run(&dear);
        assert!(with > without, "{}: {with} s and {without} s", rule.name());
        let [weights, traces] = counts.learning[0];
        assert!(weights > 0 && traces > 0);
        let events = crate::energy::CoreEvents {
            soma: &counts.soma,
            synapse: &counts.synapse,
            learning: &counts.learning,
            axon_in: counts.axon_in,
            axon_out: counts.axon_out,
            hops: counts.hops,
        };
        let joules = prices.energy(&events).learning.joules();
        let by_hand = weights as f64 * 120e-12 + traces as f64 * 10e-12;
        assert!((joules / by_hand - 1.0).abs() < 1e-9, "{joules} and {by_hand}");
    }
}

#[test]
fn weights_that_learn_stay_within_the_precision_of_the_core() {
    let mut setup = Setup::new(20);
    setup.params.weight_bits = Some(8);
    let mut chip = setup.chip(learning(&rules()[0]), Fidelity::Ideal, 1).unwrap();
    trains(&mut chip, 40);
    // Weights and what they learn go up to 1: steps of 1/64 fit into 8 bits with sign.
    let learnt = weights_on_the_chip(&chip);
    assert!(learnt.iter().all(|weight| (weight * 64.0).fract() == 0.0 && weight.abs() <= 1.0));
    assert!(learnt.iter().any(|weight| (weight * 8.0).fract() != 0.0));
    setup.params.weight_bits = Some(4);
    let found = setup.chip(learning(&rules()[0]), Fidelity::Ideal, 1).unwrap_err().to_string();
    assert!(found.contains("the rule `pair`, which changes them by at most 0.03 at a time"), "{found}");
}

#[test]
fn lost_packets_teach_nothing() {
    let run = |period: f64, late| {
        let mut setup = Setup::new(20);
        setup.params.synchronisation = Synchronisation::Tick { period: Seconds(period), late };
        let mut results = [1, 3].map(|threads| {
            let mut chip = setup.chip(learning(&rules()[0]), Fidelity::Ideal, threads).unwrap();
            let trains = trains(&mut chip, 30);
            (trains, weights_on_the_chip(&chip), chip.activity().late)
        });
        assert_eq!(results[0], results[1]);
        std::mem::take(&mut results[0])
    };
    let mut bench = Bench::new(learning(&rules()[0]), 9).unwrap();
    let expected = trains(&mut bench, 30);
    assert_eq!(run(1e-3, Late::Drop), (expected, weights_on_the_bench(&bench), 0));
    let (lost, applied) = (run(0.3e-6, Late::Drop), run(0.3e-6, Late::Apply));
    assert!(lost.2 > 0 && applied.2 > 0);
    assert_ne!(lost.1, applied.1);
}
