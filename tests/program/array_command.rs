//! `spikeloom array` as a user runs it.

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spikeloom")).args(arguments).output().expect("the program starts")
}

#[test]
fn a_report_is_the_same_every_time_and_says_what_was_found() {
    let arguments = ["array", "rram_yao", "--rows", "32", "--cols", "16", "--trials", "3", "--json"];
    let first = run(&arguments);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(first.stdout, run(&arguments).stdout);
    let report: serde_json::Value = serde_json::from_slice(&first.stdout).expect("JSON");
    assert_eq!((&report["name"], &report["technology"]), (&"rram_yao".into(), &"crossbar".into()));
    let number = |path: &str| report.pointer(path).and_then(serde_json::Value::as_f64).expect(path);
    assert!(number("/output_error/mean") > 0.0 && number("/output_error/deviation") > 0.0);
    assert!(number("/costs/multiply/energy") > 0.0 && number("/costs/program/time") > 0.0);
    let counts = report["output_histogram"]["counts"].as_array().expect("a list");
    let all: u64 = counts.iter().filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(all, 3 * 100 * 16);
}

#[test]
fn a_parameter_moves_error_and_energy() {
    let error = |bits: &str| {
        let set = format!("device.array.crossbar.adc.bits={bits}");
        let done = run(&["array", "pcm_joshi", "--trials", "2", "--set", &set, "--json"]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let report: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
        let number = |path: &str| report.pointer(path).and_then(serde_json::Value::as_f64).expect(path);
        (number("/output_error/mean"), number("/costs/shares/converters"))
    };
    let ((coarse, cheap), (fine, dear)) = (error("4"), error("8"));
    assert!(coarse > 1.5 * fine && dear > 10.0 * cheap, "{coarse} {fine} {cheap} {dear}");
}

#[test]
fn what_is_wrong_is_refused_with_its_path() {
    let check = |arguments: &[&str], expected: &[&str]| {
        let refused = run(arguments);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        expected
            .iter()
            .for_each(|expected| assert!(said.contains(expected), "{said} does not say {expected}"));
        assert!(refused.stdout.is_empty());
    };
    check(&["array", "rram_yoa"], &["rram_yao"]);
    check(&["array", "asan"], &["describes a neuron"]);
    let upside_down = "device.array.crossbar.cell.g_max=1e-6";
    check(&["array", "rram_yao", "--set", upside_down], &["device.array.crossbar.cell.g_max", "upside down"]);
    check(&["array", "rram_wan", "--rows", "4000", "--cols", "4000"], &["takes 512 arrays", "up to 48"]);
    check(&["array", "rram_yao", "--set", "device.array.crossbar.rws=3"], &["rows"]);
    check(&["array", "rram_yao", "--age", "-1"], &["--age"]);
    check(&["array", "rram_yao", "--rows", "0"], &["0 by 64"]);
}

/// The report of a run on arrays, which succeeds.
fn report(arguments: &[&str]) -> serde_json::Value {
    let done = run(&[&["run", "digits", "--json", "--set", "workload.steps=640"], arguments].concat());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("JSON")
}

#[track_caller]
fn number(report: &serde_json::Value, path: &str) -> f64 {
    report.pointer(path).and_then(serde_json::Value::as_f64).unwrap_or_else(|| panic!("{path} is no number"))
}

#[test]
fn ideal_arrays_on_a_chip_answer_as_its_digital_memory_does() {
    let ideal =
        "chip.cores.array={crossbar: {rows: 64, columns: 64, adc: null, cell: {g_min: 1 µS, g_max: 9 µS}}}";
    let (digital, arrays) = (report(&["--chip", "loihi"]), report(&["--chip", "loihi", "--set", ideal]));
    assert!(digital.get("arrays").is_none());
    for path in ["/traffic/spikes", "/result/correct", "/result/samples", "/traffic/synaptic_events"] {
        assert_eq!(number(&digital, path), number(&arrays, path), "{path}");
    }
    assert!(number(&digital, "/result/accuracy") > 0.9);
    assert_eq!(number(&arrays, "/arrays/output_error"), 0.0);
    assert!(arrays["arrays"].get("against_ideal").is_none());
    // The array takes the place of the synapses in the account.
    assert_eq!(number(&arrays, "/energy/by_component/synapse"), 0.0);
    assert!(number(&arrays, "/energy/by_component/array") > 0.0);
    assert!(number(&digital, "/energy/by_component/synapse") > 0.0);
}

#[test]
fn devices_on_a_chip_move_accuracy_and_energy_and_threads_do_not() {
    let one = report(&["--chip", "rram-mesh", "--devices", "2"]);
    assert_eq!(one, report(&["--chip", "rram-mesh", "--devices", "2", "--threads", "2"]));
    let share = number(&one, "/arrays/energy_share");
    let array =
        number(&one, "/energy/by_component/array") + number(&one, "/energy/by_component/array_standby");
    assert!((array / number(&one, "/energy/total_joules") - share).abs() < 1e-12 && share > 0.0);
    assert!(number(&one, "/arrays/weight_error/rms") > 0.01 && number(&one, "/arrays/output_error") > 0.01);
    assert!(number(&one, "/arrays/programming/joules") > 0.0);
    assert!(number(&one, "/arrays/against_ideal/accuracy") > 0.9);
    assert_eq!(number(&one, "/arrays/devices/count"), 2.0);
    assert!(number(&one, "/arrays/devices/weight_error/deviation") > 0.0);
    let coarse = "chip.cores.array.crossbar.adc.bits=3";
    let coarse = report(&["--chip", "rram-mesh", "--set", coarse]);
    assert!(number(&coarse, "/result/accuracy") < number(&one, "/result/accuracy"));
    for device in ["memcap_90nm", "mzi_thermo", "wdm_7nm", "digital_sram", "pcm_ibm", "sonos"] {
        let other = report(&["--chip", "rram-mesh", "--set", &format!("chip.cores.array={device}")]);
        assert!(number(&other, "/arrays/energy_joules") > 0.0, "{device}");
        assert!(number(&other, "/result/accuracy") > 0.5, "{device}: {}", number(&other, "/result/accuracy"));
    }
}

#[test]
fn what_chips_and_arrays_cannot_hold_is_refused() {
    let check = |arguments: &[&str], expected: &[&str]| {
        let refused = run(arguments);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        expected
            .iter()
            .for_each(|expected| assert!(said.contains(expected), "{said} does not say {expected}"));
    };
    let chip = |set: &str, expected: &[&str]| {
        check(&["run", "digits", "--chip", "rram-mesh", "--set", &format!("chip.cores.{set}")], expected);
    };
    chip("array=rram_yoa", &["chip.cores.array", "rram_yao"]);
    chip("array=asan", &["chip.cores.array", "`asan` describes no array"]);
    chip("array.crossbar.cell.g_max=1e-6", &["chip.cores.array.crossbar.cell.g_max", "upside down"]);
    chip("array_age=-1", &["chip.cores.array_age"]);
    let small = "array={extends: rram_yao, crossbar: {rows: 16, columns: 16, arrays: 4}}";
    chip(small, &["36 inputs of 10 neurons take 6 arrays of 16 × 8 weights: the core has 4, 2 too few"]);
    check(&["run", "balanced", "--devices", "2"], &["--devices"]);
    let whole = ["run", "conditioning", "--chip", "rram-mesh", "--set", "chip.cores.array=memcap_90nm"];
    check(
        &whole,
        &["1 | --set chip.cores.array=", "the weights of this `memcapacitor` are not changed one by one"],
    );
    let array = |device: &str, set: &str, expected: &[&str]| {
        check(&["array", device, "--set", &format!("device.array.{set}")], expected);
    };
    array("rram_yao", "crossbar.slices={count: 2, bits: 4}", &["4 bits take 16 levels, and a cell has 8"]);
    array("mzi_thermo", "photonic-mesh.svd=false", &["not unitary", "svd"]);
}
