//! Every soma model against reference results that were computed by other means.
//!
//! `golden/neurons/README.md` says where each file comes from. A list pairs every model with its
//! case; a model without one fails.

use serde_json::{Value, json};
use spikeloom::base::unit::Seconds;
use spikeloom::neuron::liquid::{self, Liquid};
use spikeloom::neuron::{Bank, NO_INPUT, NeuronModel, Status};

use crate::bench::{Bench, array, floats, golden, ints, matrix, model, near, steps_of};
use crate::{devices, networks, solvers};

/// Which case covers which model.
const CASES: &[(&str, fn())] = &[
    ("integrate-fire", || driven("integrate-fire")),
    ("lif", networks::nir_network_under_both_discretisations),
    ("lif-exp", psc_exp_spikes_to_the_step),
    ("lif-alpha", psc_alpha_spikes_to_the_step),
    ("lif-cond", cond_exp_spikes_to_the_step),
    ("step", networks::shortest_paths_by_first_spike),
    ("loihi", || driven("loihi")),
    ("sanafe-lif", sanafe_potentials_spikes_and_updates),
    ("truenorth", sanafe_potentials_spikes_and_updates),
    ("sanafe-input", sanafe_inputs_to_the_draw),
    ("izhikevich", izhikevich_under_both_schemes),
    ("adex", adex_spikes_to_the_step),
    ("hodgkin-huxley", hodgkin_huxley_spikes_to_the_step),
    ("bernoulli", || driven("bernoulli")),
    ("boltzmann", networks::gibbs_sampling_finds_the_exact_marginals),
    ("nebm", solvers::annealed_units_follow_the_logistic_law),
    ("binomial", solvers::binomial_shares_have_their_mean_and_variance),
    ("walk-counter", solvers::walkers_leave_one_by_one),
    ("epidemic", solvers::contacts_infect_independently),
    ("sat-variable", solvers::variables_flip_less_the_more_would_break),
    ("snu", snu_and_ssnu_traces),
    ("liquid", liquid_traces),
    ("rate", || driven("rate")),
    ("reservoir", devices::reservoir_nodes_of_the_reference),
    ("asan", devices::afferents_spike_at_the_rate_of_the_closed_form),
    ("taox", devices::second_order_synapses_against_fine_steps),
    ("mos2", devices::encoders_follow_the_normal_distribution),
    ("nbo2", devices::mott_neurons_rest_spike_burst_and_are_chaotic),
    ("source-constant", || driven("source-constant")),
    ("source-list", || driven("source-list")),
    ("source-poisson", || driven("source-poisson")),
    ("source-regular", || driven("source-regular")),
];

#[test]
fn every_model_has_a_case() {
    let covered: Vec<&str> = CASES.iter().map(|&(name, _)| name).collect();
    assert_eq!(covered, NeuronModel::NAMES);
    CASES.iter().for_each(|(_, case)| case());
}

/// Runs the cases of `driven.json` for one model, of which there must be some.
fn driven(name: &str) {
    let cases = golden("driven.json");
    let own: Vec<&Value> = array(&cases).iter().filter(|case| case["model"].get(name).is_some()).collect();
    assert!(!own.is_empty(), "driven.json has no case of {name}");
    own.into_iter().for_each(check_driven);
}

fn check_driven(case: &Value) {
    let name = case["name"].as_str().unwrap();
    let model: NeuronModel = serde_json::from_value(case["model"].clone()).unwrap();
    let dt = Seconds(case["dt"].as_f64().unwrap());
    let mut bench = Bench::new(Bank::new(&model, 1, dt).unwrap(), 1);
    bench.seed = case["seed"].as_u64().unwrap();
    bench.first_id = case["id"].as_u64().unwrap() as u32;
    let (mut fires, mut values) = (Vec::new(), Vec::new());
    for (i, input) in array(&case["inputs"]).iter().enumerate() {
        bench.inputs[0][0] = input.as_f64().unwrap_or(NO_INPUT);
        let step = bench.step();
        if !bench.out.fired().is_empty() {
            fires.push(step);
            values.extend_from_slice(bench.out.values());
        }
        if let Some(expected) = case["trace"].get(i) {
            near(bench.potential(0), expected.as_f64().unwrap(), 1e-12, format!("{name}, step {step}"));
        }
    }
    assert_eq!(fires, ints(&case["fires"]), "{name}");
    let expected = floats(&case["values"]);
    assert_eq!(values.len(), expected.len(), "{name}");
    values.iter().zip(expected).for_each(|(&found, expected)| near(found, expected, 1e-12, name));
}

