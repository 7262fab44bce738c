use super::import;
use crate::network::describe::Pattern;

const ARCH: &str = "\
architecture:
  name: demo
  attributes: {width: 2, height: 1, link_buffer_size: 4}
  tile:
    - name: t[0..1]
      attributes: {energy_east_hop: 1.0e-12, latency_east_hop: 1.0e-9}
      core:
        - name: c[0..11]
          attributes: {buffer_position: soma, max_neurons_supported: 8}
          axon_in: [{name: i, attributes: {energy_message_in: 0.0, latency_message_in: 0.0}}]
          synapse: [{name: s, attributes: {model: current_based, energy_process_spike: 2.0e-12, latency_process_spike: 3.0e-9}}]
          dendrite: [{name: d, attributes: {model: accumulator}}]
          soma:
            - {name: l, attributes: {model: leaky_integrate_fire, energy_access_neuron: 1.0e-12}}
            - {name: 'in[0..1]', attributes: {model: input}}
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
    check(&arch("width: 2", "width: 3"), NET, "2 tiles do not fill 3 × 1");
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
