use super::import;
use crate::network::describe::Pattern;

const ARCH: &str = "\
architecture:
  name: demo
  attributes: {width: 2, height: 1, link_buffer_size: 4}
  tile:
    - name: t[0..1]
      attributes: {energy_east_hop: 1.0e-12, latency_east_hop: 1.0e-9, energy_north_hop: 1.0e-12, latency_north_hop: 1.0e-9, energy_west_hop: 1.0e-12, latency_west_hop: 1.0e-9, energy_south_hop: 1.0e-12, latency_south_hop: 1.0e-9}
      core:
        - name: c[0..11]
          attributes: {buffer_position: soma, max_neurons_supported: 8}
          axon_in: [{name: i, attributes: {energy_message_in: 0.0, latency_message_in: 0.0}}]
          synapse: [{name: s, attributes: {model: current_based, energy_process_spike: 2.0e-12, latency_process_spike: 3.0e-9}}]
          dendrite: [{name: d, attributes: {model: accumulator, energy_update: 0.0, latency_update: 0.0}}]
          soma:
            - {name: l, attributes: {model: leaky_integrate_fire, energy_access_neuron: 1.0e-12, latency_access_neuron: 0.0, energy_update_neuron: 0.0, latency_update_neuron: 0.0, energy_spike_out: 0.0, latency_spike_out: 0.0}}
            - {name: 'in[0..1]', attributes: {model: input, energy_access_neuron: 1.0e-12, latency_access_neuron: 0.0, energy_update_neuron: 0.0, latency_update_neuron: 0.0, energy_spike_out: 0.0, latency_spike_out: 0.0}}
          axon_out: [{name: o, attributes: {energy_message_out: 1.0e-12, latency_message_out: 1.0e-9}}]
";

const NET: &str = "\
network:
  name: small
  groups:
    - {name: a, neurons: [{0..1: {spikes: [1, 0, 1]}}]}
    - {name: b, attributes: {threshold: 2, log_spikes: true}, neurons: [0..2, {1: {bias: 0.5}}]}
  edges:
    - a.0 -> b.1: {weight: 2}
    - a -> b: {type: dense, weight: [1, 2, 3, 4, 5, 6]}
mappings:
  - a: {core: 0.1, soma: 'in[1]'}
  - b.0..1: {core: 1.10}
  - b.2: [core: 1.1]
";

fn check(arch: &str, net: &str, expected: &str) {
    let found = import(arch, net, false).unwrap_err().to_string();
    assert!(found.contains(expected), "{found}\ndoes not say\n{expected}");
}

#[test]
fn a_network_is_taken_over_with_its_cores_in_the_order_of_mapping() {
    let import = import(ARCH, NET, false).unwrap_or_else(|wrong| panic!("{wrong}"));
    let seats: Vec<(&str, u32)> =
        import.network.mapping.iter().map(|seat| (seat.neurons.as_str(), seat.core)).collect();
    // `1.10` is the eleventh core of the second tile, not the second.
    assert_eq!(seats, [("a[0..1]", 1), ("b[0..1]", 22), ("b[2]", 13)]);
    assert_eq!(import.spikes, ["b"]);
    assert_eq!(import.cores.granules.len(), 2);
    let dense = &import.network.projections[0];
    assert_eq!(dense.pattern, Pattern::AllToAll { itself: true });
    assert_eq!(import.tables[0].1, "source,target,weight\n0,1,2.0\n");
    let [(_, chip), (_, workload)] = import.documents(10);
    for (text, expected) in [(&chip, "\"per_tile\": 12"), (&workload, "steps: 10")] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
}

/// Measured: with SANA-FE 2.2.9 potentials, updates, energy and time are the same with these flags.
#[test]
fn what_does_nothing_there_does_nothing_here() {
    let flags =
        "log_spikes: true, force_synapse_update: true, force_dendrite_update: true, force_soma_update: true";
    let [plain, flagged] = [NET, &NET.replace("log_spikes: true", flags)]
        .map(|net| import(ARCH, net, false).unwrap().documents(10));
    assert_eq!(plain, flagged);
    check(ARCH, &NET.replace("log_spikes: true", "force_axon_update: true"), "force_axon_update");
}