#[test]
fn driven_models() {
    array(&golden("driven.json")).iter().for_each(check_driven);
}

#[test]
fn constant_current_spikes_to_the_step_and_at_the_analytic_rate() {
    let lif = |ri: f64, v_rest: f64| {
        model(
            "lif-exp",
            json!({"tau_m": 0.02, "v_rest": v_rest, "v_reset": v_rest, "threshold": v_rest + 0.015,
            "current": ri * 1e-3 * 250e-12 / 0.02}),
        )
    };
    let case = golden("lif_const.json");
    let fires = Bench::of(&lif(20.0, -0.065), 1, 1e-4).fires(5000);
    assert_eq!(fires, ints(&case["spike_steps"]));
    for pair in matrix(&golden("lif_fi_analytic.json")["RI_mV_vs_rate_Hz"]) {
        let dt = 1e-5;
        let fires = Bench::of(&lif(pair[0], -0.065), 1, dt).fires(150_000);
        let rate = match fires.as_slice() {
            [first, .., last] => (fires.len() - 1) as f64 / ((last - first) as f64 * dt),
            _ => 0.0,
        };
        // A period is a whole number of steps: at most one too many.
        near(rate, pair[1], rate * rate * dt, format!("RI = {} mV", pair[0]));
    }
}

fn check_psc(file: &str, name: &str) {
    let case = golden(file);
    let steps = ints(&case["inputs"]["step"]);
    let weights = floats(&case["inputs"]["w_pA"]);
    let arrivals: Vec<_> = steps.iter().zip(weights).map(|(&step, w)| (step, 0, w)).collect();
    let fires = Bench::of(&model(name, json!({})), 1, 1e-4).fires_under(3000, &arrivals);
    assert_eq!(fires, ints(&case["spike_steps"]), "{name}");
}

#[test]
fn psc_exp_spikes_to_the_step() {
    check_psc("iaf_psc_exp.json", "lif-exp");
}

#[test]
fn psc_alpha_spikes_to_the_step() {
    check_psc("iaf_psc_alpha.json", "lif-alpha");
}

#[test]
fn cond_exp_spikes_to_the_step() {
    let case = golden("iaf_cond_exp.json");
    let (dt, weight) = (0.01, 6.0);
    let on = |key: &str, channel| {
        steps_of(&case["inputs"][key], dt).into_iter().map(move |step| (step, channel, weight))
    };
    let arrivals: Vec<_> = on("exc_ms", 0).chain(on("inh_ms", 1)).collect();
    let lif = model("lif-cond", json!({"tau_exc": 2e-3, "substeps": 1}));
    let mut bench = Bench::of(&lif, 1, dt * 1e-3);
    assert_eq!(bench.fires_under(30_000, &arrivals), steps_of(&case["spike_ms"], dt));
}

#[test]
fn izhikevich_under_both_schemes() {
    for (kind, case) in golden("izhikevich.json").as_object().unwrap() {
        let abcd = floats(&case["abcd"]);
        // The reference started its thalamo-cortical cell at rest and the others at -65 mV.
        let initial = if kind == "TC" { -64.4 } else { -65.0 };
        let fires = |scheme: &str, dt: f64, count| {
            let cell = json!({"a": abcd[0], "b": abcd[1], "c": abcd[2], "d": abcd[3], "current": case["I"],
                "initial": initial, "scheme": scheme});
            Bench::of(&model("izhikevich", cell), 1, dt * 1e-3).fires(count)
        };
        let rk4 = steps_of(&case["rk4_dt0p01_spike_ms_300"], 0.01);
        assert_eq!(fires("rk4", 0.01, 30_000), rk4, "{kind}, rk4");
        // The paper's program tests the threshold at the beginning of a step: our spike in step t is
        // its spike in t + 1, and a spike in the last of its 1000 steps goes unseen.
        let published: Vec<u64> =
            ints(&case["paper_scheme_dt1_spike_ms_1000"]).iter().map(|t| t - 1).collect();
        assert_eq!(fires("published", 1.0, 999), published, "{kind}, published");
    }
}

