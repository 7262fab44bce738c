//! Neurons and encoders that are single devices.

use serde_json::{Value, json};
use spikeloom::neuron::asan::Asan;

use crate::bench::{Bench, floats, model, near};

fn golden() -> Value {
    read("golden.json")
}

fn read(name: &str) -> Value {
    let path = format!("{}/tests/golden/devices/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the only neuron emits in a step under `input`; zero if it is silent.
fn emitted(bench: &mut Bench, input: f64) -> f64 {
    bench.inputs[0][0] = input;
    bench.step();
    bench.out.values().first().copied().unwrap_or(0.0)
}

pub fn reservoir_nodes_of_the_reference() {
    let mut bench = Bench::of(&model("reservoir", json!({})), 1, 1e-3);
    let expected = floats(&golden()["dm_node"]["out"]);
    for (input, expected) in [1.0, 0.2, -0.5, 0.3].into_iter().zip(expected) {
        near(emitted(&mut bench, input), expected, 1e-12, "reservoir");
    }
}

pub fn afferents_spike_at_the_rate_of_the_closed_form() {
    let (asan, golden) = (Asan::default(), golden()["asan"].clone());
    let number = |value: &Value| value.as_f64().expect("a number");
    for (volts, rate) in golden["f_at"].as_object().expect("a map") {
        let volts: f64 = volts.trim_end_matches('V').parse().expect("a voltage");
        near(asan.rate(volts) / number(rate), 1.0, 1e-9, volts);
        // Two thousand steps of a microsecond: the first spike is late, and one may be cut off.
        let mut bench = Bench::of(&model("asan", json!({"bias": volts})), 1, 1e-6);
        let spikes: f64 = (0..2000).map(|_| emitted(&mut bench, 0.0)).sum();
        near(spikes, number(rate) * 2e-3, 2.0, format!("spikes at {volts} V"));
    }
    let [onset, quench] = asan.regime();
    near(onset, number(&golden["onset_V"]), 1e-9, "onset");
    near(quench, number(&golden["quench_V"]), 1e-9, "quench");
    let peak = number(&golden["peak_V"]);
    near(asan.rate(peak), number(&golden["peak_Hz"]), 1.0, "peak");
    assert!(asan.rate(peak) > asan.rate(peak - 0.01) && asan.rate(peak) > asan.rate(peak + 0.01));
    for volts in [onset - 0.01, quench + 0.01] {
        let mut bench = Bench::of(&model("asan", json!({"bias": volts})), 1, 1e-6);
        let spikes: f64 = (0..200).map(|_| emitted(&mut bench, 0.0)).sum();
        assert!(spikes <= 1.0, "{spikes} spikes at {volts} V");
        assert_eq!(asan.rate(volts), 0.0);
    }
}

/// The same equations in a hundred thousand Euler steps per time-step, whose own error is a tenth of the tolerance.
pub fn second_order_synapses_against_fine_steps() {
    let dt = 20e-9;
    let volts = [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, -1.0, -1.0];
    let mut bench = Bench::of(&model("taox", json!({})), 1, dt);
    let (mut w, mut t) = (0.2, 300.0);
    for v in volts {
        let current = emitted(&mut bench, v);
        let fine = 100_000;
        let h = dt / f64::from(fine);
        // The power of a step is that of the conductance at its beginning.
        let power = v * v * (100e-6 + w * 900e-6);
        for _ in 0..fine {
            t += h * (power * 1e7 - (t - 300.0)) / 500e-9;
        }
        let speed =
            200.0 * (v / 0.2f64).sinh().abs() * (-0.6 / 8.617_333_262e-5 * (1.0 / t - 1.0 / 300.0)).exp();
        for _ in 0..fine {
            w += h * speed * if v > 0.0 { 1.0 - w } else { -w } * f64::from(u8::from(v != 0.0));
        }
        near(bench.potential(0), w, 1e-6, "w");
        near(bench.bank.read(1, 0).expect("a temperature"), t, 1e-2, "T");
        near(current, v * (100.0 + 900.0 * w), 1e-3, "current");
    }
    // A second pulse does more the sooner it follows; pulses so weak that w stays far from its end.
    let gain = |pause: usize| {
        let mut bench = Bench::of(&model("taox", json!({})), 1, dt);
        emitted(&mut bench, 0.8);
        let after_one = bench.potential(0);
        for _ in 0..pause {
            let _ = emitted(&mut bench, 0.0);
        }
        emitted(&mut bench, 0.8);
        bench.potential(0) - after_one
    };
    assert!(gain(1) > 1.05 * gain(10) && gain(10) > 1.02 * gain(60), "{} {} {}", gain(1), gain(10), gain(60));
}

pub fn encoders_follow_the_normal_distribution() {
    // Φ at −1, 0, 1 and 2 standard deviations.
    let encoder = |code: &str| json!({"code": code, "threshold": 0.5, "sigma": 0.25, "window": 200});
    for (stimulus, expected) in [(0.25, 0.158_655), (0.5, 0.5), (0.75, 0.841_345), (1.0, 0.977_250)] {
        let error = (expected * (1.0f64 - expected) / 20_000.0).sqrt();
        let mut bench = Bench::of(&model("mos2", encoder("rate")), 1, 1e-3);
        let share = (0..20_000).map(|_| emitted(&mut bench, stimulus)).sum::<f64>() / 20_000.0;
        near(share, expected, 4.0 * error, format!("rate at {stimulus}"));
        let mut bench = Bench::of(&model("mos2", encoder("count")), 1, 1e-3);
        let counts: Vec<f64> = (0..20_000).map(|_| emitted(&mut bench, stimulus)).collect();
        assert!(counts.iter().enumerate().all(|(i, &count)| (i + 1) % 200 == 0 || count == 0.0));
        near(counts.iter().sum::<f64>() / 20_000.0, expected, 4.0 * error, format!("count at {stimulus}"));
        let mut bench = Bench::of(&model("mos2", encoder("timing")), 1, 1e-3);
        let spikes: Vec<usize> = (0..20_000).filter(|_| emitted(&mut bench, stimulus) > 0.0).collect();
        assert_eq!(spikes.len(), 100, "one spike a window");
        let mean = spikes.iter().map(|step| (step % 200 + 1) as f64).sum::<f64>() / 100.0;
        let spread = (1.0 - expected).sqrt() / expected / 10.0;
        near(mean, 1.0 / expected, 4.0 * spread, format!("time at {stimulus}"));
    }
}

/// A Mott neuron at a steady voltage, in time-steps of 10 ns.
fn mott(volts: f64) -> Bench {
    Bench::of(&model("nbo2", json!({"bias": volts})), 1, 10e-9)
}

/// Steps in which it fires.
fn fires(bench: &mut Bench, steps: usize) -> Vec<usize> {
    let mut fires = |_: &usize| {
        bench.step();
        !bench.out.fired().is_empty()
    };
    (0..steps).filter(&mut fires).collect()
}

/// The largest Lyapunov exponent [1/ns]: how fast a neighbour that starts a ten-thousandth of a kelvin away departs.
fn lyapunov(volts: f64) -> f64 {
    let (mut one, mut other) = (mott(volts), mott(volts));
    fires(&mut one, 300);
    let state = |bench: &Bench| [0, 1, 2].map(|it| bench.bank.read(it, 0).expect("a state"));
    let put = |bench: &mut Bench, to: [f64; 3]| (0..3).all(|it| bench.bank.write(it, 0, to[it]));
    // Volts, kilokelvins and millisiemens are of one order.
    let scale = [1.0, 1e-3, 1e3];
    let start = 1e-7;
    let [v, t, g] = state(&one);
    assert!(put(&mut other, [v, t + 1e3 * start, g]));
    let mut sum = 0.0;
    for _ in 0..400 {
        fires(&mut one, 2);
        fires(&mut other, 2);
        let (here, there) = (state(&one), state(&other));
        let apart: [f64; 3] = std::array::from_fn(|it| there[it] - here[it]);
        let distance = (0..3).map(|it| (apart[it] * scale[it]).powi(2)).sum::<f64>().sqrt();
        sum += (distance / start).ln();
        assert!(put(&mut other, std::array::from_fn(|it| here[it] + apart[it] * start / distance)));
    }
    sum / (400.0 * 20.0)
}

pub fn mott_neurons_rest_spike_burst_and_are_chaotic() {
    let golden = read("nbo2.json");
    for (volts, expected) in golden["rest"].as_object().expect("a map") {
        let mut bench = mott(volts.parse().expect("a voltage"));
        fires(&mut bench, 1900);
        assert!(fires(&mut bench, 100).is_empty(), "it rests at {volts} V");
        for (variable, expected) in floats(expected).into_iter().enumerate() {
            near(bench.bank.read(variable, 0).expect("a state") / expected, 1.0, 1e-6, volts);
        }
    }
    for (volts, expected) in golden["spikes_ns"].as_object().expect("a map") {
        let steps: Vec<usize> = floats(expected).into_iter().map(|time| (time / 10.0) as usize).collect();
        assert_eq!(fires(&mut mott(volts.parse().expect("a voltage")), 400), steps, "{volts} V");
    }
    // Bursts, once it has settled: a pause, then two short intervals.
    let bursts = floats(&golden["spikes_ns"]["1.76"]);
    let intervals: Vec<f64> = bursts.windows(2).skip(18).map(|pair| pair[1] - pair[0]).collect();
    assert!(intervals.chunks_exact(3).all(|it| it.iter().filter(|&&it| it > 150.0).count() == 1));
    for (volts, expected) in golden["lyapunov_per_ns"].as_object().expect("a map") {
        let (expected, found) =
            (expected.as_f64().expect("a number"), lyapunov(volts.parse().expect("a voltage")));
        near(found, expected, 5e-4 + 0.25 * expected.abs(), format!("Lyapunov exponent at {volts} V"));
    }
}
