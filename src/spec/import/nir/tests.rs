//! Against files that the Python package wrote and spikes that an independent program computed.

use serde_json::Value;

use super::*;
use crate::network::{Bench, Machine};

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/golden/nir/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn pairs(value: &Value) -> Vec<(u64, u32)> {
    let pair = |it: &Value| (it[0].as_u64().unwrap(), it[1].as_u64().unwrap() as u32);
    value.as_array().unwrap().iter().map(pair).collect()
}

/// Spikes of each population by step, counted from 0 and without its latency.
fn run(imported: &Imported, input: &[(u64, u32)], steps: u64) -> Vec<Vec<(u64, u32)>> {
    let net = &imported.net;
    let first = net.population(&imported.inputs[0]).unwrap().span;
    let mut bench = Bench::new(net.clone(), 1).unwrap();
    let mut spikes = vec![Vec::new(); net.populations.len()];
    for step in 0..steps + 8 {
        input.iter().filter(|it| it.0 == step).for_each(|it| bench.poke(first.at(it.1), 1.0));
        bench.step().unwrap();
        for &neuron in bench.fired() {
            let at = net.populations.iter().position(|it| it.span.position(neuron).is_some()).unwrap();
            let time = step.wrapping_sub(u64::from(imported.latency[at]));
            if time < steps {
                spikes[at].push((time, net.populations[at].span.position(neuron).unwrap()));
            }
        }
    }
    spikes
}

fn check_spikes(scheme: Discretisation, name: &str) {
    let golden: Value = serde_json::from_slice(&file("golden_rec_spikes.json")).unwrap();
    let choices = Choices { dt: golden["dt"].as_f64().map(Seconds), scheme };
    let imported = import(file("golden_rec.nir"), &choices).unwrap();
    let steps = golden["T"].as_u64().unwrap();
    let spikes = run(&imported, &pairs(&golden["input_spikes"]), steps);
    let of = |population: &str| {
        let at = imported.net.populations.iter().position(|it| it.name == population).unwrap();
        spikes[at].clone()
    };
    let shown = imported.outputs[0].1.clone();
    assert_eq!(of(&shown), pairs(&golden[name]["out"]));
    let hidden = imported.net.populations.iter().map(|it| &it.name);
    let hidden = hidden.filter(|&it| *it != shown && !imported.inputs.contains(it)).collect::<Vec<_>>();
    assert_eq!(of(hidden[0]), pairs(&golden[name]["hidden"]));
}

#[test]
fn spikes_are_those_of_the_reference_under_both_schemes() {
    check_spikes(Discretisation::Euler, "euler");
    check_spikes(Discretisation::Exponential, "exp");
}

#[test]
fn the_recurrent_network_takes_its_step_from_the_metadata() {
    let imported = import(file("small_rec.nir"), &Choices::default()).unwrap();
    assert_eq!(imported.net.dt, Seconds(1e-4));
    assert_eq!((imported.version.as_str(), imported.net.neurons()), ("1.0.8", 10));
    assert_eq!(imported.inputs, ["input"]);
    assert_eq!(imported.outputs, [("output".to_owned(), "out_lif".to_owned())]);
    let other = Choices { dt: Some(Seconds(5e-4)), ..Choices::default() };
    assert_eq!(import(file("small_rec.nir"), &other).unwrap().net.dt, Seconds(5e-4));
}

