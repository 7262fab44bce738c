//! Against SANA-FE 2.2.9: its own results for small architectures and networks, in both timing models.
//!
//! `tests/golden/sanafe/*/api_*.json` are the peer's results at full precision.

use std::path::{Path, PathBuf};

use serde_json::Value;
use spikeloom::base::NeuronId;
use spikeloom::energy::{CoreEnergy, CoreEvents};
use spikeloom::fabric::{Health, LinkParams, Topology};
use spikeloom::network::Machine;
use spikeloom::neuron::NeuronModel;
use spikeloom::sim::Fidelity;
use spikeloom::sim::chip::{Chip, Ground, How, Placement, StepRecord};
use spikeloom::spec::sanafe::{Import, import};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sanafe");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn imported(case: &Path) -> Import {
    import(&read(case.join("arch.yaml")), &read(case.join("snn.yaml")), false)
        .unwrap_or_else(|it| panic!("{it}"))
}

fn chip(import: &Import, fidelity: Fidelity, threads: usize) -> Chip {
    let fabric = Topology::Mesh { size: import.size.to_vec() }.build(&LinkParams::default()).unwrap();
    let health = Health::perfect(&fabric);
    let ground = Ground::new(&fabric, &health, &import.cores).unwrap();
    let files = |name: &str| -> std::io::Result<Box<dyn std::io::Read>> {
        match import.tables.iter().find(|(known, _)| known == name) {
            Some((_, text)) => Ok(Box::new(std::io::Cursor::new(text.clone()))),
            None => Err(std::io::ErrorKind::NotFound.into()),
        }
    };
    let described = import.network.compile(&files, 1).unwrap_or_else(|it| panic!("{it}"));
    let placement = Placement::of_seats(&described.net, &import.cores, &described.seats).unwrap();
    let how = How { fidelity, seed: 1, threads };
    Chip::new(described.net, &placement, &ground, how).unwrap_or_else(|it| panic!("{it}"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect()
}

fn close(found: f64, expected: f64, what: &str) {
    let within = 1e-9 * expected.abs().max(1e-18);
    assert!((found - expected).abs() <= within, "{what}: {found:e} is not {expected:e}");
}

fn name(chip: &Chip, neuron: NeuronId) -> String {
    let (population, position) = chip.net().place(neuron).unwrap();
    format!("{}.{position}", population.name)
}

fn energy(chip: &Chip, record: &StepRecord) -> CoreEnergy {
    let counts = &record.counts;
    chip.prices().energy(&CoreEvents {
        soma: &counts.soma,
        synapse: &counts.synapse,
        learning: &counts.learning,
        axon_in: counts.axon_in,
        axon_out: counts.axon_out,
        hops: counts.hops,
    })
}

fn check_step(chip: &Chip, record: &StepRecord, peer: &Value, what: &str) {
    let step = record.step as usize - 1;
    let at = |name: &str| peer["perf"][name][step].as_f64().unwrap();
    let (energy, counts) = (energy(chip, record), &record.counts);
    close(record.seconds, at("sim_time"), &format!("{what} time"));
    for (found, column) in [
        (counts.spikes(), "fired"),
        (counts.updates(), "updated"),
        (counts.total_hops(), "hops"),
        (counts.synaptic_events(), "spikes"),
    ] {
        assert_eq!(found as f64, at(column), "{what} {column}");
    }
    close(energy.soma.joules(), at("soma_energy"), &format!("{what} soma"));
    close(energy.synapse.joules(), at("synapse_energy"), &format!("{what} synapse"));
    close(energy.dendrite.joules(), at("dendrite_energy"), &format!("{what} dendrite"));
    close(energy.network().joules(), at("network_energy"), &format!("{what} network"));
    close(energy.total().joules(), at("total_energy"), &format!("{what} total"));
}

/// The peer counts input units through the life of its process: these runs came after so many others.
fn units_before(file: &str) -> u32 {
    if file == "api_detailed.json" { 448 } else { 464 }
}

fn renumber(import: &mut Import, by: u32) {
    let model = |model: &mut NeuronModel| {
        if let NeuronModel::SanafeInput(input) = model {
            input.unit += by;
        }
    };
    for population in &mut import.network.populations {
        model(&mut population.model);
        population.parts.iter_mut().for_each(|part| model(&mut part.model));
    }
}

fn check(case: &Path, file: &str, fidelity: Fidelity, threads: usize) {
    let peer: Value = serde_json::from_str(&read(case.join(file))).unwrap();
    let mut import = imported(case);
    if case.ends_with("m10_inputs") {
        renumber(&mut import, units_before(file));
    }
    let mut chip = chip(&import, fidelity, threads);
    chip.keep_records();
    let probed: Vec<NeuronId> = import.potentials.iter().flat_map(|text| select(&chip, text)).collect();
    let steps = peer["timesteps_executed"].as_u64().unwrap();
    for step in 0..steps as usize {
        let what = format!("{} {file} step {}", case.display(), step + 1);
        chip.step().unwrap();
        let fired: Vec<String> = chip.fired().iter().map(|&neuron| name(&chip, neuron)).collect();
        let mut expected: Vec<&str> =
            peer["spikes"][step].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        expected.sort_by_key(|name| {
            let (group, neuron) = name.split_once('.').unwrap();
            let first = chip.net().population(group).unwrap().span.first.0;
            first + neuron.parse::<u32>().unwrap()
        });
        assert_eq!(fired, expected, "{what}");
        let potentials = numbers(&peer["potentials"][step]);
        assert_eq!(potentials.len(), probed.len(), "{what}");
        for (&neuron, expected) in probed.iter().zip(potentials) {
            close(chip.probe(neuron, 0).unwrap(), expected, &format!("{what} potential of {neuron}"));
        }
    }
    chip.settle().unwrap();
    let records = chip.take_records();
    assert_eq!(records.len() as u64, steps);
    records.iter().for_each(|record| {
        check_step(&chip, record, &peer, &format!("{} {file} step {}", case.display(), record.step))
    });
    close(chip.seconds(), peer["sim_time"].as_f64().unwrap(), "time of the run");
}

fn select(chip: &Chip, text: &str) -> Vec<NeuronId> {
    let selection = spikeloom::network::describe::Selection::read(text, &chip.net().populations).unwrap();
    selection.span.iter().collect()
}

#[test]
fn the_detailed_model_is_the_peers() {
    assert_eq!(cases().len(), 11);
    cases().iter().for_each(|case| check(case, "api_detailed.json", Fidelity::Sanafe, 1));
}

#[test]
fn the_simple_model_is_the_peers() {
    cases().iter().for_each(|case| check(case, "api_simple.json", Fidelity::SanafeSimple, 1));
}

#[test]
fn threads_change_nothing() {
    cases().iter().for_each(|case| check(case, "api_detailed.json", Fidelity::Sanafe, 3));
}
