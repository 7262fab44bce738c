//! Networks of banks, each with just enough of a network around it: delay lines in a map.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use spikeloom::base::unit::Seconds;
use spikeloom::neuron::{Bank, NeuronModel};

use crate::bench::{Bench, array, floats, golden, ints, matrix, model, near};

/// The best single test of delays, order within a step and refractoriness: 100 neurons, 1000
/// synapses with random delays, 906 spikes.
#[test]
pub fn excitatory_inhibitory_network_fires_its_906_spikes() {
    let case = golden("ei_net100.json.gz");
    let of = |list: &str, key: &str| ints(&case[list][key]);
    let count = case["params"]["T_steps"].as_u64().unwrap();
    let (w_exc, w_inh, w_ext) = (120.0, -500.0, 250.0);
    let synapses: Vec<_> =
        of("net", "src").into_iter().zip(of("net", "tgt")).zip(of("net", "delay_steps")).collect();
    let mut external: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (neuron, step) in of("inputs", "neuron").into_iter().zip(of("inputs", "step")) {
        external.entry(step).or_default().push(neuron as usize);
    }
    let mut bench = Bench::of(&model("lif-exp", json!({})), 100, 1e-4);
    let mut line: BTreeMap<u64, Vec<(usize, f64)>> = BTreeMap::new();
    let mut spikes = Vec::new();
    for step in 0..count {
        for &neuron in external.get(&step).into_iter().flatten() {
            bench.inputs[0][neuron] += w_ext;
        }
        for (neuron, weight) in line.remove(&step).into_iter().flatten() {
            bench.inputs[0][neuron] += weight;
        }
        bench.step();
        for &fired in bench.out.fired() {
            spikes.push([step, u64::from(fired)]);
            let weight = if fired < 80 { w_exc } else { w_inh };
            for &((_, target), delay) in
                synapses.iter().filter(|&&((source, _), _)| source == u64::from(fired))
            {
                line.entry(step + delay).or_default().push((target as usize, weight));
            }
        }
    }
    let expected: Vec<[u64; 2]> = serde_json::from_value(case["spikes_step_neuron"].clone()).unwrap();
    assert_eq!(spikes.len(), 906);
    assert_eq!(spikes, expected);
}

#[test]
pub fn nir_network_under_both_discretisations() {
    let case = golden("nir_recurrent.json");
    let [w1, wr, w2] = ["w1", "wr", "w2"].map(|key| matrix(&case[key]));
    let bias = floats(&case["b1"]);
    let times = |rows: &[f64], x: &[f64]| -> f64 { rows.iter().zip(x).map(|(w, x)| w * x).sum() };
    let input: Vec<[u64; 2]> = serde_json::from_value(case["input_spikes"].clone()).unwrap();
    for (key, scheme) in [("euler", "euler"), ("exp", "exponential")] {
        let cell = |mut parameters: Value| {
            parameters["scheme"] = json!(scheme);
            model("lif", parameters)
        };
        let mut hidden = Bench::of(&cell(case["cuba"].clone()), 5, 1e-3);
        let mut output = Bench::of(&cell(case["lif"].clone()), 2, 1e-3);
        let (mut z, mut found) = ([0.0; 5], (Vec::new(), Vec::new()));
        for t in 0..case["T"].as_u64().unwrap() {
            let mut x = [0.0; 3];
            input.iter().filter(|spike| spike[0] == t).for_each(|spike| x[spike[1] as usize] += 1.0);
            for i in 0..5 {
                hidden.inputs[0][i] = times(&w1[i], &x) + bias[i] + times(&wr[i], &z);
            }
            hidden.step();
            z = [0.0; 5];
            hidden.out.fired().iter().for_each(|&n| z[n as usize] = 1.0);
            output.inputs[0].iter_mut().zip(&w2).for_each(|(input, w)| *input = times(w, &z));
            output.step();
            found.0.extend(hidden.out.fired().iter().map(|&n| json!([t, n])));
            found.1.extend(output.out.fired().iter().map(|&n| json!([t, n])));
        }
        assert_eq!(found.0, array(&case[key]["hidden"]), "{key}, hidden");
        assert_eq!(found.1, array(&case[key]["out"]), "{key}, output");
    }
}

/// One one-shot neuron per vertex, delay = weight: the first spike is the distance.
#[test]
pub fn shortest_paths_by_first_spike() {
    let case = golden("sssp.json");
    let count = case["n"].as_u64().unwrap() as u32;
    let edges: Vec<[u64; 3]> = serde_json::from_value(case["edges"].clone()).unwrap();
    let vertex = model("step", json!({"threshold": 0.5, "oneshot": true}));
    let mut bench = Bench::of(&vertex, count, 1e-3);
    let mut line: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    line.insert(0, vec![case["source"].as_u64().unwrap() as usize]);
    let (mut first, mut spikes, mut events) = (vec![-1i64; count as usize], 0, 0);
    for step in 0..100 {
        for target in line.remove(&step).into_iter().flatten() {
            bench.inputs[0][target] += 1.0;
            events += 1;
        }
        bench.step();
        for &fired in bench.out.fired() {
            first[fired as usize] = step as i64;
            spikes += 1;
            for edge in edges.iter().filter(|edge| edge[0] == u64::from(fired)) {
                line.entry(step + edge[2]).or_default().push(edge[1] as usize);
            }
        }
    }
    assert_eq!(json!(first), case["expected_first_spike_step"]);
    assert_eq!((json!(spikes), json!(events)), (case["spikes"].clone(), case["syn_events"].clone()));
}

/// Alternating Gibbs sampling of a restricted Boltzmann machine against its enumerated marginals.
#[test]
pub fn gibbs_sampling_finds_the_exact_marginals() {
    let case = golden("rbm_exact.json");
    let w = matrix(&case["W"]);
    let layer = |biases: &Value| {
        let units: Vec<NeuronModel> =
            floats(biases).iter().map(|&bias| model("boltzmann", json!({ "bias": bias }))).collect();
        let parts: Vec<_> = units.iter().map(|unit| (unit, 1)).collect();
        Bench::new(Bank::from_parts(&parts, Seconds(1e-3)).unwrap(), 1)
    };
    let (mut visible, mut hidden) = (layer(&case["a"]), layer(&case["b"]));
    hidden.first_id = 100;
    let samples = 40_000;
    let mut on = ([0.0; 4], [0.0; 3]);
    for _ in 0..samples {
        for &h in hidden.out.fired() {
            (0..4).for_each(|v| visible.inputs[0][v] += w[v][h as usize]);
        }
        visible.step();
        for &v in visible.out.fired() {
            on.0[v as usize] += 1.0 / f64::from(samples);
            (0..3).for_each(|h| hidden.inputs[0][h] += w[v as usize][h]);
        }
        hidden.step();
        hidden.out.fired().iter().for_each(|&h| on.1[h as usize] += 1.0 / f64::from(samples));
    }
    // Successive samples are correlated; 0.02 is about four standard errors with a correlation time
    // of several sweeps, and a sign or bias error moves a marginal by more than 0.1.
    let marginals =
        floats(&case["p_v"]).into_iter().zip(on.0).chain(floats(&case["p_h"]).into_iter().zip(on.1));
    marginals.for_each(|(exact, found)| near(found, exact, 0.02, "marginal"));
}