/// Convolution, sum pooling, flattening and a linear readout, against sums by hand.
#[test]
fn the_convolutional_network_adds_up() {
    let imported = import(file("small_conv.nir"), &Choices::default()).unwrap();
    let net = &imported.net;
    assert_eq!(net.populations.iter().map(|it| it.span.len).collect::<Vec<_>>(), [72, 64, 3]);
    let image = net.population("input").unwrap().span;
    let layer = net.population("if").unwrap().span;
    let out = net.population(&imported.outputs[0].1).unwrap().span;
    // A corner pixel touches one place of each channel, an inner one nine.
    let fan_out = |x: u32, y: u32| net.synapses.of(image.at(8 * y + x)).len();
    assert!(fan_out(0, 0) <= 2 && fan_out(4, 4) == 18, "{} {}", fan_out(0, 0), fan_out(4, 4));
    // Every neuron of a pooling window has the weight of its window.
    let weights = |x: u32, y: u32| {
        net.synapses.of(layer.at(6 * y + x)).map(|it| (it.target, it.weight)).collect::<Vec<_>>()
    };
    assert_eq!(weights(0, 0), weights(1, 1));
    assert_ne!(weights(1, 1), weights(2, 2));
    assert_eq!(weights(0, 0).len(), 3);
    assert!(weights(5, 5).iter().all(|it| out.position(it.0).is_some()));
    let tree = store::read(file("small_conv.nir")).unwrap();
    let graph = node::graph(&tree).unwrap();
    let kernel = graph.nodes.iter().find_map(|it| match &it.kind {
        node::Kind::Conv(conv) => Some(conv.weight.data.clone()),
        _ => None,
    });
    let kernel = kernel.unwrap();
    for synapse in net.synapses.of(image.at(8 * 4 + 4)) {
        let at = layer.position(synapse.target).unwrap();
        let (channel, y, x) = (at / 36, at % 36 / 6, at % 6);
        let expected = kernel[(9 * channel + 3 * (4 - y) + 4 - x) as usize];
        assert_eq!(synapse.weight, expected);
    }
}

#[test]
fn damaged_files_give_errors() {
    let whole = file("small_rec.nir");
    for length in (0..whole.len()).step_by(whole.len() / 60) {
        assert!(import(whole[..length].to_vec(), &Choices::default()).is_err(), "{length} bytes");
    }
    assert!(import(b"no file at all".to_vec(), &Choices::default()).is_err());
    for at in (0..whole.len()).step_by(whole.len() / 150) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xFF;
        // A flipped bit may hit a number or padding; what matters is that it is read or refused.
        let _ = import(bytes, &Choices::default());
    }
}

fn with_node(kind: &str, field: &str) -> Vec<u8> {
    let mut file = hdf5_pure::FileBuilder::new();
    file.create_dataset("version").with_vlen_strings(&["1.0.8"]);
    let mut graph = file.create_group("node");
    graph.create_dataset("type").with_vlen_strings(&["NIRGraph"]);
    graph.create_dataset("edges").with_vlen_strings(&["input", "odd", "odd", "out"]).with_shape(&[2, 2]);
    let mut nodes = graph.create_group("nodes");
    for name in ["input", "out"] {
        let mut node = nodes.create_group(name);
        node.create_dataset("type").with_vlen_strings(&[if name == "out" { "Output" } else { "Input" }]);
        node.create_dataset("shape").with_i64_data(&[3]);
        nodes.add_group(node.finish());
    }
    let mut odd = nodes.create_group("odd");
    odd.create_dataset("type").with_vlen_strings(&[kind]);
    odd.create_dataset(field).with_f64_data(&[1.0, 2.0, 3.0]);
    nodes.add_group(odd.finish());
    graph.add_group(nodes.finish());
    file.add_group(graph.finish());
    file.finish().unwrap()
}

#[test]
fn what_is_not_supported_is_named() {
    let check = |kind: &str, field: &str, expected: &str| {
        let found = import(with_node(kind, field), &Choices::default()).unwrap_err().to_string();
        assert!(found.contains(expected), "{found}");
    };
    check("Transformer", "x", "node.nodes.odd.type: `Transformer` nodes are not supported");
    check("LiF", "r", "did you mean `LIF`");
    check("Scale", "scales", "node.nodes.odd.scales: this field is not supported; did you mean `scale`");
    check("IF", "r", "node.nodes.odd.v_threshold: is missing");
    check("I", "q", "node.nodes.odd.q: this field is not supported");
    let scaled = import(with_node("Scale", "scale"), &Choices::default()).unwrap();
    let weights: Vec<f64> = (0..3).map(|i| scaled.net.synapses.at(i).weight).collect();
    assert_eq!(weights, [1.0, 2.0, 3.0]);
    let silent = import(with_node("I", "r"), &Choices::default()).unwrap();
    assert_eq!(silent.outputs, [("out".to_owned(), "odd".to_owned())]);
}
