//! Reading golden files, and a bank on the bench.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use serde_json::{Value, json};
use spikeloom::base::unit::Seconds;
use spikeloom::neuron::{Bank, Ids, NO_INPUT, NeuronModel, StepInput, StepOutput};

pub fn golden(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/neurons").join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut text = Vec::new();
    if name.ends_with(".gz") {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut text).unwrap();
    } else {
        text = bytes;
    }
    serde_json::from_slice(&text).unwrap()
}

pub fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no array"))
}

pub fn floats(value: &Value) -> Vec<f64> {
    array(value).iter().map(|x| x.as_f64().unwrap()).collect()
}

pub fn matrix(value: &Value) -> Vec<Vec<f64>> {
    array(value).iter().map(floats).collect()
}

pub fn ints(value: &Value) -> Vec<u64> {
    array(value).iter().map(|x| x.as_u64().unwrap()).collect()
}

/// The steps of times given in ms.
pub fn steps_of(times: &Value, dt: f64) -> Vec<u64> {
    floats(times).iter().map(|t| (t / dt).round() as u64).collect()
}

pub fn model(name: &str, parameters: Value) -> NeuronModel {
    serde_json::from_value(json!({ name: parameters })).unwrap_or_else(|e| panic!("{name}: {e}"))
}

pub fn near(found: f64, expected: f64, tolerance: f64, what: impl std::fmt::Display) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found} is not {expected}");
}

/// A bank with its accumulators, in steps counted from the given first step.
pub struct Bench {
    pub bank: Bank,
    step: u64,
    pub seed: u64,
    pub first_id: u32,
    pub inputs: [Vec<f64>; 2],
    pub out: StepOutput,
}

impl Bench {
    pub fn new(bank: Bank, first_step: u64) -> Self {
        let inputs = [vec![NO_INPUT; bank.len()], vec![NO_INPUT; bank.len()]];
        Self { bank, step: first_step, seed: 0, first_id: 0, inputs, out: StepOutput::new() }
    }

    /// `count` equal neurons in steps of `dt` seconds that are counted from 0.
    pub fn of(model: &NeuronModel, count: u32, dt: f64) -> Self {
        Self::new(Bank::new(model, count, Seconds(dt)).unwrap_or_else(|e| panic!("{e}")), 0)
    }

    /// One step; the number it had.
    pub fn step(&mut self) -> u64 {
        let channels = self.bank.card().inputs.len();
        let channel = |i: usize| if channels > i { self.inputs[i].as_slice() } else { &[] };
        let input = StepInput {
            step: self.step,
            seed: self.seed,
            ids: Ids::From(self.first_id),
            arrivals: channel(0),
            second: channel(1),
            taps: &[],
        };
        self.bank.step(&input, &mut self.out);
        self.inputs.iter_mut().for_each(|accumulators| accumulators.fill(NO_INPUT));
        self.step += 1;
        self.step - 1
    }

    /// The steps among the next `count` in which the only neuron fires.
    pub fn fires(&mut self, count: u64) -> Vec<u64> {
        (0..count)
            .map(|_| (self.step(), self.out.fired().len()))
            .filter(|&(_, n)| n > 0)
            .map(|(k, _)| k)
            .collect()
    }

    /// The same under arrivals given as (step, channel, weight).
    pub fn fires_under(&mut self, count: u64, arrivals: &[(u64, usize, f64)]) -> Vec<u64> {
        let mut due: BTreeMap<u64, Vec<(usize, f64)>> = BTreeMap::new();
        for &(step, channel, weight) in arrivals {
            due.entry(step).or_default().push((channel, weight));
        }
        let mut fires = Vec::new();
        for step in 0..count {
            for &(channel, weight) in due.get(&step).into_iter().flatten() {
                self.inputs[channel][0] += weight;
            }
            self.step();
            if !self.out.fired().is_empty() {
                fires.push(step);
            }
        }
        fires
    }

    pub fn potential(&self, neuron: usize) -> f64 {
        self.bank.potential(neuron).unwrap()
    }
}