#[test]
fn adex_spikes_to_the_step() {
    for (kind, case) in golden("adex.json").as_object().unwrap() {
        let p = |key: &str, unit: f64| case["params"][key].as_f64().unwrap() * unit;
        let cell = json!({"capacitance": p("C_pF", 1e-12), "g_leak": p("gL_nS", 1e-9), "v_rest": p("EL", 1e-3),
            "v_t": p("VT", 1e-3), "delta_t": p("DT", 1e-3), "a": p("a_nS", 1e-9), "b": p("b_pA", 1e-12),
            "v_reset": p("Vr", 1e-3), "tau_w": p("tau_w", 1e-3), "v_cut": p("V_cut", 1e-3),
            "current": p("I_pA", 1e-12), "substeps": 1});
        let cell = model("adex", cell);
        for (key, dt) in [("spike_ms", 0.01), ("spike_ms_dt0p001", 0.001)] {
            let count = (400.0 / dt) as u64;
            let fires = Bench::of(&cell, 1, dt * 1e-3).fires(count);
            assert_eq!(fires, steps_of(&case[key], dt), "{kind}, dt {dt} ms");
        }
    }
}

#[test]
fn hodgkin_huxley_spikes_to_the_step() {
    let cases = golden("hh.json");
    for (name, case) in cases["cases"].as_object().unwrap() {
        let current: f64 = name.trim_start_matches("I=").parse().unwrap();
        let axon = model("hodgkin-huxley", json!({"current": current, "substeps": 1}));
        let fires = Bench::of(&axon, 1, 1e-5).fires(50_000);
        assert_eq!(fires.len() as u64, case["count"].as_u64().unwrap(), "{name}");
        let expected = steps_of(&case["spike_ms"], 0.01);
        assert_eq!(fires[..expected.len()], expected, "{name}");
        let rate = case["steady_rate_hz"].as_f64().unwrap();
        if let ([.., a, b], true) = (fires.as_slice(), rate > 0.0) {
            near(1e5 / (b - a) as f64, rate, rate * rate * 1e-5, name);
        }
    }
}

#[test]
fn snu_and_ssnu_traces() {
    let case = &golden("learn.json")["snu"];
    let (w, h, b, inputs) = (matrix(&case["W"]), matrix(&case["H"]), floats(&case["b"]), matrix(&case["x"]));
    for (key, output, recurrent) in [
        ("snu", "step", false),
        ("snu_rec", "step", true),
        ("ssnu", "sigmoid", false),
        ("ssnu_rec", "sigmoid", true),
    ] {
        let units: Vec<NeuronModel> =
            b.iter().map(|&b| model("snu", json!({"decay": 0.8, "bias": b, "output": output}))).collect();
        let parts: Vec<_> = units.iter().map(|unit| (unit, 1)).collect();
        let mut bench = Bench::new(Bank::from_parts(&parts, Seconds(1e-3)).unwrap(), 0);
        let mut y = vec![0.0; b.len()];
        for (t, x) in inputs.iter().enumerate() {
            for i in 0..b.len() {
                let forward: f64 = w[i].iter().zip(x).map(|(w, x)| w * x).sum();
                let back: f64 = h[i].iter().zip(&y).map(|(h, y)| h * y).sum();
                bench.inputs[0][i] = forward + if recurrent { back } else { 0.0 };
            }
            bench.step();
            y.fill(0.0);
            for (&neuron, &value) in bench.out.fired().iter().zip(bench.out.values()) {
                y[neuron as usize] = value;
            }
            for i in 0..b.len() {
                let expected = |what: &str| case[key][what][t][i].as_f64().unwrap();
                near(bench.potential(i), expected("s"), 1e-14, format!("{key}, s, step {t}"));
                near(y[i], expected("y"), 1e-14, format!("{key}, y, step {t}"));
            }
        }
    }
}