#[test]
fn the_older_form_says_the_same() {
    let net = "# neurons\ng 2\ng   3  threshold=2 log_spikes=1\nn 0.0 soma_hw_name=in[1] {spikes: [1, 0, 1]}\n\
               n 0.1 soma_hw_name=in[1] {spikes: [1, 0, 1]}\nn 1.1 bias=0.5\ne 0.0->1.1 weight=2\n\
               & 0.0@0.1\n& 0.1@0.1\n& 1.0@1.10\n& 1.1@1.10\n& 1.2@1.1\n";
    let (old, new) = (import(ARCH, net, true).unwrap(), import(ARCH, NET, false).unwrap());
    let models = |import: &super::Import| {
        let parts = |population: &crate::network::describe::PopulationParams| {
            (population.model.clone(), population.parts.clone())
        };
        import.network.populations.iter().map(parts).collect::<Vec<_>>()
    };
    assert_eq!(models(&old), models(&new));
    assert_eq!(old.tables[0].1, new.tables[0].1);
    let cores =
        |import: &super::Import| import.network.mapping.iter().map(|seat| seat.core).collect::<Vec<_>>();
    assert_eq!(cores(&old), cores(&new));
}

#[test]
fn fields_that_are_not_supported_are_named() {
    let arch = |from: &str, to: &str| ARCH.replace(from, to);
    let net = |from: &str, to: &str| NET.replace(from, to);
    check(
        &arch("link_buffer_size: 4", "link_buffer_size: 4, topology: torus"),
        NET,
        "arch.architecture.attributes.topology: `torus`",
    );
    check(
        &arch("buffer_position: soma", "buffer_position: dendrite"),
        NET,
        "a buffer at `dendrite` is not supported",
    );
    check(
        &arch("model: accumulator", "model: accumulator, colour: 3"),
        NET,
        "dendrite[0].attributes.colour: this field is not supported",
    );
    check(
        &arch("model: current_based", "model: stdp"),
        NET,
        "`stdp` is not supported; allowed: current_based",
    );
    check(&arch("width: 2", "width: 1"), NET, "2 tiles are more than 1 × 1 places");
    check(
        &arch("model: accumulator", "model: tree"),
        NET,
        "dendrite[0].attributes.model: `tree` is not supported; allowed: accumulator, accumulator_with_delay, taps",
    );
    check(ARCH, &net("bias: 0.5", "biass: 0.5"), "biass: this field is not supported; did you mean `bias`?");
    check(ARCH, &net("{weight: 2}", "{weight: 2, delay: 3}"), "delay: delays are not supported");
    check(
        ARCH,
        &net("type: dense", "type: ring"),
        "`ring` is not supported; allowed: `dense`, `sparse`, `conv2d`",
    );
    check(ARCH, &net("core: 0.1", "core: 0.12"), "there is no core 0.12; allowed: 0.0 to 1.11");
    check(ARCH, &net("in[1]", "in[2]"), "the core has no unit `in[2]`");
    check(ARCH, &net("  - b.2: [core: 1.1]\n", ""), "net.mappings.b: 1 neurons are mapped to no core");
    check(ARCH, &net("a.0 -> b.1", "a.0 -> c.1"), "there is no group `c`");
}

#[test]
fn places_of_the_mesh_without_a_tile_hold_no_neurons() {
    let arch = ARCH.replace("width: 2", "width: 3");
    let import = import(&arch, NET, false).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(import.size, [3, 1]);
    check(&arch, &NET.replace("core: 0.1", "core: 2.0"), "there is no core 2.0; allowed: 0.0 to 1.11");
}

#[test]
fn fields_that_the_peer_needs_are_needed() {
    let without = |field: &str, expected: &str| {
        let start = ARCH.find(field).unwrap();
        let end = start + ARCH[start..].find([',', '}']).unwrap();
        let arch = [&ARCH[..start], "log_energy: false", &ARCH[end..]].concat();
        check(&arch, NET, expected);
    };
    for field in [
        "buffer_position",
        "energy_south_hop",
        "latency_east_hop",
        "energy_message_in",
        "latency_message_in",
        "energy_message_out",
        "latency_message_out",
    ] {
        without(field, &format!("attributes.{field}: this field is needed"));
    }
    without("max_neurons_supported", "max_neurons_supported: a positive whole number is needed");
    for (section, unit, field) in [
        ("synapse", "s", "energy_process_spike"),
        ("synapse", "s", "latency_process_spike"),
        ("dendrite", "d", "latency_update"),
        ("soma", "l", "energy_access_neuron"),
        ("soma", "l", "latency_spike_out"),
    ] {
        let path = format!("arch.architecture.tile[0].core[0].{section}");
        without(field, &format!("{path}: `{unit}` has neurons, and needs the field `{field}`"));
    }
    // A unit without neurons costs nothing.
    let unused =
        ARCH.replace("soma:\n", "soma:\n            - {name: none, attributes: {model: truenorth}}\n");
    let used = NET.replace("b.0..1: {core: 1.10}", "b.0..1: {core: 1.10, soma: l}");
    let used = used.replace("b.2: [core: 1.1]", "b.2: [core: 1.1, soma: l]");
    assert!(import(&unused, &used, false).is_ok());
    check(&unused, NET, "`none` has neurons, and needs the field `energy_access_neuron`");
}

