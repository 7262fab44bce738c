//! Chips with more sites than 16 bits tell apart.

use super::*;

#[test]
fn spikes_reach_the_sites_that_share_their_lowest_bits_with_others() {
    let setup = Setup::new(20_000);
    let net = || network(60_000, 1);
    let mut bench = Bench::new(net(), 9).unwrap();
    let expected = trains(&mut bench, 4);
    assert!(bench.activity().spikes > 15_000);
    for threads in [1, 2] {
        let mut chip = setup.chip(net(), Fidelity::Ideal, threads).unwrap();
        assert!(chip.neurons_on(CoreId(3)) > 0);
        assert_eq!(trains(&mut chip, 4), expected);
        assert_eq!(chip.activity().synaptic_events, bench.activity().synaptic_events);
    }
}