#[test]
fn liquid_traces() {
    let case = &golden("learn.json")["ltc"];
    let p = |key: &str| floats(&case["params"][key]);
    let m = |key: &str| matrix(&case["params"][key]);
    let inner = [m("w"), m("s"), m("m"), m("e")];
    let sensory = [m("ws"), m("ss"), m("ms"), m("es")];
    let (g, v_leak, c) = (p("gl"), p("vl"), p("cm"));
    for (unfolds, trace) in case["fused_trace"].as_object().unwrap() {
        let unfolds: u32 = unfolds.parse().unwrap();
        let cell = |i: usize| -> NeuronModel {
            Liquid { capacitance: c[i], g_leak: g[i], v_leak: v_leak[i], unfolds, ..Liquid::default() }.into()
        };
        let cells: Vec<NeuronModel> = (0..4).map(cell).collect();
        let parts: Vec<_> = cells.iter().map(|cell| (cell, 1)).collect();
        let mut bench = Bench::new(Bank::from_parts(&parts, Seconds(1e-3)).unwrap(), 0);
        for (t, x) in matrix(&case["inputs"]).iter().enumerate() {
            for _ in 0..unfolds {
                let v: Vec<f64> = (0..4).map(|i| bench.potential(i)).collect();
                for (values, [w, s, mu, e]) in [(&v, &inner), (x, &sensory)] {
                    for (j, &value) in values.iter().enumerate() {
                        for i in 0..4 {
                            let [open, drive] = liquid::synapse(value, w[j][i], s[j][i], mu[j][i], e[j][i]);
                            bench.inputs[0][i] += open;
                            bench.inputs[1][i] += drive;
                        }
                    }
                }
                bench.step();
            }
            for i in 0..4 {
                let expected = trace[t][i].as_f64().unwrap();
                near(bench.potential(i), expected, 1e-12, format!("{unfolds} unfolds, sample {t}"));
            }
        }
    }
}

#[test]
fn sanafe_potentials_spikes_and_updates() {
    for case in array(&golden("sanafe.json.gz")) {
        let name = case["name"].as_str().unwrap();
        let kind = case["model"].as_str().unwrap();
        let neurons: Vec<NeuronModel> =
            array(&case["neurons"]).iter().map(|attributes| model(kind, attributes.clone())).collect();
        let parts: Vec<_> = neurons.iter().map(|neuron| (neuron, 1)).collect();
        let mut bench = Bench::new(Bank::from_parts(&parts, Seconds(1e-3)).unwrap(), 1);
        let sources: Vec<Vec<u64>> = array(&case["sources"]).iter().map(ints).collect();
        for t in 0..case["steps"].as_u64().unwrap() as usize {
            bench.step();
            let what = format!("{name}, step {}", t + 1);
            let fired: Vec<u64> = bench.out.fired().iter().map(|&n| u64::from(n)).collect();
            assert_eq!(fired, ints(&case["fires"][t]), "{what}");
            for (n, &expected) in floats(&case["potentials"][t]).iter().enumerate() {
                near(bench.potential(n), expected, 1e-12, format!("{what}, neuron {n}"));
            }
            let firing: Vec<bool> = sources.iter().map(|train| train.get(t) == Some(&1)).collect();
            // The peer counts an input as updated when it fires.
            let inputs = firing.iter().filter(|&&fires| fires).count() as u64;
            assert_eq!(bench.out.updated() + inputs, case["updated"][t].as_u64().unwrap(), "{what}");
            assert_eq!(bench.out.statuses().filter(|&status| status == Status::Fired).count(), fired.len());
            for edge in array(&case["edges"]) {
                let [source, target] = [0, 1].map(|i| edge[i].as_u64().unwrap() as usize);
                if firing[source] {
                    bench.inputs[0][target] += edge[2].as_f64().unwrap();
                }
            }
        }
    }
}

#[test]
fn sanafe_inputs_to_the_draw() {
    let case = golden("sanafe_inputs.json");
    for (unit, expected) in array(&case["units"]).iter().zip(array(&case["fires"])) {
        let with_unit = |attributes: &Value| {
            let mut attributes = attributes.clone();
            attributes["unit"] = unit["unit"].clone();
            model("sanafe-input", attributes)
        };
        let neurons: Vec<NeuronModel> = array(&unit["neurons"]).iter().map(with_unit).collect();
        let parts: Vec<_> = neurons.iter().map(|neuron| (neuron, 1)).collect();
        let mut bench = Bench::new(Bank::from_parts(&parts, Seconds(1e-3)).unwrap(), 1);
        let mut fires = vec![Vec::new(); parts.len()];
        for _ in 0..case["steps"].as_u64().unwrap() {
            let step = bench.step();
            bench.out.fired().iter().for_each(|&neuron| fires[neuron as usize].push(step));
        }
        assert_eq!(fires, array(expected).iter().map(ints).collect::<Vec<_>>(), "{unit}");
    }
}