#[test]
fn numbers_that_do_not_fit_are_refused() {
    let net = |from: &str, to: &str, expected: &str| check(ARCH, &NET.replace(from, to), expected);
    net(
        "bias: 0.5",
        "refractory_delay: 100000",
        "net.network.groups[1].neurons[1].1.refractory_delay: 100000 steps are more than are supported; allowed: 0 to 65535",
    );
    net(
        "spikes: [1, 0, 1]",
        "poisson: 1.5",
        "poisson: 1.5 spikes per step are out of range; allowed: 0 to 1",
    );
    net("bias: 0.5", "threshold: .nan", "threshold: `.nan` is no number");
    let weights = "net.network.edges[1].a -> b.weight: 6 weights are needed; found";
    net("[1, 2, 3, 4, 5, 6]", "[1, 2, 3, 4, 5]", &format!("{weights} 5"));
    net("[1, 2, 3, 4, 5, 6]", "[1, 2, 3, 4, 5, 6, 7]", &format!("{weights} 7"));
    let sparse = "{type: sparse, source_target_pairs: [[0, 1], [1, 2]], weight: [1]}";
    let dense = "{type: dense, weight: [1, 2, 3, 4, 5, 6]}";
    net(dense, sparse, "weight: 2 weights are needed; found 1");
    net("{weight: 2}", "{}", "net.network.edges[0].a.0 -> b.1.weight: this field is needed");
    let full = ARCH.replace("max_neurons_supported: 8", "max_neurons_supported: 1");
    check(&full, NET, "net.mappings: 2 neurons are mapped to core 0.1; allowed: at most 1");
    check(&full, NET, "net.mappings: 2 neurons are mapped to core 1.10; allowed: at most 1");
    for (weight, expected) in [
        ("w=nan", "net.line 2.w: `nan` is no number"),
        ("weight=inf", "net.line 2.weight: `inf` is no number"),
        ("", "net.line 2.weight: this field is needed"),
    ] {
        let found = import(ARCH, &format!("g 1\ne 0.0->0.0 {weight}\n& 0.0@0.1\n"), true).unwrap_err();
        assert!(found.to_string().contains(expected), "{found}\ndoes not say\n{expected}");
    }
}

#[test]
fn keys_twice_and_second_documents_are_refused_by_their_place() {
    let twice = ARCH.replace("width: 2, height: 1", "width: 2, height: 1, width: 3");
    check(&twice, NET, "arch.line 3, column 37: the key `width` is in its map already");
    check(
        &format!("{ARCH}---\narchitecture: 3\n"),
        NET,
        "arch.line 17, column 1: a second document begins here; a file holds one",
    );
    check(
        ARCH,
        &format!("{NET}mappings: []\n"),
        "net.line 13, column 1: the key `mappings` is in its map already",
    );
}

#[test]
fn text_that_is_no_network_is_refused_without_a_panic() {
    for text in
        ["", "[", "a: *b", "network: 3", "network: {groups: [{neurons: [{x: {}}]}]}", "- - -", "\u{0}"]
    {
        assert!(import(ARCH, text, false).is_err(), "{text:?}");
        assert!(import(text, NET, false).is_err(), "{text:?}");
    }
    for text in ["g", "g x", "n 0.0", "e 0.0->", "& 0", "q 1", "g 1\nn 0.0 x", "g 1\ne 0.0->0.0 w=x"] {
        assert!(import(ARCH, text, true).is_err(), "{text:?}");
    }
}

/// An architecture whose dendrites have taps.
fn arch_with_taps() -> String {
    ARCH.replace("{name: d, attributes: {model: accumulator,", "{name: 'd[0..1]', attributes: {model: taps,")
}

