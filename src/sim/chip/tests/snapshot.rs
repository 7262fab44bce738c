//! A run that is interrupted and gone on with against one that is not.

use super::*;
use crate::synapse::plasticity::{Pair, Rule};

/// The network of the other tests, with synapses that learn.
fn learning() -> Net {
    let plain = network(200, 6);
    let mut net = NetBuilder::new(plain.dt);
    for population in &plain.populations {
        net.parts(&population.name, population.parts.clone());
    }
    for source in (0..plain.neurons()).map(NeuronId) {
        plain.synapses.of(source).for_each(|synapse| net.connect(source, synapse));
    }
    net.learn(Rule::Pair(Pair::default()), 0..400, None);
    net.build().unwrap()
}

fn modes() -> Vec<(Synchronisation, Fidelity)> {
    let tick = Synchronisation::Tick { period: Seconds(0.3e-6), late: Late::Apply };
    vec![
        (Synchronisation::default(), Fidelity::Sanafe),
        (Synchronisation::default(), Fidelity::Cycle),
        (tick, Fidelity::Ideal),
        (Synchronisation::Free { period: Seconds(0.05e-6) }, Fidelity::Ideal),
    ]
}

#[test]
fn a_chip_goes_on_where_it_was_saved_with_any_number_of_threads() {
    for (synchronisation, fidelity) in modes() {
        let mut setup = Setup::new(20);
        setup.params.synchronisation = synchronisation;
        let chip = |threads| setup.chip(learning(), fidelity, threads).unwrap();
        let mut whole = chip(1);
        whole.keep_records();
        let expected = trains(&mut whole, 50);
        whole.settle().unwrap();
        let records = whole.take_records();
        for (before, after) in [(1, 3), (3, 1)] {
            let mut first = chip(before);
            trains(&mut first, 27);
            let saved = first.save().unwrap();
            let mut second = chip(after);
            trains(&mut second, 5);
            second.load(&saved).unwrap();
            second.take_records();
            second.keep_records();
            assert_eq!(trains(&mut second, 23), expected[27..], "{fidelity:?}");
            second.settle().unwrap();
            let found = second.take_records();
            assert_eq!(found[found.len() - 23..], records[27..], "{fidelity:?}");
            assert_eq!(second.seconds(), whole.seconds());
            assert_eq!(second.learned(), whole.learned());
            assert_eq!(second.activity(), whole.activity());
            assert!(second.counts().eq(whole.counts()));
            if whole.free.is_none() {
                assert_eq!(second.save().unwrap(), whole.save().unwrap());
            }
        }
    }
}

#[test]
fn state_of_another_chip_is_refused() {
    let setup = Setup::new(20);
    let mut chip = setup.chip(learning(), Fidelity::Ideal, 1).unwrap();
    let saved = chip.save().unwrap();
    let mut other = setup.chip(network(100, 6), Fidelity::Ideal, 1).unwrap();
    assert_ne!(chip.fingerprint(), other.fingerprint());
    assert!(other.load(&saved).is_err());
    assert!(chip.load(&saved[..saved.len() / 2]).is_err());
    chip.load(&saved).unwrap();
}
