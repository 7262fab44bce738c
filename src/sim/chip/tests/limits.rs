//! Networks that do not fit a chip, and by how much.

use super::*;

#[test]
fn what_does_not_fit_says_by_how_much() {
    let check = |change: fn(&mut CoreParams), expected: &str| {
        let mut setup = Setup::new(20);
        change(&mut setup.params);
        let found = setup.chip(network(200, 6), Fidelity::Ideal, 1).unwrap_err().to_string();
        assert!(found.contains(expected), "{found:?} does not say {expected:?}");
    };
    check(|params| params.neurons = 5, "250 neurons do not fit on 32 working cores of 5 neurons each");
    check(
        |params| params.granules[0].neurons = Some(5),
        "populations.cells: neurons of `integrate-fire` do not fit: 250 neurons need granule `all`, which has 160 \
         seats on 32 working cores, 5 each",
    );
    check(
        |params| {
            let granule = |model: &str, neurons| GranuleParams {
                name: model.into(),
                models: vec![model.into()],
                neurons: Some(neurons),
                ..Default::default()
            };
            params.granules = vec![granule("source-poisson", 2), granule("integrate-fire", 18)];
        },
        "populations.cells: neurons of `integrate-fire` are left over: 200 neurons need granule `integrate-fire`, and",
    );
    check(|params| params.max_delay = 4, "a synapse has a delay of 6 steps, 2 more than the chip's longest");
    check(|params| params.synapses = Some(10), "synapses do not fit: the core holds 10,");
    check(|params| params.fan_in = Some(2), "more than a neuron can have");
    check(|params| params.fan_out = Some(1), "neuron 0: it sends to 5 cores, 4 more than a neuron can");
    check(|params| params.input_axons = Some(10), "neurons send to it,");
    check(|params| params.output_axons = Some(10), "a core that this neuron sends to,");
    check(
        |params| params.granules[0].models = vec!["lif".into()],
        "no granule of the chip runs `source-poisson`",
    );
}

#[test]
fn drawn_synapses_that_do_not_fit_are_told_as_if_they_were_stored() {
    let tight = CoreParams { fan_in: Some(12), synapses: Some(60), max_delay: 4, ..Setup::new(20).params };
    let setup = Setup { params: tight, ..Setup::new(20) };
    let refuse = |procedural| {
        setup.chip(described(procedural), Fidelity::Ideal, 1).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(refuse(true), refuse(false));
    for axons in [[Some(20), None], [None, Some(20)]] {
        let [input_axons, output_axons] = axons;
        let params = CoreParams { input_axons, output_axons, ..Setup::new(20).params };
        let setup = Setup { params, ..Setup::new(20) };
        let [drawn, stored] = [true, false].map(|procedural| {
            setup.chip(described(procedural), Fidelity::Ideal, 1).map(|_| ()).unwrap_err().to_string()
        });
        assert!(drawn == stored && drawn.contains("than it has room for"), "{drawn}\n{stored}");
    }
    let params = CoreParams { fan_out: Some(2), ..Setup::new(20).params };
    let setup = Setup { params, ..Setup::new(20) };
    let refuse = |procedural| {
        setup.chip(described(procedural), Fidelity::Ideal, 1).map(|_| ()).unwrap_err().to_string()
    };
    let mut both = [refuse(true), refuse(false)].map(|text| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    });
    // The first twenty of each; neurons are told in their order and sites in that of the cores: here the same.
    both.iter_mut().for_each(|lines| lines.truncate(5));
    assert_eq!(both[0], both[1]);
}