/// Two neurons with dendrites of their own: one with attributes `own`, and one with two taps.
fn net_with_taps(own: &str, edge: &str) -> String {
    let taps = "taps: 2, time_constants: [0.5, 0.25], space_constants: [0.1]";
    format!(
        "network:\n  name: t\n  groups:\n    - {{name: a, neurons: [{{0..1: {{spikes: [1]}}}}]}}\n    - {{name: b, \
         neurons: [{{0: {{{own}}}}}, {{1: {{dendrite: {{{taps}}}}}}}]}}\n  edges: [{edge}]\n\
         mappings:\n  - a: {{core: 0.0, soma: 'in[0]'}}\n  - b.0: {{core: 0.1, dendrite: 'd[0]'}}\n  \
         - b.1: {{core: 0.1, dendrite: 'd[1]'}}\n"
    )
}

fn dense(rest: &str) -> String {
    format!("a -> b: {{type: dense, weight: [1, 2, 3, 4]{rest}}}")
}

#[test]
fn dendrites_with_taps_are_taken_over() {
    let all = format!("{}, {}, a.1 -> b.1: {{weight: 5, tap: 1}}", dense(", tap: [0, 1, 0, 1]"), dense(""));
    let taken = import(&arch_with_taps(), &net_with_taps("threshold: 3", &all), false)
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    let b = &taken.network.populations[1];
    let parts: Vec<_> =
        b.parts.iter().map(|part| part.dendrite.as_ref().map(|it| it.decay.clone())).collect();
    assert_eq!((b.dendrite.as_ref(), parts), (None, vec![Some(vec![0.0]), Some(vec![0.5, 0.25])]));
    assert_eq!(taken.cores.granules.len(), 2);
    assert_eq!(taken.tables[0].1, "source,target,weight,tap\n0,0,1.0,0\n0,1,2.0,1\n1,0,3.0,0\n1,1,4.0,1\n");
    assert_eq!(taken.tables[1].1, "source,target,weight,tap\n1,1,5.0,1\n");
    assert!(taken.documents(1)[1].1.contains("\"read\":\"on-arrival\""));
}

#[test]
fn taps_that_are_wrong_are_refused_by_their_place() {
    let arch = arch_with_taps();
    let wrong = |own: &str, edge: &str, expected: &str| check(&arch, &net_with_taps(own, edge), expected);
    let at = "net.network.groups[1].neurons[0].0";
    wrong("taps: 0", "", &format!("{at}.taps: 0 taps are not supported; allowed: 1 to 255"));
    for (own, expected) in [
        ("taps: 2, time_constants: [0.5]", "time_constants: 2 are needed for 2 taps; found 1"),
        ("taps: 3, space_constants: [0.5]", "space_constants: 2 are needed for 3 taps; found 1"),
        ("time_constants: [1.5]", "time_constants[0]: 1.5 is out of range; allowed: 0 to 1"),
        ("taps: 2.5", "taps: 2.5 is no whole number"),
    ] {
        wrong(own, "", &format!("{at}.{expected}"));
    }
    wrong(
        "dendrite: {tips: 2}",
        "",
        &format!("{at}.dendrite.tips: this field is not supported; did you mean `taps`?"),
    );
    let edges = "net.network.edges[0].a.0 -> b.1";
    wrong("", "a.0 -> b.1: {weight: 1, tap: 0.5}", &format!("{edges}.tap: 0.5 is no tap; allowed: 0 to 254"));
    wrong(
        "",
        "a.0 -> b.1: {weight: 1, dendrite: {tap: 1}}",
        &format!("{edges}.dendrite: the peer loses a `tap` that is written here; allowed: beside `weight`"),
    );
    wrong(
        "",
        "a.0 -> b.1: {weight: 1, tap: 2}",
        "net.network.edges: there is no tap 2 at the dendrite of `b.1`; allowed: 0 to 1",
    );
    wrong("", &dense(", tap: [0, 1, 1, 1]"), "there is no tap 1 at the dendrite of `b.0`; allowed: 0 to 0");
    wrong("", &dense(", tap: [0, 1]"), "tap: a tap is needed for each of 4 weights; found 2");
    let one = net_with_taps("", "").replace("'d[1]'", "'d[0]'");
    check(
        &arch,
        &one,
        "net.mappings: `d[0]` of core 0.1 has the taps of one neuron; found 2 neurons; allowed: a row of units",
    );
    // On an accumulator, the peer passes over them.
    check(ARCH, &NET.replace("bias: 0.5", "taps: 2"), "taps: this field is not supported");
    check(
        ARCH,
        &NET.replace("{weight: 2}", "{weight: 2, tap: 1}"),
        "there is no tap 1 at the dendrite of `b.1`",
    );
}
