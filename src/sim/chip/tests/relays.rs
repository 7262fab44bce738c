//! Relays on a chip with short delays, against one with long ones.

use super::*;

#[test]
fn neurons_fire_with_relays_as_on_a_chip_with_longer_delays() {
    let expected = trains(&mut Setup::new(20).chip(network(200, 60), Fidelity::Sanafe, 1).unwrap(), 80);
    assert!(expected.iter().map(Vec::len).sum::<usize>() > 500);
    for (most, threads) in [(15, 1), (15, 3), (4, 2), (59, 1)] {
        let mut setup = Setup::new(250);
        setup.params.max_delay = most;
        let refused = setup.chip(network(200, 60), Fidelity::Sanafe, 1).unwrap_err().to_string();
        assert!(refused.contains("longer ones need `relays: true` in the network"), "{refused}");
        let net = network(200, 60).relayed(most).unwrap();
        assert!(net.relays() > 0);
        let mut chip = setup.chip(net, Fidelity::Sanafe, threads).unwrap();
        let mut found = trains(&mut chip, 80);
        found.iter_mut().for_each(|fired| fired.retain(|neuron| neuron.0 < 250));
        assert_eq!(found, expected, "{most}");
    }
}

#[test]
fn relays_are_lost_in_no_precision_of_weights() {
    for bits in [1, 4, 8] {
        let run = |most: u16| {
            let mut setup = Setup::new(600);
            (setup.params.max_delay, setup.params.weight_bits) = (most, Some(bits));
            let net = network(200, 60).relayed(most).unwrap();
            let (first, relays) = (250, net.relays());
            let mut chip = setup.chip(net, Fidelity::Ideal, 1).unwrap();
            let fired = trains(&mut chip, 80);
            let of_relays = fired.iter().flatten().filter(|neuron| neuron.0 >= first).count();
            assert_eq!(of_relays > 0, relays > 0);
            fired
                .into_iter()
                .map(|fired| fired.into_iter().filter(|it| it.0 < first).collect())
                .collect::<Vec<Vec<_>>>()
        };
        assert_eq!(run(15), run(60), "{bits} bits");
    }
}
